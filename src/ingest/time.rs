//! Reading the times of records.

use super::time_words::{in_english, without_zone};
use super::time_written::written;
use crate::model::Time;
use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;

/// How times are written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TimeFormat {
    /// RFC 3339 and its relatives: `2024-05-06 07:08:09.123`, with or without zone.
    Iso,
    /// Units since 1970, by microseconds per unit times 1000 (so that nanoseconds fit).
    Epoch {
        /// Nanoseconds in one unit.
        nanos: i64,
    },
    /// Days since 1899-12-30, as spreadsheet programs keep times. They know no zone.
    Spreadsheet,
    /// chrono's strftime notation. `%Z` at its end is the abbreviation of a zone.
    Custom(String),
}

impl TimeFormat {
    /// Reads a name (`rfc3339`, `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns`, `spreadsheet`) or a strftime notation.
    pub(crate) fn new(text: &str) -> Result<TimeFormat, String> {
        let epoch = |nanos| Ok(TimeFormat::Epoch { nanos });
        match text {
            "rfc3339" | "iso8601" => Ok(TimeFormat::Iso),
            "epoch_s" => epoch(1_000_000_000),
            "epoch_ms" => epoch(1_000_000),
            "epoch_us" => epoch(1_000),
            "epoch_ns" => epoch(1),
            "spreadsheet" => Ok(TimeFormat::Spreadsheet),
            _ => {
                let wrong = StrftimeItems::new(text).any(|item| matches!(item, Item::Error));
                if wrong || !text.contains('%') {
                    Err(format!(
                        "`{text}` is no time format: use chrono's strftime notation such as `%d.%m.%Y %H:%M`, or rfc3339, epoch_s, epoch_ms, epoch_us, epoch_ns, spreadsheet"
                    ))
                } else {
                    Ok(TimeFormat::Custom(text.to_owned()))
                }
            }
        }
    }
}

/// A time that was read, and whether the zone's clock left a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReadTime {
    /// The instant.
    pub time: Time,
    /// The zone's clock showed this time twice, or never.
    pub ambiguous: bool,
}

/// Reads the times of one mapping.
#[derive(Clone, Debug)]
pub(crate) struct TimeParser {
    formats: Vec<TimeFormat>,
    zone: Tz,
}

impl TimeParser {
    /// The same in another zone.
    pub(crate) fn in_other_zone(&self, zone: Tz) -> TimeParser {
        TimeParser::new(self.formats.clone(), zone)
    }

    /// The same with another format.
    pub(crate) fn with_format(&self, format: TimeFormat) -> TimeParser {
        TimeParser::new(vec![format], self.zone)
    }

    /// Tries the formats in turn; without any, finds out from each value. Times without a zone are taken in `zone`.
    pub(crate) fn new(formats: Vec<TimeFormat>, zone: Tz) -> TimeParser {
        TimeParser { formats, zone }
    }

    /// Reads a text.
    pub(crate) fn text(&self, text: &str) -> Option<ReadTime> {
        if self.formats.is_empty() {
            return self.guess(text);
        }
        self.formats.iter().find_map(|format| match format {
            TimeFormat::Iso => self.iso(text),
            TimeFormat::Epoch { nanos } => epoch_text(text, *nanos).map(exact),
            TimeFormat::Spreadsheet => self.serial(text.trim().parse().ok()?),
            TimeFormat::Custom(format) => self.custom(text, format),
        })
    }

    /// Reads a whole number.
    pub(crate) fn int(&self, value: i64) -> Option<ReadTime> {
        if self.formats.is_empty() {
            return self.count_or_date(value);
        }
        self.formats.iter().find_map(|format| match format {
            TimeFormat::Epoch { nanos } => epoch_int(value, *nanos).map(exact),
            TimeFormat::Iso => None,
            TimeFormat::Spreadsheet => self.serial(value as f64),
            TimeFormat::Custom(format) => self.custom(&value.to_string(), format),
        })
    }

    /// Reads a number with a fraction.
    pub(crate) fn float(&self, value: f64) -> Option<ReadTime> {
        if self.formats.is_empty() {
            return epoch_float(value, unit_of(value)).map(exact);
        }
        self.formats.iter().find_map(|format| match format {
            TimeFormat::Epoch { nanos } => epoch_float(value, *nanos).map(exact),
            TimeFormat::Spreadsheet => self.serial(value),
            TimeFormat::Iso | TimeFormat::Custom(_) => None,
        })
    }

    /// Reads days since 1899-12-30, to a second: a fraction of a day has no exact value.
    fn serial(&self, days: f64) -> Option<ReadTime> {
        // Before 1900 and after 9999 there is no such number.
        if !(1.0..2_958_466.0).contains(&days) {
            return None;
        }
        let seconds = ((days - DAYS_BEFORE_1970) * 86_400.0).round() as i64;
        self.in_zone(seconds * 1_000_000)
    }

    fn guess(&self, text: &str) -> Option<ReadTime> {
        if let Some(read) = self.iso(text) {
            return Some(read);
        }
        if let Ok(value) = text.parse::<i64>() {
            return self.count_or_date(value);
        }
        if let Ok(value) = text.parse::<f64>() {
            return epoch_float(value, unit_of(value)).map(exact);
        }
        if let Ok(at) = DateTime::parse_from_rfc2822(text) {
            return Some(exact(Time(at.timestamp_micros())));
        }
        let (local, offset) = written(text)?;
        self.instant(local, offset)
    }

    /// A number since 1970, or a date without separators. What is such a date would be a day in 1970 or in the 27th century.
    fn count_or_date(&self, value: i64) -> Option<ReadTime> {
        let is_date =
            matches!(value, 19_800_101..=21_001_231 | 19_800_101_000_000..=21_001_231_235_959);
        let date = is_date.then(|| written(&value.to_string())).flatten();
        match date {
            Some((local, offset)) => self.instant(local, offset),
            None => epoch_int(value, unit_of(value as f64)).map(exact),
        }
    }

    fn iso(&self, text: &str) -> Option<ReadTime> {
        let (local, offset) = iso_parts(text)?;
        self.instant(local, offset)
    }

    /// A local time with its offset from UTC in seconds, or in the zone of the log.
    fn instant(&self, local: i64, offset: Option<i64>) -> Option<ReadTime> {
        match offset {
            Some(offset) => Some(exact(Time(local.checked_sub(offset * 1_000_000)?))),
            None => self.in_zone(local),
        }
    }

    /// A local time, in microseconds since 1970 as if it were UTC, as an instant.
    fn in_zone(&self, local: i64) -> Option<ReadTime> {
        if self.zone == Tz::UTC {
            return Some(exact(Time(local)));
        }
        let naive = DateTime::from_timestamp_micros(local)?.naive_utc();
        self.naive(naive)
    }

    fn naive(&self, local: NaiveDateTime) -> Option<ReadTime> {
        use chrono::LocalResult;
        let read = |at: DateTime<Tz>, ambiguous| ReadTime {
            time: Time(at.timestamp_micros()),
            ambiguous,
        };
        match self.zone.from_local_datetime(&local) {
            LocalResult::Single(at) => Some(read(at, false)),
            LocalResult::Ambiguous(early, _) => Some(read(early, true)),
            // The clock was put forward over this time: read it by the offset before the change.
            LocalResult::None => {
                let before = local - chrono::TimeDelta::hours(3);
                let at = self.zone.from_local_datetime(&before).earliest()?;
                Some(read(at + chrono::TimeDelta::hours(3), true))
            }
        }
    }

    fn custom(&self, text: &str, format: &str) -> Option<ReadTime> {
        let text = &*in_english(text);
        if let Some(format) = format.strip_suffix("%Z") {
            let (text, east) = without_zone(text)?;
            let utc = TimeParser::new(Vec::new(), Tz::UTC).custom(text, format.trim_end())?;
            return Some(exact(Time(utc.time.0 - east)));
        }
        let mut parsed = Parsed::new();
        parse(&mut parsed, text, StrftimeItems::new(format)).ok()?;
        if let Ok(at) = parsed.to_datetime() {
            return Some(exact(Time(at.timestamp_micros())));
        }
        let local = parsed.to_naive_datetime_with_offset(0).ok();
        let local = local.or_else(|| {
            // Hours without minutes, or a date without a time of day.
            let date = parsed.to_naive_date().ok()?;
            Some(date.and_time(parsed.to_naive_time().unwrap_or(NaiveTime::MIN)))
        })?;
        self.naive(local)
    }
}

/// Days from the zero of spreadsheet programs to 1970-01-01.
const DAYS_BEFORE_1970: f64 = 25_569.0;

fn exact(time: Time) -> ReadTime {
    ReadTime {
        time,
        ambiguous: false,
    }
}

/// The unit of a number that counts from 1970, by its size: each unit spans the years 1973 to 5138 that way.
fn unit_of(value: f64) -> i64 {
    match value.abs() {
        v if v < 1e11 => 1_000_000_000,
        v if v < 1e14 => 1_000_000,
        v if v < 1e17 => 1_000,
        _ => 1,
    }
}

fn epoch_int(value: i64, nanos: i64) -> Option<Time> {
    let micros = i128::from(value) * i128::from(nanos) / 1000;
    i64::try_from(micros).ok().map(Time)
}

fn epoch_float(value: f64, nanos: i64) -> Option<Time> {
    let micros = value * (nanos as f64 / 1000.0);
    (micros.abs() < 9e18).then(|| Time(micros.round() as i64))
}

fn epoch_text(text: &str, nanos: i64) -> Option<Time> {
    match text.parse::<i64>() {
        Ok(value) => epoch_int(value, nanos),
        Err(_) => epoch_float(text.parse().ok()?, nanos),
    }
}

/// Days since 1970-01-01 of a civil date (Howard Hinnant's days_from_civil).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let doy = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Reads digits and separators of a fixed layout; the hot path of every log, 5x faster than a general parser.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, allowed: &[u8]) -> Option<()> {
        allowed.contains(&self.peek()?).then(|| self.at += 1)
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let digits = self.bytes.get(self.at..self.at + count)?;
        let mut value = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            value = value * 10 + i64::from(digit - b'0');
        }
        self.at += count;
        Some(value)
    }

    /// A fraction of a second in microseconds; digits beyond that are cut.
    fn fraction(&mut self) -> Option<i64> {
        let (mut value, mut scale, start) = (0, 100_000, self.at);
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value += i64::from(digit - b'0') * scale;
            scale /= 10;
            self.at += 1;
        }
        (self.at > start).then_some(value)
    }
}

/// (local microseconds, offset from UTC in seconds if the text has one) of `2024-05-06[T ]07:08[:09[.123]][Z|+02:00]`.
fn iso_parts(text: &str) -> Option<(i64, Option<i64>)> {
    let mut c = Cursor {
        bytes: text.as_bytes(),
        at: 0,
    };
    let year = c.digits(4)?;
    c.take(b"-/")?;
    let month = c.digits(2)?;
    c.take(b"-/")?;
    let day = c.digits(2)?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let days = days_from_civil(year, month, day) * 86_400_000_000;
    if c.peek().is_none() {
        return Some((days, None));
    }
    c.take(b"Tt _")?;
    while c.take(b" ").is_some() {}
    let hour = c.digits(2)?;
    c.take(b":")?;
    let minute = c.digits(2)?;
    let mut second = 0;
    let mut micros = 0;
    if c.take(b":").is_some() {
        second = c.digits(2)?;
        if c.take(b".,").is_some() {
            micros = c.fraction()?;
        }
    }
    // A leap second is read as the last one before it; 24:00 is not a time.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let local = days + ((hour * 60 + minute) * 60 + second.min(59)) * 1_000_000 + micros;
    Some((local, zone_offset(&mut c)?))
}

/// The offset at the end of a time: `Some(None)` where there is none, `None` where something else follows.
fn zone_offset(c: &mut Cursor) -> Option<Option<i64>> {
    while c.take(b" ").is_some() {}
    let sign = match c.peek() {
        None => return Some(None),
        Some(b'Z' | b'z') => {
            c.at += 1;
            return c.peek().is_none().then_some(Some(0));
        }
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(_) if &c.bytes[c.at..] == b"UTC" || &c.bytes[c.at..] == b"GMT" => {
            return Some(Some(0));
        }
        Some(_) => return None,
    };
    c.at += 1;
    let hours = c.digits(2)?;
    let minutes = if c.peek().is_none() {
        0
    } else {
        let _ = c.take(b":");
        c.digits(2)?
    };
    let fits = c.peek().is_none() && hours <= 23 && minutes <= 59;
    fits.then_some(Some(sign * (hours * 60 + minutes) * 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn auto(text: &str) -> Option<String> {
        let parser = TimeParser::new(Vec::new(), Tz::UTC);
        parser.text(text).map(|read| read.time.to_string())
    }

    fn with(format: &str, zone: Tz, text: &str) -> Option<String> {
        let parser = TimeParser::new(vec![TimeFormat::new(format).unwrap()], zone);
        parser.text(text).map(|read| read.time.to_string())
    }

    #[test]
    fn iso_in_all_its_dress() {
        let want = Some("2019-08-14T03:01:43.647Z".to_owned());
        for text in [
            "2019-08-14T11:01:43.647+08:00",
            "2019-08-14T11:01:43.647+0800",
            "2019-08-14 11:01:43,647 +08",
            "2019-08-14T03:01:43.647Z",
            "2019/08/14 03:01:43.647",
            "2019-08-14 03:01:43.647 UTC",
        ] {
            assert_eq!(auto(text), want, "{text}");
        }
        assert_eq!(auto("2024-02-29"), Some("2024-02-29T00:00:00Z".to_owned()));
        assert_eq!(
            auto("2024-02-29 07:08"),
            Some("2024-02-29T07:08:00Z".to_owned())
        );
        for wrong in [
            "2023-02-29",
            "2024-13-01",
            "2024-01-01T25:00:00",
            "2024-01-01T10:00:00+99:00",
            "2024-01-01Tx",
            "soon",
            "",
        ] {
            assert_eq!(auto(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn epochs_by_their_size() {
        let want = Some("2019-02-16T03:15:40Z".to_owned());
        for text in [
            "1550286940",
            "1550286940000",
            "1550286940000000",
            "1550286940000000000",
            "1550286940.0",
        ] {
            assert_eq!(auto(text), want, "{text}");
        }
        let parser = TimeParser::new(Vec::new(), Tz::UTC);
        assert_eq!(
            parser.int(1_550_286_940_507).unwrap().time,
            Time(1_550_286_940_507_000)
        );
        assert_eq!(
            parser.float(1_550_286_940.5).unwrap().time,
            Time(1_550_286_940_500_000)
        );
        assert_eq!(
            with("epoch_ms", Tz::UTC, "1000"),
            Some("1970-01-01T00:00:01Z".to_owned())
        );
    }

    #[test]
    fn custom_formats_and_zones() {
        let rome = Tz::Europe__Rome;
        assert_eq!(
            with("%d-%m-%Y %H:%M:%S", Tz::UTC, "07-01-2013 08:17:17"),
            Some("2013-01-07T08:17:17Z".to_owned())
        );
        assert_eq!(
            with("%d/%m/%Y %H:%M", rome, "7/1/2013 8:17"),
            Some("2013-01-07T07:17:00Z".to_owned())
        );
        assert_eq!(
            with("%d.%m.%Y", rome, "15.07.2013"),
            Some("2013-07-14T22:00:00Z".to_owned())
        );
        assert_eq!(
            with("%m/%d/%Y %I:%M %p %z", rome, "7/15/2013 1:02 PM +0000"),
            Some("2013-07-15T13:02:00Z".to_owned())
        );
        assert_eq!(with("%d/%m/%Y", rome, "2013-07-15"), None);
        assert!(
            TimeFormat::new("yyyy-MM-dd")
                .unwrap_err()
                .contains("strftime")
        );
    }

    #[test]
    fn hours_that_the_clock_skips_or_repeats_are_flagged() {
        let parser = TimeParser::new(Vec::new(), Tz::Europe__Rome);
        let twice = parser.text("2023-10-29 02:30:00").unwrap();
        assert!(twice.ambiguous);
        assert_eq!(twice.time.to_string(), "2023-10-29T00:30:00Z");
        let never = parser.text("2023-03-26 02:30:00").unwrap();
        assert!(never.ambiguous);
        assert_eq!(never.time.to_string(), "2023-03-26T01:30:00Z");
        assert!(!parser.text("2023-03-26 04:30:00").unwrap().ambiguous);
    }

    proptest! {
        #[test]
        fn agrees_with_chrono(micros in -60_000_000_000_000_000i64..250_000_000_000_000_000) {
            let at = DateTime::from_timestamp_micros(micros).unwrap();
            let text = at.to_rfc3339();
            let parser = TimeParser::new(Vec::new(), Tz::UTC);
            prop_assert_eq!(parser.text(&text).unwrap().time, Time(micros));
        }

        #[test]
        fn never_panics(text in ".{0,40}") {
            let _ = auto(&text);
        }
    }
}

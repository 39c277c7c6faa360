//! Times that say themselves which of their numbers is the day: with a named month, with the year first, or counted by a program.

use super::time_words::{half_of_day, month_number, names_a_weekday, offset_of_zone};
use chrono::NaiveDate;

/// (local microseconds, offset from UTC in seconds if the text has one) of a time that people or programs have written in a way
/// that leaves no choice: `1. Januar 2024, 08:00 Uhr`, `Jan 1, 2024 @ 08:00:00.000`, `2024-01-01 08:00 GMT+1`,
/// `20240101T080000Z`, `/Date(1704096000000)/`.
pub(super) fn written(text: &str) -> Option<(i64, Option<i64>)> {
    let text = text.trim();
    if text.len() > LONGEST || !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Some(inside) = text.strip_prefix("/Date(") {
        let inside = inside.strip_suffix(")/")?;
        let end = inside.rfind(['+', '-']).filter(|at| *at > 0);
        let millis: i64 = inside[..end.unwrap_or(inside.len())].parse().ok()?;
        return Some((millis.checked_mul(1000)?, Some(0)));
    }
    if let Some(found) = compact(text) {
        return Some(found);
    }
    let mut parts = Parts::default();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = if c.is_ascii_digit() {
            parts.number(rest)?
        } else if c.is_alphabetic() {
            parts.word(rest)?
        } else {
            parts.sign(c, rest)?
        };
    }
    parts.time()
}

/// A longer text is no time.
const LONGEST: usize = 80;

/// What a text says of a time so far.
#[derive(Default)]
struct Parts {
    year: Option<i64>,
    month: Option<u32>,
    day: Option<u32>,
    /// Hour, minute, and microseconds of the minute.
    clock: Option<(i64, i64, i64)>,
    /// Afternoon, or morning.
    is_afternoon: Option<bool>,
    offset: Option<i64>,
    /// Whether something other than mere numbers tells which of them is the month.
    is_clear: bool,
}

/// What stands beside the parts of a time and says nothing.
const FILLERS: &[&str] = &[
    "de", "del", "do", "da", "di", "of", "at", "à", "a", "às", "as", "alle", "ore", "um", "uhr",
    "on", "om", "le", "il", "den", "h", "hrs", "kl", "klo", "t", "godz", "r", "st", "nd", "rd",
    "th", "er", "º", "o", "los", "las",
];

impl Parts {
    /// Takes what begins with a digit, and gives what is behind it.
    fn number<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let (digits, rest) = run(text, |c| c.is_ascii_digit());
        let value: i64 = digits.parse().ok()?;
        let next = rest.chars().next();
        if digits.len() == 4 && self.year.is_none() {
            self.year = Some(value);
            return match next {
                Some(c @ ('-' | '/' | '.')) if self.month.is_none() => self.behind_year(rest, c),
                Some('年' | '년') => Some(rest.trim_start_matches(['年', '년'])),
                _ => Some(rest),
            };
        }
        let is_clock = match next {
            Some(':') => true,
            Some('.' | 'h' | 'H') => {
                self.has_date() && rest[1..].starts_with(|c: char| c.is_ascii_digit())
            }
            Some('時' | '시') => true,
            _ => false,
        };
        if is_clock && self.clock.is_none() && digits.len() <= 2 {
            return self.clock(value, rest);
        }
        if digits.len() > 2 {
            return None;
        }
        match next {
            Some('月' | '월') if self.month.is_none() => {
                self.month = Some(value as u32);
                self.is_clear = true;
            }
            _ if self.day.is_none() => self.day = Some(value as u32),
            _ if self.year.is_none() && self.month.is_some() => self.year = Some(2000 + value),
            _ => return None,
        }
        Some(rest.trim_start_matches(['月', '월', '日', '일']))
    }

    /// Month and day behind a year and a separator: `-01-31`.
    fn behind_year<'t>(&mut self, rest: &'t str, separator: char) -> Option<&'t str> {
        let (month, rest) = run(&rest[1..], |c| c.is_ascii_digit());
        if month.is_empty() {
            // A name of a month follows.
            return Some(rest);
        }
        let (day, rest) = run(rest.strip_prefix(separator)?, |c| c.is_ascii_digit());
        self.month = Some(month.parse().ok()?);
        self.day = Some(day.parse().ok()?);
        self.is_clear = true;
        Some(rest)
    }

    /// Minutes, seconds and their fraction behind an hour.
    fn clock<'t>(&mut self, hour: i64, rest: &'t str) -> Option<&'t str> {
        let separator =
            |text: &'t str| text.strip_prefix(['.', ':', 'h', 'H', '時', '시', '分', '분']);
        let (minute, mut rest) = run(separator(rest)?.trim_start(), |c| c.is_ascii_digit());
        let minute = minute.parse().ok()?;
        let mut micros = 0;
        if let Some(behind) = separator(rest) {
            let (second, behind) = run(behind.trim_start(), |c| c.is_ascii_digit());
            if !second.is_empty() {
                micros = second
                    .parse::<i64>()
                    .ok()
                    .filter(|second| *second <= 60)?
                    .min(59)
                    * 1_000_000;
            }
            rest = behind.trim_start_matches(['秒', '초']);
            let fraction = rest
                .strip_prefix(['.', ',', ':'])
                .map(|behind| run(behind, |c| c.is_ascii_digit()));
            if let Some((digits @ [_, ..], behind)) =
                fraction.map(|(digits, behind)| (digits.as_bytes(), behind))
            {
                let mut scale = 100_000;
                for digit in digits {
                    micros += i64::from(digit - b'0') * scale;
                    scale /= 10;
                }
                rest = behind;
            }
        }
        self.clock = Some((hour, minute, micros));
        Some(rest)
    }

    fn word<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        if self.clock.is_some()
            && let Some((half, rest)) = half_of_day(text)
        {
            self.is_afternoon = Some(half == "PM");
            return Some(rest);
        }
        let (word, rest) = run(text, char::is_alphabetic);
        let lower = word.to_lowercase();
        if self.month.is_none()
            && let Some(month) = month_number(&lower)
        {
            self.month = Some(month);
            self.is_clear = true;
            return Some(rest.strip_prefix('.').unwrap_or(rest));
        }
        match lower.as_str() {
            "am" | "午前" => self.is_afternoon = Some(false),
            "pm" | "午後" => self.is_afternoon = Some(true),
            word if FILLERS.contains(&word) || names_a_weekday(word) => {}
            _ if self.clock.is_some() && self.offset.is_none() => {
                let (offset, rest) = offset_of_zone(text)?;
                self.offset = Some(offset);
                return Some(rest);
            }
            _ => return None,
        }
        Some(rest)
    }

    /// Takes what is neither digit nor letter.
    fn sign<'t>(&mut self, c: char, text: &'t str) -> Option<&'t str> {
        let rest = &text[c.len_utf8()..];
        match c {
            '+' | '-' if self.has_date() && self.clock.is_some() && self.offset.is_none() => {
                let is_offset = rest.starts_with(|c: char| c.is_ascii_digit());
                if !is_offset {
                    return (c == '-').then_some(rest);
                }
                let (offset, rest) = offset_of_zone(text)?;
                self.offset = Some(offset);
                Some(rest)
            }
            // The zone in words, behind its offset.
            '(' if self.offset.is_some() => Some(rest.split_once(')')?.1),
            ',' | '.' | '-' | '/' | '@' | '(' | ')' | 'º' | '|' => Some(rest),
            c if c.is_whitespace() => Some(rest),
            _ => None,
        }
    }

    fn has_date(&self) -> bool {
        self.year.is_some() && self.month.is_some() && self.day.is_some()
    }

    fn time(&self) -> Option<(i64, Option<i64>)> {
        if !self.is_clear {
            return None;
        }
        let (hour, minute, micros) = self.clock.unwrap_or((0, 0, 0));
        let hour = match self.is_afternoon {
            None => hour,
            Some(_) if !(1..=12).contains(&hour) => return None,
            Some(is_afternoon) => hour % 12 + if is_afternoon { 12 } else { 0 },
        };
        local(self.year?, self.month?, self.day?, (hour, minute, micros))
            .map(|local| (local, self.offset))
    }
}

fn local(year: i64, month: u32, day: u32, (hour, minute, micros): (i64, i64, i64)) -> Option<i64> {
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    if hour > 23 || minute > 59 {
        return None;
    }
    let midnight = date
        .and_time(chrono::NaiveTime::MIN)
        .and_utc()
        .timestamp_micros();
    Some(midnight + (hour * 60 + minute) * 60_000_000 + micros)
}

/// A date without separators, perhaps with a time: `20240101`, `20240101080000`, `20240101T080000Z`.
fn compact(text: &str) -> Option<(i64, Option<i64>)> {
    let (date, rest) = run(text, |c| c.is_ascii_digit());
    let (date, clock, rest) = match date.len() {
        8 => match rest.strip_prefix(['T', 't', ' ', '-', '_']) {
            Some(behind) => {
                let (clock, rest) = run(behind, |c| c.is_ascii_digit());
                (date, clock, rest)
            }
            None => (date, "", rest),
        },
        12 | 14 => (&date[..8], &date[8..], rest),
        _ => return None,
    };
    if !matches!(clock.len(), 0 | 4 | 6) || !(date.starts_with("19") || date.starts_with("20")) {
        return None;
    }
    let number = |digits: &str| digits.parse::<i64>().ok();
    let second = match clock.len() {
        6 => number(&clock[4..]).filter(|second| *second <= 60)?.min(59),
        _ => 0,
    };
    let (hour, minute) = match clock {
        "" => (0, 0),
        clock => (number(&clock[..2])?, number(&clock[2..4])?),
    };
    let (year, month, day) = (
        number(&date[..4])?,
        number(&date[4..6])?,
        number(&date[6..])?,
    );
    let local = local(
        year,
        month as u32,
        day as u32,
        (hour, minute, second * 1_000_000),
    )?;
    let fraction = rest.strip_prefix(['.', ',']);
    let rest = fraction.map_or(rest, |rest| run(rest, |c| c.is_ascii_digit()).1);
    let offset = match rest.trim() {
        "" => None,
        zone => Some(offset_of_zone(zone).filter(|(_, rest)| rest.is_empty())?.0),
    };
    Some((local, offset))
}

/// The beginning of a text whose letters all fit, and the rest.
fn run(text: &str, fits: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !fits(c)).unwrap_or(text.len());
    text.split_at(end)
}

/// Words for a time that is not there, in lower case.
const NO_TIME: &[&str] = &[
    "?",
    "-",
    "--",
    "---",
    "–",
    "—",
    "null",
    "(null)",
    "<null>",
    "n/a",
    "n.a.",
    "na",
    "nan",
    "nat",
    "none",
    "nil",
    "undefined",
    "not set",
    "not available",
    "not applicable",
    "unset",
    "unknown",
    "pending",
    "tbd",
    "never",
    "open",
    "still open",
    "ongoing",
    "not yet",
    "not closed",
    "not resolved",
    "in progress",
    "blank",
    "(blank)",
    "(empty)",
    "empty",
    "0",
    "0.0",
    "-1",
    "-100",
    "offen",
    "ausstehend",
    "pendiente",
    "pendente",
    "en attente",
    "in attesa",
    "無",
    "なし",
];

/// Years, with a month and a day, that programs write for "no time": the first or last day that their calendar knows.
const NO_DATES: &[(i64, &[(u32, u32)])] = &[
    (1, &[(1, 1)]),
    (1601, &[(1, 1)]),
    (1753, &[(1, 1)]),
    (1899, &[(12, 30), (12, 31)]),
    (1900, &[(1, 1), (1, 0)]),
    (1970, &[(1, 1)]),
    (9999, &[(12, 31)]),
];

/// Whether a text stands for a time that is not there: a word such as `pending`, or a date that no event has.
pub(crate) fn is_no_time(text: &str) -> bool {
    let text = text.trim();
    if text.len() > LONGEST {
        return false;
    }
    let lower = text.to_lowercase();
    if NO_TIME.contains(&lower.as_str()) {
        return true;
    }
    let mut numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty());
    let date = (numbers.next(), numbers.next(), numbers.next());
    let (Some(first), Some(second), Some(third)) = date else {
        return false;
    };
    let number = |digits: &str| digits.parse::<i64>().unwrap_or(-1);
    let (year, others) = match (first.len(), third.len()) {
        (4, _) => (number(first), [number(second), number(third)]),
        (_, 4) => (number(third), [number(first), number(second)]),
        _ => return false,
    };
    if year == 0 {
        return true;
    }
    let is_day = |(month, day): &(u32, u32)| {
        let both = [i64::from(*month), i64::from(*day)];
        others == both || others == [both[1], both[0]]
    };
    NO_DATES
        .iter()
        .any(|(known, days)| *known == year && days.iter().any(is_day))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text as UTC, or with its offset left in.
    fn read(text: &str) -> Option<String> {
        let (local, offset) = written(text)?;
        let at = chrono::DateTime::from_timestamp_micros(local - offset.unwrap_or(0) * 1_000_000)?;
        Some(at.format("%Y-%m-%dT%H:%M:%S%.f").to_string())
    }

    #[test]
    fn times_that_leave_no_choice() {
        for (text, expected) in [
            ("20240101T080000Z", "2024-01-01T08:00:00"),
            ("20240101T080000.123+0100", "2024-01-01T07:00:00"),
            ("20240101", "2024-01-01T00:00:00"),
            ("20240101080000", "2024-01-01T08:00:00"),
            ("/Date(1704096000000)/", "2024-01-01T08:00:00"),
            ("/Date(1704096000000+0200)/", "2024-01-01T08:00:00"),
            ("1 Jan. 2024", "2024-01-01T00:00:00"),
            ("1 de enero de 2024", "2024-01-01T00:00:00"),
            ("1 de enero de 2024, 8:05:10", "2024-01-01T08:05:10"),
            ("1. Januar 2024, 08:00 Uhr", "2024-01-01T08:00:00"),
            ("1. Januar 2024 um 08.30 Uhr", "2024-01-01T08:30:00"),
            ("Jan 1, 2024 @ 08:00:00.250", "2024-01-01T08:00:00.250"),
            ("1er janvier 2024 à 8h05", "2024-01-01T08:05:00"),
            ("1 janvier 2024 à 20:05", "2024-01-01T20:05:00"),
            ("1 gennaio 2024 alle ore 8:05", "2024-01-01T08:05:00"),
            ("1 de janeiro de 2024 às 08:05", "2024-01-01T08:05:00"),
            ("1 januari 2024 08:05", "2024-01-01T08:05:00"),
            ("1 stycznia 2024, 08:05", "2024-01-01T08:05:00"),
            ("2024年1月1日 8:05:00", "2024-01-01T08:05:00"),
            ("2024年1月1日 8時05分10秒", "2024-01-01T08:05:10"),
            (
                "Monday, January 1st, 2024 8:05:00 PM",
                "2024-01-01T20:05:00",
            ),
            (
                "Mon Jan 01 2024 08:00:00 GMT+0100 (Central European Standard Time)",
                "2024-01-01T07:00:00",
            ),
            ("2024-01-01 08:00 GMT+1", "2024-01-01T07:00:00"),
            ("2024-01-01 08:00:00 UTC+02:00", "2024-01-01T06:00:00"),
            ("2024-01-01T08:00:00 CET", "2024-01-01T07:00:00"),
            ("2024-01-01, 8:05:00 AM", "2024-01-01T08:05:00"),
            ("2024-1-1 8:05", "2024-01-01T08:05:00"),
            ("2024/1/1 8:05", "2024-01-01T08:05:00"),
            ("01-Jan-24 8:05 p. m.", "2024-01-01T20:05:00"),
            ("12:05 AM, 1 Jan 2024", "2024-01-01T00:05:00"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_leaves_a_choice_or_is_no_time_is_not_read() {
        for text in [
            "01/02/2024 08:00",
            "01.02.24",
            "May",
            "Mai 2024",
            "32 Jan 2024",
            "1 Jan 2024 25:00",
            "ticket 1 Jan 2024",
            "2024-13-01 08:00 GMT",
            "1 Jan 2024 08:00 IST",
            "step 3",
            "20241301",
            "",
            "1 Jan 2024 13:00 PM",
            "99999999999999",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn dates_and_words_that_stand_for_no_time() {
        for text in [
            "0000-00-00",
            "0000-00-00 00:00:00",
            "9999-12-31",
            "9999-12-31T23:59:59Z",
            "1900-01-01",
            "1900-01-01 00:00:00",
            "0001-01-01T00:00:00",
            "1/1/0001 12:00:00 AM",
            "31.12.9999",
            "01.01.1900 00:00",
            "1970-01-01T00:00:00Z",
            "pending",
            "N/A",
            "-",
            "--",
            "None",
            "NaT",
            "0",
        ] {
            assert!(is_no_time(text), "{text}");
        }
        for text in [
            "2024-01-01",
            "1900-02-01",
            "soon",
            "2000-01-01",
            "1.1.2024",
            "9999",
        ] {
            assert!(!is_no_time(text), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = (written(&text), is_no_time(&text));
        }

        #[test]
        fn nothing_like_a_time_panics(text in "[0-9a-zA-Zéü月年時:., /@()+-]{0,40}") {
            let _ = (written(&text), is_no_time(&text));
        }
    }
}

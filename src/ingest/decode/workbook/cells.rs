//! Values of cells as texts.

use super::table::{Cell, Kind};
use calamine::{CellErrorType, DataRef, ExcelDateTime};

/// A cell as a text; `None` for an empty one. The error of a formula is no value.
pub(super) fn cell(column: u32, value: &DataRef) -> Result<Option<Cell>, CellErrorType> {
    let (kind, text) = match value {
        DataRef::Empty => return Ok(None),
        DataRef::Error(error) => return Err(error.clone()),
        DataRef::String(text) => (Kind::Text, text.clone()),
        DataRef::SharedString(text) => (Kind::Text, (*text).to_owned()),
        DataRef::Int(number) => (Kind::Value, number.to_string()),
        DataRef::Float(number) => (Kind::Value, number.to_string()),
        DataRef::Bool(yes) => (Kind::Value, yes.to_string()),
        DataRef::DateTime(time) => (Kind::Value, time_of(time)),
        DataRef::DateTimeIso(text) => (Kind::Value, text.clone()),
        DataRef::DurationIso(text) => (Kind::Value, clock_of_iso(text)),
    };
    let is_blank = text.trim().is_empty();
    Ok((!is_blank).then_some(Cell { column, kind, text }))
}

/// A date, a time of the day, or both; a duration as `h:mm:ss`.
fn time_of(time: &ExcelDateTime) -> String {
    let days = time.as_f64();
    if time.is_duration() {
        return clock((days * 86_400.0).round());
    }
    // Serials are fractions of a day, so a whole second is met to a part of a millisecond only.
    let millis = (days * 86_400_000.0).round();
    let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
    let is_clock = (0.0..1.0).contains(&days);
    let clock = match milli {
        0 => format!("{hour:02}:{minute:02}:{second:02}"),
        _ => format!("{hour:02}:{minute:02}:{second:02}.{milli:03}"),
    };
    match (is_clock, millis % 86_400_000.0 == 0.0) {
        (true, _) => clock,
        (false, true) => format!("{year:04}-{month:02}-{day:02}"),
        (false, false) => format!("{year:04}-{month:02}-{day:02} {clock}"),
    }
}

fn clock(seconds: f64) -> String {
    let sign = if seconds < 0.0 { "-" } else { "" };
    let whole = seconds.abs() as u64;
    format!(
        "{sign}{}:{:02}:{:02}",
        whole / 3600,
        whole / 60 % 60,
        whole % 60
    )
}

/// `PT26H03M04S` as `26:03:04`. A text that is no duration stays as it is.
fn clock_of_iso(text: &str) -> String {
    seconds_of_iso(text).map_or_else(|| text.to_owned(), clock)
}

fn seconds_of_iso(text: &str) -> Option<f64> {
    let mut rest = text.strip_prefix('P')?;
    let (mut seconds, mut is_time) = (0.0, false);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            (rest, is_time) = (after, true);
            continue;
        }
        let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let number: f64 = rest[..end].parse().ok()?;
        seconds += number
            * match (rest.as_bytes()[end], is_time) {
                (b'D', false) => 86_400.0,
                (b'H', true) => 3600.0,
                (b'M', true) => 60.0,
                (b'S', true) => 1.0,
                _ => return None,
            };
        rest = &rest[end + 1..];
    }
    Some(seconds.round())
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::ExcelDateTimeType::{DateTime, TimeDelta};

    fn text(value: DataRef) -> String {
        cell(0, &value)
            .unwrap()
            .map_or_else(String::new, |cell| cell.text)
    }

    #[test]
    fn times_and_durations() {
        let time =
            |days, kind, is_1904| text(DataRef::DateTime(ExcelDateTime::new(days, kind, is_1904)));
        assert_eq!(time(45_302.0, DateTime, false), "2024-01-11");
        assert_eq!(
            time(45_302.354_166_666_664, DateTime, false),
            "2024-01-11 08:30:00"
        );
        assert_eq!(time(43_840.0, DateTime, true), "2024-01-11");
        assert_eq!(time(0.5, DateTime, false), "12:00:00");
        assert_eq!(time(1.084_050_925_925_926, TimeDelta, false), "26:01:02");
        assert_eq!(
            text(DataRef::DurationIso("PT26H03M04.4S".to_owned())),
            "26:03:04"
        );
        assert_eq!(text(DataRef::DurationIso("soon".to_owned())), "soon");
        assert_eq!(
            text(DataRef::DateTimeIso("2024-01-11T08:30:00".to_owned())),
            "2024-01-11T08:30:00"
        );
        // Nothing makes it fail.
        for days in [f64::NAN, f64::INFINITY, -1e300, 1e300, -3.5] {
            time(days, DateTime, false);
            time(days, TimeDelta, true);
        }
    }

    #[test]
    fn other_values() {
        assert_eq!(text(DataRef::Float(12.0)), "12");
        assert_eq!(text(DataRef::Float(0.5)), "0.5");
        assert_eq!(text(DataRef::Bool(true)), "true");
        assert_eq!(text(DataRef::String(" ".to_owned())), "");
        assert_eq!(text(DataRef::Empty), "");
        assert!(cell(0, &DataRef::Error(CellErrorType::NA)).is_err());
    }
}

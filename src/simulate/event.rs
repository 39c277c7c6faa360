//! One line of the synthetic log, and how it is written.
//!
//! Serialisation is by hand because the benchmarks write a million lines and the demo writes its
//! history before the first page can be shown; a test reads every line back with `serde_json`.

pub(crate) use crate::model::{Executor, Lifecycle, Origin};
use std::sync::Arc;

/// Microseconds in one second, minute, hour and day.
pub(crate) const SECOND_US: i64 = 1_000_000;
pub(crate) const MINUTE_US: i64 = 60 * SECOND_US;
pub(crate) const HOUR_US: i64 = 60 * MINUTE_US;
pub(crate) const DAY_US: i64 = 24 * HOUR_US;

/// One event of one case. Every event is a step with an activity, the closing and the reopening one too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When the step was finished: Unix microseconds, UTC, always whole milliseconds.
    pub time_us: i64,
    /// Id of the process, as in the catalog.
    pub process: &'static str,
    /// Id of the case, unique over all processes.
    pub case: Arc<str>,
    /// Name of the step.
    pub activity: &'static str,
    /// Kind of executor of this step.
    pub executor: Executor,
    /// Analyst queue, shift or bot: tells hand-offs, names nobody.
    pub actor: &'static str,
    /// What the event does to its case.
    pub lifecycle: Lifecycle,
    /// Category at the end; only on `end` events.
    pub outcome: Option<&'static str>,
    /// Alert rule and asset class, `rule/asset`; only on the first event of a case.
    pub input: Option<&'static str>,
    /// Case that called this one; only on the first event of a case.
    pub parent: Option<Arc<str>>,
    /// Position within the case, from 1, without gaps.
    pub seq: u32,
    /// Live work, a drill or a shadow run; the same on all events of a case. Written unless it is live.
    pub origin: Origin,
    /// Time that a person worked on this step, in hundredths of a minute; on steps of people, as far as they note it.
    pub hands_on_hundredths: Option<u32>,
    /// Whether somebody reviewed the case; only on its last `end` event. Written if true.
    pub reviewed: bool,
}

impl Event {
    /// Appends the event as one line of NDJSON with its line feed. Absent fields are left out.
    pub fn write_ndjson(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"time\":\"");
        write_rfc3339(self.time_us, out);
        out.push(b'"');
        field(out, "process", self.process);
        field(out, "case", &self.case);
        field(out, "activity", self.activity);
        field(out, "executor", self.executor.word());
        field(out, "actor", self.actor);
        field(out, "lifecycle", self.lifecycle.word());
        if let Some(outcome) = self.outcome {
            field(out, "outcome", outcome);
        }
        if let Some(input) = self.input {
            field(out, "input", input);
        }
        if let Some(parent) = &self.parent {
            field(out, "parent", parent);
        }
        out.extend_from_slice(b",\"seq\":");
        write_decimal(u64::from(self.seq), 1, out);
        if self.origin != Origin::Live {
            field(out, "origin", self.origin.word());
        }
        if let Some(hundredths) = self.hands_on_hundredths {
            out.extend_from_slice(b",\"hands_on_minutes\":");
            write_decimal(u64::from(hundredths / 100), 1, out);
            out.push(b'.');
            write_decimal(u64::from(hundredths % 100), 2, out);
        }
        if self.reviewed {
            out.extend_from_slice(b",\"reviewed\":true");
        }
        out.extend_from_slice(b"}\n");
    }
}

fn field(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":\"");
    if value.bytes().any(|b| b < 0x20 || matches!(b, b'"' | b'\\')) {
        for byte in value.bytes() {
            match byte {
                b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
                0..0x20 => {
                    out.extend_from_slice(b"\\u00");
                    out.push(b"0123456789abcdef"[usize::from(byte >> 4)]);
                    out.push(b"0123456789abcdef"[usize::from(byte & 15)]);
                }
                _ => out.push(byte),
            }
        }
    } else {
        out.extend_from_slice(value.as_bytes());
    }
    out.push(b'"');
}

/// Appends `value` in decimal, with zeros in front up to `width` (at most 20).
pub(crate) fn write_decimal(mut value: u64, width: usize, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while value > 0 {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    let start = at.min(digits.len() - width);
    out.extend_from_slice(&digits[start..]);
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
/// `chrono` does it too, but its formatting was most of the time of a million lines.
pub(crate) fn civil(day: i64) -> (i64, u8, u8) {
    // Eras of 400 years that begin on 1 March, so that the leap day is the last of its year.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u8, day_of_month as u8)
}

fn write_rfc3339(time_us: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil(time_us.div_euclid(DAY_US));
    let millis = (time_us.rem_euclid(DAY_US) / 1_000) as u64;
    write_decimal(year.unsigned_abs(), 4, out);
    out.push(b'-');
    write_decimal(u64::from(month), 2, out);
    out.push(b'-');
    write_decimal(u64::from(day), 2, out);
    out.push(b'T');
    write_decimal(millis / 3_600_000, 2, out);
    out.push(b':');
    write_decimal(millis / 60_000 % 60, 2, out);
    out.push(b':');
    write_decimal(millis / 1_000 % 60, 2, out);
    out.push(b'.');
    write_decimal(millis % 1_000, 3, out);
    out.push(b'Z');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event {
            time_us: 1_767_225_600_007_000,
            process: "isolate-host",
            case: Arc::from("ISO-INC-260101-1.1"),
            activity: "verify isolation",
            executor: Executor::Human,
            actor: "soc-shift-a",
            lifecycle: Lifecycle::End,
            outcome: Some("isolated"),
            input: Some("ransomware/server"),
            parent: Some(Arc::from("INC-260101-1")),
            seq: 10,
            origin: Origin::Exercise,
            hands_on_hundredths: Some(1_205),
            reviewed: true,
        }
    }

    fn read(event: &Event) -> serde_json::Value {
        let mut line = Vec::new();
        event.write_ndjson(&mut line);
        assert_eq!(line.iter().filter(|b| **b == b'\n').count(), 1);
        serde_json::from_slice(&line).expect("a line is JSON")
    }

    #[test]
    fn a_line_reads_back_the_same() {
        let expected = serde_json::json!({
            "time": "2026-01-01T00:00:00.007Z", "process": "isolate-host", "case": "ISO-INC-260101-1.1",
            "activity": "verify isolation", "executor": "human", "actor": "soc-shift-a",
            "lifecycle": "end", "outcome": "isolated", "input": "ransomware/server",
            "parent": "INC-260101-1", "seq": 10,
            "origin": "exercise", "hands_on_minutes": 12.05, "reviewed": true
        });
        assert_eq!(read(&event()), expected);
    }

    #[test]
    fn absent_fields_are_left_out() {
        let bare = Event {
            outcome: None,
            input: None,
            parent: None,
            origin: Origin::Live,
            hands_on_hundredths: None,
            reviewed: false,
            ..event()
        };
        let value = read(&bare);
        let absent = [
            "outcome",
            "input",
            "parent",
            "origin",
            "hands_on_minutes",
            "reviewed",
        ];
        for name in absent {
            assert!(value.get(name).is_none(), "{name} is written");
        }
        let quick = Event {
            hands_on_hundredths: Some(7),
            ..event()
        };
        assert_eq!(read(&quick)["hands_on_minutes"], 0.07);
    }

    #[test]
    fn quotes_and_controls_are_escaped() {
        let odd = Event {
            case: Arc::from("a\"b\\c\n\u{1}é"),
            ..event()
        };
        assert_eq!(read(&odd)["case"], "a\"b\\c\n\u{1}é");
    }

    #[test]
    fn times_agree_with_chrono() {
        for day in (-200_000_i64..200_000).step_by(37) {
            let time_us = day * DAY_US + (day.rem_euclid(86_399)) * SECOND_US + 123_000;
            let mut ours = Vec::new();
            write_rfc3339(time_us, &mut ours);
            let theirs = chrono::DateTime::from_timestamp_micros(time_us)
                .expect("in range")
                .to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            assert_eq!(String::from_utf8_lossy(&ours), theirs);
        }
    }
}

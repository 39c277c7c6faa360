//! Instants and spans in whole microseconds: exact, ordered, and small enough to keep by the million.

use super::calendar::{Day, Hour};
use super::span::Span;
use chrono::{DateTime, SecondsFormat, Utc};
use std::fmt;

/// Microseconds in one second.
pub const SECOND_US: i64 = Span::SECOND.0;
/// Microseconds in one hour.
pub const HOUR_US: i64 = Span::HOUR.0;
/// Microseconds in a day.
pub(crate) const DAY_US: i64 = Span::DAY.0;

/// An instant: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    /// Stands for the time of events that have none: 1900-01-01, long before any time that is believed.
    pub const UNDATED: Time = Time(-2_208_988_800_000_000);

    /// Whether it stands for no time.
    pub fn is_undated(self) -> bool {
        self == Time::UNDATED
    }

    /// The hour this instant lies in.
    pub fn hour(self) -> Hour {
        let hours = self.0.div_euclid(HOUR_US);
        Hour(hours.clamp(i32::MIN.into(), i32::MAX.into()) as i32)
    }

    /// The day this instant lies in.
    pub fn day(self) -> Day {
        self.hour().day()
    }

    /// The span from `earlier` to this instant; saturates instead of overflowing.
    pub fn since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// This instant moved by a span; saturates instead of overflowing.
    pub fn plus(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }

    /// From chrono's type.
    pub fn from_utc(at: DateTime<Utc>) -> Time {
        Time(at.timestamp_micros())
    }

    /// To chrono's type; `None` outside of the years that chrono can hold.
    pub fn to_utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.0)
    }

    /// Seconds since the epoch, as Prometheus wants them.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / SECOND_US as f64
    }
}

/// RFC 3339 in UTC, with a fraction only where there is one.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_utc() {
            Some(at) => f.write_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            None => write!(f, "{} us since 1970", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hours_of_the_first_and_the_last_instant_saturate() {
        assert_eq!(Time(i64::MIN).hour(), Hour::MIN);
        assert_eq!(Time(i64::MAX).hour(), Hour::MAX);
    }

    #[test]
    fn prints_as_rfc_3339() {
        assert_eq!(
            Time(1_263_364_825_000_000).to_string(),
            "2010-01-13T06:40:25Z"
        );
        assert_eq!(Time(1_500_000).to_string(), "1970-01-01T00:00:01.500Z");
        assert!(Time(i64::MAX).to_string().contains("since 1970"));
    }
}

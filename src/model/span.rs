//! Spans of time in whole microseconds.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

/// A span of time in microseconds; may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub i64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// The longest one, of 292,271 years.
    pub const MAX: Span = Span(i64::MAX);
    /// One second.
    pub const SECOND: Span = Span(1_000_000);
    /// One hour.
    pub const HOUR: Span = Span(3_600 * Span::SECOND.0);
    /// A day of 24 hours.
    pub const DAY: Span = Span(24 * Span::HOUR.0);
    /// A week of seven days.
    pub const WEEK: Span = Span(7 * Span::DAY.0);

    /// So many seconds; what is beyond the longest span is the longest.
    pub fn of_seconds(count: f64) -> Span {
        Span((count * Span::SECOND.0 as f64) as i64)
    }

    /// So many whole seconds; saturates instead of overflowing.
    pub const fn seconds(count: i64) -> Span {
        Span(count.saturating_mul(Span::SECOND.0))
    }

    /// So many hours.
    pub const fn hours(count: i64) -> Span {
        Span(count * Span::HOUR.0)
    }

    /// So many days of 24 hours.
    pub const fn days(count: i64) -> Span {
        Span(count * Span::DAY.0)
    }

    /// The span in seconds, with their fraction.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / Span::SECOND.0 as f64
    }

    /// The span in weeks, with their fraction.
    pub(crate) fn as_weeks(self) -> f64 {
        self.0 as f64 / Span::WEEK.0 as f64
    }

    /// The span as the standard library has it; nothing if it is negative.
    pub(crate) fn duration(self) -> std::time::Duration {
        std::time::Duration::from_micros(self.0.max(0) as u64)
    }

    /// The span without its fraction of a second.
    pub(crate) fn whole_seconds(self) -> Span {
        self - self % Span::SECOND
    }

    /// The sum; saturates instead of overflowing.
    pub(crate) fn saturating_add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }

    /// The span without a sign; saturates instead of overflowing.
    pub(crate) fn saturating_abs(self) -> Span {
        Span(self.0.saturating_abs())
    }
}

impl Add for Span {
    type Output = Span;

    fn add(self, other: Span) -> Span {
        Span(self.0 + other.0)
    }
}

impl Sub for Span {
    type Output = Span;

    fn sub(self, other: Span) -> Span {
        Span(self.0 - other.0)
    }
}

impl Neg for Span {
    type Output = Span;

    fn neg(self) -> Span {
        Span(-self.0)
    }
}

impl Mul<i64> for Span {
    type Output = Span;

    fn mul(self, count: i64) -> Span {
        Span(self.0 * count)
    }
}

/// How many whole times the other one fits, towards zero.
impl Div for Span {
    type Output = i64;

    fn div(self, other: Span) -> i64 {
        self.0 / other.0
    }
}

/// What is left over then.
impl Rem for Span {
    type Output = Span;

    fn rem(self, other: Span) -> Span {
        Span(self.0 % other.0)
    }
}

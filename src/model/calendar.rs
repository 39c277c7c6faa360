//! Hours and days in UTC.

use super::time::{DAY_US, HOUR_US, SECOND_US, Time};
use chrono::{DateTime, NaiveDate};
use serde::{Serialize, Serializer};
use std::fmt;
use std::num::TryFromIntError;
use std::ops::{Add, AddAssign, Sub};

/// Hours in a day.
pub(crate) const DAY_HOURS: i32 = 24;

/// Hours since the Unix epoch (floor): the key of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(pub i32);

/// Days since the Unix epoch (floor), in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

/// What hours and days have in common: they are counted, and their differences are plain numbers.
macro_rules! counted {
    ($type:ident) => {
        impl $type {
            /// Before all others.
            pub const MIN: $type = $type(i32::MIN);
            /// After all others.
            pub const MAX: $type = $type(i32::MAX);

            /// The one so many later; saturates instead of overflowing.
            pub(crate) fn saturating_add(self, count: i32) -> $type {
                $type(self.0.saturating_add(count))
            }

            /// From this one to another, which is not included.
            pub fn until(self, end: $type) -> impl DoubleEndedIterator<Item = $type> + Clone {
                (self.0..end.0).map($type)
            }
        }

        impl Add<i32> for $type {
            type Output = $type;

            fn add(self, count: i32) -> $type {
                $type(self.0 + count)
            }
        }

        impl Sub<i32> for $type {
            type Output = $type;

            fn sub(self, count: i32) -> $type {
                $type(self.0 - count)
            }
        }

        impl Sub for $type {
            type Output = i32;

            fn sub(self, earlier: $type) -> i32 {
                self.0 - earlier.0
            }
        }

        impl AddAssign<i32> for $type {
            fn add_assign(&mut self, count: i32) {
                self.0 += count;
            }
        }

        /// The count since the epoch, as it is written to the disk.
        impl From<$type> for i64 {
            fn from(count: $type) -> i64 {
                i64::from(count.0)
            }
        }

        /// The count since the epoch, for charts and times of Prometheus.
        impl From<$type> for f64 {
            fn from(count: $type) -> f64 {
                f64::from(count.0)
            }
        }

        impl TryFrom<i64> for $type {
            type Error = TryFromIntError;

            fn try_from(count: i64) -> Result<$type, TryFromIntError> {
                i32::try_from(count).map($type)
            }
        }
    };
}

counted!(Hour);
counted!(Day);

impl Hour {
    /// The day that it lies in.
    pub fn day(self) -> Day {
        Day(self.0.div_euclid(DAY_HOURS))
    }

    /// Its first instant; saturates instead of overflowing.
    pub fn start(self) -> Time {
        Time(i64::from(self).saturating_mul(HOUR_US))
    }
}

/// The count, for messages about damaged rows.
impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Day {
    /// The day of a date.
    pub(crate) fn of_date(date: NaiveDate) -> Day {
        Time::from_utc(date.and_time(chrono::NaiveTime::MIN).and_utc()).day()
    }

    /// The date of a day; `None` outside of the years that chrono can hold.
    pub(crate) fn date(self) -> Option<NaiveDate> {
        DateTime::UNIX_EPOCH
            .date_naive()
            .checked_add_signed(chrono::TimeDelta::try_days(i64::from(self))?)
    }

    /// Its first instant; saturates instead of overflowing.
    pub fn start(self) -> Time {
        Time(i64::from(self).saturating_mul(DAY_US))
    }

    /// Seconds from the Unix epoch to its first instant.
    pub(crate) fn start_seconds(self) -> i64 {
        i64::from(self) * (DAY_US / SECOND_US)
    }

    /// Its first hour; saturates instead of overflowing.
    pub(crate) fn first_hour(self) -> Hour {
        Hour(self.0.saturating_mul(DAY_HOURS))
    }

    /// Days from an earlier one to this one; saturates instead of overflowing.
    pub(crate) fn since(self, earlier: Day) -> i32 {
        self.0.saturating_sub(earlier.0)
    }

    /// Its weekday: 0 for Monday to 6 for Sunday.
    pub fn weekday(self) -> usize {
        // 1970-01-01 was a Thursday.
        (i64::from(self) + 3).rem_euclid(7) as usize
    }
}

/// `YYYY-MM-DD`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date() {
            Some(date) => date.fmt(f),
            None => write!(f, "day {} since 1970", self.0),
        }
    }
}

/// As `YYYY-MM-DD`.
impl Serialize for Day {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_days_floor_before_the_epoch_too() {
        assert_eq!(Time(-1).hour(), Hour(-1));
        assert_eq!(Time(0).hour(), Hour(0));
        assert_eq!(Time(HOUR_US).hour(), Hour(1));
        assert_eq!(Hour(-1).start(), Time(-HOUR_US));
        assert_eq!(Hour(-1).day(), Day(-1));
        assert_eq!(Hour(23).day(), Day(0));
        assert_eq!(Day(-1).first_hour(), Hour(-24));
        assert_eq!(Day::MIN.first_hour(), Hour::MIN);
    }

    #[test]
    fn days_have_a_date_and_a_weekday() {
        let day = Time(1_263_364_825_000_000).day();
        assert_eq!(day.to_string(), "2010-01-13");
        assert_eq!(day.weekday(), 2);
        assert_eq!(day.date().map(Day::of_date), Some(day));
        assert_eq!(Day::MAX.date(), None);
        assert_eq!(Day::MIN.to_string(), "day -2147483648 since 1970");
        let week: Vec<usize> = Day(-3).until(Day(4)).map(Day::weekday).collect();
        assert_eq!(week, [0, 1, 2, 3, 4, 5, 6]);
    }
}

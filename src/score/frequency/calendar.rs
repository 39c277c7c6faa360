//! Counts by hour as counts by day, week and hour of the week, in UTC.

use super::ForecastWeek;
use crate::model::{DAY_HOURS, DAY_US, Day, Hour, Time};
use crate::score::bounds::Bounds;
use std::collections::BTreeMap;

/// Ten years: older weeks say nothing about the coming ones, and a span of any length stays cheap.
const MOST_WEEKS: i32 = 520;
/// No process has more cases: keeps integers exact as floating-point numbers.
const MOST_CASES: i128 = 1_000_000_000_000_000;

/// The counts of a span.
pub(super) struct Calendar {
    /// Cases in the span.
    pub total: u64,
    /// Cases in each hour of the week, Monday 00:00 first; empty if there are none.
    pub hour_of_week: Vec<i64>,
    /// Days with cases.
    by_day: BTreeMap<Day, u64>,
    /// First day that is covered as a whole (of the last ten years).
    pub first_day: Day,
    /// The day behind the last one that is: the one that `to` lies in.
    pub end_day: Day,
}

/// Cases of one week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Week {
    /// Its first day.
    pub from: Day,
    /// Cases started.
    pub cases: u64,
}

impl Calendar {
    pub(super) fn new(starts: impl Iterator<Item = (Hour, i64)>, from: Time, to: Time) -> Calendar {
        let covered = from.hour()..=to.hour();
        let mut days: BTreeMap<Day, i128> = BTreeMap::new();
        let mut hours = vec![0i128; 168];
        let mut total = 0i128;
        for (hour, cases) in starts.filter(|(hour, _)| covered.contains(hour)) {
            let (day, cases) = (hour.day(), i128::from(cases));
            *days.entry(day).or_default() += cases;
            hours[day.weekday() * 24 + hour.0.rem_euclid(DAY_HOURS) as usize] += cases;
            total += cases;
        }
        let by_day = days.into_iter().map(|(day, cases)| (day, whole(cases)));
        let hour_of_week = hours.into_iter().map(|cases| whole(cases) as i64);
        let end_day = Day(to.0.div_euclid(DAY_US) as i32);
        let begins = -(-i128::from(from.0)).div_euclid(i128::from(DAY_US));
        Calendar {
            total: whole(total),
            hour_of_week: if total > 0 {
                hour_of_week.collect()
            } else {
                Vec::new()
            },
            by_day: by_day.filter(|(_, cases)| *cases > 0).collect(),
            first_day: Day(begins as i32).max(end_day - 7 * MOST_WEEKS),
            end_day,
        }
    }

    /// Whole weeks, the oldest first.
    pub(super) fn weeks(&self) -> Vec<Week> {
        let weeks = (self.end_day - self.first_day).max(0) / 7;
        let first = self.end_day - 7 * weeks;
        let week = |nth: i32| {
            let from = first + 7 * nth;
            let cases = self.by_day.range(from..from + 7).map(|(_, cases)| cases);
            Week {
                from,
                cases: cases.sum(),
            }
        };
        (0..weeks).map(week).collect()
    }

    /// Whole days, and on how many of them each weekday (Monday first) fell.
    pub(super) fn whole_days(&self) -> (u32, [u32; 7]) {
        let mut days = [0; 7];
        for day in self.first_day.until(self.end_day) {
            days[day.weekday()] += 1;
        }
        (days.iter().sum(), days)
    }

    /// Days with cases, of those that are whole.
    pub(super) fn busy_days(&self) -> impl Iterator<Item = (usize, u64)> {
        // A range must not run backwards.
        let days = self.first_day..self.end_day.max(self.first_day);
        self.by_day
            .range(days)
            .map(|(day, cases)| (day.weekday(), *cases))
    }

    /// Gives the coming weeks their dates.
    pub(super) fn coming_weeks(&self, cases: Vec<Bounds>) -> Vec<ForecastWeek> {
        let week = |(nth, cases): (i32, Bounds)| ForecastWeek {
            from_timestamp_seconds: (self.end_day + 7 * nth).start_seconds(),
            cases,
        };
        (0..).zip(cases).map(week).collect()
    }
}

/// Damaged sums may be negative; a count is not.
fn whole(cases: i128) -> u64 {
    cases.clamp(0, MOST_CASES) as u64
}

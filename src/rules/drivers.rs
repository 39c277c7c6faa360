//! Outside factors that may drive how often a process runs, as checked values over time.

use chrono::{Days, NaiveDate};

/// Outside factors over time, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Drivers {
    /// Their names, as the header has them.
    pub names: Vec<String>,
    /// At least one, by ascending date.
    pub rows: Vec<DriverRow>,
    /// How many days the last row holds: the longest step between two rows, as nothing says when the next would come.
    pub(crate) last_holds_days: i64,
}

/// The values from one date on.
#[derive(Clone, Debug, PartialEq)]
pub struct DriverRow {
    /// Days since 1970-01-01.
    pub day: i64,
    /// One for each driver, above 0.
    pub values: Vec<f64>,
}

impl Drivers {
    /// The mean of each driver over the days from `from` up to and without `to` (days since 1970-01-01).
    ///
    /// `None` for an empty span, or one that begins before the first row or ends after the last row holds.
    pub fn means(&self, from: i64, to: i64) -> Option<Vec<f64>> {
        let (first, end) = self.covers()?;
        if from >= to || from < first || to > end {
            return None;
        }
        let mut sums = vec![0.0; self.names.len()];
        let at = self.rows.partition_point(|row| row.day <= from) - 1;
        for (nth, row) in self.rows.iter().enumerate().skip(at) {
            let next = self.rows.get(nth + 1).map_or(end, |next| next.day);
            let days = next.min(to) - row.day.max(from);
            if days <= 0 {
                break;
            }
            for (sum, value) in sums.iter_mut().zip(&row.values) {
                *sum += value * days as f64;
            }
        }
        Some(
            sums.into_iter()
                .map(|sum| sum / (to - from) as f64)
                .collect(),
        )
    }

    /// The date of the last row, and how many days it holds.
    pub fn last(&self) -> (String, i64) {
        let date = self.rows.last().map(|row| date_of(row.day));
        (date.unwrap_or_default(), self.last_holds_days)
    }

    /// The first day with values, and the first one after the last with values (days since 1970-01-01).
    pub fn covers(&self) -> Option<(i64, i64)> {
        let (first, last) = (self.rows.first()?, self.rows.last()?);
        Some((first.day, last.day + self.last_holds_days))
    }
}

/// A day that came from a date, as that date again.
pub(crate) fn date_of(day: i64) -> String {
    let since = Days::new(day.unsigned_abs());
    let date = match day < 0 {
        true => NaiveDate::default().checked_sub_days(since),
        false => NaiveDate::default().checked_add_days(since),
    };
    date.map_or_else(|| format!("day {day}"), |date| date.to_string())
}

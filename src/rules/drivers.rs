//! Outside factors that may drive how often a process runs, as checked values over time.

use crate::model::Day;

/// Outside factors over time, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Drivers {
    /// Their names, as the header has them.
    pub names: Vec<String>,
    /// At least one, by ascending date.
    pub rows: Vec<DriverRow>,
    /// How many days the last row holds: the longest step between two rows, as nothing says when the next would come.
    pub(crate) last_holds_days: i32,
}

/// The values from one date on.
#[derive(Clone, Debug, PartialEq)]
pub struct DriverRow {
    /// The first day on which they hold.
    pub day: Day,
    /// One for each driver, above 0.
    pub values: Vec<f64>,
}

impl Drivers {
    /// The mean of each driver over the days from `from` up to and without `to`.
    ///
    /// `None` for an empty span, or one that begins before the first row or ends after the last row holds.
    pub fn means(&self, from: Day, to: Day) -> Option<Vec<f64>> {
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
                *sum += value * f64::from(days);
            }
        }
        Some(
            sums.into_iter()
                .map(|sum| sum / f64::from(to - from))
                .collect(),
        )
    }

    /// The date of the last row, and how many days it holds.
    pub fn last(&self) -> (String, i32) {
        let date = self.rows.last().map(|row| row.day.to_string());
        (date.unwrap_or_default(), self.last_holds_days)
    }

    /// The first day with values, and the first one after the last with values.
    pub fn covers(&self) -> Option<(Day, Day)> {
        let (first, last) = (self.rows.first()?, self.rows.last()?);
        Some((first.day, last.day + self.last_holds_days))
    }
}

//! Days on which fewer or more cases are expected than on others of their kind.

use crate::model::Day;
use chrono::Datelike;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Holidays, and other days on which a process is not as usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calendar {
    /// Days of the configuration.
    pub days: Arc<BTreeSet<Day>>,
    /// Whether the days from 23 December to 1 January count as such.
    pub year_end: bool,
}

impl Default for Calendar {
    fn default() -> Calendar {
        Calendar {
            days: Arc::default(),
            year_end: true,
        }
    }
}

impl Calendar {
    /// Whether a day is not as usual.
    pub(crate) fn is_special(&self, day: Day) -> bool {
        self.days.contains(&day) || (self.year_end && is_year_end(day))
    }
}

fn is_year_end(day: Day) -> bool {
    let date = day.date().map(|date| (date.month(), date.day()));
    matches!(date, Some((12, 23..=31) | (1, 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::of_date(text.parse().unwrap())
    }

    #[test]
    fn the_end_of_the_year_is_special_unless_it_is_turned_off() {
        let usual = Calendar::default();
        assert!(!usual.is_special(day("2024-12-22")));
        assert!(usual.is_special(day("2024-12-23")));
        assert!(usual.is_special(day("2025-01-01")));
        assert!(!usual.is_special(day("2025-01-02")));
        let plain = Calendar {
            year_end: false,
            ..Calendar::default()
        };
        assert!(!plain.is_special(day("2024-12-25")));
    }
}

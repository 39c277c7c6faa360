//! What drift detection is configured with: the budget of false alarms, and what a baseline needs.

use super::Calendar;

/// How changes are looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftTerms {
    /// False alarms a year that are accepted, expected at most, over the whole fleet.
    pub false_alarms_per_year: f64,
    /// A baseline needs so many cases ...
    pub baseline_cases: i64,
    /// ... and so many days.
    pub baseline_days: i32,
    /// A change by less than this factor is not worth an alarm; 1 for any.
    pub smallest_change: f64,
    /// After an alarm is over its stream gives no other one for so many days.
    pub cool_down_days: i32,
    /// Days on which fewer or more cases are expected.
    pub(crate) calendar: Calendar,
}

impl Default for DriftTerms {
    fn default() -> DriftTerms {
        DriftTerms {
            false_alarms_per_year: 12.0,
            baseline_cases: 300,
            baseline_days: 28,
            smallest_change: 1.0,
            cool_down_days: 7,
            calendar: Calendar::default(),
        }
    }
}

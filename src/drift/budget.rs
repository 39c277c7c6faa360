//! One budget of false alarms for the whole fleet sets every threshold.

use super::stream::Stream;
use crate::model::Day;

/// Days in a year: the buckets of a stream.
const DAYS_A_YEAR: f64 = 365.25;
/// A threshold below this would take a few bad cases for a change, however large the budget.
const LEAST_THRESHOLD: f64 = 20.0;
/// The bounds of a baseline err with at most, and at least, this probability.
const RISKS: (f64, f64) = (1e-4, 1e-2);

/// How many false alarms a year are accepted, and how many streams share them.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// False alarms a year, expected at most, over the whole fleet.
    pub per_year: f64,
    /// From a day on, so many processes share the budget. Ascending; before the first, as many as at the first.
    pub fleet: Vec<(Day, u32)>,
}

impl Budget {
    /// A fleet that has always had this many processes.
    #[cfg(test)]
    pub fn new(per_year: f64, processes: u32) -> Budget {
        Budget {
            per_year,
            fleet: vec![(Day::MIN, Budget::shares(processes))],
        }
    }

    /// For processes that began on these days: each shares the budget from its first day on, so that one that comes later
    /// leaves the past as it was, and history that is read late is judged as if it had come in time.
    pub fn of_fleet(per_year: f64, mut first_days: Vec<Day>) -> Budget {
        first_days.sort_unstable();
        let mut fleet: Vec<(Day, u32)> = Vec::new();
        for (processes, first) in (1..).zip(first_days) {
            let shares = Budget::shares(processes);
            match fleet.last_mut() {
                Some((day, known)) if *day == first => *known = shares,
                Some((_, known)) if *known == shares => {}
                _ => fleet.push((first, shares)),
            }
        }
        Budget { per_year, fleet }
    }

    /// The number of processes for which thresholds are made: the next power of two, so that a process more or less does
    /// not move every threshold.
    pub fn shares(processes: u32) -> u32 {
        processes.max(1).next_power_of_two()
    }

    /// Streams that share the budget on a day.
    pub fn streams(&self, day: Day) -> f64 {
        let held = self.fleet.iter().rfind(|(from, _)| *from <= day);
        let processes = held.or(self.fleet.first());
        let processes = processes.map_or(1, |(_, processes)| *processes);
        f64::from(processes) * Stream::ALL.len() as f64
    }

    /// The threshold A of the evidence on a day. Each of K streams is expected to cross it falsely at most once in A days,
    /// so K 365.25 / A is the budget of a year.
    pub fn threshold(&self, day: Day) -> f64 {
        (self.streams(day) * DAYS_A_YEAR / self.per_year).max(LEAST_THRESHOLD)
    }

    /// False alarms a year that are expected at most of so many processes, at the thresholds of a day.
    pub fn expected_per_year(&self, day: Day, processes: usize) -> f64 {
        processes as f64 * Stream::ALL.len() as f64 * DAYS_A_YEAR / self.threshold(day)
    }

    /// The probability with which the bound of a baseline that ends on a day may err. A baseline that errs may give a false
    /// alarm, so it follows from the budget: with K baselines, at most about as many err as false alarms are accepted in a
    /// year; never more than one in a hundred.
    pub fn risk(&self, day: Day) -> f64 {
        (self.per_year / self.streams(day)).clamp(RISKS.0, RISKS.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_processes_raise_every_threshold_and_not_the_noise() {
        for processes in [1u32, 3, 20, 1_000] {
            let budget = Budget::new(12.0, processes);
            let shares = f64::from(Budget::shares(processes)) * 9.0;
            let a_year = shares * 365.25 / budget.threshold(Day(0));
            assert!(a_year <= 12.0 + 1e-9, "{processes}: {a_year}");
        }
        assert_eq!(
            Budget::new(12.0, 1_000).risk(Day(0)),
            12.0 / (1_024.0 * 9.0)
        );
        assert_eq!(Budget::new(12.0, 1).risk(Day(0)), 0.01);
    }

    #[test]
    fn processes_share_the_budget_from_their_first_day_on() {
        let budget = Budget::of_fleet(12.0, vec![Day(50), Day(10), Day(10), Day(10), Day(90)]);
        assert_eq!(budget.fleet, [(Day(10), 4), (Day(90), 8)]);
        assert_eq!(budget.streams(Day(9)), 36.0);
        assert_eq!(budget.streams(Day(89)), 36.0);
        assert_eq!(budget.streams(Day(90)), 72.0);
        assert_eq!(Budget::of_fleet(12.0, Vec::new()).streams(Day(0)), 9.0);
    }

    #[test]
    fn a_fleet_that_grows_leaves_the_past_as_it_was() {
        let mut budget = Budget::new(12.0, 4);
        let before = budget.threshold(Day(99));
        budget.fleet.push((Day(100), 16));
        assert_eq!(budget.threshold(Day(99)), before);
        assert_eq!(budget.threshold(Day(100)), 4.0 * before);
    }
}

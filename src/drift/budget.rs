//! One budget of false alarms for the whole fleet sets every threshold.

use super::limits::years_of_evidence;
use super::stream::Stream;
use crate::model::Day;

/// Days in a year: the buckets of a stream.
const DAYS_A_YEAR: f64 = 365.25;
/// A threshold below this would take a few bad cases for a change, however large the budget.
const LEAST_THRESHOLD: f64 = 20.0;
/// However large the budget of a small fleet is, a stream may give a false alarm once in so many years. A single process would
/// have one each month otherwise.
const LEAST_YEARS: f64 = 40.0;

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

    /// Years in which each stream may give one false alarm, by the budget of a day.
    pub(super) fn years_between_alarms(&self, day: Day) -> f64 {
        (self.streams(day) / self.per_year).max(LEAST_YEARS)
    }

    /// In how many years a process that has not changed gives so much evidence in a stream once. `evidence` is that of an alarm
    /// of a day, over its limit.
    pub(crate) fn years_of_evidence(&self, stream: Stream, day: Day, evidence: f64) -> f64 {
        match stream {
            // Its evidence is a factor, and its threshold is in days.
            Stream::CriticalOutcome => self.threshold(day) * evidence / DAYS_A_YEAR,
            _ => years_of_evidence(evidence, self.years_between_alarms(day)),
        }
    }

    /// False alarms a year that are expected at most of so many processes, at the thresholds of a day.
    pub fn expected_per_year(&self, day: Day, processes: usize) -> f64 {
        processes as f64 * Stream::ALL.len() as f64 / self.years_between_alarms(day)
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
        let small = Budget::new(12.0, 1);
        assert_eq!(small.years_between_alarms(Day(0)), LEAST_YEARS);
        assert_eq!(small.expected_per_year(Day(0), 1), 9.0 / LEAST_YEARS);
        let large = Budget::new(12.0, 512);
        assert!((large.expected_per_year(Day(0), 512) - 12.0).abs() < 1e-9);
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

//! How long the sources of a process have told of it.
//!
//! A rate is over the time in which a case would have been seen: not over the years before a source was connected, nor over
//! the weeks since one fell silent. What belongs to a source is told by the namespace of its cases: sources that share one
//! tell of the same system.

use super::Counts;
use crate::model::{Hour, NameId, Span, Time};
use std::collections::BTreeMap;

/// So long a silence of all its sources is none of a weekend.
const SILENT_AFTER: Span = Span::WEEK;
/// A silence in which so many cases would have begun is not by chance: there are none with a chance of e^-3 = 5 %.
const MISSED: f64 = 3.0;

/// Rates over less than this are rates over this: an hour of logs is no evidence for a week of 168 such hours.
const LEAST_EXPOSURE_WEEKS: f64 = 1.0 / 7.0;

/// From the first event to the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first event.
    pub first: Time,
    /// The last event.
    pub last: Time,
}

impl Stretch {
    /// The least stretch that holds both.
    pub fn with(self, other: Stretch) -> Stretch {
        Stretch {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }

    /// Its length in weeks, at least a day.
    pub fn weeks(self) -> f64 {
        covered_weeks(self.first, self.last)
    }

    /// When what begins so often within the stretch must be taken to be missing rather than not to have happened: its last
    /// event, where nothing has come for long since.
    pub fn silent_since(self, to: Time, begun: i64) -> Option<Time> {
        let (heard, silence) = (self.last.since(self.first), to.since(self.last));
        let missed = begun as f64 * silence.0 as f64 / heard.max(Span::DAY).0 as f64;
        (silence >= SILENT_AFTER && missed >= MISSED).then_some(self.last)
    }
}

/// So long a pause of a process is none of a holiday.
const DORMANT_AFTER: Span = Span::days(28);

/// With so many missing cases a pause is none by chance, even if cases come in bursts. A recommendation depends on it.
const MISSED_BY_DORMANT: f64 = 8.0;

/// When the cases of a process began, out of the time in which its sources would have told of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// The first case and the last one.
    pub(crate) stretch: Stretch,
    /// How many there are.
    pub(crate) cases: i64,
}

impl Run {
    /// By cases that began, hour by hour. `None` if none did.
    pub(crate) fn of(starts: &Counts<Hour>) -> Option<Run> {
        let mut hours = starts.iter().map(|(hour, _)| hour);
        let first = hours.next()?;
        let last = hours.next_back().unwrap_or(first);
        Some(Run {
            stretch: Stretch {
                first: first.start(),
                last: last.start(),
            },
            cases: starts.total(),
        })
    }

    /// When the process began to run, if that is later than `from`: cases as frequent as its own would have been seen
    /// before its first one.
    pub(crate) fn begun_after(&self, from: Time) -> Option<Time> {
        let before = self.stretch.first.since(from);
        let is_new = before >= SILENT_AFTER && self.expected_in(before) >= MISSED;
        is_new.then_some(self.stretch.first)
    }

    /// Since when the process no longer runs: its last event, if cases as frequent as its own would have begun since. An
    /// export of the cases that began in some time tells of those for longer, so their starts alone don't say.
    pub(crate) fn dormant_since(&self, last_event: Time, to: Time) -> Option<Time> {
        let last = self.stretch.last.max(last_event);
        let since = to.since(last);
        let is_dormant = since >= DORMANT_AFTER && self.expected_in(since) >= MISSED_BY_DORMANT;
        is_dormant.then_some(last)
    }

    /// How many cases begin in a span at the rate of those after the first one. The first one only tells since when to count.
    fn expected_in(&self, span: Span) -> f64 {
        let ran = self.stretch.last.since(self.stretch.first).max(Span::DAY);
        (self.cases - 1) as f64 * span.0 as f64 / ran.0 as f64
    }
}

/// From when to when each namespace has told of each process. Grows only; in whatever order events come, it is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    told: BTreeMap<String, BTreeMap<NameId, Stretch>>,
}

impl Coverage {
    /// Notes that a namespace has told of a process. Says whether that is news.
    pub fn add(&mut self, namespace: &str, process: NameId, stretch: Stretch) -> bool {
        let of = match self.told.get_mut(namespace) {
            Some(of) => of,
            None => self.told.entry(namespace.to_owned()).or_default(),
        };
        let known = of.get(&process).copied();
        let whole = known.map_or(stretch, |known| known.with(stretch));
        of.insert(process, whole);
        known != Some(whole)
    }

    /// From when to when a namespace has told of a process.
    pub fn of(&self, namespace: &str, process: NameId) -> Option<Stretch> {
        self.told.get(namespace)?.get(&process).copied()
    }

    /// The first event of all.
    pub fn first(&self) -> Option<Time> {
        let told = self.told.values().flat_map(BTreeMap::values);
        told.map(|stretch| stretch.first).min()
    }

    /// The last event of all.
    pub fn latest(&self) -> Option<Time> {
        let told = self.told.values().flat_map(BTreeMap::values);
        told.map(|stretch| stretch.last).max()
    }

    /// Hands out what each namespace has told of each process.
    pub fn each(&self, each: &mut dyn FnMut(&str, NameId, Stretch)) {
        for (namespace, of) in &self.told {
            of.iter()
                .for_each(|(process, stretch)| each(namespace, *process, *stretch));
        }
    }

    /// The last event of each process itself.
    pub(crate) fn last_of_processes(&self) -> BTreeMap<NameId, Time> {
        let mut last: BTreeMap<NameId, Time> = BTreeMap::new();
        for (process, stretch) in self.told.values().flatten() {
            let known = last.entry(*process).or_insert(stretch.last);
            *known = stretch.last.max(*known);
        }
        last
    }

    /// From when to when the sources of each process have told of anything.
    pub fn of_processes(&self) -> BTreeMap<NameId, Stretch> {
        let mut all: BTreeMap<NameId, Stretch> = BTreeMap::new();
        for of in self.told.values() {
            let Some(whole) = of.values().copied().reduce(Stretch::with) else {
                continue;
            };
            for process in of.keys() {
                let known = all.entry(*process).or_insert(whole);
                *known = known.with(whole);
            }
        }
        all
    }
}

/// The length of a span in weeks, at least a day.
pub(crate) fn covered_weeks(from: Time, to: Time) -> f64 {
    to.since(from).as_weeks().max(LEAST_EXPOSURE_WEEKS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DAY_US;
    use proptest::prelude::*;

    fn days(first: i64, last: i64) -> Stretch {
        Stretch {
            first: Time(first * DAY_US),
            last: Time(last * DAY_US),
        }
    }

    #[test]
    fn a_process_is_covered_by_all_that_its_sources_tell() {
        let mut coverage = Coverage::default();
        assert_eq!(coverage.first(), None);
        assert!(coverage.add("tickets", NameId(1), days(10, 20)));
        assert!(coverage.add("tickets", NameId(2), days(15, 30)));
        assert!(coverage.add("playbooks", NameId(2), days(25, 26)));
        assert!(coverage.add("agents", NameId(3), days(40, 50)));
        assert!(!coverage.add("agents", NameId(3), days(41, 49)));
        assert_eq!(coverage.first(), Some(Time(10 * DAY_US)));
        // What the tickets tell of the other process says that they were read then.
        assert_eq!(
            coverage.of_processes(),
            [(1, days(10, 30)), (2, days(10, 30)), (3, days(40, 50))]
                .map(|(process, stretch)| (NameId(process), stretch))
                .into()
        );
    }

    #[test]
    fn a_silence_is_long_and_not_by_chance() {
        let stretch = days(0, 70);
        let at = |day: i64| Time(day * DAY_US);
        let since = Some(stretch.last);
        // One a day: a week without any is beyond chance, six days may be holidays.
        assert_eq!(stretch.silent_since(at(77), 70), since);
        assert_eq!(stretch.silent_since(at(76), 70), None);
        // Three in ten weeks: only after ten more weeks.
        assert_eq!(stretch.silent_since(at(139), 3), None);
        assert_eq!(stretch.silent_since(at(140), 3), since);
        assert_eq!(stretch.silent_since(at(700), 0), None);
        // All at one instant: as if it had taken a day.
        assert_eq!(days(5, 5).silent_since(at(12), 1), Some(at(5)));
    }

    fn run(days: &[i64]) -> Run {
        let mut starts = Counts::default();
        for day in days {
            starts.add(Time(day * DAY_US).hour(), 1);
        }
        Run::of(&starts).unwrap()
    }

    #[test]
    fn a_process_runs_since_its_first_case_unless_that_is_late_by_chance() {
        let at = |day: i64| Time(day * DAY_US);
        let daily: Vec<i64> = (100..128).collect();
        assert_eq!(run(&daily).begun_after(at(0)), Some(at(100)));
        assert_eq!(run(&daily).begun_after(at(95)), None);
        // Four a year: that the first one comes after half a year is chance.
        assert_eq!(run(&[180, 270, 360, 450]).begun_after(at(0)), None);
        // One case tells nothing of a rate.
        assert_eq!(run(&[700]).begun_after(at(0)), None);
        assert!(Run::of(&Counts::default()).is_none());
    }

    #[test]
    fn a_process_is_dormant_if_its_next_cases_are_missing() {
        let at = |day: i64| Time(day * DAY_US);
        let daily: Vec<i64> = (0..50).collect();
        assert_eq!(run(&daily).dormant_since(at(0), at(77)), Some(at(49)));
        assert_eq!(run(&daily).dormant_since(at(0), at(76)), None);
        assert_eq!(run(&daily).dormant_since(at(60), at(77)), None);
        assert_eq!(run(&[0, 90, 180]).dormant_since(at(0), at(899)), None);
        assert_eq!(
            run(&[0, 90, 180]).dormant_since(at(0), at(900)),
            Some(at(180))
        );
        assert_eq!(run(&[5]).dormant_since(at(0), at(5000)), None);
    }

    proptest! {
        #[test]
        fn the_order_of_events_does_not_matter(
            told in proptest::collection::vec((0usize..3, 0u32..3, 0i64..50, 0i64..50), 0..30),
            turn in 0usize..30,
        ) {
            let names = ["", "a", "b"];
            let sum = |told: &[(usize, u32, i64, i64)]| {
                let mut coverage = Coverage::default();
                for (namespace, process, first, length) in told {
                    let stretch = days(*first, first + length);
                    coverage.add(names[*namespace], NameId(*process), stretch);
                }
                coverage
            };
            let mut turned = told.clone();
            turned.rotate_left(turn.min(told.len()));
            turned.reverse();
            let coverage = sum(&told);
            prop_assert_eq!(&coverage, &sum(&turned));
            for (namespace, process, first, length) in &told {
                prop_assert!(!coverage.clone().add(names[*namespace], NameId(*process), days(*first, first + length)));
                let whole = coverage.of_processes()[&NameId(*process)];
                prop_assert_eq!(whole.with(days(*first, first + length)), whole);
            }
        }
    }
}

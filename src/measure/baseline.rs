//! What the nominal size is measured on: the first cases of a process, frozen.

use super::{Counts, Sums};
use crate::cases::Facts;
use crate::codec::{DamagedBytes, Reader, put_i64, put_u64};
use crate::model::{Hour, NameId, Names, Origin};
use crate::rules::{Catalog, Process, Tolerance};
use std::collections::BTreeMap;

/// The live cases of a process that ended first in its epoch: in whole hours, until there are as many as a baseline
/// needs. A fold over finished hours in the order of event time, so that late and reordered events change nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// What their cases sum up to.
    pub sums: Sums,
    /// Cases of other processes that they called, by process.
    pub calls: Counts<NameId>,
    /// The last hour that counts; `None` while there are too few cases, when all count.
    pub until: Option<Hour>,
    /// Cases in that last hour.
    in_last_hour: i64,
}

/// First byte of a stored baseline.
const VERSION: u8 = 1;

impl Baseline {
    fn counts(&self, hour: Hour) -> bool {
        self.until.is_none_or(|until| hour <= until)
    }

    /// Adds (or with sign -1 takes out) a live case that has ended. Says whether the baseline is another one now.
    pub fn add_case(&mut self, facts: &Facts, names: &Names, sign: i64) -> bool {
        let hour = facts.end.hour();
        if !facts.complete || facts.origin != Origin::Live || !self.counts(hour) {
            return false;
        }
        self.sums.add_end(facts, names, sign);
        self.in_last_hour += sign * i64::from(self.until == Some(hour));
        true
    }

    /// Adds (or with sign -1 takes out) a live case that this process has called. Says whether it counts.
    pub fn add_call(&mut self, facts: &Facts, sign: i64) -> bool {
        if !facts.complete || facts.origin != Origin::Live || !self.counts(facts.end.hour()) {
            return false;
        }
        self.calls.add(facts.process, sign);
        true
    }

    /// Adds the live sums of an hour, while the last hour that counts is not known yet.
    pub(crate) fn add_hour(&mut self, sums: &Sums) {
        self.sums.merge(&sums_of_ended(sums), 1);
    }

    /// Adds live cases of another process that this one has called, while the last hour that counts is not known yet.
    pub(crate) fn add_calls(&mut self, called: NameId, count: i64) {
        self.calls.add(called, count);
    }

    /// Whether the last hour is (still) the right one for a baseline of `cases` cases.
    pub fn is_settled(&self, cases: i64) -> bool {
        match self.until {
            None => self.sums.cases < cases,
            Some(_) => self.sums.cases >= cases && self.sums.cases - self.in_last_hour < cases,
        }
    }

    /// The bytes to keep on disk.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        put_i64(out, self.until.map_or(i64::MAX, i64::from));
        put_i64(out, self.in_last_hour);
        self.calls
            .encode(out, |out, id| put_u64(out, u64::from(id)));
        self.sums.encode(out);
    }

    /// Reads back what [`Baseline::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Baseline, DamagedBytes> {
        let reader = &mut Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(reader.damaged());
        }
        let until = reader.i64()?;
        let until = match until {
            i64::MAX => None,
            hour => Some(Hour::try_from(hour).map_err(|_| reader.damaged())?),
        };
        let in_last_hour = reader.i64()?;
        let calls = Counts::decode(reader, |reader| Ok(NameId(reader.u32()?)))?;
        Ok(Baseline {
            sums: Sums::decode(reader.rest())?,
            calls,
            until,
            in_last_hour,
        })
    }
}

/// Where baselines begin and how many cases they need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BaselineTerms {
    /// Cases that a baseline needs.
    pub cases: i64,
    /// First hours, for processes with a declared epoch.
    pub epochs: BTreeMap<NameId, Hour>,
}

impl BaselineTerms {
    /// As catalog and tolerance file say; names are interned.
    pub(crate) fn new(
        catalog: &Catalog,
        tolerance: &Tolerance,
        names: &mut Names,
    ) -> BaselineTerms {
        let declared = catalog.processes.values();
        let epoch = |process: &Process| Some((names.intern(&process.id), process.epoch?.hour()));
        BaselineTerms {
            epochs: declared.filter_map(epoch).collect(),
            cases: tolerance.baseline_cases,
        }
    }

    /// The first hour that counts for a process.
    pub(crate) fn first_hour(&self, process: NameId) -> Hour {
        self.epochs.get(&process).copied().unwrap_or(Hour::MIN)
    }
}

/// A baseline is about what has ended.
fn sums_of_ended(sums: &Sums) -> Sums {
    Sums {
        starts: Counts::default(),
        deviated: Counts::default(),
        open: 0,
        open_events: 0,
        ..sums.clone()
    }
}

/// Finds a baseline among hours that come in any order; keeps no more of them than it needs.
#[derive(Debug)]
pub(crate) struct BaselineFinder {
    cases: i64,
    first: Hour,
    hours: BTreeMap<Hour, Sums>,
    calls: BTreeMap<Hour, Counts<NameId>>,
    total: i64,
}

impl BaselineFinder {
    /// Looks for `cases` cases from the hour `first` on.
    pub(crate) fn new(cases: i64, first: Hour) -> BaselineFinder {
        BaselineFinder {
            cases,
            first,
            hours: BTreeMap::new(),
            calls: BTreeMap::new(),
            total: 0,
        }
    }

    /// The last hour that counts; `None` while there are too few cases.
    fn until(&self) -> Option<Hour> {
        let last = self.hours.keys().next_back().copied();
        last.filter(|_| self.total >= self.cases)
    }

    /// Whether neither an hour nor anything after it can count any more.
    pub(crate) fn is_complete_before(&self, hour: Hour) -> bool {
        self.until().is_some_and(|until| hour > until)
    }

    fn counts(&self, hour: Hour) -> bool {
        hour >= self.first && !self.is_complete_before(hour)
    }

    /// Adds the live sums of a bucket.
    pub(crate) fn add_bucket(&mut self, hour: Hour, sums: &Sums) {
        if sums.cases > 0 && self.counts(hour) {
            let ended = sums_of_ended(sums);
            self.hours.entry(hour).or_default().merge(&ended, 1);
            self.total += sums.cases;
            self.trim();
        }
    }

    /// Adds a live case that has ended.
    pub(crate) fn add_case(&mut self, facts: &Facts, names: &Names) {
        let hour = facts.end.hour();
        if self.counts(hour) {
            self.hours.entry(hour).or_default().add_end(facts, names, 1);
            self.total += 1;
            self.trim();
        }
    }

    /// Adds live cases of another process that ended in an hour and were called by this one.
    pub(crate) fn add_calls(&mut self, hour: Hour, called: NameId, count: i64) {
        if self.counts(hour) {
            self.calls.entry(hour).or_default().add(called, count);
        }
    }

    fn trim(&mut self) {
        while let Some(last) = self.hours.last_entry()
            && self.total - last.get().cases >= self.cases
        {
            self.total -= last.remove().cases;
        }
        if let Some(until) = self.until() {
            self.calls.split_off(&until.saturating_add(1));
        }
    }

    /// The baseline, when all is added.
    pub(crate) fn finish(self) -> Baseline {
        let until = self.until();
        let mut found = Baseline {
            until,
            ..Baseline::default()
        };
        for (hour, sums) in &self.hours {
            found.sums.merge(sums, 1);
            if Some(*hour) == until {
                found.in_last_hour = sums.cases;
            }
        }
        for calls in self.calls.values() {
            found.calls.merge(calls, 1);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bucket(cases: i64) -> Sums {
        Sums {
            cases,
            steps: 3 * cases,
            ..Sums::default()
        }
    }

    #[test]
    fn what_lies_before_the_first_hour_does_not_end_the_search() {
        let mut finder = BaselineFinder::new(3, Hour(5));
        for hour in [1, 4, 5, 6] {
            assert!(!finder.is_complete_before(Hour(hour)), "{hour}");
            finder.add_bucket(Hour(hour), &bucket(2));
        }
        assert!(finder.is_complete_before(Hour(7)));
        assert_eq!(finder.finish().sums.cases, 4);
    }

    proptest! {
        #[test]
        fn whatever_the_order_it_is_the_first_hours_that_have_enough(
            mut hours in proptest::collection::vec((0i32..40, 1i64..5), 1..40),
            cases in 1i64..60,
            seed in any::<u64>(),
        ) {
            let find = |hours: &[(i32, i64)]| {
                let mut finder = BaselineFinder::new(cases, Hour(5));
                for (hour, count) in hours {
                    finder.add_bucket(Hour(*hour), &bucket(*count));
                    finder.add_calls(Hour(*hour), NameId(9), *count);
                }
                finder.finish()
            };
            let found = find(&hours);
            hours.sort_by_key(|(hour, count)| crate::model::hash_pair(seed, (*hour as u64) << 32 ^ *count as u64));
            prop_assert_eq!(&find(&hours), &found);
            hours.sort_unstable();
            let mut want = 0;
            let mut until = None;
            for (hour, count) in hours.iter().filter(|(hour, _)| *hour >= 5) {
                if until.is_some_and(|until| *hour > until) {
                    break;
                }
                want += count;
                if want >= cases {
                    until = Some(*hour);
                }
            }
            prop_assert_eq!(found.sums.cases, want);
            prop_assert_eq!(found.until, until.map(Hour));
            prop_assert!(found.is_settled(cases));
            prop_assert_eq!(found.calls.get(NameId(9)), want);
            let mut bytes = Vec::new();
            found.encode(&mut bytes);
            prop_assert_eq!(Baseline::decode(&bytes).unwrap(), found);
        }
    }
}

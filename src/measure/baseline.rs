//! What the nominal size is measured on: the first cases of a process, frozen.
//!
//! By the time of their start: the cases that end first are the quick ones, and would make a process look small. A cohort counts
//! as soon as nearly all of it has ended.

use super::cohort::Cohort;
use super::{Counts, Sums};
use crate::cases::Facts;
use crate::codec::{DamagedBytes, Reader, put_i64, put_u64};
use crate::model::{Hour, NameId, Names, Origin};
use crate::rules::{Catalog, Process, Tolerance};
use std::collections::BTreeMap;

/// A cohort counts if so many of 20 of its cases have ended.
const ENDED_OF_20: i64 = 19;
/// A cohort of fewer cases counts only if it is all there is: whether a few have ended depends on how long they take.
const LEAST_CASES: i64 = 5;

/// The live cases of a process that started first in its epoch: in whole hours, until there are as many as a baseline needs.
/// While there are fewer, or too few of them have ended, the longest time from the first one on of whose cases 95 % have ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// What those of them that have ended sum up to: steps, hand-offs, what follows what, hands-on time.
    pub sums: Sums,
    /// Cases of other processes that started in that time and were called by this one, by process.
    pub calls: Counts<NameId>,
    /// The last hour that counts, if the baseline is complete.
    pub until: Option<Hour>,
    /// Whether it is the one from before the epoch, because too few cases have ended since.
    pub is_before_epoch: bool,
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

/// The cases that started in one hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct HourPart {
    started: i64,
    cohort: Cohort,
    calls: Counts<NameId>,
}

impl HourPart {
    fn merge(&mut self, other: &HourPart) {
        self.started += other.started;
        self.cohort.merge(&other.cohort, 1);
        self.calls.merge(&other.calls, 1);
    }

    fn has_ended(&self) -> bool {
        self.cohort.cases > 0 && self.cohort.cases * 20 >= self.started * ENDED_OF_20
    }
}

/// Finds the baseline of a process among cases that come in any order; keeps no more of them than it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaselineFinder {
    cases: i64,
    first: Hour,
    /// Of the time before `first`, where that is an epoch.
    before: Option<Box<BaselineFinder>>,
    /// By the hour of the start: exact before `dropped_from`. Empty once the baseline is complete.
    hours: BTreeMap<Hour, HourPart>,
    started: i64,
    /// Hours from here on were not needed when they came.
    dropped_from: Option<Hour>,
    complete: Option<Complete>,
}

/// A baseline that needs no more cases.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Complete {
    until: Hour,
    started_in_last_hour: i64,
    whole: HourPart,
}

/// First byte of a stored baseline.
const VERSION: u8 = 2;
/// First byte of one by the time of the end.
const VERSION_BY_END: u8 = 1;

impl BaselineFinder {
    /// Looks for `cases` cases from the hour `first` on.
    pub(crate) fn new(cases: i64, first: Hour) -> BaselineFinder {
        BaselineFinder {
            cases,
            first,
            before: (first > Hour::MIN).then(|| Box::new(BaselineFinder::new(cases, Hour::MIN))),
            hours: BTreeMap::new(),
            started: 0,
            dropped_from: None,
            complete: None,
        }
    }

    /// Whether neither an hour nor anything after it can count any more.
    pub(crate) fn is_complete_before(&self, hour: Hour) -> bool {
        if let Some(complete) = &self.complete {
            return hour > complete.until;
        }
        let is_dropped = self.dropped_from.is_some_and(|from| hour >= from);
        let last = self.hours.keys().next_back();
        is_dropped || self.started >= self.cases && last.is_some_and(|last| hour > *last)
    }

    /// Adds (or with sign -1 takes out) a live case that has started. Says whether the baseline may be another one now.
    pub(crate) fn add_case(&mut self, facts: &Facts, sign: i64) -> bool {
        facts.origin == Origin::Live
            && self.change(facts.start.hour(), |part| {
                part.started += sign;
                part.cohort.add(facts, sign);
                sign
            })
    }

    /// Adds (or with sign -1 takes out) a live case that this process has called.
    pub(crate) fn add_call(&mut self, facts: &Facts, sign: i64) -> bool {
        facts.complete
            && facts.origin == Origin::Live
            && self.change(facts.start.hour(), |part| {
                part.calls.add(facts.process, sign);
                0
            })
    }

    /// Adds the live sums of a bucket.
    pub(crate) fn add_bucket(&mut self, hour: Hour, sums: &Sums) {
        self.change(hour, |part| {
            part.started += sums.started();
            part.cohort.merge(&sums.cohort, 1);
            sums.started()
        });
    }

    /// Adds live cases of another process that started in an hour and were called by this one.
    pub(crate) fn add_calls(&mut self, hour: Hour, called: NameId, count: i64) {
        self.change(hour, |part| {
            part.calls.add(called, count);
            0
        });
    }

    /// Changes the cases of an hour; `by` says how many more have started.
    fn change(&mut self, hour: Hour, by: impl FnOnce(&mut HourPart) -> i64) -> bool {
        if hour < self.first {
            let before = self.before.as_mut();
            return before.is_some_and(|before| before.change(hour, by));
        }
        if let Some(complete) = &mut self.complete {
            if hour > complete.until {
                return false;
            }
            let more = by(&mut complete.whole);
            if hour == complete.until {
                complete.started_in_last_hour += more;
            }
            return true;
        }
        if self.dropped_from.is_some_and(|from| hour >= from) {
            return false;
        }
        let part = self.hours.entry(hour).or_default();
        self.started += by(part);
        if *part == HourPart::default() {
            self.hours.remove(&hour);
        }
        self.trim();
        true
    }

    fn trim(&mut self) {
        while let Some(last) = self.hours.last_entry()
            && self.started - last.get().started >= self.cases
        {
            self.dropped_from = Some(*last.key());
            self.started -= last.remove().started;
        }
    }

    /// Whether what is kept is enough to say which cases count. If not, all have to be looked at again.
    pub(crate) fn is_settled(&self) -> bool {
        if self
            .before
            .as_ref()
            .is_some_and(|before| !before.is_settled())
        {
            return false;
        }
        match &self.complete {
            None => self.dropped_from.is_none() || self.started >= self.cases,
            Some(Complete {
                started_in_last_hour,
                whole,
                ..
            }) => {
                whole.started >= self.cases
                    && whole.started - started_in_last_hour < self.cases
                    && whole.has_ended()
            }
        }
    }

    /// Keeps nothing but sums, if the baseline is complete. Says whether it has become so.
    pub(crate) fn freeze(&mut self) -> bool {
        let before = self.before.as_mut().is_some_and(|before| before.freeze());
        let Some((until, whole)) = self.longest().filter(|(until, _)| self.is_full(*until)) else {
            return before;
        };
        let last = self.hours.get(&until);
        self.complete = Some(Complete {
            until,
            started_in_last_hour: last.map_or(0, |part| part.started),
            whole,
        });
        self.hours.clear();
        self.started = 0;
        self.dropped_from = None;
        true
    }

    /// Whether the cases up to an hour are all that a baseline needs.
    fn is_full(&self, until: Hour) -> bool {
        self.started >= self.cases && self.hours.keys().next_back() == Some(&until)
    }

    /// The longest time of whose cases nearly all have ended: its last hour, and its cases.
    fn longest(&self) -> Option<(Hour, HourPart)> {
        let mut until = None;
        let (mut started, mut ended) = (0, 0);
        for (hour, part) in &self.hours {
            started += part.started;
            ended += part.cohort.cases;
            let is_enough = ended >= LEAST_CASES || started == self.started && ended > 0;
            if is_enough && ended * 20 >= started * ENDED_OF_20 {
                until = Some(*hour);
            }
        }
        let until = until?;
        let mut whole = HourPart::default();
        for part in self.hours.range(..=until).map(|(_, part)| part) {
            whole.merge(part);
        }
        Some((until, whole))
    }

    /// The baseline by what was added so far.
    pub(crate) fn baseline(&self) -> Baseline {
        let of = |whole: &HourPart, until| Baseline {
            sums: whole.cohort.sums(),
            calls: whole.calls.clone(),
            until,
            is_before_epoch: false,
        };
        match (&self.complete, self.longest()) {
            (Some(complete), _) => of(&complete.whole, Some(complete.until)),
            (None, Some((until, whole))) => {
                of(&whole, Some(until).filter(|until| self.is_full(*until)))
            }
            (None, None) => match &self.before {
                Some(before) => Baseline {
                    is_before_epoch: true,
                    ..before.baseline()
                },
                None => Baseline::default(),
            },
        }
    }

    /// The bytes to keep on disk.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        put_i64(out, self.cases);
        put_i64(out, i64::from(self.first));
        self.encode_found(out);
        if let Some(before) = &self.before {
            before.encode_found(out);
        }
    }

    fn encode_found(&self, out: &mut Vec<u8>) {
        match &self.complete {
            Some(complete) => {
                put_u64(out, 1);
                put_i64(out, i64::from(complete.until));
                put_i64(out, complete.started_in_last_hour);
                encode_part(&complete.whole, out);
            }
            None => {
                put_u64(out, 0);
                put_i64(out, self.dropped_from.map_or(i64::MAX, i64::from));
                put_u64(out, self.hours.len() as u64);
                for (hour, part) in &self.hours {
                    put_i64(out, i64::from(*hour));
                    encode_part(part, out);
                }
            }
        }
    }

    /// Reads back what [`BaselineFinder::encode`] wrote. One by the time of the end has to be found again.
    pub(crate) fn decode(bytes: &[u8]) -> Result<BaselineFinder, DamagedBytes> {
        let reader = &mut Reader::new(bytes);
        match reader.u8()? {
            VERSION => {}
            VERSION_BY_END => {
                return Ok(BaselineFinder {
                    dropped_from: Some(Hour::MIN),
                    ..BaselineFinder::new(1, Hour::MIN)
                });
            }
            _ => return Err(reader.damaged()),
        }
        let mut finder = BaselineFinder::new(reader.i64()?, hour(reader)?);
        finder.decode_found(reader)?;
        if let Some(before) = &mut finder.before {
            before.decode_found(reader)?;
        }
        Ok(finder)
    }

    fn decode_found(&mut self, reader: &mut Reader) -> Result<(), DamagedBytes> {
        if reader.u64()? == 1 {
            self.complete = Some(Complete {
                until: hour(reader)?,
                started_in_last_hour: reader.i64()?,
                whole: decode_part(reader)?,
            });
            return Ok(());
        }
        self.dropped_from = match reader.i64()? {
            i64::MAX => None,
            hour => Some(Hour::try_from(hour).map_err(|_| reader.damaged())?),
        };
        for _ in 0..reader.count()? {
            let (hour, part) = (hour(reader)?, decode_part(reader)?);
            self.started += part.started;
            self.hours.insert(hour, part);
        }
        Ok(())
    }
}

fn encode_part(part: &HourPart, out: &mut Vec<u8>) {
    put_i64(out, part.started);
    part.cohort.encode(out);
    part.calls
        .encode(out, |out, id| put_u64(out, u64::from(id)));
}

fn decode_part(reader: &mut Reader) -> Result<HourPart, DamagedBytes> {
    Ok(HourPart {
        started: reader.i64()?,
        cohort: Cohort::decode(reader)?,
        calls: Counts::decode(reader, |reader| Ok(NameId(reader.u32()?)))?,
    })
}

fn hour(reader: &mut Reader) -> Result<Hour, DamagedBytes> {
    Hour::try_from(reader.i64()?).map_err(|_| reader.damaged())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Cases that started in an hour, of which some have ended.
    fn bucket(hour: i32, started: i64, ended: i64) -> Sums {
        let mut sums = Sums::default();
        sums.starts.add(Hour(hour), started);
        (sums.cohort.cases, sums.cohort.steps) = (ended, 3 * ended);
        sums
    }

    fn found(cases: i64, hours: &[(i32, i64, i64)]) -> Baseline {
        let mut finder = BaselineFinder::new(cases, Hour(5));
        for (hour, started, ended) in hours {
            finder.add_bucket(Hour(*hour), &bucket(*hour, *started, *ended));
        }
        finder.baseline()
    }

    #[test]
    fn what_lies_before_the_first_hour_does_not_end_the_search() {
        let mut finder = BaselineFinder::new(3, Hour(5));
        for hour in [1, 4, 5, 6] {
            assert!(!finder.is_complete_before(Hour(hour)), "{hour}");
            finder.add_bucket(Hour(hour), &bucket(hour, 2, 2));
        }
        assert!(finder.is_complete_before(Hour(7)));
        assert_eq!(finder.baseline().sums.cases, 4);
    }

    #[test]
    fn cases_count_by_their_start_when_nearly_all_have_ended() {
        // Of the cases of the second hour half are still open.
        let baseline = found(100, &[(5, 40, 40), (6, 40, 20), (7, 40, 39)]);
        assert_eq!((baseline.sums.cases, baseline.until), (40, None));
        let baseline = found(100, &[(5, 40, 40), (6, 40, 38), (7, 40, 39), (8, 40, 40)]);
        assert_eq!((baseline.sums.cases, baseline.until), (117, Some(Hour(7))));
        let nothing = found(100, &[(5, 40, 30)]);
        assert_eq!((nothing.sums.cases, nothing.until), (0, None));
        // Few cases count if there are no others.
        assert_eq!(found(100, &[(5, 1, 1), (6, 2, 2)]).sums.cases, 3);
        assert_eq!(found(100, &[(5, 1, 1), (6, 2, 1)]).sums.cases, 0);
    }

    #[test]
    fn until_enough_has_ended_since_the_epoch_the_baseline_before_it_holds() {
        let early = [(1, 40, 40), (2, 70, 70)];
        let late = [(5, 40, 20), (6, 70, 30)];
        let baseline = found(100, &[early, late].concat());
        assert_eq!((baseline.sums.cases, baseline.until), (110, Some(Hour(2))));
        assert!(baseline.is_before_epoch);
        let baseline = found(100, &[early, [(5, 40, 40), (6, 70, 69)]].concat());
        assert_eq!(
            (baseline.sums.cases, baseline.is_before_epoch),
            (109, false)
        );
    }

    proptest! {
        #[test]
        fn whatever_the_order_it_is_the_first_hours_that_have_enough(
            mut hours in proptest::collection::vec((0i32..40, 1i64..5, 0i64..5), 1..40),
            cases in 1i64..60,
            seed in any::<u64>(),
            frozen_after in 0usize..40,
        ) {
            let find = |hours: &[(i32, i64, i64)]| {
                let mut finder = BaselineFinder::new(cases, Hour(5));
                for (nth, (hour, started, open)) in hours.iter().enumerate() {
                    if nth == frozen_after {
                        finder.freeze();
                    }
                    let ended = (started - open / 4).max(0);
                    finder.add_bucket(Hour(*hour), &bucket(*hour, *started, ended));
                    finder.add_calls(Hour(*hour), NameId(9), *started);
                }
                finder
            };
            // From buckets in the order of time, as all of them are looked at again.
            let mut sorted = hours.clone();
            sorted.sort_unstable();
            let mut all = BaselineFinder::new(cases, Hour(5));
            for (hour, started, open) in &sorted {
                all.add_bucket(Hour(*hour), &bucket(*hour, *started, (started - open / 4).max(0)));
                all.add_calls(Hour(*hour), NameId(9), *started);
            }
            hours.sort_by_key(|(hour, count, _)| crate::model::hash_pair(seed, (*hour as u64) << 32 ^ *count as u64));
            let found = find(&hours);
            prop_assert!(all.is_settled());
            if found.is_settled() {
                prop_assert_eq!(found.baseline(), all.baseline());
            } else {
                let before = found.before.as_ref().and_then(|before| before.complete.as_ref());
                prop_assert!(found.complete.is_some() || before.is_some());
            }
            let mut bytes = Vec::new();
            found.encode(&mut bytes);
            prop_assert_eq!(BaselineFinder::decode(&bytes).unwrap(), found);
        }
    }
}

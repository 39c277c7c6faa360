//! From cases to sums, one case after the other: as of an instant, within windows.

use super::baseline::BaselineFinder;
use super::evidence::{Measured, ProcessSums};
use super::key::{BucketKey, BucketPart, bucket_parts};
use super::observation::{Coverage, Stretch};
use super::sums::Sums;
use super::windows::{Period, Windows};
use crate::cases::{Case, Facts, RuleBook, split_key};
use crate::model::{NameId, Names, Origin};
use std::collections::BTreeMap;

/// Sums up cases as of an instant. The same cases in any order give the same sums.
#[derive(Debug)]
pub(crate) struct Tally<'a> {
    rules: &'a RuleBook,
    names: &'a Names,
    windows: &'a Windows,
    period: Period,
    processes: BTreeMap<NameId, ProcessSums>,
    baselines: BTreeMap<NameId, BaselineFinder>,
    coverage: Coverage,
}

impl<'a> Tally<'a> {
    /// Without any case yet.
    pub(crate) fn new(
        rules: &'a RuleBook,
        names: &'a Names,
        windows: &'a Windows,
        period: Period,
    ) -> Tally<'a> {
        Tally {
            rules,
            names,
            windows,
            period,
            processes: BTreeMap::new(),
            baselines: BTreeMap::new(),
            coverage: Coverage::default(),
        }
    }

    /// Adds a case, by its key, with what it says as of the instant ([`crate::cases::facts_as_of`]).
    pub(crate) fn add(&mut self, key: &str, case: &Case, facts: &Facts) {
        self.add_to_baselines(facts);
        if let Some(stretch) = stretch_of(case) {
            self.coverage.add(split_key(key).0, facts.process, stretch);
        }
        let first_hour = self.windows.first_hour(facts.process, self.period.as_of);
        let process = self.processes.entry(facts.process).or_default();
        for (key, part) in bucket_parts(facts) {
            if key.hour >= first_hour {
                process.part(&key).add_part(part, facts, self.names, 1);
            } else if part == BucketPart::Start {
                // Open cases count however long ago they began: they are open now.
                process.part(&key).add_open(facts, 1);
            }
        }
    }

    /// Adds the sums of cases that were removed. What happened after the instant is left out by whole hours.
    pub(crate) fn add_removed(&mut self, key: &BucketKey, sums: &Sums) {
        if key.hour > self.period.last.hour() {
            return;
        }
        if key.origin == Origin::Live {
            self.add_removed_to_baselines(key, sums);
        }
        let first_hour = self.windows.first_hour(key.process, self.period.as_of);
        let process = self.processes.entry(key.process).or_default();
        if key.hour >= first_hour {
            process.part(key).merge(sums, 1);
        }
    }

    fn add_removed_to_baselines(&mut self, key: &BucketKey, sums: &Sums) {
        let rules = self.rules;
        let finder = |process| {
            move || BaselineFinder::new(rules.baseline_cases(), rules.of(process).first_hour)
        };
        self.baselines
            .entry(key.process)
            .or_insert_with(finder(key.process))
            .add_bucket(key.hour, sums);
        for (parent, count) in sums.called_by.iter() {
            self.baselines
                .entry(parent)
                .or_insert_with(finder(parent))
                .add_calls(key.hour, key.process, count);
        }
    }

    /// Adds the period in which removed cases of a namespace told of a process, as far as it had come by the instant.
    pub(crate) fn add_removed_period(&mut self, namespace: &str, process: NameId, period: Stretch) {
        if period.first <= self.period.last {
            let last = period.last.min(self.period.last);
            let period = Stretch { last, ..period };
            self.coverage.add(namespace, process, period);
        }
    }

    /// Whether the sums of removed cases in an hour are among those that make up the deviation of a process.
    pub(crate) fn counts_removed(&self, key: &BucketKey) -> bool {
        key.hour <= self.period.last.hour()
            && key.hour >= self.windows.first_hour(key.process, self.period.as_of)
    }

    fn add_to_baselines(&mut self, facts: &Facts) {
        if facts.origin != Origin::Live {
            return;
        }
        self.finder(facts.process).add_case(facts, 1);
        if facts.parent_process.is_some() {
            self.finder(facts.parent_process).add_call(facts, 1);
        }
    }

    fn finder(&mut self, process: NameId) -> &mut BaselineFinder {
        let rules = self.rules;
        let new = || BaselineFinder::new(rules.baseline_cases(), rules.of(process).first_hour);
        self.baselines.entry(process).or_insert_with(new)
    }

    /// Whether a case is among those that make up the deviation of its process, but for its origin.
    pub(crate) fn counts(&self, facts: &Facts) -> bool {
        let first_hour = self.windows.first_hour(facts.process, self.period.as_of);
        facts.counted_hour().is_some_and(|hour| hour >= first_hour)
    }

    /// The sums of all cases.
    pub(crate) fn finish(mut self) -> Measured {
        self.processes
            .values_mut()
            .for_each(ProcessSums::drop_zeros);
        let found = self.baselines.into_iter();
        let found = found.map(|(process, finder)| (process, finder.baseline()));
        Measured {
            processes: self.processes,
            baselines: found
                .filter(|(_, baseline)| baseline.sums.cases > 0)
                .collect(),
            coverage: self.coverage,
        }
    }
}

/// From when to when a case has told of its process.
pub(crate) fn stretch_of(case: &Case) -> Option<Stretch> {
    let times = || case.events().iter().map(|event| event.time);
    Some(Stretch {
        first: times().min()?,
        last: times().max()?,
    })
}

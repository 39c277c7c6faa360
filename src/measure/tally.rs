//! From cases to evidence, one case after the other: as of an instant, within windows.

use super::{BaselineFinder, Coverage, Evidence, ProcessSums, Stretch, Windows, bucket_parts};
use crate::cases::{Case, CaseEvent, Facts, RuleBook, facts, facts_beside, split_key};
use crate::model::{NameId, Names, Origin, Time};
use std::collections::BTreeMap;

/// Sums up cases as of an instant. The same cases in any order give the same evidence.
#[derive(Debug)]
pub struct Tally<'a> {
    rules: &'a RuleBook,
    names: &'a Names,
    windows: Windows,
    evidence: Evidence,
    baselines: BTreeMap<NameId, BaselineFinder>,
    coverage: Coverage,
}

impl<'a> Tally<'a> {
    /// Without any case yet.
    pub fn new(rules: &'a RuleBook, names: &'a Names, windows: Windows, as_of: Time) -> Tally<'a> {
        let evidence = Evidence {
            to: as_of,
            ..Evidence::default()
        };
        Tally {
            rules,
            names,
            windows,
            evidence,
            baselines: BTreeMap::new(),
            coverage: Coverage::default(),
        }
    }

    /// The first event of all cases so far.
    pub fn first(&self) -> Option<Time> {
        self.coverage.first()
    }

    /// Adds a case, by its key, of which nothing is later than the instant ([`Case::until`]). Gives what it says. A shadow
    /// run is compared with `twin`, the case it shadows ([`shadowed`]).
    pub fn add(&mut self, key: &str, case: &Case, twin: Option<&Case>) -> Option<Facts> {
        let as_of = self.evidence.to;
        let twin = twin.and_then(|twin| facts(twin, self.rules, self.names, Some(as_of)));
        let outcome = twin.map_or(0, |twin| twin.to_compare_with());
        let facts = facts_beside(case, self.rules, self.names, Some(as_of), outcome)?;
        self.add_to_baselines(&facts);
        if let Some(stretch) = stretch_of(case) {
            self.coverage.add(split_key(key).0, facts.process, stretch);
        }
        let first_hour = self.windows.first_hour(facts.process, as_of);
        let (start, end) = bucket_parts(&facts);
        let process = self.evidence.processes.entry(facts.process).or_default();
        // Open cases count however long ago they began: they are open now.
        if start.hour >= first_hour {
            process.part(&start).add_start(&facts, 1);
        } else {
            process.part(&start).add_open(&facts, 1);
        }
        if facts.complete && end.hour >= first_hour {
            process.part(&end).add_end(&facts, self.names, 1);
        }
        Some(facts)
    }

    fn add_to_baselines(&mut self, facts: &Facts) {
        if !facts.complete || facts.origin != Origin::Live {
            return;
        }
        let rules = self.rules;
        let finder = |process| {
            move || BaselineFinder::new(rules.baseline_cases(), rules.of(process).first_hour)
        };
        self.baselines
            .entry(facts.process)
            .or_insert_with(finder(facts.process))
            .add_case(facts, self.names);
        if facts.parent_process != 0 {
            self.baselines
                .entry(facts.parent_process)
                .or_insert_with(finder(facts.parent_process))
                .add_calls(facts.end.hour(), facts.process, 1);
        }
    }

    /// Whether a case is among those that make up the deviation of its process, but for its origin.
    pub fn counts(&self, facts: &Facts) -> bool {
        let first_hour = self.windows.first_hour(facts.process, self.evidence.to);
        facts.complete && facts.end.hour() >= first_hour
    }

    /// The evidence of all cases.
    pub fn finish(mut self) -> Evidence {
        let as_of = self.evidence.to;
        self.evidence
            .processes
            .values_mut()
            .for_each(ProcessSums::drop_zeros);
        let found = self.baselines.into_iter();
        self.evidence.baselines = found
            .map(|(process, finder)| (process, finder.finish()))
            .filter(|(_, baseline)| baseline.sums.cases > 0)
            .collect();
        let windows = &self.windows;
        self.evidence
            .cover(&self.coverage, |process| windows.since(process, as_of));
        self.evidence.windows = self.windows;
        self.evidence
    }
}

/// From when to when a case has told of its process.
pub fn stretch_of(case: &Case) -> Option<Stretch> {
    let times = || case.events().iter().map(|event| event.time);
    Some(Stretch {
        first: times().min()?,
        last: times().max()?,
    })
}

/// The key of the case that a shadow run shadows; `None` for a case that is none or does not say.
pub fn shadowed(case: &Case) -> Option<&str> {
    let shadow = |event: &CaseEvent| event.flags.origin() == Origin::Shadow;
    case.parent().filter(|_| case.events().iter().any(shadow))
}

//! From cases to evidence, one case after the other: as of an instant, within windows.

use crate::cases::{Case, CaseEvent, Facts, RuleBook, facts, facts_beside};
use crate::config::catalog::Catalog;
use crate::measure::bucket_parts;
use crate::model::{Hour, NameId, Names, Origin, Span, Time};
use crate::score::{BaselineFinder, Evidence, ProcessSums};
use std::collections::{BTreeMap, BTreeSet};

/// The spans within which cases count, by process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    /// For every process that is not named; `None` counts all.
    pub default: Option<Span>,
    /// By process.
    pub own: BTreeMap<NameId, Span>,
}

impl Windows {
    /// One window for all processes.
    pub fn all_alike(window: Option<Span>) -> Windows {
        Windows {
            default: window,
            own: BTreeMap::new(),
        }
    }

    /// A window for all processes but those to which the catalog gives their own; names are interned.
    pub fn new(default: Option<Span>, catalog: &Catalog, names: &mut Names) -> Windows {
        let own = catalog
            .processes
            .values()
            .filter_map(|process| Some((names.intern(&process.id), process.window?)));
        Windows {
            default,
            own: own.collect(),
        }
    }

    /// That of a process; `None` counts all.
    pub fn of(&self, process: NameId) -> Option<Span> {
        self.own.get(&process).copied().or(self.default)
    }

    /// The first hour that counts for a process: whole hours, as buckets have them.
    pub fn first_hour(&self, process: NameId, as_of: Time) -> Hour {
        self.of(process)
            .map_or(Hour::MIN, |span| as_of.plus(-span).hour())
    }

    /// Every different window.
    pub fn all(&self) -> BTreeSet<Option<Span>> {
        self.own
            .values()
            .copied()
            .map(Some)
            .chain([self.default])
            .collect()
    }
}

/// Sums up cases as of an instant. The same cases in any order give the same evidence.
#[derive(Debug)]
pub struct Tally<'a> {
    rules: &'a RuleBook,
    names: &'a Names,
    windows: Windows,
    evidence: Evidence,
    baselines: BTreeMap<NameId, BaselineFinder>,
    /// The first event of all.
    first: Option<Time>,
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
            first: None,
        }
    }

    /// The first event of all cases so far.
    pub fn first(&self) -> Option<Time> {
        self.first
    }

    /// Adds a case of which nothing is later than the instant ([`Case::until`]). Gives what it says. A shadow run is
    /// compared with `twin`, the case it shadows ([`shadowed`]).
    pub fn add(&mut self, case: &Case, twin: Option<&Case>) -> Option<Facts> {
        let as_of = self.evidence.to;
        let twin = twin.and_then(|twin| facts(twin, self.rules, self.names, Some(as_of)));
        let outcome = twin.map_or(0, |twin| twin.to_compare_with());
        let facts = facts_beside(case, self.rules, self.names, Some(as_of), outcome)?;
        self.add_to_baselines(&facts);
        self.first = Some(
            self.first
                .map_or(facts.start, |first| first.min(facts.start)),
        );
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
        let begin = self.first.unwrap_or(as_of);
        let since = |window: Span| begin.max(as_of.plus(-window));
        self.evidence.from = self.windows.default.map_or(begin, since);
        let own = self.windows.own.iter();
        self.evidence.own_from = own.map(|(id, window)| (*id, since(*window))).collect();
        self.evidence.window = self.windows.default;
        self.evidence.own_windows = self.windows.own;
        self.evidence
    }
}

/// The key of the case that a shadow run shadows; `None` for a case that is none or does not say.
pub fn shadowed(case: &Case) -> Option<&str> {
    let shadow = |event: &CaseEvent| event.flags.origin() == Origin::Shadow;
    case.parent().filter(|_| case.events().iter().any(shadow))
}

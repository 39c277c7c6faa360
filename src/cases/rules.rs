//! What the catalog and the tolerance table say about the cases of a process, by numbers instead of names.

use super::case::Case;
use super::event::CaseEvent;
use super::path::DesignedStep;
use super::stages::{Milestones, Stage};
use crate::model::{Direction, Hour, NameId, Names, Ppm, Span};
use crate::rules::{Process, Tolerance, plain_name};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// What a deviation is made of beside the severity of the outcome, in parts per million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weights {
    /// The case was reopened.
    pub rework: Ppm,
    /// The case took longer than its limit.
    pub lateness: Ppm,
    /// One step off the designed path.
    pub path_step: Ppm,
}

/// The rules for the cases of one process.
#[derive(Clone, Debug)]
pub struct ProcessRules {
    /// Whether the catalog declares how a case ends.
    pub declares_end: bool,
    /// Activities that end a case.
    pub terminal: FxHashSet<NameId>,
    /// Activities that resolve a case without ending it.
    pub resolved: FxHashSet<NameId>,
    /// Activities that decide a case.
    pub decides: FxHashSet<NameId>,
    /// Activities by which a person approves a decision; `None` if the catalog does not name them.
    pub approves: Option<FxHashSet<NameId>>,
    /// How milestones are told.
    milestones: Milestones,
    /// A case without an event for this long has ended.
    pub idle: Option<Span>,
    /// Only confirmed outcomes count as evidence.
    pub require_confirmed: bool,
    /// The baseline begins with this hour.
    pub first_hour: Hour,
    /// A case that takes longer is late.
    pub limit: Option<Span>,
    /// The designed path; empty for none.
    pub path: Vec<DesignedStep>,
    /// Severity by outcome, as declared.
    pub severities: FxHashMap<NameId, Ppm>,
    /// The same by name in lower case, for outcomes that a log writes otherwise than the catalog.
    pub severities_by_name: BTreeMap<String, Ppm>,
    /// Direction of each outcome of which the catalog says one, by its name in lower case.
    directions_by_name: BTreeMap<String, Option<Direction>>,
    /// Severity of every outcome that is neither declared nor known by its name.
    pub other_severity: Option<Ppm>,
    /// What a deviation is made of.
    pub weights: Weights,
}

/// How severe an outcome is, and whether that was declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assessment {
    /// By the catalog.
    Declared(Ppm),
    /// By the mapping of its source.
    Mapped(Ppm),
    /// By its name, from the tolerance file.
    Assumed(Ppm),
}

impl Assessment {
    /// The severity.
    pub fn severity(self) -> Ppm {
        match self {
            Assessment::Declared(severity)
            | Assessment::Mapped(severity)
            | Assessment::Assumed(severity) => severity,
        }
    }
}

impl ProcessRules {
    /// From the declared process; names are interned.
    pub fn new(process: &Process, tolerance: &Tolerance, names: &mut Names) -> ProcessRules {
        let mut set = |texts: &std::collections::BTreeSet<String>| {
            texts.iter().map(|text| names.intern(text)).collect()
        };
        let terminal = set(&process.ends.activities);
        let resolved = set(&process.resolved);
        let decides = set(&process.decides);
        let approves = process.approves.as_ref().map(set);
        ProcessRules {
            milestones: Milestones::new(process, names),
            declares_end: process.ends.is_declared(),
            terminal,
            resolved,
            decides,
            approves,
            idle: process.ends.idle,
            require_confirmed: process.require_confirmed,
            first_hour: process.epoch.map_or(Hour::MIN, |epoch| epoch.hour()),
            limit: process.duration_limit,
            path: process
                .path
                .iter()
                .map(|step| DesignedStep {
                    activity: names.intern(&step.activity),
                    optional: step.optional,
                })
                .collect(),
            severities: process
                .outcomes
                .iter()
                .map(|(name, severity)| (names.intern(name), *severity))
                .collect(),
            severities_by_name: process
                .outcomes
                .iter()
                .map(|(name, severity)| (name.to_lowercase(), *severity))
                .collect(),
            directions_by_name: process
                .directions
                .iter()
                .map(|(name, direction)| (name.to_lowercase(), *direction))
                .collect(),
            other_severity: process.other_outcomes,
            weights: Weights {
                rework: Ppm::of(tolerance.weights.rework),
                lateness: Ppm::of(tolerance.weights.lateness),
                path_step: Ppm::of(tolerance.weights.path_step),
            },
        }
    }

    /// When a case with these events, in order, reached each milestone.
    pub(super) fn stages_of(&self, case: &Case, events: &[CaseEvent], names: &Names) -> Vec<Stage> {
        self.milestones.of(case, events, (&self.resolved, names))
    }

    /// How severe an outcome is: as the catalog declares it, else as the mapping of its source does, else by its name, else
    /// as the catalog says of all others. `None` if nobody has classified it. Upper and lower case do not matter.
    fn assess(
        &self,
        (outcome, mapped): (NameId, Option<Ppm>),
        names: &Names,
        by_name: &ByName,
    ) -> Option<Assessment> {
        if let Some(severity) = self.severities.get(&outcome) {
            return Some(Assessment::Declared(*severity));
        }
        let name = names.text(outcome);
        let declared = match self.severities_by_name.is_empty() {
            true => None,
            false => self.severities_by_name.get(&name.to_lowercase()),
        };
        let other = || self.other_severity.map(Assessment::Declared);
        match declared {
            Some(severity) => Some(Assessment::Declared(*severity)),
            None => mapped
                .map(Assessment::Mapped)
                .or_else(|| by_name.severity_of(name).map(Assessment::Assumed))
                .or_else(other),
        }
    }
}

/// What is assumed by the name of an outcome, by [`plain_name`].
#[derive(Clone, Debug, Default)]
struct ByName {
    severities: BTreeMap<String, Ppm>,
    directions: BTreeMap<String, Direction>,
}

impl ByName {
    fn severity_of(&self, outcome: &str) -> Option<Ppm> {
        if self.severities.is_empty() {
            return None;
        }
        self.severities.get(&plain_name(outcome)).copied()
    }

    fn direction_of(&self, outcome: &str) -> Option<Direction> {
        if self.directions.is_empty() {
            return None;
        }
        self.directions.get(&plain_name(outcome)).copied()
    }
}

/// Whether a case missed something or raised a false alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Directed {
    /// Neither.
    Neither,
    /// One of them.
    Wrong(Direction),
    /// Nobody has classified its outcome.
    Unknown,
}

/// The rules of every process: those of the catalog, and the assumed ones for the rest.
#[derive(Clone, Debug)]
pub struct RuleBook {
    declared: FxHashMap<NameId, ProcessRules>,
    assumed: ProcessRules,
    by_name: ByName,
    baseline_cases: i64,
}

impl RuleBook {
    /// From catalog and tolerance file; names are interned.
    pub fn new(
        catalog: &crate::rules::Catalog,
        tolerance: &Tolerance,
        names: &mut Names,
    ) -> RuleBook {
        let declared = catalog
            .processes
            .values()
            .map(|process| {
                let rules = ProcessRules::new(process, tolerance, names);
                (names.intern(&process.id), rules)
            })
            .collect();
        RuleBook {
            declared,
            assumed: ProcessRules::new(&Process::assumed(""), tolerance, names),
            by_name: ByName {
                severities: tolerance.outcome_severity.clone(),
                directions: tolerance.outcome_direction.clone(),
            },
            baseline_cases: tolerance.baseline_cases,
        }
    }

    /// How many cases a baseline needs.
    pub fn baseline_cases(&self) -> i64 {
        self.baseline_cases
    }

    /// The rules of a process.
    pub fn of(&self, process: NameId) -> &ProcessRules {
        self.declared.get(&process).unwrap_or(&self.assumed)
    }

    /// Adds resolved states that were found in the data to the rules of every process.
    pub fn add_resolved(&mut self, process: NameId, states: impl IntoIterator<Item = NameId>) {
        let assumed = self.assumed.clone();
        let rules = self.declared.entry(process).or_insert(assumed);
        rules.resolved.extend(states);
    }

    /// How severe an outcome of a process is, with what the mapping of its source says of it; `None` if nobody has
    /// classified it.
    pub fn assess(
        &self,
        process: NameId,
        outcome: (NameId, Option<Ppm>),
        names: &Names,
    ) -> Option<Assessment> {
        self.of(process).assess(outcome, names, &self.by_name)
    }

    /// Whether a case that ended like this missed something or raised a false alarm: as the catalog declares it, else by its
    /// name. Unknown if nobody has classified the outcome.
    pub(super) fn directed(
        &self,
        process: NameId,
        (outcome, assessment): (NameId, Option<Assessment>),
        names: &Names,
    ) -> Directed {
        let rules = self.of(process);
        let name = names.text(outcome);
        let declared = match rules.directions_by_name.is_empty() {
            true => None,
            false => rules.directions_by_name.get(&name.to_lowercase()).copied(),
        };
        let direction = declared.unwrap_or_else(|| self.by_name.direction_of(name));
        match (direction, assessment) {
            (Some(direction), _) => Directed::Wrong(direction),
            (None, Some(_)) => Directed::Neither,
            (None, None) => Directed::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::cases::bench::bench;
    use crate::model::Ppm;

    #[test]
    fn upper_and_lower_case_of_an_outcome_do_not_matter() {
        let mut bench = bench("processes: [{id: p, outcomes: {Wrong_Host: 0.5, failed: 0}}]");
        let mut deviation = |outcome: &str| {
            let last = format!("1 b={outcome}");
            bench.facts(&["0 a", &last], None).deviation
        };
        assert_eq!(deviation("Wrong_Host"), Ppm(500_000));
        assert_eq!(deviation("wrong_host"), Ppm(500_000));
        assert_eq!(deviation("WRONG_HOST"), Ppm(500_000));
        // What is declared goes before what is assumed by the name.
        assert_eq!(deviation("FAILED"), Ppm::ZERO);
        assert_eq!(deviation("Error"), Ppm::ONE);
        // Declared names are those of the catalog, letter by letter.
        assert_eq!(deviation("wrong host"), Ppm::ZERO);
    }
}

//! The catalog: what is declared about each process, as checked types.

use super::decision::Judgement;
use super::drivers::Drivers;
use crate::model::{Class, Direction, Executor, Level, Ppm, Span, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// Levels that a criticality has.
pub(crate) const CRITICALITIES: &[Level] =
    &[Level::Negligible, Level::Low, Level::Medium, Level::High];

/// The declared processes, checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalog {
    /// By id.
    pub processes: BTreeMap<String, Process>,
    /// Where a case can be looked at: an address with `{id}` in it, for processes without their own.
    pub case_link: Option<String>,
}

/// What is declared about one process. Everything but the id may be left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Process {
    /// As the logs name it.
    pub id: String,
    /// For people.
    pub name: String,
    /// What it is for, for people.
    pub description: Option<String>,
    /// How much a wrong outcome costs: the higher of outcome and system importance. Medium, assumed, if not declared.
    pub criticality: Level,
    /// Whether the criticality is assumed rather than declared.
    pub criticality_assumed: bool,
    /// Who runs it today.
    pub executor: Option<Executor>,
    /// Severity of each declared outcome.
    pub outcomes: BTreeMap<String, Ppm>,
    /// Direction of each outcome of which the catalog says one, or says that it has none.
    pub directions: BTreeMap<String, Option<Direction>>,
    /// The share of cases that may go wrong in a direction, in (0, 1).
    pub tolerances: BTreeMap<Direction, f64>,
    /// Severity of every outcome that is neither declared nor known by its name; `None` if nobody has classified it.
    pub other_outcomes: Option<Ppm>,
    /// The designed path.
    pub path: Vec<PathStep>,
    /// The nominal size in steps.
    pub size: Option<f64>,
    /// A case that takes longer is late.
    pub duration_limit: Option<Span>,
    /// Minutes of hands-on time of one case.
    pub hands_on_minutes: Option<f64>,
    /// What automating it would cost.
    pub automation: Option<Automation>,
    /// Hours of work that one wrong outcome costs.
    pub wrong_outcome_hours: Option<f64>,
    /// Whether its action can't be undone.
    pub irreversible: bool,
    /// Whether each case needs the judgement of a person.
    pub judgement: Judgement,
    /// Whether the same input always has the same outcome, if that is declared.
    pub deterministic: Option<bool>,
    /// Whether exercises count as evidence beside live cases.
    pub exercises_count: bool,
    /// Whether only outcomes that somebody else than who set them has confirmed count as evidence.
    pub require_confirmed: bool,
    /// An outcome that must stay rare.
    pub critical_outcome: Option<CriticalOutcome>,
    /// The baseline begins here instead of with the first case.
    pub epoch: Option<Time>,
    /// A tolerance class that overrides the one that follows from criticality.
    pub class: Option<Class>,
    /// The process that this one is a part of.
    pub parent: Option<String>,
    /// How a case ends.
    pub ends: Ends,
    /// Activities that resolve a case: going on after one of them is rework.
    pub resolved: BTreeSet<String>,
    /// Activities that decide a case. The executor of the last of them decided it.
    pub decides: BTreeSet<String>,
    /// Activities by which a person approves a decision; `None` if they are to be told by their names.
    pub approves: Option<BTreeSet<String>>,
    /// The activities that reach each milestone, by its name; `None` if they are guessed.
    pub milestones: Option<BTreeMap<String, BTreeSet<String>>>,
    /// Declared levels, to compare with the measured ones.
    pub complexity: Option<Level>,
    /// Declared frequency level, to compare with the measured one.
    pub frequency: Option<Level>,
    /// Outside factors that drive the frequency, and the CSV (`date,headcount,...`) they come from.
    pub drivers: Option<(PathBuf, Arc<Drivers>)>,
    /// Cases that ended longer ago do not count.
    pub window: Option<Span>,
    /// Where a case can be looked at: an address with `{id}` in it.
    pub case_link: Option<String>,
    /// Upper ends of the bins of its duration histogram, where they are not those of all.
    pub duration_buckets: Option<Vec<Span>>,
}

/// One step of a designed path; written `name`, or `name?` where it may be skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathStep {
    /// The activity.
    pub activity: String,
    /// Whether skipping it is as designed.
    pub optional: bool,
}

/// What automating a process would cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Automation {
    /// Hours to build it.
    pub build_hours: f64,
    /// Hours a year to keep it running.
    pub upkeep_hours_per_year: f64,
    /// Part of the hands-on time that it takes over, in \[0, 1\].
    pub share: f64,
}

/// An outcome that must stay rare, and how rare.
#[derive(Debug, Clone, PartialEq)]
pub struct CriticalOutcome {
    /// The outcome.
    pub outcome: String,
    /// The share of cases that is accepted, in (0, 1).
    pub acceptable: f64,
    /// The share that must be found out soon, above `acceptable` and below 1.
    pub unacceptable: f64,
}

/// How a case ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ends {
    /// Activities that end a case.
    pub activities: BTreeSet<String>,
    /// A case without an event for this long has ended.
    pub idle: Option<Span>,
}

impl Ends {
    /// Whether it is declared at all how a case ends.
    pub fn is_declared(&self) -> bool {
        !self.activities.is_empty() || self.idle.is_some()
    }
}

impl Process {
    /// The declared severity of an outcome. Upper and lower case do not matter.
    pub fn severity_of(&self, outcome: &str) -> Option<Ppm> {
        if let Some(severity) = self.outcomes.get(outcome) {
            return Some(*severity);
        }
        let lower = outcome.to_lowercase();
        let mut declared = self.outcomes.iter();
        let found = declared.find(|(name, _)| name.to_lowercase() == lower);
        found.map(|(_, severity)| *severity)
    }

    /// What is assumed of a process that the logs name and the catalog does not.
    pub fn assumed(id: &str) -> Process {
        Process {
            id: id.to_owned(),
            name: id.to_owned(),
            description: None,
            criticality: Level::Medium,
            criticality_assumed: true,
            executor: None,
            outcomes: BTreeMap::new(),
            directions: BTreeMap::new(),
            tolerances: BTreeMap::new(),
            other_outcomes: None,
            path: Vec::new(),
            size: None,
            duration_limit: None,
            hands_on_minutes: None,
            automation: None,
            wrong_outcome_hours: None,
            irreversible: false,
            judgement: Judgement::None,
            deterministic: None,
            exercises_count: false,
            require_confirmed: false,
            critical_outcome: None,
            epoch: None,
            class: None,
            parent: None,
            ends: Ends::default(),
            resolved: BTreeSet::new(),
            decides: BTreeSet::new(),
            approves: None,
            milestones: None,
            complexity: None,
            frequency: None,
            drivers: None,
            window: None,
            case_link: None,
            duration_buckets: None,
        }
    }
}

impl Catalog {
    /// What is declared about a process, or assumed where nothing is.
    pub fn process(&self, id: &str) -> Process {
        self.processes
            .get(id)
            .cloned()
            .unwrap_or_else(|| Process::assumed(id))
    }

    /// How long the cases of a process count after they have ended: its own window, else `default`; `None` counts all.
    pub fn window_of(&self, id: &str, default: Option<Span>) -> Option<Span> {
        let own = self.processes.get(id).and_then(|process| process.window);
        own.or(default)
    }

    /// Where the cases of a process can be looked at: an address with `{id}` in it.
    pub fn case_link(&self, process: &str) -> Option<&str> {
        let own = self.processes.get(process);
        own.and_then(|process| process.case_link.as_deref())
            .or(self.case_link.as_deref())
    }
}

//! The catalog: what is declared about each process.

use super::drivers::Drivers;
use super::exposition::duration_buckets;
use super::problem::Problems;
use super::span::SpanText;
use super::yaml::{At, Source, read_yaml};
use crate::model::{Class, Executor, Level, Ppm, Span, Time, ppm};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// Somebody still looks after what automation does.
const MOST_OF_IT: f64 = 0.8;
/// More hours, minutes or steps than this (a century of hours) are a mistake, and what follows from them could overflow.
const MOST: f64 = 1e6;

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
            path: Vec::new(),
            size: None,
            duration_limit: None,
            hands_on_minutes: None,
            automation: None,
            wrong_outcome_hours: None,
            irreversible: false,
            exercises_count: false,
            require_confirmed: false,
            critical_outcome: None,
            epoch: None,
            class: None,
            parent: None,
            ends: Ends::default(),
            resolved: BTreeSet::new(),
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

    /// Where the cases of a process can be looked at: an address with `{id}` in it.
    pub fn case_link(&self, process: &str) -> Option<&str> {
        let own = self.processes.get(process);
        own.and_then(|process| process.case_link.as_deref())
            .or(self.case_link.as_deref())
    }

    /// Parses and checks the text of a catalog file.
    pub fn parse(text: &str, file: &Path) -> Result<Catalog, Problems> {
        let raw: RawCatalog = read_yaml(text, file)?;
        let mut check = Check {
            source: Source::new(file),
            problems: Problems::default(),
        };
        let ids: Vec<&str> = raw.processes.iter().map(|p| p.id.value.as_str()).collect();
        let mut processes = BTreeMap::new();
        for process in &raw.processes {
            let checked = check.process(process, &ids);
            if processes.insert(checked.id.clone(), checked).is_some() {
                let id = &process.id;
                check.add(
                    id,
                    format!("`id`: process `{}` is declared twice", id.value),
                );
            }
        }
        check.cycles(&raw.processes, &processes);
        let case_link = check.case_link(&raw.case_link);
        check.problems.into_result(Catalog {
            processes,
            case_link,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCatalog {
    #[serde(default)]
    processes: Vec<RawProcess>,
    case_link: Option<At<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProcess {
    id: At<String>,
    name: Option<String>,
    description: Option<String>,
    criticality: Option<At<RawCriticality>>,
    executor: Option<Executor>,
    #[serde(default)]
    outcomes: BTreeMap<String, At<f64>>,
    #[serde(default)]
    path: Vec<At<String>>,
    size: Option<At<f64>>,
    duration_limit: Option<SpanText>,
    hands_on_minutes: Option<At<f64>>,
    automation: Option<RawAutomation>,
    wrong_outcome_hours: Option<At<f64>>,
    #[serde(default)]
    irreversible: bool,
    #[serde(default)]
    exercises_count: bool,
    #[serde(default)]
    require_confirmed: bool,
    critical_outcome: Option<At<RawCritical>>,
    epoch: Option<At<String>>,
    class: Option<Class>,
    parent: Option<At<String>>,
    #[serde(default)]
    ends: RawEnds,
    #[serde(default)]
    resolved: BTreeSet<String>,
    complexity: Option<At<Level>>,
    frequency: Option<At<Level>>,
    drivers: Option<At<PathBuf>>,
    window: Option<SpanText>,
    case_link: Option<At<String>>,
    duration_buckets: Option<At<Vec<SpanText>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAutomation {
    build_hours: At<f64>,
    upkeep_hours_per_year: Option<At<f64>>,
    share: Option<At<f64>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawCriticality {
    One(Level),
    Parts(RawCriticalityParts),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCriticalityParts {
    outcome: Level,
    system: Level,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct RawCritical {
    outcome: String,
    acceptable: f64,
    unacceptable: f64,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawEnds {
    #[serde(default)]
    activities: BTreeSet<String>,
    idle: Option<SpanText>,
}

struct Check {
    source: Source,
    problems: Problems,
}

impl Check {
    fn add<T>(&mut self, at: &At<T>, message: String) {
        self.problems.0.push(self.source.problem(at, message));
    }

    fn positive(&mut self, value: &Option<At<f64>>, field: &str) -> Option<f64> {
        let at = value.as_ref()?;
        if at.value.is_nan() || at.value <= 0.0 {
            self.add(at, format!("`{field}` must be above 0, not {}", at.value));
        }
        self.at_most(at, field);
        Some(at.value)
    }

    fn critical_outcome(&mut self, at: &Option<At<RawCritical>>) -> Option<CriticalOutcome> {
        let at = at.as_ref()?;
        let raw = &at.value;
        let ordered =
            raw.acceptable > 0.0 && raw.acceptable < raw.unacceptable && raw.unacceptable < 1.0;
        if !ordered {
            let message = format!(
                "`critical_outcome`: `acceptable` ({}) must be above 0 and below `unacceptable` ({}), and that below 1",
                raw.acceptable, raw.unacceptable
            );
            self.add(at, message);
            return None;
        }
        Some(CriticalOutcome {
            outcome: raw.outcome.clone(),
            acceptable: raw.acceptable,
            unacceptable: raw.unacceptable,
        })
    }

    fn at_most(&mut self, at: &At<f64>, field: &str) {
        if at.value > MOST {
            self.add(
                at,
                format!("`{field}` must be at most {MOST}, not {:e}", at.value),
            );
        }
    }

    fn process(&mut self, raw: &RawProcess, ids: &[&str]) -> Process {
        let id = raw.id.value.trim().to_owned();
        if id.is_empty() {
            self.add(&raw.id, "`id` must not be empty".to_owned());
        }
        if let Some(parent) = &raw.parent
            && !ids.contains(&parent.value.as_str())
        {
            let problem = self.source.problem(
                parent,
                format!("`parent`: there is no process `{}`", parent.value),
            );
            let problem = problem.did_you_mean(&parent.value, ids.iter().copied());
            self.problems.0.push(problem);
        }
        let (criticality, criticality_assumed) = self.criticality(&raw.criticality);
        Process {
            name: raw.name.clone().unwrap_or_else(|| id.clone()),
            description: raw.description.clone(),
            criticality,
            criticality_assumed,
            executor: raw.executor,
            outcomes: self.outcomes(&raw.outcomes),
            path: self.path(&raw.path),
            size: self.positive(&raw.size, "size"),
            duration_limit: raw.duration_limit.map(|span| span.0),
            hands_on_minutes: self.positive(&raw.hands_on_minutes, "hands_on_minutes"),
            automation: self.automation(&raw.automation),
            wrong_outcome_hours: self.positive(&raw.wrong_outcome_hours, "wrong_outcome_hours"),
            irreversible: raw.irreversible,
            exercises_count: raw.exercises_count,
            require_confirmed: raw.require_confirmed,
            critical_outcome: self.critical_outcome(&raw.critical_outcome),
            epoch: self.epoch(&raw.epoch),
            class: raw.class,
            parent: raw.parent.as_ref().map(|parent| parent.value.clone()),
            ends: Ends {
                activities: raw.ends.activities.clone(),
                idle: raw.ends.idle.map(|span| span.0),
            },
            resolved: raw.resolved.clone(),
            complexity: self.level(&raw.complexity, "complexity", Level::Negligible),
            frequency: self.level(&raw.frequency, "frequency", Level::ExtremelyHigh),
            drivers: self.drivers(&raw.drivers),
            window: raw.window.map(|span| span.0),
            case_link: self.case_link(&raw.case_link),
            duration_buckets: raw.duration_buckets.as_ref().and_then(|at| {
                duration_buckets(at, "duration_buckets", &self.source, &mut self.problems.0)
            }),
            id,
        }
    }

    fn criticality(&mut self, raw: &Option<At<RawCriticality>>) -> (Level, bool) {
        let Some(at) = raw else {
            return (Level::Medium, true);
        };
        let level = match &at.value {
            RawCriticality::One(level) => *level,
            RawCriticality::Parts(parts) => parts.outcome.max(parts.system),
        };
        if level == Level::ExtremelyHigh {
            self.add(
                at,
                "`criticality` is negligible, low, medium or high".to_owned(),
            );
        }
        (level, false)
    }

    fn level(&mut self, raw: &Option<At<Level>>, field: &str, refused: Level) -> Option<Level> {
        let at = raw.as_ref()?;
        let wrong = at.value == refused || field == "frequency" && at.value == Level::Negligible;
        if wrong {
            self.add(at, format!("`{field}` can't be {}", at.value));
        }
        Some(at.value)
    }

    fn outcomes(&mut self, raw: &BTreeMap<String, At<f64>>) -> BTreeMap<String, Ppm> {
        let mut outcomes = BTreeMap::new();
        for (name, severity) in raw {
            if !(0.0..=1.0).contains(&severity.value) {
                self.add(
                    severity,
                    format!(
                        "`outcomes.{name}`: a severity lies between 0 (as designed) and 1 (wrong), not {}",
                        severity.value
                    ),
                );
            }
            outcomes.insert(name.clone(), ppm(severity.value));
        }
        outcomes
    }

    fn path(&mut self, raw: &[At<String>]) -> Vec<PathStep> {
        let mut path = Vec::new();
        for step in raw {
            let text = step.value.trim();
            let activity = text.strip_suffix('?').unwrap_or(text).trim().to_owned();
            if activity.is_empty() {
                self.add(
                    step,
                    "`path`: a step needs the name of its activity".to_owned(),
                );
            }
            path.push(PathStep {
                optional: text.ends_with('?'),
                activity,
            });
        }
        path
    }

    fn automation(&mut self, raw: &Option<RawAutomation>) -> Option<Automation> {
        let raw = raw.as_ref()?;
        let upkeep = raw.upkeep_hours_per_year.as_ref();
        self.hours(&raw.build_hours, "automation.build_hours");
        if let Some(upkeep) = upkeep {
            self.hours(upkeep, "automation.upkeep_hours_per_year");
        }
        if let Some(share) = &raw.share
            && !(0.0..=1.0).contains(&share.value)
        {
            let message = "`automation.share` is a part between 0 and 1";
            self.add(share, message.to_owned());
        }
        Some(Automation {
            build_hours: raw.build_hours.value,
            upkeep_hours_per_year: upkeep.map_or(0.0, |at| at.value),
            share: raw.share.as_ref().map_or(MOST_OF_IT, |at| at.value),
        })
    }

    fn hours(&mut self, at: &At<f64>, field: &str) {
        if at.value.is_nan() || at.value < 0.0 {
            let message = format!("`{field}`: hours can't be negative");
            self.add(at, message);
        }
        self.at_most(at, field);
    }

    fn epoch(&mut self, raw: &Option<At<String>>) -> Option<Time> {
        let at = raw.as_ref()?;
        let day = chrono::NaiveDate::parse_from_str(at.value.trim(), "%Y-%m-%d");
        let midnight = day.ok().and_then(|day| day.and_hms_opt(0, 0, 0));
        if midnight.is_none() {
            let message = format!("`epoch`: `{}` is not a date such as 2026-03-01", at.value);
            self.add(at, message);
        }
        Some(Time::from_utc(midnight?.and_utc()))
    }

    fn drivers(&mut self, raw: &Option<At<PathBuf>>) -> Option<(PathBuf, Arc<Drivers>)> {
        let at = raw.as_ref()?;
        let folder = self.source.file.parent().unwrap_or(Path::new("."));
        let file = folder.join(&at.value);
        let text = match std::fs::read(&file) {
            Ok(text) => text,
            Err(error) => {
                self.add(at, format!("`drivers`: {}: {error}", file.display()));
                return None;
            }
        };
        match Drivers::parse(&text, &file) {
            Ok(drivers) => Some((file, Arc::new(drivers))),
            Err(problems) => {
                self.problems.0.extend(problems.0);
                None
            }
        }
    }

    fn case_link(&mut self, raw: &Option<At<String>>) -> Option<String> {
        let at = raw.as_ref()?;
        let plain = |c: char| c.is_ascii_graphic() && !"\"<>\\^`|".contains(c);
        if !at.value.contains("{id}") || !at.value.contains("://") || !at.value.chars().all(plain) {
            let message =
                "`case_link` is an address with the id in it, such as https://tickets.example/{id}";
            self.add(at, message.to_owned());
        }
        Some(at.value.clone())
    }

    /// A process can't be a part of itself, however far around. A cycle is told once, at the first of its members.
    fn cycles(&mut self, raw: &[RawProcess], processes: &BTreeMap<String, Process>) {
        let mut told: BTreeSet<&str> = BTreeSet::new();
        for process in raw {
            let Some(chain) = cycle(&process.id.value, processes) else {
                continue;
            };
            let is_new = chain.iter().all(|id| !told.contains(id));
            if let Some(at) = process.parent.as_ref().filter(|_| is_new) {
                let names = chain.join(" -> ");
                let message = format!("`parent`: a cycle among sub-processes: {names}");
                self.add(at, message);
            }
            told.extend(chain);
        }
    }
}

/// The way from a process over its parents back to itself; `None` where there is none.
fn cycle<'a>(id: &'a str, processes: &'a BTreeMap<String, Process>) -> Option<Vec<&'a str>> {
    let mut chain = vec![id];
    loop {
        let last = processes.get(*chain.last()?)?;
        let parent = last.parent.as_deref()?;
        let is_back = parent == id;
        if !is_back && chain.contains(&parent) {
            return None;
        }
        chain.push(parent);
        if is_back {
            return Some(chain);
        }
    }
}

#[cfg(test)]
mod tests;

//! What of a catalog can't be meant.

use super::super::exposition::duration_buckets;
use super::super::span::SpanText;
use super::node::Node;
use super::raw::{RawAutomation, RawCritical, RawCriticality, RawProcess, RawProcesses, id_of};
use super::{MOST, MOST_OF_IT};
use crate::model::{Class, Executor, Level, Ppm, Span, Time};
use crate::rules::{
    At, Automation, CRITICALITIES, CriticalOutcome, Drivers, Ends, Judgement, PathStep, Problems,
    Process, Source, milestone_problems,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Levels that a complexity has: beyond high there is what no one executor holds.
const COMPLEXITIES: &[Level] = &[Level::Low, Level::Medium, Level::High, Level::ExtremelyHigh];
const FREQUENCIES: &[Level] = &[Level::Low, Level::Medium, Level::High];

pub(super) struct Check {
    pub(super) source: Source,
    pub(super) problems: Problems,
}

impl Check {
    pub(super) fn add<T>(&mut self, at: &At<T>, message: String) {
        self.problems.0.push(self.source.problem(at, message));
    }

    /// The processes, without what is none.
    pub(super) fn declared<'a>(
        &mut self,
        raw: &'a Option<At<RawProcesses>>,
    ) -> Vec<&'a RawProcess> {
        let Some(at) = raw else {
            return Vec::new();
        };
        let Node::List(listed) = &at.value else {
            let message = "`processes` must be a list of processes such as `- id: phishing`";
            self.add(at, format!("{message}, not {}", at.value));
            return Vec::new();
        };
        let mut declared = Vec::new();
        for process in listed {
            match &process.value {
                Node::Map(process) => declared.push(process),
                other => {
                    let message =
                        format!("`processes`: each is such as `- id: phishing`, not {other}");
                    self.add(process, message);
                }
            }
        }
        declared
    }

    /// One of the words that a field allows.
    fn word<T: Copy + Display, M>(
        &mut self,
        at: &At<Node<M>>,
        field: &str,
        allowed: &[T],
    ) -> Option<T> {
        let words: Vec<String> = allowed.iter().map(T::to_string).collect();
        let written = match &at.value {
            Node::Text(text) => text.trim(),
            _ => "",
        };
        if let Some(nth) = words.iter().position(|word| word == written) {
            return allowed.get(nth).copied();
        }
        let message = format!("`{field}`: {} is not one of {}", at.value, words.join(", "));
        // Among words of one letter every other letter would be near.
        let known = words
            .iter()
            .map(String::as_str)
            .filter(|word| word.len() > 1);
        let problem = self.source.problem(at, message);
        self.problems.0.push(problem.did_you_mean(written, known));
        None
    }

    pub(super) fn word_if_any<T: Copy + Display>(
        &mut self,
        raw: &Option<At<Node>>,
        field: &str,
        allowed: &[T],
    ) -> Option<T> {
        self.word(raw.as_ref()?, field, allowed)
    }

    fn positive(&mut self, value: &Option<At<f64>>, field: &str) -> Option<f64> {
        let at = value.as_ref()?;
        if at.value.is_nan() || at.value <= 0.0 {
            self.add(at, format!("`{field}` must be above 0, not {}", at.value));
        }
        self.at_most(at, field);
        Some(at.value)
    }

    fn span(&mut self, value: &Option<At<SpanText>>, field: &str) -> Option<Span> {
        let at = value.as_ref()?;
        if at.value.0 <= Span::ZERO {
            self.add(at, format!("`{field}` must be longer than 0"));
        }
        Some(at.value.0)
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

    pub(super) fn process(&mut self, raw: &RawProcess, ids: &[&str]) -> Process {
        let id = raw.id().to_owned();
        if id.is_empty() {
            self.add(&raw.id, "`id` must not be empty".to_owned());
        }
        let parent = self.parent(&raw.parent, ids);
        let (criticality, criticality_assumed) = self.criticality(&raw.criticality);
        let outcomes = self.outcomes(&raw.outcomes);
        Process {
            name: raw.name.clone().unwrap_or_else(|| id.clone()),
            description: raw.description.clone(),
            criticality,
            criticality_assumed,
            executor: self.word_if_any(&raw.executor, "executor", &Executor::ALL),
            outcomes: outcomes.severities,
            directions: outcomes.directions,
            tolerances: self.tolerances(&raw.tolerances),
            other_outcomes: self.other_outcomes(&raw.other_outcomes),
            path: self.path(&raw.path),
            size: self.positive(&raw.size, "size"),
            duration_limit: self.span(&raw.duration_limit, "duration_limit"),
            hands_on_minutes: self.positive(&raw.hands_on_minutes, "hands_on_minutes"),
            automation: self.automation(&raw.automation),
            wrong_outcome_hours: self.positive(&raw.wrong_outcome_hours, "wrong_outcome_hours"),
            irreversible: raw.irreversible,
            judgement: self
                .word_if_any(&raw.judgement, "judgement", &Judgement::ALL)
                .unwrap_or(Judgement::None),
            deterministic: raw.deterministic,
            exercises_count: raw.exercises_count,
            require_confirmed: raw.require_confirmed,
            critical_outcome: self.critical_outcome(&raw.critical_outcome),
            epoch: self.epoch(&raw.epoch),
            class: self.word_if_any(&raw.class, "class", &Class::ALL),
            parent,
            ends: Ends {
                activities: raw.ends.activities.clone(),
                idle: self.span(&raw.ends.idle, "ends.idle"),
            },
            resolved: raw.resolved.clone(),
            decides: self.activities(&raw.decides, "decides"),
            approves: self.approvals(raw),
            milestones: self.milestones(&raw.milestones),
            complexity: self.word_if_any(&raw.complexity, "complexity", COMPLEXITIES),
            frequency: self.word_if_any(&raw.frequency, "frequency", FREQUENCIES),
            drivers: self.drivers(&raw.drivers),
            window: self.span(&raw.window, "window"),
            case_link: self.case_link(&raw.case_link),
            duration_buckets: raw.duration_buckets.as_ref().and_then(|at| {
                duration_buckets(at, "duration_buckets", &self.source, &mut self.problems.0)
            }),
            id,
        }
    }

    fn parent(&mut self, raw: &Option<At<String>>, ids: &[&str]) -> Option<String> {
        let at = raw.as_ref()?;
        let parent = id_of(at);
        if !ids.contains(&parent) {
            let message = format!("`parent`: there is no process `{parent}`");
            let problem = self.source.problem(at, message);
            let problem = problem.did_you_mean(parent, ids.iter().copied());
            self.problems.0.push(problem);
        }
        Some(parent.to_owned())
    }

    /// The criticality, and whether it is assumed.
    fn criticality(&mut self, raw: &Option<At<Node<RawCriticality>>>) -> (Level, bool) {
        let Some(at) = raw else {
            return (Level::Medium, true);
        };
        let level = match &at.value {
            Node::Map(parts) => {
                let outcome = self.word(&parts.outcome, "criticality.outcome", CRITICALITIES);
                let system = self.word(&parts.system, "criticality.system", CRITICALITIES);
                outcome.max(system)
            }
            _ => self.word(at, "criticality", CRITICALITIES),
        };
        // What is wrong has been told, and then nothing comes of this.
        (level.unwrap_or(Level::Medium), false)
    }

    fn other_outcomes(&mut self, raw: &Option<At<Node>>) -> Option<Ppm> {
        let severity = self.severity(raw.as_ref()?, "other_outcomes");
        severity.map(Ppm::of)
    }

    pub(super) fn severity<M>(&mut self, at: &At<Node<M>>, key: &str) -> Option<f64> {
        let number = at.value.number();
        let severity = number.filter(|number| (0.0..=1.0).contains(number));
        if severity.is_none() {
            // A number is not a word, so it stands there without quotes.
            let found = number.map_or(at.value.to_string(), |number| number.to_string());
            let range = "a severity lies between 0 (as designed) and 1 (wrong)";
            self.add(at, format!("`{key}`: {range}, not {found}"));
        }
        severity
    }

    fn activities(&mut self, raw: &[At<String>], field: &str) -> BTreeSet<String> {
        for at in raw.iter().filter(|at| at.value.trim().is_empty()) {
            let message =
                format!("`{field}`: an activity must not be empty. Name it as the log does");
            self.add(at, message);
        }
        raw.iter().map(|at| at.value.trim().to_owned()).collect()
    }

    fn approvals(&mut self, raw: &RawProcess) -> Option<BTreeSet<String>> {
        let listed = raw.approves.as_ref()?;
        let decides = |at: &&At<String>| {
            let mut decisions = raw.decides.iter();
            decisions.any(|decision| decision.value.trim() == at.value.trim())
        };
        for at in listed.iter().filter(decides) {
            let message = format!(
                "`approves`: `{}` is listed in `decides` as well. A step either decides or approves: remove it from one of the lists",
                at.value.trim()
            );
            self.add(at, message);
        }
        Some(self.activities(listed, "approves"))
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

    fn milestones(
        &mut self,
        raw: &Option<At<BTreeMap<String, BTreeSet<String>>>>,
    ) -> Option<BTreeMap<String, BTreeSet<String>>> {
        let at = raw.as_ref()?;
        for message in milestone_problems(at.value.keys()) {
            self.add(at, message);
        }
        Some(at.value.clone())
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

    pub(super) fn case_link(&mut self, raw: &Option<At<String>>) -> Option<String> {
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
    pub(super) fn cycles(&mut self, raw: &[&RawProcess], processes: &BTreeMap<String, Process>) {
        let mut told: BTreeSet<&str> = BTreeSet::new();
        for process in raw {
            let Some(chain) = cycle(process.id(), processes) else {
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

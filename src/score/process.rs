//! The score of a process: everything derived for it at one instant.

use super::evidence::{Evidence, ProcessSums};
use super::recommend::{Attributes, recommend};
use super::shape::{Bounds, Durations, ExecutorScore, ProcessScore, SizeParts};
use super::size::{SizeError, Sizes, calls_per_case, own_size, sizes_by_name};
use super::table::{
    achieved_class, complexity_level, frequency_level, permissible_deviation, status,
    tolerance_level,
};
use crate::config::catalog::{Catalog, Process};
use crate::config::tolerance::Tolerance;
use crate::measure::{END, Sums};
use crate::model::{Class, Executor, NameId, Names, Origin, Status, TolClass, WEEK_US};
use crate::stats::{
    Interval, categorical_variance, clean_runs_missing, confidence_sequence, rate_interval,
};
use std::collections::{BTreeMap, BTreeSet};

/// What scoring needs beside the evidence.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The declared processes.
    pub catalog: &'a Catalog,
    /// Table, levels, decisions.
    pub tolerance: &'a Tolerance,
    /// The names.
    pub names: &'a Names,
}

/// Rates over less than this are rates over this: an hour of logs is no evidence for a week of 168 such hours.
const LEAST_EXPOSURE_WEEKS: f64 = 1.0 / 7.0;

/// The scores of all processes, by id. Processes that are declared and were never seen are among them.
pub fn score_all(evidence: &Evidence, terms: Terms) -> Vec<ProcessScore> {
    let live: BTreeMap<NameId, Sums> = evidence
        .processes
        .iter()
        .map(|(process, sums)| (*process, sums.of_origin(Origin::Live)))
        .collect();
    let own: BTreeMap<NameId, Sizes> = live
        .iter()
        .filter_map(|(process, sums)| Some((*process, own_size(sums)?)))
        .collect();
    let declared_parent = |process: NameId| {
        let declared = terms.catalog.processes.get(terms.names.text(process))?;
        terms.names.find(declared.parent.as_deref()?)
    };
    let sizes = sizes_by_name(&own, &calls_per_case(&live, declared_parent), terms.names);
    let weeks = evidence.to.since(evidence.from) as f64 / WEEK_US as f64;
    let mut scores: Vec<ProcessScore> = evidence
        .processes
        .iter()
        .map(|(process, parts)| {
            let scorer = Scorer {
                terms,
                declared: terms.catalog.process(terms.names.text(*process)),
                live: &live[process],
                parts,
                weeks: weeks.max(LEAST_EXPOSURE_WEEKS),
                notes: Vec::new(),
            };
            scorer.score(sizes.get(process))
        })
        .collect();
    let seen: BTreeSet<String> = scores.iter().map(|score| score.id.clone()).collect();
    let (sums, parts) = (Sums::default(), ProcessSums::default());
    for declared in terms.catalog.processes.values() {
        if !seen.contains(&declared.id) {
            let scorer = Scorer {
                terms,
                declared: declared.clone(),
                live: &sums,
                parts: &parts,
                weeks: weeks.max(LEAST_EXPOSURE_WEEKS),
                notes: vec!["declared in the catalog, and not seen in any log".to_owned()],
            };
            scores.push(scorer.score(None));
        }
    }
    scores.sort_by(|a, b| a.id.cmp(&b.id));
    scores
}

struct Scorer<'a> {
    terms: Terms<'a>,
    declared: Process,
    live: &'a Sums,
    parts: &'a ProcessSums,
    weeks: f64,
    notes: Vec<String>,
}

impl Scorer<'_> {
    fn score(mut self, size: Option<&Result<Sizes, SizeError>>) -> ProcessScore {
        let tolerance = self.terms.tolerance;
        let live = self.live;
        let started = live.started();
        let size = self.measured_size(size);
        let nominal = self.nominal_size(size.map(|size| size.total()));
        let required_class = self.required_class();
        let permissible =
            nominal.and_then(|size| permissible_deviation(tolerance, required_class, size));
        let deviation = self.deviation(live);
        let interval = interval_of(deviation);
        let status = match (nominal, deviation) {
            (Some(_), None) if permissible.is_some() => Status::Undetermined,
            (None, _) => Status::Undetermined,
            (Some(_), _) => status(interval, permissible),
        };
        let achieved = nominal.map_or(TolClass::Undetermined, |size| {
            achieved_class(tolerance, interval, size)
        });
        let per_week = (started > 0).then(|| started as f64 / self.weeks);
        let rate = rate_interval(started.max(0) as u64, self.weeks, tolerance.alpha);
        let complexity = nominal.map(|size| complexity_level(tolerance, size));
        let frequency = per_week.map(|rate| frequency_level(tolerance, rate));
        let tolerance_level = nominal.map(|_| tolerance_level(tolerance, permissible));
        let executor = self.executor();
        let attributes = match (complexity, frequency, tolerance_level) {
            (Some(complexity), Some(frequency), Some(tolerance)) if live.cases > 0 => {
                Some(Attributes {
                    complexity,
                    frequency,
                    criticality: self.declared.criticality,
                    tolerance,
                    status,
                    executor,
                    required_class,
                    achieved_class: achieved,
                })
            }
            _ => None,
        };
        let verdict = attributes.and_then(|is| recommend(&tolerance.recommendations, &is));
        let reason = match (&verdict, &attributes) {
            (Some(verdict), Some(is)) => {
                let figures = self.figures(is, nominal, per_week, permissible, deviation);
                format!("{}: {figures}", verdict.because)
            }
            _ if started == 0 => "no case was seen".to_owned(),
            _ => "no case has ended yet".to_owned(),
        };
        self.note_assumptions();
        ProcessScore {
            cases: live.cases + live.open,
            open_cases: live.open,
            events: live.steps + live.open_events,
            activities: activities(live),
            variants: live.variants.len(),
            cases_per_week: per_week,
            cases_per_week_interval: per_week.and(rate).map(|ci| [ci.lower, ci.upper]),
            size_steps: size.map(|size| size.total()),
            size_parts: size.map(|size| SizeParts {
                steps: size.steps,
                decisions: size.decisions,
                handoffs: size.handoffs,
                sub_processes: size.sub_processes,
            }),
            nominal_size_steps: nominal,
            steps_mean: (live.cases > 0).then(|| live.steps as f64 / live.cases as f64),
            duration_seconds: durations(live),
            outcomes: self.outcomes(),
            outcome_variance: (live.cases > 0)
                .then(|| categorical_variance(live.outcomes.values())),
            reopened: live.reopened,
            late: live.late,
            off_path: live.strayed,
            complexity,
            frequency,
            criticality: self.declared.criticality,
            criticality_assumed: self.declared.criticality_assumed,
            tolerance: tolerance_level,
            required_class,
            achieved_class: achieved,
            permissible_deviation: permissible,
            deviation,
            status,
            capability: permissible
                .map(|t| t / interval.upper)
                .filter(|_| deviation.is_some()),
            capability_of_mean: permissible
                .zip(deviation)
                .filter(|(_, deviation)| deviation.mean > 0.0)
                .map(|(t, deviation)| t / deviation.mean),
            clean_runs_missing: permissible.and_then(|t| {
                let n = live.cases.max(0) as f64;
                (deviation.is_some() || live.cases == 0).then_some(())?;
                clean_runs_missing(n, live.deviation_sum(), t, tolerance.alpha)
            }),
            executor,
            executors: self.executors(),
            exercises: self.parts.of_origin(Origin::Exercise).cases,
            shadow_runs: self.parts.of_origin(Origin::Shadow).cases,
            recommendation: verdict.as_ref().map(|verdict| verdict.recommendation),
            rule: verdict.map(|verdict| verdict.rule),
            reason,
            notes: self.notes,
            id: named(self.declared.id),
            name: named(self.declared.name),
        }
    }

    fn measured_size(&mut self, size: Option<&Result<Sizes, SizeError>>) -> Option<Sizes> {
        match size? {
            Ok(size) => Some(*size),
            Err(SizeError { cycle }) => {
                let names: Vec<&str> = cycle.iter().map(|id| self.terms.names.text(*id)).collect();
                self.notes.push(format!(
                    "cases call each other in a circle ({}), so sub-processes are left out of its size",
                    names.join(" -> ")
                ));
                own_size(self.live)
            }
        }
    }

    /// The size on the drawing: so that a process that sprawls can't loosen its own tolerance.
    fn nominal_size(&self, measured: Option<f64>) -> Option<f64> {
        let path = self.declared.path.len() as f64;
        self.declared
            .size
            .or((path > 0.0).then_some(path))
            .or(measured)
    }

    fn required_class(&self) -> Class {
        let by_criticality = self.terms.tolerance.classes.get(&self.declared.criticality);
        self.declared
            .class
            .or(by_criticality.copied())
            .unwrap_or(Class::M)
    }

    /// Whether anything at all could be a deviation: an outcome with a name, a state that can be left again, a limit, a
    /// path. Without any of these a clean record is no evidence.
    fn is_measurable(&self, sums: &Sums) -> bool {
        let declared = &self.declared;
        sums.unnamed_outcomes < sums.cases
            || sums.settled > 0
            || !declared.outcomes.is_empty()
            || declared.duration_limit.is_some()
            || !declared.path.is_empty()
    }

    fn deviation(&self, sums: &Sums) -> Option<Bounds> {
        if sums.cases <= 0 || !self.is_measurable(self.live) {
            return None;
        }
        let (n, s) = (sums.cases as f64, sums.deviation_sum());
        let ci = confidence_sequence(n, s, self.terms.tolerance.alpha);
        Some(Bounds {
            mean: s / n,
            lower: ci.lower,
            upper: ci.upper,
        })
    }

    fn executor(&self) -> Executor {
        if let Some(declared) = self.declared.executor {
            return declared;
        }
        let mut by_kind: BTreeMap<Executor, i64> = BTreeMap::new();
        for ((kind, origin), sums) in &self.parts.parts {
            if *origin == Origin::Live && *kind != Executor::Unknown {
                *by_kind.entry(*kind).or_default() += sums.started();
            }
        }
        let all: i64 = by_kind.values().sum();
        let most = by_kind.into_iter().max_by_key(|(_, cases)| *cases);
        match most {
            None => Executor::Unknown,
            Some((kind, cases)) if cases * 5 >= all * 4 => kind,
            Some(_) => Executor::Mixed,
        }
    }

    fn executors(&self) -> Vec<ExecutorScore> {
        self.parts
            .parts
            .iter()
            .filter(|((_, origin), sums)| *origin == Origin::Live && sums.cases > 0)
            .map(|((executor, _), sums)| ExecutorScore {
                executor: *executor,
                cases: sums.cases,
                deviation: self.deviation(sums),
            })
            .collect()
    }

    fn outcomes(&self) -> BTreeMap<String, i64> {
        self.live
            .outcomes
            .iter()
            .map(|(id, count)| (self.terms.names.text(id).to_owned(), count))
            .collect()
    }

    fn figures(
        &self,
        is: &Attributes,
        nominal: Option<f64>,
        per_week: Option<f64>,
        permissible: Option<f64>,
        deviation: Option<Bounds>,
    ) -> String {
        let number = |value: Option<f64>, digits: usize| {
            value.map_or("unknown".to_owned(), |value| format!("{value:.digits$}"))
        };
        let assumed = if self.declared.criticality_assumed {
            " (assumed)"
        } else {
            ""
        };
        let observed = deviation.map_or("not observed".to_owned(), |d| {
            format!("observed {:.4} [{:.4}, {:.4}]", d.mean, d.lower, d.upper)
        });
        format!(
            "complexity {} ({} steps), frequency {} ({} cases a week), criticality {}{assumed}, tolerance {} (permissible {}), {observed}: {}",
            is.complexity,
            number(nominal, 1),
            is.frequency,
            number(per_week, 1),
            is.criticality,
            is.tolerance,
            number(permissible, 4),
            is.status,
        )
    }

    fn note_assumptions(&mut self) {
        let live = self.live;
        if self.declared.criticality_assumed && live.started() > 0 {
            self.notes
                .push("criticality medium is assumed: declare it in a catalog".to_owned());
        }
        if live.cases > 0 && live.unnamed_outcomes == live.cases {
            self.notes
                .push("no outcome is mapped: the last activity of a case stands for it".to_owned());
        }
        if live.cases > 5 && live.steps == live.cases {
            self.notes.push(
                "every case has a single event: if the file has one row per case, a mapping with several events per record (or a preset) turns its dates into steps"
                    .to_owned(),
            );
        }
        let assumed: Vec<String> = live
            .outcomes
            .iter()
            .map(|(id, _)| self.terms.names.text(id))
            .filter(|name| !self.declared.outcomes.contains_key(*name))
            .filter_map(|name| {
                let severity = self
                    .terms
                    .tolerance
                    .outcome_severity
                    .get(&name.to_lowercase())?;
                (*severity > 0).then(|| format!("{name} = {}", f64::from(*severity) / 1e6))
            })
            .collect();
        if !assumed.is_empty() {
            self.notes.push(format!(
                "severity of outcomes is assumed by their names: {}",
                assumed.join(", ")
            ));
        }
        if live.cases > 0 && !self.is_measurable(live) {
            self.notes.push(
                "nothing here could count as a deviation, so there is none to measure: map the outcome, name the states that resolve a case, or declare outcomes, a limit or a path in a catalog"
                    .to_owned(),
            );
        }
    }
}

/// Cases whose events name no process are a process of their own.
fn named(text: String) -> String {
    if text.is_empty() {
        "(unnamed)".to_owned()
    } else {
        text
    }
}

fn interval_of(deviation: Option<Bounds>) -> Interval {
    deviation.map_or(
        Interval {
            lower: 0.0,
            upper: 1.0,
        },
        |deviation| Interval {
            lower: deviation.lower,
            upper: deviation.upper,
        },
    )
}

fn activities(sums: &Sums) -> usize {
    let mut activities: Vec<NameId> = sums.follows.iter().map(|((from, _), _)| from).collect();
    activities.dedup();
    debug_assert!(!activities.contains(&END));
    activities.len()
}

fn durations(sums: &Sums) -> Option<Durations> {
    Some(Durations {
        mean: sums.durations.mean_seconds()?,
        p50: sums.durations.quantile_seconds(0.5)?,
        p95: sums.durations.quantile_seconds(0.95)?,
    })
}

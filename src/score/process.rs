//! The score of a process: everything derived for it at one instant.

use super::follows::directly_follows;
use super::shape::{
    BaselineScore, Bounds, Durations, LossScore, ProcessScore, Share, SizeParts, SizeSource,
};
use super::size::{SizeError, Sizes, own_size};
use super::table::{
    achieved_class, complexity_level, frequency_level, permissible_deviation, status,
    tolerance_level,
};
use crate::measure::{END, Loss, ProcessSums, Sketch, Stretch, Sums};
use crate::model::{Class, NameId, Names, ONE, Origin, Span, Status, Time, TolClass};
use crate::rules::{Catalog, PaysBack, Process, Tolerance};
use crate::stats::{Interval, categorical_variance, confidence_sequence};
use std::collections::BTreeMap;

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

/// Scores one process.
pub(super) struct Scorer<'a> {
    pub(super) terms: Terms<'a>,
    pub(super) declared: Process,
    /// Live cases of all kinds.
    pub(super) live: &'a Sums,
    pub(super) parts: &'a ProcessSums,
    /// The time in which cases would have been seen: what rates are over. It ends before `as_of` where it must be taken that
    /// its sources have told of nothing since.
    pub(super) covered: Stretch,
    pub(super) as_of: Time,
    /// How long what has ended counts; `None`: for ever.
    pub(super) window: Option<Span>,
    pub(super) loss: Loss,
    pub(super) baseline: Option<BaselineScore>,
    /// Hands-on time of the cases of the baseline.
    pub(super) hands_on_before: Option<&'a Sketch>,
    pub(super) notes: Vec<String>,
}

/// What the deviation of a process is held against.
#[derive(Clone, Copy)]
pub(super) struct Target {
    /// The size that sets it; `None` while no case has ended.
    pub(super) nominal: Option<f64>,
    /// T; `None` where the table has no value or the size is not known.
    pub(super) permissible: Option<f64>,
}

impl Scorer<'_> {
    pub(super) fn score(mut self, size: Option<&Result<Sizes, SizeError>>) -> ProcessScore {
        let tolerance = self.terms.tolerance;
        let live = self.live;
        let size = self.measured_size(size);
        let (nominal, nominal_source) = self.nominal_size().unzip();
        let required_class = self.required_class();
        let permissible =
            nominal.and_then(|size| permissible_deviation(tolerance, required_class, size));
        let target = Target {
            nominal,
            permissible,
        };
        let (evidence_cases, _) = self.evidence();
        let deviation = self.observed();
        let status = self.status(deviation, target);
        let achieved = self.achieved(deviation, target);
        let arrivals = self.arrivals();
        let rate = self.rate(arrivals.as_ref());
        let per_week = rate.map(|rate| rate.mean);
        let complexity = nominal.map(|size| complexity_level(tolerance, size));
        let frequency = per_week.map(|rate| frequency_level(tolerance, rate));
        let tolerance_level = nominal.map(|_| tolerance_level(tolerance, permissible));
        let executor = self.executor();
        let executors = self.executors(target);
        let certain = rate.map(|rate| self.widened_by_loss(rate));
        let rate_interval = certain.map(|rate| [rate.lower, rate.upper]);
        let value = self.value(certain, deviation, permissible);
        let pays_back = PaysBack::of(value.as_ref().and_then(|value| value.pays_back));
        let pace = self.pace(arrivals.as_ref());
        let clean_runs = self.clean_runs_missing(target, &pace);
        let shadow = self.shadow(target, required_class);
        self.note_assumptions();
        self.note_evidence(target);
        let notes = std::mem::take(&mut self.notes);
        let variants = live.variants.sample();
        let mut score = ProcessScore {
            cases: live.cases + live.open,
            open_cases: live.open,
            events: live.steps + live.open_events,
            activities: activities(live),
            variants: variants.counts.len() << variants.level,
            cases_per_week: per_week,
            cases_per_week_interval: rate_interval,
            size_steps: size.map(|size| size.total()),
            size_parts: size.map(|size| SizeParts {
                steps: size.steps,
                decisions: size.decisions,
                handoffs: size.handoffs,
                sub_processes: size.sub_processes,
            }),
            nominal_size_steps: nominal,
            nominal_size_source: nominal_source,
            baseline: self.baseline.clone(),
            steps_mean: (live.cases > 0).then(|| live.steps as f64 / live.cases as f64),
            duration_seconds: durations(live),
            outcomes: self.outcomes(),
            outcome_variance: (live.cases > 0)
                .then(|| categorical_variance(live.outcomes.values())),
            comparisons: self.comparisons(),
            duration_spread_test: self.spread_test(),
            agreement: self.agreement(),
            reopened: live.reopened,
            straight_through: self.share(live.straight, live.known_executor),
            directly_follows: directly_follows(live, self.terms.names),
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
                .zip(deviation)
                .map(|(t, deviation)| t / deviation.upper),
            capability_of_mean: permissible
                .zip(deviation)
                .filter(|(_, deviation)| deviation.mean > 0.0)
                .map(|(t, deviation)| t / deviation.mean),
            clean_runs_missing: clean_runs.missing,
            clean_runs_missing_weeks: clean_runs.weeks,
            clean_runs_withheld: clean_runs.withheld,
            pace,
            evidence_cases,
            provenance: self.provenance(live),
            requires_confirmed: self.declared.require_confirmed,
            loss: LossScore {
                lost: self.loss.lost,
                gaps: self.loss.gaps,
                unknown: self.loss.unknown,
                share: self.loss.share(),
                too_much: self.lost_too_much(),
                silent_since: self.silent_since().map(|since| since.to_string()),
            },
            irreversible: self.declared.irreversible,
            pays_back,
            executor,
            withdraw: Vec::new(),
            executors,
            exercises: self.parts.of_origin(Origin::Exercise).cases,
            exercise: self.exercise(),
            shadow_runs: self.parts.of_origin(Origin::Shadow).cases,
            ready_to_delegate: shadow
                .iter()
                .filter(|score| score.ready)
                .map(|score| score.executor)
                .collect(),
            shadow,
            arrivals,
            value,
            break_up: None,
            disagreements: self.disagreements(size, per_week, rate_interval),
            recommendation: None,
            rule: None,
            reason: String::new(),
            notes,
            id: named(&self.declared.id),
            name: named(&self.declared.name),
        };
        self.decide(&mut score);
        score
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
    fn nominal_size(&self) -> Option<(f64, SizeSource)> {
        if let Some(size) = self.declared.size {
            return Some((size, SizeSource::Declared));
        }
        if !self.declared.path.is_empty() {
            let path = self.declared.path.len() as f64;
            return Some((path, SizeSource::DesignedPath));
        }
        let baseline = self.baseline.as_ref()?;
        let source = if baseline.frozen {
            SizeSource::Baseline
        } else {
            SizeSource::Unfrozen
        };
        Some((baseline.size_steps, source))
    }

    fn required_class(&self) -> Class {
        let by_criticality = self.terms.tolerance.classes.get(&self.declared.criticality);
        self.declared
            .class
            .or(by_criticality.copied())
            .unwrap_or(Class::M)
    }

    /// Whether anything at all could be a deviation: an outcome that was observed and is declared or known by its name, a
    /// state that can be left again, a limit, a path. Without any of these a clean record is no evidence.
    pub(super) fn is_measurable(&self, sums: &Sums) -> bool {
        let declared = &self.declared;
        let named = sums.unnamed_outcomes < sums.cases;
        let is_known = |id: NameId| {
            let text = self.terms.names.text(id);
            declared.severity_of(text).is_some() || named && self.is_known_by_name(text)
        };
        let by_outcome = || match sums.outcomes.is_empty() {
            // Nothing has ended yet that could have ended otherwise than declared.
            true => !declared.outcomes.is_empty(),
            false => sums.outcomes.iter().any(|(id, _)| is_known(id)),
        };
        sums.settled > 0
            || declared.duration_limit.is_some()
            || !declared.path.is_empty()
            || by_outcome()
    }

    /// Whether the tolerance file knows an outcome by its name.
    pub(super) fn is_known_by_name(&self, outcome: &str) -> bool {
        let by_name = &self.terms.tolerance.outcome_severity;
        by_name.contains_key(&outcome.to_lowercase())
    }

    /// How many cases of some sums count as evidence, and the sum of their deviations.
    pub(super) fn evidence_in(&self, sums: &Sums) -> (i64, f64) {
        if !self.declared.require_confirmed {
            return (sums.cases, sums.deviation_sum());
        }
        let ppm: i128 = sums
            .confirmed
            .iter()
            .map(|(deviation, count)| i128::from(deviation) * i128::from(count))
            .sum();
        (sums.confirmed.total(), ppm as f64 / f64::from(ONE))
    }

    /// What the deviation of the process rests on.
    pub(super) fn evidence(&self) -> (i64, f64) {
        let (mut n, mut s) = self.evidence_in(self.live);
        if self.declared.exercises_count {
            let (more, sum) = self.evidence_in(&self.parts.of_origin(Origin::Exercise));
            n += more;
            s += sum;
        }
        (n, s)
    }

    fn observed(&self) -> Option<Bounds> {
        let (n, s) = self.evidence();
        self.bounds(n, s)
    }

    /// The deviation of some live sums alone.
    pub(super) fn deviation(&self, sums: &Sums) -> Option<Bounds> {
        let (n, s) = self.evidence_in(sums);
        self.bounds(n, s)
    }

    /// A mean with its confidence sequence, widened by what was lost. `None` where nothing was observed that could deviate.
    pub(super) fn bounds(&self, n: i64, s: f64) -> Option<Bounds> {
        if n <= 0 || !self.is_measurable(self.live) {
            return None;
        }
        let alpha = self.terms.tolerance.alpha;
        Some(widened_bounds(n as f64, s, alpha, self.loss.share()))
    }

    /// The last event of all its sources, where it must be taken that they have told of nothing since.
    pub(super) fn silent_since(&self) -> Option<Time> {
        Some(self.covered.last).filter(|last| *last < self.as_of)
    }

    pub(super) fn lost_too_much(&self) -> bool {
        self.loss.unknown > 0 || self.loss.share() > self.terms.tolerance.most_loss
    }

    pub(super) fn status(&self, deviation: Option<Bounds>, target: Target) -> Status {
        match (target.nominal, deviation) {
            (None, _) => Status::Undetermined,
            (Some(_), None) if target.permissible.is_some() => Status::Undetermined,
            (Some(_), _) => match status(interval_of(deviation), target.permissible) {
                Status::Within | Status::Outside if self.lost_too_much() => Status::Undetermined,
                status => status,
            },
        }
    }

    pub(super) fn achieved(&self, deviation: Option<Bounds>, target: Target) -> TolClass {
        match target.nominal {
            Some(size) if !self.lost_too_much() => {
                achieved_class(self.terms.tolerance, interval_of(deviation), size)
            }
            _ => TolClass::Undetermined,
        }
    }

    fn share(&self, count: i64, of: i64) -> Option<Share> {
        self.share_of(count as f64, of)
    }

    pub(super) fn share_of(&self, count: f64, of: i64) -> Option<Share> {
        if of <= 0 {
            return None;
        }
        let n = of as f64;
        let s = count.clamp(0.0, n);
        let ci = confidence_sequence(n, s, self.terms.tolerance.alpha);
        Some(Share {
            count: s.round() as i64,
            of,
            share: s / n,
            lower: ci.lower,
            upper: ci.upper,
        })
    }

    fn outcomes(&self) -> BTreeMap<String, i64> {
        self.live
            .outcomes
            .iter()
            .map(|(id, count)| (self.terms.names.text(id).to_owned(), count))
            .collect()
    }
}

/// A mean with its confidence sequence, widened by the share of records that were lost: each lost record could have been a
/// case as designed, or one that is wrong (the bounds of Manski 1989, "Anatomy of the selection problem", for data missing
/// for unknown reasons).
pub(crate) fn widened_bounds(n: f64, s: f64, alpha: f64, lost: f64) -> Bounds {
    let ci = confidence_sequence(n, s, alpha);
    Bounds {
        mean: if n > 0.0 { s / n } else { 0.0 },
        lower: ci.lower * (1.0 - lost),
        upper: ci.upper * (1.0 - lost) + lost,
    }
}

/// Cases whose events name no process are a process of their own.
fn named(text: &str) -> String {
    if text.is_empty() { "(unnamed)" } else { text }.to_owned()
}

pub(crate) fn interval_of(deviation: Option<Bounds>) -> Interval {
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

pub(super) fn durations(sums: &Sums) -> Option<Durations> {
    Some(Durations {
        mean: sums.durations.mean_seconds()?,
        p50: sums.durations.quantile_seconds(0.5)?,
        p95: sums.durations.quantile_seconds(0.95)?,
    })
}

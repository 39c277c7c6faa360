//! The score of a process: everything derived for it at one instant, part by part.

use super::analysis::{break_up_of, consistency, value_of};
use super::basis::Basis;
use super::by_executor::{provenance, run_by};
use super::case_facts::{conformance, counts, outcome};
use super::clean_cases::clean_cases;
use super::determinism::determinism;
use super::deviation::{Target, rating};
use super::directions::{DirectionScore, directions};
use super::disagreements::disagreements;
use super::hands_on::{HandsOn, hands_on};
use super::input::ProcessInput;
use super::note::Note;
use super::notes::{assumptions, evidence_notes};
use super::process_score::{
    Advice, CaseCounts, Constraints, DeterminismScore, Levels, LossScore, ProcessScore, Rate,
    Rating, RunBy, ScoredCases, SizeScore, Trials,
};
use super::process_size::{measured_size, size_score};
use super::rate::{arrivals, rate};
use super::reason::NoVerdict;
use super::size::Sizes;
use super::stage_times::stage_times;
use super::table::{complexity_level, frequency_level, tolerance_level};
use super::trials::trials;
use super::value::Value;
use super::verdict::{advice, trial_notes, withdraw};
use crate::model::Level;
use crate::rules::{CRITICALITIES, PaysBack, Process, Recommendation};
use std::collections::BTreeMap;

/// What the verdict of a process rests on, and the verdict.
struct Judged {
    size: SizeScore,
    counts: CaseCounts,
    levels: Levels,
    rating: Rating,
    directions: Vec<DirectionScore>,
    scored_cases: ScoredCases,
    loss: LossScore,
    constraints: Constraints,
    run_by: RunBy,
    trials: Trials,
    value: Option<Value>,
    advice: Advice,
    target: Target,
}

impl Judged {
    /// A process of this size and rate.
    fn of(
        input: &ProcessInput,
        measured: Option<Sizes>,
        rate: &Rate,
        hands_on: &HandsOn,
        determinism: DeterminismScore,
    ) -> Judged {
        let size = size_score(input, measured);
        let target = Target::of(input, size.nominal_size_steps);
        let directions = directions(input, target);
        let rating = rating(input, target, &directions);
        let value = value_of(input, hands_on, rate, &rating);
        let mut judged = Judged {
            counts: counts(input.live),
            levels: levels(input, target, rate),
            scored_cases: scored_cases(input),
            loss: loss_score(input),
            constraints: Constraints {
                irreversible: input.declared.irreversible,
                pays_back: PaysBack::of(value.as_ref().and_then(|value| value.pays_back)),
                judgement: input.declared.judgement,
                determinism,
            },
            run_by: run_by(input, target),
            trials: trials(input, target),
            advice: Advice::none(input.no_verdict()),
            size,
            rating,
            directions,
            value,
            target,
        };
        judged.advice = advice(input, judged.basis(), &judged.size, rate);
        judged
    }

    fn basis(&self) -> Basis<'_> {
        Basis {
            counts: &self.counts,
            levels: &self.levels,
            rating: &self.rating,
            directions: &self.directions,
            scored_cases: &self.scored_cases,
            loss: &self.loss,
            constraints: &self.constraints,
            run_by: &self.run_by,
            trials: &self.trials,
        }
    }
}

/// What is recommended at each criticality, if none is declared; nothing if one is, or nothing is recommended.
fn by_criticality(
    input: &ProcessInput,
    judged: &Judged,
    of: impl Fn(&ProcessInput) -> Judged,
) -> BTreeMap<Level, Option<Recommendation>> {
    if !input.declared.criticality_assumed || judged.advice.recommendation.is_none() {
        return BTreeMap::new();
    }
    let at = |criticality| {
        let declared = Process {
            criticality,
            ..input.declared.clone()
        };
        let recommendation = of(&input.declared_as(declared)).advice.recommendation;
        (criticality, recommendation)
    };
    CRITICALITIES.iter().map(|level| at(*level)).collect()
}

/// The score of one process.
pub(super) fn score_process(input: &ProcessInput) -> ProcessScore {
    let (measured, circle) = measured_size(input);
    let arrivals = arrivals(input);
    let rate = rate(input, arrivals.as_ref());
    let hands_on = hands_on(input);
    let consistency = consistency(input);
    let determinism = determinism(input, consistency.agreement.as_ref());
    let judge = |input: &ProcessInput| Judged::of(input, measured, &rate, &hands_on, determinism);
    let mut judged = judge(input);
    judged.advice.by_criticality = by_criticality(input, &judged, judge);
    let (basis, target) = (judged.basis(), judged.target);
    let recommendation = judged.advice.recommendation;
    let unseen = (!input.is_in_logs).then_some(Note::NotInLogs);
    let mut notes: Vec<Note> = unseen.into_iter().chain(circle).collect();
    notes.extend(assumptions(input, &judged.advice.by_criticality));
    notes.extend(evidence_notes(input, target, &hands_on, &judged.directions));
    notes.extend(trial_notes(basis, recommendation));
    ProcessScore {
        id: named(&input.declared.id),
        name: named(&input.declared.name),
        outcome: outcome(input),
        consistency,
        conformance: conformance(input),
        stage_times: stage_times(input),
        clean_cases: clean_cases(input, target, arrivals.as_ref()),
        withdraw: withdraw(basis),
        break_up: break_up_of(input, basis, &rate, recommendation),
        disagreements: disagreements(input, measured, &rate),
        counts: judged.counts,
        size: judged.size,
        levels: judged.levels,
        rating: judged.rating,
        directions: judged.directions,
        scored_cases: judged.scored_cases,
        loss: judged.loss,
        constraints: judged.constraints,
        run_by: judged.run_by,
        trials: judged.trials,
        value: judged.value,
        advice: judged.advice,
        rate,
        arrivals,
        notes,
    }
}

/// The levels that decision rules ask for.
fn levels(input: &ProcessInput, target: Target, rate: &Rate) -> Levels {
    let tolerance = input.terms.tolerance;
    let nominal = target.nominal;
    // Who should run what no longer runs?
    let per_week = rate
        .cases_per_week
        .filter(|_| input.dormant_since.is_none());
    Levels {
        complexity: nominal.map(|size| complexity_level(tolerance, size)),
        frequency: per_week.map(|rate| frequency_level(tolerance, rate)),
        criticality: input.declared.criticality,
        criticality_assumed: input.declared.criticality_assumed,
        tolerance: nominal
            .map(|_| tolerance_level(tolerance, target.required_class, target.permissible)),
    }
}

/// What the deviation rests on.
fn scored_cases(input: &ProcessInput) -> ScoredCases {
    ScoredCases {
        count: input.scored().cases,
        provenance: provenance(input, input.live),
        requires_confirmed: input.declared.require_confirmed,
        unusable: unusable(input),
    }
}

/// Why the cases that have ended are no evidence for a recommendation, if they are not.
fn unusable(input: &ProcessInput) -> Option<NoVerdict> {
    let (live, tolerance) = (input.live, input.terms.tolerance);
    if live.cases <= 0 || input.dormant_since.is_some() {
        return None;
    }
    if live.cases < tolerance.least_cases {
        return Some(NoVerdict::TooFew {
            ended: live.cases,
            needed: tolerance.least_cases,
        });
    }
    // Who shadows or exercises it shows that it is still looked after.
    let all = input.parts.parts.values();
    let last = all
        .flat_map(|sums| sums.ended.iter())
        .map(|(hour, _)| hour)
        .max()?;
    let ended = last.start();
    let is_old = input.as_of.since(ended) > tolerance.oldest;
    is_old.then_some(NoVerdict::TooOld {
        ended,
        most: tolerance.oldest,
    })
}

/// What was lost.
fn loss_score(input: &ProcessInput) -> LossScore {
    let loss = input.loss;
    LossScore {
        lost: loss.lost,
        gaps: loss.gaps,
        unknown: loss.unknown,
        share: loss.share(),
        too_much: input.lost_too_much(),
        silent_since: input.silent_since().map(|since| since.to_string()),
    }
}

/// Cases whose events name no process are a process of their own.
fn named(text: &str) -> String {
    if text.is_empty() { "(unnamed)" } else { text }.to_owned()
}

//! The score of a process: everything derived for it at one instant, part by part.

use super::analysis::{break_up_of, consistency, value_of};
use super::basis::Basis;
use super::by_executor::{provenance, run_by};
use super::case_facts::{conformance, counts, outcome};
use super::clean_cases::clean_cases;
use super::deviation::{Target, rating};
use super::disagreements::disagreements;
use super::hands_on::hands_on;
use super::input::ProcessInput;
use super::note::Note;
use super::notes::{assumptions, evidence_notes};
use super::process_score::{Constraints, Levels, LossScore, ProcessScore, Rate, ScoredCases};
use super::process_size::{measured_size, size_score};
use super::rate::{arrivals, rate};
use super::table::{complexity_level, frequency_level, tolerance_level};
use super::trials::trials;
use super::verdict::{advice, trial_notes, withdraw};
use crate::rules::PaysBack;

/// The score of one process.
pub(super) fn score_process(input: &ProcessInput) -> ProcessScore {
    let (measured, circle) = measured_size(input);
    let size = size_score(input, measured);
    let target = Target::of(input, size.nominal_size_steps);
    let rating = rating(input, target);
    let arrivals = arrivals(input);
    let rate = rate(input, arrivals.as_ref());
    let hands_on = hands_on(input);
    let value = value_of(input, &hands_on, &rate, &rating);
    let counts = counts(input.live);
    let levels = levels(input, target, &rate);
    let scored_cases = scored_cases(input);
    let loss = loss_score(input);
    let constraints = Constraints {
        irreversible: input.declared.irreversible,
        pays_back: PaysBack::of(value.as_ref().and_then(|value| value.pays_back)),
    };
    let run_by = run_by(input, target);
    let trials = trials(input, target);
    let basis = Basis {
        counts: &counts,
        levels: &levels,
        rating: &rating,
        scored_cases: &scored_cases,
        loss: &loss,
        constraints: &constraints,
        run_by: &run_by,
        trials: &trials,
    };
    let advice = advice(input, basis, &size, &rate);
    let unseen = (!input.is_in_logs).then_some(Note::NotInLogs);
    let mut notes: Vec<Note> = unseen.into_iter().chain(circle).collect();
    notes.extend(assumptions(input));
    notes.extend(evidence_notes(input, target, &hands_on));
    notes.extend(trial_notes(basis, advice.recommendation));
    ProcessScore {
        id: named(&input.declared.id),
        name: named(&input.declared.name),
        outcome: outcome(input),
        consistency: consistency(input),
        conformance: conformance(input),
        clean_cases: clean_cases(input, target, arrivals.as_ref()),
        withdraw: withdraw(basis),
        break_up: break_up_of(input, basis, &rate, advice.recommendation),
        disagreements: disagreements(input, measured, &rate),
        counts,
        rate,
        size,
        levels,
        rating,
        scored_cases,
        loss,
        constraints,
        run_by,
        trials,
        arrivals,
        value,
        advice,
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
        tolerance: nominal.map(|_| tolerance_level(tolerance, target.permissible)),
    }
}

/// What the deviation rests on.
fn scored_cases(input: &ProcessInput) -> ScoredCases {
    ScoredCases {
        count: input.scored().cases,
        provenance: provenance(input, input.live),
        requires_confirmed: input.declared.require_confirmed,
    }
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

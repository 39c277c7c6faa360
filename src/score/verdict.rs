//! From figures to a verdict: who should run it, by which rule, and on what that rests.

use super::basis::Basis;
use super::input::ProcessInput;
use super::note::{Note, TrialNote};
use super::process_score::{Advice, ComparedBy, Rate, SizeScore};
use super::reason::{Figures, LiveFigures, Reason, ShadowFigures};
use super::recommend::{Attributes, recommend};
use crate::model::{Executor, Status};
use crate::rules::{Recommendation, Trial};
use std::collections::BTreeMap;

/// The kinds that a process can be delegated to.
const DELEGATES: [Executor; 2] = [Executor::Ai, Executor::Code];

/// Who should run a process of this size and rate.
pub(super) fn advice(input: &ProcessInput, basis: Basis, size: &SizeScore, rate: &Rate) -> Advice {
    let rules = &input.terms.tolerance.recommendations;
    let decided = basis
        .attributes()
        .and_then(|is| Some((recommend(rules, &is)?, is)));
    match decided {
        Some((verdict, is)) => Advice {
            recommendation: Some(verdict.recommendation),
            rule: Some(verdict.rule_text()),
            reason: Reason::Decided {
                figures: Box::new(figures(basis, &is, size, rate)),
                because: verdict.because,
                guard: verdict.guard,
            },
            by_criticality: BTreeMap::new(),
        },
        None => Advice::none(basis.unusable().unwrap_or_else(|| input.no_verdict())),
    }
}

/// Kinds that run it today and are outside.
pub(super) fn withdraw(basis: Basis) -> Vec<Executor> {
    let kinds = DELEGATES.into_iter();
    kinds
        .filter(|kind| basis.status_of(*kind) == Status::Outside)
        .collect()
}

fn figures(basis: Basis, is: &Attributes, size: &SizeScore, rate: &Rate) -> Figures {
    let tried = || {
        let kinds = DELEGATES.into_iter();
        kinds.filter(move |kind| basis.trial_of(*kind) != Trial::None)
    };
    let shadow = tried().filter_map(|kind| basis.shadow_of(kind));
    Figures {
        complexity: is.complexity,
        size_steps: size.nominal_size_steps,
        frequency: is.frequency,
        cases_per_week: rate.cases_per_week,
        criticality: is.criticality,
        criticality_assumed: basis.levels.criticality_assumed,
        tolerance: is.tolerance,
        permissible_deviation: basis.rating.permissible_deviation,
        deviation: basis.rating.deviation,
        independent_cases: basis.rating.independence.fewer(),
        status: is.status,
        live: tried()
            .filter_map(|kind| live_figures(basis, kind))
            .collect(),
        shadow: shadow
            .map(|shadow| ShadowFigures {
                runs: shadow.counted(),
                deviation: shadow.deviation,
                status: shadow.status,
            })
            .collect(),
    }
}

/// What one kind decided without approval beside others, where that speaks against it.
fn live_figures(basis: Basis, kind: Executor) -> Option<LiveFigures> {
    let deviation = basis.leaning_of(kind)?;
    let side = basis.alone(kind)?;
    let beside_others = basis.run_by.executors.len() > 1;
    beside_others.then_some(LiveFigures {
        executor: kind,
        cases: side.cases,
        deviation,
        status: side.status,
    })
}

/// What has still to be tried: a kind that should run it and never has, and shadow runs that say nothing yet.
pub(super) fn trial_notes(basis: Basis, recommendation: Option<Recommendation>) -> Vec<Note> {
    let called = match recommendation {
        Some(Recommendation::Ai) => Some(Executor::Ai),
        Some(Recommendation::Code) => Some(Executor::Code),
        _ => None,
    };
    let untried = called.filter(|kind| basis.is_untried(*kind));
    let open = DELEGATES.into_iter();
    let open = open.filter_map(|kind| open_trial(basis, kind));
    let all = untried.map(TrialNote::Untried).into_iter().chain(open);
    all.map(Note::Trial).collect()
}

/// What is still missing of shadow runs of one kind that say nothing yet.
fn open_trial(basis: Basis, executor: Executor) -> Option<TrialNote> {
    let shadow = basis.shadow_of(executor)?;
    if basis.trial_of(executor) != Trial::Undetermined {
        return None;
    }
    if shadow.compared_by == ComparedBy::Nothing {
        return Some(TrialNote::NotCompared(executor, shadow.reason));
    }
    // Clean shadow runs do not outweigh what it does live.
    if basis.leaning_of(executor).is_some() {
        return None;
    }
    let missing = shadow.clean_runs_missing.filter(|runs| *runs > 0)?;
    Some(TrialNote::Open { executor, missing })
}

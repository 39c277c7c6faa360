//! Who runs a process, and what each executor type runs of it.

use super::case_facts::durations;
use super::deviation::{Target, achieved_class, deviation_of, status};
use super::directions::{directions_in, with_directions};
use super::input::ProcessInput;
use super::process_score::{Automation, ExecutorScore, Provenance, RunBy};
use crate::measure::Sums;
use crate::model::{Executor, Hour};
use std::collections::BTreeMap;

/// Who runs it today.
pub(super) fn run_by(input: &ProcessInput, target: Target) -> RunBy {
    let ended = input.live_kinds().filter(|(_, sums)| sums.cases > 0);
    let executors = ended.map(|(kind, sums)| executor_score(input, kind, sums, target));
    let mut executors: Vec<ExecutorScore> = executors.collect();
    executors.sort_by_key(|side| side.executor.rank());
    RunBy {
        executor: executor(input),
        executors,
        automation: automation(input.live),
        can_be_withdrawn: can_be_withdrawn(input, input.live),
    }
}

/// Who ran the steps of ended cases, of those that name an executor.
fn automation(sums: &Sums) -> Option<Automation> {
    let steps = sums.steps_by.total();
    let share = |kind| sums.steps_by.get(kind) as f64 / steps as f64;
    let [ai, code] = [Executor::Ai, Executor::Code].map(share);
    (steps > 0).then(|| Automation {
        steps,
        human: share(Executor::Human),
        ai,
        code,
        share: ai + code,
    })
}

/// What was decided in one mode.
fn executor_score(
    input: &ProcessInput,
    executor: Executor,
    sums: &Sums,
    target: Target,
) -> ExecutorScore {
    let observed = input.scored_in(sums);
    let deviation = deviation_of(input, &observed);
    let (started, is_dated) = (sums.started(), !input.is_undated());
    let directions = directions_in(input, target, sums);
    let status = status(input, &observed, target);
    ExecutorScore {
        executor,
        cases: sums.cases,
        cases_per_week: (started > 0 && is_dated).then(|| started as f64 / input.covered.weeks()),
        deviation,
        independence: observed.independence(),
        status: with_directions(status, &directions),
        directions,
        can_be_withdrawn: can_be_withdrawn(input, sums),
        achieved_class: achieved_class(input, &observed, target),
        capability: target
            .permissible
            .zip(deviation)
            .map(|(t, deviation)| t / deviation.upper),
        duration_seconds: durations(sums).filter(|_| is_dated),
        duration_spread: spread(sums).filter(|_| is_dated),
        provenance: provenance(input, sums),
    }
}

/// Whether these are enough cases to withdraw who ran them. One case is enough if it ended in the critical outcome.
fn can_be_withdrawn(input: &ProcessInput, sums: &Sums) -> bool {
    let critical = input.declared.critical_outcome.as_ref();
    let is_critical =
        |id| critical.is_some_and(|critical| critical.outcome == input.terms.names.text(id));
    input.scored_in(sums).cases >= input.terms.tolerance.withdrawal_cases
        || sums.outcomes.iter().any(|(id, _)| is_critical(id))
}

/// Who vouches for the outcomes of some sums.
pub(super) fn provenance(input: &ProcessInput, sums: &Sums) -> Provenance {
    let stands_after = input.terms.tolerance.stands_after;
    let stands_since: Hour = input.as_of.plus(-stands_after).hour();
    let (mut stood, mut young) = (0, 0);
    for (hour, count) in sums.self_declared.iter() {
        if hour < stands_since {
            stood += count;
        } else {
            young += count;
        }
    }
    // Where nothing could be seen to be reopened, standing is no proof.
    if sums.settled == 0 {
        (stood, young) = (0, stood + young);
    }
    Provenance {
        confirmed: sums.confirmed.total(),
        stood,
        self_declared: young,
    }
}

/// Who runs it, as the log has it. The catalog fills in where that does not say: of more than half of the cases nothing, or
/// of most only that they are mixed.
fn executor(input: &ProcessInput) -> Executor {
    let by_kind = cases_by_mode(input);
    let known: i64 = by_kind.values().sum();
    let together = by_kind.get(&Executor::Mixed).copied().unwrap_or(0);
    let says_little = known * 2 < cases(input, input.live) || together * 5 >= known * 4;
    match input.declared.executor {
        Some(declared) if says_little => declared,
        _ => measured_executor(input),
    }
}

/// The mode of at least four fifths of the cases, else mixed.
pub(super) fn measured_executor(input: &ProcessInput) -> Executor {
    let by_kind = cases_by_mode(input);
    let all: i64 = by_kind.values().sum();
    let most = by_kind.into_iter().max_by_key(|(_, cases)| *cases);
    match most {
        None => Executor::Unknown,
        Some((kind, cases)) if cases * 5 >= all * 4 => kind,
        Some(_) => Executor::Mixed,
    }
}

fn cases_by_mode(input: &ProcessInput) -> BTreeMap<Executor, i64> {
    let known = input
        .live_kinds()
        .filter(|(kind, _)| *kind != Executor::Unknown);
    known
        .map(|(kind, sums)| (kind, cases(input, sums)))
        .collect()
}

/// Ended cases: open ones are not decided yet. Only if none has ended, those that have started.
fn cases(input: &ProcessInput, sums: &Sums) -> i64 {
    match input.live.cases > 0 {
        true => sums.cases,
        false => sums.started(),
    }
}

/// Spreads below this are of the order of the bins that durations are counted in, which are 1 % wide: a test of them would
/// judge the bins.
const LEAST_SPREAD: f64 = 1.05;

/// Whether a spread is too small to be compared.
pub(crate) fn is_unresolved(spread: f64) -> bool {
    spread < LEAST_SPREAD
}

/// The ratio of the 84th to the 16th percentile of the durations: robust, and free of the unit.
pub(super) fn spread(sums: &Sums) -> Option<f64> {
    let [low, high] = [0.16, 0.84].map(|q| sums.durations.quantile_seconds(q));
    let (low, high) = (low?, high?);
    (low > 0.0).then(|| high / low)
}

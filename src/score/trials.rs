//! Exercises and shadow runs: what was run beside live work.

use super::clean_cases::clean_cases_for;
use super::deviation::{Target, deviation_of, status};
use super::directions::{directions, directions_in, misses_too_much, with_directions};
use super::input::ProcessInput;
use super::observed::Observed;
use super::process_score::{ComparedBy, ExerciseScore, ShadowScore, Share, Trials};
use super::reason::ShadowReason;
use super::recommend::never_for_ai_alone;
use super::shadow::compared;
use crate::measure::Sums;
use crate::model::{Executor, Origin, Status};
use crate::rules::Judgement;

/// What was run beside live work.
pub(super) fn trials(input: &ProcessInput, target: Target) -> Trials {
    let parts = input.parts.parts.iter();
    let shadow = parts
        .filter(|((_, origin), sums)| *origin == Origin::Shadow && sums.cases > 0)
        .map(|((executor, _), sums)| shadow_score(input, *executor, sums, target));
    let shadow: Vec<ShadowScore> = shadow.collect();
    let exercises = input.parts.of_origin(Origin::Exercise);
    let ready = shadow.iter().filter(|score| score.ready);
    Trials {
        exercises: exercises.cases,
        exercise: exercise_score(input, &exercises),
        shadow_runs: input.parts.of_origin(Origin::Shadow).cases,
        ready_to_delegate: ready.map(|score| score.executor).collect(),
        shadow,
    }
}

/// Exercises beside live cases.
fn exercise_score(input: &ProcessInput, exercises: &Sums) -> Option<ExerciseScore> {
    if exercises.cases <= 0 {
        return None;
    }
    let deviation_in = |sums| deviation_of(input, &input.scored_in(sums));
    let deviation = deviation_in(exercises);
    let live_deviation = deviation_in(input.live);
    let apart = deviation.zip(live_deviation).map(|(a, b)| {
        // Two sequences of 95 % that do not meet: the difference is real with at least 90 %, whenever it is looked at.
        a.lower > b.upper || b.lower > a.upper
    });
    Some(ExerciseScore {
        cases: exercises.cases,
        deviation,
        counted: input.declared.exercises_count,
        live_deviation,
        differs_from_live: apart,
    })
}

/// Shadow runs of one kind, and whether the process is ready to be delegated to it.
fn shadow_score(
    input: &ProcessInput,
    executor: Executor,
    sums: &Sums,
    target: Target,
) -> ShadowScore {
    let compared = compared(sums, input.live);
    let (n, s) = (compared.all(), compared.deviation);
    let all = input.all_in(sums);
    // The days and causes of the comparisons are those of the runs.
    let observed = Observed::known(n, s, all.dependence);
    let deviation = deviation_of(input, &observed).filter(|_| n > 0);
    let (status, withheld) = shadow_status(input, sums, &observed, target);
    let reason =
        withheld.unwrap_or_else(|| readiness(input, executor, (status, compared.by()), target));
    let missing = [observed, all].map(|observed| clean_cases_for(input, &observed, target));
    // Where there are so many that a sample is kept, as few of what comes count.
    let by_case = sums.twins.sample().level;
    let sampled = by_case.max(sums.runs.sample().level);
    let missing = [missing[0].map(|runs| runs << sampled), missing[1]];
    let alike = n as f64 - compared.unlike;
    ShadowScore {
        executor,
        runs: sums.cases,
        compared_by: compared.by(),
        compared: n,
        like_done: Share::of(alike, n, input.terms.tolerance.alpha),
        deviation,
        independence: observed.independence(),
        status,
        ready: reason == ShadowReason::Within,
        // Clean runs that can be compared are clean of themselves as well.
        clean_runs_missing: missing[0].zip(missing[1]).map(|(a, b)| a.max(b)),
        reason,
    }
}

/// The status of the runs that could be compared. They are not called within where all runs, by how they say themselves
/// that they ended, are not: then it is withheld, with why. What could not be compared never makes them outside: nobody
/// knows what it would have been like.
fn shadow_status(
    input: &ProcessInput,
    sums: &Sums,
    compared: &Observed,
    target: Target,
) -> (Status, Option<ShadowReason>) {
    let of_compared = status(input, compared, target);
    let all = input.all_in(sums);
    match all.mean() {
        Some(mean)
            if of_compared == Status::Within && status(input, &all, target) != of_compared =>
        {
            let why = ShadowReason::AllRunsDeviate {
                runs: sums.cases,
                mean,
            };
            (Status::Undetermined, Some(why))
        }
        _ => (of_compared, None),
    }
}

/// Whether shadow runs of a status make the process ready to be delegated to their kind.
fn readiness(
    input: &ProcessInput,
    executor: Executor,
    (of_runs, by): (Status, ComparedBy),
    target: Target,
) -> ShadowReason {
    let live = input.parts.parts.get(&(executor, Origin::Live));
    let of_live = live.map(|sums| {
        let status = status(input, &input.scored_in(sums), target);
        with_directions(status, &directions_in(input, target, sums))
    });
    // Unless its own cases are shown to hold, so that it is others who miss.
    let misses = of_live != Some(Status::Within) && misses_too_much(&directions(input, target));
    let irreversible = input.declared.irreversible;
    let never = never_for_ai_alone(irreversible, target.required_class);
    let needs_judgement =
        executor != Executor::Human && input.declared.judgement == Judgement::Required;
    match (of_runs, by) {
        (Status::Within, _) if needs_judgement => ShadowReason::NeedsJudgement,
        (Status::Within, _) if executor == Executor::Ai && never => ShadowReason::NeverForAi,
        (Status::Within, _) if of_live == Some(Status::Outside) => ShadowReason::LiveCasesOutside,
        (Status::Within, _) if misses => ShadowReason::MissesTooMuch,
        (Status::Within, _) => ShadowReason::Within,
        (_, ComparedBy::Nothing) => ShadowReason::NothingCompared,
        _ => ShadowReason::NotWithin(of_runs),
    }
}

//! Misses apart from false alarms. One number must not hide a missed intrusion behind a hundred harmless escalations.

use super::bounds::Bounds;
use super::clean_cases::clean_cases_for;
use super::dependence::Independence;
use super::deviation::{Target, deviation_of, status};
use super::input::ProcessInput;
use super::observed::Observed;
use crate::measure::Sums;
use crate::model::{Direction, Origin, Status};
use serde::Serialize;

/// The cases that went wrong in one direction, and whether that is more than is tolerated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DirectionScore {
    /// How they went wrong.
    pub direction: Direction,
    /// How many did.
    pub cases: i64,
    /// Of so many that have ended and are scored.
    pub of: i64,
    /// Of these, cases of which nobody knows: their outcome is not classified, or no outcome has this direction.
    pub unknown_cases: i64,
    /// The share of the known cases with its confidence sequence; `None` if no case has ended, or too many are unknown.
    pub share: Option<Bounds>,
    /// The share if no unknown case went wrong in this direction, and if all of them did; `None` if none is unknown.
    pub share_range: Option<[f64; 2]>,
    /// How much evidence the cases are.
    #[serde(flatten)]
    pub independence: Independence,
    /// The share that the catalog tolerates; `None` if it says nothing.
    pub tolerance: Option<f64>,
    /// Share against tolerance; `None` without a tolerance.
    pub status: Option<Status>,
    /// Further cases that do not go wrong until the share is within; `None` without a tolerance, and where no number would do.
    pub clean_runs_missing: Option<u64>,
    /// Whether an outcome of the catalog, or one that was seen, has this direction.
    #[serde(skip)]
    pub(crate) is_shown: bool,
}

impl DirectionScore {
    /// Whether the process can't be called within because of it.
    pub(crate) fn is_not_within(&self) -> bool {
        self.status.is_some_and(|status| status != Status::Within)
    }
}

/// A deviation that is held against a limit of its own.
#[derive(Clone, Copy)]
pub(super) struct Claim {
    /// The direction whose share it is; `None` for the deviation as a whole.
    pub(super) direction: Option<Direction>,
    pub(super) observed: Observed,
    pub(super) target: Target,
}

/// What a process must hold to be within: its deviation as a whole, and the share of each direction that has a tolerance.
pub(super) fn claims(input: &ProcessInput, target: Target) -> Vec<Claim> {
    let whole = Claim {
        direction: None,
        observed: input.scored(),
        target,
    };
    let each = input.declared.tolerances.iter();
    let each = each.map(|(direction, tolerance)| Claim {
        direction: Some(*direction),
        observed: scored(input, *direction),
        target: target.of_share(*tolerance),
    });
    [whole].into_iter().chain(each).collect()
}

/// The directions of a process: those that outcomes of its cases have, or that the catalog speaks of.
pub(super) fn directions(input: &ProcessInput, target: Target) -> Vec<DirectionScore> {
    let shown = shown(input);
    shown
        .map(|direction| direction_score(input, target, direction, scored(input, direction)))
        .collect()
}

/// The same of the cases in one operating mode.
pub(super) fn directions_in(
    input: &ProcessInput,
    target: Target,
    sums: &Sums,
) -> Vec<DirectionScore> {
    let shown = shown(input);
    let score = |direction| {
        let observed = input.directed_in(&[sums], direction);
        direction_score(input, target, direction, observed)
    };
    shown.map(score).collect()
}

/// A status that is never better than that of any direction.
pub(super) fn with_directions(status: Status, directions: &[DirectionScore]) -> Status {
    status_with(status, directions.iter().filter_map(|of| of.status))
}

/// A status that is never better than any of these.
pub(crate) fn status_with(status: Status, others: impl Iterator<Item = Status>) -> Status {
    others.fold(status, |status, other| match (status, other) {
        (Status::Outside, _) | (_, Status::Outside) => Status::Outside,
        (Status::Within, Status::Within) => Status::Within,
        (Status::Within, _) => Status::Undetermined,
        (status, _) => status,
    })
}

/// Whether more is missed than is tolerated.
pub(super) fn misses_too_much(directions: &[DirectionScore]) -> bool {
    let is_it = |of: &DirectionScore| {
        of.direction == Direction::Missed && of.status == Some(Status::Outside)
    };
    directions.iter().any(is_it)
}

fn shown<'a>(input: &'a ProcessInput) -> impl Iterator<Item = Direction> + 'a {
    Direction::ALL.into_iter().filter(|direction| {
        input.declared.tolerances.contains_key(direction) || input.shows_direction(*direction)
    })
}

/// The cases that the score of the process rests on.
fn scored(input: &ProcessInput, direction: Direction) -> Observed {
    match input.declared.exercises_count {
        true => {
            let exercises = input.parts.of_origin(Origin::Exercise);
            input.directed_in(&[input.live, &exercises], direction)
        }
        false => input.directed_in(&[input.live], direction),
    }
}

fn direction_score(
    input: &ProcessInput,
    target: Target,
    direction: Direction,
    observed: Observed,
) -> DirectionScore {
    let tolerance = input.declared.tolerances.get(&direction).copied();
    let target = tolerance.map(|tolerance| target.of_share(tolerance));
    DirectionScore {
        direction,
        cases: observed.least as i64,
        of: observed.cases,
        unknown_cases: observed.unknown,
        share: deviation_of(input, &observed),
        share_range: (observed.unknown > 0).then(|| observed.range()),
        independence: observed.independence(),
        tolerance,
        status: target.map(|target| status(input, &observed, target)),
        clean_runs_missing: target.and_then(|target| clean_cases_for(input, &observed, target)),
        is_shown: input.shows_direction(direction),
    }
}

#[cfg(test)]
mod tests;

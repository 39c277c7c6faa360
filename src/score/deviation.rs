//! The observed deviation of a process, and what it shows beside the permissible one.

use super::bounds::{Bounds, interval_of};
use super::directions::{DirectionScore, with_directions};
use super::input::ProcessInput;
use super::observed::Observed;
use super::process_score::Rating;
use super::table;
use crate::model::{Class, Status, TolClass};

/// What the deviation of a process is held against.
#[derive(Clone, Copy)]
pub(super) struct Target {
    /// The class it needs.
    pub(super) required_class: Class,
    /// The size that sets it; `None` while no case has ended.
    pub(super) nominal: Option<f64>,
    /// T; `None` where the table has no value or the size is not known.
    pub(super) permissible: Option<f64>,
}

impl Target {
    /// Of a process of this nominal size.
    pub(super) fn of(input: &ProcessInput, nominal: Option<f64>) -> Target {
        let tolerance = input.terms.tolerance;
        let by_criticality = tolerance.classes.get(&input.declared.criticality);
        let declared = input.declared.class.or(by_criticality.copied());
        let required_class = declared.unwrap_or(Class::M);
        let permissible =
            nominal.and_then(|size| table::permissible_deviation(tolerance, required_class, size));
        Target {
            required_class,
            nominal,
            permissible,
        }
    }
}

impl Target {
    /// The same for the share of cases that go wrong in one direction: what is tolerated does not depend on the size.
    pub(super) fn of_share(self, tolerance: f64) -> Target {
        Target {
            nominal: Some(self.nominal.unwrap_or_default()),
            permissible: Some(tolerance),
            ..self
        }
    }
}

/// The rating of the whole process.
pub(super) fn rating(
    input: &ProcessInput,
    target: Target,
    directions: &[DirectionScore],
) -> Rating {
    let observed = input.scored();
    let deviation = deviation_of(input, &observed);
    let over = |of: fn(Bounds) -> f64| {
        let (t, deviation) = target.permissible.zip(deviation)?;
        Some(t / of(deviation))
    };
    let has_mean = deviation.is_some_and(|deviation| deviation.mean > 0.0);
    Rating {
        required_class: target.required_class,
        achieved_class: achieved_class(input, &observed, target),
        permissible_deviation: target.permissible,
        deviation,
        deviation_range: (observed.unknown > 0).then(|| observed.range()),
        independence: observed.independence(),
        unknown_cases: observed.unknown,
        status: with_directions(status(input, &observed, target), directions),
        capability: over(|deviation| deviation.upper),
        capability_of_mean: over(|deviation| deviation.mean).filter(|_| has_mean),
    }
}

/// The deviation of cases, widened by what was lost. `None` if it is known of no case, or unknown of too many: then only
/// its range is known.
pub(super) fn deviation_of(input: &ProcessInput, observed: &Observed) -> Option<Bounds> {
    let is_known = !input.unknown_too_many(observed);
    bounds(input, observed).filter(|_| is_known)
}

/// What is shown of a deviation, whatever the unknown cases are.
fn bounds(input: &ProcessInput, observed: &Observed) -> Option<Bounds> {
    observed.bounds(input.terms.tolerance.alpha, input.loss.share())
}

/// A deviation against the permissible one, where enough is known of the cases to say so.
pub(super) fn status(input: &ProcessInput, observed: &Observed, target: Target) -> Status {
    let deviation = bounds(input, observed);
    match (target.nominal, deviation) {
        (None, _) => Status::Undetermined,
        (Some(_), None) if target.permissible.is_some() => Status::Undetermined,
        (Some(_), _) => match table::status(interval_of(deviation), target.permissible) {
            Status::Within | Status::Outside if input.lost_too_much() => Status::Undetermined,
            Status::Within if input.too_few_days(observed) => Status::Undetermined,
            Status::Within if input.unknown_too_many(observed) => Status::Undetermined,
            status => status,
        },
    }
}

/// Whether it is only for want of days that a deviation is not called within.
pub(super) fn waits_for_days(input: &ProcessInput, observed: &Observed, target: Target) -> bool {
    let by_interval = bounds(input, observed)
        .map(|deviation| table::status(interval_of(Some(deviation)), target.permissible));
    input.too_few_days(observed) && matches!(by_interval, Some(Status::Within))
}

/// The finest class that a deviation is shown to hold.
pub(super) fn achieved_class(
    input: &ProcessInput,
    observed: &Observed,
    target: Target,
) -> TolClass {
    let is_known = !input.lost_too_much()
        && !input.unknown_too_many(observed)
        && !input.too_few_days(observed);
    match target.nominal {
        Some(size) if is_known => {
            let deviation = bounds(input, observed);
            table::achieved_class(input.terms.tolerance, interval_of(deviation), size)
        }
        _ => TolClass::Undetermined,
    }
}

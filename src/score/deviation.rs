//! The observed deviation of a process, and what it shows beside the permissible one.

use super::bounds::{Bounds, interval_of, widened_bounds};
use super::input::ProcessInput;
use super::process_score::Rating;
use super::table;
use crate::measure::Sums;
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

/// The rating of the whole process.
pub(super) fn rating(input: &ProcessInput, target: Target) -> Rating {
    let (n, s) = input.scored();
    let deviation = bounds(input, n, s);
    let over = |of: fn(Bounds) -> f64| {
        let (t, deviation) = target.permissible.zip(deviation)?;
        Some(t / of(deviation))
    };
    let has_mean = deviation.is_some_and(|deviation| deviation.mean > 0.0);
    Rating {
        required_class: target.required_class,
        achieved_class: achieved_class(input, deviation, target),
        permissible_deviation: target.permissible,
        deviation,
        status: status(input, deviation, target),
        capability: over(|deviation| deviation.upper),
        capability_of_mean: over(|deviation| deviation.mean).filter(|_| has_mean),
    }
}

/// The deviation of some live sums alone.
pub(super) fn deviation_of(input: &ProcessInput, sums: &Sums) -> Option<Bounds> {
    let (n, s) = input.scored_in(sums);
    bounds(input, n, s)
}

/// A mean with its confidence sequence, widened by what was lost. `None` where nothing was observed that could deviate.
pub(super) fn bounds(input: &ProcessInput, n: i64, s: f64) -> Option<Bounds> {
    if n <= 0 || !input.is_measurable() {
        return None;
    }
    let alpha = input.terms.tolerance.alpha;
    Some(widened_bounds(n as f64, s, alpha, input.loss.share()))
}

/// A deviation against the permissible one, where enough of the records are there to say so.
pub(super) fn status(input: &ProcessInput, deviation: Option<Bounds>, target: Target) -> Status {
    match (target.nominal, deviation) {
        (None, _) => Status::Undetermined,
        (Some(_), None) if target.permissible.is_some() => Status::Undetermined,
        (Some(_), _) => match table::status(interval_of(deviation), target.permissible) {
            Status::Within | Status::Outside if input.lost_too_much() => Status::Undetermined,
            status => status,
        },
    }
}

/// The finest class that a deviation is shown to hold.
pub(super) fn achieved_class(
    input: &ProcessInput,
    deviation: Option<Bounds>,
    target: Target,
) -> TolClass {
    match target.nominal {
        Some(size) if !input.lost_too_much() => {
            table::achieved_class(input.terms.tolerance, interval_of(deviation), size)
        }
        _ => TolClass::Undetermined,
    }
}

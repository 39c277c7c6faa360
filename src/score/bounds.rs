//! A mean with its interval, and how what was lost widens it.

use crate::stats::{Interval, confidence_sequence};
use serde::{Deserialize, Serialize};

/// A mean with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Mean.
    pub mean: f64,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

/// A value without error.
pub(crate) fn exactly(value: f64) -> Bounds {
    Bounds {
        mean: value,
        lower: value,
        upper: value,
    }
}

/// A mean with its confidence sequence: that of as many cases as `n` are worth (one in so many as the design effect), widened by the share of records that were lost: each lost record could have been a
/// case as designed, or one that is wrong (the bounds of Manski 1989, "Anatomy of the selection problem", for data missing
/// for unknown reasons).
pub(crate) fn widened_bounds(n: f64, s: f64, design_effect: f64, alpha: f64, lost: f64) -> Bounds {
    let ci = confidence_sequence(n / design_effect, s / design_effect, alpha);
    Bounds {
        mean: if n > 0.0 { s / n } else { 0.0 },
        lower: ci.lower * (1.0 - lost),
        upper: ci.upper * (1.0 - lost) + lost,
    }
}

/// The interval of a deviation; all that is possible if none was observed.
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

/// Whether a mean is above the limit, beyond rounding.
pub(super) fn mean_exceeds_limit(deviation: Bounds, limit: f64) -> bool {
    deviation.mean - limit > 1e-12
}

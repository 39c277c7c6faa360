//! Two executor kinds on the same process: by how much does one deviate more than the other?
//!
//! The raw difference is that of the mean deviations over all cases. Kinds don't get the same work, though, so the
//! adjusted one compares only what both ran: the differences on each input signature, weighed by Mantel and Haenszel.
//!
//! Intervals are at 95 % for a fixed amount of data: unlike the interval of the deviation they aren't made for a look
//! after every case. A difference of two confidence sequences would be, and more than twice as wide. The raw one takes cases for
//! independent, the adjusted one takes only inputs for that. Deviations lie in \[0, 1\] and most are 0, so that the variance
//! that was seen may be 0 or far too small; both intervals guard against that by imagined cases at the far ends.

#[cfg(test)]
mod tests;

use super::agreement::{Cell, InputRuns, RunCount, group};
use crate::model::{Executor, Ppm};
use crate::stats::{cluster_t, effective_number};
use serde::{Deserialize, Serialize};

/// Error probability of the intervals.
const ALPHA: f64 = 0.05;

/// The standard normal quantile at 1 - ALPHA / 2.
const Z: f64 = 1.959_963_984_540_054;

/// Fewest inputs that both kinds ran: the adjusted interval has about this many degrees of freedom, plus one.
const LEAST_INPUTS: u64 = 5;

/// The sums of the deviations of one kind, over all its cases that have ended, with an input signature or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KindTotals {
    /// The kind.
    pub executor: Executor,
    /// Its cases.
    pub cases: i64,
    /// Sum of their deviations, in parts per million.
    pub deviation_ppm: i128,
    /// Sum of the squares of these.
    pub deviation_ppm_squared: i128,
}

/// By how much the first of two kinds deviates more than the second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The first kind.
    pub first: Executor,
    /// The second kind.
    pub second: Executor,
    /// Over all cases of both.
    pub raw: KindDifference,
    /// Over the inputs that both ran, each with the same weight for both.
    pub adjusted: KindDifference,
    /// How many such inputs there are.
    pub shared_inputs: u64,
    /// Runs of the first kind on them.
    pub first_shared_runs: u64,
    /// Runs of the second kind on them.
    pub second_shared_runs: u64,
}

/// A difference of mean deviations, first less second, in \[-1, 1\]: positive where the first deviates more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KindDifference {
    /// The difference.
    pub value: Option<f64>,
    /// Lower bound.
    pub lower: Option<f64>,
    /// Upper bound.
    pub upper: Option<f64>,
    /// Why there is none.
    pub unknown: Option<Incomparable>,
    /// How many more inputs would have to be run by both kinds, where that is what is missing.
    pub more_inputs_needed: Option<u64>,
}

/// Why two kinds can't be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Incomparable {
    /// One of them has no case that has ended.
    NoCases,
    /// No input was run by both.
    NoSharedInputs,
    /// Too few inputs were run by both.
    TooFewSharedInputs,
}

/// Compares each two of the kinds in `totals`, in their order; `rows` are the runs that have an input signature, as for
/// `agreement()`.
pub(crate) fn compare(
    rows: impl IntoIterator<Item = RunCount>,
    totals: &[KindTotals],
) -> Vec<Comparison> {
    let inputs = group(rows);
    let mut found = Vec::new();
    for (at, first) in totals.iter().enumerate() {
        for second in &totals[at + 1..] {
            found.push(pair(&inputs, first, second));
        }
    }
    found
}

fn pair(inputs: &[InputRuns], first: &KindTotals, second: &KindTotals) -> Comparison {
    let both = |input: &InputRuns| {
        let (a, b) = (input.cell(first.executor)?, input.cell(second.executor)?);
        Some(Shared::new(a, b))
    };
    let shared: Vec<Shared> = inputs.iter().filter_map(both).collect();
    Comparison {
        first: first.executor,
        second: second.executor,
        raw: raw(first, second),
        adjusted: adjusted(&shared),
        shared_inputs: shared.len() as u64,
        first_shared_runs: shared.iter().map(|input| input.runs[0]).sum(),
        second_shared_runs: shared.iter().map(|input| input.runs[1]).sum(),
    }
}

/// The difference of the means with the interval of Agresti & Caffo (2000), "Simple and effective confidence intervals
/// for proportions and differences of proportions result from adding two successes and two failures", The American
/// Statistician 54: a normal interval after one imagined case of deviation 0 and one of 1 are added to each kind. For
/// deviations between 0 and 1 the variance is that of the values, which is at most that of a proportion.
fn raw(first: &KindTotals, second: &KindTotals) -> KindDifference {
    let (Some(a), Some(b)) = (Moments::of(first), Moments::of(second)) else {
        return KindDifference::unknown(Incomparable::NoCases);
    };
    let half = Z * (a.variance + b.variance).sqrt();
    KindDifference::around(a.mean - b.mean, a.shrunk_mean - b.shrunk_mean, half)
}

/// Mean and variance of the mean of a kind's deviations.
struct Moments {
    mean: f64,
    /// Mean with the two imagined cases.
    shrunk_mean: f64,
    /// Variance of that.
    variance: f64,
}

impl Moments {
    fn of(totals: &KindTotals) -> Option<Moments> {
        if totals.cases <= 0 {
            return None;
        }
        let one = i128::from(Ppm::ONE);
        let cases = i128::from(totals.cases) + 2;
        let sum = totals.deviation_ppm + one;
        // Integers until the one division: exact.
        let spread = cases * (totals.deviation_ppm_squared + one * one) - sum * sum;
        let (n, unit) = (cases as f64, f64::from(Ppm::ONE.0));
        Some(Moments {
            mean: totals.deviation_ppm as f64 / (n - 2.0) / unit,
            shrunk_mean: sum as f64 / n / unit,
            variance: spread.max(0) as f64 / (n * n * n) / (unit * unit),
        })
    }
}

/// One input that both kinds ran.
struct Shared {
    runs: [u64; 2],
    /// `n_a n_b / (n_a + n_b)`.
    weight: f64,
    /// The weight times the difference of the mean deviations.
    weighted: f64,
}

impl Shared {
    fn new(a: &Cell, b: &Cell) -> Shared {
        let (n_a, n_b) = (i128::from(a.runs), i128::from(b.runs));
        let cross = i128::from(a.deviation_ppm) * n_b - i128::from(b.deviation_ppm) * n_a;
        let all = (n_a + n_b) as f64;
        Shared {
            runs: [a.runs, b.runs],
            weight: (n_a * n_b) as f64 / all,
            weighted: cross as f64 / all / f64::from(Ppm::ONE.0),
        }
    }
}

/// The risk difference of Mantel & Haenszel over inputs as strata (Greenland & Robins 1985, "Estimation of a common effect
/// parameter from sparse follow-up data", Biometrics 41), for deviations in place of risks. Sato's (1989) variance is
/// for risks only and takes the difference to be the same on each input; this one is over inputs as clusters
/// (Cochran 1977, section 6.4, each residual divided by the share of the weight outside of its input), with Student's t.
///
/// The guard is that of Agresti & Min (2005), "Simple improved confidence intervals for comparing matched proportions",
/// Statistics in Medicine 24: two imagined inputs, as heavy as the others, one of which went alike for both, the other
/// half one way and half the other.
fn adjusted(shared: &[Shared]) -> KindDifference {
    let inputs = shared.len() as u64;
    if inputs < LEAST_INPUTS {
        let reason = if inputs == 0 {
            Incomparable::NoSharedInputs
        } else {
            Incomparable::TooFewSharedInputs
        };
        return KindDifference {
            more_inputs_needed: Some(LEAST_INPUTS - inputs),
            ..KindDifference::unknown(reason)
        };
    }
    let (weight, weighted) = weights(shared);
    let effective = effective_number(shared.iter().map(|input| input.weight));
    // The imagined inputs weigh as much as the others do at the mean: inputs that were run often are no more inputs.
    let each = weight / effective.max(1.0);
    let all = weight + 2.0 * each;
    let centre = weighted / all;
    let residuals = shared.iter().map(|input| {
        let outside = 1.0 - input.weight / all;
        ((input.weighted - centre * input.weight) / outside).powi(2)
    });
    let imagined = each
        * each
        * (0.5 * (1.0 - centre).powi(2) + 0.5 * (1.0 + centre).powi(2) + centre * centre);
    let variance = (residuals.sum::<f64>() + imagined) / (all * all);
    let t = cluster_t(effective, ALPHA);
    KindDifference::around(weighted / weight, centre, t * variance.sqrt())
}

/// The sums of weights and of weighted differences: the difference of Mantel & Haenszel is the second over the first.
fn weights(shared: &[Shared]) -> (f64, f64) {
    let weight = shared.iter().map(|input| input.weight).sum();
    (weight, shared.iter().map(|input| input.weighted).sum())
}

impl KindDifference {
    fn unknown(reason: Incomparable) -> KindDifference {
        KindDifference {
            unknown: Some(reason),
            ..KindDifference::default()
        }
    }

    /// A value with the interval `centre` +- `half`, which lies somewhat nearer to 0.
    fn around(value: f64, centre: f64, half: f64) -> KindDifference {
        KindDifference {
            value: Some(value),
            lower: Some((centre - half).max(-1.0).min(value)),
            upper: Some((centre + half).min(1.0).max(value)),
            ..KindDifference::default()
        }
    }
}

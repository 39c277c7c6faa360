//! The variance of success, split into what the input explains and what it does not.

use super::cells::Cell;
use serde::{Deserialize, Serialize};

/// The variance of success (1: a run ends without any deviation, 0: it does not) over runs of one executor kind:
/// `between_inputs + within_inputs = total`, the law of total variance, with each input weighing the same.
///
/// All three are unbiased, so the middle one can be below 0 by chance. For inputs with as many runs each they are the components
/// of a one-way random-effects analysis of variance, `within = MSW` and `between = (MSB - MSW) / n` (Searle, Casella &
/// McCulloch 1992, "Variance components"), which Miller (2024, "Adding error bars to evals") uses for
/// evaluations of language models. They agree with pass^k: `within = pass^1 - pass^2` over the same inputs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuccessVariance {
    /// Variance of the success of a run on an input taken at random.
    pub total: f64,
    /// Variance of the chances of success of the inputs: some are harder than others.
    pub between_inputs: f64,
    /// Mean variance of the success of runs on the same input: 0 where each input always ends alike.
    pub within_inputs: f64,
    /// Inputs with at least two runs whose outcome is known. The split is about these.
    pub inputs: u64,
}

/// The split; `None` below two inputs that were run at least twice.
pub(super) fn success_variance(cells: &[&Cell]) -> Option<SuccessVariance> {
    let (mut inputs, mut chances, mut squares, mut pairs) = (0u64, 0.0, 0.0, 0.0);
    for cell in cells.iter().filter(|cell| cell.known() > 1) {
        let (clean, runs) = (cell.clean as f64, cell.known() as f64);
        let chance = clean / runs;
        inputs += 1;
        chances += chance;
        squares += chance * chance;
        pairs += chance * (clean - 1.0) / (runs - 1.0);
    }
    if inputs < 2 {
        return None;
    }
    let count = inputs as f64;
    // Products of two different inputs: the square of the mean has the variance of the inputs in it.
    let mean_squared = (chances * chances - squares) / (count * (count - 1.0));
    let total = chances / count - mean_squared;
    let within_inputs = (chances - pairs) / count;
    Some(SuccessVariance {
        total,
        between_inputs: total - within_inputs,
        within_inputs,
        inputs,
    })
}

//! Average run lengths: how many observations a control chart lets pass, on average, before it signals.
//!
//! On a process without change that is the mean time between false alarms; after a change, the delay. Everything here is
//! computed exactly, not simulated. All functions give `None` for arguments out of range, and where the answer is beyond the
//! largest float. "Zero state": the chart starts where it starts on the first day and the process has been as it is from
//! then on.

mod bernoulli;
mod bernoulli_cusum;
mod bernoulli_design;
#[cfg(test)]
mod chain;

pub(crate) use bernoulli_cusum::BernoulliCusum;
pub(crate) use bernoulli_design::{BernoulliDesign, bernoulli_cusum_design};

/// A run length is at least 1; what rounds to below, overflows or is not a number is no answer.
fn answer(steps: f64) -> Option<f64> {
    (steps.is_finite() && steps > 1.0 - 1e-9).then(|| steps.max(1.0))
}

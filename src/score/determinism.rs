//! Whether the same input always has the same outcome: declared, or shown by the cases.

use super::agreement::Agreement;
use super::bounds::{Bounds, widened_bounds};
use super::input::ProcessInput;
use super::process_score::DeterminismScore;
use crate::measure::Sums;
use crate::rules::Determinism;

/// Whether the process is deterministic. A declaration counts: people who answer the same question differently do not make a process
/// vary that is designed not to.
pub(super) fn determinism(input: &ProcessInput, agreement: Option<&Agreement>) -> DeterminismScore {
    let other_variants = other_variants(input);
    let declared = input.declared.deterministic;
    DeterminismScore {
        determinism: match declared {
            Some(true) => Determinism::Deterministic,
            Some(false) => Determinism::Varying,
            None => measured(input, agreement, other_variants),
        },
        declared,
        other_variants,
    }
}

/// The same input has the same outcome, and few variants take all cases but a few. Where no input is known, the cases show nothing: they
/// may all have ended alike because all were alike.
fn measured(
    input: &ProcessInput,
    agreement: Option<&Agreement>,
    others: Option<Bounds>,
) -> Determinism {
    let limits = input.terms.tolerance.determinism;
    let differing = agreement.map(|agreement| agreement.repeatability_variance);
    let lower = differing.and_then(|differing| differing.lower);
    if lower.is_some_and(|lower| lower > limits.differing) {
        return Determinism::Varying;
    }
    let upper = differing.and_then(|differing| differing.upper);
    let is_alike = upper.is_some_and(|upper| upper <= limits.differing);
    match is_alike && is_at_most(others, limits.others) {
        true => Determinism::Deterministic,
        false => Determinism::Undetermined,
    }
}

fn is_at_most(share: Option<Bounds>, most: f64) -> bool {
    share.is_some_and(|share| share.upper <= most)
}

/// The share of cases outside of the most frequent variants; `None` if no case has ended, or so many variants are known that a sample of
/// them is kept.
fn other_variants(input: &ProcessInput) -> Option<Bounds> {
    let live: &Sums = input.live;
    let sample = live.variants.sample();
    if live.cases <= 0 || sample.level > 0 {
        return None;
    }
    let mut counts: Vec<i64> = sample.counts.iter().map(|(_, count)| count).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let main = input.terms.tolerance.determinism.variants as usize;
    let others = counts.iter().skip(main).sum();
    Some(share(input, others))
}

/// A share of the ended cases. Cases that depend on each other count as fewer, as they do for the deviation.
fn share(input: &ProcessInput, of: i64) -> Bounds {
    let n = input.live.cases as f64;
    let factor = input.scored().independence().factor();
    let alpha = input.terms.tolerance.alpha;
    widened_bounds(
        n,
        (of as f64).clamp(0.0, n),
        factor,
        alpha,
        input.loss.share(),
    )
}

//! Agreement beyond chance: Fleiss' kappa, within a kind and between kinds.
//!
//! `kappa = 1 - A / B`: A is the observed disagreement, the chance that two ratings of one input differ; B is the
//! disagreement by chance, `1 - sum(p^2)` over the shares p of the outcomes. Fleiss (1971), "Measuring nominal scale
//! agreement among many raters", Psychological Bulletin 76; for unequal numbers of ratings Fleiss & Cuzick (1979) and
//! Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, section 18.3, in which an input with n
//! ratings weighs n - 1.
//!
//! The interval is the wider to each side of two. One is the jackknife over inputs (Fleiss & Davies 1982) with Student's t. It has
//! no width where all inputs agree, and too little where few disagree. The other is the interval of A alone, which holds
//! in these cases, with B as it is.

use super::cells::{Cell, InputRuns};
use super::estimate::{ALPHA, Estimate, Repeats, Unknown};
use super::pairs::between;
use crate::model::NameId;
use crate::stats::{Cluster, Interval, cluster_share, cluster_t};
use std::collections::BTreeMap;

/// Disagreement by chance below this is none: what rounding leaves of 0.
const NO_CHANCE: f64 = 1e-12;

/// Kappa of the runs of one kind: runs are the raters.
pub(super) fn within_kind(cells: &[&Cell], repeats: &Repeats) -> Estimate {
    let repeated: Vec<&Cell> = cells.iter().copied().filter(|cell| cell.runs > 1).collect();
    repeats.estimate(|| kappa_of_runs(&repeated), Unknown::OneOutcome)
}

fn kappa_of_runs(cells: &[&Cell]) -> Option<(f64, Interval)> {
    let mut outcomes: BTreeMap<NameId, u128> = BTreeMap::new();
    for (outcome, runs) in cells.iter().flat_map(|cell| &cell.outcomes) {
        *outcomes.entry(*outcome).or_default() += u128::from(*runs);
    }
    let all: u128 = outcomes.values().sum();
    let squares: u128 = outcomes.values().map(|runs| runs * runs).sum();
    let by_chance =
        |runs: u128, squares: u128| (runs * runs - squares) as f64 / (runs * runs) as f64;
    let rated = cells.iter().map(|cell| {
        let n = u128::from(cell.runs);
        let own = |runs: &u64| u128::from(*runs) * u128::from(*runs);
        let alike: u128 = cell.outcomes.values().map(own).sum();
        let shared = cell.outcomes.iter();
        let cross: u128 = shared
            .map(|(outcome, runs)| outcomes[outcome] * u128::from(*runs))
            .sum();
        // sum((x - own)^2) without a pass over all outcomes.
        let left = squares + alike - 2 * cross;
        Rated {
            ratings: Cluster {
                part: (n * n - alike) as f64 / n as f64,
                whole: (n - 1) as f64,
                trials: (n / 2) as f64,
            },
            chance_without: if all > n {
                by_chance(all - n, left)
            } else {
                0.0
            },
        }
    });
    kappa(&rated.collect::<Vec<Rated>>(), by_chance(all, squares))
}

/// Kappa between kinds on the same input: kinds are the raters. A kind that ran an input more than once rates it by the
/// shares of its outcomes, so that no kind weighs more for running more often.
pub(super) fn between_kinds(inputs: &[InputRuns]) -> Estimate {
    let Some(repeats) = Repeats::between_kinds(inputs) else {
        return Estimate::unknown(Unknown::OneKind);
    };
    let shared: Vec<&InputRuns> = inputs
        .iter()
        .filter(|input| input.cells.len() > 1)
        .collect();
    repeats.estimate(|| kappa_of_kinds(&shared), Unknown::OneOutcome)
}

fn kappa_of_kinds(inputs: &[&InputRuns]) -> Option<(f64, Interval)> {
    let mut outcomes: BTreeMap<NameId, f64> = BTreeMap::new();
    let own: Vec<BTreeMap<NameId, f64>> = inputs.iter().map(|input| shares(input)).collect();
    for (outcome, share) in own.iter().flatten() {
        *outcomes.entry(*outcome).or_default() += share;
    }
    let all: f64 = inputs.iter().map(|input| input.cells.len() as f64).sum();
    let squares = ordered_sum(outcomes.values().map(|sum| sum * sum));
    let by_chance = |ratings: f64, squares: f64| 1.0 - squares / (ratings * ratings);
    let rated = inputs.iter().zip(&own).map(|(input, own)| {
        let kinds = input.cells.len() as f64;
        let alike = ordered_sum(own.values().map(|share| share * share));
        let cross = ordered_sum(own.iter().map(|(outcome, share)| outcomes[outcome] * share));
        Rated {
            ratings: Cluster {
                part: (kinds - 1.0) * disagreement(&input.cells).min(1.0),
                whole: kinds - 1.0,
                trials: input.matched_runs() as f64,
            },
            chance_without: if all > kinds {
                by_chance(all - kinds, squares + alike - 2.0 * cross)
            } else {
                0.0
            },
        }
    });
    kappa(&rated.collect::<Vec<Rated>>(), by_chance(all, squares))
}

/// Each outcome's share in the runs of a kind, added over kinds.
fn shares(input: &InputRuns) -> BTreeMap<NameId, f64> {
    let mut shares = BTreeMap::new();
    for cell in &input.cells {
        for (outcome, runs) in &cell.outcomes {
            *shares.entry(*outcome).or_default() += *runs as f64 / cell.runs as f64;
        }
    }
    shares
}

/// The chance that runs of two kinds differ, averaged over pairs of kinds.
fn disagreement(cells: &[Cell]) -> f64 {
    let (mut sum, mut pairs) = (0.0, 0.0);
    for (at, a) in cells.iter().enumerate() {
        for b in &cells[at + 1..] {
            sum += between(a, b);
            pairs += 1.0;
        }
    }
    sum / pairs
}

/// A sum that does not depend on how outcomes are numbered.
fn ordered_sum(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.iter().sum()
}

/// The ratings of one input.
struct Rated {
    /// Disagreement among them, out of their weight.
    ratings: Cluster,
    /// B without this input.
    chance_without: f64,
}

/// Kappa and its interval; `None` where chance agrees always.
fn kappa(rated: &[Rated], by_chance: f64) -> Option<(f64, Interval)> {
    if by_chance < NO_CHANCE {
        return None;
    }
    let clusters: Vec<Cluster> = rated.iter().map(|input| input.ratings).collect();
    let observed = cluster_share(&clusters, ALPHA)?;
    let value = 1.0 - observed.share / by_chance;
    let half = jackknife(rated, value)
        .map(|variance| cluster_t(observed.effective_clusters, ALPHA) * variance.sqrt());
    // One input alone holds all variation: nothing is known of how far kappa would vary.
    let half = half.unwrap_or(2.0);
    let interval = Interval {
        lower: (value - half).min(1.0 - observed.interval.upper / by_chance),
        upper: (value + half).max(1.0 - observed.interval.lower / by_chance),
    };
    Some((
        value,
        Interval {
            lower: interval.lower.max(-1.0),
            upper: interval.upper.min(1.0),
        },
    ))
}

/// The jackknife variance of kappa; `None` where kappa isn't defined without one of the inputs.
fn jackknife(rated: &[Rated], value: f64) -> Option<f64> {
    let part: f64 = rated.iter().map(|input| input.ratings.part).sum();
    let whole: f64 = rated.iter().map(|input| input.ratings.whole).sum();
    let mut squares = 0.0;
    for input in rated {
        if input.chance_without < NO_CHANCE {
            return None;
        }
        let observed = (part - input.ratings.part) / (whole - input.ratings.whole);
        squares += (1.0 - observed / input.chance_without - value).powi(2);
    }
    let m = rated.len() as f64;
    Some((m - 1.0) / m * squares)
}

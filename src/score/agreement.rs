//! Agreement: do runs on the same input end alike? A gauge R&R study (AIAG, Measurement Systems Analysis, 4th ed.) with
//! inputs as parts, executor kinds as appraisers and outcomes as readings.
//!
//! Outcomes are categories, so variance is the categorical one, the chance that two runs end differently (Gini 1912; Light
//! & Margolin 1971), and it splits over *pairs* of runs: a pair is on one input within one kind, on one input between
//! kinds, or on two inputs. The split is exact in integers ([`PairTable`]). What is a chance is the share of such pairs
//! that differ: an unbiased estimate (a U-statistic; Hoeffding 1948), in which inputs weigh by their pairs.
//!
//! Runs on one input are alike, so all intervals are over inputs, not over runs ([`crate::stats::cluster_share`]), at 95 %.
//! They hold for a fixed amount of data: unlike the interval of the deviation they aren't made for a look after every
//! case. Where evidence is thin there is no figure, but the number of runs that are missing ([`Estimate`]).

mod cells;
mod estimate;
mod kappa;
mod kind;
mod pairs;
mod split;
#[cfg(test)]
mod tests;

pub(crate) use cells::RunCount;
pub(crate) use estimate::{Estimate, Unknown};
pub(crate) use kind::{KindAgreement, PassHat};
pub(crate) use pairs::PairTable;

pub(super) use cells::{Cell, InputRuns, group};

use crate::stats::Cluster;
use estimate::{LEAST_INPUTS, Repeats};
use serde::{Deserialize, Serialize};

/// How far runs on the same input end alike. Made by [`agreement`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Different input signatures that were kept.
    pub inputs: u64,
    /// Of so many input signatures one was kept: 1 where all were. Beyond 16,384 a fair half is kept, and so on.
    #[serde(default)]
    pub kept_one_in: u64,
    /// Of these, inputs with at least two runs, of whatever kind.
    pub repeated_inputs: u64,
    /// Runs on these.
    pub runs: u64,
    /// Ordered pairs of runs, and how many of them differ, by what the two have in common.
    pub pairs: PairTable,
    /// Chance that any two runs end differently, in \[0, 1\]; `None` below two runs.
    pub total_variance: Option<f64>,
    /// Chance that two runs of one kind on the same input end differently: repeatability. 0 for deterministic code,
    /// 2 p (1 - p) for a toss of a coin.
    pub repeatability_variance: Estimate,
    /// Chance that two runs of different kinds on the same input end differently. It holds repeatability too.
    pub between_kinds_variance: Estimate,
    /// The parts that add up to the total; `None` while repeatability is not known.
    pub components: Option<Components>,
    /// Agreement between executor kinds on the same input beyond chance: Fleiss' kappa with kinds as raters.
    pub kappa_between_kinds: Estimate,
    /// Each kind on its own, in order of the kinds.
    pub kinds: Vec<KindAgreement>,
}

/// The total variance in parts, as in a gauge R&R study: `repeatability + reproducibility + inputs = total`.
///
/// Each part takes what the ones before it left over: repeatability is the chance that two runs of one kind on one
/// input differ; reproducibility is by how much that chance is greater between kinds, on the inputs that two kinds ran at
/// least twice each; the rest is due to the input, which is legitimate. No part is negative and no part exceeds what is left
/// of the total, so that the parts always add up: a measured repeatability above the total (by chance, where the input does
/// not matter) counts as all of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Components {
    /// Within one kind on the same input.
    pub repeatability: f64,
    /// Between kinds on the same input, above repeatability. `None` while less than five inputs were run at least twice by
    /// each of two kinds; what there is of it is part of `inputs` then.
    pub reproducibility: Option<f64>,
    /// Between inputs.
    pub inputs: f64,
    /// Their sum: the chance that any two runs end differently.
    pub total: f64,
}

/// Measures agreement from runs counted by input, executor kind, outcome and deviation.
///
/// Rows with equal keys are added first; counts that are not positive then are passed over. Neither the order of the
/// rows nor the numbers of the outcomes matter. A kind that the log does not say ([`crate::model::Executor::Unknown`])
/// is a kind like the others.
pub(crate) fn agreement(rows: impl IntoIterator<Item = RunCount>) -> Agreement {
    let inputs = group(rows);
    let pairs = PairTable::of(&inputs);
    let repeatability = repeatability(&inputs);
    let between_kinds = between_kinds(&inputs);
    let total_variance = pairs.all().chance();
    Agreement {
        inputs: inputs.len() as u64,
        kept_one_in: 1,
        repeated_inputs: inputs.iter().filter(|input| input.runs() > 1).count() as u64,
        runs: inputs.iter().map(InputRuns::runs).sum(),
        pairs,
        total_variance,
        components: components(total_variance, &repeatability, &inputs),
        repeatability_variance: repeatability,
        between_kinds_variance: between_kinds,
        kappa_between_kinds: kappa::between_kinds(&inputs),
        kinds: kind::kinds(&inputs),
    }
}

fn components(total: Option<f64>, within: &Estimate, inputs: &[InputRuns]) -> Option<Components> {
    let total = total?;
    let repeatability = within.value?.min(total);
    let beyond = pairs::between_beyond_within(inputs);
    let beyond = beyond.filter(|(_, inputs)| *inputs >= LEAST_INPUTS);
    let reproducibility = beyond.map(|(beyond, _)| beyond.clamp(0.0, total - repeatability));
    Some(Components {
        repeatability,
        reproducibility,
        inputs: total - repeatability - reproducibility.unwrap_or(0.0),
        total,
    })
}

/// Repeatability over all kinds: pairs within each (input, kind); the clusters are inputs.
fn repeatability(inputs: &[InputRuns]) -> Estimate {
    let clusters = inputs.iter().filter_map(|input| {
        let cells = || input.cells.iter();
        let trials: u64 = cells().map(|cell| cell.runs / 2).sum();
        pairs::within_kinds(input).cluster(trials)
    });
    let most_runs = |input: &InputRuns| input.cells.iter().map(|cell| cell.runs).max().unwrap_or(0);
    let runs: Vec<u64> = inputs.iter().map(most_runs).collect();
    // Runs that have another of their kind beside them.
    let repeated = |input: &InputRuns| {
        let runs = input.cells.iter().map(|cell| cell.runs);
        runs.filter(|runs| *runs > 1).sum::<u64>()
    };
    let mut repeats = Repeats::of_size(2, runs);
    repeats.runs = inputs.iter().map(repeated).sum();
    repeats.share(&clusters.collect::<Vec<Cluster>>())
}

fn between_kinds(inputs: &[InputRuns]) -> Estimate {
    let clusters = inputs
        .iter()
        .filter_map(|input| pairs::between_kinds(input).cluster(input.matched_runs()));
    match Repeats::between_kinds(inputs) {
        Some(repeats) => repeats.share(&clusters.collect::<Vec<Cluster>>()),
        None => Estimate::unknown(Unknown::OneKind),
    }
}

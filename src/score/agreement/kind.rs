//! One executor kind on its own: repeatability, kappa, pass^k.

use super::cells::{Cell, InputRuns};
use super::estimate::{Estimate, Repeats};
use super::split::{SuccessVariance, success_variance};
use super::{kappa, pairs};
use crate::model::Executor;
use crate::stats::Cluster;
use serde::{Deserialize, Serialize};

/// Greatest k of pass^k.
const MOST: u32 = 8;

/// How far runs of one executor kind on the same input end alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KindAgreement {
    /// The kind.
    pub executor: Executor,
    /// Its runs that have an input signature.
    pub runs: u64,
    /// Different inputs it ran.
    pub inputs: u64,
    /// Of these, inputs it ran at least twice.
    pub repeated_inputs: u64,
    /// Chance that two of its runs on the same input end differently.
    pub repeatability_variance: Estimate,
    /// Fleiss' kappa: 1 where runs on the same input always end alike, 0 where they do so by chance only.
    pub kappa: Estimate,
    /// pass^k for k from 1 to 8.
    pub pass_hat: Vec<PassHat>,
    /// The variance of success between and within inputs; `None` while pass^2 is not known.
    #[serde(default)]
    pub success_variance: Option<SuccessVariance>,
}

/// pass^k: the chance that k runs on the same input *all* end without any deviation.
///
/// The mean of `C(c, k) / C(n, k)` over inputs with n >= k runs, c of them clean, which is unbiased (Yao, Shinn, Razavi &
/// Narasimhan 2024, "tau-bench: a benchmark for tool-agent-user interaction in real-world domains", section 4). Each
/// input weighs the same. Runs of which nothing shows if they were as designed are left out, as if they had not been. Inputs with fewer
/// runs are not in it, so greater k may be about other inputs than smaller k.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PassHat {
    /// k.
    pub k: u32,
    /// Inputs with at least k runs.
    pub inputs: u64,
    /// The chance.
    pub chance: Estimate,
}

/// All kinds that ran at all.
pub(super) fn kinds(inputs: &[InputRuns]) -> Vec<KindAgreement> {
    let of_kind = |executor: &Executor| {
        let cells = inputs.iter().filter_map(|input| input.cell(*executor));
        let cells: Vec<&Cell> = cells.collect();
        (!cells.is_empty()).then(|| kind(*executor, &cells))
    };
    Executor::ALL.iter().filter_map(of_kind).collect()
}

fn kind(executor: Executor, cells: &[&Cell]) -> KindAgreement {
    let repeats = Repeats::of_size(2, cells.iter().map(|cell| cell.runs));
    let pairs = cells
        .iter()
        .filter_map(|cell| pairs::within(cell).cluster(cell.runs / 2));
    let pass_hat: Vec<PassHat> = (1..=MOST).map(|k| pass_hat(k, cells)).collect();
    let has_pairs = pass_hat
        .iter()
        .any(|pass| pass.k == 2 && pass.chance.value.is_some());
    KindAgreement {
        executor,
        runs: cells.iter().map(|cell| cell.runs).sum(),
        inputs: cells.len() as u64,
        repeated_inputs: cells.iter().filter(|cell| cell.runs > 1).count() as u64,
        repeatability_variance: repeats.share(&pairs.collect::<Vec<Cluster>>()),
        kappa: kappa::within_kind(cells, &repeats),
        success_variance: success_variance(cells).filter(|_| has_pairs),
        pass_hat,
    }
}

fn pass_hat(k: u32, cells: &[&Cell]) -> PassHat {
    let size = u64::from(k);
    let enough = || cells.iter().filter(move |cell| cell.known() >= size);
    let clusters = enough().map(|cell| Cluster {
        part: all_clean(cell, k),
        whole: 1.0,
        trials: (cell.known() / size) as f64,
    });
    let repeats = Repeats::of_size(size, cells.iter().map(|cell| cell.known()));
    PassHat {
        k,
        inputs: enough().count() as u64,
        chance: repeats.share(&clusters.collect::<Vec<Cluster>>()),
    }
}

/// `C(c, k) / C(n, k)`: the share of the sets of k runs that are all clean.
fn all_clean(cell: &Cell, k: u32) -> f64 {
    let drawn = (0..u64::from(k))
        .map(|already| cell.clean.saturating_sub(already) as f64 / (cell.known() - already) as f64);
    drawn.product()
}

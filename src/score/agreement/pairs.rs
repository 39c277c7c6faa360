//! The exact split of the categorical variance over pairs of runs, in integers.

use super::cells::{Cell, InputRuns};
use crate::model::NameId;
use crate::stats::Cluster;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Ordered pairs of different runs (each two runs count twice), and how many of them end differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairCount {
    /// Pairs.
    pub pairs: u128,
    /// Of these, pairs of runs that ended differently.
    pub differing: u128,
}

/// Pairs of runs by what they have in common. Of N runs, n of them with a given outcome, `pairs` add up to
/// `N (N - 1)` and `differing` to `N^2 - sum n^2`, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairTable {
    /// Both runs of one kind, on the same input.
    pub same_input_and_kind: PairCount,
    /// Runs of two kinds on the same input.
    pub same_input_other_kind: PairCount,
    /// Runs on two inputs.
    pub other_input: PairCount,
}

impl PairCount {
    /// All pairs among runs with these outcomes.
    fn among(outcomes: &BTreeMap<NameId, u64>) -> PairCount {
        let runs: u128 = outcomes.values().map(|runs| u128::from(*runs)).sum();
        let alike: u128 = outcomes.values().map(|runs| square(*runs)).sum();
        PairCount {
            pairs: runs * runs - runs,
            differing: runs * runs - alike,
        }
    }

    fn plus(self, other: PairCount) -> PairCount {
        PairCount {
            pairs: self.pairs + other.pairs,
            differing: self.differing + other.differing,
        }
    }

    /// What is left of these pairs without some of them.
    fn without(self, part: PairCount) -> PairCount {
        PairCount {
            pairs: self.pairs - part.pairs,
            differing: self.differing - part.differing,
        }
    }

    /// The chance that such a pair differs; `None` if there is none.
    pub fn chance(self) -> Option<f64> {
        (self.pairs > 0).then(|| self.differing as f64 / self.pairs as f64)
    }

    /// These pairs as one cluster with so many pairs that share no run; `None` if there is none.
    pub(super) fn cluster(self, trials: u64) -> Option<Cluster> {
        (self.pairs > 0 && trials > 0).then_some(Cluster {
            part: self.differing as f64,
            whole: self.pairs as f64,
            trials: trials as f64,
        })
    }
}

impl PairTable {
    /// All pairs of runs.
    pub fn all(self) -> PairCount {
        self.same_input_and_kind
            .plus(self.same_input_other_kind)
            .plus(self.other_input)
    }

    pub(super) fn of(inputs: &[InputRuns]) -> PairTable {
        let add = |sum: PairCount, part: PairCount| sum.plus(part);
        let none = PairCount::default();
        let same_input = inputs.iter().map(on_input).fold(none, add);
        let same_kind = inputs.iter().map(within_kinds).fold(none, add);
        PairTable {
            same_input_and_kind: same_kind,
            same_input_other_kind: same_input.without(same_kind),
            other_input: PairCount::among(&all_outcomes(inputs)).without(same_input),
        }
    }
}

/// Pairs on this input.
fn on_input(input: &InputRuns) -> PairCount {
    PairCount::among(&input.outcomes())
}

/// Pairs within one kind on this input.
pub(super) fn within_kinds(input: &InputRuns) -> PairCount {
    let cells = input.cells.iter().map(within);
    cells.fold(PairCount::default(), PairCount::plus)
}

/// Pairs in one cell.
pub(super) fn within(cell: &Cell) -> PairCount {
    PairCount::among(&cell.outcomes)
}

/// Pairs between kinds on this input.
pub(super) fn between_kinds(input: &InputRuns) -> PairCount {
    on_input(input).without(within_kinds(input))
}

/// By how much more often runs of two kinds differ than runs of one do, on the inputs that two kinds ran at least twice each:
/// `half the squared distance between the shares of their outcomes`, without bias. Of the same inputs, because where kinds do
/// not get the same work it would be the work that differs. With the number of these inputs; `None` if there is none.
pub(super) fn between_beyond_within(inputs: &[InputRuns]) -> Option<(f64, u64)> {
    let (mut sum, mut weight, mut found) = (0.0, 0.0, 0);
    for input in inputs {
        let repeated: Vec<&Cell> = input.cells.iter().filter(|cell| cell.runs > 1).collect();
        found += u64::from(repeated.len() > 1);
        for (at, a) in repeated.iter().enumerate() {
            for b in &repeated[at + 1..] {
                let pairs = a.runs as f64 * b.runs as f64;
                let own = |cell: &Cell| within(cell).chance().unwrap_or(0.0);
                sum += pairs * (between(a, b) - 0.5 * (own(a) + own(b)));
                weight += pairs;
            }
        }
    }
    (found > 0).then(|| (sum / weight, found))
}

/// The chance that a run of one cell and one of the other differ.
pub(super) fn between(a: &Cell, b: &Cell) -> f64 {
    let common = |(outcome, runs): (&NameId, &u64)| {
        u128::from(*runs) * u128::from(b.outcomes.get(outcome).copied().unwrap_or(0))
    };
    let alike: u128 = a.outcomes.iter().map(common).sum();
    let all = u128::from(a.runs) * u128::from(b.runs);
    (all - alike) as f64 / all as f64
}

fn all_outcomes(inputs: &[InputRuns]) -> BTreeMap<NameId, u64> {
    let mut all = BTreeMap::new();
    let cells = inputs.iter().flat_map(|input| &input.cells);
    for (outcome, runs) in cells.flat_map(|cell| &cell.outcomes) {
        *all.entry(*outcome).or_default() += runs;
    }
    all
}

fn square(value: u64) -> u128 {
    u128::from(value) * u128::from(value)
}

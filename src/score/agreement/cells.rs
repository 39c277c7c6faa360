//! Runs grouped by input and executor kind.

use crate::model::{Executor, NameId, Ppm};
use std::collections::BTreeMap;

/// A number of runs that are alike in everything agreement is measured from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RunCount {
    /// The input signature.
    pub input: u64,
    /// Who ran them.
    pub executor: Executor,
    /// How they ended.
    pub outcome: NameId,
    /// Their deviation, each; 0 is as designed.
    pub deviation: Ppm,
    /// Whether nothing shows if they were as designed.
    pub unknown: bool,
    /// How many.
    pub count: i64,
}

/// The runs of one kind on one input.
#[derive(Clone, Debug)]
pub(in crate::score) struct Cell {
    pub(in crate::score) executor: Executor,
    /// At least one.
    pub(in crate::score) runs: u64,
    /// Runs of which nothing shows if they were as designed.
    pub(in crate::score) unknown: u64,
    /// Of the others, runs without any deviation.
    pub(in crate::score) clean: u64,
    /// Sum of their deviations.
    pub(in crate::score) deviation_ppm: u64,
    /// Runs by outcome, each at least one, in order of the outcomes' numbers.
    pub(in crate::score) outcomes: BTreeMap<NameId, u64>,
}

/// The runs on one input, by kind in order of the kinds; at least one cell.
#[derive(Clone, Debug)]
pub(in crate::score) struct InputRuns {
    pub(in crate::score) cells: Vec<Cell>,
}

impl Cell {
    /// Runs that were as designed, or were not.
    pub(super) fn known(&self) -> u64 {
        self.runs - self.unknown
    }
}

impl InputRuns {
    /// All runs on this input.
    pub(in crate::score) fn runs(&self) -> u64 {
        self.cells.iter().map(|cell| cell.runs).sum()
    }

    /// The runs of one kind.
    pub(in crate::score) fn cell(&self, executor: Executor) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.executor == executor)
    }

    /// Runs by outcome over all kinds.
    pub(super) fn outcomes(&self) -> BTreeMap<NameId, u64> {
        let mut all = BTreeMap::new();
        for (outcome, runs) in self.cells.iter().flat_map(|cell| &cell.outcomes) {
            *all.entry(*outcome).or_default() += runs;
        }
        all
    }

    /// The most pairs of runs of different kinds in which no run stands twice.
    pub(super) fn matched_runs(&self) -> u64 {
        let most = self.cells.iter().map(|cell| cell.runs).max().unwrap_or(0);
        (self.runs() / 2).min(self.runs() - most)
    }
}

/// The rows by input, in order of the inputs. Rows with equal keys are added; what is not positive then is passed over.
pub(in crate::score) fn group(rows: impl IntoIterator<Item = RunCount>) -> Vec<InputRuns> {
    let mut rows: Vec<RunCount> = rows.into_iter().collect();
    rows.sort_unstable();
    let same = |a: &RunCount, b: &RunCount| {
        (a.input, a.executor, a.outcome, a.deviation, a.unknown)
            == (b.input, b.executor, b.outcome, b.deviation, b.unknown)
    };
    let mut inputs: Vec<(u64, InputRuns)> = Vec::new();
    for alike in rows.chunk_by(same) {
        let count: i64 = alike.iter().map(|row| row.count).sum();
        if let Some(runs) = u64::try_from(count).ok().filter(|runs| *runs > 0) {
            add(&mut inputs, &alike[0], runs);
        }
    }
    inputs.into_iter().map(|(_, runs)| runs).collect()
}

/// Adds runs behind all that are less or equal in input and kind.
fn add(inputs: &mut Vec<(u64, InputRuns)>, row: &RunCount, runs: u64) {
    if inputs.last().is_none_or(|(input, _)| *input != row.input) {
        inputs.push((row.input, InputRuns { cells: Vec::new() }));
    }
    let Some((_, input)) = inputs.last_mut() else {
        return;
    };
    if input
        .cells
        .last()
        .is_none_or(|cell| cell.executor != row.executor)
    {
        input.cells.push(Cell {
            executor: row.executor,
            runs: 0,
            unknown: 0,
            clean: 0,
            deviation_ppm: 0,
            outcomes: BTreeMap::new(),
        });
    }
    let Some(cell) = input.cells.last_mut() else {
        return;
    };
    cell.runs += runs;
    cell.deviation_ppm += runs * u64::from(row.deviation.min(Ppm::ONE));
    match (row.unknown, row.deviation) {
        (true, _) => cell.unknown += runs,
        (false, Ppm::ZERO) => cell.clean += runs,
        _ => {}
    }
    *cell.outcomes.entry(row.outcome).or_default() += runs;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(
        input: u64,
        executor: Executor,
        outcome: NameId,
        deviation: Ppm,
        count: i64,
    ) -> RunCount {
        RunCount {
            input,
            executor,
            outcome,
            deviation,
            unknown: false,
            count,
        }
    }

    #[test]
    fn rows_are_added_up_and_what_is_gone_is_gone() {
        let inputs = group([
            row(9, Executor::Code, NameId(1), Ppm::ZERO, 2),
            row(4, Executor::Ai, NameId(2), Ppm(500_000), 3),
            row(4, Executor::Ai, NameId(2), Ppm(500_000), -1),
            row(4, Executor::Ai, NameId(1), Ppm::ZERO, 1),
            row(4, Executor::Human, NameId(1), Ppm::ZERO, 4),
            row(7, Executor::Ai, NameId(1), Ppm::ZERO, 1),
            row(7, Executor::Ai, NameId(1), Ppm::ZERO, -1),
        ]);
        assert_eq!(inputs.len(), 2);
        assert_eq!(inputs[0].runs(), 7);
        assert_eq!(inputs[0].matched_runs(), 3);
        assert_eq!(
            inputs[0].outcomes(),
            BTreeMap::from([(NameId(1), 5), (NameId(2), 2)])
        );
        let ai = inputs[0].cell(Executor::Ai).unwrap();
        assert_eq!((ai.runs, ai.clean, ai.deviation_ppm), (3, 1, 1_000_000));
        assert!(inputs[0].cell(Executor::Code).is_none());
        assert_eq!(inputs[1].matched_runs(), 0);
    }
}

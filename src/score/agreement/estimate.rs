//! An estimate with its interval, or how much more evidence it takes.

use super::cells::InputRuns;
use crate::stats::{Cluster, Interval, cluster_share};
use serde::{Deserialize, Serialize};

/// Error probability of all intervals of agreement.
pub(super) const ALPHA: f64 = 0.05;

/// Fewest inputs behind a figure: an interval over inputs has this many degrees of freedom, plus one.
pub(super) const LEAST_INPUTS: u64 = 5;

/// Fewest runs on these inputs.
const LEAST_RUNS: u64 = 20;

/// An interval that reaches further to either side asks for more runs.
const HALF_WIDTH: f64 = 0.1;

/// A figure with its 95 % interval, or why there is none.
///
/// There is a figure from 5 repeated inputs and 20 runs on them. `more_runs_needed` says about how many more runs on repeated
/// inputs it takes: without a figure, until there is one; with a figure whose interval is wider than +- 0.1, until it is
/// as narrow as that (a half-width shrinks with the square root of the runs).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The figure.
    pub value: Option<f64>,
    /// Lower bound.
    pub lower: Option<f64>,
    /// Upper bound.
    pub upper: Option<f64>,
    /// About how many more runs are needed; `None` if there are enough, or if more of the same would not help.
    pub more_runs_needed: Option<u64>,
    /// Why there is no figure.
    pub unknown: Option<Unknown>,
}

/// Why there is no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// Too few inputs were run more than once, or too few times.
    TooFewRepeats,
    /// Only one executor kind runs this process.
    OneKind,
    /// All runs ended alike: there is no agreement beyond chance where chance agrees always.
    OneOutcome,
}

impl Estimate {
    /// No figure, and more of the same would not give one.
    pub(super) fn unknown(reason: Unknown) -> Estimate {
        Estimate {
            value: None,
            lower: None,
            upper: None,
            more_runs_needed: None,
            unknown: Some(reason),
        }
    }
}

/// How much repetition there is, and what it takes to get more.
#[derive(Clone, Debug)]
pub(super) struct Repeats {
    /// Inputs that were repeated.
    inputs: u64,
    /// Runs on these.
    pub(super) runs: u64,
    /// Inputs that are not repeated yet: runs that are missing, and how many it has then. Cheapest first.
    nearly: Vec<(u64, u64)>,
    /// Runs for an input that was never run.
    fresh: u64,
}

impl Repeats {
    /// Where an input counts from `size` runs on, by the runs on each input.
    pub(super) fn of_size(size: u64, runs: impl IntoIterator<Item = u64>) -> Repeats {
        let (enough, short): (Vec<u64>, Vec<u64>) =
            runs.into_iter().partition(|runs| *runs >= size);
        let missing = |runs: u64| (size - runs, size);
        Repeats::new(enough, short.into_iter().map(missing), size)
    }

    /// Where an input counts once two kinds ran it. `None` if there is but one kind.
    pub(super) fn between_kinds(inputs: &[InputRuns]) -> Option<Repeats> {
        let kinds = || inputs.iter().flat_map(|input| &input.cells);
        let first = kinds().next()?.executor;
        if kinds().all(|cell| cell.executor == first) {
            return None;
        }
        let (enough, short): (Vec<&InputRuns>, Vec<&InputRuns>) =
            inputs.iter().partition(|input| input.cells.len() > 1);
        let enough = enough.into_iter().map(InputRuns::runs);
        let missing = short.into_iter().map(|input| (1, input.runs() + 1));
        Some(Repeats::new(enough, missing, 2))
    }

    fn new(
        enough: impl IntoIterator<Item = u64>,
        nearly: impl Iterator<Item = (u64, u64)>,
        fresh: u64,
    ) -> Repeats {
        let (mut inputs, mut sum) = (0, 0);
        for runs in enough {
            inputs += 1;
            sum += runs;
        }
        let mut nearly: Vec<(u64, u64)> = nearly.collect();
        nearly.sort_unstable_by_key(|(missing, then)| (*missing, u64::MAX - *then));
        Repeats {
            inputs,
            runs: sum,
            nearly,
            fresh,
        }
    }

    /// Runs missing until there is a figure at all; 0 if there is one.
    fn missing(&self) -> u64 {
        let fresh = (self.fresh, self.fresh);
        let inputs = self.nearly.iter().copied().chain(std::iter::repeat(fresh));
        let short = LEAST_INPUTS.saturating_sub(self.inputs) as usize;
        let (more, runs) = inputs
            .take(short)
            .fold((0, self.runs), |(more, runs), (missing, then)| {
                (more + missing, runs + then)
            });
        more + LEAST_RUNS.saturating_sub(runs)
    }

    /// The figure from `value`, if there are enough repeats for one; `value` is `None` where it isn't defined, which
    /// `otherwise` gives the reason for.
    pub(super) fn estimate(
        &self,
        value: impl FnOnce() -> Option<(f64, Interval)>,
        otherwise: Unknown,
    ) -> Estimate {
        let missing = self.missing();
        if missing > 0 {
            return Estimate {
                more_runs_needed: Some(missing),
                ..Estimate::unknown(Unknown::TooFewRepeats)
            };
        }
        let Some((value, interval)) = value() else {
            return Estimate::unknown(otherwise);
        };
        let excess = ((interval.upper - interval.lower) / 2.0 / HALF_WIDTH).powi(2) - 1.0;
        Estimate {
            value: Some(value),
            lower: Some(interval.lower),
            upper: Some(interval.upper),
            more_runs_needed: (excess > 0.0).then(|| (self.runs as f64 * excess).ceil() as u64),
            unknown: None,
        }
    }

    /// The share of a total over inputs.
    pub(super) fn share(&self, clusters: &[Cluster]) -> Estimate {
        let share = || cluster_share(clusters, ALPHA).map(|found| (found.share, found.interval));
        self.estimate(share, Unknown::TooFewRepeats)
    }
}

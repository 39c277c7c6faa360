//! The null mean of a stream: by weekday and executor kind where these matter, with how uncertain it is.

use super::digest::{DEVIATION_STEPS, Digest, Layout, RANKS};
use super::stream::Stream;
use crate::model::Hour;
use crate::stats::{chi_square_quantile, clopper_pearson_upper, normal_quantile};
use std::ops::Range;

/// Dependence beyond this is taken for something else than dependence.
const MOST_SPREAD: f64 = 10.0;
/// A null mean stays so far from 0 and 1: a bet against certainty would never recover.
const EDGE: f64 = 1e-4;

/// One number in \[0, 1\] for each observation, by its category.
#[derive(Clone, Debug)]
pub(super) struct Scalar {
    /// The stream it belongs to.
    pub stream: Stream,
    /// Its categories: slot by slot, `x.len()` in each.
    pub range: Range<usize>,
    /// The number of each category of a slot.
    pub x: Vec<f64>,
    /// Whether it is (nearly) 0 or 1, so that binomial bounds fit.
    pub binary: bool,
    /// Which outcome it indicates.
    pub outcome: Option<usize>,
}

/// Every scalar of a layout.
pub(super) fn scalars(layout: Layout) -> Vec<Scalar> {
    let plain = |stream, range, x, binary| Scalar {
        stream,
        range,
        x,
        binary,
        outcome: None,
    };
    let steps = (0..=DEVIATION_STEPS).map(|step| step as f64 / DEVIATION_STEPS as f64);
    let ranks = || (0..RANKS).map(|rank| (rank as f64 + 0.5) / RANKS as f64);
    let spread = ranks().map(|rank| (2.0 * rank - 1.0).abs());
    let mut all = vec![
        plain(
            Stream::Deviation,
            layout.deviations(),
            steps.collect(),
            true,
        ),
        plain(
            Stream::DurationLocation,
            layout.ranks(),
            ranks().collect(),
            false,
        ),
        plain(
            Stream::DurationDispersion,
            layout.ranks(),
            spread.collect(),
            false,
        ),
        plain(Stream::InputVariance, layout.inputs(), vec![0.0, 1.0], true),
        plain(Stream::PathNovelty, layout.paths(), vec![0.0, 1.0], true),
    ];
    for outcome in 0..layout.outcomes {
        let mut x = vec![0.0; layout.outcomes];
        x[outcome] = 1.0;
        all.push(Scalar {
            outcome: Some(outcome),
            ..plain(Stream::OutcomeMix, layout.outcome_counts(), x, true)
        });
    }
    all
}

/// What a baseline says of a scalar.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Estimate {
    /// Observations.
    pub n: f64,
    /// Their mean.
    pub mean: f64,
    /// Their variance.
    pub variance: f64,
    /// How much more a sum of many varies than independent observations would: 1, or above where they depend on each other.
    pub spread: f64,
    /// The mean by slot and weekday, shrunk towards the mean of all.
    pub cells: Vec<[f64; 7]>,
}

/// Observations of a cell.
#[derive(Clone, Copy, Default)]
struct Cell {
    n: f64,
    sum: f64,
}

/// One hour of one scalar: what its observations sum up to beyond their null means, and how much they vary.
struct Residual {
    sum: f64,
    squares: f64,
}

impl Estimate {
    /// Of the hours of a baseline, in order.
    pub(super) fn of(scalar: &Scalar, hours: &[(Hour, Digest)]) -> Estimate {
        let slots = scalar.range.len() / scalar.x.len();
        let mut cells = vec![[Cell::default(); 7]; slots];
        let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for (hour, digest) in hours {
            let weekday = hour.day().weekday();
            each(scalar, digest, |slot, x, count| {
                let cell = &mut cells[slot][weekday];
                cell.n += count;
                cell.sum += count * x;
                n += count;
                sum += count * x;
                squares += count * x * x;
            });
        }
        if n == 0.0 {
            return Estimate {
                n,
                mean: 0.0,
                variance: 0.0,
                spread: 1.0,
                cells: vec![[0.0; 7]; slots],
            };
        }
        let mean = sum / n;
        let variance = (squares / n - mean * mean).max(0.0);
        let raw: Vec<[f64; 7]> = by_cell(&cells, |cell| match cell.n > 0.0 {
            true => cell.sum / cell.n,
            false => mean,
        });
        let apart = spread(&residuals(scalar, hours, &raw)).0;
        let cells = shrunk(&cells, mean, variance * apart);
        let (found, error) = spread(&residuals(scalar, hours, &cells));
        Estimate {
            n,
            mean,
            variance,
            spread: (found + error).clamp(1.0, MOST_SPREAD),
            cells,
        }
    }

    /// Of a share that was counted otherwise than by the categories: the same in every cell.
    pub(super) fn of_share(share: f64, n: f64, spread: f64, slots: usize) -> Estimate {
        Estimate {
            n,
            mean: share,
            variance: share * (1.0 - share),
            spread: spread.clamp(1.0, MOST_SPREAD),
            cells: vec![[share; 7]; slots],
        }
    }

    /// Upper bound of the mean of a 0/1 scalar, which errs with probability `risk`.
    pub(super) fn highest_share(&self, risk: f64) -> f64 {
        let n = self.n / self.spread;
        clopper_pearson_upper(self.mean * n, n, risk)
    }

    /// Lower and upper bound of the mean of any other, each of which errs with probability `risk`.
    pub(super) fn bounds(&self, risk: f64) -> (f64, f64) {
        let n = self.n / self.spread;
        if n <= 0.0 {
            return (0.0, 1.0);
        }
        let z = normal_quantile(risk).unwrap_or(3.0);
        let half = z * (self.variance / n).sqrt();
        (self.mean - half, self.mean + half)
    }

    /// The mean of a cell if the mean of all were `bound` instead of what it is.
    pub(super) fn moved(&self, cell: f64, bound: f64, binary: bool) -> f64 {
        let moved = if !binary {
            cell + bound - self.mean
        } else if self.mean <= 0.0 {
            bound
        } else if self.mean <= 0.5 {
            cell * bound / self.mean
        } else {
            1.0 - (1.0 - cell) * (1.0 - bound) / (1.0 - self.mean).max(EDGE)
        };
        moved.clamp(EDGE, 1.0 - EDGE)
    }
}

/// Calls `see(slot, x, count)` for every category that a digest counts.
pub(super) fn each(scalar: &Scalar, digest: &Digest, mut see: impl FnMut(usize, f64, f64)) {
    let counts = digest.counts.get(scalar.range.clone()).unwrap_or(&[]);
    for (slot, counts) in counts.chunks(scalar.x.len()).enumerate() {
        for (x, count) in scalar.x.iter().zip(counts) {
            if *count != 0 {
                see(slot, *x, f64::from(*count));
            }
        }
    }
}

fn by_cell(cells: &[[Cell; 7]], of: impl Fn(&Cell) -> f64) -> Vec<[f64; 7]> {
    cells.iter().map(|slot| slot.each_ref().map(&of)).collect()
}

/// Means of cells, shrunk towards the mean of all by as much as chance would have them differ (DerSimonian, Laird 1986,
/// "Meta-analysis in clinical trials": the moment estimator of the variance between groups). Where they differ no more
/// than chance would have it (chi-square, 5 %), they are all alike.
fn shrunk(cells: &[[Cell; 7]], mean: f64, variance: f64) -> Vec<[f64; 7]> {
    let seen: Vec<Cell> = cells
        .iter()
        .flatten()
        .copied()
        .filter(|c| c.n > 0.0)
        .collect();
    let degrees = seen.len().saturating_sub(1) as f64;
    let n: f64 = seen.iter().map(|cell| cell.n).sum();
    let off = |cell: &Cell| cell.n * (cell.sum / cell.n - mean).powi(2) / variance;
    let chi_square: f64 = seen.iter().map(off).sum();
    let by_chance = chi_square_quantile(0.95, degrees).unwrap_or(f64::INFINITY);
    if variance <= 0.0 || chi_square <= by_chance {
        return vec![[mean; 7]; cells.len()];
    }
    let weight = n - seen.iter().map(|cell| cell.n * cell.n).sum::<f64>() / n;
    let between = (chi_square - degrees) * variance / weight;
    by_cell(cells, |cell| {
        if cell.n == 0.0 {
            return mean;
        }
        let trust = cell.n * between / (cell.n * between + variance);
        mean + trust * (cell.sum / cell.n - mean)
    })
}

fn residuals(scalar: &Scalar, hours: &[(Hour, Digest)], cells: &[[f64; 7]]) -> Vec<Residual> {
    hours
        .iter()
        .filter_map(|(hour, digest)| {
            let weekday = hour.day().weekday();
            let mut seen = false;
            let mut residual = Residual {
                sum: 0.0,
                squares: 0.0,
            };
            each(scalar, digest, |slot, x, count| {
                let off = x - cells[slot][weekday];
                residual.sum += count * off;
                residual.squares += count * off * off;
                seen = true;
            });
            seen.then_some(residual)
        })
        .collect()
}

/// How much more sums vary than those of independent observations would, and its standard error: the long-run variance
/// of the hours (with the covariances at two lags; Newey, West 1987, with flat weights) over the sum of squares.
///
/// The order of the cases within an hour is not kept, so a correlation from case to case shows as hours that vary too much.
fn spread(hours: &[Residual]) -> (f64, f64) {
    let squares: f64 = hours.iter().map(|hour| hour.squares).sum();
    if squares <= 0.0 || hours.len() < 3 {
        return (1.0, 0.0);
    }
    let at = |nth: usize| hours.get(nth).map_or(0.0, |hour| hour.sum);
    let term = |nth: usize| {
        let sum = hours[nth].sum;
        sum * (sum + 2.0 * at(nth + 1) + 2.0 * at(nth + 2))
    };
    let terms: Vec<f64> = (0..hours.len()).map(term).collect();
    let total: f64 = terms.iter().sum();
    let mean = total / terms.len() as f64;
    let off: f64 = terms.iter().map(|term| (term - mean).powi(2)).sum();
    ((total / squares).max(0.0), off.sqrt() / squares)
}

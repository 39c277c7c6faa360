//! Detectors: what a baseline and a budget make of the digest of a day.

use super::baseline::Baseline;
use super::budget::Budget;
use super::digest::Digest;
use super::estimate::{Estimate, Scalar, scalars};
use super::stream::{Direction, Stream};
use super::suspicion::Suspicion;
use crate::model::Day;
use crate::rules::DriftTerms;
use crate::stats::{Bet, kelly, ln_bet, ln_count_line, normal_quantile};
use std::ops::Range;

/// Odds ratios that are bet on: a mixture finds a change between them nearly as soon as the best of them.
const RATIOS: [f64; 5] = [1.5, 1.9, 2.5, 3.5, 6.0];
/// The same for each outcome: these are many.
const OUTCOME_RATIOS: [f64; 3] = [1.6, 2.5, 5.0];
/// Bets on ranks, in both directions.
const RANK_BETS: [f64; 2] = [0.6, 1.4];
/// Ratios of daily counts that are bet on, upwards; their inverses downwards.
const COUNT_RATIOS: [f64; 4] = [1.25, 1.6, 2.5, 6.0];
/// A stream is watched from so many observations in the baseline on.
const LEAST_OBSERVATIONS: f64 = 50.0;
/// An outcome whose bound is above this can hardly become more frequent; if it becomes rarer, others tell.
const NEARLY_ALWAYS: f64 = 0.95;
/// Ranks that vary less than this are mostly ties: nothing is to be seen in them.
const LEAST_RANK_VARIANCE: f64 = 0.005;

/// A scalar with its null means.
#[derive(Clone, Debug)]
struct Table {
    scalar: Scalar,
    /// Null mean by weekday and category.
    means: [Vec<f64>; 7],
}

/// What one component of a mixture bets on.
#[derive(Clone, Debug)]
enum Wager {
    /// Logarithm of the factor by weekday and category of a table.
    Category {
        table: usize,
        ln: Box<[Vec<f64>; 7]>,
        direction: Direction,
    },
    /// A ratio of the cases begun a day: logarithm of the factor as a line over their number, by weekday.
    Count {
        direction: Direction,
        lines: [(f64, f64); 7],
        null: [f64; 7],
    },
}

/// A stream that is watched, and the bets of its mixture.
#[derive(Clone, Debug)]
struct Watched {
    stream: Stream,
    wagers: Vec<Wager>,
}

/// Every detector of one epoch of a process. Of constant size; what changes is in the mixtures of the fold.
#[derive(Clone, Debug)]
pub(crate) struct Detectors {
    tables: Vec<Table>,
    watched: Vec<Watched>,
}

/// What leads a stream: the direction, and which outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Leading {
    pub direction: Direction,
    pub outcome: Option<usize>,
}

impl Detectors {
    /// For a baseline, with bounds that follow from the budget.
    pub(crate) fn new(baseline: &Baseline, budget: &Budget, terms: &DriftTerms) -> Detectors {
        let risk = budget.risk(baseline.last);
        let mut made = Detectors {
            tables: Vec::new(),
            watched: Vec::new(),
        };
        for (scalar, estimate) in scalars(baseline.layout())
            .into_iter()
            .zip(&baseline.estimates)
        {
            let ties = !scalar.binary && estimate.variance < LEAST_RANK_VARIANCE;
            if estimate.n >= LEAST_OBSERVATIONS && !ties {
                made.watch(scalar, estimate, risk, terms.smallest_change);
            }
        }
        made.watch_arrivals(baseline, risk, terms.smallest_change);
        made
    }

    /// The streams that are watched, each with the number of its bets.
    pub(crate) fn streams(&self) -> impl Iterator<Item = (Stream, usize)> + '_ {
        self.watched
            .iter()
            .map(|one| (one.stream, one.wagers.len()))
    }

    fn watch(&mut self, scalar: Scalar, estimate: &Estimate, risk: f64, smallest: f64) {
        let table = self.tables.len();
        let (lower, upper) = match scalar.binary {
            true => (0.0, estimate.highest_share(risk)),
            false => estimate.bounds(risk),
        };
        if scalar.binary && upper > NEARLY_ALWAYS {
            return;
        }
        let width = scalar.x.len();
        let by_category = |of: &dyn Fn(f64, f64) -> f64| -> [Vec<f64>; 7] {
            std::array::from_fn(|day| {
                let value = |at: usize| of(estimate.cells[at / width][day], scalar.x[at % width]);
                (0..scalar.range.len()).map(value).collect()
            })
        };
        let means = by_category(&|cell, _| cell);
        let wager = |direction, lambda: &dyn Fn(f64) -> f64, bound: f64| {
            let ln = by_category(&|cell, x| {
                let m = estimate.moved(cell, bound, scalar.binary);
                ln_bet(lambda(m), x, m) / estimate.spread
            });
            Wager::Category {
                table,
                ln: Box::new(ln),
                direction,
            }
        };
        let wagers: Vec<Wager> = if scalar.binary {
            let ratios: &[f64] = match scalar.stream {
                Stream::OutcomeMix => &OUTCOME_RATIOS,
                _ => &RATIOS,
            };
            let bound = upper.max(estimate.mean * smallest);
            ratios
                .iter()
                .map(|ratio| {
                    let better = |m: f64| ratio * m / (1.0 + (ratio - 1.0) * m);
                    wager(Direction::Up, &|m| kelly(better(m), m), bound)
                })
                .collect()
        } else {
            let up = RANK_BETS
                .iter()
                .map(|bet| wager(Direction::Up, &|m| bet.min(0.98 / m), upper));
            let down = RANK_BETS
                .iter()
                .map(|bet| wager(Direction::Down, &|m| -bet.min(0.98 / (1.0 - m)), lower));
            up.chain(down).collect()
        };
        let stream = scalar.stream;
        self.tables.push(Table { scalar, means });
        // All outcomes are one stream.
        match self.watched.iter_mut().find(|one| one.stream == stream) {
            Some(watched) => watched.wagers.extend(wagers),
            None => self.watched.push(Watched { stream, wagers }),
        }
    }

    fn watch_arrivals(&mut self, baseline: &Baseline, risk: f64, smallest: f64) {
        let arrivals = &baseline.arrivals;
        if arrivals.total < LEAST_OBSERVATIONS {
            return;
        }
        let error = (arrivals.dispersion / arrivals.total).sqrt();
        let off = normal_quantile(risk).unwrap_or(3.0) * error;
        let factor = off.exp().max(smallest);
        let wagers = |ratio: &dyn Fn(f64) -> f64, bound: f64| {
            let line = |mean: f64, ratio: f64| {
                let mean = mean * bound;
                let excess = arrivals.dispersion - 1.0;
                let alpha = if mean > 0.0 { excess / mean } else { 0.0 };
                ln_count_line(mean, ratio, alpha)
            };
            let wager = |by: &f64| Wager::Count {
                direction: match ratio(*by) > 1.0 {
                    true => Direction::Up,
                    false => Direction::Down,
                },
                lines: arrivals.weekdays.map(|mean| line(mean, ratio(*by))),
                null: arrivals.weekdays,
            };
            COUNT_RATIOS.iter().map(wager).collect()
        };
        self.watched.push(Watched {
            stream: Stream::FrequencyUp,
            wagers: wagers(&|by| by, factor),
        });
        self.watched.push(Watched {
            stream: Stream::FrequencyDown,
            wagers: wagers(&|by| 1.0 / by, 1.0 / factor),
        });
    }

    /// The bets of a day, stream by stream. `threshold` bounds what a single day can say of the frequency: one day of a
    /// thousand cases is an incident, and no drift. Gives the mean deviation that is expected of a day with these cases;
    /// `None` where the deviation is not watched, and for a day without cases.
    pub(super) fn bets(
        &self,
        day: Day,
        digest: &Digest,
        threshold: f64,
        room: &mut Room,
        mut take: impl FnMut(usize, &[Bet]),
    ) -> Option<f64> {
        let weekday = day.weekday();
        let most = 0.5 * threshold.ln();
        let Room {
            present,
            seen,
            bets,
        } = room;
        present.clear();
        present.extend(counted(digest));
        seen.clear();
        let tables = self.tables.iter();
        seen.extend(tables.map(|table| Seen::of(table, weekday, present)));
        for (nth, watched) in self.watched.iter().enumerate() {
            bets.clear();
            bets.extend(watched.wagers.iter().map(|wager| match wager {
                Wager::Category { table, ln, .. } => seen[*table].bet(&ln[weekday], present),
                Wager::Count { lines, null, .. } => {
                    let (slope, offset) = lines[weekday];
                    let count = digest.starts as f64;
                    Bet {
                        ln_factor: (count * slope + offset).min(most),
                        count: 1.0,
                        sum: count,
                        expected: null[weekday],
                    }
                }
            }));
            take(nth, bets);
        }
        let is_deviation = |table: &Table| table.scalar.stream == Stream::Deviation;
        let deviation = &seen[self.tables.iter().position(is_deviation)?];
        (deviation.count > 0.0).then(|| deviation.expected / deviation.count)
    }

    /// The logarithms of the factors that a digest brings to the bets on a change: one for each of them.
    pub(super) fn added(
        &self,
        suspicion: &Suspicion,
        outcome: usize,
        day: Day,
        digest: &Digest,
    ) -> Vec<f64> {
        let weekday = day.weekday();
        let present: Vec<(usize, f64)> = counted(digest).collect();
        let watched = self.watched.iter();
        let of_stream = watched.filter(|watched| watched.stream == suspicion.stream);
        let bets = of_stream.flat_map(|watched| &watched.wagers);
        bets.filter_map(|wager| match wager {
            Wager::Category {
                table,
                ln,
                direction,
            } => {
                let table = &self.tables[*table];
                let of = table.scalar.outcome.unwrap_or(outcome);
                let meant = *direction == suspicion.direction && of == outcome;
                let bet = || Seen::of(table, weekday, &present).bet(&ln[weekday], &present);
                meant.then(|| bet().ln_factor)
            }
            Wager::Count { .. } => None,
        })
        .collect()
    }

    /// What a component of a watched stream bets on.
    pub(super) fn leading(&self, watched: usize, component: usize) -> Option<Leading> {
        let watched = self.watched.get(watched)?;
        let leading = match watched.wagers.get(component)? {
            Wager::Category {
                table, direction, ..
            } => Leading {
                direction: *direction,
                outcome: self.tables[*table].scalar.outcome,
            },
            Wager::Count { direction, .. } => Leading {
                direction: *direction,
                outcome: None,
            },
        };
        Some(leading)
    }
}

/// What the bets of a day are worked out in: kept from day to day, because a fleet has hundreds of thousands of days.
#[derive(Debug, Default)]
pub(super) struct Room {
    present: Vec<(usize, f64)>,
    seen: Vec<Seen>,
    bets: Vec<Bet>,
}

/// The categories that a digest counts, ascending, with their counts: few of all there are.
fn counted(digest: &Digest) -> impl Iterator<Item = (usize, f64)> + '_ {
    let counts = digest.counts.iter().enumerate();
    let present = counts.filter(|(_, count)| **count != 0);
    present.map(|(at, count)| (at, f64::from(*count)))
}

/// What a digest says of one scalar.
#[derive(Debug)]
struct Seen {
    /// Which of the categories that are present are its own.
    own: Range<usize>,
    /// Where its categories begin.
    from: usize,
    count: f64,
    sum: f64,
    expected: f64,
}

impl Seen {
    fn of(table: &Table, weekday: usize, present: &[(usize, f64)]) -> Seen {
        let (x, means) = (&table.scalar.x, &table.means[weekday]);
        let range = &table.scalar.range;
        let begin = present.partition_point(|(at, _)| *at < range.start);
        let own = present[begin..].partition_point(|(at, _)| *at < range.end);
        let mut seen = Seen {
            own: begin..begin + own,
            from: range.start,
            count: 0.0,
            sum: 0.0,
            expected: 0.0,
        };
        for (at, count) in &present[seen.own.clone()] {
            let at = at - range.start;
            seen.count += count;
            seen.sum += count * x[at % x.len()];
            seen.expected += count * means[at];
        }
        seen
    }

    fn bet(&self, ln: &[f64], present: &[(usize, f64)]) -> Bet {
        let of = |(at, count): &(usize, f64)| ln[at - self.from] * count;
        Bet {
            ln_factor: present[self.own.clone()].iter().map(of).sum(),
            count: self.count,
            sum: self.sum,
            expected: self.expected,
        }
    }
}

//! The observations of a stream, day by day, or by longer units where a day has few cases.

use super::baseline::Baseline;
use super::digest::{Digest, RANKS};
use super::stream::{Direction, Stream};
use crate::model::Day;
use crate::rules::Calendar;
use chrono::Datelike;

/// A unit of a share holds about so many cases. With fewer, the cases of one incident would be several units, and count as if
/// they had nothing to do with each other.
const CASES_PER_UNIT: f64 = 8.0;
/// Lengths of a unit, in days.
const UNITS: [usize; 7] = [1, 2, 3, 5, 7, 14, 28];
/// Ranks that vary less than this are mostly ties: nothing is to be seen in them.
const LEAST_RANK_VARIANCE: f64 = 0.005;
/// A stream is watched if it has so many observations in the baseline.
const LEAST_OBSERVATIONS: f64 = 50.0;

/// What a day has in common with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DayClass {
    /// 0 is Monday.
    pub weekday: usize,
    /// 0 for the first two days of a month, 2 for the last two, 1 for all others.
    pub place_in_month: usize,
    /// 1 for a day that the calendar names.
    pub special: usize,
    /// 0 is January.
    pub month: usize,
}

/// The classes of the days from the first on.
pub(super) fn day_classes(first: Day, days: usize, calendar: &Calendar) -> Vec<DayClass> {
    let days = first.until(first.saturating_add(i32::try_from(days).unwrap_or(i32::MAX)));
    let class = |day: Day| {
        let date = day.date().unwrap_or_default();
        let next = (day + 2).date().unwrap_or_default();
        let place_in_month = match (date.day(), next.month() != date.month()) {
            (1 | 2, _) => 0,
            (_, true) => 2,
            _ => 1,
        };
        DayClass {
            weekday: day.weekday(),
            place_in_month,
            special: usize::from(calendar.is_special(day)),
            month: date.month0() as usize,
        }
    };
    days.map(class).collect()
}

/// What the observations of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// How many cases start in a day: `x` per day.
    Count,
    /// Observations from 0 to 1: `x` is their sum, `n` their number.
    Share,
}

/// One number per unit.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub stream: Stream,
    /// Which outcome it counts, by its place in the baseline.
    pub outcome: Option<usize>,
    pub kind: Kind,
    /// Days of a unit.
    pub unit: usize,
    /// A unit is complete so many days after its last day.
    pub lag: usize,
    /// Observations of each unit.
    pub n: Vec<f64>,
    /// Their sum.
    pub x: Vec<f64>,
    /// Variance of an observation, over that of a yes or no with the same mean.
    pub variance_ratio: f64,
    /// A usual observation that is not 0: 1 for a yes or no.
    pub event: f64,
    /// Which ways are watched.
    pub up: bool,
    /// See `up`.
    pub down: bool,
    /// What is known from the baseline otherwise than by its units: the sum, and the number.
    pub prior: (f64, f64),
    /// Units of the baseline.
    pub baseline: usize,
    /// Series and ways that share the false alarms of their stream.
    pub shared_by: f64,
}

/// A measure of a day: the sum of its observations, their number, and the sum of their squares.
type Measure<'a> = &'a dyn Fn(&Digest) -> [f64; 3];

/// The days of an epoch, complete, from its first day on.
pub(super) struct Days<'a> {
    pub baseline: &'a Baseline,
    pub digests: &'a [&'a Digest],
    /// Whether each of them is left out.
    pub left_out: Vec<bool>,
}

impl Days<'_> {
    /// Every series that is watched.
    pub(super) fn series(&self) -> Vec<Series> {
        let layout = self.baseline.layout();
        let mut all = Vec::new();
        all.extend(self.share(Stream::Deviation, None, &|day| {
            let share = |ppm: i64| ppm as f64 / 1e6;
            [
                share(day.deviation_ppm),
                day.cases as f64,
                share(day.deviation_squares_ppm),
            ]
        }));
        let ranks = layout.ranks().start;
        for (stream, of) in [
            (Stream::DurationLocation, location as fn(usize) -> f64),
            (Stream::DurationDispersion, dispersion),
        ] {
            // A case that is older than the horizon is later than all others.
            all.extend(self.share(stream, None, &|day| {
                let mut sums = [day.beyond(); 3];
                for rank in 0..RANKS {
                    let (x, by) = (of(rank), day.count(ranks + rank));
                    sums[0] += x * by;
                    sums[1] += by;
                    sums[2] += x * x * by;
                }
                sums
            }));
        }
        for outcome in 0..layout.outcomes {
            let at = layout.outcome_counts().start + outcome;
            let of_outcome = |day: &Digest| [day.count(at), day.cases as f64, day.count(at)];
            all.extend(self.share(Stream::OutcomeMix, Some(outcome), &of_outcome));
        }
        let two = |from: usize| {
            move |day: &Digest| {
                let (known, new) = (day.count(from), day.count(from + 1));
                [new, known + new, new]
            }
        };
        let (inputs, paths) = (layout.inputs().start, layout.paths().start);
        all.extend(self.share(Stream::InputVariance, None, &two(inputs)));
        all.extend(self.share(Stream::PathNovelty, None, &two(paths)));
        all.extend([Stream::FrequencyUp, Stream::FrequencyDown].map(|stream| self.count(stream)));
        share_false_alarms(&mut all);
        all
    }

    fn baseline_days(&self) -> usize {
        let days = self.baseline.last - self.baseline.first + 1;
        usize::try_from(days).unwrap_or(0).min(self.digests.len())
    }

    fn share(&self, stream: Stream, outcome: Option<usize>, of: Measure) -> Option<Series> {
        let learnt = self.baseline_days();
        let prior = match stream {
            Stream::InputVariance => self.baseline.differing,
            Stream::PathNovelty => self.baseline.unseen,
            _ => Default::default(),
        };
        let has_prior = matches!(stream, Stream::InputVariance | Stream::PathNovelty);
        let days = self.digests.iter().zip(&self.left_out);
        let days: Vec<[f64; 3]> = days
            .map(|(day, left_out)| if *left_out { [0.0; 3] } else { of(day) })
            .collect();
        let [sum, count, squares] = total(&days[..learnt]);
        let observations = if has_prior { prior.all } else { count };
        if observations < LEAST_OBSERVATIONS {
            return None;
        }
        let (variance_ratio, event) = if has_prior {
            (1.0, 1.0)
        } else {
            spread(sum, count, squares)
        };
        let is_rank = matches!(
            stream,
            Stream::DurationLocation | Stream::DurationDispersion
        );
        let mean = if count > 0.0 { sum / count } else { 0.0 };
        if is_rank && variance_ratio * mean * (1.0 - mean) < LEAST_RANK_VARIANCE {
            return None;
        }
        let per_day = count / learnt.max(1) as f64;
        let unit = if is_rank { 1 } else { unit_of(per_day) };
        let units = days.chunks_exact(unit).map(total);
        let (mut x, mut n): (Vec<f64>, Vec<f64>) = units.map(|[x, n, _]| (x, n)).unzip();
        let baseline = learnt.div_ceil(unit).min(n.len());
        if has_prior {
            // In the baseline itself nothing is new.
            x[..baseline].fill(0.0);
            n[..baseline].fill(0.0);
        }
        Some(Series {
            stream,
            outcome,
            kind: Kind::Share,
            unit,
            lag: usize::try_from(self.baseline.horizon).unwrap_or(0),
            n,
            x,
            variance_ratio,
            event,
            up: true,
            down: is_rank,
            prior: (prior.of, prior.all),
            baseline,
            shared_by: 1.0,
        })
    }

    fn count(&self, stream: Stream) -> Series {
        Series {
            stream,
            outcome: None,
            kind: Kind::Count,
            unit: 1,
            lag: 0,
            n: self
                .left_out
                .iter()
                .map(|out| f64::from(u8::from(!out)))
                .collect(),
            x: (self.digests.iter().zip(&self.left_out))
                .map(|(day, out)| if *out { 0.0 } else { day.starts as f64 })
                .collect(),
            variance_ratio: 1.0,
            event: 1.0,
            up: stream == Stream::FrequencyUp,
            down: stream == Stream::FrequencyDown,
            prior: (0.0, 0.0),
            baseline: self.baseline_days(),
            shared_by: 1.0,
        }
    }
}

impl Series {
    /// No mean is greater.
    pub(super) fn most(&self) -> f64 {
        match self.kind {
            Kind::Count => f64::INFINITY,
            Kind::Share => 1.0,
        }
    }

    /// Whether it goes this way from one mean to another, and that way is watched.
    pub(super) fn is_watched(&self, is_up: bool) -> bool {
        if is_up { self.up } else { self.down }
    }
}

fn share_false_alarms(all: &mut [Series]) {
    let ways = |series: &Series| f64::from(u8::from(series.up) + u8::from(series.down));
    let of = |stream: Stream, all: &[Series]| -> f64 {
        let same = all.iter().filter(|series| series.stream == stream);
        same.map(ways).sum()
    };
    for nth in 0..all.len() {
        all[nth].shared_by = of(all[nth].stream, all);
    }
}

/// Where a duration lies among those of the baseline, from 0 to 1.
pub(super) fn location(rank: usize) -> f64 {
    (rank as f64 + 0.5) / RANKS as f64
}

/// How far a duration is from the middle of the baseline, from 0 to 1.
pub(super) fn dispersion(rank: usize) -> f64 {
    (2.0 * location(rank) - 1.0).abs()
}

fn total(days: &[[f64; 3]]) -> [f64; 3] {
    days.iter().fold([0.0; 3], |sum, day| {
        std::array::from_fn(|at| sum[at] + day[at])
    })
}

/// The variance of an observation over that of a yes or no with the same mean, and a usual observation that is not 0.
fn spread(sum: f64, count: f64, squares: f64) -> (f64, f64) {
    if count <= 0.0 || sum <= 0.0 || sum >= count {
        return (1.0, 1.0);
    }
    let mean = sum / count;
    let variance = (squares / count - mean * mean).max(0.0);
    (
        (variance / (mean * (1.0 - mean))).clamp(0.02, 1.0),
        squares / sum,
    )
}

fn unit_of(cases_per_day: f64) -> usize {
    let enough = |unit: &usize| *unit as f64 * cases_per_day >= CASES_PER_UNIT;
    UNITS
        .into_iter()
        .find(enough)
        .unwrap_or(UNITS[UNITS.len() - 1])
}

/// The direction of a change.
pub(super) fn direction(is_up: bool) -> Direction {
    if is_up {
        Direction::Up
    } else {
        Direction::Down
    }
}

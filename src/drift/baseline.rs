//! What is known of a process when its epoch began: the reference that later days are held against.

use super::digest::{Digest, Layout, RANKS};
use super::estimate::{Estimate, scalars};
use super::hour::HourPart;
use super::stream::Stream;
use crate::codec::{DamagedBytes, Reader, put_i64, put_u64};
use crate::model::{Day, Executor, NameId};
use crate::stats::population_stability;
use std::collections::{BTreeMap, BTreeSet};

/// First byte of a stored baseline.
const VERSION: u8 = 1;

/// Ranks of durations among those of the baseline, by executor kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RankTable {
    /// Bins of the sketch, ascending, each with the number of durations in it.
    bins: Vec<(i32, i64)>,
    /// For each bin, those in the bins before it.
    below: Vec<i64>,
    total: i64,
}

impl RankTable {
    pub(super) fn new(bins: Vec<(i32, i64)>) -> RankTable {
        let mut total = 0;
        let below = bins.iter().map(|(_, count)| {
            let below = total;
            total += count;
            below
        });
        let below = below.collect();
        RankTable { bins, below, total }
    }

    /// The category of a duration: of its mid-rank among the durations of the baseline.
    fn category(&self, bin: i32) -> Option<usize> {
        if self.total <= 0 {
            return None;
        }
        let doubled = match self.bins.binary_search_by_key(&bin, |(bin, _)| *bin) {
            Ok(at) => 2 * self.below[at] + self.bins[at].1,
            Err(at) => 2 * self.below.get(at).copied().unwrap_or(self.total),
        };
        let rank = doubled as f64 / (2 * self.total) as f64;
        Some(((rank * RANKS as f64) as usize).min(RANKS - 1))
    }
}

/// How many cases begin a day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Arrivals {
    /// Cases begun in all.
    pub total: f64,
    /// Days.
    pub days: f64,
    /// Cases a day by weekday, shrunk towards the mean of all.
    pub weekdays: [f64; 7],
    /// How much more a day varies than a Poisson count: an upper bound.
    pub dispersion: f64,
}

/// The frozen reference of one epoch of a process.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// First day.
    pub first: Day,
    /// Last day.
    pub last: Day,
    /// Cases that ended in it.
    pub cases: i64,
    /// Executor kinds that it tells apart.
    pub(super) kinds: Vec<Executor>,
    /// By these kinds.
    pub(super) durations: Vec<RankTable>,
    /// Outcomes that it tells apart.
    pub(super) outcomes: Vec<NameId>,
    /// How an input most often ended, by input and slot.
    pub(super) inputs: BTreeMap<(u64, u8), NameId>,
    /// Paths seen.
    pub(super) paths: BTreeSet<u64>,
    /// Only paths whose hash ends in so many zero bits are kept.
    pub(super) path_level: u8,
    /// What it says of each scalar, in the order of [`super::estimate::scalars`].
    pub(super) estimates: Vec<Estimate>,
    /// How many cases begin a day.
    pub(super) arrivals: Arrivals,
}

/// What to tell people of a baseline.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct BaselineSummary {
    /// First day, `YYYY-MM-DD`.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Cases that ended in it.
    pub cases: i64,
    /// Their mean deviation, in deviations per case.
    pub deviation: f64,
    /// Cases begun a day.
    pub cases_per_day: f64,
    /// How much more sums of deviations vary than those of independent cases; 1 where they do not depend on each other.
    pub dependence: f64,
}

impl Baseline {
    pub(super) fn layout(&self) -> Layout {
        Layout {
            slots: self.kinds.len() + 1,
            outcomes: self.outcomes.len() + 1,
        }
    }

    fn slot(&self, kind: Executor) -> usize {
        let known = self.kinds.iter().position(|known| *known == kind);
        known.unwrap_or(self.kinds.len())
    }

    /// What some hours say in the categories of this baseline. `critical` is the outcome that is declared critical.
    pub fn digest<'a>(
        &self,
        parts: impl IntoIterator<Item = &'a HourPart>,
        critical: Option<NameId>,
    ) -> Digest {
        let mut digest = Digest::new(self.layout());
        for part in parts {
            self.add(part, critical, &mut digest);
        }
        digest
    }

    fn add(&self, part: &HourPart, critical: Option<NameId>, to: &mut Digest) {
        let (layout, sums) = (self.layout(), &part.sums);
        let slot = self.slot(part.kind);
        to.cases += sums.cases;
        to.starts += sums.starts.total();
        to.critical += critical.map_or(0, |outcome| sums.outcomes.get(outcome));
        let mut count = |at: usize, by: i64| {
            to.counts[at] = to.counts[at].saturating_add(by.clamp(-1 << 30, 1 << 30) as i32);
        };
        let steps = layout.deviations().len() / layout.slots;
        for (deviation, by) in sums.deviations.iter() {
            to.deviation_ppm += i64::from(deviation) * by;
            let share = deviation.share();
            let step = (share * (steps - 1) as f64).round() as usize;
            count(slot * steps + step.min(steps - 1), by);
        }
        if let Some(table) = self.durations.get(slot) {
            for (bin, by) in sums.durations.bins() {
                if let Some(category) = table.category(bin) {
                    count(layout.ranks().start + category, by);
                }
            }
        }
        for (outcome, by) in sums.outcomes.iter() {
            let known = self.outcomes.iter().position(|known| *known == outcome);
            let nth = known.unwrap_or(self.outcomes.len());
            count(
                layout.outcome_counts().start + slot * layout.outcomes + nth,
                by,
            );
        }
        for (run, by) in sums.runs.sample().counts.iter() {
            if let Some(before) = self.inputs.get(&(run.input, slot as u8)) {
                let differs = usize::from(*before != run.outcome);
                count(layout.inputs().start + differs, by);
            }
        }
        for (path, by) in sums.variants.sample().counts.iter() {
            if path.trailing_zeros() >= u32::from(self.path_level) {
                let new = usize::from(!self.paths.contains(&path));
                count(layout.paths().start + new, by);
            }
        }
    }

    /// The population stability index of the outcomes of some digests against those of this baseline.
    pub(super) fn outcome_stability<'a>(
        &self,
        digests: impl IntoIterator<Item = &'a Digest>,
    ) -> Option<f64> {
        /// Added to each count, so that an outcome that is seen on one side only gives a number.
        const SMOOTHING: f64 = 0.5;
        let layout = self.layout();
        let scalars = scalars(layout);
        let of_outcomes = scalars.iter().zip(&self.estimates);
        let baseline: Vec<u64> = of_outcomes
            .filter(|(scalar, _)| scalar.stream == Stream::OutcomeMix)
            .map(|(_, estimate)| (estimate.mean * estimate.n).round() as u64)
            .collect();
        let mut now = vec![0u64; layout.outcomes];
        for digest in digests {
            let counts = digest.counts.get(layout.outcome_counts()).unwrap_or(&[]);
            for slot in counts.chunks(layout.outcomes) {
                for (sum, count) in now.iter_mut().zip(slot) {
                    *sum += u64::try_from(*count).unwrap_or(0);
                }
            }
        }
        population_stability(&baseline, &now, SMOOTHING)
    }

    /// What to tell people of it.
    pub fn summary(&self) -> BaselineSummary {
        let deviation = self.estimates.first();
        BaselineSummary {
            from: self.first.to_string(),
            to: self.last.to_string(),
            cases: self.cases,
            deviation: deviation.map_or(0.0, |estimate| estimate.mean),
            cases_per_day: self.arrivals.total / self.arrivals.days.max(1.0),
            dependence: deviation.map_or(1.0, |estimate| estimate.spread),
        }
    }

    /// The bytes to keep on disk.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        for value in [i64::from(self.first), i64::from(self.last), self.cases] {
            put_i64(out, value);
        }
        put_u64(out, self.kinds.len() as u64);
        for (kind, table) in self.kinds.iter().zip(&self.durations) {
            out.push(*kind as u8);
            put_u64(out, table.bins.len() as u64);
            for (bin, count) in &table.bins {
                put_i64(out, i64::from(*bin));
                put_i64(out, *count);
            }
        }
        put_u64(out, self.outcomes.len() as u64);
        for outcome in &self.outcomes {
            put_u64(out, u64::from(*outcome));
        }
        put_u64(out, self.inputs.len() as u64);
        for ((input, slot), outcome) in &self.inputs {
            out.extend_from_slice(&input.to_le_bytes());
            out.push(*slot);
            put_u64(out, u64::from(*outcome));
        }
        out.push(self.path_level);
        put_u64(out, self.paths.len() as u64);
        for path in &self.paths {
            out.extend_from_slice(&path.to_le_bytes());
        }
        put_u64(out, self.estimates.len() as u64);
        for estimate in &self.estimates {
            put_u64(out, estimate.cells.len() as u64);
            let plain = [
                estimate.n,
                estimate.mean,
                estimate.variance,
                estimate.spread,
            ];
            put_floats(out, &plain);
            estimate.cells.iter().for_each(|slot| put_floats(out, slot));
        }
        let arrivals = &self.arrivals;
        put_floats(out, &[arrivals.total, arrivals.days, arrivals.dispersion]);
        put_floats(out, &arrivals.weekdays);
    }

    /// Reads back what [`Baseline::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Baseline, DamagedBytes> {
        let reader = &mut Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(reader.damaged());
        }
        let (first, last) = (day(reader)?, day(reader)?);
        let cases = reader.i64()?;
        let (mut kinds, mut durations) = (Vec::new(), Vec::new());
        for _ in 0..reader.count()? {
            let number = usize::from(reader.u8()?);
            let kind = Executor::ALL.get(number).copied();
            kinds.push(kind.ok_or_else(|| reader.damaged())?);
            let mut bins = Vec::new();
            for _ in 0..reader.count()? {
                let bin = i32::try_from(reader.i64()?).map_err(|_| reader.damaged())?;
                bins.push((bin, reader.i64()?));
            }
            durations.push(RankTable::new(bins));
        }
        let outcomes = (0..reader.count()?).map(|_| Ok(NameId(reader.u32()?)));
        let outcomes = outcomes.collect::<Result<_, _>>()?;
        let mut inputs = BTreeMap::new();
        for _ in 0..reader.count()? {
            let key = (reader.raw_u64()?, reader.u8()?);
            inputs.insert(key, NameId(reader.u32()?));
        }
        let path_level = reader.u8()?;
        let paths = (0..reader.count()?).map(|_| reader.raw_u64());
        let paths = paths.collect::<Result<_, _>>()?;
        let mut estimates = Vec::new();
        for _ in 0..reader.count()? {
            let slots = reader.count()?;
            let [n, mean, variance, spread] = floats(reader)?;
            let cells = (0..slots).map(|_| floats(reader));
            let cells = cells.collect::<Result<_, _>>()?;
            estimates.push(Estimate {
                n,
                mean,
                variance,
                spread,
                cells,
            });
        }
        let [total, days, dispersion] = floats(reader)?;
        let arrivals = Arrivals {
            total,
            days,
            dispersion,
            weekdays: floats(reader)?,
        };
        Ok(Baseline {
            first,
            last,
            cases,
            kinds,
            durations,
            outcomes,
            inputs,
            paths,
            path_level,
            estimates,
            arrivals,
        })
    }
}

fn day(reader: &mut Reader) -> Result<Day, DamagedBytes> {
    Day::try_from(reader.i64()?).map_err(|_| reader.damaged())
}

fn put_floats(out: &mut Vec<u8>, values: &[f64]) {
    for value in values {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

fn floats<const N: usize>(reader: &mut Reader) -> Result<[f64; N], DamagedBytes> {
    let mut values = [0.0; N];
    for value in &mut values {
        *value = f64::from_bits(reader.raw_u64()?);
        if !value.is_finite() {
            return Err(reader.damaged());
        }
    }
    Ok(values)
}

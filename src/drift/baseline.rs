//! What is known of a process when its epoch began: the reference that later days are held against.

use super::digest::{Digest, Layout, RANKS};
use super::hour::HourPart;
use crate::codec::{DamagedBytes, Reader, put_i64, put_u64};
use crate::measure::{Trace, duration_bin};
use crate::model::{Day, Executor, NameId, Span};
use crate::stats::population_stability;
use std::collections::{BTreeMap, BTreeSet};

/// First byte of a stored baseline.
const VERSION: u8 = 2;

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

/// A share that was counted otherwise than by the days of the baseline: what the first days after it are compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct PriorShare {
    /// Cases it holds for.
    pub of: f64,
    /// All cases, as many as are worth as much as independent ones.
    pub all: f64,
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
    /// Cases are compared at this age, in days from their start.
    pub(super) horizon: i32,
    /// Runs that did not end as most runs on their input.
    pub(super) differing: PriorShare,
    /// Cases on a path not seen before.
    pub(super) unseen: PriorShare,
    /// Mean deviation of its cases.
    pub(super) deviation: f64,
    /// Cases started in it.
    pub(super) starts: i64,
    /// How often each of its outcomes was seen, and all others.
    pub(super) outcome_counts: Vec<i64>,
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
    /// Cases started per day.
    pub cases_per_day: f64,
    /// Age at which cases are compared, in days from their start.
    pub horizon_days: i32,
}

impl Baseline {
    pub(super) fn layout(&self) -> Layout {
        Layout {
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
        let sums = &part.sums;
        to.starts += sums.starts.total();
        to.ended += sums.cases;
        to.critical += critical.map_or(0, |outcome| sums.outcomes.get(outcome));
        let slot = self.slot(part.kind);
        let last = horizon_bin(self.horizon);
        for (trace, by) in sums.traces.iter() {
            if trace.bin.is_none_or(|bin| bin <= last) {
                self.add_trace(&trace, slot, by, to);
            }
        }
    }

    /// Counts cases that started together and are alike.
    fn add_trace(&self, trace: &Trace, slot: usize, by: i64, to: &mut Digest) {
        let layout = self.layout();
        let share = trace.deviation.share();
        to.cases += by;
        to.deviation_ppm += i64::from(trace.deviation) * by;
        to.deviation_squares_ppm += (i64::from(trace.deviation) as f64 * share).round() as i64 * by;
        let mut count = |at: usize| {
            let by = by.clamp(-1 << 30, 1 << 30) as i32;
            to.counts[at] = to.counts[at].saturating_add(by);
        };
        let table = self.durations.get(slot);
        let rank = table.zip(trace.bin).and_then(|(t, bin)| t.category(bin));
        if let Some(rank) = rank {
            count(layout.ranks().start + rank);
        }
        let known = self.outcomes.iter().position(|id| *id == trace.outcome);
        count(layout.outcome_counts().start + known.unwrap_or(self.outcomes.len()));
        if let Some(before) = self.inputs.get(&(trace.input, slot as u8)) {
            let differs = usize::from(*before != trace.outcome);
            count(layout.inputs().start + differs);
        }
        if trace.path.trailing_zeros() >= u32::from(self.path_level) {
            let new = usize::from(!self.paths.contains(&trace.path));
            count(layout.paths().start + new);
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
        let count = |count: &i64| u64::try_from(*count).unwrap_or(0);
        let baseline: Vec<u64> = self.outcome_counts.iter().map(count).collect();
        let mut now = vec![0u64; layout.outcomes];
        for digest in digests {
            let counts = digest.counts.get(layout.outcome_counts()).unwrap_or(&[]);
            for (sum, count) in now.iter_mut().zip(counts) {
                *sum += u64::try_from(*count).unwrap_or(0);
            }
        }
        population_stability(&baseline, &now, SMOOTHING)
    }

    /// What to tell people of it.
    pub fn summary(&self) -> BaselineSummary {
        BaselineSummary {
            from: self.first.to_string(),
            to: self.last.to_string(),
            cases: self.cases,
            deviation: self.deviation,
            cases_per_day: self.starts as f64 / f64::from((self.last - self.first + 1).max(1)),
            horizon_days: self.horizon,
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
        put_u64(out, self.outcome_counts.len() as u64);
        for value in &self.outcome_counts {
            put_i64(out, *value);
        }
        put_i64(out, i64::from(self.horizon));
        put_i64(out, self.starts);
        let (differing, unseen) = (self.differing, self.unseen);
        put_floats(
            out,
            &[
                differing.of,
                differing.all,
                unseen.of,
                unseen.all,
                self.deviation,
            ],
        );
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
        let outcome_counts = (0..reader.count()?).map(|_| reader.i64());
        let outcome_counts = outcome_counts.collect::<Result<_, _>>()?;
        let horizon = i32::try_from(reader.i64()?).map_err(|_| reader.damaged())?;
        let starts = reader.i64()?;
        let [differing, runs, unseen, all, deviation] = floats(reader)?;
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
            horizon,
            differing: PriorShare {
                of: differing,
                all: runs,
            },
            unseen: PriorShare { of: unseen, all },
            deviation,
            starts,
            outcome_counts,
        })
    }
}

/// The last bin of durations up to a horizon.
pub(super) fn horizon_bin(days: i32) -> i32 {
    duration_bin(Span(Span::DAY.0.saturating_mul(i64::from(days))))
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

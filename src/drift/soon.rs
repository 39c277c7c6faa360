//! How soon a change would be found: the days of a process, drawn at random and changed.

use super::budget::Budget;
use super::digest::{DEVIATION_STEPS, Digest};
use super::epoch::{Cause, Epoch};
use super::fold::fold;
use super::stream::Stream;
use crate::model::Day;
use crate::rules::DriftTerms;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// Draws.
const RUNS: usize = 200;
/// Days of each.
const DAYS: i32 = 365;
/// Days to draw from, at least.
const LEAST_DAYS: usize = 14;

/// A change to try.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Altered {
    /// The mean deviation times this.
    Deviation(f64),
    /// The cases begun a day times this.
    Frequency(f64),
}

impl Altered {
    /// What changes, and by which factor.
    pub(crate) fn parts(self) -> (&'static str, f64) {
        match self {
            Altered::Deviation(factor) => ("deviation", factor),
            Altered::Frequency(factor) => ("frequency", factor),
        }
    }
}

/// How soon it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delay {
    /// Runs in which it was found within a year.
    pub found: usize,
    /// Runs.
    pub of: usize,
    /// Days until it was found, at the median over all runs; `None` where half of them did not find it.
    pub median: Option<i32>,
    /// Days within which nine in ten of those that found it did.
    pub ninetieth: Option<i32>,
}

/// Draws days of the epoch, which is watched until the day `last`, that are without alarm, changes them, and looks how soon
/// the change would be found at the present thresholds. The same epoch always gives the same answer. An error says why nothing
/// can be said.
pub(crate) fn how_soon(
    epoch: &Epoch,
    last: Day,
    altered: Altered,
    budget: &Budget,
    terms: &DriftTerms,
) -> Result<Delay, String> {
    let Some(baseline) = &epoch.baseline else {
        return Err("no baseline yet".to_owned());
    };
    let calm = calm_days(epoch, (baseline.last + 1, last), budget, terms);
    if calm.len() < LEAST_DAYS {
        return Err(format!(
            "only {} days without alarm after the baseline",
            calm.len()
        ));
    }
    let wanted = match altered {
        Altered::Deviation(_) => Stream::Deviation,
        Altered::Frequency(factor) if factor > 1.0 => Stream::FrequencyUp,
        Altered::Frequency(_) => Stream::FrequencyDown,
    };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut delays: Vec<i32> = Vec::new();
    let first = baseline.last + 1;
    let slots = baseline.layout().slots;
    for _ in 0..RUNS {
        let digests = first.until(first + DAYS).map(|day| {
            let like = calm.iter().filter(|(of, _)| of.weekday() == day.weekday());
            let like: Vec<&Digest> = like.map(|(_, digest)| digest).collect();
            let drawn = like
                .choose(&mut rng)
                .map_or_else(Digest::default, |digest| (*digest).clone());
            (day, alter(drawn, altered, slots, &mut rng))
        });
        let changed = Epoch {
            start: epoch.start,
            cause: Cause::First,
            digests: digests.collect(),
            absorbed: Vec::new(),
            baseline: Some(baseline.clone()),
            critical: None,
        };
        let drift = fold(&[changed], first + DAYS - 1, budget, terms);
        let alarm = drift.alarms.iter().find(|alarm| alarm.stream == wanted);
        delays.extend(alarm.map(|alarm| alarm.raised - first + 1));
    }
    delays.sort_unstable();
    Ok(Delay {
        found: delays.len(),
        of: RUNS,
        median: delays.get(RUNS / 2).copied(),
        ninetieth: delays
            .get((delays.len() * 9 / 10).min(delays.len().saturating_sub(1)))
            .copied(),
    })
}

/// The days of an epoch, from the first to the last that is watched, on which no alarm stood and no change had begun: how the
/// process is when it is as it was. Days without cases are among them.
fn calm_days(
    epoch: &Epoch,
    (first, last): (Day, Day),
    budget: &Budget,
    terms: &DriftTerms,
) -> Vec<(Day, Digest)> {
    let alarms = fold(std::slice::from_ref(epoch), last, budget, terms).alarms;
    let stands = |day: Day| {
        alarms.iter().any(|alarm| {
            let end = alarm.ended.map_or(Day::MAX, |(end, _)| end);
            (alarm.onset..end).contains(&day)
        })
    };
    let known: BTreeMap<Day, &Digest> = epoch
        .digests
        .iter()
        .map(|(day, digest)| (*day, digest))
        .collect();
    let digest = |day: Day| {
        known
            .get(&day)
            .map_or_else(Digest::default, |digest| (*digest).clone())
    };
    let calm = first.until(last + 1).filter(|day| !stands(*day));
    calm.map(|day| (day, digest(day))).collect()
}

/// A day with the change in it: cases as designed turn wrong, or begin more or less often, at random.
fn alter(mut digest: Digest, altered: Altered, slots: usize, rng: &mut ChaCha8Rng) -> Digest {
    match altered {
        Altered::Frequency(factor) => {
            let whole = factor.floor();
            let more = (0..digest.starts)
                .filter(|_| rng.random_bool(factor - whole))
                .count();
            digest.starts = digest.starts * whole as i64 + more as i64;
        }
        Altered::Deviation(factor) => worsen(&mut digest, factor, slots, rng),
    }
    digest
}

/// Turns cases as designed into wrong ones, so many that the expected deviation is `factor` times what it was.
fn worsen(digest: &mut Digest, factor: f64, slots: usize, rng: &mut ChaCha8Rng) {
    let width = DEVIATION_STEPS + 1;
    for counts in digest.counts.chunks_mut(width).take(slots) {
        let weigh =
            |(step, count): (usize, &i32)| f64::from(*count) * step as f64 / DEVIATION_STEPS as f64;
        let sum: f64 = counts.iter().enumerate().map(weigh).sum();
        if counts.len() < width {
            // A day without cases has no categories.
            return;
        }
        let clean = f64::from(counts[0].max(0));
        let share = if clean > 0.0 {
            ((factor - 1.0) * sum / clean).min(1.0)
        } else {
            0.0
        };
        let turned = (0..counts[0].max(0))
            .filter(|_| rng.random_bool(share))
            .count() as i32;
        counts[0] -= turned;
        counts[DEVIATION_STEPS] += turned;
    }
}

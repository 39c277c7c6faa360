//! How soon a change would be found: the days of a process, drawn at random and changed.

use super::budget::Budget;
use super::digest::Digest;
use super::epoch::{Cause, Epoch};
use super::fold::fold;
use super::stream::Stream;
use crate::model::{Day, Ppm};
use crate::rules::DriftTerms;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// Draws.
const RUNS: usize = 200;
/// Days of each before the change: what it is compared with.
const REFERENCE_DAYS: i32 = 180;
/// Days of each after the change.
const DAYS: i32 = 365;
/// Days to draw from, at least.
const LEAST_DAYS: usize = 28;
/// Days that are drawn together.
const WEEK: usize = 7;

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
    let calm = calm_days(epoch, (epoch.start, last - baseline.horizon), budget, terms);
    if calm.len() < LEAST_DAYS {
        return Err(format!("only {} days without alarm", calm.len()));
    }
    let wanted = match altered {
        Altered::Deviation(_) => Stream::Deviation,
        Altered::Frequency(factor) if factor > 1.0 => Stream::FrequencyUp,
        Altered::Frequency(_) => Stream::FrequencyDown,
    };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut delays: Vec<i32> = Vec::new();
    let changed_on = epoch.start + REFERENCE_DAYS;
    for _ in 0..RUNS {
        let weeks = weeks(&calm, epoch.start, REFERENCE_DAYS + DAYS, &mut rng);
        let digests = weeks
            .into_iter()
            .map(|(day, digest)| match day < changed_on {
                true => (day, digest),
                false => (day, alter(digest, altered, &mut rng)),
            });
        let mut baseline = baseline.clone();
        baseline.last = epoch.start + LEAST_DAYS as i32;
        let changed = Epoch {
            start: epoch.start,
            cause: Cause::First,
            digests: digests.collect(),
            absorbed: Vec::new(),
            baseline: Some(baseline),
            critical: None,
        };
        let drift = fold(&[changed], changed_on + DAYS - 1, budget, terms);
        let mut alarms = drift.alarms.iter();
        let alarm = alarms.find(|alarm| alarm.stream == wanted && alarm.raised >= changed_on);
        delays.extend(alarm.map(|alarm| alarm.raised - changed_on + 1));
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

/// So many days from the first on, drawn by weeks, so that days keep those beside them and their weekday.
fn weeks(
    calm: &[(Day, Digest)],
    first: Day,
    days: i32,
    rng: &mut ChaCha8Rng,
) -> Vec<(Day, Digest)> {
    let mut drawn: Vec<(Day, Digest)> = Vec::new();
    while (drawn.len() as i32) < days {
        let next = first + drawn.len() as i32;
        let last = calm.len().saturating_sub(WEEK);
        let alike = (0..=last).filter(|at| calm[*at].0.weekday() == next.weekday());
        let alike: Vec<usize> = alike.collect();
        let Some(at) = alike.choose(rng) else { break };
        let week = calm[*at..]
            .iter()
            .take(WEEK)
            .zip(next.until(next + WEEK as i32));
        drawn.extend(week.map(|((_, digest), day)| (day, digest.clone())));
    }
    drawn
}

/// A day with the change in it: cases as designed turn wrong, or start more or less often, at random.
fn alter(mut digest: Digest, altered: Altered, rng: &mut ChaCha8Rng) -> Digest {
    match altered {
        Altered::Frequency(factor) => {
            let whole = factor.floor();
            let more = (0..digest.starts)
                .filter(|_| rng.random_bool(factor - whole))
                .count();
            digest.starts = digest.starts * whole as i64 + more as i64;
        }
        Altered::Deviation(factor) => worsen(&mut digest, factor, rng),
    }
    digest
}

/// Turns cases as designed into wrong ones, so many that the expected deviation is `factor` times what it was.
fn worsen(digest: &mut Digest, factor: f64, rng: &mut ChaCha8Rng) {
    let one = i64::from(Ppm::ONE);
    let wrong = digest.deviation_ppm as f64 / one as f64;
    let clean = digest.cases as f64 - wrong;
    if clean < 1.0 {
        return;
    }
    let share = ((factor - 1.0) * wrong / clean).min(1.0);
    let turned = (0..clean as i64).filter(|_| rng.random_bool(share)).count() as i64;
    digest.deviation_ppm += turned * one;
    digest.deviation_squares_ppm += turned * one;
}

//! Learning a baseline from the first days of an epoch.

use super::baseline::{Arrivals, Baseline, RankTable};
use super::digest::Digest;
use super::estimate::{Estimate, scalars};
use super::hour::HourPart;
use super::stream::Stream;
use crate::measure::{Counts, RunKey, Sampled, Sketch, Sums};
use crate::model::{Day, Executor, Hour, NameId, Names, hash_pair};
use crate::rules::DriftTerms;
use crate::stats::{chi_square_quantile, lag1_autocorrelation};
use std::collections::BTreeMap;

/// An executor kind with fewer cases in the baseline is not told apart.
const LEAST_CASES_OF_KIND: i64 = 30;
/// Outcomes that are told apart, the most frequent ones.
const MOST_OUTCOMES: usize = 8;
/// Inputs whose outcome is remembered.
const MOST_INPUTS: usize = 4_096;
/// After so many days a baseline need not have all its cases ...
const PATIENCE_DAYS: i32 = 182;
/// ... but at least so many.
const LEAST_CASES: i64 = 50;
/// The dispersion of counts is overestimated with this probability.
const DISPERSION_RISK: f64 = 0.1;

/// Counts days until there is enough for a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Learning {
    /// First day of the epoch.
    pub first: Day,
    /// Cases that have ended since.
    pub cases: i64,
}

impl Learning {
    /// Nothing seen yet.
    pub fn new(first: Day) -> Learning {
        Learning { first, cases: 0 }
    }

    /// Adds the cases of a day; says whether it completes the baseline. Days must come in order.
    pub fn add(&mut self, day: Day, cases: i64, terms: &DriftTerms) -> bool {
        self.cases += cases;
        let days = day - self.first + 1;
        let few_but_old = days >= PATIENCE_DAYS && self.cases >= LEAST_CASES;
        days >= terms.baseline_days && (self.cases >= terms.baseline_cases || few_but_old)
    }
}

/// Everything of a baseline's hours that is not told apart by hour.
#[derive(Default)]
struct Pooled {
    durations: Sketch,
    outcomes: BTreeMap<NameId, i64>,
    runs: Sampled<RunKey>,
    paths: Sampled<u64>,
    cases: i64,
}

impl Pooled {
    fn add(&mut self, sums: &Sums) {
        self.durations.merge(&sums.durations, 1);
        for (outcome, count) in sums.outcomes.iter() {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        self.runs.merge(&sums.runs, 1);
        self.paths.merge(&sums.variants, 1);
        self.cases += sums.cases;
    }
}

/// Learns a baseline from all hours of the days `first` to `last`.
pub fn learn(parts: &[HourPart], first: Day, last: Day, names: &Names) -> Baseline {
    let mut by_kind: BTreeMap<Executor, Pooled> = BTreeMap::new();
    let mut all = Pooled::default();
    for part in parts {
        by_kind.entry(part.kind).or_default().add(&part.sums);
        all.add(&part.sums);
    }
    let told_apart = |(_, pooled): &(&Executor, &Pooled)| pooled.cases >= LEAST_CASES_OF_KIND;
    let (kinds, durations) = by_kind
        .iter()
        .filter(told_apart)
        .map(|(kind, pooled)| (*kind, RankTable::new(pooled.durations.bins().collect())))
        .unzip();
    let paths = all.paths.sample();
    let mut baseline = Baseline {
        first,
        last,
        cases: all.cases,
        kinds,
        durations,
        outcomes: most_frequent(&all.outcomes, names),
        inputs: BTreeMap::new(),
        paths: paths.counts.iter().map(|(path, _)| path).collect(),
        path_level: paths.level,
        estimates: Vec::new(),
        arrivals: arrivals(parts, first, last),
    };
    let (mut runs, mut differing) = (0, 0);
    for (kind, pooled) in &by_kind {
        let slot = baseline.kinds.iter().position(|known| known == kind);
        let Some(slot) = slot else { continue };
        for (input, outcomes) in by_input(&pooled.runs) {
            let Some(usual) = usual(&outcomes, names) else {
                continue;
            };
            runs += outcomes.values().sum::<i64>();
            differing += unlike_the_others(&outcomes, names);
            baseline.inputs.insert((input, slot as u8), usual);
        }
    }
    baseline.estimates = estimates(&baseline, parts, &paths.counts, (differing, runs));
    baseline
}

fn estimates(
    baseline: &Baseline,
    parts: &[HourPart],
    paths: &Counts<u64>,
    (differing, runs): (i64, i64),
) -> Vec<Estimate> {
    let layout = baseline.layout();
    let hours = hourly(baseline, parts);
    let estimate = |scalar: &super::estimate::Scalar| match scalar.stream {
        Stream::InputVariance => {
            // In the baseline itself an input agrees with its own most frequent outcome too often.
            let dependence = Estimate::of(scalar, &hours).spread;
            Estimate::of_share(share(differing, runs), runs as f64, dependence, 1)
        }
        Stream::PathNovelty => unseen_paths(paths),
        _ => Estimate::of(scalar, &hours),
    };
    scalars(layout).iter().map(estimate).collect()
}

fn hourly(baseline: &Baseline, parts: &[HourPart]) -> Vec<(Hour, Digest)> {
    let mut hours: BTreeMap<Hour, Vec<&HourPart>> = BTreeMap::new();
    for part in parts {
        hours.entry(part.hour).or_default().push(part);
    }
    let digest = |(hour, parts): (Hour, Vec<&HourPart>)| (hour, baseline.digest(parts, None));
    hours.into_iter().map(digest).collect()
}

fn share(count: i64, of: i64) -> f64 {
    if of > 0 {
        count as f64 / of as f64
    } else {
        0.0
    }
}

/// The chance that the next case takes a path not seen yet: paths seen once over all cases (Good 1953, "The population
/// frequencies of species"). It varies by (n1 + 2 n2) / n^2 instead of n1 / n^2 (Esty 1983).
fn unseen_paths(paths: &Counts<u64>) -> Estimate {
    let count = |times: i64| paths.values().filter(|n| *n == times).count() as f64;
    let (once, twice) = (count(1), count(2));
    let n = paths.total() as f64;
    let spread = if once > 0.0 {
        1.0 + 2.0 * twice / once
    } else {
        1.0
    };
    let unseen = if n > 0.0 { once / n } else { 0.0 };
    Estimate::of_share(unseen, n, spread, 1)
}

fn most_frequent(outcomes: &BTreeMap<NameId, i64>, names: &Names) -> Vec<NameId> {
    let mut ranked: Vec<(i64, u64, NameId)> = outcomes
        .iter()
        .map(|(outcome, count)| (-count, names.hash(*outcome), *outcome))
        .collect();
    ranked.sort_unstable();
    let first = ranked.into_iter().take(MOST_OUTCOMES);
    first.map(|(_, _, outcome)| outcome).collect()
}

/// How often each input ended how; of inputs that ran at least twice, and of a fair choice of them where they are many.
fn by_input(runs: &Sampled<RunKey>) -> Vec<(u64, BTreeMap<NameId, i64>)> {
    let mut inputs: BTreeMap<u64, BTreeMap<NameId, i64>> = BTreeMap::new();
    for (run, count) in runs.sample().counts.iter() {
        *inputs
            .entry(run.input)
            .or_default()
            .entry(run.outcome)
            .or_default() += count;
    }
    inputs.retain(|_, outcomes| outcomes.values().sum::<i64>() >= 2);
    let mut inputs: Vec<_> = inputs.into_iter().collect();
    inputs.sort_unstable_by_key(|(input, _)| hash_pair(*input, 0));
    inputs.truncate(MOST_INPUTS);
    inputs
}

/// The most frequent outcome; among equals the one whose name has the least hash.
fn usual(outcomes: &BTreeMap<NameId, i64>, names: &Names) -> Option<NameId> {
    let seen = outcomes.iter().filter(|(_, count)| **count > 0);
    let best = seen.min_by_key(|(outcome, count)| (-**count, names.hash(**outcome)));
    best.map(|(outcome, _)| *outcome)
}

/// How many of the runs on an input end otherwise than the others of them most often do (leaving one out).
fn unlike_the_others(outcomes: &BTreeMap<NameId, i64>, names: &Names) -> i64 {
    let mut others = outcomes.clone();
    let mut unlike = 0;
    for (outcome, count) in outcomes {
        others.entry(*outcome).and_modify(|count| *count -= 1);
        if usual(&others, names) != Some(*outcome) {
            unlike += count;
        }
        others.insert(*outcome, *count);
    }
    unlike
}

/// Cases begun a day: by weekday where that matters, and how much more than Poisson counts they vary.
fn arrivals(parts: &[HourPart], first: Day, last: Day) -> Arrivals {
    let days = (last - first + 1).max(1);
    let mut counts = vec![0.0; days as usize];
    for part in parts {
        if let Some(count) = counts.get_mut((part.hour.day() - first) as usize) {
            *count += part.sums.starts.total() as f64;
        }
    }
    let total: f64 = counts.iter().sum();
    let mean = total / f64::from(days);
    let weekday_of = |nth: usize| (first + nth as i32).weekday();
    let (mut sums, mut numbers) = ([0.0; 7], [0.0; 7]);
    for (nth, count) in counts.iter().enumerate() {
        sums[weekday_of(nth)] += count;
        numbers[weekday_of(nth)] += 1.0;
    }
    let own = |day: usize| {
        if numbers[day] > 0.0 {
            sums[day] / numbers[day]
        } else {
            mean
        }
    };
    let within = pearson(&counts, |nth| own(weekday_of(nth)));
    let free = f64::from((days - 7).max(1));
    let apart = (within / free).max(1.0);
    // Weekdays that differ by more than chance (chi-square, 5 %) count for themselves, else all days are alike.
    let between: f64 = (0..7)
        .map(|day| numbers[day] * (own(day) - mean).powi(2))
        .sum();
    let differ = mean > 0.0
        && chi_square_quantile(0.95, 6.0).is_some_and(|limit| between / mean / apart > limit);
    let weekdays = std::array::from_fn(|day| if differ { own(day) } else { mean });
    let (off, degrees) = if differ {
        (within, free)
    } else {
        (pearson(&counts, |_| mean), f64::from((days - 1).max(1)))
    };
    let least = chi_square_quantile(DISPERSION_RISK, degrees).unwrap_or(degrees);
    let residuals: Vec<f64> = (0..counts.len())
        .map(|nth| counts[nth] - weekdays[weekday_of(nth)])
        .collect();
    Arrivals {
        total,
        days: f64::from(days),
        weekdays,
        dispersion: (off / least).max(1.0) * persistence(&residuals),
    }
}

fn pearson(counts: &[f64], mean: impl Fn(usize) -> f64) -> f64 {
    let off = |(nth, count): (usize, &f64)| {
        let mean = mean(nth);
        if mean > 0.0 {
            (count - mean).powi(2) / mean
        } else {
            0.0
        }
    };
    counts.iter().enumerate().map(off).sum()
}

/// By how much days that resemble the day before make sums of many days vary more: (1 + r) / (1 - r), where the lag-1
/// correlation r is more than chance (two standard errors).
fn persistence(residuals: &[f64]) -> f64 {
    let by_chance = 2.0 / (residuals.len() as f64).sqrt();
    match lag1_autocorrelation(residuals) {
        Some(r) if r > by_chance => (1.0 + r.min(0.9)) / (1.0 - r.min(0.9)),
        _ => 1.0,
    }
}

//! Learning a baseline from the first days of an epoch.

use super::baseline::{Baseline, PriorShare, RankTable, horizon_bin};
use super::hour::HourPart;
use crate::measure::{Counts, Sampled, Sums, Trace};
use crate::model::{Day, Executor, NameId, Names, Ppm, hash_pair};
use crate::rules::DriftTerms;
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
/// Ages at which cases may be compared, in days.
const HORIZONS: [i32; 13] = [1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 60, 91, 182];
/// A greater age than this delays every alarm too long, if at least half of the cases have ended by then.
const PATIENT_HORIZON: i32 = 28;
/// Share of the cases that end within the greatest of them which must have ended.
const HORIZON_SHARE: f64 = 0.9;

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

/// Everything of the cases that started in a baseline and ended within its horizon.
#[derive(Default)]
struct Pooled {
    durations: BTreeMap<i32, i64>,
    outcomes: BTreeMap<NameId, i64>,
    runs: Counts<(u64, NameId)>,
    paths: Sampled<u64>,
    cases: i64,
    deviation_ppm: i64,
}

impl Pooled {
    fn add(&mut self, sums: &Sums, last: i32) {
        let within = |trace: &Trace| trace.bin.is_none_or(|bin| bin <= last);
        for (trace, by) in sums.traces.iter().filter(|(trace, _)| within(trace)) {
            if let Some(bin) = trace.bin {
                *self.durations.entry(bin).or_default() += by;
            }
            *self.outcomes.entry(trace.outcome).or_default() += by;
            if trace.input != 0 {
                self.runs.add((trace.input, trace.outcome), by);
            }
            self.paths.add(trace.path, by);
            self.cases += by;
            self.deviation_ppm += i64::from(trace.deviation) * by;
        }
    }
}

/// Learns a baseline from all hours of the days `first` to `last`. What ended up to the end of the day `until` is known.
pub fn learn(parts: &[HourPart], (first, last): (Day, Day), until: Day, names: &Names) -> Baseline {
    let horizon = horizon(parts, until);
    let last_bin = horizon_bin(horizon);
    let mut by_kind: BTreeMap<Executor, Pooled> = BTreeMap::new();
    let mut all = Pooled::default();
    for part in parts {
        by_kind
            .entry(part.kind)
            .or_default()
            .add(&part.sums, last_bin);
        all.add(&part.sums, last_bin);
    }
    let told_apart = |(_, pooled): &(&Executor, &Pooled)| pooled.cases >= LEAST_CASES_OF_KIND;
    let bins = |pooled: &Pooled| {
        pooled
            .durations
            .iter()
            .map(|(bin, by)| (*bin, *by))
            .collect()
    };
    let (kinds, durations) = by_kind
        .iter()
        .filter(told_apart)
        .map(|(kind, pooled)| (*kind, RankTable::new(bins(pooled))))
        .unzip();
    let paths = all.paths.sample();
    let outcomes = most_frequent(&all.outcomes, names);
    let told: Vec<i64> = outcomes
        .iter()
        .map(|outcome| all.outcomes[outcome])
        .collect();
    let others = all.cases - told.iter().sum::<i64>();
    let mut baseline = Baseline {
        first,
        last,
        cases: all.cases,
        kinds,
        durations,
        outcomes,
        inputs: BTreeMap::new(),
        paths: paths.counts.iter().map(|(path, _)| path).collect(),
        path_level: paths.level,
        horizon,
        differing: PriorShare::default(),
        unseen: unseen_paths(&paths.counts),
        deviation: share(all.deviation_ppm, all.cases) / f64::from(Ppm::ONE.0),
        starts: parts.iter().map(|part| part.sums.starts.total()).sum(),
        outcome_counts: told.into_iter().chain([others]).collect(),
    };
    learn_inputs(&mut baseline, &by_kind, names);
    baseline
}

/// How inputs usually ended, and how often they did not. In the baseline itself an input agrees with its own most frequent
/// outcome too often, so each run is held against the others.
fn learn_inputs(baseline: &mut Baseline, by_kind: &BTreeMap<Executor, Pooled>, names: &Names) {
    let (mut runs, mut differing) = (0, 0);
    for (kind, pooled) in by_kind {
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
    baseline.differing = PriorShare {
        of: differing as f64,
        all: runs as f64,
    };
}

/// The age at which cases are compared: the least of a few at which nine in ten of those have ended that end within four
/// weeks, or within half a year if most take longer than four weeks. Cases that may still end are counted as far as they have been watched (product limit).
fn horizon(parts: &[HourPart], until: Day) -> i32 {
    let mut open = 1.0;
    let mut ended = Vec::new();
    let mut before = i32::MIN;
    for days in HORIZONS {
        let bin = horizon_bin(days);
        let (mut at_risk, mut events) = (0, 0);
        for part in parts.iter().filter(|part| until - part.hour.day() >= days) {
            let sooner = |trace: &Trace| trace.bin.is_none_or(|of| of <= before);
            let gone: i64 = counted(&part.sums, sooner);
            at_risk += part.sums.starts.total() - gone;
            events += counted(&part.sums, |trace| trace.bin.is_none_or(|of| of <= bin)) - gone;
        }
        if at_risk > 0 {
            open *= 1.0 - share(events, at_risk).clamp(0.0, 1.0);
        }
        ended.push((days, 1.0 - open));
        before = bin;
    }
    let by = |last: i32| {
        let mut sooner = ended.iter().filter(|(days, _)| *days <= last);
        sooner.next_back().map_or(0.0, |(_, share)| *share)
    };
    let most = match by(PATIENT_HORIZON) {
        share if share >= 0.5 => share,
        _ => by(i32::MAX),
    };
    let enough = ended
        .iter()
        .find(|(_, share)| *share >= HORIZON_SHARE * most);
    enough.map_or(1, |(days, _)| *days)
}

fn counted(sums: &Sums, which: impl Fn(&Trace) -> bool) -> i64 {
    let which = sums.traces.iter().filter(|(trace, _)| which(trace));
    which.map(|(_, by)| by).sum()
}

fn share(count: i64, of: i64) -> f64 {
    if of > 0 {
        count as f64 / of as f64
    } else {
        0.0
    }
}

/// The chance that the next case takes a path not seen yet: paths seen once over all cases (Good 1953, "The population
/// frequencies of species"). It varies by (n1 + 2 n2) / n^2 instead of n1 / n^2 (Esty 1983), so it is worth fewer cases.
fn unseen_paths(paths: &Counts<u64>) -> PriorShare {
    let count = |times: i64| paths.values().filter(|n| *n == times).count() as f64;
    let (once, twice) = (count(1), count(2));
    let spread = match once > 0.0 {
        true => 1.0 + 2.0 * twice / once,
        false => 1.0,
    };
    PriorShare {
        // A path not seen in so many cases is still possible.
        of: once.max(0.5) / spread,
        all: paths.total() as f64 / spread,
    }
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
fn by_input(runs: &Counts<(u64, NameId)>) -> Vec<(u64, BTreeMap<NameId, i64>)> {
    let mut inputs: BTreeMap<u64, BTreeMap<NameId, i64>> = BTreeMap::new();
    for ((input, outcome), count) in runs.iter() {
        *inputs.entry(input).or_default().entry(outcome).or_default() += count;
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

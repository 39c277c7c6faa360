//! A simulated process whose every property is known, hour by hour.

use super::super::*;
use crate::measure::{Sums, Trace, duration_bin};
use crate::model::{Day, Executor, Hour, NameId, Names, Ppm, Span, hash_pair};
use crate::rules::DriftTerms;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal, Poisson, StudentT};

/// What can change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nature {
    /// Cases a day.
    pub rate: f64,
    /// Share of cases that deviate, on workdays and at weekends.
    pub wrong: (f64, f64),
    /// Standard deviation of the logarithm of durations; the median is an hour.
    pub spread: f64,
    /// Shift of the logarithm of durations.
    pub shift: f64,
    /// Shares of the first two outcomes of the cases that do not deviate; a third has the rest.
    pub outcomes: (f64, f64),
    /// Share of cases on a path of their own.
    pub novel: f64,
    /// Share of runs whose outcome is not that of their input.
    pub fickle: f64,
}

impl Default for Nature {
    fn default() -> Nature {
        Nature {
            rate: 40.0,
            wrong: (0.05, 0.05),
            spread: 0.8,
            shift: 0.0,
            outcomes: (1.0, 0.0),
            novel: 0.01,
            fickle: 0.0,
        }
    }
}

/// How its cases come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ways {
    /// Correlation from case to case, of deviations and of durations.
    pub dependence: f64,
    /// Cases at weekends, over those on workdays.
    pub weekend: f64,
    /// Volume: doubles over so many days, and falls back.
    pub swell: Option<f64>,
    /// Durations are Student-t with 5 degrees of freedom instead of log-normal.
    pub heavy: bool,
}

impl Default for Ways {
    fn default() -> Ways {
        Ways {
            dependence: 0.0,
            weekend: 1.0,
            swell: None,
            heavy: false,
        }
    }
}

/// Its state between cases.
pub(crate) struct Process {
    rng: ChaCha8Rng,
    ways: Ways,
    wrong: bool,
    noise: f64,
}

pub(crate) const GOOD: NameId = NameId(1);
pub(crate) const BAD: NameId = NameId(4);

impl Process {
    pub(crate) fn new(seed: u64, ways: Ways) -> Process {
        Process {
            rng: ChaCha8Rng::seed_from_u64(seed),
            ways,
            wrong: false,
            noise: 0.0,
        }
    }

    /// The hours of a day.
    pub(crate) fn day(&mut self, day: Day, nature: &Nature) -> Vec<HourPart> {
        let is_weekend = day.weekday() >= 5;
        let mut rate = nature.rate * if is_weekend { self.ways.weekend } else { 1.0 };
        if let Some(days) = self.ways.swell {
            rate *= 1.5 + 0.5 * (f64::from(day) * std::f64::consts::TAU / days).sin();
        }
        let count = Poisson::new(rate.max(1e-9)).unwrap().sample(&mut self.rng) as usize;
        let mut hours: Vec<i32> = (0..count).map(|_| self.rng.random_range(0..24)).collect();
        hours.sort_unstable();
        let mut parts: Vec<HourPart> = Vec::new();
        for hour in hours {
            let hour = day.first_hour() + hour;
            if parts.last().is_none_or(|part| part.hour != hour) {
                parts.push(HourPart {
                    hour,
                    kind: Executor::Human,
                    sums: Sums::default(),
                });
            }
            let sums = &mut parts.last_mut().unwrap().sums;
            self.case(hour, is_weekend, nature, sums);
        }
        parts
    }

    fn case(&mut self, hour: Hour, is_weekend: bool, nature: &Nature, to: &mut Sums) {
        let p = if is_weekend {
            nature.wrong.1
        } else {
            nature.wrong.0
        };
        let rho = self.ways.dependence;
        // A Markov chain with mean p and lag-1 correlation rho.
        let given = p + rho * (f64::from(u8::from(self.wrong)) - p);
        self.wrong = self.rng.random_bool(given.clamp(0.0, 1.0));
        let fresh = if self.ways.heavy {
            StudentT::new(5.0).unwrap().sample(&mut self.rng)
        } else {
            Normal::new(0.0, 1.0).unwrap().sample(&mut self.rng)
        };
        self.noise = rho * self.noise + (1.0 - rho * rho).sqrt() * fresh;
        let ln = nature.spread * self.noise + nature.shift;
        let seconds = if self.ways.heavy {
            3_600.0 + 600.0 * ln
        } else {
            3_600.0 * ln.exp()
        };
        let u: f64 = self.rng.random();
        let input = self.rng.random_range(1..50u64);
        let of_input = if input % 7 == 0 { NameId(2) } else { GOOD };
        let outcome = match () {
            _ if self.wrong => BAD,
            _ if self.rng.random_bool(nature.fickle) => NameId(3 - of_input.0),
            _ if nature.outcomes.0 == 1.0 => of_input,
            _ if u < nature.outcomes.0 => GOOD,
            _ if u < nature.outcomes.0 + nature.outcomes.1 => NameId(2),
            _ => NameId(3),
        };
        let path = if self.rng.random_bool(nature.novel) {
            self.rng.random()
        } else {
            hash_pair(1, self.rng.random_range(0..5))
        };
        let deviation = if self.wrong { 1_000_000 } else { 0 };
        to.starts.add(hour, 1);
        to.cases += 1;
        to.outcomes.add(outcome, 1);
        let trace = Trace {
            bin: Some(duration_bin(Span::of_seconds(seconds.max(0.0)))),
            outcome,
            deviation: Ppm(deviation),
            path,
            input: hash_pair(9, input),
        };
        to.traces.add(trace, 1);
    }
}

/// Runs a process for so many days, and gives its only epoch: the baseline, and the digests of all days.
pub(crate) fn epoch(
    mut process: Process,
    days: Day,
    terms: &DriftTerms,
    nature: impl Fn(Day) -> Nature,
) -> Epoch {
    let names = Names::new();
    let mut learning = Learning::new(Day(0));
    let mut parts = Vec::new();
    let mut epoch = Epoch {
        start: Day(0),
        cause: Cause::First,
        absorbed: Vec::new(),
        baseline: None,
        digests: Vec::new(),
        critical: None,
    };
    for day in Day(0).until(days) {
        let today = process.day(day, &nature(day));
        match &epoch.baseline {
            Some(baseline) => epoch
                .digests
                .push((day, baseline.digest(&today, Some(BAD)))),
            None => {
                let cases = today.iter().map(|part| part.sums.cases).sum();
                parts.push((day, today));
                if learning.add(day, cases, terms) {
                    let hours: Vec<HourPart> =
                        parts.iter().flat_map(|(_, of)| of.clone()).collect();
                    let baseline = learn(&hours, (Day(0), day), day, &names);
                    let digest =
                        |(day, of): &(Day, Vec<HourPart>)| (*day, baseline.digest(of, Some(BAD)));
                    epoch.digests = parts.iter().map(digest).collect();
                    epoch.baseline = Some(baseline);
                }
            }
        }
    }
    epoch
}

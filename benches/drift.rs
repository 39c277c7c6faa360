//! Drift: does the fleet keep its promise, and how fast is the fold?
//!
//! 1. 1,000 stable processes (5 to 200 cases a day, fewer and worse at weekends, log-normal durations, correlation 0.2 from
//!    case to case) over a simulated year at a budget of 12 false alarms: how many come?
//! 2. The same fleet with 20 processes of at least 20 cases a day whose deviation trebles, and 20 whose durations spread
//!    twice as wide at the same median, from the middle of the year: how many are found, how soon?
//! 3. A year of hourly digests of 1,000 processes: how long does folding take on one core?
//!
//! `cargo bench --bench drift [-- PROCESSES] [speed]`; `speed` alone for the third.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal, Poisson};
use std::time::Instant;
use toleranced::internals::DriftTerms;
use toleranced::internals::{
    Budget, Cause, Digest, Epoch, HourPart, Learning, Stream, fold, learn,
};
use toleranced::internals::{Day, Executor, Hour, NameId, Names, Ppm, Span};
use toleranced::internals::{Sums, Trace, duration_bin};

const YEAR: i32 = 365;
const CHANGE: i32 = 182;

#[derive(Clone, Copy, PartialEq)]
enum Change {
    None,
    Deviation,
    Spread,
}

struct Process {
    rng: ChaCha8Rng,
    rate: f64,
    wrong: f64,
    was_wrong: bool,
    noise: f64,
}

impl Process {
    fn new(seed: u64, least: f64) -> Process {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Process {
            rate: rng.random_range(least..200.0),
            wrong: rng.random_range(0.01..0.1),
            was_wrong: false,
            noise: 0.0,
            rng,
        }
    }

    fn day(&mut self, day: Day, change: Change) -> Vec<HourPart> {
        let weekend = day.weekday() >= 5;
        let rate = self.rate * if weekend { 0.4 } else { 1.0 };
        let count = Poisson::new(rate).expect("a rate").sample(&mut self.rng) as usize;
        let mut hours: Vec<i32> = (0..count).map(|_| self.rng.random_range(0..24)).collect();
        hours.sort_unstable();
        let mut parts: Vec<HourPart> = Vec::new();
        for hour in hours {
            let hour = day.start().hour() + hour;
            if parts.last().is_none_or(|part| part.hour != hour) {
                parts.push(HourPart {
                    hour,
                    kind: Executor::Human,
                    sums: Sums::default(),
                });
            }
            if let Some(part) = parts.last_mut() {
                self.case(hour, weekend, change, &mut part.sums);
            }
        }
        parts
    }

    fn case(&mut self, hour: Hour, weekend: bool, change: Change, to: &mut Sums) {
        const DEPENDENCE: f64 = 0.2;
        let mut p = self.wrong * if weekend { 1.5 } else { 1.0 };
        if change == Change::Deviation {
            p = (3.0 * p).min(0.9);
        }
        let given = p + DEPENDENCE * (f64::from(u8::from(self.was_wrong)) - p);
        self.was_wrong = self.rng.random_bool(given.clamp(0.0, 1.0));
        let fresh: f64 = Normal::new(0.0, 1.0)
            .expect("a normal")
            .sample(&mut self.rng);
        self.noise = DEPENDENCE * self.noise + (1.0 - DEPENDENCE * DEPENDENCE).sqrt() * fresh;
        let spread = if change == Change::Spread { 1.6 } else { 0.8 };
        let seconds = 3_600.0 * (spread * self.noise).exp();
        to.starts.add(hour, 1);
        to.cases += 1;
        to.outcomes
            .add(if self.was_wrong { NameId(2) } else { NameId(1) }, 1);
        let trace = Trace {
            bin: Some(duration_bin(Span::of_seconds(seconds))),
            outcome: if self.was_wrong { NameId(2) } else { NameId(1) },
            deviation: if self.was_wrong { Ppm::ONE } else { Ppm::ZERO },
            path: self.rng.random_range(0..5),
            input: 0,
        };
        to.traces.add(trace, 1);
    }
}

fn epoch(mut process: Process, terms: &DriftTerms, change: Change) -> Epoch {
    let names = Names::new();
    let mut learning = Learning::new(Day(0));
    let mut days = Vec::new();
    let mut epoch = Epoch {
        start: Day(0),
        cause: Cause::First,
        absorbed: Vec::new(),
        baseline: None,
        digests: Vec::new(),
        critical: None,
    };
    for day in Day(0).until(Day(YEAR)) {
        let change = if day < Day(CHANGE) {
            Change::None
        } else {
            change
        };
        let today = process.day(day, change);
        match &epoch.baseline {
            Some(baseline) => epoch.digests.push((day, baseline.digest(&today, None))),
            None => {
                let cases = today.iter().map(|part| part.sums.cases).sum();
                days.push((day, today));
                if learning.add(day, cases, terms) {
                    let parts: Vec<HourPart> = days.iter().flat_map(|(_, of)| of.clone()).collect();
                    let baseline = learn(&parts, (Day(0), day), day, &names);
                    let digest =
                        |(day, of): &(Day, Vec<HourPart>)| (*day, baseline.digest(of, None));
                    epoch.digests = days.iter().map(digest).collect();
                    epoch.baseline = Some(baseline);
                }
            }
        }
    }
    epoch
}

fn main() {
    let processes: u32 = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .next()
        .unwrap_or(1_000);
    let terms = DriftTerms::default();
    let first_days = vec![Day::MIN; processes as usize];
    let budget = Budget::of_fleet(terms.false_alarms_per_year, first_days);
    if std::env::args().any(|arg| arg == "speed") {
        return speed(&terms, processes, &budget);
    }
    let mut alarms: Vec<(u32, Stream, Day)> = Vec::new();
    for seed in 0..processes {
        let epoch = epoch(Process::new(u64::from(seed), 5.0), &terms, Change::None);
        let drift = fold(&[epoch], Day(YEAR - 1), &budget, &terms);
        alarms.extend(
            drift
                .alarms
                .iter()
                .map(|alarm| (seed, alarm.stream, alarm.raised)),
        );
    }
    println!(
        "{processes} stable processes, one year, budget 12, threshold {:.0}: {} false alarms",
        budget.threshold(Day(0)),
        alarms.len()
    );
    for (process, stream, day) in alarms {
        println!("  process {process}: {stream} on day {day}");
    }
    for (what, change, stream) in [
        ("deviation trebles", Change::Deviation, Stream::Deviation),
        (
            "durations spread twice as wide",
            Change::Spread,
            Stream::DurationDispersion,
        ),
    ] {
        let mut delays: Vec<i32> = Vec::new();
        let of = 20 * (processes / 100).max(1);
        for seed in 0..of {
            let epoch = epoch(
                Process::new(1_000_000 + u64::from(seed), 20.0),
                &terms,
                change,
            );
            let drift = fold(&[epoch], Day(YEAR - 1), &budget, &terms);
            let alarm = drift.alarms.iter().find(|alarm| alarm.stream == stream);
            delays.extend(alarm.map(|alarm| alarm.raised - Day(CHANGE) + 1));
        }
        delays.sort_unstable();
        println!(
            "{what}: {} of {of} found, median delay {} days, 90 % within {} days",
            delays.len(),
            delays[delays.len() / 2],
            delays[delays.len() * 9 / 10]
        );
    }
    speed(&terms, processes, &budget);
}

/// Folds a year of digests of days.
fn speed(terms: &DriftTerms, processes: u32, budget: &Budget) {
    let made = epoch(Process::new(7, 99.0), terms, Change::None);
    let Some(baseline) = &made.baseline else {
        return;
    };
    let mut process = Process::new(8, 99.0);
    let days: Vec<(Day, Digest)> = (baseline.last + 1)
        .until(baseline.last + 1 + YEAR)
        .map(|day| (day, baseline.digest(&process.day(day, Change::None), None)))
        .collect();
    let begun = Instant::now();
    let mut alarms = 0;
    for _ in 0..processes {
        let epoch = Epoch {
            start: made.start,
            cause: Cause::First,
            absorbed: Vec::new(),
            baseline: Some(baseline.clone()),
            digests: days.clone(),
            critical: None,
        };
        let until = baseline.last + YEAR;
        alarms += fold(&[epoch], until, budget, terms).alarms.len();
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{processes} processes, {} digests of days each: folded in {seconds:.2} s on one core ({alarms} alarms)",
        days.len()
    );
}

//! Deviation and verdicts of simulated processes whose cases are reopened late, and whose true deviation is known.

use super::Maturity;
use crate::measure::{FollowUp, Sums};
use crate::model::{Hour, Ppm, Span, Time};
use crate::rules::Tolerance;
use crate::score::dice::Dice;
use crate::score::observed::Observed;

/// The true share of cases that are reopened.
const P: f64 = 0.08;

impl Dice {
    /// A standard normal number (Box & Muller 1958).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.share()).cos()
    }
}

/// When a case was resolved, and after how long it was reopened, in hours.
struct SimCase {
    resolved: f64,
    delay: Option<f64>,
}

/// Cases of a process, of which so many are resolved a day. The delay has a log-normal distribution with a median of 20 days.
fn cases(dice: &mut Dice, (days, per_day): (usize, usize), sigma: f64) -> Vec<SimCase> {
    (0..days * per_day)
        .map(|nth| SimCase {
            resolved: 24.0 * (nth / per_day) as f64 + 24.0 * dice.share(),
            delay: (dice.share() < P).then(|| 480.0 * (sigma * dice.normal()).exp()),
        })
        .collect()
}

/// The sums as of a day, of what was resolved or reopened within the last `window` days. A reopened case ends at once again.
fn sums(cases: &[SimCase], day: usize, window: usize) -> Sums {
    let mut sums = Sums::default();
    let (now, since) = (24.0 * day as f64, 24.0 * day.saturating_sub(window) as f64);
    let hour = |at: f64| Hour(at.floor() as i32);
    for case in cases.iter().filter(|case| case.resolved < now) {
        let reopened = case.delay.filter(|delay| case.resolved + delay < now);
        let end = case.resolved + reopened.unwrap_or(0.0);
        let deviation = if reopened.is_some() {
            Ppm::ONE
        } else {
            Ppm::ZERO
        };
        if end >= since {
            sums.cases += 1;
            sums.ended.add(hour(end), 1);
            sums.deviated.add(hour(end), i64::from(deviation));
            sums.deviations.add(deviation, 1);
            sums.reopened += i64::from(reopened.is_some());
        }
        if case.resolved >= since {
            watch(&mut sums.follow_up, hour(case.resolved), reopened);
        }
    }
    sums
}

fn watch(follow_up: &mut FollowUp, resolved: Hour, delay: Option<f64>) {
    match delay {
        Some(hours) => {
            follow_up.challenged.add(Span((hours * 3.6e9) as i64), 1);
            follow_up.challenged_ppm += i64::from(Ppm::ONE);
            follow_up.reopened += 1;
        }
        None => follow_up.watched.add((resolved, Some(Ppm::ZERO)), 1),
    }
}

/// What is observed of the sums as of a day.
fn observed(sums: &Sums, day: usize, is_corrected: bool) -> Observed {
    let tolerance = Tolerance::builtin();
    let mut observed = Observed::of(&[sums], false, tolerance.assumed_cluster);
    let end = Time(day as i64 * 24 * 3_600_000_000);
    let maturity = Maturity::of(sums, end, tolerance.alpha).filter(|_| is_corrected);
    let young = maturity
        .as_ref()
        .map(|maturity| maturity.young(sums, sums.reopened));
    observed.expect(young.unwrap_or_default());
    observed
}

/// What became of all simulated processes.
#[derive(Debug, Default)]
struct Found {
    /// The share of the processes that are ever within a limit a little below their true deviation.
    within: f64,
    /// The share that are ever outside of a limit a little above it.
    outside: f64,
    /// The mean deviation by week, as a multiple of the true one.
    means: Vec<f64>,
}

/// Scores growing processes every week.
fn found((per_day, window): (usize, usize), sigma: f64, is_corrected: bool) -> Found {
    const PROCESSES: u64 = 40;
    const WEEKS: usize = 26;
    let tolerance = Tolerance::builtin();
    let mut found = Found {
        means: vec![0.0; WEEKS + 1],
        ..Found::default()
    };
    for process in 0..PROCESSES {
        let mut dice = Dice(process * 7_919 + 3);
        let cases = cases(&mut dice, (7 * WEEKS, per_day), sigma);
        let (mut within, mut outside) = (false, false);
        for week in 1..=WEEKS {
            let observed = observed(&sums(&cases, 7 * week, window), 7 * week, is_corrected);
            let bounds = observed.bounds(tolerance.alpha, 0.0).unwrap();
            within |= bounds.upper <= P / 1.02;
            outside |= bounds.lower > P / 0.98;
            found.means[week] += bounds.mean / P / PROCESSES as f64;
        }
        found.within += f64::from(u8::from(within)) / PROCESSES as f64;
        found.outside += f64::from(u8::from(outside)) / PROCESSES as f64;
    }
    found
}

#[test]
fn a_growing_process_with_late_reopenings_is_not_called_within() {
    for (per_day, window, sigma) in [
        (20, 10_000, 1.0),
        (20, 10_000, 0.5),
        (20, 90, 1.0),
        (5, 90, 0.5),
    ] {
        let found = found((per_day, window), sigma, true);
        let of = format!("{per_day} cases a day, window {window} days, sigma {sigma}: {found:?}");
        assert!(found.within <= 0.05 && found.outside <= 0.05, "{of}");
        // What comes later than cases were watched is in the upper bound only.
        assert!(found.means[10..].iter().all(|mean| *mean > 0.8), "{of}");
        assert!(found.means[20..].iter().all(|mean| *mean > 0.9), "{of}");
        assert!(found.means.iter().all(|mean| *mean < 1.1), "{of}");
    }
}

#[test]
fn without_the_correction_it_would_be() {
    let found = found((20, 10_000), 1.0, false);
    assert!(found.within > 0.9 && found.means[8] < 0.6, "{found:?}");
}

#[test]
fn reopenings_that_come_at_once_change_next_to_nothing() {
    let mut dice = Dice(5);
    let mut cases = cases(&mut dice, (90, 10), 0.1);
    for case in &mut cases {
        case.delay = case
            .delay
            .map(|delay| delay / 200.0)
            .filter(|_| case.resolved % 3.0 < 0.5);
    }
    let sums = sums(&cases, 90, 90);
    let [plain, corrected] =
        [false, true].map(|is| observed(&sums, 90, is).bounds(0.05, 0.0).unwrap());
    assert_eq!(plain.lower, corrected.lower);
    assert!(
        corrected.mean - plain.mean < 0.001,
        "{plain:?} {corrected:?}"
    );
    assert!(
        corrected.upper < 1.5 * plain.upper,
        "{plain:?} {corrected:?}"
    );
}

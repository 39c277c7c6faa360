//! Wrong verdicts on simulated processes whose true deviation is known.
//!
//! A table of more kinds and other rules is in docs/scoring.md. Here as many processes as fit into a few seconds.

use super::Days;
use crate::measure::Sums;
use crate::model::{Hour, Ppm};
use crate::rules::Tolerance;
use crate::score::dice::Dice;
use crate::score::observed::Observed;

const PER_DAY: usize = 20;
const DAYS: usize = 75;
const PROCESSES: u64 = 200;
/// The permissible deviation.
const T: f64 = 0.05;

impl Dice {
    /// Which cases are wrong if each is like the one before it with this chance, and else is wrong with the other one: on
    /// average 1 / (1 - alike) successive cases have one cause.
    fn wrong(&mut self, alike: f64, chance: f64) -> Vec<bool> {
        let mut before = false;
        let mut next = |nth: usize| {
            if nth == 0 || self.share() >= alike {
                before = self.share() < chance;
            }
            before
        };
        (0..PER_DAY * DAYS).map(&mut next).collect()
    }
}

/// How often a verdict is ever given, of all processes.
#[derive(Debug)]
struct Ever {
    within: f64,
    outside: f64,
}

/// Scores processes every week whose clusters have so many cases, and whose true deviation is so many T.
fn ever(cluster: f64, of_t: f64) -> Ever {
    let tolerance = Tolerance::builtin();
    let (mut within, mut outside) = (0.0, 0.0);
    for process in 0..PROCESSES {
        let wrong = Dice(process * 7_919 + 1).wrong(1.0 - 1.0 / cluster, of_t * T);
        let found: Vec<(bool, bool)> = (7..DAYS)
            .step_by(7)
            .map(|days| verdict(&wrong, days, &tolerance))
            .collect();
        within += f64::from(u8::from(found.iter().any(|(within, _)| *within)));
        outside += f64::from(u8::from(found.iter().any(|(_, outside)| *outside)));
    }
    let all = PROCESSES as f64;
    Ever {
        within: within / all,
        outside: outside / all,
    }
}

/// Whether the cases of the first days are within, and whether they are outside.
fn verdict(wrong: &[bool], days: usize, tolerance: &Tolerance) -> (bool, bool) {
    let mut sums = Sums::default();
    for (day, cases) in wrong.chunks(PER_DAY).take(days).enumerate() {
        let bad = cases.iter().filter(|wrong| **wrong).count() as i64;
        let hour = Hour(day as i32 * 24 + 12);
        sums.ended.add(hour, PER_DAY as i64);
        sums.deviated.add(hour, bad * i64::from(Ppm::ONE));
        sums.deviations.add(Ppm::ONE, bad);
        sums.deviations.add(Ppm::ZERO, PER_DAY as i64 - bad);
    }
    let observed = Observed::of(&[&sums], false, tolerance.assumed_cluster);
    let enough = observed.dependence.days >= tolerance.least_days;
    let bounds = observed.bounds(tolerance.alpha, 0.0).unwrap();
    (enough && bounds.upper <= T, enough && bounds.lower > T)
}

#[test]
fn wrong_verdicts_stay_rare_if_cases_come_in_clusters() {
    // The targets are 5 % and, for clusters of 10, 10 %; so few processes are that much off by chance. If cases were taken for
    // independent, it would be 20 and 65 %.
    for (cluster, most) in [(1.0, 0.05), (3.0, 0.08), (10.0, 0.15)] {
        let above = ever(cluster, 1.02);
        assert!(
            above.within <= most,
            "{above:?} with clusters of {cluster} at 1.02 T"
        );
        let below = ever(cluster, 0.98);
        assert!(
            below.outside <= most,
            "{below:?} with clusters of {cluster} at 0.98 T"
        );
        let far = ever(cluster, 2.0);
        assert!(
            far.within <= 0.02,
            "{far:?} with clusters of {cluster} at 2 T"
        );
    }
}

#[test]
fn independent_cases_get_their_verdict_all_the_same() {
    let good = ever(1.0, 0.35);
    assert!(good.within > 0.95, "{good:?}");
    let bad = ever(1.0, 2.0);
    assert!(bad.outside > 0.95, "{bad:?}");
}

#[test]
fn the_design_effect_is_found() {
    // Clusters of geometric size with a mean of 3: E(size^2) / E(size) = 5, less what days cut.
    let mut all = Vec::new();
    for process in 0..100 {
        let wrong = Dice(process).wrong(1.0 - 1.0 / 3.0, 0.3);
        let mut days = Days::default();
        let mut sums = Sums::default();
        for (day, cases) in wrong.chunks(PER_DAY).enumerate() {
            let hour = Hour(day as i32 * 24);
            sums.ended.add(hour, PER_DAY as i64);
            let bad = cases.iter().filter(|wrong| **wrong).count() as i64;
            sums.deviated.add(hour, bad * i64::from(Ppm::ONE));
        }
        days.add(&sums, false);
        all.push(days.dependence(6.0).design_effect());
    }
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    assert!((3.5..5.2).contains(&mean), "{mean}");
}

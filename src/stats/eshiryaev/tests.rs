use super::*;
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The mean number of steps until a mixture over these ratios reaches `threshold`, and its standard error.
fn run_length(p0: f64, p: f64, ratios: &[f64], threshold: f64, runs: u64) -> (f64, f64) {
    let lambdas: Vec<f64> = ratios.iter().map(|r| kelly(r * p0, p0)).collect();
    let bets = |x: f64| -> Vec<Bet> {
        let bet = |lambda: &f64| Bet {
            ln_factor: ln_bet(*lambda, x, p0),
            count: 1.0,
            sum: x,
            expected: p0,
        };
        lambdas.iter().map(bet).collect()
    };
    let (hit, miss) = (bets(1.0), bets(0.0));
    let lengths: Vec<f64> = (0..runs)
        .map(|run| {
            let mut rng = ChaCha8Rng::seed_from_u64(run);
            let mut mixture = Mixture::new(lambdas.len());
            let mut at = 0;
            while mixture.evidence() < threshold {
                at += 1;
                let bets = if rng.random_bool(p) { &hit } else { &miss };
                mixture.step(at, bets, 1e12);
            }
            f64::from(at)
        })
        .collect();
    let mean = crate::stats::describe::mean(&lengths).unwrap_or(f64::NAN);
    let spread = crate::stats::describe::standard_deviation(&lengths).unwrap_or(f64::NAN);
    (mean, spread / (runs as f64).sqrt())
}

/// The ratios that the drift streams bet on.
const RATIOS: [f64; 5] = [1.5, 1.9, 2.5, 3.5, 6.0];

#[test]
fn false_alarms_are_at_least_so_far_apart() {
    // Reference (another grid of five, independent simulation): 1,542.
    let (mean, error) = run_length(0.05, 0.05, &RATIOS, 1_000.0, 600);
    assert!(mean >= 1_000.0, "{mean} +- {error}");
    assert!(mean < 2_500.0, "needlessly cautious: {mean} +- {error}");
}

#[test]
fn changes_are_found_as_soon_as_the_reference_says() {
    // References: 139 and 60; at 0.01: 884 and 371.
    for (p0, p, threshold, most, runs) in [
        (0.05, 0.10, 1e3, 150.0, 2_000),
        (0.05, 0.15, 1e3, 65.0, 1_000),
        (0.01, 0.02, 1e4, 900.0, 1_000),
        (0.01, 0.03, 1e4, 400.0, 500),
    ] {
        let (mean, error) = run_length(p0, p, &RATIOS, threshold, runs);
        assert!(mean <= most, "{p0} -> {p}: {mean} +- {error}");
    }
}

/// Onset and mean since then, as estimated when a change from 0.03 to 0.15 at step 2,000 is found.
fn estimate(seed: u64) -> (i32, f64) {
    let lambdas: Vec<f64> = RATIOS.iter().map(|r| kelly(r * 0.05, 0.05)).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut mixture = Mixture::new(lambdas.len());
    let mut at = 0;
    while mixture.evidence() < 1e4 {
        at += 1;
        let p = if at <= 2_000 { 0.03 } else { 0.15 };
        let x = f64::from(u8::from(rng.random_bool(p)));
        let bet = |lambda: &f64| Bet {
            ln_factor: ln_bet(*lambda, x, 0.05),
            count: 1.0,
            sum: x,
            expected: 0.05,
        };
        let bets: Vec<Bet> = lambdas.iter().map(bet).collect();
        mixture.step(at, &bets, 1e12);
    }
    let (_, leading) = mixture.leading().unwrap();
    assert!((leading.expected / leading.count - 0.05).abs() < 1e-12);
    (leading.since, leading.sum / leading.count)
}

#[test]
fn the_onset_is_where_the_change_was_and_the_mean_what_it_became() {
    let (mut onsets, mut means): (Vec<i32>, Vec<f64>) = (0..41).map(estimate).unzip();
    onsets.sort_unstable();
    means.sort_by(f64::total_cmp);
    assert!((1_990..2_015).contains(&onsets[20]), "{onsets:?}");
    assert!((0.14..0.20).contains(&means[20]), "{means:?}");
}

#[test]
fn a_cap_lets_it_come_down_again() {
    let mut mixture = Mixture::new(1);
    let up = Bet {
        ln_factor: 1.0,
        count: 1.0,
        ..Bet::default()
    };
    let down = Bet {
        ln_factor: -1.0,
        count: 1.0,
        ..Bet::default()
    };
    (1..1000).for_each(|at| mixture.step(at, &[up], 1e6));
    assert_eq!(mixture.evidence(), 1e6);
    (1000..1020).for_each(|at| mixture.step(at, &[down], 1e6));
    assert!(mixture.evidence() < 1.0);
    mixture.reset();
    assert_eq!(mixture.evidence(), 0.0);
    assert_eq!(Mixture::new(0).evidence(), 0.0);
}

#[test]
fn silence_is_no_evidence() {
    let mut mixture = Mixture::new(2);
    (0..10_000).for_each(|at| mixture.step(at, &[Bet::default(); 2], 1e6));
    assert_eq!(mixture.evidence(), 0.0);
}

#[test]
fn count_ratios_are_likelihood_ratios() {
    // scipy.stats.nbinom.logpmf(12, 1 / .2, 1 / (1 + .2 * 14)) - .logpmf(12, 1 / .2, 1 / (1 + .2 * 7))
    let ratio = |count: f64, mean, ratio, alpha| {
        let (slope, offset) = ln_count_line(mean, ratio, alpha);
        count * slope + offset
    };
    assert!((ratio(12.0, 7.0, 2.0, 0.2) - 0.505_716_6).abs() < 1e-6);
    // poisson.logpmf(12, 14) - poisson.logpmf(12, 7) = 12 ln 2 - 7
    assert!((ratio(12.0, 7.0, 2.0, 0.0) - (12.0 * 2f64.ln() - 7.0)).abs() < 1e-12);
    assert_eq!(ratio(12.0, 0.0, 2.0, 0.0), 0.0);
}

proptest! {
    #[test]
    fn a_bet_is_fair_at_the_mean_and_its_mean_falls_below_1_under_it(
        m in 0.001f64..0.9, share in 0.0f64..=1.0, ratio in 1.05f64..8.0,
    ) {
        let lambda = kelly((ratio * m).min(0.5 * (1.0 + m)), m);
        // 0/1 with a mean of at most m.
        let p = m * share;
        let mean = p * ln_bet(lambda, 1.0, m).exp() + (1.0 - p) * ln_bet(lambda, 0.0, m).exp();
        prop_assert!(mean <= 1.0 + 1e-9, "{mean}");
        prop_assert!(ln_bet(lambda, 0.0, m).is_finite());
    }

    #[test]
    fn never_nan_whatever_comes(bets in proptest::collection::vec((-1e6f64..1e6, 0f64..1e9), 1..60)) {
        let mut mixture = Mixture::new(1);
        for (at, (ln_factor, sum)) in (0..).zip(bets) {
            mixture.step(at, &[Bet { ln_factor, count: 1.0, sum, expected: 0.0 }], 1e7);
            prop_assert!((0.0..=1e7).contains(&mixture.evidence()));
            prop_assert!(mixture.leading().unwrap().1.cusum.is_finite());
        }
    }
}

//! How far the level of a process wanders by itself: busy and quiet weeks.
//!
//! The logarithm of the rate follows an autoregression of the first order, with a standard deviation and a correlation from
//! day to day that are not known. Each of a few pairs is given the probability that the days of the reference leave it
//! (Kalman filter). Evidence of a change must hold whichever pair is true.

/// A way of wandering, with its probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SlowLevel {
    /// Standard deviation of the level, relative to the rate.
    pub deviation: f64,
    /// Correlation from day to day.
    pub correlation: f64,
    /// Probability, given the reference.
    pub probability: f64,
}

/// Before any day is seen, a process does not wander with this probability.
const STEADY: f64 = 0.5;
const DEVIATIONS: [f64; 4] = [0.15, 0.25, 0.4, 0.6];
const CORRELATIONS: [f64; 4] = [0.5, 0.8, 0.9, 0.96];

/// A day of the reference.
#[derive(Clone, Copy, Debug)]
pub(super) struct Excess {
    /// Cases beyond the expected ones, over the expected ones.
    pub relative: f64,
    /// Cases expected.
    pub expected: f64,
}

/// The ways of wandering, given the days of a reference in order; `None` stands for a day that says nothing. `dispersion`
/// is the relative variance of a day beyond that of independent cases, whatever its cause.
pub(super) fn slow_levels(
    days: impl Iterator<Item = Option<Excess>> + Clone,
    dispersion: f64,
) -> Vec<SlowLevel> {
    let few = ((1.0 - STEADY) / (DEVIATIONS.len() * CORRELATIONS.len()) as f64).ln();
    let mut all = vec![(
        0.0,
        0.0,
        STEADY.ln() + ln_likelihood(days.clone(), dispersion, (0.0, 0.0)),
    )];
    for deviation in DEVIATIONS {
        for correlation in CORRELATIONS {
            let way = (deviation, correlation);
            let likelihood = ln_likelihood(days.clone(), dispersion, way);
            all.push((deviation, correlation, few + likelihood));
        }
    }
    let most = all.iter().map(|way| way.2).fold(f64::MIN, f64::max);
    let sum: f64 = all.iter().map(|way| (way.2 - most).exp()).sum();
    let way = |(deviation, correlation, ln): (f64, f64, f64)| SlowLevel {
        deviation,
        correlation,
        probability: (ln - most).exp() / sum,
    };
    // What is all but excluded costs time with every comparison.
    let possible = all
        .into_iter()
        .map(way)
        .filter(|way| way.probability > 1e-9);
    possible.collect()
}

fn ln_likelihood(
    days: impl Iterator<Item = Option<Excess>>,
    dispersion: f64,
    (deviation, correlation): (f64, f64),
) -> f64 {
    let variance = deviation * deviation;
    let innovation = variance * (1.0 - correlation * correlation);
    let noise = (dispersion - variance).max(0.0);
    let (mut level, mut uncertain, mut ln) = (0.0, variance, 0.0);
    // The logarithm of a product of a few: one logarithm for many days.
    let mut product = 1.0;
    for day in days {
        level *= correlation;
        uncertain = correlation * correlation * uncertain + innovation;
        let Some(day) = day else { continue };
        let total = uncertain + noise + 1.0 / day.expected;
        let off = day.relative - level;
        product *= total;
        if !(1e-100..1e100).contains(&product) {
            ln -= 0.5 * product.ln();
            product = 1.0;
        }
        ln -= 0.5 * off * off / total;
        let gain = uncertain / total;
        level += gain * off;
        uncertain *= 1.0 - gain;
    }
    ln - 0.5 * product.ln()
}

/// Mean correlation between the days of a window of so many days, where that from day to day is `correlation`: the
/// variance of the mean of the window, over that of a day.
pub(super) fn mean_correlation(days: f64, correlation: f64) -> f64 {
    if days <= 1.0 {
        return 1.0;
    }
    let rest = 1.0 - correlation;
    let first = (1.0 + correlation) / rest / days;
    let last = 2.0 * correlation * (1.0 - correlation.powf(days)) / (rest * days).powi(2);
    (first - last).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, Normal, Poisson};

    fn simulated(seed: u64, deviation: f64, correlation: f64, days: usize) -> Vec<Option<Excess>> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let noise = Normal::new(0.0, 1.0).unwrap();
        let mut level: f64 = deviation * noise.sample(&mut rng);
        let day = |_| {
            let fresh = deviation * (1.0 - correlation * correlation).sqrt();
            level = correlation * level + fresh * noise.sample(&mut rng);
            let expected = 20.0;
            let cases = Poisson::new(expected * level.exp())
                .unwrap()
                .sample(&mut rng);
            Some(Excess {
                relative: cases / expected - 1.0,
                expected,
            })
        };
        (0..days).map(day).collect()
    }

    fn wanders(days: &[Option<Excess>], dispersion: f64) -> f64 {
        let all = slow_levels(days.iter().copied(), dispersion);
        let sum: f64 = all.iter().map(|way| way.probability).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{sum}");
        let wandering = all.iter().filter(|way| way.deviation > 0.0);
        wandering.map(|way| way.probability).sum()
    }

    #[test]
    fn busy_and_quiet_weeks_are_told_from_independent_days() {
        for seed in 0..10 {
            let steady = wanders(&simulated(seed, 0.0, 0.0, 150), 0.0);
            assert!(steady < 0.1, "{steady}");
            let weeks = wanders(&simulated(seed, 0.3, 0.9, 150), 0.09);
            assert!(weeks > 0.99, "{weeks}");
        }
    }

    #[test]
    fn the_mean_correlation_is_that_of_all_pairs_of_days() {
        for (days, correlation) in [(2, 0.5), (14, 0.9), (28, 0.96)] {
            let pairs = (0..days).flat_map(|a: i32| (0..days).map(move |b: i32| (a - b).abs()));
            let sum: f64 = pairs.map(|apart| f64::powi(correlation, apart)).sum();
            let mean = sum / f64::from(days * days);
            assert!((mean_correlation(f64::from(days), correlation) - mean).abs() < 1e-9);
        }
        assert_eq!(mean_correlation(1.0, 0.9), 1.0);
    }
}

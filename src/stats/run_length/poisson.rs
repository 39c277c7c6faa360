//! Run lengths of a CUSUM of Poisson counts.

use super::answer;
use super::chain::{Chain, MOST_STATES};
use statrs::function::gamma::{gamma_lr, gamma_ur, ln_gamma};

/// Above this the logarithm of a probability has lost half of its digits.
const GREATEST_MEAN: f64 = 1e6;

/// The CUSUM `S = max(0, S + Y - k)` of counts Y, with a signal where S reaches h, on the lattice of whole multiples of
/// `1 / per_count`: Lucas (1985), "Counted data CUSUM's", Technometrics 27.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoissonCusum {
    /// Units to a count of 1.
    pub per_count: u32,
    /// k, in units.
    pub reference: u32,
    /// h, in units.
    pub threshold: u32,
}

impl PoissonCusum {
    /// The run length for counts with this `mean`, from `start` units (0 for the zero state, half of the threshold for
    /// the fast initial response). Exact: S has no values but the whole numbers below the threshold.
    ///
    /// `None` for more states than the dense system bears, or for a mean above 1e6.
    pub fn arl(&self, mean: f64, start: u32) -> Option<f64> {
        let valid = self.per_count > 0 && start < self.threshold && mean > 0.0;
        let states = self.threshold as usize + 1;
        if !valid || mean > GREATEST_MEAN || states > MOST_STATES {
            return None;
        }
        // State 0 is the start, state s + 1 the value s.
        let value = |state: usize| match state {
            0 => i64::from(start),
            _ => state as i64 - 1,
        };
        // What S must get in units to be at `to`.
        let needed = |from: usize, to: i64| to - value(from) + i64::from(self.reference);
        let per_count = i64::from(self.per_count);
        let moves = |from: usize, to: usize| match to {
            0 => 0.0,
            1 => at_most(needed(from, 0).div_euclid(per_count), mean),
            _ => {
                let units = needed(from, value(to));
                let whole = units.rem_euclid(per_count) == 0;
                if whole {
                    exactly(units / per_count, mean)
                } else {
                    0.0
                }
            }
        };
        let leaves = |from: usize| {
            let units = needed(from, i64::from(self.threshold));
            // At least 1, since S is below the threshold.
            let count = (units + per_count - 1).div_euclid(per_count);
            at_least(count, mean)
        };
        answer(Chain::new(states, moves, leaves).mean_steps())
    }
}

/// P(Y = count).
fn exactly(count: i64, mean: f64) -> f64 {
    if count < 0 {
        return 0.0;
    }
    let count = count as f64;
    (count * mean.ln() - mean - ln_gamma(count + 1.0)).exp()
}

/// P(Y >= count) for count >= 1.
fn at_least(count: i64, mean: f64) -> f64 {
    gamma_lr(count as f64, mean)
}

/// P(Y <= count), an incomplete gamma function (Abramowitz & Stegun 26.4.21).
fn at_most(count: i64, mean: f64) -> f64 {
    if count < 0 {
        return 0.0;
    }
    gamma_ur(count as f64 + 1.0, mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chart(per_count: u32, reference: u32, threshold: u32) -> PoissonCusum {
        PoissonCusum {
            per_count,
            reference,
            threshold,
        }
    }

    #[test]
    fn the_example_of_lucas() {
        // Lucas (1985): k 0.25, h 10, mean 0.25; zero start and fast initial response.
        let quarters = chart(4, 1, 40);
        let got = [0, 20].map(|start| quarters.arl(0.25, start).unwrap());
        assert!((got[0] - 438.12).abs() < 0.0051, "{got:?}");
        assert!((got[1] - 333.12).abs() < 0.0051, "{got:?}");
        // The same on a finer lattice than needed.
        let again = chart(8, 2, 80).arl(0.25, 40).unwrap();
        assert!((again / got[1] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_threshold_of_one_step() {
        // k 1, h 1: a signal at the first count of 2 or more, else back to 0.
        let mean = 0.3f64;
        let chance = 1.0 - (-mean).exp() * (1.0 + mean);
        let got = chart(1, 1, 1).arl(mean, 0).unwrap();
        assert!((got * chance - 1.0).abs() < 1e-12, "{got}");
    }

    #[test]
    fn single_events_in_a_row() {
        // k 0 and a small mean: the tenth event ends it, and hardly ever come two at a time.
        let got = chart(1, 0, 10).arl(1e-6, 0).unwrap();
        assert!((got / 1e7 - 1.0).abs() < 1e-5, "{got}");
    }

    #[test]
    fn what_has_no_answer() {
        assert_eq!(chart(0, 1, 40).arl(0.25, 0), None);
        assert_eq!(chart(4, 1, 0).arl(0.25, 0), None);
        assert_eq!(chart(4, 1, 40).arl(0.25, 40), None);
        assert_eq!(chart(4, 1, 100_000).arl(0.25, 0), None);
        for mean in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e7] {
            assert_eq!(chart(4, 1, 40).arl(mean, 0), None);
        }
        // Beyond the largest float.
        assert_eq!(chart(1, 500, 500).arl(1e-3, 0), None);
        assert_eq!(chart(u32::MAX, 0, 40).arl(1e6, 39), Some(1.0));
        assert_eq!(chart(1, u32::MAX, 511).arl(1e6, 0), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn sooner_with_the_mean_later_with_the_threshold(
            per_count in 1u32..8, reference in 0u32..20, threshold in 1u32..60,
            mean in 0.05f64..3.0, more in 0.01f64..2.0, start in 0u32..60,
        ) {
            let slack = 1.0 + 1e-9;
            let here = chart(per_count, reference, threshold);
            let got = here.arl(mean, 0).unwrap();
            prop_assert!(got >= 1.0);
            prop_assert!(here.arl(mean + more, 0).unwrap() <= got * slack);
            prop_assert!(here.arl(mean, start.min(threshold - 1)).unwrap() <= got * slack);
            prop_assert!(chart(per_count, reference, threshold + 1).arl(mean, 0).unwrap() * slack >= got);
        }

        #[test]
        fn an_answer_or_none_for_anything(
            per_count in any::<u32>(), reference in any::<u32>(), threshold in any::<u32>(), start in any::<u32>(),
            mean in any::<f64>(), few in 1u32..100, small in 0.001f64..1000.0,
        ) {
            for got in [
                chart(per_count, reference, threshold).arl(mean, start), chart(few, reference, few).arl(small, 0),
                chart(per_count, few, few).arl(small, 0), chart(few, few, few).arl(mean, 0),
            ].into_iter().flatten() {
                prop_assert!(got >= 1.0 && got.is_finite());
            }
        }
    }
}

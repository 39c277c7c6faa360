//! What weight and threshold a CUSUM of single trials needs for a task.

use super::bernoulli::{GREATEST_THRESHOLD, bernoulli_cusum_arl};

/// A Bernoulli CUSUM made for a task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BernoulliDesign {
    /// A wrong trial adds m - 1; a right one takes 1.
    pub(crate) m: u32,
    /// The signal is given where S reaches this.
    pub(crate) h: u32,
    /// Mean number of trials between false alarms, at the acceptable share.
    pub(crate) arl_acceptable: f64,
    /// Mean number of trials until the signal, at the unacceptable share.
    pub(crate) arl_unacceptable: f64,
}

/// The chart that tells a share of `p1` wrong trials from one of `p0` < `p1`, with at least `wanted` trials between false
/// alarms on average.
///
/// m is the whole number next to `r2 / r1`, `r1 = ln((1 - p0) / (1 - p1))`, `r2 = ln(p1 (1 - p0) / (p0 (1 - p1)))`: so
/// that m X - 1 is the logarithm of the likelihood ratio in units of r1 (Reynolds & Stoumbos 1999). One less where rounding
/// up would let the chart climb at `p0`. h is the least that gives `wanted`.
///
/// `None` where shares are not in that order within (0, 1), where m would be below 2 (a wrong trial must weigh more than
/// a right one), and where h would be above a million.
pub(crate) fn bernoulli_cusum_design(p0: f64, p1: f64, wanted: f64) -> Option<BernoulliDesign> {
    let valid = p0 > 0.0 && p0 < p1 && p1 < 1.0 && wanted.is_finite();
    let m = valid.then(|| weight(p0, p1)).flatten()?;
    let h = least_threshold(p0, m, wanted)?;
    Some(BernoulliDesign {
        m,
        h,
        arl_acceptable: bernoulli_cusum_arl(p0, m, h, 0)?,
        arl_unacceptable: bernoulli_cusum_arl(p1, m, h, 0)?,
    })
}

fn weight(p0: f64, p1: f64) -> Option<u32> {
    let r1 = (-p0).ln_1p() - (-p1).ln_1p();
    let r2 = (p1 / p0).ln() + r1;
    let rounded = (r2 / r1).round();
    let m = if rounded * p0 >= 1.0 {
        rounded - 1.0
    } else {
        rounded
    };
    (2.0..=f64::from(GREATEST_THRESHOLD))
        .contains(&m)
        .then_some(m as u32)
}

/// By doubling and halving: the run length grows with the threshold.
fn least_threshold(p0: f64, m: u32, wanted: f64) -> Option<u32> {
    let enough = |h: u32| bernoulli_cusum_arl(p0, m, h, 0).is_none_or(|arl| arl >= wanted);
    let mut high = 1;
    while !enough(high) {
        high *= 2;
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if enough(middle) {
            high = middle
        } else {
            low = middle
        }
    }
    (high <= GREATEST_THRESHOLD).then_some(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_table() {
        // p0, p1, wanted, then m, h and the run lengths at p0 and p1: exact Markov chain, computed independently.
        let table = [
            (0.01, 0.02, 1e3, 69, 150, 1006.35, 244.63),
            (0.01, 0.02, 1e4, 69, 327, 10047.2, 670.1),
            (0.02, 0.04, 1e3, 35, 100, 1002.2, 174.1),
            (0.05, 0.10, 1e3, 14, 54, 1059.79, 103.67),
            (0.05, 0.10, 1e4, 14, 95, 10527.18, 204.6),
            (0.10, 0.20, 1e3, 7, 31, 1043.6, 63.1),
        ];
        for (p0, p1, wanted, m, h, acceptable, unacceptable) in table {
            let made = bernoulli_cusum_design(p0, p1, wanted).unwrap();
            assert_eq!((made.m, made.h), (m, h));
            assert!((made.arl_acceptable - acceptable).abs() < 0.051, "{made:?}");
            assert!(
                (made.arl_unacceptable - unacceptable).abs() < 0.051,
                "{made:?}"
            );
            assert!(bernoulli_cusum_arl(p0, m, h - 1, 0).unwrap() < wanted);
        }
    }

    #[test]
    fn a_rare_outcome_and_rare_false_alarms_take_no_time() {
        let made = bernoulli_cusum_design(0.001, 0.0015, 1e9).unwrap();
        assert!(made.h > 10_000 && made.arl_acceptable >= 1e9, "{made:?}");
    }

    #[test]
    fn what_has_no_answer() {
        assert_eq!(bernoulli_cusum_design(0.1, 0.1, 1000.0), None);
        assert_eq!(bernoulli_cusum_design(0.2, 0.1, 1000.0), None);
        assert_eq!(bernoulli_cusum_design(0.1, f64::NAN, 1000.0), None);
        assert_eq!(bernoulli_cusum_design(0.5, 0.9, 1000.0), None);
        assert_eq!(bernoulli_cusum_design(1e-9, 2e-9, 1e12), None);
        assert_eq!(bernoulli_cusum_design(0.1, 0.2, f64::INFINITY), None);
        // Nothing wanted: the first wrong trial signals.
        assert_eq!(
            bernoulli_cusum_design(0.1, 0.2, 0.0).map(|made| made.h),
            Some(1)
        );
    }

    #[test]
    fn rounding_does_not_make_it_climb_in_control() {
        // ln-ratio 2.66; with 3 the chart would climb at 0.35 already.
        assert_eq!(weight(0.35, 0.4), Some(2));
        assert_eq!(weight(0.3, 0.35), Some(3));
    }

    proptest! {
        #[test]
        fn a_design_keeps_its_word(p0 in 0.001f64..0.3, ratio in 1.2f64..3.0, wanted in 10.0f64..1e6) {
            if let Some(made) = bernoulli_cusum_design(p0, p0 * ratio, wanted) {
                prop_assert!(made.arl_acceptable >= wanted);
                prop_assert!(made.arl_unacceptable <= made.arl_acceptable);
                prop_assert!(made.m >= 2 && f64::from(made.m) * p0 < 1.0);
                if made.h > 1 {
                    prop_assert!(bernoulli_cusum_arl(p0, made.m, made.h - 1, 0).unwrap() < wanted);
                }
            }
        }
    }
}

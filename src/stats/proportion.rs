//! Intervals for proportions, their differences and counted events.

use super::Interval;
use super::distribution::{beta_quantile, normal_quantile};
use super::rate::gamma_quantile;

/// Wilson's score interval for a proportion, at confidence `1 - alpha`: `x` of `n`.
///
/// Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22. Its coverage is
/// `1 - alpha` on average over proportions; it may be less for a single one. `None` where `n` is 0, `x > n`, or
/// `alpha` is not in (0, 1).
pub fn wilson(x: u64, n: u64, alpha: f64) -> Option<Interval> {
    if !valid(x, n, alpha) {
        return None;
    }
    let z = -normal_quantile(alpha / 2.0);
    let (count, n_) = (x as f64, n as f64);
    let p = count / n_;
    let scale = 1.0 + z * z / n_;
    let centre = (p + z * z / (2.0 * n_)) / scale;
    let half = z / scale * (p * (1.0 - p) / n_ + z * z / (4.0 * n_ * n_)).sqrt();
    // At the ends the bound is the end itself; rounding must not say otherwise.
    Some(Interval {
        lower: if x == 0 {
            0.0
        } else {
            (centre - half).max(0.0)
        },
        upper: if x == n {
            1.0
        } else {
            (centre + half).min(1.0)
        },
    })
}

/// The exact interval of Clopper and Pearson (1934), Biometrika 26, for a proportion: `x` of `n`, at confidence of at
/// least `1 - alpha`, whatever the proportion. Each side errs with probability at most `alpha / 2`.
///
/// `None` where `n` is 0, `x > n`, or `alpha` is not in (0, 1).
pub fn clopper_pearson(x: u64, n: u64, alpha: f64) -> Option<Interval> {
    valid(x, n, alpha).then(|| clopper_pearson_fraction(x as f64, n as f64, alpha))
}

/// [`clopper_pearson`] for an effective number of trials, which need not be whole (Korn & Graubard 1998, "Confidence
/// intervals for proportions with small expected number of positive counts", Survey Methodology 24).
///
/// All that is possible where `n` is not above 0, `x` not in \[0, n\] or `alpha` not in (0, 1).
pub fn clopper_pearson_fraction(x: f64, n: f64, alpha: f64) -> Interval {
    let known = n > 0.0 && n.is_finite() && (0.0..=n).contains(&x) && alpha > 0.0 && alpha < 1.0;
    if !known {
        return Interval {
            lower: 0.0,
            upper: 1.0,
        };
    }
    Interval {
        lower: if x <= 0.0 {
            0.0
        } else {
            beta_quantile(x, n - x + 1.0, alpha / 2.0)
        },
        upper: clopper_pearson_upper(x, n, alpha / 2.0),
    }
}

/// The upper end of [`clopper_pearson_fraction`] alone, below which the share lies with probability `1 - risk` at least. 1
/// where `n` is not above 0, `x` not in \[0, n\] or `risk` not in (0, 1).
pub fn clopper_pearson_upper(x: f64, n: f64, risk: f64) -> f64 {
    let known = n > 0.0 && n.is_finite() && (0.0..n).contains(&x) && risk > 0.0 && risk < 1.0;
    if known {
        beta_quantile(x + 1.0, n - x, 1.0 - risk)
    } else {
        1.0
    }
}

/// The exact interval of Garwood (1936), Biometrika 28, for the mean of a Poisson variable that came out as `count`, at
/// confidence of at least `1 - alpha`.
///
/// Quantiles of Gamma(count) and Gamma(count + 1), which are half those of chi-square. `None` where `alpha` is not in
/// (0, 1).
pub fn garwood(count: u64, alpha: f64) -> Option<Interval> {
    if !(alpha > 0.0 && alpha < 1.0) {
        return None;
    }
    Some(Interval {
        lower: if count == 0 {
            0.0
        } else {
            gamma_quantile(count as f64, alpha / 2.0)
        },
        upper: gamma_quantile(count as f64 + 1.0, 1.0 - alpha / 2.0),
    })
}

/// Newcombe's interval for the difference of two independent proportions, `x1 / n1 - x2 / n2`, in \[-1, 1\].
///
/// Method 10 of Newcombe (1998), "Interval estimation for the difference between independent proportions: comparison of
/// eleven methods", Statistics in Medicine 17: Wilson's limits of both, combined as the sides of a right triangle. `None`
/// where an `n` is 0, `x > n`, or `alpha` is not in (0, 1).
pub fn newcombe(x1: u64, n1: u64, x2: u64, n2: u64, alpha: f64) -> Option<Interval> {
    let (first, second) = (wilson(x1, n1, alpha)?, wilson(x2, n2, alpha)?);
    let (p1, p2) = (x1 as f64 / n1 as f64, x2 as f64 / n2 as f64);
    let difference = p1 - p2;
    Some(Interval {
        lower: (difference - (p1 - first.lower).hypot(second.upper - p2)).max(-1.0),
        upper: (difference + (first.upper - p1).hypot(p2 - second.lower)).min(1.0),
    })
}

fn valid(x: u64, n: u64, alpha: f64) -> bool {
    n > 0 && x <= n && alpha > 0.0 && alpha < 1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(got: Option<Interval>, lower: f64, upper: f64, tolerance: f64) {
        let got = got.unwrap();
        let near = |a: f64, b: f64| (a - b).abs() <= tolerance;
        assert!(
            near(got.lower, lower) && near(got.upper, upper),
            "{got:?} is not {lower} to {upper}"
        );
    }

    #[test]
    fn wilson_figures() {
        // 81/263, 15/148, 0/20 and 1/29: Newcombe (1998), "Two-sided confidence intervals for the single proportion",
        // Statistics in Medicine 17, table I, to more digits.
        close(wilson(0, 20, 0.05), 0.0, 0.161125, 5e-7);
        close(wilson(1, 29, 0.05), 0.006113, 0.171755, 5e-7);
        close(wilson(15, 148, 0.05), 0.062386, 0.160487, 5e-7);
        close(wilson(81, 263, 0.05), 0.255289, 0.366210, 5e-7);
        assert_eq!(wilson(0, 20, 0.05).unwrap().lower, 0.0);
        assert_eq!(wilson(20, 20, 0.05).unwrap().upper, 1.0);
    }

    #[test]
    fn clopper_pearson_figures() {
        // The same table of Newcombe, and 4/20 at 90 % of the NIST/SEMATECH handbook, section 7.2.4.1.
        close(clopper_pearson(0, 20, 0.05), 0.0, 0.168433, 5e-7);
        close(clopper_pearson(1, 29, 0.05), 0.000873, 0.177644, 5e-7);
        close(clopper_pearson(15, 148, 0.05), 0.057844, 0.161650, 5e-7);
        close(clopper_pearson(81, 263, 0.05), 0.252737, 0.367622, 5e-7);
        close(clopper_pearson(4, 20, 0.1), 0.0713539, 0.4010281, 5e-8);
    }

    #[test]
    fn garwood_figures() {
        // Garwood (1936), table 1.
        close(garwood(0, 0.05), 0.0, 3.6889, 5e-5);
        close(garwood(1, 0.05), 0.0253, 5.5716, 5e-5);
        close(garwood(10, 0.05), 4.7954, 18.3904, 5e-5);
        close(garwood(100, 0.05), 81.364, 121.627, 5e-4);
    }

    #[test]
    fn newcombe_figures() {
        // Newcombe (1998), table II, method 10.
        close(newcombe(56, 70, 48, 80, 0.05), 0.0524, 0.3339, 5e-5);
        close(newcombe(9, 10, 3, 10, 0.05), 0.1705, 0.8090, 5e-5);
        close(newcombe(6, 7, 2, 7, 0.05), 0.0582, 0.8062, 5e-5);
        close(newcombe(5, 56, 0, 29, 0.05), -0.0381, 0.1926, 5e-5);
        close(newcombe(0, 10, 0, 20, 0.05), -0.1611, 0.2775, 5e-5);
        close(newcombe(0, 10, 0, 10, 0.05), -0.2775, 0.2775, 5e-5);
        close(newcombe(10, 10, 0, 20, 0.05), 0.6791, 1.0, 5e-5);
        close(newcombe(10, 10, 0, 10, 0.05), 0.6075, 1.0, 5e-5);
    }

    #[test]
    fn what_has_no_interval() {
        for interval in [wilson, clopper_pearson] {
            assert_eq!(interval(0, 0, 0.05), None);
            assert_eq!(interval(3, 2, 0.05), None);
            for alpha in [0.0, 1.0, -1.0, f64::NAN] {
                assert_eq!(interval(1, 2, alpha), None);
            }
        }
        assert_eq!(newcombe(1, 2, 0, 0, 0.05), None);
        assert_eq!(newcombe(3, 2, 1, 2, 0.05), None);
        assert_eq!(garwood(1, f64::NAN), None);
    }

    #[test]
    fn certainty_asked_for_is_wide_and_finite() {
        for alpha in [1e-20, 1e-300] {
            let score = wilson(3, 9, alpha).unwrap();
            let exact = clopper_pearson(3, 9, alpha).unwrap();
            assert!(score.lower >= 0.0 && score.lower < 0.05 && score.upper <= 1.0);
            assert!(exact.lower >= 0.0 && exact.lower < 0.05 && exact.upper > 0.99);
        }
    }

    #[test]
    fn huge_counts_return() {
        let exact = clopper_pearson(1_000_000, 1_000_000_000, 0.05).unwrap();
        let score = wilson(1_000_000, 1_000_000_000, 0.05).unwrap();
        assert!((exact.lower - score.lower).abs() < 1e-8);
        assert!((exact.upper - score.upper).abs() < 1e-8);
        assert!(garwood(1_000_000_000, 0.05).unwrap().upper < 1.0001e9);
    }

    proptest! {
        #[test]
        fn intervals_hold_the_share_and_mirror(n in 1u64..5_000, share in 0.0f64..=1.0, alpha in 0.001f64..0.5) {
            let x = (n as f64 * share) as u64;
            let p = x as f64 / n as f64;
            for interval in [wilson, clopper_pearson] {
                let (ci, mirrored) = (interval(x, n, alpha).unwrap(), interval(n - x, n, alpha).unwrap());
                prop_assert!(0.0 <= ci.lower && ci.lower <= p && p <= ci.upper && ci.upper <= 1.0);
                prop_assert!((mirrored.upper - (1.0 - ci.lower)).abs() < 1e-9);
            }
        }

        #[test]
        fn the_difference_is_in_its_interval(x1 in 0u64..60, y1 in 0u64..60, x2 in 0u64..60, y2 in 0u64..60) {
            prop_assume!(x1 + y1 > 0 && x2 + y2 > 0);
            let (n1, n2) = (x1 + y1, x2 + y2);
            let ci = newcombe(x1, n1, x2, n2, 0.05).unwrap();
            let d = x1 as f64 / n1 as f64 - x2 as f64 / n2 as f64;
            prop_assert!(-1.0 <= ci.lower && ci.lower <= d && d <= ci.upper && ci.upper <= 1.0);
        }
    }
}

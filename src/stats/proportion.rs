//! Intervals for proportions.

use super::Interval;
use super::distribution::beta_quantile;

/// The exact interval of Clopper and Pearson (1934), Biometrika 26, for a proportion: `x` of `n`, at confidence of at
/// least `1 - alpha`, whatever the proportion. Each side errs with probability at most `alpha / 2`.
///
/// `None` where `n` is 0, `x > n`, or `alpha` is not in (0, 1).
pub(crate) fn clopper_pearson(x: u64, n: u64, alpha: f64) -> Option<Interval> {
    valid(x, n, alpha).then(|| clopper_pearson_fraction(x as f64, n as f64, alpha))
}

/// [`clopper_pearson`] for an effective number of trials, which need not be whole (Korn & Graubard 1998, "Confidence
/// intervals for proportions with small expected number of positive counts", Survey Methodology 24).
///
/// All that is possible where `n` is not above 0, `x` not in \[0, n\] or `alpha` not in (0, 1).
pub(crate) fn clopper_pearson_fraction(x: f64, n: f64, alpha: f64) -> Interval {
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
fn clopper_pearson_upper(x: f64, n: f64, risk: f64) -> f64 {
    let known = n > 0.0 && n.is_finite() && (0.0..n).contains(&x) && risk > 0.0 && risk < 1.0;
    if known {
        beta_quantile(x + 1.0, n - x, 1.0 - risk)
    } else {
        1.0
    }
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
    fn clopper_pearson_figures() {
        // 81/263, 15/148, 0/20 and 1/29: Newcombe (1998), "Two-sided confidence intervals for the single proportion",
        // Statistics in Medicine 17, table I, to more digits. 4/20 at 90 %: NIST/SEMATECH handbook, section 7.2.4.1.
        close(clopper_pearson(0, 20, 0.05), 0.0, 0.168433, 5e-7);
        close(clopper_pearson(1, 29, 0.05), 0.000873, 0.177644, 5e-7);
        close(clopper_pearson(15, 148, 0.05), 0.057844, 0.161650, 5e-7);
        close(clopper_pearson(81, 263, 0.05), 0.252737, 0.367622, 5e-7);
        close(clopper_pearson(4, 20, 0.1), 0.0713539, 0.4010281, 5e-8);
    }

    #[test]
    fn what_has_no_interval() {
        assert_eq!(clopper_pearson(0, 0, 0.05), None);
        assert_eq!(clopper_pearson(3, 2, 0.05), None);
        for alpha in [0.0, 1.0, -1.0, f64::NAN] {
            assert_eq!(clopper_pearson(1, 2, alpha), None);
        }
    }

    #[test]
    fn certainty_asked_for_is_wide_and_finite() {
        for alpha in [1e-20, 1e-300] {
            let exact = clopper_pearson(3, 9, alpha).unwrap();
            assert!(exact.lower >= 0.0 && exact.lower < 0.05 && exact.upper > 0.99);
        }
    }

    #[test]
    fn huge_counts_return() {
        let exact = clopper_pearson(1_000_000, 1_000_000_000, 0.05).unwrap();
        // So many are normal: 0.001 -+ 1.96 standard errors.
        assert!((exact.lower - 0.000_998_041).abs() < 1e-8);
        assert!((exact.upper - 0.001_001_959).abs() < 1e-8);
    }

    proptest! {
        #[test]
        fn intervals_hold_the_share_and_mirror(n in 1u64..5_000, share in 0.0f64..=1.0, alpha in 0.001f64..0.5) {
            let x = (n as f64 * share) as u64;
            let p = x as f64 / n as f64;
            let interval = |x| clopper_pearson(x, n, alpha).unwrap();
            let (ci, mirrored) = (interval(x), interval(n - x));
            prop_assert!(0.0 <= ci.lower && ci.lower <= p && p <= ci.upper && ci.upper <= 1.0);
            prop_assert!((mirrored.upper - (1.0 - ci.lower)).abs() < 1e-9);
        }
    }
}

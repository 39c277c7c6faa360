//! An anytime-valid confidence sequence for the mean of a variable in \[0, 1\].

use statrs::function::beta::ln_beta;

/// A closed interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// Both shape parameters of the mixing Beta distribution (Jeffreys' prior).
const A: f64 = 0.5;

/// Halvings of the search interval: 2^-60 is below the resolution of any figure shown, and the count is fixed, so
/// the solver can't hang.
const HALVINGS: u32 = 60;

/// The confidence sequence of a mean, from the number of observations `n` and their sum `s` (0 <= s <= n, fractions
/// allowed), at error probability `alpha`.
///
/// The set of p with `B(a+s, b+n-s) / B(a,b) / (p^s (1-p)^(n-s)) < 1/alpha`, a = b = 1/2: the Beta-binomial mixture
/// martingale of Robbins (1970), "Statistical methods related to the law of the iterated logarithm". For variables in
/// \[0, 1\] that are not binary it is a supermartingale, because (q/p)^x ((1-q)/(1-p))^(1-x) is convex in x and so lies
/// below its chord, whose mean is 1 (Howard, Ramdas, McAuliffe, Sekhon 2021, "Time-uniform, nonparametric,
/// nonasymptotic confidence sequences"). It may be looked at after every
/// observation: the chance that it *ever* excludes the true mean is at most `alpha`.
///
/// With no observations, and for arguments out of range, it is the whole of \[0, 1\].
pub(crate) fn confidence_sequence(n: f64, s: f64, alpha: f64) -> Interval {
    let whole = Interval {
        lower: 0.0,
        upper: 1.0,
    };
    let valid = n >= 1.0 && n.is_finite() && (0.0..=n).contains(&s) && alpha > 0.0 && alpha < 1.0;
    if !valid {
        return whole;
    }
    let f = n - s;
    let mean = s / n;
    // Logarithm of the mixture, and the bound below which a p is excluded.
    let mixture = ln_beta(A + s, A + f) - ln_beta(A, A);
    let excluded = |p: f64| {
        let likelihood = xlny(s, p) + xlny(f, 1.0 - p);
        mixture - likelihood >= -alpha.ln()
    };
    Interval {
        lower: if s == 0.0 {
            0.0
        } else {
            boundary(0.0, mean, &excluded)
        },
        upper: if f == 0.0 {
            1.0
        } else {
            boundary(1.0, mean, &excluded)
        },
    }
}

/// x * ln(y), with 0 * ln(0) = 0.
fn xlny(x: f64, y: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x * y.ln() }
}

/// Bisects between an excluded end and an included inner point. The likelihood is unimodal, so there is one boundary.
fn boundary(mut outer: f64, mut inner: f64, excluded: &impl Fn(f64) -> bool) -> f64 {
    for _ in 0..HALVINGS {
        let middle = 0.5 * (outer + inner);
        if excluded(middle) {
            outer = middle;
        } else {
            inner = middle;
        }
    }
    // The outer end errs on the side of a wider interval.
    outer
}

/// How many further observations of exactly 0 bring the upper bound down to `limit`; 0 if it is there already. Of the
/// observations, as many as `design_effect` are worth one that is independent of the others.
///
/// `None` where no number below ten million would do, or where `limit` is not positive.
pub(crate) fn clean_runs_missing(
    n: f64,
    s: f64,
    design_effect: f64,
    limit: f64,
    alpha: f64,
) -> Option<u64> {
    const MOST: u64 = 10_000_000;
    let holds = |more: u64| {
        let n = (n + more as f64) / design_effect;
        confidence_sequence(n, s / design_effect, alpha).upper <= limit
    };
    if limit <= 0.0 || limit.is_nan() {
        return None;
    }
    if holds(0) {
        return Some(0);
    }
    let mut high = 1u64;
    while !holds(high) {
        high *= 2;
        if high > MOST {
            return None;
        }
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod coverage;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(got: f64, want: f64, tolerance: f64) {
        assert!((got - want).abs() <= tolerance, "{got} is not {want}");
    }

    #[test]
    fn reference_figures() {
        // Computed independently with scipy's betaln and brentq.
        let ci = confidence_sequence(100.0, 5.0, 0.05);
        close(ci.lower, 0.0071495, 1e-7);
        close(ci.upper, 0.1557944, 1e-7);
        let ci = confidence_sequence(1000.0, 50.0, 0.05);
        close(ci.lower, 0.0287199, 1e-7);
        close(ci.upper, 0.0792396, 1e-7);
    }

    #[test]
    fn fewest_clean_cases() {
        for (limit, want) in [
            (0.005, 1438),
            (0.01, 680),
            (0.02, 320),
            (0.05, 116),
            (0.1, 53),
        ] {
            assert_eq!(clean_runs_missing(0.0, 0.0, 1.0, limit, 0.05), Some(want));
        }
        assert_eq!(clean_runs_missing(680.0, 0.0, 1.0, 0.01, 0.05), Some(0));
        assert_eq!(clean_runs_missing(1e9, 5e8, 1.0, 0.01, 0.05), None);
        assert_eq!(clean_runs_missing(10.0, 0.0, 1.0, 0.0, 0.05), None);
    }

    #[test]
    fn huge_counts_are_narrow_and_return() {
        let ci = confidence_sequence(1e9, 1e6, 0.05);
        assert!(ci.lower > 0.000_99 && ci.upper < 0.001_01);
        let ci = confidence_sequence(1e9, 0.0, 0.05);
        assert!(ci.lower == 0.0 && ci.upper < 1e-6);
        let ci = confidence_sequence(1e9, 1e9, 0.05);
        assert!(ci.lower > 0.999_999 && ci.upper == 1.0);
    }

    #[test]
    fn nothing_known_is_everything_possible() {
        for (n, s) in [
            (0.0, 0.0),
            (-1.0, 0.0),
            (f64::NAN, 0.0),
            (10.0, 11.0),
            (10.0, f64::NAN),
        ] {
            let ci = confidence_sequence(n, s, 0.05);
            assert_eq!((ci.lower, ci.upper), (0.0, 1.0));
        }
    }

    proptest! {
        #[test]
        fn holds_the_mean_and_is_symmetric(n in 1u64..2_000_000_000, share in 0.0f64..=1.0, alpha in 0.001f64..0.5) {
            let n = n as f64;
            let s = (n * share).floor();
            let ci = confidence_sequence(n, s, alpha);
            prop_assert!(ci.lower >= 0.0 && ci.upper <= 1.0);
            prop_assert!(ci.lower <= s / n && s / n <= ci.upper);
            let mirrored = confidence_sequence(n, n - s, alpha);
            prop_assert!((mirrored.upper - (1.0 - ci.lower)).abs() < 1e-9);
        }
    }
}

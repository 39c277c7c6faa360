//! Tails and quantiles of the beta, t, F and normal distributions for samples of any size.
//!
//! The continued fraction of `statrs` stops after 140 terms, which is too few beyond some ten thousand observations, and
//! its `Beta::inverse_cdf` does not return for large ones. Everything here is bounded: a fixed number of terms, a fixed
//! number of halvings.

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::gamma::ln_gamma;

/// Terms of the continued fraction at most. It needs some multiple of the square root of the greater parameter.
const TERMS: u32 = 200_000;

/// Steps of the search for a quantile at most: enough for halvings alone to get to a quantile of 1e-30.
const STEPS: u32 = 200;

/// The beta distribution.
struct Beta {
    a: f64,
    b: f64,
    /// Logarithm of 1 / B(a, b).
    ln_scale: f64,
}

impl Beta {
    /// For a, b > 0.
    fn new(a: f64, b: f64) -> Beta {
        let ln_scale = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
        Beta { a, b, ln_scale }
    }

    /// `x^a (1 - x)^b / B(a, b)` for 0 < x < 1.
    fn front(&self, x: f64) -> f64 {
        (self.ln_scale + self.a * x.ln() + self.b * (-x).ln_1p()).exp()
    }

    /// The distribution function at x, by the continued fraction of NIST DLMF 8.17.22.
    fn cdf(&self, x: f64) -> f64 {
        if x <= 0.0 {
            return 0.0;
        }
        if x >= 1.0 {
            return 1.0;
        }
        let (a, b, front) = (self.a, self.b, self.front(x));
        // The fraction converges fast on this side of the mean only; the other side is the complement.
        let share = if x > (a + 1.0) / (a + b + 2.0) {
            1.0 - front / (b * continued_fraction(b, a, 1.0 - x))
        } else {
            front / (a * continued_fraction(a, b, x))
        };
        share.clamp(0.0, 1.0)
    }

    /// The density at 0 < x < 1.
    fn density(&self, x: f64) -> f64 {
        self.front(x) / (x * (1.0 - x))
    }
}

/// `1 + d1/(1 + d2/(1 + ...))` by Lentz's method as modified by Thompson and Barnett (1986).
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    // Stands for 0 where the method would divide by it.
    const TINY: f64 = 1e-300;
    let nonzero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut value, mut c, mut d) = (1.0, 1.0, 0.0);
    for term in 1..=TERMS {
        let m = f64::from(term / 2);
        let numerator = if term % 2 == 0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        d = 1.0 / nonzero(1.0 + numerator * d);
        c = nonzero(1.0 + numerator / c);
        let step = c * d;
        value *= step;
        if (step - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

/// The quantile of Beta(a, b) at `p` in \[0, 1\]: Newton's method, with a halving of the interval that holds it wherever
/// Newton would leave it or is slower than that.
pub(super) fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    let beta = Beta::new(a, b);
    let (mut low, mut high) = (0.0, 1.0);
    let mut x = a / (a + b);
    let (mut step, mut step_before) = (1.0f64, 1.0f64);
    for _ in 0..STEPS {
        let excess = beta.cdf(x) - p;
        if excess < 0.0 {
            low = x;
        } else {
            high = x;
        }
        let newton = x - excess / beta.density(x);
        let fast = (newton - x).abs() < 0.5 * step_before.abs();
        let next = if newton > low && newton < high && fast {
            newton
        } else {
            0.5 * (low + high)
        };
        (step_before, step) = (step, next - x);
        x = next;
        if step.abs() <= f64::EPSILON * x {
            break;
        }
    }
    x
}

/// The quantile of Student's t with `df` degrees of freedom (fractions allowed, at least 1) at `p` in \[1/2, 1).
///
/// T^2 / (df + T^2) is Beta(1/2, df/2), so `P(|T| <= t) = 2 p - 1` is a quantile of that.
pub(super) fn t_quantile(p: f64, df: f64) -> f64 {
    let share = beta_quantile(0.5, 0.5 * df, 2.0 * p - 1.0);
    // Where p is 1 but for rounding, the quantile is great but not infinite.
    (df * share / (1.0 - share).max(f64::EPSILON)).sqrt()
}

/// `P(F > value)` for F with `d1` and `d2` degrees of freedom (NIST DLMF 8.17.24 and Abramowitz & Stegun 26.6.2).
pub(super) fn f_upper_tail(value: f64, d1: f64, d2: f64) -> f64 {
    Beta::new(0.5 * d2, 0.5 * d1).cdf(d2 / (d2 + d1 * value))
}

/// The standard normal quantile at `p` in (0, 1).
pub(super) fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The regularised incomplete beta function.
    fn beta_cdf(a: f64, b: f64, x: f64) -> f64 {
        Beta::new(a, b).cdf(x)
    }

    /// Within a relative error.
    fn near(got: f64, want: f64, relative: f64) {
        assert!(
            (got - want).abs() <= relative * want.abs(),
            "{got} is not {want}"
        );
    }

    // Reference values: scipy 1.17 (Boost), special.betainc, stats.beta.ppf, stats.t.ppf, stats.f.sf.

    #[test]
    fn incomplete_beta_also_of_large_parameters() {
        near(beta_cdf(2.0, 3.0, 0.4), 0.5247999999999999, 1e-9);
        near(beta_cdf(0.5, 0.5, 0.1), 0.20483276469913345, 1e-9);
        near(beta_cdf(50.0, 950.0, 0.06), 0.920943346098859, 1e-9);
        near(beta_cdf(5000.5, 95000.5, 0.0505), 0.7645547635703902, 1e-9);
        near(
            beta_cdf(500000.0, 500000.0, 0.5004),
            0.7881445805587959,
            1e-9,
        );
        near(
            beta_cdf(1000000.0, 1000000000.0, 0.000998),
            0.15805042934117142,
            1e-4,
        );
        near(
            beta_cdf(1000000000.0, 1000000000.0, 0.50001),
            0.8144533152313072,
            1e-4,
        );
    }

    #[test]
    fn quantiles() {
        near(beta_quantile(1.0, 20.0, 0.975), 0.1684334709830853, 1e-9);
        near(beta_quantile(15.0, 134.0, 0.025), 0.05784401008344857, 1e-9);
        near(
            beta_quantile(100000.0, 900000.0, 0.975),
            0.10058874613283394,
            1e-9,
        );
        near(beta_quantile(0.3, 7.2, 0.01), 2.1912606275536088e-08, 1e-9);
        near(
            beta_quantile(100000000.0, 900000000.0, 0.025),
            0.09998140690678185,
            1e-9,
        );
        near(t_quantile(0.975, 1.0), 12.706204736174694, 1e-9);
        near(t_quantile(0.975, 4.0), 2.7764451051977934, 1e-9);
        near(t_quantile(0.975, 3.5), 2.9400886379827282, 1e-9);
        near(t_quantile(0.975, 99.0), 1.9842169515864174, 1e-9);
        near(t_quantile(0.95, 1000000.0), 1.6448551507220404, 1e-9);
        near(t_quantile(0.9995, 2.0), 31.599054576445365, 1e-9);
        near(f_upper_tail(1.985595, 9.0, 90.0), 0.04999999546931203, 1e-9);
        near(
            f_upper_tail(1.705917693, 9.0, 90.0),
            0.09908297555241583,
            1e-9,
        );
        near(f_upper_tail(3.2, 1.0, 1000000.0), 0.07363857269542083, 1e-9);
        near(f_upper_tail(0.0, 3.0, 5.0), 1.0, 1e-9);
        near(normal_quantile(0.975), 1.959963984540054, 1e-14);
        near(normal_quantile(0.00135), -2.9999769927033935, 1e-13);
    }

    #[test]
    fn nothing_is_infinite_at_the_ends() {
        for p in [0.0, 1e-300, 1.0 - 1e-16, 1.0] {
            assert!((0.0..=1.0).contains(&beta_quantile(3.0, 7.0, p)));
            assert!((0.0..=1.0).contains(&beta_quantile(1e-6, 1e6, p)));
        }
        assert!(t_quantile(1.0, 4.0).is_finite());
        assert_eq!(t_quantile(0.5, 4.0).round(), 0.0);
    }

    proptest! {
        #[test]
        fn the_quantile_is_the_inverse(a in 0.1f64..2000.0, b in 0.1f64..2000.0, p in 0.001f64..0.999) {
            let x = beta_quantile(a, b, p);
            prop_assert!((0.0..=1.0).contains(&x));
            prop_assert!((beta_cdf(a, b, x) - p).abs() < 1e-9);
            prop_assert!((beta_cdf(b, a, 1.0 - x) - (1.0 - p)).abs() < 1e-7);
        }
    }
}

//! Tails and quantiles of the distributions that tests and predictions need.
//!
//! Quantiles are found by bounded bisection of the distribution function: the closed forms in libraries need not
//! return.

use statrs::function::beta::beta_reg;
use statrs::function::erf::erfc_inv;
use statrs::function::gamma::{gamma_lr, gamma_ur};

/// P(X > x) for chi-square with `degrees` of freedom; 1 where an argument is out of range.
pub(crate) fn chi_square_upper(x: f64, degrees: f64) -> f64 {
    if !(x > 0.0 && degrees > 0.0 && degrees.is_finite()) {
        return 1.0;
    }
    if x.is_infinite() {
        return 0.0;
    }
    gamma_ur(0.5 * degrees, 0.5 * x).clamp(0.0, 1.0)
}

/// P(X > x) for F with `above` and `below` degrees of freedom; 1 where an argument is out of range.
///
/// The incomplete beta function holds to 1e-9 up to some 1e4 degrees of freedom.
pub(crate) fn f_upper(x: f64, above: f64, below: f64) -> f64 {
    if !(x > 0.0 && above > 0.0 && below > 0.0) {
        return 1.0;
    }
    let share = below / (below + above * x);
    beta_reg(0.5 * below, 0.5 * above, share.clamp(0.0, 1.0)).clamp(0.0, 1.0)
}

/// P(T > t) for Student's t with `degrees` of freedom; 1/2 where an argument is out of range.
pub(crate) fn student_t_upper(t: f64, degrees: f64) -> f64 {
    if t.is_nan() || !(degrees > 0.0 && degrees.is_finite()) {
        return 0.5;
    }
    let tail = 0.5 * f_upper(t * t, 1.0, degrees);
    if t >= 0.0 { tail } else { 1.0 - tail }
}

/// The t that Student's t with `degrees` of freedom exceeds with probability `upper`, for 0 < `upper` <= 1/2.
///
/// `None` out of that range, or where the answer lies beyond 1e15.
pub(crate) fn student_t_quantile(upper: f64, degrees: f64) -> Option<f64> {
    if !(upper > 0.0 && upper <= 0.5 && degrees > 0.0 && degrees.is_finite()) {
        return None;
    }
    let mut high = 1.0;
    while student_t_upper(high, degrees) > upper {
        high *= 2.0;
        if high > 1e15 {
            return None;
        }
    }
    Some(bisect(0.0, high, |t| student_t_upper(t, degrees) > upper))
}

/// The z that the standard normal exceeds with probability `upper`; `None` unless 0 < `upper` < 1.
pub(crate) fn normal_quantile(upper: f64) -> Option<f64> {
    let z = std::f64::consts::SQRT_2 * erfc_inv(2.0 * upper);
    (upper > 0.0 && upper < 1.0 && z.is_finite()).then_some(z)
}

/// Counts up to this are summed one by one.
const SUMMED: f64 = 20_000.0;

/// The least count k with P(X <= k) >= `p`, for the negative binomial with this mean and variance; for Poisson where
/// the variance is not above the mean.
///
/// Exact up to some 20,000; beyond, the gamma distribution with the same mean and variance, which differs by less than
/// the count's own digits show. `None` unless the mean is >= 0, both are finite and 0 < p < 1.
pub(crate) fn count_quantile(mean: f64, variance: f64, p: f64) -> Option<f64> {
    let valid = mean >= 0.0 && mean.is_finite() && variance.is_finite() && p > 0.0 && p < 1.0;
    if !valid {
        return None;
    }
    if mean == 0.0 {
        return Some(0.0);
    }
    let variance = variance.max(mean);
    // Cantelli: beyond this lies less than 1 - p.
    let reach = mean + (variance * p / (1.0 - p)).sqrt();
    if reach <= SUMMED {
        Some(summed_quantile(mean, variance, p, reach))
    } else {
        // In this order: a square could overflow.
        let shape = mean / variance * mean;
        Some((gamma_quantile(shape, p)? * (variance / mean)).floor())
    }
}

/// Adds up probabilities from 0 on, in logarithms because the first ones may be below the least number.
fn summed_quantile(mean: f64, variance: f64, p: f64, reach: f64) -> f64 {
    let excess = variance - mean;
    // Close to Poisson the size of the negative binomial runs to infinity.
    let size = (excess > 1e-9 * mean).then(|| mean * mean / excess);
    let mut ln_now = match size {
        Some(size) => -size * (mean / size).ln_1p(),
        None => -mean,
    };
    let ln_ratio = |k: f64| match size {
        Some(size) => ((size + k) / (size + mean) * mean / (k + 1.0)).ln(),
        None => (mean / (k + 1.0)).ln(),
    };
    let (mut k, mut below) = (0.0, ln_now.exp());
    while below < p && k <= reach {
        ln_now += ln_ratio(k);
        below += ln_now.exp();
        k += 1.0;
    }
    k
}

/// Quantile of Gamma(shape, 1), 0 < p < 1.
fn gamma_quantile(shape: f64, p: f64) -> Option<f64> {
    // From here on the cube root is normal to four digits and more (Wilson & Hilferty 1931).
    const LARGE: f64 = 1e3;
    if shape > LARGE {
        let z = -normal_quantile(p)?;
        let ninth = 1.0 / (9.0 * shape);
        return Some(shape * (1.0 - ninth + z * ninth.sqrt()).powi(3));
    }
    let high = shape + (shape * p / (1.0 - p)).sqrt();
    Some(bisect(0.0, high, |x| x <= 0.0 || gamma_lr(shape, x) < p))
}

/// The place where `below` turns from true to false.
fn bisect(mut low: f64, mut high: f64, below: impl Fn(f64) -> bool) -> f64 {
    // 2^-100 of any bracket is below the resolution of a double.
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

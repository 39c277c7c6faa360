//! Process capability: how well the spread of a characteristic fits between its limits.
//!
//! NIST/SEMATECH e-Handbook of Statistical Methods, section 6.1.6. All functions give `None` where a spread is not above 0,
//! limits are not in order, or arguments are not finite.

use super::Interval;
use super::distribution::normal_quantile;
use statrs::function::gamma::gamma_lr;

fn proper(lower: f64, upper: f64, sd: f64) -> bool {
    lower.is_finite() && upper.is_finite() && lower < upper && sd > 0.0 && sd.is_finite()
}

/// Cp: the width between the limits over six standard deviations.
pub fn cp(lower: f64, upper: f64, sd: f64) -> Option<f64> {
    proper(lower, upper, sd).then(|| (upper - lower) / (6.0 * sd))
}

/// Cpk: the distance from the mean to the nearer limit over three standard deviations; negative outside of the limits.
pub fn cpk(lower: f64, upper: f64, mean: f64, sd: f64) -> Option<f64> {
    let valid = proper(lower, upper, sd) && mean.is_finite();
    valid.then(|| (upper - mean).min(mean - lower) / (3.0 * sd))
}

/// The interval of a Cp estimated from `n` normal observations: `Cp sqrt(chi2 / (n - 1))` at both ends of the chi-square
/// distribution with n - 1 degrees of freedom.
pub fn cp_interval(cp: f64, n: u64, alpha: f64) -> Option<Interval> {
    let valid = cp.is_finite() && n > 1 && alpha > 0.0 && alpha < 1.0;
    let degrees = valid.then_some(n as f64 - 1.0)?;
    let end = |p: f64| cp * (chi_square_quantile(p, degrees) / degrees).sqrt();
    Some(Interval {
        lower: end(alpha / 2.0),
        upper: end(1.0 - alpha / 2.0),
    })
}

/// The interval of a Cpk estimated from `n` normal observations: `Cpk -+ z sqrt(1 / (9 n) + Cpk^2 / (2 (n - 1)))` (Bissell
/// 1990, "How reliable is your capability index?", Applied Statistics 39).
pub fn cpk_interval(cpk: f64, n: u64, alpha: f64) -> Option<Interval> {
    let valid = cpk.is_finite() && n > 1 && alpha > 0.0 && alpha < 1.0;
    let n = valid.then_some(n as f64)?;
    let z = normal_quantile(1.0 - alpha / 2.0);
    let half = z * (1.0 / (9.0 * n) + cpk * cpk / (2.0 * (n - 1.0))).sqrt();
    Some(Interval {
        lower: cpk - half,
        upper: cpk + half,
    })
}

/// The Ppk of a normal characteristic with one limit that is beyond it with probability `p`: `Phi^-1(1 - p) / 3`. What
/// makes a share of wrong outcomes comparable with the capability of a machine. `None` for p outside of (0, 1).
pub fn ppk_of_proportion(p: f64) -> Option<f64> {
    (p > 0.0 && p < 1.0).then(|| normal_quantile(1.0 - p) / 3.0)
}

/// By bounded bisection: the library's own inverse does not return for large arguments.
fn chi_square_quantile(p: f64, degrees: f64) -> f64 {
    let (mut low, mut high) = (0.0, degrees + 10.0 * (2.0 * degrees).sqrt() + 40.0);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if gamma_lr(degrees / 2.0, middle / 2.0) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: Option<f64>, want: f64, digits: i32) {
        let got = got.unwrap();
        assert!(
            (got - want).abs() < 0.5 * 10f64.powi(-digits),
            "{got} is not {want}"
        );
    }

    #[test]
    fn the_example_of_the_nist_handbook() {
        // NIST/SEMATECH e-Handbook 6.1.6: USL 20, LSL 8, mean 16, s 2.
        near(cp(8.0, 20.0, 2.0), 1.0, 9);
        near(cpk(8.0, 20.0, 16.0, 2.0), 0.6667, 4);
    }

    #[test]
    fn intervals_at_a_hundred_observations() {
        // Computed independently with scipy.
        let of = |ci: Option<Interval>| ci.map(|ci| (ci.lower, ci.upper)).unwrap();
        let (lower, upper) = of(cp_interval(1.33, 100, 0.05));
        near(Some(lower), 1.145, 3);
        near(Some(upper), 1.515, 3);
        let (lower, upper) = of(cpk_interval(1.33, 100, 0.05));
        near(Some(lower), 1.134, 3);
        near(Some(upper), 1.526, 3);
    }

    #[test]
    fn a_proportion_read_as_ppk() {
        for (p, want) in [(0.00135, 1.0), (0.01, 0.775), (0.05, 0.548)] {
            near(ppk_of_proportion(p), want, 3);
        }
    }

    #[test]
    fn what_is_not_defined_is_none() {
        assert_eq!(cp(8.0, 8.0, 2.0), None);
        assert_eq!(cp(8.0, 20.0, 0.0), None);
        assert_eq!(cpk(8.0, 20.0, f64::NAN, 2.0), None);
        assert_eq!(cp_interval(1.0, 1, 0.05), None);
        assert_eq!(cpk_interval(1.0, 10, 1.0), None);
        assert_eq!(ppk_of_proportion(0.0), None);
        assert_eq!(ppk_of_proportion(1.0), None);
    }
}

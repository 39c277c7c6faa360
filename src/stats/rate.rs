//! Intervals for the rate of a counted event.

use super::Interval;
use statrs::function::gamma::gamma_lr;

/// The central interval of probability `1 - alpha` for a rate, given `count` events in `exposure` units of time.
///
/// Gamma-Poisson with Jeffreys' prior: the posterior is Gamma(count + 1/2, exposure) (Gelman et al., Bayesian Data
/// Analysis, 3rd ed., section 2.6). The lower end is 0 when nothing was counted. The unit is 1 / unit of `exposure`.
/// `None` where `exposure` is not positive or `alpha` not in (0, 1).
pub(crate) fn rate_interval(count: u64, exposure: f64, alpha: f64) -> Option<Interval> {
    let valid = exposure > 0.0 && exposure.is_finite() && alpha > 0.0 && alpha < 1.0;
    if !valid {
        return None;
    }
    let shape = count as f64 + 0.5;
    let lower = if count == 0 {
        0.0
    } else {
        gamma_quantile(shape, alpha / 2.0)
    };
    Some(Interval {
        lower: lower / exposure,
        upper: gamma_quantile(shape, 1.0 - alpha / 2.0) / exposure,
    })
}

/// The value that chi-square with `degrees` degrees of freedom stays below with probability `p`; `None` where either is out
/// of range.
pub(crate) fn chi_square_quantile(p: f64, degrees: f64) -> Option<f64> {
    let valid = degrees > 0.0 && degrees.is_finite() && p > 0.0 && p < 1.0;
    valid.then(|| 2.0 * gamma_quantile(degrees / 2.0, p))
}

/// Quantile of Gamma(shape, 1) by bounded bisection of the regularised incomplete gamma function.
pub(super) fn gamma_quantile(shape: f64, p: f64) -> f64 {
    let mut low = 0.0;
    // Ten standard deviations above the mean, and never below 40 (for small shapes): beyond every p in use.
    let mut high = shape + 10.0 * shape.sqrt() + 40.0;
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if gamma_lr(shape, middle) < p {
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

    fn close(got: f64, want: f64) {
        assert!(
            (got - want).abs() < 1e-4 * want.max(1.0),
            "{got} is not {want}"
        );
    }

    #[test]
    fn gamma_quantiles() {
        // Gamma(x) and Gamma(x + 1) quantiles at 2.5 and 97.5 % are Garwood's (1936) limits of a Poisson mean.
        close(gamma_quantile(1.0, 0.975), 3.6889);
        close(gamma_quantile(10.0, 0.025), 4.7954);
        close(gamma_quantile(11.0, 0.975), 18.3904);
        close(gamma_quantile(100.0, 0.025), 81.364);
        close(gamma_quantile(101.0, 0.975), 121.627);
    }

    #[test]
    fn chi_square_quantiles() {
        // scipy.stats.chi2.ppf
        close(chi_square_quantile(0.1, 27.0).unwrap(), 18.113_896);
        close(chi_square_quantile(0.95, 6.0).unwrap(), 12.591_587);
        assert_eq!(chi_square_quantile(0.5, 0.0), None);
        assert_eq!(chi_square_quantile(1.0, 3.0), None);
    }

    #[test]
    fn intervals() {
        let ci = rate_interval(100, 10.0, 0.05).unwrap();
        assert!(ci.lower > 8.0 && ci.lower < 8.3 && ci.upper > 11.9 && ci.upper < 12.3);
        assert_eq!(rate_interval(0, 4.0, 0.05).unwrap().lower, 0.0);
        assert!(rate_interval(5, 0.0, 0.05).is_none());
        let ci = rate_interval(1_000_000_000, 1.0, 0.05).unwrap();
        assert!(ci.lower > 0.9999e9 && ci.upper < 1.0001e9);
    }
}

//! Negative binomial regression with variance `mu + alpha mu^2` (NB2).

use super::{CountData, FitError, PoissonFit, fit_poisson, irls};
use statrs::function::gamma::ln_gamma;

/// Below this the counts can't be told from Poisson counts, and the log-gamma functions lose their digits.
const LEAST_ALPHA: f64 = 1e-6;
/// A standard deviation of thirty times the mean: no fit beyond.
const MOST_ALPHA: f64 = 1e3;
/// Points of the first look over the whole range: some four per factor of ten, finer than the peak of any sample.
const GRID: u32 = 37;
/// Golden-section steps between two points of the grid: each takes 38 % off, 45 leave 1e-9.
const STEPS: u32 = 45;

/// A negative binomial regression with logarithmic link.
#[derive(Clone, Debug, PartialEq)]
pub struct NegativeBinomialFit {
    /// The constant, then one per column.
    pub coefficients: Vec<f64>,
    /// From the expected information at the fitted alpha, which is independent of alpha (Lawless 1987).
    pub standard_errors: Vec<f64>,
    /// The variance is `mu + alpha mu^2`; 0 where the counts vary no more than Poisson counts.
    pub alpha: f64,
    /// Log-likelihood, all terms.
    pub log_likelihood: f64,
}

/// Fits coefficients and alpha by maximum likelihood: the profile likelihood of alpha is searched over a grid of its
/// logarithm from 1e-6 to 1e3, then by golden section (Cameron & Trivedi, Regression Analysis of Count Data, 2nd ed.,
/// 3.3.1).
///
/// Fails as [`super::fit_poisson`] does, and where alpha would lie beyond 1000.
pub fn fit_negative_binomial(data: CountData) -> Result<NegativeBinomialFit, FitError> {
    let poisson = fit_poisson(data)?;
    // A fit that does not settle at one alpha must not end the search at others.
    let profile = |ln_alpha: f64| {
        let alpha = ln_alpha.exp();
        let settled = irls::fit(data, alpha).ok()?;
        Some(log_likelihood(data.counts, &settled.means, alpha)).filter(|l| l.is_finite())
    };
    let (low, high) = (LEAST_ALPHA.ln(), MOST_ALPHA.ln());
    let width = (high - low) / f64::from(GRID - 1);
    let points = (0..GRID).map(|nth| low + width * f64::from(nth));
    let best = points
        .filter_map(|point| Some((point, profile(point)?)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .ok_or(FitError::NotConverged)?;
    if best.0 >= high {
        return Err(FitError::NotConverged);
    }
    if best.0 <= low {
        return Ok(without_excess(poisson));
    }
    let alpha = golden_section(best.0 - width, best.0 + width, |point| {
        profile(point).unwrap_or(f64::NEG_INFINITY)
    })
    .exp();
    let settled = irls::fit(data, alpha)?;
    let likelihood = log_likelihood(data.counts, &settled.means, alpha);
    if poisson.log_likelihood >= likelihood {
        return Ok(without_excess(poisson));
    }
    let diagonal = settled.covariance.iter().enumerate();
    Ok(NegativeBinomialFit {
        standard_errors: diagonal.map(|(nth, row)| row[nth].sqrt()).collect(),
        coefficients: settled.coefficients,
        alpha,
        log_likelihood: likelihood,
    })
}

fn without_excess(poisson: PoissonFit) -> NegativeBinomialFit {
    NegativeBinomialFit {
        standard_errors: poisson.standard_errors(),
        coefficients: poisson.coefficients,
        alpha: 0.0,
        log_likelihood: poisson.log_likelihood,
    }
}

/// `ln P(counts)`; alpha must be positive.
fn log_likelihood(counts: &[u64], means: &[f64], alpha: f64) -> f64 {
    let shape = 1.0 / alpha;
    let parts = counts.iter().zip(means).map(|(count, mu)| {
        let y = *count as f64;
        let choose = ln_gamma(y + shape) - ln_gamma(shape) - ln_gamma(y + 1.0);
        choose + y * (alpha * mu).ln() - (y + shape) * (alpha * mu).ln_1p()
    });
    parts.sum()
}

/// The place of the maximum of a function with one peak between `low` and `high` (Kiefer 1953).
fn golden_section(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let ratio = 0.5 * (5f64.sqrt() - 1.0);
    let mut left = high - ratio * (high - low);
    let mut right = low + ratio * (high - low);
    let (mut at_left, mut at_right) = (f(left), f(right));
    for _ in 0..STEPS {
        if at_left > at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - ratio * (high - low);
            at_left = f(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + ratio * (high - low);
            at_right = f(right);
        }
    }
    0.5 * (low + high)
}

//! Poisson regression.

use super::{CountData, FitError, irls};

/// A Poisson regression with logarithmic link.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PoissonFit {
    /// The constant, then one per column.
    pub(crate) coefficients: Vec<f64>,
    /// Covariance of the coefficients if the counts are Poisson: the inverse of the information.
    pub(crate) covariance: Vec<Vec<f64>>,
    /// Expected counts.
    pub(crate) means: Vec<f64>,
    /// Twice the log-likelihood lost against a perfect fit.
    pub(crate) deviance: f64,
    /// `sum (y - mu)^2 / mu`.
    pub(crate) pearson: f64,
    /// Observations minus coefficients; at least 1.
    pub(crate) degrees_of_freedom: usize,
}

impl PoissonFit {
    /// Pearson's chi-square over the degrees of freedom: 1 for Poisson counts, above for over-dispersed ones.
    pub(crate) fn dispersion(&self) -> f64 {
        self.pearson / self.degrees_of_freedom as f64
    }

    /// Standard errors of the coefficients if the counts are Poisson.
    pub(crate) fn standard_errors(&self) -> Vec<f64> {
        let diagonal = self.covariance.iter().enumerate();
        diagonal.map(|(nth, row)| row[nth].sqrt()).collect()
    }

    /// Logarithm of the expected count at a value of each column (without the constant and the offset), with the
    /// variance of that logarithm if the counts are Poisson.
    pub(crate) fn predict(&self, values: &[f64]) -> (f64, f64) {
        let x: Vec<f64> = std::iter::once(1.0).chain(values.iter().copied()).collect();
        let predictor = x.iter().zip(&self.coefficients).map(|(x, b)| x * b).sum();
        let rows = x.iter().zip(&self.covariance);
        let variance: f64 = rows
            .map(|(xi, row)| xi * x.iter().zip(row).map(|(xj, c)| xj * c).sum::<f64>())
            .sum();
        (predictor, variance.max(0.0))
    }
}

/// Fits a Poisson regression by maximum likelihood (iteratively reweighted least squares; McCullagh & Nelder 1989,
/// Generalized Linear Models, 2nd ed., sections 2.5 and 6.2).
///
/// Fails where there are no more observations than coefficients, all counts are 0, columns depend on each other, or the
/// best coefficients lie at infinity.
pub(crate) fn fit_poisson(data: CountData) -> Result<PoissonFit, FitError> {
    let settled = irls::fit(data)?;
    let counts = data.counts.iter().map(|count| *count as f64);
    let pearson = counts
        .zip(&settled.means)
        .map(|(y, mu)| (y - mu) * (y - mu) / mu);
    Ok(PoissonFit {
        pearson: pearson.sum(),
        degrees_of_freedom: data.counts.len() - data.coefficients(),
        coefficients: settled.coefficients,
        covariance: settled.covariance,
        means: settled.means,
        deviance: settled.deviance,
    })
}

//! What a fitted model says about itself: is the variance that of Poisson counts, can the columns be told apart?

use super::matrix::{centred_unit, new_shares};

/// How the variance grows with the mean if it is not equal to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VarianceForm {
    /// `mu + a mu`: a constant factor.
    Linear,
    /// `mu + a mu^2`.
    Quadratic,
}

/// A test of the variance against the mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CameronTrivedi {
    /// `a` in the variance of the form asked for; 0 for Poisson counts.
    pub excess: f64,
    /// `a` over its standard error: standard normal for Poisson counts in large samples.
    pub t: f64,
}

/// Tests whether counts vary more (or less) than Poisson counts around fitted means.
///
/// Cameron & Trivedi (1990), "Regression-based tests for overdispersion in the Poisson model": the slope through the
/// origin of `((y - mu)^2 - y) / mu` on 1 (linear) or `mu` (quadratic). `None` for less than two counts, means that are
/// not positive, or residuals without any variation.
pub fn cameron_trivedi(
    counts: &[u64],
    means: &[f64],
    form: VarianceForm,
) -> Option<CameronTrivedi> {
    let n = counts.len();
    let positive = means.iter().all(|mu| *mu > 0.0 && mu.is_finite());
    if n < 2 || means.len() != n || !positive {
        return None;
    }
    let response = |nth: usize| {
        let (y, mu) = (counts[nth] as f64, means[nth]);
        ((y - mu) * (y - mu) - y) / mu
    };
    let regressor = |nth: usize| match form {
        VarianceForm::Linear => 1.0,
        VarianceForm::Quadratic => means[nth],
    };
    let squares: f64 = (0..n).map(|nth| regressor(nth).powi(2)).sum();
    let products: f64 = (0..n).map(|nth| regressor(nth) * response(nth)).sum();
    let excess = products / squares;
    let residuals: f64 = (0..n)
        .map(|nth| (response(nth) - excess * regressor(nth)).powi(2))
        .sum();
    let error = (residuals / (n - 1) as f64 / squares).sqrt();
    let t = excess / error;
    (excess.is_finite() && t.is_finite()).then_some(CameronTrivedi { excess, t })
}

/// Variance inflation factor of each column: `1 / (1 - R^2)` of its regression on the constant and all other columns
/// (Marquardt 1970); 1 where it is independent of them. `None` for a column that is constant, or that the others say in
/// full.
pub fn variance_inflation(columns: &[Vec<f64>]) -> Vec<Option<f64>> {
    // Below a share of 1e-7 the digits are those of rounding.
    let factor = |share: f64| (share > 1e-7).then(|| 1.0 / (share * share));
    let shares = new_shares(columns);
    shares
        .into_iter()
        .map(|share| share.and_then(factor))
        .collect()
}

/// Pearson's correlation, -1 to 1; `None` where a column is constant or they differ in length.
pub fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() {
        return None;
    }
    let (a, b) = (centred_unit(a)?, centred_unit(b)?);
    let product: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    Some(product.clamp(-1.0, 1.0))
}

//! What columns say about each other: can they be told apart?

use super::matrix::{centred_unit, new_shares};

/// Variance inflation factor of each column: `1 / (1 - R^2)` of its regression on the constant and all other columns
/// (Marquardt 1970); 1 where it is independent of them. `None` for a column that is constant, or that the others say in
/// full.
pub(crate) fn variance_inflation(columns: &[Vec<f64>]) -> Vec<Option<f64>> {
    // Below a share of 1e-7 the digits are those of rounding.
    let factor = |share: f64| (share > 1e-7).then(|| 1.0 / (share * share));
    let shares = new_shares(columns);
    shares
        .into_iter()
        .map(|share| share.and_then(factor))
        .collect()
}

/// Pearson's correlation, -1 to 1; `None` where a column is constant or they differ in length.
pub(crate) fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() {
        return None;
    }
    let (a, b) = (centred_unit(a)?, centred_unit(b)?);
    let product: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
    Some(product.clamp(-1.0, 1.0))
}

//! Poisson regression of counts with a logarithmic link.
//!
//! The constant is always part of the model and never among the columns; so coefficient 0 is the constant, and
//! coefficient j + 1 belongs to column j. Everything is bounded: iterations, halvings, steps of a search. What can't be
//! estimated is a [`FitError`] with its reason, never NaN.

mod diagnostics;
mod irls;
mod matrix;
mod poisson;
mod tails;
#[cfg(test)]
mod tests;

pub(crate) use diagnostics::{correlation, variance_inflation};
pub(crate) use poisson::{PoissonFit, fit_poisson};
pub(crate) use tails::{
    chi_square_upper, count_quantile, f_upper, normal_quantile, student_t_quantile, student_t_upper,
};

/// What a regression explains, and by what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountData<'a> {
    /// The counts to explain.
    pub(crate) counts: &'a [u64],
    /// The columns that explain them, each as long as the counts; without the constant.
    pub(crate) columns: &'a [Vec<f64>],
    /// What is added to the linear predictor with coefficient 1: the logarithm of the exposure. `None`: 0.
    pub(crate) offset: Option<&'a [f64]>,
}

/// Why a regression has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FitError {
    /// A column or the offset is of another length than the counts, or holds a value that is not finite.
    #[error("the columns are not as long as the counts, or not finite")]
    Malformed,
    /// As many coefficients as observations, or more.
    #[error("{observations} observations for {coefficients} coefficients")]
    TooFewObservations {
        /// Number of counts.
        observations: usize,
        /// Number of coefficients, the constant among them.
        coefficients: usize,
    },
    /// All counts are 0.
    #[error("nothing was counted")]
    NothingCounted,
    /// A column is a sum of multiples of the columns before it (and of the constant).
    #[error("column {column} says nothing that the columns before it do not say")]
    RankDeficient {
        /// Its index.
        column: usize,
    },
    /// No best coefficients were found: often because the best ones lie at infinity.
    #[error("the coefficients did not settle")]
    NotConverged,
}

impl CountData<'_> {
    /// Number of coefficients, the constant among them.
    pub(crate) fn coefficients(&self) -> usize {
        self.columns.len() + 1
    }

    fn offset_at(&self, nth: usize) -> f64 {
        self.offset.map_or(0.0, |offset| offset[nth])
    }

    fn check(&self) -> Result<(), FitError> {
        let n = self.counts.len();
        let sound = |values: &[f64]| values.len() == n && values.iter().all(|v| v.is_finite());
        if !self.columns.iter().all(|column| sound(column)) || !self.offset.is_none_or(sound) {
            return Err(FitError::Malformed);
        }
        if n <= self.coefficients() {
            return Err(FitError::TooFewObservations {
                observations: n,
                coefficients: self.coefficients(),
            });
        }
        if self.counts.iter().all(|count| *count == 0) {
            return Err(FitError::NothingCounted);
        }
        Ok(())
    }

    /// The columns with the constant in front.
    fn with_constant(&self) -> Vec<Vec<f64>> {
        let constant = vec![1.0; self.counts.len()];
        let columns = self.columns.iter().cloned();
        std::iter::once(constant).chain(columns).collect()
    }
}

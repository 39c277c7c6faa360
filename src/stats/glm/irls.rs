//! Iteratively reweighted least squares for Poisson counts.

use super::matrix::least_squares;
use super::{CountData, FitError};

/// Newton's method doubles the digits in every step; fits that have an answer settle in ten.
const ITERATIONS: u32 = 50;
/// 2^-30 of a step is no step.
const HALVINGS: u32 = 30;
/// Greatest change of a linear predictor that counts as settled.
const SETTLED: f64 = 1e-9;
/// Linear predictors below this are on their way to minus infinity.
const LOWEST: f64 = -300.0;

/// Coefficients at the maximum of the likelihood.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub(crate) coefficients: Vec<f64>,
    /// Inverse of the expected information.
    pub(crate) covariance: Vec<Vec<f64>>,
    pub(crate) means: Vec<f64>,
    pub(crate) deviance: f64,
}

/// Fisher scoring with step halving (McCullagh & Nelder 1989, Generalized Linear Models, 2nd ed., section 2.5).
///
/// It has settled when the next full step would move no linear predictor by more than 1e-9: a rule on the deviance
/// alone also holds where a coefficient runs off to infinity.
pub(super) fn fit(data: CountData) -> Result<Settled, FitError> {
    data.check()?;
    let columns = data.with_constant();
    let deficient = |column: usize| match column.checked_sub(1) {
        Some(column) => FitError::RankDeficient { column },
        None => FitError::NotConverged,
    };
    let mut at = start(data, &columns).map_err(deficient)?;
    for _ in 0..ITERATIONS {
        let working = (0..at.means.len()).map(|nth| {
            let residual = (data.counts[nth] as f64 - at.means[nth]) / at.means[nth];
            at.predictors[nth] - data.offset_at(nth) + residual
        });
        let working: Vec<f64> = working.collect();
        // The columns were independent at the start; weights that make them dependent mean that some went to 0.
        let step =
            least_squares(&columns, &at.means, &working).map_err(|_| FitError::NotConverged)?;
        let full = Point::new(data, &columns, step.coefficients);
        let moved = full.distance(&at);
        if moved < SETTLED {
            if !full.is_sound() {
                return Err(FitError::NotConverged);
            }
            return Ok(Settled {
                coefficients: full.coefficients,
                covariance: step.inverse,
                means: full.means,
                deviance: full.deviance.max(0.0),
            });
        }
        at = halve(data, &columns, &at, full)?;
    }
    Err(FitError::NotConverged)
}

/// Coefficients with what follows from them.
struct Point {
    coefficients: Vec<f64>,
    predictors: Vec<f64>,
    means: Vec<f64>,
    deviance: f64,
}

impl Point {
    fn new(data: CountData, columns: &[Vec<f64>], coefficients: Vec<f64>) -> Point {
        let predictor = |nth: usize| {
            let sum = columns.iter().zip(&coefficients);
            data.offset_at(nth) + sum.map(|(column, b)| column[nth] * b).sum::<f64>()
        };
        let predictors: Vec<f64> = (0..data.counts.len()).map(predictor).collect();
        let means: Vec<f64> = predictors.iter().map(|eta| eta.exp()).collect();
        let parts = data.counts.iter().zip(&means);
        let deviance = parts.map(|(y, mu)| unit_deviance(*y as f64, *mu));
        Point {
            deviance: deviance.sum(),
            coefficients,
            predictors,
            means,
        }
    }

    fn is_sound(&self) -> bool {
        let low = self.predictors.iter().any(|eta| *eta < LOWEST);
        self.deviance.is_finite() && !low
    }

    /// The greatest change of a linear predictor.
    fn distance(&self, other: &Point) -> f64 {
        let pairs = self.predictors.iter().zip(&other.predictors);
        let changes = pairs.map(|(a, b)| (a - b).abs());
        changes.fold(0.0, |most, change| {
            if change > most || change.is_nan() {
                change
            } else {
                most
            }
        })
    }
}

/// Regression of the logarithms: near the answer, and always defined.
fn start(data: CountData, columns: &[Vec<f64>]) -> Result<Point, usize> {
    let raised = |count: &u64| *count as f64 + 0.5;
    let weights: Vec<f64> = data.counts.iter().map(raised).collect();
    let logs = data.counts.iter().enumerate();
    let logs: Vec<f64> = logs
        .map(|(nth, count)| raised(count).ln() - data.offset_at(nth))
        .collect();
    // Unweighted first: independence is a matter of the columns, not of the counts.
    let even = vec![1.0; data.counts.len()];
    least_squares(columns, &even, &logs)?;
    let solution = least_squares(columns, &weights, &logs)?;
    Ok(Point::new(data, columns, solution.coefficients))
}

/// The full step, or as much of it as does not raise the deviance.
fn halve(
    data: CountData,
    columns: &[Vec<f64>],
    from: &Point,
    full: Point,
) -> Result<Point, FitError> {
    // Sums of large terms of either sign: what lies below this is rounding.
    let total: f64 = data.counts.iter().map(|count| *count as f64).sum();
    let limit = from.deviance + 1e-10 * from.deviance.abs() + 1e-12 * total;
    let mut to = full;
    for _ in 0..HALVINGS {
        // A start that is out of range itself is left by any step that is not.
        if to.is_sound() && (to.deviance <= limit || !from.deviance.is_finite()) {
            return Ok(to);
        }
        let pairs = to.coefficients.iter().zip(&from.coefficients);
        let middle = pairs.map(|(a, b)| 0.5 * (a + b)).collect();
        to = Point::new(data, columns, middle);
    }
    Err(FitError::NotConverged)
}

/// Twice the log-likelihood that one count loses against a perfect fit.
fn unit_deviance(y: f64, mu: f64) -> f64 {
    // y ln(y/mu), where y = 0 adds nothing.
    let attraction = if y > 0.0 { y * (y / mu).ln() } else { 0.0 };
    2.0 * (attraction - (y - mu))
}

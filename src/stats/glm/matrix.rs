//! Weighted least squares for a handful of columns.

/// A column whose part that is new lies below this share of its length adds nothing: R's `lm` uses 1e-7, but here the
/// columns are scaled to length 1 first.
const NOTHING_NEW: f64 = 1e-9;

/// The solution of a least squares problem.
#[derive(Clone, Debug)]
pub(super) struct Solution {
    /// One coefficient per column.
    pub(crate) coefficients: Vec<f64>,
    /// (X'WX)^-1.
    pub(crate) inverse: Vec<Vec<f64>>,
}

/// Minimises `sum w (z - X b)^2` by Householder reflections (Golub & Van Loan, Matrix Computations, 4th ed., 5.2.2),
/// which lose half as many digits as the normal equations. Weights must not be negative, and there must be more rows
/// than columns. `Err` names the first column that is a combination of those before it.
pub(super) fn least_squares(
    columns: &[Vec<f64>],
    weights: &[f64],
    response: &[f64],
) -> Result<Solution, usize> {
    let roots: Vec<f64> = weights.iter().map(|weight| weight.sqrt()).collect();
    let weigh = |values: &[f64]| -> Vec<f64> {
        values
            .iter()
            .zip(&roots)
            .map(|(v, root)| v * root)
            .collect()
    };
    let mut z = weigh(response);
    let mut a: Vec<Vec<f64>> = columns.iter().map(|column| weigh(column)).collect();
    let mut scales = Vec::with_capacity(a.len());
    for (nth, column) in a.iter_mut().enumerate() {
        let scale = length(column);
        if !(scale > 0.0 && scale.is_finite()) {
            return Err(nth);
        }
        column.iter_mut().for_each(|value| *value /= scale);
        scales.push(scale);
    }
    for k in 0..a.len() {
        let (done, rest) = a.split_at_mut(k + 1);
        let pivot = &mut done[k];
        let norm = length(&pivot[k..]);
        if norm.is_nan() || norm <= NOTHING_NEW {
            return Err(k);
        }
        let diagonal = if pivot[k] > 0.0 { -norm } else { norm };
        pivot[k] -= diagonal;
        let reflector = pivot[k..].to_vec();
        for column in rest {
            reflect(&reflector, &mut column[k..]);
        }
        reflect(&reflector, &mut z[k..]);
        pivot[k] = diagonal;
    }
    Ok(solve(&a, &z, &scales))
}

fn length(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn reflect(reflector: &[f64], values: &mut [f64]) {
    let factor = 2.0 * dot(reflector, values) / dot(reflector, reflector);
    for (value, r) in values.iter_mut().zip(reflector) {
        *value -= factor * r;
    }
}

/// Back substitution with the triangle that stands in the first rows of `a`.
fn solve(a: &[Vec<f64>], z: &[f64], scales: &[f64]) -> Solution {
    let p = a.len();
    let back = |right: &[f64]| -> Vec<f64> {
        let mut x = vec![0.0; p];
        for row in (0..p).rev() {
            let known: f64 = (row + 1..p).map(|column| a[column][row] * x[column]).sum();
            x[row] = (right[row] - known) / a[row][row];
        }
        x
    };
    let unscale = |x: Vec<f64>| -> Vec<f64> { x.iter().zip(scales).map(|(x, s)| x / s).collect() };
    let coefficients = unscale(back(z));
    // Columns of R^-1; the inverse of X'WX = R'R is R^-1 R^-T.
    let columns: Vec<Vec<f64>> = (0..p)
        .map(|nth| {
            let mut unit = vec![0.0; p];
            unit[nth] = 1.0;
            unscale(back(&unit))
        })
        .collect();
    let entry = |i: usize, j: usize| columns.iter().map(|column| column[i] * column[j]).sum();
    let inverse = (0..p)
        .map(|i| (0..p).map(|j| entry(i, j)).collect())
        .collect();
    Solution {
        coefficients,
        inverse,
    }
}

/// The length of the part of each column that is orthogonal to the constant and to all other columns, as a share of the
/// length of its part that is orthogonal to the constant; `None` for a column without such a part.
pub(super) fn new_shares(columns: &[Vec<f64>]) -> Vec<Option<f64>> {
    let units: Vec<Option<Vec<f64>>> = columns.iter().map(|column| centred_unit(column)).collect();
    units
        .iter()
        .enumerate()
        .map(|(nth, unit)| {
            let mut rest = unit.clone()?;
            let others = units.iter().enumerate().filter(|(other, _)| *other != nth);
            let basis = orthonormal(others.filter_map(|(_, unit)| unit.as_ref()));
            take_out(&basis, &mut rest);
            Some(length(&rest))
        })
        .collect()
}

/// A column minus its mean, scaled to length 1; `None` where it does not vary.
pub(super) fn centred_unit(column: &[f64]) -> Option<Vec<f64>> {
    let mean = column.iter().sum::<f64>() / column.len() as f64;
    let mut centred: Vec<f64> = column.iter().map(|value| value - mean).collect();
    let norm = length(&centred);
    // Rounding of the mean leaves about 1e-16 of the size of the values.
    let varies = norm > 1e-12 * length(column);
    varies.then(|| {
        centred.iter_mut().for_each(|value| *value /= norm);
        centred
    })
}

/// Gram-Schmidt, twice for each column ("twice is enough": Giraud et al. 2005), passing over what adds nothing.
fn orthonormal<'a>(columns: impl Iterator<Item = &'a Vec<f64>>) -> Vec<Vec<f64>> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for column in columns {
        let mut rest = column.clone();
        take_out(&basis, &mut rest);
        let norm = length(&rest);
        if norm > NOTHING_NEW {
            rest.iter_mut().for_each(|value| *value /= norm);
            take_out(&basis, &mut rest);
            let norm = length(&rest);
            rest.iter_mut().for_each(|value| *value /= norm);
            basis.push(rest);
        }
    }
    basis
}

fn take_out(basis: &[Vec<f64>], values: &mut [f64]) {
    for unit in basis {
        let share = dot(unit, values);
        for (value, u) in values.iter_mut().zip(unit) {
            *value -= share * u;
        }
    }
}

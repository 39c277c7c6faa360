//! Gauss-Legendre quadrature and the normal distribution, as the integral equations need them.

use statrs::function::gamma::gamma_ur;
use std::f64::consts::PI;

/// Nodes and weights of a quadrature.
pub(super) struct Quadrature {
    /// Where the integrand is evaluated, ascending.
    pub nodes: Vec<f64>,
    /// What each value counts.
    pub weights: Vec<f64>,
}

impl Quadrature {
    /// Gauss-Legendre on \[`low`, `high`\] with `n` nodes: the zeros of the Legendre polynomial by Newton's method from
    /// Tricomi's approximation, weights `2 / ((1 - x^2) P'(x)^2)` (Abramowitz & Stegun 25.4.29, 22.16.6).
    pub fn gauss_legendre(n: usize, low: f64, high: f64) -> Quadrature {
        let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
        let (nodes, weights) = (0..n)
            .map(|nth| {
                let (x, slope) = zero_of_legendre(n, nth);
                (
                    middle - half * x,
                    half * 2.0 / ((1.0 - x * x) * slope * slope),
                )
            })
            .unzip();
        Quadrature { nodes, weights }
    }
}

/// The `nth` zero of the Legendre polynomial of degree `n`, the greatest first, and the slope there.
fn zero_of_legendre(n: usize, nth: usize) -> (f64, f64) {
    let degree = n as f64;
    let mut x = (PI * (nth as f64 + 0.75) / (degree + 0.5)).cos();
    let mut slope = 1.0;
    // The approximation has four digits or more, Newton doubles them each time: the count is fixed, so nothing hangs.
    for _ in 0..6 {
        let (mut before, mut value) = (1.0, x);
        for k in 2..=n {
            let k = k as f64;
            (before, value) = (
                value,
                ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k,
            );
        }
        slope = degree * (before - x * value) / (1.0 - x * x);
        x -= value / slope;
    }
    (x, slope)
}

/// The standard normal density.
pub(super) fn normal_density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / (2.0 * PI).sqrt()
}

/// The chance that a standard normal variable is above x: `Gamma(1/2, x^2 / 2) / (2 sqrt(pi))` for x >= 0 (NIST DLMF
/// 7.11.2). The library's `erfc` has eleven digits only, this has fifteen.
pub(super) fn normal_upper(x: f64) -> f64 {
    if x < 0.0 {
        return 1.0 - normal_upper(-x);
    }
    match 0.5 * x * x {
        0.0 => 0.5,
        f64::INFINITY => 0.0,
        half_square => 0.5 * gamma_ur(0.5, half_square),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integral(n: usize, low: f64, high: f64, of: impl Fn(f64) -> f64) -> f64 {
        let rule = Quadrature::gauss_legendre(n, low, high);
        let terms = rule.nodes.iter().zip(&rule.weights);
        terms.map(|(x, weight)| weight * of(*x)).sum()
    }

    #[test]
    fn nodes_of_five() {
        // Abramowitz & Stegun, table 25.4, n = 5.
        let rule = Quadrature::gauss_legendre(5, -1.0, 1.0);
        let nodes = [-0.906179845938664, -0.538469310105683, 0.0];
        let weights = [0.236926885056189, 0.478628670499366, 0.568888888888889];
        for nth in 0..3 {
            assert!((rule.nodes[nth] - nodes[nth]).abs() < 1e-14);
            assert!((rule.nodes[4 - nth] + nodes[nth]).abs() < 1e-14);
            assert!((rule.weights[nth] - weights[nth]).abs() < 1e-14);
        }
    }

    #[test]
    fn exact_to_degree_2n_minus_1() {
        for n in [1, 2, 3, 10, 64, 512] {
            assert!((integral(n, 1.0, 3.0, |_| 1.0) - 2.0).abs() < 1e-13, "{n}");
            let power = i32::try_from(2 * n - 1).unwrap();
            let want = 1.0 / f64::from(power + 1);
            let got = integral(n, 0.0, 1.0, |x| x.powi(power));
            assert!((got - want).abs() < 1e-13, "{n}: {got}");
        }
    }

    #[test]
    fn the_density_integrates_to_the_tail() {
        // Abramowitz & Stegun, table 26.1: P(2) = 0.97724 98680 51821; the others: Python 3.11, math.erfc.
        assert!((1.0 - normal_upper(2.0) - 0.977249868051821).abs() < 1e-15);
        for (x, want) in [
            (-1.0, 0.8413447460685429),
            (0.0, 0.5),
            (1e-9, 0.499999999601058),
            (0.5, 0.3085375387259869),
            (2.0, 0.02275013194817921),
            (10.0, 7.61985302416047e-24),
            (30.0, 4.906713927148764e-198),
        ] {
            let got = normal_upper(x);
            assert!((got / want - 1.0).abs() < 2e-13, "{got} is not {want}");
        }
        let between = integral(64, 1.0, 9.0, normal_density);
        assert!((between - (normal_upper(1.0) - normal_upper(9.0))).abs() < 1e-14);
        assert_eq!(normal_upper(f64::INFINITY), 0.0);
        assert_eq!(normal_upper(f64::NEG_INFINITY), 1.0);
        assert_eq!(normal_density(1e300), 0.0);
    }
}

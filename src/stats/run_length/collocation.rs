//! The integral equation of a chart of sample variances, by collocation in pieces.
//!
//! The statistic goes from z to `decay z - drop + scale T^2`, where T^2 is chi-square with `df` degrees of freedom. With
//! one degree the density of T^2 is infinite at 0, and where it starts in the range of the chart depends on z: the nodes
//! of a quadrature in the value of the statistic can't follow. So the integrals are taken in T, whose density is smooth,
//! and the run length is interpolated between nodes (Knoth 2005, "Accurate ARL computation for EWMA-S2 control charts",
//! Statistics and Computing 15; 2006, "Computation of the ARL for CUSUM-S2 schemes", Computational Statistics & Data
//! Analysis 51).

use super::quadrature::Quadrature;
use statrs::function::gamma::{gamma_lr, gamma_ur, ln_gamma};
use std::f64::consts::{LN_2, PI};

/// Nodes of the integral over one piece, beside those that the degree of the polynomial asks for: half the degree.
const INTEGRAL_NODES: usize = 56;

/// T has a standard deviation below 1 around the root of its degrees of freedom: beyond this distance is less than 1e-17.
const REACH: f64 = 9.0;

/// More unknowns than this are refused: the elimination grows with their cube.
const MOST_UNKNOWNS: usize = 512;

/// A one-sided chart with a lower wall at 0.
pub(super) struct Chart {
    /// Where the statistic starts.
    pub start: f64,
    /// What is left of the statistic after a step.
    pub decay: f64,
    /// What a step takes away.
    pub drop: f64,
    /// What a step adds for each unit of T^2.
    pub scale: f64,
    /// Degrees of freedom of T^2.
    pub df: f64,
}

impl Chart {
    /// The mean number of steps until the statistic is above the last of `edges`, which divide the range of the chart,
    /// ascending from 0, into pieces where the run length is smooth; `nodes` in each.
    pub fn mean_steps(&self, edges: &[f64], nodes: usize) -> Option<f64> {
        let pieces: Vec<Piece> = edges
            .windows(2)
            .map(|ends| Piece::new(ends[0], ends[1], nodes))
            .collect();
        let unknowns = 1 + nodes * pieces.len();
        if pieces.is_empty() || unknowns > MOST_UNKNOWNS {
            return None;
        }
        let rule = Quadrature::gauss_legendre(INTEGRAL_NODES + nodes, 0.0, 1.0);
        // Unknown 0 is the run length from the start, which is also that from the wall where a chart has one.
        let values = std::iter::once(self.start).chain(pieces.iter().flat_map(Piece::values));
        let rows = values
            .enumerate()
            .map(|(nth, z)| self.equation(nth, z, &pieces, &rule))
            .collect();
        solve(rows)?.first().copied()
    }

    /// `L(z) - P(wall) L(start) - int L(y) = 1` as coefficients of the unknowns; `nth` is the unknown L(z).
    fn equation(&self, nth: usize, z: f64, pieces: &[Piece], rule: &Quadrature) -> Vec<f64> {
        let least = self.decay * z - self.drop;
        let mut row = vec![-self.at_most(-least)];
        for piece in pieces {
            row.extend(self.integrals(least, piece, rule).iter().map(|part| -part));
        }
        // The chances of all that can happen add up to 1. So that they do in digits too, the chance to stay is what the
        // others leave: else the error of the integrals would end a run length of its inverse.
        let high = pieces.last().map_or(0.0, |piece| piece.high);
        row[nth] = 0.0;
        row[nth] = self.more_than(high - least) - row.iter().sum::<f64>();
        row
    }

    /// The chance that a step adds no more than `gap`.
    fn at_most(&self, gap: f64) -> f64 {
        let x = 0.5 * gap / self.scale;
        match x {
            f64::INFINITY => 1.0,
            x if x > 0.0 => gamma_lr(0.5 * self.df, x),
            _ => 0.0,
        }
    }

    /// The chance that a step adds more than `gap`. Not 1 less the other: that has no digits where it is rare.
    fn more_than(&self, gap: f64) -> f64 {
        let x = 0.5 * gap / self.scale;
        match x {
            f64::INFINITY => 0.0,
            x if x > 0.0 => gamma_ur(0.5 * self.df, x),
            _ => 1.0,
        }
    }

    /// For each node of a piece, the integral of its polynomial over the steps from `least` that end in the piece.
    fn integrals(&self, least: f64, piece: &Piece, rule: &Quadrature) -> Vec<f64> {
        let mut parts = vec![0.0; piece.nodes.len()];
        let middle = self.df.sqrt();
        let t_to = |value: f64| ((value - least).max(0.0) / self.scale).sqrt();
        let low = t_to(piece.low).max(middle - REACH);
        let high = t_to(piece.high).min(middle + REACH);
        if low >= high {
            return parts;
        }
        let ln_norm = (0.5 * self.df - 1.0) * LN_2 + ln_gamma(0.5 * self.df);
        // In logarithms: the power alone is too great for a float at some hundred degrees.
        let density = |t: f64| ((self.df - 1.0) * t.ln() - 0.5 * t * t - ln_norm).exp();
        for (u, weight) in rule.nodes.iter().zip(&rule.weights) {
            // Squared for the same reason as in a piece: roots of the distance from the upper end become smooth.
            let t = high - (high - low) * u * u;
            let chance = weight * 2.0 * (high - low) * u * density(t);
            piece.add(least + self.scale * t * t, chance, &mut parts);
        }
        parts
    }
}

/// A polynomial in `v = sqrt((high - z) / (high - low))` by its values at nodes. In v, because the run length has terms
/// in half powers of the distance from the upper end of a piece.
struct Piece {
    low: f64,
    high: f64,
    /// In v: Chebyshev's of the first kind.
    nodes: Vec<f64>,
    /// Of the barycentric formula.
    weights: Vec<f64>,
}

impl Piece {
    fn new(low: f64, high: f64, nodes: usize) -> Piece {
        let angle = |nth: usize| PI * (nth as f64 + 0.5) / nodes as f64;
        let sign = |nth: usize| if nth.is_multiple_of(2) { 1.0 } else { -1.0 };
        Piece {
            low,
            high,
            nodes: (0..nodes).map(|nth| 0.5 + 0.5 * angle(nth).cos()).collect(),
            weights: (0..nodes).map(|nth| sign(nth) * angle(nth).sin()).collect(),
        }
    }

    /// The nodes as values of the statistic.
    fn values(&self) -> impl Iterator<Item = f64> {
        self.nodes
            .iter()
            .map(|v| self.high - (self.high - self.low) * v * v)
    }

    /// Adds `chance` times the value at z of the polynomial that is 1 at a node and 0 at the others, for each node, by
    /// the second barycentric formula (Berrut & Trefethen 2004, "Barycentric Lagrange interpolation", SIAM Review 46).
    fn add(&self, z: f64, chance: f64, parts: &mut [f64]) {
        let v = ((self.high - z).max(0.0) / (self.high - self.low)).sqrt();
        if let Some(hit) = self.nodes.iter().position(|node| *node == v) {
            parts[hit] += chance;
            return;
        }
        let terms = || {
            self.weights
                .iter()
                .zip(&self.nodes)
                .map(|(w, node)| w / (v - node))
        };
        let whole: f64 = terms().sum();
        for (part, term) in parts.iter_mut().zip(terms()) {
            *part += chance * term / whole;
        }
    }
}

/// Gaussian elimination with row exchanges for a right side of ones; `None` where there is no single solution.
fn solve(mut rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let n = rows.len();
    let mut right = vec![1.0; n];
    for column in 0..n {
        let pivot =
            (column..n).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        rows.swap(column, pivot);
        right.swap(column, pivot);
        let (done, rest) = rows.split_at_mut(column + 1);
        let pivot = &done[column];
        if !(pivot[column].abs() > 0.0 && pivot[column].is_finite()) {
            return None;
        }
        for (nth, row) in rest.iter_mut().enumerate() {
            let factor = row[column] / pivot[column];
            for (value, above) in row[column..].iter_mut().zip(&pivot[column..]) {
                *value -= factor * above;
            }
            right[column + 1 + nth] -= factor * right[column];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n)
            .map(|column| rows[row][column] * right[column])
            .sum();
        right[row] = (right[row] - known) / rows[row][row];
    }
    Some(right)
}

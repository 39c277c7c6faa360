//! Entropy and variance of categories, from counts.

/// Entropy in bits of the distribution that `counts` were drawn from.
///
/// Maximum likelihood with the correction of Miller (1955) and Madow: + (m - 1) / (2 n) nats for m categories seen in n
/// draws; capped at log2 m, which no distribution over m categories exceeds. Counts <= 0 are passed over.
pub(crate) fn entropy_bits(counts: impl IntoIterator<Item = i64>) -> f64 {
    let (entropy, categories) = entropy_nats(counts);
    (entropy * std::f64::consts::LOG2_E).clamp(0.0, f64::log2(categories))
}

/// The corrected entropy in nats, which may exceed the logarithm of the number of categories, and this number: at least 1.
fn entropy_nats(counts: impl IntoIterator<Item = i64>) -> (f64, f64) {
    let (mut n, mut m, mut sum) = (0.0, 0.0, 0.0);
    for count in counts.into_iter().filter(|count| *count > 0) {
        let count = count as f64;
        n += count;
        m += 1.0;
        sum += count * count.ln();
    }
    if m <= 1.0 {
        return (0.0, 1.0);
    }
    let maximum_likelihood = f64::ln(n) - sum / n;
    (maximum_likelihood + (m - 1.0) / (2.0 * n), m)
}

/// Variance of a categorical variable: `1 - sum(p^2)`, the Gini-Simpson index (Gini 1912; Light & Margolin 1971).
///
/// The chance that two draws differ; 0 for none or one category. Counts <= 0 are passed over.
pub(crate) fn categorical_variance(counts: impl IntoIterator<Item = i64>) -> f64 {
    let (mut n, mut squares) = (0i128, 0i128);
    for count in counts.into_iter().filter(|count| *count > 0) {
        let count = i128::from(count);
        n += count;
        squares += count * count;
    }
    if n == 0 {
        return 0.0;
    }
    // Integers until the one division: exact for any counts that fit.
    (n * n - squares) as f64 / (n * n) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_computed_independently() {
        // numpy; the estimates of R's `entropy` package.
        let counts = [4, 2, 3, 0, 2, 4, 0, 0, 2, 1, 1];
        let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-7, "{got} is not {want}");
        near(entropy_nats(counts).0, 2.152_592_935_0);
        near(categorical_variance(counts), 0.847_645_4);
        // What is seen of eight categories is not more than eight.
        assert_eq!(entropy_bits(counts), 3.0);
    }

    /// Counts with published entropy: 1.9683824087 nats (maximum likelihood), 2.1525929350 (Miller-Madow), Gini 0.8476454.
    const COUNTS: [i64; 11] = [4, 2, 3, 0, 2, 4, 0, 0, 2, 1, 1];

    #[test]
    fn published_figures() {
        let nats = entropy_bits(COUNTS) / std::f64::consts::LOG2_E;
        // ln 8 = 2.0794 caps the corrected 2.1526.
        assert!((nats - 8f64.ln()).abs() < 1e-12);
        assert!((categorical_variance(COUNTS) - 0.8476454).abs() < 1e-7);
    }

    #[test]
    fn correction_without_the_cap() {
        // p = 0.25: 0.5623351446 nats; (2 - 1) / (2 * 400) = 0.00125 nats.
        let nats = entropy_bits([100, 300]) / std::f64::consts::LOG2_E;
        assert!((nats - (0.562_335_144_6 + 0.00125)).abs() < 1e-9);
    }

    #[test]
    fn what_does_not_vary_has_neither() {
        assert_eq!(entropy_bits([7]), 0.0);
        assert_eq!(entropy_bits([]), 0.0);
        assert_eq!(categorical_variance([7]), 0.0);
        assert_eq!(categorical_variance([]), 0.0);
        assert_eq!(entropy_bits([5, 5]), 1.0);
        assert_eq!(categorical_variance([5, 5]), 0.5);
    }
}

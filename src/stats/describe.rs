//! Mean, standard deviation and autocorrelation, computed so that large values with little spread don't lose their
//! digits.

/// The sum of values, with the rounding errors of the additions added at the end (Neumaier 1974, "Rundungsfehleranalyse
/// einiger Verfahren zur Summation endlicher Summen", ZAMM 54).
pub(crate) fn compensated_sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0f64, 0.0f64);
    for value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() {
            (sum - next) + value
        } else {
            (value - next) + sum
        };
        sum = next;
    }
    sum + lost
}

/// The arithmetic mean; `None` without values, or where one of them or their sum is not finite.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let first = compensated_sum(values.iter().copied()) / n;
    // The division has rounded; what is left of the deviations says by how much.
    let mean = first + compensated_sum(values.iter().map(|value| value - first)) / n;
    mean.is_finite().then_some(mean)
}

/// The sample standard deviation (divisor n - 1), in the unit of the values.
///
/// The two-pass algorithm with the correction for the rounding of the mean (Chan, Golub & LeVeque 1983, "Algorithms for
/// computing the sample variance", The American Statistician 37). `None` below two values, or where values are not
/// finite.
#[cfg(test)]
pub(crate) fn standard_deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let sd = (squared_deviations(values, mean(values)?) / (values.len() as f64 - 1.0)).sqrt();
    sd.is_finite().then_some(sd)
}

/// The autocorrelation of lag 1: `sum((x_t - m) (x_{t+1} - m)) / sum((x_t - m)^2)`, in \[-1, 1\] (Box & Jenkins 1976,
/// Time Series Analysis, section 2.1.5).
///
/// `None` below two values, or where all are equal or some are not finite.
pub(crate) fn lag1_autocorrelation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let mean = mean(values)?;
    let products = values
        .windows(2)
        .map(|pair| (pair[0] - mean) * (pair[1] - mean));
    let correlation = compensated_sum(products) / squared_deviations(values, mean);
    correlation.is_finite().then_some(correlation)
}

fn squared_deviations(values: &[f64], mean: f64) -> f64 {
    let deviations = || values.iter().map(|value| value - mean);
    let rounding = compensated_sum(deviations());
    let squares = compensated_sum(deviations().map(|deviation| deviation * deviation));
    (squares - rounding * rounding / values.len() as f64).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One number per line, below a line on where they come from.
    fn data(text: &str) -> Vec<f64> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.parse().unwrap()).collect()
    }

    /// NumAcc2 to NumAcc4: the middle value, then 500 pairs of the one below and the one above.
    fn pairs(middle: f64, below: f64, above: f64) -> Vec<f64> {
        let pairs = std::iter::repeat_n([below, above], 500).flatten();
        std::iter::once(middle).chain(pairs).collect()
    }

    fn near(got: Option<f64>, want: f64, relative: f64) {
        let got = got.unwrap();
        assert!(
            (got - want).abs() <= relative * want.abs(),
            "{got} is not {want}"
        );
    }

    #[test]
    fn certified_values_of_observed_data() {
        // NIST Statistical Reference Datasets, univariate: certified mean, standard deviation, lag-1 autocorrelation.
        let sets = [
            (
                include_str!("../../tests/data/nist/lew.txt"),
                (200, -177.435, 277.332168044316, -0.307304800605679),
            ),
            (
                include_str!("../../tests/data/nist/lottery.txt"),
                (218, 518.958715596330, 291.699727470969, -0.120948622967393),
            ),
            (
                include_str!("../../tests/data/nist/mavro.txt"),
                (50, 2.001856, 0.000429123454003053, 0.937989183438248),
            ),
            (
                include_str!("../../tests/data/nist/michelso.txt"),
                (100, 299.8524, 0.0790105478190518, 0.535199668621283),
            ),
        ];
        for (text, (n, want_mean, want_sd, want_lag)) in sets {
            let values = data(text);
            assert_eq!(values.len(), n);
            near(mean(&values), want_mean, 1e-14);
            near(standard_deviation(&values), want_sd, 1e-12);
            near(lag1_autocorrelation(&values), want_lag, 1e-12);
        }
    }

    #[test]
    fn certified_values_of_data_made_for_accuracy() {
        // NumAcc1 to NumAcc4 of the same. What is left of the error is that of the decimals as binary fractions.
        let one = [10_000_001.0, 10_000_003.0, 10_000_002.0];
        assert_eq!(mean(&one), Some(10_000_002.0));
        assert_eq!(standard_deviation(&one), Some(1.0));
        assert_eq!(lag1_autocorrelation(&one), Some(-0.5));
        for (values, middle, accuracy) in [
            (pairs(1.2, 1.1, 1.3), 1.2, 1e-14),
            (
                pairs(1_000_000.2, 1_000_000.1, 1_000_000.3),
                1_000_000.2,
                1e-9,
            ),
            (
                pairs(10_000_000.2, 10_000_000.1, 10_000_000.3),
                10_000_000.2,
                1e-8,
            ),
        ] {
            assert_eq!(values.len(), 1001);
            near(mean(&values), middle, 1e-15);
            near(standard_deviation(&values), 0.1, accuracy);
            near(lag1_autocorrelation(&values), -0.999, 1e-8);
        }
    }

    #[test]
    fn the_sum_of_squares_would_not_do() {
        let values = pairs(10_000_000.2, 10_000_000.1, 10_000_000.3);
        let n = values.len() as f64;
        let sum: f64 = values.iter().sum();
        let squares: f64 = values.iter().map(|value| value * value).sum();
        let naive = (squares - sum * sum / n) / (n - 1.0);
        // The variance is 0.01.
        assert!((naive - 0.01).abs() > 0.1, "{naive}");
        assert!((standard_deviation(&values).unwrap().powi(2) - 0.01).abs() < 1e-9);
    }

    #[test]
    fn what_is_not_defined() {
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[1.0, f64::NAN]), None);
        assert_eq!(mean(&[f64::MAX, f64::MAX]), None);
        assert_eq!(standard_deviation(&[3.0]), None);
        assert_eq!(standard_deviation(&[3.0, f64::INFINITY]), None);
        assert_eq!(standard_deviation(&[3.0, 3.0]), Some(0.0));
        assert_eq!(lag1_autocorrelation(&[3.0, 3.0]), None);
        assert_eq!(lag1_autocorrelation(&[3.0]), None);
    }

    #[test]
    fn small_values_survive_between_large_ones() {
        assert_eq!(compensated_sum([1.0, 1e100, 1.0, -1e100]), 2.0);
    }

    proptest! {
        #[test]
        fn shifting_changes_the_mean_only(values in prop::collection::vec(-1000i32..1000, 2..50), shift in -1_000_000i32..1_000_000) {
            let plain: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
            let moved: Vec<f64> = plain.iter().map(|value| value + f64::from(shift)).collect();
            let (a, b) = (mean(&plain).unwrap(), mean(&moved).unwrap());
            prop_assert!((b - a - f64::from(shift)).abs() < 1e-9);
            let (a, b) = (standard_deviation(&plain).unwrap(), standard_deviation(&moved).unwrap());
            prop_assert!((a - b).abs() <= 1e-8 * a.max(1.0));
            if let Some(lag) = lag1_autocorrelation(&moved) {
                prop_assert!((-1.0..=1.0).contains(&lag));
            }
        }
    }
}

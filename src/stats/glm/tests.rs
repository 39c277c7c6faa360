use super::*;
use proptest::prelude::*;

fn close(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "{got} is not {want}");
}

fn all_close(got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        close(*got, *want, tolerance);
    }
}

/// Dobson (1990), An Introduction to Generalized Linear Models, p. 93: the example of R's `?glm`.
const DOBSON: [u64; 9] = [18, 17, 15, 20, 10, 20, 25, 13, 12];

fn dobson_columns() -> Vec<Vec<f64>> {
    let level = |of: fn(usize) -> usize, level: usize| {
        let is = move |nth: usize| f64::from(u8::from(of(nth) == level));
        (0..9).map(is).collect::<Vec<f64>>()
    };
    let (outcome, treatment) = (|nth| nth % 3, |nth| nth / 3);
    vec![
        level(outcome, 1),
        level(outcome, 2),
        level(treatment, 1),
        level(treatment, 2),
    ]
}

/// 26 weeks of over-dispersed counts, with a driver and weeks of four working days.
struct Weekly {
    counts: Vec<u64>,
    columns: Vec<Vec<f64>>,
    offset: Vec<f64>,
}

fn weekly() -> Weekly {
    let head = [
        10, 14, 9, 16, 11, 18, 10, 15, 12, 20, 9, 13, 17, 11, 19, 10, 16, 12, 14, 20, 9, 15, 18,
        11, 13, 17,
    ];
    let counts = vec![
        30, 71, 22, 60, 49, 110, 31, 48, 70, 120, 29, 38, 95, 33, 104, 61, 58, 80, 40, 131, 25, 99,
        70, 72, 45, 118,
    ];
    let days = |nth: usize| if [4, 11, 18].contains(&nth) { 4.0 } else { 5.0 };
    Weekly {
        counts,
        columns: vec![
            (0..26).map(|nth| (f64::from(nth) - 12.5) / 52.0).collect(),
            head.iter().map(|h| (f64::from(*h) / 13.0).ln()).collect(),
        ],
        offset: (0..26).map(|nth| f64::ln(days(nth))).collect(),
    }
}

impl Weekly {
    fn data(&self) -> CountData<'_> {
        CountData {
            counts: &self.counts,
            columns: &self.columns,
            offset: Some(&self.offset),
        }
    }
}

fn plain<'a>(counts: &'a [u64], columns: &'a [Vec<f64>]) -> CountData<'a> {
    CountData {
        counts,
        columns,
        offset: None,
    }
}

#[test]
fn dobson_as_in_r() {
    let fit = fit_poisson(plain(&DOBSON, &dobson_columns())).unwrap();
    all_close(
        &fit.coefficients,
        &[3.044522, -0.454255, -0.292987, 0.0, 0.0],
        1e-6,
    );
    // Standard errors as R prints them: 0.1709 0.2022 0.1927 0.2000 0.2000.
    all_close(
        &fit.standard_errors(),
        &[0.170899, 0.202171, 0.192742, 0.2, 0.2],
        1e-6,
    );
    close(fit.deviance, 5.129141, 1e-6);
    // McCullagh & Nelder's chi-square, with statsmodels 0.15.
    close(fit.pearson, 5.173202, 1e-6);
    assert_eq!(fit.degrees_of_freedom, 4);
}

#[test]
fn over_dispersed_weeks() {
    // Figures computed with statsmodels (GLM, Poisson) and R's conventions.
    let fit = fit_poisson(weekly().data()).unwrap();
    all_close(
        &fit.coefficients,
        &[2.47414898, 0.45054772, 1.50837525],
        1e-8,
    );
    all_close(
        &fit.standard_errors(),
        &[0.02739747, 0.17363719, 0.10112097],
        1e-8,
    );
    close(fit.deviance, 116.41740337, 1e-8);
    close(fit.pearson, 116.42014682, 1e-8);
    close(fit.dispersion(), 5.061746, 1e-6);
}

#[test]
fn variance_inflation_as_in_statsmodels() {
    for factor in variance_inflation(&weekly().columns) {
        close(factor.unwrap(), 1.0455922939, 1e-9);
    }
    let columns = vec![
        (0..10).map(f64::from).collect(),
        vec![3.0, 5.0, 4.0, 7.0, 8.0, 8.0, 11.0, 12.0, 12.0, 15.0],
        vec![2.0, 9.0, 4.0, 4.0, 7.0, 1.0, 8.0, 3.0, 6.0, 5.0],
    ];
    let got: Vec<f64> = variance_inflation(&columns)
        .into_iter()
        .map(Option::unwrap)
        .collect();
    all_close(&got, &[28.4168809269, 28.9736376386, 1.2862044210], 1e-8);
    close(
        correlation(&columns[0], &columns[1]).unwrap(),
        0.9776072855771266,
        1e-12,
    );
}

/// Two columns with a correlation of exactly 0.992.
fn nearly_the_same() -> Vec<Vec<f64>> {
    let first = [-1.0, -1.0, 1.0, 1.0].repeat(6);
    let second = [-1.0, 1.0, -1.0, 1.0].repeat(6);
    let rest = (1.0 - 0.992f64 * 0.992).sqrt();
    let mixed = first.iter().zip(&second).map(|(a, b)| 0.992 * a + rest * b);
    vec![first.clone(), mixed.collect()]
}

#[test]
fn columns_that_say_nearly_the_same_are_found_out() {
    let columns = nearly_the_same();
    for factor in variance_inflation(&columns) {
        close(factor.unwrap(), 1.0 / (1.0 - 0.992f64 * 0.992), 1e-9);
    }
    // The standard error of a coefficient grows by the root of the factor: that is what makes it meaningless.
    let counts: Vec<u64> = (0..24)
        .map(|nth| [3, 4, 8, 9][nth % 4] + (nth as u64) / 12)
        .collect();
    let both = fit_poisson(plain(&counts, &columns)).unwrap();
    let alone = fit_poisson(plain(&counts, &columns[..1])).unwrap();
    assert!(both.standard_errors()[1] > 6.0 * alone.standard_errors()[1]);
}

#[test]
fn columns_without_news_have_no_factor() {
    let up: Vec<f64> = (0..9).map(f64::from).collect();
    let twice: Vec<f64> = up.iter().map(|v| 2.0 * v + 7.0).collect();
    let other = vec![1.0, 5.0, 2.0, 8.0, 3.0, 9.0, 4.0, 4.0, 0.0];
    let got = variance_inflation(&[up.clone(), twice.clone(), other.clone(), vec![3.3; 9]]);
    assert_eq!(got[0], None);
    assert_eq!(got[1], None);
    assert_eq!(got[3], None);
    // The third is judged against what the first two say together.
    let pair = variance_inflation(&[up.clone(), other]);
    close(got[2].unwrap(), pair[1].unwrap(), 1e-9);
    assert_eq!(correlation(&up, &[3.3; 9]), None);
    assert_eq!(correlation(&up, &up[1..]), None);
    close(correlation(&up, &twice).unwrap(), 1.0, 1e-12);
}

#[test]
fn what_has_no_answer_says_why() {
    let counts = [3, 1, 4, 1, 5];
    let fail =
        |counts: &[u64], columns: &[Vec<f64>]| fit_poisson(plain(counts, columns)).unwrap_err();
    let up = || vec![0.0, 1.0, 2.0, 3.0, 4.0];
    assert_eq!(fail(&counts, &[vec![1.0; 4]]), FitError::Malformed);
    assert_eq!(fail(&counts, &[vec![f64::NAN; 5]]), FitError::Malformed);
    assert_eq!(fail(&[0; 5], &[up()]), FitError::NothingCounted);
    assert_eq!(
        fail(&counts[..2], &[vec![0.0, 1.0]]),
        FitError::TooFewObservations {
            observations: 2,
            coefficients: 2
        }
    );
    assert_eq!(
        fail(
            &counts,
            &[up(), up().iter().map(|v| 5.0 - 2.0 * v).collect()]
        ),
        FitError::RankDeficient { column: 1 }
    );
    assert_eq!(
        fail(&counts, &[vec![2.0; 5]]),
        FitError::RankDeficient { column: 0 }
    );
    // The best slope is infinite: only the last count is not 0.
    assert_eq!(fail(&[0, 0, 0, 0, 100], &[up()]), FitError::NotConverged);
    assert!(FitError::NotConverged.to_string().contains("settle"));
    let nan = [f64::NAN; 5];
    let data = CountData {
        counts: &counts,
        columns: &[],
        offset: Some(&nan),
    };
    assert_eq!(fit_poisson(data), Err(FitError::Malformed));
}

#[test]
fn predictions_carry_their_variance() {
    let columns = vec![vec![-1.0, -1.0, 1.0, 1.0]];
    let fit = fit_poisson(plain(&[4, 6, 20, 30], &columns)).unwrap();
    // Two groups: the mean of each is its prediction, and the variance of its logarithm 1 / its total.
    let (predictor, variance) = fit.predict(&[1.0]);
    close(predictor, 25f64.ln(), 1e-9);
    close(variance, 1.0 / 50.0, 1e-9);
    let (predictor, variance) = fit.predict(&[-1.0]);
    close(predictor, 5f64.ln(), 1e-9);
    close(variance, 1.0 / 10.0, 1e-9);
}

#[test]
fn tails_as_in_scipy() {
    close(chi_square_upper(18.307, 10.0), 0.0500005891, 1e-9);
    close(chi_square_upper(116.42, 23.0), 1.8245e-14, 1e-16);
    assert_eq!(chi_square_upper(0.0, 3.0), 1.0);
    assert_eq!(chi_square_upper(f64::INFINITY, 3.0), 0.0);
    assert_eq!(chi_square_upper(1e300, 3.0), 0.0);
    // NIST handbook 1.3.5.10: F(.95; 9, 90) = 1.985595.
    close(f_upper(1.985595, 9.0, 90.0), 0.05, 1e-6);
    close(f_upper(2.1, 6.0, 1800.0), 0.0503951362, 1e-9);
    close(f_upper(3.0, 1.0, 5.0), 0.1438108087, 1e-9);
    assert_eq!(f_upper(f64::INFINITY, 6.0, 20.0), 0.0);
    close(student_t_upper(2.0, 7.0), 0.0428096643, 1e-9);
    close(student_t_upper(-2.0, 7.0), 1.0 - 0.0428096643, 1e-9);
    for (upper, degrees, want) in [
        (0.025, 6.0, 2.4469118511),
        (0.025, 23.0, 2.0686576104),
        (0.025, 500.0, 1.9647198375),
        (0.005, 1.0, 63.6567411629),
    ] {
        close(student_t_quantile(upper, degrees).unwrap(), want, 1e-7);
    }
    assert_eq!(student_t_quantile(0.5, 3.0).map(f64::round), Some(0.0));
    assert_eq!(student_t_quantile(0.0, 3.0), None);
    assert_eq!(student_t_quantile(1e-300, 1.0), None);
    close(normal_quantile(0.025).unwrap(), 1.9599639845, 1e-9);
    assert_eq!(normal_quantile(0.0), None);
}

#[test]
fn count_quantiles_as_in_scipy() {
    // scipy.stats.nbinom and poisson, ppf at 2.5, 50 and 97.5 %.
    for (mean, variance, want) in [
        (0.3, 0.9, [0.0, 0.0, 3.0]),
        (5.0, 15.0, [0.0, 4.0, 15.0]),
        (40.0, 400.0, [10.0, 37.0, 87.0]),
        (300.0, 3000.0, [202.0, 297.0, 416.0]),
        (9000.0, 90_000.0, [8421.0, 8997.0, 9597.0]),
        (0.3, 0.3, [0.0, 0.0, 2.0]),
        (5.0, 0.0, [1.0, 5.0, 10.0]),
        (1000.0, 1000.0, [938.0, 1000.0, 1062.0]),
    ] {
        let got = [0.025, 0.5, 0.975].map(|p| count_quantile(mean, variance, p).unwrap());
        assert_eq!(got, want, "mean {mean}, variance {variance}");
    }
    // Beyond what is summed: to four digits.
    for (mean, variance, want) in [
        (15_000.0, 1e6, [13_103.0, 14_978.0, 17_022.0]),
        (19_900.0, 19_900.0, [19_624.0, 19_900.0, 20_177.0]),
        (1e6, 1e8, [980_495.0, 999_967.0, 1_019_694.0]),
        (1e5, 1e11, [0.0, 593.0, 977_905.0]),
    ] {
        for (p, want) in [0.025, 0.5, 0.975].into_iter().zip(want) {
            close(
                count_quantile(mean, variance, p).unwrap(),
                want,
                1.0 + 2e-4 * want,
            );
        }
    }
    assert_eq!(count_quantile(0.0, 0.0, 0.9), Some(0.0));
    assert_eq!(count_quantile(f64::NAN, 1.0, 0.9), None);
    assert_eq!(count_quantile(1.0, f64::INFINITY, 0.9), None);
    assert_eq!(count_quantile(1.0, 1.0, 1.0), None);
}

/// Counts from 0 to the largest, with small ones as likely as large ones.
fn any_count() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0u64..5, 0u64..1000, any::<u64>()]
}

proptest! {
    #[test]
    fn figures_are_finite_or_there_is_a_reason(
        counts in proptest::collection::vec(any_count(), 0..40),
        values in proptest::collection::vec(-3.0f64..3.0, 40),
    ) {
        let n = counts.len();
        let columns = vec![(0..n).map(|nth| nth as f64 / 52.0).collect(), values[..n].to_vec()];
        let data = plain(&counts, &columns);
        if let Ok(fit) = fit_poisson(data) {
            let single = [fit.deviance, fit.pearson, fit.dispersion()];
            let many = fit.coefficients.iter().chain(&fit.means);
            prop_assert!(many.chain(&single).all(|v| v.is_finite()), "{fit:?}");
            prop_assert!(fit.standard_errors().iter().all(|v| v.is_finite() && *v >= 0.0));
            if let Ok(constant) = fit_poisson(plain(&counts, &[])) {
                prop_assert!(fit.deviance <= constant.deviance * (1.0 + 1e-6) + 1e-6);
            }
        }
    }

    #[test]
    fn the_fit_solves_the_likelihood_equations(
        counts in proptest::collection::vec(1u64..200, 12..30),
        values in proptest::collection::vec(-1.0f64..1.0, 30),
        exposures in proptest::collection::vec(0.5f64..5.0, 30),
    ) {
        let n = counts.len();
        let columns = vec![values[..n].to_vec()];
        let offset: Vec<f64> = exposures[..n].iter().map(|e| e.ln()).collect();
        let data = CountData { counts: &counts, columns: &columns, offset: Some(&offset) };
        let fit = fit_poisson(data).unwrap();
        let total: u64 = counts.iter().sum();
        // Residuals are orthogonal to the constant and to every column.
        let residuals: Vec<f64> = counts.iter().zip(&fit.means).map(|(y, mu)| *y as f64 - mu).collect();
        let along: f64 = residuals.iter().zip(&columns[0]).map(|(r, x)| r * x).sum();
        prop_assert!(residuals.iter().sum::<f64>().abs() < 1e-7 * total as f64);
        prop_assert!(along.abs() < 1e-7 * total as f64);
        // Ten times the exposure is a constant less by ln 10, and nothing else.
        let more: Vec<f64> = offset.iter().map(|o| o + 10f64.ln()).collect();
        let again = fit_poisson(CountData { offset: Some(&more), ..data }).unwrap();
        prop_assert!((again.coefficients[0] + 10f64.ln() - fit.coefficients[0]).abs() < 1e-8);
        prop_assert!((again.coefficients[1] - fit.coefficients[1]).abs() < 1e-8);
        prop_assert!((again.deviance - fit.deviance).abs() < 1e-6);
    }

    #[test]
    fn quantiles_are_whole_and_rise_with_p(mean in 0.0f64..1e9, factor in 0.0f64..1e6, p in 0.001f64..0.5) {
        let (low, high) = (count_quantile(mean, mean * factor, p), count_quantile(mean, mean * factor, 1.0 - p));
        let (low, high) = (low.unwrap(), high.unwrap());
        prop_assert!(0.0 <= low && low <= high && high.is_finite());
        prop_assert_eq!(high.fract(), 0.0);
    }
}

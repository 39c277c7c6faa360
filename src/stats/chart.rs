//! Series of control charts, for display: what is drawn, not what is acted on.

mod stability;

use super::Interval;

pub use stability::population_stability;

/// A point of an EWMA chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EwmaPoint {
    /// The moving average up to this observation, in the unit of the observations.
    pub value: f64,
    /// The limits at this point: they widen from the first observation on towards the steady ones.
    pub limits: Interval,
}

/// An EWMA chart.
#[derive(Clone, Debug, PartialEq)]
pub struct EwmaChart {
    /// One for each observation.
    pub points: Vec<EwmaPoint>,
    /// The limits after many observations.
    pub steady: Interval,
}

/// An EWMA that is drawn point by point, where target and standard deviation differ from point to point: means of days with
/// more or fewer cases. The variance of the average follows from its weights,
/// `v_t = (1 - lambda)^2 v_(t-1) + lambda^2 sd_t^2`; for points that are all alike this is [`ewma_chart`].
#[derive(Clone, Copy, Debug)]
pub struct Ewma {
    lambda: f64,
    width: f64,
    /// Average, target and variance so far; `None` before the first point.
    so_far: Option<(f64, f64, f64)>,
}

impl Ewma {
    /// Weight `lambda` in (0, 1] of the latest point, limits `width` standard deviations off.
    pub fn new(lambda: f64, width: f64) -> Ewma {
        Ewma {
            lambda,
            width,
            so_far: None,
        }
    }

    /// The next point: an observation, its target and its standard deviation.
    pub fn next(&mut self, value: f64, target: f64, sd: f64) -> EwmaPoint {
        let lambda = self.lambda;
        let (average, centre, variance) = self.so_far.unwrap_or((target, target, 0.0));
        let mixed = |old: f64, new: f64| (1.0 - lambda) * old + lambda * new;
        let average = mixed(average, value);
        let centre = mixed(centre, target);
        let variance = (1.0 - lambda).powi(2) * variance + (lambda * sd).powi(2);
        self.so_far = Some((average, centre, variance));
        let half = self.width * variance.sqrt();
        EwmaPoint {
            value: average,
            limits: Interval {
                lower: centre - half,
                upper: centre + half,
            },
        }
    }
}

/// The exponentially weighted moving average `z_t = lambda x_t + (1 - lambda) z_(t-1)` from `z_0 = target`, with limits
/// `target -+ width sd sqrt(lambda / (2 - lambda) (1 - (1 - lambda)^(2 t)))`, the steady ones without the last factor
/// (NIST/SEMATECH e-Handbook 6.3.2.4; Montgomery, Introduction to Statistical Quality Control, section 9.2).
///
/// `None` unless 0 < lambda <= 1, `sd` and `width` are above 0 and all is finite.
pub fn ewma_chart(
    values: &[f64],
    target: f64,
    sd: f64,
    lambda: f64,
    width: f64,
) -> Option<EwmaChart> {
    let positive = |x: f64| x > 0.0 && x.is_finite();
    let valid =
        lambda > 0.0 && lambda <= 1.0 && positive(sd) && positive(width) && target.is_finite();
    if !(valid && all_finite(values)) {
        return None;
    }
    let half = width * sd * (lambda / (2.0 - lambda)).sqrt();
    let around = |half: f64| Interval {
        lower: target - half,
        upper: target + half,
    };
    let (mut average, mut left) = (target, 1.0);
    let points = values.iter().map(|value| {
        average = lambda * value + (1.0 - lambda) * average;
        left *= (1.0 - lambda) * (1.0 - lambda);
        EwmaPoint {
            value: average,
            limits: around(half * (1.0 - left).sqrt()),
        }
    });
    Some(EwmaChart {
        points: points.collect(),
        steady: around(half),
    })
}

/// A point of a tabular CUSUM chart, in the unit of the observations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CusumPoint {
    /// What has added up above the target.
    pub high: f64,
    /// What has added up below it, as a positive number.
    pub low: f64,
    /// Either is above the threshold.
    pub signal: bool,
}

/// The tabular CUSUM: `high_t = max(0, high_(t-1) + x_t - target - k)` and `low_t = max(0, low_(t-1) + target - k - x_t)`,
/// both from 0, with a signal above h (NIST/SEMATECH e-Handbook 6.3.2.3). It goes on after a signal as before it.
///
/// `None` unless k >= 0, h > 0 and all is finite.
pub fn cusum_chart(values: &[f64], target: f64, k: f64, h: f64) -> Option<Vec<CusumPoint>> {
    let valid = target.is_finite() && k >= 0.0 && k.is_finite() && h > 0.0 && h.is_finite();
    if !(valid && all_finite(values)) {
        return None;
    }
    let (mut high, mut low) = (0.0f64, 0.0f64);
    let points = values.iter().map(|value| {
        high = (high + (value - target) - k).max(0.0);
        low = (low - (value - target) - k).max(0.0);
        CusumPoint {
            high,
            low,
            signal: high > h || low > h,
        }
    });
    Some(points.collect())
}

fn all_finite(values: &[f64]) -> bool {
    values.iter().all(|value| value.is_finite())
}

/// The limits of a share of `n` trials that is `centre` on average: three standard deviations of the binomial share,
/// clipped to \[0, 1\] (NIST/SEMATECH e-Handbook 6.3.3.2). `None` without trials, or for a centre out of \[0, 1\].
///
/// Below some 5 expected wrong trials the lower limit is 0 and the upper one too low, since the share is skewed.
pub fn proportion_limits(centre: f64, n: u64) -> Option<Interval> {
    let valid = n > 0 && (0.0..=1.0).contains(&centre);
    let half = valid.then(|| 3.0 * (centre * (1.0 - centre) / n as f64).sqrt())?;
    Some(Interval {
        lower: (centre - half).max(0.0),
        upper: (centre + half).min(1.0),
    })
}

/// A point of a p-chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProportionPoint {
    /// The share of wrong trials.
    pub share: f64,
    /// The limits for so many trials.
    pub limits: Interval,
}

/// A p-chart.
#[derive(Clone, Debug, PartialEq)]
pub struct ProportionChart {
    /// The share over all groups.
    pub centre: f64,
    /// One for each group; `None` for one without trials.
    pub points: Vec<Option<ProportionPoint>>,
}

/// The p-chart of groups of (wrong, all) trials, with limits for each by its own number of trials around the share over all
/// groups (Montgomery, section 7.2.2). `None` without any trial, or where more are wrong than there are.
pub fn proportion_chart(groups: &[(u64, u64)]) -> Option<ProportionChart> {
    if groups.iter().any(|(wrong, all)| wrong > all) {
        return None;
    }
    let sum = |of: fn(&(u64, u64)) -> u64| {
        groups
            .iter()
            .map(|group| u128::from(of(group)))
            .sum::<u128>()
    };
    let (wrong, all) = (sum(|group| group.0), sum(|group| group.1));
    let centre = (all > 0).then(|| wrong as f64 / all as f64)?;
    let points = groups.iter().map(|(wrong, all)| {
        let limits = proportion_limits(centre, *all)?;
        let share = *wrong as f64 / *all as f64;
        Some(ProportionPoint { share, limits })
    });
    Some(ProportionChart {
        centre,
        points: points.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// NIST/SEMATECH e-Handbook 6.3.2.4.
    const EWMA_DATA: [f64; 20] = [
        52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5, 49.6, 47.6, 49.9, 51.3, 47.8,
        51.2, 52.6, 52.4, 53.6, 52.1,
    ];
    const EWMA_SERIES: [f64; 20] = [
        50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33, 50.11, 49.36, 49.52,
        50.05, 49.38, 49.92, 50.73, 51.23, 51.94, 51.99,
    ];

    #[test]
    fn point_by_point_it_is_the_same_chart() {
        let values = [52.0, 47.0, 53.0, 49.3, 50.1, 47.0];
        let chart = ewma_chart(&values, 50.0, 2.0, 0.3, 3.0).unwrap();
        let mut ewma = Ewma::new(0.3, 3.0);
        for (value, want) in values.iter().zip(&chart.points) {
            let point = ewma.next(*value, 50.0, 2.0);
            assert!(
                (point.value - want.value).abs() < 1e-12,
                "{point:?} {want:?}"
            );
            assert!((point.limits.lower - want.limits.lower).abs() < 1e-12);
            assert!((point.limits.upper - want.limits.upper).abs() < 1e-12);
        }
    }

    #[test]
    fn ewma_of_the_nist_handbook() {
        let chart = ewma_chart(&EWMA_DATA, 50.0, 2.0539, 0.3, 3.0).unwrap();
        for (point, want) in chart.points.iter().zip(EWMA_SERIES) {
            assert!(
                (point.value - want).abs() < 0.00501,
                "{point:?} is not {want}"
            );
            assert!(point.limits.lower < point.value && point.value < point.limits.upper);
        }
        // The handbook cuts off the lower limit, 47.41155.
        assert!((chart.steady.upper - 52.5884).abs() < 0.0001, "{chart:?}");
        assert!((chart.steady.lower - 47.4115).abs() < 0.0001, "{chart:?}");
    }

    #[test]
    fn limits_of_an_ewma_widen_from_the_first_observation() {
        let chart = ewma_chart(&EWMA_DATA, 50.0, 2.0, 0.3, 3.0).unwrap();
        // At first the average has the spread of lambda times an observation.
        assert!((chart.points[0].limits.upper - (50.0 + 3.0 * 0.3 * 2.0)).abs() < 1e-12);
        // Montgomery, section 9.2: factor sqrt(1 - (1 - lambda)^(2 t)).
        let half = chart.steady.upper - 50.0;
        let second = (1.0f64 - 0.7f64.powi(4)).sqrt();
        assert!((chart.points[1].limits.upper - (50.0 + half * second)).abs() < 1e-12);
        assert!(
            chart
                .points
                .windows(2)
                .all(|two| two[0].limits.upper < two[1].limits.upper)
        );
        assert!((chart.points[19].limits.lower - chart.steady.lower).abs() < 1e-5);
    }

    #[test]
    fn cusum_of_the_nist_handbook() {
        // NIST/SEMATECH e-Handbook 6.3.2.3.
        let data = [
            324.925, 324.675, 324.725, 324.35, 325.35, 325.225, 324.125, 324.525, 325.225, 324.6,
            324.625, 325.15, 328.325, 327.25, 327.825, 328.5, 326.675, 327.775, 326.875, 328.35,
        ];
        let points = cusum_chart(&data, 325.0, 0.3175, 4.1959).unwrap();
        let signals: Vec<usize> = (1..=20).filter(|group| points[group - 1].signal).collect();
        assert_eq!(signals, [14, 15, 16, 17, 18, 19, 20]);
        assert!((points[13].high - 4.94).abs() < 0.005, "{points:?}");
        assert!((points[19].high - 19.035).abs() < 0.0005, "{points:?}");
        // To the other side the fourth group: 0, 0.0075, 0 (-0.0350), then 0.65 - 0.3175.
        assert!((points[3].low - 0.3325).abs() < 1e-9, "{points:?}");
    }

    #[test]
    fn p_chart_of_the_nist_handbook() {
        // NIST/SEMATECH e-Handbook 6.3.3.2: chips in 30 wafers of 50.
        let wrong = [
            12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15,
            9, 12, 7, 13, 9, 6,
        ];
        let chart = proportion_chart(&wrong.map(|wrong| (wrong, 50))).unwrap();
        assert!((chart.centre - 0.2313).abs() < 0.00005);
        let limits = chart.points[0].unwrap().limits;
        assert!((limits.upper - 0.4102).abs() < 0.00005, "{limits:?}");
        assert!((limits.lower - 0.0524).abs() < 0.00005, "{limits:?}");
        let outside: Vec<usize> = (1..=30)
            .filter(|wafer| {
                let point = chart.points[wafer - 1].unwrap();
                !(point.limits.lower..=point.limits.upper).contains(&point.share)
            })
            .collect();
        assert_eq!(outside, [15, 23]);
    }

    #[test]
    fn p_chart_of_unequal_groups() {
        // Montgomery, Introduction to Statistical Quality Control, table 7.4: 234 wrong of 2450 purchase orders.
        let groups = [
            (12, 100),
            (8, 80),
            (6, 80),
            (9, 100),
            (10, 110),
            (12, 110),
            (11, 100),
            (16, 100),
            (10, 90),
            (6, 90),
            (20, 110),
            (15, 120),
            (9, 120),
            (8, 120),
            (6, 110),
            (8, 80),
            (10, 80),
            (7, 80),
            (5, 90),
            (8, 100),
            (5, 100),
            (8, 100),
            (10, 100),
            (6, 90),
            (9, 90),
        ];
        let chart = proportion_chart(&groups).unwrap();
        assert!((chart.centre - 0.0955).abs() < 0.00005, "{}", chart.centre);
        for (group, lower, upper) in [
            (1, 0.007, 0.184),
            (2, 0.0, 0.194),
            (5, 0.011, 0.180),
            (12, 0.015, 0.176),
        ] {
            let limits = chart.points[group - 1].unwrap().limits;
            assert!(
                (limits.lower - lower).abs() < 0.00051,
                "{group}: {limits:?}"
            );
            assert!(
                (limits.upper - upper).abs() < 0.00051,
                "{group}: {limits:?}"
            );
        }
    }

    #[test]
    fn what_has_no_chart() {
        assert_eq!(ewma_chart(&[1.0], 0.0, 1.0, 0.0, 3.0), None);
        assert_eq!(ewma_chart(&[1.0], 0.0, 0.0, 0.3, 3.0), None);
        assert_eq!(ewma_chart(&[f64::NAN], 0.0, 1.0, 0.3, 3.0), None);
        assert_eq!(cusum_chart(&[1.0], 0.0, -1.0, 4.0), None);
        assert_eq!(cusum_chart(&[f64::INFINITY], 0.0, 1.0, 4.0), None);
        assert_eq!(proportion_limits(0.1, 0), None);
        assert_eq!(proportion_limits(1.1, 10), None);
        assert_eq!(proportion_chart(&[]), None);
        assert_eq!(proportion_chart(&[(0, 0)]), None);
        assert_eq!(proportion_chart(&[(3, 2)]), None);
        assert_eq!(proportion_chart(&[(1, 2), (0, 0)]).unwrap().points[1], None);
    }

    proptest! {
        #[test]
        fn shares_stay_shares(groups in prop::collection::vec((0u64..50, 0u64..50), 0..20)) {
            let groups: Vec<(u64, u64)> = groups.iter().map(|(wrong, right)| (*wrong, wrong + right)).collect();
            if let Some(chart) = proportion_chart(&groups) {
                for point in chart.points.into_iter().flatten() {
                    prop_assert!((0.0..=1.0).contains(&point.share));
                    prop_assert!(0.0 <= point.limits.lower && point.limits.lower <= chart.centre);
                    prop_assert!(chart.centre <= point.limits.upper && point.limits.upper <= 1.0);
                }
            }
        }
    }
}

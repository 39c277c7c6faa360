//! Points and limits of control charts, for display: what is drawn, not what is acted on.

mod stability;

use super::Interval;

pub(crate) use stability::population_stability;

/// A point of an EWMA chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EwmaPoint {
    /// The moving average up to this observation, in the unit of the observations.
    pub value: f64,
    /// The limits at this point: they widen from the first observation on towards the steady ones.
    pub limits: Interval,
}

/// An EWMA that is drawn point by point, where target and standard deviation differ from point to point: means of days with
/// more or fewer cases. The average is `z_t = lambda x_t + (1 - lambda) z_(t-1)` from `z_0 = target` (NIST/SEMATECH e-Handbook
/// 6.3.2.4; Montgomery, Introduction to Statistical Quality Control, section 9.2). Its variance follows from its weights,
/// `v_t = (1 - lambda)^2 v_(t-1) + lambda^2 sd_t^2`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ewma {
    lambda: f64,
    width: f64,
    /// Average, target and variance so far; `None` before the first point.
    so_far: Option<(f64, f64, f64)>,
}

impl Ewma {
    /// Weight `lambda` in (0, 1] of the latest point, limits `width` standard deviations off.
    pub(crate) fn new(lambda: f64, width: f64) -> Ewma {
        Ewma {
            lambda,
            width,
            so_far: None,
        }
    }

    /// The next point: an observation, its target and its standard deviation.
    pub(crate) fn next(&mut self, value: f64, target: f64, sd: f64) -> EwmaPoint {
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

/// The limits of a share of `n` trials that is `centre` on average: three standard deviations of the binomial share,
/// clipped to \[0, 1\] (NIST/SEMATECH e-Handbook 6.3.3.2). `None` without trials, or for a centre out of \[0, 1\].
///
/// Below some 5 expected wrong trials the lower limit is 0 and the upper one too low, since the share is skewed.
pub(crate) fn proportion_limits(centre: f64, n: u64) -> Option<Interval> {
    let valid = n > 0 && (0.0..=1.0).contains(&centre);
    let half = valid.then(|| 3.0 * (centre * (1.0 - centre) / n as f64).sqrt())?;
    Some(Interval {
        lower: (centre - half).max(0.0),
        upper: (centre + half).min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIST/SEMATECH e-Handbook 6.3.2.4.
    const EWMA_DATA: [f64; 20] = [
        52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5, 49.6, 47.6, 49.9, 51.3, 47.8,
        51.2, 52.6, 52.4, 53.6, 52.1,
    ];
    const EWMA_SERIES: [f64; 20] = [
        50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33, 50.11, 49.36, 49.52,
        50.05, 49.38, 49.92, 50.73, 51.23, 51.94, 51.99,
    ];

    fn points(values: &[f64], target: f64, sd: f64) -> Vec<EwmaPoint> {
        let mut ewma = Ewma::new(0.3, 3.0);
        let points = values.iter().map(|value| ewma.next(*value, target, sd));
        points.collect()
    }

    #[test]
    fn ewma_of_the_nist_handbook() {
        let points = points(&EWMA_DATA, 50.0, 2.0539);
        for (point, want) in points.iter().zip(EWMA_SERIES) {
            assert!(
                (point.value - want).abs() < 0.00501,
                "{point:?} is not {want}"
            );
            assert!(point.limits.lower < point.value && point.value < point.limits.upper);
        }
        // The limits after many observations. The handbook cuts off the lower limit, 47.41155.
        let last = points[19].limits;
        assert!((last.upper - 52.5884).abs() < 0.0001, "{last:?}");
        assert!((last.lower - 47.4115).abs() < 0.0001, "{last:?}");
    }

    #[test]
    fn limits_of_an_ewma_widen_from_the_first_observation() {
        let points = points(&EWMA_DATA, 50.0, 2.0);
        // At first the average has the spread of lambda times an observation.
        assert!((points[0].limits.upper - (50.0 + 3.0 * 0.3 * 2.0)).abs() < 1e-12);
        // Montgomery, section 9.2: sd sqrt(lambda / (2 - lambda)), times sqrt(1 - (1 - lambda)^(2 t)).
        let steady = 3.0 * 2.0 * (0.3f64 / 1.7).sqrt();
        let second = (1.0f64 - 0.7f64.powi(4)).sqrt();
        assert!((points[1].limits.upper - (50.0 + steady * second)).abs() < 1e-12);
        let rises = |two: &[EwmaPoint]| two[0].limits.upper < two[1].limits.upper;
        assert!(points.windows(2).all(rises));
    }

    #[test]
    fn target_and_spread_of_each_point_count_by_its_weight() {
        let mut ewma = Ewma::new(0.5, 2.0);
        ewma.next(12.0, 10.0, 2.0);
        let point = ewma.next(20.0, 14.0, 6.0);
        // 0.5 * 11 + 0.5 * 20 around 0.5 * 10 + 0.5 * 14; variance 0.25 * 1 + 0.25 * 36.
        assert_eq!(point.value, 15.5);
        let half = 2.0 * 9.25f64.sqrt();
        assert!((point.limits.lower - (12.0 - half)).abs() < 1e-12);
        assert!((point.limits.upper - (12.0 + half)).abs() < 1e-12);
    }

    #[test]
    fn limits_of_a_share_in_the_nist_handbook() {
        // NIST/SEMATECH e-Handbook 6.3.3.2: chips in 30 wafers of 50.
        let limits = proportion_limits(347.0 / 1500.0, 50).unwrap();
        assert!((limits.upper - 0.4102).abs() < 0.00005, "{limits:?}");
        assert!((limits.lower - 0.0524).abs() < 0.00005, "{limits:?}");
    }

    #[test]
    fn limits_of_a_share_depend_on_the_number_of_trials() {
        // Montgomery, Introduction to Statistical Quality Control, table 7.4: 234 wrong of 2450 purchase orders.
        for (trials, lower, upper) in [
            (100, 0.007, 0.184),
            (80, 0.0, 0.194),
            (110, 0.011, 0.180),
            (120, 0.015, 0.176),
        ] {
            let limits = proportion_limits(234.0 / 2450.0, trials).unwrap();
            assert!((limits.lower - lower).abs() < 0.00051, "{limits:?}");
            assert!((limits.upper - upper).abs() < 0.00051, "{limits:?}");
        }
        assert_eq!(proportion_limits(0.1, 0), None);
        assert_eq!(proportion_limits(1.1, 10), None);
    }
}

//! Run lengths of charts of sample variances, for an increase. Variances are in units of the one of the process in
//! control; `df` are the degrees of freedom of each (1: single squared deviations from a known mean).

use super::answer;
use super::collocation::Chart;

/// Beyond this the rounding errors of the elimination show in the sixth digit.
const LONGEST: f64 = 1e9;

/// Beyond this a variance is so sure that the nodes are too far apart for all but the shortest run lengths.
const MOST_DEGREES: u32 = 1000;

/// Two solutions with different nodes must agree to this share.
const AGREEMENT: f64 = 1e-6;

/// The zero-state run length of the CUSUM `S = max(0, S + s^2 - k)` with a signal where S exceeds `h`, for a standard
/// deviation of `sigma`.
///
/// `None` also for h above 40 k, and for run lengths beyond 1e9 or not found to six digits.
pub fn variance_cusum_arl(k: f64, h: f64, df: u32, sigma: f64) -> Option<f64> {
    let valid = k > 0.0 && h > 0.0 && h <= 40.0 * k && h.is_finite();
    let chart = Chart {
        start: 0.0,
        decay: 1.0,
        drop: k,
        scale: valid.then(|| per_degree(df, sigma))??,
        df: f64::from(df),
    };
    // The run length is smooth between multiples of k only: below k a step can end at 0, above it can't. None of them
    // next to h: a piece as wide as a rounding error has no inside.
    let inside = |edge: &f64| *edge < h - 1e-6 * k;
    let multiples = (0..).map(|nth| k * f64::from(nth));
    let edges: Vec<f64> = std::iter::once(0.0)
        .chain(multiples.skip(1).take_while(inside))
        .chain([h])
        .collect();
    settled(&chart, &edges, &[8, 12, 18, 27, 40, 60])
}

/// The run length of the EWMA `Z = (1 - lambda) Z + lambda s^2`, Z = 1 at first, with a signal where Z exceeds
/// `1 + width sqrt(lambda / (2 - lambda)) sqrt(2 / df)`: `width` steady standard deviations above the mean. There is no
/// wall below.
///
/// `None` also for run lengths beyond 1e9 or not found to six digits, as for a lambda below some 1e-5.
pub fn variance_ewma_arl(lambda: f64, width: f64, df: u32, sigma: f64) -> Option<f64> {
    let valid = lambda > 0.0 && lambda <= 1.0 && width > 0.0 && width.is_finite();
    let chart = Chart {
        start: 1.0,
        decay: 1.0 - lambda,
        drop: 0.0,
        scale: lambda * valid.then(|| per_degree(df, sigma))??,
        df: f64::from(df),
    };
    let spread = (lambda / (2.0 - lambda)).sqrt() * (2.0 / chart.df).sqrt();
    settled(&chart, &[0.0, 1.0 + width * spread], &[24, 36, 54, 81, 122])
}

/// What s^2 is for each unit of a chi-square variable.
fn per_degree(df: u32, sigma: f64) -> Option<f64> {
    let scale = sigma * sigma / f64::from(df);
    let valid = (1..=MOST_DEGREES).contains(&df) && sigma > 0.0 && scale > 0.0;
    (valid && scale.is_finite()).then_some(scale)
}

/// With more and more nodes, until two agree.
fn settled(chart: &Chart, edges: &[f64], nodes: &[usize]) -> Option<f64> {
    let mut before = f64::NAN;
    for nodes in nodes {
        let now = chart.mean_steps(edges, *nodes)?;
        if (now - before).abs() <= AGREEMENT * now {
            return answer(now).filter(|steps| *steps <= LONGEST);
        }
        before = now;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::chain::Chain;
    use super::*;
    use proptest::prelude::*;
    use statrs::function::gamma::{gamma_lr, gamma_ur};

    #[test]
    fn cusum_of_single_squares() {
        // Knoth (2006), table 1, column coll63 (as in R's spc, scusum.arl), which simulation confirms: k 1.46, h 10.
        for (sigma, want) in [
            (1.0, 260.7369),
            (1.1, 90.1319),
            (1.2, 43.6867),
            (1.3, 26.2916),
            (1.4, 18.1231),
            (1.5, 13.6268),
            (2.0, 5.9904),
        ] {
            let got = variance_cusum_arl(1.46, 10.0, 1, sigma).unwrap();
            assert!((got - want).abs() < 0.000051, "{got} is not {want}");
        }
    }

    #[test]
    fn ewma_of_single_squares() {
        // Knoth (2005), table 1: 249.9997 by collocation, 249.9892 +- 0.008 by simulation.
        let got = variance_ewma_arl(0.025, 1.661865, 1, 1.0).unwrap();
        assert!((got - 249.9997).abs() < 0.000051, "{got}");
    }

    #[test]
    fn ewma_of_variances_of_five() {
        // Mittag, Stemann & Tewes (1998): 2.91 for an in-control run length of 250.
        let got = variance_ewma_arl(0.18, 2.91, 4, 1.0).unwrap();
        assert!((got - 250.0).abs() < 0.5, "{got}");
    }

    #[test]
    fn without_memory_it_is_one_chance() {
        for (df, width, sigma) in [(1, 3.0, 1.0f64), (4, 2.0, 1.3), (60, 2.5, 0.9)] {
            let degrees = f64::from(df);
            let limit = 1.0 + width * (2.0 / degrees).sqrt();
            let chance = gamma_ur(0.5 * degrees, 0.5 * degrees * limit / sigma.powi(2));
            let got = variance_ewma_arl(1.0, width, df, sigma).unwrap();
            assert!((got * chance - 1.0).abs() < 1e-9, "{got}");
        }
    }

    /// The CUSUM on cells of the width h / n, in the way of Brook & Evans (1972), Biometrika 59: the error falls with
    /// 1 / n^2 where the density is bounded.
    fn by_cells(k: f64, h: f64, df: f64, n: usize) -> f64 {
        let below = |x: f64| {
            if x > 0.0 {
                gamma_lr(0.5 * df, 0.5 * df * x)
            } else {
                0.0
            }
        };
        let width = h / (n as f64 - 0.5);
        let reach = |from: usize, edge: f64| (edge - from as f64) * width + k;
        let moves = |from: usize, to: usize| {
            let upper = below(reach(from, to as f64 + 0.5));
            if to == 0 {
                upper
            } else {
                upper - below(reach(from, to as f64 - 0.5))
            }
        };
        let leaves = |from: usize| gamma_ur(0.5 * df, 0.5 * df * reach(from, n as f64 - 0.5));
        Chain::new(n, moves, leaves).mean_steps()
    }

    #[test]
    fn cusum_of_other_degrees() {
        // Against another method, with its first error taken off (Richardson).
        for (k, h, df) in [(1.2, 3.0, 4), (1.1, 0.7, 30), (1.05, 0.4, 10)] {
            let [coarse, fine] = [100, 200].map(|n| by_cells(k, h, f64::from(df), n));
            let want = fine + (fine - coarse) / 3.0;
            let got = variance_cusum_arl(k, h, df, 1.0).unwrap();
            assert!((got / want - 1.0).abs() < 1e-3, "{got} is not {want}");
        }
    }

    #[test]
    fn what_has_no_answer() {
        assert_eq!(variance_cusum_arl(0.0, 10.0, 1, 1.0), None);
        assert_eq!(variance_cusum_arl(0.1, 10.0, 1, 1.0), None);
        assert_eq!(variance_cusum_arl(1.46, 10.0, 0, 1.0), None);
        assert_eq!(variance_cusum_arl(1.46, 10.0, 1, 0.0), None);
        assert_eq!(variance_cusum_arl(1.46, 10.0, 1, -1.0), None);
        assert_eq!(variance_cusum_arl(1.46, f64::INFINITY, 1, 1.0), None);
        // Longer than can be computed.
        assert_eq!(variance_cusum_arl(1.46, 10.0, 1, 0.1), None);
        assert_eq!(variance_cusum_arl(10.0, 100.0, 1, 1.0), None);
        assert_eq!(variance_ewma_arl(0.0, 2.0, 1, 1.0), None);
        assert_eq!(variance_ewma_arl(0.1, 0.0, 1, 1.0), None);
        assert_eq!(variance_ewma_arl(0.1, 2.0, 1, f64::NAN), None);
        assert_eq!(variance_ewma_arl(0.1, 2.0, 5000, 1.0), None);
        assert_eq!(variance_ewma_arl(0.1, 2.0, 1, 0.01), None);
        // Nearly at once.
        assert!(variance_cusum_arl(1.46, 10.0, 1, 1e9).unwrap() < 1.0 + 1e-8);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn sooner_with_the_spread_later_with_the_limit(
            k in 1.05f64..3.0, pieces in 0.3f64..6.0, df in 1u32..6, lambda in 0.02f64..=1.0, width in 0.5f64..3.0,
            sigma in 1.0f64..3.0, more in 0.01f64..1.0,
        ) {
            let slack = 1.0 + 2.0 * AGREEMENT;
            let h = k * pieces;
            // None before: it was too long. None now: it was found and is not any more.
            let sooner = |now: Option<f64>, before: Option<f64>| match (now, before) {
                (Some(now), Some(before)) => now <= before * slack,
                (now, before) => now.is_some() || before.is_none(),
            };
            let cusum = variance_cusum_arl(k, h, df, sigma);
            prop_assert!(sooner(variance_cusum_arl(k, h, df, sigma + more), cusum));
            prop_assert!(sooner(cusum, variance_cusum_arl(k, h + more, df, sigma)));
            let ewma = variance_ewma_arl(lambda, width, df, sigma);
            prop_assert!(ewma.is_some());
            prop_assert!(sooner(variance_ewma_arl(lambda, width, df, sigma + more), ewma));
            prop_assert!(sooner(ewma, variance_ewma_arl(lambda, width + more, df, sigma)));
        }

        #[test]
        fn an_answer_or_none_for_anything(
            a in any::<f64>(), b in any::<f64>(), c in any::<f64>(), df in any::<u32>(), few in 1u32..1000,
            small in 1e-3f64..1.0,
        ) {
            for got in [
                variance_cusum_arl(a, b, df, c), variance_cusum_arl(small, 2.0 * small, few, c),
                variance_cusum_arl(small, 3.0 * small, few, small), variance_cusum_arl(a, a, 1, c),
                variance_ewma_arl(a, b, df, c), variance_ewma_arl(small, small, few, c),
                variance_ewma_arl(small, b, 1, 1.0),
            ].into_iter().flatten() {
                prop_assert!((1.0..=LONGEST).contains(&got));
            }
        }
    }
}

//! Run lengths of EWMA and CUSUM on independent normal observations. Observations, limits and shifts are in standard
//! deviations, the target is 0.

use super::answer;
use super::chain::{Chain, MOST_STATES};
use super::quadrature::{Quadrature, normal_density, normal_upper};

/// Nodes per standard deviation of a step. The error of the quadrature of a normal density falls as
/// `exp(-2 (pi / spacing)^2)`, and nodes in the middle stand pi / 2 times as far apart as on average: with 0.7 between
/// them it is 1e-17.
const NODES_PER_SD: f64 = 2.25;

/// Nodes that the ends need whatever the width.
const NODES_AT_LEAST: f64 = 16.0;

/// Nodes on \[`low`, `high`\] for steps with the standard deviation `sd`; `None` where that would be too many.
fn nodes(low: f64, high: f64, sd: f64) -> Option<Quadrature> {
    let wanted = (NODES_AT_LEAST + NODES_PER_SD * (high - low) / sd).ceil();
    // Two states beside the nodes: the start, and 0.
    let bearable = wanted <= MOST_STATES as f64 - 2.0;
    bearable.then(|| Quadrature::gauss_legendre(wanted as usize, low, high))
}

/// The zero-state run length of the two-sided EWMA `Z = (1 - lambda) Z + lambda X`, Z = 0 at first, with a signal where
/// |Z| exceeds `width` steady standard deviations `sqrt(lambda / (2 - lambda))`, for a mean of `shift`.
///
/// The integral equation of Crowder (1987), "A simple method for studying run-length distributions of exponentially
/// weighted moving average charts", Technometrics 29:
/// `L(u) = 1 + 1/lambda int L(y) phi((y - (1 - lambda) u) / lambda - shift) dy` between the limits.
pub fn ewma_arl(lambda: f64, width: f64, shift: f64) -> Option<f64> {
    let valid = lambda > 0.0 && lambda <= 1.0 && width > 0.0 && width.is_finite();
    let limit = width * (lambda / (2.0 - lambda)).sqrt();
    if !(valid && shift.is_finite() && limit > 0.0) {
        return None;
    }
    let rule = nodes(-limit, limit, lambda)?;
    // State 0 is the start, state j the node j - 1.
    let value = |state: usize| {
        if state == 0 {
            0.0
        } else {
            rule.nodes[state - 1]
        }
    };
    // The observation that moves Z from the value of a state to `to`, less its mean.
    let needed = |from: usize, to: f64| (to - (1.0 - lambda) * value(from)) / lambda - shift;
    let moves = |from: usize, to: usize| match to {
        0 => 0.0,
        _ => rule.weights[to - 1] / lambda * normal_density(needed(from, value(to))),
    };
    let leaves =
        |from: usize| normal_upper(needed(from, limit)) + normal_upper(-needed(from, -limit));
    answer(Chain::new(rule.nodes.len() + 1, moves, leaves).mean_steps())
}

/// The run length of the one-sided CUSUM `S = max(0, S + X - k)` with a signal where S exceeds `h`, for a mean of
/// `shift`, started at `start` in \[0, h\]: 0 for the zero state, h / 2 for the fast initial response of Lucas & Crosier
/// (1982), "Fast initial response for CUSUM quality-control schemes", Technometrics 24.
///
/// The integral equation of Page (1954), "Continuous inspection schemes", Biometrika 41:
/// `L(z) = 1 + L(0) Phi(k - shift - z) + int L(y) phi(y + k - z - shift) dy` from 0 to h.
pub fn cusum_arl(k: f64, h: f64, shift: f64, start: f64) -> Option<f64> {
    answer(one_sided(k, h, shift, start)?)
}

/// The zero-state run length of the two one-sided CUSUMs with the same `k` and `h`, one for each direction, for a mean
/// of `shift`: `1 / L = 1 / L+ + 1 / L-` (Kemp 1961, "The average run length of the cumulative sum chart when a V-mask
/// is used", JRSS B 23).
pub fn cusum_arl_two_sided(k: f64, h: f64, shift: f64) -> Option<f64> {
    let (up, down) = (one_sided(k, h, shift, 0.0)?, one_sided(k, h, -shift, 0.0)?);
    // One that never signals takes no part.
    answer(1.0 / (1.0 / up + 1.0 / down))
}

/// Infinite where the chart never signals.
fn one_sided(k: f64, h: f64, shift: f64, start: f64) -> Option<f64> {
    let valid = k >= 0.0 && k.is_finite() && h > 0.0 && h.is_finite() && shift.is_finite();
    if !(valid && (0.0..=h).contains(&start)) {
        return None;
    }
    let rule = nodes(0.0, h, 1.0)?;
    // State 0 is the start, state 1 the value 0, at which the chart stays with more than a density, then the nodes.
    let value = |state: usize| match state {
        0 => start,
        1 => 0.0,
        _ => rule.nodes[state - 2],
    };
    let needed = |from: usize, to: f64| to - value(from) + k - shift;
    let moves = |from: usize, to: usize| match to {
        0 => 0.0,
        1 => normal_upper(-needed(from, 0.0)),
        _ => rule.weights[to - 2] * normal_density(needed(from, value(to))),
    };
    let leaves = |from: usize| normal_upper(needed(from, h));
    Some(Chain::new(rule.nodes.len() + 2, moves, leaves).mean_steps())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// To the last of the digits given.
    fn near(got: Option<f64>, want: f64, digits: i32) {
        let got = got.unwrap();
        let half_a_digit = 0.5 * 10f64.powi(-digits);
        assert!(
            (got - want).abs() <= half_a_digit + 1e-9,
            "{got} is not {want}"
        );
    }

    #[test]
    fn ewma_designs_of_lucas_and_saccucci() {
        // Lucas & Saccucci (1990), Technometrics 32, table 3: in control 500 with limits of three decimals; and to two
        // decimals R's spc, xewma.arl, at shifts of 0.5, 1 and 2.
        let designs = [
            (0.5, 3.071, Some([88.80, 17.48, 3.63])),
            (0.4, 3.054, None),
            (0.25, 2.998, None),
            (0.2, 2.962, Some([41.76, 10.54, 3.74])),
            (0.1, 2.814, Some([31.30, 10.33, 4.36])),
            (0.05, 2.615, Some([28.76, 11.38, 5.22])),
            (0.03, 2.437, Some([29.32, 12.60, 5.99])),
        ];
        for (lambda, width, shifted) in designs {
            near(ewma_arl(lambda, width, 0.0), 500.0, 0);
            for (shift, want) in [0.5, 1.0, 2.0]
                .into_iter()
                .zip(shifted.into_iter().flatten())
            {
                near(ewma_arl(lambda, width, shift), want, 2);
                near(ewma_arl(lambda, width, -shift), want, 2);
            }
        }
    }

    #[test]
    fn ewma_with_more_digits() {
        // SAS/QC manual 1999.
        near(ewma_arl(0.25, 3.0, 1.0), 11.154267016, 9);
        // Crowder (1987), table 1: lambda 0.5 and 0.05, both with limits of 2; the last digit there is not always rounded
        // (1.94 for 1.9452).
        for (shift, half, twentieth) in [
            (0.0, 26.45, 127.53),
            (0.25, 20.12, 43.94),
            (0.5, 11.89, 18.97),
            (1.0, 4.91, 8.38),
            (2.0, 1.94, 4.04),
            (4.0, 1.05, 2.15),
        ] {
            for (lambda, want) in [(0.5, half), (0.05, twentieth)] {
                let got = ewma_arl(lambda, 2.0, shift).unwrap();
                assert!((got - want).abs() < 0.006, "{got} is not {want}");
            }
        }
    }

    #[test]
    fn ewma_without_memory_is_a_shewhart_chart() {
        for (width, shift) in [(3.0, 0.0), (3.0, 1.0), (2.0, -0.5), (6.0, 0.0)] {
            let chance = normal_upper(width - shift) + normal_upper(width + shift);
            let got = ewma_arl(1.0, width, shift).unwrap();
            assert!((got * chance - 1.0).abs() < 1e-12, "{got}");
        }
    }

    #[test]
    fn cusum_of_both_sides() {
        // Lucas & Crosier (1982), table 1, to two decimals by R's spc, xcusum.arl.
        let shifts = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0];
        let four = [167.68, 74.22, 26.63, 13.29, 8.38, 4.75, 3.34, 2.19];
        let five = [465.44, 139.49, 38.00, 17.05, 10.38, 5.75, 4.01, 2.57];
        for (h, want) in [(4.0, four), (5.0, five)] {
            for (shift, want) in shifts.into_iter().zip(want) {
                near(cusum_arl_two_sided(0.5, h, shift), want, 2);
                near(cusum_arl_two_sided(0.5, h, -shift), want, 2);
            }
        }
        // SAS/QC manual 1999, which is good to a millionth here: the other side has 2e20, so this is the one-sided 4.1500837.
        let got = cusum_arl_two_sided(0.25, 8.0, 2.5).unwrap();
        assert!((got - 4.1500826715).abs() < 2e-6, "{got}");
    }

    #[test]
    fn cusum_of_one_side() {
        for (h, want) in [(3.0, 117.60), (4.0, 335.37), (5.0, 930.89)] {
            near(cusum_arl(0.5, h, 0.0, 0.0), want, 2);
        }
        near(cusum_arl(0.25, 8.0, 2.5, 0.0), 4.1500837, 7);
        // With a head start; SAS/QC manual 1999.
        near(cusum_arl(0.25, 8.0, 2.5, 0.1), 4.1061588131, 6);
        // Vance (1986), Journal of Quality Technology 18, table 1: k = 0. The 2071.51 there at a shift of -0.25 is 3e-5
        // lower than ours, which more nodes don't change.
        let got = cusum_arl(0.0, 10.0, -0.25, 0.0).unwrap();
        assert!((got / 2071.51 - 1.0).abs() < 5e-5, "{got}");
        for (shift, want) in [
            (-0.125, 400.28),
            (0.0, 124.66),
            (0.125, 59.30),
            (0.25, 36.71),
            (0.5, 20.37),
            (0.75, 14.06),
            (1.0, 10.75),
        ] {
            near(cusum_arl(0.0, 10.0, shift, 0.0), want, 2);
        }
    }

    #[test]
    fn more_nodes_change_nothing() {
        // A CUSUM with k = 0 over 20 standard deviations of a step, with the usual nodes and with four times as many.
        let arl = |rule: &Quadrature| {
            let value = |state: usize| {
                if state == 0 {
                    0.0
                } else {
                    rule.nodes[state - 1]
                }
            };
            let moves = |from: usize, to: usize| match to {
                0 => normal_upper(value(from)),
                _ => rule.weights[to - 1] * normal_density(value(to) - value(from)),
            };
            let leaves = |from: usize| normal_upper(20.0 - value(from));
            Chain::new(rule.nodes.len() + 1, moves, leaves).mean_steps()
        };
        let usual = arl(&nodes(0.0, 20.0, 1.0).unwrap());
        let many = arl(&nodes(0.0, 20.0, 0.25).unwrap());
        assert!((usual / many - 1.0).abs() < 1e-12, "{usual} is not {many}");
        let got = cusum_arl(0.0, 20.0, 0.0, 0.0).unwrap();
        assert!((got / many - 1.0).abs() < 1e-12, "{got} is not {many}");
    }

    #[test]
    fn rare_signals_keep_their_digits() {
        // Siegmund's approximation (1985): ARL = (exp(2 k b) - 2 k b - 1) / (2 k^2), b = h + 1.166, good to some percent.
        let b: f64 = 30.0 + 1.166;
        let want = (b.exp() - b - 1.0) / 0.5;
        let got = cusum_arl(0.5, 30.0, 0.0, 0.0).unwrap();
        assert!((got / want - 1.0).abs() < 0.03, "{got} is not {want}");
    }

    #[test]
    fn what_has_no_answer() {
        assert_eq!(ewma_arl(0.0, 3.0, 0.0), None);
        assert_eq!(ewma_arl(1.1, 3.0, 0.0), None);
        assert_eq!(ewma_arl(0.2, 0.0, 0.0), None);
        assert_eq!(ewma_arl(0.2, 3.0, f64::NAN), None);
        // Too rare for a float, and too fine for the nodes.
        assert_eq!(ewma_arl(0.5, 60.0, 0.0), None);
        assert_eq!(ewma_arl(1e-9, 3.0, 0.0), None);
        assert_eq!(cusum_arl(-0.1, 4.0, 0.0, 0.0), None);
        assert_eq!(cusum_arl(0.5, 4.0, 0.0, 4.1), None);
        assert_eq!(cusum_arl(0.5, 1e6, 0.0, 0.0), None);
        assert_eq!(cusum_arl(60.0, 60.0, 0.0, 0.0), None);
        // One side never signals, the other at once.
        assert_eq!(cusum_arl(0.5, 4.0, -50.0, 0.0), None);
        assert_eq!(cusum_arl_two_sided(0.5, 4.0, 50.0), Some(1.0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn sooner_with_the_shift_later_with_the_limit(
            lambda in 0.02f64..=1.0, width in 0.5f64..4.0, k in 0.0f64..2.0, h in 0.5f64..8.0,
            shift in 0.0f64..3.0, more in 0.01f64..1.0, start in 0.0f64..0.5,
        ) {
            let ewma = ewma_arl(lambda, width, shift).unwrap();
            let slack = 1.0 + 1e-9;
            prop_assert!(ewma_arl(lambda, width, shift + more).unwrap() <= ewma * slack);
            prop_assert!(ewma_arl(lambda, width + more, shift).unwrap() * slack >= ewma);
            let cusum = cusum_arl(k, h, shift, 0.0).unwrap();
            prop_assert!(cusum_arl(k, h, shift + more, 0.0).unwrap() <= cusum * slack);
            prop_assert!(cusum_arl(k, h + more, shift, 0.0).unwrap() * slack >= cusum);
            prop_assert!(cusum_arl(k, h, shift, start).unwrap() <= cusum * slack);
            prop_assert!(cusum_arl_two_sided(k, h, shift).unwrap() <= cusum * slack);
        }

        #[test]
        fn an_answer_or_none_for_anything(
            a in any::<f64>(), b in any::<f64>(), c in any::<f64>(), d in any::<f64>(),
            small in 1e-6f64..5.0, swap in 0usize..5,
        ) {
            // One argument, or none, is sensible.
            let arguments = |nth: usize, wild: f64| if nth == swap { small } else { wild };
            let (a, b, c) = (arguments(0, a), arguments(1, b), arguments(2, c));
            for got in [
                ewma_arl(a, b, c), ewma_arl(small, small, c), cusum_arl(a, b, c, d), cusum_arl(small, small, c, 0.0),
                cusum_arl(a, small, small, 0.0), cusum_arl_two_sided(a, b, c), cusum_arl_two_sided(small, small, c),
            ].into_iter().flatten() {
                prop_assert!(got >= 1.0 && got.is_finite());
            }
        }
    }
}

//! Tests of the comparison of two kinds.

use super::*;
use crate::model::Executor::{Ai, Code, Human};
use crate::model::{NameId, Ppm};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn totals(executor: Executor, deviations: &[(Ppm, i64)]) -> KindTotals {
    let sum = |power| {
        let one = |(ppm, count): &(Ppm, i64)| i128::from(*ppm).pow(power) * i128::from(*count);
        deviations.iter().map(one).sum::<i128>()
    };
    KindTotals {
        executor,
        cases: deviations.iter().map(|(_, count)| count).sum(),
        deviation_ppm: sum(1),
        deviation_ppm_squared: sum(2),
    }
}

fn row(input: u64, executor: Executor, deviation: Ppm, count: i64) -> RunCount {
    RunCount {
        input,
        executor,
        outcome: NameId(1),
        deviation,
        unknown: false,
        count,
    }
}

fn near(got: KindDifference, value: f64, lower: f64, upper: f64, tolerance: f64) {
    for (got, want) in [(got.value, value), (got.lower, lower), (got.upper, upper)] {
        let got = got.unwrap();
        assert!((got - want).abs() <= tolerance, "{got} is not {want}");
    }
}

/// Of all cases, those wrong deviate by 1.
fn binary(executor: Executor, wrong: i64, all: i64) -> KindTotals {
    totals(executor, &[(Ppm::ZERO, all - wrong), (Ppm::ONE, wrong)])
}

#[test]
fn raw_for_wrong_or_right_is_agresti_caffo() {
    // 56/70 and 48/80, the example of Newcombe (1998); statsmodels 0.14, confint_proportions_2indep, agresti-caffo.
    let got = raw(&binary(Ai, 56, 70), &binary(Code, 48, 80));
    near(got, 0.2, 0.052452926638, 0.335758455476, 1e-11);
    let got = raw(&binary(Ai, 0, 10), &binary(Code, 0, 20));
    near(got, 0.0, -0.141090095450, 0.216847671208, 1e-11);
}

#[test]
fn raw_for_deviations_between() {
    // Computed independently with numpy.
    let first = totals(
        Ai,
        &[
            (Ppm::ZERO, 40),
            (Ppm(100_000), 6),
            (Ppm(500_000), 3),
            (Ppm::ONE, 1),
        ],
    );
    let second = totals(Code, &[(Ppm::ZERO, 60), (Ppm(100_000), 1), (Ppm::ONE, 1)]);
    let got = raw(&first, &second);
    near(got, 0.044258064516, -0.027132323961, 0.119199631653, 1e-11);
}

#[test]
fn raw_without_cases() {
    let got = raw(&binary(Ai, 0, 0), &binary(Code, 1, 3));
    assert_eq!(got, KindDifference::unknown(Incomparable::NoCases));
}

/// A stratum with wrong of all cases for each of two kinds.
fn stratum(input: u64, a: (i64, i64), b: (i64, i64)) -> [RunCount; 4] {
    [
        row(input, Ai, Ppm::ONE, a.0),
        row(input, Ai, Ppm::ZERO, a.1 - a.0),
        row(input, Code, Ppm::ONE, b.0),
        row(input, Code, Ppm::ZERO, b.1 - b.0),
    ]
}

#[test]
fn adjusted_is_the_risk_difference_of_mantel_and_haenszel() {
    // Rothman & Greenland, Modern Epidemiology, tolbutamide and deaths by age: 8/106 against 5/120 below 55 years, 22/98
    // against 16/85 above; the pooled risk difference is 0.035.
    let cell = |runs: u64, wrong: u64| Cell {
        executor: Ai,
        runs,
        unknown: 0,
        clean: runs - wrong,
        deviation_ppm: wrong * u64::from(Ppm::ONE),
        outcomes: Default::default(),
    };
    let strata = [
        Shared::new(&cell(106, 8), &cell(120, 5)),
        Shared::new(&cell(98, 22), &cell(85, 16)),
    ];
    let (weight, weighted) = weights(&strata);
    assert!((weighted / weight - 0.035).abs() < 5e-4);
    assert_eq!(adjusted(&strata).more_inputs_needed, Some(3));
}

#[test]
fn adjusted_figures() {
    // Computed independently with numpy: runs and sums of deviations of both kinds on seven inputs.
    let sums = [
        (4, 1.0, 2, 0.0),
        (1, 0.0, 1, 1.0),
        (3, 0.6, 5, 0.5),
        (2, 1.5, 2, 0.1),
        (6, 2.0, 1, 0.0),
        (1, 0.1, 4, 0.4),
        (5, 0.0, 5, 0.0),
    ];
    let ppm = |sum: f64| 10 * u64::from(Ppm::of(sum / 10.0));
    let shared: Vec<Shared> = sums
        .iter()
        .map(|(n_a, s_a, n_b, s_b)| {
            let cell = |runs: u64, sum: f64| Cell {
                executor: Ai,
                runs,
                unknown: 0,
                clean: 0,
                deviation_ppm: ppm(sum),
                outcomes: Default::default(),
            };
            Shared::new(&cell(*n_a, *s_a), &cell(*n_b, *s_b))
        })
        .collect();
    near(
        adjusted(&shared),
        0.113535651940,
        -0.330544892265,
        0.497444455877,
        1e-9,
    );
}

#[test]
fn no_shared_inputs_or_too_few() {
    let kinds = [binary(Ai, 1, 9), binary(Code, 0, 9)];
    let apart = [row(1, Ai, Ppm::ZERO, 9), row(2, Code, Ppm::ZERO, 9)];
    let got = compare(apart, &kinds)[0];
    assert_eq!(got.adjusted.unknown, Some(Incomparable::NoSharedInputs));
    assert_eq!(got.adjusted.more_inputs_needed, Some(5));
    assert!(got.raw.value.is_some());
    let some = (0..4).flat_map(|input| stratum(input, (1, 2), (0, 3)));
    let got = compare(some, &kinds)[0];
    assert_eq!(got.adjusted.unknown, Some(Incomparable::TooFewSharedInputs));
    assert_eq!(got.adjusted.more_inputs_needed, Some(1));
    assert_eq!(
        (
            got.shared_inputs,
            got.first_shared_runs,
            got.second_shared_runs
        ),
        (4, 8, 12)
    );
    assert_eq!(got.adjusted.value, None);
}

#[test]
fn no_deviation_on_either_side_is_not_certainty() {
    let all = (0..20).flat_map(|input| stratum(input, (0, 1), (0, 1)));
    let got = compare(all, &[binary(Ai, 0, 20), binary(Code, 0, 20)])[0];
    assert_eq!(got.adjusted.value, Some(0.0));
    // Three in twenty could still be wrong on one side only.
    assert!(got.adjusted.upper.unwrap() > 0.09 && got.adjusted.lower.unwrap() < -0.09);
    assert!(got.raw.upper.unwrap() > 0.09);
}

#[test]
fn each_two_kinds_in_their_order() {
    let kinds = [binary(Human, 1, 9), binary(Ai, 2, 9), binary(Code, 0, 9)];
    let found = compare([], &kinds);
    let pairs: Vec<_> = found
        .iter()
        .map(|found| (found.first, found.second))
        .collect();
    assert_eq!(pairs, [(Human, Ai), (Human, Code), (Ai, Code)]);
    let text = serde_json::to_string(&found).unwrap();
    assert!(text.contains("\"unknown\":\"no_shared_inputs\""));
    assert_eq!(
        serde_json::from_str::<Vec<Comparison>>(&text)
            .unwrap()
            .len(),
        3
    );
}

/// A log in which code gets the easy inputs more often; on any input AI is wrong by `more` more often.
fn confounded(random: &mut ChaCha8Rng, more: f64) -> Comparison {
    let mut rows = Vec::new();
    for input in 0..80 {
        let hard = random.random_bool(0.5);
        let base = if hard { 0.5 } else { 0.05 };
        let mut add = |executor, runs: u32, p: f64| {
            let wrong = (0..runs).filter(|_| random.random_bool(p)).count() as i64;
            rows.push(row(input, executor, Ppm::ONE, wrong));
            rows.push(row(input, executor, Ppm::ZERO, i64::from(runs) - wrong));
        };
        add(Ai, if hard { 5 } else { 2 }, base + more);
        add(Code, if hard { 2 } else { 5 }, base);
    }
    let of = |executor| {
        let own = rows.iter().filter(|row| row.executor == executor);
        totals(
            executor,
            &own.map(|row| (row.deviation, row.count))
                .collect::<Vec<_>>(),
        )
    };
    let kinds = [of(Ai), of(Code)];
    compare(rows.iter().copied(), &kinds)[0]
}

#[test]
fn adjusted_is_right_where_raw_is_fooled_by_the_mix_of_inputs() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    for more in [0.0, 0.15] {
        let covers = |difference: KindDifference| {
            difference.lower.unwrap() <= more && more <= difference.upper.unwrap()
        };
        let (mut adjusted, mut raw) = (0, 0);
        for _ in 0..300 {
            let found = confounded(&mut random, more);
            adjusted += u32::from(covers(found.adjusted));
            raw += u32::from(covers(found.raw));
        }
        // Three standard errors of 95 % over 300 logs below it.
        assert!(adjusted >= 274, "{adjusted} of 300");
        assert!(raw < 100, "{raw} of 300");
    }
}

prop_compose! {
    fn any_row()(
        input in 0u64..12,
        executor in prop::sample::select(vec![Ai, Code]),
        outcome in 0u32..3,
        deviation in prop::sample::select(vec![Ppm::ZERO, Ppm(100_000), Ppm(500_000), Ppm::ONE]),
        count in 1i64..9,
    ) -> RunCount {
        RunCount { input, executor, outcome: NameId(outcome), deviation, unknown: false, count }
    }
}

proptest! {
    #[test]
    fn bounded_around_the_value_and_antisymmetric(rows in prop::collection::vec(any_row(), 0..60)) {
        let of = |executor| {
            let own = rows.iter().filter(|row| row.executor == executor);
            totals(executor, &own.map(|row| (row.deviation, row.count)).collect::<Vec<_>>())
        };
        let found = compare(rows.iter().copied(), &[of(Ai), of(Code)])[0];
        let swapped = compare(rows.iter().rev().copied(), &[of(Code), of(Ai)])[0];
        for (one, other) in [(found.raw, swapped.raw), (found.adjusted, swapped.adjusted)] {
            prop_assert_eq!(one.unknown, other.unknown);
            prop_assert_eq!(one.value.is_some(), one.unknown.is_none());
            if let (Some(value), Some(lower), Some(upper)) = (one.value, one.lower, one.upper) {
                prop_assert!(-1.0 <= lower && lower <= value && value <= upper && upper <= 1.0);
                prop_assert!((other.value.unwrap() + value).abs() < 1e-12);
                prop_assert!((other.lower.unwrap() + upper).abs() < 1e-12);
            }
        }
        prop_assert_eq!(found.first_shared_runs, swapped.second_shared_runs);
    }
}

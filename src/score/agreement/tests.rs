//! Tests over the whole of agreement.

mod published;
mod thin;

use super::*;
use crate::model::{Executor, NameId, Ppm};
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One run that is clean if it ended in outcome 1.
pub(super) fn run(input: u64, executor: Executor, outcome: NameId) -> RunCount {
    runs(input, executor, outcome, 1)
}

pub(super) fn runs(input: u64, executor: Executor, outcome: NameId, count: i64) -> RunCount {
    RunCount {
        input,
        executor,
        outcome,
        deviation: if outcome == NameId(1) {
            Ppm::ZERO
        } else {
            Ppm(1_000_000)
        },
        unknown: false,
        count,
    }
}

/// Pairs by going through all of them.
fn brute(rows: &[RunCount]) -> PairTable {
    let mut single = Vec::new();
    for row in rows {
        single.extend((0..row.count.max(0)).map(|_| (row.input, row.executor, row.outcome)));
    }
    let mut table = PairTable::default();
    for (i, a) in single.iter().enumerate() {
        for (j, b) in single.iter().enumerate() {
            let kind = match (a.0 == b.0, a.1 == b.1) {
                _ if i == j => continue,
                (true, true) => &mut table.same_input_and_kind,
                (true, false) => &mut table.same_input_other_kind,
                (false, _) => &mut table.other_input,
            };
            kind.pairs += 1;
            kind.differing += u128::from(a.2 != b.2);
        }
    }
    table
}

fn executor() -> impl Strategy<Value = Executor> {
    prop::sample::select(Executor::ALL.to_vec())
}

prop_compose! {
    fn row(inputs: u64, outcomes: u32, most: i64)(
        input in 0..inputs,
        executor in executor(),
        outcome in 0..outcomes,
        deviation in prop::sample::select(vec![0, 100_000, 1_000_000]),
        count in 1..=most,
    ) -> RunCount {
        RunCount { input, executor, outcome: NameId(outcome), deviation: Ppm(deviation), unknown: false, count }
    }
}

/// Every number is there and finite, and in its range.
fn check_estimate(estimate: &Estimate, least: f64) {
    match (estimate.value, estimate.lower, estimate.upper) {
        (Some(value), Some(lower), Some(upper)) => {
            assert!(least <= lower && lower <= value && value <= upper && upper <= 1.0);
            assert_eq!(estimate.unknown, None);
        }
        (None, None, None) => assert!(estimate.unknown.is_some()),
        half => panic!("half an estimate: {half:?}"),
    }
}

fn check(found: &Agreement) {
    check_estimate(&found.repeatability_variance, 0.0);
    check_estimate(&found.between_kinds_variance, 0.0);
    check_estimate(&found.kappa_between_kinds, -1.0);
    for kind in &found.kinds {
        check_estimate(&kind.repeatability_variance, 0.0);
        check_estimate(&kind.kappa, -1.0);
        for pass in &kind.pass_hat {
            check_estimate(&pass.chance, 0.0);
        }
    }
    if let Some(parts) = found.components {
        let reproducibility = parts.reproducibility.unwrap_or(0.0);
        assert!(parts.repeatability >= 0.0 && reproducibility >= 0.0 && parts.inputs >= -1e-15);
        let sum = parts.repeatability + reproducibility + parts.inputs;
        assert!((sum - parts.total).abs() <= 1e-15);
        assert_eq!(Some(parts.total), found.total_variance);
    }
}

proptest! {
    #[test]
    fn both_columns_add_up_exactly(rows in prop::collection::vec(row(60, 9, 5_000_000_000), 0..200)) {
        let table = agreement(rows.iter().copied()).pairs;
        let all: u128 = rows.iter().map(|row| row.count as u128).sum();
        let of = |outcome| -> u128 {
            rows.iter().filter(|row| row.outcome == outcome).map(|row| row.count as u128).sum()
        };
        let squares: u128 = (0..9).map(|outcome| of(NameId(outcome)) * of(NameId(outcome))).sum();
        let parts = [table.same_input_and_kind, table.same_input_other_kind, table.other_input];
        prop_assert_eq!(parts.iter().map(|part| part.pairs).sum::<u128>(), all * all - all);
        prop_assert_eq!(parts.iter().map(|part| part.differing).sum::<u128>(), all * all - squares);
        prop_assert!(parts.iter().all(|part| part.differing <= part.pairs));
    }

    #[test]
    fn pairs_are_those_of_going_through_all(rows in prop::collection::vec(row(4, 3, 4), 0..14)) {
        prop_assert_eq!(agreement(rows.iter().copied()).pairs, brute(&rows));
    }

    #[test]
    fn everything_is_in_range_or_has_its_reason(rows in prop::collection::vec(row(12, 4, 9), 0..80)) {
        check(&agreement(rows));
    }

    #[test]
    fn neither_order_nor_numbering_matters(
        rows in prop::collection::vec(row(9, 7, 6), 0..80),
        factor in prop::sample::select(vec![3u32, 5, 13, 101]),
        turn in 0usize..80,
    ) {
        let expected = agreement(rows.iter().copied());
        let renumbered = |row: &RunCount| RunCount {
            outcome: NameId((row.outcome.0 + 1).wrapping_mul(factor) % 211),
            ..*row
        };
        let mut other: Vec<RunCount> = rows.iter().map(renumbered).collect();
        other.rotate_left(turn % rows.len().max(1));
        // Half of the runs in rows of their own, and one that was taken back.
        let halves = other.iter().flat_map(|row| {
            let count = row.count / 2;
            [RunCount { count, ..*row }, RunCount { count: row.count - count, ..*row }]
        });
        let again = [runs(77, Executor::Ai, NameId(3), 5), runs(77, Executor::Ai, NameId(3), -5)];
        prop_assert_eq!(agreement(halves.chain(again)), expected);
    }

    #[test]
    fn json_gives_it_back(rows in prop::collection::vec(row(9, 4, 9), 0..60)) {
        let found = agreement(rows);
        let value = serde_json::to_value(&found).unwrap();
        prop_assert_eq!(&serde_json::from_value::<Agreement>(value).unwrap(), &found);
        // Text rounds the last digit of a fraction, and nothing else.
        let text = serde_json::to_string(&found).unwrap();
        let back = serde_json::from_str::<Agreement>(&text).unwrap();
        prop_assert_eq!(back.pairs, found.pairs);
        prop_assert_eq!(back.kinds.len(), found.kinds.len());
    }
}

#[test]
fn other_work_is_not_taken_for_other_kinds() {
    // People alone run what is easy, always alike; both run what is hard, once each, and it ends as a coin falls.
    let mut all: Vec<RunCount> = (0..20)
        .map(|input| runs(input, Executor::Human, NameId(1), 4))
        .collect();
    for input in 100..140u64 {
        let coin = |kind: u64| NameId(1 + ((input >> kind) % 2) as u32);
        all.push(run(input, Executor::Human, coin(0)));
        all.push(run(input, Executor::Ai, coin(1)));
    }
    let found = agreement(all.iter().copied());
    let parts = found.components.unwrap();
    assert_eq!((parts.repeatability, parts.reproducibility), (0.0, None));
    assert_eq!(parts.inputs, parts.total);
    // Where both do the same again on these, they are told apart.
    for input in 100..140u64 {
        all.push(run(
            input,
            Executor::Human,
            NameId(1 + ((input + 1) % 2) as u32),
        ));
        all.push(run(
            input,
            Executor::Ai,
            NameId(1 + (((input >> 1) + 1) % 2) as u32),
        ));
    }
    let parts = agreement(all).components.unwrap();
    assert!(parts.repeatability > 0.0);
    assert_eq!(parts.reproducibility, Some(0.0));
}

#[test]
fn deterministic_code_has_repeatability_zero() {
    let all = (0..40u64).map(|input| runs(input, Executor::Code, NameId((input % 4) as u32), 5));
    let found = agreement(all);
    let code = &found.kinds[0];
    assert_eq!(found.repeatability_variance.value, Some(0.0));
    assert_eq!(code.repeatability_variance.lower, Some(0.0));
    // Clopper-Pearson for 0 of 40 inputs: 1 - 0.025^(1/40). That it always does the same on one input says nothing of others.
    let upper = 1.0 - 0.025f64.powf(1.0 / 40.0);
    assert!((code.repeatability_variance.upper.unwrap() - upper).abs() < 1e-12);
    assert_eq!(code.repeatability_variance.more_runs_needed, None);
    assert_eq!(code.kappa.value, Some(1.0));
    let parts = found.components.unwrap();
    assert_eq!((parts.repeatability, parts.reproducibility), (0.0, None));
    assert_eq!(parts.inputs, found.total_variance.unwrap());
    assert_eq!(found.between_kinds_variance.unknown, Some(Unknown::OneKind));
    check(&found);
}

#[test]
fn a_coin_tosser_has_repeatability_two_p_q() {
    let mut random = ChaCha8Rng::seed_from_u64(20);
    for p in [0.5, 0.3, 0.05] {
        let all = (0..4000u64).map(|at| {
            let heads = random.random_bool(p);
            run(at / 10, Executor::Ai, NameId(1 + u32::from(heads)))
        });
        let found = agreement(all.collect::<Vec<RunCount>>());
        let estimate = found.kinds[0].repeatability_variance;
        let truth = 2.0 * p * (1.0 - p);
        assert!(
            (estimate.value.unwrap() - truth).abs() < 0.015,
            "{estimate:?}"
        );
        assert!(estimate.lower.unwrap() <= truth && truth <= estimate.upper.unwrap());
        assert!(found.kinds[0].kappa.value.unwrap().abs() < 0.03);
        // The input does not matter, so nearly all of the variance is repeatability.
        assert!(found.components.unwrap().inputs < 0.01);
    }
}

/// Code that is right, an AI that tosses a coin at p on each run, people who always do the other thing.
fn three_kinds(random: &mut ChaCha8Rng, p: f64) -> Vec<RunCount> {
    let mut all = Vec::new();
    for input in 0..300 {
        let right = NameId(1 + (input % 2) as u32);
        all.push(runs(input, Executor::Code, right, 3));
        for _ in 0..3 {
            let wrong = random.random_bool(p);
            all.push(run(
                input,
                Executor::Ai,
                if wrong { NameId(3 - right.0) } else { right },
            ));
        }
    }
    all
}

#[test]
fn components_are_those_that_were_put_in() {
    // Code is right on each input, AI errs at p: between the two, runs differ with chance p; within, code never, AI with
    // 2 p (1 - p), so (code and AI with as many pairs) p (1 - p) together; in all 1/2 (two equally frequent outcomes).
    let p = 0.2;
    let found = agreement(three_kinds(&mut ChaCha8Rng::seed_from_u64(3), p));
    let parts = found.components.unwrap();
    let near = |got: f64, want: f64| assert!((got - want).abs() < 0.02, "{got} is not {want}");
    near(parts.repeatability, p * (1.0 - p));
    near(parts.reproducibility.unwrap(), p - p * (1.0 - p));
    near(parts.inputs, 0.5 - p);
    near(found.between_kinds_variance.value.unwrap(), p);
    // The shares of both kinds' outcomes are equal: kappa is 1 - p / (1/2).
    near(found.kappa_between_kinds.value.unwrap(), 1.0 - 2.0 * p);
    let by_kind: Vec<Executor> = found.kinds.iter().map(|kind| kind.executor).collect();
    assert_eq!(by_kind, [Executor::Ai, Executor::Code]);
    near(found.kinds[0].repeatability_variance.value.unwrap(), 0.32);
    assert_eq!(found.kinds[1].repeatability_variance.value, Some(0.0));
    check(&found);
}

#[test]
fn intervals_cover() {
    // 400 logs of 20 inputs, each with its own chance to end in outcome 2 and 2 to 6 runs. Asked for 95 %.
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let (mut within, mut passes) = (0, 0);
    for _ in 0..400 {
        let mut all = Vec::new();
        for input in 0..20 {
            let p = if random.random_bool(0.5) { 0.1 } else { 0.4 };
            for _ in 0..random.random_range(2..=6) {
                all.push(run(
                    input,
                    Executor::Ai,
                    NameId(1 + u32::from(random.random_bool(p))),
                ));
            }
        }
        let found = agreement(all);
        let covers = |estimate: &Estimate, truth: f64| {
            estimate.lower.unwrap() <= truth && truth <= estimate.upper.unwrap()
        };
        // Half of the inputs at 2 * 0.1 * 0.9, half at 2 * 0.4 * 0.6; both runs clean: 0.9^2 and 0.6^2.
        within += u32::from(covers(&found.kinds[0].repeatability_variance, 0.33));
        passes += u32::from(covers(&found.kinds[0].pass_hat[1].chance, 0.585));
    }
    // Three standard errors of 95 % over 400 logs below it.
    assert!(
        within >= 367 && passes >= 367,
        "{within} and {passes} of 400"
    );
}

#[test]
fn runs_with_an_unknown_outcome_are_neither_clean_nor_wrong_in_pass_hat() {
    let unknown = |input| RunCount {
        unknown: true,
        ..runs(input, Executor::Ai, NameId(1), 3)
    };
    let known: Vec<RunCount> = (0..10)
        .flat_map(|input| {
            [
                runs(input, Executor::Ai, NameId(1), 3),
                run(input, Executor::Ai, NameId(2)),
            ]
        })
        .collect();
    let of = |rows: Vec<RunCount>| agreement(rows).kinds[0].pass_hat[..4].to_vec();
    let without = of(known.clone());
    assert_eq!(without[0].chance.value, Some(0.75));
    assert_eq!(
        of(known.into_iter().chain((0..10).map(unknown)).collect()),
        without
    );
    // Nothing is known of any: there is no figure.
    let none = of((0..10).map(unknown).collect());
    assert!(
        none.iter()
            .all(|pass| pass.chance.value.is_none() && pass.inputs == 0)
    );
}

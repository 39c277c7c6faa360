//! Tests of the design effect.

use super::*;
use proptest::prelude::*;

/// Days with so many cases, of which so many are wrong.
fn days(cases: &[(i64, i64)]) -> Days {
    let mut days = Days::default();
    days.add(&sums(cases), false);
    days
}

fn sums(cases: &[(i64, i64)]) -> Sums {
    let mut sums = Sums::default();
    for (day, (cases, wrong)) in cases.iter().enumerate() {
        let hour = Hour(day as i32 * 24 + 9);
        sums.ended.add(hour, *cases);
        sums.deviated.add(hour, wrong * i64::from(Ppm::ONE));
    }
    sums
}

#[test]
fn cases_that_err_together_by_day_are_worth_as_many_as_there_are_days() {
    // Ten cases a day, all alike: ten cases are one, but for the factors of few days.
    let alike = days(&[(10, 10), (10, 0), (10, 0), (10, 10), (10, 0), (10, 10)]);
    let found = alike.dependence(6.0);
    assert_eq!((found.days, found.assumed), (6, 1.0));
    let by_hand = (6.0 / 5.0) * 6.0 * 25.0 / (60.0 * 0.25 * 60.0 / 59.0);
    assert!((found.measured.unwrap() - by_hand).abs() < 1e-12);
    assert!(by_hand > 11.7 && by_hand < 11.9);
    // A change after half of the days: only the batch of two days that holds it differs from both.
    let changed = days(&[(10, 3), (10, 3), (10, 3), (10, 7), (10, 7), (10, 7)]);
    let by_hand = (3.0 / 2.0) * (16.0 + 16.0) / 2.0 / (60.0 * 0.25 * 60.0 / 59.0);
    let found = changed.dependence(6.0).measured.unwrap();
    assert!((found - by_hand).abs() < 1e-12);
    // Spread as evenly as can be, they are independent at least.
    let even = days(&[(10, 5); 6]).dependence(6.0);
    assert_eq!(even.measured, Some(1.0));
    assert_eq!(even.design_effect(), 1.0);
}

#[test]
fn a_change_for_the_worse_is_no_cluster() {
    let before = [(20, 0), (20, 1), (20, 0), (20, 1)].repeat(5);
    let after = [(20, 6), (20, 7), (20, 7), (20, 6)].repeat(5);
    let changed = [before, after].concat();
    assert!(days(&changed).dependence(6.0).design_effect() < 1.1);
    // As many in the one half of the days, but here and there.
    let mixed: Vec<_> = (0..40).map(|nth| changed[nth * 23 % 40]).collect();
    assert!(days(&mixed).dependence(6.0).design_effect() > 3.0);
}

#[test]
fn too_few_days_with_a_deviation_say_nothing_about_dependence() {
    let assumed = |cases: &[(i64, i64)]| days(cases).dependence(6.0);
    let clean = assumed(&[(10, 0); 30]);
    assert_eq!((clean.measured, clean.design_effect()), (None, 6.0));
    let two = assumed(&[(10, 1), (10, 1), (10, 0), (10, 0)]);
    assert_eq!((two.measured, two.design_effect()), (Some(1.0), 6.0));
    assert!(two.is_assumed());
    let three = assumed(&[(10, 1), (10, 1), (10, 0), (10, 1)]);
    assert_eq!(three.design_effect(), 1.0);
    assert!(!three.is_assumed());
    // No cluster is larger than what a day has.
    assert_eq!(assumed(&[(1, 0); 30]).design_effect(), 1.0);
    assert_eq!(assumed(&[(4, 0); 30]).design_effect(), 4.0);
    // What is measured to be worse counts.
    let worse = assumed(&[(20, 19), (20, 0), (20, 0), (20, 0)]);
    assert!(worse.design_effect() > 18.0 && !worse.is_assumed());
}

#[test]
fn one_day_and_all_alike_say_nothing_either() {
    for cases in [
        &[(10, 3)][..],
        &[],
        &[(10, 10), (10, 10)],
        &[(1, 1), (1, 1)],
    ] {
        let found = days(cases).dependence(1.0);
        assert_eq!((found.measured, found.design_effect()), (None, 1.0));
    }
}

#[test]
fn confirmed_cases_have_their_own_days() {
    let mut all = sums(&[(10, 4), (10, 0), (10, 0)]);
    all.self_declared.add(Hour(9), 8);
    all.self_declared.add(Hour(24 + 9), 10);
    all.confirmed_deviated.add(Hour(9), i64::from(Ppm::ONE));
    let mut confirmed = Days::default();
    confirmed.add(&all, true);
    let found = confirmed.dependence(1.0);
    assert_eq!(found.days, 2);
    assert_eq!(
        found.measured,
        days(&[(2, 1), (0, 0), (10, 0)]).dependence(1.0).measured
    );
}

proptest! {
    #[test]
    fn at_least_one_and_one_for_one_case_a_day(
        cases in proptest::collection::vec((0i64..40, 0i64..40), 0..60),
        cluster in 1.0f64..20.0,
    ) {
        let cases: Vec<_> = cases.into_iter().map(|(n, wrong)| (n, wrong.min(n))).collect();
        let found = days(&cases).dependence(cluster);
        prop_assert!(found.design_effect() >= 1.0 && found.design_effect().is_finite());
        prop_assert!(found.measured.is_none_or(|measured| measured >= 1.0));
        prop_assert_eq!(found.days, cases.iter().filter(|(n, _)| *n > 0).count() as i64);
        let single: Vec<_> = cases.iter().map(|(n, wrong)| (1.min(*n), i64::from(wrong * 2 > *n))).collect();
        let single = days(&single).dependence(cluster).design_effect();
        prop_assert!((single - 1.0).abs() < 1e-9, "{single}");
    }

    #[test]
    fn neither_order_nor_split_matters(
        cases in proptest::collection::vec((0i32..24 * 30, 0i64..=1_000_000, any::<bool>()), 0..80),
        split in 0usize..80,
        turn in 0usize..80,
    ) {
        let sum = |cases: &[(i32, i64, bool)]| {
            let mut sums = Sums::default();
            for (hour, ppm, confirmed) in cases {
                sums.ended.add(Hour(*hour), 1);
                sums.deviated.add(Hour(*hour), *ppm);
                match confirmed {
                    true => sums.confirmed_deviated.add(Hour(*hour), *ppm),
                    false => sums.self_declared.add(Hour(*hour), 1),
                }
            }
            sums
        };
        let mut turned = cases.clone();
        turned.rotate_left(turn.min(cases.len()));
        let (one, other) = turned.split_at(split.min(cases.len()));
        for confirmed in [false, true] {
            let (mut whole, mut parts) = (Days::default(), Days::default());
            whole.add(&sum(&cases), confirmed);
            parts.add(&sum(one), confirmed);
            parts.add(&sum(other), confirmed);
            prop_assert_eq!(whole.dependence(6.0), parts.dependence(6.0));
        }
    }
}

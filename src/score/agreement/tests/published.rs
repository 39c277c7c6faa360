//! Published figures, and figures that follow from their definition.

use super::{check, run, runs};
use crate::model::{Executor, NameId};
use crate::score::agreement::*;

fn near(got: Option<f64>, want: f64, tolerance: f64) {
    let got = got.unwrap();
    assert!((got - want).abs() <= tolerance, "{got} is not {want}");
}

/// A table of inputs by outcomes as runs of one kind.
fn of_table<const N: usize>(table: &[[i64; N]]) -> Agreement {
    let rows = table.iter().zip(0..).flat_map(|(counts, input)| {
        let cells = counts.iter().zip(1..);
        cells.map(move |(count, outcome)| runs(input, Executor::Human, NameId(outcome), *count))
    });
    agreement(rows)
}

/// Fleiss (1971): 30 patients, each diagnosed by 6 psychiatrists, 5 categories.
const DIAGNOSES: [&str; 30] = [
    "444444", "222555", "233335", "555555", "222444", "113333", "333355", "113334", "114444",
    "555555", "144444", "124444", "222333", "144444", "224445", "333335", "111455", "111112",
    "224444", "133555", "555555", "244444", "224555", "114444", "144445", "222224", "111155",
    "224444", "133333", "555555",
];

#[test]
fn kappa_of_fleiss_1971() {
    let rows = DIAGNOSES.iter().zip(0..).flat_map(|(ratings, input)| {
        let outcomes = ratings.bytes().map(|digit| NameId(u32::from(digit - b'0')));
        outcomes.map(move |outcome| run(input, Executor::Human, outcome))
    });
    let found = agreement(rows);
    let kappa = found.kinds[0].kappa;
    // 0.430 in the paper; 0.430245 with more digits (R package irr).
    near(kappa.value, 0.430245, 5e-7);
    assert!(kappa.lower.unwrap() > 0.25 && kappa.upper.unwrap() < 0.6);
    check(&found);
}

#[test]
fn kappa_of_ten_subjects_and_fourteen_raters() {
    // The worked example that most texts on Fleiss' kappa use: 0.210.
    let found = of_table(&[
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]);
    near(found.kinds[0].kappa.value, 0.210, 5e-4);
    // Mean agreement 0.378 in the same example: all have as many raters, so its complement is repeatability.
    near(
        found.kinds[0].repeatability_variance.value,
        1.0 - 0.378,
        5e-4,
    );
}

#[test]
fn kappa_of_unequal_numbers_of_runs() {
    // Fleiss, Levin & Paik (2003), section 18.3: the mean of the categories' kappas weighted by p q, computed so
    // (0.547374, 0.432734, 0.525275) with numpy.
    let found = of_table(&[
        [3, 0, 0],
        [1, 1, 0],
        [4, 1, 0],
        [0, 5, 2],
        [0, 0, 6],
        [2, 2, 2],
        [0, 7, 0],
    ]);
    near(found.kinds[0].kappa.value, 0.49686136523574953, 1e-14);
}

#[test]
fn kinds_that_run_each_input_once_are_raters() {
    // The same ratings as runs of five kinds and as five runs of one kind: one kappa, since both are Fleiss'.
    let as_kind = |executor: &dyn Fn(usize) -> Executor| {
        let mut rows = Vec::new();
        for (ratings, input) in DIAGNOSES.iter().zip(0..) {
            for (at, digit) in ratings.bytes().take(5).enumerate() {
                rows.push(run(input, executor(at), NameId(u32::from(digit - b'0'))));
            }
        }
        agreement(rows)
    };
    let one = as_kind(&|_| Executor::Ai).kinds[0].kappa;
    let five = as_kind(&|at| Executor::ALL[at]).kappa_between_kinds;
    near(five.value, one.value.unwrap(), 1e-14);
    near(five.lower, one.lower.unwrap(), 1e-9);
    near(five.upper, one.upper.unwrap(), 1e-9);
    assert!((0.0..0.6).contains(&one.value.unwrap()));
}

#[test]
fn a_kind_does_not_weigh_more_for_running_more_often() {
    // Two kinds agree on each input; that one of them ran some a thousand times changes nothing.
    let rows = |often: i64| {
        (0..30).flat_map(move |input| {
            let outcome = NameId(1 + (input % 3) as u32);
            let other = if input < 6 {
                NameId(1 + (outcome.0 % 3))
            } else {
                outcome
            };
            let times = if input % 2 == 0 { often } else { 1 };
            [
                runs(input, Executor::Code, outcome, times),
                run(input, Executor::Human, other),
            ]
        })
    };
    let (once, often) = (agreement(rows(1)), agreement(rows(1000)));
    near(
        often.kappa_between_kinds.value,
        once.kappa_between_kinds.value.unwrap(),
        1e-12,
    );
    // A fifth disagrees, three outcomes of equal frequency by chance: 1 - 0.2 / (2/3).
    near(once.kappa_between_kinds.value, 0.7, 1e-12);
}

/// pass^k by going through all sets of k of the runs.
fn brute_pass(tasks: &[[bool; 8]], k: u32) -> f64 {
    let share = |runs: &[bool; 8]| {
        let sets = (0u32..256).filter(|set| set.count_ones() == k);
        let clean = |set: &u32| (0..8).all(|at| set & (1 << at) == 0 || runs[at]);
        let (all, good) = sets.fold((0, 0), |(all, good), set| {
            (all + 1, good + u32::from(clean(&set)))
        });
        f64::from(good) / f64::from(all)
    };
    tasks.iter().map(share).sum::<f64>() / tasks.len() as f64
}

fn of_tasks(tasks: &[[bool; 8]]) -> Agreement {
    let rows = tasks.iter().zip(0..).flat_map(|(task, input)| {
        task.iter().map(move |clean| {
            run(
                input,
                Executor::Ai,
                if *clean { NameId(1) } else { NameId(2) },
            )
        })
    });
    agreement(rows)
}

#[test]
fn pass_hat_is_that_of_all_sets_of_runs() {
    let task = |text: &str| -> [bool; 8] { std::array::from_fn(|at| text.as_bytes()[at] == b'+') };
    let tasks = ["++++++++", "+++-+-++", "--------", "-+++++++", "+--+----"].map(task);
    let found = of_tasks(&tasks);
    for pass in &found.kinds[0].pass_hat {
        near(pass.chance.value, brute_pass(&tasks, pass.k), 1e-12);
        assert_eq!(pass.inputs, 5);
    }
    assert_eq!(found.kinds[0].pass_hat.len(), 8);
    check(&found);
}

#[test]
fn five_of_eight() {
    let found = of_tasks(&[[true, true, false, true, false, true, false, true]; 5]);
    let passes = &found.kinds[0].pass_hat;
    for (k, want) in [
        (1, 0.625),
        (2, 0.357143),
        (3, 0.178571),
        (5, 0.017857),
        (6, 0.0),
    ] {
        near(passes[k - 1].chance.value, want, 5e-7);
    }
    check(&found);
}

#[test]
fn pass_hat_is_about_inputs_with_enough_runs() {
    let rows = (0..10).map(|input| {
        runs(
            input,
            Executor::Ai,
            NameId(1),
            if input < 6 { 5 } else { 2 },
        )
    });
    let found = agreement(rows);
    let passes = &found.kinds[0].pass_hat;
    assert_eq!(
        (passes[1].inputs, passes[4].inputs, passes[5].inputs),
        (10, 6, 0)
    );
    assert_eq!(passes[4].chance.value, Some(1.0));
    assert_eq!(passes[5].chance.unknown, Some(Unknown::TooFewRepeats));
    // One more run on five of the inputs that have five.
    assert_eq!(passes[5].chance.more_runs_needed, Some(5));
}

/// The components of a one-way analysis of variance, by its sums of squares.
fn anova(tasks: &[[bool; 8]]) -> (f64, f64) {
    let (inputs, runs) = (tasks.len() as f64, 8.0);
    let mean = |task: &[bool; 8]| task.iter().filter(|clean| **clean).count() as f64 / runs;
    let all = tasks.iter().map(mean).sum::<f64>() / inputs;
    let square = |clean: &bool, mean: f64| (f64::from(u8::from(*clean)) - mean).powi(2);
    let between: f64 = tasks
        .iter()
        .map(|task| runs * (mean(task) - all).powi(2))
        .sum();
    let of_task = |task: &[bool; 8]| {
        task.iter()
            .map(|clean| square(clean, mean(task)))
            .sum::<f64>()
    };
    let within: f64 = tasks.iter().map(of_task).sum();
    let (between, within) = (between / (inputs - 1.0), within / (inputs * (runs - 1.0)));
    ((between - within) / runs, within)
}

#[test]
fn success_variance_is_that_of_the_analysis_of_variance() {
    let task = |text: &str| -> [bool; 8] { std::array::from_fn(|at| text.as_bytes()[at] == b'+') };
    let tasks = ["++++++++", "+++-+-++", "--------", "-+++++++", "+--+----"].map(task);
    let found = of_tasks(&tasks).kinds[0].clone();
    let split = found.success_variance.unwrap();
    let (between, within) = anova(&tasks);
    near(Some(split.between_inputs), between, 1e-12);
    near(Some(split.within_inputs), within, 1e-12);
    near(Some(split.total), between + within, 1e-12);
    let passes: Vec<f64> = found
        .pass_hat
        .iter()
        .map(|pass| pass.chance.value.unwrap())
        .collect();
    near(Some(split.within_inputs), passes[0] - passes[1], 1e-12);
}

#[test]
fn success_variance_of_inputs_that_always_end_alike_is_between_them() {
    let found = of_tasks(&[[true; 8], [true; 8], [false; 8], [false; 8], [true; 8]]);
    let split = found.kinds[0].success_variance.unwrap();
    assert!(split.within_inputs.abs() < 1e-12);
    // Sample variance of 1, 1, 0, 0, 1.
    near(Some(split.between_inputs), 0.3, 1e-12);
}

#[test]
fn success_variance_of_a_coin_is_within_inputs_on_average() {
    // All sets of results of two runs on each of two tasks, weighed by their chance: the mean of an unbiased figure is exact.
    let chances = [0.3, 0.8];
    let (mut total, mut within) = (0.0, 0.0);
    for results in 0..16u32 {
        let clean = |at: u32| results >> at & 1 == 1;
        let weight: f64 = (0..4)
            .map(|at| match clean(at) {
                true => chances[at as usize / 2],
                false => 1.0 - chances[at as usize / 2],
            })
            .product();
        let cells = [0, 2].map(|at| Cell {
            executor: Executor::Ai,
            runs: 2,
            unknown: 0,
            clean: u64::from(clean(at)) + u64::from(clean(at + 1)),
            deviation_ppm: 0,
            outcomes: std::collections::BTreeMap::new(),
        });
        let split = super::super::split::success_variance(&[&cells[0], &cells[1]]).unwrap();
        total += weight * split.total;
        within += weight * split.within_inputs;
    }
    let mean_within = (0.3 * 0.7 + 0.8 * 0.2) / 2.0;
    near(Some(within), mean_within, 1e-12);
    // Sample variance of 0.3 and 0.8.
    near(Some(total - within), 0.125, 1e-12);
}

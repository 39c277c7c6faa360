//! Thin evidence: no figure, but the number of runs that are missing.

use super::{check, run, runs};
use crate::model::Executor::{Ai, Code, Human};
use crate::model::NameId;
use crate::score::agreement::*;

#[test]
fn nothing_at_all() {
    let found = agreement([]);
    assert_eq!(
        (found.inputs, found.runs, found.total_variance),
        (0, 0, None)
    );
    assert_eq!(found.pairs, PairTable::default());
    assert_eq!(found.components, None);
    assert!(found.kinds.is_empty());
    let estimate = found.repeatability_variance;
    assert_eq!(estimate.unknown, Some(Unknown::TooFewRepeats));
    // Five inputs twice, and ten more.
    assert_eq!(estimate.more_runs_needed, Some(20));
    assert_eq!(found.kappa_between_kinds.unknown, Some(Unknown::OneKind));
}

#[test]
fn runs_are_counted_where_they_are_cheapest() {
    // Two inputs repeated (14 runs), one run once, one run by another kind: a second run there, two fresh inputs
    // twice, and then 14 + 6 = 20 runs are there.
    let all = [
        runs(1, Ai, NameId(1), 7),
        runs(2, Ai, NameId(1), 7),
        run(3, Ai, NameId(1)),
        run(4, Human, NameId(1)),
    ];
    let found = agreement(all);
    let ai = &found.kinds[1];
    assert_eq!(
        (ai.executor, ai.runs, ai.inputs, ai.repeated_inputs),
        (Ai, 15, 3, 2)
    );
    assert_eq!(ai.repeatability_variance.more_runs_needed, Some(5));
    // Over all kinds the person's input needs but one more run as well.
    assert_eq!(found.repeatability_variance.more_runs_needed, Some(4));
    // pass^4 wants three inputs with four runs: three more on the one that has one, and four on two others.
    assert_eq!(ai.pass_hat[3].chance.more_runs_needed, Some(11));
    check(&found);
}

#[test]
fn that_many_more_runs_are_enough() {
    for (inputs, each) in [(1, 1), (3, 2), (4, 9), (5, 3), (5, 1), (12, 1)] {
        let mut all: Vec<RunCount> = (0..inputs)
            .map(|input| runs(input, Code, NameId(1), each))
            .collect();
        let more = agreement(all.iter().copied())
            .repeatability_variance
            .more_runs_needed;
        let mut more = more.unwrap() as i64;
        // Each input short of two runs first, up to five of them; what is left over goes to the first.
        for input in 0..5 {
            let has = if input < inputs { each } else { 0 };
            let add = (2 - has).clamp(0, more);
            all.push(runs(input, Code, NameId(1), add));
            more -= add;
        }
        let before = agreement(all.iter().copied()).repeatability_variance;
        all.push(runs(0, Code, NameId(1), more));
        let after = agreement(all).repeatability_variance;
        assert!(more == 0 || before.value.is_none());
        assert_eq!(after.value, Some(0.0), "{inputs} inputs of {each}");
    }
}

#[test]
fn between_kinds_wants_inputs_of_both() {
    let mut all: Vec<RunCount> = (0..30)
        .map(|input| runs(input, Code, NameId(1), 4))
        .collect();
    all.extend((100..110).map(|input| runs(input, Human, NameId(2), 2)));
    let found = agreement(all.iter().copied());
    // One run by the other kind on five inputs that have four.
    assert_eq!(found.between_kinds_variance.more_runs_needed, Some(5));
    assert_eq!(
        found.between_kinds_variance.unknown,
        Some(Unknown::TooFewRepeats)
    );
    assert_eq!(found.components.unwrap().reproducibility, None);
    all.extend((0..5).map(|input| run(input, Human, NameId(2))));
    let found = agreement(all.iter().copied());
    assert_eq!(found.between_kinds_variance.value, Some(1.0));
    // Whether people would do the same again on these inputs is not known.
    assert_eq!(found.components.unwrap().reproducibility, None);
    all.extend((0..5).map(|input| run(input, Human, NameId(2))));
    let found = agreement(all);
    let parts = found.components.unwrap();
    assert_eq!(
        (parts.repeatability, parts.reproducibility),
        (0.0, Some(parts.total))
    );
    assert_eq!(parts.inputs, 0.0);
    check(&found);
}

#[test]
fn wide_intervals_ask_for_more() {
    let tosses = |inputs: u64| {
        let toss = |input| [runs(input, Ai, NameId(1), 2), runs(input, Ai, NameId(2), 2)];
        agreement((0..inputs).flat_map(toss)).repeatability_variance
    };
    let few = tosses(10);
    assert!(few.value.is_some() && few.upper.unwrap() - few.lower.unwrap() > 0.2);
    let more = few.more_runs_needed.unwrap();
    let enough = tosses(10 + more.div_ceil(4));
    assert_eq!(enough.more_runs_needed, None);
    assert!(enough.upper.unwrap() - enough.lower.unwrap() > 0.15);
}

#[test]
fn kappa_where_all_end_alike_has_no_meaning() {
    let all = (0..20).flat_map(|input| {
        [
            runs(input, Code, NameId(1), 3),
            runs(input, Ai, NameId(1), 1),
        ]
    });
    let found = agreement(all);
    let code = &found.kinds[1];
    assert_eq!(code.kappa.unknown, Some(Unknown::OneOutcome));
    assert_eq!(found.kappa_between_kinds.unknown, Some(Unknown::OneOutcome));
    assert_eq!(code.kappa.more_runs_needed, None);
    assert_eq!(code.repeatability_variance.value, Some(0.0));
    check(&found);
}

#[test]
fn kappa_that_hangs_on_one_input_is_not_known() {
    let mut all: Vec<RunCount> = (0..19)
        .map(|input| runs(input, Code, NameId(1), 3))
        .collect();
    all.push(runs(19, Code, NameId(2), 3));
    let kappa = agreement(all).kinds[0].kappa;
    assert_eq!(
        (kappa.value, kappa.lower, kappa.upper),
        (Some(1.0), Some(-1.0), Some(1.0))
    );
    assert!(kappa.more_runs_needed.is_some());
}

#[test]
fn a_repeatability_above_the_total_counts_as_all_of_it() {
    // Each input once each way: pairs on an input always differ, pairs over inputs in half of the cases.
    let all = (0..10).flat_map(|input| [run(input, Ai, NameId(1)), run(input, Ai, NameId(2))]);
    let found = agreement(all);
    let parts = found.components.unwrap();
    assert_eq!(found.repeatability_variance.value, Some(1.0));
    assert_eq!(parts.repeatability, parts.total);
    assert_eq!((parts.inputs, parts.total), (0.0, 200.0 / 380.0));
    check(&found);
}

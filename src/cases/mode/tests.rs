//! Tests of operating modes.

use super::{ByName, by_name};
use crate::cases::bench::{Bench, bench};
use crate::cases::facts;
use crate::model::Executor;
use proptest::prelude::*;

const ENDS: &str = "processes: [{id: p, ends: {activities: [close]}}]";

fn mode_of(bench: &mut Bench, script: &str) -> Executor {
    let steps: Vec<&str> = script.split(", ").collect();
    bench.facts(&steps, None).executor
}

fn check(catalog: &str, cases: &[(&str, &str)]) {
    let mut bench = bench(catalog);
    for (script, expected) in cases {
        let mode = mode_of(&mut bench, script);
        assert_eq!(mode.word(), *expected, "{script}");
    }
}

#[test]
fn executor_of_the_step_that_sets_the_final_outcome_decides() {
    check(
        ENDS,
        &[
            ("0 enrich@code, 1 verdict=fp@ai, 2 close@code", "ai"),
            ("0 enrich@code, 1 verdict=fp@human, 2 close@code", "human"),
            ("0 verdict=fp@ai, 1 verdict=tp@human, 2 close@code", "human"),
            // The outcome is named again, and was set before.
            ("0 verdict=fp@ai, 1 notify=fp@code, 2 close=fp@code", "ai"),
            ("0 verdict=tp@human, 1 verdict=fp@ai, 2 close=fp@code", "ai"),
            // Without a named outcome the last step is the outcome.
            ("0 enrich@code, 1 close@human", "human"),
            ("0 look@human, 1 close@code", "code"),
        ],
    );
}

#[test]
fn approval_counts_between_decision_and_effect() {
    check(
        ENDS,
        &[
            (
                "0 verdict=fp@ai, 1 approve@human, 2 close@code",
                "ai_approved",
            ),
            (
                "0 verdict=fp@code, 1 Signed off@human, 2 close@code",
                "code_approved",
            ),
            (
                "0 verdict=fp@ai, 1 analyst_review@human, 2 close@code",
                "ai_approved",
            ),
            // A person who names the same outcome, or ends the case with it, approves it.
            (
                "0 verdict=fp@ai, 1 note=fp@human, 2 close@code",
                "ai_approved",
            ),
            ("0 verdict=fp@ai, 1 close@human", "ai_approved"),
            // No approvals: by others, a refusal, other work, a review before the decision.
            ("0 verdict=fp@ai, 1 approve@ai, 2 close@code", "ai"),
            ("0 verdict=fp@ai, 1 approve, 2 close@code", "ai"),
            (
                "0 verdict=fp@ai, 1 approval rejected@human, 2 close@code",
                "ai",
            ),
            ("0 verdict=fp@ai, 1 call user@human, 2 close@code", "ai"),
            (
                "0 enrich@ai, 1 review alert@human, 2 verdict=fp@ai, 3 close@code",
                "ai",
            ),
            // Code carries out what a person approved, and names the outcome only then.
            (
                "0 propose@ai, 1 approve@human, 2 isolate=done@code, 3 close@code",
                "code_approved",
            ),
            // People need no approval.
            ("0 verdict=fp@human, 1 approve@human, 2 close@code", "human"),
        ],
    );
}

#[test]
fn approval_after_the_end_or_the_resolution_changes_nothing() {
    check(
        ENDS,
        &[
            ("0 verdict=fp@ai, 1 close@code, 2 approve@human*", "ai"),
            ("0 verdict=fp@ai, 1 close@code, 2 close=fp@human", "ai"),
        ],
    );
    check(
        "processes: [{id: p, ends: {activities: [close]}, resolved: [fix]}]",
        &[
            ("0 verdict=fp@ai, 1 fix!resolved@code, 2 close@human", "ai"),
            (
                "0 verdict=fp@ai, 1 approve@human, 2 fix!resolved@code, 3 close@human",
                "ai_approved",
            ),
        ],
    );
}

#[test]
fn correction_after_reopening_leaves_the_error_with_the_first_decision() {
    check(
        ENDS,
        &[
            (
                "0 verdict=fp@ai, 1 close@code, 2 open!reopen@human, 3 verdict=tp@human, 4 close@human",
                "ai",
            ),
            (
                "0 verdict=fp@ai, 1 approve@human, 2 close@code, 3 look@human, 4 close=tp@human",
                "ai_approved",
            ),
            (
                "0 verdict=fp@human, 1 close@code, 2 open!reopen@code, 3 verdict=tp@ai, 4 close@code",
                "human",
            ),
            // There was no decision before the reopening.
            ("0 look@human, 1 open!reopen@code, 2 close=fp@ai", "ai"),
        ],
    );
}

#[test]
fn declared_decisions_come_before_outcomes() {
    check(
        "processes: [{id: p, ends: {activities: [close]}, decides: [propose]}]",
        &[
            (
                "0 propose@ai, 1 approve@human, 2 isolate=done@code, 3 close@code",
                "ai_approved",
            ),
            ("0 propose@ai, 1 isolate=done@code, 2 close@code", "ai"),
            // The approval was that of another proposal.
            (
                "0 propose@ai, 1 approve@human, 2 propose@ai, 3 isolate=done@code, 4 close@code",
                "ai",
            ),
            // A case without such a step is decided by its outcome.
            ("0 isolate=done@code, 1 close@code", "code"),
        ],
    );
}

#[test]
fn declared_approvals_replace_the_usual_names() {
    check(
        "processes: [{id: p, ends: {activities: [close]}, approves: [four eyes]}]",
        &[
            (
                "0 verdict=fp@ai, 1 four eyes@human, 2 close@code",
                "ai_approved",
            ),
            ("0 verdict=fp@ai, 1 four eyes, 2 close@code", "ai_approved"),
            ("0 verdict=fp@ai, 1 four eyes@ai, 2 close@code", "ai"),
            ("0 verdict=fp@ai, 1 approve@human, 2 close@human", "ai"),
        ],
    );
    let mut bench = bench(ENDS);
    bench.flags = |flags| flags.approving(false);
    assert_eq!(
        mode_of(
            &mut bench,
            "0 verdict=fp@ai, 1 approve@human, 2 close@human"
        ),
        Executor::Ai
    );
}

#[test]
fn unknown_decider_is_that_of_the_other_steps_if_they_agree() {
    check(
        ENDS,
        &[
            ("0 look@human, 1 close", "human"),
            ("0 enrich@ai, 1 look@human, 2 close", "unknown"),
            ("0 look, 1 close", "unknown"),
            // Nothing is decided yet.
            ("0 look@human, 1 enrich@code", "unknown"),
            ("0 look@human, 1 note@human", "human"),
            ("0 look@human, 1 verdict=fp@ai", "ai"),
            ("0 look@human, 1 close=ok@ai_approved", "ai_approved"),
            ("0 look@human, 1 close=ok@mixed", "mixed"),
        ],
    );
}

#[test]
fn names_of_approvals_are_told_from_requests_and_refusals() {
    for (name, expected) in [
        ("approve", ByName::Approves),
        ("ApproveVerdict", ByName::Approves),
        ("manager approval granted", ByName::Approves),
        ("sign-off", ByName::Approves),
        ("signedOff", ByName::Approves),
        ("authorised", ByName::Approves),
        ("peer review", ByName::Reviews),
        ("verdict confirmed", ByName::Reviews),
        ("request approval", ByName::Refuses),
        ("awaiting approval", ByName::Refuses),
        ("not approved", ByName::Refuses),
        ("approval denied", ByName::Refuses),
        ("note", ByName::Nothing),
        ("notify", ByName::Nothing),
        ("identity review", ByName::Reviews),
        ("preview", ByName::Nothing),
        ("", ByName::Nothing),
    ] {
        assert_eq!(by_name(name), expected, "{name}");
    }
}

fn some_step() -> impl Strategy<Value = String> {
    let activity = prop::sample::select(vec![
        "look",
        "verdict",
        "approve",
        "review",
        "close",
        "open!reopen",
    ]);
    let outcome = prop::sample::select(vec!["", "=fp", "=tp"]);
    let executor = prop::sample::select(vec!["human", "ai", "code", "unknown"]);
    (activity, outcome, executor).prop_map(|(a, o, e)| format!("{a}{o}@{e}"))
}

proptest! {
    #[test]
    fn mode_does_not_depend_on_the_order_of_delivery(
        steps in prop::collection::vec((0u8..6, some_step()), 1..8),
        order in prop::collection::vec(any::<u64>(), 8),
    ) {
        let script: Vec<String> = steps.iter().map(|(at, step)| format!("{at} {step}")).collect();
        let script: Vec<&str> = script.iter().map(String::as_str).collect();
        let mut bench = bench(ENDS);
        let case = bench.case(&script);
        let expected = bench.facts(&script, None);
        let mut events = case.events().to_vec();
        for (nth, key) in order.iter().enumerate().take(events.len()) {
            let with = (*key % events.len() as u64) as usize;
            events.swap(nth, with);
        }
        let mut shuffled = crate::cases::Case::new();
        for event in events {
            let event = crate::cases::EventIn { event, input: 0, cluster: 0, hands_on: 0, version: crate::model::NameId::NONE };
            shuffled.insert(event, 100);
        }
        let found = facts(&shuffled, &bench.rules, &bench.names, None).unwrap();
        prop_assert_eq!(found.executor, expected.executor);
        prop_assert_eq!(found.steps_by, expected.steps_by);
    }

    #[test]
    fn approval_after_the_end_changes_no_mode(steps in prop::collection::vec(some_step(), 0..6)) {
        let mut script: Vec<String> = steps.iter().enumerate().map(|(at, step)| format!("{at} {step}")).collect();
        script.push("10 close@code".to_owned());
        let mut bench = bench(ENDS);
        bench.flags = |flags| flags.with_explicit_reopen(true);
        let script: Vec<&str> = script.iter().map(String::as_str).collect();
        let before = bench.facts(&script, None);
        let later = [script, vec!["20 approve@human*"]].concat();
        let after = bench.facts(&later, None);
        prop_assert_eq!(after.executor, before.executor);
        prop_assert_eq!(after.steps_by, before.steps_by);
    }
}

use super::*;
use crate::cases::bench::bench;

#[test]
fn without_a_declared_end_every_case_is_complete() {
    let mut bench = bench("");
    let facts = bench.facts(&["5 b", "0 a"], None);
    assert!(facts.complete);
    assert_eq!(facts.duration(), Span(5_000_000));
    assert_eq!(bench.names.text(facts.outcome), "b");
    assert!(facts.outcome_is_activity);
}

#[test]
fn with_a_declared_end_it_ends_there() {
    let mut bench = bench("processes: [{id: p, ends: {activities: [Closed]}}]");
    assert!(!bench.facts(&["0 a", "5 b"], None).complete);
    assert!(bench.facts(&["0 a", "5 Closed"], None).complete);
    let reopened = bench.facts(&["0 a", "5 Closed", "6 b"], None);
    assert!(!reopened.complete && reopened.reopened == 1 && reopened.deviation == Ppm::ONE);
    let again = bench.facts(&["0 a", "5 Closed", "6 b", "7 Closed", "8 Closed"], None);
    assert!(again.complete && again.reopened == 1);
}

#[test]
fn resolved_then_closed_is_no_rework() {
    let mut bench = bench("processes: [{id: p, resolved: [Resolved, Closed]}]");
    assert_eq!(
        bench
            .facts(&["0 a", "1 Resolved", "2 Closed"], None)
            .reopened,
        0
    );
    assert_eq!(
        bench
            .facts(&["0 a", "1 Resolved", "2 a", "3 Closed"], None)
            .reopened,
        1
    );
}

#[test]
fn where_reopening_is_explicit_a_comment_does_not_reopen() {
    let mut bench = bench("");
    bench.flags = |flags| flags.declaring_end(true).with_explicit_reopen(true);
    let facts = bench.facts(&["0 open", "1 close!end", "2 comment"], None);
    assert!(facts.complete && facts.reopened == 0);
    assert_eq!(facts.duration(), Span(1_000_000));
    let facts = bench.facts(&["0 open", "1 close!end", "2 reopen!reopen"], None);
    assert!(!facts.complete && facts.reopened == 1);
}

#[test]
fn an_end_that_is_never_seen_left_is_no_evidence_of_no_rework() {
    let mut bench = bench("");
    assert!(bench.facts(&["0 open", "1 close!end"], None).settled);
    bench.flags = |flags| flags.with_explicit_reopen(true).never_reopening(true);
    assert!(!bench.facts(&["0 open", "1 close!end"], None).settled);
}

#[test]
fn idle_cases_end_when_the_time_is_up() {
    let mut bench = bench("processes: [{id: p, ends: {idle: 10s}}]");
    assert!(!bench.facts(&["0 a"], Some(9)).complete);
    assert!(bench.facts(&["0 a"], Some(10)).complete);
    assert!(!bench.facts(&["0 a", "9 b"], Some(10)).complete);
}

#[test]
fn closed_for_being_idle_only_where_that_ends_a_case() {
    let mut with = bench("processes: [{id: p, ends: {activities: [Closed], idle: 10s}}]");
    let mut without = bench("processes: [{id: p, ends: {activities: [Closed]}}]");
    for (bench, complete) in [(&mut with, true), (&mut without, false)] {
        let mut case = bench.case(&["0 a"]);
        case.close_idle(true);
        let facts = facts(&case, &bench.rules, &bench.names, None).unwrap();
        assert_eq!(facts.complete, complete);
    }
}

#[test]
fn without_a_declared_end_nothing_has_ended_for_good() {
    let facts = bench("").facts(&["0 a"], None);
    assert!(facts.complete && !facts.ended);
}

#[test]
fn the_greatest_part_makes_the_deviation() {
    let catalog = "processes: [{id: p, outcomes: {odd: 0.25}, duration_limit: 10s, path: [a, b]}]";
    let mut bench = bench(catalog);
    assert_eq!(
        bench.facts(&["0 a", "1 b=odd"], None).deviation,
        Ppm(250_000)
    );
    assert_eq!(bench.facts(&["0 a", "1 b=fine"], None).deviation, Ppm::ZERO);
    assert_eq!(
        bench.facts(&["0 a", "11 b=odd"], None).deviation,
        Ppm(500_000)
    );
    assert_eq!(
        bench.facts(&["0 b", "1 a=fine"], None).deviation,
        Ppm(200_000)
    );
    assert_eq!(
        bench.facts(&["0 a", "1 b=failed"], None).deviation,
        Ppm::ONE
    );
}

#[test]
fn the_outcome_is_the_latest_named_one() {
    let mut bench = bench("");
    let facts = bench.facts(&["3 c", "0 a=early", "2 b=late"], None);
    assert_eq!(bench.names.text(facts.outcome), "late");
    assert!(!facts.outcome_is_activity);
}

#[test]
fn hand_offs_are_between_known_kinds() {
    let mut bench = bench("");
    let facts = bench.facts(&["0 a@human", "1 b", "2 c@ai", "3 d@ai", "4 e@human"], None);
    assert_eq!((facts.executor, facts.handoffs), (Executor::Human, 2));
    let facts = bench.facts(&["0 a@code", "1 b"], None);
    assert_eq!((facts.executor, facts.handoffs), (Executor::Code, 0));
}

#[test]
fn ai_and_code_together_are_no_people() {
    let mut bench = bench("");
    let mut without_people = |steps: &[&str]| bench.facts(steps, None).without_people;
    assert!(without_people(&["0 a@ai", "1 b@code", "2 c"]));
    assert!(!without_people(&["0 a@ai", "1 b@human"]));
    // Where nothing says who ran it, people may have.
    assert!(!without_people(&["0 a", "1 b"]));
}

#[test]
fn the_variant_does_not_depend_on_numbers() {
    let mut one = bench("");
    let mut two = bench("");
    two.names.intern("something else first");
    let a = one.facts(&["0 a", "1 b"], None);
    let b = two.facts(&["0 a", "1 b"], None);
    let c = two.facts(&["0 b", "1 a"], None);
    assert_eq!(a.variant(&one.names), b.variant(&two.names));
    assert_ne!(b.variant(&two.names), c.variant(&two.names));
}

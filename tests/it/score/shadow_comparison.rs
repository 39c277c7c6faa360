//! Shadow runs of which only some can be compared with the live outcome.

use crate::support::Scratch;
use crate::support::own_format::{CATALOG, daily_case, daily_cases, outcome, score};
use crate::support::scores::near;

/// The word for a run of which every so-many-th goes wrong; 0: none does.
fn word(nth: usize, wrong: usize) -> String {
    outcome(if wrong > 0 && nth.is_multiple_of(wrong) {
        "bad"
    } else {
        "good"
    })
}

/// Clean live cases by people, a shadow run of AI for each, and shadow runs that name no case.
fn shadowed(live: usize, wrong: usize, (alone, wrong_alone): (usize, usize)) -> String {
    let mut log = daily_cases(live, "human", |_| outcome("good"));
    for nth in 0..live {
        let said = word(nth, wrong);
        let more = format!("{said},\"origin\":\"shadow\",\"parent\":\"c{nth}\"");
        daily_case(&mut log, nth, &format!("s{nth}"), "ai", &more);
    }
    for nth in 0..alone {
        let more = format!("{},\"origin\":\"shadow\"", word(nth, wrong_alone));
        // Not on the days of the others: each is a cause of its own.
        daily_case(&mut log, live + nth, &format!("alone{nth}"), "ai", &more);
    }
    log
}

#[test]
fn a_shadow_run_that_failed_counts_once_beside_those_it_was_compared_with() {
    let scratch = Scratch::new();
    // One in a hundred fails, of those that can be compared as of those that can't.
    let found = score(&scratch, &shadowed(500, 100, (1500, 100)), CATALOG);
    let shadow = &found["shadow"][0];
    assert_eq!(
        (&shadow["runs"], &shadow["compared"]),
        (&2000.into(), &500.into())
    );
    assert_eq!(shadow["compared_by"], "case");
    near(&shadow["deviation"]["mean"], 0.01, 1e-9);
    // 5 of 500, computed with an independent implementation of the confidence sequence.
    near(&shadow["deviation"]["lower"], 0.001_168_700, 1e-6);
    near(&shadow["deviation"]["upper"], 0.034_839_532, 1e-6);
    assert_eq!(shadow["status"], "undetermined");
    let reason = found["reason"].as_str().unwrap();
    let said = "500 of 2000 shadow runs of ai, 1.00 % [0.12, 3.48]: undetermined";
    assert!(reason.ends_with(said), "{reason}");
}

#[test]
fn a_shadow_run_that_failed_counts_once_beside_live_runs_on_its_input() {
    let scratch = Scratch::new();
    let input = |name: &str| format!(",\"input\":\"{name}\"");
    let mut log = daily_cases(350, "human", |nth| {
        outcome("good") + &input(&format!("i{}", nth % 7))
    });
    for nth in 0..350 {
        let shadow = format!("{},\"origin\":\"shadow\"", word(nth, 50));
        let known = shadow.clone() + &input(&format!("i{}", nth % 7));
        daily_case(&mut log, nth, &format!("s{nth}"), "ai", &known);
        // On an input that nobody else ran, one in ten fails.
        let shadow = format!("{},\"origin\":\"shadow\"", word(nth, 10));
        let other = shadow + &input(&format!("other {nth}"));
        daily_case(&mut log, nth, &format!("o{nth}"), "ai", &other);
    }
    let found = score(&scratch, &log, CATALOG);
    let shadow = &found["shadow"][0];
    assert_eq!(
        (&shadow["runs"], &shadow["compared"]),
        (&700.into(), &350.into())
    );
    assert_eq!(shadow["compared_by"], "input");
    assert_eq!(shadow["like_done"]["count"], 343);
    near(&shadow["deviation"]["mean"], 7.0 / 350.0, 1e-9);
    assert_eq!(shadow["status"], "undetermined");
}

#[test]
fn what_nobody_could_compare_withholds_readiness_and_never_fails_the_trial() {
    let scratch = Scratch::new();
    let found = score(&scratch, &shadowed(600, 0, (600, 1)), CATALOG);
    let shadow = &found["shadow"][0];
    assert_eq!(shadow["deviation"]["mean"], 0.0);
    assert_eq!(
        (&shadow["status"], &shadow["ready"]),
        (&"undetermined".into(), &false.into())
    );
    let why = shadow["reason"].as_str().unwrap();
    assert!(
        why.contains("of all 1200, compared or not, 50.00 % went wrong of themselves"),
        "{why}"
    );
    assert_eq!(found["recommendation"], "AI with human approval");
    // A single one of them is no reason to doubt the rest.
    let found = score(&scratch, &shadowed(600, 0, (600, 600)), CATALOG);
    let shadow = &found["shadow"][0];
    assert_eq!(
        (&shadow["status"], &shadow["ready"]),
        (&"within".into(), &true.into())
    );
    assert_eq!(shadow["compared"], 600);
    assert_eq!(found["recommendation"], "delegate to AI");
}

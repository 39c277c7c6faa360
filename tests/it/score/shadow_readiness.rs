//! Shadow runs decide whether AI can take over.

use crate::support::Scratch;
use crate::support::own_format::{CATALOG, daily_case, daily_cases, outcome, score};
use crate::support::scores::near;

/// Live cases by people, and for each one a shadow run of an AI that ends otherwise in every `wrong`-th case.
fn shadowed(count: usize, wrong: usize) -> String {
    let mut log = daily_cases(count, "human", |nth| {
        outcome(if nth.is_multiple_of(2) {
            "good"
        } else {
            "harmless"
        })
    });
    for nth in 0..count {
        let right = if nth.is_multiple_of(2) {
            "good"
        } else {
            "harmless"
        };
        let other = if nth.is_multiple_of(2) {
            "harmless"
        } else {
            "good"
        };
        let said = if nth.is_multiple_of(wrong) {
            other
        } else {
            right
        };
        let more = format!(
            "{},\"origin\":\"shadow\",\"parent\":\"c{nth}\"",
            outcome(said)
        );
        daily_case(&mut log, nth, &format!("s{nth}"), "ai", &more);
    }
    log
}

/// All outcomes of [`shadowed`] are classified.
fn catalog() -> String {
    CATALOG.replace("bad: 1", "harmless: 0, bad: 1")
}

#[test]
fn ready_to_delegate_only_when_the_shadow_is_within() {
    let scratch = Scratch::new();
    let catalog = catalog();
    let good = score(&scratch, &shadowed(600, 601), &catalog);
    assert_eq!(
        (&good["cases"], &good["shadow_runs"]),
        (&600.into(), &600.into())
    );
    let shadow = &good["shadow"][0];
    assert_eq!(
        (
            &shadow["executor"],
            &shadow["compared_by"],
            &shadow["compared"]
        ),
        (&"ai".into(), &"case".into(), &600.into())
    );
    assert_eq!(shadow["like_done"]["count"], 599);
    assert_eq!(shadow["status"], "within");
    assert_eq!(good["ready_to_delegate"], serde_json::json!(["ai"]));
    // One in five ends otherwise than what was done: each is a deviation, though its outcome is none by itself.
    let poor = score(&scratch, &shadowed(400, 5), &catalog);
    near(&poor["shadow"][0]["deviation"]["mean"], 0.2, 1e-9);
    assert_eq!(poor["shadow"][0]["ready"], false);
    assert_eq!(poor["ready_to_delegate"], serde_json::json!([]));
    // What nobody can compare proves nothing.
    let alone = shadowed(600, 601).replace("\"parent\":\"c", "\"parent\":\"elsewhere");
    let alone = score(&scratch, &alone, &catalog);
    assert_eq!(alone["shadow"][0]["compared_by"], "nothing");
    assert_eq!(alone["shadow"][0]["ready"], false);
}

#[test]
fn what_can_not_be_undone_is_never_ready_for_ai_alone() {
    let scratch = Scratch::new();
    let catalog = catalog().replace(
        "criticality: low",
        "criticality: low\n    class: f\n    irreversible: true",
    );
    let found = score(&scratch, &shadowed(2400, 2401), &catalog);
    let shadow = &found["shadow"][0];
    assert_eq!(shadow["status"], "within");
    assert_eq!(shadow["ready"], false);
    assert_eq!(found["ready_to_delegate"], serde_json::json!([]));
    assert!(shadow["reason"].to_string().contains("can't be undone"));
}

#[test]
fn shadow_runs_decide_whether_ai_takes_over() {
    let scratch = Scratch::new();
    let said = |log: &str| {
        let found = score(&scratch, log, &catalog());
        let rule = found["rule"].as_str().unwrap().to_owned();
        (rule, found["recommendation"].clone(), found)
    };
    let (rule, advice, found) = said(&shadowed(400, 5));
    assert_eq!(found["shadow"][0]["status"], "outside");
    assert_eq!(
        (rule.as_str(), advice),
        ("ai-failed-its-trial", "keep with people".into())
    );
    assert!(
        found["reason"]
            .to_string()
            .contains("400 shadow runs of ai")
    );
    let (rule, advice, found) = said(&shadowed(100, 101));
    assert_eq!(found["shadow"][0]["status"], "undetermined");
    assert_eq!(rule, "forgiving-but-not-shown-yet");
    assert_eq!(advice, "AI with human approval");
    let missing = found["shadow"][0]["clean_runs_missing"].to_string();
    assert!(
        found["notes"]
            .to_string()
            .contains(&format!("{missing} more"))
    );
    let (_, advice, found) = said(&daily_cases(100, "human", |_| outcome("good")));
    assert_eq!(advice, "delegate to AI");
    assert!(found["notes"].to_string().contains("no shadow run of AI"));
}

#[test]
fn shadow_runs_without_a_twin_are_compared_by_input() {
    let scratch = Scratch::new();
    let input = |nth: usize| format!(",\"input\":\"i{}\"", nth % 7);
    let right = |nth: usize| if nth % 7 < 3 { "good" } else { "harmless" };
    let mut log = daily_cases(350, "human", |nth| outcome(right(nth)) + &input(nth));
    for nth in 0..350 {
        let more = format!(
            "{}{},\"origin\":\"shadow\"",
            outcome(right(nth)),
            input(nth)
        );
        daily_case(&mut log, nth, &format!("s{nth}"), "code", &more);
    }
    let found = score(
        &scratch,
        &log,
        &CATALOG.replace("bad: 1", "harmless: 0, bad: 1"),
    );
    let shadow = &found["shadow"][0];
    assert_eq!(
        (&shadow["compared_by"], &shadow["compared"]),
        (&"input".into(), &350.into())
    );
    assert_eq!(
        (&shadow["ready"], &shadow["like_done"]["share"]),
        (&true.into(), &1.0.into())
    );
}

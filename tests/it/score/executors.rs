//! People, AI and code in one process: each is judged by its own cases.

use crate::support::Scratch;
use crate::support::own_format::{CATALOG, cases, daily_case, daily_cases, outcome, score};
use crate::support::scores::{near, only};
use serde_json::Value;

#[test]
fn who_ran_it_by_the_log_is_judged_not_who_is_declared() {
    let scratch = Scratch::new();
    let wrong = |nth: usize| outcome(if nth.is_multiple_of(5) { "bad" } else { "good" });
    let declared = |kind: &str| format!("{CATALOG}    executor: {kind}\n");
    let found = score(&scratch, &daily_cases(200, "human", wrong), &declared("ai"));
    assert_eq!(
        (&found["executor"], &found["status"]),
        (&"human".into(), &"outside".into())
    );
    assert_eq!(found["withdraw"], serde_json::json!([]));
    assert_ne!(found["rule"], "withdraw-ai");
    assert_eq!(found["disagreements"][0]["what"], "executor");
    let log = daily_cases(400, "code", |_| outcome("good"));
    let found = score(&scratch, &log, &declared("mixed"));
    assert_eq!(found["rule"], "code-that-holds");
    // Where the log does not say, the catalog does.
    let log = daily_cases(200, "human", wrong).replace(",\"executor\":\"human\"", "");
    let found = score(&scratch, &log, &declared("ai"));
    assert_eq!(found["executor"], "ai");
    assert_eq!(found["withdraw"], serde_json::json!(["ai"]));
}

#[test]
fn ai_that_deviates_is_withdrawn_though_people_hold_the_process() {
    let scratch = Scratch::new();
    let mut log = daily_cases(900, "human", |_| outcome("good"));
    for nth in 0..100usize {
        let word = if nth.is_multiple_of(5) { "bad" } else { "good" };
        daily_case(&mut log, nth, &format!("a{nth}"), "ai", &outcome(word));
    }
    let found = score(
        &scratch,
        &log,
        &CATALOG.replace("criticality: low", "criticality: low\n    executor: human"),
    );
    assert_ne!(found["status"], "outside");
    assert_eq!(found["withdraw"], serde_json::json!(["ai"]));
    assert_eq!(found["rule"], "withdraw-ai");
    let pair = &found["comparisons"][0];
    assert_eq!(
        (&pair["first"], &pair["second"]),
        (&"human".into(), &"ai".into())
    );
    near(&pair["raw"]["value"], -0.2, 1e-9);
    assert!(pair["raw"]["upper"].as_f64().unwrap() < 0.0);
}

#[test]
fn declared_levels_that_the_measurement_contradicts_are_named() {
    let scratch = Scratch::new();
    let log = cases(336, "human", |_| outcome("good"));
    let catalog = format!("{CATALOG}    frequency: low\n    complexity: high\n    executor: ai\n");
    let found = score(&scratch, &log, &catalog);
    let named: Vec<String> = found["disagreements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{} {} {} {}",
                one["what"], one["declared"], one["measured"], one["sure"]
            )
        })
        .collect();
    assert_eq!(
        named,
        [
            "\"complexity\" \"high\" \"low\" true",
            "\"frequency\" \"low\" \"high\" true",
            "\"executor\" \"ai\" \"human\" true"
        ]
    );
}

#[test]
fn spreads_of_durations_that_hardly_differ_are_not_compared() {
    // People and code take an hour, give or take up to five times so many seconds.
    let test = |human: i64, code: i64| {
        let mut log = String::from("case,activity,time,executor\n");
        for nth in 0..200 {
            let begin = 1_767_225_600 + nth * 7200;
            for (kind, seconds) in [("human", human), ("code", code)] {
                let end = begin + 3600 + (nth % 11 - 5) * seconds;
                let case = format!("{kind}{nth}");
                log += &format!("{case},open,{begin},{kind}\n{case},close,{end},{kind}\n");
            }
        }
        let scratch = Scratch::new();
        let file = scratch.write("log.csv", log);
        only(&scratch.score(&[&file]))["duration_spread_test"].clone()
    };
    assert!(test(100, 300)["p_value"].as_f64().unwrap() < 1e-6);
    assert_eq!(test(2, 8), Value::Null);
    assert_eq!(test(2, 300), Value::Null);
}

//! Misses apart from false alarms, through the real program.

use crate::support::Scratch;
use crate::support::own_format::{daily_cases, outcome, score};
use serde_json::Value;

/// Process `p`: class c, T 2 % at two steps. What was escalated for nothing is harmless; what was overlooked is not.
const OUTCOMES: &str = "processes:\n  - id: p\n    criticality: low\n    outcomes:\n      good: 0\n      escalated: { severity: 0, direction: false_alarm }\n      overlooked: { severity: 1, direction: missed }\n";

fn with_tolerances(tolerances: &str) -> String {
    format!("{OUTCOMES}    tolerances: {tolerances}\n")
}

/// So many cases of one kind, one a day: of a hundred each, and of those one in this many was overlooked.
fn log(count: usize, executor: &str, one_in: usize) -> String {
    daily_cases(count, executor, |nth| {
        outcome(match nth {
            nth if nth % one_in == one_in / 2 + 1 => "overlooked",
            nth if nth % 10 == 0 => "escalated",
            _ => "good",
        })
    })
}

fn direction<'v>(found: &'v Value, word: &str) -> &'v Value {
    let mut all = found["directions"].as_array().unwrap().iter();
    all.find(|of| of["direction"] == word).unwrap()
}

fn notes(found: &Value) -> String {
    found["notes"].to_string()
}

#[test]
fn a_hundred_harmless_escalations_do_not_hide_a_missed_intrusion() {
    let scratch = Scratch::new();
    let cases = log(1000, "human", 1000);
    let split = score(&scratch, &cases, OUTCOMES);
    assert_eq!(split["status"], "within");
    let (missed, alarms) = (
        direction(&split, "missed"),
        direction(&split, "false_alarm"),
    );
    assert_eq!(
        (&missed["cases"], &alarms["cases"]),
        (&1.into(), &100.into())
    );
    assert!(missed["status"].is_null() && missed["tolerance"].is_null());
    // More is shown than that one number, and it is judged by what is declared.
    let held = with_tolerances("{ missed: 0.1 %, false_alarm: 15 % }");
    let found = score(&scratch, &cases, &held);
    assert_eq!(found["deviation"], split["deviation"]);
    assert_eq!(direction(&found, "missed")["status"], "undetermined");
    assert_eq!(direction(&found, "false_alarm")["status"], "within");
    assert_eq!(found["status"], "undetermined");
    let said = notes(&found);
    assert!(
        said.contains("missed 1 of 1,000 cases, 0.10 % [")
            && said.contains(
                "not enough data for its tolerance of 0.10 %, so the process is not called within"
            ),
        "{said}"
    );
    let (whole, of_missed) = (
        &found["clean_runs_missing"],
        &direction(&found, "missed")["clean_runs_missing"],
    );
    assert_eq!(whole, of_missed);
    assert!(whole.as_u64().unwrap() > 1000);
}

#[test]
fn a_process_is_outside_if_a_direction_is() {
    let scratch = Scratch::new();
    let cases = log(2500, "human", 200);
    let held = with_tolerances("{ missed: 0.1 % }");
    let alone = score(&scratch, &cases, OUTCOMES);
    assert_eq!(alone["status"], "within");
    let found = score(&scratch, &cases, &held);
    assert_eq!(found["status"], "outside");
    assert!(
        notes(&found).contains("outside its tolerance of 0.10 %, so the process is outside"),
        "{}",
        notes(&found)
    );
    // People miss too much: neither AI nor code should do it unattended.
    assert_ne!(alone["recommendation"], found["recommendation"]);
    let said = found["recommendation"].as_str().unwrap();
    assert!(
        ["AI with human approval", "keep with people"].contains(&said),
        "{said}"
    );
    let why = found["reason"].as_str().unwrap();
    assert!(why.contains("misses more than is tolerated"), "{why}");
    // As many false alarms alone are within theirs, and say nothing of misses.
    let alarms = score(&scratch, &cases, &with_tolerances("{ false_alarm: 5 % }"));
    assert_eq!(alarms["status"], "outside");
}

#[test]
fn ai_that_misses_too_much_is_withdrawn_though_its_deviation_is_permissible() {
    let scratch = Scratch::new();
    let cases = log(2500, "ai", 200);
    let alone = score(&scratch, &cases, OUTCOMES);
    assert_eq!(
        (&alone["status"], &alone["withdraw"]),
        (&"within".into(), &Value::Array(vec![]))
    );
    let found = score(&scratch, &cases, &with_tolerances("{ missed: 0.1 % }"));
    assert_eq!(found["withdraw"], serde_json::json!(["ai"]));
    assert_eq!(found["recommendation"], "AI with human approval");
    let side = &found["executors"][0];
    assert_eq!(
        (&side["executor"], &side["status"]),
        (&"ai".into(), &"outside".into())
    );
    assert_eq!(direction(side, "missed")["status"], "outside");
}

#[test]
fn a_tolerance_of_a_direction_that_no_outcome_has_is_not_held() {
    let scratch = Scratch::new();
    let catalog = "processes:\n  - id: p\n    criticality: low\n    outcomes: { good: 0, overlooked: 1, escalated: 0 }\n    tolerances: { missed: 5 % }\n";
    let found = score(&scratch, &log(1000, "human", 1000), catalog);
    assert_eq!(found["status"], "undetermined");
    assert!(
        notes(&found).contains("missed: no outcome has this direction"),
        "{}",
        notes(&found)
    );
}

#[test]
fn an_outcome_that_nobody_has_classified_may_be_a_miss() {
    let scratch = Scratch::new();
    let cases = daily_cases(400, "human", |nth| {
        outcome(if nth % 10 == 0 { "dunno" } else { "good" })
    });
    let held = with_tolerances("{ missed: 20 % }");
    let found = score(&scratch, &cases, &held);
    let missed = direction(&found, "missed");
    assert_eq!(missed["unknown_cases"], 40);
    assert_eq!(missed["share_range"], serde_json::json!([0.0, 0.1]));
    assert!(missed["share"].is_null());
    assert_eq!(missed["status"], "undetermined");
}

#[test]
fn names_that_say_it_have_a_direction_without_a_catalog() {
    let scratch = Scratch::new();
    let cases = daily_cases(40, "human", |nth| {
        outcome(match nth % 4 {
            0 => "FalsePositive",
            1 => "missed detection",
            _ => "true positive",
        })
    });
    let found = score(&scratch, &cases, "processes: []\n");
    assert_eq!(direction(&found, "missed")["cases"], 10);
    assert_eq!(direction(&found, "false_alarm")["cases"], 10);
    // The catalog may say that it is none here.
    let none = "processes:\n  - id: p\n    outcomes: { FalsePositive: { severity: 0, direction: none } }\n";
    let found = score(&scratch, &cases, none);
    let directions = found["directions"].as_array().unwrap();
    assert_eq!(directions.len(), 1);
    assert_eq!(directions[0]["direction"], "missed");
}

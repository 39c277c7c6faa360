//! Reviews after closure: they change the outcome, and not who ran the case, its end or its duration.

use crate::support::Scratch;
use crate::support::own_format::score_with;
use crate::support::scores::near;
use serde_json::Value;
use std::fmt::Write as _;

const CATALOG: &str =
    "processes:\n  - id: p\n    criticality: low\n    outcomes: { ok: 0, wrong: 1 }\n";

/// So many hours after the first of August, plus minutes.
fn at(hours: i64, minutes: i64) -> String {
    let begin = chrono::NaiveDate::from_ymd_opt(2026, 8, 1).unwrap();
    let time = begin.and_hms_opt(8, 0, 0).unwrap()
        + chrono::Duration::hours(hours)
        + chrono::Duration::minutes(minutes);
    format!("{}Z", time.format("%Y-%m-%dT%H:%M:%S"))
}

/// A case that AI opens, and closes ten minutes later.
fn case(log: &mut String, nth: i64, begins: i64) {
    let head = format!("\"process\":\"p\",\"case\":\"c{nth}\",\"executor\":\"ai\"");
    let (open, close) = (at(begins, 0), at(begins, 10));
    let input = nth % 20;
    writeln!(
        log,
        "{{\"time\":\"{open}\",{head},\"activity\":\"open\",\"input\":\"i{input}\"}}\n\
         {{\"time\":\"{close}\",{head},\"activity\":\"close\",\"lifecycle\":\"end\",\"outcome\":\"ok\"}}"
    )
    .unwrap();
}

/// A person looks at a case later, and says how it really ended.
fn audit(log: &mut String, nth: i64, hours: i64, outcome: &str) {
    writeln!(
        log,
        "{{\"time\":\"{}\",\"process\":\"p\",\"case\":\"c{nth}\",\"executor\":\"human\",\"activity\":\"audit\",\
         \"lifecycle\":\"end\",\"outcome\":\"{outcome}\",\"reviewed\":true}}",
        at(hours, nth)
    )
    .unwrap();
}

fn score(log: &str, catalog: &str, more: &[&str]) -> Value {
    score_with(&Scratch::new(), log, catalog, more)
}

#[test]
fn errors_of_ai_that_people_correct_stay_its_own() {
    let mut log = String::new();
    for nth in 0..400 {
        case(&mut log, nth, nth);
        match nth % 10 {
            0 => audit(&mut log, nth, nth + 1, "wrong"),
            1 => audit(&mut log, nth, nth + 1, "ok"),
            _ => {}
        }
    }
    let score = score(&log, CATALOG, &[]);
    let sides = score["executors"].as_array().unwrap();
    assert_eq!(sides.len(), 1, "{sides:?}");
    let ai = &sides[0];
    assert_eq!(
        (&ai["executor"], &ai["status"]),
        (&"ai".into(), &"outside".into())
    );
    // Corrections that are still to come are expected of the youngest.
    near(&ai["deviation"]["mean"], 0.1, 0.02);
    assert_eq!(score["executor"], "ai");
    assert_eq!(score["provenance"]["confirmed"], 80);
    assert_eq!(score["size_parts"]["handoffs"], 0.0);
    assert_eq!(score["straight_through"]["share"], 1.0);
    // Inputs 0 and 10 go wrong each time, the others never.
    let kind = &score["agreement"]["kinds"][0];
    assert_eq!(
        (&kind["executor"], &kind["runs"]),
        (&"ai".into(), &400.into())
    );
    near(&kind["pass_hat"][7]["chance"]["value"], 0.9, 1e-9);
}

#[test]
fn late_truth_restates_the_past_and_makes_nothing_late() {
    let mut log = String::new();
    for nth in 0..500 {
        case(&mut log, nth, 4 * nth);
    }
    // Eighty days later forty of August are looked at.
    for nth in 0..40 {
        let outcome = if nth % 2 == 0 { "wrong" } else { "ok" };
        audit(&mut log, nth, 80 * 24, outcome);
    }
    let strict = format!("{CATALOG}    duration_limit: 2h\n");
    let whole = score(&log, &strict, &[]);
    assert_eq!(whole["outcomes"]["wrong"], 20);
    assert_eq!(whole["late"], 0);
    // Most cases are younger than the 80 days after which reviews come, so more are expected.
    assert!(whole["deviation"]["mean"].as_f64().unwrap() > 0.04);
    near(&whole["duration_seconds"]["mean"], 600.0, 1e-9);
    // They ended in August, not when that was found out.
    let recent = score(&log, &strict, &["--window", "30d"]);
    assert_eq!(recent["outcomes"]["wrong"], Value::Null);
    assert_eq!(recent["deviation"]["mean"], 0.0);
    assert_eq!(recent["executors"][0]["executor"], "ai");
    let august = score(&log, &strict, &["--window", "90d"]);
    assert_eq!(august["outcomes"]["wrong"], 20);
}

/// `explain` of the process of this log.
fn explained(log: &str) -> Value {
    let scratch = Scratch::new();
    scratch.write("log.ndjson", log);
    scratch.write("catalog.yaml", CATALOG);
    let args = [
        "explain",
        "p",
        "log.ndjson",
        "--map",
        "toleranced",
        "--catalog",
        "catalog.yaml",
        "--format",
        "json",
    ];
    scratch.run(&args).ends_with(0).json()
}

#[test]
fn what_explain_says_of_more_cases_comes_true() {
    let mut log = String::new();
    // One a day, so that none has the cause of another.
    let begins = |nth: i64| (nth - 600) * 24;
    (0..400).for_each(|nth| case(&mut log, nth, begins(nth)));
    let before = explained(&log);
    let lever = before["would_change"].as_array().unwrap().iter();
    let turns = lever
        .clone()
        .find(|lever| lever["lever"] == "evidence")
        .unwrap()["turns"]
        .clone();
    let wrong = turns
        .as_array()
        .unwrap()
        .iter()
        .find(|turn| turn["status"] == "outside");
    let turn = wrong.unwrap_or_else(|| panic!("{turns}"));
    let more = turn["at"].as_f64().unwrap() as i64;
    let first = 400;
    for nth in first..first + more {
        case(&mut log, nth, begins(nth));
    }
    let from = log.len()
        - log
            .lines()
            .rev()
            .take(2 * more as usize)
            .map(|line| line.len() + 1)
            .sum::<usize>();
    let log = log[..from].to_owned() + &log[from..].replace("\"ok\"", "\"wrong\"");
    let after = score(&log, CATALOG, &[]);
    assert_eq!(after["status"], turn["status"], "{turn}");
    assert_eq!(after["recommendation"], turn["recommendation"], "{turn}");
    assert_eq!(after["withdraw"], serde_json::json!(["ai"]));
}

//! The scoring window: too few cases to show that a process is within, and cases that began before it.

use crate::support::Scratch;
use crate::support::formats::gz;
use crate::support::own_format::CATALOG;
use crate::support::scores::{only, process};
use serde_json::Value;
use std::fmt::Write as _;

/// A day of a year, at noon.
fn day(nth: u64) -> String {
    let date = chrono::NaiveDate::from_ymd_opt(2026, 1, 5).unwrap() + chrono::Days::new(nth);
    format!("{date}T12:00:00Z")
}

/// A clean case of people from one day to another.
fn case(log: &mut String, id: &str, from: u64, to: u64) {
    let head = format!("\"process\":\"p\",\"case\":\"{id}\",\"executor\":\"human\"");
    let (from, to) = (day(from), day(to));
    writeln!(
        log,
        "{{\"time\":\"{from}\",{head},\"activity\":\"open\",\"seq\":1}}\n{{\"time\":\"{to}\",{head},\"activity\":\"close\",\"seq\":2,\"lifecycle\":\"end\",\"outcome\":\"good\"}}"
    )
    .unwrap();
}

const ARGS: [&str; 5] = [
    "log.ndjson",
    "--map",
    "toleranced",
    "--catalog",
    "catalog.yaml",
];

fn score(scratch: &Scratch, log: &str, more: &[&str]) -> Value {
    scratch.write("log.ndjson", log);
    scratch.write("catalog.yaml", CATALOG);
    only(&scratch.score(&[&ARGS[..], more].concat())).clone()
}

/// A case every second day for 200 days.
fn rare() -> String {
    let mut log = String::new();
    for nth in 0..100 {
        case(&mut log, &format!("c{nth}"), 2 * nth, 2 * nth);
    }
    log
}

/// Ten cases a day for 90 days, every 25th of them bad, then so many clean ones.
fn busy(clean: u64) -> String {
    let mut log = String::new();
    for nth in 0..900 + clean {
        let from = log.len();
        case(&mut log, &format!("c{nth}"), nth / 10, nth / 10);
        if nth < 900 && nth % 25 == 7 {
            let bad = log.split_off(from).replace("\"good\"", "\"bad\"");
            log.push_str(&bad);
        }
    }
    log
}

#[test]
fn bad_cases_leave_the_window_and_clean_runs_are_counted_accordingly() {
    let scratch = Scratch::new();
    let window = ["--window", "90d"];
    let found = score(&scratch, &busy(0), &window);
    assert_ne!(found["status"], "within");
    let missing = found["clean_runs_missing"].as_u64().unwrap();
    let weeks = found["clean_runs_missing_weeks"].as_f64().unwrap();
    assert!(
        (weeks - missing as f64 / 70.0).abs() < 0.3,
        "{weeks} for {missing}"
    );
    // The bad ones leave one by one, and not evenly: a window holds 900, so a few percent either way.
    let then = |clean: u64| score(&scratch, &busy(clean), &window)["status"].clone();
    assert_eq!(then(missing + 40), "within", "{missing}");
    assert_ne!(then(missing - 60), "within", "{missing}");
    // For ever it takes far more.
    let found = score(&scratch, &busy(0), &[]);
    assert!(found["clean_runs_missing"].as_u64().unwrap() > 2 * missing);
}

#[test]
fn where_a_file_breaks_off_nothing_is_called_within() {
    let scratch = Scratch::new();
    scratch.write("catalog.yaml", CATALOG);
    let mut log = String::new();
    (0..2100).for_each(|nth| case(&mut log, &format!("c{nth}"), nth / 10, nth / 10));
    let whole = gz(&log);
    scratch.write("whole.ndjson.gz", &whole);
    scratch.write("cut.ndjson.gz", &whole[..whole.len() / 2]);
    let score = |file: &str| {
        let args = [
            "score",
            file,
            "--map",
            "toleranced",
            "--catalog",
            "catalog.yaml",
        ];
        only(
            &scratch
                .run(&[&args[..], &["--format", "json"]].concat())
                .json(),
        )
        .clone()
    };
    let found = score("whole.ndjson.gz");
    assert_eq!(
        (&found["status"], &found["loss"]["unknown"]),
        (&"within".into(), &0.into())
    );
    // What is left is clean, and nobody can say what the rest was.
    let found = score("cut.ndjson.gz");
    assert!(found["cases"].as_u64().unwrap() > 320);
    assert_eq!(
        (&found["status"], &found["loss"]["unknown"]),
        (&"undetermined".into(), &1.into())
    );
    assert!(found["notes"].to_string().contains("a file breaks off"));
}

#[test]
fn a_source_that_fell_silent_lowers_no_rate() {
    let scratch = Scratch::new();
    let rate = |found: &Value| found["cases_per_week"].as_f64().unwrap();
    let now = score(&scratch, &busy(0), &[]);
    assert_eq!(now["loss"]["silent_since"], Value::Null);
    let later = score(&scratch, &busy(0), &["--as-of", "2027-01-01"]);
    assert!((rate(&later) - rate(&now)).abs() < 1e-9);
    assert_eq!(later["loss"]["silent_since"], "2026-04-04T12:00:00Z");
    let notes = later["notes"].to_string();
    assert!(
        notes.contains("told of nothing since 2026-04-04T12:00:00Z, 271 days ago"),
        "{notes}"
    );
    // A few days without any case are days without any case.
    let soon = score(&scratch, &busy(0), &["--as-of", "2026-04-10"]);
    assert_eq!(soon["loss"]["silent_since"], Value::Null);
    assert!(rate(&soon) < rate(&now));
}

#[test]
fn clean_runs_that_leave_the_window_before_there_are_enough_never_come() {
    let scratch = Scratch::new();
    // 3.5 a week are 45 in 90 days, and hundreds have to be in the window at once.
    let found = score(&scratch, &rare(), &["--window", "90d"]);
    assert_eq!(found["status"], "undetermined");
    assert!(found["clean_runs_missing"].as_u64().unwrap() > 200);
    assert_eq!(found["clean_runs_missing_weeks"], Value::Null);
    let why = found["clean_runs_withheld"].as_str().unwrap();
    assert!(
        why.starts_with("never within a window of 90 days at 3.")
            && why.contains("a week: it takes"),
        "{why}"
    );
    // Without a window they add up.
    let found = score(&scratch, &rare(), &[]);
    assert!(found["clean_runs_missing_weeks"].as_f64().unwrap() > 50.0);
    assert_eq!(found["clean_runs_withheld"], Value::Null);
    // So they do in one that is long enough.
    let found = score(&scratch, &rare(), &["--window", "900d"]);
    assert!(found["clean_runs_missing_weeks"].as_f64().unwrap() > 50.0);
    assert_eq!(found["clean_runs_withheld"], Value::Null);
}

#[test]
fn what_would_change_the_verdict_does_not_promise_clean_runs_that_never_come() {
    let scratch = Scratch::new();
    scratch.write("log.ndjson", rare());
    scratch.write("catalog.yaml", CATALOG);
    let explain = |more: &[&str]| {
        let args = [&["explain", "p", "--format", "json"], &ARGS[..], more].concat();
        scratch.run(&args).ends_with(0).json()
    };
    let evidence = |found: &Value| {
        let mut levers = found["would_change"].as_array().unwrap().iter();
        let found = levers.find(|lever| lever["lever"] == "evidence");
        found.unwrap().clone()
    };
    let clean = |evidence: &Value| {
        let mut turns = evidence["turns"].as_array().unwrap().iter();
        let found = turns.find(|turn| turn["when"].to_string().contains("more clean runs"));
        found.cloned()
    };
    let never = evidence(&explain(&["--window", "90d"]));
    assert_eq!(clean(&never), None);
    let now = never["now"].as_str().unwrap();
    assert!(
        now.contains("; never within a window of 90 days at 3."),
        "{now}"
    );
    let some_day = clean(&evidence(&explain(&[]))).unwrap();
    assert!(some_day["expected_at"].is_string(), "{some_day}");
    let weeks = some_day["weeks"].as_f64().unwrap();
    assert!(weeks > 50.0 && weeks < 156.6, "{weeks}");
}

#[test]
fn cases_that_began_before_the_window_and_ended_in_it_are_judged() {
    let scratch = Scratch::new();
    let mut log = String::new();
    for nth in 0..20 {
        case(&mut log, &format!("c{nth}"), nth, 30);
    }
    let found = score(&scratch, &log, &["--window", "7d"]);
    assert_eq!(found["cases"], 20);
    assert_eq!(found["cases_per_week"], 0.0);
    assert_eq!(found["deviation"]["mean"], 0.0);
    assert_eq!(found["frequency"], "low");
    assert_eq!(found["rule"], "rare-and-cheap");
    let reason = found["reason"].as_str().unwrap();
    assert!(
        reason.contains("0.0 cases a week") && !reason.contains("no case was seen"),
        "{reason}"
    );
    let notes = found["notes"].to_string();
    assert!(notes.contains("no case began within the window"), "{notes}");
}

#[test]
fn a_process_that_was_never_seen_says_so() {
    let scratch = Scratch::new();
    scratch.write("log.ndjson", rare());
    scratch.write("catalog.yaml", format!("{CATALOG}  - id: unseen\n"));
    let found = scratch.score(&ARGS);
    let unseen = process(&found, "unseen");
    assert_eq!(unseen["reason"], "no case was seen");
    assert_eq!(unseen["recommendation"], Value::Null);
}

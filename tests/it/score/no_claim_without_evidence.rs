//! Logs that can't show that a process is as it should be: none of them makes it `within`. Beside each stands a control, in
//! which the same log can show it.

use crate::support::Scratch;
use crate::support::scores::process;
use serde_json::{Value, json};
use std::fmt::Write as _;

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// 2023-01-02, a Monday.
const MONDAY: i64 = 1_672_617_600;
const HEADER: &str = "process,case,activity,time,lifecycle,outcome,executor\n";
const MAPPING: &str = "format: csv
process: process
case: '{process}-{case}'
activity: activity
time: time
time_format: epoch_s
lifecycle: {path: lifecycle, default: step}
outcome: outcome
executor: executor
";

/// Scores rows of the columns of the header, with the keys of a process in a catalog if there are any.
fn scored(rows: &str, catalog: &str) -> Value {
    let scratch = Scratch::new();
    scratch.write("log.csv", format!("{HEADER}{rows}"));
    scratch.write("map.yaml", MAPPING);
    scratch.write("catalog.yaml", format!("processes:\n  - {catalog}\n"));
    let mut args = vec!["log.csv", "--map", "map.yaml"];
    if !catalog.is_empty() {
        args.extend(["--catalog", "catalog.yaml"]);
    }
    scratch.score(&args)
}

/// Alerts that are opened every hour. `takes` says how long the nth takes; what takes longer than the log is open.
fn alerts(count: i64, days: i64, takes: impl Fn(i64) -> i64) -> String {
    let mut rows = String::new();
    for nth in 0..count {
        let (start, until) = (MONDAY + nth * HOUR, MONDAY + days * DAY);
        let end = start + takes(nth);
        let _ = writeln!(rows, "alerts,{nth},open,{start},,,human");
        if end < until {
            let _ = writeln!(rows, "alerts,{nth},close,{end},end,resolved,human");
        }
    }
    rows
}

const LIMIT: &str =
    "{id: alerts, class: m, size: 100, duration_limit: 1d, outcomes: {resolved: 0}}";

#[test]
fn cases_that_are_open_and_overdue_count_as_late() {
    // Every ninth is never closed: 2,400 alerts of 100 days.
    let stuck = alerts(
        2_400,
        100,
        |nth| if nth % 9 == 4 { 999 * DAY } else { 3 * HOUR },
    );
    let found = scored(&stuck, LIMIT);
    let alerts_stuck = process(&found, "alerts");
    assert_eq!(alerts_stuck["open_cases"], 269);
    // The five of the last day may still be in time.
    assert_eq!(alerts_stuck["evidence_cases"], 2_395);
    let mean = alerts_stuck["deviation"]["mean"].as_f64().unwrap();
    assert!((mean - 264.0 * 0.5 / 2_395.0).abs() < 1e-9, "{mean}");
    assert_ne!(alerts_stuck["status"], "within");
    // A few take weeks, and hardly any of those is closed yet.
    let slow = alerts(720, 30, |nth| {
        if nth % 12 == 5 {
            25 * DAY + nth * HOUR
        } else {
            2 * HOUR
        }
    });
    assert_ne!(process(&scored(&slow, LIMIT), "alerts")["status"], "within");
    // The control: only those of the last hours are open.
    let young = alerts(2_400, 100, |_| 3 * HOUR);
    let found = scored(&young, LIMIT);
    assert_eq!(process(&found, "alerts")["open_cases"], 3);
    assert_eq!(process(&found, "alerts")["status"], "within");
}

/// Runs every hour, two of five of which end with the second word.
fn runs(words: [&str; 2]) -> String {
    let mut rows = String::new();
    for nth in 0..900_i64 {
        let word = words[usize::from(nth % 5 == 1 || nth % 5 == 3)];
        let _ = writeln!(
            rows,
            "runs,{nth},triage,{},end,{word},ai",
            MONDAY + nth * HOUR
        );
    }
    rows
}

#[test]
fn words_that_nobody_has_classified_are_no_success() {
    for (good, bad) in [
        ("success", "unsuccessful"),
        ("contained", "undetected"),
        ("closed", "breached"),
        ("OK", "NOK"),
        ("approved", "rolled_back"),
        ("completed", "canceled"),
        ("done", "zurückgestellt"),
        ("passed", "code 7"),
    ] {
        let found = scored(&runs([good, bad]), "");
        let runs = process(&found, "runs");
        assert_ne!(runs["status"], "within", "{bad}: {runs}");
        // Either the word is known as wrong, or it is named with its count.
        let notes = runs["notes"].to_string();
        assert!(notes.contains(bad), "{bad}: {notes}");
    }
    let declared = "{id: runs, class: v, size: 100, outcomes: {done: 0, 'zurückgestellt': 0}}";
    let found = scored(&runs(["done", "zurückgestellt"]), declared);
    assert_eq!(process(&found, "runs")["status"], "within");
}

#[test]
fn size_is_that_of_all_cases_and_not_of_those_that_end_first() {
    // Of two alerts a day one takes three steps and an hour, the other eight steps and 40 days.
    let mut rows = String::new();
    let until = MONDAY + 120 * DAY;
    for nth in 0..480_i64 {
        let start = MONDAY + nth * DAY / 4;
        let (steps, takes) = match nth % 2 {
            0 => (2, HOUR),
            _ => (7, 40 * DAY + (nth % 7 - 3) * DAY),
        };
        for step in 0..steps {
            let at = start + takes * step / steps;
            if at < until {
                let _ = writeln!(rows, "alerts,{nth},step {step},{at},,,human");
            }
        }
        if start + takes < until {
            let _ = writeln!(
                rows,
                "alerts,{nth},close,{},end,resolved,human",
                start + takes
            );
        }
    }
    let size = |catalog: &str| {
        let found = scored(&rows, catalog);
        process(&found, "alerts")["size_parts"]["steps"]
            .as_f64()
            .unwrap()
    };
    // (3 + 8) / 2
    for catalog in ["", "{id: alerts, epoch: 2023-02-16}"] {
        let steps = size(catalog);
        assert!((4.95..=6.05).contains(&steps), "{catalog}: {steps}");
    }
}

#[test]
fn the_rate_is_that_of_the_time_in_which_a_process_ran() {
    let mut rows = String::new();
    // Over two years: one throughout, one of the last four weeks, one that ended a year ago.
    for (name, begin, days, per_day) in [
        ("steady", 0, 728, 1),
        ("new", 700, 28, 4),
        ("gone", 0, 364, 3),
    ] {
        for nth in 0..days * per_day {
            let at = MONDAY + begin * DAY + nth * DAY / per_day;
            let _ = writeln!(rows, "{name},{nth},do,{at},end,ok,human");
        }
    }
    let found = scored(&rows, "");
    let rate = |id: &str| process(&found, id)["cases_per_week"].as_f64().unwrap();
    assert!((6.9..=7.1).contains(&rate("steady")), "{}", rate("steady"));
    assert!((27.0..=29.5).contains(&rate("new")), "{}", rate("new"));
    assert_eq!(process(&found, "new")["frequency"], "high");
    let gone = process(&found, "gone");
    assert_eq!(gone["recommendation"], Value::Null);
    assert!(
        gone["reason"].to_string().contains("the last event is of"),
        "{gone}"
    );
}

#[test]
fn nothing_is_withdrawn_for_one_bad_case() {
    let found = |kind: &str, outcomes: &[&str]| {
        let mut rows = String::new();
        for (nth, outcome) in (0_i64..).zip(outcomes) {
            // Three a day, so that there are days enough.
            let at = MONDAY + nth * 8 * HOUR;
            let _ = writeln!(rows, "runs,{nth},do,{at},end,{outcome},{kind}");
        }
        process(&scored(&rows, ""), "runs").clone()
    };
    for kind in ["ai", "code"] {
        for few in [&["failed"][..], &["ok", "failed"], &["failed", "ok", "ok"]] {
            let runs = found(kind, few);
            assert_eq!(runs["withdraw"], json!([]), "{kind}: {few:?}");
        }
        let runs = found(kind, &["ok", "failed"].repeat(24));
        assert_eq!(runs["withdraw"], json!([kind]));
        assert_eq!(runs["status"], "outside");
    }
}

#[test]
fn an_unusual_word_for_the_end_does_not_hide_that_cases_are_taken_up_again() {
    for word in ["Dismissed", "Mitigated", "Erledigt", "Clôturé", "Zamknięte"] {
        let mut text = String::from("ticket,status,changed\n");
        for nth in 0..700_i64 {
            let mut states = vec![
                "New",
                "In Progress",
                if nth % 2 == 1 { word } else { "Closed" },
            ];
            if nth % 10 == 3 {
                states.extend(["In Progress", word]);
            }
            for (step, state) in (0_i64..).zip(states) {
                let at = chrono::DateTime::from_timestamp(MONDAY + nth * HOUR + step * 700, 0);
                let at = at.unwrap().format("%Y-%m-%dT%H:%M:%SZ");
                let _ = writeln!(text, "T{nth},{state},{at}");
            }
        }
        let scratch = Scratch::new();
        scratch.write("tickets.csv", text);
        let found = scratch.score(&["tickets.csv"]);
        let tickets = process(&found, "tickets");
        assert_eq!(tickets["cases"], 700);
        assert_ne!(tickets["status"], "within", "{word}: {tickets}");
        let is_seen = tickets["deviation"]["mean"]
            .as_f64()
            .is_some_and(|mean| mean > 0.09);
        let is_unknown = tickets["unknown_cases"].as_u64() > Some(300);
        assert!(is_seen || is_unknown, "{word}: {tickets}");
    }
}

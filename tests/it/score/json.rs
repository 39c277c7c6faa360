//! The JSON of `score`: its keys, its documentation, its numbers.

use crate::support::Scratch;
use crate::support::formats::{csv, rows};
use crate::support::project::project;
use crate::support::scores::{only, process};
use serde_json::Value;
use std::collections::BTreeSet;

/// Every key of the issue, at the top level and for each process.
const TOP: [&str; 4] = ["events", "cases", "quarantined", "processes"];

const PROCESS: [&str; 28] = [
    "id",
    "cases",
    "open_cases",
    "events",
    "activities",
    "variants",
    "cases_per_week",
    "size_steps",
    "steps_mean",
    "duration_seconds",
    "outcomes",
    "outcome_variance",
    "reopened",
    "complexity",
    "frequency",
    "criticality",
    "tolerance",
    "required_class",
    "achieved_class",
    "permissible_deviation",
    "deviation",
    "status",
    "capability",
    "recommendation",
    "reason",
    "name",
    "executor",
    "notes",
];

/// Output in which every part of the document occurs: guessed, refused and failed, with and without evidence.
fn rich() -> Value {
    let scratch = Scratch::new();
    scratch.write(
        "tickets.csv",
        format!("{}T-1,open,soon,\n", csv(&rows(), ',')),
    );
    scratch.write(
        "catalog.yaml",
        "processes:\n- { id: never-seen, name: Never seen, criticality: high }\n",
    );
    let args = [
        "score",
        "--format",
        "json",
        "--window",
        "90d",
        "--catalog",
        "catalog.yaml",
    ];
    scratch
        .run(&[&args[..], &["tickets.csv", "missing.csv"]].concat())
        .ends_with(1)
        .json()
}

#[test]
fn json_has_the_keys_that_are_promised() {
    let scores = rich();
    for key in TOP {
        assert!(scores.get(key).is_some(), "no {key}");
    }
    for process in scores["processes"].as_array().unwrap() {
        for key in PROCESS {
            assert!(process.get(key).is_some(), "no {key} in {process}");
        }
    }
    let tickets = process(&scores, "tickets");
    for (key, parts) in [
        ("duration_seconds", &["mean", "p50", "p95"]),
        ("deviation", &["mean", "lower", "upper"]),
    ] {
        let keys: Vec<&String> = tickets[key].as_object().unwrap().keys().collect();
        assert_eq!(keys, parts.as_slice(), "{key}");
    }
    let unseen = process(&scores, "never-seen");
    for key in [
        "duration_seconds",
        "deviation",
        "recommendation",
        "steps_mean",
        "size_steps",
        "outcome_variance",
        "capability",
    ] {
        assert!(
            unseen[key].is_null(),
            "{key} of a process without cases: {}",
            unseen[key]
        );
    }
}

/// Paths of keys such as `processes[].deviation.mean`; the outcomes are keyed by names from the log.
fn paths(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items
            .iter()
            .for_each(|item| paths(item, &format!("{at}[]"), found)),
        Value::Object(map) => {
            for (key, value) in map {
                let name = if at.ends_with("outcomes") {
                    "NAME"
                } else {
                    key.as_str()
                };
                let below = if at.is_empty() {
                    name.to_owned()
                } else {
                    format!("{at}.{name}")
                };
                found.insert(below.clone());
                paths(value, &below, found);
            }
        }
        _ => {}
    }
}

/// A whole SOC over two months, with everything that the catalog can say: shadow runs, drills, agreement, hours, parts.
fn whole_soc() -> Value {
    let scratch = Scratch::new();
    let args = [
        "simulate",
        "--from",
        "2026-01-01",
        "--span",
        "240d",
        "-o",
        "soc.ndjson",
        "--catalog",
        "catalog.yaml",
    ];
    scratch.run(&args).ends_with(0);
    let catalog = std::fs::read_to_string(scratch.path("catalog.yaml")).unwrap();
    let more = "id: service-desk\n    drivers: drivers.csv\n    frequency: low\n    wrong_outcome_hours: 4";
    scratch.write(
        "catalog.yaml",
        catalog.replacen("id: service-desk", more, 1),
    );
    let monday = chrono::NaiveDate::from_ymd_opt(2025, 12, 29).unwrap();
    let mut drivers = "date,hosts,flat\n".to_owned();
    for week in 0..40u64 {
        let date = monday + chrono::Days::new(7 * week);
        drivers.push_str(&format!("{date},{},7\n", 100 + 50 * (week * 7 % 5)));
    }
    scratch.write("drivers.csv", drivers);
    scratch.score(&["--catalog", "catalog.yaml", "soc.ndjson"])
}

#[test]
fn the_document_of_the_json_output_knows_each_key_and_no_other() {
    let mut found = BTreeSet::new();
    paths(&rich(), "", &mut found);
    paths(&whole_soc(), "", &mut found);
    let file = project("docs/score-json.md");
    let text = std::fs::read_to_string(file).unwrap();
    let documented: BTreeSet<String> = text
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `")?.split_once("` |")?.0.to_owned()))
        .collect();
    let unknown: Vec<&String> = found.difference(&documented).collect();
    assert!(unknown.is_empty(), "not documented: {unknown:#?}");
    // What is withheld says why, each reason with figures of its own, and not every reason occurs here; no part of this SOC
    // comes back too often.
    // Here, no guess is close.
    let rare = |key: &&String| {
        let rare = ["withheld.", "jump_back.", "mappings[].close[]."];
        rare.iter().any(|part| key.contains(part))
    };
    let missing: Vec<&String> = documented
        .difference(&found)
        .filter(|key| !rare(key))
        .collect();
    assert!(missing.is_empty(), "documented and not there: {missing:#?}");
    let example = text
        .split("```json\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let example: Value = serde_json::from_str(example).unwrap();
    let mut shown = BTreeSet::new();
    paths(&example, "", &mut shown);
    assert!(shown.is_subset(&found), "{:?}", shown.difference(&found));
}

#[test]
fn no_number_is_infinite_or_none_at_all() {
    let logs = [
        "case,activity,time\n1,a,2024-01-01\n".to_owned(),
        "case,activity,time\n1,a,2024-01-01\n1,a,2024-01-01\n2,a,2024-01-01\n".to_owned(),
        "case,activity,time,outcome\n1,a,2024-01-01,failed\n2,a,2024-01-02,failed\n".to_owned(),
    ];
    for log in logs {
        let ran = Scratch::new()
            .run_with(&["score", "-", "--format", "json"], log.as_bytes())
            .ends_with(0);
        // serde_json writes what is not finite as null; where null means "unknown" it must be so.
        let scores = ran.json();
        let score = only(&scores);
        for key in [
            "cases_per_week",
            "size_steps",
            "steps_mean",
            "duration_seconds",
            "outcome_variance",
            "permissible_deviation",
        ] {
            assert!(!score[key].is_null(), "{key} of {log}");
        }
        let table = Scratch::new()
            .run_with(&["score", "-"], log.as_bytes())
            .ends_with(0);
        table.does_not_say("NaN").does_not_say(" inf");
    }
}

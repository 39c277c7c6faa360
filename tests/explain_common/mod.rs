//! What the tests of `explain` and `diff` share: forty tickets under a catalog, the daemon's score of them.

#![allow(dead_code, reason = "every test binary uses its own part of this")]

use crate::common::{Daemon, Home, case, texts, wait_for};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Output;

/// One source that tails `log.ndjson`.
pub const ONE: &str = "[{name: log, paths: [log.ndjson], mapping: map.yaml, flush_after: 100ms}]";

pub fn catalog(severity: &str, more: &str) -> String {
    format!(
        "{more}processes:\n  - id: tickets\n    name: Tickets\n    criticality: high\n    outcomes: {{ done: 0, failed: {severity} }}\n"
    )
}

/// Forty cases over twelve hours, of which the first four failed.
pub fn forty_cases() -> String {
    let outcome = |nth| if nth < 4 { "failed" } else { "done" };
    let cases = (0..40).map(|nth| case(&format!("T/{nth}"), nth * 18, outcome(nth)));
    cases.collect()
}

pub fn home() -> Home {
    let home = Home::tailing();
    home.write("catalog.yaml", catalog("1", ""));
    home.configure(ONE, "catalog: catalog.yaml\n");
    home.write("log.ndjson", forty_cases());
    home
}

#[track_caller]
pub fn json(output: &Output) -> Value {
    let (out, errors) = texts(output);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

#[track_caller]
pub fn says(output: &Output, code: i32, words: &[&str]) -> String {
    let (out, errors) = texts(output);
    assert_eq!(output.status.code(), Some(code), "{out}{errors}");
    let all = out + &errors;
    // What is wrapped reads the same.
    let unwrapped = all.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in words {
        let is_there = all.contains(words) || unwrapped.contains(words);
        assert!(is_there, "does not say `{words}`:\n{all}");
    }
    all
}

pub fn explained(home: &Home, args: &[&str]) -> Value {
    json(&home.run(&[&["explain", "tickets", "--format", "json"], args].concat()))
}

/// The scores of a document, by id.
pub fn by_id(processes: &Value) -> BTreeMap<String, Value> {
    let keyed = processes.as_array().unwrap().iter().map(|score| {
        let id = score["id"].as_str().unwrap().to_owned();
        (id, score.clone())
    });
    keyed.collect()
}

/// What the daemon says now, once it has scored all forty cases with this deviation.
pub fn scored(daemon: &Daemon, mean: f64) -> (String, Value) {
    wait_for("the score", || {
        let document = daemon.json("/api/v1/processes");
        let score = by_id(&document["processes"]).remove("tickets")?;
        let is_there = (score["deviation"]["mean"].as_f64()? - mean).abs() < 1e-9;
        let all = score["cases"] == 40 && score["open_cases"] == 0;
        (is_there && all).then(|| (document["as_of"].as_str().unwrap().to_owned(), score))
    })
}

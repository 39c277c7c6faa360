//! What `explain` and `diff` print: sections for people, documented JSON for programs, errors that say what to do.

mod common;
mod explain_common;

use common::{Home, case, texts, toleranced};
use explain_common::{catalog, explained, home, json, says, scored};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use toleranced::store::Store;

#[test]
fn people_read_figures_cases_rules_and_changes() {
    let home = home();
    home.write(
        "catalog.yaml",
        catalog("1", "case_link: \"https://tickets.example/{id}?all\"\n"),
    );
    let daemon = home.start();
    scored(&daemon, 0.1);
    daemon.stop();
    let text = says(
        &home.run(&["explain", "tickets", "--cases", "5"]),
        0,
        &[
            "tickets: Tickets",
            "(no window): 40 cases, 0 of",
            "\nVERDICT\n",
            "\nCLASS AND TOLERANCE\n",
            "criticality is high, not low or negligible",
            "10.00 %  ",
            "outcome failed",
            "4 cases, 10.00 %",
            "severity 1, declared (catalog)",
            "\nWHAT WOULD CHANGE IT\n",
            "more clean runs",
            "\nCASES BEHIND IT\n",
            "outcome: `failed`",
            "as designed: `done`",
            "https://tickets.example/T%2F3?all",
            "\nLEDGER\n",
            "none -> ",
            "by the rules of now",
        ],
    );
    assert!(
        !text.contains('\u{1b}'),
        "no escape sequence where it is not a terminal"
    );
    for line in text.lines() {
        assert!(
            line.chars().count() <= 100 && line.trim_end() == line,
            "{line:?}"
        );
    }
    // The four that failed, the latest first, and then the latest of the others.
    let at: Vec<usize> = ["T/3 ", "T/2 ", "T/1 ", "T/0 ", "T/39 "]
        .iter()
        .map(|id| text.find(id).unwrap())
        .collect();
    assert!(at.is_sorted(), "{at:?}");
    // A terminal that follows links gets them as such.
    let output = Command::new(env!("CARGO_BIN_EXE_toleranced"))
        .args([
            "explain",
            "tickets",
            "--config",
            &home.text_path("toleranced.yaml"),
        ])
        .env("FORCE_HYPERLINK", "1")
        .output()
        .unwrap();
    let link = "\u{1b}]8;;https://tickets.example/T%2F3?all\u{1b}\\T/3\u{1b}]8;;\u{1b}\\";
    says(&output, 0, &[link]);
}

#[test]
fn what_can_not_be_explained_is_an_error_that_says_what_to_do() {
    let home = home();
    says(
        &home.run(&["explain", "tickets"]),
        2,
        &["there is no database", "toleranced run"],
    );
    let daemon = home.start();
    scored(&daemon, 0.1);
    daemon.stop();
    says(
        &home.run(&["explain", "tikets"]),
        1,
        &[
            "no process `tikets` (did you mean `tickets`?)",
            "Known: tickets",
        ],
    );
    says(
        &home.run(&["diff", "--from", "2026-01-01", "tikets"]),
        1,
        &["did you mean `tickets`"],
    );
    says(
        &home.run(&["explain", "tickets", "--as-of", "soon"]),
        2,
        &["--as-of: `soon` is not a time"],
    );
    says(
        &home.run(&["diff", "--from", "2026-02-01", "--to", "2026-01-01"]),
        2,
        &["--to lies before --from"],
    );
    says(
        &home.run(&["explain", "tickets", "--map", "toleranced"]),
        2,
        &["--map says how a log is read"],
    );
    says(
        &home.run(&["explain", "tickets", "--catalog", "c.yaml"]),
        2,
        &["--catalog says how a log is read"],
    );
    let both = [&["explain", "tickets"][..], &["log.ndjson"]].concat();
    says(&home.run(&both), 2, &["cannot be used with"]);
    let file = Store::file_in(&home.path("data"));
    let change = |sql: &str| rusqlite_change(&file, sql);
    change("UPDATE documents SET text = text || '#' WHERE kind = 'catalog'");
    says(
        &home.run(&["explain", "tickets"]),
        1,
        &["catalog", "changed by another hand", "--rules now"],
    );
    says(
        &home.run(&["explain", "tickets", "--rules", "now"]),
        0,
        &["VERDICT"],
    );
    change("UPDATE documents SET text = rtrim(text, '#')");
    let data = home.text_path("data");
    let without_config = || toleranced(&["explain", "tickets", "--data", &data]);
    says(&without_config(), 0, &["VERDICT"]);
    change("DELETE FROM documents WHERE kind = 'tolerance'");
    says(&without_config(), 1, &["does not hold the tolerance"]);
    change("PRAGMA user_version = 1");
    let words = [
        "older version (schema 1",
        "`toleranced run` brings it up to date",
    ];
    says(&home.run(&["explain", "tickets"]), 2, &words);
}

#[test]
fn two_scores_of_nothing_and_dates_the_wrong_way_round_are_no_comparison() {
    let home = home();
    let log = home.text_path("log.ndjson");
    let daemon = home.start();
    scored(&daemon, 0.1);
    daemon.stop();
    let of_log = |dates: &[&str]| {
        let log = ["diff", "--log", &log, "--map", "toleranced"];
        toleranced(&[&log[..], dates].concat())
    };
    let of_data = |dates: &[&str]| home.run(&[&["diff"][..], dates].concat());
    let before = ["--from", "2020-01-01", "--to", "2020-02-01"];
    let words = ["no event to score: all of them are later than --to (2020-02-01T00:00:00Z)"];
    says(&of_log(&before), 1, &words);
    says(&of_data(&before), 1, &words);
    let reversed = ["--from", "2999-01-01"];
    let of_logs = ["--from lies after the last event of the logs, 2026-03-"];
    says(&of_log(&reversed), 2, &of_logs);
    says(&of_data(&reversed), 2, &["--from lies after now, 2"]);
    // Up to the first event there was nothing, which is a difference to what came.
    let first = ["--from", "2020-01-01", "--to", "2026-03-04"];
    says(&of_log(&first), 0, &["was not there"]);
    // The catalog of the daemon declares it.
    says(&of_data(&first), 0, &["unknown -> "]);
}

#[test]
fn a_database_without_a_case_has_nothing_to_compare() {
    let home = home();
    home.write("log.ndjson", "");
    home.start().stop();
    says(
        &home.run(&["diff", "--from", "2026-01-01"]),
        1,
        &["no event to score: the database holds no case yet"],
    );
}

fn rusqlite_change(file: &Path, sql: &str) {
    let db = rusqlite::Connection::open(file).unwrap();
    db.execute_batch(sql).unwrap();
}

#[test]
fn a_hostile_name_moves_no_cursor() {
    let home = Home::tailing();
    let lines = case("T\\u001b]8;;evil\\u001b\\\\", 1, "failed\\u001b[2J");
    home.write(
        "log.ndjson",
        lines.replace("\"tickets\"", "\"ti\\u001b[31mckets\""),
    );
    let daemon = home.start();
    daemon.wait_for_records(3);
    daemon.stop();
    let name = "ti\u{1b}[31mckets";
    for args in [
        vec!["explain", name],
        vec!["explain", "nope"],
        vec!["diff", "--from", "2026-01-01"],
    ] {
        let (out, errors) = texts(&home.run(&args));
        assert!(!(out.clone() + &errors).contains('\u{1b}'), "{out}{errors}");
        assert!(out.contains("ckets") || errors.contains("ckets"));
    }
}

/// Paths of keys such as `cases[].causes[].kind`; the score is described elsewhere, and outcomes are names from a log.
fn paths(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items
            .iter()
            .for_each(|item| paths(item, &format!("{at}[]"), found)),
        Value::Object(map) => {
            for (key, value) in map {
                let below = if at.is_empty() {
                    key.clone()
                } else {
                    format!("{at}.{key}")
                };
                found.insert(below.clone());
                let described = ["score", "processes[].from", "processes[].to"];
                if !described.contains(&below.as_str()) {
                    paths(value, &below, found);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn the_document_of_the_json_output_knows_each_key_and_no_other() {
    let home = home();
    let daemon = home.start();
    scored(&daemon, 0.1);
    daemon.stop();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/explain.md");
    let text = std::fs::read_to_string(file).unwrap();
    let compared = home.run(&["diff", "--from", "2026-03-02T06:00", "--format", "json"]);
    for (heading, document) in [
        ("## JSON of `explain`", explained(&home, &[])),
        ("## JSON of `diff`", json(&compared)),
    ] {
        let mut found = BTreeSet::new();
        paths(&document, "", &mut found);
        let section = text
            .split(heading)
            .nth(1)
            .unwrap()
            .split("\n## ")
            .next()
            .unwrap();
        let documented: BTreeSet<String> = section
            .lines()
            .filter_map(|line| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned()))
            .collect();
        assert_eq!(found, documented, "{heading}");
    }
}

//! The text of `explain`: sections for people, and errors that say what to do.

use crate::support::binary::says;
use crate::support::forty_tickets::{catalog, home, scored};
use crate::support::{BINARY, toleranced};
use std::path::Path;
use std::process::Command;
use toleranced::internals::Store;

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
    let output = Command::new(BINARY)
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

fn rusqlite_change(file: &Path, sql: &str) {
    let db = rusqlite::Connection::open(file).unwrap();
    db.execute_batch(sql).unwrap();
}

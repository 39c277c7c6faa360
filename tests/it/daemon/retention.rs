//! Cases are removed after the retention period, and the figures stay.

use crate::support::binary::json_of;
use crate::support::dice::Dice;
use crate::support::scores::Figures;
use crate::support::tickets::MAPPING;
use crate::support::{Daemon, Home, TAILED, wait_to_equal, wait_until};
use serde_json::Value;
use std::path::Path;

/// Stands in the id of each old case, and nowhere else.
const OLD: &str = "OLD-Quittenbaum";

const CATALOG: &str = "processes:\n  - id: tickets\n    criticality: high\n    outcomes: { done: 0, failed: 1 }\n\
    \x20   ends: { activities: [close] }\n";

const REMOVED: &str = r#"toleranced_cases_removed_total{process="tickets"}"#;
const REJECTED: &str = r#"toleranced_ingest_quarantined_total{source="log",reason="case_removed"}"#;

fn line(case: &str, activity: &str, time: &str, more: &str) -> String {
    format!(
        "{{\"id\":\"{case}-{activity}\",\"process\":\"tickets\",\"case\":\"{case}\",\"activity\":\"{activity}\",\
         \"time\":\"{time}\"{more}}}\n"
    )
}

/// A case of 2019 that has ended.
fn old_case(nth: usize) -> String {
    let case = format!("{OLD}-{nth:05}");
    let (day, hour) = (nth % 28 + 1, nth / 28 % 23);
    let end = match nth % 5 {
        0 => ",\"executor\":\"ai\",\"outcome\":\"failed\"",
        _ => ",\"executor\":\"human\",\"outcome\":\"done\"",
    };
    line(
        &case,
        "open",
        &format!("2019-03-{day:02}T{hour:02}:00:00Z"),
        "",
    ) + &line(
        &case,
        "close",
        &format!("2019-03-{day:02}T{hour:02}:40:00Z"),
        end,
    )
}

/// A case of today that has not ended.
fn new_case(id: &str) -> String {
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    line(id, "open", &now, "")
}

fn home(retention: &str) -> Home {
    let home = Home::tailing();
    home.write("map.yaml", MAPPING);
    home.write("catalog.yaml", CATALOG);
    configure(&home, retention);
    home
}

fn configure(home: &Home, retention: &str) {
    home.configure(TAILED, &format!("catalog: catalog.yaml\n{retention}"));
}

const RETENTION: &str = "retention: 400d\n";

/// What is measured, and what is counted of the past.
fn outcome(daemon: &Daemon) -> (Figures, Vec<(String, f64)>) {
    let metrics = daemon.metrics();
    let names = [
        "toleranced_cases_total",
        "toleranced_cases_late_total",
        "toleranced_cases_started_total",
        "toleranced_cases_open",
    ];
    let counters = names.iter().flat_map(|name| metrics.all(name)).collect();
    let mut figures = daemon.figures();
    figures.values_mut().for_each(drop_rates);
    (figures, counters)
}

/// A process with a case of today is observed up to the present time, so its rates change with it.
fn drop_rates(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("evidence_per_week");
            fields.values_mut().for_each(drop_rates);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_rates),
        _ => {}
    }
}

/// The files of a folder that contain a text.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if let Ok(bytes) = std::fs::read(&path)
            && memchr::memmem::find(&bytes, text.as_bytes()).is_some()
        {
            found.push(path.display().to_string());
        }
    }
    found
}

fn number(home: &Home, query: &str) -> i64 {
    let db = rusqlite::Connection::open(home.path("data/toleranced.db")).unwrap();
    db.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    db.query_row(query, [], |row| row.get(0)).unwrap()
}

#[test]
fn removed_cases_are_in_no_file_and_the_figures_stay() {
    const CASES: usize = 1_300;
    let log: String = (0..CASES)
        .map(old_case)
        .chain([new_case("NEW-1")])
        .collect();
    let records = log.lines().count();
    let reference = home("");
    reference.write("log.ndjson", &log);
    let keeps = reference.start();
    keeps.wait_for_records(records);

    let home = home(RETENTION);
    home.write("log.ndjson", &log);
    let daemon = home.start();
    daemon.wait_for_metric(REMOVED, CASES as f64);
    wait_to_equal("figures", &outcome(&keeps), || outcome(&daemon));
    daemon.wait_for_log("removed cases and rejected records after the retention period");
    assert_eq!(number(&home, "SELECT count(*) FROM cases"), 1);
    // The write-ahead log is emptied with a later scoring.
    let data = home.path("data");
    wait_to_equal("files with a removed case", &Vec::<String>::new(), || {
        files_with(&data, OLD)
    });
    daemon.stop();
    assert_eq!(files_with(&data, OLD), [""; 0]);

    let daemon = home.start();
    wait_to_equal("figures after a restart", &outcome(&keeps), || {
        outcome(&daemon)
    });
    // A catalog that says the same in another text causes a recount.
    daemon.stop();
    home.write("catalog.yaml", format!("{CATALOG}# The same.\n"));
    let daemon = home.start();
    daemon.wait_for_log("removed cases keep the classification");
    wait_to_equal("figures after a recount", &outcome(&keeps), || {
        outcome(&daemon)
    });

    let explained = |home: &Home| json_of(&home.run(&["explain", "tickets", "--format", "json"]));
    let (removed, kept) = (explained(&home), explained(&reference));
    assert_eq!(removed["score"]["counts"], kept["score"]["counts"]);
    assert_eq!(
        (&removed["cases_removed"], &kept["cases_removed"]),
        (&CASES.into(), &0.into())
    );
    assert_eq!(removed["cases"].as_array().unwrap().len(), 0);
    let text = home.run(&["explain", "tickets"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(
        text.contains("1,300 of the cases behind this score were removed"),
        "{text}"
    );
    daemon.stop();
    keeps.stop();
}

#[test]
fn late_event_of_a_removed_case_is_a_duplicate_or_rejected() {
    let home = home(RETENTION);
    home.write("log.ndjson", old_case(7) + &new_case("NEW-1"));
    let daemon = home.start();
    daemon.wait_for_metric(REMOVED, 1.0);
    let before = outcome(&daemon);
    home.append("log.ndjson", old_case(7));
    daemon.wait_for_metric(r#"toleranced_ingest_duplicates_total{source="log"}"#, 2.0);
    assert_eq!(daemon.metrics().get(REJECTED), 0.0);
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let later = line(&format!("{OLD}-00007"), "reopen", &now, "");
    home.append("log.ndjson", later);
    daemon.wait_for_metric(REJECTED, 1.0);
    let listed = home.run(&["quarantine", "list"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("case_removed"), "{listed}");
    assert!(
        listed.contains("removed after the retention period"),
        "{listed}"
    );
    assert_eq!(outcome(&daemon).1, before.1, "nothing is counted of it");
    daemon.stop();
}

#[test]
fn removal_interrupted_by_kills_removes_each_case_once() {
    const CASES: usize = 6_000;
    let home = home("");
    home.write("log.ndjson", (0..CASES).map(old_case).collect::<String>());
    let daemon = home.start();
    daemon.wait_for_records(2 * CASES);
    wait_until("scored", || {
        let figures = daemon.figures();
        (figures.get("tickets")?["cases"].as_f64()? == CASES as f64).then_some(())
    });
    let expected = outcome(&daemon);
    daemon.stop();
    configure(&home, RETENTION);
    let removed = || number(&home, "SELECT count(*) FROM removed_cases");
    let kept = || number(&home, "SELECT count(*) FROM cases");
    let (mut dice, mut halves) = (Dice(5), 0);
    for _ in 0..4 {
        let before = removed();
        let mut daemon = home.start();
        let more = before + 1 + dice.below(600) as i64;
        wait_until("some are removed", || {
            (removed() >= more.min(CASES as i64)).then_some(())
        });
        daemon.kill();
        assert_eq!(removed() + kept(), CASES as i64);
        halves += usize::from(kept() > 0);
    }
    assert!(halves > 0, "no kill came in the middle of the removal");
    let daemon = home.start();
    daemon.wait_for_metric(REMOVED, CASES as f64);
    assert_eq!((removed(), kept()), (CASES as i64, 0));
    assert_eq!(daemon.metrics().get(REMOVED), CASES as f64);
    wait_to_equal("figures", &expected, || outcome(&daemon));
    daemon.stop();
    assert_eq!(files_with(&home.path("data"), OLD), [""; 0]);
}

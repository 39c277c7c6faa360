//! The last line of a log that has no line end: read after `flush_after`, and counted once, also if its rest comes later.

use crate::support::formats::gz;
use crate::support::tickets::line;
use crate::support::{Daemon, Home, wait_to_equal, wait_until};
use serde_json::Value;

const IN_EVENTS: &str = r#"toleranced_ingest_events_total{source="in"}"#;
const UNFINISHED: &str = r#"toleranced_ingest_quarantined_total{source="in",reason="unfinished"}"#;
const RECORDS: &str = r#"toleranced_ingest_records_total{source="in"}"#;
const BACKLOG: &str = r#"toleranced_source_backlog_bytes{source="in"}"#;

/// A source that reads two logs.
fn home() -> Home {
    Home::new("[{name: in, paths: ['*.ndjson'], mapping: map.yaml, flush_after: 200ms}]")
}

/// A line with its line end, of a case of its own.
fn event(case: &str) -> String {
    line(case, case, "open", 0, "")
}

/// The first bytes of a line, which are no event.
fn torn(case: &str) -> String {
    event(case)[..60].to_owned()
}

fn rest(case: &str) -> String {
    event(case)[60..].to_owned()
}

/// Reasons and places of all records in the quarantine.
fn quarantine(home: &Home) -> Vec<(String, i64)> {
    let database = rusqlite::Connection::open(home.path("data/toleranced.db")).unwrap();
    let mut query = database
        .prepare("SELECT reason, place FROM quarantine ORDER BY id")
        .unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

/// Lost records of the source, as the daemon counts them against scores.
fn lost(daemon: &Daemon) -> Value {
    daemon.json("/api/v1/ingest")["sources"][0]["lost_in_window"].clone()
}

/// Waits until an unfinished line of another file was read. The source reads its files in the order in which it found them, so
/// everything that was there before was looked at.
fn wait_for_another_file(home: &Home, daemon: &Daemon, name: &str, unfinished: f64) {
    home.write(&format!("{name}.ndjson"), torn(name));
    let metrics = daemon.wait_for_metric(UNFINISHED, unfinished);
    assert_eq!(metrics.get(UNFINISHED), unfinished);
}

#[test]
fn complete_record_without_line_end_is_an_event_and_its_line_end_is_no_record() {
    for is_there_at_start in [true, false] {
        let home = home();
        let text = event("A") + event("B").trim_end();
        if is_there_at_start {
            home.write("a.ndjson", &text);
        }
        let daemon = home.start();
        if !is_there_at_start {
            home.append("a.ndjson", &text[..event("A").len()]);
            daemon.wait_for_metric(IN_EVENTS, 1.0);
            home.append("a.ndjson", &text[event("A").len()..]);
        }
        daemon.wait_for_metric(IN_EVENTS, 2.0);
        home.append("a.ndjson", format!("\n{}", event("C")));
        let metrics = daemon.wait_for_metric(IN_EVENTS, 3.0);
        assert_eq!(metrics.get(RECORDS), 3.0);
        assert_eq!(metrics.sum("toleranced_ingest_quarantined_total"), 0.0);
        assert_eq!(metrics.sum("toleranced_ingest_duplicates_total"), 0.0);
        daemon.stop();
    }
}

#[test]
fn torn_line_is_rejected_once_and_its_full_line_is_one_event() {
    for start in ["", &event("A")] {
        let home = home();
        home.write("a.ndjson", start.to_owned() + &torn("B"));
        let daemon = home.start();
        daemon.wait_for_metric(UNFINISHED, 1.0);
        wait_to_equal("unread bytes", &0.0, || daemon.metrics().get(BACKLOG));
        let place = start.len() as i64;
        wait_to_equal(
            "the quarantine",
            &vec![("unfinished".to_owned(), place)],
            || quarantine(&home),
        );
        wait_to_equal("lost records", &Value::from(1), || lost(&daemon));
        // A part of the rest: still the same record.
        let (more, end) = (rest("B")[..10].to_owned(), rest("B")[10..].to_owned());
        home.append("a.ndjson", more);
        wait_for_another_file(&home, &daemon, "b", 2.0);
        home.append("a.ndjson", end + &event("C"));
        let events = start.lines().count() as f64 + 2.0;
        let metrics = daemon.wait_for_metric(IN_EVENTS, events);
        assert_eq!(metrics.get(IN_EVENTS), events);
        // The torn line of the other file is one, too.
        assert_eq!(metrics.get(RECORDS), events + 1.0);
        assert_eq!(metrics.get(UNFINISHED), 2.0);
        wait_to_equal("lost records", &Value::from(1), || lost(&daemon));
        assert_eq!(quarantine(&home), [("unfinished".to_owned(), 0)]);
        daemon.stop();
    }
}

#[test]
fn torn_line_is_rejected_once_over_restarts() {
    for start in ["", &event("A")] {
        let home = home();
        home.write("a.ndjson", start.to_owned() + &torn("B"));
        let daemon = home.start();
        daemon.wait_for_metric(UNFINISHED, 1.0);
        daemon.stop();
        let mut daemon = home.start();
        wait_for_another_file(&home, &daemon, "b", 2.0);
        daemon.kill();
        let daemon = home.start();
        wait_for_another_file(&home, &daemon, "c", 3.0);
        home.append("a.ndjson", rest("B"));
        let events = start.lines().count() as f64 + 1.0;
        let metrics = daemon.wait_for_metric(IN_EVENTS, events);
        assert_eq!(metrics.get(IN_EVENTS), events);
        assert_eq!(metrics.get(RECORDS), events + 2.0);
        assert_eq!(metrics.get(UNFINISHED), 3.0);
        wait_to_equal("lost records", &Value::from(2), || lost(&daemon));
        daemon.stop();
    }
}

#[test]
fn torn_line_whose_full_line_is_no_event_is_one_rejected_record() {
    let home = home();
    home.write("a.ndjson", event("A") + "this is ");
    let daemon = home.start();
    daemon.wait_for_metric(UNFINISHED, 1.0);
    home.append("a.ndjson", format!("no event\n{}", event("B")));
    let metrics = daemon.wait_for_metric(IN_EVENTS, 2.0);
    assert_eq!(metrics.get(RECORDS), 3.0);
    assert_eq!(metrics.sum("toleranced_ingest_quarantined_total"), 1.0);
    let place = event("A").len() as i64;
    assert_eq!(quarantine(&home), [("malformed".to_owned(), place)]);
    wait_to_equal("lost records", &Value::from(1), || lost(&daemon));
    daemon.stop();
}

#[test]
fn torn_line_that_never_ends_stays_one_lost_record_after_a_rotation() {
    let home = home();
    home.write("a.ndjson", event("A") + &torn("B"));
    let daemon = home.start();
    daemon.wait_for_metric(UNFINISHED, 1.0);
    std::fs::rename(home.path("a.ndjson"), home.path("a.ndjson.1")).unwrap();
    home.write("a.ndjson", event("C"));
    let metrics = daemon.wait_for_metric(IN_EVENTS, 2.0);
    assert_eq!(metrics.sum("toleranced_ingest_quarantined_total"), 1.0);
    wait_to_equal("lost records", &Value::from(1), || lost(&daemon));
    assert_eq!(quarantine(&home).len(), 1);
    daemon.stop();
}

#[test]
fn replay_leaves_a_torn_line_to_its_file() {
    let home = home();
    // Complete, but no event by this mapping.
    home.write(
        "a.ndjson",
        event("A").replace("\"activity\"", "\"step\"").trim_end(),
    );
    let daemon = home.start();
    daemon.wait_for_metric(UNFINISHED, 1.0);
    daemon.stop();
    let mapping = std::fs::read_to_string(home.path("map.yaml")).unwrap();
    home.write(
        "map.yaml",
        mapping.replace("activity: activity", "activity: step"),
    );
    let out = home.run(&["quarantine", "replay"]);
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    let daemon = home.start();
    let metrics = daemon.wait_for_metric(IN_EVENTS, 1.0);
    assert_eq!(metrics.get(IN_EVENTS), 1.0);
    wait_until("an empty quarantine", || {
        quarantine(&home).is_empty().then_some(())
    });
    wait_to_equal("lost records", &Value::from(0), || lost(&daemon));
    daemon.stop();
}

#[test]
fn torn_row_of_a_table_is_rejected_once_and_its_full_row_is_one_event() {
    let home = Home::new("[]");
    home.write(
        "map.yaml",
        "format: csv\nprocess: process\ncase: case\nactivity: activity\ntime: time\n",
    );
    home.configure(
        "[{name: in, paths: [t.csv], mapping: map.yaml, flush_after: 200ms}]",
        "",
    );
    home.write(
        "t.csv",
        "case,process,activity,time\nC1,tickets,open,2026-03",
    );
    let daemon = home.start();
    daemon.wait_for_metric(UNFINISHED, 1.0);
    home.append("t.csv", "-02 10:00:00\n");
    let metrics = daemon.wait_for_metric(IN_EVENTS, 1.0);
    assert_eq!(metrics.get(RECORDS), 1.0);
    wait_until("an empty quarantine", || {
        quarantine(&home).is_empty().then_some(())
    });
    daemon.stop();
}

/// An archive does not grow: its last line is complete, whatever it is.
#[test]
fn last_line_of_an_archive_is_read_at_once() {
    let home = Home::new("[{name: in, paths: ['*.gz'], mapping: map.yaml, flush_after: 1h}]");
    home.write("a.ndjson.gz", gz(&(event("A") + event("B").trim_end())));
    home.write("b.ndjson.gz", gz(&(event("C") + &torn("D"))));
    let daemon = home.start();
    let metrics = daemon.wait_for_metric(RECORDS, 4.0);
    assert_eq!(metrics.get(IN_EVENTS), 3.0);
    let malformed = r#"toleranced_ingest_quarantined_total{source="in",reason="malformed"}"#;
    assert_eq!(metrics.get(malformed), 1.0);
    daemon.stop();
}

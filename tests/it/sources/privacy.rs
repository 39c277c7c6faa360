//! Names of persons are in no file of the data folder, however their records were read, rejected or deleted.

use crate::support::tickets::{MAPPING, line};
use crate::support::{Daemon, Home, texts, wait_to_equal, wait_until};
use std::path::Path;

/// A name that stands in no other text.
const NAME: &str = "Quittenbaum";

const LINES: &str = "application/x-ndjson";

fn mapping() -> String {
    MAPPING.replace(
        "executor: executor\n",
        "executor: { path: assignee, match: [{ regex: '^svc-', value: code }], default: human }\n",
    )
}

/// A line that names a person in mapped and other fields.
fn named(id: &str, case: &str, minute: u32) -> String {
    let more = format!(
        ",\"assignee\":\"{NAME}\",\"note\":\"{NAME} called\",\"watchers\":[{{\"name\":\"{NAME}\"}}]"
    );
    line(id, case, "work", minute, &more)
}

/// Records that become events, and three that do not: two of an unreadable time, and no JSON.
fn log() -> String {
    let good: String = (0..4)
        .map(|nth| named(&format!("g{nth}"), "C1", nth))
        .collect();
    let late = named("r1", "C2", 5).replace("2026-03-02T00:05:00Z", "02.03.2026 00:05");
    let odd = named("r2", "C3", 6).replace("2026-03-02T00:06:00Z", "at noon");
    format!("{good}{late}{odd}{NAME} wrote no JSON\n")
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

fn assert_no_name(home: &Home, daemon: &Daemon) {
    let page = daemon.get("/ingest").1;
    assert!(!page.contains(NAME), "{page}");
    let (shown, _) = texts(&home.run(&["quarantine", "list"]));
    assert!(!shown.contains(NAME), "{shown}");
    assert_eq!(files_with(&home.path("data"), NAME), [""; 0]);
}

#[test]
fn names_in_a_log_are_in_no_file_and_replay_counts_as_if_read_rightly() {
    let corrected = format!("{}time_format: [rfc3339, '%d.%m.%Y %H:%M']\n", mapping());
    for identity in ["event_id: id\n", ""] {
        let reference = Home::tailing();
        reference.write("map.yaml", corrected.replace("event_id: id\n", identity));
        reference.write("log.ndjson", log());
        let right = reference.start();
        right.wait_for_records(7);

        let home = Home::tailing();
        home.write("map.yaml", mapping().replace("event_id: id\n", identity));
        home.write("log.ndjson", log());
        let daemon = home.start();
        daemon.wait_for_records(7);
        assert_no_name(&home, &daemon);
        home.write("map.yaml", corrected.replace("event_id: id\n", identity));
        assert_eq!(daemon.reload().0, 200);
        let (said, _) = texts(&home.run(&["quarantine", "replay"]));
        assert!(said.contains("3 tried again: 1 became events"), "{said}");
        wait_to_equal("figures", &right.figures(), || daemon.figures());
        assert_no_name(&home, &daemon);
        daemon.stop();
        assert_eq!(files_with(&home.path("data"), NAME), [""; 0]);
        right.stop();
    }
}

#[test]
fn bodies_are_deleted_when_they_are_read_and_their_rejected_records_can_be_replayed() {
    let home = Home::new("[{name: soar, type: push, mapping: map.yaml}]");
    home.write("map.yaml", mapping());
    let daemon = home.start();
    let sent = daemon.send("/ingest/soar", LINES, log().as_bytes());
    assert_eq!(sent.0, 202, "{}", sent.1);
    daemon.wait_for_metric(r#"toleranced_ingest_records_total{source="soar"}"#, 7.0);
    let bodies = || {
        std::fs::read_dir(home.path("data/push/soar"))
            .unwrap()
            .count()
    };
    wait_until("the body is deleted", || (bodies() == 0).then_some(()));
    assert_no_name(&home, &daemon);
    let corrected = format!("{}time_format: [rfc3339, '%d.%m.%Y %H:%M']\n", mapping());
    home.write("map.yaml", corrected);
    assert_eq!(daemon.reload().0, 200);
    let (said, _) = texts(&home.run(&["quarantine", "replay"]));
    assert!(said.contains("3 tried again: 1 became events"), "{said}");
    assert_eq!(daemon.metrics().sum("toleranced_ingest_events_total"), 5.0);
    daemon.stop();
}

#[test]
fn raw_records_are_stored_on_request_and_deleted_for_good() {
    let home = Home::tailing();
    let text = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
    home.write("map.yaml", mapping());
    home.write(
        "toleranced.yaml",
        format!("{text}quarantine: {{keep_raw: true}}\n"),
    );
    home.write("log.ndjson", log());
    let daemon = home.start();
    daemon.wait_for_records(7);
    let is_stored = || !files_with(&home.path("data"), NAME).is_empty();
    assert!(is_stored());
    let run = |args: &[&str]| texts(&home.run(args));
    let none = home.run(&["quarantine", "delete"]);
    assert_eq!(none.status.code(), Some(1), "nothing is selected");
    let (said, _) = run(&["quarantine", "delete", "--all", "--dry-run"]);
    assert!(said.contains("3 records would be deleted"), "{said}");
    let (said, _) = run(&["quarantine", "delete", "--reason", "malformed"]);
    assert!(said.contains("1 record deleted"), "{said}");
    assert!(is_stored());
    let (said, _) = run(&["quarantine", "delete", "--older-than", "1d"]);
    assert!(said.contains("0 records deleted"), "{said}");
    // A reader may keep the log from being emptied at first.
    wait_until("no file has the name", || {
        run(&["quarantine", "delete", "--all"]);
        (!is_stored()).then_some(())
    });
    daemon.stop();
}

#[test]
fn raw_records_lose_their_other_fields_when_raw_is_no_longer_asked_for() {
    let home = Home::tailing();
    let text = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
    home.write("map.yaml", mapping());
    home.write(
        "toleranced.yaml",
        format!("{text}quarantine: {{keep_raw: true}}\n"),
    );
    home.write("log.ndjson", log());
    let daemon = home.start();
    daemon.wait_for_records(7);
    daemon.stop();
    assert!(!files_with(&home.path("data"), NAME).is_empty());
    home.write("toleranced.yaml", text);
    let daemon = home.start();
    daemon.stop();
    assert_eq!(files_with(&home.path("data"), NAME), [""; 0]);
}

#[test]
fn secrets_of_the_configuration_are_not_stored() {
    const SECRET: &str = "hooks.example/T0SECRET";
    let home = Home::tailing();
    let text = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
    let hook = format!("reports: {{webhooks: [{{name: w, url: 'https://{SECRET}'}}]}}\n");
    home.write("toleranced.yaml", format!("{text}{hook}"));
    home.write("log.ndjson", log());
    let daemon = home.start();
    daemon.stop();
    assert_eq!(files_with(&home.path("data"), SECRET), [""; 0]);
}

#[test]
fn raw_records_lose_their_other_fields_when_a_reload_turns_raw_off() {
    let home = Home::tailing();
    let text = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
    home.write("map.yaml", mapping());
    let raw = format!("{text}quarantine: {{keep_raw: true}}\n");
    home.write("toleranced.yaml", raw);
    home.write("log.ndjson", log());
    let daemon = home.start();
    daemon.wait_for_records(7);
    let rows = |condition: &str| {
        let db = rusqlite::Connection::open(home.path("data/toleranced.db")).unwrap();
        let sql = format!("SELECT count(*) FROM quarantine WHERE {condition}");
        db.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let named = format!("instr(record, '{NAME}') > 0");
    assert_eq!((rows(&named), rows("is_raw = 1")), (3, 3));
    home.write("toleranced.yaml", text);
    assert_eq!(daemon.reload().0, 200);
    assert_eq!((rows(&named), rows("is_raw = 1"), rows("1")), (0, 0, 3));
    daemon.stop();
    assert_eq!(files_with(&home.path("data"), NAME), [""; 0]);
}

#[test]
fn unread_body_is_deleted_when_it_is_older_than_its_max_age_while_the_daemon_runs() {
    let home = Home::new("[]");
    home.configure(
        "[{name: soar, type: push, mapping: map.yaml}]",
        "push: {max_age: 1d}\n",
    );
    home.write("map.yaml", mapping());
    let daemon = home.start();
    let notice = r#"toleranced_source_notices_total{source="soar",notice="expired"}"#;
    let sent = daemon.send("/ingest/soar", LINES, named("g1", "C1", 1).as_bytes());
    assert_eq!(sent.0, 202, "{}", sent.1);
    daemon.wait_for_metric(r#"toleranced_ingest_records_total{source="soar"}"#, 1.0);
    // As if it had waited for two days.
    home.write("aside", named("g2", "C2", 2));
    home.age("aside", 2 * 24 * 3600);
    let body = home.path("data/push/soar/waiting.ndjson");
    std::fs::rename(home.path("aside"), &body).unwrap();
    daemon.wait_for_metric(notice, 1.0);
    assert!(!body.exists());
    daemon.wait_for_log("deleted a body that was not read");
    let metrics = daemon.metrics();
    assert_eq!(metrics.sum("toleranced_ingest_events_total"), 1.0);
    let db = rusqlite::Connection::open(home.path("data/toleranced.db")).unwrap();
    let gaps = "SELECT sum(gaps) FROM losses";
    let gaps: i64 = db.query_row(gaps, [], |row| row.get(0)).unwrap();
    assert_eq!(gaps, 1);
    drop(db);
    daemon.stop();
    assert_eq!(files_with(&home.path("data"), NAME), [""; 0]);
}

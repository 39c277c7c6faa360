//! A file in which the daemon dies twice is set aside, and everything else goes on.

use crate::support::tickets::{MAPPING, case};
use crate::support::{Daemon, Home, wait_until};
use rusqlite::Connection;
use std::os::unix::fs::PermissionsExt as _;

const LINES: &str = "application/x-ndjson";
const SET_ASIDE: &str = r#"toleranced_source_set_aside_files{source="SOURCE"}"#;
const REJECTED: &str = r#"toleranced_ingest_quarantined_total{source="SOURCE",reason="set_aside"}"#;
const EVENTS: &str = r#"toleranced_ingest_events_total{source="SOURCE"}"#;

fn of(series: &str, source: &str) -> String {
    series.replace("SOURCE", source)
}

/// Nothing can be committed while this is held, so the daemon makes no progress.
fn locked(home: &Home) -> Connection {
    let database = Connection::open(home.path("data/toleranced.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    database
}

/// Waits until an export was begun so many times without progress.
fn wait_for_tries(home: &Home, source: &str, tries: u32) {
    let file = home.path(&format!("data/attempts/{source}.json"));
    wait_until(format!("try {tries} of an export"), || {
        let text = std::fs::read_to_string(&file).ok()?;
        text.contains(&format!("\"tries\":{tries}")).then_some(())
    });
}

/// Dies twice while it reads what `bring` brings.
fn die_twice(home: &Home, source: &str, bring: impl FnOnce(&Daemon)) {
    let mut daemon = home.start();
    daemon.wait_for_next_score();
    let lock = locked(home);
    bring(&daemon);
    wait_for_tries(home, source, 1);
    daemon.kill();
    // It is begun anew before anything else can be committed.
    let mut daemon = home.start();
    wait_for_tries(home, source, 2);
    daemon.kill();
    drop(lock);
}

fn notes(home: &Home, source: &str) -> Vec<std::path::PathBuf> {
    let folder = home.path(&format!("data/set-aside/{source}"));
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Everything that says that a file is set aside, and that good data goes on.
fn check_reports(daemon: &Daemon, source: &str, file: &str, events: f64) {
    daemon.wait_for_metric(&of(REJECTED, source), 1.0);
    let metrics = daemon.wait_for_metric(&of(EVENTS, source), events);
    assert_eq!(metrics.get(&of(SET_ASIDE, source)), 1.0);
    assert_eq!(metrics.get(&of(REJECTED, source)), 1.0);
    daemon.wait_for_log("the daemon died twice while it read this file");
    let page = daemon.get("/ingest").1;
    assert!(page.contains("1 file set aside"), "{page}");
    let named = page.split("<li>").filter(|item| item.contains(file));
    assert!(named.count() > 0, "{file} is not named: {page}");
    assert!(page.contains("set_aside"), "{page}");
}

#[test]
fn body_in_which_the_daemon_dies_twice_is_moved_away_and_others_are_read() {
    let home = Home::new("[{name: soar, type: push, mapping: map.yaml}]");
    let bad = case("bad", 0, "good");
    die_twice(&home, "soar", |daemon| {
        assert_eq!(daemon.send("/ingest/soar", LINES, bad.as_bytes()).0, 202);
    });
    let daemon = home.start();
    let good = case("good", 5, "good");
    assert_eq!(daemon.send("/ingest/soar", LINES, good.as_bytes()).0, 202);
    check_reports(&daemon, "soar", "/set-aside/soar/", 3.0);
    daemon.stop();
    // The body is kept whole, where only the user of the daemon can read it.
    let kept = notes(&home, "soar");
    let is_note = |path: &&std::path::PathBuf| path.extension().unwrap() == "note";
    let (note, body): (Vec<_>, Vec<_>) = kept.iter().partition(is_note);
    assert_eq!((note.len(), body.len()), (1, 1));
    assert_eq!(std::fs::read_to_string(body[0]).unwrap(), bad);
    let folder = std::fs::metadata(home.path("data/set-aside/soar")).unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
    // After its note is deleted, it is read like any other.
    std::fs::remove_file(note[0]).unwrap();
    let again = home
        .path("data/push/soar")
        .join(body[0].file_name().unwrap());
    std::fs::rename(body[0], again).unwrap();
    let daemon = home.start();
    let metrics = daemon.wait_for_metric(&of(EVENTS, "soar"), 6.0);
    assert_eq!(metrics.get(&of(SET_ASIDE, "soar")), 0.0);
    daemon.stop();
}

#[test]
fn export_in_which_the_daemon_dies_twice_stays_and_is_passed_over() {
    let home = Home::dropping(MAPPING);
    die_twice(&home, "in", |_| {
        home.drop_in("bad.ndjson", case("bad", 0, "good"), 3600)
    });
    home.drop_in("good.ndjson", case("good", 5, "good"), 1800);
    let daemon = home.start();
    check_reports(&daemon, "in", "in/bad.ndjson", 3.0);
    daemon.stop();
    assert!(home.path("in/bad.ndjson").exists());
    // It is passed over by its content, and counts once.
    std::fs::rename(home.path("in/bad.ndjson"), home.path("in/other.ndjson")).unwrap();
    let daemon = home.start();
    daemon.wait_for_log("the daemon died twice while it read this file");
    check_reports(&daemon, "in", "in/bad.ndjson", 3.0);
    daemon.stop();
    assert_eq!(notes(&home, "in").len(), 1);
}

#[test]
fn kills_during_an_import_that_makes_progress_set_nothing_aside() {
    let home = Home::dropping(MAPPING);
    let cases: String = (0..40_000)
        .map(|nth| case(&format!("C{nth}"), nth % 50, "good"))
        .collect();
    home.drop_in("long.ndjson", &cases, 3600);
    let mut read = 0.0;
    for _ in 0..4 {
        let mut daemon = home.start();
        // The last of these may find everything read.
        let more = 120_000.0_f64.min(read + 1.0);
        let metrics = daemon.wait_for_metric(&of(EVENTS, "in"), more);
        read = metrics.get(&of(EVENTS, "in"));
        daemon.kill();
    }
    let daemon = home.start();
    let metrics = daemon.wait_for_metric(&of(EVENTS, "in"), 120_000.0);
    assert_eq!(metrics.get(&of(EVENTS, "in")), 120_000.0);
    assert_eq!(metrics.get(&of(SET_ASIDE, "in")), 0.0);
    daemon.stop();
    assert!(!home.path("data/attempts/in.json").exists());
}

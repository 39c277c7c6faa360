//! A file in which the daemon dies twice is set aside, and everything else goes on.

use crate::support::tickets::case;
use crate::support::{Daemon, Home, wait_until};
use rusqlite::Connection;

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
    drop(lock);
    let mut daemon = home.start_locked();
    wait_for_tries(home, source, 2);
    daemon.0.kill();
}

fn notes(home: &Home, source: &str) -> Vec<std::path::PathBuf> {
    let folder = home.path(&format!("data/set-aside/{source}"));
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

//! Damaged rows of the database: each is reported with its consequence and counted, and no record counts twice.

use crate::support::{Daemon, Home, wait_until};
use std::fmt::Write;
use toleranced::internals::{Hour, Store};

/// Without ids: an event is identified by its place and its content.
const PLAIN: &str = "process: { const: desk }\ncase: case\nactivity: activity\ntime: time\n";

/// Lines of a log, every hundredth of which is not an event.
fn log(lines: std::ops::Range<usize>) -> String {
    let mut text = String::new();
    for nth in lines {
        let _ = match nth % 100 {
            99 => writeln!(text, "not JSON, line {}", nth % 1_000),
            _ => writeln!(
                text,
                "{{\"case\":\"C{}\",\"activity\":\"step {}\",\"time\":{}}}",
                nth / 7,
                nth % 3,
                1_772_400_000 + nth
            ),
        };
    }
    text
}

fn damage_positions(home: &Home) -> usize {
    let database = rusqlite::Connection::open(home.path("data/toleranced.db")).unwrap();
    let sql = "UPDATE files SET state = substr(state, 2)";
    database.execute(sql, []).unwrap()
}

/// Records in the quarantine, and records that are lost.
fn rejected(home: &Home) -> (i64, i64) {
    let Ok(store) = Store::open_to_read(&home.path("data")) else {
        return (0, 0);
    };
    let counts = store.quarantine_counts().unwrap_or_default();
    let losses = store
        .losses_between(Hour::MIN, Hour::MAX)
        .unwrap_or_default();
    (
        counts.iter().map(|(_, _, count)| count).sum(),
        losses.iter().map(|(_, loss)| loss.lost).sum(),
    )
}

const DAMAGED_POSITIONS: &str = "toleranced_store_damaged_rows_total{table=\"files\"}";

/// Damages the position of a file while it is read, again and again. Nothing is counted twice, and nothing is missing.
fn assert_all_counts_once(home: &Home, lines: usize, kills: usize) -> Daemon {
    let (mut damaged, mut last) = (0, 0);
    for _ in 0..kills {
        let before = rejected(home).0;
        let mut daemon = home.start();
        // A kill before the first commit would forget what was found damaged.
        daemon.wait_for_metric(DAMAGED_POSITIONS, damaged as f64);
        wait_until("more of it, or the end", || {
            let end = daemon.metrics().sum("toleranced_ingest_events_total") as usize;
            (rejected(home).0 > before || end == lines - lines / 100).then_some(())
        });
        daemon.kill();
        last = damage_positions(home);
        damaged += last;
    }
    assert!(damaged > 0, "there was no position to damage");
    let daemon = home.start();
    daemon.wait_for_metric(DAMAGED_POSITIONS, damaged as f64);
    // An export that was read to its end has no position any more.
    if last > 0 {
        daemon.wait_for_log("read again from its start");
    }
    daemon
}

#[test]
fn a_log_whose_position_is_damaged_is_read_again_and_counts_once() {
    let lines = 20_000;
    let home = Home::tailing();
    home.write("map.yaml", PLAIN);
    home.write("log.ndjson", log(0..lines));
    let daemon = assert_all_counts_once(&home, lines, 3);
    let events = "toleranced_ingest_events_total{source=\"log\"}";
    home.append("log.ndjson", log(lines..lines + 100));
    let good = (lines + 100) * 99 / 100;
    let metrics = daemon.wait_for_metric(events, good as f64);
    assert_eq!(metrics.get(events), good as f64);
    let bad = lines as i64 / 100 + 1;
    wait_until("the last reject", || {
        (rejected(&home).0 >= bad).then_some(())
    });
    assert_eq!(rejected(&home), (bad, bad));
    let quarantined = metrics.sum("toleranced_ingest_quarantined_total");
    assert!(quarantined <= bad as f64, "{quarantined}");
    assert!(metrics.sum("toleranced_ingest_duplicates_total") > 0.0);
    let damaged = metrics.sum("toleranced_store_damaged_rows_total");
    daemon.stop();
    // The damage is repaired: the next start goes on where this one ended.
    let daemon = home.start();
    daemon.wait_for_metric("toleranced_source_up{source=\"log\"}", 1.0);
    let metrics = daemon.wait_for_metric(DAMAGED_POSITIONS, damaged);
    assert_eq!(metrics.sum("toleranced_store_damaged_rows_total"), damaged);
    daemon.stop();
}

#[test]
fn an_export_whose_position_is_damaged_is_read_again_and_counts_once() {
    for identity in ["content", "position"] {
        let lines = 60_000;
        let home = Home::dropping(&format!("format: ndjson\nidentity: {identity}\n{PLAIN}"));
        home.drop_in("large.ndjson", log(0..lines), 60);
        let daemon = assert_all_counts_once(&home, lines, 3);
        let read = "toleranced_source_notices_total{source=\"in\",notice=\"export_read\"}";
        let metrics = daemon.wait_for_metric(read, 1.0);
        let events = metrics.sum("toleranced_ingest_events_total") as usize;
        assert_eq!(events, lines - lines / 100, "{identity}");
        let (_, lost) = rejected(&home);
        assert_eq!(lost, lines as i64 / 100, "{identity}");
        daemon.stop();
    }
}

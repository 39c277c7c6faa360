//! SIGTERM commits what was read and waits for nobody.

use super::{home, wait_for_deviation};
use crate::support::tickets::line;
use crate::support::wait_until;
use std::io::Write as _;
use std::net::TcpStream;

#[test]
fn sigterm_commits_what_was_read_and_a_restart_does_not_read_it_again() {
    let home = home();
    // Nothing is committed by time or number.
    let config = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
    let config = config
        .replace(
            "interval: 20ms, events: 500",
            "interval: 1h, events: 1000000",
        )
        .replace("every: 200ms", "every: 1h");
    home.write("toleranced.yaml", config);
    let daemon = home.start();
    let backlog = r#"toleranced_source_backlog_bytes{source="log"}"#;
    wait_until("the file to be read", || {
        let metrics = daemon.metrics();
        let files = metrics.get(r#"toleranced_source_files{source="log"}"#);
        (files == 1.0 && metrics.get(backlog) == 0.0).then_some(())
    });
    assert_eq!(daemon.metrics().sum("toleranced_ingest_records_total"), 0.0);
    let log = daemon.stop();
    assert!(log.contains("stopping"), "{log}");
    let daemon = home.start();
    let metrics = daemon.wait_for_records(30);
    assert_eq!(metrics.sum("toleranced_ingest_events_total"), 30.0);
    assert_eq!(metrics.sum("toleranced_ingest_duplicates_total"), 0.0);
    wait_for_deviation(&daemon, 0.3);
    daemon.stop();
}

#[test]
fn sigterm_in_the_middle_of_a_backlog_ends_soon_and_loses_nothing() {
    let home = home();
    let many: String = (0..20_000)
        .map(|nth| {
            line(
                &format!("e{nth}"),
                &format!("M{}", nth / 8),
                "work",
                nth / 8 % 1000,
                "",
            )
        })
        .collect();
    home.append("log.ndjson", &many);
    for _ in 0..4 {
        home.start().stop();
    }
    let daemon = home.start();
    let metrics = daemon.wait_for_records(20_030);
    assert_eq!(metrics.sum("toleranced_ingest_events_total"), 20_030.0);
    assert_eq!(metrics.sum("toleranced_ingest_duplicates_total"), 0.0);
    daemon.stop();
}

#[test]
fn sigterm_does_not_wait_for_clients_that_never_finish() {
    let home = home();
    let daemon = home.start();
    let mut half = TcpStream::connect(daemon.address()).unwrap();
    half.write_all(b"GET /metrics HT").unwrap();
    let idle = TcpStream::connect(daemon.address()).unwrap();
    daemon.wait_for_records(30);
    daemon.stop();
    drop((half, idle));
}

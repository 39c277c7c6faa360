//! Events that are sent: on the disk before they are answered for, read once, kept within bounds.

mod common;

use common::{Home, case, wait_for};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::net::TcpStream;

const LINES: &str = "application/x-ndjson";
const EVENTS: &str = r#"toleranced_ingest_events_total{source="soar"}"#;

fn home() -> Home {
    Home::new("[{name: soar, type: push, mapping: map.yaml}]")
}

fn cases(numbers: std::ops::Range<u32>) -> String {
    numbers
        .map(|nth| case(&format!("C{nth}"), nth % 50, "good"))
        .collect()
}

/// Names of what is kept of what was sent.
fn kept(home: &Home) -> Vec<String> {
    let entries = std::fs::read_dir(home.path("data/push/soar")).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn what_is_sent_counts_once_plain_or_compressed() {
    let home = home();
    let daemon = home.start();
    let first = cases(0..20);
    let (status, body) = daemon.send("/ingest/soar", LINES, first.as_bytes());
    assert_eq!(status, 202, "{body}");
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&body).unwrap()["bytes"],
        first.len()
    );
    // Again, because the answer got lost.
    assert_eq!(daemon.send("/ingest/soar", LINES, first.as_bytes()).0, 202);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed
        .write_all((cases(15..30) + "no event\n").as_bytes())
        .unwrap();
    let packed = packed.finish().unwrap();
    assert_eq!(
        daemon
            .send("/ingest/soar", "application/octet-stream", &packed)
            .0,
        202
    );
    let events = first.lines().count() as f64 * 1.5;
    let metrics = daemon.wait_for_metric(EVENTS, events);
    assert_eq!(metrics.get(EVENTS), events);
    assert_eq!(metrics.sum("toleranced_ingest_quarantined_total"), 1.0);
    daemon.stop();
}

#[test]
fn what_was_accepted_survives_a_kill() {
    let home = home();
    let mut daemon = home.start();
    for nth in 0..20 {
        let body = cases(10 * nth..10 * nth + 10);
        assert_eq!(daemon.send("/ingest/soar", LINES, body.as_bytes()).0, 202);
    }
    daemon.kill();
    let events = cases(0..200).lines().count() as f64;
    let daemon = home.start();
    assert_eq!(daemon.wait_for_metric(EVENTS, events).get(EVENTS), events);
}

#[test]
fn what_can_not_be_taken_is_refused_and_leaves_nothing_behind() {
    let home = Home::new(
        "[{name: soar, type: push, mapping: map.yaml}, {name: log, paths: [x.log], mapping: map.yaml}]",
    );
    let daemon = home.start();
    for (path, status) in [
        ("/ingest/nobody", 404),
        ("/ingest/log", 404),
        ("/ingest/..%2fsoar", 404),
        ("/ingest/soar", 400),
    ] {
        let (answer, body) = daemon.send(path, LINES, b"");
        assert_eq!(answer, status, "{path}: {body}");
        assert!(body.ends_with('\n') && body.len() > 20, "{body}");
    }
    // It says how much is coming, and ends early.
    let mut half = TcpStream::connect(daemon.address()).unwrap();
    half.write_all(
        b"POST /ingest/soar HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{\"half\":",
    )
    .unwrap();
    wait_for("the part", || (kept(&home).len() == 1).then_some(()));
    drop(half);
    wait_for("nothing", || kept(&home).is_empty().then_some(()));
    // Longer than a body may be.
    let long = vec![b'x'; (64 << 20) + 1];
    assert_eq!(daemon.send("/ingest/soar", LINES, &long).0, 413);
    wait_for("nothing", || kept(&home).is_empty().then_some(()));
    daemon.stop();
}

#[test]
fn of_what_was_read_the_last_thousand_are_kept() {
    let home = home();
    std::fs::create_dir_all(home.path("data/push/soar")).unwrap();
    for nth in 0..1200 {
        home.write(
            &format!("data/push/soar/{nth:05}.ndjson"),
            case(&format!("C{nth}"), nth % 50, "good"),
        );
    }
    let daemon = home.start();
    let each = case("C", 0, "good").lines().count() as f64;
    daemon.wait_for_metric(EVENTS, 1200.0 * each);
    wait_for("a thousand", || (kept(&home).len() == 1000).then_some(()));
    let oldest = kept(&home).into_iter().min().unwrap();
    assert_eq!(oldest, "00200.ndjson");
    // What is gone is forgotten, and recognised all the same.
    let first = case("C0", 0, "good");
    assert_eq!(daemon.send("/ingest/soar", LINES, first.as_bytes()).0, 202);
    let metrics =
        daemon.wait_for_metric("toleranced_ingest_duplicates_total{source=\"soar\"}", each);
    assert_eq!(metrics.get(EVENTS), 1200.0 * each);
    daemon.stop();
}

#[test]
fn a_source_that_is_sent_its_events_has_no_paths() {
    let home = Home::new("[{name: soar, type: push, paths: [x], mapping: map.yaml}]");
    let out = home.run(&["check"]);
    let said =
        String::from_utf8_lossy(&out.stderr).into_owned() + &String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(
        said.contains("`paths`: source `soar` is sent what it reads"),
        "{said}"
    );
}

//! Events that are sent: on the disk before they are answered for, read once, kept within bounds.

use crate::support::formats::gz;
use crate::support::tickets::case;
use crate::support::{Daemon, Home, wait_until};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

const LINES: &str = "application/x-ndjson";

const EVENTS: &str = r#"toleranced_ingest_events_total{source="soar"}"#;

const UP: &str = r#"toleranced_source_up{source="soar"}"#;

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
    let packed = gz(cases(15..30) + "no event\n");
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
    wait_until("the part", || (kept(&home).len() == 1).then_some(()));
    drop(half);
    wait_until("nothing", || kept(&home).is_empty().then_some(()));
    // Longer than a body may be.
    let long = vec![b'x'; (64 << 20) + 1];
    assert_eq!(daemon.send("/ingest/soar", LINES, &long).0, 413);
    wait_until("nothing", || kept(&home).is_empty().then_some(()));
    daemon.stop();
}

#[test]
fn bodies_that_were_read_are_deleted_and_their_events_recognised() {
    let home = home();
    std::fs::create_dir_all(home.path("data/push/soar")).unwrap();
    for nth in 0..100 {
        home.write(
            &format!("data/push/soar/{nth:05}.ndjson"),
            case(&format!("C{nth}"), nth % 50, "good"),
        );
    }
    let daemon = home.start();
    let each = case("C", 0, "good").lines().count() as f64;
    daemon.wait_for_metric(EVENTS, 100.0 * each);
    wait_until("nothing", || kept(&home).is_empty().then_some(()));
    // What is gone is forgotten, and recognised all the same.
    let first = case("C0", 0, "good");
    assert_eq!(daemon.send("/ingest/soar", LINES, first.as_bytes()).0, 202);
    let metrics =
        daemon.wait_for_metric("toleranced_ingest_duplicates_total{source=\"soar\"}", each);
    assert_eq!(metrics.get(EVENTS), 100.0 * each);
    daemon.stop();
}

#[test]
fn a_folder_that_can_not_be_made_is_tried_again_until_it_can() {
    let home = home();
    home.write("data/push", "a file where the folder should be");
    let daemon = home.start();
    wait_until("the reason", || {
        let sources = daemon.json("/api/v1/sources");
        let trouble = sources["sources"][0]["trouble"].as_str()?;
        trouble.contains("push").then_some(())
    });
    let body = case("A", 0, "good");
    assert_eq!(daemon.send("/ingest/soar", LINES, body.as_bytes()).0, 507);
    std::fs::remove_file(home.path("data/push")).unwrap();
    daemon.wait_for_metric(UP, 1.0);
    assert_eq!(daemon.send("/ingest/soar", LINES, body.as_bytes()).0, 202);
    let events = body.lines().count() as f64;
    assert_eq!(daemon.wait_for_metric(EVENTS, events).get(EVENTS), events);
    daemon.stop();
}

/// The beginning of a request with a body of so many bytes.
fn head(bytes: usize) -> Vec<u8> {
    let head =
        format!("POST /ingest/soar HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {bytes}\r\n\r\n");
    head.into_bytes()
}

/// Sends so many bytes at once; gives the status. A refusal may come before the body was read.
fn status_of(daemon: &Daemon, bytes: usize) -> u16 {
    let mut request = head(bytes);
    request.resize(request.len() + bytes, b'x');
    let mut stream = TcpStream::connect(daemon.address()).unwrap();
    stream.write_all(&request).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    let answer = std::str::from_utf8(&answer).unwrap();
    answer["HTTP/1.1 ".len()..].parse().unwrap()
}

#[test]
fn what_would_wait_beyond_the_limit_is_refused_though_nobody_looks_at_what_waits() {
    let home = home();
    let daemon = home.start();
    daemon.wait_for_metric(UP, 1.0);
    // Nothing can be committed, so nobody takes what is read: reading stands still within a body of several mebibytes.
    let database = rusqlite::Connection::open(home.path("data/toleranced.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let long = cases(0..30_000);
    home.write("data/ready/1.ndjson", &long);
    home.age("data/ready/1.ndjson", 60);
    // Room is left for ten thousand bytes. (It is all hole, and takes no room on the disk.)
    let waiting = (1 << 30) - 10_000;
    let hole = File::create(home.path("data/ready/2.ndjson")).unwrap();
    hole.set_len(waiting - long.len() as u64).unwrap();
    // Both come at once.
    std::fs::rename(home.path("data/ready"), home.path("data/push/soar")).unwrap();
    let backlog = r#"toleranced_source_backlog_bytes{source="soar"}"#;
    daemon.wait_for_metric(backlog, waiting as f64);
    // What is on its way has its room.
    let mut half = TcpStream::connect(daemon.address()).unwrap();
    half.write_all(&[head(6000), vec![b'x'; 100]].concat())
        .unwrap();
    wait_until("the part", || (kept(&home).len() == 3).then_some(()));
    assert_eq!(status_of(&daemon, 5000), 503);
    assert_eq!(status_of(&daemon, 4000), 202);
    drop(half);
    wait_until("room", || (status_of(&daemon, 5000) == 202).then_some(()));
    // Nine thousand were accepted since anybody looked.
    assert_eq!(status_of(&daemon, 2000), 503);
    assert_eq!(kept(&home).len(), 4);
    assert_eq!(daemon.metrics().get(backlog), waiting as f64);
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

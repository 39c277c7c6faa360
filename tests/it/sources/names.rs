//! A source brings more different names than it may: other processes keep theirs, and who exceeds a limit is named.

use crate::support::{Daemon, Home, TAILED, wait_until};
use std::fmt::Write;

const FOLDED: &str = r#"toleranced_names_folded_total{source="log",process="flood"}"#;

/// Cases of a process with one activity each, named by a function.
fn cases(
    process: &str,
    numbers: std::ops::Range<usize>,
    activity: impl Fn(usize) -> String,
) -> String {
    let mut text = String::new();
    for nth in numbers {
        let time = 1_772_400_000 + nth;
        let activity = activity(nth);
        writeln!(
            text,
            "{{\"id\":\"{process}{nth}\",\"process\":\"{process}\",\"case\":\"{process}{nth}\",\"activity\":\"{activity}\",\"time\":{time},\
             \"lifecycle\":\"end\",\"outcome\":\"done\"}}"
        )
        .unwrap();
    }
    text
}

fn block(nth: usize) -> String {
    format!("block 10.0.{}.{}", nth / 200, nth % 200)
}

fn processes(daemon: &Daemon) -> Vec<String> {
    daemon.figures().keys().cloned().collect()
}

/// Whether the database has a name.
fn has_name(home: &Home, name: &str) -> bool {
    let database = rusqlite::Connection::open(home.path("data/toleranced.db")).unwrap();
    let sql = "SELECT count(*) FROM names WHERE text = ?1";
    let count: i64 = database.query_row(sql, [name], |row| row.get(0)).unwrap();
    count > 0
}

#[test]
fn process_keeps_its_names_though_another_one_has_used_up_all() {
    let home = Home::new("[]");
    home.configure(TAILED, "limits: {names: 100}\n");
    home.write("log.ndjson", cases("flood", 0..300, block));
    let daemon = home.start();
    daemon.wait_for_records(300);
    home.append(
        "log.ndjson",
        cases("calm", 0..10, |nth| format!("step {}", nth % 5)),
    );
    daemon.wait_for_records(310);
    wait_until("the process `calm`", || {
        processes(&daemon)
            .contains(&"calm".to_owned())
            .then_some(())
    });
    assert!(has_name(&home, "step 4"));
    daemon.stop();
}

#[test]
fn process_that_exceeds_its_limit_is_named_and_recovers_with_the_suggested_match() {
    let home = Home::new("[]");
    home.configure(TAILED, "limits: {process_names: 100}\n");
    home.write("log.ndjson", cases("flood", 0..300, block));
    let daemon = home.start();
    daemon.wait_for_records(300);
    // Its outcome is one of its names.
    assert_eq!(daemon.metrics().get(FOLDED), 201.0);
    daemon.wait_for_log("limits.process_names");
    assert!(daemon.log().contains("flood"));
    let names = daemon.json("/api/v1/ingest")["names"].clone();
    assert_eq!(names[0]["process"], "flood", "{names}");
    assert_eq!(names[0]["source"], "log", "{names}");
    assert_eq!(names[0]["limit"], "limits.process_names", "{names}");
    let suggestion = names[0]["match"].as_str().unwrap().to_owned();
    let page = daemon.get("/ingest").1;
    assert!(
        page.contains("flood") && page.contains("block &lt;ip&gt;"),
        "{page}"
    );
    assert!(daemon.get("/").1.contains("limits.process_names"));
    // Another process is not affected, and neither is a name that is known.
    home.append(
        "log.ndjson",
        cases("calm", 0..150, |nth| format!("step {nth}")),
    );
    home.append(
        "log.ndjson",
        cases("flood", 300..310, |_| "block 10.0.0.1".to_owned()),
    );
    daemon.wait_for_records(460);
    assert!(has_name(&home, "step 90"));
    assert_eq!(daemon.metrics().get(FOLDED), 201.0);
    // With the suggestion the addresses are one name.
    let map = std::fs::read_to_string(home.path("map.yaml")).unwrap();
    let field = format!("activity:\n  path: activity\n{suggestion}\n");
    home.write("map.yaml", map.replace("activity: activity\n", &field));
    let (status, said) = daemon.reload();
    assert_eq!(status, 200, "{said}");
    home.append("log.ndjson", cases("flood", 310..600, block));
    home.append(
        "log.ndjson",
        cases("flood", 600..601, |_| "close ticket".to_owned()),
    );
    daemon.wait_for_records(751);
    assert_eq!(daemon.metrics().get(FOLDED), 201.0);
    for name in ["block <ip>", "close ticket"] {
        assert!(has_name(&home, name), "{name}");
    }
    let names = daemon.json("/api/v1/ingest")["names"].clone();
    assert_eq!(names.as_array().map(Vec::len), Some(0), "{names}");
    daemon.stop();
}

#[test]
fn names_that_are_used_up_are_known_after_a_restart() {
    let home = Home::new("[]");
    home.configure(TAILED, "limits: {process_names: 100, source_names: 120}\n");
    home.write("log.ndjson", cases("flood", 0..90, block));
    let daemon = home.start();
    daemon.wait_for_records(90);
    daemon.stop();
    let daemon = home.start();
    home.append("log.ndjson", cases("flood", 90..200, block));
    daemon.wait_for_records(200);
    assert_eq!(daemon.metrics().get(FOLDED), 101.0);
    daemon.stop();
}

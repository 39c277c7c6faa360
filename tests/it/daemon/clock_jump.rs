//! The clock of the system jumps: scores go on by the time that has passed, and the jump is reported.

use super::declared_home;
use crate::support::{BINARY, Daemon, Home, wait_until};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const JUMP: &str = "toleranced_clock_jump_seconds";

/// The library that fakes the clock of a program; `None` without it.
fn library() -> Option<PathBuf> {
    let places = [
        "/usr/lib",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib64",
    ];
    let files = places
        .iter()
        .map(|place| Path::new(place).join("faketime/libfaketimeMT.so.1"));
    let found = files.into_iter().find(|file| file.exists());
    if found.is_none() {
        println!("skipped: no libfaketime");
    }
    found
}

/// A daemon whose wall clock is off by what the file `offset` says. Its other clocks are right.
fn start(home: &Home, library: &Path) -> Daemon {
    let mut command = Command::new(BINARY);
    command
        .args(["run", "--config"])
        .arg(home.path("toleranced.yaml"))
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", home.path("offset"))
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("NO_FAKE_STAT", "1");
    let daemon = Daemon::spawn(&mut command);
    daemon.address();
    daemon
}

fn set_clock(home: &Home, offset: &str) {
    home.write("aside", offset);
    fs::rename(home.path("aside"), home.path("offset")).unwrap();
}

/// Ten cases of the last hours, of which three failed.
fn recent_cases() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.unwrap().as_secs();
    let case = |nth: u64| {
        let (opened, outcome) = (
            now - 20_000 + nth * 60,
            if nth < 3 { "failed" } else { "done" },
        );
        format!(
            "{{\"id\":\"a{nth}\",\"process\":\"tickets\",\"case\":\"R{nth}\",\"activity\":\"open\",\"time\":{opened}}}\n\
             {{\"id\":\"b{nth}\",\"process\":\"tickets\",\"case\":\"R{nth}\",\"activity\":\"close\",\"lifecycle\":\"end\",\"time\":{},\"outcome\":\"{outcome}\"}}\n",
            opened + 30
        )
    };
    (0..10).map(case).collect()
}

fn cases(daemon: &Daemon) -> Option<i64> {
    daemon.figures().get("tickets")?["cases"].as_i64()
}

/// Rows of the ledger, and those of the future.
fn ledger(home: &Home) -> (i64, i64) {
    let database = rusqlite::Connection::open(home.path("data/toleranced.db")).unwrap();
    let now = "CAST(strftime('%s', 'now') AS INTEGER) * 1000000";
    let sql = format!("SELECT count(*), coalesce(sum(at > {now} + 60000000), 0) FROM ledger");
    let row = |row: &rusqlite::Row| Ok((row.get(0)?, row.get(1)?));
    database.query_row(&sql, [], row).unwrap()
}

#[test]
fn scores_stay_while_the_clock_has_jumped_forward_and_the_jump_is_reported() {
    let Some(library) = library() else {
        return;
    };
    let home = declared_home();
    let config = fs::read_to_string(home.path("toleranced.yaml")).unwrap();
    home.write(
        "toleranced.yaml",
        config.replace("window: all", "window: 90d"),
    );
    home.write("log.ndjson", recent_cases());
    set_clock(&home, "+0s");
    let daemon = start(&home, &library);
    daemon.wait_for_records(20);
    wait_until("ten cases", || (cases(&daemon) == Some(10)).then_some(()));
    let before = ledger(&home);
    assert_eq!(before.1, 0);
    set_clock(&home, "+400d");
    let why = wait_until("not ready", || match daemon.get("/-/ready") {
        (503, why) => Some(why),
        _ => None,
    });
    for words in ["clock", "forward", "1 year", "restart"] {
        assert!(why.contains(words), "{words}: {why}");
    }
    daemon.wait_for_log("the clock of the system has jumped");
    let metrics = daemon.wait_for_metric(JUMP, 399.0 * 86_400.0);
    assert_eq!(metrics.get("toleranced_clock_jumps_total"), 1.0);
    assert_eq!(daemon.get("/-/healthy").0, 200);
    assert!(daemon.get("/").1.contains("clock of the system"));
    // Scored twice at least since then.
    let scored = metrics.get("toleranced_last_score_timestamp_seconds");
    daemon.wait_for_metric("toleranced_last_score_timestamp_seconds", scored + 0.4);
    assert_eq!(cases(&daemon), Some(10));
    assert_eq!(ledger(&home), before);
    set_clock(&home, "+0s");
    wait_until("ready", || (daemon.get("/-/ready").0 == 200).then_some(()));
    assert_eq!(daemon.metrics().get(JUMP), 0.0);
    assert_eq!(cases(&daemon), Some(10));
    daemon.stop();
}

/// A verdict that changes meanwhile is marked.
#[test]
fn changes_of_verdicts_are_marked_while_the_clock_is_in_doubt() {
    let Some(library) = library() else {
        return;
    };
    let home = declared_home();
    set_clock(&home, "+0s");
    let daemon = start(&home, &library);
    wait_until("ready", || (daemon.get("/-/ready").0 == 200).then_some(()));
    set_clock(&home, "-400d");
    daemon.wait_for_log("the clock of the system has jumped");
    home.write("log.ndjson", recent_cases());
    wait_until("ten cases", || (cases(&daemon) == Some(10)).then_some(()));
    let changes = daemon.json("/api/v1/processes/tickets");
    let changes = changes["ledger"].as_array().unwrap().clone();
    let marks: Vec<&str> = changes
        .iter()
        .filter_map(|row| row["clock"].as_str())
        .collect();
    assert!(marks.contains(&"in doubt"), "{changes:?}");
    assert!(daemon.get("/processes/tickets").1.contains("in doubt"));
    set_clock(&home, "+0s");
    wait_until("ready", || (daemon.get("/-/ready").0 == 200).then_some(()));
    daemon.stop();
    let out = home.run(&["explain", "tickets"]);
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(said.contains("clock was in doubt"), "{said}");
}

//! The database or its folder is removed, replaced, locked or damaged while the daemon runs.

use super::{declared_home, home};
use crate::support::tickets::case;
use crate::support::{Daemon, Home, wait_until};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const LOST: &str = "toleranced_store_lost";
const UP: &str = r#"toleranced_source_up{source="log"}"#;

/// Waits until the daemon says that it is not ready; gives the reason.
fn wait_until_not_ready(daemon: &Daemon) -> String {
    wait_until("not ready", || match daemon.get("/-/ready") {
        (503, why) => Some(why),
        _ => None,
    })
}

fn wait_until_ready(daemon: &Daemon) {
    wait_until("ready", || (daemon.get("/-/ready").0 == 200).then_some(()));
}

/// Adds records, and waits until the daemon could not write them.
fn assert_commits_nothing(home: &Home, daemon: &Daemon) {
    home.append("log.ndjson", case("LATER", 500, "done"));
    daemon.wait_for_metric("toleranced_commit_failures_total", 2.0);
    let metrics = daemon.metrics();
    assert_eq!(metrics.sum("toleranced_ingest_records_total"), 30.0);
}

fn assert_counted_once(daemon: &Daemon) {
    let metrics = daemon.wait_for_records(33);
    assert_eq!(metrics.sum("toleranced_ingest_events_total"), 33.0);
    assert_eq!(metrics.sum("toleranced_ingest_duplicates_total"), 0.0);
}

fn running(home: &Home) -> Daemon {
    let daemon = home.start();
    daemon.wait_for_records(30);
    wait_until_ready(&daemon);
    assert_eq!(daemon.metrics().samples.get(LOST), Some(&0.0));
    daemon
}

#[test]
fn database_that_is_moved_away_is_reported_and_used_again_when_it_is_back() {
    let home = home();
    let daemon = running(&home);
    let (file, aside) = (home.path("data/toleranced.db"), home.path("aside.db"));
    let begun = Instant::now();
    fs::rename(&file, &aside).unwrap();
    let why = wait_until_not_ready(&daemon);
    assert!(begun.elapsed() < Duration::from_secs(10), "{why}");
    for words in ["toleranced.db", "removed", "Move", "restart"] {
        assert!(why.contains(words), "{words}: {why}");
    }
    daemon.wait_for_metric(LOST, 1.0);
    daemon.wait_for_log("commits nothing");
    assert!(daemon.get("/").1.contains("was removed"));
    assert_commits_nothing(&home, &daemon);
    assert!(!file.exists(), "the daemon made a new database");
    fs::rename(&aside, &file).unwrap();
    wait_until_ready(&daemon);
    assert_counted_once(&daemon);
    assert_eq!(daemon.metrics().get(LOST), 0.0);
    daemon.stop();
    let daemon = home.start();
    assert_counted_once(&daemon);
    daemon.stop();
}

#[test]
fn data_folder_that_is_moved_away_is_reported_and_nothing_is_lost() {
    let home = home();
    let mut daemon = running(&home);
    fs::rename(home.path("data"), home.path("aside")).unwrap();
    let why = wait_until_not_ready(&daemon);
    assert!(why.contains("folder") && why.contains("data"), "{why}");
    assert_commits_nothing(&home, &daemon);
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(daemon.ended().code(), Some(2), "{}", daemon.log());
    assert!(!home.path("data").exists());
    fs::rename(home.path("aside"), home.path("data")).unwrap();
    let daemon = home.start();
    assert_counted_once(&daemon);
    daemon.stop();
}

#[test]
fn database_that_is_replaced_is_left_alone() {
    let home = home();
    let daemon = running(&home);
    let file = home.path("data/toleranced.db");
    fs::remove_file(&file).unwrap();
    fs::write(&file, "another file").unwrap();
    let why = wait_until_not_ready(&daemon);
    assert!(why.contains("replaced"), "{why}");
    assert_commits_nothing(&home, &daemon);
    let mut daemon = daemon;
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(daemon.ended().code(), Some(2), "{}", daemon.log());
    assert_eq!(fs::read_to_string(&file).unwrap(), "another file");
}

/// Copies a file that the daemon has open though it was deleted.
fn save_deleted(home: &Home, daemon: &Daemon, name: &str) {
    let handles = fs::read_dir(format!("/proc/{}/fd", daemon.pid())).unwrap();
    let is_it = |handle: &std::path::PathBuf| {
        let target = fs::read_link(handle).unwrap_or_default();
        target.ends_with(format!("{name} (deleted)"))
    };
    let mut handles = handles.map(|handle| handle.unwrap().path());
    let handle = handles
        .find(is_it)
        .unwrap_or_else(|| panic!("no handle of {name}"));
    fs::copy(handle, home.path(name)).unwrap();
}

/// As the runbook of the alert says.
#[test]
fn database_that_was_deleted_can_be_saved_while_the_daemon_runs() {
    let home = home();
    let mut daemon = running(&home);
    fs::remove_dir_all(home.path("data")).unwrap();
    wait_until_not_ready(&daemon);
    assert_commits_nothing(&home, &daemon);
    let names = ["toleranced.db", "toleranced.db-wal"];
    for name in names {
        save_deleted(&home, &daemon, name);
    }
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(daemon.ended().code(), Some(2), "{}", daemon.log());
    fs::create_dir(home.path("data")).unwrap();
    for name in names {
        fs::rename(home.path(name), home.path("data").join(name)).unwrap();
    }
    let daemon = home.start();
    assert_counted_once(&daemon);
    daemon.stop();
}

#[test]
fn write_ahead_log_that_is_removed_is_reported() {
    let home = home();
    let mut daemon = running(&home);
    fs::remove_file(home.path("data/toleranced.db-wal")).unwrap();
    let why = wait_until_not_ready(&daemon);
    assert!(why.contains("toleranced.db-wal"), "{why}");
    assert_commits_nothing(&home, &daemon);
    daemon.kill();
}

#[test]
fn second_daemon_does_not_start_though_the_lock_file_was_removed() {
    let home = home();
    let daemon = running(&home);
    fs::remove_file(home.path("data/lock")).unwrap();
    let (code, said) = home.spawn().failed();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("uses this data directory"), "{said}");
    // Commands that only read work beside the daemon.
    for args in [&["explain", "tickets"][..], &["quarantine", "list"]] {
        let out = home.run(args);
        assert_eq!(out.status.code(), Some(0), "{args:?}: {out:?}");
    }
    home.append("log.ndjson", case("LATER", 500, "done"));
    assert_counted_once(&daemon);
    daemon.stop();
}

/// Another program holds the database for writing until the connection is dropped.
fn locked(home: &Home) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(home.path("data/toleranced.db")).unwrap();
    other
        .busy_timeout(Duration::from_secs(20))
        .and_then(|()| other.execute_batch("BEGIN EXCLUSIVE"))
        .unwrap();
    other
}

/// Asks the daemon to stop, which takes less than 5 s; gives its exit code.
fn code_after_sigterm(daemon: &mut Daemon) -> Option<i32> {
    let begun = Instant::now();
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    let code = daemon.ended().code();
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    code
}

#[test]
fn sigterm_ends_the_daemon_within_5_s_while_the_database_is_locked() {
    let home = home();
    let mut daemon = running(&home);
    let lock = locked(&home);
    home.append("log.ndjson", case("LATER", 500, "done"));
    // It waits for the lock: what was read is not committed.
    wait_until("the records to be read", || {
        let metrics = daemon.metrics();
        let backlog = metrics.get(r#"toleranced_source_backlog_bytes{source="log"}"#);
        (backlog == 0.0).then_some(())
    });
    let code = code_after_sigterm(&mut daemon);
    assert!(code.is_some(), "{}", daemon.log());
    drop(lock);
    let daemon = home.start();
    assert_counted_once(&daemon);
    daemon.stop();
}

#[test]
fn sigterm_ends_the_daemon_within_5_s_while_it_starts() {
    let home = home();
    running(&home).stop();
    // Cases are judged otherwise, so that it counts all sums anew, before it listens. It waits for the lock.
    home.write(
        "catalog.yaml",
        "processes: [{id: tickets, duration_limit: 1m}]\n",
    );
    home.configure(
        "[{name: log, paths: [log.ndjson], mapping: map.yaml}]",
        "catalog: catalog.yaml\n",
    );
    let lock = locked(&home);
    let mut daemon = home.spawn();
    let database = home.path("data/toleranced.db");
    wait_until("the database to be opened", || daemon.has_open(&database));
    let code = code_after_sigterm(&mut daemon);
    assert_eq!(code, Some(0), "{}", daemon.log());
    assert!(daemon.log().contains("stopped while starting"));
    drop(lock);
    home.append("log.ndjson", case("LATER", 500, "done"));
    let daemon = home.start();
    assert_counted_once(&daemon);
    daemon.stop();
}

/// Overwrites the first page of a table that the daemon does not read at a start.
fn damage_page(file: &Path) {
    use std::os::unix::fs::FileExt;
    let database = rusqlite::Connection::open(file).unwrap();
    let number = |sql: &str| database.query_row(sql, [], |row| row.get::<_, u32>(0));
    let page = number("SELECT rootpage FROM sqlite_master WHERE name = 'predictions'").unwrap();
    let size = number("PRAGMA page_size").unwrap();
    database.close().unwrap();
    let file = fs::OpenOptions::new().write(true).open(file).unwrap();
    file.write_all_at(&[0xee; 512], u64::from((page - 1) * size))
        .unwrap();
}

#[test]
fn damaged_page_is_found_at_the_start() {
    let home = declared_home();
    let daemon = home.start();
    let problems = "toleranced_store_check_problems";
    wait_until("the check", || {
        daemon.metrics().samples.get(problems).copied()
    });
    assert_eq!(daemon.metrics().get(problems), 0.0);
    daemon.stop();
    damage_page(&home.path("data/toleranced.db"));
    let daemon = home.start();
    daemon.wait_for_metric(problems, 1.0);
    daemon.wait_for_log("the database is damaged");
    let page = daemon.get("/").1;
    assert!(page.contains("database is damaged"), "{page}");
    daemon.stop();
}

#[test]
fn source_is_down_while_its_log_folder_is_gone() {
    let home = Home::new("[{name: log, paths: [logs/log.ndjson], mapping: map.yaml}]");
    home.write("logs/log.ndjson", case("FIRST", 0, "done"));
    let daemon = home.start();
    daemon.wait_for_records(3);
    daemon.wait_for_metric(UP, 1.0);
    fs::rename(home.path("logs"), home.path("aside")).unwrap();
    wait_until("down", || (daemon.metrics().get(UP) == 0.0).then_some(()));
    let trouble = daemon.json("/api/v1/sources")["sources"][0]["trouble"].to_string();
    assert!(
        trouble.contains("folder") && trouble.contains("logs"),
        "{trouble}"
    );
    fs::rename(home.path("aside"), home.path("logs")).unwrap();
    daemon.wait_for_metric(UP, 1.0);
    daemon.stop();
}

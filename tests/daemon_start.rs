//! Starting: who may, what is said when it can't be, health, metrics from the first scrape on; and disks that say no.

mod common;

use common::{Daemon, Home, Metrics, case, wait_for, wait_to_equal};
use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};

const CATALOG: &str = "processes:\n  - id: tickets\n    criticality: high\n    executor: human\n    outcomes: { done: 0, failed: 1 }\n  \
    - id: never_seen\n    criticality: low\n";

fn home() -> Home {
    let home = Home::tailing();
    home.write("catalog.yaml", CATALOG);
    home.configure(
        "[{name: log, paths: [log.ndjson], mapping: map.yaml}]",
        "catalog: catalog.yaml\n",
    );
    home
}

#[test]
fn the_second_daemon_on_a_data_directory_refuses_and_names_the_first() {
    let home = home();
    let first = home.start();
    let (code, said) = home.spawn().failed();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("uses this data directory"), "{said}");
    assert!(said.contains(&format!("process {}", first.pid())), "{said}");
    // The same configuration in every respect, the port too: the reason is the same.
    let config = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
    home.write(
        "toleranced.yaml",
        config.replace("127.0.0.1:0", &first.address()),
    );
    let (code, said) = home.spawn().failed();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(&format!("process {}", first.pid())), "{said}");
    assert_eq!(first.get("/-/healthy").0, 200);
    first.stop();
}

#[test]
fn a_lock_of_a_daemon_that_was_killed_does_not_hold() {
    let home = home();
    home.start().kill();
    home.start().stop();
}

#[test]
fn a_port_that_is_taken_is_said() {
    let home = home();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let config = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
    home.write("toleranced.yaml", config.replace("127.0.0.1:0", &address));
    let (code, said) = home.spawn().failed();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(&address) && said.contains("listen"), "{said}");
}

#[test]
fn an_invalid_configuration_ends_with_code_1_and_names_file_and_line() {
    let home = home();
    home.configure(
        "[{name: log, paths: [log.ndjson], mapping: nowhere.yaml}]",
        "",
    );
    let (code, said) = home.spawn().failed();
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("toleranced.yaml:5:") && said.contains("nowhere.yaml"),
        "{said}"
    );
}

#[test]
fn what_is_no_database_or_no_directory_is_said() {
    let home = home();
    home.write(
        "data/toleranced.db",
        "this is a text and no database at all. ".repeat(50),
    );
    let (code, said) = home.spawn().failed();
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("toleranced.db") && said.contains("not a database"),
        "{said}"
    );
    std::fs::remove_dir_all(home.path("data")).unwrap();
    home.write("data", "a file");
    let (code, said) = home.spawn().failed();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("data"), "{said}");
}

#[test]
fn healthy_ready_and_every_series_of_the_catalog_at_zero_from_the_start() {
    let home = home();
    let daemon = home.start();
    assert_eq!(daemon.get("/-/healthy").0, 200);
    wait_for("ready", || (daemon.get("/-/ready").0 == 200).then_some(()));
    let metrics = daemon.metrics();
    for series in [
        r#"toleranced_cases_total{process="tickets",executor="human",outcome="done"}"#,
        r#"toleranced_cases_total{process="tickets",executor="human",outcome="failed"}"#,
        r#"toleranced_cases_open{process="never_seen"}"#,
        r#"toleranced_ingest_events_total{source="log"}"#,
        r#"toleranced_ingest_quarantined_total{source="log",reason="malformed"}"#,
    ] {
        assert_eq!(metrics.samples.get(series), Some(&0.0), "{series}");
    }
    for process in ["tickets", "never_seen"] {
        let any = format!("process=\"{process}\"");
        let counted = metrics.all("toleranced_cases_total");
        assert!(
            counted.keys().any(|series| series.contains(&any)),
            "{process}"
        );
    }
    home.append("log.ndjson", case("A", 0, "done") + "junk\n");
    let before = daemon.wait_for_records(4);
    assert_promtool_is_content(&daemon.get("/metrics").1);
    daemon.stop();
    let daemon = home.start();
    wait_for("ready", || (daemon.get("/-/ready").0 == 200).then_some(()));
    let after = daemon.metrics();
    after.assert_not_below(&before);
    let counters = |metrics: &Metrics| metrics.all("toleranced_ingest_events_total");
    assert_eq!(counters(&after), counters(&before));
    daemon.stop();
}

fn assert_promtool_is_content(metrics: &str) {
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = promtool else {
        println!("skipped: no promtool on the PATH (Debian: apt-get install prometheus)");
        return;
    };
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(metrics.as_bytes())
        .unwrap();
    let output = promtool.wait_with_output().unwrap();
    let (out, errors) = common::texts(&output);
    assert!(
        output.status.success() && errors.is_empty(),
        "{out}{errors}"
    );
}

/// A daemon that may write no file longer than so many kibibytes: as good as a full disk, and liftable.
fn confined(home: &Home, kibibytes: u32) -> Daemon {
    let mut command = Command::new("sh");
    let script = format!(
        "trap '' XFSZ; ulimit -S -f {}; exec \"$0\" run --config \"$1\"",
        kibibytes * 2
    );
    command
        .args(["-c", &script, env!("CARGO_BIN_EXE_toleranced")])
        .arg(home.path("toleranced.yaml"));
    Daemon::spawn(&mut command)
}

#[test]
fn a_full_disk_is_said_and_when_there_is_room_again_everything_is_there_exactly_once() {
    let home = home();
    let daemon = confined(&home, 700);
    daemon.address();
    home.append("log.ndjson", case("FIRST", 0, "done"));
    daemon.wait_for_records(3);
    let many: String = (0..4000)
        .map(|nth| case(&format!("F{nth}"), nth % 1000, "done") + "junk\n")
        .collect();
    home.append("log.ndjson", &many);
    let why = wait_for("not ready", || match daemon.get("/-/ready") {
        (503, why) => Some(why),
        _ => None,
    });
    assert!(
        why.contains("can't write") && why.contains("toleranced.db"),
        "{why}"
    );
    assert_eq!(daemon.get("/-/healthy").0, 200);
    daemon.wait_for_log("can't write");
    assert!(daemon.metrics().sum("toleranced_ingest_records_total") < 16_003.0);
    let lifted = Command::new("prlimit")
        .args(["--fsize=unlimited", "--pid", &daemon.pid().to_string()])
        .status();
    assert!(lifted.unwrap().success());
    let metrics = daemon.wait_for_records(16_003);
    assert_eq!(metrics.sum("toleranced_ingest_events_total"), 12_003.0);
    assert_eq!(metrics.sum("toleranced_ingest_quarantined_total"), 4000.0);
    assert_eq!(metrics.sum("toleranced_ingest_duplicates_total"), 0.0);
    wait_for("ready", || (daemon.get("/-/ready").0 == 200).then_some(()));
    wait_to_equal("cases", &Some(4001), || {
        daemon.figures().get("tickets")?["cases"].as_i64()
    });
    daemon.stop();
}

#[test]
fn a_daemon_that_is_stopped_or_killed_while_the_disk_is_full_loses_nothing() {
    let home = home();
    let many: String = (0..4000)
        .map(|nth| case(&format!("F{nth}"), nth % 1000, "done"))
        .collect();
    home.append("log.ndjson", &many);
    let mut daemon = confined(&home, 700);
    wait_for("not ready", || {
        (daemon.get("/-/ready").0 == 503 && daemon.log().contains("can't write")).then_some(())
    });
    // A reload waits for the disk; being asked to stop, it gives up.
    std::thread::scope(|scope| {
        home.write("catalog.yaml", CATALOG.replace("failed: 1", "failed: 0.5"));
        scope.spawn(|| daemon.signal(nix::sys::signal::Signal::SIGHUP));
    });
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    let code = daemon.ended().code();
    assert_eq!(code, Some(2), "{}", daemon.log());
    let mut killed = confined(&home, 700);
    wait_for("not ready", || {
        (killed.get("/-/ready").0 == 503 && killed.log().contains("can't write")).then_some(())
    });
    killed.kill();
    let daemon = home.start();
    let metrics = daemon.wait_for_records(12_000);
    assert_eq!(metrics.sum("toleranced_ingest_events_total"), 12_000.0);
    assert_eq!(metrics.sum("toleranced_ingest_duplicates_total"), 0.0);
    daemon.stop();
}

//! A full disk: the daemon reports it and loses nothing.

use super::{DECLARED, declared_home};
use crate::support::tickets::case;
use crate::support::{BINARY, Daemon, Home, wait_to_equal, wait_until};
use std::process::Command;

/// A daemon that may write no file longer than so many kibibytes: as good as a full disk, and liftable.
fn confined(home: &Home, kibibytes: u32) -> Daemon {
    let mut command = Command::new("sh");
    let script = format!(
        "trap '' XFSZ; ulimit -S -f {}; exec \"$0\" run --config \"$1\"",
        kibibytes * 2
    );
    command
        .args(["-c", &script, BINARY])
        .arg(home.path("toleranced.yaml"));
    Daemon::spawn(&mut command)
}

#[test]
fn a_full_disk_is_said_and_when_there_is_room_again_everything_is_there_exactly_once() {
    let home = declared_home();
    let daemon = confined(&home, 1_000);
    daemon.address();
    home.append("log.ndjson", case("FIRST", 0, "done"));
    daemon.wait_for_records(3);
    let many: String = (0..4000)
        .map(|nth| case(&format!("F{nth}"), nth % 1000, "done") + "junk\n")
        .collect();
    home.append("log.ndjson", &many);
    let why = wait_until("not ready", || match daemon.get("/-/ready") {
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
    wait_until("ready", || (daemon.get("/-/ready").0 == 200).then_some(()));
    wait_to_equal("cases", &Some(4001), || {
        daemon.figures().get("tickets")?["cases"].as_i64()
    });
    daemon.stop();
}

#[test]
fn a_daemon_that_is_stopped_or_killed_while_the_disk_is_full_loses_nothing() {
    let home = declared_home();
    let many: String = (0..4000)
        .map(|nth| case(&format!("F{nth}"), nth % 1000, "done"))
        .collect();
    home.append("log.ndjson", &many);
    let mut daemon = confined(&home, 700);
    wait_until("not ready", || {
        (daemon.get("/-/ready").0 == 503 && daemon.log().contains("can't write")).then_some(())
    });
    // A reload waits for the disk; being asked to stop, it gives up.
    std::thread::scope(|scope| {
        home.write("catalog.yaml", DECLARED.replace("failed: 1", "failed: 0.5"));
        scope.spawn(|| daemon.signal(nix::sys::signal::Signal::SIGHUP));
    });
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    let code = daemon.ended().code();
    assert_eq!(code, Some(2), "{}", daemon.log());
    let mut killed = confined(&home, 700);
    wait_until("not ready", || {
        (killed.get("/-/ready").0 == 503 && killed.log().contains("can't write")).then_some(())
    });
    killed.kill();
    let daemon = home.start();
    let metrics = daemon.wait_for_records(12_000);
    assert_eq!(metrics.sum("toleranced_ingest_events_total"), 12_000.0);
    assert_eq!(metrics.sum("toleranced_ingest_duplicates_total"), 0.0);
    daemon.stop();
}

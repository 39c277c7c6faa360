//! Starting: one daemon for a data directory, errors that prevent it, health, metrics from the first scrape on.

use super::declared_home;
use crate::support::promtool::promtool;
use crate::support::tickets::case;
use crate::support::{Metrics, texts, wait_until};
use std::net::TcpListener;

#[test]
fn the_second_daemon_on_a_data_directory_refuses_and_names_the_first() {
    let home = declared_home();
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
    let home = declared_home();
    home.start().kill();
    home.start().stop();
}

#[test]
fn a_port_that_is_taken_is_said() {
    let home = declared_home();
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
    let home = declared_home();
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
    let home = declared_home();
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
    let home = declared_home();
    let daemon = home.start();
    assert_eq!(daemon.get("/-/healthy").0, 200);
    wait_until("ready", || (daemon.get("/-/ready").0 == 200).then_some(()));
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
    let scrape = daemon.get("/metrics").1;
    if let Some(output) = promtool::<&str>(&["check", "metrics"], &[], &scrape) {
        let (out, errors) = texts(&output);
        let accepted = output.status.success() && errors.is_empty();
        assert!(accepted, "{out}{errors}");
    }
    daemon.stop();
    let daemon = home.start();
    wait_until("ready", || (daemon.get("/-/ready").0 == 200).then_some(()));
    let after = daemon.metrics();
    after.assert_not_below(&before);
    let counters = |metrics: &Metrics| metrics.all("toleranced_ingest_events_total");
    assert_eq!(counters(&after), counters(&before));
    daemon.stop();
}

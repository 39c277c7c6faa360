//! A reload changes what the configuration changes, loses nothing and counts nothing twice.

use super::{catalog, home, wait_for_deviation};
use crate::support::tickets::case;
use crate::support::{TAILED, wait_to_equal};
use nix::sys::signal::Signal;

#[test]
fn a_changed_severity_restates_the_past_by_request_by_signal_and_by_file_change() {
    let home = home();
    let daemon = home.start();
    daemon.wait_for_records(30);
    wait_for_deviation(&daemon, 0.3);
    home.write("catalog.yaml", catalog("0.5"));
    let (status, said) = daemon.reload();
    assert_eq!((status, said.trim()), (200, "process tickets changed"));
    wait_for_deviation(&daemon, 0.15);
    home.write("catalog.yaml", catalog("0.25"));
    daemon.signal(Signal::SIGHUP);
    wait_for_deviation(&daemon, 0.075);
    daemon.wait_for_log("SIGHUP");
    home.write("catalog.yaml", catalog("0.75"));
    wait_for_deviation(&daemon, 0.225);
    daemon.wait_for_log("file change");
    assert_eq!(daemon.reload(), (200, "nothing has changed\n".to_owned()));
    // What was read before is neither lost nor read again.
    home.append("log.ndjson", case("T10", 200, "failed"));
    let metrics = daemon.wait_for_records(33);
    assert_eq!(metrics.sum("toleranced_ingest_events_total"), 33.0);
    assert_eq!(metrics.sum("toleranced_ingest_duplicates_total"), 0.0);
    wait_for_deviation(&daemon, 0.75 * 4.0 / 11.0);
    daemon.stop();
    let daemon = home.start();
    wait_for_deviation(&daemon, 0.75 * 4.0 / 11.0);
    daemon.stop();
}

#[test]
fn terms_of_drift_metrics_and_pages_are_told_and_hold_from_then_on() {
    let home = home();
    let daemon = home.start();
    let metrics = daemon.wait_for_records(30);
    assert_eq!(metrics.sum("toleranced_cases_late_total"), 0.0);
    let expected = || {
        let drift = daemon.json("/api/v1/drift");
        drift["expected_false_alarms_per_year"].as_f64().unwrap()
    };
    let wait_for_expected = |per_year: f64| {
        wait_to_equal("the expected false alarms", &true, || {
            (expected() - per_year).abs() < 1e-6
        });
    };
    // A single process does not get the whole budget of a fleet: each of its nine streams may give one in 40 years.
    wait_for_expected(9.0 / 40.0);
    // Whole or not at all, and only one of file watcher and request may find it: so the log is asked what changed.
    let change = |from: &str, to: &str, told: &str| {
        let text = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
        assert!(text.contains(from), "{text}");
        home.write("next.yaml", text.replace(from, to));
        std::fs::rename(home.path("next.yaml"), home.path("toleranced.yaml")).unwrap();
        assert_eq!(daemon.reload().0, 200);
        daemon.wait_for_log(&format!("changed=\"{told}\""));
    };
    change(
        "catalog: catalog.yaml\n",
        "catalog: catalog.yaml\ndrift: {false_alarms_per_year: 0.1}\n",
        "drift changed",
    );
    wait_for_expected(0.1);
    change("late_after: 3650d", "late_after: 1h", "metrics changed");
    home.append("log.ndjson", case("T10", 200, "failed"));
    daemon.wait_for_metric(r#"toleranced_cases_late_total{process="tickets"}"#, 1.0);
    change(
        "drift: {",
        "pages: {guide: true}\ndrift: {",
        "pages changed",
    );
    home.write(
        "catalog.yaml",
        format!("case_link: 'https://soc.example/{{id}}'\n{}", catalog("1")),
    );
    assert_eq!(daemon.reload().0, 200);
    daemon.wait_for_log("changed=\"case_link of the catalog changed\"");
    assert_eq!(daemon.reload(), (200, "nothing has changed\n".to_owned()));
    daemon.stop();
}

#[test]
fn an_invalid_configuration_is_refused_by_file_line_and_field_and_the_old_one_holds() {
    let home = home();
    let daemon = home.start();
    daemon.wait_for_records(30);
    home.write("catalog.yaml", catalog("much"));
    let (status, said) = daemon.reload();
    assert_eq!(status, 400);
    assert!(
        said.contains("catalog.yaml:4:") && said.contains("`outcomes.failed`"),
        "{said}"
    );
    home.write("catalog.yaml", catalog("1"));
    home.configure(TAILED, "catalog: catalog.yaml\nbatsch: {interval: 1s}\n");
    let (status, said) = daemon.reload();
    assert_eq!(status, 400);
    assert!(
        said.contains("toleranced.yaml:") && said.contains("did you mean `batch`"),
        "{said}"
    );
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for_log("the old one holds");
    home.append("log.ndjson", case("T10", 200, "failed"));
    daemon.wait_for_records(33);
    wait_for_deviation(&daemon, 4.0 / 11.0);
    daemon.stop();
}

#[test]
fn a_new_source_starts_a_removed_one_stops_and_one_that_comes_back_goes_on() {
    let home = home();
    home.write("more.ndjson", case("N1", 0, "done"));
    let daemon = home.start();
    daemon.wait_for_records(30);
    let both = "[{name: log, paths: [log.ndjson], mapping: map.yaml}, {name: more, paths: [more.ndjson], mapping: map.yaml}]";
    home.configure(both, "catalog: catalog.yaml\n");
    let (_, said) = daemon.reload();
    assert!(said.contains("source more added"), "{said}");
    let more = r#"toleranced_ingest_records_total{source="more"}"#;
    daemon.wait_for_metric(more, 3.0);
    home.configure(TAILED, "catalog: catalog.yaml\n");
    let (_, said) = daemon.reload();
    assert!(said.contains("source more removed"), "{said}");
    let up = daemon.metrics().all("toleranced_source_up");
    assert_eq!(up.len(), 1, "{up:?}");
    home.append("more.ndjson", case("N2", 10, "done"));
    home.append("log.ndjson", case("T10", 200, "done"));
    let metrics = daemon.wait_for_records(33);
    assert_eq!(metrics.get(more), 3.0, "a removed source went on");
    home.configure(both, "catalog: catalog.yaml\n");
    daemon.reload();
    let metrics = daemon.wait_for_metric(more, 6.0);
    assert_eq!(
        metrics.get(r#"toleranced_ingest_duplicates_total{source="more"}"#),
        0.0
    );
    daemon.stop();
}

#[test]
fn reloads_at_the_same_time_neither_lose_nor_double_anything() {
    let home = home();
    let daemon = home.start();
    let bad = "this is no JSON\n";
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert_eq!(daemon.reload().0, 200);
                }
            });
        }
        for nth in 0..40u32 {
            let more = if nth % 2 == 0 {
                "limits: {names: 5000}\n"
            } else {
                ""
            };
            // Whole or not at all: a reload must not find half a file.
            let text = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
            let text = text.replace("limits: {names: 5000}\n", "") + more;
            home.write("next.yaml", text);
            std::fs::rename(home.path("next.yaml"), home.path("toleranced.yaml")).unwrap();
            daemon.signal(Signal::SIGHUP);
            home.append("log.ndjson", case(&format!("R{nth}"), nth * 10, "done"));
            home.append("log.ndjson", bad);
        }
    });
    daemon.wait_for_records(30 + 40 * 4);
    // A source that was started twice would read on.
    assert_eq!(daemon.reload().0, 200);
    home.append("log.ndjson", case("LAST", 0, "done"));
    let metrics = daemon.wait_for_records(30 + 40 * 4 + 3);
    assert_eq!(metrics.sum("toleranced_ingest_records_total"), 193.0);
    assert_eq!(metrics.sum("toleranced_ingest_events_total"), 153.0);
    assert_eq!(metrics.sum("toleranced_ingest_quarantined_total"), 40.0);
    assert_eq!(metrics.sum("toleranced_ingest_duplicates_total"), 0.0);
    daemon.stop();
}

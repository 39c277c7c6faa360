//! Counters: history makes no jump, a process expires and comes back, and what counts as started or ended.

use super::{case, two_processes};
use crate::support::{Home, Metrics};

#[test]
fn late_history_makes_no_counter_jump() {
    let home = two_processes();
    let history: String = (0..50).map(|n| case(n, 24 + n as i64, "good")).collect();
    home.write("log.ndjson", history);
    let daemon = home.start();
    let late = r#"toleranced_cases_late_total{process="p"}"#;
    let good = r#"toleranced_cases_total{process="p",executor="human",outcome="good"}"#;
    let metrics = daemon.wait_for_metric(late, 50.0);
    assert_eq!(metrics.sum("toleranced_cases_total"), 0.0);
    assert_eq!(
        metrics.get(r#"toleranced_cases_started_total{process="p"}"#),
        0.0
    );
    home.append("log.ndjson", case(100, 0, "good") + &case(101, 0, "bad"));
    let metrics = daemon.wait_for_metric(good, 1.0);
    assert_eq!(metrics.get(late), 50.0);
    assert_eq!(metrics.sum("toleranced_cases_total"), 2.0);
    assert_eq!(
        metrics.get(r#"toleranced_cases_started_total{process="p"}"#),
        2.0
    );
    let deviations = r#"toleranced_deviations_total{process="p",executor="human"}"#;
    assert_eq!(metrics.get(deviations), 1.0);
    // Ten minutes are more than one and less than sixty.
    let bin = |le: &str| {
        format!(
            r#"toleranced_case_duration_seconds_bucket{{process="p",executor="human",le="{le}"}}"#
        )
    };
    assert_eq!(metrics.get(&bin("60")), 0.0);
    assert_eq!(metrics.get(&bin("3600")), 2.0);
    assert_eq!(metrics.get(&bin("+Inf")), 2.0);
    // A restart resets nothing, and counts nothing twice.
    daemon.stop();
    let daemon = home.start();
    let metrics = daemon.wait_for_metric(good, 1.0);
    assert_eq!(
        (metrics.get(late), metrics.sum("toleranced_cases_total")),
        (50.0, 2.0)
    );
    daemon.stop();
}

#[test]
fn a_case_that_ends_by_being_idle_is_not_late_for_that() {
    let home = Home::new("[]");
    home.write(
        "catalog.yaml",
        "processes: [{ id: quiet, ends: { idle: 4s } }]\n",
    );
    home.write(
        "toleranced.yaml",
        "listen: 127.0.0.1:0\ndata_dir: data\ncatalog: catalog.yaml\nscore: {every: 200ms}\nmetrics: {late_after: 3s}\n\
         sources: [{name: in, paths: [log.ndjson], mapping: toleranced}]\n",
    );
    let now = chrono::Utc::now().to_rfc3339();
    let line = format!(
        "{{\"time\":\"{now}\",\"process\":\"quiet\",\"case\":\"1\",\"activity\":\"look\",\"executor\":\"human\"}}\n"
    );
    home.write("log.ndjson", line);
    let daemon = home.start();
    let ended = r#"toleranced_cases_total{process="quiet",executor="human",outcome="look"}"#;
    let metrics = daemon.wait_for_metric(ended, 1.0);
    let late = r#"toleranced_cases_late_total{process="quiet"}"#;
    assert_eq!(metrics.get(late), 0.0);
    daemon.stop();
}

#[test]
fn a_process_that_nobody_declares_expires_and_comes_back() {
    let home = two_processes();
    let of_old = |text: String| {
        let text = text.replace("\"process\":\"p\"", "\"process\":\"old\"");
        text.replace("\"case\":\"", "\"case\":\"old-")
    };
    let old = of_old(case(1, 100 * 24, "good"));
    home.write("log.ndjson", old + &case(1, 100 * 24, "good"));
    let daemon = home.start();
    let declared = r#"toleranced_cases_late_total{process="p"}"#;
    let metrics = daemon.wait_for_metric(declared, 1.0);
    let of = |metrics: &Metrics| {
        let series = metrics.samples.keys();
        series
            .filter(|series| series.contains(r#"process="old""#))
            .count()
    };
    assert_eq!(of(&metrics), 0, "{:?}", metrics.samples);
    home.append("log.ndjson", of_old(case(2, 0, "good")));
    let back = r#"toleranced_cases_started_total{process="old"}"#;
    let metrics = daemon.wait_for_metric(back, 1.0);
    assert!(of(&metrics) > 20);
    daemon.stop();
}

const EVENTS: &str = r#"toleranced_ingest_events_total{source="in"}"#;

#[test]
fn without_a_declared_end_a_case_is_counted_as_started_and_not_with_every_outcome_it_had() {
    let home = Home::new("[]");
    home.write(
        "map.yaml",
        "process: { const: desk }\ncase: case\nactivity: activity\ntime: time\n",
    );
    home.configure("[{name: in, paths: [log.ndjson], mapping: map.yaml}]", "");
    let step = |activity: &str, minute: u32| -> String {
        (0..20)
            .map(|n| format!("{{\"case\":{n},\"activity\":\"{activity}\",\"time\":\"2026-03-02T10:{minute:02}:00Z\"}}\n"))
            .collect()
    };
    home.write("log.ndjson", step("open", 0));
    let daemon = home.start();
    for (nth, activity) in [(2u32, "work"), (3, "done")] {
        daemon.wait_for_metric(EVENTS, f64::from(nth - 1) * 20.0);
        home.append("log.ndjson", step(activity, nth));
    }
    let metrics = daemon.wait_for_metric(EVENTS, 60.0);
    assert_eq!(
        metrics.get(r#"toleranced_cases_started_total{process="desk"}"#),
        20.0
    );
    assert_eq!(metrics.sum("toleranced_cases_total"), 0.0);
    daemon.stop();
}

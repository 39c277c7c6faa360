//! Facts that arrive later restate scores: a corrected outcome, lost records that are replayed.

use crate::support::own_format::CATALOG;
use crate::support::{Home, wait_to_equal, wait_until};
use std::fmt::Write as _;

fn home() -> Home {
    Home::with_catalog(CATALOG, ", window: all", "")
}

const EVENTS: &str = r#"toleranced_ingest_events_total{source="in"}"#;

const REVISIONS: &str = r#"toleranced_process_revisions_total{process="p"}"#;

fn line(case: &str, day: usize, minute: usize, more: &str) -> String {
    format!(
        "{{\"time\":\"2026-03-{:02}T10:{minute:02}:00Z\",\"process\":\"p\",\"case\":\"{case}\",\"executor\":\"human\"{more}}}\n",
        day
    )
}

fn case(name: &str, day: usize, outcome: &str) -> String {
    let closed = format!(",\"activity\":\"close\",\"lifecycle\":\"end\",\"outcome\":\"{outcome}\"");
    line(name, day, 0, ",\"activity\":\"open\"") + &line(name, day, 5, &closed)
}

#[test]
fn an_outcome_corrected_weeks_later_restates_the_past_and_a_counter_shows_it() {
    let home = home();
    let log: String = (0..20)
        .map(|nth| case(&format!("c{nth}"), 1 + nth / 4, "good"))
        .collect();
    home.write("log.ndjson", log);
    let daemon = home.start();
    daemon.wait_for_metric(EVENTS, 40.0);
    wait_to_equal("the first truth", &0.0.into(), || {
        daemon.figure("deviation")["mean"].clone()
    });
    assert_eq!(daemon.metrics().get(REVISIONS), 0.0);
    // Three weeks later it turns out that it was wrong: no step, no new end, only the outcome.
    home.append(
        "log.ndjson",
        line(
            "c3",
            25,
            0,
            ",\"activity\":\"close\",\"lifecycle\":\"end\",\"outcome\":\"bad\"",
        ),
    );
    daemon.wait_for_metric(REVISIONS, 1.0);
    wait_to_equal("the later truth", &0.05.into(), || {
        daemon.figure("deviation")["mean"].clone()
    });
    assert_eq!(daemon.figure("cases"), 20);
    daemon.stop();
    let daemon = home.start();
    wait_to_equal("the same after a restart", &0.05.into(), || {
        daemon.figure("deviation")["mean"].clone()
    });
    assert_eq!(daemon.metrics().get(REVISIONS), 1.0);
    daemon.stop();
}

#[test]
fn lost_records_count_against_the_score_until_they_are_replayed() {
    let home = home();
    let mut log: String = (0..2_000)
        .map(|nth| case(&format!("c{nth}"), 1 + nth / 100, "good"))
        .collect();
    // A tenth of what follows is unreadable: no time.
    for nth in 0..500 {
        writeln!(
            log,
            "{{\"process\":\"p\",\"case\":\"lost{nth}\",\"activity\":\"open\"}}"
        )
        .unwrap();
    }
    home.write("log.ndjson", log);
    let daemon = home.start();
    daemon.wait_for_metric(EVENTS, 4_000.0);
    wait_until("the loss", || {
        let loss = daemon.figure("loss");
        (loss["lost"] == 500 && loss["too_much"] == true).then_some(())
    });
    assert_eq!(daemon.figure("status"), "undetermined");
    let metrics = daemon.metrics();
    let lost = metrics.get(r#"toleranced_process_lost_records_ratio{process="p"}"#);
    assert!((lost - 500.0 / 4_500.0).abs() < 1e-9, "{lost}");
    daemon.stop();
    // After a restart the loss is still known; a mapping that can read them takes it back.
    home.write(
        "map.yaml",
        "process: process\ncase: case\nactivity: activity\ntime: { path: time, default: '2026-03-21T10:00:00Z' }\n\
         executor: executor\nlifecycle: { path: lifecycle, default: step }\noutcome: outcome\n",
    );
    let config = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
    home.write(
        "toleranced.yaml",
        config.replace("mapping: toleranced", "mapping: map.yaml"),
    );
    let daemon = home.start();
    wait_to_equal("the loss after a restart", &500.into(), || {
        daemon.figure("loss")["lost"].clone()
    });
    home.run(&["quarantine", "replay"]);
    wait_to_equal("nothing is lost any more", &0.into(), || {
        daemon.figure("loss")["lost"].clone()
    });
    wait_to_equal("so it is within", &"within".into(), || {
        daemon.figure("status")
    });
    daemon.stop();
}

#[test]
fn what_every_export_brings_again_is_lost_once() {
    let home = Home::dropping("process: process\ncase: case\nactivity: activity\ntime: time\n");
    // Each day has a case, and a row without a time.
    let export = |days: std::ops::Range<usize>| {
        let mut csv = "case,process,activity,time\n".to_owned();
        for day in days {
            write!(
                csv,
                "C{day},p,open,2026-03-{day:02} 10:00:00\nC{day},p,close,2026-03-{day:02} 10:05:00\nB{day},p,open,\n"
            )
            .unwrap();
        }
        csv
    };
    home.drop_in("monday.csv", export(1..11), 60);
    home.drop_in("tuesday.csv", export(6..16), 30);
    let daemon = home.start();
    let read = r#"toleranced_source_notices_total{source="in",notice="export_read"}"#;
    let metrics = daemon.wait_for_metric(read, 2.0);
    assert_eq!(metrics.get(EVENTS), 30.0);
    assert_eq!(metrics.sum("toleranced_ingest_quarantined_total"), 20.0);
    wait_to_equal("each lost once", &15.into(), || {
        daemon.figure("loss")["lost"].clone()
    });
    daemon.stop();
}

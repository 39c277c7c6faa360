//! Records that did not become events: listed, shown, and tried again after the mapping is corrected.

use crate::support::tickets::{MAPPING, case, line};
use crate::support::{Daemon, Home, texts, wait_to_equal, wait_until};

/// Times in a format that the first mapping does not know.
fn log() -> String {
    let cases: String = (0..40)
        .map(|nth| {
            case(
                &format!("Q{nth}"),
                nth * 7,
                if nth % 4 == 0 { "failed" } else { "done" },
            )
        })
        .collect();
    // The second step of each case happens in the minute of the first: their place in the file decides.
    let tied = |(nth, line): (usize, &str)| match nth % 3 {
        1 => {
            let (at, minute) = (line.find(":00Z").unwrap(), (nth / 3 * 7) % 60);
            format!("{}{minute:02}{}", &line[..at - 2], &line[at..])
        }
        _ => line.to_owned(),
    };
    let cases: Vec<String> = cases.lines().enumerate().map(tied).collect();
    // Every second line has its time the other way.
    let other = |(nth, line): (usize, &String)| {
        let time = line.split("\"time\":\"").nth(1).unwrap()[..20].to_owned();
        let clock = &time[11..16];
        match nth % 2 {
            0 => line.clone(),
            _ => line.replace(&time, &format!("02.03.2026 {clock}")),
        }
    };
    let mut lines: Vec<String> = cases.iter().enumerate().map(other).collect();
    lines.push("no JSON at all".to_owned());
    lines.join("\n") + "\n"
}

fn corrected() -> String {
    format!("{MAPPING}time_format: [rfc3339, '%d.%m.%Y %H:%M']\n")
}

fn right_from_the_start(identity: &str) -> (Home, Daemon) {
    let home = Home::tailing();
    home.write("map.yaml", corrected().replace("event_id: id\n", identity));
    home.write("log.ndjson", log());
    let daemon = home.start();
    daemon.wait_for_records(121);
    (home, daemon)
}

fn refused(daemon: &Daemon) -> (f64, f64) {
    let metrics = daemon.wait_for_records(121);
    let events = metrics.sum("toleranced_ingest_events_total");
    (events, metrics.sum("toleranced_ingest_quarantined_total"))
}

#[test]
fn replayed_by_the_daemon_after_the_mapping_is_corrected_the_figures_are_those_of_the_right_one() {
    for identity in ["event_id: id\n", ""] {
        let (_reference_home, reference) = right_from_the_start(identity);
        let home = Home::tailing();
        home.write("map.yaml", MAPPING.replace("event_id: id\n", identity));
        home.write("log.ndjson", log());
        let daemon = home.start();
        assert_eq!(refused(&daemon), (60.0, 61.0));

        let (out, _) = texts(&home.run(&["quarantine", "list", "-n", "3"]));
        assert!(
            out.contains("60 log: unreadable_time") && out.contains("1 log: malformed"),
            "{out}"
        );
        let (out, _) = texts(&home.run(&["quarantine", "show", "1"]));
        assert!(
            out.contains("unreadable_time") && out.contains("02.03.2026 00:00"),
            "{out}"
        );
        assert_eq!(
            home.run(&["quarantine", "show", "4711"]).status.code(),
            Some(1)
        );

        // Before anything is corrected, everything stays.
        let output = home.run(&["quarantine", "replay", "--reason", "unreadable_time"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            texts(&output).0.contains(
                "60 tried again: 0 became events or are read again with their export, 60 stay"
            ),
            "{output:?}"
        );

        home.write("map.yaml", corrected().replace("event_id: id\n", identity));
        let (status, said) = daemon.reload();
        assert!(
            status == 200 && said.contains("source log changed"),
            "{said}"
        );
        let output = home.run(&["quarantine", "replay"]);
        assert_eq!(output.status.code(), Some(1), "one is no JSON and stays");
        assert!(
            texts(&output).0.contains(
                "61 tried again: 60 became events or are read again with their export, 1 stay"
            ),
            "{output:?}"
        );
        wait_to_equal("figures", &reference.figures(), || daemon.figures());
        assert_eq!(
            daemon.metrics().sum("toleranced_ingest_events_total"),
            120.0
        );
        daemon.stop();
        // They are kept, not just counted.
        let daemon = home.start();
        wait_to_equal("figures", &reference.figures(), || daemon.figures());
        daemon.stop();
        reference.stop();
    }
}

#[test]
fn replayed_without_a_daemon_the_figures_are_the_same() {
    let (_reference_home, reference) = right_from_the_start("event_id: id\n");
    let home = Home::tailing();
    home.write("log.ndjson", log());
    let daemon = home.start();
    assert_eq!(refused(&daemon), (60.0, 61.0));
    daemon.stop();
    home.write("map.yaml", corrected());
    let output = home.run(&[
        "quarantine",
        "replay",
        "--source",
        "log",
        "--reason",
        "unreadable_time",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        texts(&output).0.contains(
            "60 tried again: 60 became events or are read again with their export, 0 stay"
        )
    );
    let daemon = home.start();
    wait_to_equal("figures", &reference.figures(), || daemon.figures());
    daemon.stop();
    reference.stop();
}

#[test]
fn events_of_a_full_case_are_kept_whole_and_come_in_when_there_is_room() {
    let steps: String = (0..30)
        .map(|nth| {
            line(
                &format!("s{nth}"),
                "LONG",
                &format!("step {}", nth % 4),
                nth,
                "",
            )
        })
        .collect();
    let reference_home = Home::tailing();
    reference_home.write("log.ndjson", &steps);
    let reference = reference_home.start();
    reference.wait_for_records(30);
    let home = Home::tailing();
    let sources = "[{name: log, paths: [log.ndjson], mapping: map.yaml}]";
    home.configure(sources, "limits: {case_events: 10}\n");
    home.write("log.ndjson", &steps);
    let daemon = home.start();
    daemon.wait_for_records(30);
    let full = r#"toleranced_ingest_quarantined_total{source="log",reason="case_full"}"#;
    assert_eq!(daemon.metrics().get(full), 20.0);
    // Tried again while it is as full as before: nothing is lost by that.
    let output = home.run(&["quarantine", "replay"]);
    assert!(
        texts(&output).0.contains(
            "20 tried again: 0 became events or are read again with their export, 20 stay"
        ),
        "{output:?}"
    );
    home.configure(sources, "limits: {case_events: 100}\n");
    assert_eq!(daemon.reload().0, 200);
    let output = home.run(&["quarantine", "replay"]);
    assert!(
        texts(&output).0.contains(
            "20 tried again: 20 became events or are read again with their export, 0 stay"
        ),
        "{output:?}"
    );
    wait_to_equal("figures", &reference.figures(), || daemon.figures());
    daemon.stop();
    reference.stop();
}

#[test]
fn an_export_that_was_refused_as_a_whole_is_read_when_it_is_replayed() {
    let home = Home::new("[]");
    home.write(
        "map.yaml",
        "case: ticket\nactivity: activity\ntime: time\nprocess: process\n",
    );
    home.configure(
        "[{name: in, type: drop, paths: [in], mapping: map.yaml}]",
        "",
    );
    home.write(
        "in/export.csv",
        "case,process,activity,time\nA,p,open,2026-03-02 10:00:00\nA,p,close,2026-03-02 10:10:00\n",
    );
    let daemon = home.start();
    daemon.wait_for_log("no column `ticket`");
    daemon.wait_for_metric(
        r#"toleranced_ingest_quarantined_total{source="in",reason="malformed"}"#,
        1.0,
    );
    home.write(
        "map.yaml",
        "case: case\nactivity: activity\ntime: time\nprocess: process\n",
    );
    assert_eq!(daemon.reload().0, 200);
    let output = home.run(&["quarantine", "replay"]);
    let (out, errors) = texts(&output);
    assert!(
        output.status.code().is_some_and(|code| code < 2),
        "{out}{errors}"
    );
    daemon.wait_for_metric(r#"toleranced_ingest_events_total{source="in"}"#, 2.0);
    wait_until("an empty quarantine", || {
        let (out, _) = texts(&home.run(&["quarantine", "list"]));
        out.contains("empty").then_some(())
    });
    daemon.stop();
}

const EVENTS: &str = r#"toleranced_ingest_events_total{source="in"}"#;

const CSV: &str =
    "process: { const: desk }\ncase: case\nactivity: activity\ntime: time\noutcome: outcome\n";

#[test]
fn rows_of_a_csv_export_that_say_the_same_come_in_as_many_after_the_mapping_is_corrected() {
    let home = Home::dropping(&format!("{CSV}time_format: '%Y'\n"));
    let rows = "C1,open,02.03.2026 10:00,\n".repeat(3);
    home.drop_in(
        "a.csv",
        format!("case,activity,time,outcome\n{rows}C1,close,02.03.2026 11:00,done\n"),
        60,
    );
    let daemon = home.start();
    daemon.wait_for_metric(
        r#"toleranced_ingest_quarantined_total{source="in",reason="unreadable_time"}"#,
        4.0,
    );
    home.write("map.yaml", format!("{CSV}time_format: '%d.%m.%Y %H:%M'\n"));
    assert_eq!(daemon.reload().0, 200);
    let output = home.run(&["quarantine", "replay"]);
    assert!(texts(&output).0.contains("4 tried again: 4 "), "{output:?}");
    let metrics = daemon.wait_for_metric(EVENTS, 4.0);
    assert_eq!(metrics.get(EVENTS), 4.0);
    daemon.stop();
}

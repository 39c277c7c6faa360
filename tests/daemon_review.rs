//! What a review of the daemon found, each kept as a test named after what was wrong.

mod common;

use common::{Home, texts, wait_for, wait_to_equal};
use serde_json::Value;
use std::time::SystemTime;

const EVENTS: &str = r#"toleranced_ingest_events_total{source="in"}"#;

/// A figure of the only process.
fn figure(daemon: &common::Daemon, key: &str) -> Value {
    daemon.json("/api/v1/processes")["processes"][0][key].clone()
}

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

#[test]
fn a_correction_in_a_later_export_wins_wherever_it_stands_in_its_file() {
    let home = Home::dropping(CSV);
    let row = |case: &str, outcome: &str| format!("{case},close,2026-03-02 10:00:00,{outcome}\n");
    let head = "case,activity,time,outcome\n";
    let long: String = (0..50).map(|n| row(&format!("X{n}"), "done")).collect();
    home.drop_in(
        "old.csv",
        format!("{head}{long}{}", row("C1", "failed")),
        600,
    );
    let daemon = home.start();
    daemon.wait_for_metric(EVENTS, 51.0);
    wait_to_equal("the first outcome", &1.into(), || {
        figure(&daemon, "outcomes")["failed"].clone()
    });
    home.drop_in("new.csv", format!("{head}{}", row("C1", "done")), 60);
    wait_to_equal("the corrected outcome", &51.into(), || {
        figure(&daemon, "outcomes")["done"].clone()
    });
    daemon.stop();
}

#[test]
fn the_rate_of_a_process_with_its_own_window_is_that_of_its_window() {
    let home = Home::new("[]");
    home.write(
        "map.yaml",
        "process: process\ncase: case\nactivity: { const: run }\ntime: time\n",
    );
    home.write("catalog.yaml", "processes:\n- { id: own, window: 7d }\n");
    home.write(
        "toleranced.yaml",
        "listen: 127.0.0.1:0\ndata_dir: data\ncatalog: catalog.yaml\nscore: {every: 200ms, window: 90d}\n\
         sources: [{name: in, paths: [log.ndjson], mapping: map.yaml}]\n",
    );
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    // One case an hour over thirty days, in both processes.
    let lines: String = (1..=720)
        .flat_map(|hour| ["own", "default"].map(|process| (hour, process)))
        .map(|(hour, process)| {
            let time = now - hour * 3600;
            format!("{{\"process\":\"{process}\",\"case\":\"{process}-{hour}\",\"time\":{time}}}\n")
        })
        .collect();
    home.write("log.ndjson", lines);
    let daemon = home.start();
    daemon.wait_for_metric(EVENTS, 1440.0);
    for process in ["own", "default"] {
        wait_for(&format!("the rate of {process}"), || {
            let scores = daemon.json("/api/v1/processes");
            let score = scores["processes"]
                .as_array()?
                .iter()
                .find(|score| score["id"] == process)?;
            let rate = score["cases_per_week"].as_f64()?;
            (160.0..176.0).contains(&rate).then_some(())
        });
    }
    daemon.stop();
}

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

#[test]
fn a_damaged_last_line_of_an_archive_is_quarantined() {
    use std::io::Write;
    let home = Home::new("[]");
    home.write(
        "map.yaml",
        "process: { const: desk }\ncase: case\nactivity: activity\ntime: time\n",
    );
    home.configure(
        "[{name: in, paths: ['*.gz'], mapping: map.yaml, flush_after: 100ms}]",
        "",
    );
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed
        .write_all(
            b"{\"case\":1,\"activity\":\"a\",\"time\":\"2026-03-02T10:00:00Z\"}\n{\"case\":2,",
        )
        .unwrap();
    home.write("log.ndjson.gz", packed.finish().unwrap());
    let daemon = home.start();
    daemon.wait_for_metric(
        r#"toleranced_ingest_quarantined_total{source="in",reason="malformed"}"#,
        1.0,
    );
    let metrics = daemon.wait_for_metric(EVENTS, 1.0);
    assert_eq!(metrics.sum("toleranced_ingest_records_total"), 2.0);
    daemon.stop();
}

#[test]
fn a_source_that_was_a_drop_folder_can_become_one_of_files() {
    use toleranced::store::{Commit, FileRow, Store};
    let home = Home::new("[]");
    home.write(
        "map.yaml",
        "process: { const: desk }\ncase: case\nactivity: activity\ntime: time\n",
    );
    home.configure("[{name: in, paths: [log.ndjson], mapping: map.yaml}]", "");
    let mut store = Store::open(&home.path("data")).unwrap();
    let interrupted = FileRow {
        source: "in".to_owned(),
        id: 7,
        state: r#"{"export":1,"format":"csv","batches":2}"#.to_owned(),
        stream: 1,
    };
    store
        .commit(&Commit {
            files: vec![interrupted],
            ..Commit::default()
        })
        .unwrap();
    drop(store);
    home.write(
        "log.ndjson",
        "{\"case\":1,\"activity\":\"a\",\"time\":\"2026-03-02T10:00:00Z\"}\n",
    );
    let daemon = home.start();
    daemon.wait_for_metric(EVENTS, 1.0);
    daemon.stop();
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_whose_name_is_not_utf_8_keeps_its_position() {
    use std::os::unix::ffi::OsStrExt;
    let home = Home::new("[]");
    home.write(
        "map.yaml",
        "process: { const: desk }\ncase: case\nactivity: activity\ntime: time\n",
    );
    home.configure("[{name: in, paths: ['logs/*'], mapping: map.yaml}]", "");
    let folder = home.path("logs");
    std::fs::create_dir(&folder).unwrap();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.ndjson");
    let line = "{\"case\":1,\"activity\":\"a\",\"time\":\"2026-03-02T10:00:00Z\"}\n";
    std::fs::write(folder.join(name), line).unwrap();
    let records = r#"toleranced_ingest_records_total{source="in"}"#;
    let daemon = home.start();
    daemon.wait_for_metric(records, 1.0);
    daemon.stop();
    // Read again from its start, the record would be counted a second time.
    std::fs::write(folder.join(name), line.repeat(2)).unwrap();
    let daemon = home.start();
    let metrics = daemon.wait_for_metric(EVENTS, 2.0);
    assert_eq!(metrics.get(records), 2.0);
    daemon.stop();
}

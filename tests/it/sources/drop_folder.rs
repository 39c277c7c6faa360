//! The drop folder: each export is read once, whole, when it is completely written.

use crate::support::formats::gz;
use crate::support::scores::{figures, one_shot};
use crate::support::tickets::case;
use crate::support::{Daemon, Home, texts, wait_to_equal, wait_until};
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};
use toleranced::internals::{Commit, FileRow, Store};

const READ: &str = r#"toleranced_source_notices_total{source="in",notice="export_read"}"#;

const EVENTS: &str = r#"toleranced_ingest_events_total{source="in"}"#;

const UP: &str = r#"toleranced_source_up{source="in"}"#;

fn csv(cases: std::ops::Range<u32>) -> String {
    let mut text = String::from("case,process,activity,time,outcome\n");
    for nth in cases {
        for (step, outcome) in [("open", ""), ("close", "done")] {
            let minute = nth % 60;
            writeln!(
                text,
                "C{nth},tickets,{step},2026-03-02 10:{minute:02}:00,{outcome}"
            )
            .unwrap();
        }
    }
    text
}

const PLAIN: &str =
    "process: process\ncase: case\nactivity: activity\ntime: time\noutcome: outcome\n";

#[test]
fn overlapping_exports_count_an_event_once_and_the_same_export_is_read_once_whatever_its_name() {
    let home = Home::dropping(PLAIN);
    home.drop_in("monday.csv", csv(0..30), 60);
    home.drop_in("monday again.csv", csv(0..30), 60);
    let daemon = home.start();
    daemon.wait_for_metric(READ, 1.0);
    home.drop_in("tuesday.csv", csv(20..50), 60);
    home.drop_in("and again.csv", csv(0..30), 60);
    let metrics = daemon.wait_for_metric(READ, 2.0);
    assert_eq!(metrics.get(EVENTS), 100.0);
    assert_eq!(metrics.sum("toleranced_ingest_duplicates_total"), 20.0);
    daemon.stop();
    // Nor after a restart; what is new then is read.
    home.drop_in("monday, third.csv", csv(0..30), 60);
    let daemon = home.start();
    home.drop_in("wednesday.csv", csv(50..60), 60);
    let metrics = daemon.wait_for_metric(READ, 3.0);
    assert_eq!(metrics.get(EVENTS), 120.0);
    assert_eq!(metrics.sum("toleranced_ingest_duplicates_total"), 20.0);
    assert_eq!(metrics.sum("toleranced_ingest_records_total"), 140.0);
    daemon.stop();
}

fn figures_equal_one_shot(daemon: &Daemon, home: &Home, file: &Path) {
    let as_of = daemon.json("/api/v1/processes")["as_of"]
        .as_str()
        .unwrap()
        .to_owned();
    let once = figures(&one_shot(&home.path("map.yaml"), None, &as_of, &[file]));
    wait_to_equal("figures of one shot", &once, || daemon.figures());
}

#[test]
fn a_document_of_json_an_event_log_in_xes_and_a_compressed_one_are_read_whole() {
    let records: Vec<String> = case("J", 0, "done").lines().map(str::to_owned).collect();
    let document = format!("{{\"data\": {{\"rows\": [{}]}}}}", records.join(","));
    let home = Home::dropping(&format!(
        "{PLAIN}lifecycle: {{ path: lifecycle, default: step }}\nrecords: data.rows\nformat: json\n"
    ));
    home.drop_in("export.json", document, 60);
    let daemon = home.start();
    daemon.wait_for_metric(EVENTS, 3.0);
    figures_equal_one_shot(&daemon, &home, &home.path("in/export.json"));
    daemon.stop();

    let mut xes = String::from("<?xml version=\"1.0\"?>\n<log xes.version=\"1.0\">\n");
    for trace in 0..40 {
        write!(
            xes,
            "<trace><string key=\"concept:name\" value=\"X{trace}\"/>"
        )
        .unwrap();
        for step in ["open", "work", "close"] {
            write!(
                xes,
                "<event><string key=\"concept:name\" value=\"{step}\"/>\
                 <date key=\"time:timestamp\" value=\"2026-03-02T10:{:02}:00Z\"/></event>",
                trace % 60
            )
            .unwrap();
        }
        xes += "</trace>\n";
    }
    xes += "</log>\n";
    let home = Home::dropping("format: xes\n");
    home.configure("[{name: in, type: drop, paths: [in], mapping: xes}]", "");
    home.drop_in("log.xes.gz", gz(&xes), 60);
    let daemon = home.start();
    daemon.wait_for_metric(EVENTS, 120.0);
    // The same log, not compressed, is another file; its events are the same.
    home.drop_in("log.xes", xes, 60);
    let metrics = daemon.wait_for_metric(READ, 2.0);
    assert_eq!(metrics.get(EVENTS), 120.0);
    daemon.stop();
}

#[test]
fn an_object_centric_log_is_read_from_the_drop_folder() {
    let home = Home::dropping("format: ndjson\n");
    home.configure("[{name: in, type: drop, paths: [in], mapping: ocel}]", "");
    let sample = std::fs::read("tests/data/presets/ocel.jsonocel").unwrap();
    home.drop_in("log.json", &sample, 60);
    let tables = "create table ticket(id, state);";
    let database = home.path("tickets.db");
    rusqlite::Connection::open(&database)
        .unwrap()
        .execute_batch(tables)
        .unwrap();
    home.drop_in("tickets.sqlite", std::fs::read(database).unwrap(), 60);
    let daemon = home.start();
    daemon.wait_for_metric(EVENTS, 4.0);
    daemon.wait_for_log("no OCEL 2.0 log");
    daemon.stop();
}

#[cfg(feature = "workbooks")]
#[test]
fn a_workbook_is_read_from_the_drop_folder() {
    let home = Home::dropping("case: Number\nactivity: State\ntime: Changed\nsheet: Log\n");
    let row = |cells: [&str; 3]| cells.map(str::to_owned);
    let mut log = crate::support::workbook::Sheet::new("Log");
    log.row(1, &row(["Number", "State", "Changed"]));
    log.row(2, &row(["INC1", "Opened", "@45300.5"]));
    log.row(3, &row(["INC1", "Closed", "@45300.75"]));
    log.row(4, &row(["INC2", "Opened", ""]));
    let mut other = crate::support::workbook::Sheet::new("Other");
    other.row(1, &row(["a", "b", "c"]));
    home.drop_in(
        "log.xlsx",
        crate::support::workbook::xlsx(&[other, log]),
        60,
    );
    let daemon = home.start();
    daemon.wait_for_metric(EVENTS, 2.0);
    wait_until("the row in the quarantine", || {
        let (out, _) = texts(&home.run(&["quarantine", "list"]));
        out.contains("missing_time").then_some(())
    });
    daemon.stop();
}

#[test]
fn what_is_no_export_is_quarantined_as_a_whole_and_told() {
    let home = Home::dropping(PLAIN);
    let junk: Vec<u8> = (0..5000u32).map(|n| (n * 7919 % 251) as u8).collect();
    home.drop_in("junk.csv", &junk, 60);
    home.drop_in("other columns.csv", "a,b\n1,2\n3,4\n", 60);
    home.drop_in("good.csv", csv(0..10), 60);
    let daemon = home.start();
    daemon.wait_for_metric(EVENTS, 20.0);
    let malformed = r#"toleranced_ingest_quarantined_total{source="in",reason="malformed"}"#;
    wait_until("both in the quarantine", || {
        let output = home.run(&["quarantine", "list"]);
        let (out, _) = texts(&output);
        (out.contains("junk.csv") && out.contains("other columns.csv")).then_some(())
    });
    let metrics = daemon.wait_for_metric(malformed, 2.0);
    assert_eq!(metrics.get(EVENTS), 20.0);
    daemon.wait_for_log("no column `");
    // A truncated archive gives what stands before the damage, and says that there was some.
    let packed = gz(csv(100..3000));
    home.drop_in("cut.csv.gz", &packed[..packed.len() / 2], 60);
    let metrics = daemon.wait_for_metric(
        r#"toleranced_ingest_quarantined_total{source="in",reason="truncated"}"#,
        1.0,
    );
    assert!(metrics.get(EVENTS) > 100.0);
    daemon.wait_for_metric(READ, 2.0);
    let before = daemon.metrics().sum("toleranced_ingest_quarantined_total");
    daemon.stop();
    let daemon = home.start();
    home.drop_in("last.csv", csv(60..61), 60);
    daemon.wait_for_metric(READ, 3.0);
    let after = daemon.metrics().sum("toleranced_ingest_quarantined_total");
    assert_eq!(after, before, "refused again after a restart");
    daemon.stop();
}

#[test]
fn a_file_that_is_still_written_waits_until_it_has_settled() {
    let home = Home::dropping(PLAIN);
    let daemon = home.start();
    let text = csv(0..40);
    let half = text.len() / 2;
    home.append("in/slow.csv", &text[..half]);
    // Another one that is ready is read meanwhile: the folder has been looked at.
    home.drop_in("ready.csv", csv(100..101), 60);
    daemon.wait_for_metric(READ, 1.0);
    // Unless this test was stopped for seconds, the file has not settled by now.
    let settled = std::fs::metadata(home.path("in/slow.csv"))
        .unwrap()
        .modified()
        .unwrap()
        .elapsed()
        .unwrap();
    let metrics = daemon.metrics();
    if settled < Duration::from_millis(1500) {
        assert_eq!(metrics.get(EVENTS), 2.0);
    }
    home.append("in/slow.csv", &text[half..]);
    let metrics = daemon.wait_for_metric(EVENTS, 82.0);
    assert_eq!(metrics.sum("toleranced_ingest_quarantined_total"), 0.0);
    daemon.stop();
}

#[test]
fn an_export_that_a_kill_interrupts_is_read_to_its_end_and_its_bad_records_are_refused_once() {
    let home = Home::dropping(PLAIN);
    let (good, bad) = (120_000, 300);
    let mut text = csv(0..good / 2);
    for nth in 0..bad {
        // Bad records all along, so that some are committed before any kill.
        let at = text.len() * nth / bad;
        let at = text[..at]
            .rfind('\n')
            .map_or(text.find('\n').unwrap() + 1, |at| at + 1)
            .max(text.find('\n').unwrap() + 1);
        text.insert_str(at, &format!("B{nth},tickets,open,never,\n"));
    }
    home.drop_in("large.csv", text, 60);
    // Half of the times it is killed as soon as something is committed, half of the times stopped.
    let refused = |home: &Home| -> i64 {
        let store = Store::open_to_read(&home.path("data")).ok();
        let counts = store.and_then(|store| store.quarantine_counts().ok());
        counts.map_or(0, |counts| counts.iter().map(|(_, _, count)| count).sum())
    };
    let mut interrupted = 0;
    for nth in 0..6 {
        let before = refused(&home);
        let mut daemon = home.start();
        wait_until("some more of it", || {
            (refused(&home) > before || daemon.metrics().get(READ) > 0.0).then_some(())
        });
        match nth % 2 {
            0 => daemon.kill(),
            _ => drop(daemon.stop()),
        }
        interrupted += usize::from((1..bad as i64).contains(&refused(&home)));
    }
    assert!(interrupted > 0, "never interrupted in its middle");
    let daemon = home.start();
    let metrics = daemon.wait_for_metric(READ, 1.0);
    assert_eq!(metrics.get(EVENTS), f64::from(good));
    assert_eq!(
        metrics.sum("toleranced_ingest_quarantined_total"),
        bad as f64
    );
    assert_eq!(
        metrics.sum("toleranced_ingest_records_total"),
        f64::from(good) + bad as f64
    );
    assert_eq!(metrics.sum("toleranced_ingest_duplicates_total"), 0.0);
    daemon.stop();
}

#[test]
fn an_export_that_was_changed_in_the_future_is_read_when_it_stays_as_it_is() {
    let home = Home::dropping(PLAIN);
    home.write("aside", csv(0..10));
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(home.path("aside"))
        .unwrap();
    let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
    file.set_modified(tomorrow).unwrap();
    std::fs::rename(home.path("aside"), home.path("in/ahead.csv")).unwrap();
    let daemon = home.start();
    let metrics = daemon.wait_for_metric(READ, 1.0);
    assert_eq!(metrics.get(EVENTS), 20.0);
    daemon.stop();
}

#[test]
fn a_folder_that_can_be_read_is_up_before_its_first_export_is_read_to_the_end() {
    let home = Home::dropping(PLAIN);
    std::fs::remove_dir(home.path("in")).unwrap();
    let daemon = home.start();
    wait_until("the reason", || {
        let sources = daemon.json("/api/v1/sources");
        sources["sources"][0]["trouble"].as_str().map(|_| ())
    });
    assert_eq!(daemon.metrics().samples.get(UP), Some(&0.0));
    // Nothing can be committed, so nobody takes what is read: reading stands still within the export.
    let database = rusqlite::Connection::open(home.path("data/toleranced.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    home.write("ready/large.csv", csv(0..60_000));
    home.age("ready/large.csv", 60);
    std::fs::rename(home.path("ready"), home.path("in")).unwrap();
    let metrics = daemon.wait_for_metric(UP, 1.0);
    assert_eq!(metrics.get(READ), 0.0);
    database.execute_batch("ROLLBACK").unwrap();
    let metrics = daemon.wait_for_metric(READ, 1.0);
    assert_eq!(metrics.get(EVENTS), 120_000.0);
    daemon.stop();
}

#[test]
fn a_reload_forgets_neither_the_latest_event_of_a_source_nor_that_it_can_be_read() {
    let home = Home::dropping(PLAIN);
    let source = "[{name: in, type: drop, paths: [in], mapping: map.yaml}]";
    let catalog = |severity: &str| {
        format!(
            "processes:\n  - id: tickets\n    criticality: high\n    outcomes: {{ done: {severity} }}\n"
        )
    };
    home.write("catalog.yaml", catalog("0"));
    home.configure(source, "catalog: catalog.yaml\n");
    home.drop_in("monday.csv", csv(0..10), 60);
    let daemon = home.start();
    daemon.wait_for_metric(EVENTS, 20.0);
    let before = daemon.wait_for_metric(UP, 1.0);
    // 10:09 on the day of `csv`.
    let last = r#"toleranced_ingest_last_event_timestamp_seconds{source="in"}"#;
    assert_eq!(before.samples.get(last), Some(&1_772_446_140.0));
    home.write("catalog.yaml", catalog("0.5"));
    assert_eq!(daemon.reload().0, 200);
    let after = daemon.metrics();
    assert_eq!(after.samples.get(last), before.samples.get(last));
    assert_eq!(after.get(UP), 1.0);
    // Nor when the source itself is read otherwise from now on.
    let other = source.replace("paths: [in]", "paths: [in], exclude: ['*.tmp']");
    home.configure(&other, "catalog: catalog.yaml\n");
    assert_eq!(daemon.reload().0, 200);
    let after = daemon.wait_for_metric(UP, 1.0);
    assert_eq!(after.samples.get(last), before.samples.get(last));
    daemon.stop();
}

const CSV: &str =
    "process: { const: desk }\ncase: case\nactivity: activity\ntime: time\noutcome: outcome\n";

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
        daemon.figure("outcomes")["failed"].clone()
    });
    home.drop_in("new.csv", format!("{head}{}", row("C1", "done")), 60);
    wait_to_equal("the corrected outcome", &51.into(), || {
        daemon.figure("outcomes")["done"].clone()
    });
    daemon.stop();
}

#[test]
fn a_source_that_was_a_drop_folder_can_become_one_of_files() {
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
            positions: vec![interrupted],
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

/// Both kinds of sources, as both look through folders.
#[cfg(unix)]
#[test]
fn a_link_to_everything_is_passed_over_and_the_files_beside_it_are_read() {
    use std::os::unix::fs::symlink;
    let home = Home::new(
        "[{name: in, type: drop, paths: ['in/**/*.csv'], mapping: map.yaml},
          {name: tail, paths: ['logs/**/*.ndjson'], mapping: toleranced}]",
    );
    home.write("map.yaml", PLAIN);
    home.write("in/deep/monday.csv", csv(0..30));
    home.age("in/deep/monday.csv", 60);
    home.write("logs/deep/a.ndjson", case("T1", 0, "done"));
    for folder in ["in", "logs"] {
        symlink("/", home.path(folder).join("0-everything")).unwrap();
        symlink("/dev/zero", home.path(folder).join("zero.csv")).unwrap();
        symlink("/dev/zero", home.path(folder).join("zero.ndjson")).unwrap();
    }
    let daemon = home.start();
    let metrics = daemon.wait_for_metric(EVENTS, 60.0);
    assert_eq!(metrics.get(UP), 1.0);
    // The link to everything and the device; the other link is no CSV file.
    let skipped = r#"toleranced_source_notices_total{source="in",notice="skipped"}"#;
    assert_eq!(daemon.wait_for_metric(skipped, 2.0).get(skipped), 2.0);
    let tailed = r#"toleranced_ingest_events_total{source="tail"}"#;
    let metrics = daemon.wait_for_metric(tailed, 1.0);
    let skipped = r#"toleranced_source_notices_total{source="tail",notice="skipped"}"#;
    assert_eq!(metrics.get(skipped), 2.0);
    assert_eq!(metrics.get(r#"toleranced_source_up{source="tail"}"#), 1.0);
    let log = daemon.stop();
    assert_eq!(log.matches("0-everything").count(), 2, "once each: {log}");
}

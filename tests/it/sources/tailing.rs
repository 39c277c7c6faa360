//! Tailing a log while it grows gives the same figures as reading it once when it is whole.

use crate::support::dice::Dice;
use crate::support::fleets::{DAY_US, OPENED_US};
use crate::support::formats::gz;
use crate::support::scores::one_shot;
use crate::support::tickets::{case, line};
use crate::support::{Daemon, Home, wait_until};
use serde_json::Value;
use std::fs;
use std::path::Path;
use toleranced::internals::Soc;

const IN_EVENTS: &str = r#"toleranced_ingest_events_total{source="in"}"#;

fn soc_log(soc: &Soc, days: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for event in soc.events(OPENED_US, OPENED_US + days * DAY_US) {
        event.write_ndjson(&mut bytes);
    }
    bytes
}

fn lines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

/// Everything in the score of the daemon, against what one shot gives as of the same instant.
fn assert_same_as_one_shot(daemon: &Daemon, map: &Path, catalog: Option<&Path>, file: &Path) {
    daemon.wait_for_next_score();
    let live = daemon.json("/api/v1/processes");
    let as_of = live["as_of"].as_str().unwrap();
    let once = one_shot(map, catalog, as_of, &[file]);
    let (live, once) = (by_id(&live), by_id(&once));
    for (live, once) in live.iter().zip(&once) {
        assert_eq!(live, once);
    }
    assert_eq!(live.len(), once.len());
}

fn by_id(document: &Value) -> Vec<Value> {
    let mut processes = document["processes"].as_array().unwrap().clone();
    processes.sort_by_key(|process| process["id"].to_string());
    processes
}

fn gzip(from: &Path, to: &Path) {
    let aside = to.with_extension("tmp");
    fs::write(&aside, gz(fs::read(from).unwrap())).unwrap();
    fs::rename(aside, to).unwrap();
    fs::remove_file(from).unwrap();
}

#[test]
fn a_log_in_pieces_and_rotated_in_every_way_gives_the_figures_of_one_shot() {
    let soc = Soc::reference(5, OPENED_US);
    let bytes = soc_log(&soc, 6);
    let home = Home::tailing();
    home.write("catalog.yaml", soc.catalog_yaml());
    home.configure(
        "[{name: log, paths: ['logs/soc.ndjson*'], exclude: ['*.tmp'], mapping: toleranced, flush_after: 1h}]",
        "catalog: catalog.yaml\n",
    );
    home.write("logs/soc.ndjson", "");
    home.write("whole.ndjson", &bytes);
    let daemon = home.start();
    let log = home.path("logs/soc.ndjson");
    let mut dice = Dice(11);
    let (mut written, mut rotated, mut at, mut end) = (0, 0, 0, 0);
    for (nth, piece) in dice.cut(&bytes, 200).into_iter().enumerate() {
        end += piece.len();
        let rotates = nth % 20 == 5;
        // Programs rotate between two lines; the rest comes with the next piece.
        let to = match bytes[at..end].iter().rposition(|byte| *byte == b'\n') {
            Some(last) if rotates => at + last + 1,
            _ => end,
        };
        let now = &bytes[at..to];
        at = to;
        home.append("logs/soc.ndjson", now);
        written += lines(now);
        if rotates && now.ends_with(b"\n") {
            rotated += 1;
            let old = home.path(&format!("logs/soc.ndjson.{rotated}"));
            fs::rename(&log, &old).unwrap();
            home.write("logs/soc.ndjson", "");
        }
        match nth {
            60 | 110 => {
                // Copied and truncated: what was not read by then is lost for every reader, so wait for that.
                daemon.wait_for_records(written);
                let rest = fs::read(&log).unwrap();
                let whole = rest
                    .iter()
                    .rposition(|byte| *byte == b'\n')
                    .map_or(0, |at| at + 1);
                fs::copy(&log, home.path(&format!("logs/soc.ndjson.copy{nth}"))).unwrap();
                let file = fs::OpenOptions::new().write(true).open(&log).unwrap();
                file.set_len(0).unwrap();
                // The line that was not finished begins the truncated file.
                home.append("logs/soc.ndjson", &rest[whole..]);
                let copy = home.path(&format!("logs/soc.ndjson.copy{nth}"));
                let file = fs::OpenOptions::new().write(true).open(copy).unwrap();
                file.set_len(whole as u64).unwrap();
            }
            // Compressed later, as logrotate does.
            80 | 150 | 190 => {
                for number in 1..=rotated {
                    let old = home.path(&format!("logs/soc.ndjson.{number}"));
                    if old.exists() {
                        gzip(&old, &home.path(&format!("logs/soc.ndjson.{number}.gz")));
                    }
                }
            }
            _ => {}
        }
    }
    let metrics = daemon.wait_for_records(lines(&bytes));
    assert_eq!(
        metrics.sum("toleranced_ingest_events_total"),
        lines(&bytes) as f64
    );
    assert_eq!(metrics.sum("toleranced_ingest_quarantined_total"), 0.0);
    assert!(rotated > 0);
    assert_same_as_one_shot(
        &daemon,
        Path::new("toleranced"),
        Some(&home.path("catalog.yaml")),
        &home.path("whole.ndjson"),
    );
    daemon.stop();
}

const CSV_MAP: &str =
    "format: csv\nprocess: process\ncase: case\nactivity: activity\ntime: time\noutcome: outcome\n";

#[test]
fn csv_with_line_ends_in_quotes_and_an_unfinished_last_line_gives_the_figures_of_one_shot() {
    let mut dice = Dice(12);
    let mut text = String::from("case,process,activity,time,note,outcome\r\n");
    for nth in 0..600u64 {
        let (case, step) = (nth / 4, nth % 4);
        let (hour, minute) = (nth / 60, nth % 60);
        let note = match dice.below(3) {
            0 => "\"two\nlines, and \"\"quotes\"\"\"",
            1 => "\"a\r\n\r\nb\"",
            _ => "plain",
        };
        let outcome = if step == 3 {
            ["done", "failed"][(case % 5 == 0) as usize]
        } else {
            ""
        };
        text += &format!(
            "C{case},tickets,step {step},2026-03-02 {hour:02}:{minute:02}:07,{note},{outcome}\r\n"
        );
    }
    text += "C149,tickets,last,2026-03-02 23:00:00,\"no\nend\",done";
    let home = Home::new("[]");
    home.write("map.yaml", CSV_MAP);
    home.configure(
        "[{name: log, paths: [t.csv], mapping: map.yaml, flush_after: 1h}]",
        "",
    );
    let daemon = home.start();
    for piece in dice.cut(text.as_bytes(), 90) {
        home.append("t.csv", piece);
    }
    daemon.wait_for_records(600);
    // While nobody says that the file has ended, the last line may go on.
    assert_eq!(
        daemon.metrics().sum("toleranced_ingest_records_total"),
        600.0
    );
    home.configure(
        "[{name: log, paths: [t.csv], mapping: map.yaml, flush_after: 50ms}]",
        "",
    );
    let (status, said) = daemon.reload();
    assert_eq!(status, 200, "{said}");
    daemon.wait_for_records(601);
    assert_same_as_one_shot(&daemon, &home.path("map.yaml"), None, &home.path("t.csv"));
    // The line end comes after all: that is no further record.
    home.append(
        "t.csv",
        format!("\r\n{}\r\n", "C150,tickets,open,2026-03-02 23:01:00,x,done"),
    );
    let metrics = daemon.wait_for_metric(r#"toleranced_ingest_events_total{source="log"}"#, 602.0);
    assert_eq!(metrics.sum("toleranced_ingest_quarantined_total"), 0.0);
    assert_same_as_one_shot(&daemon, &home.path("map.yaml"), None, &home.path("t.csv"));
    daemon.stop();
}

#[test]
fn the_present_is_never_the_future_however_long_the_daemon_runs() {
    let home = Home::tailing();
    home.configure(
        "[{name: log, paths: [log.ndjson], mapping: map.yaml}]",
        "limits: {future_seconds: 0}\n",
    );
    home.write("log.ndjson", case("A", 0, "done"));
    let daemon = home.start();
    daemon.wait_for_records(3);
    // Later than the start of the daemon.
    let now = chrono::Utc::now();
    let event = |case: &str, at: chrono::DateTime<chrono::Utc>| {
        line(case, case, "open", 0, "").replace("2026-03-02T00:00:00Z", &at.to_rfc3339())
    };
    home.append("log.ndjson", event("NOW", now));
    home.append("log.ndjson", event("FAR", now + chrono::Duration::hours(1)));
    let metrics = daemon.wait_for_records(5);
    assert_eq!(metrics.sum("toleranced_ingest_events_total"), 4.0);
    let future = r#"toleranced_ingest_quarantined_total{source="log",reason="implausible_time"}"#;
    assert_eq!(metrics.get(future), 1.0);
    daemon.stop();
}

#[test]
fn a_source_without_a_file_is_down_and_says_why_until_there_is_one() {
    let home = Home::tailing();
    let daemon = home.start();
    let up = r#"toleranced_source_up{source="log"}"#;
    wait_until("the reason", || {
        let sources = daemon.json("/api/v1/sources");
        sources["sources"][0]["trouble"]
            .as_str()?
            .contains("log.ndjson")
            .then_some(())
    });
    assert_eq!(daemon.metrics().samples.get(up), Some(&0.0));
    home.append("log.ndjson", case("A", 0, "done"));
    daemon.wait_for_records(3);
    daemon.wait_for_metric(up, 1.0);
    daemon.stop();
}

#[test]
fn a_source_that_can_not_go_on_from_where_it_was_is_tried_again() {
    let home = Home::tailing();
    home.append("log.ndjson", case("A", 0, "done"));
    let daemon = home.start();
    daemon.wait_for_records(3);
    daemon.stop();
    let database = rusqlite::Connection::open(home.path("data/toleranced.db")).unwrap();
    let change = |sql: &str| database.execute_batch(sql).unwrap();
    change("ALTER TABLE files RENAME TO lost");
    let daemon = home.start();
    wait_until("the reason", || {
        let sources = daemon.json("/api/v1/sources");
        let trouble = sources["sources"][0]["trouble"].as_str()?;
        trouble.contains("no such table").then_some(())
    });
    change("ALTER TABLE lost RENAME TO files");
    home.append("log.ndjson", case("B", 10, "done"));
    let metrics = daemon.wait_for_records(6);
    assert_eq!(metrics.sum("toleranced_ingest_events_total"), 6.0);
    assert_eq!(metrics.sum("toleranced_ingest_duplicates_total"), 0.0);
    daemon.wait_for_metric(r#"toleranced_source_up{source="log"}"#, 1.0);
    daemon.stop();
}

#[test]
fn a_damaged_last_line_of_an_archive_is_quarantined() {
    let home = Home::new("[]");
    home.write(
        "map.yaml",
        "process: { const: desk }\ncase: case\nactivity: activity\ntime: time\n",
    );
    home.configure(
        "[{name: in, paths: ['*.gz'], mapping: map.yaml, flush_after: 100ms}]",
        "",
    );
    let lines = "{\"case\":1,\"activity\":\"a\",\"time\":\"2026-03-02T10:00:00Z\"}\n{\"case\":2,";
    home.write("log.ndjson.gz", gz(lines));
    let daemon = home.start();
    daemon.wait_for_metric(
        r#"toleranced_ingest_quarantined_total{source="in",reason="malformed"}"#,
        1.0,
    );
    let metrics = daemon.wait_for_metric(IN_EVENTS, 1.0);
    assert_eq!(metrics.sum("toleranced_ingest_records_total"), 2.0);
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
    let metrics = daemon.wait_for_metric(IN_EVENTS, 2.0);
    assert_eq!(metrics.get(records), 2.0);
    daemon.stop();
}

//! Small bodies that would take all memory if the daemon let them: it refuses them with the reason, and goes on.

use crate::support::binary::BINARY;
use crate::support::tickets::case;
use crate::support::{Daemon, Home};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Command;

/// All of the daemon, at any time.
const MAX_RESIDENT_KIB: u64 = 256 << 10;
/// What the operating system allows it, in KiB of writable address space: threads and the allocator reserve far more than they
/// use. It ends a daemon that decodes a body into gigabytes before the machine does.
const DATA_LIMIT_KIB: u64 = 1 << 20;

const BODIES: usize = 64;

const SOURCES: &str = "[{name: lines, type: push, mapping: map.yaml}, {name: whole, type: push, mapping: whole.yaml}, \
    {name: each, type: push, mapping: each.yaml}, {name: xes, type: push, mapping: xes.yaml}, \
    {name: csv, type: push, mapping: csv.yaml}]";

const FIELDS: &str = "case: case\nactivity: activity\ntime: time\n";

fn home() -> Home {
    let home = Home::new(SOURCES);
    home.write(
        "whole.yaml",
        format!("format: json\n{FIELDS}where: \"record.case != ''\"\n"),
    );
    home.write(
        "each.yaml",
        format!("format: json\n{FIELDS}events:\n- each: a\n  where: \"record.case != 'x' && item != 7\"\n"),
    );
    let xes =
        "format: xes\ncase: case:concept:name\nactivity: concept:name\ntime: time:timestamp\n";
    home.write("xes.yaml", xes);
    home.write(
        "csv.yaml",
        format!("format: csv\n{FIELDS}where: \"record.case != ''\"\n"),
    );
    home
}

/// A daemon that the operating system ends, or gives no more memory, beyond the limit.
fn start(home: &Home) -> Daemon {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("ulimit -d {DATA_LIMIT_KIB} && exec \"$@\"")])
        .args(["sh", BINARY, "run", "--config"])
        .arg(home.path("toleranced.yaml"));
    let daemon = Daemon::spawn(&mut command);
    daemon.address();
    daemon
}

/// Compresses the parts of a body one by one, without ever having all of it.
fn gz(parts: impl Iterator<Item = String>) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::new(6));
    parts.for_each(|part| gzip.write_all(part.as_bytes()).unwrap());
    gzip.finish().unwrap()
}

fn gz_of(text: &str) -> Vec<u8> {
    gz(std::iter::once(text.to_owned()))
}

fn repeated(begin: String, middle: &str, count: usize, end: &str) -> Vec<u8> {
    let piece = middle.repeat(1 << 10);
    let pieces = std::iter::repeat_n(piece, count >> 10);
    gz(std::iter::once(begin)
        .chain(pieces)
        .chain(std::iter::once(end.to_owned())))
}

/// A body that differs from all others by its number, and the source that gets it.
fn body(kind: usize, nth: usize) -> (&'static str, Vec<u8>) {
    let id = format!("{{\"case\":\"c{nth}\",\"activity\":\"x\",\"time\":1550286940");
    let mebi = 1 << 20;
    match kind {
        // One record: a list of 1 Mi numbers, of one text, of small objects.
        0 => (
            "whole",
            repeated(format!("[{id},\"a\":["), "0,", mebi, "0]}]"),
        ),
        1 => (
            "whole",
            repeated(format!("[{id},\"a\":\""), "x", 16 * mebi, "\"}]"),
        ),
        2 => (
            "whole",
            repeated(format!("[{id},\"a\":["), "{\"\":0},", mebi / 4, "0]}]"),
        ),
        // As many values as a record may have.
        3 => {
            let objects = "{\"\":0},".repeat(40_000);
            (
                "whole",
                gz_of(&format!(
                    "[{id},\"a\":[{objects}0]}},{id},\"a\":[{objects}1]}}]"
                )),
            )
        }
        // Records that are no objects, and long ones that are rejected with their text.
        4 => ("whole", repeated(format!("[{nth},"), "0,", mebi / 16, "0]")),
        5 => {
            let record = format!("{{\"x\":\"{}\"}},", "x".repeat(60_000));
            (
                "whole",
                gz_of(&format!("[{{\"n\":{nth}}},{}0]", record.repeat(200))),
            )
        }
        // A long field that all elements share, and more elements than events may come of.
        6 => {
            let (long, items) = ("c".repeat(500_000), "1,".repeat(40_000));
            let rest = format!("\"activity\":\"x\",\"time\":1550286940,\"a\":[{items}1]}}");
            ("each", gz_of(&format!("{{\"case\":\"{nth}{long}\",{rest}")))
        }
        7 => {
            let record = format!("{id},\"a\":[{}1]}}", "1,".repeat(90_000));
            ("each", gz_of(&vec![record; 2].join("\n")))
        }
        _ => compressed_or_other(kind, nth),
    }
}

/// Bodies that are not JSON, or that expand very far.
fn compressed_or_other(kind: usize, nth: usize) -> (&'static str, Vec<u8>) {
    let mebi = 1 << 20;
    match kind {
        // Short lines that are no events, and a text of 200 MiB.
        8 => ("lines", repeated(format!("x{nth}\n"), "x\n", mebi / 16, "")),
        9 => {
            let mut zstd = zstd::Encoder::new(Vec::new(), 3).unwrap();
            let text = vec![b'x'; mebi];
            write!(zstd, "[{nth},\"").unwrap();
            (0..200).for_each(|_| zstd.write_all(&text).unwrap());
            ("whole", zstd.finish().unwrap())
        }
        // A window of 128 MiB.
        10 => {
            let mut zstd = zstd::Encoder::new(Vec::new(), 1).unwrap();
            zstd.window_log(27).unwrap();
            write!(zstd, "{}", case(&format!("w{nth}"), 0, "good")).unwrap();
            ("lines", zstd.finish().unwrap())
        }
        // A log with one long value, one with a long value for very many events, and one that is nested deeply.
        11 => {
            let begin = format!("<log><trace><string key=\"concept:name\" value=\"{nth}");
            (
                "xes",
                repeated(begin, "x", 32 * mebi, "\"/><event/></trace></log>"),
            )
        }
        12 => {
            let name = format!("{nth}{}", "x".repeat(900_000));
            let begin = format!("<log><trace><string key=\"concept:name\" value=\"{name}\"/>");
            (
                "xes",
                repeated(begin, "<event/>", mebi / 32, "</trace></log>"),
            )
        }
        13 => {
            let name = "n".repeat(900);
            (
                "xes",
                gz_of(&format!(
                    "<log n=\"{nth}\"><trace>{}",
                    format!("<{name}>").repeat(5_000)
                )),
            )
        }
        // A header of very many columns.
        _ => {
            let mut header = "case,activity,time".to_owned();
            (0..60_000).for_each(|column| write!(header, ",{nth}c{column}").unwrap());
            let row = ",".repeat(60_002);
            ("csv", gz_of(&format!("{header}\n{row}\n{row}\n")))
        }
    }
}

const KINDS: usize = 15;

#[test]
fn memory_stays_bounded_under_64_hostile_bodies_at_once_and_good_data_goes_on() {
    let home = home();
    let daemon = start(&home);
    let bodies: Vec<_> = (0..BODIES).map(|nth| body(nth % KINDS, nth)).collect();
    std::thread::scope(|scope| {
        for (source, body) in &bodies {
            let daemon = &daemon;
            scope.spawn(move || {
                let sent = daemon.send(
                    &format!("/ingest/{source}"),
                    "application/octet-stream",
                    body,
                );
                assert_eq!(sent.0, 202, "{}", sent.1);
            });
        }
    });
    let good: String = (0..20)
        .map(|nth| case(&format!("good{nth}"), nth, "good"))
        .collect();
    let (status, _) = daemon.send("/ingest/lines", "application/x-ndjson", good.as_bytes());
    assert_eq!(status, 202);
    let read = r#"toleranced_source_notices_total{source="SOURCE",notice="export_read"}"#;
    for source in ["lines", "whole", "each", "xes", "csv"] {
        let sent = bodies.iter().filter(|(to, _)| *to == source).count();
        let sent = sent + usize::from(source == "lines");
        daemon.wait_for_metric(&read.replace("SOURCE", source), sent as f64);
    }
    let metrics = daemon.metrics();
    assert_eq!(
        metrics.get(r#"toleranced_ingest_events_total{source="lines"}"#),
        60.0
    );
    let too_long = r#"toleranced_ingest_quarantined_total{source="SOURCE",reason="too_long"}"#;
    for source in ["lines", "whole", "each", "xes"] {
        let series = too_long.replace("SOURCE", source);
        assert!(metrics.get(&series) > 0.0, "{series}");
    }
    let peak = daemon.peak_memory();
    println!("the most resident memory was {peak} KiB");
    assert!(peak < MAX_RESIDENT_KIB, "{peak} KiB");
    daemon.stop();
}

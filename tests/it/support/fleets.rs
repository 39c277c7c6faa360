//! Daemons with many processes: a simulated SOC with odd names beside it, and a thousand processes.

use super::binary::toleranced;
use super::daemon::Daemon;
use super::home::Home;
use super::wait::wait_until;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::OnceLock;

/// A day in microseconds.
pub(crate) const DAY_US: i64 = 86_400_000_000;
/// When the simulated SOC of a test opens: 2026-01-05, a Monday.
pub(crate) const OPENED_US: i64 = 1_767_571_200_000_000;

/// What somebody could smuggle into a log.
pub(crate) const SCRIPT: &str = "<script>alert(1)</script>";

/// Longer than a label of a metric.
pub(crate) fn long_name() -> String {
    format!("long-{}", "name-without-a-break-".repeat(12))
}

fn case(lines: &mut String, process: &str, case: &str, day: u32, outcome: &str) {
    let process = serde_json::Value::from(process);
    let time = |hour: u32| {
        format!(
            "2026-{:02}-{:02}T{hour:02}:00:00Z",
            1 + day / 28,
            1 + day % 28
        )
    };
    for (hour, rest) in [
        (8, r#""activity":"open""#.to_owned()),
        (9, r#""activity":"look""#.to_owned()),
        (
            10,
            format!(r#""activity":"close","lifecycle":"end","outcome":"{outcome}""#),
        ),
    ] {
        writeln!(
            lines,
            r#"{{"time":"{}","process":{process},"case":"{case}","executor":"human",{rest}}}"#,
            time(hour)
        )
        .unwrap();
    }
}

/// Names as no catalog has them, and two records that are none.
fn odd_log() -> String {
    let mut lines = String::new();
    let long = long_name();
    let names = [
        SCRIPT,
        "=1+1",
        "..",
        "a/b?c#d%20&\"'",
        "\u{202e}gnp.exe",
        &long,
    ];
    for (nth, name) in names.iter().enumerate() {
        for number in 0..6 {
            case(
                &mut lines,
                name,
                &format!("odd-{nth}-{number}"),
                number,
                "resolved",
            );
        }
    }
    lines.push_str("{\"time\": not json\n");
    lines.push_str("{\"process\":\"p\",\"case\":\"c\",\"activity\":\"without a time\"}\n");
    lines
}

/// A simulated SOC of 90 days, of which one process drifts, and odd names beside it. Each test gets its own daemon and its
/// own copy of the database. The first test that asks makes it, which takes ten times as long as to copy it.
pub(crate) fn soc() -> (Home, Daemon) {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    let home = Home::copy_of(MADE.get_or_init(make_soc));
    let daemon = home.start();
    wait_for_soc(&daemon);
    (home, daemon)
}

/// The home of a simulated SOC whose daemon has read everything and was stopped.
fn make_soc() -> PathBuf {
    let home = Home::new("[]");
    let log = home.text_path("soc.ndjson");
    let catalog = home.text_path("catalog.yaml");
    let made = toleranced(&[
        "simulate",
        "--from",
        "2026-01-01",
        "--span",
        "90d",
        "--output",
        &log,
        "--catalog",
        &catalog,
    ]);
    assert!(made.status.success());
    home.write("odd.ndjson", odd_log());
    home.configure(
        "[{name: soc, paths: [soc.ndjson], mapping: toleranced}, {name: odd, paths: [odd.ndjson], mapping: toleranced}]",
        "catalog: catalog.yaml\npages: {guide: true}\nreports: {every: month}\n",
    );
    let daemon = home.start();
    wait_for_soc(&daemon);
    daemon.stop();
    home.keep("soc")
}

fn wait_for_soc(daemon: &Daemon) {
    wait_until("every process, an alarm and a report", || {
        let (_, board) = daemon.try_get("/api/v1/processes")?;
        let (_, alarms) = daemon.try_get("/api/v1/alarms")?;
        let known = board.contains("phishing-triage") && board.contains("=1+1");
        let (_, reports) = daemon.try_get("/reports/feed.xml")?;
        (known && alarms.contains("deviation") && reports.contains("<entry>")).then_some(())
    });
}

/// A thousand processes of a few cases each.
pub(crate) fn thousand() -> (Home, Daemon) {
    let home = Home::tailing();
    let mut lines = String::new();
    for process in 0..1_000 {
        for number in 0..4 {
            let outcome = if (process + number) % 5 == 0 {
                "failed"
            } else {
                "resolved"
            };
            case(
                &mut lines,
                &format!("process-{process:04}"),
                &format!("{process}-{number}"),
                7 * number,
                outcome,
            );
        }
    }
    home.write("log.ndjson", lines);
    let daemon = home.start();
    daemon.wait_for_records(12_000);
    wait_until("a thousand scores", || {
        let scored = daemon.json("/api/v1/processes")["processes"]
            .as_array()?
            .len();
        (scored == 1_000).then_some(())
    });
    (home, daemon)
}

//! Reports: what they say, their formats, and how they are sent.

mod content;
mod formats;
mod mail;
mod options;
mod savings;
mod schedule;
mod webhooks;

use crate::support::tickets::case;
use crate::support::{Daemon, Home, TAILED};

/// A name that no format may take for anything but a name.
const HOSTILE: &str =
    "=cmd|'/c calc'!A1 <script>alert(1)</script> [x](http://e.invalid) \u{202e}evil";

/// Cases of one process in the months from January to March of 2026, ten a day; from March on more are bad.
fn log(process: &str) -> String {
    let mut log = String::new();
    let process = serde_json::to_string(process).unwrap();
    for day in 0..90u32 {
        let (month, date) = match day {
            0..31 => (1, day + 1),
            31..59 => (2, day - 30),
            _ => (3, day - 58),
        };
        for nth in 0..10u32 {
            let number = 10 * day + nth;
            let bad = if month < 3 {
                number % 50 == 0
            } else {
                number % 4 == 0
            };
            let outcome = if bad { "bad" } else { "good" };
            let executor = if nth < 5 { "human" } else { "ai" };
            for (minute, rest) in [
                (0, "\"activity\":\"open\"".to_owned()),
                (
                    30,
                    format!(
                        "\"activity\":\"close\",\"lifecycle\":\"end\",\"outcome\":\"{outcome}\""
                    ),
                ),
            ] {
                log.push_str(&format!(
                    "{{\"time\":\"2026-{month:02}-{date:02}T{nth:02}:{minute:02}:00Z\",\"process\":{process},\"case\":\"{}-{number}\",\"executor\":\"{executor}\",{rest}}}\n",
                    process.len()
                ));
            }
        }
    }
    log
}

fn filled() -> Home {
    let catalog = "processes:\n- { id: triage, name: Triage of alerts, criticality: medium, outcomes: { good: 0, bad: 1 }, hands_on_minutes: 30, automation: { build_hours: 40 } }\n";
    let home = Home::with_catalog(catalog, ", window: 60d", "");
    home.write("log.ndjson", log("triage") + &log(HOSTILE));
    let daemon = home.start();
    daemon.wait_for_metric(r#"toleranced_ingest_events_total{source="in"}"#, 3_600.0);
    daemon.wait_for_metric(r#"toleranced_cases_late_total{process="triage"}"#, 900.0);
    daemon.stop();
    home
}

fn report(home: &Home, flags: &[&str]) -> String {
    let out = home.run(&[&["report", "--period", "2026-03-01..2026-04-01"], flags].concat());
    assert!(out.status.success(), "{out:?}");
    String::from_utf8(out.stdout).unwrap()
}

/// A daemon that writes a report of the last month at once.
fn reporting(reports: &str) -> Home {
    let home = Home::tailing();
    home.configure(TAILED, &format!("reports:\n  every: month\n{reports}"));
    let cases: Vec<String> = (0..40)
        .map(|nth| case(&format!("C{nth}"), nth, "good"))
        .collect();
    home.write("log.ndjson", cases.concat());
    home
}

fn deliveries(daemon: &Daemon, recipient: &str, result: &str) -> f64 {
    let metrics = daemon.metrics();
    metrics.get(&format!(
        r#"toleranced_report_deliveries_total{{recipient="{recipient}",result="{result}"}}"#
    ))
}

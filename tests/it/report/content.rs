//! What a report says: changes, actions, alarms, losses.

use super::{filled, report};
use crate::support::Home;
use serde_json::Value;

#[test]
fn it_says_what_changed_and_what_to_do() {
    let home = filled();
    let json: Value = serde_json::from_str(&report(&home, &["--format", "json"])).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["period"]["name"], "2026-03-01 to 2026-03-31");
    let of = |list: &str, key: &str, value: &str| -> Vec<Value> {
        let all = json[list].as_array().unwrap().iter();
        all.filter(|one| one[key] == value).cloned().collect()
    };
    // One case in four is bad since March.
    let row = &of("board", "process", "triage")[0];
    assert_eq!(row["status"], "outside");
    let mean = row["deviation"][1].as_f64().unwrap();
    assert!((0.1..0.25).contains(&mean), "{row}");
    let trend: Vec<Option<f64>> = serde_json::from_value(row["trend"].clone()).unwrap();
    assert_eq!(trend.len(), 8);
    assert_eq!(trend[0], None, "nothing was there half a year ago");
    assert!(trend[7] > trend[6] && trend[6].is_some(), "{trend:?}");
    let status: Vec<Value> = of("changes", "process", "triage");
    let status = status
        .iter()
        .find(|change| change["what"] == "status")
        .unwrap();
    assert_eq!(status["to"], "outside", "{status}");
    // AI deviates, so it is to be withdrawn, and that comes first.
    assert_eq!(json["actions"][0]["kind"], "withdraw");
    let alarm = &of("alarms", "stream", "deviation")[0];
    assert!(alarm["onset"].as_str().unwrap() >= "2026-02-2", "{alarm}");
    assert!(alarm["days"].as_array().unwrap().len() > 20);
    assert_eq!(of("executors", "process", "triage").len(), 2);
    assert_eq!(json["standing"][0]["processes"], 2);
}

#[test]
fn what_was_lost_after_the_period_is_nothing_to_it() {
    let home = filled();
    let lost = |home: &Home| {
        let json: Value = serde_json::from_str(&report(home, &["--format", "json"])).unwrap();
        let said = json["quality"].as_array().unwrap().clone();
        let lost = said
            .iter()
            .filter(|row| row["what"].as_str().unwrap().contains("lost"));
        lost.count()
    };
    let event = |time: &str, case: &str| {
        format!(
            "{{\"time\":\"{time}\",\"process\":\"triage\",\"case\":\"{case}\",\"activity\":\"open\"}}\n"
        )
    };
    // In the first hour after it.
    let after =
        event("2026-04-01T00:10:00Z", "x1") + "{ broken\n" + &event("2026-04-01T00:20:00Z", "x2");
    let daemon = home.start();
    home.append("log.ndjson", after);
    daemon.wait_for_metric(
        r#"toleranced_ingest_quarantined_total{source="in",reason="malformed"}"#,
        1.0,
    );
    daemon.stop();
    assert_eq!(lost(&home), 0);
    // In its last hour.
    let within =
        event("2026-03-31T23:10:00Z", "x3") + "{ broken\n" + &event("2026-03-31T23:20:00Z", "x4");
    let daemon = home.start();
    home.append("log.ndjson", within);
    daemon.wait_for_metric(
        r#"toleranced_ingest_quarantined_total{source="in",reason="malformed"}"#,
        2.0,
    );
    daemon.stop();
    assert_eq!(lost(&home), 2, "of both processes that the source feeds");
}

/// Cases that start on 2026-03-20, and end at this time.
fn cases_of(name: &str, count: u32, end: Option<&str>) -> String {
    let mut log = String::new();
    let mut event = |case: u32, time: &str, rest: &str| {
        log.push_str(&format!(
            "{{\"time\":\"{time}\",\"process\":\"triage\",\"case\":\"{name}{case}\",{rest}}}\n"
        ));
    };
    for case in 0..count {
        event(case, "2026-03-20T08:00:00Z", "\"activity\":\"open\"");
        if let Some(end) = end {
            let rest = "\"activity\":\"close\",\"lifecycle\":\"end\",\"outcome\":\"good\"";
            event(case, end, rest);
        }
    }
    log
}

#[test]
fn cases_that_were_open_and_overdue_at_its_end_count_as_late() {
    let catalog = "processes:\n- { id: triage, criticality: low, outcomes: { good: 0, bad: 1 }, duration_limit: 1d }\n";
    let home = Home::with_catalog(catalog, ", window: 60d", "");
    // 40 are in time, 10 end late in April, 10 have not ended yet, and 10 end before the report and count as they ended.
    let log = cases_of("a", 40, Some("2026-03-20T09:00:00Z"))
        + &cases_of("b", 10, Some("2026-04-10T09:00:00Z"))
        + &cases_of("c", 10, None)
        + &cases_of("d", 10, Some("2026-03-28T09:00:00Z"));
    home.write("log.ndjson", log);
    let daemon = home.start();
    daemon.wait_for_metric(r#"toleranced_ingest_events_total{source="in"}"#, 130.0);
    daemon.stop();
    let json: Value = serde_json::from_str(&report(&home, &["--format", "json"])).unwrap();
    let row = &json["board"][0];
    let mean = row["deviation"][1]
        .as_f64()
        .unwrap_or_else(|| panic!("{row}"));
    // 30 of 70 weigh 0.5 each.
    assert!((mean - 15.0 / 70.0).abs() < 1e-9, "{row}");
    let trend = row["trend"].as_array().unwrap().last().unwrap();
    assert_eq!(trend.as_f64(), Some(mean), "{row}");
}

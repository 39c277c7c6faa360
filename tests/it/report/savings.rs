//! Predicted and actual savings.

use super::filled;
use crate::support::Home;
use serde_json::Value;

#[test]
fn what_a_report_predicts_is_kept_and_the_next_one_is_held_against_it() {
    let home = filled();
    let json = |from: &str, to: &str| -> Value {
        let period = format!("{from}..{to}");
        let out = home.run(&["report", "--period", &period, "--format", "json"]);
        assert!(out.status.success(), "{out:?}");
        serde_json::from_slice(&out.stdout).unwrap()
    };
    // Nobody made the report before this one.
    let february = json("2026-02-01", "2026-03-01");
    let march = json("2026-03-01", "2026-03-31");
    let said = |report: &Value| report["predictions"][0].clone();
    assert_eq!(said(&february)["said_on"], Value::Null, "{february}");
    // That of March finds what that of February said on the day on which it was made, which is today.
    let today = chrono::Utc::now().date_naive().to_string();
    assert_eq!(
        said(&march)["said_on"],
        today.as_str(),
        "{}",
        march["predictions"]
    );
    assert_eq!(
        said(&march)["said_to_be_saved"],
        february["expectations"][0]["saved"]
    );
    assert_eq!(
        said(&march)["spent_then"],
        february["expectations"][0]["spent"]
    );
}

/// Cases of a month of 2026, ten a day, the first `by_code` of them run by code and the rest by people.
fn month(number: u32, days: u32, by_code: u32) -> String {
    let mut log = String::new();
    for day in 1..=days {
        for nth in 0..10 {
            let executor = if nth < by_code { "code" } else { "human" };
            for (minute, rest) in [
                (0, "\"activity\":\"open\""),
                (
                    20,
                    "\"activity\":\"close\",\"lifecycle\":\"end\",\"outcome\":\"good\"",
                ),
            ] {
                log.push_str(&format!(
                    "{{\"time\":\"2026-{number:02}-{day:02}T{nth:02}:{minute:02}:00Z\",\"process\":\"reset\",\
                     \"case\":\"{number}-{day}-{nth}\",\"executor\":\"{executor}\",{rest}}}\n"
                ));
            }
        }
    }
    log
}

#[test]
fn what_was_saved_is_that_of_the_period_and_not_hidden_by_the_months_before() {
    let home = Home::new("[]");
    home.write(
        "catalog.yaml",
        "processes:\n- { id: reset, executor: human, criticality: medium, outcomes: { good: 0, bad: 1 }, hands_on_minutes: 30, \
         automation: { build_hours: 40 } }\n",
    );
    home.write(
        "toleranced.yaml",
        "listen: 127.0.0.1:0\ndata_dir: data\ncatalog: catalog.yaml\nscore: {every: 200ms, window: 90d}\n\
         sources: [{name: in, paths: [log.ndjson], mapping: toleranced}]\n",
    );
    // On the first of March nine of ten cases were given to code.
    home.write(
        "log.ndjson",
        month(1, 31, 0) + &month(2, 28, 0) + &month(3, 31, 9),
    );
    let daemon = home.start();
    daemon.wait_for_metric(r#"toleranced_ingest_events_total{source="in"}"#, 1_800.0);
    daemon.wait_for_metric(r#"toleranced_cases_late_total{process="reset"}"#, 900.0);
    daemon.stop();
    let out = home.run(&[
        "report",
        "--period",
        "2026-03-01..2026-04-01",
        "--format",
        "json",
    ]);
    assert!(out.status.success(), "{out:?}");
    let json: Value = serde_json::from_slice(&out.stdout).unwrap();
    let row = &json["predictions"][0];
    let mean = |key: &str| row[key][1].as_f64().unwrap_or_else(|| panic!("{row}"));
    // Ten cases a day of half an hour each: 1,826 h a year; a tenth of that is left.
    assert!((mean("spent_then") - 1_826.0).abs() < 20.0, "{row}");
    assert!((mean("spent_now") - 182.6).abs() < 10.0, "{row}");
    assert_eq!(row["shown"], true, "{row}");
    assert_eq!(row["automated"], serde_json::json!([0.0, 0.9]), "{row}");
}

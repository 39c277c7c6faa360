//! Reports: what they say, the same bytes every time, and hostile names in every format.

mod common;

use common::Home;
use serde_json::Value;
use std::path::Path;

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
    let home = Home::new("[]");
    home.write(
        "catalog.yaml",
        "processes:\n- { id: triage, name: Triage of alerts, criticality: medium, outcomes: { good: 0, bad: 1 }, hands_on_minutes: 30, automation: { build_hours: 40 } }\n",
    );
    home.write(
        "toleranced.yaml",
        "listen: 127.0.0.1:0\ndata_dir: data\ncatalog: catalog.yaml\nscore: {every: 200ms, window: 60d}\n\
         sources: [{name: in, paths: [log.ndjson], mapping: toleranced}]\n",
    );
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
fn the_same_database_gives_the_same_bytes_in_every_format() {
    let home = filled();
    for format in ["html", "md", "json", "csv", "pdf-ready"] {
        let first = report(&home, &["--format", format]);
        assert_eq!(first, report(&home, &["--format", format]), "{format}");
        // As the ending of the file says.
        if format == "pdf-ready" {
            continue;
        }
        let file = home.text_path(&format!("report.{format}"));
        report(&home, &["--output", &file]);
        assert_eq!(std::fs::read_to_string(file).unwrap(), first);
    }
}

#[test]
fn hostile_names_come_out_harmless() {
    let home = filled();
    let html = report(&home, &["--format", "html"]);
    assert!(
        html.contains("&lt;script&gt;") && !html.contains("<script"),
        "{html}"
    );
    assert!(!html.contains('\u{202e}'));
    // Nothing is loaded from anywhere.
    for loading in ["src=", "href=", "url(", "@import"] {
        assert!(!html.contains(loading), "{loading}");
    }
    let md = report(&home, &["--format", "md"]);
    assert!(
        !md.contains("<script>") && !md.contains("[x](") && !md.contains('\u{202e}'),
        "{md}"
    );
    let csv = report(&home, &["--format", "csv"]);
    let formulas = csv.lines().flat_map(|line| line.split(','));
    for field in formulas.map(|field| field.trim_start_matches('"')) {
        assert!(!field.starts_with(['=', '+', '@']), "{field}");
    }
}

#[test]
fn periods_that_are_none_are_refused() {
    let home = filled();
    for wrong in ["year", "2026-03-01..2026-03-01", "2026-03-01..2999-01-01"] {
        let out = home.run(&["report", "--period", wrong]);
        assert_eq!(out.status.code(), Some(2), "{wrong}: {out:?}");
    }
    // A period before everything is a report without processes.
    let out = home.run(&[
        "report",
        "--period",
        "2020-01-01..2020-02-01",
        "--format",
        "json",
    ]);
    let json: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(
        json["standing"][0]["undetermined"],
        json["standing"][0]["processes"]
    );
}

/// The sample is simulated, so it is the same every time. `TOLERANCED_UPDATE=1 cargo test --test report` writes what it is
/// compared with, in docs/ and tests/snapshots/.
#[test]
fn the_sample_is_as_it_was_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().to_str().unwrap();
    let formats = "html,md,json,csv,pdf-ready";
    let out = common::toleranced(&[
        "report", "--sample", "--format", formats, "--output", output,
    ]);
    assert!(out.status.success(), "{out:?}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (ending, file) in [
        ("html", "docs/sample-report.html"),
        ("md", "docs/sample-report.md"),
        ("json", "tests/snapshots/sample-report.json"),
        ("csv", "tests/snapshots/sample-report.csv"),
        ("print.html", "tests/snapshots/sample-report.print.html"),
    ] {
        let made = folder.path().join(format!("tolerance-2026-03.{ending}"));
        let made = std::fs::read_to_string(made).unwrap();
        let kept = root.join(file);
        if std::env::var_os("TOLERANCED_UPDATE").is_some() {
            std::fs::write(&kept, &made).unwrap();
        }
        let kept = std::fs::read_to_string(&kept).unwrap_or_default();
        // Not `assert_eq`: nobody wants to read both of them.
        let differs = made.lines().zip(kept.lines()).position(|(a, b)| a != b);
        assert!(
            made == kept,
            "{file} is not what is made now, from line {differs:?} on; if that is meant, TOLERANCED_UPDATE=1 writes it"
        );
    }
}

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

#[test]
fn several_formats_go_into_a_folder() {
    let home = filled();
    let folder = home.text_path("reports");
    report(&home, &["--format", "md,csv", "--output", &folder]);
    for ending in ["md", "csv"] {
        let name = format!("reports/tolerance-2026-03-01-2026-03-31.{ending}");
        assert!(home.path(&name).exists(), "{name}");
    }
    let out = home.run(&["report", "--format", "md,csv"]);
    assert_eq!(out.status.code(), Some(2), "{out:?}");
}

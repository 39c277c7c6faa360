//! History for Prometheus: promtool makes blocks of it, and Prometheus answers with what the database says.

use crate::support::heavy::Turn;
use crate::support::own_format::CATALOG;
use crate::support::promtool::make_blocks;
use crate::support::servers::{program, prometheus};
use crate::support::{BINARY, Home, texts, wait_until};
use std::collections::BTreeMap;
use std::process::Command;

fn home() -> Home {
    Home::with_catalog(CATALOG, ", window: 30d", "")
}

/// Forty days of 2026, 10 cases a day at hours 0 to 9, each of half an hour; every fifth is bad.
fn log() -> String {
    let mut log = String::new();
    for nth in 0..400u32 {
        let (day, hour) = (nth / 10, nth % 10);
        let (month, date) = if day < 31 {
            (1, day + 1)
        } else {
            (2, day - 30)
        };
        let outcome = if nth % 5 == 0 { "bad" } else { "good" };
        log.push_str(&format!(
            "{{\"time\":\"2026-{month:02}-{date:02}T{hour:02}:00:00Z\",\"process\":\"p\",\"case\":\"{nth}\",\"activity\":\"open\",\"executor\":\"human\"}}\n\
             {{\"time\":\"2026-{month:02}-{date:02}T{hour:02}:30:00Z\",\"process\":\"p\",\"case\":\"{nth}\",\"activity\":\"close\",\"executor\":\"human\",\"lifecycle\":\"end\",\"outcome\":\"{outcome}\"}}\n"
        ));
    }
    log
}

fn filled() -> Home {
    let home = home();
    home.write("log.ndjson", log());
    let daemon = home.start();
    daemon.wait_for_metric(r#"toleranced_ingest_events_total{source="in"}"#, 800.0);
    daemon.wait_for_metric(r#"toleranced_cases_late_total{process="p"}"#, 400.0);
    daemon.stop();
    home
}

/// Samples of one series by time.
fn series(text: &str, name: &str) -> BTreeMap<i64, f64> {
    let lines = text.lines().filter(|line| line.starts_with(name));
    let read = |line: &str| {
        let mut words = line.rsplit(' ');
        let (at, value) = (words.next().unwrap(), words.next().unwrap());
        (at.parse().unwrap(), value.parse().unwrap())
    };
    lines.map(read).collect()
}

const MIDNIGHT_JAN_11: i64 = 1_768_089_600;

#[test]
fn a_temporary_folder_that_is_not_there_is_named() {
    let home = filled();
    let nowhere = home.text_path("nowhere");
    let config = home.text_path("toleranced.yaml");
    let out = Command::new(BINARY)
        .args([
            "backfill",
            "--config",
            &config,
            "--from",
            "2026-01-01",
            "--to",
            "2026-02-10",
        ])
        .env("TMPDIR", &nowhere)
        .output()
        .unwrap();
    let (_, said) = texts(&out);
    assert_ne!(out.status.code(), Some(0));
    assert!(said.contains(&nowhere) && said.contains("TMPDIR"), "{said}");
}

#[test]
fn history_says_what_the_database_says() {
    let home = filled();
    let flags = ["backfill", "--from", "2026-01-01", "--to", "2026-02-10"];
    let out = home.run(&flags);
    assert!(out.status.success(), "{out:?}");
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(text.ends_with("# EOF\n"));
    let of = |outcome: &str| {
        let name = format!(
            "toleranced_cases_total{{instance=\"127.0.0.1:0\",job=\"toleranced\",process=\"p\",executor=\"human\",outcome=\"{outcome}\"}}"
        );
        series(&text, &name)
    };
    let (good, bad) = (of("good"), of("bad"));
    // Ten days have passed on the 11th of January.
    assert_eq!(
        (good[&MIDNIGHT_JAN_11], bad[&MIDNIGHT_JAN_11]),
        (80.0, 20.0)
    );
    assert!(
        good.values().is_sorted() && bad.values().is_sorted(),
        "counters rise"
    );
    assert_eq!(*good.values().last().unwrap(), 320.0);
    // The deviation is that of the window, as of the last midnight, with its bounds about it.
    let gauge = |name: &str| series(&text, &format!("toleranced_process_deviation_{name}{{"));
    let (mean, lower, upper) = (gauge("ratio"), gauge("lower_ratio"), gauge("upper_ratio"));
    for (at, value) in &mean {
        assert!((value - 0.2).abs() < 0.1, "{at}: {value}");
        assert!(lower[at] <= *value && *value <= upper[at], "{at}");
    }
    assert!(upper[&(MIDNIGHT_JAN_11 + 20 * 86_400)] < upper[&MIDNIGHT_JAN_11]);
    // Every hour once, and the same again.
    let hours: Vec<i64> = mean.keys().copied().collect();
    assert!(hours.windows(2).all(|pair| pair[1] - pair[0] == 3_600));
    assert_eq!(home.run(&flags).stdout, text.as_bytes());
    // A coarser step has the same figures.
    let out = home.run(&[&flags[..], &["--step", "6h", "--label", "instance=x"]].concat());
    let coarse = String::from_utf8(out.stdout).unwrap();
    assert!(coarse.contains("instance=\"x\"") && !coarse.contains("127.0.0.1"));
    let coarse = series(&coarse, "toleranced_process_deviation_ratio{");
    assert!(coarse.iter().all(|(at, value)| mean[at] == *value));
}

/// Prometheus has scraped the daemon since before `--from`.
#[test]
fn counters_go_on_to_what_is_scraped() {
    let home = Home::tailing();
    home.write("log.ndjson", log());
    let daemon = home.start();
    let good = r#"toleranced_cases_total{process="p",executor="human",outcome="good"}"#;
    daemon.wait_for_metric(good, 320.0);
    daemon.stop();
    let out = home.run(&["backfill", "--from", "2026-01-21", "--to", "2026-02-10"]);
    let (text, said) = texts(&out);
    assert!(out.status.success(), "{said}");
    assert!(said.contains("--to should lie before"), "{said}");
    // Twenty of the forty days have passed at the first instant.
    for (name, first, last) in [
        ("toleranced_cases_total{", 160.0, 320.0),
        ("toleranced_cases_started_total{", 200.0, 400.0),
        ("toleranced_case_duration_seconds_count{", 200.0, 400.0),
    ] {
        let only = text.lines().filter(|line| !line.contains("\"bad\""));
        let found = series(&only.collect::<Vec<_>>().join("\n"), name);
        let begin = MIDNIGHT_JAN_11 + 10 * 86_400;
        assert_eq!(found.first_key_value(), Some((&begin, &first)), "{name}");
        assert_eq!(found.values().last(), Some(&last), "{name}");
        assert!(found.values().is_sorted(), "{name}");
    }
}

#[test]
fn ends_that_nobody_declares_are_not_counted_as_they_are_not_in_what_is_scraped() {
    let home = Home::tailing();
    home.write(
        "map.yaml",
        "format: ndjson\nprocess: process\ncase: case\nactivity: activity\ntime: time\n\
         executor: executor\noutcome: outcome\n",
    );
    home.write("log.ndjson", log());
    let daemon = home.start();
    let started = r#"toleranced_cases_started_total{process="p"}"#;
    let metrics = daemon.wait_for_metric(started, 400.0);
    assert_eq!(metrics.sum("toleranced_cases_total"), 0.0);
    daemon.stop();
    let out = home.run(&["backfill", "--from", "2026-01-01", "--to", "2026-02-10"]);
    let (text, said) = texts(&out);
    assert!(out.status.success(), "{said}");
    assert_eq!(series(&text, "toleranced_cases_total{"), BTreeMap::new());
    let of = |name: &str| {
        series(&text, name)
            .last_key_value()
            .map(|(_, value)| *value)
    };
    let durations = of("toleranced_case_duration_seconds_count{");
    assert_eq!(durations, Some(0.0));
    assert_eq!(of("toleranced_cases_started_total{"), Some(400.0));
}

#[test]
fn nothing_to_write_is_said() {
    let home = filled();
    let out = home.run(&["backfill", "--to", "2025-01-01"]);
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    let out = home.run(&["backfill", "--from", "2026-03-01", "--to", "2026-02-01"]);
    assert_eq!(out.status.code(), Some(2), "{out:?}");
    let out = home.run(&["backfill", "--step", "5m"]);
    assert_eq!(out.status.code(), Some(2), "{out:?}");
    let empty = self::home();
    assert_eq!(empty.run(&["backfill"]).status.code(), Some(2));
}

#[test]
fn prometheus_shows_the_past() {
    let Some(program) = program(&["prometheus"]) else {
        return;
    };
    let _turn = Turn::take();
    let home = filled();
    let (om, data) = (home.text_path("history.om"), home.text_path("prometheus"));
    let out = home.run(&[
        "backfill",
        "--from",
        "2026-01-01",
        "--to",
        "2026-02-10",
        "--output",
        &om,
    ]);
    assert!(out.status.success(), "{out:?}");
    make_blocks(&om, &data);
    let config = "global: {scrape_interval: 1m}\n";
    let retention = ["--storage.tsdb.retention.time=10y"];
    let server = prometheus(&home, program, config, &retention);
    let query = |query: &str| -> Option<f64> {
        let url = format!("http://{}/api/v1/query", server.address);
        let at = (MIDNIGHT_JAN_11 + 20 * 86_400).to_string();
        let answer = ureq::get(&url)
            .query("query", query)
            .query("time", &at)
            .call();
        let body: serde_json::Value =
            serde_json::from_str(&answer.ok()?.body_mut().read_to_string().ok()?).ok()?;
        body["data"]["result"][0]["value"][1].as_str()?.parse().ok()
    };
    let increase = wait_until("an answer", || {
        query(r#"sum(increase(toleranced_cases_total{process="p"}[10d]))"#)
    });
    assert!((increase - 100.0).abs() < 1.0, "{increase}");
    let deviation = query("toleranced_process_deviation_ratio").unwrap();
    assert!((deviation - 0.2).abs() < 0.02, "{deviation}");
    let median = query(
        "histogram_quantile(0.5, sum by (le) (increase(toleranced_case_duration_seconds_bucket[10d])))",
    );
    // Half an hour lies between 15 minutes and one hour.
    assert!((900.0..=3600.0).contains(&median.unwrap()), "{median:?}");
}

//! `docs/metrics.md` is what the code says, and what the daemon exports is what the page says.

mod common;

use common::Home;
use std::collections::BTreeSet;
use std::path::Path;
use toleranced::export::{Extent, document};
use toleranced::model::metrics::{ALL, Kind};

/// Write the page anew with `TOLERANCED_UPDATE=1 cargo test --test metrics_doc`.
#[test]
fn the_page_is_what_the_code_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    if std::env::var_os("TOLERANCED_UPDATE").is_some() {
        std::fs::write(&file, document()).unwrap();
    }
    let page = std::fs::read_to_string(&file).unwrap();
    assert_eq!(page, document(), "write it anew, see above");
}

/// Two processes: one that people run, one that is only declared.
fn home() -> Home {
    let home = Home::new("[]");
    home.write(
        "catalog.yaml",
        "processes:\n- { id: p, criticality: low, outcomes: { good: 0, bad: 1 }, duration_buckets: [1m, 1h] }\n- { id: never }\n",
    );
    home.write(
        "toleranced.yaml",
        "listen: 127.0.0.1:0\ndata_dir: data\ncatalog: catalog.yaml\nscore: {every: 200ms}\n\
         sources: [{name: in, paths: [log.ndjson], mapping: toleranced}]\n",
    );
    home
}

/// A case that opens so many hours ago and takes ten minutes.
fn case(number: usize, hours_ago: i64, outcome: &str) -> String {
    let opened =
        chrono::Utc::now() - chrono::Duration::hours(hours_ago) - chrono::Duration::minutes(15);
    let closed = opened + chrono::Duration::minutes(10);
    format!(
        "{{\"time\":\"{}\",\"process\":\"p\",\"case\":\"{number}\",\"activity\":\"open\",\"executor\":\"human\"}}\n\
         {{\"time\":\"{}\",\"process\":\"p\",\"case\":\"{number}\",\"activity\":\"close\",\"executor\":\"human\",\"lifecycle\":\"end\",\"outcome\":\"{outcome}\"}}\n",
        opened.to_rfc3339(),
        closed.to_rfc3339(),
    )
}

#[test]
fn late_history_makes_no_counter_jump() {
    let home = home();
    let history: String = (0..50).map(|n| case(n, 24 + n as i64, "good")).collect();
    home.write("log.ndjson", history);
    let daemon = home.start();
    let late = r#"toleranced_cases_late_total{process="p"}"#;
    let good = r#"toleranced_cases_total{process="p",executor="human",outcome="good"}"#;
    let metrics = daemon.wait_for_metric(late, 50.0);
    assert_eq!(metrics.sum("toleranced_cases_total"), 0.0);
    assert_eq!(
        metrics.get(r#"toleranced_cases_started_total{process="p"}"#),
        0.0
    );
    home.append("log.ndjson", case(100, 0, "good") + &case(101, 0, "bad"));
    let metrics = daemon.wait_for_metric(good, 1.0);
    assert_eq!(metrics.get(late), 50.0);
    assert_eq!(metrics.sum("toleranced_cases_total"), 2.0);
    assert_eq!(
        metrics.get(r#"toleranced_cases_started_total{process="p"}"#),
        2.0
    );
    let deviations = r#"toleranced_deviations_total{process="p",executor="human"}"#;
    assert_eq!(metrics.get(deviations), 1.0);
    // Ten minutes are more than one and less than sixty.
    let bin = |le: &str| {
        format!(
            r#"toleranced_case_duration_seconds_bucket{{process="p",executor="human",le="{le}"}}"#
        )
    };
    assert_eq!(metrics.get(&bin("60")), 0.0);
    assert_eq!(metrics.get(&bin("3600")), 2.0);
    assert_eq!(metrics.get(&bin("+Inf")), 2.0);
    // A restart resets nothing, and counts nothing twice.
    daemon.stop();
    let daemon = home.start();
    let metrics = daemon.wait_for_metric(good, 1.0);
    assert_eq!(
        (metrics.get(late), metrics.sum("toleranced_cases_total")),
        (50.0, 2.0)
    );
    daemon.stop();
}

#[test]
fn a_case_that_ends_by_being_idle_is_not_late_for_that() {
    let home = Home::new("[]");
    home.write(
        "catalog.yaml",
        "processes: [{ id: quiet, ends: { idle: 4s } }]\n",
    );
    home.write(
        "toleranced.yaml",
        "listen: 127.0.0.1:0\ndata_dir: data\ncatalog: catalog.yaml\nscore: {every: 200ms}\nmetrics: {late_after: 3s}\n\
         sources: [{name: in, paths: [log.ndjson], mapping: toleranced}]\n",
    );
    let now = chrono::Utc::now().to_rfc3339();
    let line = format!(
        "{{\"time\":\"{now}\",\"process\":\"quiet\",\"case\":\"1\",\"activity\":\"look\",\"executor\":\"human\"}}\n"
    );
    home.write("log.ndjson", line);
    let daemon = home.start();
    let ended = r#"toleranced_cases_total{process="quiet",executor="human",outcome="look"}"#;
    let metrics = daemon.wait_for_metric(ended, 1.0);
    let late = r#"toleranced_cases_late_total{process="quiet"}"#;
    assert_eq!(metrics.get(late), 0.0);
    daemon.stop();
}

#[test]
fn a_process_that_nobody_declares_expires_and_comes_back() {
    let home = home();
    let of_old = |text: String| {
        let text = text.replace("\"process\":\"p\"", "\"process\":\"old\"");
        text.replace("\"case\":\"", "\"case\":\"old-")
    };
    let old = of_old(case(1, 100 * 24, "good"));
    home.write("log.ndjson", old + &case(1, 100 * 24, "good"));
    let daemon = home.start();
    let declared = r#"toleranced_cases_late_total{process="p"}"#;
    let metrics = daemon.wait_for_metric(declared, 1.0);
    let of = |metrics: &common::Metrics| {
        let series = metrics.samples.keys();
        series
            .filter(|series| series.contains(r#"process="old""#))
            .count()
    };
    assert_eq!(of(&metrics), 0, "{:?}", metrics.samples);
    home.append("log.ndjson", of_old(case(2, 0, "good")));
    let back = r#"toleranced_cases_started_total{process="old"}"#;
    let metrics = daemon.wait_for_metric(back, 1.0);
    assert!(of(&metrics) > 20);
    daemon.stop();
}

#[test]
fn what_is_exported_is_on_the_page_within_its_budget() {
    let home = home();
    home.write("log.ndjson", case(1, 0, "good") + &case(2, 0, "bad"));
    let daemon = home.start();
    let metrics = daemon.wait_for_metric(
        r#"toleranced_cases_total{process="p",executor="human",outcome="bad"}"#,
        1.0,
    );
    let mut known: BTreeSet<String> = BTreeSet::new();
    for metric in ALL {
        match metric.kind {
            Kind::Histogram => known.extend(
                ["_bucket", "_sum", "_count"].map(|ending| format!("{}{ending}", metric.name)),
            ),
            _ => drop(known.insert(metric.name.to_owned())),
        }
    }
    let mut own = 0;
    for series in metrics.samples.keys() {
        let name = series.split('{').next().unwrap();
        let usual = name.starts_with("process_");
        assert!(usual || known.contains(name), "{name} is not in the table");
        own += usize::from(series.contains(r#"process="p""#));
    }
    assert!(own > 30 && own <= Extent::usual().all(), "{own} series");
    // A process that is only declared has series at zero from the start.
    let never = r#"toleranced_cases_started_total{process="never"}"#;
    assert_eq!(metrics.samples.get(never), Some(&0.0));
    daemon.stop();
}

#[test]
fn the_format_is_the_one_that_is_asked_for() {
    let home = home();
    home.write("log.ndjson", case(1, 0, "good"));
    let daemon = home.start();
    daemon.wait_for_metric(r#"toleranced_cases_started_total{process="p"}"#, 1.0);
    let ask = |accept: &str, encoding: &str| {
        let config = ureq::Agent::config_builder().build();
        let agent = ureq::Agent::new_with_config(config);
        let url = format!("http://{}/metrics", daemon.address());
        let mut answer = agent
            .get(&url)
            .header("Accept", accept)
            .header("Accept-Encoding", encoding)
            .call()
            .unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
        };
        let (kind, packed) = (header("content-type"), header("content-encoding"));
        (kind, packed, answer.body_mut().read_to_vec().unwrap())
    };
    let (kind, packed, body) = ask("*/*", "identity");
    let text = String::from_utf8(body).unwrap();
    assert!(kind.starts_with("text/plain; version=0.0.4") && packed.is_empty());
    assert!(text.contains("# TYPE toleranced_cases_total counter\n"));
    let (kind, packed, body) = ask("application/openmetrics-text;version=1.0.0", "gzip");
    assert!(
        kind.starts_with("application/openmetrics-text; version=1.0.0"),
        "{kind}"
    );
    assert_eq!(packed, "gzip");
    let mut text = String::new();
    let mut unpacked = flate2::read::GzDecoder::new(&body[..]);
    std::io::Read::read_to_string(&mut unpacked, &mut text).unwrap();
    assert!(text.contains("# TYPE toleranced_cases counter\n"), "{text}");
    assert!(text.contains("# UNIT toleranced_case_duration_seconds seconds\n"));
    assert!(text.ends_with("# EOF\n"));
    daemon.stop();
}

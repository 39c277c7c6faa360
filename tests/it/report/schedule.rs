//! Scheduled reports: written when everything is read, and listed in the feed.

use super::reporting;
use crate::support::tickets::case;
use crate::support::wait_until;
use serde_json::Value;

#[test]
fn a_report_waits_for_what_is_still_to_be_read() {
    const CASES: u32 = 5_000;
    let home = reporting("");
    let cases = (0..CASES).map(|nth| case(&format!("D{nth}"), nth % 1_400, "good"));
    home.append("log.ndjson", cases.collect::<String>());
    let daemon = home.start();
    let report = wait_until("the report", || {
        let entries = std::fs::read_dir(home.path("data/reports")).ok()?;
        let mut files = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let file = files.find(|file| file.extension().is_some_and(|ending| ending == "json"))?;
        Some(std::fs::read_to_string(file).unwrap())
    });
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        report["board"][0]["cases"],
        40 + CASES,
        "{}",
        report["board"]
    );
    daemon.stop();
}

#[test]
fn the_feed_and_the_index_name_what_was_written() {
    let home =
        reporting("  formats: [html, pdf-ready, md, csv, json]\n  url: https://soc.example\n");
    let daemon = home.start();
    let feed = wait_until("a report", || {
        let (status, feed) = daemon.get("/reports/feed.xml");
        assert_eq!(status, 200);
        feed.contains(".csv").then_some(feed)
    });
    let document = feed.as_bytes();
    let mut reader = quick_xml::Reader::from_reader(document);
    while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
    assert!(
        feed.contains(r#"xmlns="http://www.w3.org/2005/Atom""#),
        "{feed}"
    );
    assert_eq!(feed.matches("<entry>").count(), 1);
    let link =
        regex::Regex::new(r#"href="https://soc.example(/reports/tolerance-[^"]+)""#).unwrap();
    let links: Vec<&str> = link
        .captures_iter(&feed)
        .map(|found| found.get(1).unwrap().as_str())
        .collect();
    assert_eq!(links.len(), 5, "{feed}");
    let (_, index) = daemon.get("/reports/");
    for path in links {
        assert_eq!(daemon.get(path).0, 200, "{path}");
        assert!(index.contains(path), "{path}: {index}");
    }
    daemon.stop();
}

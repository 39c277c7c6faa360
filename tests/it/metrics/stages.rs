//! Stage times of a running daemon: on `/metrics`, on the pages, and after a restart.

use crate::support::Home;
use crate::support::scores::{by_id, one_shot};

const CATALOG: &str = "processes:\n- { id: p, criticality: low, outcomes: { good: 0 }, milestones: { acknowledged: [take], resolved: [close] } }\n";

/// A case that opened so many hours ago; it is acknowledged after so many minutes, and is closed after twice as many.
fn case(number: u32, hours_ago: i64, minutes: Option<i64>) -> String {
    let opened = chrono::Utc::now() - chrono::Duration::hours(hours_ago);
    let line = |minute: i64, activity: &str, more: &str| {
        let at = (opened + chrono::Duration::minutes(minute)).to_rfc3339();
        format!(
            "{{\"time\":\"{at}\",\"process\":\"p\",\"case\":\"{number}\",\"activity\":\"{activity}\"{more}}}\n"
        )
    };
    let mut lines = line(0, "open", "");
    if let Some(minutes) = minutes {
        lines += &line(minutes, "take", "");
        lines += &line(
            2 * minutes,
            "close",
            ",\"lifecycle\":\"end\",\"outcome\":\"good\"",
        );
    }
    lines
}

const MEDIAN: &str =
    r#"toleranced_stage_time_seconds{process="p",milestone="acknowledged",percentile="50"}"#;
const OPEN: &str = r#"toleranced_stage_cases{process="p",milestone="acknowledged",state="open"}"#;
const P90: &str =
    r#"toleranced_stage_time_seconds{process="p",milestone="acknowledged",percentile="90"}"#;
const P90_LOWER: &str =
    r#"toleranced_stage_time_lower_seconds{process="p",milestone="acknowledged",percentile="90"}"#;

#[test]
fn stage_times_are_those_of_one_shot_and_survive_a_restart() {
    let home = Home::with_catalog(CATALOG, "", "");
    let cases = (0..16).map(|nth| case(nth, 40 + i64::from(nth), Some(10)));
    let waiting = (16..20).map(|nth| case(nth, 30, None));
    home.write("log.ndjson", cases.chain(waiting).collect::<String>());
    let daemon = home.start();
    let metrics = daemon.wait_for_metric(OPEN, 4.0);
    assert_eq!(metrics.samples.get(MEDIAN), Some(&600.0));
    assert_eq!(metrics.samples.get(P90), None);
    assert_eq!(metrics.samples.get(P90_LOWER), Some(&600.0));
    let (code, page) = daemon.get("/processes/p");
    assert!(code == 200 && page.contains("Stage times") && page.contains("acknowledged"));
    let (_, board) = daemon.get("/");
    assert!(board.contains("acknowledged in 10m"), "{board}");
    let (_, csv) = daemon.get("/api/v1/processes/p/stages.csv");
    assert!(csv.contains("acknowledged,600,600,600,"), "{csv}");
    let own = daemon.figures()["p"]["stage_times"].clone();
    daemon.stop();
    let now = chrono::Utc::now().to_rfc3339();
    let (map, catalog, log) = (
        home.path("map.yaml"),
        home.path("catalog.yaml"),
        home.path("log.ndjson"),
    );
    home.write("map.yaml", "format: ndjson\ncase: case\nprocess: process\nactivity: activity\ntime: time\noutcome: outcome\nlifecycle: { path: lifecycle, default: step }\n");
    let scored = one_shot(&map, Some(&catalog), &now, &[&log]);
    let again = by_id(&scored["processes"])["p"]["stage_times"].clone();
    assert_eq!(own, again);
    let daemon = home.start();
    assert_eq!(
        daemon.wait_for_metric(OPEN, 4.0).samples.get(MEDIAN),
        Some(&600.0)
    );
    daemon.stop();
}

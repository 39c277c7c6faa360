//! Misses and false alarms of a running daemon: on `/metrics`, on the pages, in the explanation, and after a restart.

use super::case;
use crate::support::Home;

const CATALOG: &str = "processes:\n- id: p\n  criticality: low\n  outcomes: { good: 0, escalated: { severity: 0, direction: false_alarm }, overlooked: { severity: 1, direction: missed } }\n  tolerances: { missed: 0.1 % }\n";

/// 400 cases of the last 80 days, of which 100 were escalated for nothing, and 8 overlooked.
fn log() -> String {
    let word = |nth: usize| match nth {
        nth if nth % 50 == 1 => "overlooked",
        nth if nth.is_multiple_of(4) => "escalated",
        _ => "good",
    };
    (0..400)
        .map(|nth| case(nth, 4 * nth as i64, word(nth)))
        .collect()
}

const OUTSIDE: &str =
    r#"toleranced_direction_status{process="p",direction="missed",status="outside"}"#;

#[test]
fn a_missed_intrusion_is_seen_behind_a_hundred_harmless_escalations() {
    let home = Home::with_catalog(CATALOG, "", "");
    home.write("log.ndjson", log());
    let daemon = home.start();
    let metrics = daemon.wait_for_metric(OUTSIDE, 1.0);
    let gauge = |name: &str, direction: &str| {
        let series =
            format!("toleranced_direction_{name}{{process=\"p\",direction=\"{direction}\"}}");
        metrics.samples.get(&series).copied()
    };
    assert_eq!(gauge("cases_ratio", "missed"), Some(0.02));
    assert_eq!(gauge("cases_ratio", "false_alarm"), Some(0.25));
    assert!(gauge("cases_lower_ratio", "missed") > Some(0.001));
    assert!(gauge("cases_upper_ratio", "missed") > Some(0.02));
    assert_eq!(gauge("tolerance_ratio", "missed"), Some(0.001));
    assert_eq!(gauge("tolerance_ratio", "false_alarm"), None);
    let status = r#"toleranced_process_status{process="p",status="outside"}"#;
    assert_eq!(metrics.samples.get(status), Some(&1.0));
    let (code, page) = daemon.get("/processes/p");
    assert!(code == 200 && page.contains("missed 8 of 400 cases, 2.00 % ["));
    assert!(page.contains("false alarms 100 of 400 cases, 25.00 % ["));
    let (_, board) = daemon.get("/");
    assert!(
        board.contains(">missed 2.00 % (outside)<") && board.contains(">false alarms 25.0 %<"),
        "{board}"
    );
    let (_, explained) = daemon.get("/api/v1/processes/p/figures.csv");
    assert!(explained.contains("8 of 400 cases"), "{explained}");
    let before = daemon.figures()["p"]["directions"].clone();
    daemon.stop();
    let daemon = home.start();
    daemon.wait_for_metric(OUTSIDE, 1.0);
    assert_eq!(daemon.figures()["p"]["directions"], before);
    daemon.stop();
}

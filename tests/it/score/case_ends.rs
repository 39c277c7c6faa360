//! How cases end, are reopened, are overdue or leave the designed path.

use crate::support::Scratch;
use crate::support::scores::only;
use serde_json::Value;

#[test]
fn a_catalog_says_how_cases_end_and_what_is_late_or_off_the_path() {
    let scratch = Scratch::new();
    let text = "case,activity,time\n\
        a,open,2024-01-01T00:00:00Z\na,fix,2024-01-01T01:00:00Z\na,close,2024-01-01T02:00:00Z\n\
        b,open,2024-01-02T00:00:00Z\nb,close,2024-01-03T00:00:00Z\nb,fix,2024-01-03T01:00:00Z\nb,close,2024-01-03T02:00:00Z\n\
        c,open,2024-01-09T00:00:00Z\nc,fix,2024-01-09T01:00:00Z\n";
    let file = scratch.write("log.csv", text);
    let run = |process: &str| {
        let catalog = scratch.write(
            "c.yaml",
            format!("processes:\n- {{ id: log, {process} }}\n"),
        );
        scratch.score(&[&file, "--catalog", &catalog])["processes"][0].clone()
    };
    let counts = |score: &Value| {
        ["cases", "open_cases", "reopened", "late", "off_path"]
            .map(|key| score[key].as_i64().unwrap_or(-1))
    };
    assert_eq!(counts(&run("resolved: [close]")), [3, 0, 1, 0, 0]);
    let ends = run("ends: { activities: [close] }, duration_limit: 12h");
    assert_eq!(counts(&ends), [3, 1, 1, 1, 0]);
    // The worst of a case counts: b was reopened, so that it was late adds nothing.
    assert_eq!(ends["deviation"]["mean"], 0.5);
    assert_eq!(counts(&run("ends: { idle: 2d }")), [3, 1, 0, 0, 0]);
    let path = run("ends: { activities: [close] }, path: [open, fix, close]");
    assert_eq!(
        (&path["off_path"], &path["nominal_size_steps"]),
        (&1.into(), &3.0.into())
    );
}

#[test]
fn a_case_first_seen_in_the_middle_and_one_reopened_after_its_end() {
    let scratch = Scratch::new();
    let text = "{\"case\":\"1\",\"activity\":\"fix\",\"time\":\"2024-01-01T00:00:00Z\"}\n\
        {\"case\":\"1\",\"activity\":\"close\",\"time\":\"2024-01-01T01:00:00Z\",\"lifecycle\":\"end\"}\n\
        {\"case\":\"2\",\"activity\":\"close\",\"time\":\"2024-01-02T01:00:00Z\",\"lifecycle\":\"end\"}\n\
        {\"case\":\"2\",\"activity\":\"reopen\",\"time\":\"2024-01-02T02:00:00Z\",\"lifecycle\":\"reopen\"}\n\
        {\"case\":\"3\",\"activity\":\"close\",\"time\":\"2024-01-03T01:00:00Z\",\"lifecycle\":\"end\"}\n\
        {\"case\":\"3\",\"activity\":\"reopen\",\"time\":\"2024-01-03T02:00:00Z\",\"lifecycle\":\"reopen\"}\n\
        {\"case\":\"3\",\"activity\":\"close\",\"time\":\"2024-01-03T05:00:00Z\",\"lifecycle\":\"end\"}\n";
    let file = scratch.write("log.ndjson", text);
    let scores = scratch.score(&[&file]);
    let score = only(&scores);
    assert_eq!(
        (&score["cases"], &score["open_cases"], &score["reopened"]),
        (&3.into(), &1.into(), &1.into())
    );
    // The open case counts as well: it was reopened.
    assert_eq!(score["deviation"]["mean"], 2.0 / 3.0);
}

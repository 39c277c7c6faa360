//! Exercises count only if the catalog says so.

use crate::support::Scratch;
use crate::support::own_format::{CATALOG, daily_cases, outcome, score};
use crate::support::scores::near;
use serde_json::Value;

#[test]
fn exercises_count_only_where_the_catalog_says_so() {
    let scratch = Scratch::new();
    let drill = |nth: usize| {
        let origin = if nth.is_multiple_of(4) {
            ""
        } else {
            ",\"origin\":\"exercise\""
        };
        format!("{}{origin}", outcome("good"))
    };
    let log = daily_cases(200, "human", drill);
    let apart = score(&scratch, &log, CATALOG);
    assert_eq!(
        (&apart["cases"], &apart["exercises"]),
        (&50.into(), &150.into())
    );
    assert_eq!(apart["evidence_cases"], 50);
    assert_eq!(apart["exercise"]["counted"], false);
    assert_eq!(apart["exercise"]["differs_from_live"], false);
    let counted = score(
        &scratch,
        &log,
        &format!("{CATALOG}    exercises_count: true\n"),
    );
    assert_eq!(counted["evidence_cases"], 200);
    assert_eq!(counted["cases"], 50);
    let missing = |score: &Value| score["clean_runs_missing"].as_u64().unwrap();
    assert_eq!(missing(&apart), missing(&counted) + 150);
    // 150 of the 200 days' runs are drills: with them the rest is there four times as soon.
    let weeks = counted["clean_runs_missing_weeks"].as_f64().unwrap();
    near(
        &apart["clean_runs_missing_weeks"],
        4.0 * weeks * missing(&apart) as f64 / missing(&counted) as f64,
        1e-6,
    );
}

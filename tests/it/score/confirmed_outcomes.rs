//! Outcomes that somebody confirmed.

use crate::support::Scratch;
use crate::support::own_format::{CATALOG, cases, outcome, score};

#[test]
fn outcomes_that_nobody_confirmed_do_not_leave_ai_unattended() {
    let scratch = Scratch::new();
    let log = cases(300, "ai", |_| outcome("good"));
    let catalog = format!("{CATALOG}    require_confirmed: true\n");
    let found = score(&scratch, &log, &catalog);
    assert_eq!(found["evidence_cases"], 0);
    assert_eq!(found["recommendation"], "AI with human approval");
}

#[test]
fn only_confirmed_outcomes_count_where_that_is_required() {
    let scratch = Scratch::new();
    let log = cases(120, "ai", |nth| {
        let review = if nth.is_multiple_of(3) {
            ",\"reviewed\":true"
        } else {
            ""
        };
        outcome("good") + review
    });
    let free = score(&scratch, &log, CATALOG);
    assert_eq!(free["evidence_cases"], 120);
    assert_eq!(free["provenance"]["confirmed"], 40);
    // Five days of cases: none is old enough to have stood.
    assert_eq!(free["provenance"]["self_declared"], 80);
    let strict = score(
        &scratch,
        &log,
        &format!("{CATALOG}    require_confirmed: true\n"),
    );
    assert_eq!(strict["evidence_cases"], 40);
    assert!(strict["notes"].to_string().contains("40 of 120 cases"));
}

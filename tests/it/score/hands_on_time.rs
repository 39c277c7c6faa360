//! Hours that people spend, measured or declared.

use crate::support::Scratch;
use crate::support::own_format::{CATALOG, case, cases, outcome, score};
use crate::support::scores::{near, only};
use serde_json::Value;

const DECLARED: &str = "    hands_on_minutes: 5\n";

/// Hours a year at so many minutes a case.
fn spent(found: &Value, minutes: f64) -> f64 {
    found["cases_per_week"].as_f64().unwrap() * minutes / 60.0 * 365.25 / 7.0
}

fn timed(log_it: bool) -> String {
    let time = if log_it {
        ",\"hands_on_minutes\":30"
    } else {
        ""
    };
    outcome("good") + time
}

#[test]
fn a_case_without_hands_on_time_is_not_one_that_nobody_touched() {
    let scratch = Scratch::new();
    let log = cases(336, "human", |nth| timed(nth == 0));
    let found = score(&scratch, &log, &format!("{CATALOG}{DECLARED}"));
    let value = &found["value"];
    near(
        &value["hours_spent_per_year"]["mean"],
        spent(&found, 5.0),
        1e-6,
    );
    assert_eq!(value["human_share"]["mean"], 1.0);
    let note = "hands-on time is measured on 1 of the 336 cases that people took part in: too few to go by: what is declared counts instead";
    let notes = found["notes"].as_array().unwrap();
    assert!(notes.contains(&note.into()), "{notes:?}");
    // Without a declaration it is not known, rather than next to nothing.
    let found = score(&scratch, &log, CATALOG);
    assert_eq!(found["value"]["hours_spent_per_year"], Value::Null);
    assert!(found["notes"].to_string().contains("none is declared"));
}

#[test]
fn measured_on_half_of_the_cases_it_is_taken_for_all() {
    let scratch = Scratch::new();
    let log = cases(336, "human", |nth| timed(nth.is_multiple_of(2)));
    let found = score(&scratch, &log, &format!("{CATALOG}{DECLARED}"));
    near(
        &found["value"]["hours_spent_per_year"]["mean"],
        spent(&found, 30.0),
        1e-6,
    );
    let note = "hands-on time is measured on 168 of the 336 cases that people took part in: taken to be the same in the others";
    let notes = found["notes"].as_array().unwrap();
    assert!(notes.contains(&note.into()), "{notes:?}");
    // Of all of them it rests on what it seems to rest on.
    let log = cases(336, "human", |_| timed(true));
    let found = score(&scratch, &log, CATALOG);
    assert!(!found["notes"].to_string().contains("hands-on"));
}

#[test]
fn what_people_do_about_cases_of_ai_is_theirs() {
    let scratch = Scratch::new();
    // One in four cases of AI is looked at by a person, and only that has a time.
    let log = cases(336, "ai", |nth| timed(nth.is_multiple_of(4)));
    let found = score(&scratch, &log, &format!("{CATALOG}{DECLARED}"));
    let value = &found["value"];
    near(&value["human_share"]["mean"], 0.25, 1e-9);
    near(
        &value["hours_spent_per_year"]["mean"],
        spent(&found, 30.0) / 4.0,
        1e-6,
    );
}

#[test]
fn where_nobody_takes_part_any_more_no_hour_is_spent() {
    let scratch = Scratch::new();
    let nobody = cases(336, "ai", |_| outcome("good"));
    let found = score(&scratch, &nobody, &format!("{CATALOG}{DECLARED}"));
    assert_eq!(found["value"]["hours_spent_per_year"]["mean"], 0.0);
    // Nor where code works on what AI decides.
    let first = "\"activity\":\"open\"";
    let together = nobody.replace(
        &format!("\"executor\":\"ai\",{first}"),
        &format!("\"executor\":\"code\",{first}"),
    );
    let found = score(&scratch, &together, &format!("{CATALOG}{DECLARED}"));
    assert_eq!(found["executor"], "ai");
    assert_eq!(found["value"]["hours_spent_per_year"]["mean"], 0.0);
    // What people spent on it before is known from the baseline.
    let mut log = cases(300, "human", |_| timed(true));
    for nth in 300..600 {
        case(&mut log, nth, &format!("a{nth}"), "ai", &outcome("good"));
    }
    scratch.write("log.ndjson", &log);
    scratch.write("catalog.yaml", CATALOG);
    let args = [
        "log.ndjson",
        "--map",
        "toleranced",
        "--catalog",
        "catalog.yaml",
        "--window",
        "7d",
    ];
    let found = only(&scratch.score(&args)).clone();
    assert_eq!(found["executors"].as_array().unwrap().len(), 1);
    assert_eq!(found["value"]["hours_spent_per_year"]["mean"], 0.0);
    // Where nobody ever said what people spend, it stays unknown.
    let found = score(&scratch, &nobody, CATALOG);
    assert_eq!(found["value"]["hours_spent_per_year"], Value::Null);
}

#[test]
fn hours_are_measured_where_the_log_has_them() {
    let scratch = Scratch::new();
    let log = cases(336, "human", |_| {
        outcome("good") + ",\"hands_on_minutes\":30"
    });
    let catalog = format!(
        "{CATALOG}    hands_on_minutes: 5\n    automation: {{ build_hours: 100, upkeep_hours_per_year: 40, share: 0.5 }}\n    wrong_outcome_hours: 8\n"
    );
    let found = score(&scratch, &log, &catalog);
    let value = &found["value"];
    // 168 cases a week (one an hour), half an hour each, for 52.18 weeks.
    let spent = found["cases_per_week"].as_f64().unwrap() * 0.5 * 365.25 / 7.0;
    near(&value["hours_spent_per_year"]["mean"], spent, 1e-6);
    near(
        &value["net_hours_per_year"]["mean"],
        spent / 2.0 - 40.0,
        1e-6,
    );
    near(
        &value["payback_months"]["mean"],
        1200.0 / (spent / 2.0 - 40.0),
        1e-6,
    );
    assert_eq!(value["pays_back"], true);
    assert_eq!(found["pays_back"], "yes");
    let dear = catalog.replace("build_hours: 100", "build_hours: 100000");
    let found = score(&scratch, &log, &dear);
    assert_eq!(
        (&found["pays_back"], &found["recommendation"]),
        (&"no".into(), &"leave as it is".into())
    );
    assert_eq!(found["rule"], "costs-more-than-it-saves");
}

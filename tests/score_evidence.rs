//! What a score rests on: loss, exercises, shadow runs, confirmation, baselines, agreement, hours; through the binary.

mod score_common;

use score_common::log::{CATALOG, case, cases, outcome, score};
use score_common::{Scratch, near, only};
use serde_json::Value;
use std::fmt::Write;

#[test]
fn loss_widens_and_beyond_a_share_nothing_is_within() {
    let scratch = Scratch::new();
    let clean = cases(400, "human", |_| outcome("good"));
    let whole = score(&scratch, &clean, CATALOG);
    assert_eq!(whole["status"], "within");
    assert_eq!(whole["loss"]["share"], 0.0);
    let upper = whole["deviation"]["upper"].as_f64().unwrap();
    // 800 events and 8 records that are none: a share of 8 / 808.
    let some = format!("{clean}{}", "{\"case\":\n".repeat(8));
    let some = score(&scratch, &some, CATALOG);
    let share = 8.0 / 808.0;
    near(&some["loss"]["share"], share, 1e-9);
    near(
        &some["deviation"]["upper"],
        upper * (1.0 - share) + share,
        1e-9,
    );
    assert_eq!(some["deviation"]["mean"], 0.0);
    let rate = |score: &Value, end: usize| score["cases_per_week_interval"][end].as_f64().unwrap();
    assert_eq!(some["cases_per_week"], whole["cases_per_week"]);
    assert!(rate(&some, 1) > rate(&whole, 1) && rate(&some, 0) == rate(&whole, 0));
    let much = format!("{clean}{}", "{\"case\":\n".repeat(60));
    let much = score(&scratch, &much, CATALOG);
    assert_eq!(much["status"], "undetermined");
    assert_eq!(much["loss"]["too_much"], true);
    let notes = much["notes"].to_string();
    assert!(notes.contains("60 records were lost"), "{notes}");
}

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
    let log = cases(200, "human", drill);
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
    // 150 of the 200 hours' runs are drills: with them the rest is there four times as soon.
    let weeks = counted["clean_runs_missing_weeks"].as_f64().unwrap();
    near(
        &apart["clean_runs_missing_weeks"],
        4.0 * weeks * missing(&apart) as f64 / missing(&counted) as f64,
        1e-6,
    );
}

/// Live cases by people, and for each one a shadow run of an AI that ends otherwise in every `wrong`-th case.
fn shadowed(count: usize, wrong: usize) -> String {
    let mut log = cases(count, "human", |nth| {
        outcome(if nth.is_multiple_of(2) {
            "good"
        } else {
            "harmless"
        })
    });
    for nth in 0..count {
        let right = if nth.is_multiple_of(2) {
            "good"
        } else {
            "harmless"
        };
        let other = if nth.is_multiple_of(2) {
            "harmless"
        } else {
            "good"
        };
        let said = if nth.is_multiple_of(wrong) {
            other
        } else {
            right
        };
        let more = format!(
            "{},\"origin\":\"shadow\",\"parent\":\"c{nth}\"",
            outcome(said)
        );
        case(&mut log, nth, &format!("s{nth}"), "ai", &more);
    }
    log
}

#[test]
fn ready_to_delegate_only_when_the_shadow_is_within() {
    let scratch = Scratch::new();
    let catalog = CATALOG.replace("bad: 1", "harmless: 0, bad: 1");
    let good = score(&scratch, &shadowed(600, 601), &catalog);
    assert_eq!(
        (&good["cases"], &good["shadow_runs"]),
        (&600.into(), &600.into())
    );
    let shadow = &good["shadow"][0];
    assert_eq!(
        (
            &shadow["executor"],
            &shadow["compared_by"],
            &shadow["compared"]
        ),
        (&"ai".into(), &"case".into(), &600.into())
    );
    assert_eq!(shadow["like_done"]["count"], 599);
    assert_eq!(shadow["status"], "within");
    assert_eq!(good["ready_to_delegate"], serde_json::json!(["ai"]));
    // One in five ends otherwise than what was done: each is a deviation, though its outcome is none by itself.
    let poor = score(&scratch, &shadowed(400, 5), &catalog);
    near(&poor["shadow"][0]["deviation"]["mean"], 0.2, 1e-9);
    assert_eq!(poor["shadow"][0]["ready"], false);
    assert_eq!(poor["ready_to_delegate"], serde_json::json!([]));
    // What nobody can compare proves nothing.
    let alone = shadowed(600, 601).replace("\"parent\":\"c", "\"parent\":\"elsewhere");
    let alone = score(&scratch, &alone, &catalog);
    assert_eq!(alone["shadow"][0]["compared_by"], "nothing");
    assert_eq!(alone["shadow"][0]["ready"], false);
}

#[test]
fn what_can_not_be_undone_is_never_ready_for_ai_alone() {
    let scratch = Scratch::new();
    let catalog = CATALOG.replace(
        "criticality: low",
        "criticality: low\n    class: f\n    irreversible: true",
    );
    let found = score(&scratch, &shadowed(2400, 2401), &catalog);
    let shadow = &found["shadow"][0];
    assert_eq!(shadow["status"], "within");
    assert_eq!(shadow["ready"], false);
    assert_eq!(found["ready_to_delegate"], serde_json::json!([]));
    assert!(shadow["reason"].to_string().contains("can't be undone"));
}

#[test]
fn shadow_runs_decide_whether_ai_takes_over() {
    let scratch = Scratch::new();
    let said = |log: &str| {
        let found = score(&scratch, log, CATALOG);
        let rule = found["rule"].as_str().unwrap().to_owned();
        (rule, found["recommendation"].clone(), found)
    };
    let (rule, advice, found) = said(&shadowed(400, 5));
    assert_eq!(found["shadow"][0]["status"], "outside");
    assert_eq!(
        (rule.as_str(), advice),
        ("ai-failed-its-trial", "keep with people".into())
    );
    assert!(
        found["reason"]
            .to_string()
            .contains("400 shadow runs of ai")
    );
    let (rule, advice, found) = said(&shadowed(100, 101));
    assert_eq!(found["shadow"][0]["status"], "undetermined");
    assert_eq!(rule, "forgiving-but-not-shown-yet");
    assert_eq!(advice, "AI with human approval");
    let missing = found["shadow"][0]["clean_runs_missing"].to_string();
    assert!(
        found["notes"]
            .to_string()
            .contains(&format!("{missing} more"))
    );
    let (_, advice, found) = said(&cases(100, "human", |_| outcome("good")));
    assert_eq!(advice, "delegate to AI");
    assert!(found["notes"].to_string().contains("no shadow run of AI"));
}

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
fn who_ran_it_by_the_log_is_judged_not_who_is_declared() {
    let scratch = Scratch::new();
    let wrong = |nth: usize| outcome(if nth.is_multiple_of(5) { "bad" } else { "good" });
    let declared = |kind: &str| format!("{CATALOG}    executor: {kind}\n");
    let found = score(&scratch, &cases(200, "human", wrong), &declared("ai"));
    assert_eq!(
        (&found["executor"], &found["status"]),
        (&"human".into(), &"outside".into())
    );
    assert_eq!(found["withdraw"], serde_json::json!([]));
    assert_ne!(found["rule"], "withdraw-ai");
    assert_eq!(found["disagreements"][0]["what"], "executor");
    let log = cases(400, "code", |_| outcome("good"));
    let found = score(&scratch, &log, &declared("mixed"));
    assert_eq!(found["rule"], "code-that-holds");
    // Where the log does not say, the catalog does.
    let log = cases(200, "human", wrong).replace(",\"executor\":\"human\"", "");
    let found = score(&scratch, &log, &declared("ai"));
    assert_eq!(found["executor"], "ai");
    assert_eq!(found["withdraw"], serde_json::json!(["ai"]));
}

#[test]
fn shadow_runs_without_a_twin_are_compared_by_input() {
    let scratch = Scratch::new();
    let input = |nth: usize| format!(",\"input\":\"i{}\"", nth % 7);
    let right = |nth: usize| if nth % 7 < 3 { "good" } else { "harmless" };
    let mut log = cases(350, "human", |nth| outcome(right(nth)) + &input(nth));
    for nth in 0..350 {
        let more = format!(
            "{}{},\"origin\":\"shadow\"",
            outcome(right(nth)),
            input(nth)
        );
        case(&mut log, nth, &format!("s{nth}"), "code", &more);
    }
    let found = score(
        &scratch,
        &log,
        &CATALOG.replace("bad: 1", "harmless: 0, bad: 1"),
    );
    let shadow = &found["shadow"][0];
    assert_eq!(
        (&shadow["compared_by"], &shadow["compared"]),
        (&"input".into(), &350.into())
    );
    assert_eq!(
        (&shadow["ready"], &shadow["like_done"]["share"]),
        (&true.into(), &1.0.into())
    );
}

#[test]
fn what_is_irreversible_and_fine_is_never_left_to_unattended_ai() {
    let scratch = Scratch::new();
    let log = cases(300, "human", |_| outcome("good"));
    let catalog = CATALOG.replace(
        "criticality: low",
        "criticality: low\n    class: f\n    irreversible: true",
    );
    let found = score(&scratch, &log, &catalog);
    assert_ne!(found["recommendation"], "delegate to AI");
    assert_eq!(found["irreversible"], true);
}

#[test]
fn ai_that_deviates_is_withdrawn_though_people_hold_the_process() {
    let scratch = Scratch::new();
    let mut log = cases(900, "human", |_| outcome("good"));
    for nth in 0..100usize {
        let word = if nth.is_multiple_of(5) { "bad" } else { "good" };
        case(&mut log, nth, &format!("a{nth}"), "ai", &outcome(word));
    }
    let found = score(
        &scratch,
        &log,
        &CATALOG.replace("criticality: low", "criticality: low\n    executor: human"),
    );
    assert_ne!(found["status"], "outside");
    assert_eq!(found["withdraw"], serde_json::json!(["ai"]));
    assert_eq!(found["rule"], "withdraw-ai");
    let pair = &found["comparisons"][0];
    assert_eq!(
        (&pair["first"], &pair["second"]),
        (&"human".into(), &"ai".into())
    );
    near(&pair["raw"]["value"], -0.2, 1e-9);
    assert!(pair["raw"]["upper"].as_f64().unwrap() < 0.0);
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

#[test]
fn a_process_that_sprawls_does_not_loosen_its_own_tolerance() {
    let scratch = Scratch::new();
    let mut log = cases(50, "human", |_| outcome("good"));
    // Later cases take forty steps more.
    for nth in 50..250 {
        for step in 0..40 {
            writeln!(
                log,
                "{{\"time\":\"2026-03-01T00:00:{step:02}Z\",\"process\":\"p\",\"case\":\"late{nth}\",\"activity\":\"step {step}\",\"seq\":{step}}}"
            )
            .unwrap();
        }
        writeln!(
            log,
            "{{\"time\":\"2026-03-01T00:01:00Z\",\"process\":\"p\",\"case\":\"late{nth}\",\"activity\":\"close\",\"lifecycle\":\"end\",\"outcome\":\"good\"}}"
        )
        .unwrap();
    }
    let tolerance = include_str!("../config/tolerance.yaml").replace("cases: 300", "cases: 50");
    scratch.write("tolerance.yaml", tolerance);
    scratch.write("log.ndjson", &log);
    scratch.write("catalog.yaml", CATALOG);
    let args = [
        "log.ndjson",
        "--map",
        "toleranced",
        "--catalog",
        "catalog.yaml",
        "--tolerance",
        "tolerance.yaml",
    ];
    let found = only(&scratch.score(&args)).clone();
    assert_eq!(found["nominal_size_steps"], 2.0);
    assert_eq!(found["nominal_size_source"], "baseline");
    assert_eq!(
        (&found["baseline"]["cases"], &found["baseline"]["frozen"]),
        (&50.into(), &true.into())
    );
    assert!(found["size_steps"].as_f64().unwrap() > 30.0);
    near(&found["permissible_deviation"], 0.02, 1e-9);
    // A new epoch begins anew.
    scratch.write("catalog.yaml", format!("{CATALOG}    epoch: 2026-02-01\n"));
    let found = only(&scratch.score(&args)).clone();
    assert_eq!(found["nominal_size_steps"], 41.0);
}

#[test]
fn agreement_tells_code_from_a_coin() {
    let scratch = Scratch::new();
    let input = |nth: usize| format!(",\"input\":\"alert {}\"", nth % 20);
    let mut log = cases(400, "code", |nth| {
        outcome(if nth % 20 < 6 { "bad" } else { "good" }) + &input(nth)
    });
    for nth in 0..400usize {
        // Every second run on each input ends badly.
        let word = if (nth / 20).is_multiple_of(2) {
            "bad"
        } else {
            "good"
        };
        case(
            &mut log,
            nth,
            &format!("a{nth}"),
            "ai",
            &(outcome(word) + &input(nth)),
        );
    }
    let found = score(&scratch, &log, CATALOG);
    let agreement = &found["agreement"];
    assert_eq!(
        (&agreement["inputs"], &agreement["runs"]),
        (&20.into(), &800.into())
    );
    let kind = |name: &str| {
        let kinds = agreement["kinds"].as_array().unwrap().iter();
        kinds
            .clone()
            .find(|kind| kind["executor"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(kind("code")["repeatability_variance"]["value"], 0.0);
    // Ten of twenty runs on each input: 2 * 10 * 10 of 20 * 19 ordered pairs differ.
    near(
        &kind("ai")["repeatability_variance"]["value"],
        200.0 / 380.0,
        1e-9,
    );
    assert_eq!(kind("code")["kappa"]["value"], 1.0);
    near(&kind("code")["pass_hat"][7]["chance"]["value"], 0.7, 1e-9);
    near(&kind("ai")["pass_hat"][0]["chance"]["value"], 0.5, 1e-9);
    let parts = &agreement["components"];
    let sum: f64 = ["repeatability", "reproducibility", "inputs"]
        .iter()
        .map(|part| parts[part].as_f64().unwrap())
        .sum();
    near(&parts["total"], sum, 1e-12);
    let pairs = &agreement["pairs"];
    let all: i64 = [
        "same_input_and_kind",
        "same_input_other_kind",
        "other_input",
    ]
    .iter()
    .map(|kind| pairs[kind]["pairs"].as_i64().unwrap())
    .sum();
    assert_eq!(all, 800 * 799);
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

#[test]
fn declared_levels_that_the_measurement_contradicts_are_named() {
    let scratch = Scratch::new();
    let log = cases(336, "human", |_| outcome("good"));
    let catalog = format!("{CATALOG}    frequency: low\n    complexity: high\n    executor: ai\n");
    let found = score(&scratch, &log, &catalog);
    let named: Vec<String> = found["disagreements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{} {} {} {}",
                one["what"], one["declared"], one["measured"], one["sure"]
            )
        })
        .collect();
    assert_eq!(
        named,
        [
            "\"complexity\" \"high\" \"low\" true",
            "\"frequency\" \"low\" \"high\" true",
            "\"executor\" \"ai\" \"human\" true"
        ]
    );
}

#[test]
fn drivers_explain_the_rate_and_bad_ones_are_named() {
    let scratch = Scratch::new();
    let mut log = String::new();
    let mut drivers = "date,hosts\n".to_owned();
    let monday = chrono::NaiveDate::from_ymd_opt(2025, 1, 6).unwrap();
    for week in 0..40u64 {
        // Hosts go up and down without a trend; cases go with them.
        let hosts = 100 + 50 * (week * 7 % 5);
        let date = monday + chrono::Days::new(7 * week);
        writeln!(drivers, "{date},{hosts}").unwrap();
        for nth in 0..hosts / 5 {
            let day = date + chrono::Days::new(nth % 7);
            writeln!(
                log,
                "{{\"time\":\"{day}T{:02}:00:00Z\",\"process\":\"p\",\"case\":\"{week}-{nth}\",\"activity\":\"do\"}}",
                nth % 24
            )
            .unwrap();
        }
    }
    scratch.write("drivers.csv", &drivers);
    let catalog = format!("{CATALOG}    drivers: drivers.csv\n");
    let found = score(&scratch, &log, &catalog);
    let elasticity = &found["arrivals"]["elasticities"][0];
    assert_eq!(elasticity["driver"], "hosts");
    near(&elasticity["elasticity"]["mean"], 1.0, 0.05);
    assert!(found["arrivals"]["whole_weeks"].as_u64().unwrap() >= 39);
    assert_eq!(found["arrivals"]["forecast"].as_array().unwrap().len(), 4);
    scratch.write("drivers.csv", drivers.replacen("150", "many", 1));
    let ran = scratch
        .run(&["check", "--catalog", "catalog.yaml"])
        .ends_with(1);
    assert!(
        ran.stderr.contains("drivers.csv:") && ran.stderr.contains("`hosts`: `many`"),
        "{ran}"
    );
}

//! The recommendation for few, missing and undeclared evidence.

use crate::support::Scratch;
use crate::support::own_format::{CATALOG, cases, daily_case, daily_cases, outcome, score};
use crate::support::project::project;
use crate::support::scores::{only, process};
use serde_json::Value;

/// People run so many clean cases, and AI beside them so many, the first of them wrong.
fn beside_people(people: usize, ai: usize, wrong: usize) -> String {
    let mut log = daily_cases(people, "human", |_| outcome("good"));
    for nth in 0..ai {
        let word = outcome(if nth < wrong { "bad" } else { "good" });
        daily_case(&mut log, nth, &format!("a{nth}"), "ai", &word);
    }
    log
}

fn side<'v>(found: &'v Value, kind: &str) -> &'v Value {
    let sides = found["executors"].as_array().unwrap();
    sides.iter().find(|side| side["executor"] == kind).unwrap()
}

#[test]
fn few_live_cases_that_go_wrong_too_often_are_not_the_same_as_none() {
    let scratch = Scratch::new();
    // T is 2 %, and 3 of 20 are too few to call AI outside.
    let found = score(&scratch, &beside_people(200, 20, 3), CATALOG);
    assert_eq!(side(&found, "ai")["status"], "undetermined");
    assert_eq!(found["executor"], "human");
    assert_eq!(found["recommendation"], "AI with human approval");
    assert_eq!(found["rule"], "forgiving-but-not-shown-yet");
    let reason = found["reason"].as_str().unwrap();
    assert!(
        reason.contains("20 cases of ai alone, 15.00 % ["),
        "{reason}"
    );
    // Few that do well speak for nothing else than what the levels say.
    let found = score(&scratch, &beside_people(200, 20, 0), CATALOG);
    assert_eq!(found["recommendation"], "delegate to AI");
}

#[test]
fn ai_that_runs_it_all_stays_unattended_only_while_its_mean_is_permissible() {
    let scratch = Scratch::new();
    let found = score(&scratch, &beside_people(0, 40, 1), CATALOG);
    assert_eq!(found["status"], "undetermined");
    assert_eq!(found["recommendation"], "AI with human approval");
    let found = score(&scratch, &beside_people(0, 100, 1), CATALOG);
    assert_eq!(found["status"], "undetermined");
    assert_eq!(found["recommendation"], "delegate to AI");
}

#[test]
fn records_that_were_lost_never_make_the_advice_bolder() {
    let scratch = Scratch::new();
    // Outside: 20 of 200, T 2 %.
    let wrong = beside_people(0, 200, 20);
    let found = score(&scratch, &wrong, CATALOG);
    assert_eq!(found["recommendation"], "AI with human approval");
    let lost = score(
        &scratch,
        &format!("{wrong}{}", "{\"case\":\n".repeat(60)),
        CATALOG,
    );
    assert_eq!(
        (&lost["status"], &lost["loss"]["too_much"]),
        (&"undetermined".into(), &true.into())
    );
    assert_eq!(lost["recommendation"], "keep with people");
    // 1 of 40 is above T, and that is all that can be said.
    let few = beside_people(0, 40, 1) + &"{\"case\":\n".repeat(10);
    let lost = score(&scratch, &few, CATALOG);
    assert_eq!(lost["loss"]["too_much"], true);
    assert_eq!(lost["recommendation"], "AI with human approval");
}

#[test]
fn outcomes_that_nobody_declared_are_named() {
    let scratch = Scratch::new();
    let log = cases(700, "human", |nth| {
        outcome(match nth % 10 {
            0 => "Wrong Host",
            1 => "GOOD",
            // Known by its name.
            2 => "Resolved",
            _ => "good",
        })
    });
    let found = score(&scratch, &log, CATALOG);
    let note = "70 of 700 cases have an unclassified outcome: Wrong Host (70). Classify them in the catalog, 0 for as designed and 1 for wrong: `outcomes: { \"Wrong Host\": 1 }`";
    let notes = found["notes"].as_array().unwrap();
    assert!(notes.contains(&note.into()), "{notes:?}");
    // The most frequent ones first.
    let log = cases(100, "human", |nth| {
        outcome(match nth {
            0 => "d",
            1..3 => "c",
            3..6 => "b",
            6..10 => "a",
            _ => "good",
        })
    });
    let found = score(&scratch, &log, CATALOG);
    let notes = found["notes"].to_string();
    assert!(
        notes.contains("10 of 100 cases have an unclassified outcome: a (4), b (3), c (2), d (1)"),
        "{notes}"
    );
    let found = score(&scratch, &cases(100, "human", |_| outcome("Good")), CATALOG);
    assert!(!found["notes"].to_string().contains("unclassified"));
}

#[test]
fn declared_outcomes_that_never_occur_measure_nothing() {
    let scratch = Scratch::new();
    // No end that could be left again, no limit, no path: only the outcome could be a deviation.
    let map = "format: ndjson\nprocess: process\ncase: case\nactivity: activity\ntime: time\noutcome: outcome\n";
    scratch.write("map.yaml", map);
    scratch.write("catalog.yaml", CATALOG);
    let score = |word: &str| {
        let line = |nth: usize| {
            format!(
                "{{\"time\":\"2026-01-05T{:02}:{:02}:00Z\",\"process\":\"p\",\"case\":\"c{nth}\",\"activity\":\"do\",\"outcome\":\"{word}\"}}\n",
                nth / 60,
                nth % 60
            )
        };
        scratch.write("log.ndjson", (0..100).map(line).collect::<String>());
        let files = [
            "log.ndjson",
            "--map",
            "map.yaml",
            "--catalog",
            "catalog.yaml",
        ];
        only(&scratch.score(&files)).clone()
    };
    let found = score("odd");
    assert_eq!(found["deviation"], Value::Null);
    assert_eq!(found["status"], "undetermined");
    let notes = found["notes"].to_string();
    assert!(
        notes.contains("nothing here could count as a deviation")
            && notes.contains("100 of 100 cases have an unclassified outcome: odd (100)"),
        "{notes}"
    );
    let found = score("BAD");
    assert_eq!(found["deviation"]["mean"], 1.0);
    let found = score("Good");
    assert_eq!(found["deviation"]["mean"], 0.0);
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
fn too_few_or_too_old_cases_have_no_recommendation_and_say_what_is_needed() {
    let scratch = Scratch::new();
    let found = score(&scratch, &cases(2, "human", |_| outcome("good")), CATALOG);
    assert_eq!(
        (&found["recommendation"], &found["rule"]),
        (&Value::Null, &Value::Null)
    );
    let reason = "2 cases have ended, too few for a recommendation: 1 more case must end (`evidence.cases` in the tolerance file: 3)";
    assert_eq!(found["reason"], reason);
    let found = score(&scratch, &cases(3, "human", |_| outcome("good")), CATALOG);
    assert!(found["recommendation"].is_string());
    // Three cases in 2018, too rare to be missed, and another process that runs on until 2026.
    let mut log = String::new();
    for nth in 0..3 {
        daily_case(
            &mut log,
            nth * 300,
            &format!("old{nth}"),
            "human",
            &outcome("good"),
        );
    }
    let other =
        cases(3, "human", |_| outcome("good")).replace("\"process\":\"p\"", "\"process\":\"q\"");
    scratch.write("catalog.yaml", CATALOG);
    scratch.write("log.ndjson", log + &other);
    let scores = scratch.score(&[
        "--map",
        "toleranced",
        "--catalog",
        "catalog.yaml",
        "log.ndjson",
    ]);
    let found = process(&scores, "p");
    assert_eq!(found["recommendation"], Value::Null);
    let reason = found["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("the last case ended on 2019-08-28, more than 365 days ago")
            && reason.contains("a new case must end"),
        "{reason}"
    );
}

#[test]
fn one_case_with_the_critical_outcome_withdraws_before_there_are_enough_cases_for_advice() {
    let scratch = Scratch::new();
    let catalog = CATALOG.replace(
        "criticality: low",
        "criticality: low\n    critical_outcome: { outcome: bad, acceptable: 0.001, unacceptable: 0.01 }",
    );
    let log = daily_cases(2, "ai", |_| outcome("bad"));
    let found = score(&scratch, &log, &catalog);
    assert_eq!(found["withdraw"], serde_json::json!(["ai"]));
    assert_eq!(found["rule"], "withdraw-ai");
    // Without it, they are too few for any advice.
    let found = score(&scratch, &log, CATALOG);
    assert_eq!(found["recommendation"], Value::Null);
}

#[test]
fn process_that_needs_judgement_is_for_no_code_and_no_unattended_ai_at_any_criticality() {
    let scratch = Scratch::new();
    let log = cases(300, "human", |_| outcome("good"));
    let table = "tolerance.yaml";
    let default = std::fs::read_to_string(project("config/tolerance.yaml")).unwrap();
    let (head, _) = default.split_once("recommendations:").unwrap();
    for criticality in ["negligible", "low", "medium", "high"] {
        let declared = format!("criticality: {criticality}\n    judgement: required");
        let catalog = CATALOG.replace("criticality: low", &declared);
        for said in ["execute via code", "delegate to AI"] {
            let rule = format!("recommendations:\n- {{ name: mine, then: {said}, because: b }}\n");
            scratch.write(table, format!("{head}{rule}"));
            scratch.write("catalog.yaml", &catalog);
            scratch.write("log.ndjson", &log);
            let args = [
                "--map",
                "toleranced",
                "--catalog",
                "catalog.yaml",
                "log.ndjson",
            ];
            for args in [&args[..], &[&args[..], &["--tolerance", table]].concat()] {
                let scores = scratch.score(args);
                let found = only(&scores);
                assert_eq!(found["judgement"], "required");
                let said = found["recommendation"].as_str().unwrap();
                assert!(
                    ["AI with human approval", "keep with people"].contains(&said),
                    "{said}"
                );
            }
        }
    }
}

#[test]
fn check_warns_of_a_table_that_demands_more_where_less_hangs_on_a_process() {
    let scratch = Scratch::new();
    let default = std::fs::read_to_string(project("config/tolerance.yaml")).unwrap();
    scratch.write("default.yaml", &default);
    let own = default.replacen(
        "recommendations:\n",
        "recommendations:\n  - { name: bold, when: { criticality: high }, then: delegate to AI, because: b }\n",
        1,
    );
    scratch.write("own.yaml", own);
    let warned = |file: &str| {
        let ran = scratch.run(&["check", "--tolerance", file]).ends_with(0);
        ran.stdout
            .contains("warning: the rules demand more at criticality")
    };
    assert!(!warned("default.yaml"));
    assert!(warned("own.yaml"));
}

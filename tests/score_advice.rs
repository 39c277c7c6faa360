//! What the recommendation makes of few, missing and undeclared evidence, through the binary.

mod score_common;

use score_common::Scratch;
use score_common::log::{CATALOG, case, cases, outcome, score};
use serde_json::Value;

/// People run so many clean cases, and AI beside them so many, the first of them wrong.
fn beside_people(people: usize, ai: usize, wrong: usize) -> String {
    let mut log = cases(people, "human", |_| outcome("good"));
    for nth in 0..ai {
        let word = outcome(if nth < wrong { "bad" } else { "good" });
        case(&mut log, nth, &format!("a{nth}"), "ai", &word);
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

//! Agreement of outcomes on the same input.

use crate::support::Scratch;
use crate::support::own_format::{CATALOG, case, cases, outcome, score};
use crate::support::scores::near;

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

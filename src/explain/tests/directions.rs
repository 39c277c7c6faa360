//! What would change the verdict of a process that may miss only so much.

use super::*;

fn held_to(tolerance: f64) -> String {
    let outcomes = "outcomes: {wrong: {severity: 1, direction: missed}, fine: 0}";
    format!(
        "processes: [{{id: p, criticality: negligible, {outcomes}, tolerances: {{missed: {tolerance}}}}}]"
    )
}

fn cases(tolerance: f64, fine: usize, wrong: usize) -> Scored {
    let mut deviations = vec![Ppm::ONE; wrong];
    deviations.resize(wrong + fine, Ppm::ZERO);
    scored(&held_to(tolerance), &deviations, 5)
}

#[test]
fn an_explanation_has_the_direction_and_says_that_it_decides() {
    let now = cases(0.001, 400, 8);
    assert_eq!(now.score.rating.status, Status::Outside);
    let missed = now.value("status", "missed").unwrap();
    assert!(
        missed.starts_with("1.96 % [") && missed.contains(": outside"),
        "{missed}"
    );
    assert!(missed.contains("8 of 408 cases"), "{missed}");
    let status = now.value("status", "status").unwrap();
    assert!(status.contains("so the process is not within"), "{status}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    /// The process is within after as many clean cases as the turn and the score say, and not after one less.
    #[test]
    fn the_verdict_turns_when_the_last_of_its_claims_is_shown(
        fine in 20usize..600,
        wrong in 0usize..4,
        tolerance in 0.005f64..0.2,
    ) {
        let now = cases(tolerance, fine, wrong);
        prop_assume!(now.score.rating.status == Status::Undetermined);
        let turns = now.lever("evidence").turns;
        let within = turns.iter().find(|turn| turn.status == Status::Within && turn.when.contains("clean"));
        let Some(runs) = within.and_then(|turn| turn.at).filter(|runs| *runs < 3000.0) else {
            return Ok(());
        };
        let runs = runs as usize;
        let needed = now.score.clean_cases.needed.unwrap() as usize;
        let (then, before) = (cases(tolerance, fine + runs, wrong), cases(tolerance, fine + runs - 1, wrong));
        prop_assume!([&then, &before].iter().all(|scored| scored.depends_as(&now)));
        prop_assert_eq!(needed, runs);
        prop_assert_eq!(then.score.rating.status, Status::Within);
        prop_assert_eq!(before.score.rating.status, Status::Undetermined);
    }
}

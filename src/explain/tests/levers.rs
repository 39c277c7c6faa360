//! What would change a recommendation.

use super::*;

#[test]
fn thresholds_of_frequency_and_size_and_the_levels_beside_the_declared_one() {
    let scored = scored(&desk("low"), &[Ppm::ZERO; 500], 5);
    assert_eq!(
        whens(&scored.lever("frequency")),
        [("below 1 cases a week", Some(Recommendation::Leave))]
    );
    let size = scored.lever("size");
    let expected = [
        ("above 30 steps", Some(Recommendation::AiWithApproval)),
        ("above 120 steps", Some(Recommendation::BreakUp)),
    ];
    assert_eq!(whens(&size), expected);
    // Up to 3 steps T is another one, which changes nothing.
    assert_eq!(size.turns[0].permissible_deviation, Some(0.08));
    let levels = scored.lever("criticality");
    let expected = [("medium (class m)", Some(Recommendation::Code))];
    assert_eq!(whens(&levels), expected);
    // Within as c (3 %), and the upper bound of 0 of 500 is above 1 %.
    assert_eq!(levels.turns[0].status, Status::Undetermined);
}

#[test]
fn how_many_clean_runs_are_missing_and_when_they_will_be_there() {
    // T = 1 %: 680 clean cases are needed (reference figures), 500 are there, 25 come a week.
    let scored = scored(&desk("medium"), &[Ppm::ZERO; 500], 5);
    let evidence = scored.lever("evidence");
    let clean = evidence
        .turns
        .iter()
        .find(|turn| turn.when.contains("clean"))
        .unwrap();
    assert_eq!(clean.when, "after 180 more clean runs");
    assert_eq!(clean.status, Status::Within);
    let then = Time(WEEKS * WEEK + 180 * WEEK / 25).to_string();
    assert_eq!(clean.expected_at, Some(then));
    let wrong = evidence
        .turns
        .iter()
        .find(|turn| turn.when.contains("wrong"))
        .unwrap();
    assert_eq!(wrong.status, Status::Outside);
}

#[test]
fn the_rate_at_which_automation_pays_turns_the_advice() {
    // 400 cases in 20 weeks at half an hour each; 2000 hours to build, to be paid back within two years.
    let declared = desk("low").replace(
        "id: p,",
        "id: p, hands_on_minutes: 30, automation: {build_hours: 2000, upkeep_hours_per_year: 0},",
    );
    let dear = scored(&declared, &[Ppm::ZERO; 400], 5);
    assert_eq!(
        dear.score.advice.recommendation,
        Some(Recommendation::Leave)
    );
    let frequency = dear.lever("frequency");
    let turn = &frequency.turns[0];
    assert!(turn.when.starts_with("from "), "{frequency:?}");
    assert_eq!(turn.recommendation, Some(Recommendation::Ai));
    // As many cases as that in as many weeks are advised otherwise, a tenth fewer are not.
    let at = turn.at.unwrap();
    let with = |rate: f64| {
        let cases = (rate * WEEKS as f64) as usize;
        scored(&declared, &vec![Ppm::ZERO; cases], 5)
            .score
            .advice
            .recommendation
    };
    assert_eq!(with(at * 1.05), Some(Recommendation::Ai));
    assert_eq!(with(at * 0.9), Some(Recommendation::Leave));
    let value = dear.value("value", "pays back").unwrap();
    assert!(value.starts_with("no = too late"), "{value}");
}

#[test]
fn where_nothing_is_known_nothing_turns() {
    let none = scored(&desk("low"), &[], 0);
    assert!(levers(&none.score, none.terms(), Time(0)).is_empty());
    assert!(trace(&none.tolerance.recommendations, &none.score).is_empty());
    assert!(!figures(&none.score, none.terms()).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever a turn says happens beyond a number of runs happens with it, and not with one less.
    #[test]
    fn turns_of_the_evidence_are_exact(
        wrong in 0usize..40,
        fine in 0usize..900,
        severity in prop_oneof![Just(Ppm::ONE), Just(Ppm(250_000)), (1..=Ppm::ONE.0).prop_map(Ppm)],
        level in 0usize..4,
    ) {
        prop_assume!(wrong + fine >= 3);
        let level = ["negligible", "low", "medium", "high"][level];
        let cases = |clean: usize, more_wrong: usize| {
            let mut deviations = vec![severity; wrong];
            deviations.resize(wrong + fine + clean, Ppm::ZERO);
            deviations.resize(wrong + fine + clean + more_wrong, Ppm::ONE);
            scored(&desk(level), &deviations, 5)
        };
        let now = cases(0, 0);
        for turn in now.lever("evidence").turns {
            let Some((runs, "cases")) = turn.at.zip(turn.unit.as_deref()) else { continue };
            // Thousands of cases take long to build, and show nothing that hundreds do not.
            prop_assume!(runs < 4000.0);
            let runs = runs as usize;
            let after = |runs| if turn.when.contains("clean") { cases(runs, 0) } else { cases(0, runs) };
            let (then, before) = (after(runs), after(runs - 1));
            // What is said of more cases takes their dependence for granted.
            prop_assume!([&then, &before].iter().all(|scored| scored.depends_as(&now)));
            prop_assert_eq!(then.score.rating.status, turn.status, "{}", turn.when);
            prop_assert_ne!(before.score.rating.status, turn.status, "{}", turn.when);
        }
    }

    /// A declared size or criticality that stands on the other side of a turn gives the verdict that the turn tells.
    #[test]
    fn turns_of_size_and_frequency_are_those_of_the_score(
        wrong in 0usize..30,
        fine in 3usize..400,
        steps in 1u32..40,
        level in 0usize..4,
    ) {
        let level = ["negligible", "low", "medium", "high"][level];
        let mut deviations = vec![Ppm::ONE; wrong];
        deviations.resize(wrong + fine, Ppm::ZERO);
        let now = scored(&desk(level), &deviations, steps);
        let tried = trace(&now.tolerance.recommendations, &now.score);
        prop_assert_eq!(tried.last().map(|rule| &rule.rule), now.score.advice.rule.as_ref());
        for turn in now.lever("size").turns {
            let edge = turn.at.unwrap();
            let size = if turn.when.starts_with("above") { edge * 1.001 } else if turn.when.starts_with("below") { edge * 0.999 } else { edge };
            let catalog = desk(level).replace("id: p,", &format!("id: p, size: {size},"));
            let then = scored(&catalog, &deviations, steps).score;
            prop_assert_eq!(then.advice.recommendation, turn.recommendation, "{}", turn.when);
            prop_assert_eq!(then.rating.status, turn.status, "{}", turn.when);
            prop_assert_eq!(then.rating.permissible_deviation, turn.permissible_deviation, "{}", turn.when);
        }
        for turn in now.lever("criticality").turns {
            let other = turn.when.split(' ').next().unwrap();
            let then = scored(&desk(other), &deviations, steps).score;
            prop_assert_eq!((then.advice.recommendation, then.rating.status, then.advice.rule), (turn.recommendation, turn.status, turn.rule));
        }
        for turn in now.lever("executor").turns {
            let kind = turn.when.split(',').next().unwrap().parse().unwrap();
            let then = scored_by(&desk(level), &deviations, steps, kind).score;
            prop_assert_eq!((then.advice.recommendation, then.advice.rule), (turn.recommendation, turn.rule));
        }
    }
}

//! Where the verdict turns: there, and not one case before.

use super::*;

/// So many cases of a kind, the last ones wrong.
fn ran_by(executor: Executor, right: usize, wrong: usize) -> Scored {
    let deviations = [vec![Ppm::ZERO; right], vec![Ppm::ONE; wrong]].concat();
    scored_by(&desk("low"), &deviations, 3, executor)
}

#[test]
fn ai_is_trusted_from_the_case_on_that_brings_its_mean_to_t() {
    // T is 2 %: 20 wrong of 200 are as much from 800 more clean ones on, long before the interval is within.
    let evidence = ran_by(Executor::Ai, 180, 20).lever("evidence");
    let found = whens(&evidence);
    let turn = ("after 800 more clean runs", Some(Recommendation::Ai));
    assert!(found.contains(&turn), "{found:?}");
    for (more, expected) in [(799, false), (800, true)] {
        let then = ran_by(Executor::Ai, 180 + more, 20)
            .score
            .advice
            .recommendation;
        assert_eq!(then == Some(Recommendation::Ai), expected, "{more}");
    }
    // Nor does it take many wrong ones to lose it.
    let evidence = ran_by(Executor::Ai, 197, 3).lever("evidence");
    let found = whens(&evidence);
    let turn = (
        "after 2 more that all go wrong",
        Some(Recommendation::AiWithApproval),
    );
    assert!(found.contains(&turn), "{found:?}");
}

#[test]
fn what_is_within_says_how_many_wrong_runs_it_takes_until_it_is_not() {
    let now = ran_by(Executor::Code, 400, 0);
    assert_eq!(now.score.rating.status, Status::Within);
    let turns = now.lever("evidence").turns;
    let first = turns.iter().find(|turn| turn.when.contains("go"));
    let first = first.unwrap();
    assert_eq!(
        (first.when.as_str(), first.status),
        ("after 1 more that goes wrong", Status::Undetermined)
    );
    // Code that runs it is not replaced before it is outside.
    assert_eq!(first.recommendation, Some(Recommendation::Code));
    let then = ran_by(Executor::Code, 400, 1).score;
    assert_eq!(
        (then.rating.status, then.advice.recommendation),
        (first.status, first.recommendation)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn the_verdict_turns_there_and_not_one_case_before(
        right in 20usize..400,
        wrong in 0usize..12,
        kind in 0usize..3,
    ) {
        let executor = [Executor::Human, Executor::Ai, Executor::Code][kind];
        let now = ran_by(executor, right, wrong);
        let verdict = |scored: &Scored| (scored.score.rating.status, scored.score.advice.recommendation);
        for clean in [true, false] {
            let turns = now.lever("evidence").turns;
            let word = |turn: &Turn| turn.when.contains("clean") == clean;
            let first = turns.iter().find(|turn| turn.unit.as_deref() == Some("cases") && word(turn));
            let Some(first) = first.filter(|turn| turn.at.unwrap() < 800.0) else {
                continue;
            };
            let more = first.at.unwrap() as usize;
            let then = |more: usize| match clean {
                true => ran_by(executor, right + more, wrong),
                false => ran_by(executor, right, wrong + more),
            };
            // What is said of more cases takes their dependence for granted.
            prop_assume!([more, more - 1].iter().all(|more| then(*more).depends_as(&now)));
            prop_assert_eq!(verdict(&then(more)), (first.status, first.recommendation), "{}", &first.when);
            prop_assert_eq!(verdict(&then(more - 1)), verdict(&now), "{}", &first.when);
        }
    }
}

#[test]
fn another_kind_is_judged_by_the_hours_of_people_that_it_would_take() {
    let catalog = "processes: [{id: p, criticality: low, outcomes: {wrong: 1, fine: 0}, hands_on_minutes: 10, automation: {build_hours: 30, upkeep_hours_per_year: 10}}]";
    let deviations = [vec![Ppm::ZERO; 197], vec![Ppm::ONE; 3]].concat();
    let by = |executor| scored_by(catalog, &deviations, 3, executor);
    let kinds = [
        (Executor::Human, "human"),
        (Executor::Ai, "ai"),
        (Executor::Code, "code"),
    ];
    for (now, _) in kinds {
        let turns = by(now).lever("executor").turns;
        for (other, word) in kinds {
            let when = format!("{word}, deviating as much");
            let turn = turns.iter().find(|turn| turn.when == when);
            let expected = by(other).score;
            let told = turn.map_or(by(now).score.advice.recommendation, |turn| {
                turn.recommendation
            });
            assert_eq!(told, expected.advice.recommendation, "{now} to {other}");
        }
    }
}

#[test]
fn turn_by_an_overruled_rule_names_it_as_overruled() {
    let wrong = [vec![Ppm::ZERO; 320], vec![Ppm::ONE; 80]].concat();
    let mut scored = scored(&desk("low"), &wrong, 5);
    let (head, _) = crate::config::tolerance::DEFAULT
        .split_once("recommendations:")
        .unwrap();
    let always = "recommendations:\n- { name: mine, then: delegate to AI, because: I say so }\n";
    let table = Tolerance::parse(&format!("{head}{always}"), Path::new("t.yaml"));
    scored.tolerance = table.unwrap();
    let turns = scored.lever("executor").turns;
    let ai = turns.iter().find(|turn| turn.when.starts_with("ai"));
    let ai = ai.unwrap();
    assert_eq!(
        (ai.recommendation, ai.rule.as_deref()),
        (Some(Recommendation::AiWithApproval), Some("mine (guarded)"))
    );
}

#[test]
fn only_what_changes_the_result_within_three_years_is_listed_nearest_first() {
    // One case a week: 640 clean cases are more than come in three years.
    let slow = scored(&desk("medium"), &[Ppm::ZERO; WEEKS as usize], 5);
    let found = levers(&slow.score, slow.terms(), Time(WEEKS * WEEK));
    let evidence = found
        .iter()
        .find(|lever| lever.lever == "evidence")
        .unwrap();
    assert!(
        evidence
            .now
            .contains("more clean cases would change it, about ")
            && evidence
                .now
                .ends_with(" years at 1.00 cases a week: the rate is too low"),
        "{}",
        evidence.now
    );
    assert!(
        !whens(evidence)
            .iter()
            .any(|(when, _)| when.contains("clean"))
    );
    for lever in &found {
        for turn in &lever.turns {
            let result = ["status", "recommendation"];
            assert!(
                turn.changes
                    .iter()
                    .any(|what| result.contains(&what.as_str())),
                "{turn:?}"
            );
            assert!(turn.weeks.is_none_or(|weeks| weeks <= 157.0), "{turn:?}");
        }
        assert!(
            lever.lever == "evidence" || !lever.turns.is_empty(),
            "{lever:?}"
        );
    }
    // Automation pays back if a case takes longer, which is nearer than another size.
    let declared = desk("low").replace(
        "id: p,",
        "id: p, hands_on_minutes: 30, automation: {build_hours: 2000, upkeep_hours_per_year: 0},",
    );
    let dear = scored(&declared, &[Ppm::ZERO; 400], 5);
    let found = levers(&dear.score, dear.terms(), Time(WEEKS * WEEK));
    let minutes = found
        .iter()
        .find(|lever| lever.lever == "hands-on time")
        .unwrap();
    let turn = &minutes.turns[0];
    assert_eq!(
        (turn.unit.as_deref(), turn.recommendation),
        (Some("minutes"), Some(Recommendation::Ai))
    );
    let with = |minutes: f64| {
        let declared = declared.replace("minutes: 30", &format!("minutes: {minutes}"));
        scored(&declared, &[Ppm::ZERO; 400], 5)
            .score
            .advice
            .recommendation
    };
    let at = turn.at.unwrap();
    assert_eq!(with(at * 1.001), Some(Recommendation::Ai));
    assert_eq!(with(at * 0.999), dear.score.advice.recommendation);
    let first = |name: &str| found.iter().position(|lever| lever.lever == name);
    assert!(first("hands-on time") < first("size"));
}

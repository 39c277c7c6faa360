//! Live cases of AI that speak against it, and are too few to call it outside.

use super::*;
use crate::rules::Trial;

/// 300 clean cases of people, and 50 of AI, of which so many are wrong.
fn beside_people(catalog: &str, wrong: i64) -> Scored {
    let ran = (0..350).map(|nth| Ran {
        start: Time(nth * WEEKS * WEEK / 350),
        deviation: if nth % 7 == 0 && nth / 7 < wrong {
            Ppm::ONE
        } else {
            Ppm::ZERO
        },
        executor: if nth % 7 == 0 {
            Executor::Ai
        } else {
            Executor::Human
        },
    });
    let ran: Vec<Ran> = ran.collect();
    scored_log(catalog, &ran, 5, Loss::default())
}

#[test]
fn a_mean_above_the_permissible_one_is_no_trial_that_was_never_made() {
    // 2 of 50 are 4 %: above T as class c (3 %), below it as class v (5 %).
    let low = beside_people(&desk("low"), 2);
    assert_eq!(
        low.score.attributes().unwrap().ai_shadow,
        Trial::Undetermined
    );
    assert_eq!(
        low.score.advice.recommendation,
        Some(Recommendation::AiWithApproval)
    );
    let tried = trace(&low.tolerance.recommendations, &low.score);
    let fired = tried.last().unwrap();
    assert_eq!(fired.rule, "forgiving-but-not-shown-yet");
    let shown = fired
        .conditions
        .iter()
        .find(|c| c.condition.attribute == "ai_shadow")
        .unwrap();
    assert_eq!(
        shown.measured,
        "no shadow run of ai; what ai runs has a mean of 4.00 %, above T 3.00 %"
    );
    let one = beside_people(&desk("low"), 1);
    assert_eq!(one.score.attributes().unwrap().ai_shadow, Trial::None);
    assert_eq!(one.score.advice.recommendation, Some(Recommendation::Ai));
}

#[test]
fn against_another_tolerance_it_is_judged_anew() {
    for wrong in [1, 2, 3] {
        let now = beside_people(&desk("low"), wrong);
        let turns = now.lever("criticality").turns;
        for turn in turns {
            let level = turn.when.split(' ').next().unwrap();
            let then = beside_people(&desk(level), wrong).score;
            assert_eq!(
                (then.advice.recommendation, &then.advice.rule),
                (turn.recommendation, &turn.rule),
                "{wrong} wrong, {}",
                turn.when
            );
        }
    }
    let two = beside_people(&desk("low"), 2);
    let lever = two.lever("criticality");
    let looser = whens(&lever)
        .into_iter()
        .find(|(when, _)| when.starts_with("negligible"))
        .map(|(_, recommendation)| recommendation);
    assert_eq!(looser, Some(Some(Recommendation::Ai)));
}

//! The decision table and its guards.

use super::*;
use crate::rules::Tolerance;

const DESK: Attributes = Attributes {
    complexity: Level::Low,
    frequency: Level::High,
    criticality: Level::Low,
    tolerance: ToleranceLevel::High,
    status: Status::Undetermined,
    executor: Executor::Human,
    required_class: Class::C,
    achieved_class: TolClass::Undetermined,
    ai_status: Status::Undetermined,
    code_status: Status::Undetermined,
    misses_too_much: false,
    ai_shadow: Trial::None,
    code_shadow: Trial::None,
    irreversible: false,
    pays_back: PaysBack::Unknown,
    judgement: Judgement::None,
    determinism: Determinism::Undetermined,
};

fn verdict(attributes: Attributes) -> Verdict {
    recommend(&Tolerance::builtin().recommendations, &attributes).unwrap()
}

#[test]
fn the_three_reference_scenarios() {
    assert_eq!(verdict(DESK).recommendation, Recommendation::Ai);
    let incident = Attributes {
        complexity: Level::ExtremelyHigh,
        frequency: Level::Low,
        criticality: Level::High,
        tolerance: ToleranceLevel::Medium,
        required_class: Class::F,
        ..DESK
    };
    assert_eq!(verdict(incident).recommendation, Recommendation::BreakUp);
    let isolate = Attributes {
        complexity: Level::Medium,
        tolerance: ToleranceLevel::Low,
        ..incident
    };
    assert_eq!(verdict(isolate).recommendation, Recommendation::Code);
}

#[test]
fn evidence_overturns_levels() {
    let failing = Attributes {
        ai_status: Status::Outside,
        ..DESK
    };
    assert_eq!(
        verdict(failing).recommendation,
        Recommendation::AiWithApproval
    );
    let critical = Attributes {
        criticality: Level::High,
        ..failing
    };
    assert_eq!(verdict(critical).recommendation, Recommendation::People);
    let code = Attributes {
        code_status: Status::Outside,
        ..DESK
    };
    assert_eq!(verdict(code).recommendation, Recommendation::People);
}

#[test]
fn shadow_runs_have_a_say() {
    let tried = |ai_shadow| verdict(Attributes { ai_shadow, ..DESK });
    assert_eq!(tried(Trial::Within).recommendation, Recommendation::Ai);
    let open = tried(Trial::Undetermined);
    assert_eq!(open.recommendation, Recommendation::AiWithApproval);
    assert_eq!(open.rule, "forgiving-but-not-shown-yet");
    let failed = tried(Trial::Outside);
    assert_eq!(failed.recommendation, Recommendation::People);
    assert_eq!(failed.rule, "ai-failed-its-trial");
    let precise = Attributes {
        tolerance: ToleranceLevel::Low,
        ..DESK
    };
    assert_eq!(verdict(precise).recommendation, Recommendation::Code);
    let failed = Attributes {
        code_shadow: Trial::Outside,
        ..precise
    };
    assert_ne!(verdict(failed).recommendation, Recommendation::Code);
}

#[test]
fn whoever_failed_in_shadow_is_not_called_by_any_table() {
    for (said, kind) in [("delegate to AI", "ai"), ("execute via code", "code")] {
        let table = table_that_says(said);
        let tried = |trial| {
            let is = match kind {
                "ai" => Attributes {
                    ai_shadow: trial,
                    ..DESK
                },
                _ => Attributes {
                    code_shadow: trial,
                    ..DESK
                },
            };
            recommend(&table.recommendations, &is).unwrap()
        };
        assert_eq!(tried(Trial::Within).recommendation.word(), said);
        let failed = tried(Trial::Outside);
        assert_eq!(failed.recommendation, Recommendation::People);
        assert!(failed.guard.is_some());
    }
}

#[test]
fn whoever_is_to_be_withdrawn_is_not_left_alone_by_any_table() {
    let ai = table_that_says("delegate to AI");
    let said = |is: &Attributes| recommend(&ai.recommendations, is).unwrap();
    let outside = Attributes {
        ai_status: Status::Outside,
        ..DESK
    };
    assert_eq!(said(&DESK).recommendation, Recommendation::Ai);
    let watched = said(&outside);
    assert_eq!(watched.recommendation, Recommendation::AiWithApproval);
    assert!(watched.guard.is_some() && watched.because_text().contains("runs today"));
    let critical = Attributes {
        criticality: Level::High,
        ..outside
    };
    assert_eq!(said(&critical).recommendation, Recommendation::People);
    // Code that is outside says nothing of AI.
    let other = Attributes {
        code_status: Status::Outside,
        ..DESK
    };
    assert_eq!(said(&other).recommendation, Recommendation::Ai);
    let code = table_that_says("execute via code");
    let verdict = recommend(&code.recommendations, &other).unwrap();
    assert_eq!(verdict.recommendation, Recommendation::People);
    assert!(verdict.guard.is_some());
    let verdict = recommend(&code.recommendations, &outside).unwrap();
    assert_eq!(verdict.recommendation, Recommendation::Code);
}

#[test]
fn what_does_not_pay_is_left() {
    let dear = Attributes {
        pays_back: PaysBack::No,
        ..DESK
    };
    assert_eq!(verdict(dear).recommendation, Recommendation::Leave);
}

fn table_that_says(recommendation: &str) -> Tolerance {
    let rule = format!(
        "recommendations:\n- {{ name: mine, then: {recommendation}, because: I say so }}\n"
    );
    let (head, _) = crate::config::tolerance::DEFAULT
        .split_once("recommendations:")
        .unwrap();
    Tolerance::parse(&format!("{head}{rule}"), std::path::Path::new("t.yaml")).unwrap()
}

#[test]
fn what_cant_be_undone_is_never_given_to_unattended_ai() {
    let table = table_that_says("delegate to AI");
    let fine = Attributes {
        required_class: Class::F,
        irreversible: true,
        ..DESK
    };
    let verdict = recommend(&table.recommendations, &fine).unwrap();
    assert_eq!(verdict.recommendation, Recommendation::AiWithApproval);
    assert!(verdict.guard.is_some());
    let coarse = Attributes {
        required_class: Class::C,
        ..fine
    };
    let verdict = recommend(&table.recommendations, &coarse).unwrap();
    assert_eq!(verdict.recommendation, Recommendation::Ai);
}

#[test]
fn every_combination_of_levels_gets_an_answer() {
    let rules = Tolerance::builtin().recommendations;
    let tolerances = [
        ToleranceLevel::None,
        ToleranceLevel::Low,
        ToleranceLevel::Medium,
        ToleranceLevel::High,
    ];
    for complexity in [Level::Low, Level::Medium, Level::High, Level::ExtremelyHigh] {
        for frequency in [Level::Low, Level::Medium, Level::High] {
            for criticality in [Level::Negligible, Level::Low, Level::Medium, Level::High] {
                for tolerance in tolerances {
                    let attributes = Attributes {
                        complexity,
                        frequency,
                        criticality,
                        tolerance,
                        ..DESK
                    };
                    assert!(recommend(&rules, &attributes).is_some());
                }
            }
        }
    }
}

#[test]
fn precision_compares_classes() {
    let with = |achieved_class, status| {
        Attributes {
            achieved_class,
            status,
            ..DESK
        }
        .precision()
    };
    assert_eq!(with(TolClass::M, Status::Within), Precision::Finer);
    assert_eq!(with(TolClass::C, Status::Within), Precision::Equal);
    assert_eq!(with(TolClass::V, Status::Outside), Precision::Coarser);
    assert_eq!(with(TolClass::None, Status::Outside), Precision::Coarser);
    assert_eq!(
        with(TolClass::Undetermined, Status::Outside),
        Precision::Coarser
    );
    assert_eq!(
        with(TolClass::Undetermined, Status::Undetermined),
        Precision::Undetermined
    );
}

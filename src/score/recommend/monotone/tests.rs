//! The rules of the built-in table are monotone.

use super::*;
use crate::config::tolerance::DEFAULT;
use crate::rules::{Recommendation, Tolerance};
use crate::score::bounds::{Bounds, interval_of, widened_bounds};
use crate::score::table;
use crate::score::trial_evidence::TrialEvidence;
use proptest::prelude::*;
use std::path::Path;

fn table(rules: &str) -> Vec<Rule> {
    let (head, _) = DEFAULT.split_once("recommendations:").unwrap();
    let text = format!(
        "{head}recommendations:\n{rules}\n- {{ name: last, then: keep with people, because: b }}\n"
    );
    Tolerance::parse(&text, Path::new("t.yaml"))
        .unwrap()
        .recommendations
}

#[test]
fn built_in_table_never_demands_less_where_more_hangs_on_a_process() {
    let found = reversal(&Tolerance::builtin().recommendations);
    assert_eq!(found, None);
}

#[test]
fn table_that_demands_more_where_less_hangs_on_a_process_is_found() {
    let rules = table(
        "- { name: mine, when: { criticality: high, determinism: varying, ai_shadow: none }, then: delegate to AI, because: b }",
    );
    let found = reversal(&rules).unwrap();
    assert_eq!(found.said.recommendation, Recommendation::People);
    assert_eq!(
        (found.is.criticality, found.higher),
        (Level::Medium, Level::High)
    );
    assert_eq!(found.said_higher.rule_text(), "mine");
    assert_eq!(found.is.determinism, Determinism::Varying);
    // A comparison of classes is one of several attributes.
    let rules = table(
        "- { name: mine, when: { criticality: high, precision: finer }, then: delegate to AI, because: b }",
    );
    let found = reversal(&rules).unwrap();
    assert_eq!(found.is.precision(), crate::rules::Precision::Finer);
}

/// Any attributes at all.
fn attributes() -> impl Strategy<Value = Attributes> {
    fn one<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
        (0..all.len()).prop_map(move |nth| all[nth])
    }
    let levels = (
        one(&COMPLEXITIES),
        one(&FREQUENCIES),
        one(CRITICALITIES),
        one(&ToleranceLevel::ALL),
    );
    let measured = (
        one(&Status::ALL),
        one(&Executor::ALL),
        one(&Class::ALL),
        one(&TolClass::ALL),
        one(&Status::ALL),
        one(&Status::ALL),
        one(&Trial::ALL),
        one(&Trial::ALL),
    );
    let declared = (
        any::<(bool, bool)>(),
        one(&PaysBack::ALL),
        one(&Judgement::ALL),
        one(&Determinism::ALL),
    );
    (levels, measured, declared).prop_map(|(levels, measured, declared)| Attributes {
        complexity: levels.0,
        frequency: levels.1,
        criticality: levels.2,
        tolerance: levels.3,
        status: measured.0,
        executor: measured.1,
        required_class: measured.2,
        achieved_class: measured.3,
        ai_status: measured.4,
        code_status: measured.5,
        misses_too_much: declared.0.1,
        ai_shadow: measured.6,
        code_shadow: measured.7,
        irreversible: declared.0.0,
        pays_back: declared.1,
        judgement: declared.2,
        determinism: declared.3,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// What [`reversal`] does not try, because it makes no difference, makes none.
    #[test]
    fn any_process_demands_no_more_than_the_same_one_of_the_next_criticality(is in attributes()) {
        let rules = Tolerance::builtin().recommendations;
        let demanded = CRITICALITIES.iter().map(|criticality| {
            let is = Attributes { criticality: *criticality, ..is };
            recommend(&rules, &is).unwrap().recommendation.strictness()
        });
        let demanded: Vec<u8> = demanded.collect();
        prop_assert!(demanded.is_sorted(), "{is:?}: {demanded:?}");
    }

    #[test]
    fn what_needs_judgement_is_never_for_code_or_unattended_ai_by_any_table(is in attributes(), code: bool) {
        let said = if code { "execute via code" } else { "delegate to AI" };
        let is = Attributes { judgement: Judgement::Required, ..is };
        let own = table(&format!("- {{ name: mine, then: {said}, because: b }}"));
        for rules in [own, Tolerance::builtin().recommendations] {
            let said = recommend(&rules, &is).unwrap().recommendation;
            prop_assert!(![Recommendation::Code, Recommendation::Ai].contains(&said), "{is:?}");
        }
    }

    #[test]
    fn what_does_not_pay_back_is_not_automated_at_any_criticality(is in attributes()) {
        let is = Attributes {
            pays_back: PaysBack::No,
            executor: Executor::Human,
            ai_status: Status::Undetermined,
            code_status: Status::Undetermined,
            ..is
        };
        let said = recommend(&Tolerance::builtin().recommendations, &is).unwrap().recommendation;
        prop_assert!([Recommendation::Leave, Recommendation::BreakUp].contains(&said), "{is:?}: {said}");
    }
}

/// What is measured of a process: size, rate, its deviation and that of shadow runs of AI.
#[derive(Clone, Copy, Debug)]
struct Measured {
    size: f64,
    per_week: f64,
    deviation: Bounds,
    shadow: Option<Bounds>,
}

/// The attributes at a criticality, with the class, the tolerance and the statuses that follow from it.
fn at_criticality(
    tolerance: &Tolerance,
    measured: Measured,
    criticality: Level,
    is: Attributes,
) -> Attributes {
    let class = tolerance.classes[&criticality];
    let permissible = table::permissible_deviation(tolerance, class, measured.size);
    let against = |deviation| table::status(interval_of(Some(deviation)), permissible);
    let status = against(measured.deviation);
    let own = |kind| match is.executor == kind {
        true => status,
        false => Status::Undetermined,
    };
    let trial = |kind, shadow: Option<Bounds>| {
        let runs_it = is.executor == kind;
        TrialEvidence {
            holds: runs_it && status == Status::Within,
            alone: runs_it.then_some(Some(measured.deviation)),
            whole: runs_it.then_some(measured.deviation),
            shadow: shadow.map(against),
            approved: None,
            unconfirmed: false,
        }
        .trial(permissible, false)
    };
    Attributes {
        complexity: table::complexity_level(tolerance, measured.size),
        frequency: table::frequency_level(tolerance, measured.per_week),
        criticality,
        tolerance: table::tolerance_level(tolerance, class, permissible),
        status,
        required_class: class,
        ai_status: own(Executor::Ai),
        code_status: own(Executor::Code),
        ai_shadow: trial(Executor::Ai, measured.shadow),
        code_shadow: trial(Executor::Code, None),
        ..is
    }
}

fn everything_measured() -> Vec<Measured> {
    let bounds = |(n, s): (f64, f64)| widened_bounds(n, s, 1.0, 0.05, 0.0);
    let cases = [
        (5.0, 0.0),
        (40.0, 1.0),
        (20.0, 6.0),
        (2000.0, 0.0),
        (2000.0, 20.0),
        (400.0, 80.0),
    ];
    let shadows = [
        None,
        Some((2000.0, 0.0)),
        Some((30.0, 2.0)),
        Some((300.0, 60.0)),
    ];
    let mut all = Vec::new();
    for size in [2.0, 5.0, 10.0, 50.0, 200.0, 500.0, 2500.0] {
        for per_week in [0.2, 3.0, 20.0] {
            for deviation in cases {
                all.extend(shadows.map(|shadow| Measured {
                    size,
                    per_week,
                    deviation: bounds(deviation),
                    shadow: shadow.map(bounds),
                }));
            }
        }
    }
    all
}

fn everything_declared() -> Vec<Attributes> {
    let mut all = Vec::new();
    for executor in Executor::ALL {
        for pays_back in PaysBack::ALL {
            for judgement in Judgement::ALL {
                for determinism in Determinism::ALL {
                    all.extend([false, true].map(|irreversible| Attributes {
                        executor,
                        pays_back,
                        judgement,
                        determinism,
                        irreversible,
                        ..ANY
                    }));
                }
            }
        }
    }
    all
}

/// With the criticality the class changes, and with it tolerance and status. Where so little is permissible that only code will do, the
/// answer may be code in place of people, and what is to be withdrawn now is so before it is broken up: these demand different things.
/// Otherwise nothing is demanded less.
#[test]
fn process_that_is_declared_more_critical_is_never_treated_more_freely() {
    let tolerance = Tolerance::builtin();
    let rules = &tolerance.recommendations;
    for measured in everything_measured() {
        for is in everything_declared() {
            // Class v has no tolerance up to 3 steps, so shadow runs show nothing there: a person approves.
            let has_no_tolerance = measured.size <= 3.0 && measured.shadow.is_some();
            let said: Vec<Recommendation> = CRITICALITIES
                .iter()
                .skip(usize::from(has_no_tolerance))
                .map(|level| at_criticality(&tolerance, measured, *level, is))
                .map(|is| recommend(rules, &is).unwrap().recommendation)
                .collect();
            for (nth, higher) in said.iter().enumerate() {
                let is_free = |lower: &Recommendation| {
                    lower.strictness() > higher.strictness()
                        && (*lower, *higher) != (Recommendation::People, Recommendation::Code)
                        && *lower != Recommendation::BreakUp
                };
                let found = said[..nth].iter().find(|lower| is_free(lower));
                assert_eq!(found, None, "{measured:?} {is:?}: {said:?}");
            }
        }
    }
}

/// A size is free within one level of complexity: there it loosens neither the tolerance of a fine class nor the advice.
#[test]
fn larger_size_never_loosens_the_level_of_a_fine_class_or_the_advice_for_free() {
    let tolerance = Tolerance::builtin();
    let rules = &tolerance.recommendations;
    let edges = [
        0.5, 2.0, 3.0, 3.1, 6.0, 6.1, 30.0, 30.1, 120.0, 120.1, 400.0, 400.1, 1000.0, 1000.1,
    ];
    for class in [Class::F, Class::M] {
        for size in edges.into_iter().chain([2000.0, 2000.1, 4000.0]) {
            let permissible = table::permissible_deviation(&tolerance, class, size);
            let level = table::tolerance_level(&tolerance, class, permissible);
            assert!(level <= ToleranceLevel::Medium, "{class} {size}: {level}");
        }
    }
    let nothing = Measured {
        size: 0.0,
        per_week: 20.0,
        deviation: widened_bounds(0.0, 0.0, 1.0, 0.05, 0.0),
        shadow: None,
    };
    for is in everything_declared() {
        for criticality in CRITICALITIES {
            let at = |size| {
                let measured = Measured { size, ..nothing };
                let is = at_criticality(&tolerance, measured, *criticality, is);
                let said = recommend(rules, &is).unwrap().recommendation;
                (is.complexity, said.strictness())
            };
            for pair in edges.windows(2) {
                let (small, large) = (at(pair[0]), at(pair[1]));
                let loosened = small.0 == large.0 && large.1 < small.1;
                assert!(!loosened, "{criticality} {pair:?} {is:?}");
            }
        }
    }
}

use super::*;
use proptest::prelude::*;

fn close(got: f64, want: f64) {
    assert!(
        (got - want).abs() <= 1e-9 * want.abs().max(1.0),
        "{got} is not {want}"
    );
}

fn bounds(lower: f64, mean: f64, upper: f64) -> Bounds {
    Bounds { mean, lower, upper }
}

/// So many cases a year as cases a week: gives round figures.
fn a_year(cases: f64) -> f64 {
    cases / WEEKS_PER_YEAR
}

/// 1,000 cases a year (800 to 1,200) of 12 minutes: 200 hours.
fn typical() -> ValueInput {
    ValueInput {
        cases_per_week: Some(bounds(a_year(800.0), a_year(1000.0), a_year(1200.0))),
        hands_on: Some(HandsOnMinutes::Declared { minutes: 12.0 }),
        human_share: exactly(1.0),
        automation: Some(AutomationTerms {
            build_hours: 120.0,
            upkeep_hours_per_year: 40.0,
            share: 0.8,
        }),
        hours_per_wrong_outcome: Some(3.0),
        deviation: Some(bounds(0.01, 0.02, 0.05)),
        permissible_deviation: Some(0.03),
        horizon_months: DEFAULT_HORIZON_MONTHS,
    }
}

fn same(got: Option<Bounds>, lower: f64, mean: f64, upper: f64) {
    let got = got.unwrap();
    close(got.lower, lower);
    close(got.mean, mean);
    close(got.upper, upper);
}

#[test]
fn by_hand() {
    let got = value(&typical());
    same(got.hours_spent_per_year, 160.0, 200.0, 240.0);
    same(got.hours_saved_per_year, 128.0, 160.0, 192.0);
    same(got.net_hours_per_year, 88.0, 120.0, 152.0);
    let payback = got.payback_months.unwrap();
    close(payback.mean.unwrap(), 12.0);
    close(payback.lower.unwrap(), 12.0 * 120.0 / 152.0);
    close(payback.upper.unwrap(), 12.0 * 120.0 / 88.0);
    assert_eq!(
        (got.pays_back, got.verdict),
        (Some(true), ValueVerdict::PaysBack)
    );
    // Two years of 40 hours and 120 to build, with 0.16 hours a case: 1,250 cases in two years.
    let even = got.break_even_cases_per_week.unwrap();
    close(even.mean.unwrap(), a_year(625.0));
    assert_eq!((even.lower, even.upper), (even.mean, even.mean));
    same(got.error_hours_per_year, 24.0, 60.0, 180.0);
    same(got.permissible_error_hours_per_year, 72.0, 90.0, 108.0);
    assert_eq!(got.error_hours_withheld, None);
    assert_eq!(
        got.reason.to_string(),
        "saves 120 hours a year net (88.0 to 152), paid back in 12.0 months (9.5 to 16.4), 24.0 allowed; \
         break-even at 12.0 cases a week"
    );
}

#[test]
fn measured_minutes_bring_their_own_interval() {
    let input = ValueInput {
        hands_on: Some(HandsOnMinutes::Measured(bounds(6.0, 12.0, 30.0))),
        human_share: exactly(0.5),
        ..typical()
    };
    let got = value(&input);
    same(got.hours_spent_per_year, 40.0, 100.0, 300.0);
    same(got.net_hours_per_year, -8.0, 40.0, 200.0);
    let payback = got.payback_months.unwrap();
    close(payback.mean.unwrap(), 36.0);
    close(payback.lower.unwrap(), 7.2);
    assert_eq!(payback.upper, None);
    assert_eq!(
        (got.pays_back, got.verdict),
        (None, ValueVerdict::Undetermined)
    );
    assert!(
        got.reason.to_string().starts_with("not known well enough"),
        "{}",
        got.reason
    );
    assert!(
        got.reason.to_string().contains("(7.2 to never)"),
        "{}",
        got.reason
    );
    let even = got.break_even_cases_per_week.unwrap();
    close(even.lower.unwrap(), a_year(500.0));
    close(even.mean.unwrap(), a_year(1250.0));
    close(even.upper.unwrap(), a_year(2500.0));
}

#[test]
fn the_share_of_people_is_no_surer_than_the_cases_it_was_counted_on() {
    let input = ValueInput {
        cases_per_week: Some(exactly(a_year(1000.0))),
        human_share: bounds(0.2, 0.5, 0.8),
        ..typical()
    };
    let got = value(&input);
    same(got.human_share, 0.2, 0.5, 0.8);
    same(got.hours_spent_per_year, 40.0, 100.0, 160.0);
    same(got.net_hours_per_year, -8.0, 40.0, 88.0);
    let payback = got.payback_months.unwrap();
    close(payback.mean.unwrap(), 36.0);
    assert_eq!(payback.upper, None);
    let even = got.break_even_cases_per_week.unwrap();
    close(even.lower.unwrap(), a_year(781.25));
    close(even.mean.unwrap(), a_year(1250.0));
    close(even.upper.unwrap(), a_year(3125.0));
    assert_eq!(got.verdict, ValueVerdict::Undetermined);
}

#[test]
fn leave_it_is_a_real_answer() {
    // Once a month, ten minutes: upkeep alone takes more.
    let rare = ValueInput {
        cases_per_week: Some(bounds(a_year(6.0), a_year(12.0), a_year(24.0))),
        hands_on: Some(HandsOnMinutes::Declared { minutes: 10.0 }),
        ..typical()
    };
    let got = value(&rare);
    assert_eq!(
        (got.pays_back, got.verdict),
        (Some(false), ValueVerdict::Never)
    );
    assert_eq!(got.payback_months, Some(OpenBounds::default()));
    // Two years of 40 hours and 120 to build, with 8 minutes a case: 750 cases a year.
    assert_eq!(
        got.reason.to_string(),
        "does not pay back at this rate: -38.4 hours a year net (-39.2 to -36.8); it would from 14.4 cases a week on"
    );
    // It would pay back, in ten years.
    let slow = ValueInput {
        automation: Some(AutomationTerms {
            build_hours: 1200.0,
            upkeep_hours_per_year: 40.0,
            share: 0.8,
        }),
        ..typical()
    };
    let got = value(&slow);
    assert_eq!(
        (got.pays_back, got.verdict),
        (Some(false), ValueVerdict::TooLate)
    );
    close(got.payback_months.unwrap().mean.unwrap(), 120.0);
    // People do nothing of it any more: there is nothing to save.
    let done = ValueInput {
        human_share: exactly(0.0),
        ..typical()
    };
    let got = value(&done);
    assert_eq!(got.verdict, ValueVerdict::Never);
    assert_eq!(got.break_even_cases_per_week, Some(OpenBounds::default()));
    assert!(
        got.reason.to_string().starts_with("never pays back")
            && got
                .reason
                .to_string()
                .ends_with("no number of cases would change that"),
        "{}",
        got.reason
    );
}

#[test]
fn what_may_be_at_best_is_said_as_such() {
    // Nobody was seen to work on it, and one in a hundred cases may be worked on all the same.
    let nearly_done = ValueInput {
        human_share: bounds(0.0, 0.0, 0.01),
        automation: Some(AutomationTerms {
            build_hours: 40.0,
            upkeep_hours_per_year: 0.0,
            share: 1.0,
        }),
        ..typical()
    };
    let got = value(&nearly_done);
    assert_eq!(got.verdict, ValueVerdict::TooLate);
    // 40 hours in two years at 0.002 hours a case: 10,000 cases a year.
    assert_eq!(
        got.reason.to_string(),
        "too late: 0 hours a year net (0 to 2.4), never paid back (at best in 200 months), 24.0 allowed; it would take at least 192 cases a week"
    );
    // Upkeep is more than all that could be saved.
    let dear = ValueInput {
        automation: Some(AutomationTerms {
            build_hours: 40.0,
            upkeep_hours_per_year: 4.0,
            share: 1.0,
        }),
        ..nearly_done
    };
    let got = value(&dear);
    assert_eq!(got.verdict, ValueVerdict::Never);
    assert!(
        got.reason
            .to_string()
            .starts_with("does not pay back at this rate: ")
            && got
                .reason
                .to_string()
                .ends_with("it would take at least 230 cases a week"),
        "{}",
        got.reason
    );
}

#[test]
fn small_figures_are_not_printed_as_0() {
    let rare = ValueInput {
        cases_per_week: Some(exactly(0.02)),
        hands_on: Some(HandsOnMinutes::Declared { minutes: 6000.0 }),
        automation: Some(AutomationTerms {
            build_hours: 2.0,
            upkeep_hours_per_year: 0.0,
            share: 1.0,
        }),
        ..typical()
    };
    let got = value(&rare);
    assert!(
        got.reason
            .to_string()
            .ends_with("break-even at 0.00019 cases a week"),
        "{}",
        got.reason
    );
}

#[test]
fn what_costs_nothing_pays_back_at_once() {
    let free = ValueInput {
        automation: Some(AutomationTerms {
            build_hours: 0.0,
            upkeep_hours_per_year: 0.0,
            share: 1.0,
        }),
        ..typical()
    };
    let got = value(&free);
    assert_eq!(got.pays_back, Some(true));
    assert_eq!(got.payback_months.unwrap().upper, Some(0.0));
    assert_eq!(got.break_even_cases_per_week.unwrap().mean, Some(0.0));
}

#[test]
fn what_is_missing_is_named() {
    let got = value(&ValueInput {
        cases_per_week: None,
        hands_on: None,
        automation: None,
        hours_per_wrong_outcome: None,
        ..typical()
    });
    assert_eq!((got.pays_back, got.verdict), (None, ValueVerdict::Unknown));
    assert_eq!(
        got.reason.to_string(),
        "how often it runs is not known; the hands-on time is neither measured on enough cases nor declared; \
         what automating it would take is not declared"
    );
    assert_eq!(got.payback_months, None);
    let costs = got.error_hours_withheld.unwrap().to_string();
    assert_eq!(costs, "what a wrong outcome costs is not declared");
    // What can be said is said.
    let got = value(&ValueInput {
        automation: None,
        deviation: None,
        ..typical()
    });
    same(got.hours_spent_per_year, 160.0, 200.0, 240.0);
    assert_eq!(
        (got.hours_saved_per_year, got.error_hours_per_year),
        (None, None)
    );
    same(got.permissible_error_hours_per_year, 72.0, 90.0, 108.0);
    assert_eq!(
        got.error_hours_withheld.unwrap().to_string(),
        "the deviation is not known"
    );
    assert_eq!(
        got.reason.to_string(),
        "what automating it would take is not declared"
    );
    let got = value(&ValueInput {
        horizon_months: 0.0,
        human_share: exactly(1.5),
        cases_per_week: Some(bounds(0.0, f64::NAN, 1.0)),
        ..typical()
    });
    assert_eq!(got.verdict, ValueVerdict::Unknown);
    assert_eq!(
        got.reason.to_string().matches(';').count(),
        2,
        "{}",
        got.reason
    );
    let got = value(&ValueInput {
        cases_per_week: None,
        ..typical()
    });
    assert_eq!(
        got.error_hours_withheld.unwrap().to_string(),
        "how often it runs is not known"
    );
    assert!(got.break_even_cases_per_week.unwrap().mean.is_some());
}

/// Amounts of every size, and now and then what is none.
fn any_amount() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), 0.0f64..10.0, 0.0f64..1e6, any::<f64>()]
}

fn any_bounds() -> impl Strategy<Value = Option<Bounds>> {
    proptest::option::of(
        (any_amount(), any_amount(), any_amount()).prop_map(|(a, b, c)| bounds(a, b, c)),
    )
}

prop_compose! {
    fn any_input()(
        cases_per_week in any_bounds(),
        measured in any_bounds(),
        minutes in any_amount(),
        automation in proptest::option::of((any_amount(), any_amount(), -0.1f64..1.1)),
        human_share in (-0.1f64..1.1, 0.0f64..0.5, 0.0f64..0.5),
        hours_per_wrong_outcome in proptest::option::of(any_amount()),
        deviation in any_bounds(),
        permissible_deviation in proptest::option::of(any_amount()),
        horizon_months in any_amount(),
    ) -> ValueInput {
        ValueInput {
            cases_per_week,
            hands_on: Some(measured.map_or(HandsOnMinutes::Declared { minutes }, HandsOnMinutes::Measured)),
            human_share: bounds(human_share.0 - human_share.1, human_share.0, human_share.0 + human_share.2),
            automation: automation.map(|(build_hours, upkeep_hours_per_year, share)| AutomationTerms {
                build_hours,
                upkeep_hours_per_year,
                share,
            }),
            hours_per_wrong_outcome,
            deviation,
            permissible_deviation,
            horizon_months,
        }
    }
}

fn every_number(got: &Value) -> Vec<f64> {
    let closed = [
        got.hours_spent_per_year,
        got.hours_saved_per_year,
        got.net_hours_per_year,
        got.error_hours_per_year,
        got.permissible_error_hours_per_year,
    ];
    let open = [got.payback_months, got.break_even_cases_per_week];
    let closed = closed
        .into_iter()
        .flatten()
        .flat_map(|b| [b.lower, b.mean, b.upper]);
    let open = open
        .into_iter()
        .flatten()
        .flat_map(|b| [b.lower, b.mean, b.upper])
        .flatten();
    closed.chain(open).chain([got.horizon_months]).collect()
}

proptest! {
    #[test]
    fn every_figure_is_finite_and_in_order(input in any_input()) {
        let got = value(&input);
        prop_assert!(every_number(&got).iter().all(|v| v.is_finite()), "{got:?}");
        for bounds in [got.hours_spent_per_year, got.net_hours_per_year, got.error_hours_per_year].into_iter().flatten() {
            prop_assert!(bounds.lower <= bounds.mean && bounds.mean <= bounds.upper, "{got:?}");
        }
        prop_assert!(!got.reason.to_string().is_empty() && !got.reason.to_string().contains("NaN") && !got.reason.to_string().contains("inf"));
        prop_assert_eq!(got.verdict == ValueVerdict::Unknown, got.net_hours_per_year.is_none() || input.horizon_months != got.horizon_months);
        let json = serde_json::to_string(&got).unwrap();
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
    }

    #[test]
    fn the_advice_flips_at_the_break_even(
        minutes in 1.0f64..500.0,
        build_hours in 1.0f64..1000.0,
        upkeep_hours_per_year in 0.0f64..100.0,
        horizon_months in 1.0f64..60.0,
        share in 0.1f64..1.0,
    ) {
        let at = |cases: f64| value(&ValueInput {
            cases_per_week: Some(exactly(cases)),
            hands_on: Some(HandsOnMinutes::Declared { minutes }),
            automation: Some(AutomationTerms { build_hours, upkeep_hours_per_year, share }),
            horizon_months,
            ..typical()
        });
        let even = at(1.0).break_even_cases_per_week.unwrap().mean.unwrap();
        prop_assert_eq!(at(even * 1.0001).pays_back, Some(true));
        prop_assert_eq!(at(even * 0.9999).pays_back, Some(false));
    }

    #[test]
    fn more_cases_never_pay_back_later(low in 0.0f64..100.0, more in 0.0f64..100.0) {
        let payback = |cases: f64| {
            let input = ValueInput { cases_per_week: Some(exactly(cases)), ..typical() };
            value(&input).payback_months.unwrap().mean.unwrap_or(f64::MAX)
        };
        prop_assert!(payback(low + more) <= payback(low));
    }
}

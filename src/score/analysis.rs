//! What is measured beside class and tolerance: how alike cases are, what the process costs, into which parts it could be
//! broken.

use super::agreement::{Agreement, RunCount, agreement};
use super::basis::Basis;
use super::breakup::{BreakUp, BreakUpTerms, PathCounts, break_up};
use super::by_executor::{is_unresolved, spread};
use super::compare::{Comparison, KindTotals, compare};
use super::directions::misses_too_much;
use super::hands_on::HandsOn;
use super::input::ProcessInput;
use super::process_score::{Consistency, Rate, Rating, SpreadScore};
use super::value::{AutomationTerms, Value, ValueInput, value};
use crate::measure::Sums;
use crate::model::{Executor, Level};
use crate::rules::{Determinism, Recommendation};
use crate::stats::brown_forsythe;

/// How alike live cases are.
pub(super) fn consistency(input: &ProcessInput) -> Consistency {
    Consistency {
        comparisons: comparisons(input),
        duration_spread_test: spread_test(input),
        agreement: agreement_of(input),
    }
}

/// How far runs on the same input end alike, live cases of all kinds.
fn agreement_of(input: &ProcessInput) -> Option<Agreement> {
    if input.live.with_input <= 0 {
        return None;
    }
    Some(Agreement {
        kept_one_in: 1 << input.live.runs.sample().level,
        ..agreement(runs(input))
    })
}

fn runs(input: &ProcessInput) -> Vec<RunCount> {
    let mut runs = Vec::new();
    for (executor, sums) in input.live_kinds() {
        let sample = sums.runs.sample();
        runs.extend(sample.counts.iter().map(|(key, count)| RunCount {
            input: key.input,
            executor,
            outcome: key.outcome,
            deviation: key.deviation,
            unknown: key.unknown,
            count,
        }));
    }
    runs
}

/// Each two of the kinds that are known, side by side.
fn comparisons(input: &ProcessInput) -> Vec<Comparison> {
    let totals = input.known_kinds().map(|(executor, sums)| {
        let evident = match input.declared.require_confirmed {
            true => &sums.confirmed,
            false => &sums.deviations,
        };
        let power = |exponent: u32| -> i128 {
            let each = evident.iter();
            each.map(|(ppm, count)| i128::from(ppm).pow(exponent) * i128::from(count))
                .sum()
        };
        KindTotals {
            executor,
            cases: evident.total(),
            deviation_ppm: power(1),
            deviation_ppm_squared: power(2),
        }
    });
    let totals: Vec<KindTotals> = totals.collect();
    if totals.len() < 2 || !input.is_measurable() {
        return Vec::new();
    }
    compare(runs(input), &totals)
}

/// Whether the kinds that are known differ in the spread of their durations. On logarithms: durations spread by factors.
/// Withheld where the durations of a kind hardly differ ([`is_unresolved`]).
fn spread_test(input: &ProcessInput) -> Option<SpreadScore> {
    let logarithms = |(_, sums): (Executor, &Sums)| {
        let bins = sums.durations.bins_seconds();
        bins.filter(|(seconds, _)| *seconds > 0.0)
            .map(|(seconds, count)| (seconds.ln(), count))
            .collect()
    };
    let unresolved = |(_, sums): (Executor, &Sums)| spread(sums).is_some_and(is_unresolved);
    if input.is_undated() || input.known_kinds().any(unresolved) {
        return None;
    }
    let groups: Vec<Vec<(f64, u64)>> = input.known_kinds().map(logarithms).collect();
    let test = brown_forsythe(&groups)?;
    Some(SpreadScore {
        statistic: test.statistic,
        p_value: test.p_value,
    })
}

/// What it costs in hours and whether automating it pays.
pub(super) fn value_of(
    input: &ProcessInput,
    hands_on: &HandsOn,
    rate: &Rate,
    rating: &Rating,
) -> Option<Value> {
    if input.live.cases <= 0 {
        return None;
    }
    let declared = &input.declared;
    Some(value(&ValueInput {
        cases_per_week: rate.bounds(),
        hands_on: hands_on.minutes,
        human_share: hands_on.human_share,
        automation: declared.automation.map(AutomationTerms::from),
        hours_per_wrong_outcome: declared.wrong_outcome_hours,
        deviation: rating.deviation,
        permissible_deviation: rating.permissible_deviation,
        horizon_months: input.terms.tolerance.horizon_months,
    }))
}

/// Where it should be broken into parts, or is so complex that one would want to: the cuts.
pub(super) fn break_up_of(
    input: &ProcessInput,
    basis: Basis,
    rate: &Rate,
    recommendation: Option<Recommendation>,
) -> Option<BreakUp> {
    let advised = recommendation == Some(Recommendation::BreakUp);
    if !advised && basis.levels.complexity != Some(Level::ExtremelyHigh) {
        return None;
    }
    let live = input.live;
    let blamed = || live.blamed.iter().collect();
    let counts = PathCounts {
        cases: live.cases,
        follows: live.follows.iter().collect(),
        blamed: input.is_measurable().then(blamed),
    };
    let terms = BreakUpTerms {
        names: input.terms.names,
        tolerance: input.terms.tolerance,
        required_class: basis.rating.required_class,
        criticality: input.declared.criticality,
        executor: basis.run_by.executor,
        ai_status: basis.status_of(Executor::Ai),
        code_status: basis.status_of(Executor::Code),
        misses_too_much: misses_too_much(basis.directions),
        ai_shadow: basis.trial_of(Executor::Ai),
        code_shadow: basis.trial_of(Executor::Code),
        irreversible: input.declared.irreversible,
        judgement: input.declared.judgement,
        // Of a part nothing was measured: what the catalog says of the whole holds for it.
        determinism: match basis.constraints.determinism.declared {
            Some(_) => basis.constraints.determinism.determinism,
            None => Determinism::Undetermined,
        },
        cases_per_week: rate.cases_per_week,
        lost: input.loss.share(),
        lost_too_much: input.lost_too_much(),
        design_effect: basis.rating.independence.factor(),
        too_few_days: input.too_few_days(&input.scored()),
        requires_confirmed: input.declared.require_confirmed,
    };
    Some(break_up(&counts, terms))
}

//! What is measured beside class and tolerance: agreement, kinds against each other, arrivals, value, parts.

use super::agreement::{Agreement, RunCount, agreement};
use super::breakup::{BreakUp, BreakUpTerms, PathCounts, break_up};
use super::compare::{Comparison, KindTotals, compare};
use super::frequency::{Frequency, frequency};
use super::process::Scorer;
use super::recommend::Verdict;
use super::shape::{Bounds, ProcessScore, SpreadScore};
use super::sides::{is_unresolved, spread};
use super::value::{AutomationTerms, Value, ValueInput, value};
use crate::measure::Sums;
use crate::model::{Executor, Level, Origin};
use crate::rules::Recommendation;
use crate::stats::brown_forsythe;

impl Scorer<'_> {
    /// How far runs on the same input end alike, live cases of all kinds.
    pub(super) fn agreement(&self) -> Option<Agreement> {
        if self.live.with_input <= 0 {
            return None;
        }
        Some(Agreement {
            kept_one_in: 1 << self.live.runs.sample().level,
            ..agreement(self.runs())
        })
    }

    fn live_kinds(&self) -> impl Iterator<Item = (Executor, &Sums)> {
        let parts = self.parts.parts.iter();
        parts
            .filter(|((_, origin), _)| *origin == Origin::Live)
            .map(|((executor, _), sums)| (*executor, sums))
    }

    fn runs(&self) -> Vec<RunCount> {
        let mut runs = Vec::new();
        for (executor, sums) in self.live_kinds() {
            let sample = sums.runs.sample();
            runs.extend(sample.counts.iter().map(|(key, count)| RunCount {
                input: key.input,
                executor,
                outcome: key.outcome,
                deviation: key.deviation,
                count,
            }));
        }
        runs
    }

    /// The kinds that are known and have ended cases.
    pub(super) fn known_kinds(&self) -> impl Iterator<Item = (Executor, &Sums)> {
        self.live_kinds()
            .filter(|(executor, sums)| *executor != Executor::Unknown && sums.cases > 0)
    }

    /// Each two of the kinds that are known, side by side.
    pub(super) fn comparisons(&self) -> Vec<Comparison> {
        let totals = self.known_kinds().map(|(executor, sums)| {
            let evident = match self.declared.require_confirmed {
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
        if totals.len() < 2 || !self.is_measurable(self.live) {
            return Vec::new();
        }
        compare(self.runs(), &totals)
    }

    /// Whether the kinds that are known differ in the spread of their durations. On logarithms: durations spread by factors.
    /// Withheld where the durations of a kind hardly differ ([`is_unresolved`]).
    pub(super) fn spread_test(&self) -> Option<SpreadScore> {
        let logarithms = |(_, sums): (Executor, &Sums)| {
            let bins = sums.durations.bins_seconds();
            bins.filter(|(seconds, _)| *seconds > 0.0)
                .map(|(seconds, count)| (seconds.ln(), count))
                .collect()
        };
        let unresolved = |(_, sums): (Executor, &Sums)| spread(sums).is_some_and(is_unresolved);
        if self.known_kinds().any(unresolved) {
            return None;
        }
        let groups: Vec<Vec<(f64, u64)>> = self.known_kinds().map(logarithms).collect();
        let test = brown_forsythe(&groups)?;
        Some(SpreadScore {
            statistic: test.statistic,
            p_value: test.p_value,
        })
    }

    /// What it costs in hours and whether automating it pays.
    pub(super) fn value(
        &self,
        cases_per_week: Option<Bounds>,
        deviation: Option<Bounds>,
        permissible: Option<f64>,
    ) -> Option<Value> {
        if self.live.cases <= 0 {
            return None;
        }
        let found = self.hands_on();
        let declared = &self.declared;
        Some(value(&ValueInput {
            cases_per_week,
            hands_on: found.minutes,
            human_share: found.human_share,
            automation: declared.automation.map(AutomationTerms::from),
            hours_per_wrong_outcome: declared.wrong_outcome_hours,
            deviation,
            permissible_deviation: permissible,
            horizon_months: self.terms.tolerance.horizon_months,
        }))
    }

    pub(super) fn arrivals(&self) -> Option<Frequency> {
        let live = self.live;
        (live.started() > 0).then(|| {
            frequency(
                live.starts.iter(),
                self.covered.first,
                self.covered.last,
                self.declared
                    .drivers
                    .as_ref()
                    .map(|(_, drivers)| &**drivers),
                self.terms.tolerance.alpha,
            )
        })
    }

    /// Where it should be broken into parts, or is so complex that one would want to: the cuts.
    pub(super) fn break_up(
        &self,
        score: &ProcessScore,
        verdict: Option<&Verdict>,
    ) -> Option<BreakUp> {
        let advised =
            verdict.is_some_and(|verdict| verdict.recommendation == Recommendation::BreakUp);
        if !advised && score.complexity != Some(Level::ExtremelyHigh) {
            return None;
        }
        let live = self.live;
        let counts = PathCounts {
            cases: live.cases,
            follows: live.follows.iter().collect(),
            blamed: self
                .is_measurable(live)
                .then(|| live.blamed.iter().collect()),
        };
        let terms = BreakUpTerms {
            names: self.terms.names,
            tolerance: self.terms.tolerance,
            required_class: score.required_class,
            criticality: self.declared.criticality,
            executor: score.executor,
            ai_status: score.status_of(Executor::Ai),
            code_status: score.status_of(Executor::Code),
            ai_shadow: score.trial_of(Executor::Ai),
            code_shadow: score.trial_of(Executor::Code),
            irreversible: self.declared.irreversible,
            cases_per_week: score.cases_per_week,
            lost: self.loss.share(),
            lost_too_much: self.lost_too_much(),
            requires_confirmed: self.declared.require_confirmed,
        };
        Some(break_up(&counts, terms))
    }
}

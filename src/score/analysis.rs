//! What is measured beside class and tolerance: agreement, kinds against each other, arrivals, value, parts.

use super::agreement::{Agreement, RunCount, agreement};
use super::breakup::{BreakUp, BreakUpTerms, PathCounts, break_up};
use super::compare::{Comparison, KindTotals, compare};
use super::frequency::{Frequency, frequency};
use super::process::Scorer;
use super::recommend::Verdict;
use super::shape::{Bounds, ProcessScore, SpreadScore};
use super::sides::{is_unresolved, spread};
use super::value::{AutomationTerms, HandsOnMinutes, Value, ValueInput, exactly, value};
use crate::config::tolerance::Recommendation;
use crate::measure::Sums;
use crate::model::{Executor, Level, Origin};
use crate::stats::{Interval, brown_forsythe, clopper_pearson, student_t_quantile};

impl Scorer<'_> {
    /// How far runs on the same input end alike, live cases of all kinds.
    pub(super) fn agreement(&self) -> Option<Agreement> {
        if self.live.with_input <= 0 {
            return None;
        }
        Some(agreement(self.runs()))
    }

    fn live_kinds(&self) -> impl Iterator<Item = (Executor, &Sums)> {
        let parts = self.parts.parts.iter();
        parts
            .filter(|((_, origin), _)| *origin == Origin::Live)
            .map(|((executor, _), sums)| (*executor, sums))
    }

    fn runs(&self) -> impl Iterator<Item = RunCount> {
        self.live_kinds().flat_map(|(executor, sums)| {
            sums.runs.kept().iter().map(move |(key, count)| RunCount {
                input: key.input,
                executor,
                outcome: key.outcome,
                deviation: key.deviation,
                count,
            })
        })
    }

    /// The kinds that are known and have ended cases.
    fn known_kinds(&self) -> impl Iterator<Item = (Executor, &Sums)> {
        self.live_kinds()
            .filter(|(executor, sums)| *executor != Executor::Unknown && sums.cases > 0)
    }

    /// Each two of the kinds that are known, side by side.
    pub(super) fn comparisons(&self) -> Vec<Comparison> {
        let totals = self.known_kinds().map(|(executor, sums)| {
            let power = |exponent: u32| -> i128 {
                let each = sums.deviations.iter();
                each.map(|(ppm, count)| i128::from(ppm).pow(exponent) * i128::from(count))
                    .sum()
            };
            KindTotals {
                executor,
                cases: sums.cases,
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
        let (hands_on, human_share) = self.hands_on();
        let declared = &self.declared;
        Some(value(&ValueInput {
            cases_per_week,
            hands_on,
            human_share,
            automation: declared.automation.map(|by| AutomationTerms {
                build_hours: by.build_hours,
                upkeep_hours_per_year: by.upkeep_hours_per_year,
                share: by.share,
            }),
            hours_per_wrong_outcome: declared.wrong_outcome_hours,
            deviation,
            permissible_deviation: permissible,
            horizon_months: self.terms.tolerance.horizon_months,
        }))
    }

    /// Hands-on minutes of a case that people work on, and the share of such cases: measured where the log has it, else
    /// declared for every case that AI or code did not run alone.
    fn hands_on(&self) -> (Option<HandsOnMinutes>, Bounds) {
        if let Some(minutes) = self.measured_hands_on() {
            let share = self.share_of_cases(self.live.hands_on.count());
            return (Some(HandsOnMinutes::Measured(minutes)), share);
        }
        let minutes = self.declared.hands_on_minutes;
        let declared = minutes.map(|minutes| HandsOnMinutes::Declared { minutes });
        (declared, self.human_share())
    }

    /// The share of cases that AI or code did not run alone. Where no log says who ran any, all are taken to be people's:
    /// that is assumed, not measured, and so has no interval.
    fn human_share(&self) -> Bounds {
        let (mut known, mut by_machine) = (0, 0);
        for (executor, sums) in self.known_kinds() {
            known += sums.cases;
            if matches!(executor, Executor::Ai | Executor::Code) {
                by_machine += sums.cases;
            }
        }
        if known == 0 {
            return exactly(1.0);
        }
        self.share_of_cases(self.live.cases - by_machine)
    }

    /// So many of the ended cases as a share, with the exact interval of Clopper and Pearson: like the other inputs of the
    /// value for the cases there are now.
    fn share_of_cases(&self, count: i64) -> Bounds {
        let cases = self.live.cases.max(1);
        let count = count.clamp(0, cases);
        let found = clopper_pearson(count as u64, cases as u64, self.terms.tolerance.alpha);
        let interval = found.unwrap_or(Interval {
            lower: 0.0,
            upper: 1.0,
        });
        Bounds {
            mean: count as f64 / cases as f64,
            lower: interval.lower,
            upper: interval.upper,
        }
    }

    /// The mean of the cases that have any, with a t interval; of a single case anything up to twice as much.
    fn measured_hands_on(&self) -> Option<Bounds> {
        let spans = &self.live.hands_on;
        let mean = spans.mean_seconds()?;
        let n = spans.count() as f64;
        let squares: f64 = spans
            .bins_seconds()
            .map(|(seconds, count)| (seconds - mean).powi(2) * count as f64)
            .sum();
        let quantile = student_t_quantile(self.terms.tolerance.alpha / 2.0, n - 1.0);
        let half = match quantile {
            Some(t) if n > 1.0 => t * (squares / (n - 1.0) / n).sqrt(),
            _ => mean,
        };
        Some(Bounds {
            mean: mean / 60.0,
            lower: (mean - half).max(0.0) / 60.0,
            upper: (mean + half) / 60.0,
        })
    }

    pub(super) fn arrivals(&self) -> Option<Frequency> {
        let live = self.live;
        (live.started() > 0).then(|| {
            frequency(
                live.starts.iter(),
                self.from,
                self.as_of,
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
            cases_per_week: (live.started() > 0).then(|| live.started() as f64 / self.weeks),
            lost: self.loss.share(),
            lost_too_much: self.lost_too_much(),
            requires_confirmed: self.declared.require_confirmed,
        };
        Some(break_up(&counts, terms))
    }
}

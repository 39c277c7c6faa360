//! `drift` in toleranced.yaml: the budget of false alarms, and what a baseline needs.

use super::holidays::RawHolidays;
use super::loader::Loader;
use super::span::SpanText;

use crate::model::Span;
use crate::rules::{At, DriftTerms, Problem, Source};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDrift {
    false_alarms_per_year: Option<At<f64>>,
    baseline_cases: Option<At<i64>>,
    baseline_days: Option<At<i32>>,
    smallest_change: Option<At<f64>>,
    cool_down: Option<SpanText>,
    #[serde(default)]
    holidays: RawHolidays,
}

impl RawDrift {
    /// Checks what was written; what is wrong is told and replaced by the default.
    pub(super) fn checked(&self, loader: &mut Loader) -> DriftTerms {
        let calendar = loader.calendar(&self.holidays);
        let (source, problems) = (&loader.source, &mut loader.problems.0);
        let default = DriftTerms::default();
        let days = |span: Span| (span / Span::DAY).clamp(0, 3_650) as i32;
        DriftTerms {
            false_alarms_per_year: within(
                &self.false_alarms_per_year,
                "false_alarms_per_year",
                (0.01, 10_000.0),
                default.false_alarms_per_year,
                (source, problems),
            ),
            baseline_cases: within(
                &self.baseline_cases,
                "baseline_cases",
                (50, 1_000_000),
                default.baseline_cases,
                (source, problems),
            ),
            baseline_days: within(
                &self.baseline_days,
                "baseline_days",
                (7, 366),
                default.baseline_days,
                (source, problems),
            ),
            smallest_change: within(
                &self.smallest_change,
                "smallest_change",
                (1.0, 10.0),
                default.smallest_change,
                (source, problems),
            ),
            cool_down_days: self
                .cool_down
                .as_ref()
                .map_or(default.cool_down_days, |span| days(span.0)),
            calendar,
        }
    }
}

fn within<T: PartialOrd + Copy + std::fmt::Display>(
    at: &Option<At<T>>,
    field: &str,
    (least, most): (T, T),
    default: T,
    (source, problems): (&Source, &mut Vec<Problem>),
) -> T {
    let Some(at) = at else { return default };
    if at.value >= least && at.value <= most {
        return at.value;
    }
    let message = format!("`drift.{field}` must be from {least} to {most}");
    problems.push(source.problem(at, message));
    default
}

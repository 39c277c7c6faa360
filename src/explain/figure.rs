//! One figure of an explanation, and how its parts are written.

use super::{percent, percent_points};
use crate::model::humanize::format_roughly;
use crate::model::{Span, Status};
use crate::rules::Process;
use crate::score::{Bounds, ProcessScore, Share, Terms};
use serde::{Deserialize, Serialize};

pub(super) const CLASS: &str = "class and tolerance";
pub(super) const DEVIATION: &str = "deviation";
pub(super) const SIZE: &str = "size";
pub(super) const FREQUENCY: &str = "frequency";
pub(super) const STATUS: &str = "status";
pub(super) const TIME: &str = "time";
pub(super) const EXECUTORS: &str = "executors";
pub(super) const DECLARED: &str = "declared, and measured otherwise";

pub(super) const ENDED: &str = "ended cases";
pub(super) const STARTED: &str = "started cases";
pub(super) const CATALOG: &str = "catalog";
pub(super) const TABLE: &str = "tolerance table";

/// One figure, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// What it belongs to: `class and tolerance`, `deviation`, `size`, `frequency`, `status`, `time`,
    /// `executors`, `agreement`, `kinds compared`, `value`, `parts` or `declared, and measured otherwise`.
    pub section: String,
    /// Its name. May hold names from a log.
    pub name: String,
    /// Its value with its unit.
    pub value: String,
    /// How it comes about.
    pub formula: String,
    /// What it rests on: the catalog, the tolerance table, or which cases.
    pub rests_on: String,
}

/// What the rows are made from.
pub(super) struct Ground<'a> {
    pub(super) score: &'a ProcessScore,
    pub(super) terms: Terms<'a>,
    pub(super) declared: Process,
}

pub(super) fn figure(
    (section, name): (&str, String),
    value: String,
    (formula, rests_on): (String, &str),
) -> Figure {
    Figure {
        section: section.to_owned(),
        name,
        value,
        formula,
        rests_on: rests_on.to_owned(),
    }
}

/// `1 case`, `2 cases`.
pub(super) fn cases(count: i64) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} case{s}")
}

/// A number of ended cases with their share.
pub(super) fn counted(ground: &Ground, count: i64) -> Option<String> {
    let all = ground.score.counts.ended();
    (all > 0).then(|| {
        let share = percent(count as f64 / all as f64);
        format!("{}, {share}", cases(count))
    })
}

pub(super) fn interval(bounds: Bounds) -> String {
    let [lower, upper] = [bounds.lower, bounds.upper].map(percent_points);
    format!("[{lower}, {upper}] %")
}

/// In two units: quantiles are no more exact than to 0.5 %.
pub(super) fn span(seconds: f64) -> String {
    format_roughly(Span::of_seconds(seconds))
}

pub(super) fn share(share: Share) -> String {
    let (lower, upper) = (share.lower * 100.0, share.upper * 100.0);
    format!("{} [{lower:.2}, {upper:.2}] %", percent(share.share))
}

pub(super) fn status_word(status: Status) -> &'static str {
    match status {
        Status::NoTolerance => "no tolerance",
        other => other.word(),
    }
}

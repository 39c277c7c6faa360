//! How long cases take from their start to each milestone. Cases that have not reached it yet count as far as they were watched.

use super::input::ProcessInput;
use crate::measure::Stages;
use crate::model::{Hour, NameId, Span};
use crate::rules::GUESSED;
use crate::stats::{TimeQuantile, Times};
use serde::Serialize;

/// The time from the start of a case to a milestone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageTime {
    /// The milestone.
    pub milestone: String,
    /// Whether the catalog names the activities that reach it. Else it is told by the names of activities and by the mapping.
    pub declared: bool,
    /// Cases that started in the window and reached it.
    pub n: i64,
    /// Cases that started in the window, are open and have not reached it yet.
    pub open: i64,
    /// Cases that started in the window and ended without it. They are in no quantile.
    pub never_reached: i64,
    /// Median; `None` if too few have reached it yet.
    pub median_seconds: Option<f64>,
    /// Its bounds; the upper one is `None` if nothing is known of it. `None` without cases.
    pub median_interval: Option<(f64, Option<f64>)>,
    /// 90th percentile, likewise.
    pub p90_seconds: Option<f64>,
    /// Its bounds.
    pub p90_interval: Option<(f64, Option<f64>)>,
}

/// The time to each milestone of live cases that started in the window.
pub(super) fn stage_times(input: &ProcessInput) -> Vec<StageTime> {
    if input.is_undated() {
        return Vec::new();
    }
    let stages = &input.live.stages;
    let names = input.terms.names;
    let declared = input.declared.milestones.as_ref();
    let mut times: Vec<StageTime> = Vec::new();
    for milestone in stages.milestones() {
        let name = names.text(milestone);
        let is_declared = declared.is_some_and(|declared| declared.contains_key(name));
        // A guess that no case ever fulfils is none.
        if is_declared || stages.reached(milestone).is_some() {
            times.push(stage_time(input, milestone, is_declared));
        }
    }
    let place = |name: &str| GUESSED.iter().position(|guessed| *guessed == name);
    let order = |time: &StageTime| {
        let place = place(&time.milestone).unwrap_or(GUESSED.len());
        (place, time.milestone.clone())
    };
    times.sort_by_key(order);
    times
}

fn stage_time(input: &ProcessInput, milestone: NameId, declared: bool) -> StageTime {
    let stages = &input.live.stages;
    let times = Times {
        happened: reached_seconds(stages, milestone),
        not_yet: watched_seconds(input, milestone),
    };
    let total = |times: &[(f64, u64)]| times.iter().map(|(_, count)| *count as i64).sum();
    let alpha = input.terms.tolerance.alpha;
    let (median, p90) = (times.quantile(0.5, alpha), times.quantile(0.9, alpha));
    let bounds = |quantile: TimeQuantile| (quantile.lower, quantile.upper);
    StageTime {
        milestone: input.terms.names.text(milestone).to_owned(),
        declared,
        n: total(&times.happened),
        open: total(&times.not_yet),
        never_reached: stages.missed(milestone),
        median_seconds: median.and_then(|quantile| quantile.at),
        median_interval: median.map(bounds),
        p90_seconds: p90.and_then(|quantile| quantile.at),
        p90_interval: p90.map(bounds),
    }
}

fn reached_seconds(stages: &Stages, milestone: NameId) -> Vec<(f64, u64)> {
    let Some(sketch) = stages.reached(milestone) else {
        return Vec::new();
    };
    let mut bins: Vec<(f64, u64)> = sketch.bins_seconds().collect();
    // Of a single bin the exact mean says more than its middle.
    if let ([bin], Some(mean)) = (bins.as_mut_slice(), sketch.mean_seconds()) {
        bin.0 = mean;
    }
    bins
}

/// How long each open case that has not reached a milestone was watched, by whole hours. Cases that started before the window
/// are left out, like those that have reached it.
fn watched_seconds(input: &ProcessInput, milestone: NameId) -> Vec<(f64, u64)> {
    let end = input.as_of.min(input.covered.last);
    let since = input.window.map(|window| input.as_of.plus(-window).hour());
    let counts = |hour: Hour| since.is_none_or(|since| hour >= since);
    let waiting = input.live.stages.waiting(milestone);
    let waiting = waiting.filter(|(hour, count)| counts(*hour) && *count > 0);
    waiting
        .map(|(hour, count)| {
            let watched = end.since(hour.saturating_add(1).start()).max(Span::ZERO);
            (watched.0 as f64 / 1e6, count as u64)
        })
        .collect()
}

//! From a database to a report.

use super::build::Findings;
use super::content::Report;
use super::period::{Period, date};
use crate::config::daemon::Config;
use crate::daemon::{History, kept_drift};
use crate::drift::ProcessDrift;
use crate::score::ProcessScore;
use crate::store::{Store, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Periods that a trend shows.
const TREND: usize = 8;

/// The report of a period. `progress` is told how many of how many periods have been scored.
pub fn make(
    store: &Store,
    config: &Config,
    period: Period,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Report, StoreError> {
    let ends = ends_of(period);
    let first = ends.first().copied().unwrap_or(period).hours().1;
    let mut history = History::open(store, config, first)?;
    let mut scores: Vec<Arc<Vec<ProcessScore>>> = Vec::new();
    for (nth, end) in ends.iter().enumerate() {
        scores.push(history.scores_at(end.hours().1)?);
        progress(nth + 1, ends.len());
    }
    let (drift, _) = kept_drift(store, config)?;
    let names = store.names()?;
    let nothing = Arc::new(Vec::new());
    let now = scores.last().unwrap_or(&nothing);
    let then = scores.iter().rev().nth(1).unwrap_or(&nothing);
    let drift: Vec<(&str, &ProcessDrift)> = drift
        .iter()
        .map(|kept| (kept.process.as_str(), &kept.drift))
        .collect();
    let found = Findings {
        scores: [then, now],
        drift,
        trend: scores.iter().map(|scores| deviations(scores)).collect(),
        trend_ends: ends.iter().map(|end| date(end.to)).collect(),
        said: store.predictions(period.kind.word(), period.from)?,
        names: &names,
        hashes: config.hashes,
    };
    let previous = period.before().unwrap_or(period);
    Ok(Report::of(period, previous, &found))
}

/// The last periods of the same kind, the given one last.
fn ends_of(period: Period) -> Vec<Period> {
    let mut ends: Vec<Period> = std::iter::successors(Some(period), |later| later.before())
        .take(TREND)
        .collect();
    ends.reverse();
    ends
}

fn deviations(scores: &[ProcessScore]) -> BTreeMap<String, f64> {
    let known = scores.iter();
    let known = known.filter_map(|score| Some((score.id.clone(), score.deviation?.mean)));
    known.collect()
}

//! From a database to a report.

use super::content::Report;
use super::findings::Findings;
use super::period::Period;
use super::predicted::expectation;
use crate::config::daemon::Config;
use crate::drift::ProcessDrift;
use crate::model::Hour;
use crate::query::{kept_drift_of, past_windows, with_common_causes};
use crate::score::ProcessScore;
use crate::store::{Store, StoreError};
use std::collections::BTreeSet;

/// Periods that a trend shows.
const TREND: usize = 8;

/// The report of a period, within a reading of one moment. `progress` is told how many of how many cases have been read, and
/// then the same of hours.
pub(crate) fn make(
    store: &Store,
    config: &Config,
    period: Period,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, StoreError> {
    let ends = ends_of(period);
    let hours: Vec<Hour> = ends.iter().map(|end| end.hours().1).collect();
    let said = store.predictions(period.kind.word(), period.from)?;
    let rows = said.as_ref();
    let of: Option<BTreeSet<&str>> =
        rows.map(|rows| rows.iter().map(|row| row.process.as_str()).collect());
    let is_predicted = |score: &ProcessScore| match &of {
        Some(of) => of.contains(score.id.as_str()),
        None => expectation(score).is_some(),
    };
    let past = past_windows(store, config, &hours, &is_predicted, progress)?;
    // Most processes never had an alarm, and to look at all of them takes as long as all the rest.
    let mut alarms = with_common_causes(store.alarms()?);
    let alarmed = alarms.iter();
    let alarmed = alarmed.flat_map(|row| row.processes.iter().chain([&row.process]));
    let alarmed: BTreeSet<String> = alarmed.cloned().collect();
    alarms.retain(|row| row.raised < period.to);
    let (drift, budget) = kept_drift_of(store, config, &|process| alarmed.contains(process))?;
    let names = store.names()?;
    let [then, now] = &past.scores;
    let drift: Vec<(&str, &ProcessDrift)> = drift
        .iter()
        .map(|kept| (kept.process.as_str(), &kept.drift))
        .collect();
    let found = Findings {
        scores: [then, now],
        within: &past.between,
        drift,
        alarms: &alarms,
        budget: &budget,
        trend: past.deviations,
        trend_ends: ends.iter().map(|end| end.to.to_string()).collect(),
        window: config.window,
        said,
        alpha: config.tolerance.alpha,
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

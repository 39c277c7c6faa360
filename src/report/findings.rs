//! What a report is made from, before anything is said of it.

use crate::config::Hashes;
use crate::drift::{Budget, ProcessDrift};
use crate::model::{Names, Span};
use crate::score::ProcessScore;
use crate::store::{AlarmRow, PredictionRow};
use std::collections::BTreeMap;

/// Nobody waits so long for a verdict, in weeks.
pub(super) const TOO_LONG: f64 = 104.0;

/// What a report is made from.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    /// The scores at the beginning and at the end of the period.
    pub scores: [&'a [ProcessScore]; 2],
    /// The scores of the period alone.
    pub within: &'a [ProcessScore],
    /// The drift of every process.
    pub drift: Vec<(&'a str, &'a ProcessDrift)>,
    /// Every alarm as it is kept, those about several processes among them.
    pub alarms: &'a [AlarmRow],
    /// The budget of the thresholds.
    pub budget: &'a Budget,
    /// Mean deviation by process at the ends of the last eight periods.
    pub trend: Vec<BTreeMap<String, f64>>,
    /// Ends of these.
    pub trend_ends: Vec<String>,
    /// The scoring window; `None` for all there is.
    pub window: Option<Span>,
    /// What the report before has said; `None` if there was none.
    pub said: Option<Vec<PredictionRow>>,
    /// Error probability of the intervals.
    pub alpha: f64,
    /// The names of outcomes.
    pub names: &'a Names,
    /// What the figures rest on.
    pub hashes: Hashes,
}

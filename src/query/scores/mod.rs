//! Scores as of any instant: the one way from what a source has measured to scores.
//!
//! What is asked is a [`ScoreRequest`]: by which rules, and over which period. A [`ScoreSource`] sums up what counts for it:
//! the cases of the database, cut at the instant; its buckets, where cases would take too long; the cases of log files. All
//! that follows from the sums is here: the time that they cover, what was lost of it, and the scores.

mod buckets;
mod cases;
mod history;
mod logs;
mod losses;
mod processors;
mod rules;
mod windows;
mod worst_cases;

pub(crate) use buckets::first_hour;
pub use cases::{PastView, past_scores};
pub(crate) use history::History;
pub use logs::LogCases;
pub(crate) use logs::PartedLogs;
pub(crate) use losses::losses_of;
pub use rules::{PastError, PreparedRules, Rules};
pub(crate) use windows::past_windows;
pub(crate) use worst_cases::CaseBehind;

pub(super) use cases::facts_of;

use crate::measure::{Evidence, Loss, Measured, Period};
use crate::model::{NameId, Names, Time};
use crate::score::{ProcessScore, Terms};
use processors::score_on_all_processors;
use std::collections::BTreeMap;

/// One question: the scores by some rules, over a period.
#[derive(Clone, Copy, Debug)]
pub struct ScoreRequest<'a> {
    /// By which rules.
    pub rules: &'a PreparedRules,
    /// As of when, and since when.
    pub period: Period,
    /// How much of it is needed.
    pub detail: Detail,
    /// The process whose cases are asked for, and how many of those that deviate most. Only sources of cases know them.
    pub cases_of: Option<(&'a str, usize)>,
}

impl<'a> ScoreRequest<'a> {
    /// Asks for everything but cases.
    pub fn new(rules: &'a PreparedRules, period: Period) -> ScoreRequest<'a> {
        ScoreRequest {
            rules,
            period,
            detail: Detail::Everything,
            cases_of: None,
        }
    }
}

/// How much a source must measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// All that a score is made from.
    Everything,
    /// At least what mean deviations are made from.
    Deviations,
}

/// Where sums come from.
pub trait ScoreSource {
    /// What can go wrong.
    type Error;

    /// The names of what is summed up.
    fn names(&self) -> &Names;

    /// Sums up what counts for each request, for all of them in one pass over the source.
    fn measure(&mut self, requests: &[ScoreRequest]) -> Result<Vec<Measurement>, Self::Error>;

    /// What was lost within the time that evidence covers, by process.
    fn losses(&self, evidence: &Evidence) -> Result<BTreeMap<NameId, Loss>, Self::Error>;
}

/// What a source has measured for a request.
#[derive(Debug, Default)]
pub struct Measurement {
    /// The sums, and what a score needs beside them.
    pub measured: Measured,
    /// Cases that had begun by the instant; 0 if the source knows no cases.
    pub cases: u64,
    /// The cases that were asked for, largest deviation first.
    pub behind: Vec<CaseBehind>,
    /// What is not among these cases any more.
    pub removed: RemovedCases,
}

/// Cases that were removed from the database after the retention period. Their sums count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemovedCases {
    /// How many of those that a score rests on, whose cases were asked for, can't be listed.
    pub behind: u64,
    /// Whether some had later events than the instant: they count as they ended, not as they were known then.
    pub is_cut: bool,
}

/// The answer to a request.
#[derive(Clone, Debug)]
pub struct ScoresAsOf {
    /// Of all processes, by id.
    pub scores: Vec<ProcessScore>,
    /// The first event of all by then; the instant that is scored if there is none.
    pub begun: Time,
    /// The first instant that counts for processes without a window of their own.
    pub from: Time,
    /// The instant that is scored.
    pub as_of: Time,
    /// Cases that had begun by then; 0 if the source knows no cases.
    pub cases: u64,
    /// The cases that were asked for, largest deviation first.
    pub behind: Vec<CaseBehind>,
    /// What is not among these cases any more.
    pub removed: RemovedCases,
}

/// Answers requests from a source.
pub(crate) fn scores<S: ScoreSource>(
    source: &mut S,
    requests: &[ScoreRequest],
) -> Result<Vec<ScoresAsOf>, S::Error> {
    let measured = source.measure(requests)?;
    let answered = requests.iter().zip(measured);
    let answered = answered.map(|(request, measured)| scores_from(source, request, measured));
    answered.collect()
}

/// Answers a single request from a source.
pub fn score_at<S: ScoreSource>(
    source: &mut S,
    request: &ScoreRequest,
) -> Result<ScoresAsOf, S::Error> {
    let measured = source.measure(std::slice::from_ref(request))?.pop();
    scores_from(source, request, measured.unwrap_or_default())
}

/// Answers a request from what its source has measured.
pub(crate) fn scores_from<S: ScoreSource>(
    source: &S,
    request: &ScoreRequest,
    measurement: Measurement,
) -> Result<ScoresAsOf, S::Error> {
    let ScoreRequest { rules, period, .. } = *request;
    let begun = measurement.measured.coverage.first();
    let evidence = measurement.measured.evidence(rules.windows.clone(), period);
    let from = evidence.from;
    let terms = rules.terms(source.names());
    let losses = |evidence: &Evidence| source.losses(evidence);
    Ok(ScoresAsOf {
        scores: scores_of_evidence(evidence, period, terms, losses)?,
        begun: begun.unwrap_or(period.as_of),
        from,
        as_of: period.as_of,
        cases: measurement.cases,
        behind: measurement.behind,
        removed: measurement.removed,
    })
}

/// Looks up what was lost within the time that evidence covers, and scores it.
pub(crate) fn scores_of_evidence<E>(
    mut evidence: Evidence,
    period: Period,
    terms: Terms,
    losses: impl FnOnce(&Evidence) -> Result<BTreeMap<NameId, Loss>, E>,
) -> Result<Vec<ProcessScore>, E> {
    evidence.losses = losses(&evidence)?;
    evidence.to = period.as_of;
    Ok(score_on_all_processors(&evidence, terms))
}

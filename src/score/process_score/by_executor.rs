//! The cases of a process in each operating mode, its shadow runs and its exercises.

use super::{Durations, Share};
use crate::model::{Executor, Status, TolClass};
use crate::score::bounds::Bounds;
use crate::score::dependence::Independence;
use crate::score::directions::DirectionScore;
use crate::score::reason::{ShadowReason, ShadowRuns};
use serde::Serialize;

/// The cases of this process in one operating mode.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExecutorScore {
    /// The operating mode.
    pub executor: Executor,
    /// Cases that have ended.
    pub cases: i64,
    /// Cases started per week.
    pub cases_per_week: Option<f64>,
    /// Deviation, `None` while no case has ended.
    pub deviation: Option<Bounds>,
    /// How much evidence they are.
    #[serde(flatten)]
    pub independence: Independence,
    /// Misses apart from false alarms.
    pub directions: Vec<DirectionScore>,
    /// Its deviation against the permissible one of the process, and its directions against theirs.
    pub status: Status,
    /// Whether these are enough cases to withdraw it, if they are outside.
    #[serde(skip)]
    pub(crate) can_be_withdrawn: bool,
    /// The finest class it is shown to hold.
    pub achieved_class: TolClass,
    /// T / upper bound of the deviation.
    pub capability: Option<f64>,
    /// Time from the first event to the end.
    pub duration_seconds: Option<Durations>,
    /// Spread of the durations: the ratio of the 84th to the 16th percentile, which for log-normal durations is
    /// exp(2 sigma); 1 where all are equal.
    pub duration_spread: Option<f64>,
    /// Who vouches for its outcomes.
    pub provenance: Provenance,
}

/// Who ran the steps of ended cases, as shares of those that name an executor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Automation {
    /// Steps that name their executor.
    pub steps: i64,
    /// Share of people.
    pub human: f64,
    /// Share of AI.
    pub ai: f64,
    /// Share of code.
    pub code: f64,
    /// Share of AI and code together: the automation share.
    pub share: f64,
}

/// A test whether executor kinds differ in the spread of their durations (Brown-Forsythe, on logarithms).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SpreadScore {
    /// W: about 1 where spreads are alike.
    pub statistic: f64,
    /// The chance of such a W or a larger one where they are alike.
    pub p_value: f64,
}

/// Who vouches for the outcomes of ended cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// Somebody else than who set the outcome confirmed it.
    pub confirmed: i64,
    /// Nobody did, but the case was not reopened for as long as it takes for an outcome to stand.
    pub stood: i64,
    /// Set by who ran the case, and neither confirmed nor old enough to have stood.
    pub self_declared: i64,
}

/// Runs of one kind whose outcome was not acted on, against what was done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShadowScore {
    /// The kind.
    pub executor: Executor,
    /// Shadow runs that have ended.
    pub runs: i64,
    /// What they are compared by.
    pub compared_by: ComparedBy,
    /// How many could be compared: with a live case that has ended as designed.
    pub compared: i64,
    /// Of these, the ones that ended like what was done.
    pub like_done: Option<Share>,
    /// The deviation of those that could be compared: as of any case, and 1 where it ended otherwise than what was done and
    /// stood.
    pub deviation: Option<Bounds>,
    /// How much evidence they are; days are those of all shadow runs.
    #[serde(flatten)]
    pub independence: Independence,
    /// That deviation against the permissible one of the process; not `within` where all runs, compared or not, by how they
    /// say themselves that they ended, are not.
    pub status: Status,
    /// Whether the process could be delegated to this kind: only when the shadow deviation is `within`, and AI never
    /// where the action can't be undone and class f is needed.
    pub ready: bool,
    /// Further clean runs until it is, if all of them are clean.
    pub clean_runs_missing: Option<u64>,
    /// Why it is not ready, or on what it rests.
    pub reason: ShadowReason,
}

impl ShadowScore {
    /// How many runs its deviation is that of.
    pub(crate) fn counted(&self) -> ShadowRuns {
        ShadowRuns {
            executor: self.executor,
            runs: self.runs,
            compared: self.compared,
        }
    }
}

/// What shadow runs are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparedBy {
    /// Each with the case it shadows, which it names as its parent.
    Case,
    /// With live runs on the same input.
    Input,
    /// Those that name a case with that, the others by input.
    CaseAndInput,
    /// Nothing: they prove nothing.
    Nothing,
}

/// Drills, canary and replayed runs beside live cases.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExerciseScore {
    /// Exercises that have ended.
    pub cases: i64,
    /// Their deviation.
    pub deviation: Option<Bounds>,
    /// Whether the catalog lets them count as evidence.
    pub counted: bool,
    /// Deviation of live cases alone.
    pub live_deviation: Option<Bounds>,
    /// Whether exercises and live cases are shown to differ: their intervals do not overlap.
    pub differs_from_live: Option<bool>,
}

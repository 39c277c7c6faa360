//! Reasons of a score as data. Their texts are in `wording`.

use super::bounds::Bounds;
use crate::model::{Executor, Level, Span, Status, Time};
use crate::rules::ToleranceLevel;

/// Why a process should be run as recommended, or why there is no recommendation.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// A rule decided.
    Decided {
        /// The rule's own words.
        because: String,
        /// What overruled the rule.
        guard: Option<Guard>,
        /// What the rule was held against.
        figures: Box<Figures>,
    },
    /// No rule could be asked.
    Undecided(NoVerdict),
}

/// Why no rule could be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoVerdict {
    /// No case was seen.
    NoCase,
    /// No case has ended.
    NoneEnded,
    /// No case has ended since the baseline begins.
    NoneEndedSince(Time),
    /// Too many of its first cases have not ended.
    TooManyOpen,
    /// Most activities were seen once, so their names contain ids, and the size is not known.
    IdsInNames,
    /// The log has no times, so there is no frequency.
    Undated,
    /// The last event, although several cases should have begun since.
    Dormant(Time),
    /// Too few cases have ended.
    TooFew {
        /// So many have.
        ended: i64,
        /// So many must have.
        needed: i64,
    },
    /// The last case ended too long ago.
    TooOld {
        /// In this hour.
        ended: Time,
        /// So long ago it may have been at most.
        most: Span,
    },
}

/// What a recommendation never says, whatever the rules say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// AI is outside in what it has shown so far.
    AiFailedTrial,
    /// AI is outside in what it runs today, and criticality is high.
    AiOutsideAndCritical,
    /// AI is outside in what it runs today.
    AiOutside,
    /// The action can't be undone, and class f is needed.
    Irreversible,
    /// AI has shown too little so far.
    AiUnproven,
    /// Code is outside in what it has shown so far.
    CodeFailedTrial,
    /// Code is outside in what it runs today.
    CodeOutside,
    /// More is missed than is tolerated.
    MissesTooMuch,
    /// The catalog says that each case needs judgement.
    JudgementRequired,
}

/// The figures behind a recommendation.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Level of the nominal size.
    pub complexity: Level,
    /// Nominal size.
    pub size_steps: Option<f64>,
    /// Level of the rate.
    pub frequency: Level,
    /// Cases started per week.
    pub cases_per_week: Option<f64>,
    /// Level of the criticality.
    pub criticality: Level,
    /// Whether that is assumed.
    pub criticality_assumed: bool,
    /// Level of the permissible deviation.
    pub tolerance: ToleranceLevel,
    /// The permissible deviation.
    pub permissible_deviation: Option<f64>,
    /// The observed deviation.
    pub deviation: Option<Bounds>,
    /// As how many independent cases its cases count, if that is fewer than there are.
    pub independent_cases: Option<f64>,
    /// Observed against permissible.
    pub status: Status,
    /// What kinds decided without approval beside others, where that speaks against them.
    pub live: Vec<LiveFigures>,
    /// What shadow runs come to, of kinds that have still to show that they can.
    pub shadow: Vec<ShadowFigures>,
}

/// What one kind decided without approval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiveFigures {
    /// The kind.
    pub executor: Executor,
    /// Its cases.
    pub cases: i64,
    /// Their deviation.
    pub deviation: Bounds,
    /// That against the permissible one.
    pub status: Status,
}

/// What shadow runs of one kind come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShadowFigures {
    /// How many.
    pub runs: ShadowRuns,
    /// The deviation of those that could be compared.
    pub deviation: Option<Bounds>,
    /// That against the permissible one.
    pub status: Status,
}

/// How many shadow runs there are, and how many could be compared with live cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShadowRuns {
    /// The kind.
    pub executor: Executor,
    /// All of them.
    pub runs: i64,
    /// Those that could be compared.
    pub compared: i64,
}

/// Why a process is, or is not, ready to be delegated to a kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ShadowReason {
    /// Its shadow runs are within.
    Within,
    /// They are within, but of all runs, compared or not, more deviate of themselves than may.
    AllRunsDeviate {
        /// All runs.
        runs: i64,
        /// Their mean deviation.
        mean: f64,
    },
    /// They are within, but each case needs the judgement of a person.
    NeedsJudgement,
    /// They are within, but unattended AI is never for this process.
    NeverForAi,
    /// They are within, but its live cases are outside.
    LiveCasesOutside,
    /// They are within, but the process misses more than is tolerated.
    MissesTooMuch,
    /// None could be compared.
    NothingCompared,
    /// They have another status.
    NotWithin(Status),
}

/// Why no number of clean cases would do, or why so many will never be there at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UnreachableReason {
    /// The table has no permissible deviation.
    NoTolerance,
    /// No size is known yet.
    NoSize(NoVerdict),
    /// Nobody can say how much was lost.
    UnknownLoss,
    /// Too much was lost.
    TooMuchLost {
        /// The share that was.
        lost: f64,
        /// The share that may be.
        most: f64,
    },
    /// Nothing could be a deviation.
    NothingMeasurable,
    /// Of too many cases nothing shows if they are right.
    TooManyUnknown {
        /// These cases.
        unknown: i64,
        /// All that are scored.
        of: i64,
    },
    /// What was lost could alone be as much as is permissible.
    LossTakesAll {
        /// The share that was lost.
        lost: f64,
        /// The permissible deviation.
        limit: f64,
    },
    /// It takes more cases than anybody waits for.
    TooMany,
    /// Cases leave the window before there are enough of them.
    WindowTooShort {
        /// The window.
        window: Span,
        /// Scored cases per week.
        per_week: f64,
        /// How many it takes at once.
        needed: u64,
    },
    /// No outcome is confirmed at present.
    NothingConfirmed,
    /// No scored case has ended lately.
    NoneLately,
}

//! Notes of a score as data: what is assumed, missing or left out. Their texts are in `wording`.

use super::directions::DirectionScore;
use super::process_score::ProcessScore;
use super::reason::ShadowReason;
use crate::model::{Executor, Level, Ppm, Span, Time};
use crate::rules::Recommendation;
use std::collections::BTreeMap;

/// What one should know about the figures of a process.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// It is declared, and no log names it.
    NotInLogs,
    /// Its cases call each other in a circle of these processes.
    CallsInCircle(Vec<String>),
    /// Most activities were seen once, so their names contain ids.
    IdsInNames {
        /// So many were seen once.
        once: usize,
        /// Of so many.
        activities: usize,
        /// One of them.
        example: String,
    },
    /// What is assumed.
    Assumption(Assumption),
    /// What the figures rest on.
    Evidence(EvidenceNote),
    /// What has still to be tried.
    Trial(TrialNote),
}

/// What is assumed for want of a declaration or of cases.
#[derive(Clone, Debug, PartialEq)]
pub enum Assumption {
    /// No criticality is declared. What is recommended at each; empty if nothing is.
    Criticality(BTreeMap<Level, Option<Recommendation>>),
    /// All that ended in the window had begun before, so the rate is 0.
    NoneBegan,
    /// The last activity stands for the outcome.
    NoOutcomeMapped,
    /// Every case has one event.
    OneEventPerCase,
    /// Outcomes with a severity that follows from their names.
    SeverityByName(Vec<(String, Ppm)>),
    /// Outcomes that nobody has classified, so that nothing shows if their cases are right.
    Unclassified {
        /// Cases that ended in one.
        cases: i64,
        /// Ended cases.
        of: i64,
        /// The most frequent ones, with their cases.
        outcomes: Vec<(String, i64)>,
        /// How many more there are.
        more: usize,
    },
    /// Nothing could be a deviation.
    NothingMeasurable,
}

/// What the figures rest on, or leave out.
#[derive(Clone, Debug, PartialEq)]
pub enum EvidenceNote {
    /// Records were lost.
    RecordsLost {
        /// How many.
        lost: i64,
        /// Gaps of a source among them.
        gaps: i64,
        /// The share of all records.
        share: f64,
        /// What follows.
        effect: LossEffect,
    },
    /// The log has no times.
    Undated,
    /// No source has told of anything for long.
    Silent {
        /// The last event.
        since: Time,
        /// Days since then.
        days: i64,
    },
    /// The last event of the process, although its sources tell of others and several cases should have begun since.
    Dormant(Time),
    /// Open cases that deviate already: they are over their limit, or were reopened.
    OpenDeviate {
        /// These cases.
        cases: i64,
        /// All open cases.
        of: i64,
    },
    /// Cases ended or were resolved before they began, by the times of their log.
    EndsBeforeStart {
        /// These cases.
        cases: i64,
        /// Ended cases.
        of: i64,
    },
    /// Cases were resolved so recently that they may still be reopened, or reversed by a review.
    Young {
        /// These cases.
        cases: i64,
        /// Cases that are scored.
        of: i64,
        /// How long it usually takes; `None` if that is longer than cases have been watched.
        usual: Option<Span>,
        /// So many of them are expected to be.
        expected: f64,
        /// Whether they are too many to say how many will be.
        too_many: bool,
    },
    /// Since the epoch too few cases have ended to measure a size, so the one from before holds.
    SizeBeforeEpoch(Time),
    /// Cases have ended on too few days to call anything within.
    TooFewDays {
        /// On so many.
        days: i64,
        /// It takes so many.
        needed: i64,
    },
    /// What is missed, or the false alarms, are outside of what is tolerated, or too little is known of them.
    Direction(DirectionScore),
    /// Only confirmed outcomes count.
    OnlyConfirmed {
        /// Confirmed cases.
        confirmed: i64,
        /// Ended cases.
        of: i64,
    },
    /// Not every case that people took part in has a hands-on time.
    HandsOn {
        /// Those that have one.
        timed: i64,
        /// Those that people took part in.
        by_people: i64,
        /// What is taken for the others.
        taken: HandsOnTaken,
    },
    /// Of so many paths one was kept.
    PathsSampled(u64),
    /// Of some runs nothing shows if they were as designed, so pass^k leaves them out.
    UnknownRuns {
        /// These runs.
        runs: i64,
        /// All that have an input, or the sample of them.
        of: i64,
    },
    /// Of so many inputs one was kept.
    InputsSampled(u64),
    /// The table has no permissible deviation.
    NoTolerance,
}

/// What follows from lost records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossEffect {
    /// Nobody can say how much is missing, so there is no verdict.
    Unknown,
    /// So much that there is no verdict.
    TooMuch,
    /// Intervals are wider.
    Widened,
}

/// What is taken for the hands-on time of cases that have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandsOnTaken {
    /// That of the cases that have one.
    Measured,
    /// What the catalog declares.
    Declared,
    /// Nothing: none is declared.
    Nothing,
}

/// What has still to be tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TrialNote {
    /// A kind should run the process that never has.
    Untried(Executor),
    /// Shadow runs of a kind that could not be compared.
    NotCompared(Executor, ShadowReason),
    /// Shadow runs of a kind that are too few.
    Open {
        /// The kind.
        executor: Executor,
        /// How many more it takes.
        missing: u64,
    },
}

impl ProcessScore {
    /// Whether its log has no times.
    pub(crate) fn is_undated(&self) -> bool {
        self.notes.contains(&Note::Evidence(EvidenceNote::Undated))
    }
}

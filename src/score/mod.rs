//! From sums to scores: size, levels, class, permissible and observed deviation, status, recommendation.
//!
//! Pure. DESIGN of the formulae: docs/scoring.md. Knows nothing of files, databases or the wall clock.

mod agreement;
mod all;
mod analysis;
mod basis;
mod bounds;
mod breakup;
mod by_executor;
mod case_facts;
mod change;
mod clean_cases;
mod compare;
mod deviation;
mod difference;
mod disagreements;
mod follows;
mod frequency;
mod hands_on;
mod input;
mod note;
mod notes;
mod process;
mod process_score;
mod process_size;
mod rate;
mod reason;
mod recommend;
mod shadow;
mod size;
mod table;
mod trial_evidence;
mod trials;
mod value;
mod verdict;
mod wording;

pub use agreement::{
    Agreement, Components, Estimate, KindAgreement, PairCount, PairTable, PassHat, RunCount,
    Unknown, agreement,
};
#[cfg(test)]
pub(crate) use all::score_all;
pub use all::{Scoring, mean_deviation};
pub use bounds::Bounds;
pub use breakup::{
    BreakUp, BreakUpTerms, CutReason, JumpBack, LargestDecision, LargestSource, Part, PathCounts,
    break_up,
};
pub use change::{Change, Held, changes};
pub use compare::{Comparison, Incomparable, KindDifference, KindTotals, compare};
pub use difference::{Claim, Difference, Differing, differences};
pub use frequency::{Elasticity, ForecastWeek, Frequency, Trend, Weekdays, Withheld, frequency};
pub use input::Terms;
pub use note::{Assumption, EvidenceNote, HandsOnTaken, LossEffect, Note, TrialNote};
pub use process_score::{
    Advice, BaselineScore, CaseCounts, CleanCases, ComparedBy, Conformance, Consistency,
    Constraints, DeclaredFact, DirectlyFollows, Disagreement, Durations, Edge, ExecutorScore,
    ExerciseScore, Levels, LossScore, OutcomeScore, Pace, ProcessScore, Provenance, Rate, Rating,
    RunBy, ScoredCases, ShadowScore, Share, SizeParts, SizeScore, SizeSource, SpreadScore, Trials,
};
pub use reason::{
    Figures, Guard, LiveFigures, NoVerdict, Reason, ShadowFigures, ShadowReason, ShadowRuns,
    UnreachableReason,
};
pub use recommend::{Attributes, Condition, Verdict, conditions, recommend};
pub use size::{SizeError, Sizes, own_size, sizes};
pub use table::{
    achieved_class, complexity_level, frequency_level, permissible_deviation, status,
    tolerance_level,
};
pub use value::{
    AutomationTerms, DEFAULT_HORIZON_MONTHS, HandsOnMinutes, MissingInput, OpenBounds, Value,
    ValueInput, ValueReason, ValueVerdict, value,
};

pub(crate) use bounds::{exactly, interval_of, widened_bounds};
pub(crate) use by_executor::is_unresolved;
pub(crate) use trial_evidence::TrialEvidence;
pub(crate) use value::{MINUTES_PER_HOUR, WEEKS_PER_YEAR};

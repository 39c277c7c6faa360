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
mod dependence;
mod determinism;
mod deviation;
#[cfg(test)]
mod dice;
mod difference;
mod directions;
mod disagreements;
mod follows;
mod frequency;
mod hands_on;
mod input;
mod note;
mod notes;
mod observed;
mod process;
mod process_score;
mod process_size;
mod rate;
mod reason;
mod recommend;
mod shadow;
mod size;
mod stage_times;
mod table;
mod trial_evidence;
mod trials;
mod value;
mod verdict;
mod wording;
mod young;

pub(crate) use agreement::{Agreement, Components, Estimate, KindAgreement, PassHat, Unknown};
#[cfg(test)]
pub(crate) use all::score_all;
pub(crate) use all::{Scoring, mean_deviation};
pub(crate) use bounds::Bounds;
pub(crate) use breakup::{BreakUp, JumpBack, Part};
pub(crate) use change::{Change, Held, changes};
pub(crate) use compare::{Comparison, Incomparable, KindDifference};
pub(crate) use dependence::Independence;
pub(crate) use difference::{Claim, Difference, Differing, differences};
pub(crate) use directions::{DirectionScore, status_with};
pub(crate) use frequency::{Elasticity, Frequency, Weekdays, Withheld};
pub(crate) use input::Terms;
pub use process_score::ProcessScore;
pub(crate) use process_score::{
    Automation, DeclaredFact, DirectlyFollows, Disagreement, Durations, Edge, ExecutorScore,
    ExerciseScore, ShadowScore, Share, SizeSource,
};
pub(crate) use recommend::{Attributes, Condition, Verdict, conditions, recommend, reversal};
pub(crate) use stage_times::StageTime;
pub(crate) use table::{
    achieved_class, complexity_level, frequency_level, permissible_deviation, status,
    tolerance_level,
};
pub(crate) use value::{AutomationTerms, HandsOnMinutes, OpenBounds, Value, ValueInput, value};

pub(crate) use bounds::{exactly, interval_of, widened_bounds};
pub(crate) use by_executor::is_unresolved;
pub(crate) use trial_evidence::TrialEvidence;
pub(crate) use value::{MINUTES_PER_HOUR, WEEKS_PER_YEAR};
pub(crate) use wording::as_independent;
pub(crate) use wording::direction_name;

#[cfg(test)]
pub(crate) use {
    agreement::{RunCount, agreement},
    breakup::cut_reason::CutReason,
    frequency::frequency,
    process_score::{ComparedBy, Rating},
    reason::ShadowReason,
    size::own_size,
    value::ValueVerdict,
};

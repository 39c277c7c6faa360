//! From sums to scores: size, levels, class, permissible and observed deviation, status, recommendation.
//!
//! Pure. DESIGN of the formulae: docs/scoring.md. Knows nothing of files, databases or the wall clock.

mod agreement;
mod all;
mod analysis;
mod breakup;
mod change;
mod compare;
mod difference;
mod follows;
mod frequency;
mod hands_on;
mod missing;
mod notes;
mod process;
mod rate;
mod reason;
mod recommend;
mod shape;
mod sides;
mod size;
mod table;
mod value;
mod verdict;

pub use agreement::{
    Agreement, Components, Estimate, KindAgreement, PairCount, PairTable, PassHat, RunCount,
    Unknown, agreement,
};
pub use all::{Scoring, mean_deviation, score_all};
pub use breakup::{
    BreakUp, BreakUpTerms, JumpBack, LargestDecision, LargestSource, Part, PathCounts, break_up,
};
pub use change::{Change, Held, changes};
pub use compare::{Comparison, Incomparable, KindDifference, KindTotals, compare};
pub use difference::{Claim, Difference, Differing, differences};
pub use frequency::{Elasticity, ForecastWeek, Frequency, Trend, Weekdays, Withheld, frequency};
pub use process::Terms;
pub use recommend::{Attributes, Condition, Verdict, conditions, recommend};
pub use shape::{
    BaselineScore, Bounds, ComparedBy, DirectlyFollows, Disagreement, Durations, Edge,
    ExecutorScore, ExerciseScore, LossScore, ProcessScore, Provenance, ShadowScore, Share,
    SizeParts, SizeSource, SpreadScore,
};
pub use size::{SizeError, Sizes, own_size, sizes};
pub use table::{
    achieved_class, complexity_level, frequency_level, permissible_deviation, status,
    tolerance_level,
};
pub use value::{
    AutomationTerms, DEFAULT_HORIZON_MONTHS, HandsOnMinutes, OpenBounds, Value, ValueInput,
    ValueVerdict, value,
};

pub(crate) use process::{interval_of, widened_bounds};
pub(crate) use sides::is_unresolved;
pub(crate) use value::{MINUTES_PER_HOUR, WEEKS_PER_YEAR, exactly};
pub(crate) use verdict::Shown;

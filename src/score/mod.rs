//! From sums to scores: size, levels, class, permissible and observed deviation, status, recommendation.
//!
//! Pure. DESIGN of the formulae: docs/scoring.md. Knows nothing of files, databases or the wall clock.

mod change;
mod evidence;
mod frequency;
mod process;
mod recommend;
mod shape;
mod size;
mod table;
mod value;

pub use change::{Change, changes};
pub use evidence::{Evidence, ProcessSums};
pub use frequency::{Elasticity, ForecastWeek, Frequency, Trend, Weekdays, Withheld, frequency};
pub use process::{Terms, score_all};
pub use recommend::{Attributes, Verdict, recommend};
pub use shape::{Bounds, Durations, ExecutorScore, ProcessScore, SizeParts};
pub use size::{SizeError, Sizes, own_size, sizes};
pub use table::{
    achieved_class, complexity_level, frequency_level, permissible_deviation, status,
    tolerance_level,
};
pub use value::{
    AutomationTerms, DEFAULT_AUTOMATED_SHARE, DEFAULT_HORIZON_MONTHS, HandsOnMinutes, OpenBounds,
    Value, ValueInput, ValueVerdict, value,
};

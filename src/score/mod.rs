//! From sums to scores: size, levels, class, permissible and observed deviation, status, recommendation.
//!
//! Pure. DESIGN of the formulae: docs/scoring.md. Knows nothing of files, databases or the wall clock.

mod agreement;
mod change;
mod compare;
mod evidence;
mod process;
mod recommend;
mod shape;
mod size;
mod table;

pub use agreement::{
    Agreement, Components, Estimate, KindAgreement, PairCount, PairTable, PassHat, RunCount,
    Unknown, agreement,
};
pub use change::{Change, changes};
pub use compare::{Comparison, Difference, Incomparable, KindTotals, compare};
pub use evidence::{Evidence, ProcessSums};
pub use process::{Terms, score_all};
pub use recommend::{Attributes, Verdict, recommend};
pub use shape::{Bounds, Durations, ExecutorScore, ProcessScore, SizeParts};
pub use size::{SizeError, Sizes, own_size, sizes};
pub use table::{
    achieved_class, complexity_level, frequency_level, permissible_deviation, status,
    tolerance_level,
};

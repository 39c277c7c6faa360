//! What is counted: sums that form a commutative group.
//!
//! A [`Sums`] can be added, subtracted and merged, exactly and in any order, because everything in it is an integer. So
//! late, reordered or corrected events, back-fills and merges of shards all give identical sums. Knows nothing of
//! tolerances, files or time zones.

mod baseline;
mod cohort;
mod counts;
mod evidence;
mod follow_up;
mod key;
mod observation;
mod sampled;
mod sketch;
mod stages;
mod sums;
mod tally;
mod trace;
mod windows;

pub(crate) use baseline::{Baseline, BaselineFinder, BaselineTerms};
pub(crate) use counts::Counts;
pub use evidence::Evidence;
pub use evidence::Loss;
pub(crate) use evidence::{Measured, ProcessSums, UNKNOWN_LOSS};
pub(crate) use follow_up::FollowUp;
pub(crate) use key::{BucketKey, BucketPart, TotalKey, bucket_parts};
pub(crate) use observation::{Coverage, Run, Stretch, covered_weeks};
pub(crate) use sampled::Sampled;
pub(crate) use sketch::Sketch;
pub use sketch::duration_bin;
pub(crate) use stages::Stages;
pub use sums::Sums;
#[cfg(test)]
pub(crate) use sums::{DirectedKey, RunKey, TwinKey};
pub(crate) use sums::{END, Waiting};
pub(crate) use tally::{Tally, stretch_of};
pub use trace::Trace;
pub use windows::Period;
pub(crate) use windows::Windows;

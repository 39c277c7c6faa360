//! What is counted: sums that form a commutative group.
//!
//! A [`Sums`] can be added, subtracted and merged, exactly and in any order, because everything in it is an integer. So
//! late, reordered or corrected events, back-fills and merges of shards all give identical sums. Knows nothing of
//! tolerances, files or time zones.

mod baseline;
mod counts;
mod evidence;
mod key;
mod observation;
mod sampled;
mod sketch;
mod sums;
mod tally;
mod windows;

pub use baseline::{Baseline, BaselineFinder, BaselineTerms};
pub use counts::Counts;
pub use evidence::{Evidence, Loss, Measured, ProcessSums, UNKNOWN_LOSS};
pub use key::{BucketKey, TotalKey, bucket_parts};
pub use observation::{Coverage, Stretch, covered_weeks};
pub use sampled::{Hashed, MOST_HASHES, Sample, Sampled};
pub use sketch::Sketch;
pub use sums::{END, RunKey, Sums, TwinKey};
pub use tally::{Tally, stretch_of};
pub use windows::{Period, Windows};

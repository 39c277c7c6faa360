//! What is counted: sums that form a commutative group.
//!
//! A [`Sums`] can be added, subtracted and merged, exactly and in any order, because everything in it is an integer. So
//! late, reordered or corrected events, back-fills and merges of shards all give identical sums. Knows nothing of
//! tolerances, files or time zones.

mod counts;
mod key;
mod sampled;
mod sketch;
mod sums;

pub use counts::Counts;
pub use key::{BucketKey, bucket_parts};
pub use sampled::{Hashed, MOST_HASHES, Sampled};
pub use sketch::Sketch;
pub use sums::{END, RunKey, Sums, TwinKey};

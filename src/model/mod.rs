//! The vocabulary of the whole program as plain types: no I/O, no clock, no configuration.
//!
//! Everything above speaks in these words; this module knows none of the modules above it.

pub mod humanize;
mod kinds;
pub mod metrics;
mod names;
mod text;
mod time;
mod words;

pub use kinds::{Class, Executor, Level, Lifecycle, Origin, Status, TolClass};
pub use names::{NameId, Names};
pub use text::printable;
pub use time::{
    DAY_HOURS, DAY_US, Day, HOUR_US, Hour, SECOND_US, Span, Time, WEEK_US, day_of, weekday,
};
pub use words::ParseKindError;
pub(crate) use words::words;

/// A share in parts per million, the unit in which deviations are counted so that sums stay exact.
pub type Ppm = u32;

/// One whole (1.0) in parts per million.
pub const ONE: Ppm = 1_000_000;

/// Turns a share in \[0, 1\] into parts per million, rounding to the nearest.
///
/// Values outside the range are clamped; NaN becomes 0.
pub fn ppm(share: f64) -> Ppm {
    (share.clamp(0.0, 1.0) * f64::from(ONE)).round() as Ppm
}

/// The stable hash of some bytes: used for identities that are kept on disk, so it must never change.
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}

/// The same of a text.
pub fn hash_text(text: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

/// Folds a second hash into a first one, order-sensitively.
pub fn hash_pair(a: u64, b: u64) -> u64 {
    let mut bytes = [0u8; 16];
    bytes[..8].copy_from_slice(&a.to_le_bytes());
    bytes[8..].copy_from_slice(&b.to_le_bytes());
    xxhash_rust::xxh3::xxh3_64(&bytes)
}

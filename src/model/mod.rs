//! The vocabulary of the whole program as plain types: no I/O, no clock, no configuration.
//!
//! Everything above speaks in these words; this module knows none of the modules above it.

mod calendar;
pub(crate) mod humanize;
mod kinds;
pub(crate) mod metrics;
mod names;
mod ppm;
mod span;
mod spreadsheet;
mod text;
mod time;
mod words;
pub(crate) mod yaml;

pub(crate) use calendar::DAY_HOURS;
pub use calendar::{Day, Hour};
pub use kinds::Executor;
pub use kinds::Lifecycle;
pub(crate) use kinds::{Class, Direction, Level, Origin, Status, TolClass, Transition};
pub use names::{NameId, Names};
pub use ppm::Ppm;
pub use span::Span;
pub(crate) use spreadsheet::spreadsheet_cell;
pub(crate) use text::printable;
pub(crate) use time::DAY_US;
pub use time::HOUR_US;
pub use time::SECOND_US;
pub use time::Time;
pub(crate) use words::ParseKindError;
pub(crate) use words::words;

/// The stable hash of some bytes: used for identities that are kept on disk, so it must never change.
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}

/// The same of a text.
pub(crate) fn hash_text(text: &str) -> u64 {
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

/// Folds a second hash into a first one, order-sensitively.
pub(crate) fn hash_pair(a: u64, b: u64) -> u64 {
    let mut bytes = [0u8; 16];
    bytes[..8].copy_from_slice(&a.to_le_bytes());
    bytes[8..].copy_from_slice(&b.to_le_bytes());
    xxhash_rust::xxh3::xxh3_64(&bytes)
}

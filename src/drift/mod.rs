//! Drift: has a process changed against its own past, at a false-alarm rate that is stated?
//!
//! A pure fold over finished days in the order of event time: baselines learned from the first days of an epoch, e-detectors
//! over bounded streams, alarms with their onset, direction and size. docs/drift.md has the formulae. Knows no clock, no
//! database and nobody who acknowledges an alarm.

mod baseline;
mod behind;
mod budget;
mod critical;
mod detect;
mod digest;
mod driver;
mod epoch;
mod estimate;
mod fold;
mod history;
mod hour;
mod learn;
mod plan;
mod said;
mod settled;
mod soon;
mod stream;
mod suspicion;

pub use baseline::{Baseline, BaselineSummary};
pub use behind::{CASES_NAMED, cases_behind};
pub use budget::Budget;
pub use critical::CriticalRates;
pub use detect::Detectors;
pub use digest::Digest;
pub use driver::{DriftDriver, DriftRun, EpochUpdate};
pub use epoch::{Cause, Epoch};
pub use fold::{Alarm, DayPoint, Ended, ProcessDrift, StreamState, fold};
pub use history::{KeptDays, KeptEpoch, MemoryHistory, ProcessHistory};
pub use hour::HourPart;
pub use learn::{Learning, learn};
pub use plan::{leading_version, watched_until};
pub use said::said;
pub use settled::{Ends, last_settled_day};
pub use soon::{Altered, Delay, how_soon};
pub use stream::{Direction, Stream};
pub use suspicion::Suspicion;

#[cfg(test)]
mod tests;

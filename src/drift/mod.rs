//! Drift: has a process changed against its own past, at a false-alarm rate that is stated?
//!
//! A pure fold over finished days in the order of event time: baselines learned from the first days of an epoch, e-detectors
//! over bounded streams, alarms with their onset, direction and size. docs/drift.md has the formulae. Knows no clock, no
//! database and nobody who acknowledges an alarm.

mod baseline;
mod behind;
mod budget;
mod change_point;
mod chart;
mod common;
mod critical;
mod digest;
mod driver;
mod epoch;
mod expected;
mod fold;
mod history;
mod hour;
mod learn;
mod limits;
mod plan;
mod said;
mod series;
mod settled;
mod slow_levels;
mod soon;
mod stream;
mod suspicion;
mod unusual;

pub(crate) use baseline::Baseline;
pub(crate) use behind::cases_behind;
pub use budget::Budget;
#[cfg(test)]
pub(crate) use chart::Expected;
pub(crate) use chart::{ChartPoint, StreamChart};
pub(crate) use common::{COMMON_DAYS, CommonCause, common_causes};
pub use digest::Digest;
pub(crate) use driver::{DriftDriver, DriftRun, EpochUpdate};
pub use epoch::Cause;
pub use epoch::Epoch;
pub use fold::Ended;
pub use fold::ProcessDrift;
pub use fold::fold;
pub(crate) use fold::{Alarm, DayPoint, StreamState};
pub(crate) use history::{KeptDays, KeptEpoch, MemoryHistory, ProcessHistory};
pub use hour::HourPart;
pub use learn::Learning;
pub use learn::learn;
pub(crate) use plan::{leading_version, watched_until};
pub(crate) use said::{OutcomeNames, said};
pub(crate) use settled::{Ends, last_settled_day};
pub(crate) use soon::{Altered, Delay, how_soon};
pub(crate) use stream::Direction;
pub use stream::Stream;
pub(crate) use suspicion::Suspicion;

#[cfg(test)]
mod tests;

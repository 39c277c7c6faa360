//! The clock of the daemon. What is measured takes the time as an argument.

use crate::model::Time;

/// The time of the system, in UTC.
pub(super) fn now() -> Time {
    Time::from_utc(chrono::Utc::now())
}

//! What an hour of a process is measured by: the unit in which histories are handed over.

use crate::measure::Sums;
use crate::model::{Executor, Hour};

/// Live sums of one executor kind in one hour.
#[derive(Clone, Debug)]
pub struct HourPart {
    /// The hour.
    pub hour: Hour,
    /// The kind.
    pub kind: Executor,
    /// The sums.
    pub sums: Sums,
}

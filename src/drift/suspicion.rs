//! What is looked for in the cases behind an alarm.

use super::stream::Stream;
use crate::model::{Day, NameId};

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suspicion {
    /// The stream of the alarm.
    pub stream: Stream,
    /// The outcome that has become more frequent, or is critical; `None` for those that the baseline did not have.
    pub outcome: Option<NameId>,
    /// The mean that was expected.
    pub before: f64,
    /// The mean since the onset.
    pub now: f64,
    /// From the onset ...
    pub from: Day,
    /// ... to the day on which it was raised.
    pub to: Day,
}

impl Suspicion {
    /// Whether single cases can be behind it: that more or fewer of them come is of none of them.
    pub(crate) fn is_of_cases(&self) -> bool {
        !matches!(self.stream, Stream::FrequencyUp | Stream::FrequencyDown)
    }
}

//! Late arrivals: what becomes known long after it happened, by a backfill, an export of last month, or a source that was down.

use crate::cases::Facts;
use crate::measure::{Sums, TotalKey};
use crate::model::{NameId, Origin, Span, Time};
use rustc_hash::FxHashMap;

/// The late arrivals of the next commit.
#[derive(Debug, Default)]
pub(super) struct LateArrivals {
    /// What happened before this is late.
    pub before: Time,
    /// Of the cases that have ended.
    pub ended: FxHashMap<TotalKey, Sums>,
    /// Cases that have started, by process.
    pub started: FxHashMap<NameId, i64>,
}

impl LateArrivals {
    /// A case changes. What counters see of it is late where its end (or start) lies long ago; `idle` is how long a case of
    /// its process has to be idle to have ended, so that its end can't be known before.
    pub(super) fn note(&mut self, before: Option<&Facts>, after: Option<&Facts>, idle: Span) {
        let Some(after) = after.filter(|facts| facts.origin == Origin::Live) else {
            return;
        };
        let is_new = before.is_none_or(|before| before.process != after.process);
        if is_new && after.start < self.before {
            *self.started.entry(after.process).or_default() += 1;
        }
        let known = before.filter(|before| before.ended).map(counted);
        if after.ended && after.end.plus(idle) < self.before && known != Some(counted(after)) {
            let total = (after.process, after.executor, after.origin);
            let sums = self.ended.entry(total).or_default();
            sums.add_end_counts(after, 1);
        }
    }

    pub(super) fn clear(&mut self) {
        self.ended.clear();
        self.started.clear();
    }
}

/// What counters tell apart.
fn counted(facts: &Facts) -> impl PartialEq {
    (
        (facts.process, facts.executor, facts.outcome),
        (facts.deviation, facts.duration()),
    )
}

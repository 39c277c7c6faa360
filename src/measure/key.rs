//! Which bucket a case counts in.

use crate::cases::Facts;
use crate::model::{Executor, Hour, NameId, Origin};

/// One process, executor kind and origin in one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketKey {
    /// The process.
    pub process: NameId,
    /// The kind of executor.
    pub executor: Executor,
    /// Live, exercise or shadow.
    pub origin: Origin,
    /// The hour.
    pub hour: Hour,
}

/// Which process, executor kind and origin.
pub(crate) type TotalKey = (NameId, Executor, Origin);

/// What of a case counts in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BucketPart {
    /// That it started, and that it is open.
    Start,
    /// What happened after it was resolved first.
    Resolution,
    /// That it was open and overdue.
    Overdue,
    /// Everything else, once it has ended.
    End,
}

/// The buckets that a case counts in. Each case has exactly one start.
pub(crate) fn bucket_parts(facts: &Facts) -> impl Iterator<Item = (BucketKey, BucketPart)> {
    let at = |hour: Hour| BucketKey {
        process: facts.process,
        executor: facts.executor,
        origin: facts.origin,
        hour,
    };
    let parts = [
        Some((at(facts.start.hour()), BucketPart::Start)),
        facts
            .resolution
            .map(|resolution| (at(resolution.at.hour()), BucketPart::Resolution)),
        facts
            .was_overdue()
            .map(|overdue| (at(overdue.from), BucketPart::Overdue)),
        facts
            .complete
            .then(|| (at(facts.end.hour()), BucketPart::End)),
    ];
    parts.into_iter().flatten()
}

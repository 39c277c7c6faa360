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

/// The buckets a case counts in: that of its start (started, open) and that of its end (everything else).
pub(crate) fn bucket_parts(facts: &Facts) -> (BucketKey, BucketKey) {
    let at = |hour| BucketKey {
        process: facts.process,
        executor: facts.executor,
        origin: facts.origin,
        hour,
    };
    (at(facts.start.hour()), at(facts.end.hour()))
}

//! What a score is made from: sums by process, with the time they cover.

use crate::measure::{BucketKey, Sums};
use crate::model::{Executor, NameId, Origin, Time};
use std::collections::BTreeMap;

/// The sums of one process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessSums {
    /// By executor kind and origin.
    pub parts: BTreeMap<(Executor, Origin), Sums>,
}

impl ProcessSums {
    /// Adds `sign` times the sums of a bucket.
    pub fn merge(&mut self, key: &BucketKey, sums: &Sums, sign: i64) {
        let part = self.parts.entry((key.executor, key.origin)).or_default();
        part.merge(sums, sign);
        if part.is_zero() {
            self.parts.remove(&(key.executor, key.origin));
        }
    }

    /// The part to add to.
    pub fn part(&mut self, key: &BucketKey) -> &mut Sums {
        self.parts.entry((key.executor, key.origin)).or_default()
    }

    /// Takes away what is zero: what has come and gone must not differ from what never was.
    pub fn drop_zeros(&mut self) {
        self.parts.retain(|_, sums| !sums.is_zero());
    }

    /// All executor kinds of one origin together.
    pub fn of_origin(&self, origin: Origin) -> Sums {
        let mut all = Sums::default();
        for ((_, part_origin), sums) in &self.parts {
            if *part_origin == origin {
                all.merge(sums, 1);
            }
        }
        all
    }
}

/// The sums of all processes, with the time they cover.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// By process. A process with no sums is one that is declared and was never seen.
    pub processes: BTreeMap<NameId, ProcessSums>,
    /// The first instant that the sums cover.
    pub from: Time,
    /// The same for processes with a window of their own.
    pub own_from: BTreeMap<NameId, Time>,
    /// The last one.
    pub to: Time,
}

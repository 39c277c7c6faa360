//! Identity by content: the n-th event of a file that says the same as n-1 before it.

use crate::ingest::EventBatch;
use crate::model::hash_pair;
use rustc_hash::FxHashMap;

/// Numbers events that say the same within one file, so that they stay different events, while the same ones in an
/// overlapping export are recognised. One counter per file, given its batches in order.
#[derive(Debug, Default)]
pub struct ContentCounter(FxHashMap<u64, u64>);

impl ContentCounter {
    /// Makes the identities of a batch unique within the file.
    pub fn number(&mut self, batch: &mut EventBatch) {
        for event in &mut batch.events {
            let count = self.0.entry(event.identity).or_default();
            event.identity = hash_pair(event.identity, *count);
            *count += 1;
        }
    }
}

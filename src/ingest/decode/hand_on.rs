//! Batches of decoders that read record by record: handed on before they take much memory.

use super::BATCH_RECORDS;
use crate::ingest::batch::EventBatch;
use std::ops::ControlFlow;

/// A batch that takes more memory than this is handed on.
const BATCH_BYTES: usize = 2 << 20;

/// Takes the batches of a decoder, and says whether it wants more.
pub(super) type Sink<'s> = &'s mut dyn FnMut(EventBatch) -> ControlFlow<()>;

/// The batch that a decoder fills.
pub(super) struct HandOn<'s> {
    /// The batch.
    pub(super) batch: EventBatch,
    sink: Sink<'s>,
    /// Memory of the first `weighed` rejects.
    reject_bytes: usize,
    weighed: usize,
    /// The receiver wants no more.
    pub(super) stopped: bool,
}

impl<'s> HandOn<'s> {
    pub(super) fn new(sink: Sink<'s>) -> HandOn<'s> {
        HandOn {
            batch: EventBatch::default(),
            sink,
            reject_bytes: 0,
            weighed: 0,
            stopped: false,
        }
    }

    /// Hands the batch on if it is full.
    pub(super) fn after_record(&mut self) {
        let new = &self.batch.rejects[self.weighed..];
        self.reject_bytes += new.iter().map(|reject| reject.bytes()).sum::<usize>();
        self.weighed = self.batch.rejects.len();
        let is_full = self.batch.records as usize >= BATCH_RECORDS
            || self.batch.event_bytes() + self.reject_bytes > BATCH_BYTES;
        if is_full {
            (self.reject_bytes, self.weighed) = (0, 0);
            self.stopped = (self.sink)(std::mem::take(&mut self.batch)).is_break();
        }
    }

    /// Hands on what is left.
    pub(super) fn finish(self) {
        if self.batch.records > 0 && !self.stopped {
            // Nothing follows, so it does not matter whether the receiver wants more.
            let _ = (self.sink)(self.batch);
        }
    }
}

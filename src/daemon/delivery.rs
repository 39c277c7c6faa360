//! What a source hands to the engine: events, and how far the source was read with them.

use crate::ingest::EventBatch;
use crate::ingest::framing::Framing;
use crate::store::FileRow;
use std::sync::Arc;

/// Events of one stretch of a source, to be committed together with its position.
#[derive(Debug, Default)]
pub struct Delivery {
    /// The source.
    pub source: Arc<str>,
    /// The file, for people.
    pub file: String,
    /// The events and rejects.
    pub batch: EventBatch,
    /// The identity of the stream of records.
    pub stream: u64,
    /// `ndjson` or `csv`: how rejected records are written.
    pub format: &'static str,
    /// The bytes that the batch was decoded from, where they are at hand: to keep the records that the engine refuses.
    pub raw: Option<Raw>,
    /// The header, for CSV.
    pub head: Arc<[u8]>,
    /// How far the file was read with this.
    pub position: Option<FileRow>,
    /// An export that was read whole: hash of its content and path.
    pub export_done: Option<(u64, String)>,
    /// A file whose position is not needed any more.
    pub forgotten: Option<u32>,
    /// Something noteworthy that happened to a file, by its word.
    pub notice: Option<&'static str>,
}

/// A stretch of a stream of records.
#[derive(Debug)]
pub struct Raw {
    /// Where it begins in the stream.
    pub offset: u64,
    /// Whole records.
    pub bytes: Vec<u8>,
    /// How they are cut.
    pub framing: Framing,
}

impl Raw {
    /// The record that stands at an offset of the stream.
    pub fn record(&self, offset: u64) -> &[u8] {
        let at = offset.checked_sub(self.offset);
        let rest = at.and_then(|at| self.bytes.get(usize::try_from(at).ok()?..));
        let rest = rest.unwrap_or_default();
        let end = self.framing.first_end(rest).unwrap_or(rest.len());
        &rest[..end]
    }
}

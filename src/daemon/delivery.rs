//! What a source hands to the engine: events, and how far the source was read with them.

use crate::ingest::EventBatch;
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

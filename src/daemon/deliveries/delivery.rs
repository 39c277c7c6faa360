//! What a source hands to the engine: events, and how far the source was read with them.

use crate::ingest::EventBatch;
use crate::ingest::framing::Framing;
use crate::query::InHand;
use crate::store::{DamagedRow, FileRow};
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
    /// The first record of the batch in its log; `None` if records of its source are always finished.
    pub first_record: Option<RecordPlace>,
    /// The only record is a last line without line end that can't be read. It is delivered again with its rest.
    pub is_unfinished: bool,
    /// How far the file was read with this.
    pub position: Option<FileRow>,
    /// An export that was read whole: hash of its content and path.
    pub export_done: Option<(u64, String)>,
    /// A file whose position is not needed any more.
    pub position_forgotten: Option<u32>,
    /// It begins an export, which is read from its start.
    pub begins_export: bool,
    /// Its records may have been delivered before: the position of its file was damaged.
    pub is_repeated: bool,
    /// It is a quarantined record that is tried again. It says nothing about how far its source was read.
    pub is_replay: bool,
    /// A stretch of the source could not be read and is lost.
    pub gap: bool,
    /// Something noteworthy that happened to a file, by its word.
    pub notice: Option<&'static str>,
    /// Whether it is committed at once: the daemon died in its export before.
    pub must_commit: bool,
    /// Stored positions of the source that are damaged.
    pub damaged: Vec<DamagedRow>,
    /// Counts it as read and not yet taken.
    pub in_hand: Option<InHand>,
}

/// Where a record of a log begins. The same while the record grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordPlace {
    /// The log.
    pub log: u64,
    /// The offset in bytes.
    pub offset: u64,
}

impl Delivery {
    /// The stream that contains its rejects. If exports overlap, all of them are one stream of events; their rejects are told
    /// apart by the export.
    pub(super) fn reject_stream(&self, overlaps: bool) -> u64 {
        let export = self.position.as_ref().filter(|_| overlaps);
        export.map_or(self.stream, |position| position.stream)
    }
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
    /// The record that stands at an offset of the stream, or around it: of several events of one record each has an
    /// offset of its own.
    pub fn record(&self, offset: u64) -> &[u8] {
        let at = offset
            .checked_sub(self.offset)
            .and_then(|at| usize::try_from(at).ok())
            .filter(|at| *at < self.bytes.len());
        let Some(at) = at else {
            return &[];
        };
        let begin = memchr::memrchr(b'\n', &self.bytes[..at]).map_or(0, |end| end + 1);
        let rest = &self.bytes[begin..];
        let end = self.framing.first_end(rest).unwrap_or(rest.len());
        &rest[..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_found_from_any_offset_in_it() {
        let raw = Raw {
            offset: 100,
            bytes: b"one\ntwo\n".to_vec(),
            framing: Framing::Lines,
        };
        assert_eq!(raw.record(100), b"one\n");
        assert_eq!(raw.record(102), b"one\n");
        assert_eq!(raw.record(104), b"two\n");
        assert_eq!(raw.record(105), b"two\n");
        assert_eq!(raw.record(99), b"");
        assert_eq!(raw.record(900), b"");
    }
}

//! Rows of deliveries that wait for the next commit.

use super::delivery::{Delivery, RecordPlace};
use crate::ingest::Reason;
use crate::model::Time;
use crate::store::{Commit, FileRow, QuarantineRow};
use std::collections::BTreeMap;

/// Positions, exports and rejects that wait for the next commit.
#[derive(Debug, Default)]
pub(super) struct WaitingRows {
    /// Records delivered.
    pub records: u64,
    /// Rejected records.
    pub quarantine: Vec<QuarantineRow>,
    /// Quarantined records that were tried again: number, and whether they became events.
    pub replayed: Vec<(i64, bool)>,
    /// Quarantined records that are finished now: source, log and offset.
    finished: Vec<(String, u64, u64)>,
    /// Exports to read again: source and path.
    pub exports_forgotten: Vec<(String, String)>,
    /// Exports that were read whole: source, hash of the content, path, time.
    exports_done: Vec<(String, u64, String, i64)>,
    /// The last position of each file, by source and number.
    positions: BTreeMap<(String, u32), FileRow>,
    /// Positions that are no longer needed: source and number.
    positions_forgotten: Vec<(String, u32)>,
}

impl WaitingRows {
    /// Adds the positions and the export of a delivery.
    pub(super) fn add(&mut self, delivery: Delivery, now: Time) {
        self.records += delivery.batch.records;
        let source = &*delivery.source;
        if let Some(row) = delivery.position {
            self.positions.insert((row.source.clone(), row.id), row);
        }
        if let Some((hash, path)) = delivery.export_done {
            self.exports_done
                .push((source.to_owned(), hash, path, now.0));
        }
        let forgotten = delivery
            .position_forgotten
            .map(|id| (source.to_owned(), id));
        self.positions_forgotten.extend(forgotten);
    }

    /// Lets the row of a record go that had no line end.
    pub(super) fn finish(&mut self, source: &str, place: RecordPlace) {
        let is_it = |row: &QuarantineRow| {
            row.reason == Reason::Unfinished.word()
                && row.source == source
                && (row.stream, row.place) == (place.log, place.offset)
        };
        self.quarantine.retain(|row| !is_it(row));
        self.finished
            .push((source.to_owned(), place.log, place.offset));
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.records == 0
            && self.quarantine.is_empty()
            && self.replayed.is_empty()
            && self.finished.is_empty()
            && self.exports_forgotten.is_empty()
            && self.exports_done.is_empty()
            && self.positions.is_empty()
            && self.positions_forgotten.is_empty()
    }

    /// Moves the rows to a commit.
    pub(super) fn write_to(self, commit: &mut Commit) {
        commit.quarantine.extend(self.quarantine);
        commit.replayed.extend(self.replayed);
        commit.finished.extend(self.finished);
        commit.exports_forgotten.extend(self.exports_forgotten);
        commit.exports_done.extend(self.exports_done);
        commit.positions.extend(self.positions.into_values());
        commit.positions_forgotten.extend(self.positions_forgotten);
    }
}

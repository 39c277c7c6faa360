//! Recognises rejected records that come again: exports overlap, and each of them contains the records that could not be read
//! before.
//!
//! An event that comes again counts once. A rejected record must count once, too: otherwise a daily export of thirty days
//! would lose it thirty times. It is identified by its content, and counts as often as one export contains it.

use crate::model::{Hour, hash_pair, hash_text};
use crate::store::{QuarantineRow, Store, StoreError};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeSet, VecDeque};

/// The number of different records that are recognised. One more, and the oldest one is forgotten.
const MOST: usize = 100_000;

/// The rejected records of sources whose exports overlap. After a start, those in the quarantine.
#[derive(Debug, Default)]
pub(super) struct RejectDeduplicator {
    lost: FxHashMap<u64, LostRecord>,
    /// In the order in which they were lost.
    order: VecDeque<u64>,
    /// How often each record was found in the exports that are being read: by source and export, by record.
    begun: FxHashMap<u64, FxHashMap<u64, u32>>,
}

/// A record that was lost.
#[derive(Debug)]
struct LostRecord {
    /// How many of one export say the same.
    count: u32,
    /// The hour in which they count.
    hour: Hour,
}

fn record_of(source: &str, record: u64) -> u64 {
    hash_pair(hash_text(source), record)
}

fn export_of(source: &str, export: u64) -> u64 {
    hash_pair(hash_text(source), export)
}

impl RejectDeduplicator {
    /// Loads the quarantine of the sources whose exports overlap.
    pub(super) fn load(
        store: &Store,
        overlapping: &BTreeSet<String>,
    ) -> Result<RejectDeduplicator, StoreError> {
        let mut rejects = RejectDeduplicator::default();
        // An export that was read again for a replay has a second row for each record that was rejected again.
        let mut known: FxHashSet<u64> = FxHashSet::default();
        let mut sources: FxHashSet<String> = FxHashSet::default();
        store.each_quarantined(&mut |row: QuarantineRow| {
            if !overlapping.contains(&row.source) || row.hash == 0 {
                return;
            }
            let place = hash_pair(row.place, hash_text(&row.detail));
            let record = record_of(&row.source, row.hash);
            let at = hash_pair(hash_pair(export_of(&row.source, row.stream), place), record);
            if known.insert(at) {
                rejects.is_new(&row.source, row.stream, row.hash, row.hour);
                sources.insert(row.source);
            }
        })?;
        let mut begun = FxHashSet::default();
        for source in &sources {
            let files = store.files(source)?;
            begun.extend(files.iter().map(|file| export_of(source, file.stream)));
        }
        // Reading goes on in the middle of these exports only.
        rejects.begun.retain(|export, _| begun.contains(export));
        Ok(rejects)
    }

    /// Notes a rejected record of an export, by its hash. Returns whether it is lost with this export, and was not lost before.
    pub(super) fn is_new(&mut self, source: &str, export: u64, record: u64, hour: Hour) -> bool {
        if record == 0 {
            // There is nothing to recognise it by.
            return true;
        }
        let record = record_of(source, record);
        let export = self.begun.entry(export_of(source, export)).or_default();
        let count = export.entry(record).or_default();
        *count += 1;
        let lost = self.lost.entry(record).or_insert_with(|| {
            self.order.push_back(record);
            LostRecord { count: 0, hour }
        });
        let is_new = *count > lost.count;
        lost.count = lost.count.max(*count);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.lost.remove(&oldest);
        }
        is_new
    }

    /// An export is read from its start: what was found in it before is found again.
    pub(super) fn begin_export(&mut self, source: &str, export: u64) {
        self.begun.remove(&export_of(source, export));
    }

    /// An export was read whole.
    pub(super) fn end_export(&mut self, source: &str, export: u64) {
        self.begun.remove(&export_of(source, export));
    }

    /// A record became an event. Returns the hour in which it counted as lost; `None` if another export that contains it took
    /// that back already.
    pub(super) fn take_back(&mut self, source: &str, record: u64) -> Option<Hour> {
        let record = record_of(source, record);
        let lost = self.lost.get_mut(&record)?;
        let hour = lost.hour;
        lost.count -= 1;
        if lost.count == 0 {
            self.lost.remove(&record);
            self.order.retain(|known| *known != record);
        }
        Some(hour)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_the_same_is_lost_as_often_as_it_stands_in_one_export() {
        let mut rejects = RejectDeduplicator::default();
        let mut new = |export, record| rejects.is_new("in", export, record, Hour(7));
        assert_eq!([new(1, 1), new(1, 1), new(1, 2)], [true; 3]);
        assert_eq!([new(2, 1), new(2, 1), new(2, 2)], [false; 3]);
        assert_eq!([new(2, 1), new(3, 3)], [true; 2]);
        // Without a record there is nothing to know it by.
        assert_eq!([new(3, 0), new(3, 0)], [true; 2]);
        // Another source has its own.
        assert!(rejects.is_new("other", 1, 1, Hour(7)));
        rejects.end_export("in", 1);
        assert!(!rejects.is_new("in", 1, 1, Hour(8)));
        // Three were lost, however often they came.
        let back = [0; 4].map(|_| rejects.take_back("in", 1));
        assert_eq!(back, [Some(Hour(7)), Some(Hour(7)), Some(Hour(7)), None]);
        rejects.end_export("in", 1);
        assert!(rejects.is_new("in", 1, 1, Hour(8)));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut rejects = RejectDeduplicator::default();
        let mut new = |export, nth: usize| rejects.is_new("in", export, nth as u64 + 1, Hour(7));
        assert!((0..=MOST).all(|nth| new(1, nth)));
        assert!(!new(2, MOST) && !new(2, 1) && new(2, 0));
    }
}

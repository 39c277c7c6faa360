//! Refused records that come again: exports overlap, and each brings what could not be read before.
//!
//! An event that comes again is recognised and counts once. A record that was refused must, too, or a daily export of thirty
//! days would lose it thirty times. It is known by what it says, and counted as often as it stands in one export.

use crate::model::{Hour, hash_bytes, hash_pair, hash_text};
use crate::store::{QuarantineRow, Store, StoreError};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;

/// Of so many different records is known that they were lost already; one more makes the oldest forgotten.
const MOST: usize = 100_000;

/// What was refused of sources whose exports overlap. After a start only what is in the quarantine is known.
#[derive(Debug, Default)]
pub struct Refused {
    lost: FxHashMap<u64, Lost>,
    /// In the order in which they were lost.
    order: VecDeque<u64>,
    /// How often a record stands in an export, as far as that is read: by source and export, by record.
    begun: FxHashMap<u64, FxHashMap<u64, u32>>,
}

/// A record that was lost.
#[derive(Debug)]
struct Lost {
    /// So many that say the same.
    count: u32,
    /// The hour that they count in.
    hour: Hour,
}

fn record_of(source: &str, record: &[u8]) -> u64 {
    hash_pair(hash_text(source), hash_bytes(record))
}

fn export_of(source: &str, export: u64) -> u64 {
    hash_pair(hash_text(source), export)
}

impl Refused {
    /// What the quarantine has of the sources of which `overlaps` says so.
    pub fn load(store: &Store, overlaps: &dyn Fn(&str) -> bool) -> Result<Refused, StoreError> {
        let mut refused = Refused::default();
        // An export that was read again for a replay is in the quarantine again with what stays refused.
        let mut known: FxHashSet<u64> = FxHashSet::default();
        let mut sources: FxHashSet<String> = FxHashSet::default();
        store.each_quarantined(&mut |row: QuarantineRow| {
            if !overlaps(&row.source) || row.record.is_empty() {
                return;
            }
            let place = hash_pair(row.place, hash_text(&row.detail));
            let record = record_of(&row.source, &row.record);
            let at = hash_pair(hash_pair(export_of(&row.source, row.stream), place), record);
            if known.insert(at) {
                refused.is_new(&row.source, row.stream, &row.record, row.hour);
                sources.insert(row.source);
            }
        })?;
        let mut begun = FxHashSet::default();
        for source in &sources {
            let files = store.files(source)?;
            begun.extend(files.iter().map(|file| export_of(source, file.stream)));
        }
        // Only those in the middle of which reading was go on.
        refused.begun.retain(|export, _| begun.contains(export));
        Ok(refused)
    }

    /// Notes a refused record of an export; says whether it is lost by that, and was not before.
    pub fn is_new(&mut self, source: &str, export: u64, record: &[u8], hour: Hour) -> bool {
        if record.is_empty() {
            // Nothing to know it by.
            return true;
        }
        let record = record_of(source, record);
        let export = self.begun.entry(export_of(source, export)).or_default();
        let count = export.entry(record).or_default();
        *count += 1;
        let lost = self.lost.entry(record).or_insert_with(|| {
            self.order.push_back(record);
            Lost { count: 0, hour }
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

    /// An export was read whole: should it be read again, it begins anew.
    pub fn read(&mut self, source: &str, export: u64) {
        self.begun.remove(&export_of(source, export));
    }

    /// A record became an event: gives the hour that it counted as lost in, unless that was taken back already with
    /// another export that has it.
    pub fn take_back(&mut self, source: &str, record: &[u8]) -> Option<Hour> {
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
        let mut refused = Refused::default();
        let mut new = |export, record: &str| refused.is_new("in", export, record.as_bytes(), 7);
        assert_eq!([new(1, "a"), new(1, "a"), new(1, "b")], [true; 3]);
        assert_eq!([new(2, "a"), new(2, "a"), new(2, "b")], [false; 3]);
        assert_eq!([new(2, "a"), new(3, "c")], [true; 2]);
        // Without a record there is nothing to know it by.
        assert_eq!([new(3, ""), new(3, "")], [true; 2]);
        // Another source has its own.
        assert!(refused.is_new("other", 1, b"a", 7));
        refused.read("in", 1);
        assert!(!refused.is_new("in", 1, b"a", 8));
        // Three were lost, however often they came.
        let back = [0; 4].map(|_| refused.take_back("in", b"a"));
        assert_eq!(back, [Some(7), Some(7), Some(7), None]);
        refused.read("in", 1);
        assert!(refused.is_new("in", 1, b"a", 8));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut refused = Refused::default();
        let mut new = |export, nth: usize| refused.is_new("in", export, &nth.to_le_bytes(), 7);
        assert!((0..=MOST).all(|nth| new(1, nth)));
        assert!(!new(2, MOST) && !new(2, 1) && new(2, 0));
    }
}

//! What could not be read of log files.

use crate::ingest::{EventBatch, MappedEvent, Reason, Reject};
use crate::measure::{Evidence, Loss};
use crate::model::{Hour, hash_bytes, hash_pair};
use crate::query::{CaseTable, LogPart};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// What did not become events. A record that was refused has no time that could be trusted, so it counts in the hour of the
/// events around it.
#[derive(Debug, Default)]
pub(super) struct Lost {
    /// The refused records by what they say and by their file, numbered among those of their file that say the same. Without
    /// an hour where their file has no event.
    records: FxHashMap<(u64, u64), Option<Hour>>,
    /// How often a file breaks off, or a record swallows others, by file.
    broken: BTreeMap<u64, i64>,
    /// Files that lost all that they have, if they are known to be of the log that the others are of.
    pub(super) without_events: BTreeSet<u64>,
}

impl Lost {
    pub(super) fn refuse(&mut self, batch: &EventBatch, rejects: &[Reject], file: &mut InFile) {
        for reject in rejects {
            let hour = file.hour_at(batch, reject.place);
            if reject.reason == Reason::Truncated {
                *self.broken.entry(file.number).or_default() += 1;
            }
            let what = hash_bytes(&reject.record);
            let count = file.said.entry(what).or_default();
            let record = (hash_pair(what, *count), file.number);
            self.records.entry(record).or_insert(hour);
            *count += 1;
        }
    }

    /// The files that lost something.
    pub(super) fn files(&self) -> impl Iterator<Item = u64> {
        let refused = self.records.keys().map(|(_, file)| *file);
        refused.chain(self.broken.keys().copied())
    }

    /// What the files of a part lost within the time that sums cover. It counts against every process of the part: nobody
    /// knows which one a refused record belonged to. Where nobody knows when, it counts at all times. A file given twice
    /// loses nothing twice.
    pub(super) fn of_part(&self, table: &CaseTable, part: &LogPart, evidence: &Evidence) -> Loss {
        let hours = evidence.from.hour()..=evidence.to.hour();
        let cases = table.cases().iter();
        let cases = cases.filter(|case| part.processes.contains(&case.process()));
        let events = cases.flat_map(|case| case.events());
        let events = events.filter(|event| event.time <= evidence.to);
        let events = events.filter(|event| hours.contains(&event.time.hour()));
        let refused = self.records.iter();
        let counts = |file: &u64| part.files.contains(file) || self.without_events.contains(file);
        let refused = refused.filter(|((_, file), _)| counts(file));
        let refused = refused.filter(|(_, hour)| hour.is_none_or(|hour| hours.contains(&hour)));
        let refused: FxHashSet<u64> = refused.map(|((record, _), _)| *record).collect();
        let broken = self.broken.iter();
        let broken = broken.filter(|(file, _)| counts(file));
        let lost = refused.len() as i64;
        Loss {
            records: events.count() as i64 + lost,
            lost,
            gaps: 0,
            unknown: broken.map(|(_, times)| times).sum(),
        }
    }
}

/// The file that is being read.
#[derive(Default)]
pub(super) struct InFile {
    /// Its place in the call.
    number: u64,
    /// How often refused records have said the same.
    said: FxHashMap<u64, u64>,
    /// The hour of the last event of the batches before.
    pub last: Option<Hour>,
}

impl InFile {
    /// The file at this place in the call.
    pub(super) fn new(number: u64) -> InFile {
        InFile {
            number,
            ..InFile::default()
        }
    }

    /// The hour of the event at a place of a batch, or before it, or else of the one after it.
    fn hour_at(&self, batch: &EventBatch, place: u64) -> Option<Hour> {
        let events = &batch.events;
        let behind = events.partition_point(|event| batch.offset_of(event.place) <= place);
        let hour = |event: &MappedEvent| event.time.hour();
        let before = events[..behind].last().map(hour);
        before.or(self.last).or(events.first().map(hour))
    }
}

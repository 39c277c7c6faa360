//! The ledger of deliveries: what each source delivered, and what became of it.
//!
//! The engine enters each delivery once, with [`DeliveryLedger::record`]. All questions about deliveries are answered from
//! this ledger: the data loss by source and hour, which source feeds which process, the observation periods of namespaces,
//! which rejects are known already, how far each source has come, and the rows of the next commit.
//!
//! Each thing has one name on its way from [`Delivery`] to `Commit`:
//!
//! | name | meaning |
//! | --- | --- |
//! | accepted | an event that is new |
//! | duplicate | an event that an earlier delivery contained |
//! | rejected | a record that did not become an event, with its row in the quarantine |
//! | lost | a rejected record that no earlier delivery contained, or a gap |
//! | hour | the hour in which all of these count |
//! | position | how far a file was read with a delivery |
//!
//! Does not know how a case is assembled, sums, scores, threads or a clock. The engine passes in what became of the events,
//! and the time.

mod delivery;
mod entry;
mod losses;
mod observations;
mod quarantine;
mod rejects;
mod sources;
mod stored;
mod unfinished;
mod waiting;

pub use delivery::Delivery;
pub(crate) use delivery::{Raw, RecordPlace};
pub(super) use entry::{AssembledBatch, DeliveryEntry};

use crate::cases::Case;
use crate::config::daemon::Config;
use crate::ingest::{EventBatch, Reject};
use crate::measure::{Coverage, Loss};
use crate::model::{Day, Hour, NameId, Time, hash_bytes};
use crate::rules::mapping::Identity;
use crate::store::{Commit, DamagedRow, QuarantineRow, Store, StoreError};
use losses::LossLedger;
use observations::ObservationLedger;
use quarantine::quarantine_rows;
use rejects::RejectDeduplicator;
use sources::SourceProgress;
use std::collections::BTreeSet;
use stored::StoredRecords;
use unfinished::UnfinishedRecords;
use waiting::WaitingRows;

/// What takes back that a record was lost.
const ONE_LESS_LOST: Loss = Loss {
    records: -1,
    lost: -1,
    gaps: 0,
    unknown: 0,
};

/// What is known of all deliveries, and what of it waits for the next commit.
#[derive(Debug, Default)]
pub(super) struct DeliveryLedger {
    /// Sources whose exports may overlap: a record that says the same again is the same record.
    overlapping: BTreeSet<String>,
    losses: LossLedger,
    observations: ObservationLedger,
    rejects: RejectDeduplicator,
    /// Rejected records that have no line end yet.
    unfinished: UnfinishedRecords,
    /// What is stored of rejected records.
    stored: StoredRecords,
    sources: SourceProgress,
    waiting: WaitingRows,
}

impl DeliveryLedger {
    /// Loads what the database has, and returns the damaged rows with it.
    pub(super) fn load(
        store: &mut Store,
        config: &Config,
    ) -> Result<(DeliveryLedger, Vec<DamagedRow>), StoreError> {
        let overlapping = overlapping_sources(config);
        let losses = LossLedger::load(store)?;
        let observations = ObservationLedger::load(store)?;
        let (mut sources, damaged) = SourceProgress::load(store)?;
        sources.fill_gaps(losses.feeds(), observations.known());
        let stored = StoredRecords::of(config)?;
        stored.rewrite_raw(store)?;
        let ledger = DeliveryLedger {
            stored,
            rejects: RejectDeduplicator::load(store, &overlapping)?,
            unfinished: UnfinishedRecords::load(store)?,
            overlapping,
            losses,
            observations,
            sources,
            waiting: WaitingRows::default(),
        };
        Ok((ledger, damaged))
    }

    /// Takes the sources of a new configuration.
    pub(super) fn configure(
        &mut self,
        config: &Config,
        store: &mut Store,
    ) -> Result<(), StoreError> {
        self.overlapping = overlapping_sources(config);
        self.stored = StoredRecords::of(config)?;
        self.stored.rewrite_raw(store)
    }

    /// Enters a delivery with what became of its events. Returns the entry, for the counters.
    pub(super) fn record(
        &mut self,
        mut delivery: Delivery,
        mut assembled: AssembledBatch,
        store: &Store,
        now: Time,
    ) -> Result<DeliveryEntry, StoreError> {
        assembled.complete_rejects(&delivery);
        let overlaps = self.overlapping.contains(&*delivery.source);
        let stream = delivery.reject_stream(overlaps);
        let was_unfinished = self.unfinished.take(&delivery);
        if delivery.is_unfinished && was_unfinished.is_some() {
            // It has grown, and is still the same record.
            delivery.batch = EventBatch::default();
        }
        if delivery.is_repeated {
            drop_known_rejects(&mut delivery, stream, &mut assembled, store)?;
        }
        let (source, batch) = (&*delivery.source, &delivery.batch);
        let hour = match delivery.is_replay {
            true => self.sources.hour_of(source, batch, now),
            false => self.sources.advance(source, batch, now),
        };
        let lost_rejects = self.count_lost(&delivery, overlaps, hour) + assembled.rejects.len();
        let mut entry = DeliveryEntry::new(&delivery, &assembled, lost_rejects);
        if let Some(hour) = self.unfinished.note(&delivery, was_unfinished, hour) {
            self.take_back_unfinished(&delivery, hour);
            entry.without_first_record(&delivery);
        }
        self.losses.add(source, hour, entry.loss);
        self.losses
            .add_feeds(source, assembled.observation.processes());
        self.observations.add_batch(batch, &assembled.observation);
        let rows = quarantine_rows((&delivery, stream), &assembled.rejects, now, hour);
        let stored = rows.into_iter().map(|row| self.stored.row(row));
        self.waiting.quarantine.extend(stored);
        self.waiting.add(delivery, now);
        Ok(entry)
    }

    /// Takes back the rejection of a record that had no line end. Its full line is read now.
    fn take_back_unfinished(&mut self, delivery: &Delivery, hour: Hour) {
        let Some(place) = delivery.first_record else {
            return;
        };
        self.losses.add(&delivery.source, hour, ONE_LESS_LOST);
        self.waiting.finish(&delivery.source, place);
    }

    /// Returns how many rejects of the decoder are lost with this delivery. If exports overlap, a record that several of them
    /// contain is lost once.
    fn count_lost(&mut self, delivery: &Delivery, overlaps: bool, hour: Hour) -> usize {
        let (source, rejects) = (&*delivery.source, &delivery.batch.rejects);
        if !overlaps {
            return rejects.len();
        }
        let export = delivery.reject_stream(overlaps);
        if delivery.begins_export {
            self.rejects.begin_export(source, export);
        }
        let known = &mut self.rejects;
        let lost = rejects
            .iter()
            .filter(|reject| known.is_new(source, export, hash_of(reject), hour))
            .count();
        if let Some((export, _)) = &delivery.export_done {
            self.rejects.end_export(source, *export);
        }
        lost
    }

    /// Enters the replay of a quarantined record. A record that became an event was read twice, and is no longer lost.
    pub(super) fn record_replay(&mut self, row: &QuarantineRow, became_event: bool) {
        self.waiting.replayed.push((row.id, became_event));
        if !became_event {
            return;
        }
        // If several exports contained it, it was lost once.
        let hour = match self.overlapping.contains(&row.source) && row.hash != 0 {
            true => self.rejects.take_back(&row.source, row.hash),
            false => Some(row.hour),
        };
        if let Some(hour) = hour {
            self.losses.add(&row.source, hour, ONE_LESS_LOST);
        }
    }

    /// Lets a source read an export again as if it had never been read.
    pub(super) fn forget_export(&mut self, source: &str, path: &str) {
        let export = (source.to_owned(), path.to_owned());
        self.waiting.exports_forgotten.push(export);
    }

    /// Forgets the observation periods, before they are found again from all cases.
    pub(super) fn forget_observations(&mut self) {
        self.observations = ObservationLedger::default();
    }

    /// Starts the observation periods from those of removed cases, which the database has already.
    pub(super) fn restore_observations(&mut self, store: &Store) -> Result<(), StoreError> {
        self.observations = ObservationLedger::load(store)?;
        Ok(())
    }

    /// Adds the observation period of a case.
    pub(super) fn observe_case(&mut self, key: &str, case: &Case) {
        self.observations.add_case(key, case);
    }

    /// The observation periods of namespaces.
    pub(super) fn observation_periods(&self) -> &Coverage {
        self.observations.known()
    }

    /// Which source feeds which process.
    pub(super) fn feeds(&self) -> impl Iterator<Item = &(String, NameId)> {
        self.losses.feeds()
    }

    /// The day of the latest event of a source; `None` before the first one.
    pub(super) fn latest_day(&self, source: &str) -> Option<Day> {
        self.sources.latest_day(source)
    }

    /// Records delivered since the last commit.
    pub(super) fn waiting_records(&self) -> u64 {
        self.waiting.records
    }

    /// About how many bytes of memory the rejected records take that wait for the next commit.
    pub(super) fn waiting_reject_bytes(&self) -> usize {
        /// What a row takes beside the record.
        const ROW_BYTES: usize = 400;
        let rows = self.waiting.quarantine.iter();
        rows.map(|row| ROW_BYTES + row.record.len()).sum()
    }

    /// Whether nothing waits for the next commit.
    pub(super) fn is_written(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Moves the rows that wait to a commit. The commit is kept until it is written.
    pub(super) fn write_to(&mut self, commit: &mut Commit) {
        self.losses.write_to(commit);
        self.observations.write_to(commit);
        self.sources.write_to(commit);
        std::mem::take(&mut self.waiting).write_to(commit);
    }
}

/// Drops the rejects of a repeated delivery that are in the quarantine already: each is lost once. A reject that was evicted
/// from the quarantine cannot be recognised.
fn drop_known_rejects(
    delivery: &mut Delivery,
    stream: u64,
    assembled: &mut AssembledBatch,
    store: &Store,
) -> Result<(), StoreError> {
    if delivery.batch.rejects.is_empty() && assembled.rejects.is_empty() {
        return Ok(());
    }
    let known = store.quarantined_places(&delivery.source, stream)?;
    let is_new = |reject: &Reject| !known.contains(&(reject.place, hash_of(reject)));
    delivery.batch.rejects.retain(is_new);
    assembled.rejects.retain(is_new);
    Ok(())
}

/// The hash that a rejected record is known by; 0 if nothing of it is there.
fn hash_of(reject: &Reject) -> u64 {
    match reject.record.trim_ascii() {
        [] => 0,
        record => hash_bytes(record).max(1),
    }
}

/// The sources whose exports may overlap: what says the same again is the same.
fn overlapping_sources(config: &Config) -> BTreeSet<String> {
    let sources = config.sources.iter().filter(|source| {
        source.kind.has_exports() && source.mapping.identity != Some(Identity::Position)
    });
    sources.map(|source| source.name.clone()).collect()
}

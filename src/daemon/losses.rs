//! What sources lost, by the hour of the events around it: kept so that a loss counts against the scores of its window.

use super::delivery::Delivery;
use super::refused::Refused;
use crate::config::daemon::Config;
use crate::ingest::EventBatch;
use crate::measure::Loss;
use crate::model::{Hour, NameId, Time};
use crate::rules::mapping::Identity;
use crate::store::{Commit, QuarantineRow, Store, StoreError};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// What waits to be committed, and what is known already.
#[derive(Debug, Default)]
pub struct LossLog {
    waiting: BTreeMap<(String, Hour), Loss>,
    new_feeds: Vec<(String, NameId)>,
    known_feeds: FxHashSet<(String, NameId)>,
    /// The hour of the last event of each source.
    last: FxHashMap<String, Hour>,
    /// Of sources whose exports overlap.
    refused: Refused,
}

/// Whether exports of a source may overlap: what says the same again is the same.
pub fn overlaps(config: &Config, source: &str) -> bool {
    let mut sources = config.sources.iter();
    let source = sources.find(|known| known.name == source);
    source.is_some_and(|source| {
        source.kind.has_exports() && source.mapping.identity != Some(Identity::Position)
    })
}

/// The stream that refused records of a delivery stood in. Where exports overlap, their source is all one stream; refused
/// records are told apart by the export.
pub fn stream_of(delivery: &Delivery, overlaps: bool) -> u64 {
    let export = delivery.position.as_ref().filter(|_| overlaps);
    export.map_or(delivery.stream, |position| position.stream)
}

impl LossLog {
    /// With what is in the database.
    pub fn load(store: &Store, config: &Config) -> Result<LossLog, StoreError> {
        Ok(LossLog {
            known_feeds: store.feeds()?.into_iter().collect(),
            refused: Refused::load(store, &|source| overlaps(config, source))?,
            ..LossLog::default()
        })
    }

    /// How many of the records that a delivery could not read are lost by it, and were not before.
    pub fn lost_by(&mut self, delivery: &Delivery, overlaps: bool, hour: Hour) -> i64 {
        let (source, rejects) = (&*delivery.source, &delivery.batch.rejects);
        let export = stream_of(delivery, overlaps);
        let refused = &mut self.refused;
        let lost = rejects
            .iter()
            .filter(|reject| !overlaps || refused.is_new(source, export, &reject.record, hour));
        let lost = lost.count() as i64;
        if let Some((export, _)) = &delivery.export_done {
            refused.read(source, *export);
        }
        lost
    }

    /// Takes back that a record was lost, which became an event. One that came with several exports was lost once.
    pub fn found(&mut self, row: &QuarantineRow, overlaps: bool) {
        let hour = match overlaps && !row.record.is_empty() {
            true => self.refused.take_back(&row.source, &row.record),
            false => Some(row.hour),
        };
        let back = Loss {
            records: -1,
            lost: -1,
            gaps: 0,
            unknown: 0,
        };
        if let Some(hour) = hour {
            self.add(&row.source, hour, back);
        }
    }

    /// The hour that the records of a batch count in: that of its last event, else of the last one of the source. (A record
    /// that was refused has no time that could be trusted.)
    pub fn hour_of(&mut self, source: &str, batch: &EventBatch, now: Time) -> Hour {
        match batch.events.last() {
            Some(event) => {
                let hour = event.time.hour();
                self.last.insert(source.to_owned(), hour);
                hour
            }
            None => self.last.get(source).copied().unwrap_or(now.hour()),
        }
    }

    /// Notes records read and lost.
    pub fn add(&mut self, source: &str, hour: Hour, loss: Loss) {
        if loss == Loss::default() {
            return;
        }
        let waiting = self.waiting.entry((source.to_owned(), hour)).or_default();
        waiting.records += loss.records;
        waiting.lost += loss.lost;
        waiting.gaps += loss.gaps;
    }

    /// Notes that a source tells of these processes.
    pub fn feeds(&mut self, source: &str, processes: impl IntoIterator<Item = NameId>) {
        for process in processes {
            let feed = (source.to_owned(), process);
            if self.known_feeds.insert(feed.clone()) {
                self.new_feeds.push(feed);
            }
        }
    }

    /// Hands what waits to a commit that will be written.
    pub fn write_to(&mut self, commit: &mut Commit) {
        let losses = std::mem::take(&mut self.waiting).into_iter();
        let rows = losses.map(|((source, hour), loss)| (source, hour, loss));
        commit.losses.extend(rows);
        commit.feeds.append(&mut self.new_feeds);
    }

    /// Which source feeds which process.
    pub fn known_feeds(&self) -> impl Iterator<Item = &(String, NameId)> {
        self.known_feeds.iter()
    }
}

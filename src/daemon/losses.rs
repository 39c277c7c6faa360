//! What sources lost, by the hour of the events around it: kept so that a loss counts against the scores of its window.

use crate::ingest::EventBatch;
use crate::model::{Hour, NameId, Time};
use crate::score::{Evidence, Loss};
use crate::store::{Commit, Store, StoreError};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// What waits to be committed, and what is known already.
#[derive(Debug, Default)]
pub struct LossLog {
    waiting: BTreeMap<(String, Hour), Loss>,
    new_feeds: Vec<(String, NameId)>,
    known_feeds: FxHashSet<(String, NameId)>,
    /// The hour of the last event of each source.
    last: FxHashMap<String, Hour>,
}

impl LossLog {
    /// With the feeds that are in the database.
    pub fn new(feeds: Vec<(String, NameId)>) -> LossLog {
        LossLog {
            known_feeds: feeds.into_iter().collect(),
            ..LossLog::default()
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

/// What was lost of each process within the time that its sums cover: of its sources the one that lost most.
pub fn losses_of<'f>(
    store: &Store,
    feeds: impl Iterator<Item = &'f (String, NameId)>,
    evidence: &Evidence,
) -> Result<BTreeMap<NameId, Loss>, StoreError> {
    let to = evidence.to.hour();
    let mut by_hour: BTreeMap<Hour, BTreeMap<String, Loss>> = BTreeMap::new();
    let mut losses: BTreeMap<NameId, Loss> = BTreeMap::new();
    for (source, process) in feeds {
        let from = evidence.own_from.get(process).unwrap_or(&evidence.from);
        let of_sources = match by_hour.entry(from.hour()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(slot) => {
                let found = store.losses_between(from.hour(), to)?;
                slot.insert(found.into_iter().collect())
            }
        };
        if let Some(loss) = of_sources.get(source) {
            let worst = losses.entry(*process).or_default();
            *worst = worst.worse(*loss);
        }
    }
    Ok(losses)
}

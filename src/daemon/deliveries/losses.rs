//! Data loss by source and hour, and which source feeds which process: a loss counts against the scores of those processes.

use crate::measure::Loss;
use crate::model::{Hour, NameId};
use crate::store::{Commit, Store, StoreError};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// Losses that wait for the next commit, and all feeds.
#[derive(Debug, Default)]
pub(super) struct LossLedger {
    waiting: BTreeMap<(String, Hour), Loss>,
    feeds: FxHashSet<(String, NameId)>,
    new_feeds: Vec<(String, NameId)>,
}

impl LossLedger {
    /// Loads the feeds. Losses stay in the database: they are summed up there.
    pub(super) fn load(store: &Store) -> Result<LossLedger, StoreError> {
        Ok(LossLedger {
            feeds: store.feeds()?.into_iter().collect(),
            ..LossLedger::default()
        })
    }

    /// Adds records and losses of a source to an hour.
    pub(super) fn add(&mut self, source: &str, hour: Hour, loss: Loss) {
        if loss == Loss::default() {
            return;
        }
        let waiting = self.waiting.entry((source.to_owned(), hour)).or_default();
        waiting.records += loss.records;
        waiting.lost += loss.lost;
        waiting.gaps += loss.gaps;
    }

    /// Notes that a source feeds these processes.
    pub(super) fn add_feeds(&mut self, source: &str, processes: impl Iterator<Item = NameId>) {
        for process in processes {
            let feed = (source.to_owned(), process);
            if self.feeds.insert(feed.clone()) {
                self.new_feeds.push(feed);
            }
        }
    }

    /// Which source feeds which process.
    pub(super) fn feeds(&self) -> impl Iterator<Item = &(String, NameId)> {
        self.feeds.iter()
    }

    /// Moves the rows that wait to a commit.
    pub(super) fn write_to(&mut self, commit: &mut Commit) {
        let losses = std::mem::take(&mut self.waiting).into_iter();
        let rows = losses.map(|((source, hour), loss)| (source, hour, loss));
        commit.losses.extend(rows);
        commit.feeds.append(&mut self.new_feeds);
    }
}

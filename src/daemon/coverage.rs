//! From when to when sources have told of processes: kept, so that rates are over the time in which cases would have been
//! seen.

use crate::cases::{Case, split_key};
use crate::ingest::EventBatch;
use crate::measure::{Coverage, Stretch, stretch_of};
use crate::model::{NameId, Time};
use crate::store::{Commit, Store, StoreError};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// What is known, and what of it waits to be committed.
#[derive(Debug, Default)]
pub struct CoverageLog {
    coverage: Coverage,
    news: BTreeSet<(String, NameId)>,
}

/// What a batch tells of, by process.
#[derive(Debug, Default)]
pub struct Told(FxHashMap<NameId, Stretch>);

impl Told {
    /// Notes an event of a process.
    pub fn event(&mut self, process: NameId, at: Time) {
        let stretch = Stretch {
            first: at,
            last: at,
        };
        let known = self.0.entry(process).or_insert(stretch);
        *known = known.with(stretch);
    }
}

impl CoverageLog {
    /// With what is in the database.
    pub fn load(store: &Store) -> Result<CoverageLog, StoreError> {
        Ok(CoverageLog {
            coverage: store.coverage()?,
            news: BTreeSet::new(),
        })
    }

    /// What is known.
    pub fn known(&self) -> &Coverage {
        &self.coverage
    }

    /// Notes what was told by a batch, all cases of which have the namespace of its mapping.
    pub fn batch(&mut self, batch: &EventBatch, told: Told) {
        if let Some(event) = batch.events.first() {
            let (namespace, _) = split_key(batch.text(event.case));
            for (process, stretch) in told.0 {
                self.add(namespace, process, stretch);
            }
        }
    }

    /// Notes what a case tells, where all is counted anew.
    pub fn case(&mut self, key: &str, case: &Case) {
        if let Some(stretch) = stretch_of(case) {
            self.add(split_key(key).0, case.process(), stretch);
        }
    }

    fn add(&mut self, namespace: &str, process: NameId, stretch: Stretch) {
        if self.coverage.add(namespace, process, stretch) {
            self.news.insert((namespace.to_owned(), process));
        }
    }

    /// Hands what waits to a commit that will be written.
    pub fn write_to(&mut self, commit: &mut Commit) {
        let news = std::mem::take(&mut self.news);
        let rows = news.into_iter().filter_map(|(namespace, process)| {
            let stretch = self.coverage.of(&namespace, process)?;
            Some((namespace, process, stretch))
        });
        commit.coverage.extend(rows);
    }
}

//! Observation periods: from when to when the cases of a namespace contain events of a process. A rate is over this time,
//! because a case outside of it would not have been seen.

use crate::cases::{Case, split_key};
use crate::ingest::EventBatch;
use crate::measure::{Coverage, Stretch, stretch_of};
use crate::model::{NameId, Time};
use crate::store::{Commit, Store, StoreError};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// The processes of the events of a batch, each with the period of its accepted events.
#[derive(Debug, Default)]
pub(in crate::daemon) struct BatchObservation(FxHashMap<NameId, Option<Stretch>>);

impl BatchObservation {
    /// Notes an event of a process that is known already, or that its case could not take.
    pub(crate) fn seen(&mut self, process: NameId) {
        self.0.entry(process).or_default();
    }

    /// Notes an accepted event of a process.
    pub(crate) fn accepted(&mut self, process: NameId, at: Time) {
        let event = Stretch {
            first: at,
            last: at,
        };
        let period = self.0.entry(process).or_default();
        *period = Some(period.map_or(event, |period| period.with(event)));
    }

    /// The processes.
    pub(crate) fn processes(&self) -> impl Iterator<Item = NameId> {
        self.0.keys().copied()
    }
}

/// All observation periods, and which of them wait for the next commit.
#[derive(Debug, Default)]
pub(super) struct ObservationLedger {
    known: Coverage,
    changed: BTreeSet<(String, NameId)>,
}

impl ObservationLedger {
    /// Loads what the database has.
    pub(super) fn load(store: &Store) -> Result<ObservationLedger, StoreError> {
        Ok(ObservationLedger {
            known: store.coverage()?,
            changed: BTreeSet::new(),
        })
    }

    /// All observation periods.
    pub(super) fn known(&self) -> &Coverage {
        &self.known
    }

    /// Adds those of a batch. All cases of a batch have the namespace of its mapping.
    pub(super) fn add_batch(&mut self, batch: &EventBatch, observation: &BatchObservation) {
        if let Some(event) = batch.events.first() {
            let (namespace, _) = split_key(batch.text(event.case));
            for (process, period) in &observation.0 {
                period
                    .iter()
                    .for_each(|period| self.add(namespace, *process, *period));
            }
        }
    }

    /// Adds that of a case, when all sums are counted again.
    pub(super) fn add_case(&mut self, key: &str, case: &Case) {
        if let Some(period) = stretch_of(case) {
            self.add(split_key(key).0, case.process(), period);
        }
    }

    fn add(&mut self, namespace: &str, process: NameId, period: Stretch) {
        if self.known.add(namespace, process, period) {
            self.changed.insert((namespace.to_owned(), process));
        }
    }

    /// Moves the periods that changed to a commit.
    pub(super) fn write_to(&mut self, commit: &mut Commit) {
        let changed = std::mem::take(&mut self.changed);
        let rows = changed.into_iter().filter_map(|(namespace, process)| {
            let period = self.known.of(&namespace, process)?;
            Some((namespace, process, period))
        });
        commit.coverage.extend(rows);
    }
}

//! Taking deliveries: events become parts of cases, and the ledger of deliveries gets its entry.

use super::super::cache::CacheError;
use super::super::deliveries::{AssembledBatch, Delivery};
use super::Engine;
use crate::cases::{Insert, facts};
use crate::ingest::{EventBatch, MappedEvent, Reason, Reject, event_in};
use crate::model::{NameId, Origin, Time, metrics};
use crate::store::{QuarantineRow, StoreError};

impl Engine {
    /// Takes a delivery. Nothing of it is kept until the next commit.
    pub fn take(&mut self, delivery: Delivery, now: Time) -> Result<(), CacheError> {
        self.late.before = now.plus(-self.config.metrics.late_after);
        self.report_damage(&delivery.damaged);
        let assembled = self.reading(|engine| engine.assemble(&delivery.batch))?;
        let entry = self
            .deliveries
            .record(delivery, assembled, &self.store, now)?;
        entry.count(&mut self.counters);
        Ok(())
    }

    /// Puts the events of a batch into their cases.
    fn assemble(&mut self, batch: &EventBatch) -> Result<AssembledBatch, CacheError> {
        let global = self.global_names(batch);
        let mut assembled = AssembledBatch::default();
        for event in &batch.events {
            self.assemble_event(batch, event, &global, &mut assembled)?;
        }
        Ok(assembled)
    }

    fn assemble_event(
        &mut self,
        batch: &EventBatch,
        event: &MappedEvent,
        global: &[NameId],
        assembled: &mut AssembledBatch,
    ) -> Result<(), CacheError> {
        let process = global[event.process.index()];
        if !self.admit(process) {
            let detail = format!(
                "there are {} processes already (limits.processes)",
                self.processes.len()
            );
            let reject = Reject::new(event.place, Reason::TooManyProcesses, detail, b"");
            assembled.rejects.push(reject);
            return Ok(());
        }
        self.has_shadows |= event.flags.origin() == Origin::Shadow;
        let key = batch.text(event.case);
        let at = self.cases.find_or_load(key, event.case_hash, &self.store)?;
        let (rules, names) = (&self.rules, &self.names);
        let slot = self.cases.touch(at, |case| facts(case, rules, names, None));
        let parent = batch.text(event.parent);
        if !parent.is_empty() {
            slot.case.set_parent(event.time, parent);
            self.has_children = true;
        }
        let most = self.config.limits.case_events;
        match slot.case.insert(event_in(event, global), most) {
            Insert::Added => {
                assembled.accepted += 1;
                assembled.observation.accepted(process, event.time);
                return Ok(());
            }
            Insert::Duplicate => assembled.duplicates += 1,
            Insert::Full => {
                let detail = format!("case {key} holds {most} events already (limits.case_events)");
                let reject = Reject::new(event.place, Reason::CaseFull, detail, b"");
                assembled.rejects.push(reject);
            }
        }
        assembled.observation.seen(process);
        Ok(())
    }

    /// Whether a process is known, or there is room for one more.
    fn admit(&mut self, process: NameId) -> bool {
        if self.processes.contains(&process) {
            return true;
        }
        if self.processes.len() >= self.config.limits.processes {
            return false;
        }
        self.processes.insert(process)
    }

    /// The numbers of a batch's names. Beyond the limit new ones become `other`, and are counted.
    fn global_names(&mut self, batch: &EventBatch) -> Vec<NameId> {
        let mut global = vec![NameId::NONE];
        for (_, text) in batch.names.since(NameId(1)) {
            let id = match self.names.find(text) {
                Some(id) => id,
                None if self.names.len() >= self.config.limits.names => {
                    self.counters.add(metrics::FOLDED.name, &[], 1);
                    self.names.intern("other")
                }
                None => self.names.intern(text),
            };
            global.push(id);
        }
        global
    }

    /// Quarantined records that are to be tried again.
    pub fn to_replay(&self, most: usize) -> Result<Vec<QuarantineRow>, StoreError> {
        self.store.to_replay(most)
    }

    /// Lets an export be read again as if it had never been read.
    pub fn forget_export(&mut self, source: &str, path: &str) {
        self.deliveries.forget_export(source, path);
    }

    /// Notes what became of a record that was tried again. One that became an event was read twice and is not lost any
    /// more.
    pub fn replayed(&mut self, row: &QuarantineRow, became_event: bool) {
        self.deliveries.record_replay(row, became_event);
    }
}

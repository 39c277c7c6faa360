//! Taking deliveries: events become parts of cases, and the ledger of deliveries gets its entry.

use super::super::cache::CacheError;
use super::super::deliveries::{AssembledBatch, Delivery};
use super::Engine;
use super::name_budget::NewName;
use crate::cases::{Insert, facts};
use crate::ingest::{EventBatch, GlobalNames, MappedEvent, Reason, Reject, event_in};
use crate::model::{NameId, Origin, Time, metrics};
use crate::query::counters::OTHER;
use crate::store::{QuarantineRow, StoreError};

/// Why an event of a removed case is rejected. The case has no name any more.
const CASE_REMOVED: &str = "the case was removed after the retention period (retention)";

impl Engine {
    /// Takes a delivery. Nothing of it is kept until the next commit.
    pub fn take(&mut self, delivery: Delivery, now: Time) -> Result<(), CacheError> {
        self.late.before = now.plus(-self.config.metrics.late_after);
        self.report_damage(&delivery.damaged);
        let assembled =
            self.reading(|engine| engine.assemble(&delivery.source, &delivery.batch))?;
        let entry = self
            .deliveries
            .record(delivery, assembled, &self.store, now)?;
        entry.count(&mut self.counters);
        Ok(())
    }

    /// Puts the events of a batch into their cases.
    fn assemble(&mut self, source: &str, batch: &EventBatch) -> Result<AssembledBatch, CacheError> {
        let mut known = self.known_names(batch);
        let mut assembled = AssembledBatch::default();
        for event in &batch.events {
            if self.admit(batch, event, &mut known, &mut assembled) {
                let global = self.names_of(source, batch, event, &mut known);
                self.assemble_event(batch, event, global, &mut assembled)?;
            }
        }
        Ok(assembled)
    }

    fn assemble_event(
        &mut self,
        batch: &EventBatch,
        event: &MappedEvent,
        global: GlobalNames,
        assembled: &mut AssembledBatch,
    ) -> Result<(), CacheError> {
        let process = global.process;
        if let Some(last) = self.removed_case(batch.text(event.case))? {
            if event.time <= last {
                assembled.duplicates += 1;
            } else {
                let reject = Reject::new(event.place, Reason::CaseRemoved, CASE_REMOVED, b"");
                assembled.rejects.push(reject);
            }
            assembled.observation.seen(process);
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
        let insert = slot.case.insert(event_in(event, global), most);
        if insert != Insert::Full {
            for (milestone, time) in batch.reached(event) {
                // Milestones are few: the mapping names them, not the records.
                let milestone = self.names.intern(batch.names.text(*milestone));
                slot.case.reach(milestone, *time);
            }
        }
        match insert {
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

    /// Whether the process of an event is known, or there is room for one more. If not, the event is rejected.
    fn admit(
        &mut self,
        batch: &EventBatch,
        event: &MappedEvent,
        known: &mut [NameId],
        assembled: &mut AssembledBatch,
    ) -> bool {
        let process = &mut known[event.process.index()];
        if self.processes.contains(process) {
            return true;
        }
        let count = self.processes.len();
        if count >= self.config.limits.processes {
            let detail = format!("there are {count} processes already (limits.processes)");
            let reject = Reject::new(event.place, Reason::TooManyProcesses, detail, b"");
            assembled.rejects.push(reject);
            return false;
        }
        // The limit of processes limits their names, too.
        *process = self.names.intern(batch.names.text(event.process));
        self.processes.insert(*process)
    }

    /// The numbers of those of a batch's names that are known.
    fn known_names(&self, batch: &EventBatch) -> Vec<NameId> {
        let texts = batch.names.since(NameId(1)).map(|(_, text)| text);
        let known = texts.map(|text| self.names.find(text).unwrap_or(NameId::NONE));
        std::iter::once(NameId::NONE).chain(known).collect()
    }

    /// The numbers of the names that an event speaks of. New ones beyond a limit become `other`, and are counted.
    fn names_of(
        &mut self,
        source: &str,
        batch: &EventBatch,
        event: &MappedEvent,
        known: &mut [NameId],
    ) -> GlobalNames {
        let process = batch.names.text(event.process);
        let mut global = |name: NameId, field: &'static str| {
            let id = known[name.index()];
            if id.is_some() || !name.is_some() {
                return id;
            }
            let text = batch.names.text(name);
            let new = NewName {
                source,
                process,
                field,
                text,
            };
            if self.name_budget.admit(new, &self.config.limits) {
                known[name.index()] = self.names.intern(text);
                return known[name.index()];
            }
            let labels = [source, process];
            self.counters.add(metrics::FOLDED.name, &labels, 1);
            self.names.intern(OTHER)
        };
        GlobalNames {
            activity: global(event.activity, "activity"),
            outcome: global(event.outcome, "outcome"),
            version: global(event.version, "version"),
            process: known[event.process.index()],
        }
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

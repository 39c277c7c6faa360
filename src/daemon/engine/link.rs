//! What cases say of one another: who called whom, and what a shadow run is compared with.

use super::super::cache::CacheError;
use super::Engine;
use super::recount::is_shadow;
use crate::cases::{Facts, facts};
use crate::model::{NameId, hash_text};

impl Engine {
    /// Looks up the processes of parent cases, and tells children when their parent has moved to another process.
    pub(super) fn link_parents(&mut self) -> Result<(), CacheError> {
        for at in self.cases.dirty().to_vec() {
            let slot = self.cases.slot(at);
            let (key, process) = (slot.key.clone(), slot.case.process());
            if let Some(parent) = slot.case.parent() {
                let known = match self.cases.find(parent, hash_text(parent)) {
                    Some(parent) => Some(self.cases.slot(parent).case.process()),
                    None => self.store.process_of_case(parent)?,
                };
                // What was looked up before the parent was removed holds on.
                if known.is_some() || self.removed_case(parent)?.is_none() {
                    self.set_parent_process(at, known.unwrap_or(NameId::NONE));
                }
            }
            if self.has_shadows {
                self.link_shadows(at)?;
            }
            let slot = self.cases.slot(at);
            if slot.before.as_ref().map(|before| before.process) != Some(process) {
                for child in self.store.children(&key)? {
                    let child = self.cases.load(&child, &self.store)?;
                    if self.cases.slot(child).case.parent() == Some(&*key) {
                        self.set_parent_process(child, process);
                    }
                }
            }
        }
        Ok(())
    }

    /// Compares a shadow run with what was done, and tells the shadow runs of a case when what they are compared with has
    /// changed.
    fn link_shadows(&mut self, at: u32) -> Result<(), CacheError> {
        let slot = self.cases.slot(at);
        if let Some(parent) = slot.case.parent().filter(|_| is_shadow(&slot.case)) {
            let parent = parent.to_owned();
            let twin = self.cases.load_if_known(&parent, &self.store)?;
            let outcome = twin.map_or(NameId::NONE, |twin| self.to_compare_with(twin));
            if twin.is_some() || self.removed_case(&parent)?.is_none() {
                self.set_twin_outcome(at, outcome);
            }
        }
        let slot = self.cases.slot(at);
        let before = slot
            .before
            .as_deref()
            .map_or(NameId::NONE, Facts::to_compare_with);
        let now = self.to_compare_with(at);
        if before == now {
            return Ok(());
        }
        let key = slot.key.clone();
        for child in self.store.children(&key)? {
            let child = self.cases.load(&child, &self.store)?;
            let case = &self.cases.slot(child).case;
            if case.parent() == Some(&*key) && is_shadow(case) {
                self.set_twin_outcome(child, now);
            }
        }
        Ok(())
    }

    fn to_compare_with(&self, at: u32) -> NameId {
        let case = &self.cases.slot(at).case;
        facts(case, &self.rules, &self.names, None)
            .map_or(NameId::NONE, |facts| facts.to_compare_with())
    }

    fn set_twin_outcome(&mut self, at: u32, outcome: NameId) {
        if self.cases.slot(at).case.twin_outcome() != outcome {
            let (rules, names) = (&self.rules, &self.names);
            let slot = self.cases.touch(at, |case| facts(case, rules, names, None));
            slot.case.set_twin_outcome(outcome);
        }
    }

    fn set_parent_process(&mut self, at: u32, process: NameId) {
        if self.cases.slot(at).case.parent_process() != process {
            let (rules, names) = (&self.rules, &self.names);
            let slot = self.cases.touch(at, |case| facts(case, rules, names, None));
            slot.case.set_parent_process(process);
        }
    }
}

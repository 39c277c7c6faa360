//! Cases in memory: those of the present batch, and the ones used last.

use crate::cases::{Case, Facts};
use crate::codec::DamagedBytes;
use crate::model::hash_text;
use crate::store::{Commit, Store, StoreError};
use hashbrown::HashTable;
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// A case in memory.
#[derive(Debug)]
pub(super) struct Slot {
    /// Its key.
    pub key: Box<str>,
    hash: u64,
    /// The case.
    pub case: Case,
    /// Its facts as they are in the sums; `None` for a case that is not in them.
    pub before: Option<Box<Facts>>,
    /// Whether it changed since the last commit.
    pub dirty: bool,
    /// The commit it was used in last.
    used: u64,
}

/// Cases by key.
#[derive(Debug, Default)]
pub(super) struct CaseCache {
    index: HashTable<u32>,
    slots: Vec<Slot>,
    dirty: Vec<u32>,
    /// Events that the changed cases had before they changed.
    dirty_events: usize,
    commits: u64,
    /// No case in the database has a greater key, so a greater one need not be looked up: ids of tickets rise. `None` if the
    /// database has no case.
    pub last_stored_key: Option<Vec<u8>>,
    /// A commit that the database may not have yet: its cases need not be in memory any more.
    pub unwritten: Option<Arc<Commit>>,
}

/// A case on disk that can't be read.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The database says no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The daemon was asked to stop before this was done.
    #[error("the daemon is stopping; the next start counts all sums anew")]
    Stopped,
    /// The row is not what was written.
    #[error("case {key}: {source}")]
    Damaged {
        /// The key of the case.
        key: String,
        /// Where in the row.
        source: DamagedBytes,
    },
}

impl CaseCache {
    /// How many cases are in memory.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The number of a case in memory.
    pub(super) fn find(&self, key: &str, hash: u64) -> Option<u32> {
        self.index
            .find(hash, |at| &*self.slots[*at as usize].key == key)
            .copied()
    }

    /// The number of a case: from memory, else from the database, else a new one.
    pub(super) fn find_or_load(
        &mut self,
        key: &str,
        hash: u64,
        store: &Store,
    ) -> Result<u32, CacheError> {
        if let Some(at) = self.find(key, hash) {
            return Ok(at);
        }
        let may_be_stored = self.last_stored_key.as_deref() >= Some(key.as_bytes());
        let body = match may_be_stored {
            true => match self.unwritten_body(key) {
                Some(body) => Some(body.to_vec()),
                None => store.case(key)?,
            },
            false => None,
        };
        let case = match body {
            None => Case::new(),
            Some(body) => Case::decode(&body).map_err(|source| CacheError::Damaged {
                key: key.to_owned(),
                source,
            })?,
        };
        Ok(self.add(key, hash, case))
    }

    /// What is about to be written of a case.
    fn unwritten_body(&self, key: &str) -> Option<&[u8]> {
        // Its rows stand in the order of their keys.
        let rows = &self.unwritten.as_ref()?.cases;
        let at = rows
            .binary_search_by(|row| row.key.as_str().cmp(key))
            .ok()?;
        Some(&rows[at].body)
    }

    /// The number of a case that is in memory or in the database.
    pub(super) fn load(&mut self, key: &str, store: &Store) -> Result<u32, CacheError> {
        self.find_or_load(key, hash_text(key), store)
    }

    /// The number of a case that is in memory or in the database; `None` if it is in neither.
    pub(super) fn load_if_known(
        &mut self,
        key: &str,
        store: &Store,
    ) -> Result<Option<u32>, CacheError> {
        let hash = hash_text(key);
        if let Some(at) = self.find(key, hash) {
            return Ok(Some(at));
        }
        if self.unwritten_body(key).is_none() && store.process_of_case(key)?.is_none() {
            return Ok(None);
        }
        self.find_or_load(key, hash, store).map(Some)
    }

    fn add(&mut self, key: &str, hash: u64, case: Case) -> u32 {
        let at = self.slots.len() as u32;
        self.slots.push(Slot {
            key: key.into(),
            hash,
            case,
            before: None,
            dirty: false,
            used: self.commits,
        });
        let slots = &self.slots;
        self.index
            .insert_unique(hash, at, |at| slots[*at as usize].hash);
        at
    }

    /// A case, by its number.
    pub(super) fn slot(&self, at: u32) -> &Slot {
        &self.slots[at as usize]
    }

    /// A case to change. The first time in a batch, `facts` tells what the sums hold of it.
    pub(super) fn touch(
        &mut self,
        at: u32,
        facts: impl FnOnce(&Case) -> Option<Facts>,
    ) -> &mut Slot {
        let slot = &mut self.slots[at as usize];
        slot.used = self.commits;
        if !slot.dirty {
            slot.before = facts(&slot.case).map(Box::new);
            slot.dirty = true;
            self.dirty_events += slot.case.events().len();
            self.dirty.push(at);
        }
        slot
    }

    /// The numbers of the changed cases, in order of their change.
    pub(super) fn dirty(&self) -> &[u32] {
        &self.dirty
    }

    /// How many events the changed cases had before they changed.
    pub(crate) fn dirty_events(&self) -> usize {
        self.dirty_events
    }

    /// The changes are in the database: forget them, and cases not used lately beyond `most`.
    pub(super) fn committed(&mut self, most: usize) {
        for at in std::mem::take(&mut self.dirty) {
            let slot = &mut self.slots[at as usize];
            slot.dirty = false;
            slot.before = None;
            if self.last_stored_key.as_deref() < Some(slot.key.as_bytes()) {
                self.last_stored_key = Some(slot.key.as_bytes().to_owned());
            }
        }
        self.dirty_events = 0;
        self.commits += 1;
        if self.slots.len() > most {
            self.shrink(most);
        }
    }

    /// Keeps the half of `most` that was used last, so that this is rare.
    fn shrink(&mut self, most: usize) {
        let mut used: Vec<u64> = self.slots.iter().map(|slot| slot.used).collect();
        let keep = (most / 2).max(1);
        let cut = used.len() - keep.min(used.len());
        let (_, oldest_kept, _) = used.select_nth_unstable(cut.min(self.slots.len() - 1));
        let oldest_kept = *oldest_kept;
        self.slots.retain(|slot| slot.used > oldest_kept);
        self.slots.shrink_to(most);
        self.rebuild_index();
    }

    fn rebuild_index(&mut self) {
        self.index.clear();
        let slots = &self.slots;
        for (at, slot) in slots.iter().enumerate() {
            self.index
                .insert_unique(slot.hash, at as u32, |at| slots[*at as usize].hash);
        }
    }

    /// Forgets some cases, none of which has changed since the last commit.
    pub(super) fn forget(&mut self, keys: &FxHashSet<&str>) {
        let is_here = |key: &&str| self.find(key, hash_text(key)).is_some();
        if keys.iter().any(is_here) {
            self.slots.retain(|slot| !keys.contains(&*slot.key));
            self.rebuild_index();
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.index.clear();
        self.dirty.clear();
        self.dirty_events = 0;
    }
}

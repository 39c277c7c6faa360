//! All cases of a one-shot run, in memory.

use crate::cases::{Case, Insert};
use crate::ingest::{EventBatch, GlobalNames, Reason, Reject, event_in};
use crate::model::{NameId, Names, Time, hash_text};
use hashbrown::HashTable;

/// Bounds of a table.
#[derive(Clone, Copy, Debug)]
pub struct TableLimits {
    /// A case with more events takes no more.
    pub case_events: usize,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// New events.
    pub added: u64,
    /// Redelivered events.
    pub duplicates: u64,
    /// Events refused because their case is full.
    pub rejects: Vec<Reject>,
}

/// All cases, by key.
#[derive(Default)]
pub struct CaseTable {
    index: HashTable<u32>,
    hashes: Vec<u64>,
    /// Keys, one after the other; a case's key ends where the next begins.
    keys: String,
    key_starts: Vec<usize>,
    cases: Vec<Case>,
    /// Names of processes, activities and outcomes.
    pub names: Names,
}

impl CaseTable {
    /// An empty table.
    pub fn new() -> CaseTable {
        CaseTable::default()
    }

    /// How many cases there are.
    pub fn len(&self) -> usize {
        self.cases
            .iter()
            .filter(|case| !case.events().is_empty())
            .count()
    }

    /// Whether there is no case.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cases, in order of their first appearance.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    fn key(&self, case: u32) -> &str {
        let at = case as usize;
        let end = self
            .key_starts
            .get(at + 1)
            .copied()
            .unwrap_or(self.keys.len());
        &self.keys[self.key_starts[at]..end]
    }

    fn find(&self, key: &str, hash: u64) -> Option<u32> {
        self.index
            .find(hash, |case| self.key(*case) == key)
            .copied()
    }

    fn find_or_add(&mut self, key: &str, hash: u64) -> u32 {
        if let Some(case) = self.find(key, hash) {
            return case;
        }
        let case = self.cases.len() as u32;
        self.key_starts.push(self.keys.len());
        self.keys.push_str(key);
        self.hashes.push(hash);
        self.cases.push(Case::new());
        let hashes = &self.hashes;
        self.index
            .insert_unique(hash, case, |case| hashes[*case as usize]);
        case
    }

    /// Takes the events of a batch.
    pub fn take(&mut self, batch: &EventBatch, limits: TableLimits) -> Taken {
        let global: Vec<NameId> = std::iter::once(NameId::NONE)
            .chain(
                batch
                    .names
                    .since(NameId(1))
                    .map(|(_, text)| self.names.intern(text)),
            )
            .collect();
        let mut taken = Taken::default();
        for event in &batch.events {
            let case = self.find_or_add(batch.text(event.case), event.case_hash);
            let case = &mut self.cases[case as usize];
            let parent = batch.text(event.parent);
            if !parent.is_empty() {
                case.set_parent(event.time, parent);
            }
            let insert = case.insert(
                event_in(event, GlobalNames::of(event, &global)),
                limits.case_events,
            );
            if insert != Insert::Full {
                for (milestone, at) in batch.reached(event) {
                    case.reach(global[milestone.index()], *at);
                }
            }
            match insert {
                Insert::Added => taken.added += 1,
                Insert::Duplicate => taken.duplicates += 1,
                Insert::Full => {
                    let key = batch.text(event.case);
                    let detail = format!("case {key} holds {} events already", limits.case_events);
                    taken
                        .rejects
                        .push(Reject::new(event.place, Reason::CaseFull, detail, b""));
                }
            }
        }
        taken
    }

    /// Brings the events of every case into order: once, when all is read.
    pub fn settle(&mut self) {
        self.cases.iter_mut().for_each(Case::sort);
    }

    /// First and last instant of all events.
    pub fn span(&self) -> Option<(Time, Time)> {
        let times = || {
            self.cases
                .iter()
                .flat_map(|case| case.events())
                .map(|event| event.time)
        };
        Some((times().min()?, times().max()?))
    }

    /// A case, by its key.
    pub fn case(&self, key: &str) -> Option<&Case> {
        let case = self.find(key, hash_text(key))?;
        self.cases.get(case as usize)
    }

    /// The cases with their keys, in order of their first appearance.
    pub fn by_key(&self) -> impl Iterator<Item = (&str, &Case)> {
        let cases = (0..).zip(&self.cases);
        cases.map(|(at, case)| (self.key(at), case))
    }
}

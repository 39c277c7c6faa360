//! All cases of a one-shot run, in memory.

use crate::cases::{Case, Facts, Insert, RuleBook};
use crate::ingest::{EventBatch, Reason, Reject, event_in};
use crate::measure::{Evidence, Tally, Windows, shadowed};
use crate::model::{Names, Span, Time};
use hashbrown::HashTable;
use std::borrow::Cow;

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
        let global: Vec<u32> = std::iter::once(0)
            .chain(
                batch
                    .names
                    .since(1)
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
            match case.insert(event_in(event, &global), limits.case_events) {
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

    /// Brings the events of every case into order and looks up the processes of parent cases: once, when all is read.
    pub fn settle(&mut self) {
        let linked: Vec<(usize, u32)> = (0..self.cases.len())
            .filter_map(|at| {
                let parent = self.cases[at].parent()?;
                let parent = self.find(parent, crate::model::hash_text(parent))?;
                Some((at, self.cases[parent as usize].process()))
            })
            .collect();
        for (at, process) in linked {
            self.cases[at].set_parent_process(process);
        }
        for case in &mut self.cases {
            case.sort();
        }
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

    /// The same table as it was known at an instant: only what had happened by then, parents looked up anew.
    pub fn until(&self, as_of: Time) -> CaseTable {
        let mut known = CaseTable {
            index: self.index.clone(),
            hashes: self.hashes.clone(),
            keys: self.keys.clone(),
            key_starts: self.key_starts.clone(),
            cases: Vec::with_capacity(self.cases.len()),
            names: self.names.clone(),
        };
        for case in &self.cases {
            let mut case = case.until(as_of).map_or_else(Case::new, Cow::into_owned);
            case.set_parent_process(0);
            known.cases.push(case);
        }
        known.settle();
        known
    }

    /// The sums of all cases as of an instant, with nothing later in the table. With a window, only cases that ended (and
    /// starts that lie) within it count; whole hours, as the daemon's buckets have them.
    pub fn evidence(&self, rules: &RuleBook, as_of: Time, window: Option<Span>) -> Evidence {
        let tally = Tally::new(rules, &self.names, Windows::all_alike(window), as_of);
        self.tell(tally, |_, _, _| {})
    }

    /// Puts every case into a tally; `each` is told the key of a case, what it says, and whether it counts.
    pub fn tell(&self, mut tally: Tally, mut each: impl FnMut(&str, &Facts, bool)) -> Evidence {
        for (at, case) in (0..).zip(&self.cases) {
            let twin = shadowed(case).and_then(|key| self.find(key, crate::model::hash_text(key)));
            let twin = twin.map(|twin| &self.cases[twin as usize]);
            if let Some(facts) = tally.add(self.key(at), case, twin) {
                each(self.key(at), &facts, tally.counts(&facts));
            }
        }
        tally.finish()
    }
}

//! Logs that are read in one call and have nothing to do with each other: each is scored on its own period.

use super::case_table::CaseTable;
use crate::ingest::file_of;
use crate::model::{NameId, Time};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

/// Files that share a process, and their processes. Processes that call each other are of one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPart {
    /// The files, by their place in the call.
    pub files: BTreeSet<u64>,
    /// The processes of their events.
    pub processes: FxHashSet<NameId>,
    /// The first event.
    pub first: Time,
    /// The last event.
    pub last: Time,
}

impl LogPart {
    /// A part without events.
    fn empty() -> LogPart {
        LogPart {
            files: BTreeSet::new(),
            processes: FxHashSet::default(),
            first: Time(i64::MAX),
            last: Time(i64::MIN),
        }
    }
}

/// The parts of all that was read, in the order of their files. `links` are pairs of processes that belong together
/// whatever the events say, where both of them were read.
pub(crate) fn log_parts(table: &CaseTable, links: &[(NameId, NameId)]) -> Vec<LogPart> {
    let mut sets = Sets::default();
    let mut files: BTreeMap<u64, InFile> = BTreeMap::new();
    for case in table.cases() {
        let process = case.process();
        // Most events are of the same file as the one before.
        for events in case
            .events()
            .chunk_by(|a, b| file_of(a.place) == file_of(b.place))
        {
            let times = || events.iter().map(|event| event.time);
            let (Some(first), Some(last)) = (times().min(), times().max()) else {
                continue;
            };
            let file = files.entry(file_of(events[0].place)).or_insert(InFile {
                process,
                first,
                last,
            });
            (file.first, file.last) = (file.first.min(first), file.last.max(last));
            sets.join(process, file.process);
        }
        for event in case.events() {
            sets.join(process, event.process);
        }
        let parent = case.parent().and_then(|key| table.case(key));
        if let Some(parent) = parent {
            sets.join(process, parent.process());
        }
    }
    for (one, other) in links {
        if sets.next.contains_key(one) && sets.next.contains_key(other) {
            sets.join(*one, *other);
        }
    }
    sets.parts(&files)
}

/// What was found of a file.
struct InFile {
    /// One of its processes: all of them are of one part.
    process: NameId,
    first: Time,
    last: Time,
}

/// Sets of processes that are joined step by step.
#[derive(Default)]
struct Sets {
    /// Another process of the same set; itself for the one that stands for the set.
    next: FxHashMap<NameId, NameId>,
}

impl Sets {
    /// The process that stands for the set of a process.
    fn of(&mut self, process: NameId) -> NameId {
        let mut at = process;
        loop {
            let next = *self.next.entry(at).or_insert(at);
            if next == at {
                break;
            }
            at = next;
        }
        self.next.insert(process, at);
        at
    }

    /// Joins the sets of two processes. Events that name no process join nothing.
    fn join(&mut self, one: NameId, other: NameId) {
        if one == other || !other.is_some() {
            self.next.entry(one).or_insert(one);
        } else {
            let (one, other) = (self.of(one), self.of(other));
            self.next.insert(one.max(other), one.min(other));
        }
    }

    fn parts(mut self, files: &BTreeMap<u64, InFile>) -> Vec<LogPart> {
        let mut parts: BTreeMap<NameId, LogPart> = BTreeMap::new();
        for (number, file) in files {
            let set = self.of(file.process);
            let part = parts.entry(set).or_insert_with(LogPart::empty);
            part.files.insert(*number);
            part.first = part.first.min(file.first);
            part.last = part.last.max(file.last);
        }
        let processes: Vec<NameId> = self.next.keys().copied().collect();
        for process in processes {
            let set = self.of(process);
            if let Some(part) = parts.get_mut(&set) {
                part.processes.insert(process);
            }
        }
        let mut parts: Vec<LogPart> = parts.into_values().collect();
        parts.sort_by_key(|part| part.files.first().copied());
        parts
    }
}

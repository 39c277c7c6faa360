//! All cases of a one-shot run, in memory.

use crate::cases::{Case, CaseEvent, EventIn, Facts, Insert, RuleBook, facts, facts_beside};
use crate::ingest::{EventBatch, MappedEvent, Reason, Reject};
use crate::measure::{Counts, bucket_parts};
use crate::model::{Hour, NameId, Names, Origin, Time};
use crate::score::{Baseline, BaselineFinder, Evidence, ProcessSums};
use hashbrown::HashTable;
use std::collections::BTreeMap;

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

    /// The facts of a case as of an instant; a shadow run is compared with the case it shadows.
    fn facts_of(&self, case: &Case, rules: &RuleBook, as_of: Time) -> Option<Facts> {
        let shadow = |event: &CaseEvent| event.flags.origin() == Origin::Shadow;
        let twin = match case.parent() {
            Some(parent) if case.events().iter().any(shadow) => self
                .find(parent, crate::model::hash_text(parent))
                .and_then(|twin| {
                    facts(&self.cases[twin as usize], rules, &self.names, Some(as_of))
                }),
            _ => None,
        };
        let outcome = twin.map_or(0, |twin| twin.to_compare_with());
        facts_beside(case, rules, &self.names, Some(as_of), outcome)
    }

    /// The sums of all cases as of an instant. With a window, only cases that ended (and starts that lie) within it
    /// count; whole hours, as the daemon's buckets have them.
    pub fn evidence(&self, rules: &RuleBook, as_of: Time, window: Option<i64>) -> Evidence {
        let first_hour: Hour = window.map_or(Hour::MIN, |window| as_of.plus(-window).hour());
        let mut evidence = Evidence {
            to: as_of,
            ..Evidence::default()
        };
        let mut ended: BTreeMap<NameId, Counts<Hour>> = BTreeMap::new();
        for case in &self.cases {
            if let Some(facts) = self.facts_of(case, rules, as_of) {
                add(&mut evidence, &facts, &self.names, first_hour);
                if facts.complete && facts.origin == Origin::Live {
                    let hours = ended.entry(facts.process).or_default();
                    hours.add(facts.end.hour(), 1);
                }
            }
        }
        evidence
            .processes
            .values_mut()
            .for_each(ProcessSums::drop_zeros);
        evidence.baselines = self.baselines(rules, as_of, &ended);
        let begin = self.span().map_or(as_of, |(first, _)| first);
        evidence.from = match window {
            Some(window) => begin.max(as_of.plus(-window)),
            None => begin,
        };
        evidence
    }
}

impl CaseTable {
    /// The first cases of every process, given how many ended in each hour: facts of later ones are not looked at again.
    fn baselines(
        &self,
        rules: &RuleBook,
        as_of: Time,
        ended: &BTreeMap<NameId, Counts<Hour>>,
    ) -> BTreeMap<NameId, Baseline> {
        let cases = rules.baseline_cases();
        let live = |case: &Case| {
            facts(case, rules, &self.names, Some(as_of))
                .filter(|facts| facts.complete && facts.origin == Origin::Live)
        };
        let last_hours: BTreeMap<NameId, Hour> = ended
            .iter()
            .map(|(process, hours)| (*process, last_hour(rules.of(*process).first_hour, hours, cases)))
            .collect();
        let mut by_hour: BTreeMap<Hour, Vec<Facts>> = BTreeMap::new();
        for case in &self.cases {
            let Some(end) = case.latest().map(|event| event.time.hour()) else {
                continue;
            };
            let counts = |process| last_hours.get(&process).is_some_and(|last| end <= *last);
            let called_in_time = || counts(case.parent_process());
            if (counts(case.process()) || called_in_time())
                && let Some(facts) = live(case)
            {
                by_hour.entry(end).or_default().push(facts);
            }
        }
        let mut finders: BTreeMap<NameId, BaselineFinder> = ended
            .keys()
            .map(|process| {
                let first = rules.of(*process).first_hour;
                (*process, BaselineFinder::new(cases, first))
            })
            .collect();
        for (hour, all) in by_hour {
            for facts in all {
                if let Some(finder) = finders.get_mut(&facts.process)
                    && finder.enter(hour)
                {
                    finder.add_case(&facts, &self.names);
                }
                if let Some(finder) = finders.get_mut(&facts.parent_process)
                    && finder.enter(hour)
                {
                    finder.add_calls(facts.process, 1);
                }
            }
        }
        finders
            .into_iter()
            .map(|(process, finder)| (process, finder.finish()))
            .collect()
    }
}

/// The hour by whose end there are so many cases; the last hour if there are never.
fn last_hour(first: Hour, hours: &Counts<Hour>, cases: i64) -> Hour {
    let mut seen = 0;
    for (hour, count) in hours.iter().filter(|(hour, _)| *hour >= first) {
        seen += count;
        if seen >= cases {
            return hour;
        }
    }
    Hour::MAX
}

/// An event of a batch with the numbers of names turned into global ones.
pub(crate) fn event_in(event: &MappedEvent, global: &[u32]) -> EventIn {
    EventIn {
        event: CaseEvent {
            time: event.time,
            sequence: event.sequence,
            place: event.place,
            identity: event.identity,
            activity: global[event.activity as usize],
            outcome: global[event.outcome as usize],
            process: global[event.process as usize],
            flags: event.flags,
        },
        input: event.input,
        hands_on: event.hands_on,
    }
}

fn add(evidence: &mut Evidence, facts: &Facts, names: &Names, first_hour: Hour) {
    let (start, end) = bucket_parts(facts);
    let process = evidence.processes.entry(facts.process).or_default();
    // Open cases count however long ago they began: they are open now.
    if start.hour >= first_hour {
        process.part(&start).add_start(facts, 1);
    } else {
        process.part(&start).add_open(facts, 1);
    }
    if facts.complete && end.hour >= first_hour {
        process.part(&end).add_end(facts, names, 1);
    }
}

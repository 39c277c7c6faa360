//! Mappings, compiled: records in, events out.

mod apply;
mod compile;
mod computed;
mod described;
mod each;
mod field;
mod keep;
mod milestones;
mod predicate;
mod row;
mod suggest;
mod words;
mod work;

pub(crate) use apply::Place;
pub use compile::Circumstances;
pub use compile::compile;
pub(crate) use described::described;
pub(crate) use keep::KeptFields;
pub(crate) use row::SlotRow;
pub(crate) use suggest::suggested_match;
pub(crate) use words::{executor_of, is_reopened};

use super::path::Path;
use super::reject::Reason;
use super::time::TimeParser;
use crate::model::Time;
use crate::rules::mapping::{FormatName, Identity};
use each::Each;
use field::Field;
use predicate::Predicate;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

/// 1980-01-01: an earlier time is a missing one in disguise (0, a day in 1970, a year of two digits).
const EARLIEST: Time = Time(315_532_800_000_000);

/// A mapping, ready to be applied. Made by [`compile()`].
#[derive(Debug)]
pub struct Mapping {
    /// How the file is written, where the mapping says so.
    pub format: Option<FormatName>,
    /// The sheet of a workbook; found out if none.
    pub sheet: Option<String>,
    /// Where in a JSON document the records are.
    pub records: Option<Path>,
    /// Keys under which an answer has its records as a list. A record without such a list is read as it is.
    pub lists: Vec<String>,
    /// CSV: the character between two fields, where the mapping says so.
    pub delimiter: Option<u8>,
    /// How a redelivered event is told.
    pub identity: Identity,
    /// What the fields read: slot by slot.
    pub(super) slots: Vec<Slot>,
    /// Whether records are needed whole (predicates, arrays), rather than a few of their fields.
    pub(super) whole_records: bool,
    namespace: String,
    parent_namespace: String,
    hands_on: HandsOnRule,
    /// Severity of outcomes in percent, by plain name.
    severities: BTreeMap<String, u8>,
    times: TimeParser,
    /// The records have no time.
    undated: bool,
    events: Vec<EventMapping>,
    /// Events after this instant (microseconds since 1970) are not believed. Moves on with the clock of a caller who
    /// goes on for long.
    latest: AtomicI64,
    /// The hash of the record that the next one stands for, of which it has some fields only; 0 if it is whole.
    stands_for: u64,
}

/// Why a record, or one element of it, did not become an event.
type Refusal = (Reason, String);

/// One path that fields read.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) path: Path,
    /// Which part of the record it reads.
    pub(super) scope: Scope,
}

/// Which part of a record a path reads; where that part is not there, it reads the record.
#[derive(Debug)]
pub(super) enum Scope {
    /// The record.
    Record,
    /// The element of `each`, for paths that begin with `item`.
    Item(Path),
    /// An element around it, for paths that begin with `outer` (1), `outer.outer` (2) and so on.
    Outer(usize, Path),
}

impl Scope {
    fn of(path: &Path) -> Scope {
        if let Some(below) = path.below("item") {
            return Scope::Item(below);
        }
        let (mut up, mut rest) = (0, path.clone());
        while let Some(below) = rest.below("outer") {
            (up, rest) = (up + 1, below);
        }
        match up {
            0 => Scope::Record,
            _ => Scope::Outer(up, rest),
        }
    }
}

/// How hands-on times are written.
#[derive(Clone, Copy, Debug)]
struct HandsOnRule {
    /// Seconds of one unit.
    unit_seconds: f64,
    /// They are totals of the case so far.
    of_case: bool,
}

/// One kind of event that a record holds.
#[derive(Debug)]
struct EventMapping {
    each: Option<Each>,
    /// Without a time, there is no such event.
    optional: bool,
    filters: Vec<Predicate>,
    case: Field,
    process: Field,
    activity: Field,
    time: Field,
    sequence: Option<Field>,
    event_id: Option<Field>,
    /// Whether the event id is that of the record, which then needs the place in the record beside it.
    event_id_of_record: bool,
    executor: Option<Field>,
    lifecycle: Option<Field>,
    transition: Option<Field>,
    outcome: Option<Field>,
    input: Vec<Field>,
    cluster: Vec<Field>,
    version: Vec<Field>,
    parent: Option<Field>,
    hands_on: Option<Field>,
    /// Whether this kind of event maps its hands-on time itself, rather than by what the mapping says of all.
    own_hands_on: bool,
    reopened: Option<Field>,
    /// When the case reached a milestone, by its name.
    milestones: Vec<(String, Field)>,
    reviewed: Option<Predicate>,
    exercise: Option<Predicate>,
    shadow: Option<Predicate>,
    /// Activities that end or resolve a case.
    terminal: Vec<String>,
    resolved: Vec<String>,
    /// Activities that decide a case.
    decides: Vec<String>,
    /// Activities by which a person approves a decision; `None` if the mapping does not name them.
    approves: Option<Vec<String>>,
    declares_end: bool,
    explicit_reopen: bool,
    /// Only an event could reopen a case, and the source has no such event.
    never_reopens: bool,
    /// Whether each record has several events.
    is_one_of_several: bool,
}

impl Mapping {
    /// Believes events up to this instant from now on.
    pub fn believe_until(&self, latest: Time) {
        self.latest.store(latest.0, Ordering::Relaxed);
    }

    /// Reads records as what is kept of the one with this hash.
    pub(crate) fn stand_for(&mut self, record: u64) {
        self.stands_for = record;
    }

    /// The paths of the mapping's fields, as they were written: what a record should have.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.slots.iter().map(|slot| slot.path.text())
    }

    /// Whether a record must have this path for any event to come of it: case, activity and time without alternatives.
    pub fn required_paths(&self) -> Vec<&str> {
        let mut required: Vec<&str> = Vec::new();
        for event in self.events.iter().filter(|event| !event.optional) {
            for field in [&event.case, &event.activity, &event.time] {
                let slot = field.only_slot().map(|slot| &self.slots[slot]);
                // What an element must have, the record need not.
                if let Some(slot) = slot.filter(|slot| matches!(slot.scope, Scope::Record)) {
                    required.push(slot.path.text());
                }
            }
        }
        required.sort_unstable();
        required.dedup();
        required
    }
}

//! Mapped events on their way from a decoder to the assembly of cases: few allocations, names once per batch.

use super::reject::Reject;
use crate::cases::{CaseEvent, EventFlags, EventIn, KEY_SEPARATOR};
use crate::model::{NameId, Names, Time};

/// A piece of a batch's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextRef {
    start: u32,
    len: u32,
}

/// The times of milestones that one event has, in those of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReachedRef {
    start: u32,
    len: u32,
}

/// One event as the mapping made it. Names are numbers of the batch's own table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MappedEvent {
    /// Key of its case.
    pub case: TextRef,
    /// Hash of that key.
    pub case_hash: u64,
    /// Key of the parent case; empty for none.
    pub parent: TextRef,
    /// When.
    pub time: Time,
    /// Mapped sequence, else 0.
    pub sequence: i64,
    /// Position in the source.
    pub place: u64,
    /// Tells a redelivered event.
    pub identity: u64,
    /// Input signature; 0 for none.
    pub input: u64,
    /// Hash of what cases with one cause have in common; 0 for none.
    pub cluster: u64,
    /// What was done.
    pub activity: NameId,
    /// How the case stands; 0 where it does not say.
    pub outcome: NameId,
    /// The process.
    pub process: NameId,
    /// Seconds of hands-on time; 0 where it does not say.
    pub hands_on: u32,
    /// What ran it; 0 where it does not say.
    pub version: NameId,
    /// When its case reached milestones, as its record says.
    pub reached: ReachedRef,
    /// Executor, lifecycle, origin, what the mapping declares.
    pub flags: EventFlags,
}

/// Events and rejects of one stretch of a source.
#[derive(Debug, Default)]
pub struct EventBatch {
    text: String,
    /// When cases reached milestones, event after event.
    reached: Vec<(NameId, Option<Time>)>,
    /// In the order of the source.
    pub events: Vec<MappedEvent>,
    /// Names that the events speak of by number.
    pub names: Names,
    /// Records that did not become events.
    pub rejects: Vec<Reject>,
    /// Records read, rejected and filtered ones among them.
    pub records: u64,
    /// Records that the mapping's `where` passes over.
    pub filtered: u64,
    /// Local times that the zone's clock skipped or had twice, read as the earlier instant.
    pub ambiguous_times: u64,
    /// What [`EventBatch::move_places`] has added to the places.
    moved: u64,
}

impl EventBatch {
    /// Keeps a text.
    pub fn keep(&mut self, text: &str) -> TextRef {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        TextRef {
            start,
            len: text.len() as u32,
        }
    }

    /// Keeps the key of a case: its id behind its namespace.
    pub fn keep_key(&mut self, namespace: &str, id: &str) -> TextRef {
        let start = self.text.len() as u32;
        if !namespace.is_empty() {
            self.text.push_str(namespace);
            self.text.push(KEY_SEPARATOR);
        }
        self.text.push_str(id);
        TextRef {
            start,
            len: self.text.len() as u32 - start,
        }
    }

    /// The text of a piece.
    pub fn text(&self, piece: TextRef) -> &str {
        let start = piece.start as usize;
        self.text
            .get(start..start + piece.len as usize)
            .unwrap_or("")
    }

    /// Keeps when a case reached milestones; `None` for a field without a value.
    pub fn keep_reached(&mut self, reached: &[(NameId, Option<Time>)]) -> ReachedRef {
        let start = self.reached.len() as u32;
        self.reached.extend_from_slice(reached);
        ReachedRef {
            start,
            len: reached.len() as u32,
        }
    }

    /// When the case of an event reached milestones, as its record says.
    pub fn reached(&self, event: &MappedEvent) -> &[(NameId, Option<Time>)] {
        let start = event.reached.start as usize;
        let end = start + event.reached.len as usize;
        self.reached.get(start..end).unwrap_or(&[])
    }

    /// Puts the events behind those of the files before: events of the same instant are ordered by file, then by
    /// position in it. `base` rises from file to file, see [`behind_file`]. (The identities stay: they go by content.)
    pub fn move_places(&mut self, base: u64) {
        self.moved = self.moved.wrapping_add(base);
        for event in &mut self.events {
            event.place = event.place.wrapping_add(base);
        }
    }

    /// Where in its file an event stands that has this place.
    pub fn offset_of(&self, place: u64) -> u64 {
        place.wrapping_sub(self.moved)
    }

    /// About how many bytes of memory its events take.
    pub fn event_bytes(&self) -> usize {
        self.text.len()
            + self.events.len() * size_of::<MappedEvent>()
            + self.reached.len() * size_of::<(NameId, Option<Time>)>()
    }

    /// Bytes of text that the last event keeps.
    pub(crate) fn text_bytes_of_last(&self) -> usize {
        let of = |event: &MappedEvent| (event.case.len + event.parent.len) as usize;
        self.events.last().map_or(0, of)
    }

    /// Whether it holds neither events nor rejects.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.rejects.is_empty()
    }
}

/// Where the places of the n-th file begin: a terabyte for each; beyond that, ties between files may be ordered otherwise,
/// which harms nothing.
pub fn behind_file(number: u64) -> u64 {
    number << 40
}

/// The number of the file that has a place.
pub(crate) fn file_of(place: u64) -> u64 {
    place >> 40
}

/// The numbers of the names of an event in the table of all names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GlobalNames {
    pub activity: NameId,
    pub outcome: NameId,
    pub version: NameId,
    pub process: NameId,
}

impl GlobalNames {
    /// By a table from the numbers of the batch.
    pub(crate) fn of(event: &MappedEvent, global: &[NameId]) -> GlobalNames {
        GlobalNames {
            activity: global[event.activity.index()],
            outcome: global[event.outcome.index()],
            version: global[event.version.index()],
            process: global[event.process.index()],
        }
    }
}

/// An event of a batch with the numbers of names turned into global ones.
pub(crate) fn event_in(event: &MappedEvent, global: GlobalNames) -> EventIn {
    EventIn {
        event: CaseEvent {
            time: event.time,
            sequence: event.sequence,
            place: event.place,
            identity: event.identity,
            activity: global.activity,
            outcome: global.outcome,
            process: global.process,
            flags: event.flags,
        },
        input: event.input,
        cluster: event.cluster,
        hands_on: event.hands_on,
        version: global.version,
    }
}

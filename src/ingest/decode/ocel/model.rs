//! An object-centric log in memory, and the records that it becomes: one for each event and object that belong together.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::io::{self, Read};

/// The names of columns that process miners use for a log with one object in each row.
const EVENT_ID: &str = "ocel:eid";
const ACTIVITY: &str = "ocel:activity";
const TIME: &str = "ocel:timestamp";
const OBJECT_ID: &str = "ocel:oid";
const OBJECT_TYPE: &str = "ocel:type";
const QUALIFIER: &str = "ocel:qualifier";
/// In the place of the case, so that the record is rejected.
const MISSING_OBJECT: &str = "ocel:missing_object";
/// In front of the attributes of the object, as in event logs in XES.
pub(crate) const OF_OBJECT: &str = "case:";

/// About how many bytes of memory a log may take.
const MOST_BYTES: usize = 512 << 20;
/// What each part of a log takes beside its texts.
const PART_BYTES: usize = 64;
/// Attributes of an object are in the record of each of its events. Records are at most so many times longer than the log.
const MOST_RATIO: u64 = 64;
/// And as long as this in any case.
const ALWAYS_WRITTEN: u64 = 64 << 20;

/// A named value.
type Attribute = (u32, Box<str>);

#[derive(Debug, Default)]
struct Object {
    kind: u32,
    /// The latest value of each, and since when.
    attributes: Vec<(Attribute, Box<str>)>,
}

#[derive(Debug, Default)]
struct Event {
    id: Box<str>,
    kind: u32,
    time: Box<str>,
    attributes: Vec<Attribute>,
    /// Objects by the number of their id, and what they are to the event.
    objects: Vec<(u32, u32)>,
}

/// Texts by numbers.
#[derive(Debug, Default)]
struct Texts {
    numbers: FxHashMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
}

impl Texts {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        self.numbers.insert(text.into(), number);
        self.texts.push(text.into());
        number
    }

    fn text(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", |text| text)
    }
}

/// The log. Events and objects come in any order.
#[derive(Debug, Default)]
pub(super) struct Model {
    /// Types, names of attributes and qualifiers.
    names: Texts,
    ids: Texts,
    /// By the number of their id.
    objects: Vec<Option<Object>>,
    events: Vec<Event>,
    /// Parts that can't be read.
    unreadable: Vec<String>,
    bytes: usize,
}

/// The log takes too much memory.
pub(super) const TOO_LARGE: &str =
    "the log takes more than 512 MiB of memory. Split it by time, and name all parts";

impl Model {
    /// Notes memory; an error if there is too much.
    fn takes(&mut self, texts: &[&str]) -> Result<(), String> {
        self.bytes += PART_BYTES + texts.iter().map(|text| text.len()).sum::<usize>();
        match self.bytes > MOST_BYTES {
            true => Err(TOO_LARGE.to_owned()),
            false => Ok(()),
        }
    }

    /// Adds an object. Of two with one id the first counts.
    pub(super) fn object(&mut self, id: &str, kind: &str) -> Result<(), String> {
        self.takes(&[id, kind])?;
        let (number, kind) = (self.id(id), self.names.number(kind));
        self.objects[number as usize].get_or_insert(Object {
            kind,
            attributes: Vec::new(),
        });
        Ok(())
    }

    fn id(&mut self, id: &str) -> u32 {
        let number = self.ids.number(id);
        if self.objects.len() <= number as usize {
            self.objects.resize_with(number as usize + 1, || None);
        }
        number
    }

    /// Sets an attribute of an object, unless a later value is known. Times of one log are written alike.
    pub(super) fn object_attribute(
        &mut self,
        id: &str,
        (name, value): (&str, &str),
        since: &str,
    ) -> Result<(), String> {
        self.takes(&[value, since])?;
        let (number, name) = (self.id(id), self.names.number(name));
        let Some(object) = &mut self.objects[number as usize] else {
            return Ok(());
        };
        let known = object
            .attributes
            .iter_mut()
            .find(|((known, _), _)| *known == name);
        match known {
            Some((_, known)) if &**known > since => {}
            Some((known, at)) => (known.1, *at) = (value.into(), since.into()),
            None => object.attributes.push(((name, value.into()), since.into())),
        }
        Ok(())
    }

    /// Adds an event. Gives its number.
    pub(super) fn event(&mut self, id: &str, kind: &str, time: &str) -> Result<usize, String> {
        self.takes(&[id, kind, time])?;
        self.events.push(Event {
            id: id.into(),
            kind: self.names.number(kind),
            time: time.into(),
            ..Event::default()
        });
        Ok(self.events.len() - 1)
    }

    /// Sets the time of an event.
    pub(super) fn event_time(&mut self, event: usize, time: &str) {
        if let Some(event) = self.events.get_mut(event) {
            event.time = time.into();
        }
    }

    pub(super) fn event_attribute(
        &mut self,
        event: usize,
        (name, value): (&str, &str),
    ) -> Result<(), String> {
        self.takes(&[value])?;
        let name = self.names.number(name);
        if let Some(event) = self.events.get_mut(event) {
            event.attributes.push((name, value.into()));
        }
        Ok(())
    }

    /// An object belongs to an event.
    pub(super) fn link(&mut self, event: usize, id: &str, qualifier: &str) -> Result<(), String> {
        self.takes(&[])?;
        let link = (self.id(id), self.names.number(qualifier));
        if let Some(event) = self.events.get_mut(event) {
            event.objects.push(link);
        }
        Ok(())
    }

    /// A part of the log that can't be read. It is rejected as a record of its own.
    pub(super) fn unreadable(&mut self, what: &str) -> Result<(), String> {
        self.takes(&[what])?;
        self.unreadable.push(what.replace(['\n', '\r'], " "));
        Ok(())
    }

    /// What people should know of it.
    pub(super) fn notes(&self) -> Vec<String> {
        let known = self.objects.iter().flatten();
        let kinds: BTreeSet<u32> = known.clone().map(|object| object.kind).collect();
        let mut notes = vec![format!(
            "{} of {} of {}: each event counts once for each object",
            counted(self.events.len(), "event"),
            counted(known.count(), "object"),
            counted(kinds.len(), "type")
        )];
        let alone = self
            .events
            .iter()
            .filter(|event| event.objects.is_empty())
            .count();
        if alone > 0 {
            notes.push(format!(
                "{} without an object passed over",
                counted(alone, "event")
            ));
        }
        let is_missing = |(object, _): &&(u32, u32)| self.objects[*object as usize].is_none();
        let links = self
            .events
            .iter()
            .flat_map(|event| event.objects.iter().map(move |link| (event, link)));
        let mut dangling = links.filter(|(_, link)| is_missing(link));
        if let Some((event, (object, _))) = dangling.next() {
            notes.push(format!(
                "{} to objects that the log does not have, first of event {} to {}",
                counted(1 + dangling.count(), "link"),
                event.id,
                self.ids.text(*object)
            ));
        }
        if let Some(first) = self.unreadable.first() {
            let parts = counted(self.unreadable.len(), "part");
            notes.push(format!("{parts} of the log can't be read, first: {first}"));
        }
        notes
    }

    /// The record of an event for its nth object.
    fn record(&self, event: &Event, object: u32, qualifier: &str) -> Map<String, Value> {
        let mut record = Map::new();
        let mut add = |key: &str, value: &str| {
            record.entry(key).or_insert_with(|| Value::from(value));
        };
        add(EVENT_ID, &event.id);
        add(ACTIVITY, self.names.text(event.kind));
        add(TIME, &event.time);
        match &self.objects[object as usize] {
            Some(known) => {
                add(OBJECT_ID, self.ids.text(object));
                add(OBJECT_TYPE, self.names.text(known.kind));
            }
            None => add(MISSING_OBJECT, self.ids.text(object)),
        }
        add(QUALIFIER, qualifier);
        for (name, value) in &event.attributes {
            add(self.names.text(*name), value);
        }
        let known = self.objects[object as usize].iter();
        for ((name, value), _) in known.flat_map(|object| &object.attributes) {
            add(&format!("{OF_OBJECT}{}", self.names.text(*name)), value);
        }
        record
    }
}

fn counted(count: usize, noun: &str) -> String {
    crate::model::humanize::counted(count as u64, noun)
}

/// The records of a log as lines, made when they are read.
pub(super) struct Lines {
    model: Model,
    /// The next event.
    event: usize,
    /// What is left of the event before.
    line: Vec<u8>,
    at: usize,
    written: u64,
    most: u64,
    /// What ended the log early.
    failed: Option<io::Error>,
}

impl Lines {
    pub(super) fn new(model: Model, failed: Option<io::Error>) -> Lines {
        let mut line = Vec::new();
        for part in &model.unreadable {
            line.extend_from_slice(part.as_bytes());
            line.push(b'\n');
        }
        Lines {
            most: ALWAYS_WRITTEN.max(model.bytes as u64 * MOST_RATIO),
            model,
            event: 0,
            line,
            at: 0,
            written: 0,
            failed,
        }
    }

    /// Makes the lines of the next event; says whether there is one. An object that an event names several times, with other
    /// qualifiers, has the event once.
    fn next_event(&mut self) -> io::Result<bool> {
        if self.written > self.most {
            return Err(io::Error::other(super::super::inflate::TooLarge::Content));
        }
        let Some(event) = self.model.events.get(self.event) else {
            return self.failed.take().map_or(Ok(false), Err);
        };
        (self.event, self.at) = (self.event + 1, 0);
        self.line.clear();
        let mut order: Vec<usize> = (0..event.objects.len()).collect();
        order.sort_by_key(|nth| event.objects[*nth].0);
        for same in order.chunk_by(|one, other| event.objects[*one].0 == event.objects[*other].0) {
            let qualifiers = same
                .iter()
                .map(|nth| self.model.names.text(event.objects[*nth].1));
            let qualifiers: BTreeSet<&str> = qualifiers.filter(|text| !text.is_empty()).collect();
            let qualifiers: Vec<&str> = qualifiers.into_iter().collect();
            let object = event.objects[same[0]].0;
            let record = self.model.record(event, object, &qualifiers.join(", "));
            serde_json::to_writer(&mut self.line, &record)?;
            self.line.push(b'\n');
        }
        self.written += self.line.len() as u64;
        Ok(true)
    }
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.line.len() {
            if !self.next_event()? {
                return Ok(0);
            }
        }
        let left = &self.line[self.at..];
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        self.at += count;
        Ok(count)
    }
}

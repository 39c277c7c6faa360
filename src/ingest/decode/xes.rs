//! Event logs in XES (IEEE 1849).
//!
//! The attributes of an event have their own keys (`concept:name`), those of its trace have `case:` before them
//! (`case:concept:name`), as process miners know them. Attributes inside of attributes are passed over.

use super::BATCH_RECORDS;
use crate::ingest::batch::EventBatch;
use crate::ingest::mapping::{Mapping, Place, SlotRow};
use crate::ingest::reject::{Reason, Reject};
use crate::ingest::scalar::Scalar;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::BufRead;
use std::ops::ControlFlow;
use xxhash_rust::xxh3::Xxh3;

/// One event of an XES log: attributes of the trace, then its own.
#[derive(Debug, Default)]
pub(crate) struct XesEvent {
    /// Position in the file, in bytes.
    pub place: u64,
    /// Keys and values.
    pub attributes: Vec<(String, String)>,
}

impl XesEvent {
    /// The value of a key; an event's own attributes come before those of its trace.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.attributes
            .iter()
            .rev()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value.as_str())
    }

    /// As a tree.
    pub(crate) fn value(&self) -> Value {
        let entry = |(key, value): &(String, String)| (key.clone(), Value::String(value.clone()));
        Value::Object(self.attributes.iter().map(entry).collect::<Map<_, _>>())
    }
}

/// Decodes a log for a mapping.
pub fn decode_xes(
    mapping: &Mapping,
    stream: u64,
    reader: impl BufRead,
    sink: &mut dyn FnMut(EventBatch) -> ControlFlow<()>,
) {
    let mut batch = EventBatch::default();
    let paths: Vec<String> = mapping.paths().map(str::to_owned).collect();
    let mut stopped = false;
    let result = read_xes(reader, &mut |event| {
        apply(mapping, &paths, stream, event, &mut batch);
        if batch.records as usize >= BATCH_RECORDS {
            stopped = sink(std::mem::take(&mut batch)).is_break();
        }
        if stopped {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    if let Err((place, reason, detail)) = result {
        batch.records += 1;
        batch.rejects.push(Reject::new(place, reason, detail, b""));
    }
    if batch.records > 0 && !stopped {
        // Nothing follows, so it does not matter whether the receiver wants more.
        let _ = sink(batch);
    }
}

fn apply(mapping: &Mapping, paths: &[String], stream: u64, event: &XesEvent, out: &mut EventBatch) {
    let mut hasher = Xxh3::new();
    for (key, value) in &event.attributes {
        hasher.update(key.as_bytes());
        hasher.update(&[0]);
        hasher.update(value.as_bytes());
        hasher.update(&[0]);
    }
    let place = Place {
        stream,
        offset: event.place,
        record: hasher.digest(),
    };
    if mapping.whole_records {
        let value = event.value();
        mapping.apply_value(&value, place, value.to_string().as_bytes(), out);
        return;
    }
    let slots: Vec<Scalar> = paths
        .iter()
        .map(|path| match event.get(path) {
            Some(value) => Scalar::Text(Cow::Borrowed(value)),
            None => Scalar::Missing,
        })
        .collect();
    let before = out.rejects.len();
    mapping.apply_slots(&SlotRow(&slots), place, b"", out);
    // What it was is only written down for those that need it.
    if out.rejects.len() > before {
        let raw = event.value().to_string().into_bytes();
        for reject in &mut out.rejects[before..] {
            reject.record.clone_from(&raw);
        }
    }
}

/// Reads a log event by event. An error says where, why and what; what came before it was handed out.
pub(crate) fn read_xes(
    reader: impl BufRead,
    each: &mut dyn FnMut(&XesEvent) -> ControlFlow<()>,
) -> Result<(), (u64, Reason, String)> {
    let mut xml = Reader::from_reader(reader);
    let mut buffer = Vec::new();
    let mut state = State::default();
    loop {
        let place = xml.buffer_position();
        let malformed = |what: String| (place, Reason::Malformed, what);
        match xml.read_event_into(&mut buffer) {
            Ok(Event::Start(tag)) => state.start(&tag, place).map_err(malformed)?,
            Ok(Event::Empty(tag)) => {
                state.start(&tag, place).map_err(malformed)?;
                if state.end(each).is_break() {
                    return Ok(());
                }
            }
            Ok(Event::End(_)) => {
                if state.end(each).is_break() {
                    return Ok(());
                }
            }
            Ok(Event::Eof) if state.open.is_empty() => return Ok(()),
            Ok(Event::Eof) => {
                let what = format!("the file ends inside of <{}>", state.open_names());
                return Err((place, Reason::Truncated, what));
            }
            Ok(_) => {}
            Err(quick_xml::Error::Io(error)) => {
                return Err((place, Reason::Truncated, error.to_string()));
            }
            Err(error) => return Err((place, Reason::Malformed, error.to_string())),
        }
        buffer.clear();
    }
}

/// An element that matters, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    Log,
    Trace,
    Event,
    Other,
}

#[derive(Default)]
struct State {
    open: Vec<Element>,
    /// How many attributes of `event` belong to the trace.
    of_trace: usize,
    event: XesEvent,
}

impl State {
    fn open_names(&self) -> &'static str {
        match self.open.last() {
            Some(Element::Log) => "log",
            Some(Element::Trace) => "trace",
            Some(Element::Event) => "event",
            _ => "an attribute",
        }
    }

    fn start(&mut self, tag: &BytesStart, place: u64) -> Result<(), String> {
        let parent = self.open.last().copied();
        let name = tag.local_name();
        let element = match (name.as_ref(), parent) {
            ("log", None) => Element::Log,
            ("trace", Some(Element::Log)) => Element::Trace,
            ("event", Some(Element::Trace)) => Element::Event,
            _ => Element::Other,
        };
        match (element, parent) {
            (Element::Trace, _) => {
                self.event.attributes.clear();
                self.of_trace = 0;
            }
            (Element::Event, _) => {
                self.event.attributes.truncate(self.of_trace);
                self.event.place = place;
            }
            (Element::Other, Some(Element::Trace)) => {
                if let Some((key, value)) = attribute(tag)? {
                    // Attributes of the trace stand before its events, but need not.
                    self.event.attributes.truncate(self.of_trace);
                    self.event.attributes.push((format!("case:{key}"), value));
                    self.of_trace += 1;
                }
            }
            (Element::Other, Some(Element::Event)) => {
                if let Some(attribute) = attribute(tag)? {
                    self.event.attributes.push(attribute);
                }
            }
            _ => {}
        }
        self.open.push(element);
        Ok(())
    }

    fn end(&mut self, each: &mut dyn FnMut(&XesEvent) -> ControlFlow<()>) -> ControlFlow<()> {
        match self.open.pop() {
            Some(Element::Event) => each(&self.event),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// Key and value of an attribute element.
fn attribute(tag: &BytesStart) -> Result<Option<(String, String)>, String> {
    let (mut key, mut value) = (None, None);
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let text = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| error.to_string())?
            .into_owned();
        match attribute.key.as_ref() {
            "key" => key = Some(text),
            "value" => value = Some(text),
            _ => {}
        }
    }
    Ok(key.zip(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Events = Vec<Vec<(String, String)>>;

    fn read(text: &str) -> (Events, Result<(), (u64, Reason, String)>) {
        let mut events = Vec::new();
        let result = read_xes(text.as_bytes(), &mut |event| {
            events.push(event.attributes.clone());
            ControlFlow::Continue(())
        });
        (events, result)
    }

    const LOG: &str = r#"<?xml version="1.0"?><log><string key="meta" value="x"><int key="inner" value="1"/></string>
        <global scope="event"><string key="concept:name" value="default"/></global>
        <trace><string key="concept:name" value="A &amp; B"/>
          <event><string key="concept:name" value="one"><string key="nested" value="no"/></string><date key="time:timestamp" value="2024-01-01T00:00:00Z"/></event>
          <event><string key="concept:name" value="two"/></event></trace></log>"#;

    #[test]
    fn events_have_their_own_attributes_and_those_of_their_trace() {
        let (events, result) = read(LOG);
        assert_eq!(result, Ok(()));
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            events,
            [
                vec![
                    pair("case:concept:name", "A & B"),
                    pair("concept:name", "one"),
                    pair("time:timestamp", "2024-01-01T00:00:00Z"),
                ],
                vec![
                    pair("case:concept:name", "A & B"),
                    pair("concept:name", "two")
                ],
            ]
        );
    }

    #[test]
    fn a_log_that_breaks_off_keeps_its_first_events() {
        let cut = &LOG[..LOG.len() - 40];
        let (events, result) = read(cut);
        assert_eq!(events.len(), 1);
        assert!(
            matches!(result, Err((_, Reason::Truncated | Reason::Malformed, _))),
            "{result:?}"
        );
        let (events, result) = read("<log><trace><event></trace></log>");
        assert!(events.is_empty() && result.is_err());
    }
}

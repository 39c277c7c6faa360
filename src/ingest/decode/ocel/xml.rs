//! OCEL 2.0 in XML. Its root is called as that of XES, so the elements in it tell them apart.

use super::super::xes::Bounded;
use super::model::Model;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::cell::Cell;
use std::io::BufRead;
use std::rc::Rc;

/// A longer tag or text is not read.
const MOST_BYTES: usize = 16 << 20;
/// Elements in each other.
const MOST_DEPTH: usize = 256;

/// Whether a text is an object-centric log: what its root holds first, beside what both formats have.
pub(super) fn is_ocel(start: &str) -> bool {
    let first = |tag: &str| start.find(tag).unwrap_or(usize::MAX);
    let tags = ["<object-types", "<event-types", "<objects", "<events"];
    let ocel = tags.into_iter().map(first).min().unwrap_or(usize::MAX);
    first("<log") < ocel && ocel < first("<trace") && ocel < usize::MAX && !is_first_version(start)
}

/// Whether a text is an object-centric log of the version before.
pub(super) fn is_first_version(start: &str) -> bool {
    start.contains("<log") && start.contains("<global scope=\"object\"")
}

/// Where the reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Log,
    Objects,
    Events,
    Object,
    Event,
    /// What an object or event has: attributes, or links to objects.
    Parts,
    Attribute,
    Other,
}

/// Reads a log. An error says what ended it early; what came before counts.
pub(super) fn read(reader: impl BufRead, model: &mut Model) -> Result<(), String> {
    let left = Rc::new(Cell::new(MOST_BYTES));
    let bounded = Bounded {
        inner: reader,
        left: left.clone(),
    };
    let mut xml = Reader::from_reader(bounded);
    let mut buffer = Vec::new();
    let mut state = State {
        model,
        open: Vec::new(),
        id: String::new(),
        event: None,
        attribute: None,
    };
    loop {
        left.set(MOST_BYTES);
        buffer.clear();
        let place = xml.buffer_position();
        let next = xml.read_event_into(&mut buffer);
        match next.map_err(|error| format!("{error} (byte {place})"))? {
            Event::Start(tag) => state.start(&tag)?,
            Event::Empty(tag) => {
                state.start(&tag)?;
                state.end()?;
            }
            Event::End(_) => state.end()?,
            Event::Text(text) => state.text(&text.xml10_content()),
            Event::CData(text) => state.text(&text.xml10_content()),
            Event::GeneralRef(name) => {
                let known = name.resolve_char_ref().ok().flatten().map(String::from);
                let named =
                    || quick_xml::escape::resolve_predefined_entity(&name).map(str::to_owned);
                state.text(&known.or_else(named).unwrap_or_default());
            }
            Event::Eof if state.open.is_empty() => return Ok(()),
            Event::Eof => return Err("the file ends in the middle of the log".to_owned()),
            _ => {}
        }
    }
}

struct State<'m> {
    model: &'m mut Model,
    open: Vec<At>,
    /// The object that is being read.
    id: String,
    /// The event that is being read.
    event: Option<usize>,
    /// The name of the attribute that is being read, its time and its value.
    attribute: Option<(String, String, String)>,
}

impl State<'_> {
    fn start(&mut self, tag: &BytesStart) -> Result<(), String> {
        if self.open.len() >= MOST_DEPTH {
            return Err(format!("elements are nested more than {MOST_DEPTH} deep"));
        }
        let parent = self.open.last().copied();
        let at = match (tag.local_name().as_ref(), parent) {
            (_, None) => At::Log,
            ("objects", Some(At::Log)) => At::Objects,
            ("events", Some(At::Log)) => At::Events,
            ("object", Some(At::Objects)) => At::Object,
            ("event", Some(At::Events)) => At::Event,
            ("attributes" | "objects", Some(At::Object | At::Event)) => At::Parts,
            ("attribute", Some(At::Parts)) => At::Attribute,
            _ => At::Other,
        };
        self.open.push(at);
        match at {
            At::Object => {
                (self.id, self.event) = (value(tag, "id"), None);
                self.model.object(&self.id, &value(tag, "type"))
            }
            At::Event => {
                let [id, kind, time] = ["id", "type", "time"].map(|name| value(tag, name));
                self.event = Some(self.model.event(&id, &kind, &time)?);
                Ok(())
            }
            At::Attribute => {
                self.attribute = Some((value(tag, "name"), value(tag, "time"), String::new()));
                Ok(())
            }
            // Programs call the element `relationship`, `relobj` or `object`.
            At::Other if parent == Some(At::Parts) => self.link(tag),
            _ => Ok(()),
        }
    }

    fn link(&mut self, tag: &BytesStart) -> Result<(), String> {
        let object = value(tag, "object-id");
        match self.event {
            Some(event) if !object.is_empty() => {
                self.model.link(event, &object, &value(tag, "qualifier"))
            }
            _ => Ok(()),
        }
    }

    fn text(&mut self, text: &str) {
        if let (Some(At::Attribute), Some((_, _, value))) = (self.open.last(), &mut self.attribute)
        {
            value.push_str(text);
        }
    }

    fn end(&mut self) -> Result<(), String> {
        if self.open.pop() != Some(At::Attribute) {
            return Ok(());
        }
        let Some((name, time, value)) = self.attribute.take() else {
            return Ok(());
        };
        match self.event {
            Some(event) => self.model.event_attribute(event, (&name, &value)),
            None => self
                .model
                .object_attribute(&self.id, (&name, &value), &time),
        }
    }
}

/// The value of an attribute of a tag; empty if it has none.
fn value(tag: &BytesStart, name: &str) -> String {
    let found = tag.try_get_attribute(name).ok().flatten();
    let text = found.and_then(|found| {
        let text = found.normalized_value(XmlVersion::Implicit1_0).ok()?;
        Some(text.into_owned())
    });
    text.unwrap_or_default()
}

//! Event logs in XES (IEEE 1849).
//!
//! The attributes of an event have their own keys (`concept:name`), those of its trace have `case:` before them
//! (`case:concept:name`), as process miners know them. Attributes inside of attributes are passed over.
//!
//! A record is an event with the attributes of its trace. It has at most as many bytes as records may have, and so has each
//! tag and each text between tags. The attributes of a trace are hashed and looked up once, however many events it has.

use super::hand_on::{HandOn, Sink};
use super::inflate::is_too_large;
use crate::ingest::batch::EventBatch;
use crate::ingest::beginning::is_only_beginning;
use crate::ingest::mapping::{Mapping, Place, SlotRow};
use crate::ingest::reject::{Reason, Reject};
use crate::ingest::scalar::Scalar;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;
use std::rc::Rc;
use xxhash_rust::xxh3::Xxh3;

/// Attributes of an event and its trace together.
const MAX_ATTRIBUTES: usize = 10_000;
/// Elements in each other. Lists of lists of attributes are a few deep.
const MAX_DEPTH: usize = 256;
/// Bytes of the name of an element.
const MAX_NAME_BYTES: usize = 1_000;
/// Attributes of one tag: an attribute of the log has a key and a value.
const MAX_TAG_ATTRIBUTES: usize = 100;
/// Texts that are mapped, for each byte of the log. The attributes of a trace count once for each of its events, so without
/// this limit a log of `<event/>` could take any time.
const WORK_PER_BYTE: u64 = 64;
/// And for every log.
const WORK_PER_LOG: u64 = 1 << 20;
/// What an attribute counts beside its bytes.
const WORK_PER_ATTRIBUTE: u64 = 64;

/// One event of an XES log: attributes of the trace, then its own.
#[derive(Default)]
pub(crate) struct XesEvent {
    /// Position in the file, in bytes.
    pub place: u64,
    /// Keys and values.
    pub attributes: Vec<(String, String)>,
    /// How many of them belong to the trace.
    of_trace: usize,
    /// The number of its trace.
    trace: u64,
    /// The state of the hash after the attributes of the trace.
    trace_hash: Xxh3,
    /// Length of keys and values: of the trace, and of the event.
    bytes: [usize; 2],
    /// Whether attributes were left out: of the trace, and of the event.
    is_cut: [bool; 2],
}

/// Whose attributes: index of `bytes` and `is_cut`.
const TRACE: usize = 0;
const EVENT: usize = 1;

impl XesEvent {
    /// As a tree.
    pub(crate) fn value(&self) -> Value {
        let entry = |(key, value): &(String, String)| (key.clone(), Value::String(value.clone()));
        Value::Object(self.attributes.iter().map(entry).collect::<Map<_, _>>())
    }

    fn own(&self) -> &[(String, String)] {
        &self.attributes[self.of_trace..]
    }

    fn is_too_long(&self) -> bool {
        self.is_cut[TRACE] || self.is_cut[EVENT]
    }

    fn begin_trace(&mut self) {
        self.attributes.clear();
        self.of_trace = 0;
        self.trace += 1;
        self.trace_hash = Xxh3::new();
        (self.bytes, self.is_cut) = ([0; 2], [false; 2]);
    }

    fn begin_event(&mut self, place: u64) {
        self.place = place;
        self.attributes.truncate(self.of_trace);
        (self.bytes[EVENT], self.is_cut[EVENT]) = (0, false);
    }

    /// Adds an attribute, unless the record would become too long.
    fn add(&mut self, whose: usize, (key, value): (String, String), max_bytes: usize) {
        let bytes = key.len() + value.len();
        let is_full = self.bytes[TRACE] + self.bytes[EVENT] + bytes > max_bytes
            || self.attributes.len() >= MAX_ATTRIBUTES;
        if is_full {
            self.is_cut[whose] = true;
            return;
        }
        self.bytes[whose] += bytes;
        if whose == TRACE {
            hash_attribute(&mut self.trace_hash, &key, &value);
            self.of_trace += 1;
        }
        self.attributes.push((key, value));
    }

    /// What it takes to build it as a whole.
    fn whole_work(&self) -> u64 {
        let bytes = self.bytes[TRACE] + self.bytes[EVENT];
        bytes as u64 + self.attributes.len() as u64 * WORK_PER_ATTRIBUTE
    }

    fn hash(&self) -> u64 {
        if self.own().is_empty() {
            return self.trace_hash.digest();
        }
        let mut hash = self.trace_hash.clone();
        for (key, value) in self.own() {
            hash_attribute(&mut hash, key, value);
        }
        hash.digest()
    }
}

fn hash_attribute(hash: &mut Xxh3, key: &str, value: &str) {
    hash.update(key.as_bytes());
    hash.update(&[0]);
    hash.update(value.as_bytes());
    hash.update(&[0]);
}

/// Decodes a log for a mapping.
pub fn decode_xes(
    mapping: &Mapping,
    stream: u64,
    reader: impl BufRead,
    most_record_bytes: usize,
    sink: Sink,
) {
    let mut out = HandOn::new(sink);
    let mut mapper = EventMapper::new(mapping, stream);
    let result = read_xes(reader, most_record_bytes, &mut |event| {
        mapper.apply(event, &mut out.batch);
        out.after_record();
        match out.stopped {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    if let Err((place, reason, detail)) = result {
        out.batch.records += 1;
        let reject = Reject::new(place, reason, detail, b"");
        out.batch.rejects.push(reject);
    }
    out.finish();
}

/// Maps the events of a log.
struct EventMapper<'m> {
    mapping: &'m Mapping,
    paths: Vec<&'m str>,
    stream: u64,
    /// The trace that `in_trace` belongs to.
    trace: u64,
    /// So many attributes of the trace were looked at.
    looked_at: usize,
    /// Which attribute of the trace each path means.
    in_trace: Vec<Option<usize>>,
    /// Work done so far.
    work: u64,
}

impl<'m> EventMapper<'m> {
    fn new(mapping: &'m Mapping, stream: u64) -> EventMapper<'m> {
        let paths: Vec<&str> = mapping.paths().collect();
        EventMapper {
            mapping,
            in_trace: vec![None; paths.len()],
            paths,
            stream,
            trace: 0,
            looked_at: 0,
            work: 0,
        }
    }

    fn apply(&mut self, event: &XesEvent, out: &mut EventBatch) {
        if event.is_too_long() {
            let detail = format!(
                "an event and its trace have more than {MAX_ATTRIBUTES} attributes, or more bytes than a record may have (limits.record_bytes)"
            );
            return reject_too_long(event, detail, out);
        }
        let place = Place {
            stream: self.stream,
            offset: event.place,
            record: event.hash(),
        };
        if self.mapping.whole_records {
            if !self.can_do(event, event.whole_work()) {
                return reject_too_long(event, TOO_MUCH_WORK.to_owned(), out);
            }
            let value = event.value();
            let raw = value.to_string();
            return self.mapping.apply_value(&value, place, raw.as_bytes(), out);
        }
        self.look_at_trace(event);
        let slots: Vec<Scalar> = self.slots(event).collect();
        let text = |slot: &Scalar| match slot {
            Scalar::Text(text) => text.len() as u64,
            _ => 0,
        };
        if !self.can_do(event, slots.iter().map(text).sum()) {
            return reject_too_long(event, TOO_MUCH_WORK.to_owned(), out);
        }
        let before = out.rejects.len();
        self.mapping.apply_slots(&SlotRow(&slots), place, b"", out);
        // What it was is only written down for those that need it.
        if out.rejects.len() > before && self.can_do(event, event.whole_work()) {
            let raw = event.value().to_string().into_bytes();
            for reject in &mut out.rejects[before..] {
                reject.record = Reject::kept(&raw);
            }
        }
    }

    /// The values that the fields read; the last attribute of a key counts, and those of the event before those of its trace.
    fn slots<'e>(&self, event: &'e XesEvent) -> impl Iterator<Item = Scalar<'e>> {
        self.paths
            .iter()
            .zip(&self.in_trace)
            .map(|(path, in_trace)| {
                let own = event.own().iter().rev().find(|(key, _)| key == path);
                let found = own.or(in_trace.map(|at| &event.attributes[at]));
                found.map_or(Scalar::Missing, |(_, value)| {
                    Scalar::Text(Cow::Borrowed(value))
                })
            })
    }

    /// Looks up the attributes of the trace that are new.
    fn look_at_trace(&mut self, event: &XesEvent) {
        if self.trace != event.trace {
            (self.trace, self.looked_at) = (event.trace, 0);
            self.in_trace.fill(None);
        }
        let new = self.looked_at..event.of_trace;
        for (at, (key, _)) in new.clone().zip(&event.attributes[new]) {
            for (path, found) in self.paths.iter().zip(&mut self.in_trace) {
                if path == key {
                    *found = Some(at);
                }
            }
        }
        self.looked_at = event.of_trace;
    }

    /// Notes work, unless it is out of proportion to what was read so far.
    fn can_do(&mut self, event: &XesEvent, work: u64) -> bool {
        let done = self.work.saturating_add(work);
        let is_ok = done <= event.place.saturating_mul(WORK_PER_BYTE) + WORK_PER_LOG;
        if is_ok {
            self.work = done;
        }
        is_ok
    }
}

const TOO_MUCH_WORK: &str = "the attributes of its trace are too long for so many short events. Shorten them, or move them out of the trace";

fn reject_too_long(event: &XesEvent, detail: String, out: &mut EventBatch) {
    out.records += 1;
    let reject = Reject::new(event.place, Reason::TooLong, detail, b"");
    out.rejects.push(reject);
}

/// Fails when one tag or text is too long.
pub(super) struct Bounded<R> {
    pub(super) inner: R,
    pub(super) left: Rc<Cell<usize>>,
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left.get() == 0 {
            return Err(io::Error::other(
                "a tag or text is longer than records may be (limits.record_bytes)",
            ));
        }
        let available = self.inner.fill_buf()?;
        Ok(&available[..available.len().min(self.left.get())])
    }
    fn consume(&mut self, amount: usize) {
        self.left.set(self.left.get().saturating_sub(amount));
        self.inner.consume(amount);
    }
}

/// Reads a log event by event. An error says where, why and what; what came before it was handed out.
pub(crate) fn read_xes(
    reader: impl BufRead,
    most_record_bytes: usize,
    each: &mut dyn FnMut(&XesEvent) -> ControlFlow<()>,
) -> Result<(), (u64, Reason, String)> {
    let left = Rc::new(Cell::new(most_record_bytes));
    let bounded = Bounded {
        inner: reader,
        left: left.clone(),
    };
    let mut xml = Reader::from_reader(bounded);
    let mut buffer = Vec::new();
    let mut state = State::new(most_record_bytes);
    loop {
        let place = xml.buffer_position();
        let malformed = |what: String| (place, Reason::Malformed, what);
        left.set(most_record_bytes);
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
            Err(quick_xml::Error::Io(error)) if is_only_beginning(&error) => return Ok(()),
            Err(quick_xml::Error::Io(error)) => {
                let reason = match left.get() == 0 || is_too_large(&error) {
                    true => Reason::TooLong,
                    false => Reason::Truncated,
                };
                return Err((place, reason, error.to_string()));
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

struct State {
    open: Vec<Element>,
    event: XesEvent,
    max_bytes: usize,
}

impl State {
    fn new(max_bytes: usize) -> State {
        State {
            open: Vec::new(),
            event: XesEvent::default(),
            max_bytes,
        }
    }

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
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("elements are nested more than {MAX_DEPTH} deep"));
        }
        if tag.name().as_ref().len() > MAX_NAME_BYTES {
            return Err(format!(
                "the name of an element is longer than {MAX_NAME_BYTES} bytes"
            ));
        }
        let element = match (name.as_ref(), parent) {
            ("log", None) => Element::Log,
            ("trace", Some(Element::Log)) => Element::Trace,
            ("event", Some(Element::Trace)) => Element::Event,
            _ => Element::Other,
        };
        match (element, parent) {
            (Element::Trace, _) => self.event.begin_trace(),
            (Element::Event, _) => self.event.begin_event(place),
            (Element::Other, Some(Element::Trace)) => {
                if let Some((key, value)) = attribute(tag)? {
                    // Attributes of the trace stand before its events, but need not.
                    self.event.begin_event(place);
                    let attribute = (format!("case:{key}"), value);
                    self.event.add(TRACE, attribute, self.max_bytes);
                }
            }
            (Element::Other, Some(Element::Event)) => {
                if let Some(attribute) = attribute(tag)? {
                    self.event.add(EVENT, attribute, self.max_bytes);
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
    // The parser compares each attribute of a tag with all before it.
    for (nth, attribute) in tag.attributes().enumerate() {
        if nth >= MAX_TAG_ATTRIBUTES {
            return Err(format!(
                "a tag has more than {MAX_TAG_ATTRIBUTES} attributes"
            ));
        }
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
    use crate::ingest::mapping::{Circumstances, compile};
    use crate::model::{Time, hash_pair};
    use crate::rules::mapping::MappingSpec;
    use xxhash_rust::xxh3::xxh3_64;

    type Events = Vec<Vec<(String, String)>>;

    fn read(text: &str) -> (Events, Result<(), (u64, Reason, String)>) {
        let mut events = Vec::new();
        let result = read_xes(text.as_bytes(), 1 << 20, &mut |event| {
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

    /// What becomes of a log: cases, rejects, and the identities of its records.
    fn decode(extra: &str, text: &str) -> (Vec<String>, Vec<Reject>, Vec<u64>) {
        let file = std::path::Path::new("m.yaml");
        let fields = "case: case:concept:name\nactivity: concept:name\ntime: time:timestamp\n";
        let spec = MappingSpec::parse(&format!("{fields}{extra}"), file).unwrap();
        let circumstances = Circumstances {
            default_process: "p",
            namespace: "",
            latest: Time(i64::MAX),
        };
        let mapping = compile(&spec, file, circumstances).unwrap();
        let (mut cases, mut rejects, mut identities) = (Vec::new(), Vec::new(), Vec::new());
        decode_xes(&mapping, 7, text.as_bytes(), 1 << 20, &mut |batch| {
            let events = &batch.events;
            cases.extend(events.iter().map(|event| batch.text(event.case).to_owned()));
            identities.extend(events.iter().map(|event| event.identity));
            rejects.extend(batch.rejects);
            ControlFlow::Continue(())
        });
        (cases, rejects, identities)
    }

    fn attribute(key: &str, value: &str) -> String {
        format!("<string key=\"{key}\" value=\"{value}\"/>")
    }

    fn event(more: &str) -> String {
        let name = attribute("concept:name", "x");
        let time = attribute("time:timestamp", "2024-01-01T00:00:00Z");
        format!("<event>{name}{time}{more}</event>")
    }

    fn log(of_trace: &str, events: &str) -> String {
        let name = attribute("concept:name", "c");
        format!("<log><trace>{name}{of_trace}{events}</trace></log>")
    }

    #[test]
    fn the_declared_encoding_does_not_matter_because_the_text_is_decoded() {
        let declared = format!(
            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{}",
            log(&attribute("who", "Zoë"), &event(""))
        );
        let (events, result) = read(&declared);
        assert!(result.is_ok(), "{result:?}");
        assert!(
            events[0].contains(&("case:who".to_owned(), "Zoë".to_owned())),
            "{events:?}"
        );
    }

    #[test]
    fn the_identity_of_an_event_goes_by_all_attributes_in_their_order() {
        let text = log(
            &attribute("a", "1"),
            &format!("{}{}", event(""), event(&attribute("b", "2"))),
        );
        let (_, _, identities) = decode("", &text);
        let place = |nth: usize| text.match_indices("<event>").nth(nth).unwrap().0 as u64;
        let mut known = "case:concept:name\x00c\x00case:a\x001\x00concept:name\x00x\x00time:timestamp\x002024-01-01T00:00:00Z\x00".to_owned();
        for (nth, more) in ["", "b\x002\x00"].into_iter().enumerate() {
            known.push_str(more);
            let at = hash_pair(7, place(nth));
            assert_eq!(identities[nth], hash_pair(at, xxh3_64(known.as_bytes())));
        }
    }

    #[test]
    fn attributes_of_a_trace_may_stand_between_its_events() {
        let again = attribute("concept:name", "d");
        let (cases, _, _) = decode("", &log("", &format!("{}{again}{}", event(""), event(""))));
        assert_eq!(cases, ["c", "d"]);
    }

    #[test]
    fn a_tag_or_text_that_is_too_long_ends_the_log() {
        let long = "x".repeat(2 << 20);
        for middle in [
            attribute("a", &long),
            long.clone(),
            format!("<!--{long}-->"),
            format!("<![CDATA[{long}]]>"),
        ] {
            let text = log("", &format!("{}{middle}{}", event(""), event("")));
            let (cases, rejects, _) = decode("", &text);
            assert_eq!((cases.len(), rejects.len()), (1, 1));
            assert_eq!(rejects[0].reason, Reason::TooLong, "{}", rejects[0].detail);
        }
    }

    #[test]
    fn an_event_with_too_many_attributes_is_rejected_and_the_others_count() {
        let many = attribute("a", "1").repeat(MAX_ATTRIBUTES);
        let long = attribute("a", &"x".repeat(300_000)).repeat(4);
        for middle in [many, long] {
            let events = format!("{}{}{}", event(""), event(&middle), event(""));
            let (cases, rejects, _) = decode("", &log("", &events));
            assert_eq!((cases.len(), rejects.len()), (2, 1));
            assert_eq!(rejects[0].reason, Reason::TooLong);
            // If it is the trace, none of its events counts; those of the next one do.
            let text = log(&middle, &event("")).replace("</log>", "");
            let text = format!("{text}{}", log("", &event("")).replace("<log>", ""));
            let (cases, rejects, _) = decode("", &text);
            assert_eq!((cases.len(), rejects.len()), (1, 1));
        }
    }

    #[test]
    fn nesting_names_and_tags_have_limits() {
        let deep = format!("{}{}", "<a>".repeat(300), "</a>".repeat(300));
        let name = "n".repeat(2_000);
        let tag: String = (0..200).map(|nth| format!(" a{nth}=\"\"")).collect();
        for middle in [deep, format!("<{name}/>"), format!("<string{tag}/>")] {
            let (_, rejects, _) = decode("", &log("", &event(&middle)));
            assert_eq!(rejects[0].reason, Reason::Malformed);
        }
    }

    #[test]
    fn the_work_of_a_trace_is_in_proportion_to_its_bytes() {
        let long = attribute("concept:name", &"c".repeat(500_000));
        let short = "<event><string key=\"concept:name\" value=\"x\"/></event>".repeat(5_000);
        for extra in ["", "where: 'true'\n"] {
            let text = format!("<log><trace>{long}{short}{}</trace></log>", event(""));
            let (_, rejects, _) = decode(extra, &text);
            let too_long = rejects
                .iter()
                .filter(|reject| reject.reason == Reason::TooLong);
            assert!(too_long.count() > 4_000);
            let kept: usize = rejects.iter().map(|reject| reject.record.len()).sum();
            assert!(kept < 20 << 20, "{kept}");
        }
    }
}

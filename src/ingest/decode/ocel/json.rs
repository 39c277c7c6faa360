//! OCEL 2.0 in JSON: objects and events in arrays, in any order.

use super::super::json_cutter::{Cutter, Fault, Text};
use super::model::Model;
use serde::Deserialize;
use serde_json::Value;
use std::io::Read;

/// A longer event or object is not read.
const MOST_RECORD_BYTES: usize = 16 << 20;

/// An event or object. Numbers are taken as texts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Item {
    id: Value,
    #[serde(rename = "type")]
    kind: Value,
    time: Value,
    attributes: Option<Vec<Item>>,
    relationships: Option<Vec<Item>>,
    // Of an attribute.
    name: Value,
    value: Value,
    // Of a relationship.
    #[serde(rename = "objectId")]
    object: Value,
    qualifier: Value,
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Why the rest of a log is not read.
pub(super) enum Ended {
    /// It is damaged: what came before counts.
    Fault(Fault),
    /// It is too large.
    TooLarge(String),
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Ended {
        Ended::Fault(fault)
    }
}

impl From<String> for Ended {
    fn from(why: String) -> Ended {
        Ended::TooLarge(why)
    }
}

/// Reads a log.
pub(super) fn read(reader: impl Read, model: &mut Model) -> Result<(), Ended> {
    let mut cutter = Cutter::new(reader);
    if cutter.peek()? != Some(b'{') {
        return Err(cutter.unexpected("an object").into());
    }
    cutter.take();
    let mut key = Text::up_to(MOST_RECORD_BYTES);
    let mut is_first = true;
    while has_next(&mut cutter, b'}', is_first)? {
        is_first = false;
        key.clear();
        cutter.value(1, Some(&mut key))?;
        if cutter.peek()? != Some(b':') {
            return Err(cutter.unexpected("`:`").into());
        }
        cutter.take();
        let name: Option<String> = serde_json::from_slice(&key.bytes).ok();
        match (name.as_deref(), cutter.peek()?) {
            (Some("objects"), Some(b'[')) => items(&mut cutter, model, object)?,
            (Some("events"), Some(b'[')) => items(&mut cutter, model, event)?,
            _ => cutter.value(1, None)?,
        }
    }
    Ok(())
}

/// Whether an element follows, past the comma before it; takes the closing bracket if not.
fn has_next<R: Read>(cutter: &mut Cutter<R>, close: u8, is_first: bool) -> Result<bool, Ended> {
    let byte = cutter.peek()?.ok_or_else(|| cutter.end())?;
    if byte == close {
        cutter.take();
        return Ok(false);
    }
    if !is_first {
        if byte != b',' {
            return Err(cutter
                .unexpected("`,` or the end of the array or object")
                .into());
        }
        cutter.take();
    }
    Ok(true)
}

/// Takes the elements of an array. One that can't be read is noted, and the others count.
fn items<R: Read>(
    cutter: &mut Cutter<R>,
    model: &mut Model,
    take: fn(&mut Model, &Item) -> Result<(), String>,
) -> Result<(), Ended> {
    cutter.take();
    let mut found = Text::up_to(MOST_RECORD_BYTES);
    let mut is_first = true;
    while has_next(cutter, b']', is_first)? {
        is_first = false;
        found.clear();
        cutter.value(2, Some(&mut found))?;
        if found.is_too_long() {
            let start = String::from_utf8_lossy(&found.bytes[..found.bytes.len().min(200)]);
            model.unreadable(&format!("longer than {MOST_RECORD_BYTES} bytes: {start}"))?;
            continue;
        }
        match serde_json::from_slice::<Item>(&found.bytes) {
            Ok(item) => take(model, &item)?,
            Err(error) => {
                let start = String::from_utf8_lossy(&found.bytes[..found.bytes.len().min(200)]);
                model.unreadable(&format!("{error}: {start}"))?;
            }
        }
    }
    Ok(())
}

fn object(model: &mut Model, item: &Item) -> Result<(), String> {
    let id = text(&item.id);
    model.object(&id, &text(&item.kind))?;
    for attribute in item.attributes.iter().flatten() {
        let pair = (text(&attribute.name), text(&attribute.value));
        model.object_attribute(&id, (&pair.0, &pair.1), &text(&attribute.time))?;
    }
    Ok(())
}

fn event(model: &mut Model, item: &Item) -> Result<(), String> {
    let event = model.event(&text(&item.id), &text(&item.kind), &text(&item.time))?;
    for attribute in item.attributes.iter().flatten() {
        let pair = (text(&attribute.name), text(&attribute.value));
        model.event_attribute(event, (&pair.0, &pair.1))?;
    }
    for link in item.relationships.iter().flatten() {
        model.link(event, &text(&link.object), &text(&link.qualifier))?;
    }
    Ok(())
}

//! Object-centric event logs (OCEL 2.0) in JSON, XML and SQLite, as NDJSON: each object is a case, and its type the process. An event
//! that belongs to several objects is in the case of each of them, and once in each.

mod json;
mod model;
mod sqlite;
mod xml;

pub(crate) use model::OF_OBJECT;

use super::container::{Converted, Refusal};
use super::json_cutter::Fault;
use crate::ingest::guess::completed_json;
use crate::rules::mapping::FormatName;
use memchr::memmem;
use model::{Lines, Model};
use serde_json::Value;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// How an object-centric log is written, if a text is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Json,
    Xml,
    /// The version before.
    First,
}

/// Looks at the first bytes (decompressed) of a file.
pub(super) fn written(head: &[u8]) -> Option<Written> {
    let start = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    let has = |key: &str| memmem::find(start, key.as_bytes()).is_some();
    match start.first()? {
        b'<' => {
            let start = String::from_utf8_lossy(start);
            match xml::is_first_version(&start) {
                true => Some(Written::First),
                false => xml::is_ocel(&start).then_some(Written::Xml),
            }
        }
        b'{' if has("\"ocel:global-log\"") && has("\"ocel:") => Some(Written::First),
        b'{' if ["\"objectTypes\"", "\"eventTypes\"", "\"objectId\""]
            .into_iter()
            .any(has) =>
        {
            let document = serde_json::from_slice(&completed_json(start)).ok()?;
            is_ocel(&document).then_some(Written::Json)
        }
        _ => None,
    }
}

/// Whether the beginning of a document has declared types and nothing that is not of the standard, or records with links to objects.
fn is_ocel(document: &Value) -> bool {
    let list = |key: &str| document.get(key).and_then(Value::as_array);
    let first_of = |key: &str| list(key).and_then(|items| items.first());
    let is_type = |kind: &Value| {
        kind.get("name").is_some_and(Value::is_string) && kind.get("attributes").is_some()
    };
    let known = ["objectTypes", "eventTypes", "objects", "events"];
    let is_standard =
        |map: &serde_json::Map<String, Value>| map.keys().all(|key| known.contains(&key.as_str()));
    let declared = known[..2]
        .iter()
        .any(|key| first_of(key).is_some_and(is_type));
    if declared && document.as_object().is_some_and(is_standard) {
        return true;
    }
    let is_link = |link: &Value| link.get("objectId").is_some();
    let has_links = |item: &Value| {
        let links = item.get("relationships").and_then(Value::as_array);
        links.is_some_and(|links| links.iter().any(is_link))
    };
    let are_linked = |key: &&str| list(key).is_some_and(|items| items.iter().any(has_links));
    known[2..].iter().any(are_linked)
}

/// Reads a log in JSON or XML.
pub(super) fn read(written: Written, text: impl Read) -> Result<Converted, Refusal> {
    let mut model = Model::default();
    let (from, ended) = match written {
        Written::Json => ("OCEL 2.0 (JSON)", json_ended(json::read(text, &mut model))?),
        Written::Xml => {
            let read = xml::read(BufReader::with_capacity(1 << 16, text), &mut model);
            ("OCEL 2.0 (XML)", read.err())
        }
        Written::First => {
            let why = "a log in OCEL 1.0. Convert it to OCEL 2.0, for example with pm4py: write_ocel2_json(read_ocel(FILE), NEW_FILE)";
            return Err(Refusal::Content(why.to_owned()));
        }
    };
    converted(model, from, ended)
}

/// What ended a document early.
fn json_ended(read: Result<(), json::Ended>) -> Result<Option<String>, Refusal> {
    match read {
        Ok(()) => Ok(None),
        Err(json::Ended::TooLarge(why)) => Err(Refusal::Content(why)),
        Err(json::Ended::Fault(Fault::End(at))) => {
            Ok(Some(format!("the document ends in the middle (byte {at})")))
        }
        Err(json::Ended::Fault(Fault::Malformed(at, what))) => {
            Ok(Some(format!("{what} (byte {at} of the document)")))
        }
        Err(json::Ended::Fault(Fault::Io(error))) if error.raw_os_error().is_some() => {
            Err(Refusal::Io(error))
        }
        Err(json::Ended::Fault(Fault::Io(error))) => Ok(Some(error.to_string())),
    }
}

/// Reads a database.
pub(super) fn read_database(path: &Path) -> Result<Converted, Refusal> {
    let mut model = Model::default();
    sqlite::read(path, &mut model).map_err(Refusal::Content)?;
    converted(model, "OCEL 2.0 (SQLite)", None)
}

fn converted(
    model: Model,
    from: &'static str,
    ended: Option<String>,
) -> Result<Converted, Refusal> {
    if ended.as_deref() == Some(model::TOO_LARGE) {
        return Err(Refusal::Content(model::TOO_LARGE.to_owned()));
    }
    Ok(Converted {
        notes: model.notes(),
        text: Box::new(Lines::new(model, ended.map(io::Error::other))),
        format: FormatName::Ndjson,
        from,
        rows: None,
    })
}

#[cfg(test)]
mod tests;

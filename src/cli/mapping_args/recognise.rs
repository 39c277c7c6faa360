//! Presets that are used without being named, because a file is certainly of their tool.

use super::documents_of;
use super::keys::Keys;
use crate::cli::common::latest_believed;
use crate::config::mapping::PRESETS;
use crate::config::{overridden, quoted_lines};
use crate::ingest::decode::{Opened, list_of};
use crate::ingest::mapping::{Circumstances, Mapping, Place, compile};
use crate::ingest::{EventBatch, Path as RecordPath};
use crate::rules::mapping::{FormatName, MappingSpec, Signature};
use regex::Regex;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// So many records are looked at.
const TRIED: usize = 200;
/// So many of 20 records must have the fields of a signature, and as few may be rejected.
const MOST_OF_20: usize = 18;

/// The preset that a file is certainly for, and its mapping.
pub(super) fn recognised(
    opened: &Opened,
    documents: &[Value],
    keys: &Keys,
    format: FormatName,
) -> Option<(&'static str, MappingSpec)> {
    if format == FormatName::Xes {
        return None;
    }
    PRESETS.iter().find_map(|(name, text)| {
        if !keys.may_be_recognized(text) {
            return None;
        }
        let spec = MappingSpec::preset(name)?.ok()?;
        let is_csv = format == FormatName::Csv;
        let is_readable = spec
            .format
            .is_none_or(|wanted| (wanted == FormatName::Csv) == is_csv);
        if !is_readable {
            return None;
        }
        let records = records_of(&spec, documents, opened.sample_is_all || is_csv);
        let has_signature = spec
            .recognized_by
            .iter()
            .any(|signature| fits(signature, &records));
        (has_signature && reads(&spec, name, &records)).then_some((*name, spec))
    })
}

/// The records that a preset finds in documents. The last one of a sample that is cut off may be a part of a record, which counts only
/// if there is no other: one record of an evaluation may be longer than the sample.
pub(super) fn records_of(spec: &MappingSpec, documents: &[Value], is_whole: bool) -> Vec<Value> {
    let at = spec.records.as_deref().map(RecordPath::new);
    let mut records = Vec::new();
    for document in documents {
        let found = match &at {
            Some(path) => path.find(document),
            None => Some(document),
        };
        if let Some(found) = found {
            add_records(&spec.lists, found, &mut records);
        }
        if records.len() > TRIED {
            break;
        }
    }
    if !is_whole && records.len() > 1 {
        records.pop();
    }
    records.truncate(TRIED);
    records
}

/// The first records of a document or of lines, with the lists that a mapping names taken apart.
pub(in crate::cli) fn listed_records(opened: &Opened, lists: &[String]) -> Vec<Value> {
    let mut records = Vec::new();
    for document in documents_of(&opened.sample) {
        add_records(lists, &document, &mut records);
    }
    records
}

fn add_records(lists: &[String], value: &Value, records: &mut Vec<Value>) {
    if let Value::Array(items) = value {
        items
            .iter()
            .take(TRIED + 1)
            .for_each(|item| add_records(lists, item, records));
    } else if let Some(items) = list_of(lists, value) {
        records.extend(items.iter().take(TRIED + 1).cloned());
    } else if value.is_object() {
        records.push(value.clone());
    }
}

/// Whether a record has at least two thirds of the fields of a signature.
pub(super) fn has_most_fields(signature: &Signature, record: &Value) -> bool {
    let fields = signature.fields.iter();
    let found = fields
        .filter(|path| RecordPath::new(path).find(record).is_some())
        .count();
    found * 3 >= signature.fields.len() * 2
}

/// Whether most records have what a signature says.
fn fits(signature: &Signature, records: &[Value]) -> bool {
    let fields: Vec<RecordPath> = signature
        .fields
        .iter()
        .map(|path| RecordPath::new(path))
        .collect();
    let has_fields = |record: &&Value| fields.iter().all(|path| path.find(record).is_some());
    let values = signature.values.iter();
    let values: Option<Vec<(RecordPath, Regex)>> = values
        .map(|(path, text)| Some((RecordPath::new(path), Regex::new(text).ok()?)))
        .collect();
    let Some(values) = values else { return false };
    let text_at = |path: &RecordPath, record: &Value| match path.find(record)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let has_values = |record: &&Value| {
        values
            .iter()
            .all(|(path, regex)| text_at(path, record).is_some_and(|text| regex.is_match(&text)))
    };
    let matching = records.iter().filter(has_fields).filter(has_values).count();
    let unique = signature.unique.as_deref().map(RecordPath::new);
    let is_unique = unique.is_none_or(|path| {
        let mut seen = BTreeSet::new();
        records
            .iter()
            .all(|record| seen.insert(text_at(&path, record)))
    });
    let is_in = |regex: Regex| {
        records
            .iter()
            .any(|record| regex.is_match(&record.to_string()))
    };
    let contains = signature.contains.as_deref();
    let contains = contains.is_none_or(|text| Regex::new(text).is_ok_and(is_in));
    matching > 0 && matching * 20 >= records.len() * MOST_OF_20 && is_unique && contains
}

/// Whether a preset makes events of most records, and rejects nearly none.
fn reads(spec: &MappingSpec, name: &str, records: &[Value]) -> bool {
    let circumstances = Circumstances {
        default_process: "sample",
        namespace: "",
        latest: latest_believed(),
    };
    let Ok(mapping) = compile(spec, Path::new(name), circumstances) else {
        return false;
    };
    let batch = read(&mapping, records);
    let enough = batch.filtered as usize * 2 <= records.len();
    !batch.events.is_empty() && enough && batch.rejects.len() * 20 <= records.len()
}

fn read(mapping: &Mapping, records: &[Value]) -> EventBatch {
    let mut batch = EventBatch::default();
    for (nth, record) in (0u64..).zip(records) {
        let place = Place {
            stream: 0,
            offset: nth,
            record: nth,
        };
        mapping.apply_value(record, place, b"", &mut batch);
    }
    batch
}

/// The text of a preset as a mapping of its own, with what the flags changed.
pub(super) fn preset_text(name: &str, spec: &MappingSpec, origin: &str) -> String {
    let text = PRESETS.iter().find(|(known, _)| *known == name);
    let text = text.map_or("", |(_, text)| *text);
    let original = MappingSpec::preset(name)
        .and_then(Result::ok)
        .unwrap_or_default();
    let own = quoted_lines(&original);
    let changed = quoted_lines(spec)
        .into_iter()
        .filter(|line| !own.contains(line))
        .collect();
    format!(
        "# The preset `{name}`, which recognises {origin}.\n{}",
        overridden(text, changed)
    )
}

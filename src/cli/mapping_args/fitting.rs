//! Presets that would read a file, as an offer.

use super::XES;
use super::keys::Keys;
use super::recognise::{has_most_fields, records_of};
use super::samples::Sample;
use crate::cli::common::latest_believed;
use crate::config::mapping::PRESETS;
use crate::ingest::EventBatch;
use crate::ingest::decode::{Opened, decode_document};
use crate::ingest::mapping::{Circumstances, Place, compile};
use crate::rules::mapping::{FormatName, MappingSpec};
use serde_json::Value;
use std::ops::ControlFlow;
use std::path::Path;

/// Presets that read whatever has the usual names: no news.
const GENERAL_PRESETS: [&str; 2] = ["toleranced", XES];

/// The preset that makes the most events of the sample and refuses nothing of it.
pub(super) fn fitting_preset(
    opened: &Opened,
    sample: &Sample,
    (documents, keys): (&[Value], &Keys),
    format: FormatName,
) -> Option<&'static str> {
    let mut best: Option<(usize, &'static str)> = None;
    for (name, text) in PRESETS {
        if GENERAL_PRESETS.contains(name) || !keys.may_be_read(text) {
            continue;
        }
        let events = events_of_preset(name, opened, sample, documents, format).unwrap_or(0);
        if events > best.map_or(0, |(most, _)| most) {
            best = Some((events, *name));
        }
    }
    best.map(|(_, name)| name)
}

/// How many events a preset makes of the sample; `None` if it refuses any of it or does not fit at all.
fn events_of_preset(
    name: &str,
    opened: &Opened,
    sample: &Sample,
    documents: &[Value],
    format: FormatName,
) -> Option<usize> {
    const TRIED: usize = 50;
    let spec = MappingSpec::load(name).ok()?;
    let json = [FormatName::Json, FormatName::Ndjson];
    let fits = spec
        .format
        .is_none_or(|wanted| wanted == format || json.contains(&wanted) && json.contains(&format));
    let circumstances = Circumstances {
        default_process: "sample",
        namespace: "",
        latest: latest_believed(),
    };
    if !fits || !has_fields_of(&spec, opened, documents, format) {
        return None;
    }
    let mapping = compile(&spec, Path::new(name), circumstances).ok()?;
    let mut batch = EventBatch::default();
    if spec.records.is_some() || format == FormatName::Json {
        if !opened.sample_is_all || !json.contains(&format) {
            return None;
        }
        let most = opened.sample.len();
        decode_document(&mapping, 0, opened.sample.as_slice(), most, &mut |part| {
            batch = part;
            ControlFlow::Break(())
        });
    } else {
        for (nth, record) in sample.records.iter().take(TRIED).enumerate() {
            let place = Place {
                stream: 0,
                offset: nth as u64,
                record: nth as u64,
            };
            mapping.apply_value(record, place, b"", &mut batch);
        }
    }
    let most_count = batch.filtered * 2 <= batch.records;
    (batch.rejects.is_empty() && most_count).then_some(batch.events.len())
}

/// Whether a record has most of the fields by which a preset recognises its tool. Without this, a preset that reads little more than an
/// id and a time would be offered for any file with these two.
fn has_fields_of(
    spec: &MappingSpec,
    opened: &Opened,
    documents: &[Value],
    format: FormatName,
) -> bool {
    let signatures = &spec.recognized_by;
    if signatures.is_empty() {
        return true;
    }
    let is_csv = format == FormatName::Csv;
    let records = records_of(spec, documents, opened.sample_is_all || is_csv);
    let has_most = |record| signatures.iter().any(|it| has_most_fields(it, record));
    records.iter().any(has_most)
}

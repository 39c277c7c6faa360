//! The first records of a file.

use crate::cli::failure::Failure;
use crate::ingest::Path as RecordPath;
use crate::ingest::decode::{
    Chunker, Input, Opened, XesEvent, read_header, read_xes, sample_records,
};
use crate::ingest::framing::Framing;
use crate::ingest::guess::{Guess, completed_json, guess, guess_pages, guess_records_of};
use crate::ingest::read::format_of;
use crate::rules::mapping::FormatName;
use serde_json::Value;
use std::ops::ControlFlow;

/// Records looked at to guess a mapping.
const SAMPLE_RECORDS: usize = 2000;

/// The format of a file, its first records, and what is guessed of them. Lines can be pages with the records inside.
pub(super) fn sampled(
    opened: &Opened,
    input: &Input,
    format: Option<FormatName>,
) -> Result<(FormatName, Sample, Guess), Failure> {
    let format = format_of(opened, format, &input.name())?;
    let first = sample(opened, format, None);
    let guessed = guess(&first.records, format);
    if format != FormatName::Ndjson || guessed.missing().is_empty() {
        return Ok((format, first, guessed));
    }
    let Some(path) = guess_pages(&first.records) else {
        return Ok((format, first, guessed));
    };
    let inside = sample(opened, FormatName::Json, Some(&path));
    let guessed = guess(&inside.records, FormatName::Json);
    Ok((FormatName::Json, inside, guessed))
}

/// The first records of a file.
pub(in crate::cli) struct Sample {
    pub records: Vec<Value>,
    /// Where they were found in a JSON document.
    pub records_at: Option<RecordPath>,
}

/// Takes the first records out of the sample of an opened file.
pub(in crate::cli) fn sample(
    opened: &Opened,
    format: FormatName,
    records_at: Option<&RecordPath>,
) -> Sample {
    let bytes = opened.sample.as_slice();
    let mut found = Sample {
        records: Vec::new(),
        records_at: records_at.cloned(),
    };
    match format {
        FormatName::Ndjson => found.records = sample_records(bytes, SAMPLE_RECORDS),
        FormatName::Csv => {
            let dialect = opened.sniffed.dialect;
            let framing = Framing::Csv {
                quote: dialect.quote,
            };
            let mut chunker = Chunker::new(bytes, framing, bytes.len().max(1), bytes.len());
            let header = read_header(&chunker.first_record(), dialect);
            let body = &bytes[chunker.offset() as usize..];
            found.records = header.sample(body, SAMPLE_RECORDS);
        }
        FormatName::Xes => {
            // The sample ends in the middle of the log, which is no fault of the log.
            let _ = read_xes(bytes, bytes.len().max(1), &mut |event: &XesEvent| {
                found.records.push(event.value());
                if found.records.len() < SAMPLE_RECORDS {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            });
        }
        FormatName::Json => document_sample(opened, &mut found),
    }
    found
}

/// The records of a document, or of several documents behind each other.
fn document_sample(opened: &Opened, found: &mut Sample) {
    let documents = documents_of(&opened.sample);
    if found.records_at.is_none() {
        found.records_at = match documents.as_slice() {
            [Value::Array(pages)] => guess_pages(pages),
            documents => guess_records_of(documents),
        };
    }
    let at = |document| match &found.records_at {
        Some(path) => path.find(document),
        None => Some(document),
    };
    let pages = documents.iter().flat_map(|document| match document {
        Value::Array(pages) => pages.as_slice(),
        document => std::slice::from_ref(document),
    });
    let records = pages.filter_map(at).flat_map(|at| match at {
        Value::Array(items) => items.as_slice(),
        Value::Object(_) => std::slice::from_ref(at),
        _ => &[],
    });
    found.records = records.take(SAMPLE_RECORDS).cloned().collect();
}

/// The documents of a sample. The last one may be cut off: what is whole of it counts if it is the only one.
pub(super) fn documents_of(sample: &[u8]) -> Vec<Value> {
    let documents = serde_json::Deserializer::from_slice(sample).into_iter::<Value>();
    let documents: Vec<Value> = documents
        .map_while(Result::ok)
        .take(SAMPLE_RECORDS)
        .collect();
    if !documents.is_empty() {
        return documents;
    }
    let completed = completed_json(sample);
    match serde_json::from_slice(&completed) {
        Ok(document) => vec![document],
        Err(_) => first_element(sample).into_iter().collect(),
    }
}

/// The first element of the array that a document is, if a later one can't be read.
fn first_element(sample: &[u8]) -> Option<Value> {
    let begin = sample.iter().position(|byte| *byte == b'[')?;
    let elements = serde_json::Deserializer::from_slice(&sample[begin + 1..]);
    let first = elements.into_iter::<Value>().next()?.ok();
    first.filter(Value::is_object)
}

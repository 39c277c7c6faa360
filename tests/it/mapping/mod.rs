//! The mapping language and the presets.

mod inspected;
mod odd_exports;
mod page;
mod preset_outcomes;
mod preset_words;
mod presets;
mod recognised;
mod reopen_counts;
mod rows_per_case;
mod samples;
mod spans;
mod undated;
mod usual_exports;
mod vendor_payloads;

use crate::support::in_process::compiled;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use toleranced::internals::EventBatch;
use toleranced::internals::FormatName;
use toleranced::internals::KEY_SEPARATOR;
use toleranced::internals::Mapping;
use toleranced::internals::PRESETS;
use toleranced::internals::{
    Dialect, Input, LineDecoder, decode_csv, decode_document, decode_xes, open_decoded, read_header,
};

fn preset(name: &str) -> Mapping {
    let (_, text) = PRESETS.iter().find(|(known, _)| *known == name).unwrap();
    compiled(text, "(default)")
}

/// Decodes a whole file as the program does.
fn decode(mapping: &Mapping, file: &Path) -> Vec<EventBatch> {
    let mut opened = open_decoded(&Input::File(file.to_owned()), None, &Arc::default()).unwrap();
    let mut batches = Vec::new();
    let mut sink = |batch: EventBatch| {
        batches.push(batch);
        ControlFlow::Continue(())
    };
    match mapping.format.or(opened.sniffed.format).unwrap() {
        FormatName::Json => decode_document(mapping, 0, opened.reader, 1 << 20, &mut sink),
        FormatName::Xes => decode_xes(
            mapping,
            0,
            BufReader::new(opened.reader),
            1 << 20,
            &mut sink,
        ),
        format => {
            let mut bytes = Vec::new();
            opened.reader.read_to_end(&mut bytes).unwrap();
            let mut out = EventBatch::default();
            if format == FormatName::Ndjson {
                LineDecoder::new(mapping).decode(0, 0, &bytes, &mut out);
            } else {
                let end = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
                let delimiter = mapping
                    .delimiter
                    .unwrap_or(opened.sniffed.dialect.delimiter);
                let dialect = Dialect {
                    delimiter,
                    ..opened.sniffed.dialect
                };
                let header = read_header(&bytes[..end], dialect);
                decode_csv(mapping, &header, 0, end as u64, &bytes[end..], &mut out);
            }
            let _ = sink(out);
        }
    }
    batches
}

/// One line for each event, in the order of the source, then one for each reject; what is empty is left out.
fn lines(batches: &[EventBatch]) -> String {
    let mut out = String::new();
    for batch in batches {
        let text = |piece| batch.text(piece).replace(KEY_SEPARATOR, "//");
        for event in &batch.events {
            let name = |id| batch.names.text(id).to_owned();
            let mut fields = vec![
                event.time.to_string(),
                format!("[{}]", name(event.process)),
                text(event.case),
                format!("{:?}", name(event.activity)),
                event.flags.executor().to_string(),
                event.flags.lifecycle().to_string(),
                event.flags.origin().to_string(),
            ];
            fields.retain(|field| !["unknown", "step", "live"].contains(&field.as_str()));
            let mut also = |name: &str, value: String| {
                if !value.is_empty() && value != "0" {
                    fields.push(format!("{name}={value}"));
                }
            };
            also("outcome", name(event.outcome));
            also("parent", text(event.parent));
            also("sequence", event.sequence.to_string());
            also(
                "input",
                if event.input == 0 { "" } else { "yes" }.to_owned(),
            );
            out.push_str(&fields.join(" "));
            out.push('\n');
        }
        for reject in &batch.rejects {
            out.push_str(&format!("REJECT {}: {}\n", reject.reason, reject.detail));
        }
    }
    out
}

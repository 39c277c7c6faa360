//! What a source needs to turn bytes into deliveries; and the replay of quarantined records.

use super::cache::CacheError;
use super::delivery::Delivery;
use super::engine::Engine;
use super::snapshot::SourceStatus;
use super::worker::now;
use crate::assemble::ContentCounter;
use crate::config::Problems;
use crate::config::daemon::{Config, SourceConfig, SourceKind};
use crate::config::mapping::{FormatName, Identity};
use crate::ingest::EventBatch;
use crate::ingest::decode::{Dialect, LineDecoder, decode_csv, read_header, sniff};
use crate::ingest::mapping::{Circumstances, Mapping, compile};
use crate::model::{Span, Time};
use crate::store::QuarantineRow;
use crossbeam_channel::Sender;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A source, ready to read.
pub(super) struct Source {
    pub config: SourceConfig,
    pub mapping: Mapping,
    pub format: FormatName,
    pub status: Arc<SourceStatus>,
    pub deliveries: Sender<Delivery>,
    pub stop: Arc<AtomicBool>,
    pub most_record_bytes: usize,
    /// Events further in the future than this are not believed.
    pub future: Span,
}

impl Source {
    /// The mapping as of now: the present moves on while the daemon runs for years.
    pub fn mapping(&self) -> &Mapping {
        self.mapping.believe_until(now().plus(self.future));
        &self.mapping
    }
}

/// Compiles the mapping of a source.
pub(super) fn mapping_of(
    config: &SourceConfig,
    future: Span,
    now: Time,
) -> Result<Mapping, Problems> {
    let mut spec = config.mapping.clone();
    if config.kind == SourceKind::Drop {
        // Exports overlap as a rule: what says the same again is the same.
        spec.identity.get_or_insert(Identity::Content);
    }
    let circumstances = Circumstances {
        default_process: &config.name,
        namespace: &config.name,
        latest: now.plus(future),
    };
    compile(&spec, &config.mapping_file, circumstances)
}

/// The format of a source that is tailed: as its mapping says, else by the ending of its files, else lines of JSON.
pub(super) fn format_of(config: &SourceConfig) -> FormatName {
    let is_csv = |path: &String| path.ends_with(".csv") || path.ends_with(".tsv");
    config
        .mapping
        .format
        .unwrap_or(if config.paths.iter().any(is_csv) {
            FormatName::Csv
        } else {
            FormatName::Ndjson
        })
}

/// Decodes records that stand at `offset` of a stream. `Lines` of JSON or CSV behind its header.
pub(super) fn decode(
    mapping: &Mapping,
    format: FormatName,
    head: &[u8],
    stream: u64,
    offset: u64,
    bytes: &[u8],
) -> EventBatch {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let mut batch = EventBatch::default();
    match format {
        FormatName::Csv => {
            let header = read_header(head, dialect(mapping, head));
            decode_csv(mapping, &header, stream, offset, bytes, &mut batch);
        }
        _ => {
            let (skip, bytes) = match bytes.strip_prefix(MARK) {
                Some(rest) if offset == 0 => (MARK.len() as u64, rest),
                _ => (0, bytes),
            };
            LineDecoder::new(mapping).decode(stream, offset + skip, bytes, &mut batch);
        }
    }
    batch
}

fn dialect(mapping: &Mapping, head: &[u8]) -> Dialect {
    let mut dialect = sniff(head, Some("x.csv")).dialect;
    dialect.delimiter = mapping.delimiter.unwrap_or(dialect.delimiter);
    dialect
}

/// The word of a format that a rejected record is kept under: whatever was one JSON value is replayed as a line.
pub(super) fn kept_format(format: FormatName) -> &'static str {
    match format {
        FormatName::Csv => "csv",
        FormatName::Ndjson | FormatName::Json | FormatName::Xes => "ndjson",
    }
}

/// Tries quarantined records again with the mapping their source has now.
pub(super) fn replay(
    engine: &mut Engine,
    config: &Config,
    rows: Vec<QuarantineRow>,
    at: Time,
) -> Result<(), CacheError> {
    for row in rows {
        let source = config
            .sources
            .iter()
            .find(|source| source.name == row.source);
        let mapping = source.and_then(|source| {
            mapping_of(
                source,
                config.limits.future_seconds as i64 * 1_000_000,
                now(),
            )
            .ok()
        });
        let Some(mapping) = mapping else {
            // The source is gone from the configuration: the record stays.
            engine.replayed(row.id, false);
            continue;
        };
        let format = if row.format == "csv" {
            FormatName::Csv
        } else {
            FormatName::Ndjson
        };
        let mut batch = decode(
            &mapping,
            format,
            &row.head,
            row.stream,
            row.place,
            &row.record,
        );
        if mapping.identity == Identity::Content {
            ContentCounter::default().number(&mut batch);
        }
        let became_event = batch.rejects.is_empty();
        if became_event {
            let delivery = Delivery {
                source: row.source.as_str().into(),
                file: row.file.clone(),
                batch,
                stream: row.stream,
                format: kept_format(format),
                head: row.head.into(),
                ..Delivery::default()
            };
            engine.take(delivery, at)?;
        }
        engine.replayed(row.id, became_event);
    }
    Ok(())
}

//! What a source needs to turn bytes into deliveries; and the replay of quarantined records.

use super::cache::CacheError;
use super::clock::now;
use super::deliveries::{Delivery, Raw};
use super::engine::Engine;
use crate::config::daemon::Config;
use crate::config::sources::{SourceConfig, SourceKind};
use crate::ingest::decode::{Dialect, LineDecoder, decode_csv, read_header, sniff};
use crate::ingest::framing::Framing;
use crate::ingest::mapping::{Circumstances, Mapping, compile};
use crate::ingest::{ContentCounter, EventBatch, Reason, Reject, behind_file};
use crate::model::{Span, Time};
use crate::query::SourceStatus;
use crate::rules::Problems;
use crate::rules::mapping::{FormatName, Identity};
use crate::store::QuarantineRow;
use crossbeam_channel::Sender;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Files and folders are searched this often, even if nothing wakes the reader.
const SEARCH_EVERY: Duration = Duration::from_secs(1);
/// A slow search is repeated less often, so that it takes at most a fifth of a core.
const PAUSE_PER_SEARCH: u32 = 4;
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How long to wait after a search for files that took so long.
pub(super) fn pause_after(search: Duration) -> Duration {
    (search * PAUSE_PER_SEARCH).clamp(SEARCH_EVERY, LONGEST_PAUSE)
}

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
    /// Bodies that were sent are deleted after this.
    pub max_age: Duration,
}

impl Source {
    /// The mapping as of now: the present moves on while the daemon runs for years.
    pub(super) fn mapping(&self) -> &Mapping {
        self.mapping.believe_until(now().plus(self.future));
        &self.mapping
    }

    /// Whether it was told to stop.
    pub(super) fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Waits, in short steps so that a request to stop is soon seen.
    pub(super) fn pause(&self, span: Duration) {
        const STEP: Duration = Duration::from_millis(100);
        let until = Instant::now() + span;
        while Instant::now() < until && !self.is_stopping() {
            std::thread::sleep(STEP);
        }
    }
}

/// Compiles the mapping of a source.
pub(super) fn mapping_of(
    config: &SourceConfig,
    future: Span,
    now: Time,
) -> Result<Mapping, Problems> {
    let mut spec = config.mapping.clone();
    if config.kind.has_exports() {
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

pub(super) fn dialect(mapping: &Mapping, head: &[u8]) -> Dialect {
    let mut dialect = sniff(head, Some("x.csv")).dialect;
    dialect.delimiter = mapping.delimiter.unwrap_or(dialect.delimiter);
    dialect
}

/// How a source that is tailed is cut into records.
pub(super) fn framing_of(format: FormatName) -> Framing {
    match format {
        FormatName::Csv => Framing::Csv { quote: b'"' },
        _ => Framing::Lines,
    }
}

/// The format that a file is quarantined under that could not be read at all: there is no record to try again.
pub(super) const WHOLE_FILE: &str = "file";

/// The word of a format that a rejected record is kept under: whatever was one JSON value is replayed as a line.
pub(super) fn kept_format(format: FormatName) -> &'static str {
    match format {
        FormatName::Csv => "csv",
        FormatName::Ndjson | FormatName::Json | FormatName::Xes => "ndjson",
    }
}

/// Tries quarantined records again with the mapping their source has now. Gives the sources that must look again at files
/// they have seen: what could not be kept record by record is read once more from its file.
pub(super) fn replay(
    engine: &mut Engine,
    config: &Config,
    rows: Vec<QuarantineRow>,
    at: Time,
) -> Result<BTreeSet<String>, CacheError> {
    let mut look_again = BTreeSet::new();
    let mut counters = ContentCounters::default();
    for row in rows {
        let source = config
            .sources
            .iter()
            .find(|source| source.name == row.source);
        // A record whose source is gone from the configuration stays.
        let became_event = match source {
            None => false,
            Some(source) if is_read_from_file(source, &row) => {
                engine.forget_export(&row.source, &row.file);
                look_again.insert(row.source.clone());
                true
            }
            Some(source) => match replay_one(engine, config, source, (&row, &mut counters))? {
                Some(delivery) => {
                    engine.take(delivery, at)?;
                    true
                }
                None => false,
            },
        };
        engine.replayed(&row, became_event);
    }
    Ok(look_again)
}

/// Whether the file is read again for this: an export, as long as it is there. Only so are records that say the same
/// numbered rightly, and what was taken from it already is recognised.
fn is_read_from_file(source: &SourceConfig, row: &QuarantineRow) -> bool {
    let is_set_aside = row.reason == Reason::SetAside.word();
    source.kind.has_exports() && !is_set_aside && Path::new(&row.file).exists()
}

/// What was numbered of each file.
type ContentCounters = BTreeMap<String, ContentCounter>;

/// When a body was sent, in seconds since 1970: its name begins with that in microseconds. 0 if it does not.
fn written_seconds(file: &str) -> u64 {
    let name = Path::new(file).file_name().and_then(|name| name.to_str());
    let digits = name.and_then(|name| name.split('-').next()?.parse::<u64>().ok());
    digits.map_or(0, |micros| micros / 1_000_000)
}

/// What a quarantined record is by the mapping of now; `None` if it is no event by that either, or was not kept whole.
fn replay_one(
    engine: &Engine,
    config: &Config,
    source: &SourceConfig,
    (row, counters): (&QuarantineRow, &mut ContentCounters),
) -> Result<Option<Delivery>, CacheError> {
    let cut = row.record.len() >= Reject::KEPT || row.reason == Reason::TooLong.word();
    // Its file has it, and it is read again when it has grown or the mapping has changed.
    let is_unfinished = row.reason == Reason::Unfinished.word();
    if row.record.is_empty() || cut || is_unfinished || row.format == WHOLE_FILE {
        return Ok(None);
    }
    let future = Span::seconds(config.limits.future_seconds as i64);
    let Ok(mut mapping) = mapping_of(source, future, now()) else {
        return Ok(None);
    };
    // Of most records only some fields are kept; by its hash an event is the same as if it had been read whole.
    mapping.stand_for(row.hash);
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
    if batch.records == 0 || !batch.rejects.is_empty() {
        return Ok(None);
    }
    if mapping.identity == Identity::Content {
        if source.kind != SourceKind::Push {
            // Its file is gone, so nobody can tell whether it is the first that says this: it stays.
            return Ok(None);
        }
        // Bodies are deleted after they are read. Of the rejected records of a body that say the same, each counts; one that
        // says the same as an accepted record counts as repeated.
        let counter = counters.entry(row.file.clone()).or_default();
        counter.number(&mut batch);
        batch.move_places(written_seconds(&row.file) << 32);
    }
    // Events of the same instant stand in the order of their file, as if they had come with it.
    let files = engine.store().files(&row.source)?;
    if let Some(file) = files.iter().find(|file| file.stream == row.stream) {
        batch.move_places(behind_file(u64::from(file.id)));
    }
    Ok(Some(Delivery {
        source: row.source.as_str().into(),
        file: row.file.clone(),
        batch,
        stream: row.stream,
        format: kept_format(format),
        raw: Some(Raw {
            offset: row.place,
            bytes: row.record.clone(),
            framing: framing_of(format),
        }),
        head: row.head.clone().into(),
        is_replay: true,
        ..Delivery::default()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_search_is_repeated_less_often_but_within_a_minute() {
        let seconds = |search: f64| pause_after(Duration::from_secs_f64(search)).as_secs_f64();
        assert_eq!([0.0, 0.1, 3.0, 900.0].map(seconds), [1.0, 1.0, 12.0, 60.0]);
    }
}

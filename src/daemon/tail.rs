//! A source of log files that grow.

use super::delivery::{Delivery, Raw};
use super::drop_folder::is_position_of_export;
use super::source::{Source, decode, framing_of, kept_format};
use crate::ingest::files::{
    Answer, Chunk, FileId, FileState, Notice, Options, Oversize, Sink, Tailer, Waker,
};
use crate::ingest::{Reason, Reject, behind_file};
use crate::model::{hash_pair, hash_text};
use crate::store::FileRow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use xxhash_rust::xxh3::xxh3_64;

/// Files are looked at this often even if nothing wakes the reader.
const POLL_EVERY: Duration = Duration::from_millis(1000);

/// Reads until it is told to stop.
pub(super) fn run(source: &Source, known: Vec<FileRow>) -> Result<(), String> {
    let options = options(source);
    let mut streams = BTreeMap::new();
    let mut states: Vec<FileState> = Vec::new();
    for row in known {
        match serde_json::from_str(&row.state) {
            Ok(state) => states.push(state),
            // Left by a drop folder of the same name, before it became a source of files.
            Err(_) if is_position_of_export(&row) => continue,
            Err(error) => return Err(format!("stored position of file {}: {error}", row.id)),
        }
        streams.insert(row.id, row.stream);
    }
    let waker = Waker::new(&options);
    if let Some(trouble) = waker.trouble() {
        tracing::warn!(
            source = source.config.name,
            trouble,
            "files are not watched, only polled"
        );
    }
    let mut tailer = Tailer::new(options, states, 1).map_err(|error| error.to_string())?;
    let name: Arc<str> = source.config.name.as_str().into();
    let mut sink = TailSink {
        source,
        name,
        streams,
        closed: false,
    };
    while !sink.source.stop.load(Ordering::Relaxed) && !sink.closed {
        let outcome = tailer.poll(Instant::now(), &mut sink);
        let status = &sink.source.status;
        status
            .backlog_bytes
            .store(outcome.backlog_bytes, Ordering::Relaxed);
        status.files.store(outcome.files as u64, Ordering::Relaxed);
        if outcome.unreadable > 0 {
            // Which, and why, was told by the notice; it holds until all can be read again.
        } else if outcome.files + outcome.waiting > 0 {
            status.set_trouble(None);
        } else if status.trouble().is_none() {
            let paths = sink.source.config.paths.join(", ");
            status.set_trouble(Some(format!("no file matches {paths}")));
        }
        if !outcome.more {
            wait(&waker, sink.source);
        }
    }
    Ok(())
}

/// Waits for a change, in short steps so that a request to stop is soon seen.
fn wait(waker: &Waker, source: &Source) {
    let until = Instant::now() + POLL_EVERY;
    while Instant::now() < until && !source.stop.load(Ordering::Relaxed) {
        if waker.wait(Duration::from_millis(100)) != crate::ingest::files::Woken::TimedOut {
            return;
        }
    }
}

fn options(source: &Source) -> Options {
    let mut options = Options::new(source.config.paths.iter().cloned());
    options.exclude = source.config.exclude.clone();
    options.max_record_bytes = source.most_record_bytes;
    options.flush_unfinished_after = Duration::from_micros(source.config.flush_after.max(0) as u64);
    options.framing = framing_of(source.format);
    options
}

struct TailSink<'a> {
    source: &'a Source,
    name: Arc<str>,
    streams: BTreeMap<FileId, u64>,
    /// Nobody takes deliveries any more.
    closed: bool,
}

impl TailSink<'_> {
    fn send(&mut self, delivery: Delivery) -> Answer {
        for event in &delivery.batch.events {
            self.source.status.saw_event(event.time);
        }
        // Bounded: waits while the engine is busy.
        self.closed = self.source.deliveries.send(delivery).is_err();
        if self.closed || self.source.stop.load(Ordering::Relaxed) {
            Answer::Enough
        } else {
            Answer::More
        }
    }

    fn delivery(&self, file: String, stream: u64, state: &FileState) -> Delivery {
        Delivery {
            source: self.name.clone(),
            file,
            stream,
            format: kept_format(self.source.format),
            head: state.head.clone().into(),
            position: serde_json::to_string(state).ok().map(|text| FileRow {
                source: self.name.to_string(),
                id: state.id,
                state: text,
                stream,
            }),
            ..Delivery::default()
        }
    }

    /// The identity of a file's stream of records: its source and first record. A file that is written anew with the same
    /// beginning is the same stream, so what it repeats is recognised.
    fn stream(&mut self, file: FileId, head: &[u8], bytes: &[u8]) -> u64 {
        let name = &self.name;
        *self.streams.entry(file).or_insert_with(|| {
            let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
            let first = hash_pair(xxh3_64(head), xxh3_64(&bytes[..end]));
            hash_pair(hash_text(name), first)
        })
    }
}

impl Sink for TailSink<'_> {
    fn chunk(&mut self, chunk: Chunk) -> Answer {
        let stream = self.stream(chunk.file, &chunk.head, &chunk.bytes);
        let (mapping, format) = (self.source.mapping(), self.source.format);
        let mut batch = decode(
            mapping,
            format,
            &chunk.head,
            stream,
            chunk.offset,
            &chunk.bytes,
        );
        // A last line without its end that can't be read is one that is not finished yet; an archive does not grow.
        let ending = chunk.path.extension().and_then(|ending| ending.to_str());
        let can_grow = !matches!(ending, Some("gz" | "zst"));
        if chunk.last_unfinished && can_grow && !batch.rejects.is_empty() {
            return Answer::Declined;
        }
        batch.move_places(behind_file(u64::from(chunk.file)));
        let mut delivery = self.delivery(chunk.path.display().to_string(), stream, &chunk.state);
        delivery.batch = batch;
        delivery.raw = Some(Raw {
            offset: chunk.offset,
            bytes: chunk.bytes,
            framing: framing_of(format),
        });
        self.send(delivery)
    }

    fn oversize(&mut self, oversize: Oversize) {
        let stream = self.stream(oversize.file, &[], &oversize.first_bytes);
        let detail = format!(
            "{} bytes, and a record may have {}",
            oversize.total_len, self.source.most_record_bytes
        );
        let reject = Reject::new(
            oversize.offset,
            Reason::TooLong,
            detail,
            &oversize.first_bytes,
        );
        let mut delivery =
            self.delivery(oversize.path.display().to_string(), stream, &oversize.state);
        delivery.batch.records = 1;
        delivery.batch.rejects.push(reject);
        // The answer tells whether to stop, which the next chunk or poll does.
        let _ = self.send(delivery);
    }

    fn notice(&mut self, notice: Notice) {
        let source = self.name.to_string();
        let word = word_of(&notice);
        match &notice {
            Notice::Unreadable { path, error } => {
                let trouble = format!("{}: {error}", path.display());
                tracing::error!(source, trouble, "can't read; tried again at every poll");
                self.source.status.set_trouble(Some(trouble));
            }
            Notice::Damaged {
                path,
                error,
                position,
                ..
            } => {
                tracing::error!(source, path = %path.display(), position, error, "damaged archive: what stands before was read");
            }
            Notice::Truncated { .. } | Notice::RecordTooLong { .. } | Notice::Forgotten { .. } => {
                tracing::warn!(source, ?notice, "{word}");
            }
            Notice::Released { unread, .. } if *unread > 0 => {
                tracing::warn!(source, ?notice, "{word}");
            }
            _ => tracing::info!(source, ?notice, "{word}"),
        }
        let forgotten = match &notice {
            Notice::Forgotten { id, .. } => Some(*id),
            _ => None,
        };
        let delivery = Delivery {
            source: self.name.clone(),
            notice: Some(word),
            gap: is_gap(&notice),
            forgotten,
            ..Delivery::default()
        };
        // As above.
        let _ = self.send(delivery);
    }
}

/// Whether something was lost for good. (A record that is too long is refused, which is counted.)
fn is_gap(notice: &Notice) -> bool {
    match notice {
        Notice::Damaged { .. } => true,
        Notice::Released { unread, .. } => *unread > 0,
        _ => false,
    }
}

fn word_of(notice: &Notice) -> &'static str {
    match notice {
        Notice::Discovered { .. } => "discovered",
        Notice::Resumed { .. } => "resumed",
        Notice::Rotated { .. } => "rotated",
        Notice::Truncated { .. } => "truncated",
        Notice::Replaced { .. } => "replaced",
        Notice::Vanished { .. } => "vanished",
        Notice::Recompressed { .. } => "recompressed",
        Notice::Released { .. } => "released",
        Notice::Duplicate { .. } => "duplicate",
        Notice::Unreadable { .. } => "unreadable",
        Notice::Damaged { .. } => "damaged",
        Notice::RecordTooLong { .. } => "record_too_long",
        Notice::Forgotten { .. } => "forgotten",
    }
}

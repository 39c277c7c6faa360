//! A source of log files that grow.

use super::deliveries::{Delivery, Raw, RecordPlace};
use super::positions::StoredPositions;
use super::source::{Source, decode, framing_of, kept_format, pause_after};
use crate::ingest::files::{
    Answer, Chunk, FileId, FileState, Notice, Options, Oversize, Sink, Tailer, Waker, base_folders,
};
use crate::ingest::{Reason, Reject, behind_file};
use crate::model::{hash_pair, hash_text};
use crate::query::InHand;
use crate::store::{DamagedRow, FileRow};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use xxhash_rust::xxh3::xxh3_64;

/// Reads until it is told to stop.
pub(super) fn run(source: &Source, known: Vec<FileRow>) -> Result<(), String> {
    let options = options(source);
    // Positions of exports were left by a drop folder of the same name, before it became a source of files.
    let known = StoredPositions::of(known);
    let of_files = known.files.iter();
    let streams = of_files
        .map(|(state, stream)| (state.id, *stream))
        .collect();
    let states = known.files.into_iter().map(|(state, _)| state).collect();
    let waker = Waker::new(&options);
    let mut folders = Folders::of(&options)?;
    if let Some(trouble) = waker.trouble() {
        tracing::warn!(
            source = source.config.name,
            trouble,
            "files are not watched, only polled"
        );
    }
    let tailer = Tailer::new(options, states, known.next_id);
    let mut tailer = tailer.map_err(|error| error.to_string())?;
    let name: Arc<str> = source.config.name.as_str().into();
    let mut sink = TailSink {
        source,
        name,
        streams,
        damaged: known
            .damaged
            .into_iter()
            .map(|(id, stream)| (stream, id))
            .collect(),
        repeated: BTreeSet::new(),
        closed: false,
    };
    sink.report(known.damaged_rows);
    while !sink.source.stop.load(Ordering::Relaxed) && !sink.closed {
        let outcome = tailer.poll(Instant::now(), &mut sink);
        let status = &sink.source.status;
        status
            .backlog_bytes
            .store(outcome.backlog_bytes, Ordering::Relaxed);
        status.files.store(outcome.files as u64, Ordering::Relaxed);
        if outcome.unreadable > 0 {
            // Which, and why, was told by the notice; it holds until all can be read again.
        } else if let Some(gone) = folders.gone() {
            // Files that were open when it went are read on, but nothing new can come.
            status.set_trouble(Some(format!("the folder {} is gone", gone.display())));
        } else if outcome.files + outcome.waiting > 0 {
            status.set_trouble(None);
        } else if status.trouble().is_none() {
            let paths = sink.source.config.paths.join(", ");
            status.set_trouble(Some(format!("no file matches {paths}")));
        }
        if !outcome.more && outcome.backlog_bytes == 0 {
            sink.forget_repeated();
        }
        if !outcome.more {
            wait(&waker, sink.source, pause_after(outcome.search));
        }
    }
    Ok(())
}

/// The folders in which a source looks for files.
struct Folders {
    /// Each with whether it was there since the start.
    known: Vec<(PathBuf, bool)>,
}

impl Folders {
    fn of(options: &Options) -> Result<Folders, String> {
        let folders = base_folders(options).map_err(|error| error.to_string())?;
        let known = folders.into_iter().map(|folder| (folder, false));
        Ok(Folders {
            known: known.collect(),
        })
    }

    /// A folder that was there and is not any more.
    fn gone(&mut self) -> Option<&Path> {
        let mut gone = None;
        for (folder, was_there) in &mut self.known {
            match folder.is_dir() {
                true => *was_there = true,
                false if *was_there => gone = gone.or(Some(folder.as_path())),
                false => {}
            }
        }
        gone
    }
}

/// Waits for a change, in short steps so that a request to stop is soon seen.
fn wait(waker: &Waker, source: &Source, at_most: Duration) {
    let until = Instant::now() + at_most;
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
    options.flush_unfinished_after = source.config.flush_after.duration();
    options.framing = framing_of(source.format);
    options.stop = Arc::clone(&source.stop);
    options
}

struct TailSink<'a> {
    source: &'a Source,
    name: Arc<str>,
    streams: BTreeMap<FileId, u64>,
    /// Files whose stored position is damaged, by stream. Each is found as a new file, and read again from its start.
    damaged: BTreeMap<u64, FileId>,
    /// Those of their streams that were found again.
    repeated: BTreeSet<u64>,
    /// Nobody takes deliveries any more.
    closed: bool,
}

impl TailSink<'_> {
    fn send(&mut self, mut delivery: Delivery) -> Answer {
        for event in &delivery.batch.events {
            self.source.status.saw_event(event.time);
        }
        delivery.in_hand = Some(InHand::of(&self.source.status));
        // Bounded: waits while the engine is busy.
        self.closed = self.source.deliveries.send(delivery).is_err();
        if self.closed || self.source.stop.load(Ordering::Relaxed) {
            Answer::Enough
        } else {
            Answer::More
        }
    }

    /// Reports damaged positions, and goes on without them.
    fn report(&mut self, damaged: Vec<DamagedRow>) {
        if damaged.is_empty() {
            return;
        }
        let delivery = Delivery {
            source: self.name.clone(),
            damaged,
            ..Delivery::default()
        };
        // The answer tells whether to stop, which the next poll does.
        let _ = self.send(delivery);
    }

    /// Forgets the damaged positions of files that were read again. Only at the end of all files: until then a restart has to
    /// know that records were delivered before.
    fn forget_repeated(&mut self) {
        for stream in std::mem::take(&mut self.repeated) {
            let delivery = Delivery {
                source: self.name.clone(),
                position_forgotten: self.damaged.remove(&stream),
                ..Delivery::default()
            };
            // The answer tells whether to stop, which the next poll does.
            let _ = self.send(delivery);
        }
    }

    /// The number of a file before its position was damaged, if its position was damaged.
    fn known_as(&self, file: FileId, stream: u64) -> Option<FileId> {
        // New numbers are higher than all before.
        self.damaged.get(&stream).copied().filter(|id| *id < file)
    }

    fn delivery(&mut self, file: String, stream: u64, state: &FileState) -> Delivery {
        let is_repeated = self.known_as(state.id, stream).is_some();
        if is_repeated {
            self.repeated.insert(stream);
        }
        Delivery {
            source: self.name.clone(),
            file,
            stream,
            is_repeated,
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
    fn stream_with(&self, file: FileId, head: &[u8], bytes: &[u8]) -> u64 {
        let known = self.streams.get(&file).copied();
        known.unwrap_or_else(|| {
            let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
            let first = hash_pair(xxh3_64(head), xxh3_64(&bytes[..end]));
            hash_pair(hash_text(&self.name), first)
        })
    }

    /// The place of the first record of a chunk. The stream of a file is not known before its first record is finished, so
    /// this record is placed by the path.
    fn place_of(&self, chunk: &Chunk, stream: u64) -> RecordPlace {
        let is_first = chunk.offset == chunk.head.len() as u64;
        let path = chunk.path.as_os_str().as_encoded_bytes();
        RecordPlace {
            log: if is_first { xxh3_64(path) } else { stream },
            offset: chunk.offset,
        }
    }

    /// Counts a last line without line end as rejected. The position stays, so that the full line is read if it comes.
    fn reject_unfinished(&mut self, chunk: &Chunk, place: RecordPlace, reason: Reason) {
        let detail = format!(
            "the last line of the file has no line end and can't be read ({}); it is read again when it has grown",
            reason.word()
        );
        let reject = Reject::new(place.offset, Reason::Unfinished, detail, &chunk.bytes);
        let path = chunk.path.display().to_string();
        let mut delivery = Delivery {
            position: None,
            ..self.delivery(path, place.log, &chunk.state)
        };
        delivery.batch.records = 1;
        delivery.batch.rejects.push(reject);
        delivery.first_record = Some(place);
        delivery.is_unfinished = true;
        // The answer tells whether to stop, which the next chunk or poll does.
        let _ = self.send(delivery);
    }
}

impl Sink for TailSink<'_> {
    fn chunk(&mut self, chunk: Chunk) -> Answer {
        let stream = self.stream_with(chunk.file, &chunk.head, &chunk.bytes);
        let (mapping, format) = (self.source.mapping(), self.source.format);
        let mut batch = decode(
            mapping,
            format,
            &chunk.head,
            stream,
            chunk.offset,
            &chunk.bytes,
        );
        // Only the rest of a last line without line end tells whether it is an event; an archive does not grow.
        let ending = chunk.path.extension().and_then(|ending| ending.to_str());
        let can_grow = !matches!(ending, Some("gz" | "zst"));
        let first_record = can_grow.then(|| self.place_of(&chunk, stream));
        if chunk.last_unfinished
            && let (Some(place), Some(reject)) = (first_record, batch.rejects.first())
        {
            self.reject_unfinished(&chunk, place, reject.reason);
            return Answer::Declined;
        }
        self.streams.insert(chunk.file, stream);
        // Events that are known already keep their order among those of other files.
        let file = self.known_as(chunk.file, stream).unwrap_or(chunk.file);
        batch.move_places(behind_file(u64::from(file)));
        let mut delivery = self.delivery(chunk.path.display().to_string(), stream, &chunk.state);
        delivery.batch = batch;
        delivery.first_record = first_record;
        delivery.raw = Some(Raw {
            offset: chunk.offset,
            bytes: chunk.bytes,
            framing: framing_of(format),
        });
        self.send(delivery)
    }

    fn oversize(&mut self, oversize: Oversize) {
        let stream = self.stream_with(oversize.file, &[], &oversize.first_bytes);
        self.streams.insert(oversize.file, stream);
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
            Notice::Skipped { path, why } => {
                tracing::warn!(source, path = %path.display(), why, "passed over");
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
            position_forgotten: forgotten,
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
        Notice::Skipped { .. } => "skipped",
        Notice::Damaged { .. } => "damaged",
        Notice::RecordTooLong { .. } => "record_too_long",
        Notice::Forgotten { .. } => "forgotten",
    }
}

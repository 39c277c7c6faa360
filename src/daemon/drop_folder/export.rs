//! Reading one export, whole.

use super::attempts::{Attempts, Plan};
use crate::daemon::deliveries::Delivery;
use crate::daemon::positions::{Progress, StoredPositions};
use crate::daemon::source::{Source, WHOLE_FILE, framing_of, kept_format};
use crate::ingest::decode::{DecodeError, Input};
use crate::ingest::read::{ReadOptions, format_of, open_input, read_opened};
use crate::ingest::{ContentCounter, EventBatch, Reason, Reject, without_values};
use crate::model::hash_text;
use crate::query::InHand;
use crate::rules::mapping::{FormatName, Identity};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use xxhash_rust::xxh3::Xxh3;

fn hash_of(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut hasher = Xxh3::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.digest()),
            count => hasher.update(&buffer[..count]),
        }
    }
}

/// When a file was changed last, in whole seconds since 1970; 0 where that can't be told.
fn seconds_of_change(path: &Path) -> u64 {
    let changed = std::fs::metadata(path).and_then(|meta| meta.modified());
    let since = changed
        .ok()
        .and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_secs())
}

/// Exports that were not read to their end before the start.
#[derive(Debug, Default)]
pub(super) struct Begun {
    progress: BTreeMap<u64, Progress>,
    damaged: BTreeSet<u64>,
}

impl Begun {
    /// By the stored positions of a source.
    pub(super) fn of(positions: StoredPositions) -> Begun {
        let exports = positions.exports.into_iter();
        Begun {
            progress: exports.map(|known| (known.export, known)).collect(),
            damaged: positions
                .damaged
                .iter()
                .map(|(_, export)| *export)
                .collect(),
        }
    }

    /// How many batches of an export were committed.
    fn batches(&self, export: u64) -> u64 {
        self.progress.get(&export).map_or(0, |known| known.batches)
    }

    /// How far an export was read in this format.
    fn resume(&mut self, export: u64, format: FormatName) -> Progress {
        let known = self.progress.remove(&export);
        let known = known.filter(|known| known.format == format.word());
        known.unwrap_or(Progress {
            export,
            format: format.word().to_owned(),
            batches: 0,
            repeated: self.damaged.contains(&export),
        })
    }
}

/// What became of an export.
pub(super) enum Read {
    /// It was read, now or before: the hash of its content.
    Done(u64),
    /// It is none: the hash of its content, and why.
    Refused(u64, String),
    /// The source was asked to stop; the rest is read after the next start.
    Stopped,
    /// It is not read, because the daemon died in it too often: the hash of its content.
    SetAside(u64),
}

/// What is known of the exports of a source from earlier processes.
pub(super) struct Earlier {
    /// How far they were read.
    pub(super) begun: Begun,
    /// Those in which the process may have died.
    pub(super) attempts: Attempts,
}

/// Ends a file early when the source is asked to stop.
struct UntilStopped(Box<dyn io::Read + Send>, Arc<AtomicBool>);

impl io::Read for UntilStopped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.1.load(Ordering::Relaxed) {
            return Ok(0);
        }
        self.0.read(buffer)
    }
}

/// Of an export in which the daemon died before, so many batches are committed one by one: then it has got further.
const COMMITTED_AT_ONCE: u64 = 8;

/// The batches of an export on their way to the engine.
struct Batches<'a> {
    source: &'a Source,
    /// What all deliveries of the export have in common.
    common: &'a Delivery,
    progress: Progress,
    /// So many batches were committed before the start.
    skip: u64,
    counter: ContentCounter,
    /// When the export was written, in seconds since 1970.
    written: u64,
    /// Whether the daemon died in it before.
    is_suspect: bool,
    /// Whether the engine takes deliveries, and the source was not asked to stop.
    open: bool,
}

impl<'a> Batches<'a> {
    fn new(source: &'a Source, common: &'a Delivery, mut progress: Progress) -> Batches<'a> {
        Batches {
            source,
            common,
            skip: std::mem::take(&mut progress.batches),
            progress,
            counter: ContentCounter::default(),
            written: 0,
            is_suspect: false,
            open: true,
        }
    }

    fn take(&mut self, mut batch: EventBatch) {
        // What comes after the request to stop is cut off somewhere.
        self.open = self.open && !self.source.is_stopping();
        if !self.open {
            return;
        }
        if self.source.mapping.identity == Identity::Content {
            self.counter.number(&mut batch);
        }
        // A correction in a later export comes after what it corrects, wherever in its file it stands.
        batch.move_places(self.written << 32);
        self.progress.batches += 1;
        if self.progress.batches <= self.skip {
            return;
        }
        for event in &batch.events {
            self.source.status.saw_event(event.time);
        }
        let delivery = self.delivery(batch);
        // Bounded: waits while the engine is busy.
        self.open = self.source.deliveries.send(delivery).is_ok();
    }

    fn delivery(&self, batch: EventBatch) -> Delivery {
        let (common, progress) = (self.common, &self.progress);
        Delivery {
            source: common.source.clone(),
            file: common.file.clone(),
            stream: common.stream,
            format: common.format,
            head: common.head.clone(),
            batch,
            position: progress.row(&common.source),
            begins_export: progress.batches == 1 && !progress.repeated,
            is_repeated: progress.repeated,
            must_commit: self.is_suspect && progress.batches <= self.skip + COMMITTED_AT_ONCE,
            ..Delivery::default()
        }
    }
}

/// Reads an export, from the beginning or, after a stop or crash in its middle, from where it was committed.
pub(super) fn read_export(
    source: &Source,
    path: &Path,
    is_done: &dyn Fn(u64) -> Result<bool, String>,
    is_set_aside: &dyn Fn(u64) -> bool,
    earlier: &mut Earlier,
) -> Result<Read, String> {
    let shown = path.display().to_string();
    let hash = hash_of(path).map_err(|error| format!("{shown}: {error}"))?;
    if is_done(hash)? {
        return Ok(Read::Done(hash));
    }
    if is_set_aside(hash) {
        return Ok(Read::SetAside(hash));
    }
    let plan = earlier.attempts.begin(hash, earlier.begun.batches(hash));
    let plan = plan.map_err(|error| format!("can't note that {shown} is read: {error}"))?;
    if matches!(plan, Plan::SetAside) {
        return Ok(Read::SetAside(hash));
    }
    let is_suspect = matches!(plan, Plan::Suspect(_));
    let read = read_whole(source, path, hash, is_suspect, &mut earlier.begun);
    if read.is_err() {
        let ended = earlier.attempts.end(hash);
        ended.map_err(|error| format!("can't note that {shown} is not read: {error}"))?;
    }
    if is_suspect {
        // The next one must not be accused of what this one does in the engine. A database that can't be read is asked again.
        while !source.is_stopping() && read.is_ok() && !is_done(hash).unwrap_or(false) {
            std::thread::sleep(COMMIT_POLL);
        }
    }
    drop(plan);
    read
}

/// Each worker has a piece of the export in memory, and the engine takes no more than so many fill.
const MAX_WORKERS: usize = 4;
/// An export up to this stored size is read while no other such export is, in all sources together. One takes moments, and
/// the engine takes their events one after the other anyway. Many at once would multiply the memory that each may take, and so
/// would threads that come and go with each of them.
const SMALL_BYTES: u64 = 4 << 20;
static TURN: Mutex<()> = Mutex::new(());

/// How often a commit is looked for that is waited for.
const COMMIT_POLL: Duration = Duration::from_millis(10);

fn read_whole(
    source: &Source,
    path: &Path,
    hash: u64,
    is_suspect: bool,
    begun: &mut Begun,
) -> Result<Read, String> {
    let shown = path.display().to_string();
    let input = Input::File(path.to_owned());
    let sheet = source.mapping().sheet.as_deref();
    let mut opened = open_input(&input, sheet, &Arc::new(AtomicU64::new(0)))
        .map_err(|error| error.to_string())?;
    let name: Arc<str> = source.config.name.as_str().into();
    let mut delivery = Delivery {
        source: name.clone(),
        file: shown.clone(),
        stream: hash_text(&name),
        ..Delivery::default()
    };
    let format = match format_of(&opened, source.mapping.format, &shown) {
        Ok(format) => format,
        Err(error) => return refuse(source, delivery, hash, &error.to_string()),
    };
    delivery.format = kept_format(format);
    delivery.must_commit = is_suspect;
    let is_small = input.size().is_some_and(|size| size <= SMALL_BYTES);
    // A thread that panicked while it held this left nothing behind.
    let _turn = is_small.then(|| TURN.lock().unwrap_or_else(PoisonError::into_inner));
    if format == FormatName::Csv {
        // Without its header, nobody knows what the cells of a rejected record say.
        let head = framing_of(format).first_end(&opened.sample);
        delivery.head = opened.sample[..head.unwrap_or_default()].into();
    }
    opened.reader = Box::new(UntilStopped(opened.reader, source.stop.clone()));
    let options = ReadOptions {
        workers: match is_small {
            true => 0,
            false => ReadOptions::default().workers.min(MAX_WORKERS),
        },
        most_record_bytes: source.most_record_bytes,
    };
    let mut batches = Batches::new(source, &delivery, begun.resume(hash, format));
    batches.written = seconds_of_change(path);
    batches.is_suspect = is_suspect;
    let mapping = source.mapping();
    let read = read_opened(
        opened,
        &shown,
        mapping,
        options,
        &mut |batch: EventBatch| {
            batches.take(batch);
        },
    );
    if !batches.open || source.is_stopping() {
        return Ok(Read::Stopped);
    }
    match read {
        Ok(()) => {}
        // The disk or the network, not the file: it is read again from where it was committed.
        Err(error @ DecodeError::Io { .. }) => return Err(error.to_string()),
        Err(error) => return refuse(source, delivery, hash, &error.to_string()),
    }
    delivery.export_done = Some((hash, shown.clone()));
    delivery.position_forgotten = Some(Progress::id(hash));
    delivery.notice = Some("export_read");
    tracing::info!(source = source.config.name, file = shown, "read an export");
    send(source, delivery)?;
    Ok(Read::Done(hash))
}

/// A file that is no export at all is quarantined as a whole and not tried again unless its content changes.
fn refuse(source: &Source, mut delivery: Delivery, hash: u64, why: &str) -> Result<Read, String> {
    let why = &*without_values(Reason::Malformed, why);
    delivery.format = WHOLE_FILE;
    delivery.batch.records = 1;
    delivery
        .batch
        .rejects
        .push(Reject::new(0, Reason::Malformed, why, b""));
    delivery.export_done = Some((hash, delivery.file.clone()));
    send(source, delivery)?;
    Ok(Read::Refused(hash, why.to_owned()))
}

/// Hands a delivery to the engine.
pub(super) fn send(source: &Source, mut delivery: Delivery) -> Result<(), String> {
    delivery.in_hand = Some(InHand::of(&source.status));
    source
        .deliveries
        .send(delivery)
        .map_err(|_| "stopped".to_owned())
}

//! A source of exports: a folder into which files are dropped; each is read once, whole.

use super::delivery::Delivery;
use super::source::{Source, WHOLE_FILE, kept_format};
use crate::assemble::ContentCounter;
use crate::config::mapping::Identity;
use crate::config::sources::SourceKind;
use crate::ingest::decode::{DecodeError, Input};
use crate::ingest::read::{ReadOptions, format_of, open_input, read_opened};
use crate::ingest::{EventBatch, Reason, Reject};
use crate::model::hash_text;
use crate::store::{FileRow, Store};
use globset::{Glob, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use walkdir::WalkDir;
use xxhash_rust::xxh3::Xxh3;

/// The folder is looked at this often.
const POLL_EVERY: Duration = Duration::from_millis(1000);
/// A file that has not changed for this long is taken as completely written.
const SETTLED: Duration = Duration::from_secs(2);

/// No request takes so long: what is older and has no name yet never gets one.
const BROKEN_OFF: Duration = Duration::from_secs(3600);
/// Of what was sent to the daemon so much is kept after it was read, for `quarantine replay` to read again: files, and
/// bytes. Then the oldest go.
const KEPT: (usize, u64) = (1000, 256 << 20);

/// What the database knows of the exports of a source.
pub(super) struct Exports {
    /// The database.
    pub store: Store,
    /// The source.
    pub source: String,
}

impl Exports {
    /// Whether one with this content was read before.
    fn is_done(&self, hash: u64) -> Result<bool, String> {
        let known = self.store.drop_is_done(&self.source, hash);
        known.map_err(|error| error.to_string())
    }

    /// As if it had never been read.
    fn forget(&self, hash: u64) -> Result<(), String> {
        let done = self.store.forget_drop(&self.source, hash);
        done.map_err(|error| error.to_string())
    }
}

/// Size and time of the last change: what tells that a file is the one that was looked at.
type Look = (u64, SystemTime);

/// Reads until it is told to stop.
pub(super) fn run(source: Source, exports: &Exports, known: Vec<FileRow>) -> Result<(), String> {
    let exclude = globs(&source.config.exclude)?;
    let sent = source.config.kind == SourceKind::Push;
    if sent {
        prepare(&source.config.paths)?;
    }
    let mut seen: BTreeMap<PathBuf, Look> = BTreeMap::new();
    let mut begun: BTreeMap<u64, Progress> = known.iter().filter_map(Progress::of).collect();
    // What was read since the start: the database may not know it yet.
    let mut done: BTreeSet<u64> = BTreeSet::new();
    // What was told last that can't be read, and what was refused last.
    let (mut failing, mut refused): (Option<String>, Option<String>) = (None, None);
    while !source.stop.load(Ordering::Relaxed) {
        if source.status.look_again.swap(false, Ordering::Relaxed) {
            seen.clear();
            done.clear();
            refused = None;
        }
        let mut trouble = None;
        let files = files(&source.config.paths, &exclude, &mut trouble)?;
        source
            .status
            .files
            .store(files.len() as u64, Ordering::Relaxed);
        let present: BTreeSet<&Path> = files.iter().map(|(path, _)| path.as_path()).collect();
        seen.retain(|path, _| present.contains(path.as_path()));
        if sent && let Err(problem) = tidy(&files, &seen, exports, &mut done) {
            trouble = Some(problem);
        }
        let unread = |(path, look): &&(PathBuf, Look)| seen.get(path) != Some(look);
        let waiting = files.iter().filter(unread).map(|(_, look)| look.0).sum();
        source
            .status
            .backlog_bytes
            .store(waiting, Ordering::Relaxed);
        for (path, look) in files {
            if source.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            // What was sent gets its name when it is whole.
            let settled = sent || look.1.elapsed().is_ok_and(|age| age >= SETTLED);
            if seen.get(&path) == Some(&look) || !settled {
                continue;
            }
            let is_done = |hash: u64| Ok(done.contains(&hash) || exports.is_done(hash)?);
            match read_export(&source, &path, &is_done, &mut begun) {
                Ok(Read::Stopped) => return Ok(()),
                Ok(Read::Done(hash)) => {
                    done.insert(hash);
                    let backlog = &source.status.backlog_bytes;
                    backlog.fetch_sub(look.0, Ordering::Relaxed);
                    seen.insert(path, look);
                }
                Ok(Read::Refused(problem)) => {
                    tracing::error!(
                        source = source.config.name,
                        problem,
                        "not an export; tried again when it changes"
                    );
                    seen.insert(path, look);
                    refused = Some(problem);
                }
                Err(problem) => {
                    // Told once, tried again each time: permission, or a busy disk, may come back.
                    if failing.as_ref() != Some(&problem) {
                        tracing::error!(
                            source = source.config.name,
                            problem,
                            "can't read an export"
                        );
                    }
                    trouble = Some(problem);
                }
            }
        }
        failing.clone_from(&trouble);
        source
            .status
            .set_trouble(trouble.or_else(|| refused.clone()));
        for _ in 0..10 {
            if source.stop.load(Ordering::Relaxed) {
                break;
            }
            std::thread::sleep(POLL_EVERY / 10);
        }
    }
    Ok(())
}

/// Makes the folders for what is sent, and removes what broke off when the daemon was killed.
fn prepare(folders: &[String]) -> Result<(), String> {
    for folder in folders {
        let failed = |error: io::Error| format!("{folder}: {error}");
        std::fs::create_dir_all(folder).map_err(failed)?;
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let age = entry.metadata().and_then(|meta| meta.modified());
            let old = age
                .map_err(failed)?
                .elapsed()
                .is_ok_and(|age| age > BROKEN_OFF);
            if old && entry.file_name().to_string_lossy().starts_with('.') {
                std::fs::remove_file(entry.path()).map_err(failed)?;
            }
        }
    }
    Ok(())
}

/// Removes the oldest files that are too many and that the database has taken up, and what is known of them: a source may
/// be sent something each second for years. Should one be sent again, its events are recognised.
fn tidy(
    files: &[(PathBuf, Look)],
    seen: &BTreeMap<PathBuf, Look>,
    exports: &Exports,
    done: &mut BTreeSet<u64>,
) -> Result<(), String> {
    let mut kept = (0, 0);
    for (path, look) in files.iter().rev() {
        kept = (kept.0 + 1, kept.1 + look.0);
        if (kept.0 <= KEPT.0 && kept.1 <= KEPT.1) || !seen.contains_key(path) {
            continue;
        }
        let failed = |error: io::Error| format!("{}: {error}", path.display());
        let hash = hash_of(path).map_err(failed)?;
        if exports.is_done(hash)? {
            std::fs::remove_file(path).map_err(failed)?;
            exports.forget(hash)?;
            done.remove(&hash);
        }
    }
    Ok(())
}

fn globs(patterns: &[String]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|error| error.to_string())?);
    }
    set.build().map_err(|error| error.to_string())
}

/// The files in the folders (or of the globs), oldest first, so that corrections come after what they correct.
fn files(
    paths: &[String],
    exclude: &GlobSet,
    trouble: &mut Option<String>,
) -> Result<Vec<(PathBuf, Look)>, String> {
    let mut found = Vec::new();
    for pattern in paths {
        let path = Path::new(pattern);
        let (root, wanted) = if path.is_dir() || !pattern.contains(['*', '?', '[', '{']) {
            (path.to_owned(), None)
        } else {
            let root: PathBuf = path
                .components()
                .take_while(|part| {
                    !part
                        .as_os_str()
                        .to_string_lossy()
                        .contains(['*', '?', '[', '{'])
                })
                .collect();
            (root, Some(globs(std::slice::from_ref(pattern))?))
        };
        for entry in WalkDir::new(&root)
            .follow_links(true)
            .max_depth(if wanted.is_some() { 16 } else { 1 })
        {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    *trouble = Some(error.to_string());
                    continue;
                }
            };
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            let is_wanted = wanted
                .as_ref()
                .is_none_or(|wanted| wanted.is_match(entry.path()));
            if !entry.file_type().is_file()
                || hidden
                || !is_wanted
                || exclude.is_match(entry.path())
            {
                continue;
            }
            match entry
                .metadata()
                .map_err(io::Error::from)
                .and_then(|meta| Ok((meta.len(), meta.modified()?)))
            {
                Ok(look) => found.push((entry.into_path(), look)),
                Err(error) => *trouble = Some(format!("{}: {error}", entry.path().display())),
            }
        }
    }
    found.sort_by(|a, b| (a.1.1, &a.0).cmp(&(b.1.1, &b.0)));
    found.dedup();
    Ok(found)
}

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

/// How far an export was read, in batches: the same bytes are cut into the same batches by every mapping.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Progress {
    export: u64,
    format: String,
    batches: u64,
}

impl Progress {
    fn of(row: &FileRow) -> Option<(u64, Progress)> {
        let progress: Progress = serde_json::from_str(&row.state).ok()?;
        Some((progress.export, progress))
    }

    /// Its number among the positions of the source.
    fn id(hash: u64) -> u32 {
        (hash ^ hash >> 32) as u32
    }

    fn row(&self, source: &str) -> Option<FileRow> {
        Some(FileRow {
            source: source.to_owned(),
            id: Progress::id(self.export),
            state: serde_json::to_string(self).ok()?,
            stream: self.export,
        })
    }
}

/// Whether a stored position is that of an export, rather than of a file that grows.
pub(super) fn is_position_of_export(row: &FileRow) -> bool {
    Progress::of(row).is_some()
}

/// What became of an export.
enum Read {
    /// It was read, now or before: the hash of its content.
    Done(u64),
    /// It is none.
    Refused(String),
    /// The source was asked to stop; the rest is read after the next start.
    Stopped,
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

/// Reads an export, from the beginning or, after a stop or crash in its middle, from where it was committed.
fn read_export(
    source: &Source,
    path: &Path,
    is_done: &dyn Fn(u64) -> Result<bool, String>,
    begun: &mut BTreeMap<u64, Progress>,
) -> Result<Read, String> {
    let shown = path.display().to_string();
    let hash = hash_of(path).map_err(|error| format!("{shown}: {error}"))?;
    if is_done(hash)? {
        return Ok(Read::Done(hash));
    }
    let input = Input::File(path.to_owned());
    let mut opened =
        open_input(&input, &Arc::new(AtomicU64::new(0))).map_err(|error| error.to_string())?;
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
    let known = begun.remove(&hash);
    let skip = known.filter(|known| known.format == format.word());
    let skip = skip.map_or(0, |known| known.batches);
    let mut progress = Progress {
        export: hash,
        format: format.word().to_owned(),
        batches: 0,
    };
    opened.reader = Box::new(UntilStopped(opened.reader, source.stop.clone()));
    let options = ReadOptions {
        most_record_bytes: source.most_record_bytes,
        ..ReadOptions::default()
    };
    let mut counter = ContentCounter::default();
    let written = seconds_of_change(path);
    let mut open = true;
    let read = read_opened(
        opened,
        &shown,
        source.mapping(),
        options,
        &mut |mut batch: EventBatch| {
            // What comes after the request to stop is cut off somewhere.
            open = open && !source.stop.load(Ordering::Relaxed);
            if !open {
                return;
            }
            if source.mapping.identity == Identity::Content {
                counter.number(&mut batch);
            }
            // A correction in a later export comes after what it corrects, wherever in its file it stands.
            batch.move_places(written << 32);
            progress.batches += 1;
            if progress.batches <= skip {
                return;
            }
            for event in &batch.events {
                source.status.saw_event(event.time);
            }
            let piece = Delivery {
                source: name.clone(),
                file: shown.clone(),
                stream: delivery.stream,
                format: delivery.format,
                batch,
                position: progress.row(&name),
                ..Delivery::default()
            };
            // Bounded: waits while the engine is busy.
            open = source.deliveries.send(piece).is_ok();
        },
    );
    if !open || source.stop.load(Ordering::Relaxed) {
        return Ok(Read::Stopped);
    }
    match read {
        Ok(()) => {}
        // The disk or the network, not the file: it is read again from where it was committed.
        Err(error @ DecodeError::Io { .. }) => return Err(error.to_string()),
        Err(error) => return refuse(source, delivery, hash, &error.to_string()),
    }
    delivery.export_done = Some((hash, shown.clone()));
    delivery.forgotten = Some(Progress::id(hash));
    delivery.notice = Some("export_read");
    tracing::info!(source = source.config.name, file = shown, "read an export");
    send_last(source, delivery)?;
    Ok(Read::Done(hash))
}

/// A file that is no export at all is quarantined as a whole and not tried again unless its content changes.
fn refuse(source: &Source, mut delivery: Delivery, hash: u64, why: &str) -> Result<Read, String> {
    delivery.format = WHOLE_FILE;
    delivery.batch.records = 1;
    delivery
        .batch
        .rejects
        .push(Reject::new(0, Reason::Malformed, why, b""));
    delivery.export_done = Some((hash, delivery.file.clone()));
    send_last(source, delivery)?;
    Ok(Read::Refused(why.to_owned()))
}

fn send_last(source: &Source, delivery: Delivery) -> Result<(), String> {
    source
        .deliveries
        .send(delivery)
        .map_err(|_| "stopped".to_owned())
}

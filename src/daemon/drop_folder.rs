//! A source of exports: a folder into which files are dropped; each is read once, whole.

use super::delivery::Delivery;
use super::source::{Source, kept_format};
use crate::assemble::ContentCounter;
use crate::config::mapping::Identity;
use crate::ingest::decode::Input;
use crate::ingest::read::{ReadOptions, format_of, open_input, read_opened};
use crate::ingest::{EventBatch, Reason, Reject};
use crate::model::hash_text;
use globset::{Glob, GlobSet, GlobSetBuilder};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use walkdir::WalkDir;
use xxhash_rust::xxh3::Xxh3;

/// The folder is looked at this often.
const POLL_EVERY: Duration = Duration::from_millis(1000);
/// A file that has not changed for this long is taken as completely written.
const SETTLED: Duration = Duration::from_secs(2);

/// Whether an export with this content was read before, asked of the database.
pub(super) type IsDone = Box<dyn Fn(u64) -> Result<bool, String> + Send>;

/// Size and time of the last change: what tells that a file is the one that was looked at.
type Look = (u64, SystemTime);

/// Reads until it is told to stop.
pub(super) fn run(source: Source, is_done: IsDone) -> Result<(), String> {
    let exclude = globs(&source.config.exclude)?;
    let mut seen: BTreeMap<PathBuf, Look> = BTreeMap::new();
    while !source.stop.load(Ordering::Relaxed) {
        let mut trouble = None;
        let files = files(&source.config.paths, &exclude, &mut trouble)?;
        source
            .status
            .files
            .store(files.len() as u64, Ordering::Relaxed);
        seen.retain(|path, _| files.iter().any(|(known, _)| known == path));
        for (path, look) in files {
            if source.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let settled = look.1.elapsed().is_ok_and(|age| age >= SETTLED);
            if seen.get(&path) == Some(&look) || !settled {
                continue;
            }
            match read_export(&source, &path, &is_done) {
                Ok(()) => {
                    seen.insert(path, look);
                }
                Err(problem) => {
                    tracing::error!(
                        source = source.config.name,
                        problem,
                        "can't read an export; tried again when it changes"
                    );
                    seen.insert(path, look);
                    trouble = Some(problem);
                }
            }
        }
        source.status.set_trouble(trouble);
        for _ in 0..10 {
            if source.stop.load(Ordering::Relaxed) {
                break;
            }
            std::thread::sleep(POLL_EVERY / 10);
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

/// Reads an export. After a crash in the middle it is read again from the start; what was taken already is recognised.
fn read_export(source: &Source, path: &Path, is_done: &IsDone) -> Result<(), String> {
    let shown = path.display().to_string();
    let hash = hash_of(path).map_err(|error| format!("{shown}: {error}"))?;
    if is_done(hash)? {
        return Ok(());
    }
    let input = Input::File(path.to_owned());
    let opened =
        open_input(&input, &Arc::new(AtomicU64::new(0))).map_err(|error| error.to_string())?;
    let name: Arc<str> = source.config.name.as_str().into();
    let mut delivery = Delivery {
        source: name.clone(),
        file: shown.clone(),
        stream: hash_text(&name),
        ..Delivery::default()
    };
    match format_of(&opened, source.mapping.format, &shown) {
        Ok(format) => delivery.format = kept_format(format),
        Err(error) => return refuse(source, delivery, hash, &error.to_string()),
    }
    let options = ReadOptions {
        most_record_bytes: source.most_record_bytes,
        ..ReadOptions::default()
    };
    let mut counter = ContentCounter::default();
    let mut open = true;
    let read = read_opened(
        opened,
        &shown,
        source.mapping(),
        options,
        &mut |mut batch: EventBatch| {
            if source.mapping.identity == Identity::Content {
                counter.number(&mut batch);
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
                ..Delivery::default()
            };
            // Bounded: waits while the engine is busy.
            open = open && source.deliveries.send(piece).is_ok();
        },
    );
    if let Err(error) = read {
        return refuse(source, delivery, hash, &error.to_string());
    }
    delivery.export_done = Some((hash, shown.clone()));
    delivery.notice = Some("export_read");
    tracing::info!(source = source.config.name, file = shown, "read an export");
    source
        .deliveries
        .send(delivery)
        .map_err(|_| "stopped".to_owned())
}

/// A file that is no export at all is quarantined as a whole and not tried again unless its content changes.
fn refuse(source: &Source, mut delivery: Delivery, hash: u64, why: &str) -> Result<(), String> {
    delivery.batch.records = 1;
    delivery
        .batch
        .rejects
        .push(Reject::new(0, Reason::Malformed, why, b""));
    delivery.export_done = Some((hash, delivery.file.clone()));
    source
        .deliveries
        .send(delivery)
        .map_err(|_| "stopped".to_owned())?;
    Err(why.to_owned())
}

//! A source of exports: a folder into which files are dropped; each is read once, whole.

mod attempts;
mod export;
mod listing;
mod sent;
mod settling;

use super::deliveries::Delivery;
use super::positions::StoredPositions;
use super::source::{Source, WHOLE_FILE, pause_after};
use crate::config::sources::SourceKind;
use crate::store::{FileRow, Store};
use attempts::{Aside, Attempts};
use export::{Begun, Earlier, Read, read_export, send};
use globset::GlobSet;
use listing::{Look, files, globs};
pub(super) use sent::expire_orphans;
use sent::{KEPT, expire, prepare, tidy};
use settling::Settling;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

/// What the database knows of the exports of a source.
pub(super) struct Exports {
    /// The database.
    pub store: Store,
    /// The source.
    pub source: String,
    /// The folder of the database.
    pub data_dir: PathBuf,
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

/// A file that was read: how it looked then, and the hash of its content.
#[derive(Clone, Copy, Debug)]
struct Seen {
    look: Look,
    hash: u64,
}

/// Reads until it is told to stop.
pub(super) fn run(source: &Source, exports: &Exports, known: Vec<FileRow>) -> Result<(), String> {
    let known = StoredPositions::of(known);
    let is_damaged = !known.damaged_rows.is_empty();
    let attempts = Attempts::load(&exports.data_dir, &exports.source);
    if is_damaged {
        let report = Delivery {
            source: source.config.name.as_str().into(),
            damaged: known.damaged_rows.clone(),
            ..Delivery::default()
        };
        send(source, report)?;
    }
    let mut reader = Reader {
        source,
        exports,
        exclude: globs(&source.config.exclude)?,
        is_prepared: false,
        seen: BTreeMap::new(),
        settling: Settling::default(),
        earlier: Earlier {
            begun: Begun::of(known),
            attempts: if is_damaged {
                attempts.without_suspects()
            } else {
                attempts
            },
        },
        aside: Aside::new(&exports.data_dir, &exports.source),
        done: BTreeSet::new(),
        unlisted: BTreeSet::new(),
        search: Duration::ZERO,
        skipped: BTreeMap::new(),
        unread: BTreeSet::new(),
        refused: None,
    };
    while !source.is_stopping() && reader.pass() {
        source.pause(pause_after(reader.search));
    }
    let stopped = reader.earlier.attempts.stop();
    stopped.map_err(|error| format!("can't note that the source stops: {error}"))
}

/// What is known of the exports of a source since it was started.
struct Reader<'a> {
    source: &'a Source,
    exports: &'a Exports,
    exclude: GlobSet,
    /// Whether the folder for what is sent was there at the last look.
    is_prepared: bool,
    seen: BTreeMap<PathBuf, Seen>,
    settling: Settling,
    earlier: Earlier,
    aside: Aside,
    /// What was read since the start: the database may not know it yet.
    done: BTreeSet<u64>,
    /// What was wrong with the folders at the last look.
    unlisted: BTreeSet<String>,
    /// How long the last search took, without reading.
    search: Duration,
    /// What was passed over at the last look, and why.
    skipped: BTreeMap<PathBuf, &'static str>,
    /// What was wrong with exports in the last pass.
    unread: BTreeSet<String>,
    /// What was refused last.
    refused: Option<String>,
}

impl Reader<'_> {
    /// Looks at the folders and reads what is new. Whether to go on.
    fn pass(&mut self) -> bool {
        if self.source.status.look_again.swap(false, Ordering::Relaxed) {
            self.seen.clear();
            self.done.clear();
            self.refused = None;
        }
        // Whether a file is completely written is told by this look: when its turn comes it may have changed again.
        let now = (SystemTime::now(), Instant::now());
        let files = self.look();
        // Before anything is read: that may take hours.
        self.tell_status();
        let mut unread = BTreeSet::new();
        if let Err(problem) = self.note_commits() {
            unread.insert(problem);
        }
        for (path, look) in files {
            if self.source.is_stopping() {
                return false;
            }
            if !self.is_due(&path, look, now) {
                continue;
            }
            match self.read(path, look) {
                Ok(true) => {}
                Ok(false) => return false,
                Err(problem) => {
                    // Told once, tried again each time: permission, or a busy disk, may come back.
                    if !self.unread.contains(&problem) {
                        let source = &self.source.config.name;
                        tracing::error!(source, problem, "can't read an export");
                    }
                    unread.insert(problem);
                }
            }
        }
        self.unread = unread;
        self.tell_status();
        true
    }

    /// The files in the folders, oldest first, and how much of them waits to be read.
    fn look(&mut self) -> Vec<(PathBuf, Look)> {
        let (config, status) = (&self.source.config, &self.source.status);
        let is_sent = config.kind == SourceKind::Push;
        let must_prepare = is_sent && !self.is_prepared;
        let unprepared = must_prepare.then(|| prepare(&config.paths));
        let unprepared = unprepared.and_then(Result::err);
        // Before the folder is looked at: what is accepted meanwhile may be in the list or not.
        let accepted = status.accepted();
        let mut troubles = BTreeSet::new();
        let (source, begun) = (self.source, Instant::now());
        let found = files(&config.paths, &self.exclude, &|| source.is_stopping());
        self.search = begun.elapsed();
        troubles.extend(found.troubles);
        self.tell_skipped(found.skipped);
        let files = found.files;
        let is_complete = troubles.is_empty();
        self.is_prepared = is_complete && unprepared.is_none();
        troubles.extend(unprepared);
        status.files.store(files.len() as u64, Ordering::Relaxed);
        status.replace_set_aside(self.aside.list());
        let present: BTreeSet<&Path> = files.iter().map(|(path, _)| path.as_path()).collect();
        self.seen.retain(|path, _| present.contains(path.as_path()));
        self.settling.retain(|path| present.contains(path));
        let is_unread = |(path, look): &&(PathBuf, Look)| !is_seen(&self.seen, path, *look);
        let waiting = files.iter().filter(is_unread).map(|(_, look)| look.0).sum();
        // What is missing in a list with gaps waits all the same.
        status.found_waiting(waiting, if is_complete { accepted } else { 0 });
        if is_sent {
            let (seen, done) = (&self.seen, &mut self.done);
            tidy(&files, KEPT, seen, self.exports, done, &mut troubles);
            let lost = expire(&files, source.max_age, seen, &mut troubles);
            self.tell_expired(&lost);
        }
        for trouble in troubles.difference(&self.unlisted) {
            tracing::error!(source = config.name, trouble, "can't read a folder");
        }
        self.unlisted = troubles;
        files
    }

    /// Reports what is passed over, once for as long as it is there.
    fn tell_skipped(&mut self, skipped: BTreeMap<PathBuf, &'static str>) {
        for (path, why) in &skipped {
            if !self.skipped.contains_key(path) {
                let name = &self.source.config.name;
                tracing::warn!(source = name, path = %path.display(), why, "passed over");
                let delivery = Delivery {
                    source: name.as_str().into(),
                    notice: Some("skipped"),
                    ..Delivery::default()
                };
                // It fails only if the engine has ended, and then the next export ends the source.
                let _ = send(self.source, delivery);
            }
        }
        self.skipped = skipped;
    }

    /// Reports bodies that were deleted unread: each is a gap.
    fn tell_expired(&self, lost: &[PathBuf]) {
        for path in lost {
            let name = &self.source.config.name;
            tracing::error!(source = name, path = %path.display(), "deleted a body that was not read: it is older than push.max_age");
            let delivery = Delivery {
                source: name.as_str().into(),
                gap: true,
                notice: Some("expired"),
                ..Delivery::default()
            };
            // It fails only if the engine has ended, and then the next export ends the source.
            let _ = send(self.source, delivery);
        }
    }

    fn tell_status(&self) {
        let troubles = [self.unread.first(), self.unlisted.first()];
        let trouble = troubles.into_iter().flatten().next();
        self.source
            .status
            .set_trouble(trouble.or(self.refused.as_ref()).cloned());
    }

    /// Whether a file is to be read: it was not, and is completely written.
    fn is_due(&mut self, path: &Path, look: Look, now: (SystemTime, Instant)) -> bool {
        // What was sent gets its name when it is whole.
        let is_whole = self.source.config.kind == SourceKind::Push;
        !is_seen(&self.seen, path, look) && (is_whole || self.settling.is_over(path, look, now))
    }

    /// Reads a file. Whether to go on.
    fn read(&mut self, path: PathBuf, look: Look) -> Result<bool, String> {
        let (done, exports) = (&self.done, self.exports);
        let is_known = |hash: u64| Ok(done.contains(&hash) || exports.is_done(hash)?);
        let is_set_aside = |hash: u64| self.aside.note(hash).exists();
        let earlier = &mut self.earlier;
        let hash = match read_export(self.source, &path, &is_known, &is_set_aside, earlier)? {
            Read::Stopped => return Ok(false),
            Read::Done(hash) => {
                self.done.insert(hash);
                hash
            }
            Read::Refused(hash, problem) => {
                tracing::error!(
                    source = self.source.config.name,
                    problem,
                    "not an export; tried again when it changes"
                );
                self.refused = Some(problem);
                hash
            }
            Read::SetAside(hash) => {
                self.set_aside(&path, hash)?;
                hash
            }
        };
        self.source.status.has_read(look.0);
        self.seen.insert(path, Seen { look, hash });
        Ok(true)
    }
}

impl Reader<'_> {
    /// Forgets the attempts of exports that are committed now.
    fn note_commits(&mut self) -> Result<(), String> {
        for export in self.earlier.attempts.open() {
            if self.exports.is_done(export)? {
                let ended = self.earlier.attempts.end(export);
                ended.map_err(|error| format!("can't note that an export is read: {error}"))?;
            }
        }
        Ok(())
    }

    /// Sets a file aside in which the daemon died twice, and reports it. A body is moved to a folder of its own; a file in a
    /// folder of the user stays, and is passed over by its content.
    fn set_aside(&mut self, path: &Path, hash: u64) -> Result<(), String> {
        let (source, config) = (self.source, &self.source.config);
        let is_known = self.aside.note(hash).exists();
        let is_body = config.kind == SourceKind::Push;
        let failed = |error| format!("{} can't be set aside: {error}", path.display());
        let at = self.aside.take(&config.name, path, hash, is_body);
        let at = at.map_err(failed)?;
        tracing::error!(
            source = config.name,
            file = %at.display(),
            next_step = self.aside.next_step(hash),
            "the daemon died twice while it read this file: it is set aside and not read"
        );
        source.status.replace_set_aside(self.aside.list());
        if !is_known {
            let mut delivery = Delivery {
                source: config.name.as_str().into(),
                file: at.display().to_string(),
                format: WHOLE_FILE,
                ..Delivery::default()
            };
            delivery.batch.records = 1;
            delivery.batch.rejects.push(self.aside.reject(&at, hash));
            send(source, delivery)?;
        }
        self.earlier.attempts.end(hash).map_err(failed)
    }
}

/// Whether a file was read as it looks now.
fn is_seen(seen: &BTreeMap<PathBuf, Seen>, path: &Path, look: Look) -> bool {
    seen.get(path).is_some_and(|known| known.look == look)
}

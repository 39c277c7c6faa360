//! The poll: find, recognise, read, let go.
//!
//! Knows every file of one source and decides which content each of them holds. What it does not know: time (it is
//! passed in), where states are kept, what records mean.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::api::{Error, FileId, FileState, Notice, Options, PollOutcome, Sink};
use super::discover::{Finder, Found, Key};
use super::identify::Held;
use super::reader::Limits;
use super::tracked::{Check, ReadEnd, Tracked};

mod recognise;

/// Decoders keep windows of up to some megabytes, and archives don't hurry: so many are read at a time.
const COMPRESSED_AT_ONCE: usize = 4;

/// Reads the files of one source.
pub(crate) struct Tailer {
    options: Options,
    limits: Limits,
    finder: Finder,
    /// Files that are read. In the order of their ids, so that a rotated file comes before its successor.
    tracked: BTreeMap<FileId, Tracked>,
    /// Contents whose file is gone or was written anew.
    missing: BTreeMap<FileId, FileState>,
    held: HashMap<Key, Held>,
    unreadable: HashMap<PathBuf, io::ErrorKind>,
    skipped: HashSet<PathBuf>,
    next_id: FileId,
    /// Where the next poll begins to read, after the last one was ended early.
    resume_at: FileId,
}

impl Tailer {
    /// A tailer that goes on from the committed states. New contents get ids from `next_id` on, or from above the
    /// highest known one.
    pub(crate) fn new(
        options: Options,
        known: Vec<FileState>,
        next_id: FileId,
    ) -> Result<Self, Error> {
        let zero = [
            ("chunk_bytes", options.chunk_bytes),
            ("max_record_bytes", options.max_record_bytes),
            ("max_files_open", options.max_files_open),
            (
                "read_budget_per_poll",
                options.read_budget_per_poll as usize,
            ),
        ];
        if let Some((name, _)) = zero.iter().find(|(_, value)| *value == 0) {
            return Err(Error::Zero(name));
        }
        let finder = Finder::new(&options)?;
        let mut missing = BTreeMap::new();
        for state in known {
            let id = state.id;
            if missing.insert(id, state).is_some() {
                return Err(Error::IdTwice(id));
            }
        }
        let above = missing
            .keys()
            .next_back()
            .map_or(0, |id| id.saturating_add(1));
        Ok(Self {
            limits: Limits {
                framing: options.framing,
                chunk_bytes: options.chunk_bytes.min(options.max_record_bytes),
                max_record_bytes: options.max_record_bytes,
            },
            options,
            finder,
            tracked: BTreeMap::new(),
            missing,
            held: HashMap::new(),
            unreadable: HashMap::new(),
            skipped: HashSet::new(),
            next_id: next_id.max(above),
            resume_at: 0,
        })
    }

    /// Looks at the file system once and hands out what is new. `now` must not go backwards.
    pub(crate) fn poll(&mut self, now: Instant, sink: &mut dyn Sink) -> PollOutcome {
        let begun = Instant::now();
        let scan = self.finder.scan();
        let search = begun.elapsed();
        if scan.stopped {
            return PollOutcome::default();
        }
        self.note_skipped(scan.skipped, sink);
        let mut troubled: HashSet<PathBuf> = HashSet::new();
        for (path, error) in scan.errors {
            troubled.insert(path.clone());
            self.note_unreadable(&path, &error, sink);
        }
        let found = self.unite(scan.found);
        let claimed = self.check_tracked(&found, now, sink, &mut troubled);
        // First, so that a content that was moved is known up to its end when its new place is recognised.
        let drained = self.read_some(false, now, sink, &mut troubled);
        let here: HashSet<Key> = found.iter().map(|f| f.stat.key).collect();
        self.held
            .retain(|key, _| here.contains(key) && !claimed.contains(key));
        for file in found.iter().filter(|f| !claimed.contains(&f.stat.key)) {
            if let Err(error) = self.recognise(file, now, sink) {
                self.held.remove(&file.stat.key);
                if error.kind() != io::ErrorKind::NotFound {
                    troubled.insert(file.path.clone());
                    self.note_unreadable(&file.path, &error, sink);
                }
            }
        }
        let stopped = drained.stopped;
        let mut outcome = drained;
        if !stopped {
            let read = self.read_some(true, now, sink, &mut troubled);
            outcome.bytes += read.bytes;
            outcome.more |= read.more;
        }
        self.unreadable.retain(|path, _| troubled.contains(path));
        self.release(now, sink);
        self.close_idle();
        self.forget(sink);
        PollOutcome {
            bytes_read: outcome.bytes,
            files: self.tracked.len(),
            waiting: self.held.len(),
            unreadable: self.unreadable.len(),
            backlog_bytes: self.tracked.values().map(Tracked::backlog).sum(),
            more: outcome.more,
            search,
        }
    }

    /// What is known of every content, as of the last accepted chunks. Positions above zero only.
    #[cfg(test)]
    pub(crate) fn states(&self) -> Vec<FileState> {
        let tracked = self.tracked.values().map(Tracked::state);
        let all = tracked.chain(self.missing.values().cloned());
        all.filter(|state| state.position > 0).collect()
    }

    #[cfg(test)]
    pub(super) fn tracked_paths(&self) -> Vec<String> {
        let name = |file: &Tracked| file.path.file_name().map(|n| n.to_string_lossy().into());
        self.tracked.values().filter_map(name).collect()
    }

    /// One entry per file: a file that has several paths keeps the one by which it is known.
    fn unite(&self, found: Vec<Found>) -> Vec<Found> {
        let known: HashSet<(Key, &Path)> = self
            .tracked
            .values()
            .map(|file| (file.stat.key, &*file.path))
            .collect();
        let mut index: HashMap<Key, usize> = HashMap::new();
        let mut united: Vec<Found> = Vec::with_capacity(found.len());
        for file in found {
            match index.get(&file.stat.key) {
                Some(&at) if known.contains(&(file.stat.key, &file.path)) => united[at] = file,
                Some(_) => {}
                None => {
                    index.insert(file.stat.key, united.len());
                    united.push(file);
                }
            }
        }
        united
    }

    /// Looks what became of the files that are read. Returns those that hold the content they held.
    fn check_tracked(
        &mut self,
        found: &[Found],
        now: Instant,
        sink: &mut dyn Sink,
        troubled: &mut HashSet<PathBuf>,
    ) -> HashSet<Key> {
        let by_key: HashMap<Key, &Found> = found.iter().map(|f| (f.stat.key, f)).collect();
        let paths: HashSet<&Path> = found.iter().map(|f| f.path.as_path()).collect();
        let mut claimed = HashSet::new();
        let ids: Vec<FileId> = self.tracked.keys().copied().collect();
        for id in ids {
            let Some(mut file) = self.tracked.remove(&id) else {
                continue;
            };
            let here = by_key.get(&file.stat.key).copied();
            match here {
                Some(here) => reattach(&mut file, here, sink),
                None if file.attached => detach(&mut file, &paths, sink),
                None => {}
            }
            if here.is_none() && !file.is_open() {
                self.remember(&file);
                continue;
            }
            match file.check(here, now) {
                Check::Same => {}
                Check::Changed => {
                    self.retire(&file, sink);
                    if here.is_none() {
                        self.follow_rewritten(file, now, sink);
                    }
                    continue;
                }
                Check::Unknown => {
                    self.remember(&file);
                    continue;
                }
                Check::Unreadable(error) if error.kind() == io::ErrorKind::NotFound => {}
                Check::Unreadable(error) => {
                    troubled.insert(file.path.to_path_buf());
                    self.note_unreadable(&file.path, &error, sink);
                }
            }
            claimed.insert(file.stat.key);
            self.tracked.insert(id, file);
        }
        claimed
    }

    fn retire(&mut self, file: &Tracked, sink: &mut dyn Sink) {
        if file.position() > 0 {
            sink.notice(Notice::Truncated {
                id: file.id,
                path: file.path.to_path_buf(),
                position: file.position(),
            });
        }
        self.remember(file);
    }

    /// A file that was written anew before it left the patterns: its open handle is the only way to the new content.
    fn follow_rewritten(&mut self, file: Tracked, now: Instant, sink: &mut dyn Sink) {
        let id = self.next_id;
        if let Some(file) = file.rewritten(id, now) {
            self.next_id += 1;
            sink.notice(Notice::Discovered {
                id,
                path: file.path.to_path_buf(),
            });
            self.tracked.insert(id, file);
        }
    }

    /// A content of which nothing was handed out needs no memory.
    fn remember(&mut self, file: &Tracked) {
        if file.position() > 0 {
            self.missing.insert(file.id, file.state());
        }
    }

    /// Reads the files that are where the patterns find them, or those of which only the handle is left.
    fn read_some(
        &mut self,
        attached: bool,
        now: Instant,
        sink: &mut dyn Sink,
        troubled: &mut HashSet<PathBuf>,
    ) -> ReadEnd {
        let mut total = ReadEnd::default();
        let resume_at = self.resume_at;
        let files = self
            .tracked
            .values()
            .filter(|file| file.attached == attached);
        let (later, first): (Vec<FileId>, Vec<FileId>) =
            files.map(|file| file.id).partition(|id| *id < resume_at);
        let mut streams: usize = 0;
        for id in first.into_iter().chain(later) {
            let Some(file) = self.tracked.get_mut(&id) else {
                continue;
            };
            let is_stream = file.wants_stream();
            if is_stream && streams >= COMPRESSED_AT_ONCE {
                total.more = true;
                continue;
            }
            let end = file.read(&self.limits, &self.options, now, sink);
            total.bytes += end.bytes;
            total.more |= end.more;
            match end.error {
                Some(error) => {
                    let path = file.path.clone();
                    troubled.insert(path.to_path_buf());
                    self.note_unreadable(&path, &error, sink);
                }
                None => streams += usize::from(is_stream),
            }
            if end.stopped {
                self.resume_at = id.saturating_add(1);
                total.stopped = true;
                return total;
            }
        }
        if attached {
            self.resume_at = 0;
        }
        total
    }

    /// Lets go of files that are gone, once they have been read to their end and nobody writes to them any more.
    fn release(&mut self, now: Instant, sink: &mut dyn Sink) {
        let after = self
            .options
            .release_after
            .max(self.options.flush_unfinished_after);
        let over = |file: &Tracked| {
            let quiet = now.saturating_duration_since(file.quiet_since()) >= after;
            !file.attached && file.is_dry() && (quiet || !file.is_open())
        };
        let ids: Vec<FileId> = self
            .tracked
            .values()
            .filter(|f| over(f))
            .map(|f| f.id)
            .collect();
        for id in ids {
            if let Some(file) = self.tracked.remove(&id) {
                sink.notice(Notice::Released {
                    id,
                    path: file.path.to_path_buf(),
                    unread: file.backlog(),
                });
                self.remember(&file);
            }
        }
    }

    /// Closes the handles that have been idle for the longest time.
    fn close_idle(&mut self) {
        let open = self.tracked.values().filter(|file| file.is_open()).count();
        let surplus = open.saturating_sub(self.options.max_files_open);
        if surplus == 0 {
            return;
        }
        let mut idle: Vec<(Instant, FileId)> = self
            .tracked
            .values()
            .filter(|file| file.is_open() && file.is_dry())
            .map(|file| (file.quiet_since(), file.id))
            .collect();
        idle.sort_unstable();
        for (_, id) in idle.into_iter().take(surplus) {
            if let Some(file) = self.tracked.get_mut(&id) {
                file.close();
            }
        }
    }

    fn forget(&mut self, sink: &mut dyn Sink) {
        while self.missing.len() > self.options.max_remembered {
            let Some((id, state)) = self.missing.pop_first() else {
                return;
            };
            sink.notice(Notice::Forgotten {
                id,
                path: state.path,
            });
        }
    }

    /// Reports what is passed over, once for as long as it is there.
    fn note_skipped(&mut self, skipped: Vec<(PathBuf, &'static str)>, sink: &mut dyn Sink) {
        for (path, why) in &skipped {
            if !self.skipped.contains(path) {
                let path = path.clone();
                sink.notice(Notice::Skipped { path, why });
            }
        }
        self.skipped = skipped.into_iter().map(|(path, _)| path).collect();
    }

    fn note_unreadable(&mut self, path: &Path, error: &io::Error, sink: &mut dyn Sink) {
        let before = self.unreadable.insert(path.to_owned(), error.kind());
        if before != Some(error.kind()) {
            sink.notice(Notice::Unreadable {
                path: path.to_owned(),
                error: error.to_string(),
            });
        }
    }
}

fn reattach(file: &mut Tracked, here: &Found, sink: &mut dyn Sink) {
    file.attached = true;
    if *file.path != *here.path {
        sink.notice(Notice::Rotated {
            id: file.id,
            from: file.path.to_path_buf(),
            to: Some(here.path.clone()),
        });
        file.move_to(here.path.clone());
    }
}

fn detach(file: &mut Tracked, paths: &HashSet<&Path>, sink: &mut dyn Sink) {
    file.attached = false;
    let (id, path) = (file.id, file.path.to_path_buf());
    let taken = paths.contains(&*file.path);
    sink.notice(match (taken, file.is_deleted() || !file.is_open()) {
        (true, true) => Notice::Replaced { id, path },
        (true, false) => Notice::Rotated {
            id,
            from: path,
            to: None,
        },
        (false, _) => Notice::Vanished { id, path },
    });
}

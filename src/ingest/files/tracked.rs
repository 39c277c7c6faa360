//! One file that is being read: its open handle, its place, and what is still the same about it.
//!
//! Does not know the other files; which content a file holds is decided in `identify` and `tailer`.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::api::{FileId, FileState};
use super::compressed::{Kind, Stream, decompress};
use super::discover::{Found, Stat};
use super::fingerprint::{FINGERPRINT_BYTES, Marks, read_range};
use super::reader::RecordReader;

mod reading;
pub(super) use reading::ReadEnd;

/// After an unchanged `Stat` for this long, a rewrite within the granularity of the modification time is excluded.
const STAT_TRUSTED_AFTER: Duration = Duration::from_secs(2);

/// Whether a file still holds the content it was known by.
#[derive(Debug)]
pub(super) enum Check {
    Same,
    Changed,
    /// Only comparing with all known contents can tell.
    Unknown,
    Unreadable(io::Error),
}

/// A file that is being read.
pub(super) struct Tracked {
    pub(super) id: FileId,
    pub(super) path: Arc<Path>,
    pub(super) kind: Kind,
    pub(super) stat: Stat,
    /// Found by the patterns; else only the open handle is left of it.
    pub(super) attached: bool,
    /// The first bytes of the content as seen last, also those that were not handed out yet.
    pub(super) seen: Vec<u8>,
    pub(super) finished: bool,
    position: Marks,
    /// What is known of a finished compressed file that was not opened since the restart; `position` then has no
    /// bytes, only the place.
    known: Option<FileState>,
    head: Arc<[u8]>,
    reader: RecordReader,
    handle: Option<File>,
    stream: Option<Stream>,
    /// A damaged compressed file, as it was when the damage was found.
    damaged: Option<Stat>,
    stat_since: Instant,
    quiet_since: Instant,
    /// The length at which nothing more could be read.
    dry_at: Option<u64>,
    declined_at: Option<u64>,
}

impl Tracked {
    /// A content that stands at `position` in the given file.
    pub(super) fn new(
        id: FileId,
        found: &Found,
        kind: Kind,
        position: Marks,
        head: Vec<u8>,
        now: Instant,
    ) -> Self {
        Self {
            id,
            path: found.path.as_path().into(),
            kind,
            stat: found.stat,
            attached: true,
            seen: position.first.clone(),
            finished: false,
            position,
            known: None,
            head: head.into(),
            reader: RecordReader::default(),
            handle: None,
            stream: None,
            damaged: None,
            stat_since: now,
            quiet_since: now,
            dry_at: None,
            declined_at: None,
        }
    }

    /// The new content behind the open handle of a plain file, which is not found by the patterns any more.
    pub(super) fn rewritten(self, id: FileId, now: Instant) -> Option<Self> {
        let handle = self.handle.filter(|_| self.kind == Kind::Plain)?;
        let stat = Stat::of(&self.path, &handle.metadata().ok()?);
        let found = Found {
            path: self.path.to_path_buf(),
            stat: Stat {
                key: self.stat.key,
                ..stat
            },
        };
        let mut file = Self::new(id, &found, Kind::Plain, Marks::default(), Vec::new(), now);
        file.seen = read_range(&handle, 0, FINGERPRINT_BYTES).ok()?;
        file.handle = Some(handle);
        file.attached = false;
        (stat.len > 0).then_some(file)
    }

    pub(super) fn keep_handle(&mut self, file: File) {
        self.handle = Some(file);
    }

    pub(super) fn position(&self) -> u64 {
        self.position.at
    }

    pub(super) fn quiet_since(&self) -> Instant {
        self.quiet_since
    }

    /// Something is open, so that the content can be read even when its path is gone.
    pub(super) fn is_open(&self) -> bool {
        self.handle.is_some() || self.stream.is_some()
    }

    /// Everything that can be read for now was read.
    pub(super) fn is_dry(&self) -> bool {
        self.finished || self.damaged.is_some() || self.dry_at == Some(self.stat.len)
    }

    /// A compressed file that still has something to give.
    pub(super) fn wants_stream(&self) -> bool {
        self.kind != Kind::Plain && !self.finished && self.damaged.is_none()
    }

    /// Closes what is open, if it can be opened again.
    pub(super) fn close(&mut self) {
        if self.attached {
            self.handle = None;
        }
    }

    /// Whether the open file has been deleted everywhere.
    pub(super) fn is_deleted(&self) -> bool {
        self.handle
            .as_ref()
            .and_then(|handle| handle.metadata().ok())
            .is_some_and(|meta| links(&meta) == 0)
    }

    /// Bytes behind the position; the size on disk where only that is known.
    pub(super) fn backlog(&self) -> u64 {
        match self.kind {
            Kind::Plain if self.declined_at == Some(self.stat.len) => 0,
            Kind::Plain => self.stat.len.saturating_sub(self.position.at),
            _ if self.wants_stream() => self.stat.len,
            _ => 0,
        }
    }

    pub(super) fn state(&self) -> FileState {
        let state = self.state_at(&self.position, self.finished);
        match &self.known {
            Some(known) => FileState {
                fingerprint: known.fingerprint,
                tail: known.tail,
                ..state
            },
            None => state,
        }
    }

    /// Whether a content with these first bytes may be the beginning of this one.
    pub(super) fn may_begin_with(&self, first: &[u8]) -> bool {
        if let Some(known) = &self.known {
            return known.fingerprint.begins(first);
        }
        let len = self.seen.len().min(first.len());
        len > 0 && self.seen[..len] == first[..len]
    }

    fn state_at(&self, marks: &Marks, finished: bool) -> FileState {
        FileState {
            id: self.id,
            path: self.path.to_path_buf(),
            fingerprint: marks.prefix(),
            tail: marks.suffix(),
            position: marks.at,
            device: self.stat.key.0,
            inode: self.stat.key.1,
            disk_len: self.stat.len,
            modified_ns: self.stat.modified_ns,
            head: self.head.to_vec(),
            finished,
        }
    }

    /// Restores a compressed file that was read to its end and did not change, without opening it.
    pub(super) fn finished(state: FileState, found: &Found, kind: Kind, now: Instant) -> Self {
        let head = state.head.clone();
        let mut file = Self::new(state.id, found, kind, Marks::default(), head, now);
        file.position.at = state.position;
        file.finished = true;
        file.known = Some(state);
        file
    }

    /// Looks whether the content up to the place is still what it was, and how long the file is now.
    pub(super) fn check(&mut self, found: Option<&Found>, now: Instant) -> Check {
        let checked = match self.kind {
            Kind::Plain => self.check_plain(found, now),
            _ => Ok(self.check_compressed(found)),
        };
        checked.unwrap_or_else(Check::Unreadable)
    }

    fn check_plain(&mut self, found: Option<&Found>, now: Instant) -> io::Result<Check> {
        let trusted = now.saturating_duration_since(self.stat_since) > STAT_TRUSTED_AFTER;
        if self.handle.is_none() {
            let Some(found) = found else {
                return Ok(Check::Same);
            };
            if trusted && found.stat == self.stat {
                return Ok(Check::Same);
            }
            let file = open(&found.path)?;
            if Stat::of(&found.path, &file.metadata()?).key != found.stat.key {
                return Ok(Check::Same); // Swapped since the scan: the next scan will tell.
            }
            self.handle = Some(file);
        }
        let Some(handle) = &self.handle else {
            return Ok(Check::Same);
        };
        let stat = Stat {
            key: self.stat.key,
            ..Stat::of(&self.path, &handle.metadata()?)
        };
        if trusted && stat == self.stat {
            return Ok(Check::Same);
        }
        let cursor = self.reader.cursor(&self.position);
        let first = read_range(handle, 0, FINGERPRINT_BYTES)?;
        let start = cursor.at - cursor.last.len() as u64;
        if stat.len < cursor.at
            || !first.starts_with(&cursor.first)
            || (cursor.at == 0 && !first.starts_with(&self.seen))
            || read_range(handle, start, cursor.last.len())? != cursor.last
        {
            return Ok(Check::Changed);
        }
        self.seen = first;
        self.note_stat(stat, now);
        Ok(Check::Same)
    }

    /// Compressed files are static. One that changed has grown while it was uploaded, or its inode number was used
    /// again: to be recognised like one that was just found.
    fn check_compressed(&self, found: Option<&Found>) -> Check {
        match found {
            Some(found) if found.stat != self.stat => Check::Unknown,
            _ => Check::Same,
        }
    }

    fn note_stat(&mut self, stat: Stat, now: Instant) {
        if stat != self.stat {
            self.stat_since = now;
        }
        if stat.len != self.stat.len {
            self.quiet_since = now;
            self.dry_at = None;
        }
        self.stat = stat;
    }

    fn drop_stream(&mut self) {
        self.stream = None;
        self.reader = RecordReader::default();
    }

    /// Opens the compressed file and passes over what was handed out, if it is still the same.
    fn open_stream(&mut self) -> io::Result<Check> {
        let file = open(&self.path)?;
        let first = read_range(&file, 0, 4)?;
        let stat = Stat::of(&self.path, &file.metadata()?);
        if stat.key != self.stat.key {
            return Ok(Check::Same); // Swapped since the scan: the next scan will tell.
        }
        let Some(kind @ (Kind::Gzip | Kind::Zstd)) = Kind::of(&first) else {
            return Ok(Check::Changed);
        };
        let mut stream = decompress(file, kind)?;
        // Damage before the position means that the content is another one, too.
        let marks = Marks::of_stream(&mut *stream, self.position.at).unwrap_or(None);
        let Some(marks) = marks.filter(|marks| self.stands_at(marks)) else {
            return Ok(Check::Changed);
        };
        self.kind = kind;
        self.position = marks;
        self.known = None;
        self.stream = Some(stream);
        Ok(Check::Same)
    }

    fn stands_at(&self, marks: &Marks) -> bool {
        match &self.known {
            Some(known) => known.fingerprint == marks.prefix() && known.tail == marks.suffix(),
            None => self.position == *marks,
        }
    }

    /// Where the content can be read from its beginning.
    pub(super) fn content(&self) -> io::Result<Stream> {
        match &self.handle {
            Some(handle) => decompress(handle.try_clone()?, self.kind),
            None => decompress(open(&self.path)?, self.kind),
        }
    }

    pub(super) fn move_to(&mut self, path: PathBuf) {
        self.path = path.into();
    }
}

/// Opens without waiting for the other end, should the file have become a pipe since it was looked at.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits());
    }
    options.open(path)
}

#[cfg(unix)]
fn links(meta: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(meta)
}

#[cfg(not(unix))]
fn links(_meta: &std::fs::Metadata) -> u64 {
    1
}

//! The types that cross the border of the file source.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

use super::fingerprint::Fingerprint;
use crate::ingest::framing::Framing;

/// Names one content for good; never used again.
pub(crate) type FileId = u32;

/// What is remembered of one file. Commit it in the same transaction as what was read from the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileState {
    /// The content's name.
    pub id: FileId,
    /// Where the content was found last. Kept as text: a content is recognised by its bytes, so a name that is not UTF-8
    /// may be kept with replacements, but must not keep the position from being kept.
    #[serde(serialize_with = "as_text")]
    pub path: PathBuf,
    /// Over the first bytes handed out; grows with the position.
    pub fingerprint: Fingerprint,
    /// Over the last bytes before the position. Files that begin alike differ here.
    pub tail: Fingerprint,
    /// Bytes handed out (decompressed bytes for compressed files). Always a record boundary, except after an
    /// unfinished last record was accepted.
    pub position: u64,
    /// The device the file was on.
    pub device: u64,
    /// The file's inode number.
    pub inode: u64,
    /// The file's size on disk, in bytes, when it was last looked at.
    pub disk_len: u64,
    /// The file's modification time then, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// The first record of the file with its line end, where the framing has a header; else empty.
    pub head: Vec<u8>,
    /// A compressed file that has been read to its end. It is not opened again until it changes.
    pub finished: bool,
}

fn as_text<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&path.to_string_lossy())
}

/// Whole records of one file.
#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    /// The content they belong to.
    pub file: FileId,
    /// The file's path when it was read.
    pub path: Arc<Path>,
    /// Where `bytes` begins in the content, in bytes, the header included.
    pub offset: u64,
    /// Whole records; at most `chunk_bytes` unless it is a single longer record. Never the header.
    pub bytes: Vec<u8>,
    /// The header record, where the framing has one; else empty.
    pub head: Arc<[u8]>,
    /// The state at the end of this chunk, to be committed together with what the chunk holds.
    pub state: FileState,
    /// The chunk is a last record without line end in a file that does not grow any more. If it is declined, it is offered
    /// again with its rest. If it is accepted and the rest comes after all, the rest arrives as a record of its own.
    pub last_unfinished: bool,
}

/// A record above `max_record_bytes`, passed over.
#[derive(Debug, Clone)]
pub(crate) struct Oversize {
    /// The content it belongs to.
    pub file: FileId,
    /// The file's path when it was read.
    pub path: Arc<Path>,
    /// Where the record begins in the content, in bytes.
    pub offset: u64,
    /// The beginning of the record, at most `OVERSIZE_SHOWN_BYTES`.
    pub first_bytes: Vec<u8>,
    /// The record's length with its line end, in bytes.
    pub total_len: u64,
    /// The state after the record, to be committed together with its report.
    pub state: FileState,
}

/// What the receiver of a chunk says to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Accepted; go on.
    More,
    /// Accepted; end this poll. The next poll goes on with the next file.
    Enough,
    /// Not accepted: the position stays, and the same bytes are offered again by a later poll. An unfinished record
    /// is offered again after it has grown, and until then is no backlog: its receiver has seen it. Use `Enough` for back-pressure: a compressed file has to be
    /// decompressed again after this.
    Declined,
}

/// Receives what a poll finds.
pub(crate) trait Sink {
    /// Takes whole records.
    fn chunk(&mut self, chunk: Chunk) -> Answer;
    /// Takes the report of a record that is too long.
    fn oversize(&mut self, oversize: Oversize);
    /// Takes a noteworthy event.
    fn notice(&mut self, notice: Notice);
}

/// Noteworthy events, each worth a log line and a counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    /// A content that was never seen is read from its start.
    Discovered {
        /// The content.
        id: FileId,
        /// The path.
        path: PathBuf,
    },
    /// A known content was found (after a restart, as a copy, or come back) and goes on at `position` bytes.
    Resumed {
        /// The content.
        id: FileId,
        /// The path.
        path: PathBuf,
        /// Position in the content, in bytes.
        position: u64,
    },
    /// A file was renamed; `to` is not known where the new name is outside of the patterns.
    Rotated {
        /// The content.
        id: FileId,
        /// The old path.
        from: PathBuf,
        /// The new path.
        to: Option<PathBuf>,
    },
    /// A file is shorter than what was read (`position` bytes), or its content was written anew.
    Truncated {
        /// The content.
        id: FileId,
        /// The path.
        path: PathBuf,
        /// Position in the content, in bytes.
        position: u64,
    },
    /// Another file has taken the path, and the old one is deleted.
    Replaced {
        /// The content.
        id: FileId,
        /// The path.
        path: PathBuf,
    },
    /// A file is gone from its path, and nothing took its place.
    Vanished {
        /// The content.
        id: FileId,
        /// The path.
        path: PathBuf,
    },
    /// A known content is now stored in a compressed file and goes on there.
    Recompressed {
        /// The content.
        id: FileId,
        /// The old path.
        from: PathBuf,
        /// The new path.
        to: PathBuf,
    },
    /// A file that is gone from the patterns was read to its end and let go; `unread` bytes of an unfinished record
    /// were left.
    Released {
        /// The content.
        id: FileId,
        /// The path.
        path: PathBuf,
        /// Bytes that were not read.
        unread: u64,
    },
    /// A file has nothing that is not in file `of` as well, and is held back as long as that is so.
    Duplicate {
        /// The path.
        path: PathBuf,
        /// The content it repeats.
        of: FileId,
    },
    /// A file or directory can't be read; tried again at every poll, reported once per kind of error.
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// A folder or file that is passed over on purpose, such as a loop of links or a device; reported once.
    Skipped {
        /// The path.
        path: PathBuf,
        /// Why.
        why: &'static str,
    },
    /// A compressed file is damaged behind `position`; not tried again until it changes.
    Damaged {
        /// The content.
        id: FileId,
        /// The path.
        path: PathBuf,
        /// Position in the content, in bytes.
        position: u64,
        /// Why.
        error: String,
    },
    /// A record of `bytes` bytes is above the limit and was passed over.
    RecordTooLong {
        /// The path.
        path: PathBuf,
        /// Where the record begins, in bytes.
        offset: u64,
        /// Length of the record, in bytes.
        bytes: u64,
    },
    /// Too many files are gone; the state of this one (the oldest) is not needed any more and can be deleted.
    Forgotten {
        /// The content.
        id: FileId,
        /// The path.
        path: PathBuf,
    },
}

/// What to read, and how.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Paths or globs; `*` stays within a directory, `**` does not.
    pub include: Vec<String>,
    /// Globs of paths to leave out; one without `/` is compared with the file name.
    pub exclude: Vec<String>,
    /// How files are cut into records.
    pub framing: Framing,
    /// The most bytes in a chunk of several records; values above `max_record_bytes` are lowered to it.
    pub chunk_bytes: usize,
    /// The longest record that is handed out, in bytes with its line end.
    pub max_record_bytes: usize,
    /// How long a file must not grow until its unfinished last record is offered.
    pub flush_unfinished_after: Duration,
    /// How long a file that is gone from the patterns must not grow until its handle is closed: programs go on
    /// writing to a renamed log until they are told.
    pub release_after: Duration,
    /// How long a file must not change until it is taken as completely written, where that matters: compressed files
    /// that can't be decompressed yet. Zero to read archives in one go.
    pub settle: Duration,
    /// Above this number, handles of files that have nothing new are closed between polls.
    pub max_files_open: usize,
    /// The most bytes read from one file in one poll (exceeded by at most a record), so that others get their turn.
    pub read_budget_per_poll: u64,
    /// How many files that are gone are remembered, to recognise them should they come back.
    pub max_remembered: usize,
    /// Set when the reader has to stop: a poll then ends soon.
    pub stop: Arc<AtomicBool>,
}

impl Options {
    /// The defaults for the given patterns.
    pub(crate) fn new<S: Into<String>>(include: impl IntoIterator<Item = S>) -> Self {
        Self {
            include: include.into_iter().map(Into::into).collect(),
            exclude: Vec::new(),
            framing: Framing::Lines,
            chunk_bytes: 1 << 20,
            max_record_bytes: 1 << 20,
            flush_unfinished_after: Duration::from_secs(10),
            release_after: Duration::from_secs(30),
            settle: Duration::from_secs(5),
            max_files_open: 512,
            read_budget_per_poll: 16 << 20,
            max_remembered: 10_000,
            stop: Arc::default(),
        }
    }
}

/// What a poll did and what it left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct PollOutcome {
    /// Bytes of content read, also those of records not handed out yet.
    pub bytes_read: u64,
    /// Files that are being read or have been read to their end.
    pub files: usize,
    /// Files that wait: empty, not completely written yet, or held back as copies.
    pub waiting: usize,
    /// Files and folders that can't be read now.
    pub unreadable: usize,
    /// Bytes behind the positions; of compressed files that are not finished, their size on disk.
    pub backlog_bytes: u64,
    /// There is more to read right now: poll again without waiting.
    pub more: bool,
    /// How long the search for files took, without reading.
    pub search: Duration,
}

/// Options that can't work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A pattern is not a glob.
    #[error("pattern {pattern:?} is not a valid glob: {source}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Why.
        source: globset::Error,
    },
    /// No pattern at all.
    #[error("no files to read: give at least one path or glob in `include`")]
    NothingIncluded,
    /// A limit of zero.
    #[error("`{0}` must be above zero")]
    Zero(&'static str),
    /// Two of the known states have the same id.
    #[error("file id {0} stands for two contents in the known states")]
    IdTwice(FileId),
    /// The working directory can't be told, and a pattern is relative to it.
    #[error("the current directory can't be told: {0}")]
    CurrentDirectory(#[from] io::Error),
}

//! A file that was just found: which content does it hold?
//!
//! Knows how to compare one candidate with one state or one file; the order of the comparisons is in `tailer`.

use std::fs::File;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use super::api::{FileId, FileState};
use super::compressed::{Alike, Kind, Stream, compare, decompress};
use super::discover::{Found, Stat};
use super::fingerprint::{FINGERPRINT_BYTES, Marks, read_range};
use super::tracked::{Tracked, open};

/// An open file whose content is not known yet.
pub(super) struct Candidate {
    pub(super) found: Found,
    pub(super) file: File,
    pub(super) kind: Kind,
    /// The first bytes of the content, up to [`FINGERPRINT_BYTES`].
    pub(super) first: Vec<u8>,
    /// A compressed file that can't be decompressed as far as it was needed: damaged, or still being written.
    pub(super) broken: bool,
}

impl Candidate {
    /// Opens a file that was found; `None` while it has nothing by which it could be known.
    pub(super) fn look(found: &Found, settled: bool) -> io::Result<Option<Self>> {
        let file = open(&found.path)?;
        let stat = Stat::of(&found.path, &file.metadata()?);
        if stat.key != found.stat.key || stat.len == 0 {
            return Ok(None);
        }
        let first = read_range(&file, 0, FINGERPRINT_BYTES)?;
        let Some(kind) = Kind::of(&first).or(settled.then_some(Kind::Plain)) else {
            return Ok(None);
        };
        let mut candidate = Self {
            // The length of the scan, not the one of now: whether a copy is longer than its original is only safe
            // to say when the original was looked at later.
            found: found.clone(),
            file,
            kind,
            first,
            broken: false,
        };
        if kind != Kind::Plain {
            candidate.first = candidate.decompress_first()?;
        }
        Ok(Some(candidate))
    }

    fn decompress_first(&mut self) -> io::Result<Vec<u8>> {
        let mut first = Vec::with_capacity(FINGERPRINT_BYTES);
        let mut stream = self.content()?.take(FINGERPRINT_BYTES as u64);
        self.broken = stream.read_to_end(&mut first).is_err();
        Ok(first)
    }

    fn content(&self) -> io::Result<Stream> {
        decompress(self.file.try_clone()?, self.kind)
    }

    /// The marks at the position of `state`, if the content is the one that it remembers.
    pub(super) fn continues(&mut self, state: &FileState) -> io::Result<Option<Marks>> {
        if state.position == 0 || !state.fingerprint.begins(&self.first) {
            return Ok(None);
        }
        let marks = if self.kind == Kind::Plain {
            Marks::of_file(&self.file, state.position)?
        } else {
            let mut stream = self.content()?;
            let marks = Marks::of_stream(&mut *stream, state.position);
            self.broken |= marks.is_err();
            marks.unwrap_or(None)
        };
        Ok(marks.filter(|m| m.prefix() == state.fingerprint && m.suffix() == state.tail))
    }

    /// Whether the whole content is the beginning of what `other` holds.
    pub(super) fn repeats(&self, other: &Tracked) -> io::Result<bool> {
        let longer = self.found.stat.len > other.stat.len;
        let plain = self.kind == Kind::Plain && other.kind == Kind::Plain;
        if !other.may_begin_with(&self.first) || (plain && longer) {
            return Ok(false);
        }
        let mut original = other.content()?;
        Ok(compare(&mut *self.content()?, &mut *original)? == Alike::Beginning)
    }
}

/// A file that was found but is not read (yet).
#[derive(Debug)]
pub(super) struct Held {
    stat: Stat,
    since: Instant,
    /// The file whose beginning it repeats.
    copy_of: Option<FileId>,
    first: Vec<u8>,
    compressed: bool,
    recheck: bool,
    reported: bool,
    /// All of it was handed out from the original.
    spent: bool,
}

impl Held {
    pub(super) fn new(found: &Found, now: Instant) -> Self {
        Self {
            stat: found.stat,
            since: now,
            copy_of: None,
            first: Vec::new(),
            compressed: false,
            recheck: false,
            reported: false,
            spent: false,
        }
    }

    /// Takes note of how the file looks now.
    pub(super) fn see(&mut self, found: &Found, now: Instant) {
        if self.stat != found.stat {
            self.stat = found.stat;
            self.since = now;
            self.recheck = true;
            self.spent = false;
        }
    }

    pub(super) fn has_settled(&self, settle: Duration, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= settle
    }

    pub(super) fn wait(&mut self) {
        self.copy_of = None;
    }

    pub(super) fn hold_as_copy(&mut self, candidate: Candidate, of: FileId) {
        self.copy_of = Some(of);
        self.first = candidate.first;
        self.compressed = candidate.kind != Kind::Plain;
        self.recheck = false;
    }

    /// Whether the original, before it was gone, had handed out everything that is in this unchanged file: a log
    /// that was written to and read between copy and truncation.
    pub(super) fn is_spent(&self) -> bool {
        self.spent
    }

    pub(super) fn copy_of(&self) -> Option<FileId> {
        self.copy_of
    }

    /// Whether a report of the copy is due, once it has been there for `settle`.
    pub(super) fn report_due(&mut self, settle: Duration, now: Instant) -> bool {
        let due = !self.reported && self.has_settled(settle, now);
        self.reported |= due;
        due
    }

    /// Whether the file still has nothing that `original` has not, as far as a quick look can say. The whole
    /// content was compared when it was held back.
    pub(super) fn still_repeats(
        &mut self,
        found: &Found,
        original: &Tracked,
        now: Instant,
    ) -> io::Result<bool> {
        if !original.may_begin_with(&self.first) {
            return Ok(false);
        }
        if self.compressed {
            // Being written: decompressing it again and again would cost the square of its length.
            let writing = self.recheck && self.since == now;
            return Ok(writing || !std::mem::take(&mut self.recheck));
        }
        if original.kind != Kind::Plain {
            return Ok(!std::mem::take(&mut self.recheck));
        }
        if found.stat.len > original.stat.len || found.stat.len == 0 {
            return Ok(false);
        }
        if !std::mem::take(&mut self.recheck) {
            self.spent = found.stat.len <= original.position();
            return Ok(true);
        }
        let len = found.stat.len.min(FINGERPRINT_BYTES as u64);
        let (mine, other) = (open(&found.path)?, open(&original.path)?);
        let same_head = read_range(&mine, 0, len as usize)? == read_range(&other, 0, len as usize)?;
        let at = found.stat.len - len;
        Ok(same_head
            && read_range(&mine, at, len as usize)? == read_range(&other, at, len as usize)?)
    }
}

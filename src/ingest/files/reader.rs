//! From a stream of bytes to whole records, in bounded memory.
//!
//! Knows limits and framing, but neither files nor positions on disk: the caller says where the stream stands.

use std::io::{self, Read};

use memchr::memchr;

use super::fingerprint::Marks;
use crate::ingest::framing::{Framing, MAX_RECORDS};

/// How much of an oversized record is kept to show it, in bytes.
pub(crate) const OVERSIZE_SHOWN_BYTES: usize = 4096;
/// How much of an oversized record is held in memory at once, in bytes.
const SKIP_BYTES: usize = 256 * 1024;

/// The limits of one source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) framing: Framing,
    /// At most `max_record_bytes`: then no record inside a chunk of several can be oversized, and lines need not
    /// be looked at one by one.
    pub(super) chunk_bytes: usize,
    pub(super) max_record_bytes: usize,
}

/// One thing found in the stream.
#[derive(Debug)]
pub(super) enum Step {
    /// Whole records.
    Records(Vec<u8>),
    /// A record above the limit has ended.
    Skipped(Skip),
    /// Bytes of a record above the limit were passed over; it has not ended yet.
    Skipping,
    /// The stream has no whole record any more.
    Dry,
}

/// A record above the limit on the way to its end.
#[derive(Debug)]
pub(super) struct Skip {
    /// Its first bytes, at most [`OVERSIZE_SHOWN_BYTES`].
    pub(super) first: Vec<u8>,
    /// How far it has been passed over.
    pub(super) marks: Marks,
}

/// Cuts a stream into chunks of whole records.
#[derive(Debug, Default)]
pub(super) struct RecordReader {
    carry: Vec<u8>,
    skip: Option<Skip>,
    ended: bool,
    failed: Option<io::Error>,
    bytes_read: u64,
}

impl RecordReader {
    /// Forgets what was read ahead; the stream has been set back to [`Self::cursor`].
    pub(super) fn rewind(&mut self) {
        self.carry.clear();
        self.ended = false;
        self.failed = None;
    }

    /// The place up to which the stream is used, given the place of the last record handed out.
    pub(super) fn cursor<'a>(&'a self, position: &'a Marks) -> &'a Marks {
        self.skip.as_ref().map_or(position, |skip| &skip.marks)
    }

    /// Bytes taken from the stream since the last call.
    pub(super) fn take_bytes_read(&mut self) -> u64 {
        std::mem::take(&mut self.bytes_read)
    }

    /// The error at which the stream ended, once.
    pub(super) fn take_error(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    /// Whether the stream ended well and nothing of it is left.
    pub(super) fn is_exhausted(&self) -> bool {
        self.ended && self.carry.is_empty() && self.skip.is_none()
    }

    /// Bytes of a record that has not ended yet.
    pub(super) fn take_unfinished(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.carry)
    }

    /// A record above the limit that has not ended yet.
    pub(super) fn take_skip(&mut self) -> Option<Skip> {
        self.skip.take()
    }

    /// The next thing in `source`. An error ends the stream: what came before it is given first.
    pub(super) fn next(
        &mut self,
        source: &mut dyn Read,
        limits: &Limits,
        position: &Marks,
    ) -> Step {
        if self.skip.is_some() {
            return self.skip_on(source, 0);
        }
        // One byte more than needed shows whether the stream ends with this chunk.
        self.fill(source, limits.chunk_bytes + 1);
        let window = self.carry.len().min(limits.chunk_bytes);
        if let Some(end) = limits.framing.last_end(&self.carry[..window], MAX_RECORDS) {
            return Step::Records(self.split(end));
        }
        if self.carry.len() <= limits.chunk_bytes {
            return Step::Dry;
        }
        self.fill(source, limits.max_record_bytes + 1);
        let window = self.carry.len().min(limits.max_record_bytes);
        if let Some(end) = limits.framing.first_end(&self.carry[..window]) {
            return Step::Records(self.split(end));
        }
        if self.carry.len() <= limits.max_record_bytes {
            return Step::Dry;
        }
        let shown = self.carry.len().min(OVERSIZE_SHOWN_BYTES);
        self.skip = Some(Skip {
            first: self.carry[..shown].to_vec(),
            marks: position.clone(),
        });
        self.skip_on(source, limits.max_record_bytes)
    }

    /// Passes over bytes up to the first line end from `from` on. Quotes don't count here: in a record that long one
    /// of them is a stray, and waiting for its partner could cost the rest of the file.
    fn skip_on(&mut self, source: &mut dyn Read, from: usize) -> Step {
        if self.carry.is_empty() {
            self.fill(source, SKIP_BYTES);
        }
        let Some(mut skip) = self.skip.take() else {
            return Step::Dry;
        };
        if let Some(at) = memchr(b'\n', &self.carry[from..]) {
            let end = from + at + 1;
            skip.marks.advance(&self.carry[..end]);
            self.carry.drain(..end);
            return Step::Skipped(skip);
        }
        skip.marks.advance(&self.carry);
        self.skip = Some(skip);
        if self.carry.is_empty() {
            return Step::Dry;
        }
        self.carry.clear();
        Step::Skipping
    }

    fn fill(&mut self, source: &mut dyn Read, target: usize) {
        let before = self.carry.len();
        if self.ended || self.failed.is_some() || before >= target {
            return;
        }
        let want = target - before;
        self.carry.reserve_exact(want);
        match Read::take(source, want as u64).read_to_end(&mut self.carry) {
            Ok(n) => self.ended = n < want,
            Err(error) => self.failed = Some(error),
        }
        self.bytes_read += (self.carry.len() - before) as u64;
    }

    fn split(&mut self, end: usize) -> Vec<u8> {
        let rest = self.carry[end..].to_vec();
        self.carry.truncate(end);
        std::mem::replace(&mut self.carry, rest)
    }
}

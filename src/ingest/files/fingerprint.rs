//! Telling file contents apart.
//!
//! Paths and inode numbers are not enough: logs are renamed, copied, truncated in place and compressed, and
//! inode numbers are used again. What stays is the content, so a file is known by hashes of two stretches of what
//! was read from it: its first bytes and the bytes just before the position. This module knows neither paths nor
//! how content is stored.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// The longest stretch that is hashed, in bytes.
pub(crate) const FINGERPRINT_BYTES: usize = 1024;

/// A hash over a stretch of content together with the length of the stretch.
///
/// Two fingerprints of different lengths say nothing about each other: hash as many bytes of the candidate as the
/// stored fingerprint has, then compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    /// Number of bytes hashed, at most [`FINGERPRINT_BYTES`].
    pub len: u32,
    /// XXH3-64 with seed 0, stable between versions: it is kept on disk.
    pub hash: u64,
}

impl Fingerprint {
    /// The fingerprint of `bytes`, of which at most the first [`FINGERPRINT_BYTES`] count.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(FINGERPRINT_BYTES)];
        Self {
            len: bytes.len() as u32,
            hash: xxh3_64(bytes),
        }
    }

    /// Whether content that begins with `first` begins with what was hashed here.
    pub(crate) fn begins(&self, first: &[u8]) -> bool {
        first
            .get(..self.len as usize)
            .is_some_and(|prefix| xxh3_64(prefix) == self.hash)
    }
}

/// The bytes behind the two fingerprints of a place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Marks {
    /// The first bytes of the content, as far as `at` reaches.
    pub(super) first: Vec<u8>,
    /// The last bytes before `at`.
    pub(super) last: Vec<u8>,
    /// The place, in bytes of content.
    pub(super) at: u64,
}

impl Marks {
    /// Moves the place over `bytes`, the content that follows it.
    pub(super) fn advance(&mut self, bytes: &[u8]) {
        let room = FINGERPRINT_BYTES - self.first.len();
        self.first
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() >= FINGERPRINT_BYTES {
            self.last.clear();
            self.last
                .extend_from_slice(&bytes[bytes.len() - FINGERPRINT_BYTES..]);
        } else {
            self.last.extend_from_slice(bytes);
            let surplus = self.last.len().saturating_sub(FINGERPRINT_BYTES);
            self.last.drain(..surplus);
        }
        self.at += bytes.len() as u64;
    }

    /// The fingerprint of the first bytes.
    pub(super) fn prefix(&self) -> Fingerprint {
        Fingerprint::of(&self.first)
    }

    /// The fingerprint of the bytes just before the place.
    pub(super) fn suffix(&self) -> Fingerprint {
        Fingerprint::of(&self.last)
    }

    /// The marks at `at` of a plain file; `None` when it is shorter.
    pub(super) fn of_file(file: &File, at: u64) -> io::Result<Option<Self>> {
        let len = at.min(FINGERPRINT_BYTES as u64) as usize;
        let first = read_range(file, 0, len)?;
        let last = read_range(file, at - len as u64, len)?;
        let whole = first.len() == len && last.len() == len;
        Ok(whole.then_some(Self { first, last, at }))
    }

    /// The marks after `at` bytes of a stream, which is left there; `None` when it ends before.
    pub(super) fn of_stream(stream: &mut dyn Read, at: u64) -> io::Result<Option<Self>> {
        let mut marks = Self::default();
        let mut piece = vec![0; 64 * 1024];
        while marks.at < at {
            let want = (at - marks.at).min(piece.len() as u64) as usize;
            match read_full(stream, &mut piece[..want])? {
                0 => return Ok(None),
                n => marks.advance(&piece[..n]),
            }
        }
        Ok(Some(marks))
    }
}

/// Reads up to `len` bytes from `offset`; fewer only where the file ends.
pub(super) fn read_range(mut file: &File, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(len);
    if len > 0 {
        file.seek(SeekFrom::Start(offset))?;
        file.take(len as u64).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Fills `buffer` from `source`; fewer bytes only where it ends.
pub(super) fn read_full(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

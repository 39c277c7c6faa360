//! Compressed files as streams of their content.
//!
//! What a file is, is decided by its first bytes, never by its name. Positions in compressed files count
//! decompressed bytes, so that a log keeps its position when it is compressed.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::fingerprint::read_full;
use crate::ingest::decode::{gunzip, unzstd};

const GZIP: [u8; 3] = [0x1f, 0x8b, 0x08];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// How content is stored in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Gzip,
    Zstd,
}

impl Kind {
    /// Decides by the first bytes of a file; `None` while there are too few of them.
    pub(super) fn of(first: &[u8]) -> Option<Self> {
        if first.starts_with(&GZIP) {
            Some(Self::Gzip)
        } else if first.starts_with(&ZSTD) {
            Some(Self::Zstd)
        } else if first.is_empty() || GZIP.starts_with(first) || ZSTD.starts_with(first) {
            None
        } else {
            Some(Self::Plain)
        }
    }
}

/// A stream of decompressed content.
pub(super) type Stream = Box<dyn Read + Send>;

/// The content of an open file, from its beginning.
pub(super) fn decompress(mut file: File, kind: Kind) -> io::Result<Stream> {
    file.seek(SeekFrom::Start(0))?;
    Ok(match kind {
        Kind::Plain => Box::new(BufReader::with_capacity(64 * 1024, file)),
        Kind::Gzip => Box::new(SmallReads(gunzip(file))),
        Kind::Zstd => Box::new(SmallReads(unzstd(file)?)),
    })
}

/// A decoder that meets damage in the middle of a read forgets what it decoded in that read: small reads save more.
struct SmallReads<R>(R);

impl<R: Read> Read for SmallReads<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(8 * 1024);
        self.0.read(&mut buffer[..len])
    }
}

/// How two contents compare from their beginnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alike {
    /// The first is the beginning of the second, or its whole.
    Beginning,
    /// They differ, or the first goes on after the end of the second.
    Different,
}

/// Compares two contents byte by byte. Damage in the first counts as its end: nothing behind it can be read anyway.
pub(super) fn compare(one: &mut dyn Read, other: &mut dyn Read) -> io::Result<Alike> {
    let (mut a, mut b) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let n = match read_full(one, &mut a) {
            Ok(0) => return Ok(Alike::Beginning),
            Ok(n) => n,
            Err(_damage) => return Ok(Alike::Beginning),
        };
        let m = read_full(other, &mut b[..n])?;
        if m < n || a[..n] != b[..n] {
            return Ok(Alike::Different);
        }
    }
}

//! A look at a large file: its beginning, and a few places of the rest.

use super::EventBatch;
use super::decode::{CsvHeader, LineDecoder, decode_csv};
use super::mapping::Mapping;
use encoding_rs::WINDOWS_1252;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Why a reader gives no more, although the file goes on.
#[derive(Debug, thiserror::Error)]
#[error("only the beginning is read")]
struct OnlyBeginning;

/// Whether an error says that only the beginning of a file is read. What was cut off there is no fault of the file.
pub(crate) fn is_only_beginning(error: &io::Error) -> bool {
    let inner = error.get_ref();
    inner.is_some_and(|inner| inner.is::<OnlyBeginning>())
}

/// Reads the beginning of a stream. A longer one ends with an error of [`is_only_beginning`].
pub(crate) struct Beginning<R> {
    inner: R,
    left: u64,
    is_cut: Arc<AtomicBool>,
}

impl<R: Read> Beginning<R> {
    /// The first bytes; `is_cut` is set if there are more.
    pub(crate) fn new(inner: R, most_bytes: u64, is_cut: Arc<AtomicBool>) -> Beginning<R> {
        Beginning {
            inner,
            left: most_bytes,
            is_cut,
        }
    }
}

impl<R: Read> Read for Beginning<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left > 0 {
            let most = usize::try_from(self.left).unwrap_or(usize::MAX);
            let most = buffer.len().min(most);
            let count = self.inner.read(&mut buffer[..most])?;
            self.left -= count as u64;
            return Ok(count);
        }
        if self.is_cut.load(Ordering::Relaxed) || self.inner.read(&mut [0])? > 0 {
            self.is_cut.store(true, Ordering::Relaxed);
            return Err(io::Error::other(OnlyBeginning));
        }
        Ok(0)
    }
}

/// So many places of the rest of a file are read, evenly spaced; the last is its end.
const PLACES: u64 = 8;
const PLACE_BYTES: u64 = 128 << 10;

/// So many line ends are tried as the start of a CSV record: a line end can be inside of a quoted field.
const STARTS: usize = 16;

/// How the records of a file are found without reading it from its beginning.
pub(crate) enum Records<'h> {
    /// One in each line.
    Lines,
    /// Rows of a table.
    Rows(&'h CsvHeader),
}

/// Reads a few places of an uncompressed file after its beginning. Places that would overlap are left out.
pub(crate) fn read_places(
    path: &Path,
    beginning: u64,
    records: &Records,
    mapping: &Mapping,
    sink: &mut dyn FnMut(EventBatch),
) -> io::Result<()> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let rest = size.saturating_sub(beginning);
    if rest < PLACES * PLACE_BYTES {
        return Ok(());
    }
    for nth in 1..=PLACES {
        // The product of two sizes can be too large.
        let end = beginning + rest / PLACES * nth + rest % PLACES * nth / PLACES;
        let start = end - PLACE_BYTES;
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.by_ref().take(PLACE_BYTES).read_to_end(&mut bytes)?;
        if let Some(last) = memchr::memrchr(b'\n', &bytes).filter(|_| end < size) {
            bytes.truncate(last + 1);
        }
        if let Some(batch) = place(start, &bytes, records, mapping) {
            sink(batch);
        }
    }
    Ok(())
}

/// The whole records of a stretch of a file; `None` if none begins in it.
fn place(start: u64, bytes: &[u8], records: &Records, mapping: &Mapping) -> Option<EventBatch> {
    let mut starts = memchr::memchr_iter(b'\n', bytes).map(|end| end + 1);
    let header = match records {
        Records::Lines => {
            let first = starts.next()?;
            let mut batch = EventBatch::default();
            LineDecoder::new(mapping).decode(0, start + first as u64, &bytes[first..], &mut batch);
            return Some(batch);
        }
        Records::Rows(header) => header,
    };
    let mut best: Option<EventBatch> = None;
    for first in starts.take(STARTS) {
        let rest = &bytes[first..];
        let text = match std::str::from_utf8(rest) {
            Ok(_) => None,
            // A stretch of bytes can end within a character of UTF-8.
            Err(error) if error.error_len().is_none() => None,
            Err(_) => Some(WINDOWS_1252.decode_without_bom_handling(rest).0),
        };
        let rest = text.as_deref().map_or(rest, str::as_bytes);
        let mut batch = EventBatch::default();
        decode_csv(mapping, header, 0, start + first as u64, rest, &mut batch);
        let fewest = best.as_ref().map_or(usize::MAX, |best| best.rejects.len());
        if batch.rejects.len() < fewest {
            best = Some(batch);
        }
        if best.as_ref().is_some_and(|best| best.rejects.is_empty()) {
            break;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], most: u64) -> (Vec<u8>, bool, bool) {
        let is_cut = Arc::new(AtomicBool::new(false));
        let mut reader = Beginning::new(text, most, is_cut.clone());
        let mut found = Vec::new();
        let ended = reader.read_to_end(&mut found);
        let only = ended.is_err_and(|error| is_only_beginning(&error));
        (found, only, is_cut.load(Ordering::Relaxed))
    }

    #[test]
    fn a_longer_text_is_cut_and_another_is_whole() {
        assert_eq!(read(b"abcdef", 4), (b"abcd".to_vec(), true, true));
        assert_eq!(read(b"abcd", 4), (b"abcd".to_vec(), false, false));
        assert_eq!(read(b"ab", 4), (b"ab".to_vec(), false, false));
    }
}

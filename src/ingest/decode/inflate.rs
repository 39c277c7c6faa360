//! Decompression with limits: a small file must not become an endless stream.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Content up to this size is read whatever its ratio is: sparse logs of an ordinary size compress very well.
pub(super) const ALWAYS_READ: u64 = 64 << 20;
/// Content beyond that must not be more than so many times larger than what is stored. Logs reach 10 to 60.
pub(super) const MAX_RATIO: u64 = 200;
/// A zstd frame with a window above 2^25 bytes (32 MiB) is refused: the window is allocated before anything is decoded.
/// Every level up to 20 stays below this.
const MAX_WINDOW_LOG: u32 = 25;
/// Compressed bytes read at once.
const BUFFER: usize = 64 << 10;

/// Why decompression stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TooLarge {
    /// The content is out of proportion to the stored bytes.
    #[error(
        "the content is more than {} MiB and more than {MAX_RATIO} times its compressed size. \
         Store it uncompressed, or in smaller files", ALWAYS_READ >> 20
    )]
    Content,
    /// The window of a zstd frame takes too much memory.
    #[error(
        "zstd: {0}. The window must not be larger than {limit} MiB: compress it again without `--long` or `--ultra`",
        limit = 1 << (MAX_WINDOW_LOG - 20)
    )]
    Window(io::Error),
}

/// Whether an error says that a file expands beyond the limits.
pub(crate) fn is_too_large(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<TooLarge>())
}

/// The content of a gzip stream of one or several members.
pub(crate) fn gunzip<R: Read + Send + 'static>(stored: R) -> Box<dyn Read + Send> {
    let (counted, count) = Counted::new(stored);
    let content = flate2::bufread::MultiGzDecoder::new(counted);
    Box::new(Limited::new(content, count))
}

/// The content of a zstd stream of one or several frames.
pub(crate) fn unzstd<R: Read + Send + 'static>(stored: R) -> io::Result<Box<dyn Read + Send>> {
    let (counted, count) = Counted::new(stored);
    let mut content = zstd::Decoder::with_buffer(counted)?;
    content.window_log_max(MAX_WINDOW_LOG)?;
    Ok(Box::new(Limited::new(WindowHint(content), count)))
}

/// Counts the stored bytes that a decoder used.
struct Counted<R> {
    inner: BufReader<R>,
    count: Arc<AtomicU64>,
}

impl<R: Read> Counted<R> {
    fn new(inner: R) -> (Counted<R>, Arc<AtomicU64>) {
        let count = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            inner: BufReader::with_capacity(BUFFER, inner),
            count: count.clone(),
        };
        (counted, count)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl<R: Read> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }
    fn consume(&mut self, amount: usize) {
        self.count.fetch_add(amount as u64, Ordering::Relaxed);
        self.inner.consume(amount);
    }
}

/// Ends content with an error where it gets out of proportion.
struct Limited<R> {
    content: R,
    given: u64,
    stored: Arc<AtomicU64>,
}

impl<R: Read> Limited<R> {
    fn new(content: R, stored: Arc<AtomicU64>) -> Limited<R> {
        Limited {
            content,
            given: 0,
            stored,
        }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given > ALWAYS_READ {
            let stored = self.stored.load(Ordering::Relaxed);
            if self.given > stored.saturating_mul(MAX_RATIO) {
                return Err(io::Error::other(TooLarge::Content));
            }
        }
        let count = self.content.read(buffer)?;
        self.given += count as u64;
        Ok(count)
    }
}

/// Adds the next step to the error of a window that is too large, which zstd does not tell.
struct WindowHint<R>(R);

impl<R: Read> Read for WindowHint<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(
            |error| match error.to_string().contains("too much memory") {
                true => io::Error::other(TooLarge::Window(error)),
                false => error,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write as _};

    const MIB: usize = 1 << 20;

    fn zeros(mib: usize, mut to: impl io::Write) {
        let block = vec![b'0'; MIB];
        for _ in 0..mib {
            to.write_all(&block).unwrap();
        }
    }

    fn gzip(mib: usize) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
        zeros(mib, &mut gzip);
        gzip.finish().unwrap()
    }

    fn zstd_of(mib: usize) -> Vec<u8> {
        let mut zstd = zstd::Encoder::new(Vec::new(), 3).unwrap();
        zeros(mib, &mut zstd);
        zstd.finish().unwrap()
    }

    /// How much content comes, and how it ends.
    fn read(mut content: Box<dyn Read + Send>) -> (u64, io::Result<()>) {
        let mut buffer = vec![0; 64 << 10];
        let mut total = 0;
        loop {
            match content.read(&mut buffer) {
                Ok(0) => return (total, Ok(())),
                Ok(count) => total += count as u64,
                Err(error) => return (total, Err(error)),
            }
        }
    }

    #[test]
    fn content_out_of_proportion_ends_with_an_error_soon_after_the_limit() {
        for content in [
            gunzip(Cursor::new(gzip(100))),
            unzstd(Cursor::new(zstd_of(100))).unwrap(),
        ] {
            let (total, end) = read(content);
            assert!((64..66).contains(&(total >> 20)), "{total}");
            let error = end.unwrap_err();
            assert!(is_too_large(&error), "{error}");
            assert!(error.to_string().contains("64 MiB and more than 200 times"));
        }
    }

    #[test]
    fn content_of_an_ordinary_size_is_read_whatever_its_ratio_is() {
        let (total, end) = read(gunzip(Cursor::new(gzip(60))));
        assert!(end.is_ok() && total == 60 << 20);
    }

    #[test]
    fn several_members_count_together() {
        let (gzip, zstd) = (gzip(20).repeat(5), zstd_of(20).repeat(5));
        assert!(read(gunzip(Cursor::new(gzip))).1.is_err());
        assert!(read(unzstd(Cursor::new(zstd)).unwrap()).1.is_err());
    }

    #[test]
    fn a_window_that_is_too_large_is_refused_with_the_next_step() {
        let mut zstd = zstd::Encoder::new(Vec::new(), 1).unwrap();
        zstd.window_log(27).unwrap();
        zstd.write_all(b"{}\n").unwrap();
        let (_, end) = read(unzstd(Cursor::new(zstd.finish().unwrap())).unwrap());
        let error = end.unwrap_err();
        assert!(is_too_large(&error), "{error}");
        let error = error.to_string();
        assert!(
            error.contains("32 MiB") && error.contains("--long"),
            "{error}"
        );
    }
}

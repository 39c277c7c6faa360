//! Cutting a stream into chunks of whole records, so that several threads can decode it.

use crate::ingest::beginning::is_only_beginning;
use crate::ingest::framing::{Framing, MAX_RECORDS};
use std::io::{self, Read};

/// A stretch of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    /// Whole records.
    Records {
        /// Where it starts in the stream, in bytes.
        offset: u64,
        /// The records, with their line ends; the last of the stream may be without.
        bytes: Vec<u8>,
    },
    /// A record longer than records may be.
    TooLong {
        /// Where it starts.
        offset: u64,
        /// How long it is, as far as the stream goes.
        length: u64,
        /// Its start.
        start: Vec<u8>,
    },
}

/// Cuts a stream into chunks.
pub(crate) struct Chunker<R> {
    reader: R,
    framing: Framing,
    chunk_bytes: usize,
    most_record_bytes: usize,
    /// Read and not handed out; begins at the start of a record.
    pending: Vec<u8>,
    /// Position of `pending` in the stream.
    offset: u64,
    /// The stream has ended, perhaps with an error that is still to be told.
    ended: bool,
    failed: Option<io::Error>,
}

/// So much of a record that is too long is kept.
const START: usize = 4096;

impl<R: Read> Chunker<R> {
    /// Hands out chunks of about `chunk_bytes`; records over `most_record_bytes` are cut.
    pub(crate) fn new(
        reader: R,
        framing: Framing,
        chunk_bytes: usize,
        most_record_bytes: usize,
    ) -> Self {
        Chunker {
            reader,
            framing,
            chunk_bytes,
            most_record_bytes,
            pending: Vec::new(),
            offset: 0,
            ended: false,
            failed: None,
        }
    }

    /// The error that ended the stream early, if one did.
    pub(crate) fn take_error(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    /// Position of what was not handed out yet.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Takes the first record (the header) out of the stream.
    pub(crate) fn first_record(&mut self) -> Vec<u8> {
        while self.framing.first_end(&self.pending).is_none()
            && !self.ended
            && self.pending.len() <= self.most_record_bytes
        {
            self.fill();
        }
        let end = self
            .framing
            .first_end(&self.pending)
            .unwrap_or(self.pending.len());
        self.take(end)
    }

    fn take(&mut self, end: usize) -> Vec<u8> {
        let rest = self.pending.split_off(end);
        self.offset += end as u64;
        std::mem::replace(&mut self.pending, rest)
    }

    fn fill(&mut self) {
        let before = self.pending.len();
        self.pending.reserve(self.chunk_bytes);
        let mut piece = (&mut self.reader).take(self.chunk_bytes as u64);
        match piece.read_to_end(&mut self.pending) {
            Ok(0) => self.ended = true,
            Ok(_) => {}
            Err(error) => {
                self.ended = true;
                self.failed = Some(error);
            }
        }
        debug_assert!(self.ended || self.pending.len() > before);
    }

    fn is_cut(&self) -> bool {
        self.failed.as_ref().is_some_and(is_only_beginning)
    }

    /// Reads past a record that is too long.
    fn skip(&mut self) -> Chunk {
        let offset = self.offset;
        let start = self.pending[..START.min(self.pending.len())].to_vec();
        let mut length = 0;
        loop {
            // Inside of quotes or not: the record is lost, so its next line end is as good a start as any.
            if let Some(end) = memchr::memchr(b'\n', &self.pending) {
                length += end as u64 + 1;
                self.take(end + 1);
                break;
            }
            length += self.pending.len() as u64;
            self.take(self.pending.len());
            if self.ended {
                break;
            }
            self.fill();
        }
        Chunk::TooLong {
            offset,
            length,
            start,
        }
    }
}

impl<R: Read> Iterator for Chunker<R> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        loop {
            if self.pending.len() >= self.chunk_bytes || self.ended {
                if let Some(end) = self.framing.last_end(&self.pending, MAX_RECORDS) {
                    let offset = self.offset;
                    let bytes = self.take(end);
                    return Some(Chunk::Records { offset, bytes });
                }
                if self.is_cut() {
                    // The rest is a part of a record.
                    self.pending.clear();
                    return None;
                }
                if self.pending.is_empty() && self.ended {
                    return None;
                }
                if self.pending.len() > self.most_record_bytes {
                    return Some(self.skip());
                }
                if self.ended {
                    let offset = self.offset;
                    let bytes = self.take(self.pending.len());
                    return Some(Chunk::Records { offset, bytes });
                }
            }
            self.fill();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chunks(text: &[u8], framing: Framing, size: usize, most: usize) -> Vec<Chunk> {
        Chunker::new(text, framing, size, most).collect()
    }

    proptest! {
        #[test]
        fn chunks_put_together_are_the_stream(text in "[a\n]{0,200}", size in 1usize..50) {
            let mut whole = Vec::new();
            for chunk in chunks(text.as_bytes(), Framing::Lines, size, 1000) {
                match chunk {
                    Chunk::Records { offset, bytes } => {
                        prop_assert_eq!(offset as usize, whole.len());
                        whole.extend(bytes);
                    }
                    Chunk::TooLong { .. } => prop_assert!(false, "nothing is too long here"),
                }
            }
            prop_assert_eq!(whole, text.as_bytes());
        }
    }

    #[test]
    fn a_record_that_is_too_long_is_cut_out() {
        let mut text = b"one\n".to_vec();
        text.extend(vec![b'x'; 10_000]);
        text.extend(b"\ntwo\n");
        let got = chunks(&text, Framing::Lines, 64, 100);
        let long: Vec<_> = got
            .iter()
            .filter_map(|chunk| match chunk {
                Chunk::TooLong {
                    offset,
                    length,
                    start,
                } => Some((*offset, *length, start.len())),
                Chunk::Records { .. } => None,
            })
            .collect();
        assert_eq!(long.len(), 1);
        assert_eq!((long[0].0, long[0].1), (4, 10_001));
        let last = got.last().unwrap();
        assert_eq!(
            last,
            &Chunk::Records {
                offset: 10_005,
                bytes: b"two\n".to_vec()
            }
        );
    }

    #[test]
    fn an_error_comes_after_what_could_be_read() {
        struct Broken(usize);
        impl Read for Broken {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                match self.0 {
                    1 => {
                        buffer[..4].copy_from_slice(b"a\nb\n");
                        Ok(4)
                    }
                    _ => Err(io::Error::other("broken")),
                }
            }
        }
        let mut chunker = Chunker::new(Broken(0), Framing::Lines, 1024, 1024);
        let first = chunker.next();
        assert_eq!(
            first,
            Some(Chunk::Records {
                offset: 0,
                bytes: b"a\nb\n".to_vec()
            })
        );
        assert_eq!(chunker.next(), None);
        assert_eq!(chunker.take_error().unwrap().to_string(), "broken");
    }

    #[test]
    fn the_header_comes_first() {
        let text = b"a,\"b\nc\"\n1,2\n";
        let mut chunker = Chunker::new(&text[..], Framing::Csv { quote: b'"' }, 4, 100);
        assert_eq!(chunker.first_record(), b"a,\"b\nc\"\n");
        assert_eq!(
            chunker.next(),
            Some(Chunk::Records {
                offset: 8,
                bytes: b"1,2\n".to_vec()
            })
        );
    }
}

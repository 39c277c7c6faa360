//! Where one record ends and the next begins.
//!
//! Only ends are searched here; what a record means is the decoders' business. Nothing in this module keeps state:
//! every buffer that is handed in starts at the beginning of a record.

use memchr::{memchr, memchr_iter, memchr2_iter, memrchr};

/// Records that are decoded at once.
pub(crate) const MAX_RECORDS: usize = 1 << 14;

/// How a file is cut into records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// A record is a line, ended by `\n` (a `\r` before it belongs to the record).
    #[default]
    Lines,
    /// As `Lines`, but a line end inside quotes belongs to the record, and the first record of a file is its header.
    Csv {
        /// The quote character, usually `"`.
        quote: u8,
    },
}

impl Framing {
    /// Whether the first record of a file describes the others.
    pub fn has_header(self) -> bool {
        matches!(self, Self::Csv { .. })
    }

    /// One past the end of the first record in `buffer`.
    pub fn first_end(self, buffer: &[u8]) -> Option<usize> {
        match self {
            Self::Lines => memchr(b'\n', buffer).map(|at| at + 1),
            Self::Csv { quote } => csv_ends(buffer, quote).next(),
        }
    }

    /// One past the end of the last whole record in `buffer`, or of the record with the number `max_records` if there are
    /// more: what is kept of a rejected record takes many times the memory of a short line.
    pub fn last_end(self, buffer: &[u8], max_records: usize) -> Option<usize> {
        match self {
            Self::Lines => {
                // Counting is fast, finding each end is not.
                let lines = memchr_iter(b'\n', buffer);
                match buffer.len() > max_records && lines.clone().count() > max_records {
                    true => lines.take(max_records).last().map(|at| at + 1),
                    false => memrchr(b'\n', buffer).map(|at| at + 1),
                }
            }
            Self::Csv { quote } => csv_ends(buffer, quote).take(max_records).last(),
        }
    }
}

/// The ends of all whole records. A quote after a letter or digit (`19" rack`) can't begin a quoted field, whatever
/// the delimiter is, so it is taken as text: one stray quote would otherwise swallow the records that follow.
fn csv_ends(buffer: &[u8], quote: u8) -> impl Iterator<Item = usize> {
    let mut quoted = false;
    memchr2_iter(quote, b'\n', buffer).filter_map(move |at| {
        if buffer[at] == b'\n' {
            return (!quoted).then_some(at + 1);
        }
        quoted = !quoted && (at == 0 || !buffer[at - 1].is_ascii_alphanumeric());
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: Framing = Framing::Csv { quote: b'"' };

    #[test]
    fn a_newline_inside_quotes_does_not_end_a_record() {
        let text = b"a,\"b\nc\"\"\n\",d\nnext\n";
        assert_eq!(CSV.first_end(text), Some(13));
        assert_eq!(CSV.last_end(text, 9), Some(text.len()));
        assert_eq!(CSV.last_end(b"a,\"b\n", 9), None);
    }

    #[test]
    fn of_many_short_records_the_first_ones_are_taken() {
        for framing in [Framing::Lines, CSV] {
            assert_eq!(framing.last_end(b"a\nb\nc\nd", 2), Some(4));
            assert_eq!(framing.last_end(b"a\nb\nc\nd", 3), Some(6));
            assert_eq!(framing.last_end(b"a\nb\nc\nd", 9), Some(6));
        }
    }

    #[test]
    fn a_quote_inside_text_is_text() {
        assert_eq!(CSV.first_end(b"19\" rack,x\nnext\n"), Some(11));
    }
}

//! Where one record ends and the next begins.
//!
//! Only ends are searched here; what a record means is the decoders' business. Nothing in this module keeps state:
//! every buffer that is handed in starts at the beginning of a record.

use memchr::{memchr, memchr2_iter, memrchr};

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
    pub(super) fn has_header(self) -> bool {
        matches!(self, Self::Csv { .. })
    }

    /// One past the end of the first record in `buffer`.
    pub(super) fn first_end(self, buffer: &[u8]) -> Option<usize> {
        match self {
            Self::Lines => memchr(b'\n', buffer).map(|at| at + 1),
            Self::Csv { quote } => csv_ends(buffer, quote).next(),
        }
    }

    /// One past the end of the last whole record in `buffer`.
    pub(super) fn last_end(self, buffer: &[u8]) -> Option<usize> {
        match self {
            Self::Lines => memrchr(b'\n', buffer).map(|at| at + 1),
            Self::Csv { quote } => csv_ends(buffer, quote).last(),
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
        assert_eq!(CSV.last_end(text), Some(text.len()));
        assert_eq!(CSV.last_end(b"a,\"b\n"), None);
    }

    #[test]
    fn a_quote_inside_text_is_text() {
        assert_eq!(CSV.first_end(b"19\" rack,x\nnext\n"), Some(11));
    }
}

//! Text whose encoding shows late: the first bytes of a file are ASCII, and the first other byte may come after megabytes.

use encoding_rs::WINDOWS_1252;
use encoding_rs_io::DecodeReaderBytesBuilder;
use std::io::{self, Cursor, Read};

/// Passes ASCII on. The first other characters decide if the rest is UTF-8 or windows-1252, as most of the files that are not
/// UTF-8 are. What is damaged in a UTF-8 file comes as it is.
pub(super) struct LateEncoding {
    /// The text; `None` only while it is taken apart.
    text: Option<Box<dyn Read + Send>>,
    is_decided: bool,
}

/// Bytes that are looked at after the first one that is not ASCII.
const DECIDED_BY: u64 = 1 << 10;

impl LateEncoding {
    /// A text that began with ASCII.
    pub(super) fn new(text: Box<dyn Read + Send>) -> LateEncoding {
        LateEncoding {
            text: Some(text),
            is_decided: false,
        }
    }

    /// Decides by what follows the first byte that is not ASCII, with which `head` begins.
    fn decide(&mut self, mut head: Vec<u8>) -> io::Result<()> {
        let Some(mut text) = self.text.take() else {
            return Ok(());
        };
        let before = head.len() as u64;
        let read = text.by_ref().take(DECIDED_BY).read_to_end(&mut head);
        let is_whole = (head.len() as u64) < before + DECIDED_BY;
        let is_utf8 = begins_with_utf8(&head, is_whole);
        let rest = Cursor::new(head).chain(text);
        self.text = Some(match is_utf8 {
            true => Box::new(rest),
            false => Box::new(
                DecodeReaderBytesBuilder::new()
                    .encoding(Some(WINDOWS_1252))
                    .build(rest),
            ),
        });
        self.is_decided = true;
        read.map(|_| ())
    }
}

/// Whether the first character is one of UTF-8. A single one that is damaged decides nothing else: windows-1252 has hardly any
/// sequence that is valid in UTF-8. A character that the end of the whole text cuts off is none.
fn begins_with_utf8(bytes: &[u8], is_whole: bool) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.valid_up_to() > 0 || error.error_len().is_none() && !is_whole,
    }
}

impl Read for LateEncoding {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(text) = &mut self.text else {
            return Ok(0);
        };
        let count = text.read(buffer)?;
        if self.is_decided || buffer[..count].is_ascii() {
            return Ok(count);
        }
        let ascii = buffer[..count].iter().take_while(|byte| byte.is_ascii());
        let ascii = ascii.count();
        self.decide(buffer[ascii..count].to_vec())?;
        match ascii {
            0 => self.read(buffer),
            some => Ok(some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives its bytes in pieces of some size.
    struct Pieces(Cursor<Vec<u8>>, usize);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(&mut buffer[..most])
        }
    }

    fn read(bytes: &[u8], piece: usize) -> Vec<u8> {
        let pieces = Pieces(Cursor::new(bytes.to_vec()), piece);
        let mut out = Vec::new();
        LateEncoding::new(Box::new(pieces))
            .read_to_end(&mut out)
            .unwrap();
        out
    }

    proptest! {
        #[test]
        fn text_in_either_encoding_is_read_whatever_the_pieces(ascii in "[a-z\n]{0,40}", rest in "[a-zäöüéñ]{0,40}", piece in 1_usize..9) {
            let text = format!("{ascii}{rest}");
            prop_assert_eq!(read(text.as_bytes(), piece), text.as_bytes());
            let (old, _, _) = WINDOWS_1252.encode(&text);
            prop_assert_eq!(String::from_utf8(read(&old, piece)).unwrap(), text);
        }
    }

    #[test]
    fn damage_in_utf8_comes_as_it_is() {
        let bytes = b"a\xc3\xa9b\xffc";
        assert_eq!(read(bytes, 3), bytes);
    }
}

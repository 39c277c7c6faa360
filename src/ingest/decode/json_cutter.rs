//! Cuts the texts of values out of a JSON stream, in bounded memory.
//!
//! Knows where a value begins and ends, not what it means. A text is kept without the white space between its tokens, up to a
//! limit. A longer value is passed over without being kept. Escapes, numbers and characters are checked by whoever parses a
//! text that was kept.

use std::io::{self, Read};

/// Bytes read at once.
const BUFFER_BYTES: usize = 1 << 16;
/// Arrays and objects in each other; what the parser of kept texts allows.
const MAX_DEPTH: usize = 128;
/// A number or word that is longer is no JSON.
const MAX_SCALAR_BYTES: usize = 1 << 10;
/// So much of a value that is too long is kept.
const START_BYTES: usize = 4096;

/// Why a stream can't be cut any further.
#[derive(Debug)]
pub(super) enum Fault {
    /// It ends in the middle of a value.
    End(u64),
    /// It is no JSON: where, and what.
    Malformed(u64, String),
    /// It can't be read.
    Io(io::Error),
}

/// The text of one value.
#[derive(Debug)]
pub(super) struct Text {
    /// Without white space between tokens. The start only, if the value is too long.
    pub(super) bytes: Vec<u8>,
    /// Length in bytes, without that white space.
    pub(super) length: u64,
    /// How many values it consists of, itself included.
    pub(super) values: u64,
    max_bytes: usize,
}

impl Text {
    /// Keeps up to so many bytes.
    pub(super) fn up_to(max_bytes: usize) -> Text {
        Text {
            bytes: Vec::new(),
            length: 0,
            values: 0,
            max_bytes,
        }
    }

    /// Whether it was longer than the limit.
    pub(super) fn is_too_long(&self) -> bool {
        self.length > self.max_bytes as u64
    }

    /// Makes room for the text of another value.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        (self.length, self.values) = (0, 0);
    }

    pub(super) fn push(&mut self, piece: &[u8]) {
        let was_too_long = self.is_too_long();
        self.length += piece.len() as u64;
        if !self.is_too_long() {
            self.bytes.extend_from_slice(piece);
        } else if !was_too_long {
            self.bytes.truncate(START_BYTES);
        }
    }
}

/// What must come next inside of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
}

impl Expected {
    fn name(self) -> &'static str {
        match self {
            Expected::Value => "a value",
            Expected::ValueOrEnd => "a value or `]`",
            Expected::Key => "a key in quotes",
            Expected::KeyOrEnd => "a key in quotes or `}`",
            Expected::Colon => "`:`",
            Expected::CommaOrEnd => "`,` or the end of the array or object",
        }
    }
}

/// Reads a stream token by token.
pub(super) struct Cutter<R> {
    reader: R,
    buffer: Vec<u8>,
    at: usize,
    /// Where the buffer begins in the stream.
    offset: u64,
}

impl<R: Read> Cutter<R> {
    pub(super) fn new(reader: R) -> Cutter<R> {
        Cutter {
            reader,
            buffer: Vec::with_capacity(BUFFER_BYTES),
            at: 0,
            offset: 0,
        }
    }

    /// The next token's first byte, which stays; `None` at the end of the stream.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            while let Some(byte) = self.buffer.get(self.at) {
                if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                    return Ok(Some(*byte));
                }
                self.at += 1;
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Takes the byte that [`Cutter::peek`] gave.
    pub(super) fn take(&mut self) {
        self.at += 1;
    }

    /// Takes a value, and keeps its text. `depth` is that of the value itself.
    pub(super) fn value(&mut self, depth: usize, mut keep: Option<&mut Text>) -> Result<(), Fault> {
        let mut open: Vec<u8> = Vec::new();
        let mut expected = Expected::Value;
        loop {
            let byte = self.peek()?.ok_or_else(|| self.end())?;
            let is_value = matches!(expected, Expected::Value | Expected::ValueOrEnd);
            if is_value
                && !matches!(byte, b']' | b'}')
                && let Some(text) = keep.as_deref_mut()
            {
                text.values += 1;
            }
            let after = match (expected, byte) {
                (Expected::Value | Expected::ValueOrEnd, b'[' | b'{') => {
                    self.check_depth(depth + open.len() + 1)?;
                    open.push(if byte == b'[' { b']' } else { b'}' });
                    self.one(byte, &mut keep);
                    match byte {
                        b'[' => Expected::ValueOrEnd,
                        _ => Expected::KeyOrEnd,
                    }
                }
                (Expected::Key | Expected::KeyOrEnd, b'"') => {
                    self.string(keep.as_deref_mut())?;
                    Expected::Colon
                }
                (Expected::Value | Expected::ValueOrEnd, b'"') => {
                    self.string(keep.as_deref_mut())?;
                    Expected::CommaOrEnd
                }
                (Expected::Value | Expected::ValueOrEnd, b'-' | b'0'..=b'9' | b'a'..=b'z') => {
                    self.scalar(keep.as_deref_mut())?;
                    Expected::CommaOrEnd
                }
                (Expected::Colon, b':') => {
                    self.one(byte, &mut keep);
                    Expected::Value
                }
                (Expected::CommaOrEnd, b',') => {
                    self.one(byte, &mut keep);
                    match open.last() {
                        Some(b'}') => Expected::Key,
                        _ => Expected::Value,
                    }
                }
                (Expected::ValueOrEnd | Expected::KeyOrEnd | Expected::CommaOrEnd, b']' | b'}')
                    if open.last() == Some(&byte) =>
                {
                    open.pop();
                    self.one(byte, &mut keep);
                    Expected::CommaOrEnd
                }
                (expected, _) => return Err(self.unexpected(expected.name())),
            };
            if open.is_empty() {
                return Ok(());
            }
            expected = after;
        }
    }

    /// Fails if arrays and objects are nested too deeply.
    pub(super) fn check_depth(&self, depth: usize) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            let what = format!("arrays and objects are nested more than {MAX_DEPTH} deep");
            return Err(Fault::Malformed(self.position(), what));
        }
        Ok(())
    }

    /// That something else stands here than must.
    pub(super) fn unexpected(&self, expected: &str) -> Fault {
        let found = match self.buffer.get(self.at) {
            Some(byte) => format!("`{}`", byte.escape_ascii()),
            None => "the end".to_owned(),
        };
        Fault::Malformed(
            self.position(),
            format!("expected {expected}, and found {found}"),
        )
    }

    /// That the stream ends here.
    pub(super) fn end(&self) -> Fault {
        Fault::End(self.position())
    }

    fn position(&self) -> u64 {
        self.offset + self.at as u64
    }

    fn one(&mut self, byte: u8, keep: &mut Option<&mut Text>) {
        self.at += 1;
        if let Some(text) = keep {
            text.push(&[byte]);
        }
    }

    /// Takes a string with its quotes; it begins here.
    fn string(&mut self, mut keep: Option<&mut Text>) -> Result<(), Fault> {
        let mut from = self.at;
        self.at += 1;
        loop {
            let rest = self.buffer.get(self.at..).unwrap_or_default();
            let found = memchr::memchr2(b'"', b'\\', rest);
            let ends = match found {
                Some(found) => {
                    let ends = rest[found] == b'"';
                    // A backslash and the character that it escapes.
                    self.at += found + if ends { 1 } else { 2 };
                    ends
                }
                None => {
                    self.at = self.at.max(self.buffer.len());
                    false
                }
            };
            if ends || self.at >= self.buffer.len() {
                if let Some(text) = keep.as_deref_mut() {
                    text.push(&self.buffer[from..self.at.min(self.buffer.len())]);
                }
                from = 0;
            }
            if ends {
                return Ok(());
            }
            if self.at >= self.buffer.len() {
                // The escaped character may stand in what comes.
                let escaped = self.at - self.buffer.len();
                self.at = self.buffer.len();
                if !self.fill()? {
                    return Err(self.end());
                }
                self.at = escaped;
            }
        }
    }

    /// Takes a number, or one of the words `true`, `false` and `null`.
    fn scalar(&mut self, keep: Option<&mut Text>) -> Result<(), Fault> {
        let mut token = Vec::new();
        loop {
            let rest = &self.buffer[self.at..];
            let is_end = |byte: &u8| !byte.is_ascii_alphanumeric() && !b"+-.".contains(byte);
            let length = rest.iter().position(is_end).unwrap_or(rest.len());
            token.extend_from_slice(&rest[..length]);
            if token.len() > MAX_SCALAR_BYTES {
                return Err(self.unexpected("a shorter number"));
            }
            if length < rest.len() {
                self.at += length;
                break;
            }
            self.at += length;
            if !self.fill()? {
                break;
            }
        }
        let is_number = || token.iter().all(|byte| b"0123456789+-.eE".contains(byte));
        if !matches!(token.as_slice(), b"true" | b"false" | b"null") && !is_number() {
            let what = format!("`{}` is no JSON value", token.escape_ascii());
            return Err(Fault::Malformed(self.position(), what));
        }
        if let Some(text) = keep {
            text.push(&token);
        }
        Ok(())
    }

    /// Reads on once everything in the buffer is used; `false` at the end of the stream.
    fn fill(&mut self) -> Result<bool, Fault> {
        self.offset += self.at as u64;
        self.at = 0;
        self.buffer.resize(BUFFER_BYTES, 0);
        loop {
            match self.reader.read(&mut self.buffer) {
                Ok(count) => {
                    self.buffer.truncate(count);
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.buffer.clear();
                    return Err(Fault::Io(error));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives one byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(1);
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn cut(reader: impl Read, max_bytes: usize) -> Result<Text, Fault> {
        let mut text = Text::up_to(max_bytes);
        let mut cutter = Cutter::new(reader);
        cutter.value(0, Some(&mut text))?;
        match cutter.peek()? {
            None => Ok(text),
            Some(_) => Err(cutter.unexpected("the end")),
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            "[a\"\\\\\n ,:{}\\[\\]é]{0,6}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::btree_map("[a\"\\\\ ]{0,3}", inner, 0..5)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn text_of_any_value_is_its_compact_form(value in json()) {
            let (pretty, compact) = (serde_json::to_string_pretty(&value).unwrap(), value.to_string());
            let text = cut(pretty.as_bytes(), 1 << 20).unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&text.bytes), compact.as_str());
            let slow = cut(Slow(pretty.as_bytes()), 1 << 20).unwrap();
            prop_assert_eq!(slow.bytes, text.bytes);
        }

        #[test]
        fn what_is_cut_whole_ends_where_the_parser_ends(text in "[\\[\\]{},:\"a1 \\\\]{0,12}") {
            let parsed = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            // Everything that the parser takes is cut whole.
            prop_assert!(!parsed || cut(text.as_bytes(), 100).is_ok(), "{}", text);
        }
    }

    #[test]
    fn a_value_over_the_limit_is_passed_over() {
        let long = format!("[1, {{\"a\": \"{}\"}}]", "x".repeat(200_000));
        let text = cut(long.as_bytes(), 100_000).unwrap();
        assert!(text.is_too_long() && text.bytes.len() <= START_BYTES);
        assert_eq!(text.length, long.len() as u64 - 2);
        assert_eq!(text.values, 4);
    }

    #[test]
    fn mistakes_are_told_by_their_place() {
        let fault = |text: &str| match cut(text.as_bytes(), 100) {
            Err(Fault::Malformed(at, what)) => format!("{at} {what}"),
            other => format!("{other:?}"),
        };
        assert_eq!(
            fault("[1 2]"),
            "3 expected `,` or the end of the array or object, and found `2`"
        );
        assert_eq!(fault("{\"a\" 1}"), "5 expected `:`, and found `1`");
        assert_eq!(fault("[1,]"), "3 expected a value, and found `]`");
        assert!(fault("[oops]").contains("`oops` is no JSON value"));
        assert!(fault("[1}").contains("found `}`"));
        assert!(fault(&"[".repeat(200)).contains("128 deep"));
        assert!(matches!(cut(&b"[\"a"[..], 100), Err(Fault::End(3))));
        assert!(matches!(cut(&b"[\"a\\"[..], 100), Err(Fault::End(_))));
    }
}

//! Compact encoding of what is kept on disk: variable-length integers (LEB128, zigzag for signed ones).
//!
//! Hand-written because what is stored is small, hot and versioned by its owner; a general format would store field
//! names or types with each of millions of rows.

/// The bytes on disk are not what this version wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stored bytes are damaged or of an unknown version (at byte {at})")]
pub struct DamagedBytes {
    /// Offset of the byte that did not fit.
    pub at: usize,
}

/// Appends an unsigned integer.
pub(crate) fn put_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed integer, small magnitudes in few bytes.
pub(crate) fn put_i64(out: &mut Vec<u8>, value: i64) {
    put_u64(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// Appends a text with its length.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_u64(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Reads back what the `put_*` functions wrote; every read is checked.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// The error for the present place.
    pub fn damaged(&self) -> DamagedBytes {
        DamagedBytes { at: self.at }
    }

    /// What has not been read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Whether everything was read.
    pub fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, DamagedBytes> {
        let byte = self.bytes.get(self.at).copied().ok_or(self.damaged())?;
        self.at += 1;
        Ok(byte)
    }

    /// An unsigned integer.
    pub fn u64(&mut self) -> Result<u64, DamagedBytes> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.damaged())
    }

    /// An unsigned integer that fits 32 bits.
    pub fn u32(&mut self) -> Result<u32, DamagedBytes> {
        u32::try_from(self.u64()?).map_err(|_| self.damaged())
    }

    /// A signed integer.
    pub fn i64(&mut self) -> Result<i64, DamagedBytes> {
        let raw = self.u64()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// Eight bytes as they are (hashes, which do not compress).
    pub fn raw_u64(&mut self) -> Result<u64, DamagedBytes> {
        let end = self.at + 8;
        let bytes = self.bytes.get(self.at..end).ok_or(self.damaged())?;
        self.at = end;
        Ok(u64::from_le_bytes(
            bytes.try_into().map_err(|_| self.damaged())?,
        ))
    }

    /// A text.
    pub fn text(&mut self) -> Result<&'a str, DamagedBytes> {
        let len = usize::try_from(self.u64()?).map_err(|_| self.damaged())?;
        let end = self.at.checked_add(len).ok_or(self.damaged())?;
        let bytes = self.bytes.get(self.at..end).ok_or(self.damaged())?;
        let text = std::str::from_utf8(bytes).map_err(|_| self.damaged())?;
        self.at = end;
        Ok(text)
    }

    /// How many elements follow; refuses counts that can't be there, so that damage can't ask for the whole memory.
    pub fn count(&mut self) -> Result<usize, DamagedBytes> {
        let count = self.u64()?;
        let left = self.bytes.len() - self.at;
        usize::try_from(count)
            .ok()
            .filter(|count| *count <= left)
            .ok_or(self.damaged())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(a in any::<u64>(), b in any::<i64>(), text in ".*") {
            let mut out = Vec::new();
            put_u64(&mut out, a);
            put_i64(&mut out, b);
            put_text(&mut out, &text);
            out.extend_from_slice(&a.to_le_bytes());
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.u64(), Ok(a));
            prop_assert_eq!(reader.i64(), Ok(b));
            prop_assert_eq!(reader.text(), Ok(text.as_str()));
            prop_assert_eq!(reader.raw_u64(), Ok(a));
            prop_assert!(reader.is_done());
        }

        #[test]
        fn damage_is_an_error_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut reader = Reader::new(&bytes);
            while reader.text().is_ok() && !reader.is_done() {}
            let mut reader = Reader::new(&bytes);
            while reader.count().is_ok() && reader.i64().is_ok() {}
        }
    }
}

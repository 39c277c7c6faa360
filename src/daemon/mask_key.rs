//! The key by which values about persons are masked: made once for each data folder, and stored in it alone.

use crate::store::StoreError;
use data_encoding::HEXLOWER;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use std::io::{self, Write};
use std::path::Path;

const BYTES: usize = 32;
/// Bytes of a mask: enough to tell all persons of a company apart.
const MASK_BYTES: usize = 8;

/// The key. Without a data folder all masks are the same.
#[derive(Debug, Default)]
pub(super) struct MaskKey(Option<hmac::Key>);

impl MaskKey {
    /// Reads the key of a data folder; makes it if there is none.
    pub(super) fn load(folder: &Path) -> Result<MaskKey, StoreError> {
        let file = folder.join("mask.key");
        let bytes = match std::fs::read(&file) {
            Ok(bytes) if bytes.len() == BYTES => Ok(bytes),
            // A torn file: no mask was made with it, or the masks of then are other ones.
            Ok(_) => make(folder, &file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(folder, &file),
            Err(error) => Err(error),
        };
        match bytes {
            Ok(bytes) => Ok(MaskKey(Some(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))),
            Err(source) => Err(StoreError::Io { file, source }),
        }
    }

    /// A number that stands for a text, of no use without the key.
    pub(super) fn hash(&self, text: &str) -> u64 {
        let Some(key) = &self.0 else {
            return 0;
        };
        let tag = hmac::sign(key, text.as_bytes());
        let bytes = tag.as_ref().iter().take(8);
        bytes.fold(0, |hash, byte| hash << 8 | u64::from(*byte))
    }

    /// What stands for a value: the same for the same value, and of no use without the key.
    pub(super) fn mask(&self, value: &str) -> String {
        let Some(key) = &self.0 else {
            return "masked".to_owned();
        };
        let tag = hmac::sign(key, value.trim().as_bytes());
        format!("masked-{}", HEXLOWER.encode(&tag.as_ref()[..MASK_BYTES]))
    }
}

fn make(folder: &Path, file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; BYTES];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| io::Error::other("the system gives no random bytes"))?;
    // Readable for its owner only, and whole under its name or not there.
    let mut part = tempfile::NamedTempFile::new_in(folder)?;
    part.write_all(&bytes)?;
    part.as_file().sync_all()?;
    part.persist(file).map_err(|error| error.error)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mask_is_the_same_for_the_same_folder_and_another_for_another() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mask = |folder: &Path, value: &str| MaskKey::load(folder).unwrap().mask(value);
        let smith = mask(one.path(), "Smith");
        assert_eq!(smith, mask(one.path(), " Smith "));
        assert_ne!(smith, mask(one.path(), "Smyth"));
        assert_ne!(smith, mask(other.path(), "Smith"));
        assert!(!smith.contains("Smith"));
    }
}

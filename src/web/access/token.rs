//! Bearer tokens: made at random, known by their hash.

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

/// So that secret scanners, and people, know one when they see it.
const MARK: &str = "tolr_";
/// 256 bits can't be guessed, so a plain hash of a token is enough.
const RANDOM_BYTES: usize = 32;

/// A new token; `None` if the system has no randomness to give.
pub(crate) fn random_token() -> Option<String> {
    let mut random = [0; RANDOM_BYTES];
    SystemRandom::new().fill(&mut random).ok()?;
    let text = data_encoding::BASE64URL_NOPAD.encode(&random);
    Some(format!("{MARK}{text}"))
}

/// The hash by which a token is known, in hexadecimal digits.
pub fn hash_of(token: &str) -> String {
    data_encoding::HEXLOWER.encode(&sha256(token.as_bytes()))
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_sha256sum_and_tokens_differ() {
        let known = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert_eq!(hash_of("test"), known);
        let (one, other) = (random_token().unwrap(), random_token().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), MARK.len() + 43);
    }
}

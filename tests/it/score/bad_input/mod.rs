//! Bad input: a clear message or a quarantined record with its reason; never a panic, and good records are counted.

mod configuration;
mod files;
mod hostile;
mod records;

use crate::support::{Ran, Scratch};

const GOOD: &str = "{\"case\":\"1\",\"activity\":\"a\",\"time\":\"2024-01-01T00:00:00Z\"}\n";
const GOOD_2: &str = "{\"case\":\"1\",\"activity\":\"b\",\"time\":\"2024-01-02T00:00:00Z\"}\n";

/// Bytes without any sense, the same in every run.
fn junk(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..count).map(|_| next()).collect()
}

fn score(name: &str, bytes: impl AsRef<[u8]>) -> Ran {
    let scratch = Scratch::new();
    scratch.write(name, bytes);
    scratch.run(&["score", "--format", "json", name])
}

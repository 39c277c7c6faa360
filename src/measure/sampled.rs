//! Counts over keys that may be many, in bounded memory: a commutative group, from which a sample of the keys is read.
//!
//! The keys form strata: stratum `n` has the keys whose hash ends in exactly `n` zero bits, half of the keys of the stratum
//! before. The keys of the last strata are counted one by one. If they become too many, the first of these strata moves
//! into a [`KeyTable`], which has a fixed size and loses nothing. So contributions can be added, merged and subtracted in
//! any order, exactly, and what is subtracted leaves no trace.
//!
//! The sample is chosen when it is read ([`Sampled::sample`]), from the content alone.

mod table;
#[cfg(test)]
mod tests;

use super::counts::Counts;
use crate::codec::{DamagedBytes, Reader, put_u64};
use std::borrow::Cow;
use table::KeyTable;

/// Different hashes in a sample at most.
pub(crate) const MOST_HASHES: usize = 16_384;

/// A sample has at most so many keys for each hash that it may have. As many keys are counted one by one.
const KEYS_PER_HASH: usize = 2;

/// A table has so many cells for each key of a sample, so that all keys that fit a sample are read back.
const CELLS_PER_KEY: usize = 2;

/// What a key is sampled by, and what it is read back from.
pub trait Hashed: Ord + Copy {
    /// A hash with evenly spread bits; keys with the same hash stay or go together.
    fn hash(&self) -> u64;

    /// Two numbers that identify the key.
    fn words(&self) -> [u64; 2];

    /// The key with these numbers; `None` if there is none.
    fn from_words(words: [u64; 2]) -> Option<Self>;
}

impl Hashed for u64 {
    fn hash(&self) -> u64 {
        *self
    }

    fn words(&self) -> [u64; 2] {
        [*self, 0]
    }

    fn from_words([key, rest]: [u64; 2]) -> Option<u64> {
        (rest == 0).then_some(key)
    }
}

/// Counts by key: exact sums, of which a sample with at most `MOST` hashes can be read.
///
/// Memory: 32,768 keys are counted one by one. Beyond that there is a table of 3 MiB for each doubling of the number of keys: 5
/// for a million keys, 15 for a billion, never more than 64.
///
/// The sums are exact without exception. A sample can be smaller than necessary in one case: two keys share all cells of a
/// table, so that the table is not read although its keys fit a sample. The chance is below 1e-15 for each table. It is
/// smaller than the chance that two inputs share their 64-bit hash, which is 7e-12 for 16,384 inputs.
#[derive(Clone, Debug)]
pub struct Sampled<K: Hashed, const MOST: usize = MOST_HASHES> {
    /// The keys of all strata that have no table.
    counts: Counts<K>,
    /// The first strata.
    tables: Vec<KeyTable>,
}

/// Some of the keys, each with its full count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample<'a, K: Ord + Copy> {
    /// The keys whose hash ends in at least so many zero bits: 1 in 2^level, all at level 0.
    pub level: u8,
    /// Their counts.
    pub counts: Cow<'a, Counts<K>>,
}

impl<K: Hashed, const MOST: usize> Default for Sampled<K, MOST> {
    fn default() -> Self {
        Sampled {
            counts: Counts::default(),
            tables: Vec::new(),
        }
    }
}

impl<K: Hashed, const MOST: usize> PartialEq for Sampled<K, MOST> {
    /// Whether the same is counted. Strata that still have a table, but fit without, make no difference.
    fn eq(&self, other: &Self) -> bool {
        if self.tables.is_empty() && other.tables.is_empty() {
            return self.counts == other.counts;
        }
        let (own, other) = (self.packed(), other.packed());
        own.counts == other.counts && own.tables == other.tables
    }
}

impl<K: Hashed, const MOST: usize> Eq for Sampled<K, MOST> {}

impl<K: Hashed, const MOST: usize> Sampled<K, MOST> {
    const MOST_KEYS: usize = KEYS_PER_HASH * MOST;
    const CELLS: usize = CELLS_PER_KEY * Self::MOST_KEYS;

    /// Adds `by` (which may be negative) to the count of `key`.
    pub fn add(&mut self, key: K, by: i64) {
        self.put(key, by);
        self.make_tables();
    }

    /// Adds `sign` times the other counts.
    pub fn merge(&mut self, other: &Self, sign: i64) {
        while self.tables.len() < other.tables.len() {
            self.make_table();
        }
        for (own, other) in self.tables.iter_mut().zip(&other.tables) {
            own.merge(other, sign);
        }
        for (key, count) in other.counts.iter() {
            self.put(key, sign * count);
        }
        self.make_tables();
        // A stratum has about as many keys as all that follow it. So it does not fit before these are few.
        if !self.tables.is_empty() && self.counts.len() < MOST / 2 {
            self.pack();
        }
    }

    fn put(&mut self, key: K, by: i64) {
        match self.tables.get_mut(stratum(&key)) {
            Some(table) => table.add(&key, by),
            None => self.counts.add(key, by),
        }
    }

    fn make_tables(&mut self) {
        while self.counts.len() > Self::MOST_KEYS && self.tables.len() < 64 {
            self.make_table();
        }
    }

    /// Moves the first stratum that has no table into one.
    fn make_table(&mut self) {
        let first = self.tables.len();
        let mut table = KeyTable::new(Self::CELLS);
        for (key, count) in std::mem::take(&mut self.counts).iter() {
            if stratum(&key) == first {
                table.add(&key, count);
            } else {
                self.counts.add(key, count);
            }
        }
        self.tables.push(table);
    }

    /// All strata from the first one on from which a sample can be read, and which one that is.
    fn readable(&self) -> (Counts<K>, usize) {
        let (mut counts, mut first) = (self.counts.clone(), self.tables.len());
        for table in self.tables.iter().rev() {
            let room = Self::MOST_KEYS.saturating_sub(counts.len());
            let Some(keys) = table.read(room) else { break };
            keys.into_iter().for_each(|(key, by)| counts.add(key, by));
            first -= 1;
        }
        (counts, first)
    }

    /// Takes back what fits without a table.
    fn pack(&mut self) {
        let (counts, first) = self.readable();
        self.counts = counts;
        self.tables.truncate(first);
    }

    fn packed(&self) -> Cow<'_, Self> {
        if self.tables.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut packed = self.clone();
        packed.pack();
        Cow::Owned(packed)
    }

    /// The sample: all keys if they have at most `MOST` different hashes and are at most twice as many, else those at the
    /// lowest level at which that holds (adaptive sampling: Wegman 1984; Flajolet 1990, "On adaptive sampling", Computing
    /// 43). It depends on what is counted, and not on how that was added up.
    pub fn sample(&self) -> Sample<'_, K> {
        let (mut counts, mut level) = match self.tables.is_empty() {
            true => (Cow::Borrowed(&self.counts), 0),
            false => {
                let (counts, first) = self.readable();
                (Cow::Owned(counts), first)
            }
        };
        // There are at least as many keys as hashes. So most samples need not count these.
        while counts.len() > MOST && level < 63 && distinct(&counts) > MOST {
            level += 1;
            let mut fewer = Counts::default();
            let kept = counts.iter().filter(|(key, _)| stratum(key) >= level);
            kept.for_each(|(key, count)| fewer.add(key, count));
            counts = Cow::Owned(fewer);
        }
        Sample {
            level: level as u8,
            counts,
        }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>, key: impl FnMut(&mut Vec<u8>, K)) {
        let packed = self.packed();
        put_u64(out, packed.tables.len() as u64);
        packed.counts.encode(out, key);
        packed.tables.iter().for_each(|table| table.encode(out));
    }

    pub(super) fn decode<'a>(
        reader: &mut Reader<'a>,
        key: impl FnMut(&mut Reader<'a>) -> Result<K, DamagedBytes>,
    ) -> Result<Self, DamagedBytes> {
        let tables = reader.u64()?;
        if tables > 64 {
            return Err(reader.damaged());
        }
        let counts = Counts::decode(reader, key)?;
        let tables = (0..tables).map(|_| KeyTable::decode(reader, Self::CELLS));
        Ok(Sampled {
            tables: tables.collect::<Result<_, _>>()?,
            counts,
        })
    }

    /// Reads back a sample, which is all that older versions stored. What it left out is not counted.
    pub(super) fn decode_sample<'a>(
        reader: &mut Reader<'a>,
        key: impl FnMut(&mut Reader<'a>) -> Result<K, DamagedBytes>,
    ) -> Result<Self, DamagedBytes> {
        let _level = reader.u64()?;
        let mut sampled = Sampled {
            counts: Counts::decode(reader, key)?,
            tables: Vec::new(),
        };
        sampled.make_tables();
        Ok(sampled)
    }
}

/// The stratum of a key; 64 if its hash is 0.
fn stratum<K: Hashed>(key: &K) -> usize {
    key.hash().trailing_zeros() as usize
}

fn distinct<K: Hashed>(counts: &Counts<K>) -> usize {
    let mut hashes: Vec<u64> = counts.iter().map(|(key, _)| key.hash()).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes.len()
}

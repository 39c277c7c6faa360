//! Counts over keys that may be many: beyond a number of different ones, a sample of them.

use super::counts::Counts;
use crate::codec::{DamagedBytes, Reader, put_u64};

/// Different hashes kept at most.
pub const MOST_HASHES: usize = 16_384;

/// What a key is sampled by.
pub trait Hashed: Ord + Copy {
    /// A hash with evenly spread bits; keys with the same hash stay or go together.
    fn hash(&self) -> u64;
}

impl Hashed for u64 {
    fn hash(&self) -> u64 {
        *self
    }
}

/// Counts by key, of which only those are kept whose hash ends in `level` zero bits.
///
/// Adaptive sampling (Wegman 1984; Flajolet 1990, "On adaptive sampling", Computing 43): where more than [`MOST_HASHES`]
/// different hashes come, the level rises by one and half of them go. Which ones go does not depend on the order in which
/// they came, and a key that is kept is counted in full. So sums stay exact for what is kept; what the cap cost is the
/// share 1 - 2^-level of the keys.
#[derive(Clone, Debug, Eq)]
pub struct Sampled<K: Hashed> {
    level: u8,
    counts: Counts<K>,
}

impl<K: Hashed> PartialEq for Sampled<K> {
    /// A sample that has nothing in it (any more) is nothing, whatever it was taken for.
    fn eq(&self, other: &Sampled<K>) -> bool {
        self.counts == other.counts && (self.level == other.level || self.counts.is_empty())
    }
}

impl<K: Hashed> Default for Sampled<K> {
    fn default() -> Sampled<K> {
        Sampled {
            level: 0,
            counts: Counts::default(),
        }
    }
}

impl<K: Hashed> Sampled<K> {
    fn keeps(&self, key: &K) -> bool {
        key.hash().trailing_zeros() >= u32::from(self.level)
    }

    /// Adds `by` (which may be negative) to the count of `key`, if that is among those that are kept.
    pub fn add(&mut self, key: K, by: i64) {
        if self.keeps(&key) {
            self.counts.add(key, by);
            self.settle();
        }
    }

    /// Adds `sign` times the other counts.
    pub fn merge(&mut self, other: &Sampled<K>, sign: i64) {
        if other.level > self.level {
            self.raise(other.level);
        }
        for (key, count) in other.counts.iter() {
            if self.keeps(&key) {
                self.counts.add(key, sign * count);
            }
        }
        self.settle();
    }

    fn raise(&mut self, level: u8) {
        self.level = level;
        for (key, count) in std::mem::take(&mut self.counts).iter() {
            if self.keeps(&key) {
                self.counts.add(key, count);
            }
        }
    }

    fn settle(&mut self) {
        // Keys are at least as many as hashes, so counting those is only needed above the limit.
        while self.counts.len() > MOST_HASHES && self.distinct() > MOST_HASHES && self.level < 63 {
            self.raise(self.level + 1);
        }
    }

    /// Different hashes that are kept.
    pub fn distinct(&self) -> usize {
        let mut hashes: Vec<u64> = self.counts.iter().map(|(key, _)| key.hash()).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes.len()
    }

    /// How often half of the keys had to go: 0 where all are kept.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// The counts that are kept.
    pub fn kept(&self) -> &Counts<K> {
        &self.counts
    }

    /// Whether nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>, key: impl FnMut(&mut Vec<u8>, K)) {
        put_u64(out, u64::from(self.level));
        self.counts.encode(out, key);
    }

    pub(super) fn decode<'a>(
        reader: &mut Reader<'a>,
        key: impl FnMut(&mut Reader<'a>) -> Result<K, DamagedBytes>,
    ) -> Result<Sampled<K>, DamagedBytes> {
        let level = u8::try_from(reader.u64()?).map_err(|_| reader.damaged())?;
        Ok(Sampled {
            level: level.min(63),
            counts: Counts::decode(reader, key)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hash_pair;

    #[test]
    fn beyond_the_limit_a_fair_half_is_kept_whatever_the_order() {
        let keys: Vec<u64> = (0..60_000).map(|n| hash_pair(7, n)).collect();
        let (mut forward, mut backward) = (Sampled::default(), Sampled::default());
        for key in &keys {
            forward.add(*key, 2);
        }
        for key in keys.iter().rev() {
            backward.add(*key, 2);
        }
        assert_eq!(forward, backward);
        assert_eq!(forward.level(), 2);
        assert!(forward.distinct() <= MOST_HASHES && forward.distinct() > MOST_HASHES / 2);
        assert!(forward.kept().values().all(|count| count == 2));
        // In pieces that each stay below the limit, the same.
        let mut merged = Sampled::default();
        for piece in keys.chunks(1000) {
            let mut part = Sampled::default();
            piece.iter().for_each(|key| part.add(*key, 2));
            merged.merge(&part, 1);
        }
        assert_eq!(merged, forward);
        // What was put in can be taken out.
        keys.iter().for_each(|key| forward.add(*key, -2));
        assert_eq!(forward, Sampled::default());
    }
}

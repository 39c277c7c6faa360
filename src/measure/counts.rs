//! Counts by key, with subtraction; a key whose count is 0 is not there, so equal counts are equal values.

use crate::codec::{DamagedBytes, Reader, put_i64, put_u64};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Counts by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts<K: Ord>(BTreeMap<K, i64>);

impl<K: Ord> Default for Counts<K> {
    fn default() -> Counts<K> {
        Counts(BTreeMap::new())
    }
}

impl<K: Ord + Copy> Counts<K> {
    /// Adds `by` (which may be negative) to the count of `key`.
    pub fn add(&mut self, key: K, by: i64) {
        if by == 0 {
            return;
        }
        match self.0.entry(key) {
            Entry::Vacant(slot) => {
                slot.insert(by);
            }
            Entry::Occupied(mut slot) => {
                *slot.get_mut() += by;
                if *slot.get() == 0 {
                    slot.remove();
                }
            }
        }
    }

    /// Adds `sign` times the other counts.
    pub fn merge(&mut self, other: &Counts<K>, sign: i64) {
        for (key, count) in &other.0 {
            self.add(*key, sign * count);
        }
    }

    /// The count of `key`.
    pub fn get(&self, key: K) -> i64 {
        self.0.get(&key).copied().unwrap_or(0)
    }

    /// All keys with their counts, in order of the keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (K, i64)> + Clone + '_ {
        self.0.iter().map(|(key, count)| (*key, *count))
    }

    /// The counts alone.
    pub fn values(&self) -> impl Iterator<Item = i64> + '_ {
        self.0.values().copied()
    }

    /// Sum of all counts.
    pub fn total(&self) -> i64 {
        self.0.values().sum()
    }

    /// How many keys have a count.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The greatest key.
    pub fn last(&self) -> Option<K> {
        self.0.keys().next_back().copied()
    }

    /// Writes keys and counts; `key` says how a key is written.
    pub fn encode(&self, out: &mut Vec<u8>, mut key: impl FnMut(&mut Vec<u8>, K)) {
        put_u64(out, self.0.len() as u64);
        for (k, count) in &self.0 {
            key(out, *k);
            put_i64(out, *count);
        }
    }

    /// Reads back what [`Counts::encode`] wrote.
    pub fn decode<'a>(
        reader: &mut Reader<'a>,
        mut key: impl FnMut(&mut Reader<'a>) -> Result<K, DamagedBytes>,
    ) -> Result<Counts<K>, DamagedBytes> {
        let count = reader.count()?;
        let mut counts = BTreeMap::new();
        for _ in 0..count {
            let k = key(reader)?;
            counts.insert(k, reader.i64()?);
        }
        Ok(Counts(counts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn adding_and_taking_away_leaves_nothing(adds in proptest::collection::vec((0u32..20, -5i64..5), 0..50)) {
            let mut a = Counts::default();
            for (key, by) in &adds {
                a.add(*key, *by);
            }
            let mut b = a.clone();
            b.merge(&a, -1);
            prop_assert!(b.is_empty());
            let mut bytes = Vec::new();
            a.encode(&mut bytes, |out, key| put_u64(out, u64::from(key)));
            let back = Counts::decode(&mut Reader::new(&bytes), Reader::u32).unwrap();
            prop_assert_eq!(back, a);
        }
    }
}

//! Tests of sampled counts as a group, far beyond the size of a sample.

use super::super::sums::RunKey;
use super::*;
use crate::model::{NameId, Ppm, hash_pair};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Samples of at most 256 hashes and 512 keys.
type Small = Sampled<RunKey, 256>;

/// Three keys for each of the first inputs, one for each of the others.
fn key(nth: u64) -> RunKey {
    RunKey {
        input: hash_pair(7, if nth < 300 { nth / 3 } else { nth }),
        outcome: NameId((nth % 3) as u32),
        deviation: Ppm((nth % 5) as u32 * 250_000),
        unknown: nth.is_multiple_of(7),
    }
}

fn sum(contributions: &[(RunKey, i64)]) -> Small {
    let mut sum = Small::default();
    contributions
        .iter()
        .for_each(|(key, by)| sum.add(*key, *by));
    sum
}

/// What must be read after these contributions: computed from all of them at once.
fn expected(contributions: &[(RunKey, i64)]) -> (u8, Vec<(RunKey, i64)>) {
    let mut counts: BTreeMap<RunKey, i64> = BTreeMap::new();
    for (key, by) in contributions {
        *counts.entry(*key).or_default() += by;
    }
    counts.retain(|_, count| *count != 0);
    let mut level = 0;
    loop {
        let hashes: Vec<u64> = counts.keys().map(|key| key.input).collect();
        // Keys with the same input are neighbours.
        let different = hashes.chunk_by(|a, b| a == b).count();
        if different <= 256 && counts.len() <= 512 {
            return (level, counts.into_iter().collect());
        }
        level += 1;
        counts.retain(|key, _| key.input.trailing_zeros() >= u32::from(level));
    }
}

fn read(sampled: &Small) -> (u8, Vec<(RunKey, i64)>) {
    let sample = sampled.sample();
    (sample.level, sample.counts.iter().collect())
}

fn put_key(out: &mut Vec<u8>, key: RunKey) {
    key.words().iter().for_each(|word| put_u64(out, *word));
}

fn take_key(reader: &mut Reader) -> Result<RunKey, DamagedBytes> {
    let words = [reader.u64()?, reader.u64()?];
    RunKey::from_words(words).ok_or(reader.damaged())
}

/// As a restart reads it: stored and decoded.
fn restarted(sampled: &Small) -> Small {
    let mut bytes = Vec::new();
    sampled.encode(&mut bytes, put_key);
    let mut reader = Reader::new(&bytes);
    let back = Small::decode(&mut reader, take_key).unwrap();
    assert!(reader.is_done());
    back
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn order_splits_and_restarts_make_no_difference(
        stays in 0u64..3000,
        leaves in 0u64..3000,
        piece in 1usize..700,
        seed in any::<u64>(),
    ) {
        let mut contributions: Vec<(RunKey, i64)> = Vec::new();
        contributions.extend((0..stays).map(|nth| (key(nth), 1 + (nth % 3) as i64)));
        let leaving = stays / 2..stays / 2 + leaves;
        contributions.extend(leaving.clone().map(|nth| (key(nth), 2)));
        contributions.extend(leaving.map(|nth| (key(nth), -2)));
        let wanted = expected(&contributions);
        let mut shuffled: Vec<(u64, (RunKey, i64))> =
            (0..).map(|nth| hash_pair(seed, nth)).zip(contributions.iter().copied()).collect();
        shuffled.sort_unstable();
        let mut total = Small::default();
        for (nth, piece) in shuffled.chunks(piece).enumerate() {
            let by_sign = |sign: i64| piece.iter().map(move |(_, (key, by))| (*key, sign * by));
            match nth % 3 {
                0 => total.merge(&sum(&by_sign(1).collect::<Vec<_>>()), 1),
                1 => total.merge(&restarted(&sum(&by_sign(-1).collect::<Vec<_>>())), -1),
                _ => by_sign(1).for_each(|(key, by)| total.add(key, by)),
            }
            if nth % 5 == 4 {
                total = restarted(&total);
            }
        }
        prop_assert_eq!(read(&total), wanted.clone());
        prop_assert_eq!(read(&restarted(&total)), wanted);
        let plain = sum(&contributions);
        prop_assert!(total == plain);
        total.merge(&plain, -1);
        prop_assert!(total == Small::default());
    }

    #[test]
    fn a_difference_is_seen_in_every_stratum(nth in 0u64..4000) {
        let keys: Vec<(RunKey, i64)> = (0..4000).map(|nth| (key(nth), 1)).collect();
        let whole = sum(&keys);
        let mut other = whole.clone();
        other.add(key(nth), 1);
        prop_assert!(whole != other);
    }

    #[test]
    fn damaged_bytes_are_an_error_and_never_a_panic(
        at in 0usize..20_000,
        bits in 1u8..=255,
    ) {
        let keys: Vec<(RunKey, i64)> = (0..1500).map(|nth| (key(nth), 1)).collect();
        let mut bytes = Vec::new();
        sum(&keys).encode(&mut bytes, put_key);
        let at = at % bytes.len();
        bytes[at] ^= bits;
        if let Ok(damaged) = Small::decode(&mut Reader::new(&bytes), take_key) {
            let _ = damaged.sample();
        }
    }
}

#[test]
fn sample_has_between_half_and_all_of_the_hashes_it_may_have() {
    let keys: Vec<u64> = (0..60_000).map(|nth| hash_pair(7, nth)).collect();
    let mut sampled: Sampled<u64> = Sampled::default();
    keys.iter().for_each(|key| sampled.add(*key, 2));
    let sample = sampled.sample();
    assert_eq!(sample.level, 2);
    assert!(sample.counts.len() <= MOST_HASHES && sample.counts.len() > MOST_HASHES / 2);
    assert!(sample.counts.values().all(|count| count == 2));
    // Almost everything is subtracted: what is left is read in full again.
    keys[100..].iter().for_each(|key| sampled.add(*key, -2));
    let sample = sampled.sample();
    assert_eq!((sample.level, sample.counts.len()), (0, 100));
}

#[test]
fn memory_grows_with_the_doublings_of_the_keys_and_shrinks_when_they_leave() {
    let keys = |first: u64| -> Vec<(RunKey, i64)> {
        let keys = first..first + 5000;
        keys.map(|nth| (key(nth), 1)).collect()
    };
    let mut total = Small::default();
    for nth in 1..=8 {
        total.merge(&sum(&keys(nth * 5000)), 1);
        assert!(total.counts.len() <= 512);
        // 512 keys are counted one by one: 40,000 are 78 times as many.
        assert!(total.tables.len() <= 8, "{} tables", total.tables.len());
    }
    for nth in 1..=8 {
        total.merge(&sum(&keys(nth * 5000)), -1);
    }
    assert!(total.tables.is_empty() && total.counts.is_empty());
}

#[test]
fn sample_that_an_older_version_stored_is_read() {
    let kept: Vec<(RunKey, i64)> = (0..2000)
        .map(|nth| (key(nth), 1))
        .filter(|(key, _)| key.input.trailing_zeros() >= 3)
        .collect();
    let mut counts = Counts::default();
    kept.iter().for_each(|(key, by)| counts.add(*key, *by));
    let mut bytes = Vec::new();
    put_u64(&mut bytes, 3);
    counts.encode(&mut bytes, put_key);
    let mut reader = Reader::new(&bytes);
    let back = Small::decode_sample(&mut reader, take_key).unwrap();
    assert!(reader.is_done());
    assert_eq!(read(&back), expected(&kept));
}

//! What a day says, in the categories of a baseline: small enough to keep for every day of years.

use crate::codec::{DamagedBytes, Reader, put_i64, put_u64};
use std::ops::Range;

/// Durations are counted by their rank in the baseline, in so many equal parts.
pub(super) const RANKS: usize = 32;
/// First byte of a stored digest.
const VERSION: u8 = 2;

/// Where each category stands among the counts of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Outcomes that the baseline tells apart, and one for all others.
    pub outcomes: usize,
}

impl Layout {
    pub(super) fn ranks(self) -> Range<usize> {
        0..RANKS
    }

    pub(super) fn outcome_counts(self) -> Range<usize> {
        let from = self.ranks().end;
        from..from + self.outcomes
    }

    /// Runs on an input that the baseline knows: that ended like it, and that did not.
    pub(super) fn inputs(self) -> Range<usize> {
        let from = self.outcome_counts().end;
        from..from + 2
    }

    /// Cases by path: known, new.
    pub(super) fn paths(self) -> Range<usize> {
        let from = self.inputs().end;
        from..from + 2
    }

    pub(super) fn len(self) -> usize {
        self.paths().end
    }
}

/// The counts of a day. A commutative group, like all sums.
///
/// All but `ended` and `critical` are about the cases that started on the day and ended within the horizon of the
/// baseline: these have the same age on every day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// Cases that started on the day, and ended within the horizon.
    pub cases: i64,
    /// Cases that started.
    pub starts: i64,
    /// Cases that ended on the day, whenever they started.
    pub ended: i64,
    /// Those of them that ended in the outcome that is declared critical.
    pub critical: i64,
    /// Sum of the deviations, in parts per million.
    pub deviation_ppm: i64,
    /// Sum of the squares of the deviations, in parts per million.
    pub deviation_squares_ppm: i64,
    /// Counts by category, in the order of the baseline's layout.
    pub(super) counts: Vec<i32>,
}

impl Digest {
    pub(super) fn new(layout: Layout) -> Digest {
        Digest {
            counts: vec![0; layout.len()],
            ..Digest::default()
        }
    }

    /// The count of a category; 0 for a day without cases.
    pub(super) fn count(&self, at: usize) -> f64 {
        f64::from(self.counts.get(at).copied().unwrap_or(0))
    }

    /// Cases that started on the day and did not end within the horizon.
    pub(super) fn beyond(&self) -> f64 {
        (self.starts - self.cases).max(0) as f64
    }

    /// The bytes to keep on disk.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        for value in [
            self.cases,
            self.starts,
            self.ended,
            self.critical,
            self.deviation_ppm,
            self.deviation_squares_ppm,
        ] {
            put_i64(out, value);
        }
        put_u64(out, self.counts.len() as u64);
        let present = self.counts.iter().filter(|count| **count != 0).count();
        put_u64(out, present as u64);
        let mut before = 0;
        for (at, count) in self.counts.iter().enumerate().filter(|(_, n)| **n != 0) {
            put_u64(out, (at - before) as u64);
            put_i64(out, i64::from(*count));
            before = at;
        }
    }

    /// Reads back what [`Digest::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Digest, DamagedBytes> {
        /// No layout is longer; damaged bytes must not ask for gigabytes.
        const MOST: u64 = 1 << 16;
        let reader = &mut Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(reader.damaged());
        }
        let mut digest = Digest {
            cases: reader.i64()?,
            starts: reader.i64()?,
            ended: reader.i64()?,
            critical: reader.i64()?,
            deviation_ppm: reader.i64()?,
            deviation_squares_ppm: reader.i64()?,
            counts: Vec::new(),
        };
        let len = reader.u64()?;
        if len > MOST {
            return Err(reader.damaged());
        }
        digest.counts = vec![0; len as usize];
        let mut at = 0usize;
        for _ in 0..reader.count()? {
            let step = usize::try_from(reader.u64()?).map_err(|_| reader.damaged())?;
            at = at.saturating_add(step);
            let count = i32::try_from(reader.i64()?).map_err(|_| reader.damaged())?;
            *digest.counts.get_mut(at).ok_or_else(|| reader.damaged())? = count;
        }
        Ok(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn stored_and_read_back(counts in proptest::collection::vec(0i32..300, 0..200), cases in any::<i32>()) {
            let digest = Digest {
                cases: i64::from(cases),
                starts: 3,
                ended: 5,
                critical: 1,
                deviation_ppm: -7,
                deviation_squares_ppm: 9,
                counts,
            };
            let mut bytes = Vec::new();
            digest.encode(&mut bytes);
            prop_assert_eq!(Digest::decode(&bytes).unwrap(), digest);
        }

        #[test]
        fn damaged_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut damaged = vec![VERSION];
            damaged.extend(bytes);
            let _ = Digest::decode(&damaged);
        }
    }

    #[test]
    fn categories_do_not_overlap() {
        let layout = Layout { outcomes: 9 };
        let ranges = [
            layout.ranks(),
            layout.outcome_counts(),
            layout.inputs(),
            layout.paths(),
        ];
        let mut at = 0;
        for range in ranges {
            assert_eq!(range.start, at);
            at = range.end;
        }
        assert_eq!(at, layout.len());
    }
}

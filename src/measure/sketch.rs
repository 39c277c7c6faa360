//! A quantile sketch of spans whose bins are counts, so that it can be subtracted as well as merged.
//!
//! `sketches-ddsketch` would do the same but can't take a value out again, which a reopened case needs.

use super::counts::Counts;
use crate::codec::{DamagedBytes, Reader, put_i64};
use crate::model::Span;

/// Greatest relative error of a quantile.
const RELATIVE_ERROR: f64 = 0.005;

/// Spans by logarithmic bins: bin k holds (gamma^(k-1), gamma^k] microseconds, gamma = (1 + e) / (1 - e).
///
/// DDSketch (Masson, Rim, Lee 2019, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
/// guarantees", VLDB 12) without collapsing: spans from 1 microsecond to 300,000 years fill at most 4,400 bins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    /// Spans of 0 (and below) are in the bin `ZERO`.
    bins: Counts<i32>,
    /// Exact sum of all spans in microseconds.
    sum: i128,
}

const ZERO: i32 = i32::MIN;

fn ln_gamma() -> f64 {
    ((1.0 + RELATIVE_ERROR) / (1.0 - RELATIVE_ERROR)).ln()
}

/// The bin of a span: longer spans are in the same bin or in a greater one.
pub fn duration_bin(span: Span) -> i32 {
    bin_of(span)
}

fn bin_of(span: Span) -> i32 {
    if span <= Span::ZERO {
        return ZERO;
    }
    ((span.0 as f64).ln() / ln_gamma()).ceil() as i32
}

/// The value in the bin whose relative distance to every other value in it is at most the stated error.
fn value_of(bin: i32) -> f64 {
    if bin == ZERO {
        return 0.0;
    }
    (f64::from(bin) * ln_gamma()).exp() * (1.0 - RELATIVE_ERROR)
}

impl Sketch {
    /// Adds (or with a negative count takes out) a span.
    pub fn add(&mut self, span: Span, count: i64) {
        self.bins.add(bin_of(span), count);
        self.sum += i128::from(span.max(Span::ZERO).0) * i128::from(count);
    }

    /// Adds `sign` times another sketch.
    pub fn merge(&mut self, other: &Sketch, sign: i64) {
        self.bins.merge(&other.bins, sign);
        self.sum += i128::from(sign) * other.sum;
    }

    /// The spans up to a limit, and how many are longer. Where some are, the sum of the rest is that of the values of the bins.
    pub fn up_to(&self, limit: Span) -> (Sketch, i64) {
        let last = bin_of(limit);
        let longer = self.bins.iter().filter(|(bin, _)| *bin > last);
        let longer: i64 = longer.map(|(_, count)| count).sum();
        if longer == 0 {
            return (self.clone(), 0);
        }
        let mut kept = Sketch::default();
        for (bin, count) in self.bins.iter().filter(|(bin, _)| *bin <= last) {
            kept.bins.add(bin, count);
            kept.sum += (value_of(bin) * count as f64).round() as i128;
        }
        (kept, longer)
    }

    /// How many spans it holds.
    pub fn count(&self) -> i64 {
        self.bins.total()
    }

    /// Exact sum, in microseconds.
    pub fn sum(&self) -> i128 {
        self.sum
    }

    /// Exact mean, in seconds; `None` when empty.
    pub fn mean_seconds(&self) -> Option<f64> {
        let count = self.count();
        (count > 0).then(|| self.sum as f64 / count as f64 / 1e6)
    }

    /// Each bin that is not empty: its value in seconds (relative error at most 0.5 %), and how many spans it holds.
    pub fn bins_seconds(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let held = self.bins.iter().filter(|(_, count)| *count > 0);
        held.map(|(bin, count)| (value_of(bin) / 1e6, count as u64))
    }

    /// The bins that are not empty, in order, with how many spans each holds: for ranks, where only the order counts.
    pub fn bins(&self) -> impl Iterator<Item = (i32, i64)> + '_ {
        self.bins.iter()
    }

    /// The quantile q in \[0, 1\], in seconds, interpolated between ranks like numpy's default; `None` when empty.
    /// Relative error at most 0.5 %; 1 % where all spans are in one bin, and 0 where they are equal.
    pub fn quantile_seconds(&self, q: f64) -> Option<f64> {
        let count = self.count();
        if count <= 0 {
            return None;
        }
        // Of a single bin the exact mean says more than its middle: ten minutes each time are not 10m 2s.
        if self.bins.iter().nth(1).is_none() {
            return self.mean_seconds();
        }
        let rank = q.clamp(0.0, 1.0) * (count - 1) as f64;
        let below = self.at_rank(rank.floor() as i64);
        let above = self.at_rank(rank.ceil() as i64);
        Some((below + (above - below) * rank.fract()) / 1e6)
    }

    fn at_rank(&self, rank: i64) -> f64 {
        let mut seen = 0;
        for (bin, count) in self.bins.iter() {
            seen += count;
            if seen > rank {
                return value_of(bin);
            }
        }
        self.bins.last().map_or(0.0, value_of)
    }

    /// How many spans are at most `limit` (within the relative error), for histograms.
    pub fn count_up_to(&self, limit: Span) -> i64 {
        let last = bin_of(limit);
        self.bins
            .iter()
            .take_while(|(bin, _)| *bin <= last)
            .map(|(_, count)| count)
            .sum()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let mut before = 0;
        self.bins.encode(out, |out, bin| {
            put_i64(out, i64::from(bin) - before);
            before = i64::from(bin);
        });
        // Split in two: an i128 only where sums over centuries need it.
        put_i64(out, (self.sum >> 62) as i64);
        put_i64(out, (self.sum & ((1 << 62) - 1)) as i64);
    }

    pub(super) fn decode(reader: &mut Reader) -> Result<Sketch, DamagedBytes> {
        let mut before = 0i64;
        let bins = Counts::decode(reader, |reader| {
            before = before.wrapping_add(reader.i64()?);
            i32::try_from(before).map_err(|_| reader.damaged())
        })?;
        let high = i128::from(reader.i64()?);
        let low = i128::from(reader.i64()?);
        Ok(Sketch {
            bins,
            sum: (high << 62) + low,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(sorted: &[i64], q: f64) -> f64 {
        let rank = q * (sorted.len() - 1) as f64;
        let at = |rank: f64| sorted[rank as usize] as f64 / 1e6;
        at(rank.floor()) + (at(rank.ceil()) - at(rank.floor())) * rank.fract()
    }

    proptest! {
        #[test]
        fn quantiles_are_within_half_a_percent(
            mut spans in proptest::collection::vec(prop_oneof![Just(0i64), 1i64..10_000_000_000_000_000], 1..300),
            q in 0.0f64..=1.0,
        ) {
            let mut sketch = Sketch::default();
            for span in &spans {
                sketch.add(Span(*span), 1);
            }
            spans.sort_unstable();
            let want = exact(&spans, q);
            let got = sketch.quantile_seconds(q).unwrap();
            let most = if sketch.bins.iter().count() == 1 { 0.0101 } else { 0.00501 };
            prop_assert!((got - want).abs() <= most * want + 1e-12, "{} is not {}", got, want);
            let mean = spans.iter().map(|s| *s as i128).sum::<i128>() as f64 / spans.len() as f64 / 1e6;
            prop_assert!((sketch.mean_seconds().unwrap() - mean).abs() <= 1e-9 * mean);
        }

        #[test]
        fn taking_out_what_was_put_in_leaves_nothing(spans in proptest::collection::vec(any::<i64>(), 0..50)) {
            let mut sketch = Sketch::default();
            for span in &spans {
                sketch.add(Span(*span), 1);
            }
            let mut bytes = Vec::new();
            sketch.encode(&mut bytes);
            prop_assert_eq!(&Sketch::decode(&mut Reader::new(&bytes)).unwrap(), &sketch);
            for span in &spans {
                sketch.add(Span(*span), -1);
            }
            prop_assert_eq!(&sketch, &Sketch::default());
        }
    }

    #[test]
    fn an_empty_sketch_has_no_quantile() {
        assert_eq!(Sketch::default().quantile_seconds(0.5), None);
        assert_eq!(Sketch::default().mean_seconds(), None);
    }

    #[test]
    fn spans_that_are_equal_have_exact_quantiles() {
        let mut sketch = Sketch::default();
        sketch.add(Span(600_000_000), 7);
        assert_eq!(sketch.quantile_seconds(0.5), Some(600.0));
        assert_eq!(sketch.quantile_seconds(0.95), Some(600.0));
    }

    #[test]
    fn histogram_counts() {
        let mut sketch = Sketch::default();
        for seconds in [0i64, 1, 10, 100] {
            sketch.add(Span(seconds * 1_000_000), 1);
        }
        assert_eq!(sketch.count_up_to(Span::ZERO), 1);
        assert_eq!(sketch.count_up_to(Span(11_000_000)), 3);
        assert_eq!(sketch.count_up_to(Span(i64::MAX)), 4);
    }
}

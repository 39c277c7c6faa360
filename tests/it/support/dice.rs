//! Random numbers that are the same in every run.

/// Random numbers that are the same in every run (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end.max(1)
    }

    /// Cuts bytes into so many pieces, anywhere.
    pub(crate) fn cut<'a>(&mut self, bytes: &'a [u8], pieces: usize) -> Vec<&'a [u8]> {
        let mut cuts: Vec<usize> = (1..pieces)
            .map(|_| self.below(bytes.len() as u64) as usize)
            .collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        cuts.windows(2)
            .map(|pair| &bytes[pair[0]..pair[1]])
            .collect()
    }
}

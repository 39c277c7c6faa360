//! The CUSUM of single trials as it runs. `bernoulli_cusum_design` sets its threshold.

/// `S = max(0, S + m X - 1)` with X = 1 for a wrong trial, and a signal where S reaches h. After a signal it starts anew
/// from 0, so that the mean number of trials from one to the next is the zero-state run length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BernoulliCusum {
    /// A wrong trial adds m - 1; a right one takes 1.
    pub(crate) m: u32,
    /// The signal is given where S reaches this.
    pub(crate) h: u32,
    /// S, below h between two trials.
    pub(crate) s: u32,
}

impl BernoulliCusum {
    /// A chart that has seen nothing.
    pub(crate) fn new(m: u32, h: u32) -> BernoulliCusum {
        BernoulliCusum { m, h, s: 0 }
    }

    /// One trial. True for a signal.
    pub(crate) fn see(&mut self, wrong: bool) -> bool {
        // In 64 bits, so that m and h may be anything.
        let climb = if wrong { u64::from(self.m) } else { 0 };
        let next = (u64::from(self.s) + climb).saturating_sub(1);
        let signal = next >= u64::from(self.h);
        // Below h without a signal, so it fits.
        self.s = if signal { 0 } else { next as u32 };
        signal
    }

    /// A bucket of trials of which some were wrong, nobody knows which; more than all count as all. Gives the number of
    /// signals.
    ///
    /// The wrong ones are taken to be spread evenly: wrong trial i of k, from 0, is trial `floor((2 i + 1) n / (2 k))`. Of
    /// all orders that one climbs about the least, so a run of wrong trials that nobody has seen is never held against
    /// the process; but one that was there is missed. So both false alarms and true ones come later than the run length
    /// says, by little where a bucket has far fewer than h trials, by much where it has more: with m 14 and h 54, shares of
    /// 0.05 and 0.1 have run lengths of 1060 and 104 seen one by one, of some 1590 and 127 in buckets of 20, of 5800 and 197
    /// in buckets of 100 (simulated). Time goes with the number of wrong trials, not of all.
    pub(crate) fn see_many(&mut self, trials: u64, wrong: u64) -> u64 {
        let wrong = wrong.min(trials);
        let place = |nth: u64| {
            let twice = (2 * u128::from(nth) + 1) * u128::from(trials);
            // Below `trials`, so it fits.
            (twice / (2 * u128::from(wrong))) as u64
        };
        let (mut seen, mut signals) = (0, 0);
        for nth in 0..wrong {
            let at = place(nth);
            self.fall(at - seen);
            signals += u64::from(self.see(true));
            seen = at + 1;
        }
        self.fall(trials - seen);
        signals
    }

    /// Right trials in a row.
    fn fall(&mut self, trials: u64) {
        let trials = u32::try_from(trials).unwrap_or(u32::MAX);
        self.s = self.s.saturating_sub(trials);
    }
}

#[cfg(test)]
mod tests {
    use super::super::bernoulli::bernoulli_cusum_arl;
    use super::*;
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Which trials of a bucket are wrong, by the rule of `see_many` said in another way: each trial is a cell, and the wrong
    /// ones lie in the middles of k equal stretches.
    fn spread(trials: u64, wrong: u64) -> Vec<bool> {
        let mut bucket = vec![false; trials as usize];
        for nth in 0..wrong {
            let middle = (nth as f64 + 0.5) / wrong as f64 * trials as f64;
            bucket[(middle + 1e-9).floor() as usize] = true;
        }
        bucket
    }

    #[test]
    fn by_hand() {
        let mut chart = BernoulliCusum::new(5, 8);
        let seen =
            [false, true, true, false, true, false, true].map(|wrong| (chart.see(wrong), chart.s));
        // 4, 8 is the threshold: from 0 again.
        let want = [
            (false, 0),
            (false, 4),
            (true, 0),
            (false, 0),
            (false, 4),
            (false, 3),
            (false, 7),
        ];
        assert_eq!(seen, want);
    }

    #[test]
    fn a_bucket_in_one() {
        // 10 trials, 3 wrong: places 1, 5, 8. S: 0, 4, 3 2 1, 5, 4 3, 7, 6.
        let mut chart = BernoulliCusum::new(5, 8);
        assert_eq!(chart.see_many(10, 3), 0);
        assert_eq!(chart.s, 6);
        assert_eq!(chart.see_many(0, 5), 0);
        assert_eq!(chart.s, 6);
        // All wrong: 10 and a signal, then one at every other trial, and 4 is left of the last.
        assert_eq!(chart.see_many(4, 9), 2);
        assert_eq!(chart.s, 4);
    }

    #[test]
    fn buckets_of_any_size() {
        let mut chart = BernoulliCusum::new(69, 150);
        assert_eq!(chart.see_many(u64::MAX, 1), 0);
        assert_eq!(chart.s, 0);
        assert_eq!(chart.see_many(u64::MAX, 1_000), 0);
        let mut odd = BernoulliCusum::new(u32::MAX, u32::MAX - 1);
        assert_eq!(odd.see_many(u64::MAX, 3), 3);
        odd.s = u32::MAX;
        assert!(odd.see(true));
        assert_eq!(odd.s, 0);
        let mut none = BernoulliCusum::new(0, 0);
        assert!(none.see(false));
    }

    #[test]
    fn signals_come_as_far_apart_as_the_run_length_says() {
        for (p, seed) in [(0.1, 1), (0.2, 2)] {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut chart = BernoulliCusum::new(7, 31);
            let trials = 2_000_000;
            let signals = (0..trials)
                .filter(|_| chart.see(rng.random_bool(p)))
                .count();
            let want = bernoulli_cusum_arl(p, 7, 31, 0).unwrap();
            let got = f64::from(trials) / signals as f64;
            // Four standard errors: the run length is nearly geometric.
            assert!(
                (got / want - 1.0).abs() < 4.0 / (signals as f64).sqrt(),
                "{got} is not {want}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_bucket_is_its_trials(
            m in 0u32..40, h in 1u32..60, start in 0u32..60, trials in 0u64..200, share in 0.0f64..=1.0,
        ) {
            let wrong = (share * trials as f64) as u64;
            let mut whole = BernoulliCusum { m, h, s: start.min(h - 1) };
            let mut single = whole;
            let signals = spread(trials, wrong).into_iter().filter(|wrong| single.see(*wrong)).count();
            prop_assert_eq!(whole.see_many(trials, wrong), signals as u64);
            prop_assert_eq!(whole, single);
            prop_assert!(whole.s < h);
        }
    }
}

//! Run lengths of the CUSUM of single trials that are wrong or right.
//!
//! `S = max(0, S + m X - 1)` with X = 1 for a wrong trial and a signal where S reaches h: Reynolds & Stoumbos (1999), "A
//! CUSUM chart for monitoring a proportion when inspecting continuously", Journal of Quality Technology 31. S has no
//! values but whole numbers, so everything is exact.

use super::answer;

/// Thresholds above this are refused, so that no request lasts longer than a second.
pub(super) const GREATEST_THRESHOLD: u32 = 1 << 20;

/// The mean number of trials until the signal where each is wrong with probability `p`, started at `start` below `h`.
///
/// It takes time and space linear in `h`, because S falls by no more than 1 at a time: from any value all ways down lead
/// through the value below.
pub(crate) fn bernoulli_cusum_arl(p: f64, m: u32, h: u32, start: u32) -> Option<f64> {
    let valid = p > 0.0 && p <= 1.0 && m > 0 && start < h && h <= GREATEST_THRESHOLD;
    valid.then(|| descents(p, m, h, start)).and_then(answer)
}

/// A stretch of values of S, entered at its top: until S is below it, or the chart has signalled.
#[derive(Clone, Copy)]
struct Stretch {
    /// The mean number of trials until either.
    trials: f64,
    /// The chance to come out below.
    falls: f64,
    /// The chance of a signal. Kept beside the other because 1 less that one has no digits where it is rare.
    signals: f64,
}

impl Stretch {
    const EMPTY: Stretch = Stretch {
        trials: 0.0,
        falls: 1.0,
        signals: 0.0,
    };

    /// This stretch and the one right below.
    fn and_then(self, below: Stretch) -> Stretch {
        Stretch {
            trials: self.trials + self.falls * below.trials,
            falls: self.falls * below.falls,
            signals: self.signals + self.falls * below.signals,
        }
    }
}

/// The stretch of the values that a wrong trial climbs over, as it moves down: values join at the lower end and leave at
/// the upper. Two stacks, so that nothing needs to be taken out of a product again: that would lose all digits, since
/// signals are far rarer from the lower values than from the upper.
struct Climb {
    /// Values that leave first, each joined with those before it that leave later; the next to leave is the last.
    upper: Vec<Stretch>,
    /// Values below those, in the order in which they came.
    lower: Vec<Stretch>,
    /// All of `lower` as one.
    lower_whole: Stretch,
}

impl Climb {
    fn new() -> Climb {
        Climb {
            upper: Vec::new(),
            lower: Vec::new(),
            lower_whole: Stretch::EMPTY,
        }
    }

    fn len(&self) -> usize {
        self.upper.len() + self.lower.len()
    }

    fn whole(&self) -> Stretch {
        let upper = self.upper.last().copied().unwrap_or(Stretch::EMPTY);
        upper.and_then(self.lower_whole)
    }

    fn join(&mut self, value: Stretch) {
        self.lower.push(value);
        self.lower_whole = self.lower_whole.and_then(value);
    }

    fn leave(&mut self) {
        if self.upper.is_empty() {
            let mut whole = Stretch::EMPTY;
            while let Some(value) = self.lower.pop() {
                whole = value.and_then(whole);
                self.upper.push(whole);
            }
            self.lower_whole = Stretch::EMPTY;
        }
        self.upper.pop();
    }
}

/// First-step analysis from the top value down: a trial is right (1 - p) and S falls to the value below, or it is wrong
/// and S climbs, either to the signal or by m - 1, from where it comes back through every value or signals on the way.
/// All terms are positive and nothing is subtracted from anything near it.
fn descents(p: f64, m: u32, h: u32, start: u32) -> f64 {
    let climb = (m - 1) as usize;
    let mut above = Climb::new();
    let mut to_zero = Stretch::EMPTY;
    for value in (1..h).rev() {
        let here = one_value(p, back(&above, climb, h - value));
        if value <= start {
            to_zero = to_zero.and_then(here);
        }
        above.join(here);
        if above.len() > climb {
            above.leave();
        }
    }
    // At 0 a right trial stays there.
    let back = back(&above, climb, h);
    let from_zero = (1.0 + p * back.trials) / (p * back.signals);
    to_zero.trials + to_zero.falls * from_zero
}

/// What follows a wrong trial at a value that is `missing` short of the threshold, until S is back there.
fn back(above: &Climb, climb: usize, missing: u32) -> Stretch {
    let signal = Stretch {
        trials: 0.0,
        falls: 0.0,
        signals: 1.0,
    };
    if climb >= missing as usize {
        signal
    } else {
        above.whole()
    }
}

/// A single value of S, visited until a trial there is right or the chart signals.
fn one_value(p: f64, back: Stretch) -> Stretch {
    let out = (1.0 - p) + p * back.signals;
    Stretch {
        trials: (1.0 + p * back.trials) / out,
        falls: (1.0 - p) / out,
        signals: p * back.signals / out,
    }
}

#[cfg(test)]
mod tests {
    use super::super::chain::Chain;
    use super::*;
    use proptest::prelude::*;

    /// p, m, h, the run length and the decimals given: exact Markov chain, computed independently.
    const TABLE: [(f64, u32, u32, f64, i32); 12] = [
        (0.01, 69, 150, 1006.35, 2),
        (0.02, 69, 150, 244.63, 2),
        (0.01, 69, 327, 10047.2, 1),
        (0.02, 69, 327, 670.1, 1),
        (0.02, 35, 100, 1002.2, 1),
        (0.04, 35, 100, 174.1, 1),
        (0.05, 14, 54, 1059.79, 2),
        (0.10, 14, 54, 103.67, 2),
        (0.05, 14, 95, 10527.18, 2),
        (0.10, 14, 95, 204.6, 1),
        (0.10, 7, 31, 1043.6, 1),
        (0.20, 7, 31, 63.1, 1),
    ];

    /// By elimination over all pairs of values.
    fn dense(p: f64, m: u32, h: u32, start: u32) -> f64 {
        let value = |state: usize| if state == 0 { start } else { state as u32 - 1 };
        let moves = |from: usize, to: usize| {
            let (from, now) = (value(from), value(to));
            let right = if now == from.saturating_sub(1) {
                1.0 - p
            } else {
                0.0
            };
            let wrong = if now == from + m - 1 { p } else { 0.0 };
            if to == 0 { 0.0 } else { right + wrong }
        };
        let leaves = |from: usize| if value(from) + m > h { p } else { 0.0 };
        Chain::new(h as usize + 1, moves, leaves).mean_steps()
    }

    #[test]
    fn the_table() {
        for (p, m, h, want, digits) in TABLE {
            let got = bernoulli_cusum_arl(p, m, h, 0).unwrap();
            let half_a_digit = 0.5 * 10f64.powi(-digits);
            assert!((got - want).abs() <= half_a_digit, "{got} is not {want}");
        }
    }

    #[test]
    fn a_great_threshold_takes_no_time() {
        // No clock in the core: a time that grows with h squared or cubed would be noticed.
        let got = bernoulli_cusum_arl(0.01, 69, 20_000, 0).unwrap();
        assert!(got > 1e90);
        assert!(bernoulli_cusum_arl(0.1, 7, GREATEST_THRESHOLD, 0).is_none_or(|arl| arl > 1e90));
    }

    #[test]
    fn no_digit_is_lost_where_signals_are_rare() {
        // The equation of the first step holds to the last digits, above 1e20 as well.
        for h in [450, 2000] {
            let arl = |start: u32| bernoulli_cusum_arl(0.01, 50, h, start).unwrap();
            let got = arl(0);
            assert!(got > if h == 450 { 1e5 } else { 1e20 }, "{got}");
            for start in [0, 1, 100, h / 2, h - 50] {
                let after = 1.0 + 0.99 * arl(start.saturating_sub(1)) + 0.01 * arl(start + 49);
                assert!((after / arl(start) - 1.0).abs() < 1e-13);
            }
        }
        let (got, want) = (
            bernoulli_cusum_arl(0.1, 7, 180, 3).unwrap(),
            dense(0.1, 7, 180, 3),
        );
        assert!(
            got > 1e9 && (got / want - 1.0).abs() < 1e-12,
            "{got} is not {want}"
        );
    }

    #[test]
    fn by_hand() {
        // The first wrong trial signals.
        assert_eq!(bernoulli_cusum_arl(0.25, 5, 4, 0), Some(4.0));
        // Two wrong trials in a row, as HH: 1/p + 1/p^2.
        assert_eq!(bernoulli_cusum_arl(0.5, 2, 2, 0), Some(6.0));
        // All are wrong: 6 steps of 2.
        assert_eq!(bernoulli_cusum_arl(1.0, 3, 11, 0), Some(6.0));
    }

    #[test]
    fn what_has_no_answer() {
        for p in [0.0, -0.1, 1.1, f64::NAN] {
            assert_eq!(bernoulli_cusum_arl(p, 7, 31, 0), None);
        }
        assert_eq!(bernoulli_cusum_arl(0.1, 0, 31, 0), None);
        assert_eq!(bernoulli_cusum_arl(0.1, 7, 31, 31), None);
        assert_eq!(bernoulli_cusum_arl(0.1, 7, 0, 0), None);
        assert_eq!(bernoulli_cusum_arl(0.1, 7, u32::MAX, 0), None);
        // A wrong trial that adds nothing.
        assert_eq!(bernoulli_cusum_arl(0.1, 1, 31, 0), None);
        assert_eq!(bernoulli_cusum_arl(1e-300, 2, 1000, 0), None);
    }

    proptest! {
        #[test]
        fn as_the_dense_chain(p in 0.001f64..=1.0, m in 2u32..30, h in 1u32..60, start in 0u32..60) {
            let start = start.min(h - 1);
            let (got, want) = (bernoulli_cusum_arl(p, m, h, start), dense(p, m, h, start));
            match got {
                Some(got) => prop_assert!((got / want - 1.0).abs() < 1e-11, "{} is not {}", got, want),
                None => prop_assert!(!want.is_finite()),
            }
        }

        #[test]
        fn sooner_with_p_and_m_later_with_h(p in 0.01f64..0.9, more in 0.001f64..0.1, m in 2u32..30, h in 1u32..200) {
            let slack = 1.0 + 1e-12;
            // There is no answer where it is beyond all numbers.
            let arl = |p, m, h, start| bernoulli_cusum_arl(p, m, h, start).unwrap_or(f64::INFINITY);
            let got = arl(p, m, h, 0);
            prop_assert!(got * slack >= 1.0 / p);
            prop_assert!(arl(p + more, m, h, 0) <= got * slack);
            prop_assert!(arl(p, m + 1, h, 0) <= got * slack);
            prop_assert!(arl(p, m, h + 1, 0) * slack >= got);
            prop_assert!(arl(p, m, h, h / 2) <= got * slack);
        }

        #[test]
        fn an_answer_or_none_for_anything(
            p in any::<f64>(), share in 0.0f64..1.0, m in any::<u32>(), h in any::<u32>(), start in any::<u32>(),
            few in 0u32..500,
        ) {
            for got in [
                bernoulli_cusum_arl(p, m, h, start), bernoulli_cusum_arl(share, m, few, 0),
                bernoulli_cusum_arl(share, few, few, start), bernoulli_cusum_arl(p, few, few, few / 3),
            ].into_iter().flatten() {
                prop_assert!(got > 1.0 - 1e-9 && got.is_finite());
            }
        }
    }
}

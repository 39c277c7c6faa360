//! Does the confidence sequence hold what it promises? A simulation with a look after every case.

use super::confidence_sequence;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const ALPHA: f64 = 0.05;
const RUNS: u64 = 2_000;
const CASES: u32 = 10_000;

/// The logarithm of the mixture over the likelihood at the true p, case by case: it excludes p where it reaches
/// ln(1 / alpha). `B(a + s + 1, b + f) / B(a + s, b + f) = (a + s) / (a + b + n)`, so a case costs one logarithm.
struct Martingale {
    p: f64,
    n: f64,
    s: f64,
    log: f64,
}

impl Martingale {
    fn new(p: f64) -> Martingale {
        Martingale {
            p,
            n: 0.0,
            s: 0.0,
            log: 0.0,
        }
    }

    fn see(&mut self, wrong: bool) {
        let (seen, chance) = if wrong {
            (self.s, self.p)
        } else {
            (self.n - self.s, 1.0 - self.p)
        };
        self.log += ((0.5 + seen) / (1.0 + self.n) / chance).ln();
        self.n += 1.0;
        self.s += f64::from(u8::from(wrong));
    }

    fn excludes(&self) -> bool {
        self.log >= -ALPHA.ln()
    }
}

#[test]
fn the_truth_is_ever_excluded_in_at_most_a_twentieth_of_the_runs() {
    for p in [0.005, 0.02, 0.1] {
        let mut excluded = 0;
        for run in 0..RUNS {
            let mut rng = ChaCha8Rng::seed_from_u64(run);
            let mut martingale = Martingale::new(p);
            for _ in 0..CASES {
                martingale.see(rng.random_bool(p));
                if martingale.excludes() {
                    excluded += 1;
                    break;
                }
            }
        }
        let share = excluded as f64 / RUNS as f64;
        assert!(share <= ALPHA, "{share} at p = {p}");
        // It is not empty caution either: some runs go astray.
        assert!(excluded > 0, "none at p = {p}");
    }
}

#[test]
fn case_by_case_it_says_what_the_interval_says() {
    // Held against a p that is not the true one, so far from it that both answers come.
    for (p, held, seed) in [
        (0.005, 0.0125, 1),
        (0.02, 0.035, 2),
        (0.1, 0.13, 3),
        (0.5, 0.65, 4),
    ] {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut martingale = Martingale::new(held);
        let mut said = [0, 0];
        for _ in 0..4_000 {
            martingale.see(rng.random_bool(p));
            // Every case at first (0.65 against 0.5 is settled within a hundred), then now and then.
            let n = martingale.n as u32;
            if n < 97 || n.is_multiple_of(97) {
                let ci = confidence_sequence(martingale.n, martingale.s, ALPHA);
                let outside = held < ci.lower || held > ci.upper;
                assert_eq!(outside, martingale.excludes(), "{p}, {n}");
                said[usize::from(outside)] += 1;
            }
        }
        // Both answers came, so their agreement means something.
        assert!(said.iter().all(|times| *times > 0), "{p}: {said:?}");
    }
}

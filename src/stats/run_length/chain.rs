//! The mean number of steps until a Markov chain leaves its states.

/// A chain that starts in state 0 and leaves its states sooner or later.
pub(super) struct Chain {
    size: usize,
    /// Chances of moving from one state to another, row by row. What is on the diagonal is never read.
    moves: Vec<f64>,
    /// The chance to leave, by state.
    leaves: Vec<f64>,
}

impl Chain {
    /// `moves(i, j)` is the chance to go from i to j, `leaves(i)` that to leave from i.
    pub(crate) fn new(
        size: usize,
        moves: impl Fn(usize, usize) -> f64,
        leaves: impl Fn(usize) -> f64,
    ) -> Chain {
        let moves = &moves;
        Chain {
            size,
            moves: (0..size)
                .flat_map(|from| (0..size).map(move |to| moves(from, to)))
                .collect(),
            leaves: (0..size).map(leaves).collect(),
        }
    }

    /// The mean number of steps from state 0, the leaving one included; infinite where no way leads out.
    ///
    /// States are eliminated from the last to the first, each replaced by the direct moves and the steps of the ways
    /// through it (Grassmann, Taksar & Heyman 1985, "Regenerative analysis and steady state distributions for Markov
    /// chains", Operations Research 33). The chance to stay is taken as what the moves and the leaving don't add up to,
    /// so that nothing is ever subtracted: each digit of a run length of 1e12 is as good as those of one of 10, and
    /// none can come out negative (O'Cinneide 1996, "Relative-error bounds for the LU decomposition via the GTH
    /// algorithm", Numerische Mathematik 73).
    pub(crate) fn mean_steps(mut self) -> f64 {
        let mut steps = vec![1.0; self.size];
        for last in (1..self.size).rev() {
            let (before, after) = self.moves.split_at_mut(last * self.size);
            let onward = &after[..last];
            let away = self.leaves[last] + onward.iter().sum::<f64>();
            for (from, row) in before.chunks_mut(self.size).enumerate() {
                if row[last] <= 0.0 {
                    continue;
                }
                if away <= 0.0 {
                    return f64::INFINITY;
                }
                let visits = row[last] / away;
                for (direct, through) in row.iter_mut().zip(onward) {
                    *direct += visits * through;
                }
                self.leaves[from] += visits * self.leaves[last];
                steps[from] += visits * steps[last];
            }
        }
        match (steps.first(), self.leaves.first()) {
            (Some(steps), Some(leaves)) => steps / leaves,
            _ => f64::INFINITY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_state_is_geometric() {
        assert_eq!(Chain::new(1, |_, _| 0.0, |_| 0.125).mean_steps(), 8.0);
    }

    #[test]
    fn a_fair_walk_between_a_wall_and_an_exit() {
        // From 0 up only, from elsewhere up or down with 1/2, out after n - 1: n^2 steps (Feller, volume 1, XIV.3).
        let n = 40;
        let step = |from: usize, to: usize| match (from, to) {
            (0, 1) => 1.0,
            (from, to) if from > 0 && from.abs_diff(to) == 1 => 0.5,
            _ => 0.0,
        };
        let chain = Chain::new(n, step, |from| if from == n - 1 { 0.5 } else { 0.0 });
        assert!((chain.mean_steps() - 1600.0).abs() < 1e-9);
    }

    #[test]
    fn digits_stay_where_leaving_is_rare() {
        // Between two states at will, out of the second with 1e-200 only.
        let leaves = |from: usize| if from == 1 { 1e-200 } else { 0.0 };
        let chain = Chain::new(2, |_, _| 0.5, leaves);
        assert!((chain.mean_steps() / 2e200 - 1.0).abs() < 1e-14);
    }

    #[test]
    fn no_way_out() {
        assert_eq!(
            Chain::new(1, |_, _| 0.0, |_| 0.0).mean_steps(),
            f64::INFINITY
        );
        assert_eq!(
            Chain::new(3, |_, to| if to == 2 { 0.5 } else { 0.0 }, |_| 0.0).mean_steps(),
            f64::INFINITY
        );
        assert_eq!(
            Chain::new(0, |_, _| 0.0, |_| 0.0).mean_steps(),
            f64::INFINITY
        );
    }

    proptest! {
        /// The defining equations hold: a step and then whatever is left from there.
        #[test]
        fn first_step_analysis(
            weights in prop::collection::vec(0.0f64..1.0, 25), out in prop::collection::vec(0.001f64..1.0, 5),
        ) {
            let total = |from: usize| weights[5 * from..5 * from + 5].iter().sum::<f64>() + out[from];
            // Renumbered so that `first` comes first.
            let from_state = |first: usize| {
                let name = |state: usize| (state + first) % 5;
                Chain::new(
                    5,
                    |i, j| weights[5 * name(i) + name(j)] / total(name(i)),
                    |i| out[name(i)] / total(name(i)),
                ).mean_steps()
            };
            let all: Vec<f64> = (0..5).map(from_state).collect();
            for from in 0..5 {
                let after: f64 = (0..5).map(|to| weights[5 * from + to] / total(from) * all[to]).sum();
                prop_assert!((1.0 + after - all[from]).abs() < 1e-9 * all[from]);
            }
        }
    }
}

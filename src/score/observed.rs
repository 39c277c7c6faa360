//! The cases that a deviation is measured on, and how far it may be off for what nobody knows of them.

use super::bounds::{Bounds, widened_bounds};
use crate::measure::{Counts, Sums};
use crate::model::Ppm;

/// Cases with the sum of their deviations, as far as that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Observed {
    /// Cases.
    pub(super) cases: i64,
    /// Sum of their deviations, if all unknown ones are as designed beyond what they are known to deviate by.
    pub(super) least: f64,
    /// Of the cases, those that nothing shows to be right or wrong.
    pub(super) unknown: i64,
    /// The sum of the known deviations of those.
    unknown_least: f64,
}

impl Observed {
    /// The ended cases of some sums.
    pub(super) fn of(sums: &Sums) -> Observed {
        let unknown = sums.unknown.iter().map(|((_, ppm), count)| (ppm, count));
        Observed::new(&sums.deviations, unknown)
    }

    /// Open cases by how far they deviate already.
    pub(super) fn of_open(deviations: &Counts<Ppm>) -> Observed {
        Observed::new(deviations, std::iter::empty())
    }

    /// Those whose outcome is confirmed.
    pub(super) fn confirmed(sums: &Sums) -> Observed {
        Observed::new(&sums.confirmed, sums.confirmed_unknown.iter())
    }

    /// Cases of which everything is known.
    pub(super) fn known(cases: i64, sum: f64) -> Observed {
        Observed {
            cases,
            least: sum,
            ..Observed::default()
        }
    }

    fn new(
        deviations: &Counts<Ppm>,
        unknown: impl Iterator<Item = (Ppm, i64)> + Clone,
    ) -> Observed {
        Observed {
            cases: deviations.total(),
            least: sum(deviations.iter()),
            unknown: unknown.clone().map(|(_, count)| count).sum(),
            unknown_least: sum(unknown),
        }
    }

    /// Both together.
    pub(super) fn plus(self, other: Observed) -> Observed {
        Observed {
            cases: self.cases + other.cases,
            least: self.least + other.least,
            unknown: self.unknown + other.unknown,
            unknown_least: self.unknown_least + other.unknown_least,
        }
    }

    /// Whether anything is known of any case.
    pub(super) fn is_measured(&self) -> bool {
        self.cases > self.unknown
    }

    /// The share of the cases that nothing shows to be right or wrong.
    pub(super) fn unknown_share(&self) -> f64 {
        match self.cases {
            0 => 0.0,
            cases => self.unknown as f64 / cases as f64,
        }
    }

    /// The mean deviation of the cases of which it is known; `None` if it is known of none.
    pub(super) fn mean(&self) -> Option<f64> {
        let known = (self.cases - self.unknown) as f64;
        self.is_measured()
            .then(|| (self.least - self.unknown_least) / known)
    }

    /// The mean deviation of all cases, from all unknown ones as designed to all of them wrong.
    pub(super) fn range(&self) -> [f64; 2] {
        let cases = self.cases as f64;
        [self.least / cases, self.greatest() / cases]
    }

    /// Sum of the deviations if all unknown cases are wrong.
    pub(super) fn greatest(&self) -> f64 {
        self.least + self.unknown as f64 - self.unknown_least
    }

    /// The mean with the interval that holds whatever the unknown cases are. `None` if nothing is known of any.
    pub(super) fn bounds(&self, alpha: f64, lost: f64) -> Option<Bounds> {
        let mean = self.mean()?;
        let n = self.cases as f64;
        let least = widened_bounds(n, self.least, alpha, lost);
        if self.unknown == 0 {
            return Some(least);
        }
        let greatest = widened_bounds(n, self.greatest(), alpha, lost);
        Some(Bounds {
            mean,
            lower: least.lower,
            upper: greatest.upper,
        })
    }
}

fn sum(deviations: impl Iterator<Item = (Ppm, i64)>) -> f64 {
    let each = deviations.map(|(ppm, count)| i128::from(ppm) * i128::from(count));
    each.sum::<i128>() as f64 / f64::from(Ppm::ONE.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NameId;
    use proptest::prelude::*;

    fn sums(known: &[(u32, i64)], unknown: &[(u32, i64)]) -> Sums {
        let mut sums = Sums::default();
        for (ppm, count) in known.iter().chain(unknown) {
            sums.deviations.add(Ppm(*ppm), *count);
        }
        for (ppm, count) in unknown {
            sums.unknown.add((NameId(1), Ppm(*ppm)), *count);
        }
        sums
    }

    #[test]
    fn the_mean_is_that_of_the_known_cases_and_the_range_that_of_all() {
        let observed = Observed::of(&sums(
            &[(0, 40), (1_000_000, 20)],
            &[(0, 30), (500_000, 10)],
        ));
        assert_eq!(observed.cases, 100);
        assert_eq!(observed.unknown_share(), 0.4);
        assert_eq!(observed.mean(), Some(20.0 / 60.0));
        assert_eq!(observed.range(), [0.25, 0.6]);
        let nothing = Observed::of(&sums(&[], &[(0, 3)]));
        assert!(!nothing.is_measured() && nothing.bounds(0.05, 0.0).is_none());
    }

    proptest! {
        #[test]
        fn the_interval_holds_whatever_the_unknown_cases_turn_out_to_be(
            known in proptest::collection::vec((0u32..=1_000_000, 1i64..50), 1..4),
            unknown in 0i64..50,
            wrong in 0i64..50,
        ) {
            let wrong = wrong.min(unknown);
            let before = Observed::of(&sums(&known, &[(0, unknown)])).bounds(0.05, 0.0).unwrap();
            let mut told = known.clone();
            told.extend([(0, unknown - wrong), (1_000_000, wrong)]);
            let after = Observed::of(&sums(&told, &[])).bounds(0.05, 0.0).unwrap();
            prop_assert!(before.lower <= after.lower + 1e-12);
            prop_assert!(before.upper >= after.upper - 1e-12);
            prop_assert!(before.lower <= before.mean && before.mean <= before.upper);
        }
    }
}

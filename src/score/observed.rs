//! The cases that a deviation is measured on, and how far it may be off for what nobody knows of them.

use super::bounds::{Bounds, widened_bounds};
use super::dependence::{Counting, Days, Dependence, Independence, cluster_effect};
use super::young::{IF_MOST_ARE_YOUNG, Young};
use crate::measure::{Counts, Sums};
use crate::model::{Direction, Ppm};

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
    /// What they may still show.
    pub(super) young: Young,
    /// How much evidence they are.
    pub(super) dependence: Dependence,
}

impl Observed {
    /// Open cases by how far they deviate already.
    pub(super) fn of_open(deviations: &Counts<Ppm>) -> Observed {
        Observed::new(deviations, std::iter::empty())
    }

    /// The ended cases of some sums, or those of them whose outcome is confirmed; `cluster` is how
    /// many cases are assumed to have one cause, until it is known.
    pub(super) fn of(all: &[&Sums], confirmed: bool, cluster: f64) -> Observed {
        let mut observed = Observed::default();
        let mut days = Days::default();
        for sums in all {
            observed.add(&match confirmed {
                true => Observed::new(&sums.confirmed, sums.confirmed_unknown.iter()),
                false => Observed::new(&sums.deviations, unknown(sums)),
            });
            days.add(sums, confirmed);
        }
        let direction = None;
        observed.depending_as(
            all,
            days.dependence(cluster),
            Counting {
                confirmed,
                direction,
            },
        )
    }

    /// The ended cases of some sums, or the confirmed ones of them, where a case counts as wrong if it went wrong in this
    /// direction.
    pub(super) fn of_direction(
        all: &[&Sums],
        confirmed: bool,
        cluster: f64,
        direction: Direction,
    ) -> Observed {
        let mut observed = Observed::default();
        let mut days = Days::default();
        for sums in all {
            let (cases, unknown) = match confirmed {
                true => (sums.confirmed.total(), sums.confirmed_undirected),
                false => (sums.cases, sums.undirected),
            };
            observed.cases += cases;
            observed.unknown += unknown;
            observed.least += directed(sums, confirmed, direction) as f64;
            days.add_directed(sums, confirmed, direction);
        }
        let direction = Some(direction);
        observed.depending_as(
            all,
            days.dependence(cluster),
            Counting {
                confirmed,
                direction,
            },
        )
    }

    /// With what days and clusters say of how far they depend on each other.
    fn depending_as(self, all: &[&Sums], by_day: Dependence, counting: Counting) -> Observed {
        let whole = (self.cases as f64, self.least);
        Observed {
            dependence: Dependence {
                by_cluster: cluster_effect(all, counting, whole),
                ..by_day
            },
            ..self
        }
    }

    /// The same cases, if nothing could have shown what went wrong with them.
    pub(super) fn all_unknown(self) -> Observed {
        Observed {
            least: 0.0,
            unknown: self.cases,
            unknown_least: 0.0,
            ..self
        }
    }

    /// Cases of which everything is known.
    pub(super) fn known(cases: i64, sum: f64, dependence: Dependence) -> Observed {
        Observed {
            cases,
            least: sum,
            dependence,
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
            ..Observed::default()
        }
    }

    /// Adds what is expected of cases that are too young to have been challenged.
    pub(super) fn expect(&mut self, young: Young) {
        let seen = (self.least - young.challenged).max(0.0);
        let expected = young.challenged.min(self.least) + young.expected_at_most;
        let variance = seen + expected * young.inflation;
        if seen + expected > 0.0 {
            self.dependence.not_yet_seen = (variance / (seen + expected)).max(1.0);
        }
        self.young = young;
    }

    /// How much evidence they are, for people.
    pub(super) fn independence(&self) -> Independence {
        let design_effect = self.dependence.design_effect();
        let is_scored = self.cases > 0;
        Independence {
            design_effect: is_scored.then_some(design_effect),
            design_effect_assumed: is_scored && self.dependence.is_assumed(),
            independent_cases: is_scored.then(|| self.cases as f64 / design_effect),
            clusters: self.dependence.days,
            not_yet_seen: self.dependence.not_yet_seen,
            design_effect_by_cluster: self.dependence.by_cluster.map(|by| by.effect),
            mapped_clusters: self.dependence.by_cluster.map(|by| by.clusters),
        }
    }

    /// Adds cases that say nothing of how others depend on each other.
    pub(super) fn add(&mut self, other: &Observed) {
        self.cases += other.cases;
        self.least += other.least;
        self.unknown += other.unknown;
        self.unknown_least += other.unknown_least;
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
            .then(|| (self.least + self.young.in_mean - self.unknown_least) / known)
    }

    /// The mean deviation of all cases, from all unknown ones as designed to all of them wrong.
    pub(super) fn range(&self) -> [f64; 2] {
        let cases = self.cases as f64;
        [self.least / cases, self.greatest() / cases]
    }

    /// Sum of the deviations with what is still expected, if all unknown cases are wrong.
    pub(super) fn greatest(&self) -> f64 {
        let greatest = self.least + self.unknown as f64 - self.unknown_least;
        (greatest + self.young.expected_at_most).min(self.cases as f64)
    }

    /// The mean with the interval that holds whatever the unknown cases are, and whatever young ones will turn out to be. `None`
    /// if nothing is known of any.
    pub(super) fn bounds(&self, alpha: f64, lost: f64) -> Option<Bounds> {
        let mean = self.mean()?;
        let n = self.cases as f64;
        let widened = |sum, factor| widened_bounds(n, sum, factor, alpha, lost);
        let least = widened(self.least, self.dependence.design_effect());
        if self.unknown == 0 && self.young.expected_at_most <= 0.0 {
            return Some(least);
        }
        let greatest = widened(self.greatest(), self.dependence.with_expected());
        Some(Bounds {
            mean,
            lower: least.lower,
            upper: greatest.upper.max(self.share_if_young_deviate().min(1.0)),
        })
    }

    /// Whether so many cases are young that how many of them will be challenged is hardly known.
    pub(super) fn young_too_many(&self) -> bool {
        self.young.cases * 2 > self.cases
    }

    /// The mean deviation if so many cases are young that challenges may be several times as many; else 0.
    fn share_if_young_deviate(&self) -> f64 {
        if !self.young_too_many() {
            return 0.0;
        }
        let challenged = self.young.challenged.min(self.least);
        let most = IF_MOST_ARE_YOUNG * (challenged + self.young.expected);
        (self.greatest() - challenged - self.young.expected_at_most + most).max(0.0)
            / self.cases as f64
    }

    /// How many more clean cases it takes at least before that is at most a limit.
    pub(super) fn clean_cases_for_young(&self, limit: f64) -> u64 {
        let cases = self.cases as f64;
        (self.share_if_young_deviate() * cases / limit - cases)
            .ceil()
            .max(0.0) as u64
    }
}

/// The cases that nothing shows to be right or wrong, by how far they deviate at least.
fn unknown(sums: &Sums) -> impl Iterator<Item = (Ppm, i64)> + Clone {
    sums.unknown.iter().map(|((_, ppm), count)| (ppm, count))
}

/// Cases that went wrong in a direction.
fn directed(sums: &Sums, confirmed: bool, direction: Direction) -> i64 {
    let each = sums.directed.iter();
    let wrong = each.filter(|(key, _)| key.direction == direction && (key.confirmed || !confirmed));
    wrong.map(|(_, count)| count).sum()
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

    fn observed(sums: &Sums) -> Observed {
        Observed::of(&[sums], false, 0.0)
    }

    #[test]
    fn the_mean_is_that_of_the_known_cases_and_the_range_that_of_all() {
        let all = observed(&sums(
            &[(0, 40), (1_000_000, 20)],
            &[(0, 30), (500_000, 10)],
        ));
        assert_eq!(all.cases, 100);
        assert_eq!(all.unknown_share(), 0.4);
        assert_eq!(all.mean(), Some(20.0 / 60.0));
        assert_eq!(all.range(), [0.25, 0.6]);
        let nothing = observed(&sums(&[], &[(0, 3)]));
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
            let before = observed(&sums(&known, &[(0, unknown)])).bounds(0.05, 0.0).unwrap();
            let mut told = known.clone();
            told.extend([(0, unknown - wrong), (1_000_000, wrong)]);
            let after = observed(&sums(&told, &[])).bounds(0.05, 0.0).unwrap();
            prop_assert!(before.lower <= after.lower + 1e-12);
            prop_assert!(before.upper >= after.upper - 1e-12);
            prop_assert!(before.lower <= before.mean && before.mean <= before.upper);
        }
    }
}

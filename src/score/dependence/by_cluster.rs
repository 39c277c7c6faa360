//! How far cases with one cause depend on each other, if the mapping says which have one (`cluster`).

use super::DEVIATING_DAYS;
use crate::measure::{Sampled, Sums};
use crate::model::{Direction, Ppm};
use std::collections::BTreeMap;

/// From so many clusters with a deviation on, the data says how far their cases depend on each other.
const DEVIATING_CLUSTERS: f64 = DEVIATING_DAYS as f64;

/// The design effect by cluster.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::score) struct ByCluster {
    /// Clusters that the mapping names.
    pub(in crate::score) clusters: i64,
    /// The design effect, at least 1.
    pub(in crate::score) effect: f64,
    /// Whether too few clusters have a deviation, so that the cases of each are taken to end alike.
    pub(in crate::score) assumed: bool,
}

/// Cases and the sum of their deviations.
type Counted = (f64, f64);

/// Which cases count, and what is wrong with one.
#[derive(Clone, Copy)]
pub(in crate::score) struct Counting {
    /// Only those whose outcome is confirmed.
    pub(in crate::score) confirmed: bool,
    /// Wrong is what went wrong in this direction; `None`: by how far it deviates.
    pub(in crate::score) direction: Option<Direction>,
}

/// The design effect of these cases, of which there are so many with so many deviations. `None` if none of them has a cluster.
pub(in crate::score) fn cluster_effect(
    all: &[&Sums],
    counting: Counting,
    whole: Counted,
) -> Option<ByCluster> {
    let mut keys = Sampled::default();
    all.iter().for_each(|sums| keys.merge(&sums.clusters, 1));
    let sample = keys.sample();
    let mut clusters: BTreeMap<u64, (i64, i64)> = BTreeMap::new();
    for (key, count) in sample.counts.iter() {
        if counting.confirmed && !key.confirmed {
            continue;
        }
        let wrong = match counting.direction {
            None => key.deviation,
            Some(direction) if key.direction == Some(direction) => Ppm::ONE,
            Some(_) => Ppm::ZERO,
        };
        let (cases, ppm) = clusters.entry(key.cluster).or_default();
        *cases += count;
        *ppm += count * i64::from(wrong);
    }
    let sums = |(cases, ppm): &(i64, i64)| (*cases as f64, *ppm as f64 / f64::from(Ppm::ONE.0));
    let clusters: Vec<Counted> = clusters.values().map(sums).collect();
    // Where they are many, one in so many is kept.
    effect(&clusters, 2f64.powi(i32::from(sample.level)), whole)
}

/// The same of these clusters, each of which stands for so many. A case without a cluster is one of its own.
fn effect(clusters: &[Counted], each: f64, (n, s): Counted) -> Option<ByCluster> {
    if clusters.is_empty() || n <= 0.0 {
        return None;
    }
    let total = |of: fn(&Counted) -> f64| each * clusters.iter().map(of).sum::<f64>();
    let alone = (n - total(|(cases, _)| *cases)).max(0.0);
    let wrong_alone = (s - total(|(_, sum)| *sum)).max(0.0);
    let units = each * clusters.len() as f64 + alone;
    let deviating = each * clusters.iter().filter(|(_, sum)| *sum > 0.0).count() as f64;
    let p = s / n;
    let independent = n * p * (1.0 - p) * n / (n - 1.0);
    let is_enough = deviating + wrong_alone.round() >= DEVIATING_CLUSTERS;
    let is_measured = is_enough && independent > 0.0 && units > 1.0;
    let found = |effect: f64, assumed| ByCluster {
        clusters: (each * clusters.len() as f64) as i64,
        effect: effect.max(1.0),
        assumed,
    };
    if !is_measured {
        // A clean record is that of as many causes as there are.
        return Some(found(n / units.max(1.0), true));
    }
    let off = |(cases, sum): &Counted| (sum - p * cases).powi(2);
    // As if each deviated wholly or not at all, which is the most that it can be.
    let off_alone = wrong_alone * (1.0 - p).powi(2) + (alone - wrong_alone).max(0.0) * p * p;
    let squares = each * clusters.iter().map(off).sum::<f64>() + off_alone;
    let effect = units / (units - 1.0) * squares / independent;
    Some(found(effect, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_that_end_alike_are_worth_one_case_each() {
        // 40 clusters of 5, a tenth of them all wrong.
        let clusters: Vec<Counted> = (0..40)
            .map(|nth| (5.0, if nth % 10 == 0 { 5.0 } else { 0.0 }))
            .collect();
        let found = effect(&clusters, 1.0, (200.0, 20.0)).unwrap();
        assert!(!found.assumed && found.clusters == 40);
        assert!((found.effect - 5.0).abs() < 0.15, "{found:?}");
        // Half of what is kept says the same.
        let half = effect(&clusters[..20], 2.0, (200.0, 20.0)).unwrap();
        assert!((half.effect - 5.0).abs() < 0.3, "{half:?}");
        // Spread as evenly as can be, they are independent at least.
        let even = vec![(10.0, 1.0); 20];
        assert_eq!(effect(&even, 1.0, (200.0, 20.0)).unwrap().effect, 1.0);
    }

    #[test]
    fn a_clean_record_is_that_of_as_many_causes_as_there_are() {
        // One campaign of 100 cases, and 100 cases that have no cluster.
        let found = effect(&[(100.0, 0.0)], 1.0, (200.0, 0.0)).unwrap();
        assert!(found.assumed);
        assert!((found.effect - 200.0 / 101.0).abs() < 1e-12);
        // All of one cause are one case.
        let one = effect(&[(200.0, 200.0)], 1.0, (200.0, 200.0)).unwrap();
        assert_eq!(one.effect, 200.0);
        assert_eq!(effect(&[], 1.0, (200.0, 20.0)), None);
    }

    #[test]
    fn cases_without_a_cluster_are_independent() {
        // Three bad causes of ten cases each among 970 others, of which 3 % are wrong.
        let clusters = vec![(10.0, 10.0); 3];
        let found = effect(&clusters, 1.0, (1000.0, 59.0)).unwrap();
        assert!(found.effect > 4.0 && found.effect < 6.0, "{found:?}");
        let alone = effect(&[(1.0, 1.0); 30], 1.0, (1000.0, 59.0)).unwrap();
        assert!(alone.effect < 1.05, "{alone:?}");
    }
}

//! Do groups differ in spread?

use super::describe::compensated_sum;
use super::distribution::f_upper_tail;

/// The outcome of a test of equal spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SpreadTest {
    /// W: the larger, the less alike are the spreads; about 1 where they are alike.
    pub(crate) statistic: f64,
    /// The chance of such a W or a larger one where spreads are alike.
    pub(crate) p_value: f64,
}

/// The test of Brown & Forsythe (1974), "Robust tests for the equality of variances", JASA 69: an analysis of variance of
/// the distances from the median of each group, with F on `k - 1` and `N - k` degrees of freedom.
///
/// Each group is a list of (value, how often), as histograms have them, in any order. Groups without observations are
/// passed over. `None` with fewer than two groups, with no more observations than groups, where values are not finite, or
/// where distances don't vary within any group (W would be 0 / 0 or infinite).
pub(crate) fn brown_forsythe(groups: &[Vec<(f64, u64)>]) -> Option<SpreadTest> {
    let groups: Vec<Distances> = groups.iter().filter_map(|group| distances(group)).collect();
    let k = groups.len() as f64;
    let n = groups.iter().map(|group| group.count).sum::<f64>();
    if groups.len() < 2 || n <= k {
        return None;
    }
    let grand = compensated_sum(groups.iter().map(|group| group.count * group.mean)) / n;
    let between = groups
        .iter()
        .map(|group| group.count * (group.mean - grand).powi(2));
    let between = compensated_sum(between) / (k - 1.0);
    let within = compensated_sum(groups.iter().map(|group| group.squares)) / (n - k);
    // Distances are right to some roundings of the values: a variance below that is none.
    let largest = groups.iter().map(|group| group.largest).fold(0.0, f64::max);
    let rounding = (8.0 * f64::EPSILON * largest).powi(2);
    let statistic = between / within;
    if !statistic.is_finite() || within <= rounding {
        return None;
    }
    Some(SpreadTest {
        statistic,
        p_value: f_upper_tail(statistic, k - 1.0, n - k),
    })
}

/// The distances of a group's values from their median.
struct Distances {
    count: f64,
    mean: f64,
    /// Sum of their squared deviations from their mean.
    squares: f64,
    /// The greatest value, without its sign.
    largest: f64,
}

/// `None` for a group without observations.
fn distances(group: &[(f64, u64)]) -> Option<Distances> {
    let mut group: Vec<(f64, u64)> = group
        .iter()
        .copied()
        .filter(|(_, often)| *often > 0)
        .collect();
    group.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let median = median(&group)?;
    let count = group.iter().map(|(_, often)| *often as f64).sum::<f64>();
    let distances = || {
        group
            .iter()
            .map(|(value, often)| ((value - median).abs(), *often as f64))
    };
    let mean = compensated_sum(distances().map(|(distance, often)| often * distance)) / count;
    let squares = distances().map(|(distance, often)| often * (distance - mean).powi(2));
    Some(Distances {
        count,
        mean,
        squares: compensated_sum(squares),
        largest: group
            .iter()
            .map(|(value, _)| value.abs())
            .fold(0.0, f64::max),
    })
}

/// The median of sorted values: the middle one, or the mean of the middle two.
fn median(sorted: &[(f64, u64)]) -> Option<f64> {
    let count: u128 = sorted.iter().map(|(_, often)| u128::from(*often)).sum();
    let at = |rank: u128| {
        let mut seen = 0;
        let reaches = |(_, often): &&(f64, u64)| {
            seen += u128::from(*often);
            seen > rank
        };
        sorted.iter().find(reaches).map(|(value, _)| *value)
    };
    let (low, high) = (at(count.checked_sub(1)? / 2)?, at(count / 2)?);
    Some(low + 0.5 * (high - low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// NIST/SEMATECH handbook, GEAR.DAT (section 1.3.5.7): diameters of gears in ten batches of ten, in thousandths.
    const GEAR: [[u16; 10]; 10] = [
        [1006, 996, 998, 1000, 992, 993, 1002, 999, 994, 1000],
        [998, 1006, 1000, 1002, 997, 998, 996, 1000, 1006, 988],
        [991, 987, 997, 999, 995, 994, 1000, 999, 996, 996],
        [1005, 1002, 994, 1000, 995, 994, 998, 996, 1002, 996],
        [998, 998, 982, 990, 1002, 984, 996, 993, 980, 996],
        [1009, 1013, 1009, 997, 988, 1002, 995, 998, 981, 996],
        [990, 1004, 996, 1001, 998, 1000, 1018, 1010, 996, 1002],
        [998, 1000, 1006, 1000, 1002, 996, 998, 996, 1002, 1006],
        [1002, 998, 996, 995, 996, 1004, 1004, 998, 999, 991],
        [991, 995, 984, 994, 997, 997, 991, 998, 1004, 997],
    ];

    fn gear(often: u64) -> Vec<Vec<(f64, u64)>> {
        let value = |thousandths: &u16| (f64::from(*thousandths) / 1000.0, often);
        GEAR.iter()
            .map(|batch| batch.iter().map(value).collect())
            .collect()
    }

    #[test]
    fn gear_diameters() {
        let found = brown_forsythe(&gear(1)).unwrap();
        assert!((found.statistic - 1.7059176930).abs() < 1e-9, "{found:?}");
        assert!((found.p_value - 0.0990829756).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn how_often_is_as_good_as_again_and_again() {
        let mut again = gear(1);
        for batch in &mut again {
            *batch = batch.repeat(10);
        }
        let (often, again) = (
            brown_forsythe(&gear(10)).unwrap(),
            brown_forsythe(&again).unwrap(),
        );
        assert!((often.statistic - again.statistic).abs() < 1e-12 * again.statistic);
        assert!((often.p_value - again.p_value).abs() < 1e-12);
        // Ten times the data with the same spreads: far more evidence.
        assert!(often.p_value < 1e-4);
    }

    #[test]
    fn millions_of_observations() {
        let group = |spread: f64| {
            vec![
                (100.0 - spread, 1_000_000),
                (100.0, 3_000_000),
                (100.0 + spread, 1_000_000),
            ]
        };
        let alike = brown_forsythe(&[group(1.0), group(1.0)]).unwrap();
        assert_eq!((alike.statistic, alike.p_value), (0.0, 1.0));
        let apart = brown_forsythe(&[group(1.0), group(1.01)]).unwrap();
        assert!(apart.statistic > 50.0 && apart.p_value < 1e-12);
    }

    #[test]
    fn what_is_not_defined() {
        let varied = vec![(1.0, 2), (2.0, 1), (5.0, 4)];
        assert_eq!(brown_forsythe(&[]), None);
        assert_eq!(brown_forsythe(std::slice::from_ref(&varied)), None);
        assert_eq!(brown_forsythe(&[varied.clone(), vec![]]), None);
        assert_eq!(brown_forsythe(&[varied.clone(), vec![(3.0, 0)]]), None);
        assert_eq!(brown_forsythe(&[vec![(1.0, 1)], vec![(2.0, 1)]]), None);
        assert_eq!(brown_forsythe(&[vec![(1.0, 9)], vec![(2.0, 9)]]), None);
        // Both values of each group are as far from their median, but for rounding.
        assert_eq!(
            brown_forsythe(&[vec![(0.1, 1), (0.3, 1)], vec![(0.1, 1), (0.7, 1)]]),
            None
        );
        assert_eq!(
            brown_forsythe(&[varied.clone(), vec![(f64::NAN, 3), (1.0, 1)]]),
            None
        );
        assert_eq!(
            brown_forsythe(&[varied, vec![(f64::INFINITY, 3), (1.0, 9)]]),
            None
        );
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_p_is_a_chance(
            groups in prop::collection::vec(prop::collection::vec((-50i32..50, 1u64..5), 0..12), 0..5),
        ) {
            let as_values = |group: &Vec<(i32, u64)>| -> Vec<(f64, u64)> {
                group.iter().map(|(value, often)| (f64::from(*value), *often)).collect()
            };
            let plain: Vec<Vec<(f64, u64)>> = groups.iter().map(as_values).collect();
            let mut reversed = plain.clone();
            reversed.iter_mut().for_each(|group| group.reverse());
            let found = brown_forsythe(&plain);
            prop_assert_eq!(found, brown_forsythe(&reversed));
            if let Some(found) = found {
                prop_assert!(found.statistic >= 0.0 && found.statistic.is_finite());
                prop_assert!((0.0..=1.0).contains(&found.p_value));
            }
        }
    }
}

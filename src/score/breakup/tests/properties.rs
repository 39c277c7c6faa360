//! What holds for every process.

use super::super::parts::{LEAST_STEPS, cut};
use super::*;
use crate::measure::Sums;
use crate::score::own_size;
use proptest::prelude::*;

/// Paths through some blocks, one after the other: steps in a row, a choice, a loop, two steps in any order.
fn through_blocks() -> impl Strategy<Value = Vec<(i64, String)>> {
    let blocks = proptest::collection::vec(0u8..4, 1..6);
    let ways = proptest::collection::vec((1i64..40, proptest::collection::vec(0u8..3, 6)), 1..12);
    (blocks, ways).prop_map(|(blocks, ways)| {
        let path = |choices: &[u8]| {
            let mut steps = Vec::new();
            for (at, (kind, choice)) in blocks.iter().zip(choices).enumerate() {
                let (a, b, c) = (format!("{at}a"), format!("{at}b"), format!("{at}c"));
                steps.extend(match (kind, choice) {
                    (0, _) | (1, 0) | (3, 0) => vec![a, b],
                    (1, _) => vec![a, c],
                    (2, 0) => vec![a, b, c],
                    (2, 1) => vec![a.clone(), b.clone(), a, b, c],
                    (2, _) => vec![a.clone(), b.clone(), a.clone(), b.clone(), a, b, c],
                    _ => vec![b, a],
                });
            }
            steps.join(" ")
        };
        ways.iter()
            .map(|(count, choices)| (*count, path(choices)))
            .collect()
    })
}

/// Paths that wander about.
fn wandering() -> impl Strategy<Value = Vec<(i64, String)>> {
    let path = proptest::collection::vec(0u8..9, 1..14).prop_map(|steps| {
        steps
            .iter()
            .map(u8::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    });
    proptest::collection::vec((1i64..60, path), 1..10)
}

fn bench_of(paths: &[(i64, String)], blamed: &[u8]) -> Bench {
    let lent: Vec<(i64, &str)> = paths.iter().map(|(n, path)| (*n, path.as_str())).collect();
    let mut bench = Bench::new(&lent);
    for ((count, path), by) in paths.iter().zip(blamed) {
        let steps: Vec<&str> = path.split(' ').collect();
        let activity = steps[usize::from(*by) % steps.len()];
        bench = bench.blame(activity, f64::from(*by % 11) / 10.0, *count);
    }
    bench
}

fn is_finite(advice: &BreakUp) -> bool {
    advice.parts.iter().all(|part| {
        let figures = [
            Some(part.entries_per_case),
            part.entries_per_week,
            Some(part.size_steps),
            part.permissible_deviation,
            part.deviation.map(|d| d.mean + d.lower + d.upper),
            part.deviation_share_ratio,
        ];
        figures.into_iter().flatten().all(f64::is_finite)
    }) && advice
        .ignored_transitions_ratio
        .is_none_or(|share| (0.0..=1.0).contains(&share))
}

/// Found by the property below: one rare case that is long, beside many of a single step.
#[test]
fn what_is_left_beside_a_branch_is_no_part_if_it_is_too_small() {
    let paths = [(25, "5".to_owned()), (1, "3 3 5 6".to_owned())];
    let advice = bench_of(&paths, &[0; 12]).advice();
    let small = |part: &&Part| part.size_steps < LEAST_STEPS - 1e-9;
    assert!(!advice.parts.iter().any(|part| small(&part)), "{advice:?}");
}

/// Found by the property below: a rare case that has nothing in common with the others.
#[test]
fn what_only_a_rare_case_does_is_named_as_left_out() {
    let paths = [(25, "0 3 4 5 6 8 7 1 7".to_owned()), (1, "2".to_owned())];
    let advice = bench_of(&paths, &[0; 12]).advice();
    assert!(advice.parts.len() > 1, "{advice:?}");
    assert!(!advice.covers_all_activities);
    assert_eq!(advice.uncovered_activities, ["2"]);
}

proptest! {
    #[test]
    fn parts_are_disjoint_and_everything_adds_up(
        paths in prop_oneof![through_blocks(), wandering()],
        blamed in proptest::collection::vec(any::<u8>(), 12),
    ) {
        let bench = bench_of(&paths, &blamed);
        let advice = bench.advice();
        prop_assert!(is_finite(&advice), "{advice:?}");
        prop_assert!(advice.ignored_transitions_ratio.is_some_and(|share| share <= 0.05));
        let named: Vec<&String> = advice.parts.iter().flat_map(|part| &part.activities).collect();
        let distinct: BTreeSet<&String> = named.iter().copied().collect();
        prop_assert_eq!(named.len(), distinct.len());
        if advice.parts.is_empty() {
            return Ok(());
        }
        prop_assert!(advice.parts.len() > 1);
        let left_out: BTreeSet<&String> = advice.uncovered_activities.iter().collect();
        prop_assert!(left_out.is_disjoint(&distinct));
        prop_assert_eq!(named.len() + left_out.len(), bench.names.len());
        prop_assert_eq!(advice.covers_all_activities, left_out.is_empty());
        if !left_out.is_empty() {
            // What only rare cases do that share no activity with the others belongs nowhere, and its sizes to no part.
            return Ok(());
        }
        let mut sums = Sums { cases: bench.counts.cases, ..Sums::default() };
        for (pair, count) in &bench.counts.follows {
            sums.follows.add(*pair, *count);
            sums.steps += count;
        }
        let whole = own_size(&sums).unwrap();
        let sizes: f64 = advice.parts.iter().map(|part| part.size_steps * part.entries_per_case).sum();
        prop_assert!((sizes - whole.total()).abs() < 1e-9 * sizes, "{} {}", sizes, whole.total());
        let total: f64 = bench.counts.blamed.iter().flatten()
            .map(|((_, deviation), cases)| deviation.share() * *cases as f64)
            .sum();
        let told: f64 = advice.parts.iter()
            .map(|part| part.deviation.map_or(f64::NAN, |d| d.mean * part.entries as f64))
            .sum();
        prop_assert!((told - total).abs() <= 1e-9 * total.max(1.0), "{told} of {total}");
        for part in &advice.parts {
            prop_assert!(part.size_steps >= LEAST_STEPS - 1e-9);
            prop_assert!(!part.entry.is_empty() && !part.exit.is_empty());
            prop_assert_eq!(part.steps + part.decisions, part.size_steps);
        }
    }

    /// Whatever leads on over a cut leaves from one activity or arrives at one.
    #[test]
    fn parts_are_entered_and_left_at_one_place(paths in through_blocks()) {
        let bench = bench_of(&paths, &[]);
        let flow = Flow::new(bench.counts.cases, &bench.counts.follows, &bench.names);
        let usual = flow.usual();
        let parts = cut(&usual, flow.cases, &|size| size > 120.0).parts;
        for nth in 1..parts.len() {
            let before: BTreeSet<usize> = parts[..nth].iter().flatten().copied().collect();
            let after: BTreeSet<usize> = parts[nth..].iter().flatten().copied().collect();
            let over: Vec<(usize, usize)> = before.iter()
                .flat_map(|from| usual.next[*from].iter().map(|to| (*from, *to)))
                .filter(|(_, to)| after.contains(to))
                .collect();
            let from: BTreeSet<usize> = over.iter().map(|(from, _)| *from).collect();
            let to: BTreeSet<usize> = over.iter().map(|(_, to)| *to).collect();
            prop_assert!(from.len() == 1 || to.len() == 1, "{:?}", over);
        }
    }

    #[test]
    fn the_numbers_of_names_do_not_matter(
        paths in prop_oneof![through_blocks(), wandering()],
        blamed in proptest::collection::vec(any::<u8>(), 12),
        first in proptest::collection::vec(0u8..9, 0..9),
    ) {
        let bench = bench_of(&paths, &blamed);
        let mut names = Names::new();
        for name in first {
            names.intern(&name.to_string());
        }
        for id in (1..=bench.names.len() as u32).rev() {
            names.intern(bench.names.text(NameId(id)));
        }
        let number = |id: NameId| match id {
            END => END,
            id => names.find(bench.names.text(id)).unwrap(),
        };
        let counts = PathCounts {
            cases: bench.counts.cases,
            follows: bench.counts.follows.iter()
                .map(|((from, to), n)| ((number(*from), number(*to)), *n))
                .collect(),
            blamed: bench.counts.blamed.as_ref().map(|blamed| {
                blamed.iter().map(|((activity, d), n)| ((number(*activity), *d), *n)).collect()
            }),
        };
        let renumbered = break_up(&counts, BreakUpTerms { names: &names, ..bench.terms() });
        prop_assert_eq!(renumbered, bench.advice());
    }

    /// Counts that no set of cases can have.
    #[test]
    fn damaged_counts_never_panic(
        cases in -3i64..50,
        follows in proptest::collection::vec(((0u32..8, 0u32..9), -2i64..40), 0..30),
        blamed in proptest::collection::vec(((0u32..9, 0u32..1_000_000), -2i64..40), 0..9),
        large in any::<bool>(),
    ) {
        let mut bench = Bench::new(&[(1, "a b c d e f")]);
        let end = |id: NameId| if id == NameId(8) { END } else { id };
        bench.counts = PathCounts {
            cases,
            follows: follows.into_iter().map(|((from, to), n)| ((NameId(from), end(NameId(to))), n)).collect(),
            blamed: Some(blamed.into_iter().map(|((activity, deviation), n)| ((NameId(activity), Ppm(deviation)), n)).collect()),
        };
        if !large {
            bench = bench.easily_too_large();
        }
        prop_assert!(is_finite(&bench.advice()));
    }
}

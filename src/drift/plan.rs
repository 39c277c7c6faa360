//! When the epochs of a process begin: with its first cases, with known changes, with a new version of what runs it.

use super::baseline::Baseline;
use super::critical::CriticalRates;
use super::fold::{Cause, Epoch};
use super::learn::HourPart;
use crate::model::{Day, NameId, Names};
use std::collections::{BTreeMap, BTreeSet};

/// The version that ran most of the cases of a day which name one, where it is at least half of them: a canary that runs
/// some of them is no change yet. Of two halves the one whose name comes first.
pub fn leading_version(parts: &[HourPart], names: &Names) -> Option<NameId> {
    let mut cases: BTreeMap<NameId, i64> = BTreeMap::new();
    for (version, count) in parts.iter().flat_map(|part| part.sums.versions.iter()) {
        *cases.entry(version).or_default() += count;
    }
    let total: i64 = cases.values().sum();
    let half = cases.into_iter().filter(|(_, count)| 2 * count >= total);
    half.map(|(version, _)| version)
        .min_by_key(|version| names.text(*version))
}

/// When the epochs of a process begin, and why. `leading` has the leading versions of days, ascending: a version that leads
/// for the first time is a change, except for the first of all. What is marked on the same day comes before.
pub fn plan(
    first: Day,
    until: Day,
    leading: &[(Day, NameId)],
    names: &Names,
    marks: impl IntoIterator<Item = (Day, Cause)>,
) -> Vec<(Day, Cause)> {
    let mut plan = BTreeMap::new();
    let mut seen: BTreeSet<NameId> = BTreeSet::new();
    for (day, version) in leading {
        let is_first = seen.is_empty();
        if seen.insert(*version) && !is_first {
            let what = format!("version {}", names.text(*version));
            plan.insert(*day, Cause::Version(what));
        }
    }
    plan.extend(marks);
    plan.retain(|day, _| *day > first);
    plan.insert(first, Cause::First);
    // What is said today ends an alarm today, though today has not ended.
    plan.retain(|day, _| *day <= until.saturating_add(1));
    plan.into_iter().collect()
}

/// The epochs of a plan, each with the baseline that `learned` has for its first day, and without days.
///
/// A version that comes while the baseline before is still being learned begins no epoch: who releases every week would
/// never have a baseline. That of the epoch then holds both.
pub fn epochs<E>(
    plan: Vec<(Day, Cause)>,
    critical: Option<CriticalRates>,
    mut learned: impl FnMut(Day) -> Result<Option<Baseline>, E>,
) -> Result<Vec<Epoch>, E> {
    let mut epochs: Vec<Epoch> = Vec::new();
    for (start, cause) in plan {
        let learning = |epoch: &&mut Epoch| {
            let last = epoch.baseline.as_ref().map(|baseline| baseline.last);
            last.is_none_or(|last| last >= start)
        };
        match (cause, epochs.last_mut().filter(learning)) {
            (Cause::Version(what), Some(before)) => before.absorbed.push((start, what)),
            (cause, _) => epochs.push(Epoch {
                start,
                cause,
                absorbed: Vec::new(),
                baseline: learned(start)?,
                digests: Vec::new(),
                critical,
            }),
        }
    }
    Ok(epochs)
}

/// The last day on which an epoch is watched: until a later one has a baseline of its own, or somebody says that all is
/// new.
pub fn watched_until(later: &[Epoch], until: Day) -> Day {
    let ends = later.iter().filter_map(|epoch| match &epoch.cause {
        Cause::Rebaseline(_) => Some(epoch.start - 1),
        _ => epoch.baseline.as_ref().map(|baseline| baseline.last),
    });
    ends.min().map_or(until, |end| end.min(until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Sums;
    use crate::model::Executor;

    fn day_of_versions(counts: &[(NameId, i64)]) -> Vec<HourPart> {
        let mut sums = Sums::default();
        for (version, count) in counts {
            sums.versions.add(*version, *count);
        }
        vec![HourPart {
            hour: 0,
            kind: Executor::Ai,
            sums,
        }]
    }

    fn names() -> Names {
        let mut names = Names::new();
        ["b", "a", "c"].iter().for_each(|name| {
            names.intern(name);
        });
        names
    }

    #[test]
    fn a_version_leads_with_half_of_the_cases() {
        let lead = |counts: &[(NameId, i64)]| leading_version(&day_of_versions(counts), &names());
        assert_eq!(lead(&[]), None);
        assert_eq!(lead(&[(1, 9), (2, 1)]), Some(1));
        assert_eq!(lead(&[(1, 5), (2, 5)]), Some(2), "`a` before `b`");
        assert_eq!(lead(&[(1, 4), (2, 3), (3, 3)]), None);
    }

    #[test]
    fn a_version_that_leads_for_the_first_time_is_a_change() {
        let leading = [(10, 1), (11, 1), (12, 2), (13, 1), (14, 2), (20, 3)];
        let mark = (20, Cause::Change("new SOAR".to_owned()));
        let plan = plan(5, 30, &leading, &names(), [mark.clone()]);
        let version = |day, text: &str| (day, Cause::Version(text.to_owned()));
        assert_eq!(
            plan,
            [(5, Cause::First), version(12, "version a"), mark],
            "back to an older version is none; what people say comes before"
        );
    }

    #[test]
    fn nothing_before_the_first_day_or_after_the_last() {
        let leading = [(1, 1), (3, 2), (10, 3)];
        assert_eq!(
            plan(5, 8, &leading, &names(), []),
            [(5, Cause::First)],
            "version `a` was there before the epoch that is declared"
        );
    }

    #[test]
    fn a_version_that_comes_while_learning_begins_no_epoch() {
        let plan = vec![
            (0, Cause::First),
            (10, Cause::Version("version 2".to_owned())),
            (40, Cause::Version("version 3".to_owned())),
            (50, Cause::Version("version 4".to_owned())),
            (60, Cause::Change("by hand".to_owned())),
        ];
        let learned = |start: Day| {
            let learned = crate::drift::learn(&[], start, start + 27, &names());
            Ok::<_, std::convert::Infallible>((start < 40).then_some(learned))
        };
        let Ok(epochs) = epochs(plan, None, learned);
        let starts: Vec<Day> = epochs.iter().map(|epoch| epoch.start).collect();
        assert_eq!(starts, [0, 40, 60]);
        assert_eq!(epochs[0].absorbed, [(10, "version 2".to_owned())]);
        assert_eq!(epochs[1].absorbed, [(50, "version 4".to_owned())]);
        assert_eq!(watched_until(&epochs[1..], 100), 100);
        assert_eq!(watched_until(&[], 100), 100);
    }
}

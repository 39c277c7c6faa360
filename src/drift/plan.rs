//! When the epochs of a process begin: with its first cases, with known changes, with a new version of what runs it.

use super::baseline::Baseline;
use super::critical::CriticalRates;
use super::epoch::{Cause, Epoch};
use super::hour::HourPart;
use crate::model::{Day, NameId, Names, Time};
use crate::rules::Catalog;
use std::collections::{BTreeMap, BTreeSet};

/// The version that ran most of the cases of a day which name one, where it is at least half of them: a canary that runs
/// some of them is no change yet. Of two halves the one whose name comes first.
pub(crate) fn leading_version(parts: &[HourPart], names: &Names) -> Option<NameId> {
    let mut cases: BTreeMap<NameId, i64> = BTreeMap::new();
    for (version, count) in parts.iter().flat_map(|part| part.sums.versions.iter()) {
        *cases.entry(version).or_default() += count;
    }
    let total: i64 = cases.values().sum();
    let half = cases.into_iter().filter(|(_, count)| 2 * count >= total);
    half.map(|(version, _)| version)
        .min_by_key(|version| names.text(*version))
}

/// The first day of a process that was seen first on the day `seen`: not before the epoch that the catalog declares.
pub(super) fn first_of_epoch(catalog: &Catalog, process: &str, seen: Day) -> Day {
    let declared = catalog.processes.get(process);
    let epoch = declared.and_then(|process| process.epoch).map(Time::day);
    epoch.map_or(seen, |epoch| epoch.max(seen))
}

/// When the epochs of a process begin, and why. `leading` has the leading versions of days, ascending: a version that leads
/// for the first time is a change, except for the first of all. Of several causes on a day the one that decides comes first.
pub(super) fn plan(
    first: Day,
    until: Day,
    leading: &[(Day, NameId)],
    names: &Names,
    marks: impl IntoIterator<Item = (Day, Cause)>,
) -> Vec<(Day, Cause)> {
    let mut plan = vec![(first, Cause::First)];
    let mut seen: BTreeSet<NameId> = BTreeSet::new();
    for (day, version) in leading {
        let is_first = seen.is_empty();
        if seen.insert(*version) && !is_first && (first + 1..=until).contains(day) {
            let what = format!("version {}", names.text(*version));
            plan.push((*day, Cause::Version(what)));
        }
    }
    // What people say holds from when they say it, though that day has not been looked at: it ends alarms.
    plan.extend(marks.into_iter().filter(|(day, _)| *day > first));
    plan.sort_by_key(|(day, cause)| (*day, cause.rank()));
    plan
}

/// The epochs of a plan, each with the baseline that `learned` has for its first day, and without days. A day begins one
/// epoch, whatever else is said of it.
///
/// A version that comes while the baseline before is still being learned begins no epoch: who releases every week would
/// never have a baseline. That of the epoch then holds both.
pub(super) fn epochs<E>(
    plan: Vec<(Day, Cause)>,
    critical: Option<CriticalRates>,
    mut learned: impl FnMut(Day) -> Result<Option<Baseline>, E>,
) -> Result<Vec<Epoch>, E> {
    let mut epochs: Vec<Epoch> = Vec::new();
    for (start, cause) in plan {
        let joins = |epoch: &&mut Epoch| {
            let last = epoch.baseline.as_ref().map(|baseline| baseline.last);
            let is_learning = last.is_none_or(|last| last >= start);
            epoch.start == start || (is_learning && matches!(cause, Cause::Version(_)))
        };
        match epochs.last_mut().filter(joins) {
            Some(before) => before.absorbed.push((start, cause)),
            None => epochs.push(Epoch {
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
pub(crate) fn watched_until(later: &[Epoch], until: Day) -> Day {
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
    use crate::model::{Executor, Hour};

    fn day_of_versions(counts: &[(NameId, i64)]) -> Vec<HourPart> {
        let mut sums = Sums::default();
        for (version, count) in counts {
            sums.versions.add(*version, *count);
        }
        vec![HourPart {
            hour: Hour(0),
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
        assert_eq!(lead(&[(NameId(1), 9), (NameId(2), 1)]), Some(NameId(1)));
        assert_eq!(
            lead(&[(NameId(1), 5), (NameId(2), 5)]),
            Some(NameId(2)),
            "`a` before `b`"
        );
        assert_eq!(
            lead(&[(NameId(1), 4), (NameId(2), 3), (NameId(3), 3)]),
            None
        );
    }

    #[test]
    fn a_version_that_leads_for_the_first_time_is_a_change() {
        let leading = [(10, 1), (11, 1), (12, 2), (13, 1), (14, 2), (20, 3)]
            .map(|(day, id)| (Day(day), NameId(id)));
        let mark = (Day(20), Cause::Change("new SOAR".to_owned()));
        let plan = plan(Day(5), Day(30), &leading, &names(), [mark.clone()]);
        let version = |day: Day, text: &str| (day, Cause::Version(text.to_owned()));
        assert_eq!(
            plan,
            [
                (Day(5), Cause::First),
                version(Day(12), "version a"),
                mark,
                version(Day(20), "version c")
            ],
            "back to an older version is none; what people say comes before"
        );
    }

    #[test]
    fn nothing_before_the_first_day_or_after_the_last() {
        let leading = [(1, 1), (3, 2), (10, 3)].map(|(day, id)| (Day(day), NameId(id)));
        assert_eq!(
            plan(Day(5), Day(8), &leading, &names(), []),
            [(Day(5), Cause::First)],
            "version `a` was there before the epoch that is declared"
        );
    }

    #[test]
    fn a_version_that_comes_while_learning_begins_no_epoch() {
        let plan = vec![
            (Day(0), Cause::First),
            (Day(10), Cause::Version("version 2".to_owned())),
            (Day(40), Cause::Version("version 3".to_owned())),
            (Day(50), Cause::Version("version 4".to_owned())),
            (Day(60), Cause::Change("by hand".to_owned())),
        ];
        let learned = |start: Day| {
            let learned = crate::drift::learn(&[], (start, start + 27), start + 27, &names());
            Ok::<_, std::convert::Infallible>((start < Day(40)).then_some(learned))
        };
        let Ok(epochs) = epochs(plan, None, learned);
        let starts: Vec<Day> = epochs.iter().map(|epoch| epoch.start).collect();
        assert_eq!(starts, [0, 40, 60].map(Day));
        let version = |text: &str| Cause::Version(text.to_owned());
        assert_eq!(epochs[0].absorbed, [(Day(10), version("version 2"))]);
        assert_eq!(epochs[1].absorbed, [(Day(50), version("version 4"))]);
        assert_eq!(watched_until(&epochs[1..], Day(100)), Day(100));
        assert_eq!(watched_until(&[], Day(100)), Day(100));
    }

    #[test]
    fn a_new_baseline_holds_whatever_else_is_said_of_the_day() {
        let change = || Cause::Change("prompt 7".to_owned());
        let agreed = || Cause::Rebaseline("agreed".to_owned());
        for marks in [[change(), agreed()], [agreed(), change()]] {
            let marks = marks.map(|cause| (Day(20), cause));
            let plan = plan(
                Day(5),
                Day(30),
                &[(Day(10), NameId(1)), (Day(20), NameId(2))],
                &names(),
                marks,
            );
            let version = Cause::Version("version a".to_owned());
            let of_day = [agreed(), change(), version].map(|cause| (Day(20), cause));
            assert_eq!(plan[1..], of_day);
            let Ok(epochs) = epochs(plan, None, |_| Ok::<_, std::convert::Infallible>(None));
            let starts: Vec<Day> = epochs.iter().map(|epoch| epoch.start).collect();
            assert_eq!(starts, [5, 20].map(Day));
            assert_eq!(epochs[1].cause, agreed());
            assert_eq!(epochs[1].absorbed, of_day[1..]);
            let told: Vec<&str> = epochs[1].changes().map(|(_, what)| what).collect();
            assert_eq!(told, ["agreed", "prompt 7", "version a"]);
        }
    }

    #[test]
    fn what_is_said_of_today_counts_while_its_source_lags() {
        let marks = [
            (
                Day(5),
                Cause::Rebaseline("the first day is new anyway".to_owned()),
            ),
            (Day(40), Cause::Rebaseline("agreed".to_owned())),
        ];
        let plan = plan(Day(5), Day(30), &[], &names(), marks.clone());
        assert_eq!(plan, [(Day(5), Cause::First), marks[1].clone()]);
    }
}

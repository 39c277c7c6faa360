//! Days on which many times as many cases started or ended as usual: an import, a batch clean-up. They are named, and left out
//! of what is expected.

use super::digest::Digest;
use crate::model::{Day, words};

/// Times as many as on nine of ten days before.
const TIMES: f64 = 10.0;
/// Cases, at least.
const LEAST: i64 = 30;
/// Days before a day that it is compared with, at most.
const LOOK_BACK: usize = 90;
/// Share of these days that have fewer cases than the usual number.
const USUAL: f64 = 0.9;
/// More days in a row are no single event.
const MOST_IN_A_ROW: usize = 2;

words! {
    /// What happened on an unusual day.
    pub(crate) UnusualKind {
        /// Many cases started: an import, or a burst of alerts.
        Started = "started",
        /// Many cases ended: a batch clean-up.
        Ended = "ended",
    }
}

/// A day that is left out of what is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct UnusualDay {
    /// The day.
    pub day: Day,
    /// What happened.
    pub kind: UnusualKind,
    /// Cases of that kind on the day.
    pub cases: i64,
    /// Nine of ten days before had at most so many.
    pub usual: i64,
}

impl UnusualDay {
    /// It in words.
    pub(crate) fn words(&self) -> String {
        let (cases, usual, day) = (self.cases, self.usual, self.day);
        match self.kind {
            UnusualKind::Started => {
                format!("{cases} cases started on {day}, usually at most {usual} per day")
            }
            UnusualKind::Ended => {
                format!(
                    "batch clean-up: {cases} cases ended on {day}, usually at most {usual} per day"
                )
            }
        }
    }
}

/// The unusual days among those from the first on. The days of the baseline are compared with all of it, later ones with those
/// before them, so that a day stays what it was.
pub(super) fn unusual_days(first: Day, days: &[&Digest], baseline: usize) -> Vec<UnusualDay> {
    let mut found = Vec::new();
    for (kind, of) in [
        (
            UnusualKind::Started,
            (|day| day.starts) as fn(&Digest) -> i64,
        ),
        (UnusualKind::Ended, |day| day.ended),
    ] {
        let counts: Vec<i64> = days.iter().map(|day| of(day)).collect();
        let mut in_a_row = 0;
        for (at, cases) in counts.iter().enumerate() {
            let before = match at < baseline {
                true => &counts[..baseline.min(counts.len())],
                false => &counts[at.saturating_sub(LOOK_BACK)..at],
            };
            // To sort the days before takes time, and hardly any day has so many cases.
            let may_be = *cases >= LEAST && (*cases as f64) > TIMES * mean(before) / 2.0;
            let usual = if may_be { usual(before) } else { *cases };
            let is_unusual = may_be && *cases as f64 > TIMES * usual.max(1) as f64;
            in_a_row = if is_unusual { in_a_row + 1 } else { 0 };
            if is_unusual && in_a_row <= MOST_IN_A_ROW {
                found.push(UnusualDay {
                    day: first + i32::try_from(at).unwrap_or(i32::MAX),
                    kind,
                    cases: *cases,
                    usual,
                });
            }
        }
    }
    found.sort_by_key(|day| (day.day, day.kind));
    found
}

fn mean(counts: &[i64]) -> f64 {
    counts.iter().sum::<i64>() as f64 / counts.len().max(1) as f64
}

fn usual(counts: &[i64]) -> i64 {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() as f64 * USUAL) as usize;
    sorted
        .get(at.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(counts: &[(i64, i64)]) -> Vec<(i32, UnusualKind, i64)> {
        let digests: Vec<Digest> = counts
            .iter()
            .map(|(starts, ended)| Digest {
                starts: *starts,
                ended: *ended,
                ..Digest::default()
            })
            .collect();
        let days: Vec<&Digest> = digests.iter().collect();
        let found = unusual_days(Day(0), &days, 28);
        found
            .into_iter()
            .map(|day| (day.day.0, day.kind, day.usual))
            .collect()
    }

    #[test]
    fn a_clean_up_in_the_baseline_is_named() {
        let mut days = vec![(10, 9); 60];
        days[20] = (10, 3_114);
        days[50] = (400, 12);
        assert_eq!(
            found(&days),
            [(20, UnusualKind::Ended, 9), (50, UnusualKind::Started, 10)]
        );
    }

    #[test]
    fn closing_on_fridays_and_a_new_level_are_not() {
        let fridays: Vec<(i64, i64)> = (0..60)
            .map(|day| (10, if day % 7 == 4 { 70 } else { 0 }))
            .collect();
        assert_eq!(found(&fridays), []);
        let level: Vec<(i64, i64)> = (0..60)
            .map(|day| (if day < 40 { 3 } else { 50 }, 3))
            .collect();
        assert_eq!(found(&level).len(), MOST_IN_A_ROW);
    }
}

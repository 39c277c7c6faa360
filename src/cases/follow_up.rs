//! What happened to a case after it was resolved.

use super::event::CaseEvent;
use super::facts::Facts;
use super::life::Life;
use super::who::named_outcome;
use crate::model::{Hour, Ppm, Span, Time};

/// When a case was resolved for the first time, and when that was challenged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The first end or resolved state that can be left again.
    pub at: Time,
    /// The first time that the case was reopened, or that a review gave it a worse outcome; `None` if neither happened yet.
    pub challenged: Option<Time>,
}

impl Resolution {
    /// From the resolution to the challenge.
    pub fn delay(&self) -> Option<Span> {
        self.challenged.map(|at| at.since(self.at))
    }
}

/// That of a case with these events, in order. `None` if it was never resolved, or if a record tells that it was reopened and not
/// when. `severity` says how severe an outcome is.
pub(super) fn resolution(
    events: &[CaseEvent],
    work: &[CaseEvent],
    life: &Life,
    severity: impl Fn(&CaseEvent) -> Ppm,
) -> Option<Resolution> {
    let at = life.first_resolved?;
    if life.reopened > 0 && life.first_reopened.is_none() {
        return None;
    }
    let reversed = || reversal(events, work, at, severity);
    Some(Resolution {
        at,
        challenged: life.first_reopened.into_iter().chain(reversed()).min(),
    })
}

/// When an event after the resolution gave the case a worse outcome, which stands.
fn reversal(
    events: &[CaseEvent],
    work: &[CaseEvent],
    resolved: Time,
    severity: impl Fn(&CaseEvent) -> Ppm,
) -> Option<Time> {
    if events.len() == work.len() {
        return None;
    }
    let (last, before) = (named_outcome(events)?, named_outcome(work)?);
    let is_worse = last.outcome != before.outcome && severity(last) > severity(before);
    let names_it = |event: &&CaseEvent| event.outcome == last.outcome && event.time >= resolved;
    let mut naming = events.iter().filter(names_it);
    naming.next().filter(|_| is_worse).map(|event| event.time)
}

/// A case that stayed open beyond its limit: from when until when it was open and overdue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// The hour in which it passed its limit.
    pub from: Hour,
    /// The hour in which it was resolved or ended.
    pub until: Hour,
}

impl Facts {
    /// When it was open and overdue; `None` if it was not, or still is.
    pub fn was_overdue(&self) -> Option<Overdue> {
        let from = self.passes_limit?;
        let resolved = self.resolution.map(|resolution| resolution.at);
        let until = match resolved {
            Some(at) => at,
            None if self.complete => self.end,
            None => return None,
        };
        (from < until).then(|| Overdue {
            from: from.hour(),
            until: until.hour(),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::cases::Facts;
    use crate::cases::bench::bench;
    use crate::model::{Hour, Span};

    const CATALOG: &str = "processes: [{id: p, outcomes: {ok: 0, wrong: 1}, duration_limit: 2h}]";

    fn facts(script: &[&str]) -> Facts {
        let mut bench = bench(CATALOG);
        bench.flags = |flags| flags.declaring_end(true);
        bench.facts(script, None)
    }

    /// Seconds until the resolution, and from then on until it was challenged.
    fn resolution(script: &[&str]) -> Option<(i64, Option<i64>)> {
        let seconds = |span: Span| span / Span::SECOND;
        let resolution = facts(script).resolution?;
        Some((resolution.at.0 / 1_000_000, resolution.delay().map(seconds)))
    }

    #[test]
    fn the_first_resolution_counts_until_it_is_challenged_first() {
        for (script, want) in [
            (vec!["0 a", "9 b"], None),
            (vec!["0 a", "9 b!end=ok"], Some((9, None))),
            (vec!["0 a", "5 b!resolved", "9 b!end=ok"], Some((5, None))),
            (vec!["0 a", "9 b!end=ok", "12 a"], Some((9, Some(3)))),
            (
                vec!["0 a", "9 b!end=ok", "12 a", "20 b!end=ok", "50 a"],
                Some((9, Some(3))),
            ),
            // A review that agrees is no challenge, nor is one that finds less wrong.
            (
                vec!["0 a", "9 b!end=ok@ai", "30 c=ok@human*"],
                Some((9, None)),
            ),
            (
                vec!["0 a", "9 b!end=wrong@ai", "30 c=ok@human*"],
                Some((9, None)),
            ),
            (
                vec!["0 a", "9 b!end=ok@ai", "30 c=wrong@human*"],
                Some((9, Some(21))),
            ),
            (
                vec!["0 a", "9 b!end=ok@ai", "30 c=wrong@human*", "40 a"],
                Some((9, Some(21))),
            ),
        ] {
            assert_eq!(resolution(&script), want, "{script:?}");
        }
    }

    #[test]
    fn a_reopening_without_its_time_tells_nothing_of_delays() {
        let mut bench = bench(CATALOG);
        bench.flags = |flags| flags.declaring_end(true).telling_reopened(Some(true));
        assert_eq!(bench.facts(&["0 a", "9 b!end=ok"], None).resolution, None);
        bench.flags = |flags| flags.declaring_end(true).never_reopening(true);
        assert_eq!(bench.facts(&["0 a", "9 b!end=ok"], None).resolution, None);
    }

    #[test]
    fn a_late_case_was_overdue_from_its_limit_until_it_was_resolved() {
        let was = |script: &[&str]| {
            let overdue = facts(script).was_overdue();
            overdue.map(|overdue| (overdue.from, overdue.until))
        };
        assert_eq!(was(&["0 a", "36000 b!end=ok"]), Some((Hour(3), Hour(10))));
        assert_eq!(was(&["0 a", "7300 b!end=ok"]), None);
        assert_eq!(was(&["0 a", "36000 b"]), None);
        // It was closed while it could have become overdue.
        assert_eq!(
            was(&["0 a", "60 b!end=ok", "36000 a", "72000 b!end=ok"]),
            None
        );
    }
}

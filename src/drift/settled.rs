//! How long the cases of a day can still change: a day is judged when they have settled.

use crate::measure::Sketch;
use crate::model::{Day, Span};

/// Of cases without a declared end, so many last no longer than a day is waited for.
const SETTLED_SHARE: f64 = 0.99;

/// How the cases of a process end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ends<'a> {
    /// By an event.
    Declared,
    /// Some of them because nothing has come for this long: that counts on the day of the last event, and is known only
    /// after it.
    Idle(Span),
    /// Nothing says that a case has ended: it counts on the day of its latest event, and moves on with each event. These are
    /// the times from the first event to the latest.
    Never(&'a Sketch),
}

impl<'a> Ends<'a> {
    /// How the cases of a process end that are closed after being idle for this long, if they are. `endless` has the times
    /// from the first event to the latest, if there are cases that nothing ends.
    pub(crate) fn of(idle: Option<Span>, endless: Option<&'a Sketch>) -> Ends<'a> {
        match (idle, endless) {
            (Some(idle), _) => Ends::Idle(idle),
            (None, Some(durations)) => Ends::Never(durations),
            (None, None) => Ends::Declared,
        }
    }
}

/// The last day whose cases have settled, where the day `latest` has not ended or not arrived yet.
pub(crate) fn last_settled_day(latest: Day, ends: Ends) -> Day {
    (latest - 1).saturating_add(-days_to_settle(ends))
}

/// For how many days after a day its cases have not settled. Judged before, the latest days would lack the cases that end by
/// themselves, or hold those that have only begun, and so be unlike the baseline for ever.
fn days_to_settle(ends: Ends) -> i32 {
    let span = match ends {
        Ends::Declared => Span::ZERO,
        Ends::Idle(span) => span,
        Ends::Never(durations) => {
            let most = durations.quantile_seconds(SETTLED_SHARE);
            most.map_or(Span::ZERO, Span::of_seconds)
        }
    };
    let days = span.max(Span::ZERO).saturating_add(Span::DAY - Span(1)) / Span::DAY;
    i32::try_from(days).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_waits_for_the_cases_that_end_by_being_idle() {
        let days = |hours: i64| days_to_settle(Ends::Idle(Span::hours(hours)));
        assert_eq!([days(1), days(24), days(25), days(7 * 24)], [1, 1, 2, 7]);
        assert_eq!(days_to_settle(Ends::Idle(Span(i64::MAX / 2))), 53_375_996);
        assert_eq!(days_to_settle(Ends::Declared), 0);
    }

    #[test]
    fn without_a_declared_end_it_waits_for_nearly_all_cases() {
        let of = |hours: &[(i64, i64)]| {
            let mut durations = Sketch::default();
            for (hours, cases) in hours {
                durations.add(Span::hours(*hours), *cases);
            }
            days_to_settle(Ends::Never(&durations))
        };
        assert_eq!(of(&[]), 0);
        assert_eq!(of(&[(0, 500)]), 0, "a single event each");
        assert_eq!(of(&[(10, 500)]), 1);
        assert_eq!(of(&[(10, 900), (60, 100)]), 3);
        assert_eq!(of(&[(10, 995), (600, 5)]), 1, "a few that never end");
    }
}

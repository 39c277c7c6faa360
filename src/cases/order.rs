//! The order of the events of a case, where their times contradict each other.

use super::case::Case;
use super::event::CaseEvent;
use super::executions::with_executions;
use super::life::lifecycle;
use super::rules::ProcessRules;
use crate::model::{Lifecycle, Names};
use std::borrow::Cow;

/// The events of a case in order.
pub(super) struct InOrder<'a> {
    pub(super) events: Cow<'a, [CaseEvent]>,
    /// Whether the case ended or was resolved before it began, by the times of its log.
    pub(super) ends_before_start: bool,
}

/// The events by time, then mapped sequence, then position in their source, with [executions](super::executions). An end before the beginning of the case is put behind
/// the beginning, at its time: nothing can end before it began, and when it ended is not known.
pub(super) fn in_order<'a>(case: &'a Case, rule: &ProcessRules, names: &Names) -> InOrder<'a> {
    let events = match case.events().is_sorted_by_key(CaseEvent::order) {
        true => Cow::Borrowed(case.events()),
        false => Cow::Owned(case.ordered()),
    };
    let events = with_executions(events);
    match early_ends(&events, rule, names) {
        0 => InOrder {
            events,
            ends_before_start: false,
        },
        ends => InOrder {
            events: Cow::Owned(behind_beginning(&events, ends)),
            ends_before_start: true,
        },
    }
}

/// How many ends come before the event that begins the case. 0 also if the log may have begun with the end of a case that goes on:
/// what comes next is in another record, and its name does not say that it begins a case.
fn early_ends(events: &[CaseEvent], rule: &ProcessRules, names: &Names) -> usize {
    let ends = events.iter().take_while(|event| {
        let lifecycle = lifecycle(event, rule);
        matches!(lifecycle, Lifecycle::End | Lifecycle::Resolved)
    });
    let ends = ends.count();
    let Some(first) = events.get(ends).filter(|_| ends > 0) else {
        return 0;
    };
    let is_step = lifecycle(first, rule) == Lifecycle::Step;
    let is_later = first.time > events[ends - 1].time;
    let of_whole_case = |event: &CaseEvent| event.flags.is_one_of_several();
    let of_one_record = || of_whole_case(first) && events[..ends].iter().any(of_whole_case);
    let begins =
        is_step && is_later && (of_one_record() || names_beginning(names.text(first.activity)));
    if begins { ends } else { 0 }
}

fn behind_beginning(events: &[CaseEvent], ends: usize) -> Vec<CaseEvent> {
    let first = events[ends];
    let moved = events[..ends].iter().map(|end| CaseEvent {
        time: first.time,
        ..*end
    });
    let rest = events[ends + 1..].iter().copied();
    std::iter::once(first).chain(moved).chain(rest).collect()
}

/// Words for the beginning of a case.
const BEGINNINGS: [&str; 16] = [
    "create",
    "created",
    "creation",
    "open",
    "opened",
    "new",
    "submit",
    "submitted",
    "reported",
    "registered",
    "raised",
    "received",
    "logged",
    "started",
    "begin",
    "begun",
];

/// Whether the name of an activity says that it begins a case, as `Ticket created` does.
fn names_beginning(activity: &str) -> bool {
    let words = activity.split(|letter: char| !letter.is_alphanumeric());
    let is_one = |word: &str| {
        BEGINNINGS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(word))
    };
    words.into_iter().any(is_one)
}

#[cfg(test)]
mod tests {
    use crate::cases::Facts;
    use crate::cases::bench::bench;
    use crate::model::Span;

    fn facts(script: &[&str], of_record: bool) -> Facts {
        let mut bench = bench("processes: [{id: p, outcomes: {Finished: 0, Closed: 0}}]");
        bench.flags = match of_record {
            true => |flags| flags.declaring_end(true).being_one_of_several(true),
            false => |flags| flags.declaring_end(true),
        };
        bench.facts(script, None)
    }

    #[test]
    fn an_end_before_the_beginning_ends_the_case() {
        for (script, of_one_record) in [
            (vec!["100 Created", "5 Finished!end"], false),
            (vec!["5 Finished!end", "100 Ticket opened"], false),
            (vec!["100 erfasst", "5 Finished!end"], true),
            (
                vec!["100 Created", "5 Resolved!resolved", "7 Closed!end"],
                true,
            ),
        ] {
            let facts = facts(&script, of_one_record);
            assert!(facts.complete && facts.ends_before_start, "{script:?}");
            assert_eq!(
                (facts.reopened, facts.start.0),
                (0, 100_000_000),
                "{script:?}"
            );
            assert_eq!(facts.duration(), Span::ZERO, "{script:?}");
        }
    }

    #[test]
    fn a_state_that_was_resolved_before_the_beginning_moves_no_start() {
        let script = ["100 Created", "5 Resolved!resolved", "300 Closed!end"];
        let facts = facts(&script, true);
        assert!(facts.complete && facts.ends_before_start && facts.reopened == 0);
        assert_eq!(facts.start.0, 100_000_000);
        assert_eq!(facts.duration(), Span::seconds(200));
        assert!(
            facts
                .stages
                .iter()
                .all(|stage| stage.after != Some(Span::ZERO))
        );
    }

    #[test]
    fn a_log_that_begins_with_the_end_of_a_case_goes_on() {
        for script in [
            ["5 Finished!end", "100 Assigned"],
            ["5 Finished!end", "100 Reopened!reopen"],
        ] {
            let facts = facts(&script, false);
            assert!(!facts.complete && !facts.ends_before_start, "{script:?}");
            assert_eq!(facts.reopened, 1, "{script:?}");
        }
        // What is of one time is in no wrong order.
        assert!(!facts(&["5 Finished!end", "5 Created"], false).ends_before_start);
    }
}

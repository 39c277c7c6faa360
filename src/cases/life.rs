//! How the life of a case went: when it ended, whether it was reopened, and what of it was work.
//!
//! What happens after a declared end and doesn't reopen the case is an *audit*: a review, a corrected or confirmed outcome,
//! another end, a remark. It may change what is known of the outcome and who vouches for it, but nobody runs the case any
//! more: so it changes neither who ran it nor how long that took. Else the correction of an error would take the error
//! away from whoever made it, and move it to the day on which it was found.

use super::event::{CaseEvent, EventFlags};
use super::rules::ProcessRules;
use crate::model::{Lifecycle, NameId, Time};
use std::borrow::Cow;

/// How the life of a case went.
#[derive(Debug, Default)]
pub(super) struct Life {
    /// Whether it has ended, by an event that says so, and was not reopened since.
    pub(super) ended: bool,
    resolved: bool,
    /// Whether it ever reached an end or a resolved state from which going on would be seen as rework.
    pub(super) settled: bool,
    /// How often it was reopened.
    pub(super) reopened: u32,
    /// How much of the work came before the case was reopened first.
    pub(super) work_before_reopening: usize,
    /// Whether an event says that its mapping declares ends.
    pub(super) declares_end: bool,
    /// When it first reached such a state.
    pub(super) first_resolved: Option<Time>,
    /// When it was reopened for the first time after that; `None` also if a record tells that it was and not when.
    pub(super) first_reopened: Option<Time>,
    /// The resolved step that was left again first.
    pub(super) left_again: NameId,
    /// The activity by which the case stands where no event names an outcome: that of its last step or end.
    pub(super) stands: NameId,
    /// Places of the audits among the events. Few cases have any.
    audits: Vec<usize>,
    /// Whether a step of the work says that it was reviewed.
    work_reviewed: bool,
}

impl Life {
    /// That of a case with these events, in order.
    pub(super) fn of(events: &[CaseEvent], rule: &ProcessRules) -> Life {
        let mut life = Life::default();
        let mut resolved_at = NameId::NONE;
        for (at, event) in events.iter().enumerate() {
            let flags = event.flags;
            let lifecycle = lifecycle(event, rule);
            life.declares_end |= flags.declares_end();
            if life.goes_on(lifecycle, flags) {
                life.reopen(resolved_at, at);
                if life.first_resolved.is_some() {
                    life.first_reopened.get_or_insert(event.time);
                }
            }
            // The end itself is the last of the work.
            let is_audit = life.ended;
            let ends = lifecycle == Lifecycle::End;
            let settles = ends || lifecycle == Lifecycle::Resolved;
            if is_audit {
                life.audits.push(at);
            }
            life.work_reviewed |= flags.reviewed() && !is_audit;
            life.ended |= ends;
            life.resolved |= settles;
            // Of an activity that started before, the completion is no new state, unless it ends or resolves the case.
            let is_state = settles || flags.is_step();
            if is_state && life.resolved && !is_audit {
                resolved_at = event.activity;
            }
            if is_state && (!is_audit || ends) {
                life.stands = event.activity;
            }
            if life.resolved && !flags.never_reopens() {
                life.settled = true;
                life.first_resolved.get_or_insert(event.time);
            }
        }
        life.take_what_records_tell(events);
        life
    }

    /// A record that shows how a case stands tells that it was reopened, and not when.
    fn take_what_records_tell(&mut self, events: &[CaseEvent]) {
        let told = || {
            events
                .iter()
                .filter_map(|event| event.flags.tells_reopened())
        };
        if told().any(|reopened| reopened) {
            self.reopened = self.reopened.max(1);
        }
        self.settled |= told().next().is_some();
    }

    /// The events that were work: all but audits.
    pub(super) fn work<'a>(&self, events: &'a [CaseEvent]) -> Cow<'a, [CaseEvent]> {
        let first = self.audits.first().copied().unwrap_or(events.len());
        if events.len() - first == self.audits.len() {
            // Nothing but audits follows the first of them.
            return Cow::Borrowed(&events[..first]);
        }
        let is_work = |at: &usize| self.audits.binary_search(at).is_err();
        let places = (0..events.len()).filter(is_work);
        Cow::Owned(places.map(|at| events[at]).collect())
    }

    /// Whether an event reopens the case.
    fn goes_on(&self, lifecycle: Lifecycle, flags: EventFlags) -> bool {
        match lifecycle {
            Lifecycle::Reopen => true,
            // Work that started before the end of the case may complete after it.
            Lifecycle::Step => {
                self.resolved
                    && flags.is_step()
                    && !flags.explicit_reopen()
                    && !self.is_review_after_end(flags)
            }
            Lifecycle::End | Lifecycle::Resolved => false,
        }
    }

    /// Looking at what has ended is no rework. Where the work itself says that it was reviewed, that is said of the case
    /// and makes no step a review.
    fn is_review_after_end(&self, flags: EventFlags) -> bool {
        self.ended && flags.reviewed() && !self.work_reviewed
    }

    fn reopen(&mut self, left: NameId, at: usize) {
        if self.reopened == 0 {
            self.left_again = left;
            self.work_before_reopening = at - self.audits.len();
        }
        self.reopened += 1;
        self.ended = false;
        self.resolved = false;
    }
}

/// What an event means for the life of its case, by its log and the rules. An activity ends or resolves a case where it
/// completes, and reopens it where it starts.
pub(super) fn lifecycle(event: &CaseEvent, rule: &ProcessRules) -> Lifecycle {
    match lifecycle_of_activity(event, rule) {
        Lifecycle::End | Lifecycle::Resolved if !event.flags.takes_effect() => Lifecycle::Step,
        Lifecycle::Reopen if !event.flags.is_step() => Lifecycle::Step,
        lifecycle => lifecycle,
    }
}

fn lifecycle_of_activity(event: &CaseEvent, rule: &ProcessRules) -> Lifecycle {
    match event.flags.lifecycle() {
        Lifecycle::Step if rule.terminal.contains(&event.activity) => Lifecycle::End,
        Lifecycle::Step if rule.resolved.contains(&event.activity) => Lifecycle::Resolved,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use crate::cases::Facts;
    use crate::cases::bench::{Bench, bench};
    use crate::cases::event::EventFlags;
    use crate::model::{Executor, Ppm, Span};

    const CATALOG: &str = "processes: [{id: p, outcomes: {wrong: 1, ok: 0}, duration_limit: 1h, path: [open, close]}]";

    fn declared() -> Bench {
        let mut bench = bench(CATALOG);
        bench.flags = |flags| flags.declaring_end(true);
        bench
    }

    fn explicit() -> Bench {
        let mut bench = bench(CATALOG);
        bench.flags = |flags| flags.declaring_end(true).with_explicit_reopen(true);
        bench
    }

    /// Who ran it, hand-offs, seconds, late, straight through.
    fn run(facts: &Facts) -> (Executor, u32, i64, bool, Option<bool>) {
        let seconds = facts.duration() / Span::SECOND;
        (
            facts.executor,
            facts.handoffs,
            seconds,
            facts.late,
            facts.straight,
        )
    }

    #[test]
    fn what_people_find_out_later_is_no_work_of_theirs() {
        let untouched = (Executor::Ai, 0, 600, false, Some(true));
        for (later, deviation, confirmed) in [
            ("99999 correct!end=wrong@human*", Ppm::ONE, true),
            ("99999 correct!end=wrong@human", Ppm::ONE, true),
            ("99999 close!end=ok@human", Ppm::ZERO, true),
            ("99999 close!end=ok@ai", Ppm::ZERO, false),
            ("99999 check@human*", Ppm::ZERO, true),
        ] {
            let script = ["0 open@ai", "600 close!end=ok@ai", later];
            let facts = declared().facts(&script, None);
            assert_eq!(run(&facts), untouched, "{later}");
            assert_eq!((facts.reopened, facts.off_path), (0, 0), "{later}");
            assert_eq!(
                (facts.deviation, facts.confirmed),
                (deviation, confirmed),
                "{later}"
            );
        }
    }

    #[test]
    fn what_turned_out_wrong_is_put_down_to_who_did_it() {
        let mut bench = declared();
        let script = [
            "0 open@ai",
            "600 close!end=ok@ai",
            "9999 correct!end=wrong@human",
        ];
        let facts = bench.facts(&script, None);
        assert_eq!(bench.names.text(facts.blamed), "close");
        assert_eq!(bench.names.text(facts.outcome), "wrong");
    }

    #[test]
    fn who_reopens_a_case_works_on_it() {
        let script = [
            "0 open@ai",
            "600 close!end=ok@ai",
            "700 check@human*",
            "800 reopen!reopen@human",
            "900 mend@human",
            "1000 close!end=ok@human",
            "99999 close!end=ok@code",
        ];
        for mut bench in [declared(), explicit()] {
            let facts = bench.facts(&script, None);
            let first = (Executor::Ai, 1, 1000, false, Some(false));
            assert_eq!((run(&facts), facts.reopened), (first, 1));
        }
    }

    #[test]
    fn going_on_after_the_end_is_rework_where_nothing_else_says_so() {
        let script = [
            "0 open@ai",
            "600 close!end=ok@ai",
            "9000 mend@human",
            "9999 close!end=ok@human",
        ];
        let facts = declared().facts(&script, None);
        let first = (Executor::Ai, 1, 9999, true, Some(false));
        assert_eq!((run(&facts), facts.reopened), (first, 1));
        // Where the log says what reopens, this was a remark, and another end after it.
        let facts = explicit().facts(&script, None);
        let untouched = (Executor::Ai, 0, 600, false, Some(true));
        assert_eq!((run(&facts), facts.reopened), (untouched, 0));
    }

    #[test]
    fn a_case_that_says_everywhere_that_it_was_reviewed_can_be_reopened() {
        let script = ["0 open@ai*", "600 close!end=ok@ai*", "700 mend@human*"];
        let facts = declared().facts(&script, None);
        assert!(facts.reopened == 1 && !facts.complete);
    }

    #[test]
    fn where_no_end_is_declared_the_last_event_is_the_end() {
        let script = ["0 open@ai", "600 close=ok@ai", "9000 check=wrong@human*"];
        let facts = bench(CATALOG).facts(&script, None);
        assert_eq!(run(&facts), (Executor::Human, 1, 9000, true, Some(false)));
    }

    #[test]
    fn a_remark_after_the_end_is_no_outcome_and_another_end_is() {
        let mut bench = explicit();
        let facts = bench.facts(&["0 open", "1 Closed!end", "2 remark"], None);
        assert_eq!(bench.names.text(facts.outcome), "Closed");
        let facts = bench.facts(&["0 open", "1 Closed!end", "2 Rejected!end"], None);
        assert_eq!(bench.names.text(facts.outcome), "Rejected");
        assert_eq!(facts.duration(), Span(1_000_000));
    }

    #[test]
    fn a_count_of_reopenings_shows_that_a_case_was_reopened() {
        let told = |flags: fn(EventFlags) -> EventFlags| {
            let mut bench = bench("processes: [{id: p, outcomes: {closed: 0}}]");
            bench.flags = flags;
            let facts = bench.facts(&["0 open", "5 closed!end"], None);
            (facts.complete, facts.reopened, facts.deviation)
        };
        assert_eq!(
            told(|flags| flags.declaring_end(true).telling_reopened(Some(true))),
            (true, 1, Ppm::ONE)
        );
        let clean = (true, 0, Ppm::ZERO);
        assert_eq!(
            told(|flags| flags.declaring_end(true).telling_reopened(Some(false))),
            clean
        );
        assert_eq!(told(|flags| flags.declaring_end(true)), clean);
    }

    #[test]
    fn a_count_of_reopenings_adds_nothing_to_reopenings_that_the_events_show() {
        let mut bench = bench("processes: [{id: p, outcomes: {closed: 0}}]");
        bench.flags = |flags| flags.declaring_end(true).telling_reopened(Some(true));
        let facts = bench.facts(
            &["0 open", "5 closed!end", "6 open", "7 closed!end", "8 open"],
            None,
        );
        assert_eq!((facts.complete, facts.reopened), (false, 2));
    }
}

//! Activities that a log tells of by several events: one in which the activity starts, one in which it completes.
//!
//! Such events are one step, which stands in the path where the activity starts. Activities that overlap would otherwise
//! look as if the case went to and fro between them. What an activity does to its case, such as ending it, takes effect
//! where it completes.

use super::event::CaseEvent;
use crate::model::{Executor, NameId, Transition};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;
use std::collections::VecDeque;

/// What one event is of the execution of its activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// All of it: the log has no other event of this execution.
    Whole,
    /// The start of an execution. The place of its completion, if it completed.
    Start(Option<usize>),
    /// The completion of an execution that started earlier.
    Completion,
    /// A pause, a plan or the like.
    Beside,
}

/// The events, in order. The transition of an event then says which part of an execution it is: the start of one that
/// completes later or not at all, its completion, or something beside. An event that is the whole execution has none. If
/// only the start or only the completion names the executor, both get it.
pub(super) fn with_executions(events: Cow<'_, [CaseEvent]>) -> Cow<'_, [CaseEvent]> {
    if events
        .iter()
        .all(|event| event.flags.transition().is_none())
    {
        return events;
    }
    let mut events = events.into_owned();
    for (at, part) in parts(&events).into_iter().enumerate() {
        let transition = match part {
            Part::Whole => None,
            Part::Start(_) => Some(Transition::Start),
            Part::Completion => Some(Transition::Complete),
            Part::Beside => Some(Transition::Other),
        };
        events[at].flags = events[at].flags.with_transition(transition);
        if let Part::Start(Some(end)) = part {
            share_executor(&mut events, at, end);
        }
    }
    Cow::Owned(events)
}

fn share_executor(events: &mut [CaseEvent], start: usize, end: usize) {
    let of = |at: usize| events[at].flags.executor();
    let known = match of(start) {
        Executor::Unknown => of(end),
        known => known,
    };
    for at in [start, end] {
        if events[at].flags.executor() == Executor::Unknown {
            events[at].flags = events[at].flags.with_executor(known);
        }
    }
}

/// What is known of the executions of one activity up to some event.
#[derive(Default)]
struct Executions {
    /// Places of starts without a completion so far.
    open: VecDeque<usize>,
    /// The place of the last completion without a start.
    completed: Option<usize>,
}

fn parts(events: &[CaseEvent]) -> Vec<Part> {
    let mut parts = vec![Part::Whole; events.len()];
    let mut activities: FxHashMap<NameId, Executions> = FxHashMap::default();
    for (at, event) in events.iter().enumerate() {
        let Some(transition) = event.flags.transition() else {
            continue;
        };
        let known = activities.entry(event.activity).or_default();
        match transition {
            Transition::Start => {
                // Of an execution that took no time, the log may have the completion first.
                let same = known.completed.take();
                match same.filter(|done| events[*done].time == event.time) {
                    Some(_) => parts[at] = Part::Beside,
                    None => known.open.push_back(at),
                }
            }
            Transition::Complete => match known.open.pop_front() {
                Some(start) => {
                    parts[start] = Part::Start(Some(at));
                    parts[at] = Part::Completion;
                }
                None => known.completed = Some(at),
            },
            Transition::Other if !known.open.is_empty() => parts[at] = Part::Beside,
            Transition::Other => {}
        }
    }
    take_plans(events, &mut parts);
    // If the log tells of no completion, a start is all that there is of an execution.
    let completes = |event: &CaseEvent| event.flags.transition() == Some(Transition::Complete);
    if events.iter().any(completes) {
        let open = activities.values().flat_map(|known| &known.open);
        open.for_each(|start| parts[*start] = Part::Start(None));
    }
    parts
}

/// What is told before an activity starts or completes, such as that it is scheduled, is a part of that execution.
fn take_plans(events: &[CaseEvent], parts: &mut [Part]) {
    let mut done_later: FxHashSet<NameId> = FxHashSet::default();
    for (at, event) in events.iter().enumerate().rev() {
        match event.flags.transition() {
            Some(Transition::Start | Transition::Complete) => {
                done_later.insert(event.activity);
            }
            Some(Transition::Other) if done_later.contains(&event.activity) => {
                parts[at] = Part::Beside;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::cases::Facts;
    use crate::cases::bench::{Bench, bench};
    use crate::model::{Executor, Span};

    fn path(bench: &Bench, facts: &Facts) -> String {
        let texts = facts.path.iter().map(|name| bench.names.text(*name));
        texts.collect::<Vec<_>>().join(" ")
    }

    /// The path and the outcome.
    fn run(catalog: &str, script: &[&str]) -> (String, String, Facts) {
        let mut bench = bench(catalog);
        let facts = bench.facts(script, None);
        let outcome = bench.names.text(facts.outcome).to_owned();
        (path(&bench, &facts), outcome, facts)
    }

    #[test]
    fn overlapping_activities_are_one_step_each_in_the_order_of_their_starts() {
        let script = ["0 a~start", "1 b~start", "5 a~complete", "9 b~complete"];
        let (path, outcome, facts) = run("processes: [{id: p, path: [a, b]}]", &script);
        assert_eq!((path.as_str(), outcome.as_str()), ("a b", "b"));
        assert_eq!((facts.off_path, facts.duration()), (0, Span::seconds(9)));
        let around = ["0 a~start", "1 b~start", "5 b~complete", "9 a~complete"];
        let (path, outcome, _) = run("", &around);
        assert_eq!((path.as_str(), outcome.as_str()), ("a b", "b"));
    }

    #[test]
    fn pairs_that_do_not_overlap_read_as_a_log_of_completions() {
        let pairs = ["0 a~start", "3 a~complete", "4 b~start", "7 b~complete"];
        let plain = ["0 a", "4 b"];
        let (pairs, plain) = (run("", &pairs), run("", &plain));
        assert_eq!((&pairs.0, &pairs.1), (&plain.0, &plain.1));
        // A log of completions alone is read as it always was.
        let (path, outcome, _) = run("", &["3 a~complete", "7 b~complete"]);
        assert_eq!((path.as_str(), outcome.as_str()), ("a b", "b"));
    }

    #[test]
    fn an_activity_that_ends_the_case_ends_it_where_it_completes() {
        let catalog = "processes: [{id: p, ends: {activities: [close]}}]";
        let script = [
            "0 a~start",
            "1 close~start",
            "2 note~start",
            "3 note~complete",
            "5 close~complete",
            "9 a~complete",
        ];
        let (path, outcome, facts) = run(catalog, &script);
        assert_eq!((path.as_str(), outcome.as_str()), ("a close note", "close"));
        assert!(facts.complete && facts.reopened == 0);
        assert_eq!(facts.duration(), Span::seconds(5));
        let (_, _, open) = run(catalog, &script[..4]);
        assert!(!open.complete && open.reopened == 0);
        // If the log tells of no completion, nothing but the start can end the case.
        let (_, _, facts) = run(catalog, &script[..2]);
        assert!(facts.complete);
        let again = [&script[..], &["10 a~start", "11 a~complete"]].concat();
        let (_, _, facts) = run(catalog, &again);
        assert!(!facts.complete && facts.reopened == 1);
    }

    #[test]
    fn an_execution_counts_once_by_whoever_ran_it() {
        let script = [
            "0 a~start",
            "1 b~start@code",
            "5 a~complete@ai",
            "9 b~complete",
        ];
        let (_, _, facts) = run("", &script);
        assert_eq!((facts.steps_by.ai, facts.steps_by.code), (1, 1));
        assert_eq!((facts.handoffs, facts.straight), (1, Some(true)));
        let alone = ["0 a~start@human", "5 a~complete"];
        assert_eq!(run("", &alone).2.executor, Executor::Human);
    }

    #[test]
    fn plans_and_pauses_are_no_steps_of_their_own() {
        let script = [
            "0 a~other",
            "1 b",
            "2 a~start",
            "3 a~other",
            "4 c~start",
            "5 a~complete",
            "6 c~complete",
            "7 d~other",
        ];
        let (path, _, _) = run("", &script);
        assert_eq!(path, "b a c d");
    }

    #[test]
    fn an_execution_without_duration_is_one_step_in_whatever_order_the_log_has_it() {
        for script in [
            ["0 a~start", "5 b~complete", "5 b~start", "9 a~complete"],
            ["0 a~start", "5 b~start", "5 b~complete", "9 a~complete"],
        ] {
            let (path, outcome, _) = run("", &script);
            assert_eq!(
                (path.as_str(), outcome.as_str()),
                ("a b", "b"),
                "{script:?}"
            );
        }
    }

    #[test]
    fn executions_of_one_activity_at_a_time_stay_apart() {
        let script = ["0 a~start", "1 a~start", "5 a~complete", "9 a~complete"];
        assert_eq!(run("", &script).0, "a a");
        let lost_end = ["0 a~start", "1 b", "2 a~start", "3 a~complete"];
        assert_eq!(run("", &lost_end).0, "a b a");
        let lost_start = ["0 a~complete", "1 b", "2 a~start", "3 a~complete"];
        assert_eq!(run("", &lost_start).0, "a b a");
    }

    #[test]
    fn a_milestone_is_reached_where_its_activity_completes() {
        let script = [
            "0 open",
            "10 contain host~start",
            "20 note",
            "60 contain host~complete",
        ];
        let mut bench = bench("");
        let facts = bench.facts(&script, None);
        let contained = facts
            .stages
            .iter()
            .find(|stage| bench.names.text(stage.milestone) == "contained");
        assert_eq!(contained.unwrap().after, Some(Span::seconds(60)));
    }
}

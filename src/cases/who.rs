//! Who ran a case, and who vouches for how it ended.

use super::event::CaseEvent;
use crate::model::Executor;

pub(super) fn went_straight(events: &[CaseEvent], reopened: u32) -> Option<bool> {
    let machine_only = by_machines_only(events)?;
    Some(machine_only && reopened == 0 && !any_twice(events))
}

/// Whether AI and code ran all steps, alone or together. `None` where nothing says who ran any.
pub(super) fn by_machines_only(events: &[CaseEvent]) -> Option<bool> {
    let kinds = || events.iter().map(|event| event.flags.executor());
    if kinds().all(|kind| kind == Executor::Unknown) {
        return None;
    }
    Some(!kinds().any(|kind| matches!(kind, Executor::Human | Executor::Mixed)))
}

fn any_twice(events: &[CaseEvent]) -> bool {
    /// Below this many events, comparing each with each is faster than a set.
    const FEW: usize = 16;
    if events.len() <= FEW {
        let twice = |(at, event): (usize, &CaseEvent)| {
            events[..at]
                .iter()
                .any(|before| before.activity == event.activity)
        };
        return events.iter().enumerate().any(twice);
    }
    let mut seen = rustc_hash::FxHashSet::default();
    !events.iter().all(|event| seen.insert(event.activity))
}

/// Whether the outcome rests on more than the word of who worked on the case: it was reviewed, or people set it on a case
/// that others worked on, or another kind named the same outcome again.
pub(super) fn is_confirmed(events: &[CaseEvent]) -> bool {
    let Some(at) = events.iter().rposition(|event| event.outcome.is_some()) else {
        return false;
    };
    let outcome = events[at].outcome;
    // From the event that named the outcome which stands, without another one in between.
    let other = |event: &CaseEvent| event.outcome.is_some() && event.outcome != outcome;
    let stands = &events[events[..at]
        .iter()
        .rposition(other)
        .map_or(0, |other| other + 1)..];
    let first = stands.iter().position(|event| event.outcome == outcome);
    let stands = &stands[first.unwrap_or(0)..];
    let named = || stands.iter().filter(|event| event.outcome == outcome);
    if stands.iter().any(|event| event.flags.reviewed()) {
        return true;
    }
    let machine =
        |event: &CaseEvent| matches!(event.flags.executor(), Executor::Ai | Executor::Code);
    let human = |event: &CaseEvent| event.flags.executor() == Executor::Human;
    let mut kinds = named().map(|event| event.flags.executor());
    let first_kind = kinds.next().unwrap_or(Executor::Unknown);
    let by_two = first_kind != Executor::Unknown
        && kinds.any(|kind| kind != Executor::Unknown && kind != first_kind);
    by_two || human(&events[at]) && events[..at].iter().any(machine)
}

/// The kind of the case, and how often it went from one known kind to another.
pub(super) fn executors(events: &[CaseEvent]) -> (Executor, u32) {
    let (mut joined, mut last, mut handoffs) = (Executor::Unknown, Executor::Unknown, 0);
    for event in events {
        let kind = event.flags.executor();
        joined = joined.join(kind);
        if kind != Executor::Unknown {
            handoffs += u32::from(last != Executor::Unknown && last != kind);
            last = kind;
        }
    }
    (joined, handoffs)
}

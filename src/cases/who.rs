//! Who ran a case, and who vouches for how it ended.

use super::event::CaseEvent;
use super::life::Life;
use super::mode::Mode;
use crate::model::Executor;

/// Steps by the executor that they name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepsBy {
    /// Steps of people.
    pub human: u32,
    /// Steps of AI.
    pub ai: u32,
    /// Steps of code.
    pub code: u32,
}

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
    Some(!kinds().any(|kind| !is_machine(kind) && kind != Executor::Unknown))
}

fn is_machine(kind: Executor) -> bool {
    matches!(kind, Executor::Ai | Executor::Code)
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
    let machine = |event: &CaseEvent| is_machine(event.flags.executor());
    let human = |event: &CaseEvent| event.flags.executor() == Executor::Human;
    let mut kinds = named().map(|event| event.flags.executor());
    let first_kind = kinds.next().unwrap_or(Executor::Unknown);
    let by_two = first_kind != Executor::Unknown
        && kinds.any(|kind| kind != Executor::Unknown && kind != first_kind);
    by_two || human(&events[at]) && events[..at].iter().any(machine)
}

/// Whether a step of its own approved the outcome, and neither a reopening nor a correction changed that since.
pub(super) fn is_approved(
    events: &[CaseEvent],
    work: &[CaseEvent],
    life: &Life,
    mode: &Mode,
) -> bool {
    let outcome = |events| named_outcome(events).map(|event: &CaseEvent| event.outcome);
    mode.has_approval && life.reopened == 0 && outcome(work) == outcome(events)
}

/// The latest event that names an outcome.
pub(super) fn named_outcome(events: &[CaseEvent]) -> Option<&CaseEvent> {
    events.iter().rev().find(|event| event.outcome.is_some())
}

/// How often the case went from one known kind to another.
pub(super) fn handoffs(events: &[CaseEvent]) -> u32 {
    let (mut last, mut handoffs) = (Executor::Unknown, 0);
    for event in events {
        let kind = event.flags.executor();
        if kind != Executor::Unknown {
            handoffs += u32::from(last != Executor::Unknown && last != kind);
            last = kind;
        }
    }
    handoffs
}

/// The steps of people, of AI and of code.
pub(super) fn steps_by(events: &[CaseEvent]) -> StepsBy {
    let mut steps = StepsBy::default();
    for event in events {
        match event.flags.executor().decider() {
            Executor::Human => steps.human += 1,
            Executor::Ai => steps.ai += 1,
            Executor::Code => steps.code += 1,
            _ => {}
        }
    }
    steps
}

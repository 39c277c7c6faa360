//! One step of a case as it is kept: 48 bytes, so that a million of them fit a small machine.

use crate::model::{Executor, Lifecycle, NameId, Origin, Ppm, Time, Transition};

/// What a mapped event brings along, beside the key of its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventIn {
    /// The step.
    pub event: CaseEvent,
    /// Hash of the fields that say "the same input"; 0 where the event does not say.
    pub input: u64,
    /// Hash of what cases with one cause have in common; 0 where the event does not say.
    pub cluster: u64,
    /// Seconds of hands-on time; 0 where the event does not say.
    pub hands_on: u32,
    /// Version of what ran it; 0 where the event does not say.
    pub version: NameId,
}

/// One step of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseEvent {
    /// When it happened.
    pub time: Time,
    /// Orders events of the same instant: the mapped sequence field, else 0.
    pub sequence: i64,
    /// Orders what time and sequence leave equal: the position in the source.
    pub place: u64,
    /// Tells a redelivered event from another one that looks alike.
    pub identity: u64,
    /// What was done.
    pub activity: NameId,
    /// How the case stood after it, where the event says so; else 0.
    pub outcome: NameId,
    /// The process it names; the case belongs to that of its latest event.
    pub process: NameId,
    /// Executor kind, lifecycle, origin and what the mapping declares.
    pub flags: EventFlags,
}

/// The small fields of an event in one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EventFlags(u32);

const EXECUTOR_MASK: u32 = 15;
const ORIGIN_AT: u32 = 8;
const ORIGIN_MASK: u32 = 3;
/// What the event tells of the execution of its activity.
const TRANSITION_AT: u32 = 10;
const TRANSITION_MASK: u32 = 3;

/// The mapping names the step as one that decides the case.
const DECIDES: u32 = 1 << 12;
/// The mapping names the step as an approval.
const APPROVES: u32 = 1 << 13;
/// The mapping names its approvals, so the name of a step makes it none.
const NAMES_APPROVALS: u32 = 1 << 14;
/// The record has further events of the case: it shows the whole case.
const ONE_OF_SEVERAL: u32 = 1 << 15;
/// The mapping declares how a case ends, so a case without such an event is open.
const DECLARES_END: u32 = 1 << 16;
/// The mapping names reopening events, so a mere step after the end does not reopen.
const EXPLICIT_REOPEN: u32 = 1 << 17;
/// The source says nothing of reopening, so that none was seen is no evidence.
const NEVER_REOPENS: u32 = 1 << 18;

/// Somebody else than who set the outcome has looked at it.
const REVIEWED: u32 = 1 << 19;
/// The hands-on time is the total of the case so far, not that of the event.
const HANDS_ON_OF_CASE: u32 = 1 << 20;

/// The severity of the outcome in percent, plus 1; 0 where the mapping does not classify it.
const SEVERITY_AT: u32 = 21;
const SEVERITY_MASK: u32 = 127;

/// The record names no process, so the one that the mapping or the source gives by default stands for it.
const DEFAULT_PROCESS: u32 = 1 << 28;

/// The record says whether the case was reopened.
const TELLS_REOPENED: u32 = 1 << 30;
/// And it was.
const REOPENED: u32 = 1 << 31;

impl EventFlags {
    /// Packs the small fields.
    pub fn new(executor: Executor, lifecycle: Lifecycle, origin: Origin) -> EventFlags {
        EventFlags(executor as u32 | (lifecycle as u32) << 4 | (origin as u32) << ORIGIN_AT)
    }

    /// The same step of another executor.
    pub(super) fn with_executor(self, executor: Executor) -> EventFlags {
        EventFlags(self.0 & !EXECUTOR_MASK | executor as u32)
    }

    /// Marks what the event tells of the execution of its activity.
    pub fn with_transition(self, transition: Option<Transition>) -> EventFlags {
        let code = u32::from(Transition::code(transition));
        EventFlags(self.0 & !(TRANSITION_MASK << TRANSITION_AT) | code << TRANSITION_AT)
    }

    /// What the event tells of the execution of its activity; `None` if it stands for all of it.
    pub fn transition(self) -> Option<Transition> {
        Transition::from_code((self.0 >> TRANSITION_AT & TRANSITION_MASK) as u8)
    }

    /// Whether it is a step of the path of its case: the start of an execution, or all of it. For events
    /// with [executions](super::executions).
    pub(super) fn is_step(self) -> bool {
        matches!(self.transition(), None | Some(Transition::Start))
    }

    /// Whether what the activity does to its case takes effect with it: the completion of an execution, or all of it. For
    /// events with [executions](super::executions).
    pub(super) fn takes_effect(self) -> bool {
        matches!(self.transition(), None | Some(Transition::Complete))
    }

    /// Marks that the mapping declares how a case ends.
    pub fn declaring_end(self, yes: bool) -> EventFlags {
        EventFlags(if yes { self.0 | DECLARES_END } else { self.0 })
    }

    /// Marks that only an explicit event reopens a case.
    pub fn with_explicit_reopen(self, yes: bool) -> EventFlags {
        EventFlags(if yes {
            self.0 | EXPLICIT_REOPEN
        } else {
            self.0
        })
    }

    /// Marks that the source says nothing of reopening.
    pub fn never_reopening(self, yes: bool) -> EventFlags {
        EventFlags(if yes { self.0 | NEVER_REOPENS } else { self.0 })
    }

    /// Marks that its record has further events of the case.
    pub fn being_one_of_several(self, yes: bool) -> EventFlags {
        EventFlags(if yes { self.0 | ONE_OF_SEVERAL } else { self.0 })
    }

    /// Whether its record has further events of the case.
    pub fn is_one_of_several(self) -> bool {
        self.0 & ONE_OF_SEVERAL != 0
    }

    /// Marks that the outcome was reviewed.
    pub fn with_review(self, yes: bool) -> EventFlags {
        EventFlags(if yes { self.0 | REVIEWED } else { self.0 })
    }

    /// Marks that the step decides the case.
    pub fn deciding(self, yes: bool) -> EventFlags {
        EventFlags(if yes { self.0 | DECIDES } else { self.0 })
    }

    /// Whether the mapping names the step as one that decides the case.
    pub fn decides(self) -> bool {
        self.0 & DECIDES != 0
    }

    /// Marks whether the step is an approval, by a mapping that names them.
    pub fn approving(self, yes: bool) -> EventFlags {
        let named = self.0 | NAMES_APPROVALS;
        EventFlags(if yes { named | APPROVES } else { named })
    }

    /// Whether the step is an approval. `None` if its mapping does not name approvals.
    pub fn approves(self) -> Option<bool> {
        (self.0 & NAMES_APPROVALS != 0).then_some(self.0 & APPROVES != 0)
    }

    /// Marks how severe the mapping says that the outcome is, in percent.
    pub fn with_severity(self, percent: Option<u8>) -> EventFlags {
        let code = percent.map_or(0, |percent| u32::from(percent.min(100)) + 1);
        EventFlags(self.0 | code << SEVERITY_AT)
    }

    /// How severe the mapping says that the outcome is.
    pub fn severity(self) -> Option<Ppm> {
        let percent = (self.0 >> SEVERITY_AT & SEVERITY_MASK).checked_sub(1)?;
        Some(Ppm(percent * (Ppm::ONE.0 / 100)))
    }

    /// Marks that the record names no process.
    pub fn with_default_process(self, yes: bool) -> EventFlags {
        EventFlags(if yes {
            self.0 | DEFAULT_PROCESS
        } else {
            self.0
        })
    }

    /// Whether the record names no process.
    pub fn has_default_process(self) -> bool {
        self.0 & DEFAULT_PROCESS != 0
    }

    /// Marks whether the record says that the case was reopened.
    pub fn telling_reopened(self, reopened: Option<bool>) -> EventFlags {
        let code = match reopened {
            None => 0,
            Some(false) => TELLS_REOPENED,
            Some(true) => TELLS_REOPENED | REOPENED,
        };
        EventFlags(self.0 | code)
    }

    /// Whether the record says that the case was reopened; `None` where it does not tell.
    pub fn tells_reopened(self) -> Option<bool> {
        (self.0 & TELLS_REOPENED != 0).then_some(self.0 & REOPENED != 0)
    }

    /// Whether the outcome was reviewed.
    pub fn reviewed(self) -> bool {
        self.0 & REVIEWED != 0
    }

    /// Marks that the hands-on time is the total of the case so far.
    pub fn with_hands_on_of_case(self, yes: bool) -> EventFlags {
        EventFlags(if yes {
            self.0 | HANDS_ON_OF_CASE
        } else {
            self.0
        })
    }

    /// Whether the hands-on time is the total of the case so far.
    pub fn hands_on_of_case(self) -> bool {
        self.0 & HANDS_ON_OF_CASE != 0
    }

    /// Whether the source says nothing of reopening.
    pub fn never_reopens(self) -> bool {
        self.0 & NEVER_REOPENS != 0
    }

    /// Who ran the step.
    pub fn executor(self) -> Executor {
        Executor::from_code((self.0 & EXECUTOR_MASK) as u8)
    }

    /// What it means for the life of the case.
    pub fn lifecycle(self) -> Lifecycle {
        Lifecycle::from_code((self.0 >> 4 & 15) as u8)
    }

    /// Live, exercise or shadow.
    pub fn origin(self) -> Origin {
        Origin::from_code((self.0 >> ORIGIN_AT & ORIGIN_MASK) as u8)
    }

    /// Whether the mapping declares how a case ends.
    pub fn declares_end(self) -> bool {
        self.0 & DECLARES_END != 0
    }

    /// Whether only an explicit event reopens the case.
    pub fn explicit_reopen(self) -> bool {
        self.0 & EXPLICIT_REOPEN != 0
    }

    /// The number it is stored as.
    pub fn code(self) -> u32 {
        self.0
    }

    /// From the number it is stored as.
    pub fn from_code(code: u32) -> EventFlags {
        EventFlags(code)
    }
}

impl CaseEvent {
    /// The order of events in a case: time, then the mapped sequence, then the position in the source. The identity
    /// makes the order total; the numbers of names take no part, because they depend on who came first.
    pub fn order(&self) -> (Time, i64, u64, u64) {
        (self.time, self.sequence, self.place, self.identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_stays_small() {
        assert_eq!(std::mem::size_of::<CaseEvent>(), 48);
    }

    #[test]
    fn flags_hold_every_combination() {
        for executor in Executor::ALL {
            for lifecycle in Lifecycle::ALL {
                for origin in Origin::ALL {
                    let flags = EventFlags::new(executor, lifecycle, origin)
                        .declaring_end(true)
                        .with_explicit_reopen(false);
                    assert_eq!(flags.severity(), None);
                    let flags = EventFlags::from_code(flags.with_severity(Some(25)).code());
                    assert_eq!(flags.severity(), Some(Ppm(250_000)));
                    for told in [None, Some(false), Some(true)] {
                        let flags = EventFlags::from_code(flags.telling_reopened(told).code());
                        assert_eq!(flags.tells_reopened(), told);
                        assert_eq!(flags.severity(), Some(Ppm(250_000)));
                    }
                    for told in [None, Some(Transition::Start), Some(Transition::Other)] {
                        let flags = flags.with_transition(Some(Transition::Complete));
                        let flags = EventFlags::from_code(flags.with_transition(told).code());
                        assert_eq!((flags.transition(), flags.origin()), (told, origin));
                        assert_eq!(flags.with_transition(None).decides(), flags.decides());
                    }
                    let by_code = flags.with_executor(Executor::Code);
                    assert_eq!(by_code.executor(), Executor::Code);
                    assert_eq!(by_code.lifecycle(), lifecycle);
                    assert_eq!(flags.executor(), executor);
                    assert_eq!(flags.lifecycle(), lifecycle);
                    assert_eq!((flags.decides(), flags.approves()), (false, None));
                    let decision = flags.deciding(true).approving(false);
                    assert_eq!(
                        (decision.decides(), decision.approves()),
                        (true, Some(false))
                    );
                    assert_eq!(flags.approving(true).approves(), Some(true));
                    assert_eq!(flags.origin(), origin);
                    assert!(flags.declares_end() && !flags.explicit_reopen());
                }
            }
        }
    }
}

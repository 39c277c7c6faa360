//! What a case says, derived from its events and the rules: the only place that decides when a case has ended, how, and
//! how far it deviates.

use super::case::Case;
use super::event::CaseEvent;
use super::follow_up::{Resolution, resolution};
use super::life::Life;
use super::mode::{ModeTerms, mode};
use super::order::{InOrder, in_order};
use super::path::steps_off_path;
use super::rules::{Assessment, Directed, ProcessRules, RuleBook};
use super::signals::{Parts, Signals, has_other_signal};
use super::stages::Stage;
use super::who::{
    StepsBy, by_machines_only, handoffs, is_approved, is_confirmed, named_outcome, steps_by,
    went_straight,
};

use crate::model::{Executor, Hour, NameId, Names, Origin, Ppm, Span, Time, hash_text};
use std::borrow::Cow;

/// What a shadow run is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twin {
    /// A hash of the key of the case it shadows.
    pub case: u64,
    /// Whether it ended like that.
    pub alike: bool,
}

/// Everything measured of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The process it belongs to.
    pub process: NameId,
    /// The operating mode: who decided it, and whether a person approved before the decision took effect.
    pub executor: Executor,
    /// Its steps up to the end, by executor.
    pub steps_by: StepsBy,
    /// Live, exercise or shadow.
    pub origin: Origin,
    /// First event.
    pub start: Time,
    /// Whether it ended or was resolved before it began, by the times of its log: then that counts as if it was at the beginning.
    pub ends_before_start: bool,
    /// The end that it was not reopened after; its last event where no end was declared or reached.
    pub end: Time,
    /// Whether it has ended.
    pub complete: bool,
    /// Whether it has ended by a declared end or time-out, rather than for want of one.
    pub ended: bool,
    /// How it stands: the latest outcome that an event names, else its last step or end.
    pub outcome: NameId,
    /// How severe the mapping of its source says that this is.
    pub mapped_severity: Option<Ppm>,
    /// Whether it missed something or raised a false alarm.
    pub(crate) directed: Directed,
    /// Whether the outcome is the last activity for want of a named one.
    pub outcome_is_activity: bool,
    /// Whether it ever reached an end or a resolved state from which going on would be seen as rework.
    pub settled: bool,
    /// How often it was reopened.
    pub reopened: u32,
    /// Whether it took longer than its limit.
    pub late: bool,
    /// When it passes its limit if it stays open; `None` without a limit.
    pub passes_limit: Option<Time>,
    /// When it was first resolved, and what happened then. `None` if it was never resolved so that it can be reopened.
    pub resolution: Option<Resolution>,
    /// Of an open case as of an instant: the hour in which it passed its limit, if it has.
    pub overdue_from: Option<Hour>,
    /// Steps up to the end that are off the designed path; 0 where none is declared.
    pub off_path: u32,
    /// Changes from one executor kind to another up to the end.
    pub handoffs: u32,
    /// Deviation from the designed outcome; of an open case, by what is known already (reopened, late).
    pub deviation: Ppm,
    /// Whether nothing shows if it is as designed: its outcome is not classified, or no signal could have shown a
    /// deviation. It deviates by `deviation` at least.
    pub unknown: bool,
    /// The activity that the deviation is put down to; 0 where there is none.
    pub blamed: NameId,
    /// The input signature; 0 where no event says.
    pub input: u64,
    /// Hash of what it has in common with cases of the same cause; 0 where no event says.
    pub cluster: u64,
    /// The version of what ran it; 0 where no event says.
    pub version: NameId,
    /// Hands-on time of people, where the log has it.
    pub hands_on: Option<Span>,
    /// Whether it went straight through: no person, no rework, no step twice. `None` where nothing says who ran it.
    pub straight: Option<bool>,
    /// Whether AI and code ran it, alone or together, and no hands-on time of people says otherwise.
    pub without_people: bool,
    /// Whether somebody else than who set the outcome confirmed it.
    pub confirmed: bool,
    /// Whether its outcome counts as evidence: where only confirmed ones do, whether it is confirmed.
    pub evident: bool,
    /// Of a shadow run: the case it shadows. `None` for other cases, and where that has not ended, deviates itself, or does
    /// not count as evidence.
    pub twin: Option<Twin>,
    /// The process of the parent case; 0 for none.
    pub parent_process: NameId,
    /// Its milestones, reached or not, by name.
    pub stages: Vec<Stage>,
    /// The activities in order, all of them: one for each execution, by its start.
    pub path: Vec<NameId>,
}

/// When an open case that started then has passed its limit, by whole hours: all cases that started in the hour have.
pub(crate) fn passes_limit(start: Time, limit: Span) -> Time {
    start.hour().saturating_add(1).start().plus(limit)
}

impl Facts {
    /// The hour in which it counts for the deviation: that of its end, or of an open case the one in which it began to
    /// deviate. `None` for an open case that does not deviate yet.
    pub fn counted_hour(&self) -> Option<Hour> {
        match self.overdue_from {
            _ if self.complete => Some(self.end.hour()),
            Some(hour) => Some(hour),
            None => (self.deviation > Ppm::ZERO).then(|| self.end.hour()),
        }
    }

    /// From the first event to the end, in microseconds.
    pub fn duration(&self) -> Span {
        self.end.since(self.start)
    }

    /// The outcome that a shadow run of this case is compared with; 0 where it has not ended, deviates itself or does not
    /// count as evidence, so that being like it proves nothing.
    pub fn to_compare_with(&self) -> NameId {
        let is_done = self.complete && self.evident && !self.unknown && self.origin == Origin::Live;
        if is_done && self.deviation == Ppm::ZERO {
            self.outcome
        } else {
            NameId::NONE
        }
    }

    /// The hash of the path by the names of its activities: equal in every run.
    pub fn variant(&self, names: &Names) -> u64 {
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        for activity in &self.path {
            hasher.update(&names.hash(*activity).to_le_bytes());
        }
        hasher.digest()
    }
}

/// Derives the facts of a case at the instant `as_of` (which decides idle time-outs only). `None` for a case without
/// events.
pub(crate) fn facts(
    case: &Case,
    rules: &RuleBook,
    names: &Names,
    as_of: Option<Time>,
) -> Option<Facts> {
    facts_beside(case, rules, names, as_of, case.twin_outcome())
}

/// [`facts`] of a case as of an instant, of which nothing in it is later ([`Case::until`]). A shadow run is compared with
/// `twin`, the case it shadows ([`shadowed`]), which knows of nothing later either.
pub(crate) fn facts_as_of(
    case: &Case,
    twin: Option<&Case>,
    rules: &RuleBook,
    names: &Names,
    as_of: Time,
) -> Option<Facts> {
    let twin = twin.and_then(|twin| facts(twin, rules, names, Some(as_of)));
    let outcome = twin.map_or(NameId::NONE, |twin| twin.to_compare_with());
    facts_beside(case, rules, names, Some(as_of), outcome)
}

/// The key of the case that a shadow run shadows; `None` for a case that is none or does not say.
pub(crate) fn shadowed(case: &Case) -> Option<&str> {
    let shadow = |event: &CaseEvent| event.flags.origin() == Origin::Shadow;
    case.parent().filter(|_| case.events().iter().any(shadow))
}

/// [`facts`] of a case that, if it is a shadow run, is compared with this outcome (0 for none) instead of the one it knows.
fn facts_beside(
    case: &Case,
    rules: &RuleBook,
    names: &Names,
    as_of: Option<Time>,
    twin_outcome: NameId,
) -> Option<Facts> {
    let process = case.process();
    let rule = rules.of(process);
    let ordered = in_order(case, rule, names);
    let events = &*ordered.events;
    let (first, last) = (events.first()?, events.last()?);
    let life = Life::of(events, rule);
    let work = &*life.work(events);
    let steps = &*steps_of(work);
    let end = work.last()?.time;
    let idle = is_idle(case, rule, last.time, as_of);
    let declared = rule.declares_end || life.declares_end;
    let named = named_outcome(events);
    let outcome = named.map_or(life.stands, |event| event.outcome);
    let mapped_severity = named.and_then(|event| event.flags.severity());
    let origin = origin(events);
    let twin = twin_of(case, origin, outcome, twin_outcome);
    let off_path = off_path(steps, rule);
    let complete = !declared || life.ended || idle;
    let mode = mode(work, &life, &ModeTerms::new(rule, names, complete));
    let confirmed = is_confirmed(events) || is_approved(events, work, &life, &mode);
    // Nobody knows how long a case without times took.
    let limit = rule.limit.filter(|_| !first.time.is_undated());
    let passed = limit.map(|limit| passes_limit(first.time, limit));
    let overdue = passed.filter(|at| !complete && as_of.is_some_and(|as_of| *at <= as_of));
    let late = overdue.is_some() || is_over(limit, end.since(first.time));
    let assessment = rules.assess(process, (outcome, mapped_severity), names);
    let parts = Parts {
        outcome: assessment.map_or(Ppm::ZERO, Assessment::severity),
        rework: weight_if(life.reopened > 0, rule.weights.rework),
        lateness: weight_if(late, rule.weights.lateness),
        path: rule.weights.path_step.times(off_path),
        shadow: weight_if(twin.is_some_and(|twin| !twin.alike), Ppm::ONE),
    }
    .that_count(complete);
    let deviation = parts.greatest();
    let is_certain = twin.is_some() || deviation == Ppm::ONE;
    let signals = Signals {
        assessment,
        is_named: named.is_some(),
        others: deviation > Ppm::ZERO || has_other_signal(rule, limit, &life),
    };
    Some(Facts {
        process,
        executor: mode.executor,
        steps_by: steps_by(steps),
        origin,
        start: first.time,
        ends_before_start: ordered.ends_before_start,
        end,
        complete,
        ended: declared && (life.ended || idle),
        outcome,
        mapped_severity,
        directed: rules.directed(process, (outcome, assessment), names),
        outcome_is_activity: named.is_none(),
        settled: life.settled,
        reopened: life.reopened,
        late,
        passes_limit: passed,
        resolution: resolution(events, work, &life, |event| {
            severity_of(event, process, (rules, names))
        }),
        overdue_from: overdue.map(Time::hour),
        off_path,
        handoffs: handoffs(steps),
        deviation,
        unknown: !is_certain && !signals.show(),
        blamed: blamed(&parts, work, rule, &life),
        input: case.input(),
        cluster: case.cluster(),
        version: case.version(),
        hands_on: case.hands_on().map(|seconds| Span::seconds(seconds as i64)),
        straight: went_straight(steps, life.reopened),
        without_people: by_machines_only(work) == Some(true) && case.hands_on().is_none(),
        confirmed,
        evident: confirmed || !rule.require_confirmed,
        twin,
        parent_process: parent_process(case),
        stages: stages_of(case, &ordered, (rule, names)),
        path: activities(&steps_of(events)),
    })
}

/// How severe the outcome is that an event names.
fn severity_of(event: &CaseEvent, process: NameId, (rules, names): (&RuleBook, &Names)) -> Ppm {
    let outcome = (event.outcome, event.flags.severity());
    let assessment = rules.assess(process, outcome, names);
    assessment.map_or(Ppm::ZERO, Assessment::severity)
}

/// The process of the parent case; 0 for none.
fn parent_process(case: &Case) -> NameId {
    case.parent()
        .map_or(NameId::NONE, |_| case.parent_process())
}

fn is_over(limit: Option<Span>, taken: Span) -> bool {
    limit.is_some_and(|limit| taken > limit)
}

/// What a shadow run that ended like this is compared with.
fn twin_of(case: &Case, origin: Origin, outcome: NameId, twin_outcome: NameId) -> Option<Twin> {
    let compared = origin == Origin::Shadow && twin_outcome.is_some();
    case.parent().filter(|_| compared).map(|key| Twin {
        case: hash_text(key),
        alike: outcome == twin_outcome,
    })
}

/// Whether a case has ended because nothing has come for as long as its process says.
fn is_idle(case: &Case, rule: &ProcessRules, last: Time, as_of: Option<Time>) -> bool {
    match (rule.idle, as_of) {
        // A case that was closed for being idle is open again where that does not end it any more.
        (None, _) => false,
        (Some(idle), Some(as_of)) => as_of.since(last) >= idle,
        (Some(_), None) => case.idle_closed(),
    }
}

/// When it reached its milestones. When it was resolved before it began is not known.
fn stages_of(case: &Case, ordered: &InOrder, (rule, names): (&ProcessRules, &Names)) -> Vec<Stage> {
    let mut stages = rule.stages_of(case, &ordered.events, names);
    if ordered.ends_before_start {
        stages.retain(|stage| stage.after != Some(Span::ZERO));
    }
    stages
}

/// The events that are steps: of an activity that starts and completes it is the start.
fn steps_of(events: &[CaseEvent]) -> Cow<'_, [CaseEvent]> {
    match events.iter().all(|event| event.flags.is_step()) {
        true => Cow::Borrowed(events),
        false => {
            let steps = events.iter().filter(|event| event.flags.is_step());
            Cow::Owned(steps.copied().collect())
        }
    }
}

fn activities(steps: &[CaseEvent]) -> Vec<NameId> {
    steps.iter().map(|event| event.activity).collect()
}

/// Steps that are off the designed path; 0 if none is declared.
fn off_path(steps: &[CaseEvent], rule: &ProcessRules) -> u32 {
    if rule.path.is_empty() {
        return 0;
    }
    let mut taken = activities(steps);
    let mut designed = rule.path.windows(2);
    let is_designed = designed.any(|two| two[0].activity == two[1].activity);
    if !is_designed {
        // A row that repeats the state is no step.
        taken.dedup();
    }
    steps_off_path(&taken, &rule.path)
}

fn weight_if(deviates: bool, weight: Ppm) -> Ppm {
    if deviates { weight } else { Ppm::ZERO }
}

/// The activity that a case's deviation is put down to, so that the deviations of the steps add up to that of the process:
/// of what weighs most (in the order of the parts, if equal) the one that set the outcome, was left again when the case
/// was reopened, came before the longest wait, or was the first that the design does not have. An outcome that was corrected
/// later is put down to the step that had set it, not to who found out.
fn blamed(parts: &Parts, work: &[CaseEvent], rule: &ProcessRules, life: &Life) -> NameId {
    let most = parts.greatest();
    if most == Ppm::ZERO {
        return NameId::NONE;
    }
    let last = work.last().map_or(NameId::NONE, |event| event.activity);
    let set_outcome = || work.iter().rev().find(|event| event.outcome.is_some());
    if parts.outcome == most {
        return set_outcome().map_or(last, |event| event.activity);
    }
    if parts.rework == most {
        // An explicit reopening of a case that never was resolved has no step that was left.
        return Some(life.left_again)
            .filter(|left| left.is_some())
            .unwrap_or(last);
    }
    if parts.lateness == most {
        return before_longest_wait(work).unwrap_or(last);
    }
    if parts.path == most {
        let designed = |id: NameId| rule.path.iter().any(|step| step.activity == id);
        let strange = work.iter().find(|event| !designed(event.activity));
        return strange.map_or(last, |event| event.activity);
    }
    set_outcome().map_or(last, |event| event.activity)
}

fn before_longest_wait(events: &[CaseEvent]) -> Option<NameId> {
    let waits = events.windows(2).map(|pair| {
        let wait = pair[1].time.since(pair[0].time);
        (wait, pair[0].activity)
    });
    // The first of the longest.
    waits
        .reduce(|longest, wait| if wait.0 > longest.0 { wait } else { longest })
        .map(|(_, activity)| activity)
}

/// One event that says "exercise" or "shadow" makes the whole case one: it must never count as live by half.
fn origin(events: &[CaseEvent]) -> Origin {
    events
        .iter()
        .map(|event| event.flags.origin())
        .max()
        .unwrap_or(Origin::Live)
}

#[cfg(test)]
mod tests;

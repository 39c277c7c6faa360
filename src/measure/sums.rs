//! Everything counted of the cases in one bucket, or in the sum of many.

mod codec;
mod directions;
mod keys;

pub(crate) use keys::{ClusterKey, DirectedKey, RunKey, TwinKey};

use super::cohort::Cohort;
use super::counts::Counts;
use super::follow_up::FollowUp;
use super::key::BucketPart;
use super::sampled::Sampled;
use super::sketch::Sketch;
use super::stages::Stages;
use super::trace::Trace;
use crate::cases::{Facts, StepsBy, Twin, passes_limit};
use crate::model::{Executor, Hour, NameId, Names, Origin, Ppm, Span, Time};

/// Stands for the end of the case among what follows an activity.
pub(crate) const END: NameId = NameId(u32::MAX);

/// An open case that deviates already, or will if it stays open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    /// The hour of its first event.
    pub start: Hour,
    /// How far it deviates already.
    pub deviation: Ppm,
    /// The hour of its last event, if it deviates already; else [`Hour::MIN`], so that few are different.
    pub last: Hour,
}

impl Waiting {
    /// When it has passed a limit: whether that is counted by cases or by hours, it is the same instant.
    pub(crate) fn passes(self, limit: Span) -> Time {
        passes_limit(self.start.start(), limit)
    }

    /// A case that started in an hour, and deviates only once it passes a limit.
    pub(crate) fn on_time(start: Hour) -> Waiting {
        Waiting {
            start,
            deviation: Ppm::ZERO,
            last: Hour::MIN,
        }
    }

    /// The same as it is known to have been in an hour: what happened later may be why it deviates.
    pub(crate) fn as_of(self, hour: Hour) -> Waiting {
        match self.last <= hour {
            true => self,
            false => Waiting::on_time(self.start),
        }
    }

    /// Of an open case; `None` if it neither deviates nor has a limit.
    fn of(facts: &Facts) -> Option<Waiting> {
        let deviates = facts.deviation > Ppm::ZERO;
        (deviates || facts.passes_limit.is_some()).then(|| Waiting {
            start: facts.start.hour(),
            deviation: facts.deviation,
            last: if deviates {
                facts.end.hour()
            } else {
                Hour::MIN
            },
        })
    }
}

/// Sums over cases. All integers; a commutative group under [`Sums::merge`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Cases started, by hour of their first event.
    pub starts: Counts<Hour>,
    /// Cases that have started and not ended.
    pub open: i64,
    /// Events of open cases.
    pub open_events: i64,
    /// Open cases that deviate already or will be late if they stay open.
    pub waiting: Counts<Waiting>,
    /// Cases that have ended. All that follows is about these.
    pub cases: i64,
    /// Their steps (events).
    pub steps: i64,
    /// By outcome.
    pub outcomes: Counts<NameId>,
    /// By deviation in parts per million: few different values, each counted, so the sum is exact.
    pub deviations: Counts<Ppm>,
    /// Cases whose outcome the mapping of their source classifies, by outcome and severity.
    pub mapped: Counts<(NameId, Ppm)>,
    /// Cases that nothing shows to be right or wrong, by outcome and by how far they deviate at least.
    pub unknown: Counts<(NameId, Ppm)>,
    /// Cases that reached an end or a resolved state at some time.
    pub settled: i64,
    /// Cases that were reopened.
    pub reopened: i64,
    /// Cases over their limit.
    pub late: i64,
    /// Cases off the designed path.
    pub strayed: i64,
    /// Cases whose outcome is their last activity, for want of a named one.
    pub unnamed_outcomes: i64,
    /// Hand-offs between executor kinds.
    pub handoffs: i64,
    /// Time from the first event to the end.
    pub durations: Sketch,
    /// How often an activity was followed directly by another (or by `END`). Visits of an activity are the sum over
    /// what follows it.
    pub follows: Counts<(NameId, NameId)>,
    /// Cases by the hash of their path.
    pub variants: Sampled<u64>,
    /// Cases by the process of their parent case.
    pub called_by: Counts<NameId>,
    /// Cases that say what their input was.
    pub with_input: i64,
    /// The same by input, outcome and deviation: those that count as evidence, and of shadow runs those that are not in
    /// `twins`.
    pub runs: Sampled<RunKey>,
    /// Hands-on time of people, of the cases whose log has it.
    pub hands_on: Sketch,
    /// Cases of which it is known who ran them.
    pub known_executor: i64,
    /// Of these, cases that went straight through: no person, no rework, no step twice.
    pub straight: i64,
    /// Cases that AI and code ran without people.
    pub without_people: i64,
    /// Deviations of the cases whose outcome somebody else than who set it has confirmed.
    pub confirmed: Counts<Ppm>,
    /// Those of them that nothing shows to be right or wrong, by how far they deviate at least.
    pub confirmed_unknown: Counts<Ppm>,
    /// The other cases, by the hour of their end.
    pub self_declared: Counts<Hour>,
    /// Cases that deviate, by the activity that is put down to, and how far.
    pub blamed: Counts<(NameId, Ppm)>,
    /// By the version of what ran them, of the cases that name one.
    pub versions: Counts<NameId>,
    /// Cases by the hour of their end: how they cluster in days.
    pub ended: Counts<Hour>,
    /// Sum of the deviations in parts per million, by the hour in which the cases ended: when they will have left a window.
    pub deviated: Counts<Hour>,
    /// The same of the cases whose outcome is confirmed.
    pub confirmed_deviated: Counts<Hour>,
    /// Cases that missed something or raised a false alarm.
    pub(crate) directed: Counts<DirectedKey>,
    /// Cases of which nobody knows whether they did: their outcome is not classified.
    pub(crate) undirected: i64,
    /// Those of them whose outcome is confirmed.
    pub(crate) confirmed_undirected: i64,
    /// Cases of which it is known which others have the same cause.
    pub(crate) clusters: Sampled<ClusterKey>,
    /// Shadow runs by the case they shadow.
    pub twins: Sampled<TwinKey>,
    /// Live cases that have ended, by the hour in which they started: in the bucket of their start.
    pub cohort: Cohort,
    /// Steps that name their executor, by executor: of people, AI and code.
    pub steps_by: Counts<Executor>,
    /// When cases reached their milestones, in the bucket of their start.
    pub stages: Stages,
    /// What happened to cases after their resolution, in the bucket of that.
    pub follow_up: FollowUp,
    /// Cases that ended or were resolved before they began, by the times of their log. Those
    /// that ended so are in no duration.
    pub ends_before_start: i64,
    /// Cases that were open and overdue and are no longer, by the hours of their start and of their end or resolution: in the
    /// bucket of the hour in which they passed their limit.
    pub overdue: Counts<(Hour, Hour)>,
    /// What drift compares of the live cases that have ended, in the bucket of their start. Sums over windows do without
    /// them: see `merge_measured`.
    pub traces: Counts<Trace>,
}

impl Sums {
    /// Adds (or with sign -1 takes out) what a case contributes to one of its buckets ([`super::bucket_parts`]).
    pub(crate) fn add_part(&mut self, part: BucketPart, facts: &Facts, names: &Names, sign: i64) {
        match part {
            BucketPart::Start => self.add_start(facts, sign),
            BucketPart::Resolution => self.follow_up.add(facts, sign),
            BucketPart::Overdue => {
                if let Some(overdue) = facts.was_overdue() {
                    self.overdue.add((facts.start.hour(), overdue.until), sign);
                }
            }
            BucketPart::End => self.add_end(facts, names, sign),
        }
    }

    /// Adds (or with sign -1 takes out) what a case contributes to the bucket of its start.
    pub fn add_start(&mut self, facts: &Facts, sign: i64) {
        self.add_begun(facts, sign);
        self.add_open(facts, sign);
    }

    /// Adds (or with sign -1 takes out) what drift compares of a live case, in the bucket of its start: nothing while it is open.
    pub(crate) fn add_trace(&mut self, facts: &Facts, names: &Names, sign: i64) {
        if let Some(trace) = Trace::of(facts, names) {
            self.traces.add(trace, sign);
        }
    }

    /// The part of [`Sums::add_start`] that does not depend on whether the case is still to be waited for.
    pub fn add_begun(&mut self, facts: &Facts, sign: i64) {
        self.starts.add(facts.start.hour(), sign);
        self.stages.add_settled(facts, sign);
        if facts.origin == Origin::Live {
            self.cohort.add(facts, sign);
        }
    }

    /// Adds (or with sign -1 takes out) a case that is open; nothing for one that has ended.
    pub fn add_open(&mut self, facts: &Facts, sign: i64) {
        if !facts.complete {
            self.open += sign;
            self.open_events += sign * facts.path.len() as i64;
            self.stages.add_waiting(facts, sign);
            if let Some(waiting) = Waiting::of(facts) {
                self.waiting.add(waiting, sign);
            }
        }
    }

    /// Adds (or with sign -1 takes out) what a case contributes to the bucket of its end: nothing while it is open.
    pub fn add_end(&mut self, facts: &Facts, names: &Names, sign: i64) {
        self.add_end_counts(facts, sign);
        self.add_end_paths(facts, names, sign);
    }

    /// The part of [`Sums::add_end`] whose size does not grow with the number of different paths.
    pub fn add_end_counts(&mut self, facts: &Facts, sign: i64) {
        if !facts.complete {
            return;
        }
        self.cases += sign;
        self.steps += sign * facts.path.len() as i64;
        self.add_steps(facts.steps_by, sign);
        self.outcomes.add(facts.outcome, sign);
        self.deviations.add(facts.deviation, sign);
        if let Some(severity) = facts.mapped_severity {
            self.mapped.add((facts.outcome, severity), sign);
        }
        if facts.unknown {
            self.unknown.add((facts.outcome, facts.deviation), sign);
        }
        self.settled += sign * i64::from(facts.settled);
        self.reopened += sign * i64::from(facts.reopened > 0);
        self.late += sign * i64::from(facts.late);
        self.strayed += sign * i64::from(facts.off_path > 0);
        self.unnamed_outcomes += sign * i64::from(facts.outcome_is_activity);
        self.handoffs += sign * i64::from(facts.handoffs);
        self.ends_before_start += sign * i64::from(facts.ends_before_start);
        // When it ended is not known, if it ended where it began.
        if !facts.ends_before_start || facts.duration() > Span::ZERO {
            self.durations.add(facts.duration(), sign);
        }
        if facts.parent_process.is_some() {
            self.called_by.add(facts.parent_process, sign);
        }
        if let Some(span) = facts.hands_on {
            self.hands_on.add(span, sign);
        }
        self.known_executor += sign * i64::from(facts.straight.is_some());
        self.straight += sign * i64::from(facts.straight == Some(true));
        self.without_people += sign * i64::from(facts.without_people);
        if facts.deviation > Ppm::ZERO {
            self.blamed.add((facts.blamed, facts.deviation), sign);
        }
        if facts.version.is_some() {
            self.versions.add(facts.version, sign);
        }
        if facts.confirmed {
            self.confirmed.add(facts.deviation, sign);
            if facts.unknown {
                self.confirmed_unknown.add(facts.deviation, sign);
            }
        }
        self.with_input += sign * i64::from(facts.input != 0);
    }

    fn add_steps(&mut self, steps: StepsBy, sign: i64) {
        self.steps_by
            .add(Executor::Human, sign * i64::from(steps.human));
        self.steps_by.add(Executor::Ai, sign * i64::from(steps.ai));
        self.steps_by
            .add(Executor::Code, sign * i64::from(steps.code));
    }

    fn add_end_paths(&mut self, facts: &Facts, names: &Names, sign: i64) {
        if !facts.complete {
            return;
        }
        let followers = facts.path.iter().skip(1).copied().chain([END]);
        for (activity, next) in facts.path.iter().zip(followers) {
            self.follows.add((*activity, next), sign);
        }
        self.variants.add(facts.variant(names), sign);
        if let Some(Twin { case, alike }) = facts.twin {
            let key = TwinKey {
                case,
                alike,
                deviation: facts.deviation,
            };
            self.twins.add(key, sign);
        } else if facts.input != 0 && (facts.evident || facts.origin == Origin::Shadow) {
            let key = RunKey {
                input: facts.input,
                outcome: facts.outcome,
                deviation: facts.deviation,
                // One that deviates in part is not clean, whatever else it is.
                unknown: facts.unknown && facts.deviation == Ppm::ZERO,
            };
            self.runs.add(key, sign);
        }
        self.add_end_hour(facts, sign);
    }

    /// What is counted by the hour of the end.
    fn add_end_hour(&mut self, facts: &Facts, sign: i64) {
        let hour = facts.end.hour();
        self.ended.add(hour, sign);
        let ppm = sign * i64::from(facts.deviation);
        self.deviated.add(hour, ppm);
        if facts.confirmed {
            self.confirmed_deviated.add(hour, ppm);
        } else {
            self.self_declared.add(hour, sign);
        }
        self.add_direction(facts, sign);
        self.add_cluster(facts, sign);
    }

    /// Adds `sign` times other sums.
    pub fn merge(&mut self, other: &Sums, sign: i64) {
        self.merge_measured(other, sign);
        self.traces.merge(&other.traces, sign);
    }

    /// The same without the traces of single cases, which only drift needs: sums over a window would be as large as its log.
    pub(crate) fn merge_measured(&mut self, other: &Sums, sign: i64) {
        self.starts.merge(&other.starts, sign);
        self.open += sign * other.open;
        self.open_events += sign * other.open_events;
        self.waiting.merge(&other.waiting, sign);
        self.cases += sign * other.cases;
        self.steps += sign * other.steps;
        self.outcomes.merge(&other.outcomes, sign);
        self.deviations.merge(&other.deviations, sign);
        self.mapped.merge(&other.mapped, sign);
        self.unknown.merge(&other.unknown, sign);
        self.settled += sign * other.settled;
        self.reopened += sign * other.reopened;
        self.late += sign * other.late;
        self.strayed += sign * other.strayed;
        self.unnamed_outcomes += sign * other.unnamed_outcomes;
        self.handoffs += sign * other.handoffs;
        self.durations.merge(&other.durations, sign);
        self.follows.merge(&other.follows, sign);
        self.variants.merge(&other.variants, sign);
        self.called_by.merge(&other.called_by, sign);
        self.with_input += sign * other.with_input;
        self.runs.merge(&other.runs, sign);
        self.hands_on.merge(&other.hands_on, sign);
        self.known_executor += sign * other.known_executor;
        self.straight += sign * other.straight;
        self.without_people += sign * other.without_people;
        self.confirmed.merge(&other.confirmed, sign);
        self.confirmed_unknown.merge(&other.confirmed_unknown, sign);
        self.self_declared.merge(&other.self_declared, sign);
        self.blamed.merge(&other.blamed, sign);
        self.versions.merge(&other.versions, sign);
        self.ended.merge(&other.ended, sign);
        self.deviated.merge(&other.deviated, sign);
        self.confirmed_deviated
            .merge(&other.confirmed_deviated, sign);
        self.directed.merge(&other.directed, sign);
        self.undirected += sign * other.undirected;
        self.confirmed_undirected += sign * other.confirmed_undirected;
        self.clusters.merge(&other.clusters, sign);
        self.twins.merge(&other.twins, sign);
        self.cohort.merge(&other.cohort, sign);
        self.steps_by.merge(&other.steps_by, sign);
        self.stages.merge(&other.stages, sign);
        self.follow_up.merge(&other.follow_up, sign);
        self.overdue.merge(&other.overdue, sign);
        self.ends_before_start += sign * other.ends_before_start;
    }

    /// Takes the open cases of other sums for its own.
    pub fn set_open(&mut self, other: &Sums) {
        (self.open, self.open_events) = (other.open, other.open_events);
        self.waiting = other.waiting.clone();
        self.stages.set_waiting(&other.stages);
    }

    /// Forgets the open cases. Which milestones they wait for stays: that is by the hour of their start.
    pub(crate) fn forget_open(&mut self) {
        let stages = std::mem::take(&mut self.stages);
        self.set_open(&Sums::default());
        self.stages = stages;
    }

    /// Whether everything is 0: such a bucket need not be kept.
    pub fn is_zero(&self) -> bool {
        *self == Sums::default()
    }

    /// Cases that started, ended or not.
    pub fn started(&self) -> i64 {
        self.starts.total()
    }

    /// Sum of the deviations, in parts per million: exact.
    pub fn deviation_ppm(&self) -> i64 {
        let each = self.deviations.iter();
        let sum = each.map(|(d, count)| i64::from(d).saturating_mul(count));
        sum.fold(0, i64::saturating_add)
    }

    /// Sum of the deviations, in deviations.
    pub fn deviation_sum(&self) -> f64 {
        self.deviation_ppm() as f64 / f64::from(Ppm::ONE.0)
    }
}

#[cfg(test)]
mod tests;

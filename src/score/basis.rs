//! What a verdict rests on: the parts of a score that the rules ask for.

use super::bounds::{Bounds, mean_exceeds_limit};
use super::directions::{DirectionScore, misses_too_much};
use super::process_score::{
    CaseCounts, Constraints, ExecutorScore, Levels, LossScore, ProcessScore, Rating, RunBy,
    ScoredCases, ShadowScore, Trials,
};
use super::reason::NoVerdict;
use super::recommend::Attributes;
use super::trial_evidence::TrialEvidence;
use crate::model::{Executor, Status};
use crate::rules::Trial;

/// The parts of a score that its verdict rests on.
#[derive(Clone, Copy)]
pub(super) struct Basis<'a> {
    pub(super) counts: &'a CaseCounts,
    pub(super) levels: &'a Levels,
    pub(super) rating: &'a Rating,
    pub(super) directions: &'a [DirectionScore],
    pub(super) scored_cases: &'a ScoredCases,
    pub(super) loss: &'a LossScore,
    pub(super) constraints: &'a Constraints,
    pub(super) run_by: &'a RunBy,
    pub(super) trials: &'a Trials,
}

impl<'a> Basis<'a> {
    /// What the conditions of the rules speak of; `None` while no case has ended, or those that have are no evidence.
    pub(super) fn attributes(self) -> Option<Attributes> {
        if self.counts.ended() <= 0 || self.unusable().is_some() {
            return None;
        }
        let (levels, rating) = (self.levels, self.rating);
        Some(Attributes {
            complexity: levels.complexity?,
            frequency: levels.frequency?,
            criticality: levels.criticality,
            tolerance: levels.tolerance?,
            status: rating.status,
            executor: self.run_by.executor,
            required_class: rating.required_class,
            achieved_class: rating.achieved_class,
            ai_status: self.status_of(Executor::Ai),
            code_status: self.status_of(Executor::Code),
            misses_too_much: misses_too_much(self.directions),
            ai_shadow: self.trial_of(Executor::Ai),
            code_shadow: self.trial_of(Executor::Code),
            irreversible: self.constraints.irreversible,
            pays_back: self.constraints.pays_back,
            judgement: self.constraints.judgement,
            determinism: self.constraints.determinism.determinism,
        })
    }

    /// Why the cases are no evidence for a recommendation, if they are not. What is to be withdrawn at once is withdrawn all the same.
    pub(super) fn unusable(self) -> Option<NoVerdict> {
        let kinds = [Executor::Ai, Executor::Code];
        let withdrawn = kinds
            .iter()
            .any(|kind| self.status_of(*kind) == Status::Outside);
        self.scored_cases.unusable.filter(|_| !withdrawn)
    }

    /// The status of the cases that one kind decided without approval: of the whole process where no case is in another mode, if
    /// it is outside. Undetermined where it decided none.
    pub(super) fn status_of(self, kind: Executor) -> Status {
        let alone = self
            .alone(kind)
            .map(|side| (side.status, side.can_be_withdrawn));
        let alone = alone.map_or(Status::Undetermined, shown);
        let whole = shown((self.rating.status, self.run_by.can_be_withdrawn));
        match (alone, self.runs_all(kind), whole) {
            // What it decided is shown to hold, so that it is others who deviate.
            (Status::Within, ..) => Status::Within,
            (_, true, Status::Outside) => Status::Outside,
            (alone, ..) => alone,
        }
    }

    /// Whether one kind runs the process and no case is in another known mode, so that the figures of the whole are its own.
    pub(super) fn runs_all(self, kind: Executor) -> bool {
        let mut sides = self.run_by.executors.iter().map(|side| side.executor);
        self.run_by.executor == kind && sides.all(|side| side == kind || side == Executor::Unknown)
    }

    /// What the shadow runs of one kind show, where it has still to show that it can.
    pub(super) fn trial_of(self, kind: Executor) -> Trial {
        let rating = self.rating;
        let runs_it = self.runs_all(kind);
        let holds = |status| status == Status::Within;
        TrialEvidence {
            holds: holds(self.status_of(kind)) || runs_it && holds(rating.status),
            alone: self.alone(kind).map(|side| side.deviation),
            whole: rating.deviation.filter(|_| runs_it),
            approved: self.alone(kind.approved()).and_then(|side| side.deviation),
            shadow: self.shadow_of(kind).map(|shadow| shadow.status),
            unconfirmed: runs_it && self.scored_cases.is_unconfirmed(),
        }
        .trial(rating.permissible_deviation, self.loss.too_much)
    }

    /// The deviation of what one kind runs today, where that speaks against it without being called outside.
    pub(super) fn leaning_of(self, kind: Executor) -> Option<Bounds> {
        let is_open = matches!(
            self.status_of(kind),
            Status::Undetermined | Status::NoTolerance
        );
        let t = self.rating.permissible_deviation?;
        let own = match self.alone(kind) {
            Some(side) => side.deviation,
            None => self.rating.deviation.filter(|_| self.runs_all(kind)),
        };
        own.filter(|own| is_open && mean_exceeds_limit(*own, t))
    }

    /// Whether nothing is known of how one kind would do without approval: it decides no case, and no shadow run.
    pub(super) fn is_untried(self, kind: Executor) -> bool {
        let runs_it = self.run_by.executor == kind;
        self.alone(kind).is_none() && !runs_it && self.shadow_of(kind).is_none()
    }

    /// The cases in one mode: those of AI and code are those that they decided without approval.
    pub(super) fn alone(self, kind: Executor) -> Option<&'a ExecutorScore> {
        let mut executors = self.run_by.executors.iter();
        executors.find(|side| side.executor == kind)
    }

    /// The shadow runs of one kind.
    pub(super) fn shadow_of(self, kind: Executor) -> Option<&'a ShadowScore> {
        let mut shadow = self.trials.shadow.iter();
        shadow.find(|shadow| shadow.executor == kind)
    }
}

/// A status that nothing is withdrawn for while the cases are too few.
fn shown((status, can_be_withdrawn): (Status, bool)) -> Status {
    match status {
        Status::Outside if !can_be_withdrawn => Status::Undetermined,
        status => status,
    }
}

impl ProcessScore {
    fn basis(&self) -> Basis<'_> {
        Basis {
            counts: &self.counts,
            levels: &self.levels,
            rating: &self.rating,
            directions: &self.directions,
            scored_cases: &self.scored_cases,
            loss: &self.loss,
            constraints: &self.constraints,
            run_by: &self.run_by,
            trials: &self.trials,
        }
    }

    /// What the conditions of the rules speak of; `None` while no case has ended.
    pub fn attributes(&self) -> Option<Attributes> {
        self.basis().attributes()
    }

    /// The status of what one kind runs; undetermined where it ran none.
    pub fn status_of(&self, kind: Executor) -> Status {
        self.basis().status_of(kind)
    }

    /// The deviation of what one kind runs today, where that speaks against it without being called outside.
    pub(crate) fn leaning_of(&self, kind: Executor) -> Option<Bounds> {
        self.basis().leaning_of(kind)
    }

    /// Whether nothing is known of how one kind would do: it runs no case, and no shadow run.
    pub fn is_untried(&self, kind: Executor) -> bool {
        self.basis().is_untried(kind)
    }

    /// The cases in one mode.
    pub fn executor_of(&self, kind: Executor) -> Option<&ExecutorScore> {
        self.basis().alone(kind)
    }

    /// Whether one kind runs the process and no case is in another known mode.
    pub(crate) fn runs_all(&self, kind: Executor) -> bool {
        self.basis().runs_all(kind)
    }

    /// The shadow runs of one kind.
    pub fn shadow_of(&self, kind: Executor) -> Option<&ShadowScore> {
        self.basis().shadow_of(kind)
    }
}

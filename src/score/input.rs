//! What one process is scored by: what was measured of it and what is declared of it. Nothing of this changes while the
//! score is made.

use super::process_score::BaselineScore;
use super::reason::NoVerdict;
use super::size::{SizeError, Sizes};
use crate::measure::{Loss, ProcessSums, Sketch, Stretch, Sums};
use crate::model::{Executor, NameId, Names, Origin, Ppm, Span, Time};
use crate::rules::{Catalog, Process, Tolerance};

/// What scoring needs beside the evidence.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The declared processes.
    pub catalog: &'a Catalog,
    /// Table, levels, decisions.
    pub tolerance: &'a Tolerance,
    /// The names.
    pub names: &'a Names,
}

/// One process: its measurements and its declaration.
pub(super) struct ProcessInput<'a> {
    pub(super) terms: Terms<'a>,
    pub(super) declared: Process,
    /// Whether any log names it.
    pub(super) is_in_logs: bool,
    /// Live cases of all kinds.
    pub(super) live: &'a Sums,
    /// All cases by kind and origin.
    pub(super) parts: &'a ProcessSums,
    /// The time in which cases would have been seen: what rates are over. It ends before `as_of` where it must be taken that
    /// its sources have told of nothing since.
    pub(super) covered: Stretch,
    pub(super) as_of: Time,
    /// How long what has ended counts; `None`: for ever.
    pub(super) window: Option<Span>,
    pub(super) loss: Loss,
    /// The measured size; `None` while no case has ended.
    pub(super) size: Option<&'a Result<Sizes, SizeError>>,
    pub(super) baseline: Option<BaselineScore>,
    /// Hands-on time of the cases of the baseline.
    pub(super) hands_on_before: Option<&'a Sketch>,
}

impl<'a> ProcessInput<'a> {
    /// Of these sums over this time, with nothing known beside them.
    pub(super) fn of_sums(
        terms: Terms<'a>,
        declared: Process,
        (live, parts): (&'a Sums, &'a ProcessSums),
        covered: Stretch,
    ) -> ProcessInput<'a> {
        ProcessInput {
            terms,
            declared,
            is_in_logs: true,
            live,
            parts,
            covered,
            as_of: covered.last,
            window: None,
            loss: Loss::default(),
            size: None,
            baseline: None,
            hands_on_before: None,
        }
    }

    /// Whether anything at all could be a deviation: an outcome that was observed and is declared or known by its name, a
    /// state that can be left again, a limit, a path. Without any of these a clean record is no evidence.
    pub(super) fn is_measurable(&self) -> bool {
        let (declared, live) = (&self.declared, self.live);
        let named = live.unnamed_outcomes < live.cases;
        let is_known = |id: NameId| {
            let text = self.terms.names.text(id);
            declared.severity_of(text).is_some() || named && self.is_known_by_name(text)
        };
        let by_outcome = || match live.outcomes.is_empty() {
            // Nothing has ended yet that could have ended otherwise than declared.
            true => !declared.outcomes.is_empty(),
            false => live.outcomes.iter().any(|(id, _)| is_known(id)),
        };
        live.settled > 0
            || declared.duration_limit.is_some()
            || !declared.path.is_empty()
            || by_outcome()
    }

    /// Whether the tolerance file knows an outcome by its name.
    pub(super) fn is_known_by_name(&self, outcome: &str) -> bool {
        let by_name = &self.terms.tolerance.outcome_severity;
        by_name.contains_key(&outcome.to_lowercase())
    }

    /// How many cases of some sums are scored, and the sum of their deviations.
    pub(super) fn scored_in(&self, sums: &Sums) -> (i64, f64) {
        if !self.declared.require_confirmed {
            return (sums.cases, sums.deviation_sum());
        }
        let ppm: i128 = sums
            .confirmed
            .iter()
            .map(|(deviation, count)| i128::from(deviation) * i128::from(count))
            .sum();
        (sums.confirmed.total(), ppm as f64 / f64::from(Ppm::ONE.0))
    }

    /// The same of all that the deviation of the process rests on.
    pub(super) fn scored(&self) -> (i64, f64) {
        let (mut n, mut s) = self.scored_in(self.live);
        if self.declared.exercises_count {
            let (more, sum) = self.scored_in(&self.parts.of_origin(Origin::Exercise));
            n += more;
            s += sum;
        }
        (n, s)
    }

    /// Why nothing can be decided, where nothing can.
    pub(super) fn no_verdict(&self) -> NoVerdict {
        let live = self.live;
        match self.declared.epoch {
            // What ended, or is open, may have begun before the window.
            _ if live.started() == 0 && live.cases == 0 && live.open == 0 => NoVerdict::NoCase,
            Some(epoch) if live.cases > 0 => NoVerdict::NoneEndedSince(epoch),
            _ => NoVerdict::NoneEnded,
        }
    }

    /// The last event of all its sources, where it must be taken that they have told of nothing since.
    pub(super) fn silent_since(&self) -> Option<Time> {
        Some(self.covered.last).filter(|last| *last < self.as_of)
    }

    /// Whether so much was lost that nothing is called within or outside.
    pub(super) fn lost_too_much(&self) -> bool {
        self.loss.unknown > 0 || self.loss.share() > self.terms.tolerance.most_loss
    }

    /// Live cases by kind.
    pub(super) fn live_kinds(&self) -> impl Iterator<Item = (Executor, &Sums)> {
        let parts = self.parts.parts.iter();
        parts
            .filter(|((_, origin), _)| *origin == Origin::Live)
            .map(|((executor, _), sums)| (*executor, sums))
    }

    /// The kinds that are known and have ended cases.
    pub(super) fn known_kinds(&self) -> impl Iterator<Item = (Executor, &Sums)> {
        self.live_kinds()
            .filter(|(executor, sums)| *executor != Executor::Unknown && sums.cases > 0)
    }
}

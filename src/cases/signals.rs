//! What shows that a case deviates, and how far.

use super::life::Life;
use super::rules::{Assessment, ProcessRules};
use crate::model::{Ppm, Span};

/// What a deviation is made of. The greatest part counts.
#[derive(Clone, Copy)]
pub(super) struct Parts {
    /// The severity of the outcome.
    pub(super) outcome: Ppm,
    /// The case was reopened.
    pub(super) rework: Ppm,
    /// It took longer than its limit.
    pub(super) lateness: Ppm,
    /// It left the designed path.
    pub(super) path: Ppm,
    /// A shadow run that ends otherwise than what was done, and stood, is as wrong as an outcome can be.
    pub(super) shadow: Ppm,
}

impl Parts {
    pub(super) fn greatest(&self) -> Ppm {
        let most = self.outcome.max(self.rework).max(self.lateness);
        most.max(self.path).max(self.shadow)
    }

    /// Those that count. While a case has not ended, how it stands is no outcome yet, and the rest of its path is still to come.
    pub(super) fn that_count(self, complete: bool) -> Parts {
        if complete {
            return self;
        }
        Parts {
            outcome: Ppm::ZERO,
            path: Ppm::ZERO,
            shadow: Ppm::ZERO,
            ..self
        }
    }
}

/// What could have shown that a case deviates.
pub(super) struct Signals {
    pub(super) assessment: Option<Assessment>,
    /// Whether an event names the outcome, rather than that the last activity stands for it.
    pub(super) is_named: bool,
    /// Whether anything else shows that it deviates, or could have shown it.
    pub(super) others: bool,
}

impl Signals {
    /// Whether they say anything.
    pub(super) fn show(&self) -> bool {
        match (self.assessment, self.is_named) {
            (Some(Assessment::Declared(_) | Assessment::Mapped(_)), _) | (Some(_), true) => true,
            // A named outcome that nobody has classified: whatever else is fine, it may be wrong.
            (None, true) => false,
            (_, false) => self.others,
        }
    }
}

/// Whether anything but its outcome could have shown that a case deviates: going on after its end, a limit, a path.
pub(super) fn has_other_signal(rule: &ProcessRules, limit: Option<Span>, life: &Life) -> bool {
    life.settled || limit.is_some() || !rule.path.is_empty()
}

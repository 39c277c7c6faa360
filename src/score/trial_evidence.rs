//! What one kind of executor has shown so far, live and in shadow runs.

use super::bounds::{Bounds, mean_exceeds_limit};
use crate::model::Status;
use crate::rules::Trial;

/// What one kind has shown so far, live and in shadow runs.
pub(crate) struct TrialEvidence {
    /// Whether what it runs today is within.
    pub holds: bool,
    /// The deviation of the cases that it decided without approval, where there are any.
    pub alone: Option<Option<Bounds>>,
    /// The deviation of the process, where it decides all of it.
    pub whole: Option<Bounds>,
    /// The deviation of the cases that it decided and a person approved. They never speak for running it without approval: only
    /// against it.
    pub approved: Option<Bounds>,
    /// The status of its shadow runs, where there are any.
    pub shadow: Option<Status>,
    /// Whether it runs the process, and none of the outcomes is confirmed though that is required.
    pub unconfirmed: bool,
}

impl TrialEvidence {
    /// What that amounts to beside a permissible deviation.
    pub(crate) fn trial(&self, permissible: Option<f64>, lost_too_much: bool) -> Trial {
        if self.holds {
            return Trial::None;
        }
        let own = self.alone.unwrap_or(self.whole).zip(permissible);
        // Nothing is called outside where too much was lost: what is so at best must not be advised for that.
        let is_above = |of: Option<Bounds>| of.zip(permissible).is_some_and(|(d, t)| d.lower > t);
        let is_outside = lost_too_much && (is_above(self.alone.flatten()) || is_above(self.whole));
        match self.shadow {
            Some(Status::Outside) => Trial::Outside,
            _ if is_outside => Trial::Outside,
            // Too little to call it outside is no reason to take it for one that has never been tried.
            _ if own.is_some_and(|(own, t)| mean_exceeds_limit(own, t)) => Trial::Undetermined,
            Some(Status::Within) => Trial::Within,
            Some(Status::Undetermined | Status::NoTolerance) => Trial::Undetermined,
            // Cases of which none is confirmed show no more than a trial that proves nothing.
            None if self.unconfirmed => Trial::Undetermined,
            // What deviates too much with a person's approval is no candidate for doing without it.
            None if self.leans_with_approval(permissible) => Trial::Undetermined,
            None => Trial::None,
        }
    }

    fn leans_with_approval(&self, permissible: Option<f64>) -> bool {
        let approved = self.approved.zip(permissible);
        approved.is_some_and(|(approved, t)| mean_exceeds_limit(approved, t))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(mean: f64, lower: f64, upper: f64) -> Bounds {
        Bounds { mean, lower, upper }
    }

    const NOTHING: TrialEvidence = TrialEvidence {
        holds: false,
        alone: None,
        whole: None,
        approved: None,
        shadow: None,
        unconfirmed: false,
    };

    #[test]
    fn what_a_kind_runs_counts_beside_its_shadow_runs() {
        let t = Some(0.03);
        let trial = |shown: TrialEvidence| shown.trial(t, false);
        assert_eq!(trial(NOTHING), Trial::None);
        let leaning = |shadow| {
            trial(TrialEvidence {
                alone: Some(Some(bounds(0.04, 0.01, 0.2))),
                shadow,
                ..NOTHING
            })
        };
        assert_eq!(leaning(None), Trial::Undetermined);
        assert_eq!(leaning(Some(Status::Within)), Trial::Undetermined);
        assert_eq!(leaning(Some(Status::Outside)), Trial::Outside);
        // At T it is not above it, whatever rounding makes of it.
        let at_t = TrialEvidence {
            alone: Some(Some(bounds(0.1 * 0.3, 0.01, 0.2))),
            ..NOTHING
        };
        assert_eq!(trial(at_t), Trial::None);
        let holding = TrialEvidence {
            holds: true,
            shadow: Some(Status::Outside),
            ..NOTHING
        };
        assert_eq!(trial(holding), Trial::None);
        // What it ran alone goes before what it runs with others; who ran nothing alone is judged by the whole.
        let whole = Some(bounds(0.04, 0.01, 0.2));
        let better_alone = TrialEvidence {
            alone: Some(Some(bounds(0.02, 0.001, 0.2))),
            whole,
            ..NOTHING
        };
        assert_eq!(trial(better_alone), Trial::None);
        assert_eq!(
            trial(TrialEvidence { whole, ..NOTHING }),
            Trial::Undetermined
        );
    }

    #[test]
    fn approved_cases_never_speak_for_running_without_approval() {
        let t = Some(0.03);
        let approved = |mean, shadow| TrialEvidence {
            approved: Some(bounds(mean, 0.001, 0.2)),
            shadow,
            ..NOTHING
        };
        let undetermined = Some(Status::Undetermined);
        assert_eq!(approved(0.0, None).trial(t, false), Trial::None);
        assert_eq!(
            approved(0.0, undetermined).trial(t, false),
            Trial::Undetermined
        );
        assert_eq!(approved(0.1, None).trial(t, false), Trial::Undetermined);
        // Shadow runs are without approval, and speak for themselves.
        let within = approved(0.1, Some(Status::Within));
        assert_eq!(within.trial(t, false), Trial::Within);
    }

    #[test]
    fn what_is_outside_at_best_stays_so_when_too_much_was_lost() {
        let alone = |lower| TrialEvidence {
            alone: Some(Some(bounds(0.2, lower, 0.4))),
            ..NOTHING
        };
        assert_eq!(alone(0.1).trial(Some(0.03), true), Trial::Outside);
        assert_eq!(alone(0.01).trial(Some(0.03), true), Trial::Undetermined);
        let whole = TrialEvidence {
            alone: Some(Some(bounds(0.02, 0.001, 0.4))),
            whole: Some(bounds(0.2, 0.1, 0.4)),
            ..NOTHING
        };
        assert_eq!(whole.trial(Some(0.03), true), Trial::Outside);
    }
}

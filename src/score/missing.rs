//! How many clean runs are missing until a process is shown to be within its tolerance, and how long they take.

use super::process::{Scorer, Target};
use crate::config::format_days;
use crate::measure::Sums;
use crate::model::{Origin, WEEK_US};
use crate::stats::clean_runs_missing;

/// The clean runs that a process lacks.
pub(super) struct CleanRuns {
    /// How many; `None` where no number of them would do.
    pub missing: Option<u64>,
    /// How long they take at the present rate; `None` where they never come.
    pub weeks: Option<f64>,
    /// Why no number would do, or why those that are missing will never be there at once.
    pub withheld: Option<String>,
}

impl Scorer<'_> {
    /// How many further clean runs until it would be within, and when, else why not.
    pub(super) fn clean_runs_missing(&self, target: Target) -> CleanRuns {
        let (n, s) = self.evidence();
        let missing = self.clean_runs_for(n, s, target);
        let withheld = match missing {
            None => Some(self.why_no_number(target)),
            Some(0) => None,
            Some(_) => self.why_never(target),
        };
        CleanRuns {
            missing,
            weeks: missing
                .filter(|_| withheld.is_none())
                .and_then(|missing| self.weeks_until(missing)),
            withheld,
        }
    }

    /// Where cases leave the window before there are enough of them, however clean they all are.
    fn why_never(&self, target: Target) -> Option<String> {
        let (window, per_week) = (self.window?, self.evidence_per_week());
        let needed = self.clean_runs_for(0, 0.0, target)?;
        let at_once = per_week * window as f64 / WEEK_US as f64;
        let is_never = per_week > 0.0 && at_once < needed as f64;
        is_never.then(|| {
            let window = format_days(window);
            format!(
                "never within a window of {window} at {per_week:.1} a week: it takes {needed} in one window"
            )
        })
    }

    /// How many further clean runs until it would be within; `None` where that can't be, or nothing can be measured.
    pub(super) fn clean_runs_for(&self, n: i64, s: f64, target: Target) -> Option<u64> {
        let t = target.permissible?;
        if self.lost_too_much() || self.is_unmeasurable(n) {
            return None;
        }
        let lost = self.loss.share();
        let limit = (t - lost) / (1.0 - lost);
        clean_runs_missing(n.max(0) as f64, s, limit, self.terms.tolerance.alpha)
    }

    /// Whether there are cases, and none of them could have deviated.
    fn is_unmeasurable(&self, n: i64) -> bool {
        (n > 0 || self.live.cases > 0) && !self.is_measurable(self.live)
    }

    fn why_no_number(&self, target: Target) -> String {
        let percent = |share: f64| format!("{:.2} %", share * 100.0);
        let lost = percent(self.loss.share());
        let Some(t) = target.permissible else {
            return match target.nominal {
                Some(_) => "there is no tolerance to hold".to_owned(),
                None => self.no_verdict(),
            };
        };
        if self.lost_too_much() {
            let most = percent(self.terms.tolerance.most_loss);
            format!(
                "{lost} of the records were lost, and above {most} nothing is called within, after however many clean runs"
            )
        } else if self.is_unmeasurable(self.evidence().0) {
            "nothing here could count as a deviation".to_owned()
        } else if self.loss.share() >= t {
            let t = percent(t);
            format!(
                "{lost} of the records were lost: if all of those were wrong, that alone is as much as T {t}"
            )
        } else {
            "more than ten million".to_owned()
        }
    }

    /// How long so many runs take at the present rate; `None` where that is 0.
    fn weeks_until(&self, missing: u64) -> Option<f64> {
        let per_week = self.evidence_per_week();
        if missing == 0 {
            return Some(0.0);
        }
        (per_week > 0.0).then(|| missing as f64 / per_week)
    }

    /// Cases, and exercises where they count, that become evidence in a week.
    fn evidence_per_week(&self) -> f64 {
        let live = self.evidence_rate(self.live);
        match self.declared.exercises_count {
            true => live + self.evidence_rate(&self.parts.of_origin(Origin::Exercise)),
            false => live,
        }
    }

    /// Cases a week that become evidence.
    fn evidence_rate(&self, sums: &Sums) -> f64 {
        self.evidence_in(sums).0 as f64 / self.weeks
    }
}

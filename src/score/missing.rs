//! How many clean runs are missing until a process is shown to be within its tolerance, and how long they take.

use super::process::{Scorer, Target};
use crate::measure::Sums;
use crate::model::Origin;
use crate::stats::clean_runs_missing;

impl Scorer<'_> {
    /// How many further clean runs until it would be within, else why no number of them would do.
    pub(super) fn clean_runs_missing(&self, target: Target) -> (Option<u64>, Option<String>) {
        let (n, s) = self.evidence();
        let missing = self.clean_runs_for(n, s, target);
        let why = missing.is_none().then(|| self.why_no_number(target));
        (missing, why)
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
    pub(super) fn weeks_until(&self, missing: Option<u64>) -> Option<f64> {
        let missing = missing? as f64;
        let mut per_week = self.evidence_rate(self.live);
        if self.declared.exercises_count {
            per_week += self.evidence_rate(&self.parts.of_origin(Origin::Exercise));
        }
        if missing == 0.0 {
            return Some(0.0);
        }
        (per_week > 0.0).then(|| missing / per_week)
    }

    /// Cases a week that become evidence.
    fn evidence_rate(&self, sums: &Sums) -> f64 {
        self.evidence_in(sums).0 as f64 / self.weeks
    }
}

//! How many clean runs are missing until a process is shown to be within its tolerance, and how long they take.

use super::frequency::Frequency;
use super::process::{Scorer, Target};
use crate::measure::Sums;
use crate::model::humanize::format_days;
use crate::model::{DAY_US, Origin, Status, Time, WEEK_US};
use crate::stats::clean_runs_missing;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The clean runs that a process lacks.
pub(super) struct CleanRuns {
    /// How many; `None` where no number of them would do.
    pub missing: Option<u64>,
    /// How long they take at the present rate; `None` where they never come.
    pub weeks: Option<f64>,
    /// Why no number would do, or why those that are missing will never be there at once.
    pub withheld: Option<String>,
}

/// How fast evidence comes, and how long it stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// Cases a week that become evidence, at the present rate: that of the last 13 whole weeks, or of all the time that is
    /// covered where those say too little.
    #[serde(rename = "evidence_per_week", default)]
    pub per_week: f64,
    /// How long they count, in weeks; `None`: for ever.
    #[serde(default)]
    pub window_weeks: Option<f64>,
    /// How long what counts now took to come.
    #[serde(skip)]
    covered_weeks: f64,
    /// Of the deviations that count now, which share is of cases that ended so many weeks ago. Empty without a window.
    #[serde(skip)]
    deviated: Vec<(f64, f64)>,
}

impl Pace {
    /// What is left of `n` cases that deviate by `s` in all, as it counts now, when so many more have come at this pace. The
    /// deviations leave when their time is up; the cases, which make less of a difference, as evenly as they came.
    pub fn left_after(&self, more: f64, (n, s): (f64, f64)) -> (f64, f64) {
        let Some(window) = self.window_weeks.filter(|_| self.per_week > 0.0) else {
            return (n, s);
        };
        let left = window - more / self.per_week;
        let n = n * (left / self.covered_weeks.min(window)).clamp(0.0, 1.0);
        let kept = self.deviated.iter().filter(|(ago, _)| *ago < left);
        let share: f64 = kept.map(|(_, share)| share).sum();
        (n, (s * share).min(n))
    }

    /// How many more can be in the window at once.
    pub fn most(&self) -> Option<f64> {
        let window = self.window_weeks.filter(|_| self.per_week > 0.0)?;
        Some((window * self.per_week).floor())
    }
}

impl Scorer<'_> {
    /// How fast evidence comes now.
    pub(super) fn pace(&self, arrivals: Option<&Frequency>) -> Pace {
        // As much of what starts becomes evidence as did before.
        let change = arrivals.filter(|arrivals| arrivals.cases_per_week.mean > 0.0);
        let change = change.map_or(1.0, |arrivals| {
            arrivals.recent_per_week() / arrivals.cases_per_week.mean
        });
        let weeks = |span: i64| span as f64 / WEEK_US as f64;
        Pace {
            per_week: self.evidence_per_week() * change,
            window_weeks: self.window.map(weeks),
            covered_weeks: self.covered.weeks(),
            deviated: self.window.map_or_else(Vec::new, |_| self.deviated()),
        }
    }

    /// The shares of the deviations by how many weeks ago they were. By day: that is fine enough for a forecast, and keeps
    /// little.
    fn deviated(&self) -> Vec<(f64, f64)> {
        let mut days: BTreeMap<i64, i64> = BTreeMap::new();
        let mut add = |sums: &Sums| {
            for (hour, ppm) in sums.deviated.iter() {
                *days.entry(i64::from(hour).div_euclid(24)).or_default() += ppm;
            }
        };
        add(self.live);
        if self.declared.exercises_count {
            add(&self.parts.of_origin(Origin::Exercise));
        }
        let all: i64 = days.values().sum();
        let ago = |day: i64| self.as_of.since(Time((day + 1) * DAY_US)) as f64 / WEEK_US as f64;
        let share = |(day, ppm)| (ago(day), ppm as f64 / all as f64);
        days.into_iter().map(share).collect()
    }

    /// How many further clean runs until it would be within, and when, else why not.
    pub(super) fn clean_runs_missing(&self, target: Target, pace: &Pace) -> CleanRuns {
        let (n, s) = self.evidence();
        let for_ever = self.clean_runs_for(n, s, target);
        let never = match for_ever {
            None => Some(self.why_no_number(target)),
            Some(0) => None,
            Some(_) => self.why_never(target, pace),
        };
        let missing = match (for_ever, pace.most(), &never) {
            (Some(1..), Some(most), None) => {
                Some(self.while_the_old_leave((n, s), most, target, pace))
            }
            _ => for_ever,
        };
        let is_waiting = missing.is_some_and(|missing| missing > 0);
        let withheld = never.or_else(|| {
            let no_pace = is_waiting && pace.per_week <= 0.0;
            no_pace.then(|| self.why_no_pace())
        });
        CleanRuns {
            missing,
            weeks: missing
                .filter(|_| withheld.is_none())
                .and_then(|missing| weeks_until(missing, pace)),
            withheld,
        }
    }

    /// The least number of clean runs, up to `most`, with which it is within while what counts now leaves the window. With
    /// that many all of it has, and it is.
    fn while_the_old_leave(&self, now: (i64, f64), most: f64, target: Target, pace: &Pace) -> u64 {
        let is_within = |more: u64| {
            let more = more as f64;
            let (n, s) = pace.left_after(more, (now.0 as f64, now.1));
            let n = (n + more).round().max(1.0);
            let deviation = self.bounds(n as i64, s.min(n));
            self.status(deviation, target) == Status::Within
        };
        let (mut low, mut high) = (0, most.ceil() as u64);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match is_within(middle) {
                true => high = middle,
                false => low = middle,
            }
        }
        high
    }

    fn why_no_pace(&self) -> String {
        match self.declared.require_confirmed && self.live.cases > 0 {
            true => "never at the present rate of confirmation".to_owned(),
            false => {
                "no case that counts has ended lately, so nobody knows how long it takes".to_owned()
            }
        }
    }

    /// Where cases leave the window before there are enough of them, however clean they all are.
    fn why_never(&self, target: Target, pace: &Pace) -> Option<String> {
        let (window, at_once) = (self.window?, pace.most()?);
        let needed = self.clean_runs_for(0, 0.0, target)?;
        (at_once < needed as f64).then(|| {
            let window = format_days(window);
            format!(
                "never within a window of {window} at {:.1} a week: it takes {needed} in one window",
                pace.per_week
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
        if self.loss.unknown > 0 {
            "a file breaks off or could not be read, and nobody can say how much is missing"
                .to_owned()
        } else if self.lost_too_much() {
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
        self.evidence_in(sums).0 as f64 / self.covered.weeks()
    }
}

/// How long so many runs take at the present rate; `None` where that is 0.
fn weeks_until(missing: u64, pace: &Pace) -> Option<f64> {
    if missing == 0 {
        return Some(0.0);
    }
    (pace.per_week > 0.0).then(|| missing as f64 / pace.per_week)
}

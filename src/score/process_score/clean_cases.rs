//! The cases that a score rests on, and those that are still needed.

use super::Provenance;
use crate::score::reason::{NoVerdict, UnreachableReason};
use serde::Serialize;

/// The clean cases that are needed until the process is within its tolerance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CleanCases {
    /// Further cases without any deviation until it would be `within`; 0 when it is.
    #[serde(rename = "clean_runs_missing")]
    pub needed: Option<u64>,
    /// How many cases it takes at least until they have ended on enough days.
    #[serde(skip)]
    pub(crate) for_days: u64,
    /// Weeks until those have run, at the present rate of cases (and of exercises, where they count); `None` where they never
    /// will.
    #[serde(rename = "clean_runs_missing_weeks")]
    pub weeks: Option<f64>,
    /// How fast scored cases come, and how long they count: what the future is told by.
    #[serde(flatten)]
    pub pace: Pace,
    /// Why no number of them would do, where `needed` is `None`; why they will never be in the window at once, where it is
    /// not.
    #[serde(rename = "clean_runs_withheld")]
    pub unreachable: Option<UnreachableReason>,
}

impl CleanCases {
    /// Why the clean cases that are needed will never be there at once.
    pub(crate) fn why_never(&self) -> Option<&UnreachableReason> {
        self.needed?;
        self.unreachable.as_ref()
    }
}

/// How fast scored cases come, and how long they count.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pace {
    /// Cases a week that become evidence, at the present rate: that of the last 13 whole weeks, or of all the time that is
    /// covered where those say too little.
    #[serde(rename = "evidence_per_week")]
    pub per_week: f64,
    /// How long they count, in weeks; `None`: for ever.
    pub window_weeks: Option<f64>,
    /// How long what counts now took to come.
    #[serde(skip)]
    pub(in crate::score) covered_weeks: f64,
    /// Of the deviations that count now, which share is of cases that ended so many weeks ago. Empty without a window.
    #[serde(skip)]
    pub(in crate::score) deviated: Vec<(f64, f64)>,
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

/// The cases that the deviation rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ScoredCases {
    /// Ended live ones; with exercises, or only the confirmed ones, where the catalog says so.
    #[serde(rename = "evidence_cases")]
    pub count: i64,
    /// Who vouches for the outcomes.
    pub provenance: Provenance,
    /// Whether only confirmed outcomes count.
    pub requires_confirmed: bool,
    /// Why these are no evidence for a recommendation, if they are not.
    #[serde(skip)]
    pub(in crate::score) unusable: Option<NoVerdict>,
}

impl ScoredCases {
    /// Whether outcomes have to be confirmed, and none is.
    pub(crate) fn is_unconfirmed(&self) -> bool {
        self.requires_confirmed && self.count == 0
    }
}

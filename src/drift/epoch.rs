//! Epochs of a process: from a known change to the next.

use super::baseline::Baseline;
use super::critical::CriticalRates;
use super::digest::Digest;
use crate::model::Day;

/// An onset is estimated: from so many days before a known change ...
const ONSET_BEFORE: i32 = 7;
/// ... to so many days after it, it may be that change.
const ONSET_AFTER: i32 = 14;

/// Why an epoch began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The first cases, or the epoch of the catalog.
    First,
    /// A known change: a new playbook, model or prompt version. The old baseline is watched on until the new one is
    /// complete; what it finds meanwhile is explained by the change.
    Change(String),
    /// The same, as the events themselves say: another version runs most of the cases for the first time.
    Version(String),
    /// Somebody has said that how it is now is how it shall be. The old baseline is watched no longer.
    Rebaseline(String),
}

impl Cause {
    /// What was said of it.
    fn text(&self) -> Option<&str> {
        match self {
            Cause::First => None,
            Cause::Change(what) | Cause::Version(what) | Cause::Rebaseline(what) => Some(what),
        }
    }

    /// Of several on a day: the first decides what the day begins, since it says most.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Cause::First => 0,
            Cause::Rebaseline(_) => 1,
            Cause::Change(_) => 2,
            Cause::Version(_) => 3,
        }
    }
}

/// One epoch of a process: from a known change to the next.
#[derive(Clone, Debug)]
pub struct Epoch {
    /// Its first day.
    pub start: Day,
    /// Why it began.
    pub cause: Cause,
    /// What else was said of its first day, and versions that came while its baseline was being learned, each with the day
    /// from which on it holds.
    pub absorbed: Vec<(Day, Cause)>,
    /// Its baseline; `None` while that is being learned.
    pub baseline: Option<Baseline>,
    /// The finished days after the baseline, ascending; days without cases may be missing.
    pub digests: Vec<(Day, Digest)>,
    /// How rare the critical outcome must be, where the catalog declares one.
    pub critical: Option<CriticalRates>,
}

impl Epoch {
    /// Why it began, and what it has absorbed, each with its day.
    fn causes(&self) -> impl Iterator<Item = (Day, &Cause)> {
        let absorbed = self.absorbed.iter().map(|(day, cause)| (*day, cause));
        std::iter::once((self.start, &self.cause)).chain(absorbed)
    }

    /// The known changes of which it knows, each with the day from which on it holds.
    pub(super) fn changes(&self) -> impl Iterator<Item = (Day, &str)> {
        self.causes()
            .filter_map(|(day, cause)| Some((day, cause.text()?)))
    }
}

/// The known change that an onset may be, among those of an epoch and of later ones: the latest that fits.
pub(super) fn explained(epochs: &[Epoch], onset: Day) -> Option<String> {
    let near = |day: Day| (day - ONSET_BEFORE..=day + ONSET_AFTER).contains(&onset);
    let agreed = |cause: &Cause| matches!(cause, Cause::Rebaseline(_));
    let causes = epochs.iter().flat_map(Epoch::causes);
    let fitting = causes.filter(|(day, cause)| near(*day) && !agreed(cause));
    let told = fitting.filter_map(|(day, cause)| Some((day, cause.text()?)));
    told.max_by_key(|(day, _)| *day)
        .map(|(_, what)| what.to_owned())
}

//! The one driver of drift: from the history of a process to its epochs, and to what has changed.
//!
//! The daemon, the commands that only read and log files differ in the [`ProcessHistory`] that they hand in. All of them
//! plan epochs, learn baselines, digest days and fold them here.

use super::baseline::Baseline;
use super::budget::Budget;
use super::critical::CriticalRates;
use super::digest::Digest;
use super::epoch::{Cause, Epoch};
use super::fold::{ProcessDrift, fold};
use super::history::{KeptDays, KeptEpoch, ProcessHistory};
use super::hour::HourPart;
use super::learn::{Learning, learn};
use super::plan::{epochs, first_of_epoch, plan, watched_until};
use crate::model::{Day, NameId, Names};
use crate::rules::{Catalog, DriftTerms};
use std::collections::BTreeMap;

/// Days read at once.
const DAYS_AT_ONCE: i32 = 28;

/// What drift depends on beside the history of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DriftDriver<'a> {
    /// Where epochs begin, and which outcomes are critical.
    pub catalog: &'a Catalog,
    /// How many cases and days a baseline needs, and what is worth an alarm.
    pub terms: &'a DriftTerms,
    /// The false alarms that all processes share.
    pub budget: &'a Budget,
    /// The names of processes, versions and outcomes.
    pub names: &'a Names,
}

/// What a run has found of one process.
#[derive(Clone, Debug)]
pub(crate) struct DriftRun {
    /// Its epochs, ascending, with the days since their baselines.
    pub epochs: Vec<Epoch>,
    /// What follows from them.
    pub drift: ProcessDrift,
    /// What the next run need not do again, for each epoch that has a baseline.
    pub updates: Vec<EpochUpdate>,
}

/// What a run has added to what was kept of an epoch.
#[derive(Clone, Debug)]
pub(crate) struct EpochUpdate {
    /// The first day of the epoch.
    pub start: Day,
    /// Whether its baseline was learned in this run.
    pub is_learned: bool,
    /// The last day that is digested now.
    pub until: Day,
    /// The days that were digested in this run, ascending.
    pub days: Vec<(Day, Digest)>,
}

impl DriftRun {
    /// The baseline that an update belongs to.
    pub(crate) fn baseline_of(&self, update: &EpochUpdate) -> Option<&Baseline> {
        let epoch = self.epochs.iter().find(|epoch| epoch.start == update.start);
        epoch.and_then(|epoch| epoch.baseline.as_ref())
    }
}

impl DriftDriver<'_> {
    /// Finds what has changed of a process, by its id, up to the end of the day `until`.
    pub(crate) fn run<H: ProcessHistory>(
        self,
        process: &str,
        until: Day,
        history: &mut H,
    ) -> Result<DriftRun, H::Error> {
        let critical = self.critical_outcome(process);
        let plan = self.plan(process, until, history)?;
        let mut kept: BTreeMap<Day, KeptDays> = BTreeMap::new();
        let rates = critical.map(|(_, rates)| rates);
        let mut epochs = epochs(plan, rates, |start| match history.kept(start)? {
            Some(KeptEpoch { baseline, days }) => {
                kept.insert(start, days);
                Ok(Some(baseline))
            }
            None => self.learned(start, until, history),
        })?;
        let outcome = critical.map(|(outcome, _)| outcome);
        let mut updates = Vec::new();
        for nth in 0..epochs.len() {
            let last = watched_until(&epochs[nth + 1..], until);
            let epoch = &mut epochs[nth];
            let kept = kept.remove(&epoch.start);
            updates.extend(digest(epoch, kept, last, outcome, history)?);
        }
        Ok(DriftRun {
            drift: fold(&epochs, until, self.budget, self.terms),
            epochs,
            updates,
        })
    }

    /// When the epochs of a process begin up to a day, and why.
    fn plan<H: ProcessHistory>(
        self,
        process: &str,
        until: Day,
        history: &mut H,
    ) -> Result<Vec<(Day, Cause)>, H::Error> {
        let Some(seen) = history.first_day()? else {
            return Ok(Vec::new());
        };
        let first = first_of_epoch(self.catalog, process, seen);
        let versions = history.versions()?;
        let changes = history.known_changes()?;
        Ok(plan(first, until, &versions, self.names, changes))
    }

    /// The outcome that the catalog declares critical, if it has been seen, and how rare it must be.
    fn critical_outcome(self, process: &str) -> Option<(NameId, CriticalRates)> {
        let declared = self.catalog.processes.get(process)?;
        let declared = declared.critical_outcome.as_ref()?;
        let rates = CriticalRates {
            acceptable: declared.acceptable,
            unacceptable: declared.unacceptable,
        };
        Some((self.names.find(&declared.outcome)?, rates))
    }

    /// The baseline of an epoch that begins on the day `start`; `None` if its days up to `until` are not enough.
    fn learned<H: ProcessHistory>(
        self,
        start: Day,
        until: Day,
        history: &mut H,
    ) -> Result<Option<Baseline>, H::Error> {
        let mut learning = Learning::new(start);
        let mut parts: Vec<HourPart> = Vec::new();
        let mut day = start;
        while day <= until {
            let last = until.min(day.saturating_add(DAYS_AT_ONCE - 1));
            let read = history.hours(day, last)?;
            let mut cases: BTreeMap<Day, i64> = BTreeMap::new();
            for part in &read {
                *cases.entry(part.hour.day()).or_default() += part.sums.cases;
            }
            parts.extend(read);
            for of in day.until(last + 1) {
                if learning.add(of, cases.get(&of).copied().unwrap_or(0), self.terms) {
                    parts.retain(|part| part.hour.day() <= of);
                    return Ok(Some(learn(&parts, (start, of), until, self.names)));
                }
            }
            day = last + 1;
        }
        Ok(None)
    }
}

/// Digests the days of an epoch up to `last`: those that are not kept, and those that have changed since.
fn digest<H: ProcessHistory>(
    epoch: &mut Epoch,
    kept: Option<KeptDays>,
    last: Day,
    critical: Option<NameId>,
    history: &mut H,
) -> Result<Option<EpochUpdate>, H::Error> {
    let Some(baseline) = &epoch.baseline else {
        return Ok(None);
    };
    let is_learned = kept.is_none();
    let start = epoch.start;
    let kept = kept.unwrap_or(KeptDays {
        until: start - 1,
        digests: Vec::new(),
        changed: Vec::new(),
    });
    let known = kept.until.max(start - 1);
    let mut days: BTreeMap<Day, Digest> = BTreeMap::new();
    for day in kept.changed {
        if (start..=known).contains(&day) {
            // A day that has lost its cases says nothing any more.
            days.insert(day, Digest::default());
            days.extend(digests(baseline, (day, day), critical, history)?);
        }
    }
    days.extend(digests(baseline, (known + 1, last), critical, history)?);
    let mut all: BTreeMap<Day, Digest> = kept.digests.into_iter().collect();
    all.extend(days.iter().map(|(day, digest)| (*day, digest.clone())));
    epoch.digests = all.into_iter().collect();
    Ok(Some(EpochUpdate {
        start: epoch.start,
        is_learned,
        until: known.max(last),
        days: days.into_iter().collect(),
    }))
}

/// The digests of the days that have cases, from the first to the second. `critical` is the outcome that is declared so.
fn digests<H: ProcessHistory>(
    baseline: &Baseline,
    (first, last): (Day, Day),
    critical: Option<NameId>,
    history: &mut H,
) -> Result<Vec<(Day, Digest)>, H::Error> {
    let mut all = Vec::new();
    let mut from = first;
    while from <= last {
        let to = last.min(from.saturating_add(DAYS_AT_ONCE - 1));
        let mut days: BTreeMap<Day, Vec<HourPart>> = BTreeMap::new();
        for part in history.hours(from, to)? {
            days.entry(part.hour.day()).or_default().push(part);
        }
        let digest = |(day, parts): (Day, Vec<HourPart>)| (day, baseline.digest(&parts, critical));
        all.extend(days.into_iter().map(digest));
        from = to + 1;
    }
    Ok(all)
}

//! Looking for changes: brings epochs up to date with the days whose buckets have changed, folds, and keeps the alarms.

use super::super::cache::CacheError;
use super::Engine;
use super::alarms::{History, reconciled};
use crate::drift::{
    Baseline, Budget, Digest, Ends, Epoch, HourPart, Hours, Needs, ProcessDrift, days_to_settle,
    digests, epochs, fold, leading_version, learned, watched_until,
};
use crate::model::{Day, NameId, Origin, Time};
use crate::query::{DriftView, budget_of, critical_outcome, plan_of};
use crate::rules::DriftTerms;
use crate::store::{AlarmRow, Commit, DriftRow, EpochRow, MarkKind, MarkRow, Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Processes whose changes are written at once.
const PROCESSES_AT_ONCE: usize = 50;
/// The terms that the baselines in the database were learned by.
const TERMS: &str = "drift_terms";

/// What is known of drift.
#[derive(Debug, Default)]
pub(in crate::daemon) struct DriftBook {
    /// By process.
    pub results: BTreeMap<NameId, Arc<ProcessDrift>>,
    /// Every alarm, oldest first.
    pub alarms: Vec<AlarmRow>,
    /// The same for everybody else.
    pub view: Arc<DriftView>,
    /// How many processes shared the budget from when on.
    fleet: Vec<(Day, u32)>,
    marks: Vec<MarkRow>,
    /// The terms of the last fold.
    terms: Option<DriftTerms>,
}

/// The hours of a process in the database.
struct Kept<'a> {
    store: &'a Store,
    process: NameId,
}

impl Hours for Kept<'_> {
    type Error = StoreError;

    fn hours(&mut self, from: Day, to: Day) -> Result<Vec<HourPart>, StoreError> {
        self.store.hours_of(self.process, from, to)
    }
}

/// What is to be done about a process.
struct Task {
    process: NameId,
    /// The last day that has ended and arrived, and whose cases have settled.
    until: Day,
    /// Days up to it whose buckets have changed.
    dirty: BTreeSet<Day>,
    /// Baselines that are kept are not believed.
    relearn: bool,
}

impl Engine {
    /// Looks for changes up to the last day that has ended and arrived, and whose cases have settled. Everything must be
    /// committed before.
    pub(super) fn look_for_drift(&mut self, now: Time) -> Result<(), CacheError> {
        let terms = self.config.drift;
        let learned_by = format!("{} {}", terms.baseline_cases, terms.baseline_days);
        let relearn = self
            .store
            .meta(TERMS)?
            .is_some_and(|kept| kept != learned_by);
        let marks = self.store.marks()?;
        let live = self.live_processes();
        let budget = budget_of(&self.store, &terms, live.iter().copied())?;
        let known = (Some(terms), &self.drift.marks, &self.drift.fleet);
        let again = relearn || known != (self.drift.terms, &marks, &budget.fleet);
        let tasks = self.tasks(&live, now, relearn, again)?;
        // Those in memory may be older than what was written before something failed.
        self.drift.alarms = self.store.alarms()?;
        let mut commit = Commit::default();
        for chunk in tasks.chunks(PROCESSES_AT_ONCE) {
            let mut found = Vec::new();
            for task in chunk {
                let (drift, row) = self.look_at(task, &marks, &budget, now)?;
                commit.drift.push(row);
                found.push((task.process, Arc::new(drift)));
            }
            // Known only when it is written: what could not be is found again with the next scoring.
            self.store.commit(&std::mem::take(&mut commit))?;
            self.drift.results.extend(found);
        }
        if again {
            commit.meta.push((TERMS.to_owned(), learned_by));
        }
        if !commit.is_empty() {
            self.store.commit(&commit)?;
        }
        self.drift.fleet = budget.fleet.clone();
        (self.drift.terms, self.drift.marks) = (Some(terms), marks);
        // Somebody may have acknowledged one meanwhile.
        self.drift.alarms = self.store.alarms()?;
        self.drift.view = Arc::new(DriftView {
            processes: self
                .drift
                .results
                .iter()
                .map(|(process, drift)| (self.names.text(*process).to_owned(), drift.clone()))
                .collect(),
            alarms: self.drift.alarms.clone(),
            false_alarms_per_year: budget.expected_per_year(now.day(), self.drift.results.len()),
        });
        Ok(())
    }

    /// The processes that have live cases.
    fn live_processes(&self) -> BTreeSet<NameId> {
        let live = self
            .sums
            .totals()
            .filter(|((_, _, origin), total)| *origin == Origin::Live && !total.is_zero());
        live.map(|((process, _, _), _)| *process).collect()
    }

    fn tasks(
        &mut self,
        live: &BTreeSet<NameId>,
        now: Time,
        relearn: bool,
        all: bool,
    ) -> Result<Vec<Task>, StoreError> {
        self.drift
            .results
            .retain(|process, _| live.contains(process));
        let mut arrived: BTreeMap<NameId, Day> = BTreeMap::new();
        for (source, process) in self.deliveries.feeds() {
            if let Some(day) = self.deliveries.latest_day(source) {
                let known = arrived.entry(*process).or_insert(Day::MIN);
                *known = (*known).max(day);
            }
        }
        let today = now.day();
        let mut dirty: BTreeMap<NameId, BTreeSet<Day>> = BTreeMap::new();
        for (process, day) in self.store.dirty_days(today)? {
            dirty.entry(process).or_default().insert(day);
        }
        let task = |process: &NameId| {
            let arrived = arrived.get(process).copied().unwrap_or(today);
            let until = (today.min(arrived) - 1).saturating_sub(self.settling(*process));
            let mut days = dirty.remove(process).unwrap_or_default();
            days.retain(|day| *day <= until);
            let known = self
                .drift
                .results
                .get(process)
                .and_then(|drift| drift.until);
            let due = all || !days.is_empty() || known != Some(until);
            due.then_some(Task {
                process: *process,
                until,
                dirty: days,
                relearn,
            })
        };
        Ok(live.iter().filter_map(task).collect())
    }

    /// For how many days after a day the cases of a process can still change.
    fn settling(&self, process: NameId) -> Day {
        if let Some(idle) = self.rules.of(process).idle {
            return days_to_settle(Ends::Idle(idle));
        }
        match self.sums.has_endless(process) {
            false => days_to_settle(Ends::Declared),
            true => days_to_settle(Ends::Never(&self.sums.durations_of(process))),
        }
    }

    fn look_at(
        &self,
        task: &Task,
        marks: &[MarkRow],
        budget: &Budget,
        now: Time,
    ) -> Result<(ProcessDrift, DriftRow), CacheError> {
        let mut row = DriftRow {
            process: task.process,
            until: task.until,
            epochs: Vec::new(),
            versions: self.versions(task)?,
            alarms: Vec::new(),
        };
        let epochs = self.epochs(task, marks, &mut row)?;
        let drift = fold(&epochs, task.until, budget, &self.config.drift);
        let process = self.names.text(task.process);
        let known = self.drift.alarms.iter();
        let known = known.filter(|row| row.process == process).collect();
        let found = drift.alarms.iter();
        let found = found.map(|alarm| AlarmRow::of(process, alarm, &self.names, now));
        let agreed = marks.iter().filter(|mark| {
            mark.kind == MarkKind::Rebaseline
                && (mark.process.is_empty() || mark.process == process)
        });
        let history = History {
            epochs: epochs.iter().map(|epoch| epoch.start).collect(),
            agreed: agreed
                .map(|mark| (mark.day, Time(mark.noted_at).day()))
                .collect(),
            until: task.until,
        };
        row.alarms = reconciled(known, found.collect(), &history);
        Ok((drift, row))
    }

    /// The leading versions of the days that have changed; nothing for a process whose events name none.
    fn versions(&self, task: &Task) -> Result<Vec<(Day, Option<NameId>)>, StoreError> {
        let named = self
            .sums
            .totals()
            .any(|((process, _, _), total)| *process == task.process && !total.versions.is_empty());
        let leading = |day: &Day| {
            let parts = self.store.hours_of(task.process, *day, *day)?;
            Ok((*day, leading_version(&parts, &self.names)))
        };
        let days = task.dirty.iter().filter(|_| named);
        days.map(leading).collect()
    }

    /// The epochs of a process, learned and digested; what of it is new goes to the row.
    fn epochs(
        &self,
        task: &Task,
        marks: &[MarkRow],
        row: &mut DriftRow,
    ) -> Result<Vec<Epoch>, StoreError> {
        let process = task.process;
        let mut leading: BTreeMap<Day, NameId> =
            self.store.drift_versions(process)?.into_iter().collect();
        for (day, version) in &row.versions {
            match version {
                Some(version) => leading.insert(*day, *version),
                None => leading.remove(day),
            };
        }
        let leading: Vec<(Day, NameId)> = leading.into_iter().collect();
        let (catalog, names) = (&self.config.catalog, &self.names);
        let until = (process, task.until);
        let plan = plan_of(&self.store, catalog, names, until, &leading, marks)?;
        let needs = Needs {
            terms: &self.config.drift,
            names,
            critical: critical_outcome(catalog, names.text(process), names),
        };
        let mut hours = Kept {
            store: &self.store,
            process,
        };
        // Up to which day the days of the epochs are kept whose baseline is.
        let mut kept: BTreeMap<Day, Day> = BTreeMap::new();
        let rates = needs.critical.map(|(_, rates)| rates);
        let mut epochs = epochs(plan, rates, |start| {
            if let Some((baseline, until)) = self.kept_baseline(task, start)? {
                kept.insert(start, until);
                return Ok(Some(baseline));
            }
            learned(start, task.until, needs, &mut hours)
        })?;
        for nth in 0..epochs.len() {
            let last = watched_until(&epochs[nth + 1..], task.until);
            let kept = kept.get(&epochs[nth].start).copied();
            let new = self.digest(task, &mut epochs[nth], (kept, last), &mut hours)?;
            row.epochs.extend(new);
        }
        Ok(epochs)
    }

    /// The baseline of an epoch as it is kept, where that still holds.
    fn kept_baseline(
        &self,
        task: &Task,
        start: Day,
    ) -> Result<Option<(Baseline, Day)>, StoreError> {
        if task.relearn {
            return Ok(None);
        }
        let touched = |last: Day| task.dirty.range(start..=last).next().is_some();
        let kept = self.store.drift_baseline(task.process, start)?;
        Ok(kept.filter(|(baseline, _)| !touched(baseline.last)))
    }

    /// Digests the days of an epoch after its baseline, up to `last`: of one that is kept, those that are not, and those
    /// that have changed. Gives what is to be kept of it.
    fn digest(
        &self,
        task: &Task,
        epoch: &mut Epoch,
        (kept, last): (Option<Day>, Day),
        hours: &mut Kept,
    ) -> Result<Option<EpochRow>, StoreError> {
        let Some(baseline) = &epoch.baseline else {
            return Ok(None);
        };
        let critical = critical_outcome(
            &self.config.catalog,
            self.names.text(task.process),
            &self.names,
        );
        let outcome = critical.map(|(outcome, _)| outcome);
        let begin = baseline.last + 1;
        let known = kept.unwrap_or(Day::MIN).max(baseline.last);
        let mut days: BTreeMap<Day, Digest> = BTreeMap::new();
        for day in task.dirty.range(begin..).filter(|day| **day <= known) {
            // A day that has lost its cases says nothing any more.
            days.insert(*day, Digest::default());
            days.extend(digests(baseline, (*day, *day), outcome, hours)?);
        }
        days.extend(digests(baseline, (known + 1, last), outcome, hours)?);
        let mut all: BTreeMap<Day, Digest> = BTreeMap::new();
        if kept.is_some() {
            all.extend(self.store.drift_days(task.process, epoch.start)?);
        }
        let days: Vec<(Day, Digest)> = days.into_iter().collect();
        all.extend(days.iter().cloned());
        epoch.digests = all.into_iter().collect();
        let body = kept.is_none().then(|| {
            let mut body = Vec::new();
            baseline.encode(&mut body);
            body
        });
        Ok(Some(EpochRow {
            start: epoch.start,
            baseline: body,
            until: known.max(last),
            days: encoded(&days),
        }))
    }
}

fn encoded(digests: &[(Day, Digest)]) -> Vec<(Day, Vec<u8>)> {
    let body = |(day, digest): &(Day, Digest)| {
        let mut body = Vec::new();
        digest.encode(&mut body);
        (*day, body)
    };
    digests.iter().map(body).collect()
}

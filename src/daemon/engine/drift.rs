//! Looking for changes: brings epochs up to date with the days whose buckets have changed, folds, and keeps the alarms.

use super::super::cache::CacheError;
use super::Engine;
use super::alarms::{History, reconciled};
use crate::drift::{
    Budget, Cause, Digest, DriftDriver, DriftRun, Ends, EpochUpdate, HourPart, KeptEpoch,
    ProcessDrift, ProcessHistory, last_settled_day, leading_version,
};
use crate::model::{Day, NameId, Origin, Time};
use crate::query::{
    DriftView, budget_of, common_alarms, known_changes, outcome_names, with_common_causes,
};
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
        let terms = self.config.drift.clone();
        // The first word changes with what is kept of days.
        let learned_by = format!("starts {} {}", terms.baseline_cases, terms.baseline_days);
        let relearn = self
            .store
            .meta(TERMS)?
            .is_some_and(|kept| kept != learned_by);
        let marks = self.store.marks()?;
        let live = self.live_processes();
        let budget = budget_of(&self.store, &terms, live.iter().copied())?;
        let known = (Some(&terms), &self.drift.marks, &self.drift.fleet);
        let again = relearn || known != (self.drift.terms.as_ref(), &marks, &budget.fleet);
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
        commit.common_alarms = self.common_alarms(now);
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
            alarms: with_common_causes(self.drift.alarms.clone()),
            false_alarms_per_year: budget.expected_per_year(now.day(), self.drift.results.len()),
            outcomes: outcome_names(self.drift.results.values().map(Arc::as_ref), &self.names),
            budget: Some(budget),
        });
        Ok(())
    }

    /// The alarms about several processes that are new or otherwise than they were.
    fn common_alarms(&self, now: Time) -> Vec<AlarmRow> {
        let named = |(process, drift): (&NameId, &Arc<ProcessDrift>)| {
            (self.names.text(*process).to_owned(), drift.clone())
        };
        let drifts: Vec<_> = self.drift.results.iter().map(named).collect();
        let each = drifts
            .iter()
            .map(|(process, drift)| (process.as_str(), drift.as_ref()));
        let found = common_alarms(each, &self.names, now);
        let known = self
            .drift
            .alarms
            .iter()
            .filter(|row| !row.processes.is_empty());
        let until = drifts.iter().filter_map(|(_, drift)| drift.until).max();
        let history = History {
            epochs: vec![Day(0)],
            agreed: Vec::new(),
            until: until.unwrap_or(Day::MIN),
        };
        reconciled(known.collect(), found, &history)
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
            let until = self.last_settled_day(*process, today.min(arrived));
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

    /// The last day whose cases have settled, where the day `latest` of a process has not ended or not arrived.
    fn last_settled_day(&self, process: NameId, latest: Day) -> Day {
        let idle = self.rules.of(process).idle;
        let endless = idle.is_none() && self.sums.has_endless(process);
        let durations = endless.then(|| self.sums.durations_of(process));
        let ends = Ends::of(idle, durations.as_ref());
        last_settled_day(latest, ends)
    }

    fn look_at(
        &self,
        task: &Task,
        marks: &[MarkRow],
        budget: &Budget,
        now: Time,
    ) -> Result<(ProcessDrift, DriftRow), CacheError> {
        let process = self.names.text(task.process);
        let versions = self.versions(task)?;
        let mut history = StoredHistory {
            store: &self.store,
            task,
            versions: &versions,
            changes: known_changes(marks, process),
        };
        let driver = DriftDriver {
            catalog: &self.config.catalog,
            terms: &self.config.drift,
            budget,
            names: &self.names,
        };
        let run = driver.run(process, task.until, &mut history)?;
        let found = run.drift.alarms.iter();
        let found = found.map(|alarm| AlarmRow::of(process, alarm, &self.names, now));
        let known = self.drift.alarms.iter();
        let known = known.filter(|row| row.process == process).collect();
        let agreed = marks
            .iter()
            .filter(|mark| mark.kind == MarkKind::Rebaseline && mark.is_of(process));
        let history = History {
            epochs: run.epochs.iter().map(|epoch| epoch.start).collect(),
            agreed: agreed
                .map(|mark| (mark.day, Time(mark.noted_at).day()))
                .collect(),
            until: task.until,
        };
        let row = DriftRow {
            process: task.process,
            until: task.until,
            epochs: epoch_rows(&run),
            versions,
            alarms: reconciled(known, found.collect(), &history),
        };
        Ok((run.drift, row))
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
}

/// The history of a process in the database: what earlier runs have kept of it holds, but for the days that have changed.
struct StoredHistory<'a> {
    store: &'a Store,
    task: &'a Task,
    /// The leading versions of the days that have changed.
    versions: &'a [(Day, Option<NameId>)],
    changes: Vec<(Day, Cause)>,
}

impl ProcessHistory for StoredHistory<'_> {
    type Error = StoreError;

    fn first_day(&mut self) -> Result<Option<Day>, StoreError> {
        self.store.first_day_of(self.task.process)
    }

    fn hours(&mut self, from: Day, to: Day) -> Result<Vec<HourPart>, StoreError> {
        self.store.hours_of(self.task.process, from, to)
    }

    fn versions(&mut self) -> Result<Vec<(Day, NameId)>, StoreError> {
        let kept = self.store.drift_versions(self.task.process)?;
        let mut leading: BTreeMap<Day, NameId> = kept.into_iter().collect();
        for (day, version) in self.versions {
            match version {
                Some(version) => leading.insert(*day, *version),
                None => leading.remove(day),
            };
        }
        Ok(leading.into_iter().collect())
    }

    fn known_changes(&mut self) -> Result<Vec<(Day, Cause)>, StoreError> {
        Ok(self.changes.clone())
    }

    fn kept(&mut self, start: Day) -> Result<Option<KeptEpoch>, StoreError> {
        if self.task.relearn {
            return Ok(None);
        }
        let Some(mut kept) = self.store.drift_epoch(self.task.process, start)? else {
            return Ok(None);
        };
        let touched = |last: Day| self.task.dirty.range(start..=last).next().is_some();
        if touched(kept.baseline.last) {
            return Ok(None);
        }
        kept.days.changed = self.task.dirty.iter().copied().collect();
        Ok(Some(kept))
    }
}

fn epoch_rows(run: &DriftRun) -> Vec<EpochRow> {
    let row = |update: &EpochUpdate| EpochRow {
        start: update.start,
        baseline: run
            .baseline_of(update)
            .filter(|_| update.is_learned)
            .map(|baseline| {
                let mut body = Vec::new();
                baseline.encode(&mut body);
                body
            }),
        until: update.until,
        days: encoded(&update.days),
    };
    run.updates.iter().map(row).collect()
}

fn encoded(digests: &[(Day, Digest)]) -> Vec<(Day, Vec<u8>)> {
    let body = |(day, digest): &(Day, Digest)| {
        let mut body = Vec::new();
        digest.encode(&mut body);
        (*day, body)
    };
    digests.iter().map(body).collect()
}

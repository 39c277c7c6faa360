//! Looking for changes: brings epochs up to date with the days whose buckets have changed, folds, and keeps the alarms.

use super::super::cache::CacheError;
use super::super::drift::{budget_of, critical_outcome, plan_of};
use super::super::snapshot::DriftView;
use super::Engine;
use crate::config::drift::DriftTerms;
use crate::drift::{
    Baseline, Budget, Digest, Epoch, HourPart, Hours, Needs, ProcessDrift, digests, epochs, fold,
    leading_version, learned, watched_until,
};
use crate::ingest::EventBatch;
use crate::model::{Day, NameId, Origin, Time};
use crate::store::{AlarmRow, Commit, DriftRow, EpochRow, MarkRow, Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Processes whose changes are written at once.
const PROCESSES_AT_ONCE: usize = 50;
/// An alarm that late data has moved by more than this is another one.
const SAME_ALARM_DAYS: Day = 60;
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
    /// The day of the latest event of each source: later days have not finished arriving.
    latest: BTreeMap<String, Day>,
    latest_unwritten: BTreeSet<String>,
}

impl DriftBook {
    pub(super) fn load(store: &Store, sources: &[String]) -> Result<DriftBook, StoreError> {
        let mut book = DriftBook {
            alarms: store.alarms()?,
            ..DriftBook::default()
        };
        for source in sources {
            let day = store.meta(&latest_key(source))?;
            if let Some(day) = day.and_then(|text| text.parse().ok()) {
                book.latest.insert(source.clone(), day);
            }
        }
        Ok(book)
    }

    /// Notes how far a source has come.
    pub(super) fn saw(&mut self, source: &str, batch: &EventBatch) {
        let Some(day) = batch.events.iter().map(|event| event.time.day()).max() else {
            return;
        };
        let known = self.latest.get(source);
        if known.is_none_or(|known| *known < day) {
            self.latest.insert(source.to_owned(), day);
            self.latest_unwritten.insert(source.to_owned());
        }
    }

    /// Hands how far sources have come to a commit that will be written.
    pub(super) fn write_to(&mut self, commit: &mut Commit) {
        for source in std::mem::take(&mut self.latest_unwritten) {
            let day = self.latest.get(&source).copied().unwrap_or(0);
            commit.meta.push((latest_key(&source), day.to_string()));
        }
    }
}

fn latest_key(source: &str) -> String {
    format!("latest:{source}")
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
    /// The last day that has ended and arrived.
    until: Day,
    /// Days up to it whose buckets have changed.
    dirty: BTreeSet<Day>,
    /// Baselines that are kept are not believed.
    relearn: bool,
}

impl Engine {
    /// Looks for changes up to the last day that has ended and arrived. Everything must be committed before.
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
        for (source, process) in self.losses.known_feeds() {
            if let Some(day) = self.drift.latest.get(source) {
                let known = arrived.entry(*process).or_insert(Day::MIN);
                *known = (*known).max(*day);
            }
        }
        let today = now.day();
        let mut dirty: BTreeMap<NameId, BTreeSet<Day>> = BTreeMap::new();
        for (process, day) in self.store.dirty_days(today)? {
            dirty.entry(process).or_default().insert(day);
        }
        let task = |process: &NameId| {
            let arrived = arrived.get(process).copied().unwrap_or(today);
            let until = today.min(arrived) - 1;
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
        let known = self
            .drift
            .alarms
            .iter()
            .filter(|row| row.process == process);
        let found = drift
            .alarms
            .iter()
            .map(|alarm| AlarmRow::of(process, alarm, &self.names, now));
        row.alarms = reconciled(known.collect(), found.collect(), task.until);
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

/// The rows to write, so that what is kept says what was found: alarms are known again by stream, epoch and about when;
/// who has acknowledged one, and when it was noted first, stays. What late data has taken the evidence from is withdrawn.
fn reconciled(known: Vec<&AlarmRow>, found: Vec<AlarmRow>, until: Day) -> Vec<AlarmRow> {
    let mut left = known;
    let mut rows = Vec::new();
    for mut row in found {
        let same = left
            .iter()
            .enumerate()
            .filter(|(_, old)| old.stream == row.stream && old.epoch == row.epoch)
            .map(|(at, old)| (old.raised.abs_diff(row.raised), at))
            .min()
            .filter(|(apart, _)| *apart <= SAME_ALARM_DAYS as u32);
        if let Some((_, at)) = same {
            let old = left.remove(at);
            row = AlarmRow {
                id: old.id,
                noted_at: old.noted_at,
                acknowledged_at: old.acknowledged_at,
                acknowledged_by: old.acknowledged_by.clone(),
                acknowledged_why: old.acknowledged_why.clone(),
                ..row
            };
            if row == *old {
                continue;
            }
        }
        rows.push(row);
    }
    let stands = |old: &&AlarmRow| old.how.as_deref() != Some("withdrawn");
    rows.extend(left.into_iter().filter(stands).map(|old| AlarmRow {
        ended: Some(until),
        how: Some("withdrawn".to_owned()),
        ..old.clone()
    }));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(id: i64, stream: &str, raised: Day) -> AlarmRow {
        AlarmRow {
            id,
            process: "p".to_owned(),
            stream: stream.to_owned(),
            raised,
            noted_at: id,
            ..AlarmRow::default()
        }
    }

    #[test]
    fn an_alarm_that_is_known_is_not_raised_again() {
        let mut old = alarm(7, "deviation", 100);
        old.acknowledged_by = Some("soc".to_owned());
        assert_eq!(
            reconciled(vec![&old], vec![alarm(0, "deviation", 100)], 200),
            []
        );
        // Late data has moved it by two days.
        let rows = reconciled(vec![&old], vec![alarm(0, "deviation", 102)], 200);
        let [row] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((row.id, row.raised, row.noted_at), (7, 102, 7));
        assert_eq!(row.acknowledged_by.as_deref(), Some("soc"));
    }

    #[test]
    fn another_stream_or_another_time_is_another_alarm() {
        let old = alarm(7, "deviation", 100);
        let found = vec![
            alarm(0, "deviation", 100),
            alarm(0, "outcome_mix", 101),
            alarm(0, "deviation", 300),
        ];
        let rows = reconciled(vec![&old], found, 400);
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [0, 0]);
    }

    #[test]
    fn what_late_data_has_explained_away_is_withdrawn_once() {
        let old = alarm(7, "deviation", 100);
        let rows = reconciled(vec![&old], Vec::new(), 200);
        assert_eq!(rows[0].how.as_deref(), Some("withdrawn"));
        assert_eq!(reconciled(vec![&rows[0]], Vec::new(), 201), []);
    }
}

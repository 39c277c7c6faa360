//! Drift as the database has it, for those who only read.

mod logs;

pub(crate) use logs::LogDrift;

use crate::config::daemon::Config;
use crate::drift::{
    Alarm, Budget, Cause, Direction, DriftDriver, Ended, Epoch, HourPart, KeptEpoch, ProcessDrift,
    ProcessHistory,
};
use crate::model::{Day, NameId, Names};
use crate::rules::DriftTerms;
use crate::store::{AlarmRow, MarkRow, Store, StoreError};

/// The drift of a process, recomputed from its days.
#[derive(Debug)]
pub struct KeptDrift {
    /// The process.
    pub process: String,
    /// Its epochs that have a baseline, with the days since.
    pub epochs: Vec<Epoch>,
    /// What follows from them, and the alarms that are over beside.
    pub drift: ProcessDrift,
}

/// The drift of every process up to the day the daemon has looked at last, and the budget of the thresholds.
pub fn kept_drift(store: &Store, config: &Config) -> Result<(Vec<KeptDrift>, Budget), StoreError> {
    kept_drift_of(store, config, &|_| true)
}

/// The same for those processes that are wanted.
pub(crate) fn kept_drift_of(
    store: &Store,
    config: &Config,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<(Vec<KeptDrift>, Budget), StoreError> {
    let terms = &config.drift;
    let processes = store.drift_processes()?;
    let ids = processes.iter().map(|(id, _)| *id);
    let budget = budget_of(store, terms, ids)?;
    let names = store.names()?;
    let marks = store.marks()?;
    let alarms = store.alarms()?;
    let driver = DriftDriver {
        catalog: &config.catalog,
        terms,
        budget: &budget,
        names: &names,
    };
    let mut all = Vec::new();
    for (id, until) in processes {
        let process = names.text(id).to_owned();
        if !wanted(&process) {
            continue;
        }
        let mut history = StoredHistory {
            store,
            process: id,
            changes: known_changes(&marks, &process),
        };
        let mut run = driver.run(&process, until, &mut history)?;
        let rows = alarms.iter().filter(|row| row.process == process);
        add_over(&mut run.drift, rows, &names);
        all.push(KeptDrift {
            process,
            epochs: run.epochs,
            drift: run.drift,
        });
    }
    all.sort_by(|a, b| a.process.cmp(&b.process));
    Ok((all, budget))
}

/// The history of a process as far as the daemon has looked at it. Baselines are learned and days are digested by the daemon
/// alone, so that nobody who reads sees alarms that it does not know of.
struct StoredHistory<'a> {
    store: &'a Store,
    process: NameId,
    changes: Vec<(Day, Cause)>,
}

impl ProcessHistory for StoredHistory<'_> {
    type Error = StoreError;

    fn first_day(&mut self) -> Result<Option<Day>, StoreError> {
        self.store.first_day_of(self.process)
    }

    /// No hours: what the daemon has not digested is left to it.
    fn hours(&mut self, _from: Day, _to: Day) -> Result<Vec<HourPart>, StoreError> {
        Ok(Vec::new())
    }

    fn versions(&mut self) -> Result<Vec<(Day, NameId)>, StoreError> {
        self.store.drift_versions(self.process)
    }

    fn known_changes(&mut self) -> Result<Vec<(Day, Cause)>, StoreError> {
        Ok(self.changes.clone())
    }

    fn kept(&mut self, start: Day) -> Result<Option<KeptEpoch>, StoreError> {
        self.store.drift_epoch(self.process, start)
    }
}

/// What people have noted of a process, each with the day from which on it holds.
pub(crate) fn known_changes(marks: &[MarkRow], process: &str) -> Vec<(Day, Cause)> {
    let meant = marks.iter().filter(|mark| mark.is_of(process));
    meant.map(|mark| (mark.day, mark.cause())).collect()
}

/// Alarms that were true and are over, and that nothing shows any more since another baseline holds for their days.
fn add_over<'a>(drift: &mut ProcessDrift, rows: impl Iterator<Item = &'a AlarmRow>, names: &Names) {
    let over = rows.filter_map(|row| over(row, names));
    let same = |alarm: &Alarm, other: &Alarm| {
        let of = |alarm: &Alarm| (alarm.stream, alarm.direction, alarm.raised);
        of(alarm) == of(other)
    };
    let found = &drift.alarms;
    let lost = over.filter(|alarm| !found.iter().any(|other| same(alarm, other)));
    let lost: Vec<Alarm> = lost.collect();
    drift.alarms.extend(lost);
    drift
        .alarms
        .sort_by_key(|alarm| (alarm.raised, alarm.stream));
}

/// An alarm that is over as it is kept; `None` for one that stands or was withdrawn.
fn over(row: &AlarmRow, names: &Names) -> Option<Alarm> {
    let how = [Ended::Resolved, Ended::Rebaselined]
        .into_iter()
        .find(|how| row.how.as_deref() == Some(how.word()))?;
    let direction = [Direction::Up, Direction::Down]
        .into_iter()
        .find(|direction| row.direction == direction.word())?;
    Some(Alarm {
        stream: row.stream.parse().ok()?,
        epoch: row.epoch,
        raised: row.raised,
        onset: row.onset,
        direction,
        outcome: names.find(&row.outcome),
        before: row.was,
        now: row.became,
        evidence: row.evidence,
        ended: Some((row.ended?, how)),
        explained_by: row.explained_by.clone(),
    })
}

/// The budget that these processes share.
pub(crate) fn budget_of(
    store: &Store,
    terms: &DriftTerms,
    processes: impl Iterator<Item = NameId>,
) -> Result<Budget, StoreError> {
    let mut first_days = Vec::new();
    for process in processes {
        first_days.extend(store.first_day_of(process)?);
    }
    Ok(Budget::of_fleet(terms.false_alarms_per_year, first_days))
}

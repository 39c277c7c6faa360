//! Drift as the database has it, for those who only read.

use crate::config::daemon::Config;
use crate::drift::{
    Alarm, Budget, Cause, CriticalRates, Direction, Ended, Epoch, ProcessDrift, epochs, fold, plan,
};
use crate::model::{Day, NameId, Names, Time};
use crate::rules::{Catalog, DriftTerms};
use crate::store::{AlarmRow, MarkKind, MarkRow, Store, StoreError};

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
pub fn kept_drift_of(
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
    let mut all = Vec::new();
    for (id, until) in processes {
        let process = names.text(id).to_owned();
        if !wanted(&process) {
            continue;
        }
        let critical = critical_outcome(&config.catalog, &process, &names);
        let leading = store.drift_versions(id)?;
        let plan = plan_of(
            store,
            &config.catalog,
            &names,
            (id, until),
            &leading,
            &marks,
        )?;
        let learned = |start| {
            Ok(store
                .drift_baseline(id, start)?
                .map(|(baseline, _)| baseline))
        };
        let mut epochs = epochs(plan, critical.map(|(_, rates)| rates), learned)?;
        for epoch in &mut epochs {
            epoch.digests = store.drift_days(id, epoch.start)?;
        }
        let mut drift = fold(&epochs, until, &budget, terms);
        let rows = alarms.iter().filter(|row| row.process == process);
        add_over(&mut drift, rows, &names);
        all.push(KeptDrift {
            process,
            epochs,
            drift,
        });
    }
    all.sort_by(|a, b| a.process.cmp(&b.process));
    Ok((all, budget))
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
pub fn budget_of(
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

/// When the epochs of a process begin up to a day, and why. `leading` has the leading versions of its days.
pub fn plan_of(
    store: &Store,
    catalog: &Catalog,
    names: &Names,
    (process, until): (NameId, Day),
    leading: &[(Day, NameId)],
    marks: &[MarkRow],
) -> Result<Vec<(Day, Cause)>, StoreError> {
    let id = names.text(process);
    let Some(seen) = store.first_day_of(process)? else {
        return Ok(Vec::new());
    };
    let first = first_of_epoch(catalog, id, seen);
    let meant = |mark: &&MarkRow| mark.process.is_empty() || mark.process == id;
    let marks = marks.iter().filter(meant).map(|mark| {
        let cause = match mark.kind {
            MarkKind::Change => Cause::Change(mark.text.clone()),
            MarkKind::Rebaseline => Cause::Rebaseline(mark.text.clone()),
        };
        (mark.day, cause)
    });
    Ok(plan(first, until, leading, names, marks))
}

/// The first day of a process that was seen first on the day `seen`: not before the epoch that the catalog declares.
pub fn first_of_epoch(catalog: &Catalog, process: &str, seen: Day) -> Day {
    let declared = catalog.processes.get(process);
    let epoch = declared.and_then(|process| process.epoch).map(Time::day);
    epoch.map_or(seen, |epoch| epoch.max(seen))
}

/// The outcome that the catalog declares critical, where it has been seen, and how rare it must be.
pub fn critical_outcome(
    catalog: &Catalog,
    process: &str,
    names: &Names,
) -> Option<(NameId, CriticalRates)> {
    let declared = catalog.processes.get(process)?.critical_outcome.as_ref()?;
    let rates = CriticalRates {
        acceptable: declared.acceptable,
        unacceptable: declared.unacceptable,
    };
    Some((names.find(&declared.outcome)?, rates))
}

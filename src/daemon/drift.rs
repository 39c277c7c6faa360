//! Drift as the database has it, for those who only read.

use crate::config::catalog::Catalog;
use crate::config::daemon::Config;
use crate::config::drift::DriftTerms;
use crate::drift::{Budget, Cause, CriticalRates, Epoch, ProcessDrift, fold};
use crate::model::{Day, NameId, Names};
use crate::store::{MarkKind, MarkRow, Store, StoreError};
use std::collections::BTreeSet;

/// The drift of a process, recomputed from its days.
#[derive(Debug)]
pub struct KeptDrift {
    /// The process.
    pub process: String,
    /// Its epochs that have a baseline, with the days since.
    pub epochs: Vec<Epoch>,
    /// What follows from them.
    pub drift: ProcessDrift,
}

/// The drift of every process up to the day the daemon has looked at last, and the budget of the thresholds.
pub fn kept_drift(store: &Store, config: &Config) -> Result<(Vec<KeptDrift>, Budget), StoreError> {
    let terms = &config.drift;
    let processes = store.drift_processes()?;
    let ids = processes.iter().map(|(id, _)| *id);
    let budget = budget_of(store, terms, ids)?;
    let names = store.names()?;
    let mut all = Vec::new();
    for (id, until) in processes {
        let process = names.text(id).to_owned();
        let critical = critical_outcome(&config.catalog, &process, &names);
        let epochs = epochs(
            store,
            id,
            (&process, until),
            critical.map(|(_, rates)| rates),
        )?;
        let drift = fold(&epochs, until, &budget, terms);
        all.push(KeptDrift {
            process,
            epochs,
            drift,
        });
    }
    all.sort_by(|a, b| a.process.cmp(&b.process));
    Ok((all, budget))
}

/// The budget that these processes share.
pub(super) fn budget_of(
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

fn epochs(
    store: &Store,
    id: NameId,
    (process, until): (&str, Day),
    critical: Option<CriticalRates>,
) -> Result<Vec<Epoch>, StoreError> {
    let marks = store.marks()?;
    let cause = |day: Day| {
        let meant = |mark: &&MarkRow| {
            mark.day == day && (mark.process.is_empty() || mark.process == process)
        };
        match marks.iter().rfind(meant) {
            None => Cause::First,
            Some(mark) if mark.kind == MarkKind::Rebaseline => Cause::Rebaseline(mark.text.clone()),
            Some(mark) => Cause::Change(mark.text.clone()),
        }
    };
    let epoch = |start: Day| {
        Ok(Epoch {
            start,
            cause: cause(start),
            baseline: store.drift_baseline(id, start)?,
            digests: store.drift_days(id, start)?,
            critical,
        })
    };
    let mut starts: BTreeSet<Day> = store.drift_epochs(id)?.into_iter().collect();
    // An epoch whose baseline is still being learned has begun all the same.
    if let Some(first) = starts.first().copied() {
        let meant = |mark: &&MarkRow| mark.process.is_empty() || mark.process == process;
        let begun = marks.iter().filter(meant).map(|mark| mark.day);
        starts.extend(begun.filter(|day| (first..=until).contains(day)));
    }
    starts.into_iter().map(epoch).collect()
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

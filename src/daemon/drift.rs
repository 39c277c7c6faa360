//! Drift as the database has it, for those who only read.

use crate::config::drift::DriftTerms;
use crate::drift::{Budget, Cause, Epoch, ProcessDrift, fold};
use crate::model::{Day, NameId};
use crate::store::{MarkKind, Store, StoreError};

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
pub fn kept_drift(
    store: &Store,
    terms: &DriftTerms,
) -> Result<(Vec<KeptDrift>, Budget), StoreError> {
    let budget = Budget {
        per_year: terms.false_alarms_per_year,
        fleet: store.drift_fleet()?,
    };
    let names = store.names()?;
    let mut all = Vec::new();
    for (id, until) in store.drift_processes()? {
        let process = names.text(id).to_owned();
        let epochs = epochs(store, id, &process)?;
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

fn epochs(store: &Store, id: NameId, process: &str) -> Result<Vec<Epoch>, StoreError> {
    let marks = store.marks()?;
    let cause = |day: Day| {
        let meant = |mark: &&crate::store::MarkRow| {
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
        })
    };
    store.drift_epochs(id)?.into_iter().map(epoch).collect()
}

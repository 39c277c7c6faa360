//! Whether the database can be relied on: its files are at their paths, and its pages are sound.

use crate::model::Time;
use crate::model::humanize::counted;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is known of the database beside its content.
#[derive(Debug, Default)]
pub(crate) struct StoreHealth {
    lost: Mutex<Option<String>>,
    check: Mutex<Option<StoreCheck>>,
}

/// What the last check of all pages has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreCheck {
    /// When it ended.
    pub at: Time,
    /// The problems; none if all pages are sound.
    pub problems: Vec<String>,
}

impl StoreHealth {
    /// Notes which file was removed or replaced, or that all are at their paths. Returns what was noted before.
    pub(crate) fn set_lost(&self, lost: Option<String>) -> Option<String> {
        std::mem::replace(&mut *lock(&self.lost), lost)
    }

    /// Which file was removed or replaced.
    pub(crate) fn lost(&self) -> Option<String> {
        lock(&self.lost).clone()
    }

    /// Notes what a check has found.
    pub(crate) fn checked(&self, check: StoreCheck) {
        *lock(&self.check) = Some(check);
    }

    /// What the last check has found; `None` before the first.
    pub(crate) fn check(&self) -> Option<StoreCheck> {
        lock(&self.check).clone()
    }

    /// The damage in one sentence, if there is any.
    pub(crate) fn damage(&self) -> Option<String> {
        let check = self.check()?;
        let first = check.problems.first()?;
        let count = counted(check.problems.len() as i64, "problem");
        Some(format!(
            "The database is damaged: the check of {} found {count}, first: {first}. Figures can be wrong. Stop the daemon and restore a backup",
            check.at
        ))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

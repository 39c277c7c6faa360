//! The check for damaged pages.

use super::{Result, Store};
use rusqlite::ErrorCode;

/// Problems that a check reports at most.
const MOST_PROBLEMS: u32 = 20;

/// What a check of the database has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    /// Its problems; none if it is sound.
    Problems(Vec<String>),
    /// It was interrupted.
    Interrupted,
}

impl Store {
    /// Reads every page and looks for damaged ones. Reads as of one moment, so a writer need not wait.
    pub(crate) fn quick_check(&self) -> Result<Checked> {
        let read = || -> rusqlite::Result<Vec<String>> {
            self.db
                .prepare(&format!("PRAGMA quick_check({MOST_PROBLEMS})"))?
                .query_map([], |row| row.get(0))?
                .collect()
        };
        match read() {
            // The only row of a sound database.
            Ok(rows) if rows == ["ok"] => Ok(Checked::Problems(Vec::new())),
            Ok(rows) => Ok(Checked::Problems(rows)),
            Err(error) => match error.sqlite_error_code() {
                Some(ErrorCode::OperationInterrupted) => Ok(Checked::Interrupted),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    Ok(Checked::Problems(vec![error.to_string()]))
                }
                _ => self.sql(Err(error)),
            },
        }
    }

    /// What interrupts this connection, for another thread.
    pub(crate) fn interrupt(&self) -> Box<dyn Fn() + Send> {
        let handle = self.db.get_interrupt_handle();
        Box::new(move || handle.interrupt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Commit;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn check_of_a_sound_database_finds_nothing_and_can_be_interrupted() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Store::open(folder.path()).unwrap();
        let meta = (0..20_000).map(|nth| (format!("key {nth}"), "value".repeat(20)));
        let commit = Commit {
            meta: meta.collect(),
            ..Commit::default()
        };
        writer.commit(&commit).unwrap();
        let reader = Store::open_to_read(folder.path()).unwrap();
        assert_eq!(reader.quick_check().unwrap(), Checked::Problems(Vec::new()));
        let (interrupt, is_done) = (reader.interrupt(), AtomicBool::new(false));
        let checked = std::thread::scope(|scope| {
            let is_done = &is_done;
            scope.spawn(move || {
                while !is_done.load(Ordering::Relaxed) {
                    interrupt();
                }
            });
            // An interrupt before the check begins has no effect, so it is tried until one comes in time.
            let interrupted = (0..1_000).any(|_| {
                let checked = reader.quick_check();
                matches!(checked, Ok(Checked::Interrupted))
            });
            is_done.store(true, Ordering::Relaxed);
            interrupted
        });
        assert!(checked);
        assert_eq!(reader.quick_check().unwrap(), Checked::Problems(Vec::new()));
    }
}

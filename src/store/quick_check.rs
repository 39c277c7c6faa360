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

//! Cases as they are kept.

use super::{Result, Store};
use crate::model::NameId;
use rusqlite::{OptionalExtension, params};

/// A case as it is kept.
#[derive(Clone, Debug)]
pub struct KeptCase {
    /// Its key.
    pub key: String,
    /// Whether it was open by the rules it was written under.
    pub open: bool,
    /// The case itself.
    pub body: Vec<u8>,
}

fn kept_case(row: &rusqlite::Row) -> rusqlite::Result<KeptCase> {
    Ok(KeptCase {
        key: row.get(0)?,
        open: row.get(1)?,
        body: row.get(2)?,
    })
}

impl Store {
    /// The body of a case, by its key.
    pub fn case(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let read = || {
            self.db
                .prepare_cached("SELECT body FROM cases WHERE key = ?1")?
                .query_row([key], |row| row.get(0))
                .optional()
        };
        self.sql(read())
    }

    /// The process of a case, by its key.
    pub fn process_of_case(&self, key: &str) -> Result<Option<NameId>> {
        let read = || {
            self.db
                .prepare_cached("SELECT process FROM cases WHERE key = ?1")?
                .query_row([key], |row| row.get(0))
                .optional()
        };
        self.sql(read())
    }

    /// The keys of the cases whose parent is this one.
    pub fn children(&self, key: &str) -> Result<Vec<String>> {
        let read = || {
            self.db
                .prepare_cached("SELECT key FROM cases WHERE parent = ?1")?
                .query_map([key], |row| row.get(0))?
                .collect()
        };
        self.sql(read())
    }

    /// Whether there is any case.
    pub fn has_cases(&self) -> Result<bool> {
        let query = "SELECT EXISTS (SELECT 1 FROM cases)";
        self.sql(self.db.query_row(query, [], |row| row.get(0)))
    }

    /// Whether any case has a parent.
    pub fn has_children(&self) -> Result<bool> {
        let query = "SELECT EXISTS (SELECT 1 FROM cases WHERE parent IS NOT NULL)";
        self.sql(self.db.query_row(query, [], |row| row.get(0)))
    }

    /// Keys of open cases of a process without an event since an instant (microseconds), oldest first.
    pub fn idle_cases(&self, process: NameId, last: i64, most: usize) -> Result<Vec<String>> {
        let read = || {
            self.db
                .prepare_cached(
                    "SELECT key FROM cases WHERE open = 1 AND process = ?1 AND last <= ?2 ORDER BY last LIMIT ?3",
                )?
                .query_map(params![process, last, most as i64], |row| row.get(0))?
                .collect()
        };
        self.sql(read())
    }

    /// Cases of a process with an event since an instant (microseconds), those whose last event is earliest first.
    pub fn cases_of(&self, process: NameId, since: i64, most: usize) -> Result<Vec<KeptCase>> {
        let read = || {
            self.db
                .prepare_cached(
                    "SELECT key, open, body FROM cases WHERE process = ?1 AND last >= ?2 ORDER BY last LIMIT ?3",
                )?
                .query_map(params![process, since, most as i64], kept_case)?
                .collect()
        };
        self.sql(read())
    }

    /// The next cases behind a key, in order of the keys; from the first one if none is given.
    pub fn cases_after(&self, key: Option<&str>, most: usize) -> Result<Vec<KeptCase>> {
        let read = || {
            self.db
                .prepare_cached(
                    "SELECT key, open, body FROM cases WHERE ?1 IS NULL OR key > ?1 ORDER BY key LIMIT ?2",
                )?
                .query_map(params![key, most as i64], kept_case)?
                .collect()
        };
        self.sql(read())
    }
}

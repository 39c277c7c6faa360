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

    /// The greatest key of a case, as bytes; `None` if there is no case.
    pub fn last_case_key(&self) -> Result<Option<Vec<u8>>> {
        // A damaged key can be a blob, which SQLite puts behind all text.
        let query = "SELECT key FROM cases WHERE typeof(key) = 'text' ORDER BY key DESC LIMIT 1";
        let key = |row: &rusqlite::Row| Ok(row.get_ref(0)?.as_bytes()?.to_owned());
        self.sql(self.db.query_row(query, [], key).optional())
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

    /// The next cases of a process behind a place, each with the instant of its last event (microseconds), in order of
    /// these instants and then of the keys. Those with an event since an instant are behind that instant and no key (`""`).
    pub fn cases_of(
        &self,
        process: NameId,
        (last, key): (i64, &str),
        most: usize,
    ) -> Result<Vec<(i64, KeptCase)>> {
        let read = || {
            self.db
                .prepare_cached(
                    "SELECT key, open, body, last FROM cases WHERE process = ?1 AND (last, key) > (?2, ?3)
                     ORDER BY last, key LIMIT ?4",
                )?
                .query_map(params![process, last, key, most as i64], |row| {
                    Ok((row.get(3)?, kept_case(row)?))
                })?
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{CaseRow, Commit};

    #[test]
    fn pages_of_the_cases_of_a_process_leave_none_out_and_repeat_none() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let row = |process, last, key: &str| CaseRow {
            key: key.to_owned(),
            process,
            open: false,
            last,
            parent: None,
            body: Vec::new(),
        };
        let cases = vec![
            row(NameId(1), 9, "early"),
            row(NameId(1), 10, "b"),
            row(NameId(1), 10, "a"),
            row(NameId(1), 10, "d"),
            row(NameId(1), 10, "c"),
            row(NameId(1), 12, "0"),
            row(NameId(2), 11, "of another"),
        ];
        let commit = Commit {
            cases,
            ..Commit::default()
        };
        store.commit(&commit).unwrap();
        for most in 1..7 {
            let (mut place, mut found) = ((10, String::new()), Vec::new());
            loop {
                let page = store
                    .cases_of(NameId(1), (place.0, &place.1), most)
                    .unwrap();
                assert!(page.len() <= most);
                let Some((last, kept)) = page.last() else {
                    break;
                };
                place = (*last, kept.key.clone());
                found.extend(page.into_iter().map(|(_, kept)| kept.key));
            }
            assert_eq!(found, ["a", "b", "c", "d", "0"], "{most} at once");
        }
    }
}

//! Reading what a past score is recomputed from: beside a running daemon, as of one moment.

use super::{DocumentRow, Result, RulesRow, Store, StoreError, schema};
use crate::model::NameId;
use rusqlite::{OptionalExtension, Row};
use std::path::Path;

/// The process of a case, and what it takes to know it as of an earlier instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownProcess {
    /// The process it belongs to.
    pub process: NameId,
    /// The case itself, where it has an event later than the instant asked about.
    pub later: Option<Vec<u8>>,
}

impl Store {
    /// Opens the database for reading only, beside a running daemon. Refuses one that another version wrote.
    pub fn open_read_only(folder: &Path) -> Result<Store> {
        let store = Store::open_to_read(folder)?;
        store.sql(store.db.pragma_update(None, "query_only", true))?;
        schema::check(&store)?;
        Ok(store)
    }

    /// Reads as of one moment, whatever a daemon writes meanwhile.
    pub fn at_one_moment<T, E: From<StoreError>>(
        &self,
        read: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        // Dropped, it is rolled back; there is nothing to undo.
        let transaction = self.sql(self.db.unchecked_transaction())?;
        let read = read()?;
        self.sql(transaction.finish())?;
        Ok(read)
    }

    /// Reads as of one moment from now on, up to [`Store::end_reading`]: without this each query takes locks of its own,
    /// which cost more than to look up a row. This connection must write nothing meanwhile.
    pub(crate) fn begin_reading(&self) -> Result<()> {
        self.sql(self.db.execute_batch("BEGIN DEFERRED"))
    }

    /// Ends what [`Store::begin_reading`] began.
    pub(crate) fn end_reading(&self) -> Result<()> {
        self.sql(self.db.execute_batch("COMMIT"))
    }

    /// About how many cases there are, without counting them: those that the totals know.
    pub fn about_cases(&self) -> Result<u64> {
        let totals = self.totals()?;
        let started: i64 = totals.iter().map(|row| row.sums.started()).sum();
        Ok(u64::try_from(started).unwrap_or(0))
    }

    /// The process of a case, by its key; with the case itself if it has an event later than an instant (microseconds).
    pub fn process_until(&self, key: &str, until: i64) -> Result<Option<KnownProcess>> {
        let read = || {
            self.db
                .prepare_cached(
                    "SELECT process, CASE WHEN last > ?2 THEN body END FROM cases WHERE key = ?1",
                )?
                .query_row((key, until), |row| {
                    Ok(KnownProcess {
                        process: row.get(0)?,
                        later: row.get(1)?,
                    })
                })
                .optional()
        };
        self.sql(read())
    }

    /// Which rules held from when on, oldest first.
    pub fn rules_log(&self) -> Result<Vec<RulesRow>> {
        let read = || {
            self.db
                .prepare(
                    "SELECT at, configuration, catalog, tolerance FROM rules_log ORDER BY at, id",
                )?
                .query_map([], rules_row)?
                .collect()
        };
        self.sql(read())
    }

    /// The rules that were noted last.
    pub fn last_rules(&self) -> Result<Option<RulesRow>> {
        let query =
            "SELECT at, configuration, catalog, tolerance FROM rules_log ORDER BY id DESC LIMIT 1";
        self.sql(self.db.query_row(query, [], rules_row).optional())
    }

    /// The stored configurations: hash, file and text.
    pub(crate) fn stored_configurations(&self) -> Result<Vec<(i64, String, String)>> {
        let read = || {
            self.db
                .prepare("SELECT hash, file, text FROM documents WHERE kind = 'configuration' AND typeof(text) = 'text' AND typeof(file) = 'text'")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        };
        self.sql(read())
    }

    /// Replaces the text of a document.
    pub(crate) fn rewrite_document(&self, hash: i64, text: &str) -> Result<()> {
        let sql = "UPDATE documents SET text = ?2 WHERE hash = ?1";
        self.sql(self.db.execute(sql, (hash, text))).map(drop)
    }

    /// A text that scores rest on, by its hash.
    pub fn document(&self, hash: u64) -> Result<Option<DocumentRow>> {
        let query = "SELECT kind, file, text FROM documents WHERE hash = ?1";
        let found = self.db.query_row(query, [hash as i64], |row| {
            Ok(DocumentRow {
                hash,
                kind: row.get(0)?,
                file: row.get(1)?,
                text: row.get(2)?,
            })
        });
        self.sql(found.optional())
    }
}

fn rules_row(row: &Row) -> rusqlite::Result<RulesRow> {
    Ok(RulesRow {
        at: row.get(0)?,
        configuration: row.get::<_, i64>(1)? as u64,
        catalog: row.get::<_, i64>(2)? as u64,
        tolerance: row.get::<_, i64>(3)? as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Commit;

    fn rules(at: i64, catalog: u64) -> RulesRow {
        RulesRow {
            at,
            configuration: u64::MAX,
            catalog,
            tolerance: 3,
        }
    }

    #[test]
    fn rules_and_their_texts_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        assert_eq!(store.last_rules().unwrap(), None);
        let document = DocumentRow {
            hash: u64::MAX - 1,
            kind: "catalog".to_owned(),
            file: "c.yaml".to_owned(),
            text: "processes: []".into(),
        };
        for row in [rules(1, 7), rules(5, 8)] {
            let commit = Commit {
                documents: vec![document.clone()],
                rules: Some(row),
                ..Commit::default()
            };
            assert!(!commit.is_empty());
            store.commit(&commit).unwrap();
        }
        let reader = Store::open_read_only(folder.path()).unwrap();
        assert_eq!(reader.rules_log().unwrap(), [rules(1, 7), rules(5, 8)]);
        assert_eq!(reader.last_rules().unwrap(), Some(rules(5, 8)));
        assert_eq!(reader.document(document.hash).unwrap(), Some(document));
        assert_eq!(reader.document(4).unwrap(), None);
    }

    #[test]
    fn who_only_reads_neither_writes_nor_migrates() {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path()).unwrap());
        let mut reader = Store::open_read_only(folder.path()).unwrap();
        let commit = Commit {
            rules: Some(rules(1, 1)),
            ..Commit::default()
        };
        assert!(reader.commit(&commit).is_err());
        let old = Store::open(folder.path()).unwrap();
        old.db.pragma_update(None, "user_version", 1).unwrap();
        let error = Store::open_read_only(folder.path())
            .unwrap_err()
            .to_string();
        assert!(error.contains("older version (schema 1"), "{error}");
        old.db.pragma_update(None, "user_version", 99).unwrap();
        let error = Store::open_read_only(folder.path())
            .unwrap_err()
            .to_string();
        assert!(error.contains("newer version (schema 99"), "{error}");
    }

    #[test]
    fn a_moment_stays_the_same_while_another_writes() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let reader = Store::open_read_only(folder.path()).unwrap();
        let seen: Result<(usize, usize)> = reader.at_one_moment(|| {
            let before = reader.rules_log()?.len();
            store.commit(&Commit {
                rules: Some(rules(1, 1)),
                ..Commit::default()
            })?;
            Ok((before, reader.rules_log()?.len()))
        });
        assert_eq!(seen.unwrap(), (0, 0));
        assert_eq!(reader.rules_log().unwrap().len(), 1);
    }
}

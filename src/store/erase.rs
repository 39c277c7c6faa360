//! Deleting for good: no deleted value stays in free pages or in the write-ahead log.

use super::{Result, Store};
use crate::store::QuarantineFilter;
use rusqlite::{Connection, params};

/// `PRAGMA auto_vacuum`: free pages go when they are asked to go.
const INCREMENTAL: i64 = 2;
/// Free pages that a commit leaves alone: the next one takes them.
const FREE_PAGES: i64 = 1_000;
/// Free pages that go at once, so that nobody who writes waits for long.
const PAGES_AT_ONCE: i64 = 200;
/// Rows that are deleted at once.
const ROWS_AT_ONCE: i64 = 500;

/// Before the first table is made.
pub(super) fn prepare(db: &Connection) -> rusqlite::Result<()> {
    // To set it takes the lock of a writer, even if it is set already.
    if number(db, "auto_vacuum")? != INCREMENTAL {
        db.pragma_update(None, "auto_vacuum", INCREMENTAL)?;
    }
    // What is deleted is overwritten.
    db.pragma_update(None, "secure_delete", true)
}

fn number(db: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    db.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))
}

fn vacuum_some(db: &Connection, pages: i64) -> rusqlite::Result<()> {
    let mut vacuum = db.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
    let mut rows = vacuum.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

impl Store {
    /// Writes a database anew that an older version made: its free pages may hold what was deleted, and could not go by
    /// themselves. Happens once.
    pub(super) fn vacuum_once(&self) {
        let work = || -> rusqlite::Result<bool> {
            if number(&self.db, "auto_vacuum")? == INCREMENTAL {
                return Ok(false);
            }
            self.db.pragma_update(None, "auto_vacuum", INCREMENTAL)?;
            self.db.execute_batch("VACUUM")?;
            Ok(true)
        };
        let file = self.file.display();
        match work() {
            Ok(true) => {
                tracing::info!(%file, "wrote the database anew, without what was deleted from it")
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(
                %file, %error,
                "can't write the database anew; what was deleted from it may still be in its free pages. Make room on the disk and restart"
            ),
        }
    }

    /// Gives some free pages back, if there are many.
    pub(super) fn vacuum_step(&self) -> rusqlite::Result<()> {
        if number(&self.db, "freelist_count")? > FREE_PAGES {
            vacuum_some(&self.db, PAGES_AT_ONCE)?;
        }
        Ok(())
    }

    /// Moves the write-ahead log into the database and empties it, if nobody reads from it. Returns whether it is empty.
    pub(crate) fn empty_log(&self) -> Result<bool> {
        let busy = self
            .db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
                row.get::<_, bool>(0)
            });
        Ok(!self.sql(busy)?)
    }

    /// How many quarantined records a filter selects.
    pub(crate) fn count_quarantined(&self, filter: &QuarantineFilter) -> Result<i64> {
        let sql = format!(
            "SELECT count(*) FROM quarantine WHERE {}",
            super::quarantine::FILTER
        );
        let count = self.db.query_row(&sql, filter.params(), |row| row.get(0));
        self.sql(count)
    }

    /// Deletes quarantined records for good; beside a running daemon, too. Returns their number, and whether the
    /// write-ahead log is empty.
    pub(crate) fn delete_quarantined(&self, filter: &QuarantineFilter) -> Result<(usize, bool)> {
        self.sql(self.db.pragma_update(None, "secure_delete", true))?;
        let sql = format!(
            "DELETE FROM quarantine WHERE id IN (SELECT id FROM quarantine WHERE {} LIMIT ?5)",
            super::quarantine::FILTER
        );
        let mut count = 0;
        loop {
            let (source, reason, id, before) = filter.params();
            let gone = self
                .db
                .execute(&sql, params![source, reason, id, before, ROWS_AT_ONCE]);
            match self.sql(gone)? {
                0 => break,
                gone => count += gone,
            }
        }
        let mut free = self.sql(number(&self.db, "freelist_count"))?;
        while free > 0 {
            self.sql(vacuum_some(&self.db, PAGES_AT_ONCE))?;
            let left = self.sql(number(&self.db, "freelist_count"))?;
            // A database that could not be written anew keeps its free pages; they are overwritten.
            if left >= free {
                break;
            }
            free = left;
        }
        Ok((count, self.empty_log()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Hour;
    use crate::store::{Commit, QuarantineRow, ReplayState};

    const NAME: &str = "Quittenbaum";

    fn row(nth: i64) -> QuarantineRow {
        QuarantineRow {
            id: 0,
            at: nth,
            hour: Hour(0),
            source: "s".to_owned(),
            file: "f".to_owned(),
            stream: 1,
            place: nth as u64,
            reason: if nth % 2 == 0 {
                "malformed"
            } else {
                "missing_case"
            }
            .to_owned(),
            detail: String::new(),
            format: "ndjson".to_owned(),
            head: Vec::new(),
            record: NAME.repeat(20).into_bytes(),
            hash: nth as u64,
            is_raw: true,
            state: ReplayState::Kept,
        }
    }

    fn is_on_disk(folder: &std::path::Path) -> bool {
        std::fs::read_dir(folder).unwrap().any(|entry| {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            memchr::memmem::find(&bytes, NAME.as_bytes()).is_some()
        })
    }

    #[test]
    fn deleted_records_are_in_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let quarantine = (0..2_000).map(row).collect();
        store
            .commit(&Commit {
                quarantine,
                ..Commit::default()
            })
            .unwrap();
        assert!(is_on_disk(folder.path()));
        let other = Store::open_to_read(folder.path()).unwrap();
        let malformed = QuarantineFilter {
            reason: Some("malformed".to_owned()),
            ..QuarantineFilter::default()
        };
        assert_eq!(other.count_quarantined(&malformed).unwrap(), 1_000);
        assert_eq!(other.delete_quarantined(&malformed).unwrap(), (1_000, true));
        let old = QuarantineFilter {
            before: Some(1_000),
            ..QuarantineFilter::default()
        };
        assert_eq!(other.delete_quarantined(&old).unwrap(), (500, true));
        let rest = QuarantineFilter::default();
        assert_eq!(other.delete_quarantined(&rest).unwrap(), (500, true));
        assert!(!is_on_disk(folder.path()));
        assert_eq!(number(&store.db, "freelist_count").unwrap(), 0);
    }

    #[test]
    fn database_of_an_older_version_is_written_anew_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = Store::file_in(folder.path());
        let old = Connection::open(&file).unwrap();
        let text = NAME.repeat(1_000);
        old.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (x)")
            .unwrap();
        old.execute("INSERT INTO t VALUES (?1)", [&text]).unwrap();
        old.execute_batch("DROP TABLE t").unwrap();
        drop(old);
        assert!(is_on_disk(folder.path()));
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(number(&store.db, "auto_vacuum").unwrap(), INCREMENTAL);
        assert!(store.empty_log().unwrap());
        assert!(!is_on_disk(folder.path()));
    }
}

//! Indexes that are built after the first import instead of with each of its rows.
//!
//! Rows of a history in random time order touch all pages of these indexes with each commit. To sort all entries once and
//! write them in order takes a third of the time.

use super::{Result, Store};
use rusqlite::{Connection, Transaction};

/// The indexes, as the migrations made them. They serve scoring, drift and some pages. Without them the answers are the same.
const DEFERRED: [(&str, &str); 3] = [
    (
        "cases_open",
        "cases_open ON cases (process, last) WHERE open = 1",
    ),
    (
        "cases_by_process",
        "cases_by_process ON cases (process, last)",
    ),
    (
        "buckets_by_process",
        "buckets_by_process ON buckets (process, hour)",
    ),
];

/// So many cases are written without the indexes at most. This limits the memory that sorting takes, to about 60 bytes a case.
pub(super) const MOST_DEFERRED: usize = 2_000_000;

/// Takes the indexes away if there are no cases. Says whether it did.
pub(super) fn defer_indexes(to: &Transaction) -> rusqlite::Result<bool> {
    let has_cases = to.query_row("SELECT EXISTS (SELECT 1 FROM cases)", [], |row| row.get(0))?;
    if has_cases {
        return Ok(false);
    }
    for (name, _) in DEFERRED {
        to.execute_batch(&format!("DROP INDEX IF EXISTS {name}"))?;
    }
    Ok(true)
}

fn has_all(db: &Connection) -> rusqlite::Result<bool> {
    let query = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?1)";
    let mut query = db.prepare_cached(query)?;
    for (name, _) in DEFERRED {
        if !query.query_row([name], |row| row.get::<_, bool>(0))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn build(db: &mut Connection) -> rusqlite::Result<()> {
    let transaction = db.transaction()?;
    for (_, definition) in DEFERRED {
        transaction.execute_batch(&format!("CREATE INDEX IF NOT EXISTS {definition}"))?;
    }
    transaction.commit()
}

impl Store {
    /// Builds the indexes that the first import went without, if any is missing.
    pub fn build_deferred_indexes(&mut self) -> Result<()> {
        self.deferred_cases = None;
        let has_all = has_all(&self.db);
        if self.sql(has_all)? {
            return Ok(());
        }
        self.on_disk.check()?;
        // In memory: a folder for temporary files may be missing or full.
        let mut run = || {
            self.db.pragma_update(None, "temp_store", "MEMORY")?;
            let built = build(&mut self.db);
            self.db.pragma_update(None, "temp_store", "DEFAULT")?;
            built
        };
        let begun = std::time::Instant::now();
        let built = run();
        self.sql(built)?;
        tracing::info!(
            seconds = begun.elapsed().as_secs_f64(),
            "built the indexes that the first import went without"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::write::LARGE_COMMIT;
    use super::super::{CaseRow, Commit, Store};
    use super::*;
    use crate::model::NameId;

    fn cases(from: usize, to: usize) -> Commit {
        let row = |number: usize| CaseRow {
            key: format!("C-{number:08}"),
            process: NameId(1 + number as u32 % 7),
            open: number.is_multiple_of(3),
            last: (number * 7919 % 100_003) as i64,
            parent: None,
            body: Vec::new(),
        };
        Commit {
            cases: (from..to).map(row).collect(),
            ..Commit::default()
        }
    }

    fn indexes(store: &Store) -> Vec<String> {
        store
            .db
            .prepare("SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap()
    }

    fn answers(store: &Store) -> (Vec<String>, Vec<String>) {
        let idle = store.idle_cases(NameId(2), 50_000, 100).unwrap();
        let of_process = store.cases_of(NameId(3), (500, ""), 100).unwrap();
        let of_process = of_process.into_iter().map(|(_, case)| case.key).collect();
        (idle, of_process)
    }

    #[test]
    fn the_first_import_goes_without_indexes_and_answers_are_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let complete = indexes(&store);
        store.commit(&cases(0, LARGE_COMMIT)).unwrap();
        assert_eq!(indexes(&store).len(), complete.len() - DEFERRED.len());
        let without = answers(&store);
        assert_eq!((without.0.len(), without.1.len()), (100, 100));
        store.build_deferred_indexes().unwrap();
        assert_eq!(indexes(&store), complete, "as the migrations made them");
        assert_eq!(answers(&store), without);
    }

    #[test]
    fn whoever_opens_the_database_to_write_finds_all_indexes() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let complete = indexes(&store);
        store.commit(&cases(0, LARGE_COMMIT)).unwrap();
        drop(store);
        assert_eq!(indexes(&Store::open(folder.path()).unwrap()), complete);
    }

    #[test]
    fn later_imports_and_small_commits_keep_the_indexes() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let complete = indexes(&store);
        store.commit(&cases(0, 10)).unwrap();
        store.commit(&cases(10, 10 + LARGE_COMMIT)).unwrap();
        assert_eq!(indexes(&store), complete);
    }

    #[test]
    fn so_many_cases_wait_at_most() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let complete = indexes(&store);
        store.commit(&cases(0, LARGE_COMMIT)).unwrap();
        assert_eq!(store.deferred_cases, Some(LARGE_COMMIT));
        store.deferred_cases = Some(MOST_DEFERRED - 1);
        store
            .commit(&cases(LARGE_COMMIT, LARGE_COMMIT + 1))
            .unwrap();
        assert_eq!(indexes(&store), complete);
    }
}

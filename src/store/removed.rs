//! Cases that were removed after the retention period: what stays of them.
//!
//! Of each case a keyed hash and the time of its last event stay, so that an event that comes again is recognised. The sums of
//! all removed cases stay, too: a recount starts from them, because the cases can't be counted again.

use super::{BucketRow, Result, Store, TotalRow};
use crate::measure::{BucketKey, Coverage, Stretch, Sums};
use crate::model::{DAY_US, Executor, Hour, NameId, Origin, Time};
use rusqlite::{OptionalExtension, Row, Transaction, params};

/// A case to remove.
#[derive(Clone, Debug)]
pub struct RemovedCase {
    /// Its key.
    pub key: String,
    /// A keyed hash of the key.
    pub hash: u64,
    /// Its last event, in microseconds since 1970.
    pub last: i64,
}

/// Cases to remove, and their sums.
#[derive(Clone, Debug, Default)]
pub struct Removal {
    /// The cases.
    pub cases: Vec<RemovedCase>,
    /// What they add to the sums of removed cases.
    pub buckets: Vec<BucketRow>,
    /// What they add to these over all time. Here `open` counts the cases that had not ended.
    pub totals: Vec<TotalRow>,
    /// From when to when they told of a process in a namespace.
    pub coverage: Vec<(String, NameId, Stretch)>,
}

impl Removal {
    /// Whether there is nothing to remove.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }
}

/// Deletes the cases and adds their sums to those of removed cases.
pub(super) fn write_removal(to: &Transaction, removal: &Removal) -> rusqlite::Result<()> {
    let mut delete = to.prepare_cached("DELETE FROM cases WHERE key = ?1")?;
    // The key of the hashes may have been lost and a case may have come again.
    let mut note = to.prepare_cached(
        "INSERT INTO removed_cases (hash, last) VALUES (?1, ?2)
         ON CONFLICT (hash) DO UPDATE SET last = max(last, ?2)",
    )?;
    for case in &removal.cases {
        delete.execute([&case.key])?;
        note.execute(params![case.hash as i64, case.last])?;
    }
    let mut add = to.prepare_cached(
        "INSERT INTO removed_buckets (hour, process, executor, origin, body) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (hour, process, executor, origin) DO UPDATE SET body = add_sums(body, ?5)",
    )?;
    for BucketRow { key, change } in &removal.buckets {
        let (executor, origin) = (key.executor as u8, key.origin as u8);
        add.execute(params![key.hour, key.process, executor, origin, change])?;
    }
    let mut add = to.prepare_cached(
        "INSERT INTO removed_totals (process, executor, origin, body) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (process, executor, origin) DO UPDATE SET body = add_sums(body, ?4)",
    )?;
    for row in &removal.totals {
        let mut body = Vec::new();
        row.sums.encode(&mut body);
        let (executor, origin) = (row.executor as u8, row.origin as u8);
        add.execute(params![row.process, executor, origin, body])?;
    }
    let mut add = to.prepare_cached(
        "INSERT INTO removed_coverage (namespace, process, first, last) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (namespace, process) DO UPDATE SET first = min(first, ?3), last = max(last, ?4)",
    )?;
    for (namespace, process, Stretch { first, last }) in &removal.coverage {
        add.execute(params![namespace, process, first.0, last.0])?;
    }
    Ok(())
}

/// Starts the sums by hour anew from those of removed cases. Drift looks at their days again.
pub(super) fn restore_removed_sums(to: &Transaction) -> rusqlite::Result<()> {
    to.execute_batch(
        "INSERT INTO buckets SELECT hour, process, executor, origin, body FROM removed_buckets;
         INSERT INTO coverage SELECT namespace, process, first, last FROM removed_coverage;
         INSERT OR IGNORE INTO drift_dirty
             SELECT DISTINCT process, (hour - ((hour % 24) + 24) % 24) / 24 FROM removed_buckets WHERE origin = 0;",
    )
}

fn key_of(row: &Row) -> rusqlite::Result<BucketKey> {
    Ok(BucketKey {
        hour: row.get(0)?,
        process: row.get(1)?,
        executor: Executor::from_code(row.get(2)?),
        origin: Origin::from_code(row.get(3)?),
    })
}

impl Store {
    /// Whether any case was removed.
    pub(crate) fn has_removed_cases(&self) -> Result<bool> {
        let query = "SELECT EXISTS (SELECT 1 FROM removed_cases)";
        self.sql(self.db.query_row(query, [], |row| row.get(0)))
    }

    /// The last event of a removed case, by the keyed hash of its key.
    pub(crate) fn removed_case(&self, hash: u64) -> Result<Option<Time>> {
        let read = || {
            self.db
                .prepare_cached("SELECT last FROM removed_cases WHERE hash = ?1")?
                .query_row([hash as i64], |row| row.get(0).map(Time))
                .optional()
        };
        self.sql(read())
    }

    /// The next process behind another one that has cases; the first one if none is given.
    pub(crate) fn next_process_with_cases(&self, behind: Option<NameId>) -> Result<Option<NameId>> {
        let behind = behind.map_or(-1, |process| i64::from(process.0));
        let read = || {
            self.db
                .prepare_cached(
                    "SELECT process FROM cases WHERE process > ?1 ORDER BY process LIMIT 1",
                )?
                .query_row([behind], |row| row.get(0))
                .optional()
        };
        self.sql(read())
    }

    /// Whether a case has an event since an instant (microseconds) whose parent is this one, or whose parent has this one as
    /// its parent, and so on.
    pub(crate) fn has_newer_child(&self, key: &str, than: i64) -> Result<bool> {
        // UNION, not UNION ALL: cases may name each other as parents.
        let read = || {
            self.db
                .prepare_cached(
                    "WITH RECURSIVE below (key, last) AS (
                         SELECT key, last FROM cases WHERE parent = ?1
                         UNION
                         SELECT cases.key, cases.last FROM below JOIN cases ON cases.parent = below.key)
                     SELECT EXISTS (SELECT 1 FROM below WHERE last > ?2)",
                )?
                .query_row(params![key, than], |row| row.get(0))
        };
        self.sql(read())
    }

    /// Hands out the sums of removed cases, hour by hour.
    pub(crate) fn each_removed_bucket(&self, each: &mut dyn FnMut(BucketKey, Sums)) -> Result<()> {
        let mut query = self.sql(self.db.prepare(
            "SELECT hour, process, executor, origin, body FROM removed_buckets
             ORDER BY hour, process, executor, origin",
        ))?;
        let mut rows = self.sql(query.query([]))?;
        while let Some(row) = self.sql(rows.next())? {
            let read =
                || -> rusqlite::Result<(BucketKey, Vec<u8>)> { Ok((key_of(row)?, row.get(4)?)) };
            let (key, body) = self.sql(read())?;
            let sums = Sums::decode(&body).map_err(|found| self.damaged_bucket(&key, found))?;
            each(key, sums);
        }
        Ok(())
    }

    /// How many live cases of a process ended on the days `from..=to` and were removed.
    pub(crate) fn removed_between(&self, process: NameId, (from, to): (Time, Time)) -> Result<i64> {
        let hours: [Hour; 2] = [from.hour(), Time(to.0.saturating_add(DAY_US)).hour()];
        let mut query = self.sql(self.db.prepare(
            "SELECT hour, process, executor, origin, body FROM removed_buckets
             WHERE process = ?1 AND origin = ?2 AND hour >= ?3 AND hour < ?4",
        ))?;
        let values = params![process, Origin::Live as u8, hours[0], hours[1]];
        let mut rows = self.sql(query.query(values))?;
        let mut cases = 0;
        while let Some(row) = self.sql(rows.next())? {
            let read =
                || -> rusqlite::Result<(BucketKey, Vec<u8>)> { Ok((key_of(row)?, row.get(4)?)) };
            let (key, body) = self.sql(read())?;
            let sums = Sums::decode_deviations(&body);
            cases += sums
                .map_err(|found| self.damaged_bucket(&key, found))?
                .cases;
        }
        Ok(cases)
    }

    /// The sums of removed cases over all time. In these `open` counts the cases that had not ended.
    pub(crate) fn removed_totals(&self) -> Result<Vec<TotalRow>> {
        self.totals_in("removed_totals")
    }

    /// From when to when removed cases told of processes.
    pub(crate) fn removed_coverage(&self) -> Result<Coverage> {
        self.coverage_in("removed_coverage")
    }

    /// Deletes some quarantined records for good that were read, or are about events, before an instant. Gives their number.
    pub(crate) fn delete_quarantined_before(&self, before: Time, most: usize) -> Result<usize> {
        self.on_disk.check()?;
        // Older versions did not note the hour.
        let sql = "DELETE FROM quarantine WHERE id IN (
            SELECT id FROM quarantine WHERE at < ?1 OR (hour <> 0 AND hour < ?2) LIMIT ?3)";
        let values = params![before.0, before.hour(), most as i64];
        self.sql(self.db.execute(sql, values))
    }
}

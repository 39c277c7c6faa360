//! What is read of the database when the daemon starts, and by commands.

use super::damage::text_of;
use super::{
    CounterRow, DamagedRow, DamagedTable, FileRow, LedgerRow, Readable, Result, Store, StoreError,
    TotalRow,
};
use crate::codec::DamagedBytes;
use crate::measure::{BaselineFinder, BucketKey, Coverage, Loss, Stretch, Sums};
use crate::model::{Executor, Hour, NameId, Origin, Time};
use rusqlite::{Row, params};

impl Store {
    /// Hands out every bucket of the hours `from..to`.
    pub fn each_bucket(
        &self,
        from: Hour,
        to: Hour,
        each: &mut dyn FnMut(BucketKey, Sums),
    ) -> Result<()> {
        self.each_bucket_while(from, to, &mut |key, sums| {
            each(key, sums);
            true
        })
    }

    /// Hands out the buckets of the hours `from..to`, hour by hour, as long as the answer is yes.
    pub fn each_bucket_while(
        &self,
        from: Hour,
        to: Hour,
        each: &mut dyn FnMut(BucketKey, Sums) -> bool,
    ) -> Result<()> {
        let mut damage = Ok(());
        self.each_bucket_as_kept(from, to, &mut |key, body| match Sums::decode(&body) {
            Ok(sums) => each(key, sums),
            Err(found) => {
                damage = Err(self.damaged_bucket(&key, found));
                false
            }
        })?;
        damage
    }

    /// The same without reading what is in them.
    pub fn each_bucket_as_kept(
        &self,
        from: Hour,
        to: Hour,
        each: &mut dyn FnMut(BucketKey, Vec<u8>) -> bool,
    ) -> Result<()> {
        let mut query = self.sql(self.db.prepare_cached(
            "SELECT hour, process, executor, origin, body FROM buckets WHERE hour >= ?1 AND hour < ?2
             ORDER BY hour, process, executor, origin",
        ))?;
        let mut rows = self.sql(query.query(params![from, to]))?;
        while let Some(row) = self.sql(rows.next())? {
            let read = || -> rusqlite::Result<(BucketKey, Vec<u8>)> {
                let key = BucketKey {
                    hour: row.get(0)?,
                    process: row.get(1)?,
                    executor: Executor::from_code(row.get(2)?),
                    origin: Origin::from_code(row.get(3)?),
                };
                Ok((key, row.get(4)?))
            };
            let (key, body) = self.sql(read())?;
            if !each(key, body) {
                break;
            }
        }
        Ok(())
    }

    /// A bucket that can't be read.
    pub fn damaged_bucket(&self, key: &BucketKey, source: DamagedBytes) -> StoreError {
        let BucketKey {
            process,
            executor,
            origin,
            hour,
        } = key;
        let what = format!("bucket of hour {hour}, process {process}, {executor}, {origin}");
        self.damaged(what)(source)
    }

    /// The baselines, by process.
    pub(crate) fn baselines(&self) -> Result<Vec<(NameId, BaselineFinder)>> {
        let read = || -> rusqlite::Result<Vec<(NameId, Vec<u8>)>> {
            self.db
                .prepare("SELECT process, body FROM baselines")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        let decode = |(process, body): (NameId, Vec<u8>)| {
            let baseline = BaselineFinder::decode(&body).map_err(self.damaged("baselines"))?;
            Ok((process, baseline))
        };
        self.sql(read())?.into_iter().map(decode).collect()
    }

    /// What each source lost from one hour to another: source, records, lost, gaps.
    pub fn losses_between(&self, from: Hour, to: Hour) -> Result<Vec<(String, Loss)>> {
        let read = || {
            self.db
                .prepare_cached(
                    "SELECT source, SUM(records), SUM(lost), SUM(gaps) FROM losses WHERE hour BETWEEN ?1 AND ?2
                     GROUP BY source",
                )?
                .query_map([from, to], |row| {
                    let loss = Loss {
                        records: row.get(1)?,
                        lost: row.get(2)?,
                        unknown: 0,
                        gaps: row.get(3)?,
                    };
                    Ok((row.get(0)?, loss))
                })?
                .collect()
        };
        self.sql(read())
    }

    /// Which source feeds which process.
    pub fn feeds(&self) -> Result<Vec<(String, NameId)>> {
        let read = || {
            self.db
                .prepare_cached("SELECT source, process FROM feeds")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        self.sql(read())
    }

    /// From when to when sources have told of processes.
    pub fn coverage(&self) -> Result<Coverage> {
        self.coverage_in("coverage")
    }

    pub(super) fn coverage_in(&self, table: &str) -> Result<Coverage> {
        let mut coverage = Coverage::default();
        let query = format!("SELECT namespace, process, first, last FROM {table}");
        let mut query = self.sql(self.db.prepare(&query))?;
        let mut rows = self.sql(query.query([]))?;
        while let Some(row) = self.sql(rows.next())? {
            let read = || {
                let stretch = Stretch {
                    first: Time(row.get(2)?),
                    last: Time(row.get(3)?),
                };
                Ok((row.get::<_, String>(0)?, row.get(1)?, stretch))
            };
            let (namespace, process, stretch) = self.sql(read())?;
            coverage.add(&namespace, process, stretch);
        }
        Ok(coverage)
    }

    /// Sums over all time, by process, executor kind and origin.
    pub fn totals(&self) -> Result<Vec<TotalRow>> {
        self.totals_in("totals")
    }

    pub(super) fn totals_in(&self, table: &str) -> Result<Vec<TotalRow>> {
        let query = format!("SELECT process, executor, origin, body FROM {table}");
        let mut query = self.sql(self.db.prepare(&query))?;
        let mut rows = self.sql(query.query([]))?;
        let mut totals = Vec::new();
        while let Some(row) = self.sql(rows.next())? {
            let body = self.sql(row.get_ref(3).and_then(|v| Ok(v.as_blob()?)))?;
            totals.push(TotalRow {
                process: self.sql(row.get(0))?,
                executor: Executor::from_code(self.sql(row.get(1))?),
                origin: Origin::from_code(self.sql(row.get(2))?),
                sums: Sums::decode(body).map_err(self.damaged("totals"))?,
            });
        }
        Ok(totals)
    }

    /// All counters that can be read. What their labels mean is checked by whoever counts.
    pub fn counters(&self) -> Result<Readable<CounterRow>> {
        let query = "SELECT name, labels, value FROM counters";
        let key = |row: &Row| Ok(format!("{} {}", text_of(row, 0)?, text_of(row, 1)?));
        let counter = |row: &Row| {
            Ok(CounterRow {
                name: row.get(0)?,
                labels: row.get(1)?,
                value: row.get(2)?,
            })
        };
        self.readable(DamagedTable::Counters, query, key, counter)
    }

    /// The states of the files of a source.
    pub fn files(&self, source: &str) -> Result<Vec<FileRow>> {
        let read = || {
            self.db
                .prepare("SELECT id, state, stream FROM files WHERE source = ?1 ORDER BY id")?
                .query_map([source], |row| {
                    Ok(FileRow {
                        source: source.to_owned(),
                        id: row.get(0)?,
                        // Whether it is damaged is known to the reader of the file, which also needs its stream then.
                        state: text_of(row, 1)?,
                        stream: row.get::<_, i64>(2)? as u64,
                    })
                })?
                .collect()
        };
        self.sql(read())
    }

    /// Whether an export with this content was read.
    pub fn drop_is_done(&self, source: &str, hash: u64) -> Result<bool> {
        let query = "SELECT EXISTS (SELECT 1 FROM drops WHERE source = ?1 AND hash = ?2)";
        let found = self
            .db
            .query_row(query, params![source, hash as i64], |row| row.get(0));
        self.sql(found)
    }

    /// Forgets that an export with this content was read.
    pub fn forget_drop(&self, source: &str, hash: u64) -> Result<()> {
        self.on_disk.check()?;
        let query = "DELETE FROM drops WHERE source = ?1 AND hash = ?2";
        let done = self.db.execute(query, params![source, hash as i64]);
        self.sql(done).map(|_| ())
    }

    /// The latest score of each process, as JSON. The engine checks what it says.
    pub fn scores(&self) -> Result<Readable<(String, String)>> {
        let query = "SELECT process, body FROM scores";
        let key = |row: &Row| text_of(row, 0);
        let score = |row: &Row| Ok((row.get(0)?, row.get(1)?));
        self.readable(DamagedTable::Scores, query, key, score)
    }

    /// Reads all rows of a table. One that cannot be read does not keep the others from being read.
    fn readable<T>(
        &self,
        table: DamagedTable,
        query: &str,
        key: impl Fn(&Row) -> rusqlite::Result<String>,
        read: impl Fn(&Row) -> rusqlite::Result<T>,
    ) -> Result<Readable<T>> {
        let (mut good, mut damaged) = (Vec::new(), Vec::new());
        let mut query = self.sql(self.db.prepare(query))?;
        let mut rows = self.sql(query.query([]))?;
        while let Some(row) = self.sql(rows.next())? {
            match read(row) {
                Ok(row) => good.push(row),
                Err(problem) => {
                    let key = self.sql(key(row))?;
                    damaged.push(DamagedRow::new(table, key, problem.to_string()));
                }
            }
        }
        Ok(Readable {
            rows: good,
            damaged,
        })
    }

    /// How many changes are dated later than an instant and not marked for that.
    pub(crate) fn undoubted_changes_after(&self, latest: Time) -> Result<i64> {
        let query = "SELECT count(*) FROM ledger WHERE at > ?1 AND clock_in_doubt = 0";
        self.sql(self.db.query_row(query, [latest.0], |row| row.get(0)))
    }

    /// The changes of a process, or of all, oldest first.
    pub fn ledger(&self, process: Option<&str>) -> Result<Vec<LedgerRow>> {
        let read = || {
            self.db
                .prepare(
                    "SELECT at, process, what, was, became, reason, configuration, catalog, tolerance,
                     clock_in_doubt FROM ledger WHERE ?1 IS NULL OR process = ?1 ORDER BY id",
                )?
                .query_map([process], |row| {
                    Ok(LedgerRow {
                        at: row.get(0)?,
                        process: row.get(1)?,
                        what: row.get(2)?,
                        from: row.get(3)?,
                        to: row.get(4)?,
                        reason: row.get(5)?,
                        configuration: row.get::<_, i64>(6)? as u64,
                        catalog: row.get::<_, i64>(7)? as u64,
                        tolerance: row.get::<_, i64>(8)? as u64,
                        is_clock_in_doubt: row.get(9)?,
                    })
                })?
                .collect()
        };
        self.sql(read())
    }
}

//! The database: SQLite, one writer, write-ahead log.
//!
//! Positions, cases, sums, counters and quarantine are written in one transaction ([`Store::commit`]), so a restart after
//! a crash at any instant finds them all as of the same moment. Knows rows, not what they mean.

mod added;
mod alarm_words;
mod audit;
mod backup;
mod bulk;
mod cases;
mod commit;
mod damage;
mod drift;
mod erase;
mod error;
mod hours;
mod lock;
mod lookup;
mod on_disk;
mod past;
mod private;
mod quarantine;
mod quick_check;
mod removed;
mod reports;
mod restore;
mod schema;
mod values;

pub(crate) use audit::AuditRow;
pub(crate) use cases::KeptCase;
pub use commit::Commit;
pub use commit::FileRow;
pub(crate) use commit::{
    BucketRow, CaseRow, CounterRow, DocumentRow, LedgerRow, RulesRow, TotalRow,
};
pub(crate) use damage::WITHDRAWN;
pub(crate) use damage::{DamagedRow, DamagedTable, Readable};
pub use drift::AlarmRow;
pub use drift::MarkKind;
pub use drift::MarkRow;
pub(crate) use drift::{DriftRow, EpochRow, check_mark_day, check_note};
pub(crate) use error::StoreError;
pub(crate) use lock::DataLock;
pub(crate) use on_disk::FilesOnDisk;
pub(crate) use private::make_private;
pub(crate) use quarantine::{QuarantineFilter, QuarantineRow, ReplayState};
pub(crate) use quick_check::Checked;
pub(crate) use removed::{Removal, RemovedCase};
pub(crate) use reports::PredictionRow;

use crate::codec::DamagedBytes;
use crate::measure::{BaselineFinder, BucketKey, Coverage, Loss, Stretch, Sums};
use crate::model::{Executor, Hour, NameId, Names, Origin, Time};
use damage::text_of;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A connection to the database.
#[derive(Debug)]
pub struct Store {
    file: PathBuf,
    db: Connection,
    on_disk: Arc<FilesOnDisk>,
    /// Whether what was last added to a bucket left nothing in it.
    emptied: Arc<AtomicBool>,
    /// How many cases this connection has written without the indexes that are built after the first import.
    deferred_cases: Option<usize>,
}

/// Pages in memory, in KiB.
const CACHE_KIB: i64 = 32_768;
/// Pages of the write-ahead log before they are moved into the database.
const LOG_PAGES: i64 = 4_000;
/// How long a connection waits for another program that holds the database, unless it is told otherwise.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(10);
/// The same while the daemon starts: a request to stop is obeyed within 5 s.
const WAIT_AT_START: Duration = Duration::from_secs(4);

type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// The database file of a data directory.
    pub fn file_in(folder: &Path) -> PathBuf {
        folder.join("toleranced.db")
    }

    /// Opens (and makes or migrates) the database of a data directory for writing.
    pub fn open(folder: &Path) -> Result<Store> {
        make_private(folder)?;
        let file = Store::file_in(folder);
        let mut store = Store::connect(file, OpenFlags::default(), WAIT_AT_START)?;
        schema::migrate(&mut store)?;
        store.vacuum_once();
        store.on_disk = FilesOnDisk::of_writer(&store.file)?;
        store.build_deferred_indexes()?;
        Ok(store)
    }

    /// Opens the same database once more for writing. Never makes one. Waits no longer than this for another program that holds it.
    pub(crate) fn open_another(&self, wait: Duration) -> Result<Store> {
        self.on_disk.check()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut store = Store::connect(self.file.clone(), flags, wait)?;
        // What was opened is what is at the path now, unless that has changed in between.
        self.on_disk.check()?;
        store.on_disk = self.on_disk.clone();
        store.build_deferred_indexes()?;
        Ok(store)
    }

    fn connect(file: PathBuf, flags: OpenFlags, wait: Duration) -> Result<Store> {
        let emptied = Arc::default();
        let opened = Connection::open_with_flags(&file, flags).and_then(|db| {
            added::define_function(&db, &emptied)?;
            db.busy_timeout(wait)?;
            db.pragma_update(None, "page_size", 8192)?;
            erase::prepare(&db)?;
            db.pragma_update(None, "journal_mode", "WAL")?;
            // With a write-ahead log a crash of the process loses nothing; a power cut may lose the last transactions,
            // positions and sums alike, which are then read again.
            db.pragma_update(None, "synchronous", "NORMAL")?;
            db.pragma_update(None, "cache_size", -CACHE_KIB)?;
            db.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
            db.set_prepared_statement_cache_capacity(64);
            Ok(db)
        });
        let db = opened.map_err(|source| StoreError::Sqlite {
            file: file.clone(),
            source,
        })?;
        let on_disk = Arc::new(FilesOnDisk::of(&file)?);
        Ok(Store {
            file,
            db,
            on_disk,
            emptied,
            deferred_cases: None,
        })
    }

    /// The files of the database, to look whether they are still at their paths.
    pub(crate) fn files_on_disk(&self) -> &Arc<FilesOnDisk> {
        &self.on_disk
    }

    /// Waits no longer than this for another program that holds the database.
    pub(crate) fn wait_at_most(&self, wait: Duration) -> Result<()> {
        self.sql(self.db.busy_timeout(wait))
    }

    /// Opens the database for reading beside a running daemon.
    pub fn open_to_read(folder: &Path) -> Result<Store> {
        let file = Store::file_in(folder);
        FilesOnDisk::check_writer(&file)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(&file, flags).and_then(|db| {
            db.busy_timeout(WAIT_FOR_OTHERS)?;
            Ok(db)
        });
        match opened {
            Ok(db) => Ok(Store {
                on_disk: Arc::new(FilesOnDisk::of(&file)?),
                file,
                db,
                emptied: Arc::default(),
                deferred_cases: None,
            }),
            Err(source) => Err(StoreError::Sqlite { file, source }),
        }
    }

    /// The error for a case that can't be read.
    pub fn damaged_case(&self, key: &str, source: DamagedBytes) -> StoreError {
        self.damaged(format!("case {key}"))(source)
    }

    fn sql<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        result.map_err(|source| StoreError::Sqlite {
            file: self.file.clone(),
            source,
        })
    }

    fn damaged(&self, what: impl Into<String>) -> impl FnOnce(DamagedBytes) -> StoreError {
        let (file, what) = (self.file.clone(), what.into());
        move |source| StoreError::Damaged { file, what, source }
    }

    /// A value that was kept under a name.
    pub fn meta(&self, key: &str) -> Result<Option<String>> {
        let query = "SELECT value FROM meta WHERE key = ?1";
        self.sql(self.db.query_row(query, [key], |row| row.get(0)).optional())
    }

    /// All names, with the numbers they were given.
    pub fn names(&self) -> Result<Names> {
        let mut names = Names::new();
        let mut query = self.sql(self.db.prepare("SELECT id, text FROM names ORDER BY id"))?;
        let mut rows = self.sql(query.query([]))?;
        while let Some(row) = self.sql(rows.next())? {
            let expected = names.next_id();
            let mut read = || -> rusqlite::Result<(NameId, NameId)> {
                Ok((row.get(0)?, names.intern(row.get_ref(1)?.as_str()?)))
            };
            // All rows speak of names by number, and numbers are given in order: a gap would rename all that follows.
            if self.sql(read())? != (expected, expected) {
                return Err(StoreError::BrokenNames {
                    file: self.file.clone(),
                    id: expected,
                });
            }
        }
        Ok(names)
    }

    /// Size on disk, in bytes, with the write-ahead log.
    pub fn bytes_on_disk(&self) -> u64 {
        let log = self.file.with_extension("db-wal");
        let size = |file: &Path| std::fs::metadata(file).map_or(0, |data| data.len());
        size(&self.file) + size(&log)
    }

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

    fn coverage_in(&self, table: &str) -> Result<Coverage> {
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

    fn totals_in(&self, table: &str) -> Result<Vec<TotalRow>> {
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

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
mod read;
mod removed;
mod reports;
mod restore;
mod schema;
mod values;
mod write;

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
use crate::model::{NameId, Names};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
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
}

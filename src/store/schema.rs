//! The schema, and how older ones become this one.

use super::{Result, Store, StoreError};
use rusqlite::ErrorCode;

/// Each entry takes the schema one version up. Entries are never changed once released, only added.
const MIGRATIONS: &[&str] = &["
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    -- Processes, activities, outcomes; everything else speaks of them by number.
    CREATE TABLE names (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
    -- How far each file was read. `state` is the file source's own, as JSON.
    CREATE TABLE files (source TEXT, id INTEGER, state TEXT NOT NULL, stream INTEGER NOT NULL,
        PRIMARY KEY (source, id)) WITHOUT ROWID;
    -- Exports that were read whole, by hash of their content.
    CREATE TABLE drops (source TEXT, hash INTEGER, path TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (source, hash)) WITHOUT ROWID;
    -- One row per case, in order of the keys: ids of tickets rise, so neighbours in time are neighbours here.
    CREATE TABLE cases (key TEXT PRIMARY KEY, process INTEGER NOT NULL, open INTEGER NOT NULL, last INTEGER NOT NULL,
        parent TEXT, body BLOB NOT NULL) WITHOUT ROWID;
    CREATE INDEX cases_by_parent ON cases (parent) WHERE parent IS NOT NULL;
    CREATE INDEX cases_open ON cases (process, last) WHERE open = 1;
    -- The sums of one process, executor kind and origin in one hour.
    CREATE TABLE buckets (hour INTEGER, process INTEGER, executor INTEGER, origin INTEGER, body BLOB NOT NULL,
        PRIMARY KEY (hour, process, executor, origin)) WITHOUT ROWID;
    -- The same over all time, without what would grow for ever.
    CREATE TABLE totals (process INTEGER, executor INTEGER, origin INTEGER, body BLOB NOT NULL,
        PRIMARY KEY (process, executor, origin)) WITHOUT ROWID;
    -- What Prometheus sees rise.
    CREATE TABLE counters (name TEXT, labels TEXT, value INTEGER NOT NULL, PRIMARY KEY (name, labels)) WITHOUT ROWID;
    CREATE TABLE quarantine (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, source TEXT NOT NULL,
        file TEXT NOT NULL, stream INTEGER NOT NULL, place INTEGER NOT NULL, reason TEXT NOT NULL,
        detail TEXT NOT NULL, format TEXT NOT NULL, head BLOB, record BLOB NOT NULL,
        state TEXT NOT NULL DEFAULT 'kept');
    CREATE INDEX quarantine_by_state ON quarantine (state) WHERE state <> 'kept';
    CREATE TABLE scores (process TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE ledger (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, process TEXT NOT NULL,
        what TEXT NOT NULL, was TEXT NOT NULL, became TEXT NOT NULL, reason TEXT NOT NULL,
        configuration INTEGER NOT NULL, catalog INTEGER NOT NULL, tolerance INTEGER NOT NULL);
    CREATE INDEX ledger_by_process ON ledger (process);
", "
    -- What the nominal size of a process is measured on.
    CREATE TABLE baselines (process INTEGER PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
    -- Records read and lost, by source and the hour of the events around them.
    CREATE TABLE losses (source TEXT, hour INTEGER, records INTEGER NOT NULL, lost INTEGER NOT NULL,
        gaps INTEGER NOT NULL, PRIMARY KEY (source, hour)) WITHOUT ROWID;
    -- Which processes a source has told of.
    CREATE TABLE feeds (source TEXT, process INTEGER, PRIMARY KEY (source, process)) WITHOUT ROWID;
    -- The hour that a quarantined record counts as lost in.
    ALTER TABLE quarantine ADD COLUMN hour INTEGER NOT NULL DEFAULT 0;
", "
    -- The texts that scores rest on, by their hashes: what a past score is recomputed by.
    CREATE TABLE documents (hash INTEGER PRIMARY KEY, kind TEXT NOT NULL, file TEXT NOT NULL, text TEXT NOT NULL);
    -- Which of them held from when on. 0 stands for a text that was not given.
    CREATE TABLE rules_log (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, configuration INTEGER NOT NULL,
        catalog INTEGER NOT NULL, tolerance INTEGER NOT NULL);
", "
    -- Drift looks at the hours of one process after the other.
    CREATE INDEX buckets_by_process ON buckets (process, hour);
    -- Days whose buckets have changed since drift looked at them.
    CREATE TABLE drift_dirty (process INTEGER, day INTEGER, PRIMARY KEY (process, day)) WITHOUT ROWID;
    INSERT INTO drift_dirty SELECT DISTINCT process, (hour - ((hour % 24) + 24) % 24) / 24 FROM buckets WHERE origin = 0;
    -- What each epoch of a process is held against, and what its days say in the categories of that.
    CREATE TABLE drift_baselines (process INTEGER, epoch INTEGER, body BLOB NOT NULL,
        PRIMARY KEY (process, epoch)) WITHOUT ROWID;
    CREATE TABLE drift_days (process INTEGER, epoch INTEGER, day INTEGER, body BLOB NOT NULL,
        PRIMARY KEY (process, epoch, day)) WITHOUT ROWID;
    -- How far drift has looked at each process.
    CREATE TABLE drift_processes (process INTEGER PRIMARY KEY, until INTEGER NOT NULL);
    -- Known changes. An empty process stands for all.
    CREATE TABLE marks (id INTEGER PRIMARY KEY AUTOINCREMENT, day INTEGER NOT NULL, process TEXT NOT NULL,
        kind TEXT NOT NULL, text TEXT NOT NULL, by_whom TEXT NOT NULL, noted_at INTEGER NOT NULL);
    -- Days are those since 1970. `was` and `became` are in units of the stream.
    CREATE TABLE alarms (id INTEGER PRIMARY KEY AUTOINCREMENT, process TEXT NOT NULL, stream TEXT NOT NULL,
        epoch INTEGER NOT NULL, raised INTEGER NOT NULL, onset INTEGER NOT NULL, direction TEXT NOT NULL,
        outcome TEXT NOT NULL, was REAL NOT NULL, became REAL NOT NULL, evidence REAL NOT NULL,
        ended INTEGER, how TEXT, explained_by TEXT, noted_at INTEGER NOT NULL,
        acknowledged_at INTEGER, acknowledged_by TEXT, acknowledged_why TEXT);
    CREATE INDEX alarms_by_process ON alarms (process);
", "
    -- Up to which day the days of an epoch are kept.
    ALTER TABLE drift_baselines ADD COLUMN until INTEGER NOT NULL DEFAULT 0;
    UPDATE drift_baselines SET until = coalesce(
        (SELECT until FROM drift_processes WHERE drift_processes.process = drift_baselines.process), 0);
    -- The version that ran most cases of a day.
    CREATE TABLE drift_versions (process INTEGER, day INTEGER, version INTEGER NOT NULL,
        PRIMARY KEY (process, day)) WITHOUT ROWID;
    -- The cases behind an alarm.
    CREATE INDEX cases_by_process ON cases (process, last);
", "
    -- What admins did over HTTP.
    CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, who TEXT NOT NULL,
        role TEXT NOT NULL, from_where TEXT NOT NULL, what TEXT NOT NULL, status INTEGER NOT NULL);
", "
    -- What reports have said that automation would save, in hours a year; `until` is the day after the period.
    CREATE TABLE predictions (kind TEXT, until INTEGER, process TEXT, said_at INTEGER NOT NULL,
        spent_lower REAL NOT NULL, spent REAL NOT NULL, spent_upper REAL NOT NULL,
        saved_lower REAL NOT NULL, saved REAL NOT NULL, saved_upper REAL NOT NULL,
        PRIMARY KEY (kind, until, process)) WITHOUT ROWID;
    -- To whom reports were sent.
    CREATE TABLE reports_sent (report TEXT, recipient TEXT, at INTEGER NOT NULL,
        PRIMARY KEY (report, recipient)) WITHOUT ROWID;
", "
    -- First and last event of a process in a namespace, in microseconds.
    CREATE TABLE coverage (namespace TEXT, process INTEGER, first INTEGER NOT NULL, last INTEGER NOT NULL,
        PRIMARY KEY (namespace, process)) WITHOUT ROWID;
    DELETE FROM meta WHERE key = 'first_event';
", "
    -- Whether a change was made while the clock of the system was not believed, or by a clock that was wrong.
    ALTER TABLE ledger ADD COLUMN clock_in_doubt INTEGER NOT NULL DEFAULT 0;
", "
    -- The hash of the whole record, which is what a rejected record is known by: often only some of its fields are kept.
    ALTER TABLE quarantine ADD COLUMN hash INTEGER NOT NULL DEFAULT 0;
    -- Whether it is kept as it was read.
    ALTER TABLE quarantine ADD COLUMN is_raw INTEGER NOT NULL DEFAULT 1;
", "
    -- Cases that were removed after the retention period, by a keyed hash of their keys, with the time of the last event in
    -- microseconds: an event that comes again must not count again.
    CREATE TABLE removed_cases (hash INTEGER PRIMARY KEY, last INTEGER NOT NULL);
    -- Their sums, as the rules classified the cases when they were removed. A recount starts from these.
    CREATE TABLE removed_buckets (hour INTEGER, process INTEGER, executor INTEGER, origin INTEGER, body BLOB NOT NULL,
        PRIMARY KEY (hour, process, executor, origin)) WITHOUT ROWID;
    -- The same over all time. `open` in these sums counts the cases that had not ended.
    CREATE TABLE removed_totals (process INTEGER, executor INTEGER, origin INTEGER, body BLOB NOT NULL,
        PRIMARY KEY (process, executor, origin)) WITHOUT ROWID;
    -- First and last of their events of a process in a namespace, in microseconds.
    CREATE TABLE removed_coverage (namespace TEXT, process INTEGER, first INTEGER NOT NULL, last INTEGER NOT NULL,
        PRIMARY KEY (namespace, process)) WITHOUT ROWID;
", "
    -- The processes of an alarm that is about several, as a JSON array; NULL for the alarm of one process.
    ALTER TABLE alarms ADD COLUMN processes TEXT;
"];

/// The version of the schema of a database.
pub(super) fn version(store: &Store) -> Result<i64> {
    let version = store
        .db
        .query_row("PRAGMA user_version", [], |row| row.get(0));
    store.sql(version)
}

/// Tables of the first schema, which all databases have.
const FIRST_TABLES: [&str; 4] = ["meta", "names", "files", "cases"];

/// Refuses a file that is no database of this program, or one of a newer schema. An older one is brought up to date when the daemon
/// starts.
pub(super) fn check_copy(store: &Store) -> Result<()> {
    let file = store.file.clone();
    let tables = || -> rusqlite::Result<Vec<String>> {
        let mut query = store
            .db
            .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")?;
        query.query_map([], |row| row.get(0))?.collect()
    };
    let read = tables();
    let problem = read
        .as_ref()
        .err()
        .and_then(|error| error.sqlite_error_code());
    let tables = match (read, problem) {
        (Err(_), Some(ErrorCode::NotADatabase)) => {
            let why = "it is no file of SQLite".to_owned();
            return Err(StoreError::NotADatabase { file, why });
        }
        (Err(error), Some(ErrorCode::DatabaseCorrupt)) => {
            return Err(StoreError::DamagedPages {
                file,
                count: 1,
                first: error.to_string(),
                next_step: "Restore an earlier backup",
            });
        }
        (read, _) => store.sql(read)?,
    };
    let missing = FIRST_TABLES
        .iter()
        .find(|name| !tables.iter().any(|found| found == *name));
    if let Some(name) = missing {
        let why = format!("it has no table `{name}`");
        return Err(StoreError::NotADatabase { file, why });
    }
    let (found, known) = (version(store)?, MIGRATIONS.len() as i64);
    match found {
        found if found > known => Err(StoreError::Newer { file, found, known }),
        1.. => Ok(()),
        _ => Err(StoreError::NotADatabase {
            file,
            why: format!("its schema has the version {found}"),
        }),
    }
}

/// Refuses a database that is not of the newest schema: for those who only read, and can't bring it up to date.
pub(super) fn check(store: &Store) -> Result<()> {
    let (found, known) = (version(store)?, MIGRATIONS.len() as i64);
    let file = store.file.clone();
    match found.cmp(&known) {
        std::cmp::Ordering::Less => Err(StoreError::Older { file, found, known }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(StoreError::Newer { file, found, known }),
    }
}

/// Brings the database up to the newest schema; refuses one that is newer.
pub(super) fn migrate(store: &mut Store) -> Result<()> {
    let found = version(store)?;
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(StoreError::Newer {
            file: store.file.clone(),
            found,
            known,
        });
    }
    for (number, sql) in (1..).zip(MIGRATIONS).skip(found as usize) {
        let mut step = || -> rusqlite::Result<()> {
            let transaction = store.db.transaction()?;
            transaction.execute_batch(sql)?;
            transaction.pragma_update(None, "user_version", number)?;
            transaction.commit()
        };
        let done = step();
        store.sql(done)?;
    }
    Ok(())
}

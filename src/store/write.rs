//! Writes a commit: everything or nothing, in one transaction.

use super::bulk::{MOST_DEFERRED, defer_indexes};
use super::commit::{BucketRow, Commit};
use super::drift::{write_alarms, write_drift};
use super::quarantine::{delete_finished, insert as insert_quarantine};
use super::removed::{restore_removed_sums, write_removal};
use super::{CACHE_KIB, LOG_PAGES, Result, Store, StoreError};
use crate::codec::DamagedBytes;
use crate::measure::{BucketKey, Stretch, Sums};
use crate::model::{Day, NameId, Origin};
use rusqlite::{Connection, Transaction, params};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

impl Store {
    /// Writes everything or nothing. Gives the number of quarantined records that had to go for want of room.
    pub fn commit(&mut self, commit: &Commit) -> Result<u64> {
        let is_large = commit.cases.len() >= LARGE_COMMIT;
        let mut is_deferred = false;
        let mut write = || -> WriteResult<u64> {
            if is_large {
                keep_pages(&self.db, LARGE_COMMIT_CACHE_KIB, LARGE_COMMIT_LOG_PAGES)?;
            }
            let transaction = self.db.transaction()?;
            if is_large {
                is_deferred = defer_indexes(&transaction)?;
            }
            let evicted = write_all(&transaction, commit, &self.emptied)?;
            // As late as possible: what is committed to a file that was removed is gone.
            self.on_disk.check().map_err(WriteError::Lost)?;
            transaction.commit()?;
            Ok(evicted)
        };
        let written = write();
        if is_large {
            // Not an error of the commit: whoever calls would add again what is committed.
            if let Err(error) = keep_pages(&self.db, CACHE_KIB, LOG_PAGES) {
                tracing::warn!(%error, "the database keeps the memory of a large commit");
            }
        }
        let evicted = match written {
            Ok(evicted) => evicted,
            Err(WriteError::Sqlite(error)) => return self.sql(Err(error)),
            Err(WriteError::Lost(error)) => return Err(error),
            Err(WriteError::Bucket(key, damage)) => return Err(self.damaged_bucket(&key, damage)),
        };
        if is_deferred {
            self.deferred_cases = Some(0);
        }
        if let Some(cases) = &mut self.deferred_cases {
            *cases += commit.cases.len();
            if *cases >= MOST_DEFERRED {
                // What is committed stays so, with or without the indexes. They are tried again before they are needed.
                if let Err(error) = self.build_deferred_indexes() {
                    tracing::warn!(%error, "the indexes of the first import can't be built yet");
                }
            }
        }
        if !is_large && let Err(error) = self.vacuum_step() {
            // It is tried again with the next commit.
            tracing::warn!(%error, "free pages of the database can't be given back yet");
        }
        Ok(evicted)
    }
}

/// A commit with so many cases is of a backlog. It changes pages all over the tables and indexes.
pub(super) const LARGE_COMMIT: usize = 20_000;
/// Pages that such a commit has in memory, in KiB. Those that do not fit are written and read again whenever a row of them
/// changes.
const LARGE_COMMIT_CACHE_KIB: i64 = 65_536;
/// Pages of the write-ahead log after such a commit before they are moved into the database. The next one changes many of them
/// again.
const LARGE_COMMIT_LOG_PAGES: i64 = 24_000;

fn keep_pages(db: &Connection, cache_kib: i64, log_pages: i64) -> rusqlite::Result<()> {
    db.pragma_update(None, "cache_size", -cache_kib)?;
    db.pragma_update(None, "wal_autocheckpoint", log_pages)
}

/// Why a commit can't be written.
enum WriteError {
    Sqlite(rusqlite::Error),
    /// The bucket that a change is added to can't be read.
    Bucket(BucketKey, DamagedBytes),
    /// The database is not at its path any more.
    Lost(StoreError),
}

impl From<rusqlite::Error> for WriteError {
    fn from(error: rusqlite::Error) -> WriteError {
        WriteError::Sqlite(error)
    }
}

type WriteResult<T> = std::result::Result<T, WriteError>;

fn write_all(to: &Transaction, commit: &Commit, emptied: &AtomicBool) -> WriteResult<u64> {
    if commit.clear_sums {
        to.execute_batch(
            "DELETE FROM buckets; DELETE FROM totals; DELETE FROM baselines; DELETE FROM coverage;
             DELETE FROM drift_dirty; DELETE FROM drift_baselines; DELETE FROM drift_days;",
        )?;
        restore_removed_sums(to)?;
    }
    let mut insert = to.prepare_cached("INSERT OR IGNORE INTO names (id, text) VALUES (?1, ?2)")?;
    for (id, text) in &commit.names {
        insert.execute(params![id, text])?;
    }
    write_positions(to, commit)?;
    write_cases(to, commit)?;
    write_buckets(to, commit, emptied)?;
    write_sums(to, commit)?;
    write_scores(to, commit)?;
    write_losses(to, commit)?;
    write_rules(to, commit)?;
    write_drift(to, &commit.drift)?;
    let of_processes = commit.drift.iter().flat_map(|row| &row.alarms);
    write_alarms(to, of_processes.chain(&commit.common_alarms))?;
    write_removal(to, &commit.removal)?;
    let mut insert =
        to.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?;
    for (key, value) in &commit.meta {
        insert.execute(params![key, value])?;
    }
    for row in &commit.quarantine {
        insert_quarantine(to, row)?;
    }
    let mut mark = to.prepare_cached("UPDATE quarantine SET state = ?2 WHERE id = ?1")?;
    let mut gone = to.prepare_cached("DELETE FROM quarantine WHERE id = ?1")?;
    for (id, became_event) in &commit.replayed {
        if *became_event {
            gone.execute([id])?;
        } else {
            mark.execute(params![id, "kept"])?;
        }
    }
    delete_finished(to, &commit.finished)?;
    if commit.quarantine.is_empty() || commit.quarantine_most == 0 {
        return Ok(0);
    }
    let evicted = to.prepare_cached(
        "DELETE FROM quarantine WHERE id <= (SELECT id FROM quarantine ORDER BY id DESC LIMIT 1 OFFSET ?1)",
    )?
    .execute([commit.quarantine_most as i64])?;
    Ok(evicted as u64)
}

fn write_positions(to: &Transaction, commit: &Commit) -> rusqlite::Result<()> {
    let mut insert = to.prepare_cached(
        "INSERT OR REPLACE INTO files (source, id, state, stream) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for row in &commit.positions {
        insert.execute(params![row.source, row.id, row.state, row.stream as i64])?;
    }
    let mut delete = to.prepare_cached("DELETE FROM files WHERE source = ?1 AND id = ?2")?;
    for (source, id) in &commit.positions_forgotten {
        delete.execute(params![source, id])?;
    }
    let mut insert = to.prepare_cached(
        "INSERT OR REPLACE INTO drops (source, hash, path, at) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (source, hash, path, at) in &commit.exports_done {
        insert.execute(params![source, *hash as i64, path, at])?;
    }
    let mut delete = to.prepare_cached("DELETE FROM drops WHERE source = ?1 AND path = ?2")?;
    for (source, path) in &commit.exports_forgotten {
        delete.execute(params![source, path])?;
    }
    Ok(())
}

fn write_cases(to: &Transaction, commit: &Commit) -> rusqlite::Result<()> {
    let mut insert = to.prepare_cached(
        "INSERT INTO cases (key, process, open, last, parent, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (key) DO UPDATE SET process = ?2, open = ?3, last = ?4, parent = ?5, body = ?6",
    )?;
    for row in &commit.cases {
        insert.execute(params![
            row.key,
            row.process,
            row.open,
            row.last,
            row.parent,
            row.body
        ])?;
    }
    Ok(())
}

/// Adds to buckets, and notes the days for drift to look at.
///
/// What is added to is read here, once for each row that changes: to read and keep buckets before would be slower, because
/// a history in random order changes others with each commit.
fn write_buckets(to: &Transaction, commit: &Commit, emptied: &AtomicBool) -> WriteResult<()> {
    const ONE: &str = "hour = ?1 AND process = ?2 AND executor = ?3 AND origin = ?4";
    let mut delete = to.prepare_cached(&format!("DELETE FROM buckets WHERE {ONE}"))?;
    // Not INSERT OR REPLACE, which would take the row out of the index and put it in again.
    let mut add = to.prepare_cached(
        "INSERT INTO buckets (hour, process, executor, origin, body) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (hour, process, executor, origin) DO UPDATE SET body = add_sums(body, ?5)",
    )?;
    let mut changed: BTreeSet<(NameId, Day)> = BTreeSet::new();
    for BucketRow { key, change } in &commit.buckets {
        if key.origin == Origin::Live {
            changed.insert((key.process, key.hour.day()));
        }
        let (hour, process) = (key.hour, key.process);
        let (executor, origin) = (key.executor as u8, key.origin as u8);
        emptied.store(false, Ordering::Relaxed);
        if let Err(error) = add.execute(params![hour, process, executor, origin, change]) {
            check_bucket(to, key, change)?;
            return Err(error.into());
        }
        if emptied.load(Ordering::Relaxed) {
            delete.execute(params![hour, process, executor, origin])?;
        }
    }
    let mut dirty =
        to.prepare_cached("INSERT OR IGNORE INTO drift_dirty (process, day) VALUES (?1, ?2)")?;
    for (process, day) in changed {
        dirty.execute(params![process, day])?;
    }
    Ok(())
}

/// Looks for what is damaged where nothing could be added to a bucket: SQLite passes on the text of an error only.
fn check_bucket(to: &Transaction, key: &BucketKey, change: &[u8]) -> WriteResult<()> {
    let damaged = |damage| WriteError::Bucket(*key, damage);
    Sums::decode(change).map_err(damaged)?;
    let mut select = to.prepare_cached(
        "SELECT body FROM buckets WHERE hour = ?1 AND process = ?2 AND executor = ?3 AND origin = ?4",
    )?;
    let (executor, origin) = (key.executor as u8, key.origin as u8);
    let mut rows = select.query(params![key.hour, key.process, executor, origin])?;
    if let Some(row) = rows.next()? {
        Sums::decode(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?).map_err(damaged)?;
    }
    Ok(())
}

fn write_sums(to: &Transaction, commit: &Commit) -> rusqlite::Result<()> {
    let mut body = Vec::new();
    let mut insert = to.prepare_cached(
        "INSERT OR REPLACE INTO totals (process, executor, origin, body) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for row in &commit.totals {
        body.clear();
        row.sums.encode(&mut body);
        insert.execute(params![
            row.process,
            row.executor as u8,
            row.origin as u8,
            body
        ])?;
    }
    let mut insert =
        to.prepare_cached("INSERT OR REPLACE INTO baselines (process, body) VALUES (?1, ?2)")?;
    for (process, body) in &commit.baselines {
        insert.execute(params![process, body])?;
    }
    let mut insert = to.prepare_cached(
        "INSERT OR REPLACE INTO counters (name, labels, value) VALUES (?1, ?2, ?3)",
    )?;
    for row in &commit.counters {
        insert.execute(params![row.name, row.labels, row.value])?;
    }
    Ok(())
}

fn write_losses(to: &Transaction, commit: &Commit) -> rusqlite::Result<()> {
    let mut add = to.prepare_cached(
        "INSERT INTO losses (source, hour, records, lost, gaps) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (source, hour) DO UPDATE
         SET records = records + ?3, lost = lost + ?4, gaps = gaps + ?5",
    )?;
    for (source, hour, loss) in &commit.losses {
        add.execute(params![source, hour, loss.records, loss.lost, loss.gaps])?;
    }
    let mut insert =
        to.prepare_cached("INSERT OR IGNORE INTO feeds (source, process) VALUES (?1, ?2)")?;
    for (source, process) in &commit.feeds {
        insert.execute(params![source, process])?;
    }
    let mut insert = to.prepare_cached(
        "INSERT OR REPLACE INTO coverage (namespace, process, first, last) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (namespace, process, Stretch { first, last }) in &commit.coverage {
        insert.execute(params![namespace, process, first.0, last.0])?;
    }
    Ok(())
}

fn write_scores(to: &Transaction, commit: &Commit) -> rusqlite::Result<()> {
    let mut insert =
        to.prepare_cached("INSERT OR REPLACE INTO scores (process, at, body) VALUES (?1, ?2, ?3)")?;
    for (process, at, body) in &commit.scores {
        insert.execute(params![process, at, body])?;
    }
    let mut insert = to.prepare_cached(
        "INSERT INTO ledger (at, process, what, was, became, reason, configuration, catalog, tolerance,
         clock_in_doubt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for row in &commit.ledger {
        insert.execute(params![
            row.at,
            row.process,
            row.what,
            row.from,
            row.to,
            row.reason,
            row.configuration as i64,
            row.catalog as i64,
            row.tolerance as i64,
            row.is_clock_in_doubt,
        ])?;
    }
    if let Some(latest) = commit.ledger_in_doubt_after {
        to.prepare_cached("UPDATE ledger SET clock_in_doubt = 1 WHERE at > ?1")?
            .execute([latest.0])?;
    }
    Ok(())
}

fn write_rules(to: &Transaction, commit: &Commit) -> rusqlite::Result<()> {
    let mut insert = to.prepare_cached(
        "INSERT OR IGNORE INTO documents (hash, kind, file, text) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for row in &commit.documents {
        insert.execute(params![row.hash as i64, row.kind, row.file, row.text])?;
    }
    let mut insert = to.prepare_cached(
        "INSERT INTO rules_log (at, configuration, catalog, tolerance) VALUES (?1, ?2, ?3, ?4)",
    )?;
    if let Some(row) = &commit.rules {
        insert.execute(params![
            row.at,
            row.configuration as i64,
            row.catalog as i64,
            row.tolerance as i64,
        ])?;
    }
    Ok(())
}

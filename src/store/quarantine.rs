//! Records that did not become events, kept so that they can be looked at and replayed.

use super::{Result, Store};
use crate::model::Hour;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeSet;

/// A quarantined record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineRow {
    /// Its number; 0 for one that is not kept yet.
    pub id: i64,
    /// When it was refused, in microseconds since 1970.
    pub at: i64,
    /// The hour that it counts as lost in.
    pub hour: Hour,
    /// The source.
    pub source: String,
    /// The file.
    pub file: String,
    /// The identity of the stream of records it stood in; of an export that may overlap with others, the hash of its
    /// content.
    pub stream: u64,
    /// Where in the stream it starts, in bytes.
    pub place: u64,
    /// Why it was refused.
    pub reason: String,
    /// What exactly.
    pub detail: String,
    /// `ndjson` or `csv`: how the record is written.
    pub format: String,
    /// The header, for CSV.
    pub head: Vec<u8>,
    /// What is kept of the record; its start only, if it is longer than that.
    pub record: Vec<u8>,
    /// The hash of the whole record; 0 if there is none.
    pub hash: u64,
    /// Whether it is kept as it was read.
    pub is_raw: bool,
    /// `kept`, or `replay` if it is to be tried again.
    pub state: ReplayState,
}

/// What is to become of a quarantined record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayState {
    /// It is kept.
    Kept,
    /// It is to be tried again.
    Replay,
}

/// Which records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuarantineFilter {
    /// Of this source only.
    pub source: Option<String>,
    /// Refused for this reason only.
    pub reason: Option<String>,
    /// This one only.
    pub id: Option<i64>,
    /// Rejected before this instant only, in microseconds since 1970.
    pub before: Option<i64>,
}

impl QuarantineFilter {
    /// The first parameters of a statement with [`FILTER`].
    pub(super) fn params(&self) -> (&Option<String>, &Option<String>, Option<i64>, Option<i64>) {
        (&self.source, &self.reason, self.id, self.before)
    }
}

const COLUMNS: &str = "id, at, source, file, stream, place, reason, detail, format, head, record, state, hour, hash, is_raw";
pub(super) const FILTER: &str =
    "(?1 IS NULL OR source = ?1) AND (?2 IS NULL OR reason = ?2) AND (?3 IS NULL OR id = ?3)
    AND (?4 IS NULL OR at < ?4)";

pub(super) fn insert(to: &Connection, row: &QuarantineRow) -> rusqlite::Result<()> {
    to.prepare_cached(
        "INSERT INTO quarantine (at, source, file, stream, place, reason, detail, format, head, record, hour, hash, is_raw)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        row.at,
        row.source,
        row.file,
        row.stream as i64,
        row.place as i64,
        row.reason,
        row.detail,
        row.format,
        row.head,
        row.record,
        row.hour,
        row.hash as i64,
        row.is_raw,
    ])?;
    Ok(())
}

fn read(row: &Row) -> rusqlite::Result<QuarantineRow> {
    let state: String = row.get(11)?;
    Ok(QuarantineRow {
        id: row.get(0)?,
        at: row.get(1)?,
        hour: row.get(12)?,
        source: row.get(2)?,
        file: row.get(3)?,
        stream: row.get::<_, i64>(4)? as u64,
        place: row.get::<_, i64>(5)? as u64,
        reason: row.get(6)?,
        detail: row.get(7)?,
        format: row.get(8)?,
        head: row.get::<_, Option<Vec<u8>>>(9)?.unwrap_or_default(),
        record: row.get(10)?,
        hash: row.get::<_, i64>(13)? as u64,
        is_raw: row.get(14)?,
        state: if state == "replay" {
            ReplayState::Replay
        } else {
            ReplayState::Kept
        },
    })
}

/// Deletes unfinished records that are finished now.
pub(super) fn delete_finished(
    from: &Connection,
    finished: &[(String, u64, u64)],
) -> rusqlite::Result<()> {
    let mut delete = from.prepare_cached(
        "DELETE FROM quarantine WHERE source = ?1 AND stream = ?2 AND place = ?3 AND reason = 'unfinished'",
    )?;
    for (source, stream, place) in finished {
        delete.execute(params![source, *stream as i64, *place as i64])?;
    }
    Ok(())
}

impl Store {
    /// Counts by source and reason.
    pub fn quarantine_counts(&self) -> Result<Vec<(String, String, i64)>> {
        let query = || {
            self.db
                .prepare(
                    "SELECT source, reason, count(*) FROM quarantine GROUP BY 1, 2 ORDER BY 1, 2",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        };
        self.sql(query())
    }

    /// Quarantined records, newest first.
    pub fn quarantined(
        &self,
        filter: &QuarantineFilter,
        most: usize,
    ) -> Result<Vec<QuarantineRow>> {
        let query = || {
            let sql = format!(
                "SELECT {COLUMNS} FROM quarantine WHERE {FILTER} ORDER BY id DESC LIMIT ?5"
            );
            self.db
                .prepare(&sql)?
                .query_map(
                    params![
                        filter.source,
                        filter.reason,
                        filter.id,
                        filter.before,
                        most as i64
                    ],
                    read,
                )?
                .collect()
        };
        self.sql(query())
    }

    /// The next quarantined records behind a number that are kept as they were read, oldest first.
    pub(crate) fn raw_quarantined(&self, behind: i64, most: usize) -> Result<Vec<QuarantineRow>> {
        let query = || {
            let sql = format!(
                "SELECT {COLUMNS} FROM quarantine WHERE is_raw = 1 AND id > ?1 ORDER BY id LIMIT ?2"
            );
            self.db
                .prepare_cached(&sql)?
                .query_map([behind, most as i64], read)?
                .collect()
        };
        self.sql(query())
    }

    /// Replaces what is kept of quarantined records.
    pub(crate) fn rewrite_quarantined(&mut self, rows: &[QuarantineRow]) -> Result<()> {
        let mut write = || -> rusqlite::Result<()> {
            let transaction = self.db.transaction()?;
            let sql = "UPDATE quarantine SET detail = ?2, head = ?3, record = ?4, hash = ?5, is_raw = ?6 WHERE id = ?1";
            let mut update = transaction.prepare_cached(sql)?;
            for row in rows {
                let hash = row.hash as i64;
                update.execute(params![
                    row.id, row.detail, row.head, row.record, hash, row.is_raw
                ])?;
            }
            drop(update);
            transaction.commit()
        };
        let written = write();
        self.sql(written)
    }

    /// Hands out every quarantined record, oldest first: together they may be more than fits memory.
    pub fn each_quarantined(&self, each: &mut dyn FnMut(QuarantineRow)) -> Result<()> {
        let sql = format!("SELECT {COLUMNS} FROM quarantine ORDER BY id");
        let mut query = || -> rusqlite::Result<()> {
            let mut query = self.db.prepare(&sql)?;
            for row in query.query_map([], read)? {
                each(row?);
            }
            Ok(())
        };
        self.sql(query())
    }

    /// Source, stream, place and hour of the records that were rejected for a reason.
    pub(crate) fn quarantined_for(&self, reason: &str) -> Result<Vec<(String, u64, u64, Hour)>> {
        let query = || {
            self.db
                .prepare("SELECT source, stream, place, hour FROM quarantine WHERE reason = ?1")?
                .query_map([reason], |row| {
                    let (stream, place): (i64, i64) = (row.get(1)?, row.get(2)?);
                    Ok((row.get(0)?, stream as u64, place as u64, row.get(3)?))
                })?
                .collect()
        };
        self.sql(query())
    }

    /// The places of the quarantined records of a stream, each with the hash of the record.
    pub fn quarantined_places(&self, source: &str, stream: u64) -> Result<BTreeSet<(u64, u64)>> {
        let query = || {
            self.db
                .prepare_cached(
                    "SELECT place, hash FROM quarantine WHERE source = ?1 AND stream = ?2",
                )?
                .query_map(params![source, stream as i64], |row| {
                    Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64))
                })?
                .collect()
        };
        self.sql(query())
    }

    /// Marks records to be tried again; gives their number.
    pub fn mark_for_replay(&self, filter: &QuarantineFilter) -> Result<usize> {
        let sql = format!("UPDATE quarantine SET state = 'replay' WHERE {FILTER}");
        self.sql(self.db.execute(&sql, filter.params()))
    }

    /// Records that are to be tried again, oldest first.
    pub fn to_replay(&self, most: usize) -> Result<Vec<QuarantineRow>> {
        let query = || {
            let sql = format!(
                "SELECT {COLUMNS} FROM quarantine WHERE state = 'replay' ORDER BY id LIMIT ?1"
            );
            self.db
                .prepare_cached(&sql)?
                .query_map([most as i64], read)?
                .collect()
        };
        self.sql(query())
    }

    /// How many records wait to be tried again.
    pub fn waiting_for_replay(&self) -> Result<i64> {
        let sql = "SELECT count(*) FROM quarantine WHERE state = 'replay'";
        let count = self.db.query_row(sql, [], |row| row.get(0)).optional();
        Ok(self.sql(count)?.unwrap_or(0))
    }
}

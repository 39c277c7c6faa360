//! What reports have said, and to whom they were sent.

use super::{Result, Store};
use crate::model::Day;
use rusqlite::params;
use std::collections::BTreeSet;

/// Predictions are compared with one period later; a year of quarters, twice, is more than enough.
const KEPT_DAYS: Day = 800;

/// What a report has said of a process that was to be automated. Hours a year: lower bound, mean, upper bound.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictionRow {
    /// The process.
    pub process: String,
    /// When the report was made, in microseconds since 1970.
    pub said_at: i64,
    /// What people spent then.
    pub spent: [f64; 3],
    /// What automation would save.
    pub saved: [f64; 3],
}

impl Store {
    /// Keeps what the report of the `kind` of period that ends before `until` has said. What was said first stands.
    pub fn keep_predictions(&self, kind: &str, until: Day, rows: &[PredictionRow]) -> Result<()> {
        let write = || {
            let all = self.db.unchecked_transaction()?;
            let known = "SELECT EXISTS (SELECT 1 FROM predictions WHERE kind = ?1 AND until = ?2)";
            if all.query_row(known, params![kind, until], |row| row.get::<_, bool>(0))? {
                return Ok(());
            }
            for row in rows {
                let ([s0, s1, s2], [v0, v1, v2]) = (row.spent, row.saved);
                all.execute(
                    "INSERT INTO predictions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                    params![
                        kind,
                        until,
                        row.process,
                        row.said_at,
                        s0,
                        s1,
                        s2,
                        v0,
                        v1,
                        v2
                    ],
                )?;
            }
            all.execute(
                "DELETE FROM predictions WHERE until < ?1",
                [until - KEPT_DAYS],
            )?;
            all.commit()
        };
        self.sql(write())
    }

    /// What that report has said, by process; nothing if there was none.
    pub fn predictions(&self, kind: &str, until: Day) -> Result<Vec<PredictionRow>> {
        let read = || {
            let query = "SELECT process, said_at, spent_lower, spent, spent_upper, saved_lower, saved, saved_upper \
                         FROM predictions WHERE kind = ?1 AND until = ?2 ORDER BY process";
            let mut query = self.db.prepare(query)?;
            let rows = query.query_map(params![kind, until], |row| {
                Ok(PredictionRow {
                    process: row.get(0)?,
                    said_at: row.get(1)?,
                    spent: [row.get(2)?, row.get(3)?, row.get(4)?],
                    saved: [row.get(5)?, row.get(6)?, row.get(7)?],
                })
            })?;
            rows.collect()
        };
        self.sql(read())
    }

    /// Notes that a report was sent to somebody.
    pub fn note_sent(&self, report: &str, recipient: &str, at: i64) -> Result<()> {
        let query =
            "INSERT OR REPLACE INTO reports_sent (report, recipient, at) VALUES (?1, ?2, ?3)";
        let written = self.db.execute(query, params![report, recipient, at]);
        self.sql(written).map(|_| ())
    }

    /// To whom a report was sent.
    pub fn sent_to(&self, report: &str) -> Result<BTreeSet<String>> {
        let read = || {
            let query = "SELECT recipient FROM reports_sent WHERE report = ?1";
            let mut query = self.db.prepare(query)?;
            let rows = query.query_map([report], |row| row.get(0))?;
            rows.collect()
        };
        self.sql(read())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(process: &str, mean: f64) -> PredictionRow {
        PredictionRow {
            process: process.to_owned(),
            said_at: 7,
            spent: [mean - 1.0, mean, mean + 1.0],
            saved: [0.0, mean / 2.0, mean],
        }
    }

    #[test]
    fn what_was_said_first_stands() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store
            .keep_predictions("month", 100, &[row("a", 5.0)])
            .unwrap();
        let later = [row("a", 50.0), row("b", 9.0)];
        store.keep_predictions("month", 100, &later).unwrap();
        assert_eq!(store.predictions("month", 100).unwrap(), [row("a", 5.0)]);
        assert_eq!(store.predictions("week", 100).unwrap(), []);
        // What is long past goes.
        store.keep_predictions("month", 2000, &later).unwrap();
        assert_eq!(store.predictions("month", 100).unwrap(), []);
        assert_eq!(store.predictions("month", 2000).unwrap(), later);
    }

    #[test]
    fn a_report_is_sent_to_each_recipient() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.note_sent("2026-03", "mail", 1).unwrap();
        store.note_sent("2026-03", "mail", 2).unwrap();
        store.note_sent("2026-03", "soc-chat", 1).unwrap();
        let sent = store.sent_to("2026-03").unwrap();
        assert_eq!(sent, ["mail", "soc-chat"].map(str::to_owned).into());
        assert!(store.sent_to("2026-04").unwrap().is_empty());
    }
}

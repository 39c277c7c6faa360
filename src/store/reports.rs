//! What reports have said, and to whom they were sent.

use super::{Result, Store};
use crate::model::Day;
use rusqlite::{Transaction, TransactionBehavior, params};
use std::collections::BTreeSet;

/// Process of the row that says that a report was made, whether or not it expected anything. No process is called so.
const MADE: &str = "";

/// Predictions are compared with one period later; a year of quarters, twice, is more than enough.
const KEPT_DAYS: i32 = 800;

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
    /// Keeps what the report of the `kind` of period that ends before `until`, made at an instant (microseconds since 1970),
    /// has said. What was said first stands.
    pub fn keep_predictions(
        &self,
        kind: &str,
        until: Day,
        at: i64,
        rows: &[PredictionRow],
    ) -> Result<()> {
        let write = || {
            // Reading first and writing then would be refused at once, and not wait, where the daemon commits meanwhile.
            let all = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
            let known = "SELECT EXISTS (SELECT 1 FROM predictions WHERE kind = ?1 AND until = ?2)";
            if all.query_row(known, params![kind, until], |row| row.get::<_, bool>(0))? {
                return Ok(());
            }
            let made = PredictionRow {
                process: MADE.to_owned(),
                said_at: at,
                spent: [0.0; 3],
                saved: [0.0; 3],
            };
            for row in rows.iter().chain([&made]) {
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

    /// What that report has said, by process; `None` if there was none.
    pub fn predictions(&self, kind: &str, until: Day) -> Result<Option<Vec<PredictionRow>>> {
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
            let rows: Vec<PredictionRow> = rows.collect::<rusqlite::Result<_>>()?;
            let was_made = !rows.is_empty();
            let said = rows.into_iter().filter(|row| row.process != MADE);
            Ok(was_made.then(|| said.collect()))
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

    /// Notes that somebody waits for a report.
    pub fn note_waits(&self, report: &str, recipient: &str) -> Result<()> {
        let query = "INSERT OR IGNORE INTO reports_sent (report, recipient, at) VALUES (?1, ?2, 0)";
        let written = self.db.execute(query, params![report, recipient]);
        self.sql(written).map(|_| ())
    }

    /// Nobody waits for a report any more, or not this one.
    pub fn forget_waits(&self, report: &str, recipient: &str) -> Result<()> {
        let query = "DELETE FROM reports_sent WHERE report = ?1 AND recipient = ?2 AND at = 0";
        let written = self.db.execute(query, params![report, recipient]);
        self.sql(written).map(|_| ())
    }

    /// Which reports who waits for.
    pub fn waiting(&self) -> Result<Vec<(String, String)>> {
        let read = || {
            let query = "SELECT report, recipient FROM reports_sent WHERE at = 0 ORDER BY report, recipient";
            let mut query = self.db.prepare(query)?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        self.sql(read())
    }

    /// To whom a report was sent.
    pub fn sent_to(&self, report: &str) -> Result<BTreeSet<String>> {
        let read = || {
            let query = "SELECT recipient FROM reports_sent WHERE report = ?1 AND at > 0";
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
        let first = [row("a", 5.0)];
        store
            .keep_predictions("month", Day(100), 7, &first)
            .unwrap();
        let later = [row("a", 50.0), row("b", 9.0)];
        store
            .keep_predictions("month", Day(100), 8, &later)
            .unwrap();
        let said = |kind, until| store.predictions(kind, until).unwrap();
        assert_eq!(said("month", Day(100)), Some(first.to_vec()));
        assert_eq!(said("week", Day(100)), None);
        // A report that expects nothing is another thing than none.
        store.keep_predictions("week", Day(100), 7, &[]).unwrap();
        assert_eq!(said("week", Day(100)), Some(Vec::new()));
        // What is long past goes.
        store
            .keep_predictions("month", Day(2000), 9, &later)
            .unwrap();
        assert_eq!(said("month", Day(100)), None);
        assert_eq!(said("month", Day(2000)), Some(later.to_vec()));
    }

    #[test]
    fn a_report_is_kept_while_somebody_else_writes() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let begin = "BEGIN IMMEDIATE; INSERT INTO reports_sent VALUES ('x', 'y', 1)";
        store.db.execute_batch(begin).unwrap();
        std::thread::scope(|scope| {
            let kept = scope.spawn(|| {
                let other = Store::open_to_read(folder.path()).unwrap();
                other.keep_predictions("month", Day(100), 7, &[row("a", 5.0)])
            });
            // Nothing tells when the other one waits for its turn.
            std::thread::sleep(std::time::Duration::from_millis(200));
            store.db.execute_batch("COMMIT").unwrap();
            kept.join().unwrap().unwrap();
        });
        assert!(store.predictions("month", Day(100)).unwrap().is_some());
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
        // Who waits does not have it, and who has it does not wait.
        store.note_waits("2026-04", "mail").unwrap();
        store.note_waits("2026-04", "soc-chat").unwrap();
        store.note_waits("2026-03", "mail").unwrap();
        assert!(store.sent_to("2026-04").unwrap().is_empty());
        let pair = |report: &str, to: &str| (report.to_owned(), to.to_owned());
        assert_eq!(
            store.waiting().unwrap(),
            [pair("2026-04", "mail"), pair("2026-04", "soc-chat")]
        );
        store.note_sent("2026-04", "mail", 3).unwrap();
        store.forget_waits("2026-04", "soc-chat").unwrap();
        store.forget_waits("2026-04", "mail").unwrap();
        assert!(store.waiting().unwrap().is_empty());
        assert!(store.sent_to("2026-04").unwrap().contains("mail"));
    }
}

//! Damaged rows: rows that cannot be read as this version writes them.
//!
//! A damaged row is treated as missing if what it says can be found again, or is a record of the past. It is never dropped in
//! silence: whoever reads it returns a [`DamagedRow`], which the daemon logs and counts. All other damage is a
//! [`StoreError`](super::StoreError), and ends the daemon.

use super::{Result, Store};
use crate::drift::{Direction, Ended, Stream};

use crate::model::{Executor, Origin, words};
use rusqlite::types::ValueRef;
use rusqlite::{Row, params_from_iter};

/// The word of an alarm whose evidence late data took away.
pub(crate) const WITHDRAWN: &str = "withdrawn";

words! {
    /// A table with rows that are treated as missing if they are damaged, by its name.
    pub DamagedTable {
        /// Drift alarms.
        Alarms = "alarms",
        /// Sums by hour.
        Buckets = "buckets",
        /// What Prometheus sees rise.
        Counters = "counters",
        /// Positions of files.
        Files = "files",
        /// Known changes.
        Marks = "marks",
        /// Values under a name.
        Meta = "meta",
        /// Rejected records.
        Quarantine = "quarantine",
        /// Verdicts of the last scoring.
        Scores = "scores",
        /// Sums over all time.
        Totals = "totals",
    }
}

impl DamagedTable {
    /// What the daemon does without the row, and what to do now.
    const fn advice(self) -> [&'static str; 2] {
        match self {
            DamagedTable::Alarms => [
                "The alarm is not matched with what is found now: it is closed, and a new alarm is raised if the change lasts.",
                "Acknowledge the new alarm if the old one was acknowledged.",
            ],
            DamagedTable::Buckets | DamagedTable::Totals => [
                "The cases of the row count as live cases of an unknown executor.",
                "Restore a backup of the database.",
            ],
            DamagedTable::Counters => [
                "The counter starts again at 0.",
                "Delete the row to accept that, or restore a backup of the database.",
            ],
            DamagedTable::Files => [
                "The file is read again from its start. Events and rejected records that are known already are not counted again.",
                "If the file is no longer there, look for its unread records, and delete the row.",
            ],
            DamagedTable::Marks => [
                "The known change counts as a change, not as a new baseline.",
                "Run `toleranced drift rebaseline` again if it was one.",
            ],
            DamagedTable::Meta => [
                "The value is derived from the last event of the processes that the source feeds.",
                "No action is needed unless more rows are damaged.",
            ],
            DamagedTable::Quarantine => [
                "The record stays in the quarantine and is not replayed.",
                "Run `toleranced quarantine replay` with its number if it was marked.",
            ],
            DamagedTable::Scores => [
                "The ledger records the verdict of this process as if it was scored for the first time.",
                "No action is needed unless more rows are damaged. The next scoring writes the row again.",
            ],
        }
    }
}

/// A row that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedRow {
    /// Its table.
    pub table: DamagedTable,
    /// Its key.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
}

impl DamagedRow {
    /// A row of a table.
    pub fn new(
        table: DamagedTable,
        key: impl Into<String>,
        problem: impl Into<String>,
    ) -> DamagedRow {
        DamagedRow {
            table,
            key: key.into(),
            problem: problem.into(),
        }
    }

    /// Logs it, with what follows and what to do.
    pub fn warn(&self) {
        let (table, key, problem) = (self.table.word(), &self.key, &self.problem);
        let [consequence, next_step] = self.table.advice();
        tracing::warn!(
            table,
            key,
            problem,
            consequence,
            next_step,
            "damaged row in the database"
        );
    }
}

/// What was read of a table: the rows, and the damaged ones.
#[derive(Debug)]
pub struct Readable<T> {
    /// Rows that could be read.
    pub rows: Vec<T>,
    /// Rows that could not.
    pub damaged: Vec<DamagedRow>,
}

/// The text of a column, whatever its type: a damaged row must not keep the others from being read.
pub(super) fn text_of(row: &Row, column: usize) -> rusqlite::Result<String> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null => String::new(),
        ValueRef::Integer(value) => value.to_string(),
        ValueRef::Real(value) => value.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            String::from_utf8_lossy(bytes).into_owned()
        }
    })
}

/// Rows with a word or a code that no version before this one has written. The first column is the key, the second one the
/// problem. ?1 and ?2 are the highest codes of executors and origins.
const UNKNOWN_CODES: [(DamagedTable, &str); 4] = [
    (
        DamagedTable::Totals,
        "SELECT 'process ' || process || ', executor ' || executor || ', origin ' || origin, 'unknown code'
         FROM totals WHERE NOT (executor BETWEEN 0 AND ?1 AND origin BETWEEN 0 AND ?2)",
    ),
    (
        DamagedTable::Buckets,
        "SELECT 'hour ' || hour || ', process ' || process || ', executor ' || executor || ', origin ' || origin,
         'unknown code' FROM buckets WHERE NOT (executor BETWEEN 0 AND ?1 AND origin BETWEEN 0 AND ?2)",
    ),
    (
        DamagedTable::Marks,
        "SELECT 'number ' || id, 'unknown kind ' || kind FROM marks WHERE kind NOT IN ('change', 'rebaseline')",
    ),
    (
        DamagedTable::Quarantine,
        "SELECT 'number ' || id, 'unknown state ' || state FROM quarantine WHERE state <> 'kept' AND state <> 'replay'",
    ),
];

impl Store {
    /// Rows with a word or a code that is unknown. All readers take it for the default that the log states.
    pub fn rows_with_unknown_codes(&self) -> Result<Vec<DamagedRow>> {
        let read = || -> rusqlite::Result<Vec<DamagedRow>> {
            let mut damaged = Vec::new();
            let highest = [Executor::ALL.len() as i64 - 1, Origin::ALL.len() as i64 - 1];
            for (table, sql) in UNKNOWN_CODES {
                let mut query = self.db.prepare(sql)?;
                let used = &highest[..query.parameter_count()];
                let mut rows = query.query(params_from_iter(used))?;
                while let Some(row) = rows.next()? {
                    damaged.push(DamagedRow::new(table, text_of(row, 0)?, text_of(row, 1)?));
                }
            }
            let mut query = self
                .db
                .prepare("SELECT id, stream, direction, how FROM alarms ORDER BY id")?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                damaged.extend(unknown_word_of_alarm(row)?);
            }
            Ok(damaged)
        };
        self.sql(read())
    }
}

fn unknown_word_of_alarm(row: &Row) -> rusqlite::Result<Option<DamagedRow>> {
    let [id, stream, direction, how] = [
        text_of(row, 0)?,
        text_of(row, 1)?,
        text_of(row, 2)?,
        text_of(row, 3)?,
    ];
    let directions = [Direction::Up.word(), Direction::Down.word()];
    // An open alarm has no end.
    let ends = [
        "",
        Ended::Resolved.word(),
        Ended::Rebaselined.word(),
        WITHDRAWN,
    ];
    let problem = if let Err(problem) = stream.parse::<Stream>() {
        format!("stream {problem}")
    } else if !directions.contains(&direction.as_str()) {
        format!("unknown direction {direction}")
    } else if !ends.contains(&how.as_str()) {
        format!("unknown end {how}")
    } else {
        return Ok(None);
    };
    let key = format!("number {id}");
    Ok(Some(DamagedRow::new(DamagedTable::Alarms, key, problem)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NameId;
    use crate::store::{Commit, StoreError};

    fn store(sql: &str) -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let names = ["a", "b", "c"].into_iter().zip(1..);
        let commit = Commit {
            names: names
                .map(|(name, id)| (NameId(id), name.to_owned()))
                .collect(),
            ..Commit::default()
        };
        store.commit(&commit).unwrap();
        store.db.execute_batch(sql).unwrap();
        (folder, store)
    }

    #[test]
    fn a_name_that_is_missing_empty_or_there_twice_is_an_error() {
        let first_wrong = |sql| match store(sql).1.names() {
            Err(StoreError::BrokenNames { id, .. }) => Some(id.0),
            Err(error) => panic!("{error}"),
            Ok(_) => None,
        };
        assert_eq!(first_wrong(""), None);
        assert_eq!(first_wrong("DELETE FROM names WHERE id = 2"), Some(2));
        assert_eq!(
            first_wrong("UPDATE names SET text = '' WHERE id = 1"),
            Some(1)
        );
        assert_eq!(
            first_wrong("UPDATE names SET text = 'a' WHERE id = 3"),
            Some(3)
        );
    }

    #[test]
    fn a_row_with_an_unknown_code_is_damaged_and_others_are_not() {
        let known = "
            INSERT INTO totals VALUES (1, 0, 0, x''), (1, 4, 2, x'');
            INSERT INTO buckets VALUES (7, 1, 0, 0, x'');
            INSERT INTO marks VALUES (1, 0, '', 'change', '', '', 0), (2, 0, '', 'rebaseline', '', '', 0);
            INSERT INTO quarantine (at, source, file, stream, place, reason, detail, format, record, state)
                VALUES (0, '', '', 0, 0, '', '', '', x'', 'kept'), (0, '', '', 0, 0, '', '', '', x'', 'replay');
            INSERT INTO alarms (process, stream, epoch, raised, onset, direction, outcome, was, became, evidence, how, noted_at)
                VALUES ('p', 'deviation', 0, 0, 0, 'up', '', 0, 0, 1, NULL, 0),
                    ('p', 'frequency_down', 0, 0, 0, 'down', '', 0, 0, 1, 'withdrawn', 0);";
        assert_eq!(store(known).1.rows_with_unknown_codes().unwrap(), []);
        for (damage, table, key) in [
            (
                "UPDATE totals SET executor = 9 WHERE executor = 4",
                DamagedTable::Totals,
                "executor 9",
            ),
            (
                "UPDATE buckets SET origin = 9",
                DamagedTable::Buckets,
                "hour 7, process 1, executor 0, origin 9",
            ),
            (
                "UPDATE marks SET kind = 'x' WHERE id = 2",
                DamagedTable::Marks,
                "number 2",
            ),
            (
                "UPDATE quarantine SET state = 'x' WHERE id = 2",
                DamagedTable::Quarantine,
                "number 2",
            ),
            (
                "UPDATE alarms SET stream = 'x' WHERE id = 1",
                DamagedTable::Alarms,
                "number 1",
            ),
            (
                "UPDATE alarms SET direction = 'x' WHERE id = 1",
                DamagedTable::Alarms,
                "number 1",
            ),
            (
                "UPDATE alarms SET how = 'x' WHERE id = 2",
                DamagedTable::Alarms,
                "number 2",
            ),
        ] {
            let (_folder, store) = store(&format!("{known}{damage}"));
            let damaged = store.rows_with_unknown_codes().unwrap();
            let [row] = &damaged[..] else {
                panic!("{damage}: {damaged:?}")
            };
            assert!(row.table == table && row.key.contains(key), "{row:?}");
        }
    }
}

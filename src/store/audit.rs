//! Who changed what: the rows of the audit log.

use super::{Result, Store};
use rusqlite::params;

/// Rows that are kept; the oldest go first.
const MOST_ROWS: i64 = 100_000;

/// An action of an admin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// When, in microseconds since 1970.
    pub at: i64,
    /// Whose credentials were used.
    pub who: String,
    /// Their role.
    pub role: String,
    /// From which address.
    pub from: String,
    /// Method and path.
    pub what: String,
    /// The HTTP status that it was answered with.
    pub status: u16,
}

impl Store {
    /// Notes an action.
    pub fn add_audit(&self, row: &AuditRow) -> Result<()> {
        let write = || {
            self.db.execute(
                "INSERT INTO audit (at, who, role, from_where, what, status) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![row.at, row.who, row.role, row.from, row.what, row.status],
            )?;
            let last = self.db.last_insert_rowid();
            self.db
                .execute("DELETE FROM audit WHERE id <= ?1", [last - MOST_ROWS])
        };
        self.sql(write()).map(|_| ())
    }
}

//! Single names, for who shows one process: not worth reading all of them.

use super::{Result, Store};
use crate::model::NameId;
use rusqlite::OptionalExtension;

impl Store {
    /// The number of a name.
    pub fn name_id(&self, text: &str) -> Result<Option<NameId>> {
        let query = "SELECT id FROM names WHERE text = ?1 ORDER BY id LIMIT 1";
        let found = self.db.query_row(query, [text], |row| row.get(0));
        self.sql(found.optional())
    }

    /// The name with this number; empty for none.
    pub fn name_text(&self, id: NameId) -> Result<String> {
        let query = "SELECT text FROM names WHERE id = ?1";
        let found = self.db.query_row(query, [id], |row| row.get(0));
        Ok(self.sql(found.optional())?.unwrap_or_default())
    }
}

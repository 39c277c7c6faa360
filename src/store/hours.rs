//! What drift reads of cases and their hours.

use super::{Result, Store};
use crate::drift::HourPart;
use crate::measure::Sums;
use crate::model::{Day, Executor, Hour, NameId, Origin};
use rusqlite::{OptionalExtension, params};

impl Store {
    /// The live sums of a process on the days `from..=to`, hour by hour.
    pub fn hours_of(&self, process: NameId, from: Day, to: Day) -> Result<Vec<HourPart>> {
        let hours = (from.first_hour(), to.saturating_add(1).first_hour());
        let read = || -> rusqlite::Result<Vec<(Hour, u8, Vec<u8>)>> {
            let mut query = self.db.prepare_cached(
                "SELECT hour, executor, body FROM buckets
                 WHERE process = ?1 AND hour >= ?2 AND hour < ?3 AND origin = ?4 ORDER BY hour, executor",
            )?;
            let values = params![process, hours.0, hours.1, Origin::Live as u8];
            query
                .query_map(values, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        };
        let mut parts = Vec::new();
        for (hour, kind, body) in self.sql(read())? {
            let damaged = self.damaged(format!("bucket of hour {hour}, process {process}"));
            parts.push(HourPart {
                hour,
                kind: Executor::from_code(kind),
                sums: Sums::decode(&body).map_err(damaged)?,
            });
        }
        Ok(parts)
    }

    /// The first day on which a live case of a process ended. That one of its cases started long before says nothing of the
    /// days between.
    pub fn first_day_of(&self, process: NameId) -> Result<Option<Day>> {
        let query =
            "SELECT hour, body FROM buckets WHERE process = ?1 AND origin = ?2 ORDER BY hour";
        let mut query = self.sql(self.db.prepare_cached(query))?;
        let mut rows = self.sql(query.query(params![process, Origin::Live as u8]))?;
        while let Some(row) = self.sql(rows.next())? {
            let (hour, body): (Hour, Vec<u8>) = (self.sql(row.get(0))?, self.sql(row.get(1))?);
            let damaged = self.damaged(format!("bucket of hour {hour}, process {process}"));
            // No more of it is needed than its beginning.
            if Sums::decode_deviations(&body).map_err(damaged)?.cases > 0 {
                return Ok(Some(hour.day()));
            }
        }
        Ok(None)
    }

    /// The latest hour in which a live case of a process started or ended.
    pub fn last_hour_of(&self, process: NameId) -> Result<Option<Hour>> {
        let query = "SELECT hour FROM buckets WHERE process = ?1 AND origin = ?2 ORDER BY hour DESC LIMIT 1";
        let read = || {
            let mut query = self.db.prepare_cached(query)?;
            let values = params![process, Origin::Live as u8];
            query.query_row(values, |row| row.get(0)).optional()
        };
        self.sql(read())
    }

    /// The values that are kept under names that begin so, by the rest of their names.
    pub fn meta_under(&self, prefix: &str) -> Result<Vec<(String, String)>> {
        let read = || {
            let query = "SELECT substr(key, length(?1) + 1), value FROM meta \
                         WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key";
            let mut query = self.db.prepare_cached(query)?;
            query
                .query_map([prefix], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        self.sql(read())
    }
}

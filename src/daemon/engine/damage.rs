//! Damaged rows: each is logged and counted, so that the log and the metric cannot disagree.

use super::Engine;
use crate::model::metrics;
use crate::score::Held;
use crate::store::{DamagedRow, DamagedTable, Readable};
use std::collections::BTreeMap;

/// The verdicts of the last scoring by process, and the rows that are damaged.
pub(super) fn recorded_verdicts(
    stored: Readable<(String, String)>,
) -> (BTreeMap<String, Held>, Vec<DamagedRow>) {
    let (mut verdicts, mut damaged) = (BTreeMap::new(), stored.damaged);
    for (process, body) in stored.rows {
        match serde_json::from_str(&body) {
            Ok(held) => drop(verdicts.insert(process, held)),
            Err(error) => {
                let row = DamagedRow::new(DamagedTable::Scores, process, error.to_string());
                damaged.push(row);
            }
        }
    }
    (verdicts, damaged)
}

impl Engine {
    /// Logs and counts damaged rows.
    pub(super) fn report_damage(&mut self, rows: &[DamagedRow]) {
        for row in rows {
            row.warn();
            let table = [row.table.word()];
            self.counters.add(metrics::DAMAGED_ROWS.name, &table, 1);
        }
    }
}

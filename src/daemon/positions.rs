//! Stored positions: how far the files of a source were read. A file that grows and an export have different ones; a source
//! that was configured otherwise before has left those of its old kind.

use crate::ingest::files::{FileId, FileState};
use crate::store::{DamagedRow, DamagedTable, FileRow};
use serde::{Deserialize, Serialize};

/// How far an export was read, in batches: the same bytes are cut into the same batches by every mapping.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The hash of its content.
    pub export: u64,
    pub format: String,
    pub batches: u64,
    /// It is read again because its position was damaged: its records may have been delivered before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeated: bool,
}

impl Progress {
    /// Its number among the positions of the source.
    pub(super) fn id(hash: u64) -> u32 {
        (hash ^ hash >> 32) as u32
    }

    pub(super) fn row(&self, source: &str) -> Option<FileRow> {
        Some(FileRow {
            source: source.to_owned(),
            id: Progress::id(self.export),
            state: serde_json::to_string(self).ok()?,
            stream: self.export,
        })
    }
}

/// The stored positions of a source.
#[derive(Debug, Default)]
pub(super) struct StoredPositions {
    /// Of files that grow, each with the stream of its records.
    pub files: Vec<(FileState, u64)>,
    /// Of exports that were not read to their end.
    pub exports: Vec<Progress>,
    /// The number and the stream of each damaged one. The file is read again from its start.
    pub damaged: Vec<(FileId, u64)>,
    /// The same for the log.
    pub damaged_rows: Vec<DamagedRow>,
    /// A number that is free for a new file, as are all above it.
    pub next_id: FileId,
}

/// Numbers of files are given in order, those of exports are hashes. A damaged row with a higher number was of an export.
const MOST_FILES: FileId = 1 << 24;

impl StoredPositions {
    /// Of the rows of a source.
    pub(super) fn of(rows: Vec<FileRow>) -> StoredPositions {
        let mut positions = StoredPositions::default();
        for row in rows {
            positions.add(row);
        }
        let files = positions.files.iter().map(|(state, _)| state.id);
        let damaged = positions.damaged.iter().map(|(id, _)| *id);
        let highest = files.chain(damaged.filter(|id| *id < MOST_FILES)).max();
        positions.next_id = highest.map_or(1, |id| id.saturating_add(1));
        positions
    }

    fn add(&mut self, row: FileRow) {
        let problem = match serde_json::from_str::<FileState>(&row.state) {
            Ok(state) if state.id == row.id => {
                self.files.push((state, row.stream));
                return;
            }
            Ok(state) => format!("the state is that of number {}", state.id),
            Err(error) => error.to_string(),
        };
        match serde_json::from_str::<Progress>(&row.state) {
            Ok(progress) if progress.export == row.stream => self.exports.push(progress),
            _ => {
                let key = format!("source {}, number {}", row.source, row.id);
                self.damaged.push((row.id, row.stream));
                let damaged = DamagedRow::new(DamagedTable::Files, key, problem);
                self.damaged_rows.push(damaged);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u32, state: &str) -> FileRow {
        FileRow {
            source: "in".to_owned(),
            id,
            state: state.to_owned(),
            stream: 7,
        }
    }

    #[test]
    fn a_position_of_an_export_is_known_and_all_else_is_damaged() {
        let export = r#"{"export":7,"format":"ndjson","batches":3}"#;
        let other = r#"{"export":8,"format":"ndjson","batches":3}"#;
        let positions = StoredPositions::of(vec![
            row(7, export),
            row(8, other),
            row(9, "{\"export\":7"),
            row(u32::MAX, ""),
        ]);
        assert_eq!(positions.exports.len(), 1);
        assert_eq!(positions.files.len(), 0);
        assert_eq!(positions.damaged, [(8, 7), (9, 7), (u32::MAX, 7)]);
        let problems = &positions.damaged_rows;
        assert_eq!(problems.len(), 3);
        assert!(problems[1].problem.contains("EOF"), "{positions:?}");
        assert_eq!(positions.next_id, 10);
    }
}

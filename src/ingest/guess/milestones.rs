//! Columns that say when a case reached a milestone.

use super::Guess;
use crate::rules::mapping::{FieldRecipe, FieldSpec};
use crate::rules::{GUESSED, milestone_of_column};
use std::fmt::Write as _;

impl Guess {
    /// Finds the columns whose name is that of a milestone and whose values are all times, written like the time of the event.
    pub(crate) fn find_milestones(&mut self) {
        self.milestones.clear();
        if !self.stages.is_empty() {
            // They are events.
            return;
        }
        let is_taken = |name: &str| self.fields.values().any(|choice| choice.column == name);
        for column in &self.columns {
            let is_time = column.filled > 0 && column.times >= 1.0;
            let is_plain = !column.name.contains(['{', '[']);
            if !is_time
                || !is_plain
                || !column.is_written_out_or_known()
                || column.time_format != self.time_format
                || is_taken(&column.name)
            {
                continue;
            }
            let last = column.name.rsplit('.').next().unwrap_or(&column.name);
            if let Some(nth) = milestone_of_column(last) {
                let columns = self.milestones.entry(GUESSED[nth]).or_default();
                columns.push(column.name.clone());
            }
        }
        // What was resolved is closed later.
        for columns in self.milestones.values_mut() {
            columns.sort_by_key(|name| !name.to_lowercase().contains("resol"));
        }
    }

    /// Takes a column out that somebody has named for another field.
    pub(crate) fn forget_milestone(&mut self, column: &str) {
        for columns in self.milestones.values_mut() {
            columns.retain(|name| name != column);
        }
        self.milestones.retain(|_, columns| !columns.is_empty());
    }

    /// Each milestone as a field.
    pub(crate) fn milestone_fields(&self) -> impl Iterator<Item = (String, FieldSpec)> {
        self.milestones.iter().map(|(name, columns)| {
            let recipe = match columns.as_slice() {
                [column] => FieldRecipe {
                    path: Some(column.clone()),
                    time_zone: self
                        .info(column)
                        .and_then(|column| column.time_zone.clone()),
                    ..FieldRecipe::default()
                },
                several => FieldRecipe {
                    first: Some(several.to_vec()),
                    ..FieldRecipe::default()
                },
            };
            ((*name).to_owned(), FieldSpec(recipe))
        })
    }

    pub(super) fn add_milestones_to_line(&self, line: &mut String) {
        for (name, columns) in &self.milestones {
            // Writing to a string can't fail.
            let _ = write!(line, ", milestone {name} = {}", columns.join(" or "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::guess;
    use crate::rules::mapping::FormatName;
    use serde_json::json;

    #[test]
    fn columns_with_times_of_milestones() {
        let records: Vec<_> = (0..30)
            .map(|n| {
                let at = |hour: usize| format!("2024-03-{:02} {hour:02}:00:00", 1 + n % 28);
                json!({
                    "number": format!("INC{}", n / 2), "state": "Closed", "opened_at": at(1), "acknowledged_at": at(2),
                    "closed_at": at(9), "resolved_at": at(8), "contained": n % 2 == 0, "resolved_by": "x",
                })
            })
            .collect();
        let found = guess(&records, FormatName::Csv);
        assert_eq!(found.column("time"), Some("opened_at"));
        assert_eq!(found.milestones["acknowledged"], ["acknowledged_at"]);
        assert_eq!(found.milestones["resolved"], ["resolved_at", "closed_at"]);
        assert!(!found.milestones.contains_key("contained"));
        assert!(found.line().ends_with(
            ", milestone acknowledged = acknowledged_at, milestone resolved = resolved_at or closed_at"
        ));
        let fields: Vec<_> = found.milestone_fields().collect();
        assert_eq!(fields[0].1.0.path.as_deref(), Some("acknowledged_at"));
        assert_eq!(fields[1].1.0.first.as_ref().map(Vec::len), Some(2));
    }
}

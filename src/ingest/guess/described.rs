//! What was guessed, for people and for a mapping.

use super::{Column, Guess, History};
use std::collections::BTreeSet;
use std::fmt::Write as _;

impl Guess {
    /// How the times of the log are written, where they do not say it themselves; empty also if columns differ in it.
    pub(crate) fn time_formats(&self) -> Vec<String> {
        if self.stages.is_empty() {
            return self.time_format.iter().cloned().collect();
        }
        let columns = self.stages.iter().map(|stage| stage.column.as_str());
        let columns = columns.filter(|column| self.info(column).is_some_and(|info| !info.is_empty));
        let formats: BTreeSet<Option<String>> =
            columns.map(|column| self.format_of(column)).collect();
        match formats.len() {
            1 => formats.into_iter().flatten().collect(),
            _ => Vec::new(),
        }
    }

    /// How the times of a column are written, if it is not how those of the log are.
    pub(crate) fn own_format_of(&self, column: &str) -> Option<String> {
        self.format_of(column)
            .filter(|format| !self.time_formats().contains(format))
    }

    /// How the times of a column are written, where they do not say it themselves.
    fn format_of(&self, column: &str) -> Option<String> {
        let columns = self
            .stages
            .iter()
            .filter_map(|stage| self.info(&stage.column));
        let columns: Vec<&Column> = columns.collect();
        let clear = |format: &String| {
            let mut clear = columns.iter().filter(|column| !column.day_or_month);
            clear.any(|column| column.time_format.as_ref() == Some(format))
        };
        // One column can show what the others leave open.
        let column = self.info(column)?;
        let format = column.time_format.as_ref()?;
        let swapped = format
            .replace("%d", "%D")
            .replace("%m", "%d")
            .replace("%D", "%m");
        Some(match column.day_or_month && clear(&swapped) {
            true => swapped,
            false => format.clone(),
        })
    }

    /// One line that says what was guessed.
    pub(crate) fn line(&self) -> String {
        if let Some(runs) = &self.undated {
            return format!(
                "one row per run without any time, case = {}, input = {}, outcome = {}",
                runs.case.join("/"),
                runs.input,
                runs.outcome
            );
        }
        let order = [
            "case",
            "activity",
            "time",
            "process",
            "outcome",
            "executor",
            "lifecycle",
            "transition",
            "sequence",
            "event_id",
            "input",
            "parent",
            "reopened",
        ];
        let mut line = String::new();
        for field in order.into_iter().filter(|field| self.is_used(field)) {
            if let Some(choice) = self.fields.get(field) {
                let comma = if line.is_empty() { "" } else { ", " };
                let _ = write!(line, "{comma}{field} = {}", choice.column);
                let missing = self.missing_words(field).join(", ");
                if !missing.is_empty() {
                    let _ = write!(line, " (missing where it is {missing})");
                }
                if field == "time"
                    && let Some(format) = &self.time_format
                {
                    let _ = write!(line, " ({format})");
                }
            }
        }
        self.add_milestones_to_line(&mut line);
        if let Some(changes) = &self.state_changes {
            let _ = write!(line, ", where {} is {}", changes.field, changes.state);
        }
        if let Some(history) = &self.history {
            let History {
                each,
                activity,
                time,
                ..
            } = history;
            let _ = write!(
                line,
                ", activity = {activity} and time = {time} of each element of {each}"
            );
        }
        if let Some(spans) = &self.spans {
            let end = spans.end.as_deref();
            let end = end.map_or(String::new(), |end| format!(", end = {end} of the root"));
            return format!("one row per span, {line}{end}");
        }
        if self.stages.is_empty() {
            return line;
        }
        let stages = self.stages.iter();
        let stages = stages.map(|stage| {
            let only_in = stage.only_in.as_ref();
            let only_in = only_in
                .map(|(column, states)| format!(" where {column} is {}", states.join(" or ")));
            format!(
                "{} = {}{}",
                stage.activity,
                stage.column,
                only_in.unwrap_or_default()
            )
        });
        let stages: Vec<String> = stages.collect();
        format!("one row per case, {line}, {}", stages.join(", "))
    }
}

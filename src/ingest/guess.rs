//! Guessing a mapping from the names and values of columns.

mod candidates;
mod changes;
mod columns;
mod described;
mod field_names;
mod fit;
mod history;
mod last_stage_names;
mod milestones;
mod names;
mod of_objects;
mod spans;
mod stage_names;
mod stages;
mod text;
mod two_columns;
mod undated;

use columns::{column, values_by_column};
use fit::{Sampled, fit, is_constant};
use names::{is_usual_case, name_fit, names_a_ticket};
use spans::spans;
use stages::stages;
use two_columns::with_joined_times;
use undated::{has_no_time, undated_runs};

pub(crate) use candidates::{Candidate, CloseCall};
pub(crate) use changes::StateChanges;
pub(crate) use columns::Column;
pub(crate) use history::History;
pub(crate) use spans::Spans;
pub(crate) use stages::Stage;
pub(crate) use text::{completed_json, guess_pages, guess_records, guess_records_of};
pub(crate) use two_columns::parts as joined_columns;
pub(crate) use undated::UndatedRuns;

use super::path::Path;
use crate::rules::mapping::FormatName;
use serde_json::Value;
use std::collections::BTreeMap;

/// A column that was chosen for a field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    /// Its name.
    pub column: String,
    /// How sure the guess is, 0 to 1.
    pub sure: f64,
}

/// A guessed mapping.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guess {
    /// Every column seen, in order of appearance.
    pub columns: Vec<Column>,
    /// Records looked at.
    pub records: usize,
    /// The column of each field, as far as one was found.
    pub fields: BTreeMap<&'static str, Choice>,
    /// Format of the times, where they do not say it themselves.
    pub time_format: Option<String>,
    /// Whether day and month could be the other way round.
    pub day_or_month: bool,
    /// Of an export with one row per case: the stages of a case. Empty for any other log.
    pub stages: Vec<Stage>,
    /// Of rows that each tell a change of a field: how those of the state are told.
    pub state_changes: Option<StateChanges>,
    /// Of records that have the changes of their case in an array: that array.
    pub history: Option<History>,
    /// The columns that say when a case reached a milestone.
    pub milestones: BTreeMap<&'static str, Vec<String>>,
    /// The columns of spans, if the records are spans.
    pub spans: Option<Spans>,
    /// Runs without any time.
    pub undated: Option<UndatedRuns>,
    /// Nothing in the records could be a time.
    has_no_time: bool,
    /// How well the columns fit the main roles.
    fits: candidates::Fits,
}

/// The fields in the order in which they choose their columns. The time first: what is a time is nothing else.
const FIELDS: [&str; 13] = [
    "time",
    "executor",
    "lifecycle",
    "case",
    "activity",
    "transition",
    "process",
    "outcome",
    "sequence",
    "event_id",
    "input",
    "parent",
    "reopened",
];

/// Guesses from a sample of records.
pub(crate) fn guess(records: &[Value], format: FormatName) -> Guess {
    let records = &*with_joined_times(records);
    let values = values_by_column(records);
    let mut columns: Vec<Column> = values
        .iter()
        .map(|(name, values)| column(name, values))
        .collect();
    let parts = leave_out_parts(&mut columns);
    let mut guess = Guess {
        records: records.len(),
        ..Guess::default()
    };
    let mut taken: Vec<String> = parts;
    let mut timely = columns
        .iter()
        .filter(|column| !taken.contains(&column.name))
        .filter(|column| column.times >= 0.9 && column.is_written_out_or_known());
    let only_time = match (timely.next(), timely.next()) {
        (Some(column), None) => Some(column.name.clone()),
        _ => None,
    };
    let times = columns.iter().filter(|column| column.times >= 0.9);
    let sampled = Sampled {
        records: records.len(),
        most_times: times.map(|column| column.distinct).max().unwrap_or(0),
        format,
    };
    for field in FIELDS {
        let mut best: Option<(f64, &Column)> = None;
        for (nth, column) in columns.iter().enumerate() {
            let only = only_time.as_ref() == Some(&column.name);
            let fit = fit(field, column, only, sampled);
            candidates::keep(&mut guess.fits, field, nth, fit);
            // What is the same in all records says little, but there may be nothing else.
            let may_be_constant = field == "activity" && is_constant(column, records.len());
            let is_enough = fit.score >= if may_be_constant { 0.1 } else { 0.3 };
            let is_best = best.is_none_or(|(most, _)| fit.score >= most);
            if is_enough && is_best && !taken.contains(&column.name) {
                best = Some((fit.score, column));
            }
        }
        if let Some((sure, column)) = best {
            if field == "time" {
                guess.time_format = column.time_format.clone();
                guess.day_or_month = column.day_or_month;
            }
            taken.push(column.name.clone());
            let choice = Choice {
                column: column.name.clone(),
                sure,
            };
            guess.fields.insert(field, choice);
        }
    }
    guess.take_other_object(&columns, &taken, records.len());
    guess.take_spans(&columns, records);
    if guess.spans.is_none() {
        guess.take_changes(&columns, records);
        guess.take_stages(&columns, records);
    }
    guess.columns = columns;
    if guess.spans.is_none() {
        guess.prefer_a_time_that_moves(records);
        guess.find_history(records, format);
    }
    guess.find_undated(records);
    guess.find_milestones();
    guess
}

/// A date and a time of the day are part of the column that joins them, and no times themselves. Gives their names.
fn leave_out_parts(columns: &mut [Column]) -> Vec<String> {
    let joined = columns
        .iter()
        .filter_map(|column| joined_columns(&column.name));
    let parts = joined.flat_map(|(date, clock)| [date.to_owned(), clock.to_owned()]);
    let parts: Vec<String> = parts.collect();
    for column in columns
        .iter_mut()
        .filter(|column| parts.contains(&column.name))
    {
        column.times = 0.0;
    }
    parts
}

/// Share of the cases with several records in which a column has different values; `None` without such cases.
fn moving(records: &[Value], case: &str, column: &str) -> Option<f64> {
    let (case, column) = (Path::new(case), Path::new(column));
    let mut first: BTreeMap<String, (Option<&Value>, bool, bool)> = BTreeMap::new();
    for record in records {
        let Some(key) = case.find(record) else {
            continue;
        };
        let value = column.find(record);
        first
            .entry(key.to_string())
            .and_modify(|(known, several, moves)| {
                *several = true;
                *moves |= *known != value;
            })
            .or_insert((value, false, false));
    }
    let several = first.values().filter(|(_, several, _)| *several).count();
    let moves = first.values().filter(|(_, _, moves)| *moves).count();
    (several > 0).then(|| moves as f64 / several as f64)
}

/// What the program's own lines have beside the fields that are guessed.
pub(crate) const OWN_FIELDS: [(&str, &str); 6] = [
    ("cluster", "cluster"),
    ("version", "version"),
    ("hands_on", "hands_on_minutes"),
    ("reviewed", "reviewed == true"),
    ("exercise", "origin == 'exercise'"),
    ("shadow", "origin == 'shadow'"),
];

impl Guess {
    /// A time that stays the same throughout a case is that of its opening. If another one moves on, that is the event's.
    fn prefer_a_time_that_moves(&mut self, records: &[Value]) {
        let (Some(case), Some(time)) = (self.column("case"), self.column("time")) else {
            return;
        };
        if moving(records, case, time).is_none_or(|share| share > 0.1) {
            return;
        }
        let taken = |name: &str| self.fields.values().any(|choice| choice.column == name);
        let better = self
            .columns
            .iter()
            .filter(|column| column.times >= 0.9 && column.is_written_out_or_known())
            .filter(|column| column.filled * 10 >= records.len() * 9 && !taken(&column.name))
            .filter(|column| moving(records, case, &column.name).is_some_and(|share| share >= 0.5))
            .map(|column| (name_fit("time", &column.called), column))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((by_name, column)) = better {
            self.time_format = column.time_format.clone();
            self.day_or_month = column.day_or_month;
            let choice = Choice {
                column: column.name.clone(),
                sure: by_name.max(0.5),
            };
            self.fields.insert("time", choice);
        }
    }

    /// A column whose name says that it is a time and whose values can't be read as one.
    pub(crate) fn unreadable_time(&self) -> Option<&Column> {
        let named = |column: &&Column| column.times < 0.9 && column.filled > 0;
        self.columns
            .iter()
            .filter(named)
            .map(|column| (name_fit("time", &column.name), column))
            .filter(|(by_name, _)| *by_name > 0.0)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, column)| column)
    }

    /// The column guessed for a field.
    pub(crate) fn column(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(|choice| choice.column.as_str())
    }

    /// What stands for "no value" in the column of a field. Not of the activity: what is done at a step is always something.
    pub(crate) fn missing_words(&self, field: &str) -> &[String] {
        let can_be_missing = matches!(field, "case" | "process" | "outcome" | "parent" | "input");
        let column = self.column(field).filter(|_| can_be_missing);
        column
            .and_then(|name| self.info(name))
            .map_or(&[], |column| &column.placeholders)
    }

    /// The column with this name.
    pub(crate) fn info(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Finds out if each row is a span. Then its parent is no case, and what it is called is the step.
    fn take_spans(&mut self, columns: &[Column], records: &[Value]) {
        self.spans = spans(columns, records, self.column("case"));
        let Some(spans) = self.spans.clone() else {
            return;
        };
        self.fields.remove("parent");
        let taken = [
            ("case", Some(spans.case)),
            ("activity", spans.name),
            ("time", spans.start),
            ("outcome", spans.status),
        ];
        for (field, column) in taken {
            let Some(column) = column else { continue };
            self.fields.retain(|_, choice| choice.column != column);
            if field == "time" {
                let info = columns.iter().find(|known| known.name == column);
                self.time_format = info.and_then(|info| info.time_format.clone());
                self.day_or_month = info.is_some_and(|info| info.day_or_month);
            }
            self.fields.insert(field, Choice { column, sure: 0.9 });
        }
    }

    /// Finds out if each row is a case. Then its case is the column that is another one in every row, if there is one with a usual
    /// name, rather than one that repeats. The numbers of tickets may repeat because the rows are their history.
    fn take_stages(&mut self, columns: &[Column], records: &[Value]) {
        let state = self.column("activity").map(str::to_owned);
        if self.state_changes.is_some() {
            return;
        }
        self.stages = stages(columns, records, (self.column("case"), state.as_deref()));
        let is_history = self.column("case").is_some_and(names_a_ticket);
        if !self.stages.is_empty() || is_history {
            return;
        }
        let usual = columns.iter().filter(|column| is_usual_case(&column.name));
        for column in usual {
            let found = stages(columns, records, (Some(&column.name), state.as_deref()));
            if !found.is_empty() {
                let choice = Choice {
                    column: column.name.clone(),
                    sure: 0.5,
                };
                self.fields.insert("case", choice);
                self.stages = found;
                return;
            }
        }
    }

    /// Whether a stage is the end of a case.
    pub(crate) fn tells_the_end(&self) -> bool {
        let mut stages = self.stages.iter();
        stages.any(|stage| stage.lifecycle == Some("end"))
    }

    /// Whether the column of a field is used. An event of a stage has its own activity, time and place in the case.
    pub(crate) fn is_used(&self, field: &str) -> bool {
        let is_of_row = matches!(
            field,
            "activity" | "time" | "sequence" | "lifecycle" | "transition"
        );
        self.stages.is_empty() && self.history.is_none() || !is_of_row
    }

    /// Takes each row as an event, because the activity or the time was named.
    pub(crate) fn take_rows_as_events(&mut self) {
        self.stages.clear();
        self.history = None;
        self.state_changes = None;
        self.spans = None;
        self.undated = None;
    }

    /// Looks for what can be read without times, if there is no time.
    fn find_undated(&mut self, records: &[Value]) {
        if self.column("time").is_none() && self.stages.is_empty() && self.history.is_none() {
            self.has_no_time = self.has_cases_of_several_rows(records.len())
                && has_no_time(&self.columns, records);
            self.undated = undated_runs(&self.columns, records);
        }
    }

    /// Whether the cases repeat. Without a time nothing else tells a log of steps from any other table.
    fn has_cases_of_several_rows(&self, records: usize) -> bool {
        let case = self.column("case").and_then(|case| self.info(case));
        case.is_some_and(|case| case.distinct * 4 <= records * 3)
    }

    /// Whether the log has no times: runs without any, or steps in the order of the file.
    pub(crate) fn is_undated(&self) -> bool {
        let has_steps = ["case", "activity"]
            .iter()
            .all(|field| self.column(field).is_some());
        let is_log = has_steps && self.stages.is_empty() && self.column("time").is_none();
        self.undated.is_some() || is_log && self.has_no_time
    }

    /// The column that tells how a run ended, where no column is called an outcome: the state that it ended in.
    pub(crate) fn outcome_of_stages(&self) -> Option<&str> {
        let named = self.column("outcome");
        let state = self.column("activity").filter(|_| {
            let mut stages = self.stages.iter();
            stages.any(|stage| stage.activity == "Finished")
        });
        named.or(state)
    }

    /// Fields without which nothing can be mapped and for which no column was found.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let needed: &[&'static str] = match self.stages.is_empty() && self.history.is_none() {
            _ if self.undated.is_some() => &[],
            true if self.is_undated() => &["case", "activity"],
            true => &["case", "activity", "time"],
            false => &["case"],
        };
        needed
            .iter()
            .copied()
            .filter(|field| !self.fields.contains_key(field))
            .collect()
    }

    /// Whether the record names case, activity and time as the program's own lines do. Then it may have what those have, too,
    /// although the first records do not: drills and shadow runs must never count as live for want of a look ahead.
    pub(crate) fn is_own_format(&self) -> bool {
        ["case", "activity", "time"]
            .iter()
            .all(|field| self.column(field) == Some(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows(make: impl Fn(usize) -> Value) -> Vec<Value> {
        (0..60).map(make).collect()
    }

    #[test]
    fn a_plain_ticket_log() {
        let records = rows(|n| {
            json!({
                "Incident ID": format!("IM{}", n / 6), "DateStamp": format!("{:02}-01-2013 08:{:02}:17", 10 + n / 6, n),
                "IncidentActivity_Number": format!("001A{n}"), "IncidentActivity_Type": (["Open", "Assign", "Closed"][n % 3]),
                "Assignment Group": format!("TEAM{}", n % 4),
            })
        });
        let guess = guess(&records, FormatName::Csv);
        assert_eq!(guess.column("case"), Some("Incident ID"));
        assert_eq!(guess.column("activity"), Some("IncidentActivity_Type"));
        assert_eq!(guess.column("time"), Some("DateStamp"));
        assert_eq!(guess.column("sequence"), Some("IncidentActivity_Number"));
        assert_eq!(guess.time_format.as_deref(), Some("%d-%m-%Y %H:%M:%S"));
        assert!(!guess.day_or_month && guess.missing().is_empty());
    }

    #[test]
    fn day_and_month_that_could_change_places_are_flagged() {
        let records = rows(
            |n| json!({"case": n / 6, "activity": "a", "time": format!("{}/{}/2013 8:00", 1 + n % 12, 1 + n % 11)}),
        );
        let unclear = guess(&records, FormatName::Csv);
        assert!(unclear.day_or_month);
        assert_eq!(unclear.time_format.as_deref(), Some("%d/%m/%Y %H:%M"));
        let records = rows(
            |n| json!({"case": n / 6, "activity": "a", "time": format!("1/{}/2013 8:00", 1 + n % 28)}),
        );
        let clear = guess(&records, FormatName::Csv);
        assert!(!clear.day_or_month);
        assert_eq!(clear.time_format.as_deref(), Some("%m/%d/%Y %H:%M"));
    }

    #[test]
    fn nothing_is_guessed_from_nothing() {
        let records = rows(|n| json!({"colour": "red", "weight": n}));
        assert_eq!(
            guess(&records, FormatName::Ndjson).missing(),
            ["case", "activity", "time"]
        );
        assert_eq!(guess(&[], FormatName::Ndjson).missing().len(), 3);
    }

    #[test]
    fn records_of_a_document() {
        let path = |value: Value| guess_records(&value).map(|path| path.text().to_owned());
        assert_eq!(
            path(json!({"labels": [{}], "data": {"issues": [{}, {}]}})),
            Some("data.issues".to_owned())
        );
        assert_eq!(path(json!([{}, {}])), None);
        assert_eq!(path(json!({"id": 1, "tags": ["a", "b"]})), None);
    }
}

//! Guessing a mapping from the names and values of columns.

use super::mapping::executor_of;
use super::path::Path;
use super::scalar::Scalar;
use super::time::{TimeFormat, TimeParser};
use crate::config::mapping::FormatName;
use crate::model::{Executor, Lifecycle};
use chrono_tz::Tz;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What is known of a column from a sample.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name or path.
    pub name: String,
    /// Records that have a value in it.
    pub filled: usize,
    /// Different values.
    pub distinct: usize,
    /// Some of them, in order of appearance.
    pub samples: Vec<String>,
    /// Share of values that read as a time.
    pub times: f64,
    /// How its times are written, where they do not say it themselves.
    pub time_format: Option<String>,
    /// Whether day and month could be the other way round.
    pub day_or_month: bool,
    /// Values that stand for "no value", such as `?`.
    pub placeholders: Vec<String>,
    /// Share of values that are the name of an executor kind.
    executors: f64,
    /// Share of values that are a word of a case's life.
    lifecycles: f64,
}

impl Column {
    /// Mere numbers are a time only where the name says so.
    fn is_written_out_or_known(&self) -> bool {
        name_fit("time", &self.name) > 0.0
            || self
                .samples
                .iter()
                .all(|text| text.contains([':', '/', '-', '.']))
    }
}

/// A column that was chosen for a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Its name.
    pub column: String,
    /// How sure the guess is, 0 to 1.
    pub sure: f64,
}

/// A guessed mapping.
#[derive(Clone, Debug, Default)]
pub struct Guess {
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
}

/// Names that speak for a field, best first, in lower case without separators; and how much the last of them speaks
/// less than the first.
const NAMES: &[(&str, &[&str])] = &[
    (
        "case",
        &[
            "case:concept:name",
            "caseid",
            "case",
            "ticketid",
            "ticket",
            "incidentid",
            "incidentnumber",
            "incident",
            "issuekey",
            "casenumber",
            "alertid",
            "executionid",
            "runid",
            "traceid",
            "requestid",
            "taskid",
            "number",
            "issue",
            "key",
            "id",
            "sysid",
        ],
    ),
    (
        "activity",
        &[
            "concept:name",
            "activity",
            "activityname",
            "incidentactivitytype",
            "activitytype",
            "action",
            "step",
            "stepname",
            "event",
            "eventname",
            "eventtype",
            "operation",
            "task",
            "taskname",
            "status",
            "state",
            "incidentstate",
            "type",
            "name",
        ],
    ),
    (
        "time",
        &[
            "time:timestamp",
            "timestamp",
            "time",
            "eventtime",
            "datetime",
            "datestamp",
            "date",
            "ts",
            "occurredat",
            "when",
            "at",
            "createdat",
            "createdon",
            "syscreatedon",
            "starttime",
            "startedat",
            "updatedat",
            "sysupdatedon",
            "completetimestamp",
            "startdate",
            "changedat",
            "changedon",
            "updated",
            "modified",
            "openedat",
            "created",
        ],
    ),
    (
        "process",
        &[
            "process",
            "processid",
            "processname",
            "playbook",
            "playbookname",
            "playbookid",
            "workflow",
            "workflowname",
            "workflowid",
            "runbook",
            "procedure",
        ],
    ),
    (
        "outcome",
        &[
            "outcome",
            "resolution",
            "resolutionname",
            "result",
            "closecode",
            "conclusion",
            "verdict",
            "disposition",
            "resolutionstatus",
            "classification",
        ],
    ),
    (
        "executor",
        &[
            "executor",
            "executorkind",
            "executortype",
            "actortype",
            "performedby",
            "actorkind",
        ],
    ),
    ("lifecycle", &["lifecycle"]),
    (
        "sequence",
        &[
            "seq",
            "sequence",
            "sequencenumber",
            "incidentactivitynumber",
        ],
    ),
    ("event_id", &["eventid", "eventuuid"]),
    (
        "input",
        &["input", "inputsignature", "alertrule", "rulename"],
    ),
    (
        "parent",
        &[
            "parent",
            "parentcase",
            "parentid",
            "parentincident",
            "parentkey",
        ],
    ),
];

/// Formats tried on times that are not ISO 8601 or counts from 1970; day first, then month first.
const FORMATS: &[(&str, &str)] = &[
    ("%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"),
    ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"),
    ("%d/%m/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M:%S %p"),
    ("%d/%m/%Y %I:%M %p", "%m/%d/%Y %I:%M %p"),
    ("%d/%m/%Y", "%m/%d/%Y"),
    ("%d/%m/%y %H:%M", "%m/%d/%y %H:%M"),
    ("%d-%m-%Y %H:%M:%S", "%m-%d-%Y %H:%M:%S"),
    ("%d-%m-%Y %H:%M", "%m-%d-%Y %H:%M"),
    ("%d-%m-%Y", "%m-%d-%Y"),
    ("%d.%m.%Y %H:%M:%S", ""),
    ("%d.%m.%Y %H:%M", ""),
    ("%d.%m.%Y", ""),
    ("%d %b %Y %H:%M:%S", "%b %d %Y %H:%M:%S"),
    ("%d %b %Y %H:%M", "%b %d, %Y %H:%M"),
    ("%d-%b-%Y %H:%M:%S", "%b %d, %Y %I:%M:%S %p"),
    ("%d/%b/%Y:%H:%M:%S %z", ""),
    ("%d/%b/%y %I:%M %p", ""),
    ("%d/%b/%y %H:%M", ""),
    ("%b %d, %Y %I:%M %p", ""),
    ("%Y/%m/%d %H:%M:%S", ""),
    ("%Y/%m/%d %H:%M", ""),
];

/// Parts of a path behind which there is a person. What they are called is nobody's step, case or outcome.
const PERSONS: &[&str] = &[
    "user",
    "assignee",
    "assignedto",
    "author",
    "actor",
    "reporter",
    "owner",
    "creator",
    "createdby",
    "updatedby",
    "requester",
    "sender",
    "member",
    "analyst",
    "agent",
    "caller",
    "openedby",
    "closedby",
    "resolvedby",
    "pusher",
];

/// What exports write for "no value", in lower case.
const PLACEHOLDERS: &[&str] = &["?", "null", "n/a", "nan", "-", "-100", "(null)", "<null>"];

/// Samples kept of a column.
const SAMPLES: usize = 3;
/// Columns looked at; a record with more paths than that is no table of events.
const MOST_COLUMNS: usize = 400;

/// Guesses from a sample of records.
pub fn guess(records: &[Value], format: FormatName) -> Guess {
    let values = values_by_column(records);
    let columns: Vec<Column> = values
        .iter()
        .map(|(name, values)| column(name, values))
        .collect();
    let mut guess = Guess {
        records: records.len(),
        ..Guess::default()
    };
    let mut taken: Vec<String> = Vec::new();
    let mut timely = columns
        .iter()
        .filter(|column| column.times >= 0.9 && column.is_written_out_or_known());
    let only_time = match (timely.next(), timely.next()) {
        (Some(column), None) => Some(column.name.clone()),
        _ => None,
    };
    // The time first: what is a time is nothing else.
    let order = [
        "time",
        "executor",
        "lifecycle",
        "case",
        "activity",
        "process",
        "outcome",
        "sequence",
        "event_id",
        "input",
        "parent",
    ];
    for field in order {
        let best = columns
            .iter()
            .filter(|column| !taken.contains(&column.name))
            .map(|column| {
                let only = only_time.as_ref() == Some(&column.name);
                (fit(field, column, (records.len(), only), format), column)
            })
            .filter(|(sure, _)| *sure >= 0.3)
            .max_by(|a, b| a.0.total_cmp(&b.0));
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
    guess.columns = columns;
    guess.prefer_a_time_that_moves(records);
    guess
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

/// The values of each column, in order of appearance of the columns.
fn values_by_column(records: &[Value]) -> Vec<(String, Vec<String>)> {
    let mut columns: Vec<(String, Vec<String>)> = Vec::new();
    let mut index: BTreeMap<String, usize> = BTreeMap::new();
    for record in records {
        walk(record, &mut String::new(), &mut |path, text| {
            let at = match index.get(path) {
                Some(at) => *at,
                None if columns.len() >= MOST_COLUMNS => return,
                None => {
                    index.insert(path.to_owned(), columns.len());
                    columns.push((path.to_owned(), Vec::new()));
                    columns.len() - 1
                }
            };
            columns[at].1.extend(text);
        });
    }
    columns
}

/// Every value that is neither array nor object, with its path; `None` for one that is missing.
fn walk(value: &Value, path: &mut String, each: &mut impl FnMut(&str, Option<String>)) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let before = path.len();
                if before > 0 {
                    path.push('.');
                }
                path.push_str(key);
                walk(value, path, each);
                path.truncate(before);
            }
        }
        Value::Array(_) => {}
        scalar => each(
            path,
            Scalar::of_json(scalar)
                .into_text()
                .map(|text| text.into_owned()),
        ),
    }
}

fn column(name: &str, values: &[String]) -> Column {
    let mut distinct: Vec<&str> = values.iter().map(String::as_str).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let mut samples: Vec<String> = Vec::new();
    for value in values {
        if samples.len() < SAMPLES && !samples.contains(value) {
            samples.push(value.clone());
        }
    }
    let share = |holds: &dyn Fn(&str) -> bool| {
        let count = values.iter().filter(|value| holds(value)).count();
        count as f64 / values.len().max(1) as f64
    };
    let (times, time_format, day_or_month) = times(values);
    Column {
        name: name.to_owned(),
        filled: values.len(),
        distinct: distinct.len(),
        placeholders: distinct
            .iter()
            .filter(|value| PLACEHOLDERS.contains(&value.to_lowercase().as_str()))
            .map(|value| (*value).to_owned())
            .collect(),
        executors: share(&|value| executor_of(value) != Executor::Unknown || value == "unknown"),
        lifecycles: share(&|value| value.parse::<Lifecycle>().is_ok()),
        samples,
        times,
        time_format,
        day_or_month,
    }
}

/// Share of values that are times, the format needed for that, and whether day and month could change places.
fn times(values: &[String]) -> (f64, Option<String>, bool) {
    let all = values.len().max(1) as f64;
    let share = |parser: &TimeParser| {
        let plausible = |text: &&String| {
            parser.text(text).is_some_and(|read| {
                // 1990 to 2100: small numbers are counts, not seconds since 1970.
                (631_152_000_000_000..4_102_444_800_000_000).contains(&read.time.0)
            })
        };
        values.iter().filter(plausible).count() as f64 / all
    };
    let by_itself = share(&TimeParser::new(Vec::new(), Tz::UTC));
    if by_itself >= 0.9 {
        return (by_itself, None, false);
    }
    let digits = |text: &String| text.bytes().filter(u8::is_ascii_digit).count() >= 3;
    if values.iter().filter(|text| digits(text)).count() * 2 < values.len() {
        return (by_itself, None, false);
    }
    let with = |format: &str| match TimeFormat::new(format) {
        Ok(format) => share(&TimeParser::new(vec![format], Tz::UTC)),
        Err(_) => 0.0,
    };
    let mut best = (by_itself, None, false);
    for (day_first, month_first) in FORMATS {
        let (day, month) = (with(day_first), with(month_first));
        if day.max(month) > best.0 {
            let format = if month > day { month_first } else { day_first };
            let unclear = !month_first.is_empty() && (day - month).abs() < 1e-9;
            best = (day.max(month), Some((*format).to_owned()), unclear);
        }
    }
    best
}

/// The last part of a name without separators, in lower case: `issue.fields.Created_At` -> `createdat`.
fn plain(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let letters = last.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Whether a path leads into a person: `issue.assignee.name`.
fn is_about_a_person(name: &str) -> bool {
    let mut parts = name.rsplit('.').skip(1);
    parts.any(|part| PERSONS.contains(&plain(part).as_str()))
}

/// How well a column fits a field, 0 to 1.
fn fit(
    field: &str,
    column: &Column,
    (records, only_time): (usize, bool),
    format: FormatName,
) -> f64 {
    let mut by_name = name_fit(field, &column.name);
    if field == "time" && by_name == 0.0 && only_time {
        // It is called something that is not in the list, and there is no other.
        by_name = 0.4;
    }
    let personal = !matches!(field, "time" | "executor") && is_about_a_person(&column.name);
    if by_name == 0.0 || column.filled == 0 || personal {
        return 0.0;
    }
    let filled = column.filled as f64 / records.max(1) as f64;
    let distinct = column.distinct as f64 / column.filled as f64;
    let timely = column.times >= 0.9;
    let by_value = match field {
        // A column that is called so is the time, even where many of its values are damaged.
        "time" => {
            if timely || column.times >= 0.5 {
                filled * column.times
            } else {
                0.0
            }
        }
        "executor" => (column.executors >= 0.9) as u8 as f64,
        "lifecycle" => (column.lifecycles >= 0.99) as u8 as f64,
        // Epoch numbers can be case numbers: only written-out times speak against a case.
        "case" if timely && column.samples.iter().any(|s| s.contains([':', '/', '-'])) => 0.0,
        // A case has several events, but in an export with a row per case it may have one.
        "case" => {
            filled
                * if distinct > 0.95 && records > 20 {
                    0.7
                } else {
                    1.0
                }
        }
        "activity" if timely => 0.0,
        "activity" => {
            filled
                * if distinct > 0.5 && records > 20 {
                    0.3
                } else {
                    1.0
                }
        }
        "process" => filled * if column.distinct > 200 { 0.2 } else { 1.0 },
        "outcome" => {
            if column.distinct > 100 {
                0.2
            } else {
                1.0
            }
        }
        "event_id" => filled * (distinct >= 1.0) as u8 as f64,
        "sequence" => {
            let numbers = column
                .samples
                .iter()
                .all(|s| s.ends_with(|c: char| c.is_ascii_digit()));
            filled * numbers as u8 as f64
        }
        "parent" => {
            if timely {
                0.0
            } else {
                1.0
            }
        }
        _ => filled,
    };
    // XES says exactly what its keys mean.
    let standard = format == FormatName::Xes && column.name.contains(':');
    by_value * if standard { 1.0 } else { by_name }
}

/// 1 for the best name of a field, less for those behind it, 0 for any other.
fn name_fit(field: &str, name: &str) -> f64 {
    let Some((_, names)) = NAMES.iter().find(|(known, _)| *known == field) else {
        return 0.0;
    };
    let plain = plain(name);
    let rank = names
        .iter()
        .position(|known| *known == name || *known == plain);
    let deep = name.matches('.').count() as f64;
    match rank {
        Some(rank) => (1.0 - 0.6 * rank as f64 / names.len() as f64) * 0.95f64.powf(deep),
        None => 0.0,
    }
}

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
            .map(|column| (name_fit("time", &column.name), column))
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
    pub fn unreadable_time(&self) -> Option<&Column> {
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
    pub fn column(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(|choice| choice.column.as_str())
    }

    /// What stands for "no value" in the column of a field. Not of the activity: what is done at a step is always something.
    pub fn missing_words(&self, field: &str) -> &[String] {
        let can_be_missing = matches!(field, "case" | "process" | "outcome" | "parent" | "input");
        let column = self.column(field).filter(|_| can_be_missing);
        column
            .and_then(|name| self.info(name))
            .map_or(&[], |column| &column.placeholders)
    }

    /// The column with this name.
    pub fn info(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Fields without which nothing can be mapped and for which no column was found.
    pub fn missing(&self) -> Vec<&'static str> {
        ["case", "activity", "time"]
            .into_iter()
            .filter(|field| !self.fields.contains_key(field))
            .collect()
    }

    /// One line that says what was guessed.
    pub fn line(&self) -> String {
        let order = [
            "case",
            "activity",
            "time",
            "process",
            "outcome",
            "executor",
            "lifecycle",
            "sequence",
            "event_id",
            "input",
            "parent",
        ];
        let mut line = String::new();
        for field in order {
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
        line
    }

    /// The mapping as YAML; `resolved` are the states that resolve a case.
    pub fn to_yaml(
        &self,
        format: FormatName,
        records: Option<&Path>,
        resolved: &[String],
        origin: &str,
    ) -> String {
        let mut yaml = format!(
            "# Guessed from {origin}. Check it with `toleranced inspect {origin} --map THIS_FILE`.\n"
        );
        let _ = writeln!(yaml, "format: {}", format.word());
        if let Some(path) = records {
            let _ = writeln!(yaml, "records: {}", quoted(path.text()));
        }
        for (field, choice) in &self.fields {
            let words = self.missing_words(field);
            let column = match words {
                [] => quoted_path(&choice.column),
                words => {
                    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                    let path = quoted(&choice.column);
                    format!("{{ path: {path}, missing: [{}] }}", words.join(", "))
                }
            };
            let _ = writeln!(yaml, "{field}: {column}");
        }
        if let Some(format) = &self.time_format {
            let _ = writeln!(yaml, "time_format: {}", quoted(format));
        }
        if !resolved.is_empty() {
            let states: Vec<String> = resolved.iter().map(|state| quoted(state)).collect();
            let _ = writeln!(yaml, "# Going on after one of these counts as reopened.");
            let _ = writeln!(yaml, "resolved: [{}]", states.join(", "));
        }
        yaml
    }
}

/// A text as YAML can't misread it.
pub fn quoted(text: &str) -> String {
    // A JSON string is a YAML double-quoted scalar.
    Value::String(text.to_owned()).to_string()
}

/// A column as a field: one with a brace in its name must not be taken for a template.
fn quoted_path(column: &str) -> String {
    if column.contains('{') {
        format!("{{ path: {} }}", quoted(column))
    } else {
        quoted(column)
    }
}

/// Where in a JSON document the records are: the array of objects with the most elements, at most three keys deep.
/// `None` for a document that is itself the array, or the record.
pub fn guess_records(document: &Value) -> Option<Path> {
    let mut best: Option<(usize, String)> = None;
    find_arrays(document, "", 3, &mut |path, len| {
        if !path.is_empty() && best.as_ref().is_none_or(|(most, _)| len > *most) {
            best = Some((len, path.to_owned()));
        }
    });
    match document {
        Value::Object(_) => best.map(|(_, path)| Path::new(&path)),
        _ => None,
    }
}

fn find_arrays(value: &Value, path: &str, depth: u8, each: &mut impl FnMut(&str, usize)) {
    match value {
        Value::Array(items) if items.first().is_some_and(Value::is_object) => {
            each(path, items.len())
        }
        Value::Object(map) if depth > 0 => {
            for (key, value) in map {
                let below = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                find_arrays(value, &below, depth - 1, each);
            }
        }
        _ => {}
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
        let yaml = guess.to_yaml(FormatName::Csv, None, &["Closed".to_owned()], "log.csv");
        let spec =
            crate::config::mapping::MappingSpec::parse(&yaml, std::path::Path::new("m.yaml"));
        assert_eq!(spec.unwrap().resolved, ["Closed"]);
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

//! Records of cases that have an array with the changes of each.

use super::columns::{Column, column, values_by_column};
use super::names::plain;
use super::{Guess, moving};
use crate::ingest::path::Path;
use crate::ingest::time::TimeParser;
use crate::rules::mapping::FormatName;
use chrono_tz::Tz;
use serde_json::Value;

/// An array with the changes of each case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct History {
    /// Where it is in a record.
    pub each: String,
    /// Where activity and time are in an element.
    pub activity: String,
    pub time: String,
    /// Where an element names the field that has changed, and how the state is called there.
    pub only: Option<(String, String)>,
    /// How its times are written, where they do not say it themselves.
    pub time_format: Option<String>,
}

/// What such an array is called.
const ARRAYS: &[&str] = &[
    "history",
    "histories",
    "changes",
    "changelog",
    "transitions",
    "timeline",
    "activities",
    "activity",
    "audit",
    "auditlog",
    "audits",
    "log",
    "logs",
    "updates",
    "statushistory",
    "statechanges",
    "statuschanges",
    "statehistory",
    "statetransitions",
    "statustransitions",
    "events",
    "entries",
    "journal",
    "journals",
    "steps",
    "tasks",
    "actions",
    "worklog",
    "stages",
];
/// What the state is called that a change leads to, the most telling first.
const NEW_STATES: &[&str] = &[
    "tostatus",
    "tostate",
    "newstatus",
    "newstate",
    "to",
    "tostring",
    "newvalue",
    "new",
    "status",
    "state",
    "value",
    "activity",
    "action",
    "step",
    "event",
    "name",
    "type",
    "title",
];
const FIELD_NAMES: &[&str] = &["field", "fieldname", "attribute", "property", "key", "name"];
const STATES: &[&str] = &["status", "state", "incidentstate", "stage"];

/// The array of changes that cases have. `case` is the column that tells them apart.
pub(super) fn history(records: &[Value], case: Option<&str>) -> Option<History> {
    // A document with a single case is more often the answer or message of a tool.
    let case = case.filter(|_| records.len() > 1)?;
    // Cases of several records are told by these.
    if moving(records, case, case).is_some() {
        return None;
    }
    let mut found: Vec<(usize, History)> = Vec::new();
    for path in arrays(records) {
        let at = Path::new(&path);
        let elements = records
            .iter()
            .filter_map(|record| at.find(record)?.as_array());
        let elements: Vec<Value> = elements
            .flatten()
            .filter(|element| element.is_object())
            .cloned()
            .collect();
        // On average a case has one.
        if elements.len() < records.len().max(1) {
            continue;
        }
        if let Some(history) = of_elements(path, &elements) {
            found.push((elements.len(), history));
        }
    }
    let best = found.into_iter().max_by_key(|(count, _)| *count);
    best.map(|(_, history)| history)
}

/// Paths of arrays of objects in records that are called like changes, at most three keys deep.
fn arrays(records: &[Value]) -> Vec<String> {
    let mut paths = Vec::new();
    for record in records.iter().take(200) {
        find_arrays(record, "", 3, &mut paths);
    }
    paths
}

fn find_arrays(value: &Value, path: &str, depth: u8, paths: &mut Vec<String>) {
    let Value::Object(fields) = value else { return };
    for (key, value) in fields {
        let below = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match value {
            Value::Array(items) => {
                let is_called = ARRAYS.contains(&plain(key).as_str());
                if is_called
                    && items.first().is_some_and(Value::is_object)
                    && !paths.contains(&below)
                {
                    paths.push(below);
                }
            }
            Value::Object(_) if depth > 0 => find_arrays(value, &below, depth - 1, paths),
            _ => {}
        }
    }
}

fn of_elements(each: String, elements: &[Value]) -> Option<History> {
    let values = values_by_column(elements);
    let columns: Vec<Column> = values
        .iter()
        .map(|(name, values)| column(name, values))
        .collect();
    let is_there = |column: &&Column| column.filled * 10 >= elements.len() * 9;
    let times = columns
        .iter()
        .filter(|column| column.times >= 0.9 && column.is_written_out_or_known());
    let times = times.filter(is_there);
    let time =
        times.max_by_key(|column| (column.distinct, std::cmp::Reverse(column.name.len())))?;
    let named = |names: &[&str], fits: &dyn Fn(&Column) -> bool| {
        names.iter().find_map(|name| {
            let mut fitting = columns.iter().filter(|column| fits(column));
            fitting.find(|column| plain(&column.name) == *name)
        })
    };
    let is_state = |text: &str| STATES.contains(&plain(text).as_str());
    let told_by = named(FIELD_NAMES, &|column| {
        let path = Path::new(&column.name);
        elements.iter().any(|element| {
            path.find(element)
                .and_then(Value::as_str)
                .is_some_and(is_state)
        })
    });
    let state = told_by.and_then(|told_by| {
        let path = Path::new(&told_by.name);
        let mut names = elements
            .iter()
            .filter_map(|element| path.find(element)?.as_str());
        names.find(|name| is_state(name)).map(str::to_owned)
    });
    let is_activity = |column: &Column| {
        let is_few = column.distinct * 2 <= column.filled || column.filled <= 20;
        column.times < 0.9
            && is_few
            && is_there(&column)
            && told_by.is_none_or(|told_by| told_by.name != column.name)
    };
    let activity = named(NEW_STATES, &is_activity)?;
    Some(History {
        each,
        activity: activity.name.clone(),
        time: time.name.clone(),
        only: told_by
            .zip(state)
            .map(|(told_by, state)| (told_by.name.clone(), state)),
        time_format: time.time_format.clone(),
    })
}

impl Guess {
    /// Finds the array with the changes of each case, and keeps of the stages what it does not tell: an opening before it and an
    /// end behind it.
    pub(super) fn find_history(&mut self, records: &[Value], format: FormatName) {
        if !matches!(format, FormatName::Json | FormatName::Ndjson) {
            return;
        }
        let Some(history) = history(records, self.column("case")) else {
            return;
        };
        let (mut opened_before, mut ended_behind, mut known) = (0, 0, 0);
        let ends = self
            .stages
            .iter()
            .find(|stage| stage.lifecycle == Some("end"))
            .cloned();
        let opens = self.stages.iter().find(|stage| stage.is_first).cloned();
        for record in records {
            let Some((first, last)) = span(record, &history) else {
                continue;
            };
            known += 1;
            let at = |column: Option<&str>| {
                let column = column?;
                let format = self.info(column)?.time_format.clone();
                time_of(Path::new(column).find(record)?, format.as_deref())
            };
            opened_before += usize::from(
                at(opens.as_ref().map(|stage| &*stage.column)).is_some_and(|at| at < first),
            );
            ended_behind += usize::from(
                at(ends.as_ref().map(|stage| &*stage.column)).is_some_and(|at| at > last),
            );
        }
        let keeps = |stage: &super::Stage| match (stage.is_first, stage.lifecycle) {
            (true, _) => opened_before * 2 > known,
            (_, Some("end")) => ended_behind * 2 > known && stage.only_in.is_none(),
            _ => false,
        };
        self.stages.retain(keeps);
        self.history = Some(history);
    }
}

/// The first and the last time of a history.
fn span(record: &Value, history: &History) -> Option<(i64, i64)> {
    let elements = Path::new(&history.each).find(record)?.as_array()?;
    let at = Path::new(&history.time);
    let times = elements
        .iter()
        .filter_map(|element| time_of(at.find(element)?, history.time_format.as_deref()));
    let times: Vec<i64> = times.collect();
    Some((*times.iter().min()?, *times.iter().max()?))
}

fn time_of(value: &Value, format: Option<&str>) -> Option<i64> {
    let parser = TimeParser::new(Vec::new(), Tz::UTC);
    let parser = match format.map(crate::ingest::time::TimeFormat::new) {
        Some(format) => parser.with_format(format.ok()?),
        None => parser,
    };
    let read = match value {
        Value::String(text) => parser.text(text),
        Value::Number(number) => match number.as_i64() {
            Some(number) => parser.int(number),
            None => parser.float(number.as_f64()?),
        },
        _ => None,
    };
    read.map(|read| read.time.0)
}

#[cfg(test)]
mod tests {
    use super::super::guess;
    use crate::rules::mapping::FormatName;
    use serde_json::{Value, json};

    fn found(record: impl Fn(usize) -> Value) -> super::Guess {
        let records: Vec<Value> = (0..30).map(record).collect();
        guess(&records, FormatName::Ndjson)
    }

    fn at(nth: usize, hour: usize) -> String {
        format!("2024-01-{:02}T{hour:02}:00:00Z", 1 + nth % 28)
    }

    #[test]
    fn an_array_of_changes_has_the_steps() {
        let guess = found(|n| {
            json!({"id": n, "status": "Closed", "created_at": at(n, 7), "closed_at": at(n, 10),
                "history": [{"from": "New", "to": "Work", "at": at(n, 8)}, {"from": "Work", "to": "Closed", "at": at(n, 10)}]})
        });
        let history = guess.history.unwrap();
        assert_eq!(history.each, "history");
        assert_eq!(
            (history.activity.as_str(), history.time.as_str()),
            ("to", "at")
        );
        let stages: Vec<&str> = guess.stages.iter().map(|stage| stage.activity).collect();
        assert_eq!(stages, ["Opened"]);
    }

    #[test]
    fn changes_of_other_fields_are_no_steps() {
        let guess = found(|n| {
            json!({"key": n, "created": at(n, 8), "resolved": at(n, 12), "state": "Done", "log": {"changes": [
                {"field": "status", "new": "Open", "when": at(n, 8)},
                {"field": "owner", "new": "x", "when": at(n, 9)},
                {"field": "status", "new": "Done", "when": at(n, 10)}]}})
        });
        let history = guess.history.unwrap();
        assert_eq!(
            history.only,
            Some(("field".to_owned(), "status".to_owned()))
        );
        let stages: Vec<&str> = guess.stages.iter().map(|stage| stage.activity).collect();
        assert_eq!(stages, ["Resolved"]);
    }

    #[test]
    fn other_arrays_are_none() {
        let tags = found(
            |n| json!({"id": n, "status": "Closed", "created_at": at(n, 8), "closed_at": at(n, 9), "tags": [{"name": "a", "at": at(n, 8)}]}),
        );
        assert!(tags.history.is_none());
        let events = found(
            |n| json!({"case": n / 3, "status": "x", "time": at(n, 8), "changes": [{"to": "a", "at": at(n, 8)}]}),
        );
        assert!(events.history.is_none());
    }
}

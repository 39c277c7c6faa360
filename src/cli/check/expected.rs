//! The expected events of a sample: one JSON document, or a line for each event.

use crate::ingest::mapping::described;
use crate::ingest::{EventBatch, Reason};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// An event as texts by field. A field that has its default is left out.
pub(super) type Fields = BTreeMap<String, String>;

/// Fields that most events have with these values.
const DEFAULTS: [(&str, &str); 2] = [("executor", "unknown"), ("lifecycle", "step")];

/// What a mapping makes of a sample, or should.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Outcome {
    /// The events, in the order of the sample.
    pub events: Vec<Fields>,
    /// Rejected records by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Records that the mapping filters out; `None` if that does not matter.
    pub filtered: Option<u64>,
}

impl Outcome {
    /// Adds what became of some records.
    pub(super) fn take(&mut self, batch: &EventBatch) {
        let events = batch
            .events
            .iter()
            .map(|event| fields(described(batch, event)));
        self.events.extend(events);
        *self.filtered.get_or_insert(0) += batch.filtered;
        for reject in &batch.rejects {
            *self.rejected.entry(word(reject.reason)).or_default() += 1;
        }
    }

    /// As a file that is read again by [`parse`], with one line for each event.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{{\n\"filtered\": {},\n\"rejected\": {},\n\"events\": [",
            json!(self.filtered.unwrap_or(0)),
            json!(self.rejected)
        );
        for (nth, event) in self.events.iter().enumerate() {
            text.push_str(if nth == 0 { "\n" } else { ",\n" });
            text.push_str(&line(event));
        }
        text.push_str("\n]\n}\n");
        text
    }
}

fn word(reason: Reason) -> String {
    reason.word().to_owned()
}

/// The main fields come first in a line.
const FIRST: [&str; 4] = ["time", "process", "case", "activity"];

/// An event as one line of JSON.
pub(super) fn line(event: &Fields) -> String {
    let mut map = Map::new();
    let first = FIRST.iter().filter_map(|name| event.get_key_value(*name));
    let others = event
        .iter()
        .filter(|(name, _)| !FIRST.contains(&name.as_str()));
    for (name, value) in first.chain(others) {
        map.insert(name.clone(), Value::String(value.clone()));
    }
    Value::Object(map).to_string()
}

fn fields(described: Vec<(&'static str, String)>) -> Fields {
    let fields = described
        .into_iter()
        .map(|(name, value)| match (name, value.split_once(' ')) {
            // An event can have several milestones.
            ("milestone", Some((milestone, time))) => {
                (format!("milestone {milestone}"), time.to_owned())
            }
            _ => (name.to_owned(), value),
        });
    fields
        .filter(|(name, value)| !is_default(name, value))
        .collect()
}

fn is_default(name: &str, value: &str) -> bool {
    DEFAULTS.contains(&(name, value))
}

/// Reads a file of expected events. An error says what is wrong, and in which line or event.
pub(super) fn parse(text: &str) -> Result<Outcome, String> {
    let documents = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let documents: Vec<Value> = documents
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    let mut found = Outcome::default();
    for document in documents {
        match document {
            Value::Array(events) => add_events(events, &mut found)?,
            Value::Object(map) if is_event(&map) => {
                add_events(vec![Value::Object(map)], &mut found)?
            }
            Value::Object(map) => add_document(map, &mut found)?,
            other => {
                return Err(format!(
                    "`{other}` is not an event. Write an object with its fields"
                ));
            }
        }
    }
    Ok(found)
}

fn is_event(map: &Map<String, Value>) -> bool {
    !["events", "rejected", "filtered"]
        .iter()
        .any(|key| map.contains_key(*key))
}

fn add_document(map: Map<String, Value>, found: &mut Outcome) -> Result<(), String> {
    for (key, value) in map {
        match (key.as_str(), value) {
            ("events", Value::Array(events)) => add_events(events, found)?,
            ("filtered", value) => found.filtered = Some(count(&key, &value)?),
            ("rejected", Value::Object(reasons)) => {
                for (reason, value) in reasons {
                    found
                        .rejected
                        .insert(reason.clone(), count(&reason, &value)?);
                }
            }
            _ => {
                return Err(format!(
                    "`{key}` is not known here. Use `events` (a list), `rejected` (counts by reason) and `filtered` (a count)"
                ));
            }
        }
    }
    Ok(())
}

fn count(name: &str, value: &Value) -> Result<u64, String> {
    value
        .as_u64()
        .ok_or_else(|| format!("`{name}` is {value}. Write a count"))
}

fn add_events(events: Vec<Value>, found: &mut Outcome) -> Result<(), String> {
    for event in events {
        let nth = found.events.len() + 1;
        let Value::Object(map) = event else {
            return Err(format!("event {nth} is not an object"));
        };
        let mut fields = Fields::new();
        for (name, value) in map {
            let text = match value {
                Value::Null => continue,
                Value::String(text) => text,
                Value::Array(_) | Value::Object(_) => {
                    return Err(format!("event {nth}: `{name}` is not a text"));
                }
                scalar => scalar.to_string(),
            };
            if !is_default(&name, &text) {
                fields.insert(name, text);
            }
        }
        found.events.push(fields);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(pairs: &[(&str, &str)]) -> Fields {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let outcome = Outcome {
            events: vec![
                event(&[
                    ("time", "2024-01-01T00:00:00Z"),
                    ("case", "a\"b"),
                    ("activity", "x"),
                ]),
                event(&[("case", "c"), ("milestone contained", "-")]),
            ],
            rejected: [("malformed".to_owned(), 2)].into(),
            filtered: Some(1),
        };
        assert_eq!(parse(&outcome.text()), Ok(outcome.clone()));
        assert_eq!(outcome.text().lines().count(), 8);
        assert_eq!(
            parse(
                &Outcome {
                    filtered: Some(0),
                    ..Outcome::default()
                }
                .text()
            )
            .unwrap()
            .events,
            []
        );
    }

    #[test]
    fn lines_and_arrays_of_events_are_read_and_defaults_do_not_matter() {
        let wanted = [
            event(&[("case", "1")]),
            event(&[("case", "2"), ("executor", "ai")]),
        ];
        for text in [
            "{\"case\":1,\"lifecycle\":\"step\",\"outcome\":null}\n{\"case\":\"2\",\"executor\":\"ai\"}\n{\"rejected\":{\"malformed\":1}}\n",
            "[{\"case\":\"1\"},{\"case\":\"2\",\"executor\":\"ai\"}]",
        ] {
            assert_eq!(parse(text).unwrap().events, wanted);
        }
    }

    #[test]
    fn mistakes_say_where() {
        for (text, said) in [
            ("{\"events\": [1]}", "event 1 is not an object"),
            ("[{\"case\": {}}]", "event 1: `case` is not a text"),
            ("{\"rejected\": {\"malformed\": \"x\"}}", "Write a count"),
            ("{\"events\": [], \"rejects\": 1}", "`rejects` is not known"),
            ("{\"events\": [", "EOF"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}

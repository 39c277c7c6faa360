//! A date in one column and the time of the day in another one.

use super::columns::{column, values_by_column};
use super::names::plain;
use serde_json::Value;
use std::borrow::Cow;

/// Words for a date and for a time of the day in names of columns.
const DATES: &[&str] = &["date", "datum", "fecha", "data", "day", "日付", "dzień"];
const CLOCKS: &[&str] = &[
    "timestamp",
    "time",
    "uhrzeit",
    "zeit",
    "hora",
    "heure",
    "ora",
    "ore",
    "tijd",
    "godzina",
    "hour",
    "時刻",
    "時間",
];

/// The records, with both as one value where a date and a time of the day are in two columns.
pub(super) fn with_joined_times(records: &[Value]) -> Cow<'_, [Value]> {
    let pairs = pairs(records);
    if pairs.is_empty() {
        return Cow::Borrowed(records);
    }
    let mut joined = records.to_vec();
    for record in &mut joined {
        let Value::Object(fields) = record else {
            continue;
        };
        for (date, clock) in &pairs {
            let texts =
                [date, clock].map(|name| fields.get(name).and_then(Value::as_str).map(str::trim));
            let both = match texts {
                [Some(date), Some(clock)] if !date.is_empty() && !clock.is_empty() => {
                    Value::String(format!("{date} {clock}"))
                }
                _ => Value::Null,
            };
            fields.insert(template(date, clock), both);
        }
    }
    Cow::Owned(joined)
}

fn template(date: &str, clock: &str) -> String {
    format!("{{{date}}} {{{clock}}}")
}

/// The two columns of a template that joins them.
pub(crate) fn parts(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix('{')?.strip_suffix('}')?.split_once("} {")
}

/// The name by which the role of a column is found: of a joined one, the name of its date without the word for it, unless
/// nothing else is left.
pub(super) fn called(name: &str) -> String {
    let Some((date, _)) = parts(name) else {
        return name.to_owned();
    };
    match stem(date, DATES) {
        Some(stem) if !stem.is_empty() && super::stages::names_a_stage(&stem) => stem,
        _ => date.to_owned(),
    }
}

/// Names of a date and of the time of the day that belongs to it.
fn pairs(records: &[Value]) -> Vec<(String, String)> {
    let is_flat = |record: &Value| {
        record
            .as_object()
            .is_some_and(|fields| fields.values().all(|value| !value.is_object()))
    };
    if !records.iter().take(1).all(is_flat) {
        return Vec::new();
    }
    let values = values_by_column(records);
    let is_all = |values: &[String], holds: &dyn Fn(&str) -> bool| {
        !values.is_empty() && values.iter().all(|value| holds(value))
    };
    let clocks: Vec<&str> = values
        .iter()
        .filter(|(name, values)| stem(name, CLOCKS).is_some() && is_all(values, &is_clock))
        .map(|(name, _)| name.as_str())
        .collect();
    if clocks.is_empty() {
        return Vec::new();
    }
    let dates = values.iter().filter(|(name, values)| {
        let is_date = |value: &str| !value.contains(':');
        stem(name, DATES).is_some() && is_all(values, &is_date) && column(name, values).times >= 0.9
    });
    let dates: Vec<&str> = dates.map(|(name, _)| name.as_str()).collect();
    let mut pairs = Vec::new();
    for date in &dates {
        let same = |clock: &&&str| stem(date, DATES) == stem(clock, CLOCKS);
        let only = || (dates.len() == 1 && clocks.len() == 1).then(|| &clocks[0]);
        if let Some(clock) = clocks.iter().find(same).or_else(only) {
            pairs.push(((*date).to_owned(), (*clock).to_owned()));
        }
    }
    pairs
}

/// A name without a word at its end or beginning; `None` if it has none of them.
fn stem(name: &str, words: &[&str]) -> Option<String> {
    let plain = plain(name);
    let without = |word: &&str| {
        plain
            .strip_suffix(*word)
            .or_else(|| plain.strip_prefix(*word))
    };
    words.iter().find_map(without).map(str::to_owned)
}

/// Whether a text is a time of the day: `8:05`, `08:05:10.250`, `8:05 PM`.
fn is_clock(text: &str) -> bool {
    let text = text.trim();
    let (hour, rest) = text.split_once(':').unwrap_or(("", ""));
    let is_number = |text: &str| {
        (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let behind =
        rest.trim_end_matches(|c: char| c.is_alphabetic() || c == '.' || c.is_whitespace());
    let mut parts = behind.split([':', '.', ',']);
    let minute = parts.next().unwrap_or_default();
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    is_number(hour) && is_number(minute) && parts.all(are_digits) && text.len() <= 20
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn joined(record: Value) -> Vec<(String, Value)> {
        let records = vec![record; 3];
        let known: Vec<String> = records[0].as_object().unwrap().keys().cloned().collect();
        let joined = with_joined_times(&records);
        let fields = joined[0].as_object().unwrap().iter();
        let new = fields.filter(|(name, _)| !known.contains(name));
        new.map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    #[test]
    fn a_date_and_a_time_of_the_day_belong_together() {
        for (date, clock, called_so) in [
            ("Date", "Time", "Date"),
            ("Opened Date", "Opened Time", "opened"),
            ("Date opened", "Time opened", "opened"),
            ("Fecha de apertura", "Hora de apertura", "Fecha de apertura"),
            ("Datum", "Uhrzeit", "Datum"),
            ("created_date", "created_time", "created"),
        ] {
            let found = joined(json!({"id": "1", date: "2024-01-02", clock: "8:05"}));
            let [(name, value)] = found.as_slice() else {
                panic!("{date}: {found:?}")
            };
            assert_eq!(value, "2024-01-02 8:05");
            assert_eq!(parts(name), Some((date, clock)));
            assert_eq!(called(name), called_so);
        }
    }

    #[test]
    fn other_columns_stay_as_they_are() {
        assert_eq!(
            joined(json!({"Date": "2024-01-02 08:00", "Time": "8:05"})),
            []
        );
        assert_eq!(joined(json!({"Date": "2024-01-02", "Time": "90"})), []);
        assert_eq!(
            joined(json!({"Opened": "2024-01-02", "Duration": "8:05"})),
            []
        );
    }
}

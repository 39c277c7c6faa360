//! Exports with one row per case: a time for each stage that the case has reached.

use super::columns::Column;
use super::last_stage_names::LAST;
use super::moving;
use super::names::plain;
use super::stage_names::{BETWEEN, FIRST, Known, UPDATED};
use crate::cases::is_resolution_word;
use crate::ingest::path::Path;
use serde_json::Value;
use std::collections::BTreeSet;

/// A stage of a case, and the column with the time at which a case reached it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stage {
    /// What is called so.
    pub activity: &'static str,
    /// The column.
    pub column: String,
    /// What it means for the life of the case, if it is more than a step.
    pub lifecycle: Option<&'static str>,
    /// Every case has reached it.
    pub is_first: bool,
    /// Only cases in one of these states have reached it: their column, and the states.
    pub only_in: Option<(String, Vec<String>)>,
}

/// Whether a column is called like the time of a stage.
pub(super) fn names_a_stage(name: &str) -> bool {
    let plain = plain(name);
    let all = FIRST.iter().chain(BETWEEN).chain(LAST);
    all.into_iter()
        .any(|known| known.names.contains(&plain.as_str()))
}

/// Whether a column is called like the time of an end.
pub(super) fn is_end(name: &str) -> bool {
    let plain = plain(name);
    let known =
        |known: &Known| known.activity == "Finished" && known.names.contains(&plain.as_str());
    plain == "endtimeunixnano" || LAST.iter().any(known)
}

/// The stages of an export in which every row is a case, in their usual order. Empty where it is none: where cases have
/// several rows, or no column tells when a case was opened and another when it ended.
pub(super) fn stages(
    columns: &[Column],
    records: &[Value],
    (case, state): (Option<&str>, Option<&str>),
) -> Vec<Stage> {
    let case = case.and_then(|name| columns.iter().find(|column| column.name == name));
    let Some(case) = case.filter(|case| is_mostly_unique(case, records.len())) else {
        return Vec::new();
    };
    let find = |known: &Known, fits_as_time: fn(&Column) -> bool| {
        let named = |name: &&str| {
            let fits = |column: &&Column| plain(&column.called) == *name && fits_as_time(column);
            columns.iter().find(fits)
        };
        let column = known.names.iter().find_map(named);
        column.map(|column| (known.activity, column))
    };
    let of = |all: &'static [Known], fits: fn(&Column) -> bool| {
        let found = all.iter().filter_map(|known| find(known, fits));
        found.collect::<Vec<_>>()
    };
    let (first, mut last) = (of(FIRST, is_time), of(LAST, is_time));
    if last.is_empty() && records.len() > 2 {
        // No case of the sample has ended yet.
        last = of(LAST, |column| column.is_empty);
    }
    let opened = first
        .iter()
        .find(|(_, column)| is_always_there(column, records.len()));
    let Some(opened) = opened else {
        return Vec::new();
    };
    let by_state = match last.as_slice() {
        [] => end_by_state(columns, records, state),
        _ => None,
    };
    if last.is_empty() && by_state.is_none() {
        return Vec::new();
    }
    // Rows of one case that begin at different times are its events.
    let moves = moving(records, &case.name, &opened.1.name);
    if moves.is_some_and(|share| share > 0.1) {
        return Vec::new();
    }
    let is_first = |activity: &str| activity == opened.0;
    let all = first
        .iter()
        .chain(&of(BETWEEN, is_time))
        .chain(&last)
        .copied()
        .collect::<Vec<_>>();
    let stage = |(activity, column): (&'static str, &Column)| Stage {
        activity,
        column: column.name.clone(),
        lifecycle: match () {
            () if last.last().is_some_and(|ended| ended.0 == activity) => Some("end"),
            () if last.iter().any(|(known, _)| *known == activity) => Some("resolved"),
            () => None,
        },
        is_first: is_first(activity),
        only_in: None,
    };
    all.into_iter().map(stage).chain(by_state).collect()
}

/// The end of a case that no column tells: the time of its last change, if it is in a state that says so.
pub(super) fn end_by_state(
    columns: &[Column],
    records: &[Value],
    state: Option<&str>,
) -> Option<Stage> {
    let state = state?;
    let states = Path::new(state);
    let found = records
        .iter()
        .filter_map(|record| states.find(record)?.as_str());
    let ended: BTreeSet<&str> = found.filter(|state| is_resolution_word(state)).collect();
    let is_updated = |column: &&Column| is_time(column) && is_always_there(column, records.len());
    let updated = UPDATED.iter().find_map(|name| {
        let mut updated = columns.iter().filter(is_updated);
        updated.find(|column| plain(&column.called) == *name)
    })?;
    (!ended.is_empty()).then(|| Stage {
        activity: "Closed",
        column: updated.name.clone(),
        lifecycle: Some("end"),
        is_first: false,
        only_in: Some((
            state.to_owned(),
            ended.into_iter().map(str::to_owned).collect(),
        )),
    })
}

/// Whether most values are other ones. Some rows may be there twice, or again with a later state.
fn is_mostly_unique(case: &Column, records: usize) -> bool {
    case.distinct * 10 >= case.filled * 7 && is_always_there(case, records)
}

fn is_always_there(column: &Column, records: usize) -> bool {
    column.filled * 50 >= records * 49
}

fn is_time(column: &Column) -> bool {
    column.filled > 0 && column.times >= 0.9
}

#[cfg(test)]
mod tests {
    use crate::ingest::guess::guess;
    use crate::rules::mapping::FormatName;
    use serde_json::{Value, json};

    /// Activities with their columns and lifecycles that are found in these rows.
    fn found(row: impl Fn(usize) -> Value) -> Vec<(&'static str, String, Option<&'static str>)> {
        let records: Vec<Value> = (0..60).map(row).collect();
        let stages = guess(&records, FormatName::Csv).stages.into_iter();
        let stages = stages.map(|stage| (stage.activity, stage.column, stage.lifecycle));
        stages.collect()
    }

    fn day(nth: usize) -> String {
        format!("2024-{:02}-{:02} 08:00:00", 1 + nth / 28, 1 + nth % 28)
    }

    #[test]
    fn a_row_with_a_time_of_opening_and_of_closing_is_a_case() {
        let rows = found(|nth| {
            json!({
                "Ticket ID": nth, "Status": "Closed", "Updated": day(nth + 2), "Created": day(nth),
                "Acknowledged at": day(nth), "Date resolved": day(nth), "Closed": if nth % 2 == 0 { "-".to_owned() } else { day(nth) },
            })
        });
        let expected = [
            ("Opened", "Created", None),
            ("Acknowledged", "Acknowledged at", None),
            ("Resolved", "Date resolved", Some("resolved")),
            ("Closed", "Closed", Some("end")),
        ];
        assert_eq!(rows, expected.map(|(a, b, c)| (a, b.to_owned(), c)));
    }

    #[test]
    fn a_run_has_a_start_and_an_end() {
        let rows = found(|nth| json!({"id": nth, "start_time": day(nth), "end_time": day(nth)}));
        let expected = [
            ("Started", "start_time", None),
            ("Finished", "end_time", Some("end")),
        ];
        assert_eq!(rows, expected.map(|(a, b, c)| (a, b.to_owned(), c)));
    }

    #[test]
    fn stages_have_names_in_several_languages() {
        for (opened, closed) in [
            ("Erstellt am", "Geschlossen am"),
            ("Fecha de creación", "Fecha de cierre"),
            ("Créé le", "Fermé le"),
            ("Criado em", "Encerrado em"),
            ("Data di creazione", "Chiuso il"),
        ] {
            let rows = found(|nth| json!({"number": nth, opened: day(nth), closed: day(nth)}));
            let columns: Vec<&str> = rows.iter().map(|(_, column, _)| column.as_str()).collect();
            assert_eq!(columns, [opened, closed]);
        }
    }

    #[test]
    fn rows_of_events_have_no_stages() {
        // Several rows per case.
        assert!(
            found(|nth| json!({"case": nth / 3, "created": day(nth), "closed": day(nth)}))
                .is_empty()
        );
        // No end, no beginning, no time.
        assert!(
            found(|nth| json!({"id": nth, "created": day(nth), "updated": day(nth)})).is_empty()
        );
        assert!(
            found(|nth| json!({"id": nth, "updated": day(nth), "closed": day(nth)})).is_empty()
        );
        assert!(found(|nth| json!({"id": nth, "created": day(nth), "closed": "yes"})).is_empty());
        // A beginning that is often missing.
        let some = |nth: usize| {
            if nth.is_multiple_of(3) {
                Value::Null
            } else {
                day(nth).into()
            }
        };
        assert!(
            found(|nth| json!({"id": nth, "created": some(nth), "closed": day(nth)})).is_empty()
        );
    }
}

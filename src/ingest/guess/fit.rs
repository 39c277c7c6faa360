//! How well a column fits a field, by its name and its values.

use super::columns::Column;
use super::names::{name_fit, plain};
use crate::ingest::mapping::is_reopened;
use crate::rules::mapping::FormatName;

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

/// Whether a path leads into a person: `issue.assignee.name`.
fn is_about_a_person(name: &str) -> bool {
    let mut parts = name.rsplit('.').skip(1);
    parts.any(|part| PERSONS.contains(&plain(part).as_str()))
}

/// What is known of all columns.
#[derive(Clone, Copy)]
pub(super) struct Sampled {
    pub(super) records: usize,
    /// Different values of the time that has the most.
    pub(super) most_times: usize,
    pub(super) format: FormatName,
}

/// Words in the name of a time at which somebody else read, copied or wrote out the record.
const COPIED: &[&str] = &[
    "export", "ingest", "index", "fetch", "extract", "import", "snapshot", "retriev", "sync",
    "loaded", "download", "crawl", "scrap", "poll", "queried",
];

/// Whether a name is that of the time of an export or of a copy.
pub(super) fn is_of_a_copy(name: &str) -> bool {
    let plain = plain(name);
    COPIED.iter().any(|word| plain.contains(word))
}

/// Whether all records have the same value.
pub(super) fn is_constant(column: &Column, records: usize) -> bool {
    column.distinct == 1 && column.filled > 5 && records > 5
}

/// How well a column fits a field, 0 to 1. Of the time: whether it is the only one.
pub(super) fn fit(field: &str, column: &Column, only_time: bool, sampled: Sampled) -> f64 {
    let Sampled {
        records, format, ..
    } = sampled;
    let mut by_name = name_fit(field, &column.called);
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
            // What is the same for many records is the time at which they were read.
            let is_shared = column.distinct * 10 < sampled.most_times.min(column.filled);
            let of_copy = !only_time && (is_shared || is_of_a_copy(&column.called));
            if timely || column.times >= 0.5 {
                filled * column.times * if of_copy { 0.3 } else { 1.0 }
            } else {
                0.0
            }
        }
        "executor" => (column.executors >= 0.9) as u8 as f64,
        "lifecycle" => (column.lifecycles >= 0.99) as u8 as f64,
        "transition" => column.tells_executions as u8 as f64,
        // Epoch numbers can be case numbers: only written-out times speak against a case.
        "case" if timely && column.samples.iter().any(|s| s.contains([':', '/', '-'])) => 0.0,
        // A number that every record has, or all records share, keeps no cases apart.
        "case" if column.distinct < 2 && records > 20 => 0.1,
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
        // What starts and completes has a name of its own.
        "activity" if column.tells_executions => 0.3 * filled,
        "activity" if is_constant(column, records) => 0.3 * filled,
        "activity" => {
            filled
                * if distinct > 0.5 && records > 20 {
                    0.3
                } else {
                    1.0
                }
        }
        // One record of a case is enough to name it.
        "process" => (0.5 + 0.5 * filled) * if column.distinct > 200 { 0.2 } else { 1.0 },
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
        "reopened" => {
            let says = |sample: &String| is_reopened(sample).is_some();
            f64::from(!timely && column.samples.iter().all(says))
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

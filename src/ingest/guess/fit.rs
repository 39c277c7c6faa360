//! How well a column fits a field, by its name and its values.

use super::columns::Column;
use super::names::{is_of_another_object, is_usual_case, name_fit, plain, refers_to_another};
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

/// How well a column fits a field, and the main reason.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// 0 to 1.
    pub(super) score: f64,
    /// In a few words.
    pub(super) why: &'static str,
    /// It looks like the field, and something says that it is another thing.
    pub(super) is_misleading: bool,
}

/// How well a column fits a field. Of the time: whether it is the only one.
pub(super) fn fit(field: &str, column: &Column, only_time: bool, sampled: Sampled) -> Fit {
    let mut by_name = name_fit(field, &column.called);
    let refers = field == "case" && by_name == 0.0 && refers_to_another(&column.called);
    // A time that is called neither so nor so is shown, but not chosen.
    let other_time = field == "time" && by_name == 0.0 && column.times >= 0.9;
    let mut why = match () {
        () if refers => "numbers a person or another object",
        () if other_time && is_of_a_copy(&column.called) => COPY,
        () if other_time => "a time, but its name is no usual one",
        () => reason_of_name(field, &column.called, by_name),
    };
    if field == "time" && by_name == 0.0 && only_time {
        // It is called something that is not in the list, and there is no other.
        by_name = 0.4;
        why = "the only time";
    }
    let personal = !matches!(field, "time" | "executor") && is_about_a_person(&column.name);
    if by_name == 0.0 || column.filled == 0 || personal {
        return Fit {
            score: 0.0,
            why: if personal && !refers {
                "belongs to a person"
            } else {
                why
            },
            is_misleading: column.filled > 0 && (refers || other_time || by_name > 0.0),
        };
    }
    let (by_value, flaw) = by_value(field, column, only_time, sampled);
    // XES says exactly what its keys mean.
    let standard = sampled.format == FormatName::Xes && column.name.contains(':');
    Fit {
        score: by_value * if standard { 1.0 } else { by_name },
        why: flaw.unwrap_or(why),
        is_misleading: by_value == 0.0,
    }
}

/// What the name of a column says for or against a field.
fn reason_of_name(field: &str, name: &str, by_name: f64) -> &'static str {
    match field {
        "case" if is_of_another_object(name) => "belongs to another object",
        "case" if !is_usual_case(name) => "its name ends like a number or key",
        _ if by_name >= 0.8 => "usual name",
        _ => "less usual name",
    }
}

/// How well the values of a column fit a field, and what speaks against them.
fn by_value(
    field: &str,
    column: &Column,
    only_time: bool,
    sampled: Sampled,
) -> (f64, Option<&'static str>) {
    let records = sampled.records;
    let filled = column.filled as f64 / records.max(1) as f64;
    let distinct = column.distinct as f64 / column.filled as f64;
    let timely = column.times >= 0.9;
    let of = |fits: bool, flaw| match fits {
        true => (filled, None),
        false => (0.0, Some(flaw)),
    };
    match field {
        "time" => time_by_value(column, only_time, sampled),
        "executor" => (
            f64::from(column.executors >= 0.9),
            (column.executors < 0.9).then_some("its values name no kind of executor"),
        ),
        "lifecycle" => (f64::from(column.lifecycles >= 0.99), None),
        "transition" => (
            f64::from(column.tells_executions),
            (!column.tells_executions).then_some("its values tell no starts and completions"),
        ),
        // Epoch numbers can be case numbers: only written-out times speak against a case.
        "case" if timely && column.samples.iter().any(|s| s.contains([':', '/', '-'])) => {
            (0.0, Some("a time"))
        }
        // A number that every record has, or all records share, keeps no cases apart.
        "case" if column.distinct < 2 && records > 20 => (0.1, Some(CONSTANT)),
        // A case has several events, but in an export with a row per case it may have one.
        "case" if distinct > 0.95 && records > 20 => (0.7 * filled, Some(UNIQUE)),
        "activity" if timely => (0.0, Some("a time")),
        // What starts and completes has a name of its own.
        "activity" if column.tells_executions => (0.3 * filled, Some(EXECUTIONS)),
        "activity" if is_constant(column, records) => (0.3 * filled, Some(CONSTANT)),
        "activity" if distinct > 0.5 && records > 20 => (0.3 * filled, Some(MANY)),
        // One record of a case is enough to name it.
        "process" if column.distinct > 200 => (0.2 * (0.5 + 0.5 * filled), Some(MANY)),
        "process" => (0.5 + 0.5 * filled, None),
        "outcome" if column.distinct > 100 => (0.2, Some(MANY)),
        "outcome" => (1.0, None),
        "event_id" => of(distinct >= 1.0, "its values repeat"),
        "sequence" => {
            let is_numbered = |text: &String| text.ends_with(|c: char| c.is_ascii_digit());
            of(column.samples.iter().all(is_numbered), "no numbers")
        }
        "reopened" => {
            let says = |sample: &String| is_reopened(sample).is_some();
            let fits = !timely && column.samples.iter().all(says);
            (f64::from(fits), None)
        }
        "parent" => (f64::from(!timely), None),
        _ => (filled, None),
    }
}

const CONSTANT: &str = "the same in all records";
const EXECUTIONS: &str = "starts and completions, not what starts and completes";
const UNIQUE: &str = "a different value in nearly every record";
const COPY: &str = "time of an export or a copy";
const MANY: &str = "too many different values";

/// The same for the time. A column that is called so is the time, even if many of its values are damaged.
fn time_by_value(
    column: &Column,
    only_time: bool,
    sampled: Sampled,
) -> (f64, Option<&'static str>) {
    if column.times < 0.5 {
        return (0.0, Some("its values are no times"));
    }
    let filled = column.filled as f64 / sampled.records.max(1) as f64;
    let fits = filled * column.times;
    // What is the same for many records is the time at which they were read.
    let is_shared = column.distinct * 10 < sampled.most_times.min(column.filled);
    match () {
        () if only_time => (fits, None),
        () if is_of_a_copy(&column.called) => (0.3 * fits, Some(COPY)),
        () if is_shared => (0.3 * fits, Some("many records share each time")),
        () => (fits, None),
    }
}

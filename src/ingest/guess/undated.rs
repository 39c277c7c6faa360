//! Runs without any time, as benchmarks of AI agents write them: a task, the number of its trial, and a result.

use super::columns::Column;
use super::names::{name_fit, plain};
use crate::ingest::path::Path;
use serde_json::Value;
use std::collections::BTreeSet;

/// A row per run, and no time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UndatedRuns {
    /// The columns that tell a run from the others together.
    pub case: Vec<String>,
    /// The column of the task: runs of one task have the same input.
    pub input: String,
    /// The column of the result.
    pub outcome: String,
    /// Whether each result is 1 or 0, true or false.
    pub is_yes_or_no: bool,
}

/// What the column of a task is called, in lower case without separators.
const TASKS: &[&str] = &[
    "taskid",
    "task",
    "taskname",
    "instanceid",
    "instance",
    "sampleid",
    "questionid",
    "question",
    "problemid",
    "problem",
    "exampleid",
    "example",
    "scenarioid",
    "scenario",
    "testcaseid",
    "testcase",
    "testid",
    "promptid",
    "docid",
    "inputid",
    "input",
    "itemid",
    "item",
    "caseid",
    "case",
    "id",
    "idx",
    "index",
];

/// What the number of a trial is called.
const TRIALS: &[&str] = &[
    "trial",
    "trialid",
    "trialnum",
    "trialnumber",
    "trialindex",
    "attempt",
    "attemptid",
    "attemptnumber",
    "epoch",
    "repetition",
    "repeat",
    "rep",
    "replicate",
    "seed",
    "iteration",
    "runid",
    "run",
    "runnumber",
    "runindex",
    "rollout",
    "rolloutid",
    "try",
    "round",
    "k",
    "sample",
    "sampleid",
    "sampleindex",
];

/// What a result is called, the most telling first.
const RESULTS: &[&str] = &[
    "reward",
    "success",
    "successful",
    "issuccess",
    "issuccessful",
    "succeeded",
    "passed",
    "pass",
    "ispassed",
    "resolved",
    "isresolved",
    "solved",
    "issolved",
    "correct",
    "iscorrect",
    "score",
    "accuracy",
    "result",
    "outcome",
    "verdict",
    "grade",
    "status",
];

/// More different results are no results but texts.
const MOST_RESULTS: usize = 50;

/// The runs without a time of a sample, if it has such runs. No column may have a time.
pub(super) fn undated_runs(columns: &[Column], records: &[Value]) -> Option<UndatedRuns> {
    if records.is_empty()
        || columns
            .iter()
            .any(|column| column.times >= 0.5 && is_dated(column))
    {
        return None;
    }
    let always = |column: &&Column| column.filled * 50 >= records.len() * 49;
    let named = |names: &[&str]| {
        let mut found = names.iter().filter_map(|name| {
            let mut full = columns.iter().filter(always);
            full.find(|column| plain(&column.name) == *name)
        });
        found.next()
    };
    let outcome = named(RESULTS).filter(|column| column.distinct <= MOST_RESULTS)?;
    let task = named(TASKS).filter(|column| column.name != outcome.name)?;
    let trial = named(TRIALS).filter(|column| ![&outcome.name, &task.name].contains(&&column.name));
    let mut case: Vec<String> = vec![task.name.clone()];
    case.extend(trial.map(|column| column.name.clone()));
    let others = columns.iter().filter(always).filter(|column| {
        column.distinct > 1 && column.name != outcome.name && !case.contains(&column.name)
    });
    let mut others = others
        .map(|column| column.name.clone())
        .collect::<Vec<_>>()
        .into_iter();
    while !tell_apart(&case, records) {
        case.push(others.next()?);
    }
    Some(UndatedRuns {
        case,
        input: task.name.clone(),
        outcome: outcome.name.clone(),
        is_yes_or_no: is_yes_or_no(&outcome.name, records),
    })
}

/// Whether no column is called a time or has times, and no list of objects could have them.
pub(super) fn has_no_time(columns: &[Column], records: &[Value]) -> bool {
    let is_time = |column: &Column| {
        name_fit("time", &column.name) > 0.0 || column.times >= 0.5 && is_dated(column)
    };
    !records.is_empty() && !columns.iter().any(is_time) && !records.iter().any(has_list)
}

fn has_list(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(Value::is_object),
        Value::Object(items) => items.values().any(has_list),
        _ => false,
    }
}

/// Mere numbers are no times here, unless their name says so.
fn is_dated(column: &Column) -> bool {
    column.is_written_out_or_known()
}

/// Whether these columns together are different in each record.
fn tell_apart(columns: &[String], records: &[Value]) -> bool {
    let paths: Vec<Path> = columns.iter().map(|column| Path::new(column)).collect();
    let mut seen = BTreeSet::new();
    records.iter().all(|record| {
        let key = paths
            .iter()
            .map(|path| path.find(record).map(Value::to_string));
        seen.insert(key.collect::<Vec<_>>())
    })
}

fn is_yes_or_no(column: &str, records: &[Value]) -> bool {
    let path = Path::new(column);
    let mut values = records.iter().filter_map(|record| path.find(record));
    values.all(|value| match value {
        Value::Bool(_) => true,
        Value::Number(number) => number
            .as_f64()
            .is_some_and(|number| number == 0.0 || number == 1.0),
        Value::String(text) => {
            let text = text.trim().to_lowercase();
            matches!(
                text.as_str(),
                "true" | "false" | "0" | "1" | "0.0" | "1.0" | ""
            )
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use crate::ingest::guess::guess;
    use crate::rules::mapping::FormatName;
    use serde_json::{Value, json};

    fn case_of(row: impl Fn(usize) -> Value) -> Option<(String, String, String)> {
        let records: Vec<Value> = (0..24).map(row).collect();
        let runs = guess(&records, FormatName::Json).undated?;
        Some((runs.case.join("/"), runs.input, runs.outcome))
    }

    fn three(case: &str, input: &str, outcome: &str) -> Option<(String, String, String)> {
        Some((case.to_owned(), input.to_owned(), outcome.to_owned()))
    }

    #[test]
    fn a_task_a_trial_and_a_result_are_a_run() {
        let reward = |n: usize| f64::from(u8::from(n.is_multiple_of(3)));
        let rows = case_of(|n| json!({"task_id": n / 4, "trial": n % 4, "reward": reward(n)}));
        assert_eq!(rows, three("task_id/trial", "task_id", "reward"));
        let rows =
            case_of(|n| json!({"instance_id": format!("django-{n}"), "resolved": n % 2 == 0}));
        assert_eq!(rows, three("instance_id", "instance_id", "resolved"));
        // Several models took the same task.
        let model = |n: usize| ["a", "b"][n % 2];
        let rows = case_of(|n| json!({"model": model(n), "id": n / 2, "passed": n % 5 != 0}));
        assert_eq!(rows, three("id/model", "id", "passed"));
    }

    #[test]
    fn rows_with_a_time_or_without_a_result_are_no_undated_runs() {
        let day = |n: usize| format!("2024-01-{:02} 08:00", n + 1);
        assert_eq!(
            case_of(|n| json!({"task_id": n, "reward": 1, "at": day(n)})),
            None
        );
        assert_eq!(case_of(|n| json!({"task_id": n, "trial": n % 4})), None);
        // The same run twice.
        assert_eq!(case_of(|n| json!({"task_id": n / 4, "reward": 1})), None);
    }
}

//! Spans of traces: the parent of a span is another span of the same trace, and not another case.

use super::columns::Column;
use super::names::{is_usual_case, plain};
use super::stages::is_end;
use crate::ingest::path::Path;
use crate::ingest::scalar::Scalar;
use serde_json::Value;
use std::collections::HashMap;

/// The columns of spans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spans {
    /// The trace.
    pub case: String,
    /// The column that is empty for the root of a trace.
    pub parent: String,
    /// When a span began, if its name says so.
    pub start: Option<String>,
    /// When a span ended.
    pub end: Option<String>,
    /// What a span is called.
    pub name: Option<String>,
    /// How a span ended.
    pub status: Option<String>,
    /// Whether that is one of the status codes of spans.
    pub has_status_codes: bool,
}

/// What the column with the parent of a span is called, in lower case without separators.
const PARENTS: &[&str] = &[
    "parentid",
    "parentspanid",
    "parentspan",
    "parentrunid",
    "parentobservationid",
    "parentuuid",
    "parent",
];
const NAMES: &[&str] = &[
    "name",
    "spanname",
    "operationname",
    "operation",
    "displayname",
];
const STARTS: &[&str] = &[
    "starttime",
    "startedat",
    "starttimestamp",
    "starttimeunixnano",
    "start",
    "startts",
    "timestamp",
];
const STATUSES: &[&str] = &["statuscode", "status", "code"];
const STATUS_CODES: &[&str] = &[
    "ok",
    "error",
    "unset",
    "statuscode.ok",
    "statuscode.error",
    "statuscode.unset",
    "status_code_ok",
    "status_code_error",
    "status_code_unset",
];

/// Most parents must be a span of the sample; the sample may end within a trace.
const FOUND_OF_10: usize = 7;

/// The spans of a sample, if it has spans.
pub(super) fn spans(columns: &[Column], records: &[Value], case: Option<&str>) -> Option<Spans> {
    let named = |names: &[&str], column: &&Column| names.contains(&plain(&column.name).as_str());
    let first = |names: &[&str], is_time: bool| {
        let fits = |column: &&Column| column.filled > 0 && (column.times >= 0.9) == is_time;
        let mut found = names.iter().filter_map(|name| {
            let mut all = columns.iter().filter(fits);
            all.find(|column| plain(&column.name) == *name)
        });
        found.next().map(|column| column.name.clone())
    };
    let parent = columns.iter().find(|column| {
        named(PARENTS, column) && column.filled > 0 && column.filled < records.len()
    })?;
    let ids = columns
        .iter()
        .filter(|column| column.filled == records.len() && column.distinct == records.len());
    let usual = columns.iter().map(|column| column.name.as_str());
    let usual = usual.filter(|name| is_usual_case(name));
    let cases: Vec<&str> = case.into_iter().chain(usual).collect();
    let case = ids.into_iter().find_map(|id| {
        let mut cases = cases
            .iter()
            .filter(|case| **case != id.name && **case != parent.name);
        cases.find(|case| are_spans(records, &id.name, &parent.name, case))
    })?;
    let ends = columns.iter().filter(|column| column.times >= 0.9);
    let mut ends = ends.filter(|column| is_end(&column.name));
    let status = first(STATUSES, false);
    Some(Spans {
        case: (*case).to_owned(),
        parent: parent.name.clone(),
        start: first(STARTS, true),
        end: ends.next().map(|column| column.name.clone()),
        name: first(NAMES, false),
        has_status_codes: status
            .as_ref()
            .is_some_and(|column| has_status_codes(column, records)),
        status,
    })
}

/// Whether most parents are the id of another record of the same case.
fn are_spans(records: &[Value], id: &str, parent: &str, case: &str) -> bool {
    let [id, parent, case] = [id, parent, case].map(Path::new);
    let text = |path: &Path, record: &Value| {
        let found = path.find(record).map(Scalar::of_json)?;
        found.into_text().map(|text| text.into_owned())
    };
    let by_id: HashMap<String, Option<String>> = records
        .iter()
        .filter_map(|record| Some((text(&id, record)?, text(&case, record))))
        .collect();
    let (mut parents, mut found, mut same) = (0usize, 0usize, 0usize);
    for record in records {
        let Some(parent) = text(&parent, record) else {
            continue;
        };
        parents += 1;
        if let Some(of_parent) = by_id.get(&parent) {
            found += 1;
            same += usize::from(of_parent.is_some() && *of_parent == text(&case, record));
        }
    }
    parents > 0 && found * 10 >= parents * FOUND_OF_10 && same == found
}

fn has_status_codes(column: &str, records: &[Value]) -> bool {
    let path = Path::new(column);
    let mut values = records
        .iter()
        .filter_map(|record| path.find(record)?.as_str());
    values.all(|value| STATUS_CODES.contains(&value.to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use crate::ingest::guess::{Guess, guess};
    use crate::rules::mapping::FormatName;
    use serde_json::{Value, json};

    /// Three spans of a trace; the root is the last of them.
    fn guessed(row: impl Fn(usize, Option<usize>) -> Value) -> Guess {
        let row = |n: usize| row(n, (n % 3 != 2).then_some(n - n % 3 + 2));
        let records: Vec<Value> = (0..60).map(row).collect();
        guess(&records, FormatName::Ndjson)
    }

    fn day(n: usize) -> String {
        format!("2024-01-{:02}T08:00:{n:02}Z", 1 + n / 3)
    }

    #[test]
    fn the_parent_of_a_span_is_no_case() {
        let guess = guessed(|n, parent| {
            json!({
                "trace_id": format!("t{}", n / 3), "span_id": format!("s{n}"), "parent_span_id": parent.map(|n| format!("s{n}")),
                "name": (["look up", "judge", "agent"][n % 3]), "status": "OK", "start_time": day(n), "end_time": day(n),
            })
        });
        let spans = guess.spans.as_ref().unwrap();
        assert_eq!(spans.end.as_deref(), Some("end_time"));
        assert!(spans.has_status_codes);
        assert_eq!(guess.column("case"), Some("trace_id"));
        assert_eq!(guess.column("activity"), Some("name"));
        assert_eq!(guess.column("time"), Some("start_time"));
        assert_eq!(guess.column("outcome"), Some("status"));
        assert_eq!(guess.column("parent"), None);
    }

    #[test]
    fn a_parent_case_stays_one() {
        // The parent is another case: its id is not that of a record.
        let guess = guessed(|n, parent| {
            json!({"case": format!("c{}", n / 3), "event_id": n, "parent": parent.map(|n| format!("c{}", n / 3 + 1)),
                "activity": "a", "time": day(n)})
        });
        assert!(guess.spans.is_none());
        assert_eq!(guess.column("parent"), Some("parent"));
    }
}

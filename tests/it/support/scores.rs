//! Scores as JSON: of the daemon, and of `toleranced score`.

use super::binary::{json_of, toleranced};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Scores by process.
pub(crate) type Figures = BTreeMap<String, Value>;

/// The scores of a document of `/api/v1/processes` or `score --format json`, without what depends on the present time.
pub(crate) fn figures(document: &Value) -> Figures {
    let mut figures = BTreeMap::new();
    for process in document["processes"].as_array().unwrap() {
        let mut process = process.clone();
        let id = process["id"].as_str().unwrap().to_owned();
        drop_what_depends_on_now(&mut process);
        figures.insert(id, process);
    }
    figures
}

/// Rates, what follows from them, and how old an outcome is.
fn drop_what_depends_on_now(value: &mut Value) {
    const BY_NOW: [&str; 6] = [
        "arrivals",
        "value",
        "pays_back",
        "clean_runs_missing_weeks",
        "provenance",
        "entries_per_week",
    ];
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| {
                !name.starts_with("cases_per_week") && !BY_NOW.contains(&name.as_str())
            });
            fields.values_mut().for_each(drop_what_depends_on_now);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_what_depends_on_now),
        _ => {}
    }
}

/// The scores that `toleranced score` gives for files, as of an instant.
pub(crate) fn one_shot(map: &Path, catalog: Option<&Path>, as_of: &str, files: &[&Path]) -> Value {
    let mut args = vec!["score", "--format", "json", "--as-of", as_of, "--map"];
    args.push(map.to_str().unwrap());
    if let Some(catalog) = catalog {
        args.extend(["--catalog", catalog.to_str().unwrap()]);
    }
    args.extend(files.iter().map(|file| file.to_str().unwrap()));
    json_of(&toleranced(&args))
}

/// The scores of a document, by id.
pub(crate) fn by_id(processes: &Value) -> BTreeMap<String, Value> {
    let keyed = processes.as_array().unwrap().iter().map(|score| {
        let id = score["id"].as_str().unwrap().to_owned();
        (id, score.clone())
    });
    keyed.collect()
}

/// The process with this id.
#[track_caller]
pub(crate) fn process<'v>(scores: &'v Value, id: &str) -> &'v Value {
    let processes = scores["processes"].as_array().expect("processes");
    let found = processes.iter().find(|process| process["id"] == id);
    found.unwrap_or_else(|| panic!("no process {id} in {scores:#}"))
}

/// The only process.
#[track_caller]
pub(crate) fn only(scores: &Value) -> &Value {
    assert_eq!(scores["processes"].as_array().map(Vec::len), Some(1));
    &scores["processes"][0]
}

#[track_caller]
pub(crate) fn near(value: &Value, want: f64, relative: f64) {
    let value = value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} for {want}"));
    assert!(
        (value - want).abs() <= relative * want.abs(),
        "{value} instead of {want}"
    );
}

/// How often a record was refused for a reason.
pub(crate) fn refused(scores: &Value, reason: &str) -> u64 {
    let all = scores["quarantine"].as_array().expect("quarantine");
    let found = all.iter().find(|refused| refused["reason"] == reason);
    found.map_or(0, |refused| refused["count"].as_u64().expect("a count"))
}

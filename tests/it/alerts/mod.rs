//! Alert rules: promtool accepts them, runbooks explain them, Alertmanager receives them.

mod alertmanager;
mod hostile_names;
mod rules;
mod runbooks;

use crate::support::project::project;
use crate::support::{texts, toleranced};
use std::collections::BTreeSet;
use std::fs;
use toleranced::internals::RuleFile;

/// What `toleranced rules` prints.
fn rules(args: &[&str]) -> String {
    let args: Vec<&str> = ["rules"].iter().chain(args).copied().collect();
    let output = toleranced(&args);
    let (out, errors) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert_eq!(errors, "");
    out
}

fn parsed(yaml: &str) -> RuleFile {
    serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"))
}

fn default_rules() -> RuleFile {
    parsed(&fs::read_to_string(project("config/prometheus/toleranced.rules.yaml")).unwrap())
}

fn alert_names() -> BTreeSet<String> {
    default_rules()
        .alerts()
        .map(|alert| alert.alert.clone())
        .collect()
}

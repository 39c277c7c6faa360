//! The JSON of `explain` and `diff` has the documented keys.

use crate::support::binary::json_of;
use crate::support::forty_tickets::{explained, home, scored};
use crate::support::project::project;
use serde_json::Value;
use std::collections::BTreeSet;

/// Paths of keys such as `cases[].causes[].kind`; the score is described elsewhere, and outcomes are names from a log.
fn paths(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items
            .iter()
            .for_each(|item| paths(item, &format!("{at}[]"), found)),
        Value::Object(map) => {
            for (key, value) in map {
                let below = if at.is_empty() {
                    key.clone()
                } else {
                    format!("{at}.{key}")
                };
                found.insert(below.clone());
                let described = ["score", "processes[].from", "processes[].to"];
                if !described.contains(&below.as_str()) {
                    paths(value, &below, found);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn the_document_of_the_json_output_knows_each_key_and_no_other() {
    let home = home();
    let daemon = home.start();
    scored(&daemon, 0.1);
    daemon.stop();
    let file = project("docs/explain.md");
    let text = std::fs::read_to_string(file).unwrap();
    let compared = home.run(&["diff", "--from", "2026-03-02T06:00", "--format", "json"]);
    for (heading, document) in [
        ("## JSON of `explain`", explained(&home, &[])),
        ("## JSON of `diff`", json_of(&compared)),
    ] {
        let mut found = BTreeSet::new();
        paths(&document, "", &mut found);
        let section = text
            .split(heading)
            .nth(1)
            .unwrap()
            .split("\n## ")
            .next()
            .unwrap();
        let documented: BTreeSet<String> = section
            .lines()
            .filter_map(|line| Some(line.strip_prefix("| `")?.split('`').next()?.to_owned()))
            .collect();
        assert_eq!(found, documented, "{heading}");
    }
}

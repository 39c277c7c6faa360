//! `docs/mapping.md`: its YAML compiles, its examples give the events that it shows, its tables are complete.

use crate::support::in_process::compiled;
use crate::support::project::project;
use std::path::Path;
use toleranced::internals::Mapping;
use toleranced::internals::MappingSpec;
use toleranced::internals::PRESETS;

fn doc() -> String {
    let file = project("docs/mapping.md");
    std::fs::read_to_string(file).unwrap()
}

/// The fenced blocks of a page: language and text.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let mut blocks = Vec::new();
    let mut fences = page.split("```").skip(1);
    while let Some(block) = fences.next() {
        blocks.push(block.split_once('\n').unwrap());
        fences.next();
    }
    blocks
}

fn with_defaults(yaml: &str) -> Mapping {
    let mut text = yaml.to_owned();
    for key in ["case", "activity", "time"] {
        let mapped = |line: &str| {
            line.trim_start_matches([' ', '-'])
                .starts_with(&format!("{key}:"))
        };
        if !yaml.lines().any(mapped) {
            text.push_str(&format!("{key}: {key}\n"));
        }
    }
    compiled(&text, "")
}

/// The events of a record, as the page writes them.
fn events(mapping: &Mapping, json: &str) -> String {
    let preview = mapping.preview(&serde_json::from_str(json).unwrap());
    assert!(preview.problem.is_none(), "{:?}\n{json}", preview.problem);
    let mut out = String::new();
    for event in preview.events {
        let shown = event
            .iter()
            .filter_map(|(name, value)| match (*name, value.as_str()) {
                (_, "") | ("executor", "unknown") | ("lifecycle", "step") => None,
                ("time" | "process" | "case" | "activity", value) => Some(value.to_owned()),
                ("input", _) => Some("input=yes".to_owned()),
                (name, value) => Some(format!("{name}={value}")),
            });
        out.push_str(&shown.collect::<Vec<_>>().join(" "));
        out.push('\n');
    }
    out
}

#[test]
fn every_example_compiles_and_gives_the_events_shown() {
    let page = doc();
    let blocks = blocks(&page);
    let mut compared = 0;
    for (at, (language, text)) in blocks.iter().enumerate() {
        if *language != "yaml" {
            continue;
        }
        let mapping = with_defaults(text);
        if let [("json", record), ("text", want), ..] = &blocks[at + 1..] {
            assert_eq!(events(&mapping, record), *want, "{text}");
            compared += 1;
        }
    }
    assert!(compared >= 9, "{compared} examples with events");
}

#[test]
fn every_key_of_the_language_is_explained() {
    let page = doc();
    let file = Path::new("m.yaml");
    // The keys that would have been right are in the message about one that is not.
    for wrong in [
        "zzzzzzzz: 1\n",
        "case: { zzzzzzzz: 1 }\n",
        "events: [{ zzzzzzzz: 1 }]\n",
    ] {
        let error = MappingSpec::parse(wrong, file).unwrap_err().to_string();
        let keys = error.split_once("(known here: ").unwrap().1;
        let keys = keys.split_once(')').unwrap().0.split(", ");
        let mut count = 0;
        for key in keys {
            let row = format!("| `{key}` |");
            let word = format!("**{}{}", key[..1].to_uppercase(), &key[1..]);
            let explained = page.contains(&row) || page.contains(&word) || key == "events";
            assert!(explained, "`{key}` is not explained: {error}");
            count += 1;
        }
        assert!(count > 5, "{error}");
    }
}

#[test]
fn the_table_of_presets_is_theirs() {
    let page = doc();
    let mut rows = String::new();
    for (name, _) in PRESETS {
        let description = MappingSpec::load(name).unwrap().description.unwrap();
        rows.push_str(&format!("| `{name}` | {description} |\n"));
    }
    assert!(page.contains(&rows), "the table should be\n{rows}");
}

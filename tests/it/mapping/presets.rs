//! Each preset maps a sample of its own through the real decoders, and the events are compared, field by field, with
//! `tests/data/presets/NAME.expected`. `UPDATE_EXPECTED=1 cargo test --test it mapping::presets` writes those files.

use super::{decode, lines, preset};
use crate::support::project::project;
use std::collections::BTreeSet;
use std::path::PathBuf;
use toleranced::internals::EventBatch;
use toleranced::internals::MappingSpec;
use toleranced::internals::PRESETS;

/// The sample of a preset, whatever its ending.
fn sample(name: &str) -> PathBuf {
    let endings = ["json", "ndjson", "csv", "xes"];
    let files = endings.map(|ending| project(&format!("tests/data/presets/{name}.{ending}")));
    let found = files.iter().find(|file| file.exists());
    found
        .unwrap_or_else(|| panic!("{name} has no sample"))
        .clone()
}

#[test]
fn each_preset_maps_its_sample() {
    for (name, _) in PRESETS {
        let got = lines(&decode(&preset(name), &sample(name)));
        let file = project(&format!("tests/data/presets/{name}.expected"));
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&file, &got).unwrap();
        }
        let want = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(got, want, "{name}: got\n{got}\nand not\n{want}");
        assert!(!got.is_empty(), "{name}");
    }
}

#[test]
fn events_of_one_sample_are_told_apart_and_a_second_reading_is_the_same() {
    for (name, _) in PRESETS {
        let mapping = preset(name);
        let identities = |batches: &[EventBatch]| -> Vec<u64> {
            let events = batches.iter().flat_map(|batch| &batch.events);
            events.map(|event| event.identity).collect()
        };
        let first = identities(&decode(&mapping, &sample(name)));
        assert_eq!(
            first,
            identities(&decode(&mapping, &sample(name))),
            "{name}"
        );
        // A webhook that tells of what an earlier one told already repeats that event; nothing else does.
        let repeats = first.len() - first.iter().collect::<BTreeSet<_>>().len();
        let want = match *name {
            "github-workflow-job" => 2,
            "github-workflow-run" => 3,
            _ => 0,
        };
        assert_eq!(repeats, want, "{name}");
    }
}

#[test]
fn presets_say_what_they_are_for() {
    for (name, text) in PRESETS {
        let spec = MappingSpec::load(name).unwrap();
        assert!(
            spec.description.is_some_and(|text| text.len() > 10),
            "{name}"
        );
        assert!(
            text.starts_with("# "),
            "{name} begins with where it comes from"
        );
    }
}

//! Each preset maps samples of its own through the real decoders, and the events are compared, field by field, with
//! `tests/data/presets/NAME.expected`, or `NAME.FORM.expected` if a tool writes several forms. `UPDATE_EXPECTED=1 cargo test --test it mapping::presets` writes those files.

use super::{decode, lines, preset};
use crate::support::project::project;
use std::collections::BTreeSet;
use std::path::PathBuf;
use toleranced::internals::EventBatch;
use toleranced::internals::MappingSpec;
use toleranced::internals::PRESETS;

/// The samples of a preset, whatever their ending.
fn samples(name: &str) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(project("tests/data/presets")).unwrap();
    let files = folder.map(|entry| entry.unwrap().path());
    let is_of_preset = |file: &PathBuf| {
        let own = file.file_name().unwrap().to_str().unwrap();
        own.starts_with(&format!("{name}.")) && file.extension().unwrap() != "expected"
    };
    let mut files: Vec<PathBuf> = files.filter(is_of_preset).collect();
    assert!(!files.is_empty(), "{name} has no sample");
    files.sort();
    files
}

#[test]
fn each_preset_maps_its_samples() {
    for (name, _) in PRESETS {
        for sample in samples(name) {
            let got = lines(&decode(&preset(name), &sample));
            let file = sample.with_extension("expected");
            if std::env::var_os("UPDATE_EXPECTED").is_some() {
                std::fs::write(&file, &got).unwrap();
            }
            let want = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(
                got,
                want,
                "{}: got\n{got}\nand not\n{want}",
                sample.display()
            );
            assert!(!got.is_empty(), "{name}");
        }
    }
}

#[test]
fn events_of_one_sample_are_told_apart_and_a_second_reading_is_the_same() {
    let all = PRESETS.iter().map(|(name, _)| *name);
    for (name, sample) in
        all.flat_map(|name| samples(name).into_iter().map(move |file| (name, file)))
    {
        let mapping = preset(name);
        let identities = |batches: &[EventBatch]| -> Vec<u64> {
            let events = batches.iter().flat_map(|batch| &batch.events);
            events.map(|event| event.identity).collect()
        };
        let first = identities(&decode(&mapping, &sample));
        assert_eq!(first, identities(&decode(&mapping, &sample)), "{name}");
        // A webhook that tells of what an earlier one told already repeats that event; nothing else does.
        let repeats = first.len() - first.iter().collect::<BTreeSet<_>>().len();
        let stem = sample.file_stem().unwrap().to_str().unwrap();
        let want = match stem {
            "github-workflow-job" => 2,
            "github-workflow-run" => 3,
            "sentinel-incidents" | "redmine-issues.webhook" => 2,
            _ => 0,
        };
        assert_eq!(repeats, want, "{stem}");
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

//! The source presets: each maps a sample of its own through the real decoders, and the events are compared, field by
//! field, with `tests/data/presets/NAME.expected`. (`UPDATE_EXPECTED=1 cargo test --test presets` writes those anew.)
//!
//! Payloads of the vendors themselves are not part of the project; where a folder with them is found, they are mapped,
//! too.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toleranced::cases::KEY_SEPARATOR;
use toleranced::config::mapping::PRESETS;
use toleranced::ingest::EventBatch;
use toleranced::ingest::decode::{
    Dialect, Input, LineDecoder, decode_csv, decode_document, decode_xes, open, read_header,
};
use toleranced::ingest::mapping::{Circumstances, Mapping, compile};
use toleranced::model::Time;
use toleranced::rules::mapping::{FormatName, MappingSpec};

fn preset(name: &str) -> Mapping {
    let spec = MappingSpec::load(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let circumstances = Circumstances {
        default_process: "(default)",
        namespace: "",
        latest: Time(i64::MAX),
    };
    let file = PathBuf::from(name);
    compile(&spec, &file, circumstances).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Decodes a whole file as the program does.
fn decode(mapping: &Mapping, file: &Path) -> Vec<EventBatch> {
    let mut opened = open(&Input::File(file.to_owned()), &Arc::default()).unwrap();
    let mut batches = Vec::new();
    let mut sink = |batch: EventBatch| {
        batches.push(batch);
        ControlFlow::Continue(())
    };
    match mapping.format.or(opened.sniffed.format).unwrap() {
        FormatName::Json => decode_document(mapping, 0, opened.reader, 1 << 20, &mut sink),
        FormatName::Xes => decode_xes(mapping, 0, BufReader::new(opened.reader), &mut sink),
        format => {
            let mut bytes = Vec::new();
            opened.reader.read_to_end(&mut bytes).unwrap();
            let mut out = EventBatch::default();
            if format == FormatName::Ndjson {
                LineDecoder::new(mapping).decode(0, 0, &bytes, &mut out);
            } else {
                let end = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
                let delimiter = mapping
                    .delimiter
                    .unwrap_or(opened.sniffed.dialect.delimiter);
                let dialect = Dialect {
                    delimiter,
                    ..opened.sniffed.dialect
                };
                let header = read_header(&bytes[..end], dialect);
                decode_csv(mapping, &header, 0, end as u64, &bytes[end..], &mut out);
            }
            let _ = sink(out);
        }
    }
    batches
}

/// One line for each event, in the order of the source, then one for each reject; what is empty is left out.
fn lines(batches: &[EventBatch]) -> String {
    let mut out = String::new();
    for batch in batches {
        let text = |piece| batch.text(piece).replace(KEY_SEPARATOR, "//");
        for event in &batch.events {
            let name = |id| batch.names.text(id).to_owned();
            let mut fields = vec![
                event.time.to_string(),
                format!("[{}]", name(event.process)),
                text(event.case),
                format!("{:?}", name(event.activity)),
                event.flags.executor().to_string(),
                event.flags.lifecycle().to_string(),
                event.flags.origin().to_string(),
            ];
            fields.retain(|field| !["unknown", "step", "live"].contains(&field.as_str()));
            let mut also = |name: &str, value: String| {
                if !value.is_empty() && value != "0" {
                    fields.push(format!("{name}={value}"));
                }
            };
            also("outcome", name(event.outcome));
            also("parent", text(event.parent));
            also("sequence", event.sequence.to_string());
            also(
                "input",
                if event.input == 0 { "" } else { "yes" }.to_owned(),
            );
            out.push_str(&fields.join(" "));
            out.push('\n');
        }
        for reject in &batch.rejects {
            out.push_str(&format!("REJECT {}: {}\n", reject.reason, reject.detail));
        }
    }
    out
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The sample of a preset, whatever its ending.
fn sample(name: &str) -> PathBuf {
    let endings = ["json", "ndjson", "csv", "xes"];
    let files = endings.map(|ending| here(&format!("tests/data/presets/{name}.{ending}")));
    let found = files.iter().find(|file| file.exists());
    found
        .unwrap_or_else(|| panic!("{name} has no sample"))
        .clone()
}

#[test]
fn each_preset_maps_its_sample() {
    for (name, _) in PRESETS {
        let got = lines(&decode(&preset(name), &sample(name)));
        let file = here(&format!("tests/data/presets/{name}.expected"));
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

/// A file of the folder with the vendors' own payloads; `None`, with a message, where there is no such folder.
fn shared(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TOLERANCED_SHARED_DATA")
        .map_or_else(|| here("../shared/data"), PathBuf::from);
    if !folder.exists() {
        eprintln!("skipped: no folder {}", folder.display());
        return None;
    }
    Some(folder.join(path))
}

/// The activities and ends of a vendor's payload, without times and cases.
fn steps(name: &str, file: &Path) -> Vec<String> {
    let mut steps = Vec::new();
    for batch in decode(&preset(name), file) {
        for event in &batch.events {
            let text = |id| batch.names.text(id);
            let mut step = format!("{} {}", event.flags.lifecycle(), text(event.activity));
            if event.outcome != 0 {
                step = format!("{step} -> {}", text(event.outcome));
            }
            steps.push(step);
        }
        let rejects = batch.rejects.iter();
        steps.extend(rejects.map(|reject| format!("REJECT {}", reject.reason)));
    }
    steps
}

/// What a log counts, as in the README of the folder.
#[derive(Debug, PartialEq)]
struct Figures {
    cases: usize,
    events: usize,
    activities: usize,
    variants: usize,
    singletons: usize,
}

fn figures(batches: &[EventBatch]) -> Figures {
    let mut cases: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for batch in batches {
        for event in &batch.events {
            let order = (event.time, event.sequence, event.place);
            let step = (order, batch.names.text(event.activity));
            cases.entry(batch.text(event.case)).or_default().push(step);
        }
    }
    let events = cases.values().map(Vec::len).sum();
    let mut variants: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
    for events in cases.values_mut() {
        events.sort();
        let path = events.iter().map(|(_, activity)| *activity).collect();
        *variants.entry(path).or_default() += 1;
    }
    let activities: BTreeSet<&str> = variants.keys().flatten().copied().collect();
    Figures {
        cases: cases.len(),
        events,
        activities: activities.len(),
        variants: variants.len(),
        singletons: variants.values().filter(|count| **count == 1).count(),
    }
}

#[test]
fn reference_figures_of_real_logs() {
    // (preset, file, cases, events, activities, variants, variants of one case), as pandas counts them.
    let github = "logs/httpwg_issues.json.gz";
    for (name, file, want) in [
        ("github-issues-export", github, [685, 3746, 3, 72, 28]),
        ("github-pulls-export", github, [585, 2641, 8, 159, 128]),
        ("xes", "logs/Helpdesk.xes.gz", [4580, 21348, 14, 226, 135]),
        ("xes", "logs/env_permit.xes.gz", [1434, 8577, 27, 116, 86]),
        ("xes", "logs/SEPSIS.xes.gz", [1050, 15214, 16, 846, 784]),
    ] {
        let Some(file) = shared(file) else { return };
        let batches = decode(&preset(name), &file);
        assert!(
            batches.iter().all(|batch| batch.rejects.is_empty()),
            "{name}"
        );
        let [cases, events, activities, variants, singletons] = want;
        let want = Figures {
            cases,
            events,
            activities,
            variants,
            singletons,
        };
        assert_eq!(figures(&batches), want, "{name} {}", file.display());
    }
}

#[test]
fn payloads_of_the_vendors() {
    for (name, file, want) in [
        (
            "jira-webhook",
            "jira_webhook_cloud_resolved.trimmed.json",
            &["end Resolution set -> Done"][..],
        ),
        (
            "jira-webhook",
            "jira_webhook_server_reopened.trimmed.json",
            &["reopen Reopened"],
        ),
        (
            "thehive-webhook",
            "thehive3_webhook.jsonl",
            &["step Created"],
        ),
        (
            "thehive-webhook",
            "thehive4_case_resolved_webhook.trimmed.json",
            &["end Resolved -> TruePositive"],
        ),
        // Nothing but changes of summary and blockers.
        ("bugzilla-history", "bugzilla_history.json", &[]),
        // The story and the run are named in `meta`, which this sample does not have.
        (
            "tines-story-run-events",
            "tines_story_run_events.json",
            &["REJECT missing_case", "REJECT missing_case"],
        ),
        (
            "shuffle-execution",
            "shuffle_execution.json",
            &[
                "step Hello this is a name",
                "end Execution ended -> finished with failures",
            ],
        ),
        (
            "n8n-execution",
            "n8n_cli_execution.json",
            &[
                "step Execute Workflow Trigger",
                "step Code",
                "step node_var",
                "end Execution ended -> success",
            ],
        ),
    ] {
        let Some(file) = shared(&format!("samples/{file}")) else {
            return;
        };
        assert_eq!(steps(name, &file), want, "{}", file.display());
    }
}

#[test]
fn servicenow_rows_of_the_vendor() {
    let Some(file) = shared("samples/servicenow_incidents_REST.csv") else {
        return;
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for step in steps("servicenow-incidents", &file) {
        let step = step.split(" -> ").next().unwrap_or_default().to_owned();
        *counts.entry(step).or_default() += 1;
    }
    // 67 rows; 27 are resolved and closed; 8 in progress have a closing time left over.
    let want = [
        ("end Closed", 27),
        ("resolved Resolved", 27),
        ("step Opened", 67),
    ];
    assert_eq!(
        counts,
        want.map(|(step, count)| (step.to_owned(), count)).into()
    );
}

#[test]
fn rows_of_the_bpi_challenge_are_put_in_order() {
    let Some(file) = shared("samples/bpic2014_incident_activity.csv") else {
        return;
    };
    let batches = decode(&preset("bpic2014-incident-activity"), &file);
    let mut events: Vec<_> = batches[0].events.iter().collect();
    events.sort_by_key(|event| (event.time, event.sequence));
    let path: Vec<&str> = events
        .iter()
        .map(|event| batches[0].names.text(event.activity))
        .collect();
    assert_eq!(
        path,
        [
            "Reassignment",
            "Reassignment",
            "Assignment",
            "Operator Update",
            "Reassignment",
            "Assignment",
            "Update from customer",
            "Closed",
            "Caused By CI"
        ]
    );
    assert_eq!(events[0].time.to_string(), "2013-01-07T08:17:17Z");
}

#[test]
fn every_github_payload_maps_without_a_reject() {
    let Some(folder) = shared("samples/github") else {
        return;
    };
    let mut mapped = BTreeMap::<&str, usize>::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let stem = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let name = match stem.split('.').next() {
            Some("issues") => "github-issues-webhook",
            Some("workflow_job") => "github-workflow-job",
            Some("workflow_run") => "github-workflow-run",
            _ => continue,
        };
        let batches = decode(&preset(name), &file);
        assert!(
            batches.iter().all(|batch| batch.rejects.is_empty()),
            "{stem}: {}",
            lines(&batches)
        );
        *mapped.entry(name).or_default() += batches
            .iter()
            .map(|batch| batch.events.len())
            .sum::<usize>();
    }
    assert_eq!(mapped["github-issues-webhook"], 28, "one for each payload");
    assert!(mapped["github-workflow-job"] > 15 && mapped["github-workflow-run"] == 6);
}

#[test]
fn agent_traces_of_many_frameworks() {
    let Some(folder) = shared("agents") else {
        return;
    };
    let mut traces = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let text = lines(&decode(&preset("langfuse-trace"), &file));
        let shown = file.display();
        assert!(!text.contains("REJECT"), "{shown}: {text}");
        assert!(text.contains("outcome=completed"), "{shown}: {text}");
        assert!(text.contains(" ai"), "{shown}: {text}");
        traces += 1;
    }
    assert!(traces >= 10, "{traces} traces");
}

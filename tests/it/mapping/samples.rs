//! `check --samples`: a mapping still makes the expected events of sample logs.

use crate::support::Scratch;
use serde_json::{Value, json};

const MAPPING: &str = "case: id\nactivity: step\ntime: at\noutcome: result\n";

const LOG: &str = concat!(
    "{\"id\":\"SOC-7\",\"step\":\"Opened\",\"at\":\"2024-05-06T07:00:00Z\"}\n",
    "{\"id\":\"SOC-7\",\"step\":\"Closed\",\"at\":\"2024-05-06T08:00:00Z\",\"result\":\"false positive\"}\n",
    "{\"id\":\"SOC-8\",\"step\":\"Opened\",\"at\":\"soon\"}\n",
);

/// A folder `samples` with one sample, and a mapping.
fn project() -> Scratch {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("samples")).unwrap();
    scratch.write("samples/closed.ndjson", LOG);
    scratch.write("m.yaml", MAPPING);
    scratch
}

fn check(scratch: &Scratch, more: &[&str]) -> crate::support::Ran {
    let args = ["check", "--map", "m.yaml", "--samples", "samples"];
    scratch.run(&[&args[..], more].concat())
}

fn expected(scratch: &Scratch) -> Value {
    let text = std::fs::read_to_string(scratch.path("samples/closed.expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn written_events_are_expected_from_then_on() {
    let scratch = project();
    check(&scratch, &[])
        .ends_with(1)
        .says("no expected events")
        .says("--write");
    check(&scratch, &["--write"])
        .ends_with(0)
        .says("2 events, 1 record rejected");
    assert_eq!(
        expected(&scratch),
        json!({
            "filtered": 0,
            "rejected": {"unreadable_time": 1},
            "events": [
                {"time": "2024-05-06T07:00:00Z", "process": "closed", "case": "SOC-7", "activity": "Opened"},
                {"time": "2024-05-06T08:00:00Z", "process": "closed", "case": "SOC-7", "activity": "Closed", "outcome": "false positive"},
            ],
        })
    );
    check(&scratch, &[])
        .ends_with(0)
        .says("ok  samples/closed.ndjson");
}

#[test]
fn change_of_a_mapping_is_shown_by_event_and_field() {
    let scratch = project();
    check(&scratch, &["--write"]).ends_with(0);
    scratch.write(
        "m.yaml",
        "case: id\nactivity: step\ntime: { path: at, missing: [soon] }\n",
    );
    let ran = check(&scratch, &[]).ends_with(1);
    ran.says("samples/closed.ndjson: 1 event changed, 0 missing, 0 unexpected")
        .says("event 2, case SOC-7, Closed:")
        .says("outcome: expected `false positive`, found none")
        .says("rejected records (")
        .says("toleranced check --map m.yaml --samples samples --update");
    // Only --update overwrites.
    check(&scratch, &["--write"]).ends_with(1);
    check(&scratch, &["--update"]).ends_with(0);
    check(&scratch, &[]).ends_with(0);
    assert!(expected(&scratch)["events"][1].get("outcome").is_none());
}

#[test]
fn missing_and_unexpected_events_and_rejected_records_differ() {
    let scratch = project();
    let events = [
        json!({"time": "2024-05-06T07:00:00Z", "process": "closed", "case": "SOC-7", "activity": "Opened", "executor": "unknown"}),
        json!({"time": "2024-05-06T07:30:00Z", "process": "closed", "case": "SOC-9", "activity": "Worked"}),
        json!({"time": "2024-05-06T08:00:00Z", "process": "closed", "case": "SOC-7", "activity": "Closed", "outcome": "false positive"}),
    ];
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    scratch.write("samples/closed.expected.jsonl", lines.join("\n"));
    let ran = check(&scratch, &[]).ends_with(1);
    ran.says("0 events changed, 1 missing, 0 unexpected")
        .says("- expected event 2 is missing: {\"time\":\"2024-05-06T07:30:00Z\"")
        .says("rejected records (unreadable_time): expected 0, found 1")
        .says("`soon` is not in a known format");
    scratch.write(
        "samples/closed.expected.jsonl",
        format!("{}\n{{\"rejected\":{{\"unreadable_time\":1}}}}", lines[0]),
    );
    let ran = check(&scratch, &[]).ends_with(1);
    ran.says("+ event 2 is not expected: ")
        .does_not_say("rejected records");
}

#[test]
fn sample_without_a_mapping_is_read_as_score_reads_it() {
    let scratch = project();
    let trial =
        |trial: usize| json!({"task_id": 1, "trial": trial, "reward": 1.0, "info": {}, "traj": []});
    scratch.write("samples/closed.ndjson", "");
    std::fs::remove_file(scratch.path("samples/closed.ndjson")).unwrap();
    scratch.write(
        "samples/results.json",
        json!([trial(0), trial(1)]).to_string(),
    );
    let ran = scratch
        .run(&["check", "--samples", "samples", "--write"])
        .ends_with(0);
    ran.says("2 events, 0 records rejected (preset tau-bench)");
    scratch.run(&["check", "--samples", "samples"]).ends_with(0);
}

#[test]
fn what_cannot_be_compared_is_a_problem_with_the_next_step() {
    let scratch = project();
    check(&scratch, &["--write"]).ends_with(0);
    scratch.write("samples/old.expected.json", "{}");
    scratch.write("samples/closed.csv", "id,step,at\n1,a,2024-01-01\n");
    scratch.write("samples/notes.md", "no sample");
    let ran = check(&scratch, &[]).ends_with(1);
    ran.says("samples/old.expected.json: there is no sample with this name")
        .says("Rename all but one")
        .does_not_say("notes.md");
    std::fs::remove_file(scratch.path("samples/closed.csv")).unwrap();
    std::fs::remove_file(scratch.path("samples/old.expected.json")).unwrap();
    scratch.write("samples/closed.expected.json", "{\"events\": [1]}");
    check(&scratch, &[])
        .ends_with(1)
        .says("closed.expected.json: event 1 is not an object");
    // An invalid mapping and a folder that is not there.
    scratch.write("m.yaml", "case: id\nactivty: step\n");
    check(&scratch, &[])
        .ends_with(1)
        .says("did you mean `activity`");
    scratch
        .run(&["check", "--samples", "nowhere"])
        .ends_with(2)
        .says("nowhere");
    std::fs::create_dir(scratch.path("empty")).unwrap();
    scratch
        .run(&["check", "--samples", "empty"])
        .ends_with(1)
        .says("there is no sample");
}

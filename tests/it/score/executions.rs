//! Activities that a log tells of twice, where they start and where they complete, are one step each, also if they overlap.

use crate::support::Scratch;
use crate::support::scores::only;
use serde_json::Value;
use std::fmt::Write as _;

/// Minute, activity, transition. `Triage` goes on around the rest of the case, and two queries run side by side.
const OVERLAPPING: [(u32, &str, &str); 10] = [
    (0, "Triage", "start"),
    (5, "Enrich", "START"),
    (9, "Enrich", "COMPLETE"),
    (10, "Query mail", "start"),
    (11, "Query hosts", "start"),
    (20, "Query mail", "complete"),
    (24, "Query hosts", "complete"),
    (25, "Decide", "start"),
    (30, "Decide", "complete"),
    (31, "Triage", "complete"),
];

/// Activities by their starts.
const STEPS: [&str; 5] = ["Triage", "Enrich", "Query mail", "Query hosts", "Decide"];

const CATALOG: &str = "processes:\n  - id: desk\n    path: [Triage, Enrich, Query mail, Query hosts, Decide]\n    \
    outcomes: {Decide: 0, Triage: 1}\n";

fn time(nth: u32, minute: u32) -> String {
    let (day, hour) = (1 + nth / 4, 5 * (nth % 4));
    format!("2024-01-{day:02}T{hour:02}:{minute:02}:00Z")
}

fn csv(columns: [&str; 4]) -> String {
    let mut text = format!("{}\n", columns.join(","));
    for nth in 0..60 {
        for (minute, activity, transition) in OVERLAPPING {
            let _ = writeln!(
                text,
                "T-{nth},{activity},{transition},{}",
                time(nth, minute)
            );
        }
    }
    text
}

fn xes() -> String {
    let mut text = "<?xml version=\"1.0\"?>\n<log>\n".to_owned();
    for nth in 0..60 {
        let _ = writeln!(
            text,
            "<trace><string key=\"concept:name\" value=\"T-{nth}\"/>"
        );
        for (minute, activity, transition) in OVERLAPPING {
            let _ = writeln!(
                text,
                "<event><string key=\"concept:name\" value=\"{activity}\"/>\
                 <string key=\"lifecycle:transition\" value=\"{transition}\"/>\
                 <date key=\"time:timestamp\" value=\"{}\"/></event>",
                time(nth, minute)
            );
        }
        text.push_str("</trace>\n");
    }
    text + "</log>\n"
}

#[track_caller]
fn assert_is_read(scores: &Value) {
    assert_eq!(
        (&scores["events"], &scores["cases"]),
        (&600.into(), &60.into())
    );
    let score = only(scores);
    assert_eq!(score["outcomes"], serde_json::json!({"Decide": 60}));
    assert_eq!(
        (&score["variants"], &score["steps_mean"]),
        (&1.into(), &5.0.into())
    );
    assert_eq!(score["size_steps"], 5.0, "{}", score["size_parts"]);
    assert_eq!(score["duration_seconds"]["mean"], 31.0 * 60.0);
    assert_eq!(score["deviation"]["mean"], 0.0, "{}", score["deviation"]);
}

#[test]
fn overlapping_activities_are_read_alike_from_every_format() {
    let scratch = Scratch::new();
    let catalog = scratch.write("catalog.yaml", CATALOG);
    let named = csv(["case", "task", "lifecycle:transition", "timestamp"]);
    let other = csv(["ticket", "activity", "event_type", "time"]);
    for (name, text) in [
        ("named.csv", named),
        ("other.csv", other),
        ("log.xes", xes()),
    ] {
        let file = scratch.write(name, text);
        let flags = ["--process-name", "desk", "--catalog", &catalog, &file];
        assert_is_read(&scratch.score(&flags));
    }
}

#[test]
fn written_mapping_pairs_as_the_guess_that_it_was_written_from() {
    let scratch = Scratch::new();
    let catalog = scratch.write("catalog.yaml", CATALOG);
    let text = csv(["case", "task", "lifecycle", "timestamp"]);
    let file = scratch.write("log.csv", text);
    let write = ["inspect", &file, "--write", "map.yaml"];
    scratch.run(&write).ends_with(0);
    let flags = [
        "--map",
        "map.yaml",
        "--process-name",
        "desk",
        "--catalog",
        &catalog,
        &file,
    ];
    assert_is_read(&scratch.score(&flags));
}

#[test]
fn words_of_a_transition_can_be_translated_and_states_are_none() {
    let scratch = Scratch::new();
    let text = csv(["case", "task", "phase", "timestamp"]);
    let german = text
        .replace("complete", "fertig")
        .replace("COMPLETE", "fertig");
    let file = scratch.write("log.csv", german);
    let steps = |transition: &str| {
        let map =
            format!("case: case\nactivity: task\ntime: timestamp\ntransition: {transition}\n");
        let map = scratch.write("map.yaml", map);
        let scores = scratch.score(&["--map", &map, &file]);
        only(&scores)["steps_mean"].as_f64().unwrap()
    };
    assert_eq!(
        steps("{ path: phase, values: { fertig: complete } }"),
        STEPS.len() as f64
    );
    // Without a completion, each event is a step.
    assert_eq!(steps("phase"), OVERLAPPING.len() as f64);
}

//! Columns, presets and catalogs that are not valid.

use super::GOOD;
use crate::support::Scratch;

#[test]
fn a_missing_column_is_told_with_the_nearest_one() {
    let scratch = Scratch::new();
    scratch.write("log.csv", "Incident,Step,Zeit\n1,a,2024-01-01\n");
    let args = [
        "score",
        "log.csv",
        "--case",
        "Incidnet",
        "--activity",
        "Step",
        "--time",
        "Zeit",
    ];
    scratch
        .run(&args)
        .ends_with(1)
        .says("no column `Incidnet` (did you mean `Incident`?)");
    let args = [
        "score",
        "log.csv",
        "--case",
        "Ticket",
        "--activity",
        "Step",
        "--time",
        "Zeit",
    ];
    scratch
        .run(&args)
        .ends_with(1)
        .says("its columns are Incident, Step, Zeit");
}

#[test]
fn presets_and_catalogs_that_are_not_valid() {
    let scratch = Scratch::new();
    scratch.write("log.ndjson", GOOD);
    let unknown = scratch.run(&["score", "--map", "jira-webhok", "log.ndjson"]);
    assert_ne!(unknown.code, Some(0));
    unknown.says("jira-webhook");
    scratch.write(
        "catalog.yaml",
        "processes:\n- id: log\n  critcality: high\n",
    );
    let ran = scratch.run(&["score", "--catalog", "catalog.yaml", "log.ndjson"]);
    ran.ends_with(1)
        .says("catalog.yaml")
        .says("3")
        .says("criticality");
    scratch.write(
        "words.yaml",
        "processes:\n- id: log\n  criticality: urgent\n  outcomes: { x: bad }\n",
    );
    scratch
        .run(&["check", "--catalog", "words.yaml"])
        .ends_with(1)
        .says(
            "words.yaml:3:16: `criticality`: `urgent` is not one of negligible, low, medium, high",
        )
        .says("words.yaml:4:18: `outcomes.x`: a severity lies between 0");
    scratch
        .run(&["score", "--catalog", "none.yaml", "log.ndjson"])
        .ends_with(2)
        .says("none.yaml");
    scratch.write("map.yaml", "case: [\n");
    scratch
        .run(&["score", "--map", "map.yaml", "log.ndjson"])
        .ends_with(1)
        .says("map.yaml");
    scratch
        .run(&["score", "--time-format", "soon", "log.ndjson"])
        .ends_with(1)
        .says("`soon` is no time format");
}

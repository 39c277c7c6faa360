//! A preset that recognises a file is used without being named, and the output says so.

use crate::support::Scratch;
use crate::support::project::project;
use serde_json::json;

/// The sample of a preset.
fn sample(file: &str) -> String {
    let path = project(&format!("tests/data/presets/{file}"));
    path.to_str().unwrap().to_owned()
}

#[test]
fn recognised_file_gives_the_figures_of_its_preset() {
    let scratch = Scratch::new();
    for (file, preset) in [
        ("github-workflow-run.list.json", "github-workflow-run"),
        ("github-workflow-run.pages.ndjson", "github-workflow-run"),
        ("github-workflow-job.ndjson", "github-workflow-job"),
        ("n8n-execution.list.json", "n8n-execution"),
        ("langfuse-trace.observations.json", "langfuse-trace"),
        (
            "opentelemetry-genai.openinference.ndjson",
            "opentelemetry-genai",
        ),
        ("phoenix-spans.dataframe.csv", "phoenix-spans"),
        ("servicenow-incidents.csv", "servicenow-incidents"),
        ("jira-rest.json", "jira-rest"),
    ] {
        let file = sample(file);
        let found = scratch.score(&[&file]);
        assert_eq!(found["mappings"][0]["preset"], preset, "{file}");
        let named = scratch.score(&[&file, "--map", preset]);
        assert_eq!(found["processes"], named["processes"], "{file}");
        let table = scratch.run(&["score", &file]).ends_with(0);
        table.says(&format!("read with the preset {preset}"));
    }
}

/// Samples that are not recognised, because they mix forms, have too few fields, or are of a preset without a signature.
const NOT_RECOGNISED: [&str; 13] = [
    "airflow-dag-runs.cli.json",
    "airflow-task-instances.cli.json",
    "bpic2014-incident-activity.csv",
    "github-issues-export.json",
    "github-issues-webhook.list.json",
    "github-issues-webhook.ndjson",
    "github-pulls-export.json",
    "inspect-ai.json",
    "servicenow-incidents.all.json",
    "shuffle-execution.json",
    "stackstorm-execution.json",
    "toleranced.ndjson",
    "xes.xes",
];

#[test]
fn sample_of_a_preset_is_recognised_by_that_preset_and_by_no_other() {
    let scratch = Scratch::new();
    let folder = std::fs::read_dir(project("tests/data/presets")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for name in names.filter(|name| !name.ends_with(".expected")) {
        let ran = scratch.run(&["score", &sample(&name)]);
        let (preset, _) = name.split_once('.').unwrap();
        let is_own = ran
            .stdout
            .contains(&format!("read with the preset {preset},"));
        let is_recognised = ran.stdout.contains("read with the preset");
        let is_listed = NOT_RECOGNISED.contains(&&*name);
        assert_eq!(is_own, !is_listed, "{name}: {ran}");
        assert_eq!(is_recognised, is_own, "{name} is read with another preset");
    }
}

#[test]
fn file_whose_first_record_is_longer_than_the_sample_is_recognised() {
    let scratch = Scratch::new();
    let log = json!({
        "version": 2, "status": "success", "plan": {"steps": [{"solver": "use_tools"}, {"solver": "generate"}]},
        "samples": [{
            "id": 1, "epoch": 1, "input": "a", "target": "b", "scores": {"match": {"value": "C"}},
            "transcript": "x".repeat(400_000),
        }],
    });
    let file = scratch.write("log.json", log.to_string());
    assert_eq!(
        scratch.score(&[&file])["mappings"][0]["preset"],
        "inspect-ai"
    );
}

#[test]
fn flag_that_names_a_column_turns_recognition_off() {
    let scratch = Scratch::new();
    let file = sample("github-workflow-run.list.json");
    let found = scratch.score(&[
        &file,
        "--case",
        "id",
        "--activity",
        "status",
        "--time",
        "created_at",
    ]);
    assert!(found["mappings"][0]["preset"].is_null());
    let all = scratch.score(&[&file, "--process-name", "ours"]);
    assert_eq!(all["mappings"][0]["preset"], "github-workflow-run");
    assert_eq!(all["processes"][0]["id"], "ours");
}

#[test]
fn written_mapping_of_a_recognised_file_gives_the_same_figures() {
    let scratch = Scratch::new();
    for (file, flags) in [
        ("langfuse-trace.ndjson", vec!["--process-name", "ours"]),
        (
            "servicenow-incidents.csv",
            vec!["--time-zone", "Europe/Rome"],
        ),
        ("phoenix-spans.json", vec![]),
    ] {
        let file = sample(file);
        let call = |command: &[&str]| {
            let all: Vec<&str> = command
                .iter()
                .copied()
                .chain(flags.iter().copied())
                .collect();
            scratch.run(&all).ends_with(0)
        };
        call(&["inspect", &file, "--write", "m.yaml", "--force"]);
        let mut guessed = vec![&*file];
        guessed.extend(&flags);
        let written = scratch.score(&[&file, "--map", "m.yaml"]);
        assert_eq!(
            scratch.score(&guessed)["processes"],
            written["processes"],
            "{file}"
        );
    }
}

#[test]
fn file_with_some_fields_of_a_tool_is_guessed() {
    let scratch = Scratch::new();
    // Several rows an incident: a history, which the preset of the table would read as the same milestones again.
    let row = |n: usize| {
        format!(
            "INC{},2024-01-{:02} 08:00:00,{},2024-01-{:02} 0{}:00:00\n",
            n / 3,
            n / 3 + 1,
            n % 3 + 1,
            n / 3 + 1,
            n % 3
        )
    };
    let rows: String = (0..30).map(row).collect();
    let file = scratch.write(
        "log.csv",
        format!("number,opened_at,incident_state,sys_updated_on\n{rows}"),
    );
    assert!(scratch.score(&[&file])["mappings"][0]["preset"].is_null());
    let record = |n: usize| {
        json!({"workflowId": "w", "case": n / 2, "activity": "a", "time": 1_700_000_000 + n})
            .to_string()
    };
    let lines: String = (0..20).map(|n| record(n) + "\n").collect();
    let file = scratch.write("log.ndjson", lines);
    assert!(scratch.score(&[&file])["mappings"][0]["preset"].is_null());
}

#[test]
fn preset_is_not_offered_for_a_file_with_an_id_and_a_time_only() {
    let scratch = Scratch::new();
    let record = |n: usize| {
        let (start, end) = (1_714_550_400 + n * 3600, 1_714_550_900 + n * 3600);
        json!({"id": n, "workflow": "isolate", "status": "done", "started_at": start, "finished_at": end})
    };
    let lines: String = (0..20).map(|n| format!("{}\n", record(n))).collect();
    let file = scratch.write("runs.ndjson", lines);
    let mapping = &scratch.score(&[&file])["mappings"][0];
    assert!(mapping["guessed"].is_string());
    assert!(mapping["looks_like_preset"].is_null(), "{mapping}");
}

#[test]
fn presets_are_listed_shown_and_explained() {
    let scratch = Scratch::new();
    let listed = scratch.run(&["presets"]).ends_with(0);
    listed.says("github-workflow-run").says("recognised");
    let shown = scratch.run(&["presets", "show", "jira-rest"]).ends_with(0);
    shown
        .says("# Source of the fields")
        .says("each: changelog.histories[].items[]");
    let explained = scratch
        .run(&["presets", "explain", "github-workflow-run"])
        .ends_with(0);
    explained
        .says("Source of the fields")
        .says("Steps of a case")
        .says("`Completed`")
        .says("startup_failure");
    scratch
        .run(&["presets", "explain", "swe-bench"])
        .ends_with(0)
        .says("any, with a text like \"patch_successfully_applied\":");
    let unknown = scratch.run(&["presets", "show", "jira-rst"]).ends_with(1);
    assert!(
        unknown.stderr.contains("did you mean `jira-rest`?"),
        "{unknown}"
    );
}

//! What `score` prints: JSON for programs, a table for people; exit codes; the examples of `--help`.

mod score_common;

use score_common::{Ran, Scratch, csv, gz, ndjson, only, rows, xes};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

/// Every key of the issue, at the top level and for each process.
const TOP: [&str; 4] = ["events", "cases", "quarantined", "processes"];
const PROCESS: [&str; 28] = [
    "id",
    "cases",
    "open_cases",
    "events",
    "activities",
    "variants",
    "cases_per_week",
    "size_steps",
    "steps_mean",
    "duration_seconds",
    "outcomes",
    "outcome_variance",
    "reopened",
    "complexity",
    "frequency",
    "criticality",
    "tolerance",
    "required_class",
    "achieved_class",
    "permissible_deviation",
    "deviation",
    "status",
    "capability",
    "recommendation",
    "reason",
    "name",
    "executor",
    "notes",
];

/// Output in which every part of the document occurs: guessed, refused and failed, with and without evidence.
fn rich() -> Value {
    let scratch = Scratch::new();
    scratch.write(
        "tickets.csv",
        format!("{}T-1,open,soon,\n", csv(&rows(), ',')),
    );
    scratch.write(
        "catalog.yaml",
        "processes:\n- { id: never-seen, name: Never seen, criticality: high }\n",
    );
    let args = [
        "score",
        "--format",
        "json",
        "--window",
        "90d",
        "--catalog",
        "catalog.yaml",
    ];
    scratch
        .run(&[&args[..], &["tickets.csv", "missing.csv"]].concat())
        .ends_with(1)
        .json()
}

#[test]
fn json_has_the_keys_that_are_promised() {
    let scores = rich();
    for key in TOP {
        assert!(scores.get(key).is_some(), "no {key}");
    }
    for process in scores["processes"].as_array().unwrap() {
        for key in PROCESS {
            assert!(process.get(key).is_some(), "no {key} in {process}");
        }
    }
    let tickets = score_common::process(&scores, "tickets");
    for (key, parts) in [
        ("duration_seconds", &["mean", "p50", "p95"]),
        ("deviation", &["mean", "lower", "upper"]),
    ] {
        let keys: Vec<&String> = tickets[key].as_object().unwrap().keys().collect();
        assert_eq!(keys, parts.as_slice(), "{key}");
    }
    let unseen = score_common::process(&scores, "never-seen");
    for key in [
        "duration_seconds",
        "deviation",
        "recommendation",
        "steps_mean",
        "size_steps",
        "outcome_variance",
        "capability",
    ] {
        assert!(
            unseen[key].is_null(),
            "{key} of a process without cases: {}",
            unseen[key]
        );
    }
}

/// Paths of keys such as `processes[].deviation.mean`; the outcomes are keyed by names from the log.
fn paths(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items
            .iter()
            .for_each(|item| paths(item, &format!("{at}[]"), found)),
        Value::Object(map) => {
            for (key, value) in map {
                let name = if at.ends_with("outcomes") {
                    "NAME"
                } else {
                    key.as_str()
                };
                let below = if at.is_empty() {
                    name.to_owned()
                } else {
                    format!("{at}.{name}")
                };
                found.insert(below.clone());
                paths(value, &below, found);
            }
        }
        _ => {}
    }
}

/// A whole SOC over two months, with everything that the catalog can say: shadow runs, drills, agreement, hours, parts.
fn whole_soc() -> Value {
    let scratch = Scratch::new();
    let args = [
        "simulate",
        "--from",
        "2026-01-01",
        "--span",
        "240d",
        "-o",
        "soc.ndjson",
        "--catalog",
        "catalog.yaml",
    ];
    scratch.run(&args).ends_with(0);
    let catalog = std::fs::read_to_string(scratch.path("catalog.yaml")).unwrap();
    let more = "id: service-desk\n    drivers: drivers.csv\n    frequency: low\n    wrong_outcome_hours: 4";
    scratch.write(
        "catalog.yaml",
        catalog.replacen("id: service-desk", more, 1),
    );
    let monday = chrono::NaiveDate::from_ymd_opt(2025, 12, 29).unwrap();
    let mut drivers = "date,hosts,flat\n".to_owned();
    for week in 0..40u64 {
        let date = monday + chrono::Days::new(7 * week);
        drivers.push_str(&format!("{date},{},7\n", 100 + 50 * (week * 7 % 5)));
    }
    scratch.write("drivers.csv", drivers);
    scratch.score(&["--catalog", "catalog.yaml", "soc.ndjson"])
}

#[test]
fn the_document_of_the_json_output_knows_each_key_and_no_other() {
    let mut found = BTreeSet::new();
    paths(&rich(), "", &mut found);
    paths(&whole_soc(), "", &mut found);
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/score-json.md");
    let text = std::fs::read_to_string(file).unwrap();
    let documented: BTreeSet<String> = text
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `")?.split_once("` |")?.0.to_owned()))
        .collect();
    let unknown: Vec<&String> = found.difference(&documented).collect();
    assert!(unknown.is_empty(), "not documented: {unknown:#?}");
    // What is withheld says why, each reason with figures of its own, and not every reason occurs here; no part of this SOC
    // comes back too often.
    let rare = |key: &&String| key.contains("withheld.") || key.contains("jump_back.");
    let missing: Vec<&String> = documented
        .difference(&found)
        .filter(|key| !rare(key))
        .collect();
    assert!(missing.is_empty(), "documented and not there: {missing:#?}");
    let example = text
        .split("```json\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let example: Value = serde_json::from_str(example).unwrap();
    let mut shown = BTreeSet::new();
    paths(&example, "", &mut shown);
    assert!(shown.is_subset(&found), "{:?}", shown.difference(&found));
}

#[test]
fn no_number_is_infinite_or_none_at_all() {
    let logs = [
        "case,activity,time\n1,a,2024-01-01\n".to_owned(),
        "case,activity,time\n1,a,2024-01-01\n1,a,2024-01-01\n2,a,2024-01-01\n".to_owned(),
        "case,activity,time,outcome\n1,a,2024-01-01,failed\n2,a,2024-01-02,failed\n".to_owned(),
    ];
    for log in logs {
        let ran = Scratch::new()
            .run_with(&["score", "-", "--format", "json"], log.as_bytes())
            .ends_with(0);
        // serde_json writes what is not finite as null; where null means "unknown" it must be so.
        let scores = ran.json();
        let score = only(&scores);
        for key in [
            "cases_per_week",
            "size_steps",
            "steps_mean",
            "duration_seconds",
            "outcome_variance",
            "permissible_deviation",
        ] {
            assert!(!score[key].is_null(), "{key} of {log}");
        }
        let table = Scratch::new()
            .run_with(&["score", "-"], log.as_bytes())
            .ends_with(0);
        table.does_not_say("NaN").does_not_say(" inf");
    }
}

#[test]
fn spreads_of_durations_that_hardly_differ_are_not_compared() {
    // People and code take an hour, give or take up to five times so many seconds.
    let test = |human: i64, code: i64| {
        let mut log = String::from("case,activity,time,executor\n");
        for nth in 0..200 {
            let begin = 1_767_225_600 + nth * 7200;
            for (kind, seconds) in [("human", human), ("code", code)] {
                let end = begin + 3600 + (nth % 11 - 5) * seconds;
                let case = format!("{kind}{nth}");
                log += &format!("{case},open,{begin},{kind}\n{case},close,{end},{kind}\n");
            }
        }
        let scratch = Scratch::new();
        let file = scratch.write("log.csv", log);
        only(&scratch.score(&[&file]))["duration_spread_test"].clone()
    };
    assert!(test(100, 300)["p_value"].as_f64().unwrap() < 1e-6);
    assert_eq!(test(2, 8), Value::Null);
    assert_eq!(test(2, 300), Value::Null);
}

#[test]
fn the_table_of_a_simulated_log() {
    let scratch = Scratch::new();
    let args = [
        "simulate",
        "--from",
        "2026-01-01",
        "--span",
        "14d",
        "-o",
        "soc.ndjson",
        "--catalog",
        "catalog.yaml",
    ];
    scratch.run(&args).ends_with(0);
    let ran = scratch
        .run(&["score", "--catalog", "catalog.yaml", "soc.ndjson"])
        .ends_with(0);
    insta::assert_snapshot!("table", ran.stdout);
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_pipe_gets_neither_colour_nor_progress_bar() {
    let scratch = Scratch::new();
    scratch.write("log.csv", csv(&rows(), ','));
    for args in [
        &["score", "log.csv"][..],
        &["score", "log.csv", "--format", "json"],
        &["score", "--help"],
    ] {
        let ran = scratch.run(args).ends_with(0);
        assert!(
            !ran.stdout.contains('\x1b') && !ran.stdout.contains('\r'),
            "{ran}"
        );
        assert_eq!(ran.stderr, "");
    }
    let ran = scratch.run(&["score", "missing.csv"]).ends_with(2);
    assert!(!ran.stderr.contains('\x1b'), "{ran}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let scratch = Scratch::new();
    let many: String = (0..3000)
        .map(|n| format!("{n},a,2024-01-01,process {n}\n"))
        .collect();
    scratch.write("log.csv", format!("case,activity,time,process\n{many}"));
    for args in [
        &["score", "log.csv", "--process", "process"][..],
        &[
            "score",
            "log.csv",
            "--process",
            "process",
            "--format",
            "json",
        ],
        &["simulate", "--events", "100000"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_toleranced"))
            .current_dir(scratch.folder())
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::with_capacity(16, child.stdout.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        let ran = Ran::new(child.wait_with_output().unwrap(), args);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
        assert!(!first.is_empty());
    }
}

#[test]
fn exit_codes() {
    let scratch = Scratch::new();
    scratch.write("good.csv", csv(&rows(), ','));
    scratch.write("empty.csv", "");
    let code = |args: &[&str]| scratch.run(args).code;
    assert_eq!(code(&["score", "good.csv"]), Some(0));
    assert_eq!(code(&["score", "--help"]), Some(0));
    assert_eq!(code(&["--version"]), Some(0));
    assert_eq!(code(&["score", "empty.csv"]), Some(1));
    assert_eq!(code(&["score", "good.csv", "empty.csv"]), Some(1));
    assert_eq!(code(&["score", "good.csv", "--case", "none"]), Some(1));
    assert_eq!(code(&["score", "missing.csv"]), Some(2));
    assert_eq!(code(&["score", "good.csv", "--format", "xml"]), Some(2));
    assert_eq!(code(&["no-such-command"]), Some(2));
    assert_eq!(code(&["simulate", "--span", "long"]), Some(2));
}

#[test]
fn what_was_guessed_is_said_and_how_to_save_it() {
    let scratch = Scratch::new();
    scratch.write("my tickets.csv", csv(&rows(), ','));
    let ran = scratch.run(&["score", "my tickets.csv"]).ends_with(0);
    let ran = ran.says("guessed case = case, activity = activity, time = time, outcome = outcome");
    let line = ran
        .stdout
        .lines()
        .find_map(|line| line.split_once("Save the mapping with: "));
    let command = line.expect("how to save it").1;
    assert_eq!(
        command,
        "toleranced inspect 'my tickets.csv' --write mapping.yaml"
    );
    shell(&scratch, command).ends_with(0);
    let saved = scratch.score(&["--map", "mapping.yaml", "my tickets.csv"]);
    assert_eq!(
        saved["processes"],
        scratch.score(&["my tickets.csv"])["processes"]
    );
}

/// Runs a line as a shell does, with the program on the path.
fn shell(scratch: &Scratch, line: &str) -> Ran {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_toleranced"));
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-ec", line])
        .current_dir(scratch.folder())
        .env(
            "PATH",
            format!("{}:{path}", program.parent().unwrap().display()),
        )
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    Ran::new(output, &[line])
}

#[test]
fn the_examples_of_help_work_as_printed() {
    for command in ["score", "simulate", "inspect", "init", "check"] {
        let scratch = Scratch::new();
        let help = scratch.run(&[command, "--help"]).ends_with(0).stdout;
        let examples: Vec<&str> = help
            .lines()
            .skip_while(|line| !line.starts_with("Examples:"))
            .skip(1)
            .take_while(|line| !line.trim().is_empty())
            .map(str::trim)
            .collect();
        assert!(examples.len() >= 2, "{command}: {help}");
        for example in examples {
            // Every example stands for itself, in a folder with the files that they speak of.
            let scratch = Scratch::new();
            let columns =
                csv(&rows(), ',').replacen("case,activity,time", "Incident ID,Step,DateStamp", 1);
            scratch.write("tickets.csv", columns);
            scratch.write("log.xes.gz", gz(xes(&rows())));
            scratch.write("runs.ndjson.gz", gz(ndjson(&rows())));
            if !example.contains("init") && !example.contains("--write") {
                shell(&scratch, "toleranced init --folder . tickets.csv").ends_with(0);
                shell(
                    &scratch,
                    "test -f mapping.yaml || toleranced inspect tickets.csv --write mapping.yaml",
                )
                .ends_with(0);
            }
            // A place that only root may write to.
            let example = example.replace("/etc/toleranced/", "");
            shell(&scratch, &example).ends_with(0);
        }
    }
}

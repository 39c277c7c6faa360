//! Commands that the program prints work as printed.

use crate::support::formats::{csv, gz, ndjson, rows, xes};
use crate::support::{BINARY, Ran, Scratch};
use std::process::{Command, Stdio};

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
    let program = std::path::Path::new(BINARY);
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
            if example.contains("--samples") {
                shell(
                    &scratch,
                    "mkdir -p tests/samples && cp tickets.csv tests/samples && toleranced check --map mapping.yaml --samples tests/samples --write",
                )
                .ends_with(0);
            }
            // A place that only root may write to.
            let example = example.replace("/etc/toleranced/", "");
            shell(&scratch, &example).ends_with(0);
        }
    }
}

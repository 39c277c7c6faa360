//! Exit codes.

use crate::support::formats::{csv, rows};
use crate::support::{BINARY, Ran, Scratch};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

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
        let mut child = Command::new(BINARY)
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

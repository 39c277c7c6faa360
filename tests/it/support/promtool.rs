//! Prometheus' own tool. Tests that need it are skipped with a message if it is absent.

use super::binary::texts;
use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs promtool with something on standard input; `None`, with a message, if it is absent.
pub(crate) fn promtool<S: AsRef<OsStr>>(args: &[&str], files: &[S], stdin: &str) -> Option<Output> {
    let child = Command::new("promtool")
        .args(args)
        .args(files)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: no promtool on the PATH (Debian: apt-get install prometheus)");
        return None;
    };
    let mut pipe = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // Most commands read nothing.
        scope.spawn(move || drop(pipe.write_all(stdin.as_bytes())));
        Some(child.wait_with_output().unwrap())
    })
}

/// Checks that promtool succeeds and that its linter finds nothing.
#[track_caller]
pub(crate) fn assert_promtool_accepts<S: AsRef<OsStr>>(args: &[&str], files: &[S]) {
    let Some(output) = promtool(args, files, "") else {
        return;
    };
    let (out, errors) = texts(&output);
    assert!(output.status.success(), "{out}{errors}");
    // What its linter finds leaves the exit code as it is.
    let complaint = ["FAILED", "duplicate"];
    let complains = |text: &String| complaint.iter().any(|word| text.contains(word));
    assert!(![&out, &errors].into_iter().any(complains), "{out}{errors}");
}

/// Writes the blocks of Prometheus from a file in the OpenMetrics format. Needs promtool.
#[track_caller]
pub(crate) fn make_blocks(openmetrics: &str, data: &str) {
    let args = [
        "tsdb",
        "create-blocks-from",
        "--max-block-duration=486h",
        "openmetrics",
    ];
    let made = promtool(&args, &[openmetrics, data], "").expect("promtool");
    assert!(made.status.success(), "{made:?}");
}

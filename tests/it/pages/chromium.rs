//! The pages and reports in Chromium, driven by the scripts in tests/browser. Screenshots are left in target/screenshots.

use crate::support::fleets::{soc, thousand};
use crate::support::heavy::Turn;
use crate::support::project::project;
use std::path::PathBuf;
use std::process::Command;

/// Where Chromium is.
fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let usual = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];
    let usual = usual.into_iter().map(PathBuf::from);
    named.into_iter().chain(usual).find(|path| path.exists())
}

/// A script of tests/browser with Chromium, and where its pictures go; nothing where that can't be had.
fn script(name: &str) -> Option<(Command, PathBuf)> {
    let folder = project("tests/browser");
    let node = Command::new("node").arg("--version").output();
    let packages = folder.join("node_modules/html-validate").exists();
    let (Some(chromium), true, true) = (chromium(), node.is_ok(), packages) else {
        println!(
            "skipped: needs node, Chromium and `npm ci` in tests/browser; `./test` installs them"
        );
        return None;
    };
    let screenshots = project("target/screenshots");
    std::fs::create_dir_all(&screenshots).unwrap();
    let mut command = Command::new("node");
    command.arg(folder.join(name)).env("CHROMIUM", chromium);
    Some((command, screenshots))
}

fn assert_content(mut command: Command) {
    let run = command.output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    println!("{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{said}");
}

#[test]
fn pages_in_chromium() {
    let Some((mut command, screenshots)) = script("run.mjs") else {
        return;
    };
    let _turn = Turn::take();
    let (_soc_home, soc) = soc();
    let (_fleet_home, fleet) = thousand();
    command
        .arg(format!("http://{}", soc.address()))
        .arg(format!("http://{}", fleet.address()))
        .arg(screenshots);
    assert_content(command);
}

/// The sample in docs/ (report/formats.rs keeps it true), and the report on a fleet of a thousand with hostile names in it.
#[test]
fn reports_in_chromium() {
    let Some((mut command, screenshots)) = script("report.mjs") else {
        return;
    };
    let _turn = Turn::take();
    let folder = tempfile::tempdir().unwrap();
    let sample = project("docs/sample-report.html");
    std::fs::copy(sample, folder.path().join("report-sample.html")).unwrap();
    let (home, daemon) = soc();
    daemon.stop();
    for (format, name) in [
        ("html", "report-soc.html"),
        ("pdf-ready", "report-print.html"),
    ] {
        let output = folder.path().join(name);
        let period = [
            "report",
            "--period",
            "2026-02-01..2026-03-01",
            "--format",
            format,
            "--output",
        ];
        let out = home.run(&[&period[..], &[output.to_str().unwrap()]].concat());
        assert!(out.status.success(), "{out:?}");
    }
    command.arg(folder.path()).arg(screenshots);
    assert_content(command);
}

//! The formats: the same bytes every time, hostile names, files, and the sample.

use super::{filled, report};
use crate::support::project::project;
use crate::support::toleranced;

#[test]
fn the_same_database_gives_the_same_bytes_in_every_format() {
    let home = filled();
    for format in ["html", "md", "json", "csv", "pdf-ready"] {
        let first = report(&home, &["--format", format]);
        assert_eq!(first, report(&home, &["--format", format]), "{format}");
        // As the ending of the file says.
        if format == "pdf-ready" {
            continue;
        }
        let file = home.text_path(&format!("report.{format}"));
        report(&home, &["--output", &file]);
        assert_eq!(std::fs::read_to_string(file).unwrap(), first);
    }
}

#[test]
fn hostile_names_come_out_harmless() {
    let home = filled();
    let html = report(&home, &["--format", "html"]);
    assert!(
        html.contains("&lt;script&gt;") && !html.contains("<script"),
        "{html}"
    );
    assert!(!html.contains('\u{202e}'));
    // Nothing is loaded from anywhere.
    for loading in ["src=", "href=", "url(", "@import"] {
        assert!(!html.contains(loading), "{loading}");
    }
    let md = report(&home, &["--format", "md"]);
    assert!(
        !md.contains("<script>") && !md.contains("[x](") && !md.contains('\u{202e}'),
        "{md}"
    );
    let csv = report(&home, &["--format", "csv"]);
    let formulas = csv.lines().flat_map(|line| line.split(','));
    for field in formulas.map(|field| field.trim_start_matches('"')) {
        assert!(!field.starts_with(['=', '+', '@']), "{field}");
    }
}

/// The sample is simulated, so it is the same every time. `TOLERANCED_UPDATE=1 cargo test --test it report::formats` writes what it is
/// compared with, in docs/ and tests/snapshots/.
#[test]
fn the_sample_is_as_it_was_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().to_str().unwrap();
    let formats = "html,md,json,csv,pdf-ready";
    let out = toleranced(&[
        "report", "--sample", "--format", formats, "--output", output,
    ]);
    assert!(out.status.success(), "{out:?}");
    for (ending, file) in [
        ("html", "docs/sample-report.html"),
        ("md", "docs/sample-report.md"),
        ("json", "tests/snapshots/sample-report.json"),
        ("csv", "tests/snapshots/sample-report.csv"),
        ("print.html", "tests/snapshots/sample-report.print.html"),
    ] {
        let made = folder.path().join(format!("tolerance-2026-03.{ending}"));
        let made = std::fs::read_to_string(made).unwrap();
        let kept = project(file);
        if std::env::var_os("TOLERANCED_UPDATE").is_some() {
            std::fs::write(&kept, &made).unwrap();
        }
        let kept = std::fs::read_to_string(&kept).unwrap_or_default();
        // Not `assert_eq`: nobody wants to read both of them.
        let differs = made.lines().zip(kept.lines()).position(|(a, b)| a != b);
        assert!(
            made == kept,
            "{file} is not what is made now, from line {differs:?} on; if that is meant, TOLERANCED_UPDATE=1 writes it"
        );
    }
}

#[test]
fn several_formats_go_into_a_folder() {
    let home = filled();
    let folder = home.text_path("reports");
    report(&home, &["--format", "md,csv", "--output", &folder]);
    for ending in ["md", "csv"] {
        let name = format!("reports/tolerance-2026-03-01-2026-03-31.{ending}");
        assert!(home.path(&name).exists(), "{name}");
    }
    let out = home.run(&["report", "--format", "md,csv"]);
    assert_eq!(out.status.code(), Some(2), "{out:?}");
}

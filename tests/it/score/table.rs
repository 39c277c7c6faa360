//! The table of `score`.

use crate::support::Scratch;
use crate::support::formats::{csv, rows};

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

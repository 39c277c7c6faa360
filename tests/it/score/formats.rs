//! The same events give the same figures, however they are written down.

use crate::support::Scratch;
use crate::support::formats::{csv, gz, json, latin1, ndjson, rows, utf16, xes, zst};
use crate::support::scores::only;
use serde_json::Value;

const NAME: [&str; 2] = ["--process-name", "tickets"];

fn named(scratch: &Scratch, file: &str) -> Value {
    scratch.score(&[&NAME[..], &[file]].concat())
}

/// The figures of the events, read from the plainest file.
fn want(scratch: &Scratch) -> Value {
    let file = scratch.write("want.ndjson", ndjson(&rows()));
    let scores = named(scratch, &file);
    assert_eq!(scores["events"], 53);
    assert_eq!(only(&scores)["variants"], 2);
    only(&scores).clone()
}

#[test]
fn formats_compressions_and_encodings() {
    let scratch = Scratch::new();
    let want = want(&scratch);
    let comma = csv(&rows(), ',');
    let semicolon = csv(&rows(), ';');
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("comma.csv", comma.clone().into()),
        ("semicolon.csv", semicolon.clone().into()),
        ("tab.tsv", csv(&rows(), '\t').into()),
        ("bar.txt", csv(&rows(), '|').into()),
        ("unix.csv", comma.replace("\r\n", "\n").into()),
        ("no end.csv", comma.trim_end().into()),
        ("mark.csv", format!("\u{feff}{comma}").into()),
        ("latin1.csv", latin1(&comma)),
        ("le.csv", utf16(&semicolon, false, true)),
        ("be.csv", utf16(&semicolon, true, true)),
        ("le without mark.csv", utf16(&comma, false, false)),
        ("be without mark.csv", utf16(&comma, true, false)),
        ("le.ndjson", utf16(&ndjson(&rows()), false, true)),
        ("log.json", json(&rows()).into()),
        (
            "wrapped.json",
            format!(
                "{{\"version\": 2, \"data\": {{\"items\": {}}}}}",
                json(&rows())
            )
            .into(),
        ),
        ("mark.json", format!("\u{feff}{}", json(&rows())).into()),
        ("log.xes", xes(&rows()).into()),
        ("log.csv.gz", gz(&comma)),
        ("log.ndjson.zst", zst(ndjson(&rows()))),
        ("log.xes.gz", gz(xes(&rows()))),
        ("log.json.gz", gz(json(&rows()))),
        (
            "two members.gz",
            [gz(&comma[..700]), gz(&comma[700..])].concat(),
        ),
        ("le.csv.gz", gz(utf16(&comma, false, true))),
        ("name says nothing", comma.clone().into()),
    ];
    for (name, bytes) in files {
        let file = scratch.write(name, bytes);
        let scores = named(&scratch, &file);
        assert_eq!(scores["quarantined"], 0, "{name}: {}", scores["quarantine"]);
        assert_eq!(only(&scores), &want, "{name}");
    }
}

#[test]
fn standard_input() {
    let scratch = Scratch::new();
    let want = want(&scratch);
    for bytes in [
        ndjson(&rows()).into_bytes(),
        csv(&rows(), ';').into(),
        gz(xes(&rows())),
        zst(json(&rows())),
    ] {
        let args = [
            "score",
            "-",
            "--format",
            "json",
            "--process-name",
            "tickets",
        ];
        let scores = scratch.run_with(&args, &bytes).ends_with(0).json();
        assert_eq!(only(&scores), &want);
    }
    let table = scratch.run_with(&["score", "-"], ndjson(&rows()).as_bytes());
    table
        .ends_with(0)
        .says("standard input: guessed case = case")
        .does_not_say("--write");
}

#[test]
fn several_files_in_several_formats_are_one_log() {
    let scratch = Scratch::new();
    let want = want(&scratch);
    // Cut in the middle of a case.
    let rows = rows();
    let (first, rest) = rows.split_at(21);
    let (second, third) = rest.split_at(13);
    let files = [
        scratch.write("3.json", json(third)),
        scratch.write("1.csv", csv(first, ';')),
        scratch.write("2.ndjson.gz", gz(ndjson(second))),
    ];
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    assert_eq!(only(&scratch.score(&[&NAME[..], &files].concat())), &want);
}

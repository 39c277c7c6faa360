//! Files that are no log, are damaged, or cannot be opened.

use super::{GOOD, junk, score};
use crate::support::Scratch;
use crate::support::formats::{gz, json, rows, xes, zst};
use crate::support::scores::refused;
use std::fmt::Write as _;

#[test]
fn files_that_are_no_log_are_named_with_what_is_wrong() {
    let not = "neither NDJSON, JSON, CSV, XES";
    score("junk", junk(100_000))
        .ends_with(1)
        .says("junk: ")
        .says(not);
    score("zeros", vec![0; 100_000]).ends_with(1).says(not);
    score("page.html", "<html><body>Log in first</body></html>")
        .ends_with(1)
        .says(not);
    score("words.txt", "just some words\nand more of them\n")
        .ends_with(1)
        .says(not);
    score("empty.csv", "")
        .ends_with(1)
        .says("empty.csv: the file is empty");
    score("blank.csv", " \n\n")
        .ends_with(1)
        .says("the file is empty");
    score("empty.gz", gz(""))
        .ends_with(1)
        .says("the file is empty");
    score("header.csv", "case,activity,time\n")
        .ends_with(1)
        .says("no event could be read");
    score("none.json", "[]").ends_with(1);
    score("number.json", "[1,2,3]").ends_with(1);
    score("log.xes", "<log></log>").ends_with(1);
}

#[test]
fn what_people_take_for_a_log_is_told_with_what_to_do() {
    let book = [b"PK\x03\x04".as_slice(), &junk(1000)].concat();
    score("tickets.xlsx", book)
        .ends_with(1)
        .says("Save it as CSV");
    let titled = "Report of tickets\n\ncase,activity,time\n1,a,2024-01-01\n1,b,2024-01-02\n";
    score("titled.csv", titled)
        .ends_with(0)
        .says("\"events\": 2");
}

#[test]
fn files_that_can_not_be_opened() {
    let scratch = Scratch::new();
    let missing = scratch.run(&["score", "missing.csv"]).ends_with(2);
    assert_eq!(
        missing.stderr.matches("No such file").count(),
        1,
        "{missing}"
    );
    let folder = scratch
        .run(&["score", "."])
        .ends_with(2)
        .says("is a folder");
    assert_eq!(folder.stderr.matches("is a folder").count(), 1, "{folder}");
    scratch.run(&["score"]).ends_with(2).says("FILE");
    scratch
        .run(&["score", "a", "--formt", "json"])
        .ends_with(2)
        .says("--format");
}

#[cfg(unix)]
#[test]
fn a_file_without_permission() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new();
    let file = scratch.write("secret.ndjson", GOOD);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o0)).unwrap();
    if std::fs::read(&file).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    scratch
        .run(&["score", &file])
        .ends_with(2)
        .says("Permission denied");
}

#[test]
fn a_file_that_fails_does_not_lose_the_others() {
    let scratch = Scratch::new();
    scratch.write("good.ndjson", GOOD);
    scratch.write("junk", junk(1000));
    let ran = scratch
        .run(&[
            "score",
            "--format",
            "json",
            "missing",
            "good.ndjson",
            "junk",
        ])
        .ends_with(1);
    let (scores, failed) = (ran.json(), ran.json()["failed"].clone());
    assert_eq!(
        (&scores["events"], failed.as_array().map(Vec::len)),
        (&1.into(), Some(2))
    );
    ran.says("missing: No such file")
        .says("junk: neither NDJSON");
}

#[test]
fn damaged_archives_keep_what_comes_before_the_damage() {
    let log = (0..20_000).fold(String::new(), |mut log, row| {
        let _ = writeln!(
            log,
            "{{\"case\":\"{row}\",\"activity\":\"a{}\",\"time\":\"2024-01-01T00:00:00Z\"}}",
            row % 7
        );
        log
    });
    let packed = gz(&log);
    let cut = score("log.ndjson.gz", &packed[..packed.len() / 2])
        .ends_with(0)
        .json();
    assert!(cut["events"].as_u64() > Some(1000), "{cut}");
    assert!(refused(&cut, "truncated") >= 1, "{}", cut["quarantine"]);
    let mut flipped = packed;
    let middle = flipped.len() / 2;
    flipped[middle..middle + 64].copy_from_slice(&junk(64));
    let damaged = score("log.ndjson.gz", flipped).ends_with(0).json();
    assert!(damaged["quarantined"].as_u64() >= Some(1), "{damaged}");
    let zst = zst(&log);
    let cut = score("log.ndjson.zst", &zst[..zst.len() / 2])
        .ends_with(0)
        .json();
    assert!(refused(&cut, "truncated") >= 1, "{}", cut["quarantine"]);
    // Nothing readable at all.
    score("short.gz", &gz(&log)[..12]).ends_with(1);
}

#[test]
fn documents_that_break_off_keep_their_first_records() {
    let rows = rows();
    let document = json(&rows);
    let scores = score("log.json", &document[..document.len() - 100])
        .ends_with(0)
        .json();
    assert_eq!(
        (&scores["events"], &scores["quarantined"]),
        (&52.into(), &1.into())
    );
    let log = xes(&rows);
    let scores = score("log.xes", &log[..log.len() - 100])
        .ends_with(0)
        .json();
    assert!(scores["events"].as_u64() >= Some(50), "{scores}");
    assert_eq!(scores["quarantined"], 1);
}

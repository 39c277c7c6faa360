//! Modules may only use those below them: read from the `use` lines, so that an arrow that points up
//! fails here and not in a review.

use crate::support::project::project;
use std::path::{Path, PathBuf};

/// The rooms, lowest first.
const ROOMS: [&str; 15] = [
    "model", "config", "stats", "cases", "measure", "score", "drift", "simulate", "ingest",
    "assemble", "store", "daemon", "export", "report", "web",
];

/// Arrows beside the order, with the reason.
const ALLOWED: [(&str, &str); 0] = [];

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn rank(room: &str) -> Option<usize> {
    ROOMS.iter().position(|known| *known == room)
}

/// Every room that a file speaks of: `crate::ROOM` anywhere, and the names in `use crate::{a, b}`.
fn rooms_named(text: &str) -> Vec<&str> {
    text.match_indices("crate::")
        .filter_map(|(at, found)| {
            let rest = &text[at + found.len()..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
            Some(&rest[..end])
        })
        .collect()
}

#[test]
fn arrows_point_down_only() {
    let source = project("src");
    let mut wrong = Vec::new();
    let mut checked = 0;
    for room in ROOMS {
        let mut files = Vec::new();
        rust_files(&source.join(room), &mut files);
        assert!(!files.is_empty(), "there is no room {room}");
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            for named in rooms_named(&text) {
                let Some(height) = rank(named) else { continue };
                checked += 1;
                let allowed = ALLOWED.contains(&(room, named));
                if Some(height) > rank(room) && !allowed {
                    wrong.push(format!("{}: {room} uses {named}", file.display()));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "arrows that point up:\n{}",
        wrong.join("\n")
    );
    assert!(checked > 50, "the test has lost sight of the `use` lines");
}

#[test]
fn the_core_knows_no_clock_no_files_and_no_threads() {
    let source = project("src");
    let forbidden = [
        "std::fs",
        "std::net",
        "std::thread",
        "SystemTime",
        "Utc::now",
        "Instant::now",
        "rusqlite",
        "tokio",
    ];
    for room in [
        "model", "stats", "cases", "measure", "score", "drift", "simulate",
    ] {
        let mut files = Vec::new();
        rust_files(&source.join(room), &mut files);
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            for word in forbidden {
                assert!(
                    !text.contains(word),
                    "{}: `{word}` in the pure core",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn every_crate_in_the_manifest_says_why_it_is_there() {
    let manifest = std::fs::read_to_string(project("Cargo.toml")).unwrap();
    // Given by the design of the project, or named where their use is plain.
    let given = [
        "serde",
        "tokio",
        "rusqlite",
        "chrono",
        "thiserror",
        "tempfile",
    ];
    let from = manifest.find("[dependencies]").unwrap();
    for line in manifest[from..]
        .lines()
        .take_while(|line| !line.starts_with("[profile"))
    {
        let Some((name, _)) = line.split_once(" = ") else {
            continue;
        };
        let excused = given.contains(&name) || name.starts_with("tracing") || line.contains('#');
        assert!(excused, "{name} has no reason beside it");
    }
}

//! Modules may use only those below them. The test reads every path in the code, so an arrow that points up fails here and
//! not in a review.

use crate::support::project::{project, rust_files};
use std::path::Path;

/// Which modules each module may use, lowest first. A module that is not listed here fails the test.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("codec", &[]),
    ("stats", &[]),
    ("rules", &["model"]),
    ("config", &["model", "rules"]),
    ("cases", &["model", "codec", "rules"]),
    ("measure", &["model", "codec", "rules", "cases"]),
    ("score", &["model", "stats", "rules", "measure"]),
    ("explain", &["model", "stats", "rules", "measure", "score"]),
    ("drift", &["model", "codec", "stats", "rules", "measure"]),
    ("simulate", &["model", "rules"]),
    ("ingest", &["model", "rules", "cases"]),
    ("store", &["model", "codec", "measure", "drift"]),
    (
        "query",
        &[
            "model", "codec", "rules", "config", "cases", "measure", "score", "drift", "ingest",
            "store",
        ],
    ),
    (
        "daemon",
        &[
            "model", "codec", "rules", "config", "cases", "measure", "score", "drift", "ingest",
            "store", "query",
        ],
    ),
    (
        "export",
        &["model", "rules", "config", "score", "drift", "query"],
    ),
    (
        "report",
        &[
            "model", "stats", "rules", "config", "score", "drift", "store", "query",
        ],
    ),
    (
        "web",
        &[
            "model", "rules", "config", "measure", "score", "explain", "drift", "store", "query",
            "daemon", "export", "report",
        ],
    ),
    (
        "cli",
        &[
            "model", "rules", "config", "cases", "measure", "score", "explain", "drift",
            "simulate", "ingest", "store", "query", "daemon", "export", "report", "web",
        ],
    ),
];

/// Arrows that only unit tests draw: what they use to make an input.
const IN_TESTS: &[(&str, &str)] = &[
    ("cases", "config"),
    ("measure", "config"),
    ("score", "config"),
    ("score", "cases"),
    ("explain", "config"),
    ("explain", "cases"),
    ("ingest", "config"),
    ("simulate", "config"),
    ("drift", "cases"),
];

/// Modules without a clock, a file, a thread or a socket. The time is an argument.
const PURE: [&str; 10] = [
    "model", "codec", "stats", "rules", "cases", "measure", "score", "explain", "drift", "simulate",
];

const IMPURE: [&str; 8] = [
    "std::fs",
    "std::net",
    "std::thread",
    "SystemTime",
    "Utc::now",
    "Instant::now",
    "rusqlite",
    "tokio",
];

/// A file below `src`, its code without comments and texts, and the path of its module.
struct Source {
    name: String,
    code: String,
    module: Vec<String>,
}

fn sources(folder: &str) -> Vec<Source> {
    let root = project("src");
    let files = rust_files(folder);
    assert!(!files.is_empty(), "there is no Rust file in {folder}");
    let read = |file: &std::path::PathBuf| Source {
        name: file
            .strip_prefix(project(""))
            .unwrap()
            .display()
            .to_string(),
        code: code_of(&std::fs::read_to_string(file).unwrap()),
        module: module_of(file.strip_prefix(&root).unwrap()),
    };
    files.iter().map(read).collect()
}

/// `a/b/mod.rs` and `a/b.rs` are the module `a::b`.
fn module_of(file: &Path) -> Vec<String> {
    let path = file.with_extension("");
    let names = path.iter().map(|name| name.to_str().unwrap().to_owned());
    names.filter(|name| name != "mod").collect()
}

/// The text with blanks in place of comments and of what is in quotes, so that lines and columns stay the same.
fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_words(&chars, at);
        let blank = |c: &char| if *c == '\n' { '\n' } else { ' ' };
        if end > at {
            code.extend(chars[at..end].iter().map(blank));
            at = end;
        } else {
            code.push(chars[at]);
            at += 1;
        }
    }
    code
}

/// Where a comment, a text or a character that begins here ends; `at` if none begins.
fn end_of_words(chars: &[char], at: usize) -> usize {
    let rest = &chars[at..];
    let starts = |with: &str| {
        with.chars()
            .enumerate()
            .all(|(n, c)| rest.get(n) == Some(&c))
    };
    let find = |from: usize, what: &str| {
        let what: Vec<char> = what.chars().collect();
        let found = chars[from..]
            .windows(what.len())
            .position(|window| window == what);
        found.map_or(chars.len(), |found| from + found + what.len())
    };
    if starts("//") {
        return find(at, "\n") - usize::from(find(at, "\n") < chars.len());
    }
    if starts("/*") {
        return find(at + 2, "*/");
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let within_word = at > 0 && is_word(chars[at - 1]);
    if !within_word && (starts("r\"") || starts("r#") || starts("br\"") || starts("br#")) {
        let prefix = rest.iter().take_while(|c| is_word(**c)).count();
        let hashes = rest[prefix..].iter().take_while(|c| **c == '#').count();
        if rest.get(prefix + hashes) == Some(&'"') {
            return find(
                at + prefix + hashes + 1,
                &format!("\"{}", "#".repeat(hashes)),
            );
        }
    }
    if starts("\"") {
        return end_of_quote(chars, at + 1, '"');
    }
    // A lifetime has no second quote.
    if starts("'") && (rest.get(1) == Some(&'\\') || rest.get(2) == Some(&'\'')) {
        return end_of_quote(chars, at + 1, '\'');
    }
    at
}

fn end_of_quote(chars: &[char], mut at: usize, quote: char) -> usize {
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// A path in the code, from the root of the crate, and its line.
#[derive(Debug, PartialEq)]
struct Named {
    line: usize,
    path: Vec<String>,
}

/// Every path of this crate that a file names, in `use` lines with all their braces and anywhere else.
fn named(source: &Source) -> Vec<Named> {
    let code = source.code.as_str();
    let mut found = Vec::new();
    // Modules within the file, with the depth of their braces.
    let (mut depth, mut inner): (usize, Vec<(usize, String)>) = (0, Vec::new());
    let mut at = 0;
    while let Some(c) = code[at..].chars().next() {
        let word = word_at(code, at);
        if word.is_empty() {
            match c {
                '{' => depth += 1,
                '}' => {
                    depth -= 1;
                    inner.retain(|(begin, _)| *begin <= depth);
                }
                _ => {}
            }
            at += c.len_utf8();
            continue;
        }
        let after = at + word.len();
        if word == "mod" {
            let name = word_at(code, skip_blanks(code, after));
            let end = skip_blanks(code, after) + name.len();
            if code[skip_blanks(code, end)..].starts_with('{') {
                inner.push((depth + 1, name.to_owned()));
            }
        }
        let begins = ["crate", "super", "self"].contains(&word)
            && code[after..].starts_with("::")
            && !code[..at].ends_with("::");
        if begins {
            let here = source
                .module
                .iter()
                .chain(inner.iter().map(|(_, name)| name));
            let here: Vec<String> = here.cloned().collect();
            leaves(code, at, &here, &mut found);
        }
        at = after;
    }
    found
}

/// The paths of a tree such as `crate::{a::{b, c}, d}` that begins here; returns where the tree ends.
fn leaves(code: &str, at: usize, prefix: &[String], found: &mut Vec<Named>) -> usize {
    let mut path = prefix.to_vec();
    let mut at = skip_blanks(code, at);
    let begin = at;
    loop {
        if code[at..].starts_with('{') {
            at += 1;
            while !code[at..].starts_with('}') {
                at = skip_blanks(code, leaves(code, at, &path, found));
                if code[at..].starts_with(',') {
                    at = skip_blanks(code, at + 1);
                }
            }
            return at + 1;
        }
        match word_at(code, at) {
            "crate" => path.clear(),
            "super" => drop(path.pop()),
            "self" => {}
            word => path.push(word.to_owned()),
        }
        // A name, or the `*` of all names.
        at += word_at(code, at).len().max(1);
        let is_path = |c: char| c.is_alphanumeric() || ['_', '{', '*'].contains(&c);
        match code[at..].strip_prefix("::") {
            Some(rest) if rest.starts_with(is_path) => at += 2,
            _ => break,
        }
    }
    path.retain(|name| !name.is_empty());
    let line = 1 + code[..begin].matches('\n').count();
    found.push(Named { line, path });
    // Another name, as in `a as b`.
    let next = skip_blanks(code, at);
    if word_at(code, next) == "as" {
        let name = skip_blanks(code, next + 2);
        at = name + word_at(code, name).len();
    }
    at
}

fn word_at(code: &str, at: usize) -> &str {
    let rest = &code[at..];
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
    &rest[..end.unwrap_or(rest.len())]
}

fn skip_blanks(code: &str, at: usize) -> usize {
    let rest = &code[at..];
    at + rest.len() - rest.trim_start().len()
}

/// The modules of `src`: its folders.
fn modules() -> Vec<String> {
    let entries = std::fs::read_dir(project("src")).unwrap();
    let folders = entries.map(|entry| entry.unwrap().path());
    let folders = folders.filter(|path| path.is_dir());
    let mut names: Vec<String> = folders
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn every_module_is_in_the_table_and_the_table_points_down() {
    let mut listed: Vec<&str> = ARROWS.iter().map(|(module, _)| *module).collect();
    for (at, (module, uses)) in ARROWS.iter().enumerate() {
        for used in *uses {
            let below = listed[..at].contains(used);
            assert!(below, "{module} uses {used}, which is not below it");
        }
    }
    listed.sort_unstable();
    assert_eq!(listed, modules());
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let names = modules();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for (module, uses) in ARROWS {
        for source in sources(&format!("src/{module}")) {
            let tests_begin = first_test_line(&source);
            for Named { line, path } in named(&source) {
                let Some(used) = path.first().filter(|first| names.contains(first)) else {
                    continue;
                };
                checked += 1;
                let in_tests = line >= tests_begin && IN_TESTS.contains(&(*module, used.as_str()));
                if used != module && !uses.contains(&used.as_str()) && !in_tests {
                    let (name, path) = (&source.name, path.join("::"));
                    wrong.push(format!("{name}:{line}: {module} uses {path}"));
                }
            }
        }
    }
    let arrows = wrong.join("\n");
    assert!(
        wrong.is_empty(),
        "arrows that the table does not allow:\n{arrows}"
    );
    assert!(checked > 1_000, "only {checked} paths were found");
}

/// The line from which on a file has unit tests only.
fn first_test_line(source: &Source) -> usize {
    let in_tests = |part: &String| part.starts_with("tests") || part == "bench";
    if source.module.iter().any(in_tests) {
        return 0;
    }
    let line = source
        .code
        .lines()
        .position(|line| line.trim() == "#[cfg(test)]");
    line.map_or(usize::MAX, |line| line + 1)
}

#[test]
fn pure_modules_know_no_clock_no_files_and_no_threads() {
    let mut wrong = Vec::new();
    for module in PURE {
        for Source { name, code, .. } in sources(&format!("src/{module}")) {
            for (nth, line) in code.lines().enumerate() {
                let named = IMPURE.iter().filter(|word| line.contains(**word));
                wrong.extend(named.map(|word| format!("{name}:{}: `{word}`", nth + 1)));
            }
        }
    }
    let words = wrong.join("\n");
    assert!(wrong.is_empty(), "in modules that are pure:\n{words}");
}

#[test]
fn nested_braces_inline_paths_and_relative_paths_are_read() {
    let text = r##"//! crate::comment::C
use crate::{
    a::{b, c as d, e::*},
    f, // crate::comment::D
};
use super::{g, self};
use super::super::h::I;
/* crate::comment::E */
fn x<'a>(y: &'a crate::j::K, z: char) -> Vec<crate::l::M<'a>> {
    let _ = ("crate::text::T", r#"crate::text::"U""#, '"', '\'', crate::n::o::<u8>());
    self::p::q(y)
}
mod inner {
    use super::super::r;
    use super::s;
}
pub(crate) use t::u;
"##;
    let source = Source {
        name: String::new(),
        code: code_of(text),
        module: vec!["outer".to_owned(), "middle".to_owned()],
    };
    let found: Vec<String> = named(&source)
        .iter()
        .map(|named| format!("{} {}", named.line, named.path.join("::")))
        .collect();
    let expected = [
        "3 a::b",
        "3 a::c",
        "3 a::e",
        "4 f",
        "6 outer::g",
        "6 outer",
        "7 h::I",
        "9 j::K",
        "9 l::M",
        "10 n::o",
        "11 outer::middle::p::q",
        "14 outer::r",
        "15 outer::middle::s",
    ];
    assert_eq!(found, expected);
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
    let mut of_dependencies = false;
    let mut seen = 0;
    for line in manifest.lines() {
        if line.starts_with('[') {
            of_dependencies = line.ends_with("dependencies]");
        }
        if !of_dependencies {
            continue;
        }
        let Some((name, _)) = line.split_once(" = ") else {
            continue;
        };
        let excused = given.contains(&name) || name.starts_with("tracing") || line.contains('#');
        assert!(excused, "{name} has no reason beside it");
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
}

//! What the tests of the one-shot path share: the real binary, scratch folders, logs in every format.
#![allow(
    dead_code,
    reason = "every test file uses a part of these, and each is compiled for itself"
)]

pub mod log;

use assert_cmd::Command;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;

/// A folder of one test.
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    pub fn new() -> Scratch {
        Scratch(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a scratch file");
        path.display().to_string()
    }

    /// Runs the program in this folder.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, b"")
    }

    /// Runs the program in this folder with something on standard input.
    pub fn run_with(&self, args: &[&str], stdin: &[u8]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_toleranced"))
            .current_dir(self.folder())
            .args(args)
            .write_stdin(stdin)
            .output()
            .expect("the program runs");
        Ran::new(output, args)
    }

    /// `score --format json` with these arguments, which must succeed.
    pub fn score(&self, args: &[&str]) -> Value {
        let ran = self.run(&[&["score", "--format", "json"], args].concat());
        ran.ends_with(0).json()
    }
}

/// What a run of the program said.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    args: String,
}

impl Ran {
    pub fn new(output: Output, args: &[&str]) -> Ran {
        let ran = Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            args: args.join(" "),
        };
        assert!(!ran.stderr.contains("panicked"), "{ran}");
        assert!(ran.code.is_some(), "killed: {ran}");
        ran
    }

    #[track_caller]
    pub fn ends_with(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    #[track_caller]
    pub fn says(self, words: &str) -> Ran {
        let all = format!("{}{}", self.stdout, self.stderr);
        assert!(all.contains(words), "does not say `{words}`: {self}");
        self
    }

    #[track_caller]
    pub fn does_not_say(self, words: &str) -> Ran {
        let all = format!("{}{}", self.stdout, self.stderr);
        assert!(!all.contains(words), "says `{words}`: {self}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start: String = self.stdout.chars().take(4000).collect();
        write!(
            f,
            "`toleranced {}` ended with {:?}\n{start}\n{}",
            self.args, self.code, self.stderr
        )
    }
}

/// The process with this id.
#[track_caller]
pub fn process<'v>(scores: &'v Value, id: &str) -> &'v Value {
    let processes = scores["processes"].as_array().expect("processes");
    let found = processes.iter().find(|process| process["id"] == id);
    found.unwrap_or_else(|| panic!("no process {id} in {scores:#}"))
}

/// The only process.
#[track_caller]
pub fn only(scores: &Value) -> &Value {
    assert_eq!(scores["processes"].as_array().map(Vec::len), Some(1));
    &scores["processes"][0]
}

#[track_caller]
pub fn near(value: &Value, want: f64, relative: f64) {
    let value = value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} for {want}"));
    assert!(
        (value - want).abs() <= relative * want.abs(),
        "{value} instead of {want}"
    );
}

/// How often a record was refused for a reason.
pub fn refused(scores: &Value, reason: &str) -> u64 {
    let all = scores["quarantine"].as_array().expect("quarantine");
    let found = all.iter().find(|refused| refused["reason"] == reason);
    found.map_or(0, |refused| refused["count"].as_u64().expect("a count"))
}

/// A file of the shared data, where there is any.
pub fn shared(name: &str) -> Option<String> {
    let root = std::env::var_os("TOLERANCED_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let file = root.join(name);
    if file.exists() {
        Some(file.display().to_string())
    } else {
        println!("skipped: there is no {}", file.display());
        None
    }
}

/// One event of a small log.
#[derive(Clone, Debug)]
pub struct Row {
    pub case: String,
    pub activity: String,
    pub time: String,
    pub outcome: String,
}

/// 21 cases whose figures can be worked out by hand: case i starts on 2024-01-i and lasts i hours; the odd ones have
/// three steps, the even ones two; the last one fails.
pub fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for day in 1..=21 {
        let mut add = |activity: &str, minutes: i32, outcome: &str| {
            rows.push(Row {
                case: format!("T-{day}"),
                activity: activity.to_owned(),
                time: format!(
                    "2024-01-{day:02}T{:02}:{:02}:00Z",
                    minutes / 60,
                    minutes % 60
                ),
                outcome: outcome.to_owned(),
            });
        };
        add("open", 0, "");
        if day % 2 == 1 {
            add("work, \"half\"\ndone für x", day * 30, "");
        }
        let outcome = if day == 21 { "failed" } else { "resolved" };
        add("close", day * 60, outcome);
    }
    rows
}

/// A CSV with everything quoted.
pub fn csv(rows: &[Row], delimiter: char) -> String {
    let mut text = format!("case{delimiter}activity{delimiter}time{delimiter}outcome\r\n");
    for row in rows {
        let fields = [&row.case, &row.activity, &row.time, &row.outcome];
        let quoted = fields.map(|field| format!("\"{}\"", field.replace('"', "\"\"")));
        text.push_str(&quoted.join(&delimiter.to_string()));
        text.push_str("\r\n");
    }
    text
}

fn record(row: &Row) -> Value {
    serde_json::json!({"case": row.case, "activity": row.activity, "time": row.time, "outcome": row.outcome})
}

pub fn ndjson(rows: &[Row]) -> String {
    rows.iter()
        .map(|row| format!("{}\n", record(row)))
        .collect()
}

pub fn json(rows: &[Row]) -> String {
    let records: Vec<Value> = rows.iter().map(record).collect();
    serde_json::to_string_pretty(&records).expect("JSON")
}

pub fn xes(rows: &[Row]) -> String {
    let escape = |text: &str| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        text.replace('"', "&quot;").replace('\n', "&#10;")
    };
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<log>\n");
    for group in rows.chunk_by(|a, b| a.case == b.case) {
        let _ = writeln!(
            text,
            "<trace><string key=\"concept:name\" value=\"{}\"/>",
            group[0].case
        );
        for row in group {
            let _ = write!(
                text,
                "<event><string key=\"concept:name\" value=\"{}\"/><date key=\"time:timestamp\" value=\"{}\"/>",
                escape(&row.activity),
                row.time
            );
            let _ = writeln!(
                text,
                "<string key=\"outcome\" value=\"{}\"/></event>",
                row.outcome
            );
        }
        text.push_str("</trace>\n");
    }
    text + "</log>\n"
}

pub fn gz(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes.as_ref()).expect("in memory");
    encoder.finish().expect("in memory")
}

pub fn zst(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    zstd::encode_all(bytes.as_ref(), 1).expect("in memory")
}

pub fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    let units = mark.into_iter().chain(text.encode_utf16());
    let bytes = |unit: u16| {
        if big {
            unit.to_be_bytes()
        } else {
            unit.to_le_bytes()
        }
    };
    units.flat_map(bytes).collect()
}

pub fn latin1(text: &str) -> Vec<u8> {
    let byte = |c: char| u8::try_from(u32::from(c)).expect("a Latin-1 character");
    text.chars().map(byte).collect()
}

//! The real program, run to its end.

use serde_json::Value;
use std::fmt::{Display, Formatter};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_toleranced");

/// Runs the program with nothing on standard input.
pub(crate) fn toleranced(args: &[&str]) -> Output {
    Command::new(BINARY)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Standard output and standard error.
pub(crate) fn texts(output: &Output) -> (String, String) {
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// The JSON on standard output of a run that succeeded.
#[track_caller]
pub(crate) fn json_of(output: &Output) -> Value {
    let (out, errors) = texts(output);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

/// Checks the exit code, and that the output contains these words. Returns standard output and standard error as one text.
#[track_caller]
pub(crate) fn says(output: &Output, code: i32, words: &[&str]) -> String {
    let (out, errors) = texts(output);
    assert_eq!(output.status.code(), Some(code), "{out}{errors}");
    let all = out + &errors;
    // Wrapped lines read the same.
    let unwrapped = all.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in words {
        let is_there = all.contains(words) || unwrapped.contains(words);
        assert!(is_there, "does not say `{words}`:\n{all}");
    }
    all
}

/// A folder of one test, in which the program runs.
pub(crate) struct Scratch(tempfile::TempDir);

impl Scratch {
    pub(crate) fn new() -> Scratch {
        Scratch(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a scratch file");
        path.display().to_string()
    }

    /// Runs the program in this folder.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, b"")
    }

    /// Runs the program in this folder with something on standard input.
    pub(crate) fn run_with(&self, args: &[&str], stdin: &[u8]) -> Ran {
        let mut child = Command::new(BINARY)
            .current_dir(self.folder())
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut pipe = child.stdin.take().expect("a pipe");
        let output = std::thread::scope(|scope| {
            // The program may end before it has read everything.
            scope.spawn(move || drop(pipe.write_all(stdin)));
            child.wait_with_output().expect("the program ends")
        });
        Ran::new(output, args)
    }

    /// `score --format json` with these arguments, which must succeed.
    pub(crate) fn score(&self, args: &[&str]) -> Value {
        let ran = self.run(&[&["score", "--format", "json"], args].concat());
        ran.ends_with(0).json()
    }
}

/// A finished run of the program.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    args: String,
}

impl Ran {
    pub(crate) fn new(output: Output, args: &[&str]) -> Ran {
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
    pub(crate) fn ends_with(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Ran {
        let all = format!("{}{}", self.stdout, self.stderr);
        assert!(all.contains(words), "does not say `{words}`: {self}");
        self
    }

    #[track_caller]
    pub(crate) fn does_not_say(self, words: &str) -> Ran {
        let all = format!("{}{}", self.stdout, self.stderr);
        assert!(!all.contains(words), "says `{words}`: {self}");
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl Display for Ran {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let start: String = self.stdout.chars().take(4000).collect();
        write!(
            f,
            "`toleranced {}` ended with {:?}\n{start}\n{}",
            self.args, self.code, self.stderr
        )
    }
}

//! Random schedules of what happens to log files, against a model that knows every line ever written.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::api::PollOutcome;
use super::tests::{Recorder, open_decompressed};
use super::*;
use crate::ingest::framing::Framing;

mod schedules;

#[derive(Debug, Clone)]
enum Op {
    Lines(u8),
    Partial,
    Rotate,
    RotateOut,
    CopyTruncate {
        poll_between: bool,
        write_between: bool,
    },
    Truncate,
    Delete,
    DeleteRotated(u8),
    Compress {
        which: u8,
        poll_between: bool,
    },
    Poll,
    Wait,
    Crash {
        back: u8,
    },
    Other,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (1..6u8).prop_map(Op::Lines),
        3 => Just(Op::Partial),
        2 => Just(Op::Rotate),
        1 => Just(Op::RotateOut),
        2 => any::<(bool, bool)>().prop_map(|(p, w)| Op::CopyTruncate {
            poll_between: p,
            write_between: w,
        }),
        1 => Just(Op::Truncate),
        1 => Just(Op::Delete),
        1 => any::<u8>().prop_map(Op::DeleteRotated),
        2 => any::<(u8, bool)>().prop_map(|(which, poll_between)| Op::Compress { which, poll_between }),
        6 => Just(Op::Poll),
        1 => Just(Op::Wait),
        2 => (0..4u8).prop_map(|back| Op::Crash { back }),
        2 => Just(Op::Other),
    ]
}

/// How files begin.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Start {
    /// Each with lines of its own.
    Own,
    /// All with the same lines.
    Alike,
    /// All with the same lines, the first of them a header.
    Header,
}

struct World {
    dir: tempfile::TempDir,
    banner: bool,
    tailer: Tailer,
    options: Options,
    sink: Recorder,
    now: Instant,
    next_line: u32,
    next_rotated: u32,
    rotated: Vec<PathBuf>,
    partial: bool,
    written: BTreeSet<u32>,
    lost: BTreeSet<u32>,
    /// The live log had content at the last poll, so its handle is open.
    opened: bool,
    /// Files out of the patterns whose handle is open.
    draining: Vec<PathBuf>,
    trace: Vec<String>,
}

fn lines_of(bytes: &[u8]) -> Vec<u32> {
    let whole = bytes
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |at| at + 1);
    String::from_utf8_lossy(&bytes[..whole])
        .lines()
        .filter_map(|line| line.strip_prefix("line ")?.split(' ').next()?.parse().ok())
        .collect()
}

fn content(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(mut stream) = open_decompressed(path) {
        stream.read_to_end(&mut bytes).expect("readable");
    }
    bytes
}

impl World {
    fn new(start: Start, chunk: usize) -> Self {
        let banner = start != Start::Own;
        let dir = tempfile::tempdir().expect("temp dir");
        fs::create_dir(dir.path().join("out")).expect("dir");
        let mut options = Options::new([format!("{}/app*", dir.path().display())]);
        options.chunk_bytes = chunk;
        if start == Start::Header {
            options.framing = Framing::Csv { quote: b'"' };
        }
        options.read_budget_per_poll = 400;
        Self {
            tailer: Tailer::new(options.clone(), Vec::new(), 0).expect("options"),
            dir,
            banner,
            options,
            sink: Recorder::declining(),
            now: Instant::now(),
            next_line: 0,
            next_rotated: 0,
            rotated: Vec::new(),
            partial: false,
            written: BTreeSet::new(),
            lost: BTreeSet::new(),
            opened: false,
            draining: Vec::new(),
            trace: Vec::new(),
        }
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("app.log")
    }

    fn write(&mut self, count: u8, end: bool) {
        let path = self.log();
        let mut text = String::new();
        if self.banner && fs::metadata(&path).map_or(0, |m| m.len()) == 0 {
            text.push_str("time,process,what\n# the same start in every file\n");
        }
        if self.partial {
            text.push_str(" the rest\n");
            self.partial = false;
        }
        for i in 0..count {
            let n = self.next_line;
            self.next_line += 1;
            self.written.insert(n);
            text.push_str(&format!("line {n} {}", "x".repeat((n as usize * 37) % 90)));
            self.partial = i + 1 == count && !end;
            if !self.partial {
                text.push('\n');
            }
        }
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .expect("open");
        file.write_all(text.as_bytes()).expect("write");
    }

    fn fresh_name(&mut self) -> PathBuf {
        self.next_rotated += 1;
        self.dir
            .path()
            .join(format!("app.log.{}", self.next_rotated))
    }

    fn new_log(&mut self) {
        self.partial = false;
        self.opened = false;
    }

    fn poll(&mut self) -> PollOutcome {
        self.now += Duration::from_millis(100);
        let outcome = self.tailer.poll(self.now, &mut self.sink);
        self.opened = fs::metadata(self.log()).is_ok_and(|m| m.len() > 0);
        outcome
    }

    fn copy_truncate(&mut self, poll_between: bool, write_between: bool) {
        let to = self.fresh_name();
        if fs::copy(self.log(), &to).is_err() {
            return;
        }
        self.rotated.push(to);
        if poll_between {
            self.poll();
        }
        if write_between {
            self.write(1, true);
        }
        self.truncate();
    }

    /// Another log that begins like the first one but goes on differently.
    fn write_other_log(&mut self) {
        let path = self.dir.path().join("app-other.log");
        let n = self.next_line;
        self.next_line += 1;
        self.written.insert(n);
        let new = !path.exists();
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .expect("open");
        if new && self.banner {
            file.write_all(b"time,process,what\n# the same start in every file\n")
                .expect("write");
        }
        writeln!(file, "line {n} of the other log").expect("write");
    }

    fn run(&mut self, op: &Op) {
        match *op {
            Op::Lines(n) => self.write(n, true),
            Op::Partial => self.write(1, false),
            Op::Rotate => {
                let to = self.fresh_name();
                if fs::rename(self.log(), &to).is_ok() {
                    self.rotated.push(to);
                }
                self.new_log();
            }
            Op::RotateOut => {
                self.next_rotated += 1;
                let to = self.dir.path().join(format!("out/{}", self.next_rotated));
                if fs::rename(self.log(), &to).is_ok() && self.opened {
                    self.draining.push(to);
                }
                self.new_log();
            }
            Op::CopyTruncate {
                poll_between,
                write_between,
            } => self.copy_truncate(poll_between, write_between),
            Op::Truncate => self.truncate(),
            Op::Delete => {
                // Its open handle would still be read, which the model does not follow: both ways are right.
                let gone = lines_of(&content(&self.log()));
                if fs::remove_file(self.log()).is_ok() {
                    let visible = self.visible();
                    self.lost
                        .extend(gone.iter().filter(|n| !visible.contains(n)));
                }
                self.new_log();
            }
            Op::DeleteRotated(which) => {
                if !self.rotated.is_empty() {
                    let path = self.rotated.remove(which as usize % self.rotated.len());
                    let gone = lines_of(&content(&path));
                    fs::remove_file(&path).expect("remove");
                    let visible = self.visible();
                    self.lost
                        .extend(gone.iter().filter(|n| !visible.contains(n)));
                }
            }
            Op::Compress {
                which,
                poll_between,
            } => self.compress(which, poll_between),
            Op::Poll => {
                self.poll();
            }
            Op::Wait => {
                self.now += Duration::from_secs(12);
                self.poll();
            }
            Op::Crash { back } => self.crash(back),
            Op::Other => self.write_other_log(),
        }
        self.trace.push(format!("{op:?}"));
        self.note_lost();
    }

    fn truncate(&mut self) {
        if let Ok(file) = OpenOptions::new().write(true).open(self.log()) {
            file.set_len(0).expect("truncate");
        }
        self.partial = false;
    }

    fn compress(&mut self, which: u8, poll_between: bool) {
        let plain: Vec<PathBuf> = self
            .rotated
            .iter()
            .filter(|p| p.extension().is_some_and(|e| e != "gz"))
            .cloned()
            .collect();
        if plain.is_empty() {
            return;
        }
        let path = &plain[which as usize % plain.len()];
        let gz = PathBuf::from(format!("{}.gz", path.display()));
        let file = File::create(&gz).expect("create");
        let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        encoder.write_all(&content(path)).expect("write");
        encoder.finish().expect("finish");
        if poll_between {
            self.poll();
        }
        fs::remove_file(path).expect("remove");
        self.rotated.retain(|p| p != path);
        self.rotated.push(gz);
    }

    fn crash(&mut self, back: u8) {
        let keep = self.sink.chunks.len().saturating_sub(back as usize);
        self.sink.chunks.truncate(keep);
        let mut states = BTreeMap::new();
        for chunk in &self.sink.chunks {
            states.insert(chunk.file, chunk.state.clone());
        }
        let next = states.keys().next_back().map_or(0, |id| id + 1);
        let states = states.into_values().collect();
        self.tailer = Tailer::new(self.options.clone(), states, next).expect("options");
        self.draining.clear();
        self.opened = false;
    }

    fn visible(&self) -> BTreeSet<u32> {
        let mut visible = BTreeSet::new();
        for entry in fs::read_dir(self.dir.path()).expect("dir") {
            let path = entry.expect("entry").path();
            if path.is_file() {
                visible.extend(lines_of(&content(&path)));
            }
        }
        for path in &self.draining {
            visible.extend(lines_of(&content(path)));
        }
        visible
    }

    fn delivered(&self) -> Vec<u32> {
        self.sink
            .chunks
            .iter()
            .flat_map(|chunk| lines_of(&chunk.bytes))
            .collect()
    }

    fn note_lost(&mut self) {
        let delivered: BTreeSet<u32> = self.delivered().into_iter().collect();
        let visible = self.visible();
        let unfinished = self.partial.then(|| self.last_log_line()).flatten();
        for n in &self.written {
            if !delivered.contains(n) && !visible.contains(n) && Some(*n) != unfinished {
                self.lost.insert(*n);
            }
        }
    }

    /// The line that is being written.
    fn last_log_line(&self) -> Option<u32> {
        let mut bytes = content(&self.log());
        bytes.push(b'\n');
        lines_of(&bytes).last().copied()
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let mut seen = BTreeSet::new();
        for n in self.delivered() {
            prop_assert!(seen.insert(n), "line {n} twice\n{}", self.report());
        }
        let mut ends: HashMap<FileId, (u64, u32)> = HashMap::new();
        for chunk in &self.sink.chunks {
            let start = (chunk.head.len() as u64, 0);
            let (end, last) = ends.entry(chunk.file).or_insert(start);
            prop_assert_eq!(
                chunk.offset,
                *end,
                "gap in file {}\n{}",
                chunk.file,
                self.report()
            );
            *end = chunk.state.position;
            prop_assert_eq!(*end, chunk.offset + chunk.bytes.len() as u64);
            for n in lines_of(&chunk.bytes) {
                prop_assert!(n >= *last, "order\n{}", self.report());
                *last = n;
            }
        }
        Ok(())
    }

    fn check_complete(&mut self) -> Result<(), TestCaseError> {
        let mut polls = 0;
        while self.poll().more || polls < 4 {
            self.now += Duration::from_secs(7);
            polls += 1;
            prop_assert!(polls < 1000, "no end of reading\n{}", self.report());
        }
        self.check()?;
        let delivered: BTreeSet<u32> = self.delivered().into_iter().collect();
        let unfinished = self.partial.then(|| self.last_log_line()).flatten();
        for n in &self.written {
            let there = delivered.contains(n) || self.lost.contains(n) || Some(*n) == unfinished;
            prop_assert!(there, "line {n} did not arrive\n{}", self.report());
        }
        Ok(())
    }

    fn report(&self) -> String {
        let chunks: Vec<String> = self
            .sink
            .chunks
            .iter()
            .map(|c| {
                format!(
                    "{} {} @{} {:?}",
                    c.file,
                    c.path.display(),
                    c.offset,
                    lines_of(&c.bytes)
                )
            })
            .collect();
        format!("{:#?}\n{:#?}\n{:#?}", self.trace, chunks, self.sink.notices)
    }
}

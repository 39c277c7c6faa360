//! One test for each thing that happens to log files, named after it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::api::PollOutcome;
use super::compressed::{Kind, decompress};
use super::fingerprint::read_range;
use super::reader::OVERSIZE_SHOWN_BYTES;
use super::*;
use crate::ingest::framing::Framing;

/// Opens a file as a stream of its content, decompressed if need be.
pub(super) fn open_decompressed(path: &Path) -> io::Result<Box<dyn io::Read + Send>> {
    let file = File::open(path)?;
    let kind = Kind::of(&read_range(&file, 0, 4)?).unwrap_or(Kind::Plain);
    decompress(file, kind)
}

mod records;
mod rotation;

/// Keeps everything it is given.
#[derive(Default)]
pub(super) struct Recorder {
    pub(super) chunks: Vec<Chunk>,
    pub(super) notices: Vec<Notice>,
    pub(super) oversize: Vec<Oversize>,
    decline_unfinished: bool,
    pub(super) enough_after_each: bool,
}

impl Recorder {
    pub(super) fn declining() -> Self {
        Self {
            decline_unfinished: true,
            ..Self::default()
        }
    }
}

impl Sink for Recorder {
    fn chunk(&mut self, chunk: Chunk) -> Answer {
        if chunk.last_unfinished && self.decline_unfinished {
            return Answer::Declined;
        }
        self.chunks.push(chunk);
        match self.enough_after_each {
            true => Answer::Enough,
            false => Answer::More,
        }
    }

    fn oversize(&mut self, oversize: Oversize) {
        self.oversize.push(oversize);
    }

    fn notice(&mut self, notice: Notice) {
        self.notices.push(notice);
    }
}

/// A directory with logs, and a tailer for all `*.log*` in it.
struct Rig {
    dir: tempfile::TempDir,
    options: Options,
    tailer: Tailer,
    sink: Recorder,
    now: Instant,
}

impl Rig {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn csv() -> Self {
        Self::with(|options| options.framing = Framing::Csv { quote: b'"' })
    }

    fn with(change: impl FnOnce(&mut Options)) -> Self {
        let dir = tempfile::tempdir().expect("temp dir");
        let mut options = Options::new([format!("{}/*.log*", dir.path().display())]);
        change(&mut options);
        Self {
            tailer: Tailer::new(options.clone(), Vec::new(), 0).expect("options"),
            dir,
            options,
            sink: Recorder::default(),
            now: Instant::now(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        let mut options = OpenOptions::new();
        let mut file = options
            .create(true)
            .append(true)
            .open(self.path(name))
            .expect("open");
        file.write_all(text.as_ref()).expect("write");
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).expect("rename");
    }

    fn copy(&self, from: &str, to: &str) {
        fs::copy(self.path(from), self.path(to)).expect("copy");
    }

    fn truncate(&self, name: &str) {
        let file = OpenOptions::new()
            .write(true)
            .open(self.path(name))
            .expect("open");
        file.set_len(0).expect("truncate");
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).expect("remove");
    }

    fn poll(&mut self) -> PollOutcome {
        self.poll_after(Duration::from_millis(100))
    }

    fn poll_after(&mut self, time: Duration) -> PollOutcome {
        self.now += time;
        self.tailer.poll(self.now, &mut self.sink)
    }

    fn poll_all(&mut self) {
        while self.poll().more {}
    }

    /// Starts again from the states of the chunks that were handed out.
    fn restart(&mut self) {
        let mut states = std::collections::BTreeMap::new();
        for chunk in &self.sink.chunks {
            states.insert(chunk.file, chunk.state.clone());
        }
        let states = states.into_values().collect();
        self.tailer = Tailer::new(self.options.clone(), states, 0).expect("options");
    }

    /// Everything handed out since the last call.
    fn take(&mut self) -> String {
        let bytes: Vec<u8> = self
            .sink
            .chunks
            .drain(..)
            .flat_map(|chunk| chunk.bytes)
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn poll_take(&mut self) -> String {
        self.poll_all();
        self.take()
    }

    fn has(&self, found: impl Fn(&Notice) -> bool) -> bool {
        self.sink.notices.iter().any(found)
    }

    fn count(&self, found: impl Fn(&Notice) -> bool) -> usize {
        self.sink
            .notices
            .iter()
            .filter(|notice| found(notice))
            .count()
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).expect("write");
    encoder.finish().expect("finish")
}

/// Lines that don't compress to nothing.
fn many_lines(count: u64) -> String {
    let hash = |n: u64| xxhash_rust::xxh3::xxh3_64(&n.to_le_bytes());
    (0..count)
        .map(|n| format!("{n} {:x}{:x}\n", hash(n), hash(n + count)))
        .collect()
}

#[test]
fn a_new_file_appears() {
    let mut rig = Rig::new();
    assert_eq!(rig.poll_take(), "");
    rig.append("a.log", "one\n");
    assert_eq!(rig.poll_take(), "one\n");
    assert!(rig.has(|n| matches!(n, Notice::Discovered { id: 0, .. })));
}

#[test]
fn an_append_is_read_once() {
    let mut rig = Rig::new();
    rig.append("a.log", "one\n");
    assert_eq!(rig.poll_take(), "one\n");
    rig.append("a.log", "two\nthree\n");
    rig.poll();
    assert_eq!((rig.sink.chunks[0].file, rig.sink.chunks[0].offset), (0, 4));
    assert_eq!(rig.poll_take(), "two\nthree\n");
}

impl Rig {
    fn started(name: &str, text: &str) -> Self {
        let mut rig = Self::new();
        rig.append(name, text);
        assert_eq!(rig.poll_take(), text);
        rig
    }
}

#[test]
fn an_unfinished_line_waits_for_its_end() {
    let mut rig = Rig::new();
    rig.append("a.log", "one\ntw");
    assert_eq!(rig.poll_take(), "one\n");
    rig.append("a.log", "o\n");
    assert_eq!(rig.poll_take(), "two\n");
}

#[test]
fn an_unfinished_line_is_offered_after_a_while() {
    let mut rig = Rig::new();
    rig.append("a.log", "one\ntwo");
    assert_eq!(rig.poll_take(), "one\n");
    rig.poll_after(Duration::from_secs(11));
    assert!(rig.sink.chunks[0].last_unfinished);
    assert_eq!(rig.take(), "two");
    rig.append("a.log", "\nthree\n");
    assert_eq!(rig.poll_take(), "\nthree\n");
}

#[test]
fn a_declined_unfinished_line_is_offered_again_only_after_growth() {
    let mut rig = Rig::new();
    rig.sink = Recorder::declining();
    rig.append("a.log", "tw");
    rig.poll();
    rig.poll_after(Duration::from_secs(11));
    rig.append("a.log", "o\n");
    assert_eq!(rig.poll_take(), "two\n");
}

#[cfg(unix)]
#[test]
fn a_symlink_is_followed_and_may_be_swapped_or_dangle() {
    use std::os::unix::fs::symlink;
    let mut rig = Rig::new();
    symlink(rig.path("target1"), rig.path("a.log")).expect("link");
    assert_eq!(rig.poll_take(), "");
    rig.append("target1", "one\n");
    assert_eq!(rig.poll_take(), "one\n");
    rig.append("target1", "two\n");
    rig.append("target2", "three\n");
    rig.remove("a.log");
    symlink(rig.path("target2"), rig.path("a.log")).expect("link");
    assert_eq!(rig.poll_take(), "two\nthree\n");
}

#[cfg(unix)]
#[test]
fn a_loop_of_symlinks_does_not_hang() {
    use std::os::unix::fs::symlink;
    let mut rig = Rig::with(|_| {});
    let all = format!("{}/**/*.log", rig.dir.path().display());
    symlink(rig.dir.path(), rig.path("again")).expect("link");
    symlink(rig.path("self.log"), rig.path("self.log")).expect("link");
    rig.tailer = Tailer::new(Options::new([all]), Vec::new(), 0).expect("options");
    rig.append("a.log", "one\n");
    assert_eq!(rig.poll_take(), "one\n");
}

#[cfg(unix)]
#[test]
fn one_file_under_two_names_is_read_once() {
    let mut rig = Rig::started("a.log", "one\n");
    std::os::unix::fs::symlink(rig.path("a.log"), rig.path("0.log")).expect("link");
    fs::hard_link(rig.path("a.log"), rig.path("b.log")).expect("link");
    rig.append("a.log", "two\n");
    assert_eq!(rig.poll_take(), "two\n");
    assert_eq!(rig.count(|n| matches!(n, Notice::Rotated { .. })), 0);
}

#[test]
fn a_file_that_vanished_and_came_back_goes_on() {
    let mut rig = Rig::started("a.log", "one\n");
    rig.copy("a.log", "backup");
    rig.remove("a.log");
    assert_eq!(rig.poll_take(), "");
    assert!(rig.has(|n| matches!(n, Notice::Vanished { id: 0, .. })));
    rig.append("backup", "two\n");
    rig.rename("backup", "a.log");
    rig.poll();
    assert_eq!((rig.sink.chunks[0].file, rig.sink.chunks[0].offset), (0, 4));
    assert_eq!(rig.take(), "two\n");
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_reported_once_and_read_when_it_can_be() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let mut rig = Rig::new();
    rig.append("a.log", "one\n");
    let mode = |mode| fs::set_permissions(rig.path("a.log"), fs::Permissions::from_mode(mode));
    mode(0).expect("chmod");
    if File::open(rig.path("a.log")).is_ok() {
        // Root reads everything: a path that leads to itself is unreadable for all.
        rig.remove("a.log");
        symlink(rig.path("a.log"), rig.path("a.log")).expect("link");
        let only = Options::new([rig.path("a.log").display().to_string()]);
        rig.tailer = Tailer::new(only, Vec::new(), 0).expect("options");
    }
    for _ in 0..3 {
        assert_eq!(rig.poll_take(), "");
    }
    assert_eq!(rig.count(|n| matches!(n, Notice::Unreadable { .. })), 1);
    rig.remove("a.log");
    rig.append("a.log", "one\n");
    assert_eq!(rig.poll_take(), "one\n");
}

#[test]
fn an_empty_file_waits_for_content() {
    let mut rig = Rig::new();
    rig.append("a.log", "");
    assert_eq!(rig.poll().waiting, 1);
    assert_eq!(rig.sink.notices, []);
    rig.append("a.log", "one\n");
    assert_eq!(rig.poll_take(), "one\n");
}

#[test]
fn a_short_file_stays_the_same_while_its_prefix_grows() {
    let mut rig = Rig::new();
    for n in 0..100 {
        let line = format!("{n} some words to fill the line\n");
        rig.append("a.log", &line);
        assert_eq!(rig.poll_take(), line);
    }
    assert_eq!(rig.tailer.states()[0].id, 0);
    assert_eq!(rig.tailer.states()[0].fingerprint.len, 1024);
}

#[test]
fn files_that_begin_alike_side_by_side_are_both_read_fully() {
    for polls in [false, true] {
        let mut rig = Rig::csv();
        let start = "id,what\n1,same\n2,same\n";
        let check = |rig: &mut Rig| {
            if polls {
                rig.poll_all()
            }
        };
        rig.append("a.log", start);
        check(&mut rig);
        rig.append("b.log", start);
        check(&mut rig);
        rig.append("a.log", "3,a\n");
        check(&mut rig);
        rig.append("b.log", "3,b\n");
        rig.poll_all();
        let of = |id| -> String {
            let mine = rig.sink.chunks.iter().filter(|c| c.file == id);
            mine.map(|c| String::from_utf8_lossy(&c.bytes).into_owned())
                .collect()
        };
        assert_eq!(of(0), "1,same\n2,same\n3,a\n");
        assert_eq!(of(1), "1,same\n2,same\n3,b\n");
    }
}

#[test]
fn a_longer_file_that_begins_like_a_known_one_is_read_fully() {
    let mut rig = Rig::started("a.log", "same\n");
    rig.append("b.log", "same\nmore\n");
    assert_eq!(rig.poll_take(), "same\nmore\n");
}

#[test]
fn a_file_with_the_same_long_beginning_is_not_a_lost_one_come_back() {
    for restart in [false, true] {
        let same = many_lines(60);
        let mut rig = Rig::started("a.log", &(same.clone() + "mine\n"));
        let states = rig.tailer.states();
        rig.remove("a.log");
        if restart {
            rig.tailer = Tailer::new(rig.options.clone(), states, 0).expect("options");
        }
        let other = same + "its own end is longer\n";
        rig.append("b.log", &other);
        assert_eq!(rig.poll_take(), other);
    }
}

#[test]
fn a_copy_that_stays_is_reported_and_not_read() {
    let mut rig = Rig::started("a.log", "one\n");
    rig.copy("a.log", "b.log");
    rig.poll();
    rig.poll_after(Duration::from_secs(6));
    rig.poll();
    assert_eq!(rig.take(), "");
    assert_eq!(
        rig.count(|n| matches!(n, Notice::Duplicate { of: 0, .. })),
        1
    );
    rig.append("b.log", "own\n");
    assert_eq!(rig.poll_take(), "one\nown\n");
}

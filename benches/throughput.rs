//! Throughput and memory of the main job: 1,000,000 events (about 190 bytes of NDJSON, 8 a case) through `score`, and
//! through `run` until everything is committed. Prints events per second, peak memory, and the ratio of both to reading
//! the file line by line, which says more than absolute times on a shared machine.
//!
//! With `scattered` instead, what is hardest to commit goes through `run`: a history of 28 days in random order of time,
//! in which each event is a case. Over 1,000 processes nearly every event changes another bucket; over 12 few do.
//!
//! `cargo bench --bench throughput [-- [scattered] [EVENTS]]`

use chrono::{DateTime, SecondsFormat};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_toleranced");
const DEFAULT_EVENTS: u64 = 1_000_000;

fn main() {
    let events = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .next()
        .unwrap_or(DEFAULT_EVENTS);
    if std::env::args().any(|arg| arg == "scattered") {
        for processes in [1_000, 12] {
            run_scattered(events, processes);
        }
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = folder.path().join("bench.ndjson");
    simulate(&log, events);
    let bytes = std::fs::metadata(&log).expect("the log").len();
    println!(
        "{events} events, {:.1} bytes each, seed 42",
        bytes as f64 / events as f64
    );
    let plain = read_lines(&log);
    report("reading lines", events, plain, None, plain);
    let (seconds, memory) = score(&log);
    report("score", events, seconds, memory, plain);
    let (seconds, memory) = run(folder.path(), events);
    report("run, durable", events, seconds, memory, plain);
}

fn run_scattered(events: u64, processes: u64) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = folder.path().join("bench.ndjson");
    write_scattered(&log, events, processes).expect("writable");
    println!("{events} cases of one event, {processes} processes, random order of time");
    let plain = read_lines(&log);
    let (seconds, memory) = run(folder.path(), events);
    report("run, durable", events, seconds, memory, plain);
}

fn write_scattered(log: &Path, events: u64, processes: u64) -> std::io::Result<()> {
    /// 2026-03-02.
    const BEGIN: i64 = 1_772_409_600;
    const SECONDS: u64 = 28 * 24 * 60 * 60;
    let mut random = Random(42);
    let mut log = BufWriter::new(std::fs::File::create(log)?);
    let mut line = String::new();
    for case in 0..events {
        let time = DateTime::from_timestamp(BEGIN + random.below(SECONDS) as i64, 0);
        let time = time.unwrap_or_default();
        let time = time.to_rfc3339_opts(SecondsFormat::Secs, true);
        let process = random.below(processes);
        let outcome = match random.below(100) {
            0..3 => "failed",
            _ => "done",
        };
        line.clear();
        let written = writeln!(
            line,
            "{{\"time\":\"{time}\",\"process\":\"process-{process:04}\",\"case\":\"C-{case:07}\",\
             \"activity\":\"check\",\"executor\":\"code\",\"outcome\":\"{outcome}\"}}"
        );
        assert!(written.is_ok(), "memory takes any text");
        log.write_all(line.as_bytes())?;
    }
    log.flush()
}

/// The same numbers with each run: SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

fn report(what: &str, events: u64, seconds: f64, memory: Option<u64>, plain: f64) {
    let memory = memory.map_or(String::new(), |kib| {
        format!(", peak {:.0} MiB", kib as f64 / 1024.0)
    });
    println!(
        "{what:>14}: {:>10.0} events/s, {:.1} times reading lines{memory}",
        events as f64 / seconds,
        seconds / plain
    );
}

fn simulate(log: &Path, events: u64) {
    let done = Command::new(BINARY)
        .args(["simulate", "--events", &events.to_string(), "--output"])
        .arg(log)
        .status()
        .expect("the binary runs");
    assert!(done.success());
}

/// The least that any reader of the file has to do.
fn read_lines(log: &Path) -> f64 {
    let begun = Instant::now();
    let mut reader = BufReader::with_capacity(1 << 20, std::fs::File::open(log).expect("the log"));
    let (mut line, mut count) = (Vec::new(), 0u64);
    while reader.read_until(b'\n', &mut line).expect("readable") > 0 {
        count += line.len() as u64;
        line.clear();
    }
    std::hint::black_box(count);
    begun.elapsed().as_secs_f64()
}

/// The best of three: what disturbs a run only ever makes it slower.
fn score(log: &Path) -> (f64, Option<u64>) {
    let mut best = (f64::INFINITY, None);
    for _ in 0..3 {
        let begun = Instant::now();
        let mut child = Command::new(BINARY)
            .args(["score", "--map", "toleranced", "--format", "json"])
            .arg(log)
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let memory = wait(&mut child);
        let seconds = begun.elapsed().as_secs_f64();
        if seconds < best.0 {
            best = (seconds, memory);
        }
    }
    best
}

/// Until the daemon's own counter says that every event is committed.
fn run(folder: &Path, events: u64) -> (f64, Option<u64>) {
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        free.local_addr().expect("its number").port()
    };
    let file = folder.join("toleranced.yaml");
    let text = format!(
        "listen: 127.0.0.1:{port}\nscore: {{ every: 60s, window: all }}\nsources:\n- {{ name: soc, paths: [bench.ndjson], mapping: toleranced }}\n"
    );
    std::fs::write(&file, text).expect("writable");
    let begun = Instant::now();
    let mut child = Command::new(BINARY)
        .args(["run", "--config"])
        .arg(&file)
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let wanted = format!("toleranced_ingest_events_total{{source=\"soc\"}} {events}\n");
    loop {
        let asked = Instant::now();
        if metrics(port).is_some_and(|text| text.contains(&wanted)) {
            break;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(600),
            "the daemon does not get on"
        );
        // The answer for many processes is long: to ask must not slow the daemon down.
        let pause = asked.elapsed() * 9;
        std::thread::sleep(pause.clamp(Duration::from_millis(20), Duration::from_millis(250)));
    }
    let seconds = begun.elapsed().as_secs_f64();
    let memory = peak_memory(child.id());
    child.kill().expect("it runs");
    wait(&mut child);
    (seconds, memory)
}

fn metrics(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

/// Waits for a process; gives its peak memory in KiB while it could still be asked.
fn wait(child: &mut Child) -> Option<u64> {
    let mut memory = None;
    loop {
        memory = peak_memory(child.id()).or(memory);
        if child.try_wait().expect("a child").is_some() {
            return memory;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Peak resident memory in KiB, from /proc.
fn peak_memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

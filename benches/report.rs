//! A report over many processes and a year: how long does it take, and how much memory?
//!
//! `cargo bench --bench report [-- PROCESSES]`, 1,000 if not given; each has a case a day. Reading the year takes a while.

use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use toleranced::internals::Config;

const BINARY: &str = env!("CARGO_BIN_EXE_toleranced");
const DAYS: u64 = 366;
const RUNS: usize = 5;

fn main() {
    let mut numbers = std::env::args().filter_map(|arg| arg.parse().ok());
    let processes: u64 = numbers.next().unwrap_or(1_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    write_year(&folder.path().join("log.ndjson"), processes);
    read(folder.path(), 2 * DAYS * processes);
    for period in ["week", "month", "quarter"] {
        let mut runs: Vec<(Duration, u64)> =
            (0..RUNS).map(|_| report(folder.path(), period)).collect();
        runs.sort_unstable();
        let (took, _) = runs[RUNS / 2];
        let memory = runs.iter().map(|(_, kib)| *kib).max().unwrap_or(0);
        println!(
            "{processes} processes, {DAYS} days, {period}: median {:.2} s of {RUNS}, {} MiB at most",
            took.as_secs_f64(),
            memory / 1024
        );
    }
}

/// Cases of a year up to yesterday, of which three in a hundred fail.
fn write_year(file: &Path, processes: u64) {
    let mut out = BufWriter::new(std::fs::File::create(file).expect("writable"));
    let today = chrono::Utc::now().date_naive();
    let mut line = String::new();
    for day in 0..DAYS {
        let date = today - chrono::Days::new(DAYS - day);
        for process in 0..processes {
            let number = day * processes + process;
            let (hour, minute) = (process * 7 % 20, process % 60);
            let executor = ["human", "ai", "code"][process as usize % 3];
            let took = 3 + number.wrapping_mul(2_654_435_761) % 90;
            let outcome = match number.wrapping_mul(40_503) % 100 {
                0..3 => "failed",
                _ => "done",
            };
            let end = hour * 60 + minute + took;
            line.clear();
            for (time, rest) in [
                (hour * 60 + minute, "\"activity\":\"open\"".to_owned()),
                (
                    end,
                    format!(
                        "\"activity\":\"close\",\"lifecycle\":\"end\",\"outcome\":\"{outcome}\""
                    ),
                ),
            ] {
                writeln!(
                    line,
                    "{{\"time\":\"{date}T{:02}:{:02}:00Z\",\"process\":\"process-{process:05}\",\"case\":\"{number}\",\"executor\":\"{executor}\",{rest}}}",
                    time / 60,
                    time % 60
                )
                .expect("memory");
            }
            out.write_all(line.as_bytes()).expect("writable");
        }
    }
    out.flush().expect("writable");
}

/// Has the daemon read and score it all.
fn read(folder: &Path, events: u64) {
    let file = folder.join("toleranced.yaml");
    let text = "score: { every: 30s }\nsources: [{ name: soc, paths: [log.ndjson], mapping: toleranced }]\n";
    std::fs::write(&file, text).expect("writable");
    let config = Config::load(&file).expect("valid");
    let running = toleranced::internals::run_daemon(config, &file).expect("it runs");
    let key = (
        "toleranced_ingest_events_total".to_owned(),
        vec!["soc".to_owned()],
    );
    let mut scored = None;
    loop {
        assert!(!running.has_died(), "the daemon has died");
        let snapshot = running.shared.snapshot();
        let read = snapshot.counters.get(&key).copied().unwrap_or(0) as u64;
        match scored {
            None if read >= events => scored = Some(snapshot.scored_at),
            Some(before) if snapshot.scored_at > before => break,
            _ => {}
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    running.shutdown().expect("it ends");
}

/// How long it took, and the most memory in KiB.
fn report(folder: &Path, period: &str) -> (Duration, u64) {
    let begun = Instant::now();
    let mut child = Command::new(BINARY)
        .args(["report", "--period", period, "--output", "report.html"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    loop {
        if let Some(ended) = child.try_wait().expect("it can be waited for") {
            assert!(ended.success());
            return (begun.elapsed(), most);
        }
        // Gone when it ends meanwhile.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|text| text.trim().split(' ').next()?.parse().ok());
        most = most.max(peak.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
}

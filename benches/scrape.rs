//! A scrape, the board and a process page with many processes: how long do they take, quiet and while events are read at full
//! speed, and how many series and bytes are there?
//!
//! `cargo bench --bench scrape [-- PROCESSES]`, for example 1,000 or 10,000.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_toleranced");
/// Cases of a process, over sixty days.
const CASES: u64 = 60;
const REQUESTS: usize = 40;

/// Ended on exit.
struct Daemon {
    child: Child,
    port: u16,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

fn main() {
    let mut numbers = std::env::args().filter_map(|arg| arg.parse().ok());
    let processes: u64 = numbers.next().unwrap_or(1_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = folder.path().join("log.ndjson");
    std::fs::write(&log, history(processes)).expect("writable");
    let daemon = start(folder.path());
    let events = processes * CASES * 2;
    wait_for_events(&daemon, events);
    // The first score of everything that was read.
    std::thread::sleep(Duration::from_secs(5));
    let text = String::from_utf8(get(&daemon, "/metrics", "identity")).expect("text");
    let series = text.lines().filter(|line| line.starts_with("toleranced_"));
    let series = series.count();
    let packed = get(&daemon, "/metrics", "gzip").len();
    println!(
        "{processes} processes: {series} series ({} a process), {} KiB, {} KiB packed",
        series as u64 / processes,
        text.len() / 1024,
        packed / 1024
    );
    report("quiet", &daemon);
    // At full speed: another log of the same size is there at once.
    let more = history(processes).replace("\"case\":\"", "\"case\":\"again-");
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(&log)
        .expect("the log");
    let writer = std::thread::spawn(move || file.write_all(more.as_bytes()).expect("writable"));
    report("while reading", &daemon);
    writer.join().expect("written");
    wait_for_events(&daemon, 2 * events);
}

/// Median and slowest of some requests.
fn report(when: &str, daemon: &Daemon) {
    for path in ["/metrics", "/", "/processes/process-00500"] {
        let mut times: Vec<Duration> = (0..REQUESTS)
            .map(|_| {
                let begun = Instant::now();
                get(daemon, path, "gzip");
                begun.elapsed()
            })
            .collect();
        times.sort_unstable();
        println!(
            "{when:>14} {path}: median {:.1} ms, slowest {:.1} ms of {REQUESTS}",
            times[REQUESTS / 2].as_secs_f64() * 1e3,
            times[REQUESTS - 1].as_secs_f64() * 1e3
        );
    }
}

/// Cases of every process, by people and code, with three outcomes.
fn history(processes: u64) -> String {
    let now = chrono::Utc::now();
    let mut log = String::new();
    for case in 0..CASES {
        let day = now - chrono::Duration::days(60 - case as i64);
        let (opened, closed) = (
            day.to_rfc3339(),
            (day + chrono::Duration::hours(1)).to_rfc3339(),
        );
        for process in 0..processes {
            let executor = if case % 3 == 0 { "code" } else { "human" };
            let outcome =
                ["resolved", "false_positive", "failed"][(case + process) as usize % 7 % 3];
            let head = format!(
                "\"process\":\"process-{process:05}\",\"case\":\"{process}-{case}\",\"executor\":\"{executor}\""
            );
            writeln!(
                log,
                "{{\"time\":\"{opened}\",{head},\"activity\":\"open\"}}"
            )
            .expect("memory");
            writeln!(
                log,
                "{{\"time\":\"{closed}\",{head},\"activity\":\"close\",\"lifecycle\":\"end\",\"outcome\":\"{outcome}\"}}"
            )
            .expect("memory");
        }
    }
    log
}

fn start(folder: &Path) -> Daemon {
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        free.local_addr().expect("its number").port()
    };
    let file = folder.join("toleranced.yaml");
    let text = format!(
        "listen: 127.0.0.1:{port}\nscore: {{ every: 3s }}\nsources:\n- {{ name: soc, paths: [log.ndjson], mapping: toleranced }}\n"
    );
    std::fs::write(&file, text).expect("writable");
    let child = Command::new(BINARY)
        .args(["run", "--config"])
        .arg(&file)
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    Daemon { child, port }
}

fn wait_for_events(daemon: &Daemon, events: u64) {
    let begun = Instant::now();
    let wanted = format!("toleranced_ingest_events_total{{source=\"soc\"}} {events}\n");
    loop {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", daemon.port)) {
            drop(stream);
            let text = get(daemon, "/metrics", "identity");
            if String::from_utf8_lossy(&text).contains(&wanted) {
                return;
            }
        }
        assert!(
            begun.elapsed() < Duration::from_secs(600),
            "it does not get on"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn get(daemon: &Daemon, path: &str, encoding: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", daemon.port)).expect("it listens");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: {encoding}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("it listens");
    let mut body = Vec::new();
    stream.read_to_end(&mut body).expect("it answers");
    body
}

//! What the end-to-end tests share: a folder with a configuration, the daemon as a child process, HTTP, metrics.
//!
//! Nothing here sleeps to let something happen: conditions are polled until a deadline that only a hang reaches.

#![allow(dead_code, reason = "every test binary uses its own part of this")]

pub mod server;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Only a hang takes longer.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// The mapping of [`Home::new`]: toleranced's own lines, with an id for each event.
pub const MAPPING: &str = "format: ndjson\nprocess: process\ncase: case\nactivity: activity\ntime: time\n\
    sequence: seq\nevent_id: id\nexecutor: executor\nlifecycle: { path: lifecycle, default: step }\n\
    outcome: outcome\ninput: input\nparent: parent\n";

/// Polls until there is an answer.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < DEADLINE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Polls until a value is the expected one, and shows the difference if it never is.
pub fn wait_to_equal<T: PartialEq + Debug>(what: &str, expected: &T, mut look: impl FnMut() -> T) {
    let begun = Instant::now();
    loop {
        let found = look();
        if found == *expected {
            return;
        }
        if begun.elapsed() > DEADLINE {
            pretty_assertions(what, expected, &found);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn pretty_assertions<T: Debug>(what: &str, expected: &T, found: &T) -> ! {
    let (expected, found) = (format!("{expected:#?}"), format!("{found:#?}"));
    let differing = expected.lines().zip(found.lines()).filter(|(a, b)| a != b);
    let shown: Vec<String> = differing
        .take(20)
        .map(|(a, b)| format!("expected {}\n   found {}", a.trim(), b.trim()))
        .collect();
    panic!("{what} never as expected:\n{}", shown.join("\n"));
}

/// The program, for commands that end by themselves.
pub fn toleranced(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_toleranced"))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What a command printed, standard output and standard error.
pub fn texts(output: &Output) -> (String, String) {
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// A folder with a configuration and what it names.
pub struct Home(tempfile::TempDir);

impl Home {
    /// With a mapping `map.yaml`, and a configuration with these sources (lines of YAML behind `sources:`).
    pub fn new(sources: &str) -> Home {
        let home = Home(tempfile::tempdir().unwrap());
        home.write("map.yaml", MAPPING);
        home.configure(sources, "");
        home
    }

    /// With one source `log` that tails `log.ndjson`.
    pub fn tailing() -> Home {
        Home::new("[{name: log, paths: [log.ndjson], mapping: map.yaml, flush_after: 100ms}]")
    }

    /// With one source `in` that reads the exports in the folder `in`.
    pub fn dropping(mapping: &str) -> Home {
        let home = Home::new("[{name: in, type: drop, paths: [in], mapping: map.yaml}]");
        home.write("map.yaml", mapping);
        fs::create_dir(home.path("in")).unwrap();
        home
    }

    /// Puts an export into that folder that was written so many seconds ago.
    pub fn drop_in(&self, name: &str, bytes: impl AsRef<[u8]>, seconds_ago: u64) {
        self.write("aside", bytes);
        self.age("aside", seconds_ago);
        fs::rename(self.path("aside"), self.path("in").join(name)).unwrap();
    }

    /// Makes a file one that was written so many seconds ago.
    pub fn age(&self, name: &str, seconds: u64) {
        let file = fs::OpenOptions::new()
            .write(true)
            .open(self.path(name))
            .unwrap();
        let then = std::time::SystemTime::now() - Duration::from_secs(seconds);
        file.set_modified(then).unwrap();
    }

    /// Writes the configuration: sources, and further top-level lines. Logs of tests are old, and count all the same.
    pub fn configure(&self, sources: &str, more: &str) {
        let text = format!(
            "listen: 127.0.0.1:0\ndata_dir: data\nscore: {{every: 200ms, window: all}}\n\
             batch: {{interval: 20ms, events: 500}}\nsources: {sources}\n{more}\nmetrics: {{late_after: 3650d, expire_after: 3650d}}\n"
        );
        self.write("toleranced.yaml", &text);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn text_path(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        let mut options = fs::OpenOptions::new();
        let mut file = options
            .create(true)
            .append(true)
            .open(self.path(name))
            .unwrap();
        file.write_all(text.as_ref()).unwrap();
    }

    /// Runs the program with this configuration until it ends by itself.
    pub fn run(&self, args: &[&str]) -> Output {
        let config = self.text_path("toleranced.yaml");
        let args: Vec<&str> = args.iter().copied().chain(["--config", &config]).collect();
        toleranced(&args)
    }

    /// Starts the daemon; it need not come up.
    pub fn spawn(&self) -> Daemon {
        let mut command = Command::new(env!("CARGO_BIN_EXE_toleranced"));
        command
            .args(["run", "--config"])
            .arg(self.path("toleranced.yaml"));
        Daemon::spawn(&mut command)
    }

    /// Starts the daemon and waits until it listens.
    pub fn start(&self) -> Daemon {
        let daemon = self.spawn();
        daemon.address();
        daemon
    }
}

/// A running daemon; killed when dropped.
pub struct Daemon {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Daemon {
    pub fn spawn(command: &mut Command) -> Daemon {
        let mut child = command
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (lines, to) = (
            BufReader::new(child.stderr.take().unwrap()).lines(),
            log.clone(),
        );
        std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .for_each(|line| to.lock().unwrap().push(line));
        });
        Daemon { child, log }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has logged.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// Waits for a line of the log that holds a text.
    pub fn wait_for_log(&self, text: &str) {
        wait_for(&format!("{text:?} in the log of the daemon"), || {
            self.log().contains(text).then_some(())
        });
    }

    /// Where it listens, if it does already.
    pub fn address_now(&self) -> Option<String> {
        let log = self.log.lock().unwrap();
        let line = log.iter().find(|line| line.contains("listening"))?;
        Some(line.split("address=").nth(1)?.trim().to_owned())
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        let begun = Instant::now();
        loop {
            if let Some(address) = self.address_now() {
                return address;
            }
            assert!(
                begun.elapsed() < DEADLINE,
                "never listened:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Status and body of a page; `None` if it can't be had.
    pub fn try_get(&self, path: &str) -> Option<(u16, String)> {
        let url = format!("http://{}{path}", self.address_now()?);
        let mut response = agent().get(url).call().ok()?;
        let status = response.status().as_u16();
        Some((status, response.body_mut().read_to_string().ok()?))
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        self.address();
        self.try_get(path)
            .unwrap_or_else(|| panic!("GET {path} failed:\n{}", self.log()))
    }

    pub fn post(&self, path: &str) -> (u16, String) {
        let url = format!("http://{}{path}", self.address());
        let mut response = agent().post(url).send_empty().unwrap();
        let status = response.status().as_u16();
        (status, response.body_mut().read_to_string().unwrap())
    }

    pub fn post_json(&self, path: &str, body: &Value) -> (u16, String) {
        let url = format!("http://{}{path}", self.address());
        let request = agent().post(url).header("content-type", "application/json");
        let mut response = request.send(body.to_string()).unwrap();
        let status = response.status().as_u16();
        (status, response.body_mut().read_to_string().unwrap())
    }

    /// Sends a body as something.
    pub fn send(&self, path: &str, kind: &str, body: &[u8]) -> (u16, String) {
        let url = format!("http://{}{path}", self.address());
        let request = agent().post(url).header("content-type", kind);
        let mut response = request.send(body).unwrap();
        let status = response.status().as_u16();
        (status, response.body_mut().read_to_string().unwrap())
    }

    pub fn reload(&self) -> (u16, String) {
        self.post("/-/reload")
    }

    pub fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).1).unwrap()
    }

    /// The scores by process, without what depends on the present time.
    pub fn figures(&self) -> Figures {
        figures(&self.json("/api/v1/processes"))
    }

    pub fn metrics(&self) -> Metrics {
        Metrics::parse(&self.get("/metrics").1)
    }

    /// Waits until a counter or gauge has at least this value.
    pub fn wait_for_metric(&self, series: &str, least: f64) -> Metrics {
        let begun = Instant::now();
        loop {
            let metrics = self.metrics();
            if metrics.get(series) >= least {
                return metrics;
            }
            assert!(
                begun.elapsed() < DEADLINE,
                "{series} is {} and never {least}:\n{}",
                metrics.get(series),
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until so many records of the source `log` have been read.
    pub fn wait_for_records(&self, count: usize) -> Metrics {
        self.wait_for_metric(
            r#"toleranced_ingest_records_total{source="log"}"#,
            count as f64,
        )
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid() as i32), signal).unwrap();
    }

    /// Waits until it has ended.
    pub fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < DEADLINE, "hangs:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until it has ended by itself; gives its exit code and its log.
    pub fn failed(mut self) -> (Option<i32>, String) {
        let code = self.ended().code();
        // The reader of the log ends with the pipe.
        wait_for("the end of the log", || {
            (Arc::strong_count(&self.log) == 1).then_some(())
        });
        (code, self.log())
    }

    /// SIGTERM; the exit code must be 0.
    pub fn stop(mut self) -> String {
        self.signal(Signal::SIGTERM);
        let status = self.ended();
        let log = self.log();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(!log.contains("panicked"), "{log}");
        log
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        // It may have ended already; what matters is that it is gone.
        let _ = self.child.kill();
        self.child.wait().unwrap();
        let log = self.log();
        assert!(!log.contains("panicked"), "{log}");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Nothing must be left over from a test that failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(DEADLINE))
        .build();
    config.into()
}

/// Scores by process.
pub type Figures = BTreeMap<String, Value>;

/// The scores of a document of `/api/v1/processes` or `score --format json`, without what depends on the present time.
pub fn figures(document: &Value) -> Figures {
    let mut figures = BTreeMap::new();
    for process in document["processes"].as_array().unwrap() {
        let mut process = process.clone();
        let id = process["id"].as_str().unwrap().to_owned();
        drop_what_depends_on_now(&mut process);
        figures.insert(id, process);
    }
    figures
}

/// Rates, what follows from them, and how old an outcome is.
fn drop_what_depends_on_now(value: &mut Value) {
    const BY_NOW: [&str; 6] = [
        "arrivals",
        "value",
        "pays_back",
        "clean_runs_missing_weeks",
        "provenance",
        "entries_per_week",
    ];
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| {
                !name.starts_with("cases_per_week") && !BY_NOW.contains(&name.as_str())
            });
            fields.values_mut().for_each(drop_what_depends_on_now);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_what_depends_on_now),
        _ => {}
    }
}

/// The samples of a scrape, by series as it is written: name and labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Metrics {
    pub samples: BTreeMap<String, f64>,
    kinds: BTreeMap<String, String>,
}

impl Metrics {
    pub fn parse(text: &str) -> Metrics {
        let (mut samples, mut kinds) = (BTreeMap::new(), BTreeMap::new());
        for line in text.lines() {
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                kinds.insert(name.to_owned(), kind.to_owned());
            } else if !line.starts_with('#') && !line.is_empty() {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let twice = samples.insert(series.to_owned(), value.parse().unwrap());
                assert_eq!(twice, None, "{series} stands twice in the scrape");
            }
        }
        Metrics { samples, kinds }
    }

    /// The value of a series, 0 if it is not there.
    pub fn get(&self, series: &str) -> f64 {
        self.samples.get(series).copied().unwrap_or(0.0)
    }

    /// All series of a metric.
    pub fn all(&self, name: &str) -> BTreeMap<String, f64> {
        let head = format!("{name}{{");
        let matching = self
            .samples
            .iter()
            .filter(|(series, _)| **series == name || series.starts_with(&head));
        matching
            .map(|(series, value)| (series.clone(), *value))
            .collect()
    }

    /// The sum of all series of a metric.
    pub fn sum(&self, name: &str) -> f64 {
        self.all(name).values().sum()
    }

    /// No counter (or part of a histogram) may have been higher before.
    pub fn assert_not_below(&self, before: &Metrics) {
        for (series, value) in &before.samples {
            let name = series.split('{').next().unwrap();
            let is_counter = name.ends_with("_total")
                || ["_bucket", "_count", "_sum"]
                    .iter()
                    .any(|end| name.ends_with(end));
            // These are of one run of the program; Prometheus knows that by their falling to 0.
            let of_run = ["toleranced_commit_", "toleranced_http_", "process_"];
            let of_run = of_run.iter().any(|head| name.starts_with(head));
            if is_counter && !of_run {
                let now = self.get(series);
                assert!(now >= *value, "{series} fell from {value} to {now}");
            }
        }
    }
}

/// Random numbers that are the same in every run (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end.max(1)
    }

    /// Cuts bytes into so many pieces, anywhere.
    pub fn cut<'a>(&mut self, bytes: &'a [u8], pieces: usize) -> Vec<&'a [u8]> {
        let mut cuts: Vec<usize> = (1..pieces)
            .map(|_| self.below(bytes.len() as u64) as usize)
            .collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        cuts.windows(2)
            .map(|pair| &bytes[pair[0]..pair[1]])
            .collect()
    }
}

/// One line of a log in the format of [`MAPPING`].
pub fn line(id: &str, case: &str, activity: &str, minute: u32, more: &str) -> String {
    let (hour, minute) = (minute / 60, minute % 60);
    format!(
        "{{\"id\":\"{id}\",\"process\":\"tickets\",\"case\":\"{case}\",\"activity\":\"{activity}\",\
         \"time\":\"2026-03-02T{hour:02}:{minute:02}:00Z\"{more}}}\n"
    )
}

/// A case of three steps in the format of [`MAPPING`], which ends with this outcome.
pub fn case(name: &str, minute: u32, outcome: &str) -> String {
    let end = format!(",\"lifecycle\":\"end\",\"outcome\":\"{outcome}\"");
    [
        line(&format!("{name}-1"), name, "open", minute, ""),
        line(&format!("{name}-2"), name, "work", minute + 1, ""),
        line(&format!("{name}-3"), name, "close", minute + 2, &end),
    ]
    .concat()
}

/// The scores that `toleranced score` gives for files, as of an instant.
pub fn one_shot(map: &Path, catalog: Option<&Path>, as_of: &str, files: &[&Path]) -> Value {
    let mut args = vec!["score", "--format", "json", "--as-of", as_of, "--map"];
    args.push(map.to_str().unwrap());
    if let Some(catalog) = catalog {
        args.extend(["--catalog", catalog.to_str().unwrap()]);
    }
    args.extend(files.iter().map(|file| file.to_str().unwrap()));
    let output = toleranced(&args);
    let (out, errors) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    serde_json::from_str(&out).unwrap()
}

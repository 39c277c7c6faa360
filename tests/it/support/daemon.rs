//! A running daemon and its HTTP interface.

use super::scores::{Figures, figures};
use super::scrape::Metrics;
use super::wait::{DEADLINE, poll, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

/// A running daemon; killed when dropped.
pub(crate) struct Daemon {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Daemon {
    pub(crate) fn spawn(command: &mut Command) -> Daemon {
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

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// Waits for a line of the log that holds a text.
    pub(crate) fn wait_for_log(&self, text: &str) {
        wait_until(format!("{text:?} in the log of the daemon"), || {
            self.log().contains(text).then_some(())
        });
    }

    /// Where it listens, if it does already.
    pub(crate) fn address_now(&self) -> Option<String> {
        let log = self.log.lock().unwrap();
        let line = log.iter().find(|line| line.contains("listening"))?;
        Some(line.split("address=").nth(1)?.trim().to_owned())
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        poll(|| self.address_now()).unwrap_or_else(|| panic!("never listened:\n{}", self.log()))
    }

    /// Whether it has opened a file.
    pub(crate) fn has_open(&self, file: &std::path::Path) -> Option<()> {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).ok()?;
        let targets = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        targets
            .into_iter()
            .any(|target| target == file)
            .then_some(())
    }

    /// Status and body of a page; `None` if it can't be had.
    pub(crate) fn try_get(&self, path: &str) -> Option<(u16, String)> {
        let url = format!("http://{}{path}", self.address_now()?);
        let mut response = agent().get(url).call().ok()?;
        let status = response.status().as_u16();
        Some((status, response.body_mut().read_to_string().ok()?))
    }

    /// Status and body of a page. A daemon that has just started is given the time to make its first score.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.address();
        let answer = || {
            let found = self
                .try_get(path)
                .unwrap_or_else(|| panic!("GET {path} failed:\n{}", self.log()));
            let starts = found.0 == 503 && found.1.contains("has not made its first score yet");
            (!starts).then_some(found)
        };
        wait_until(format_args!("the first score, for {path}"), answer)
    }

    pub(crate) fn post(&self, path: &str) -> (u16, String) {
        let url = format!("http://{}{path}", self.address());
        let mut response = agent().post(url).send_empty().unwrap();
        let status = response.status().as_u16();
        (status, response.body_mut().read_to_string().unwrap())
    }

    pub(crate) fn post_json(&self, path: &str, body: &Value) -> (u16, String) {
        let url = format!("http://{}{path}", self.address());
        let request = agent().post(url).header("content-type", "application/json");
        let mut response = request.send(body.to_string()).unwrap();
        let status = response.status().as_u16();
        (status, response.body_mut().read_to_string().unwrap())
    }

    /// Sends a body as something.
    pub(crate) fn send(&self, path: &str, kind: &str, body: &[u8]) -> (u16, String) {
        let url = format!("http://{}{path}", self.address());
        let request = agent().post(url).header("content-type", kind);
        let mut response = request.send(body).unwrap();
        let status = response.status().as_u16();
        (status, response.body_mut().read_to_string().unwrap())
    }

    pub(crate) fn reload(&self) -> (u16, String) {
        self.post("/-/reload")
    }

    pub(crate) fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).1).unwrap()
    }

    /// The scores by process, without what depends on the present time.
    pub(crate) fn figures(&self) -> Figures {
        figures(&self.json("/api/v1/processes"))
    }

    /// A figure of the only process.
    pub(crate) fn figure(&self, key: &str) -> Value {
        self.json("/api/v1/processes")["processes"][0][key].clone()
    }

    pub(crate) fn metrics(&self) -> Metrics {
        Metrics::parse(&self.get("/metrics").1)
    }

    /// Waits until a counter or gauge has at least this value.
    pub(crate) fn wait_for_metric(&self, series: &str, least: f64) -> Metrics {
        let reached = || Some(self.metrics()).filter(|metrics| metrics.get(series) >= least);
        poll(reached).unwrap_or_else(|| {
            let last = self.metrics().get(series);
            panic!("{series} is {last} and never {least}:\n{}", self.log())
        })
    }

    /// Waits for a score of everything that is counted now.
    pub(crate) fn wait_for_next_score(&self) {
        let series = "toleranced_last_score_timestamp_seconds";
        let scored = self.metrics().get(series);
        self.wait_for_metric(series, scored + 0.001);
    }

    /// Waits until so many records of the source `log` have been read.
    pub(crate) fn wait_for_records(&self, count: usize) -> Metrics {
        self.wait_for_metric(
            r#"toleranced_ingest_records_total{source="log"}"#,
            count as f64,
        )
    }

    /// The most memory that it ever had, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        peak_memory(self.pid())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid() as i32), signal).unwrap();
    }

    /// Waits until it has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let ended = poll(|| self.child.try_wait().unwrap());
        ended.unwrap_or_else(|| panic!("hangs:\n{}", self.log()))
    }

    /// Waits until it has ended by itself; gives its exit code and its log.
    pub(crate) fn failed(mut self) -> (Option<i32>, String) {
        let code = self.ended().code();
        // The reader of the log ends with the pipe.
        wait_until("the end of the log", || {
            (Arc::strong_count(&self.log) == 1).then_some(())
        });
        (code, self.log())
    }

    /// SIGTERM; the exit code must be 0.
    pub(crate) fn stop(mut self) -> String {
        self.signal(Signal::SIGTERM);
        let status = self.ended();
        let log = self.log();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(!log.contains("panicked"), "{log}");
        log
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
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

pub(crate) fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(DEADLINE))
        .build();
    config.into()
}

/// The most memory that a running process ever had, in KiB.
pub(crate) fn peak_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let words = line.unwrap().split_whitespace();
    words.filter_map(|word| word.parse().ok()).next().unwrap()
}

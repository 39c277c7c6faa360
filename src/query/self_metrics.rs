//! How the daemon itself does: what is measured where it happens, since the start.

use crate::model::words;
use prometheus::proto::Histogram as HistogramProto;
use prometheus::{Histogram, HistogramOpts, core::Metric};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper ends of the bins of commit times, in seconds.
const COMMIT_BINS: [f64; 8] = [0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0];

/// Answered requests by route and status code.
type Requests = BTreeMap<(String, u16), u64>;

/// Reports by recipient: those that were sent, and those that could not be.
type Sent = BTreeMap<String, [u64; 2]>;

words! {
    /// Why the daemon has closed a connection.
    pub Closed {
        /// It made the least progress when there were too many, or when responses took too much memory.
        Limit = "limit",
        /// Its TLS handshake failed.
        Handshake = "handshake",
        /// Headers or a handshake did not come, or an answer was not taken, in time.
        TimedOut = "timeout",
    }
}

words! {
    /// Why a log-in has failed.
    pub LoginFailure {
        /// The credentials are wrong.
        Wrong = "wrong",
        /// The address had too many failures. The credentials were not checked.
        Delayed = "delayed",
        /// Too many passwords were being checked.
        Busy = "busy",
    }
}

/// Counters and histograms of this run of the program.
#[derive(Debug)]
pub struct OwnMetrics {
    commits: Histogram,
    /// Commits that could not be written at once.
    pub commit_failures: AtomicU64,
    requests: Mutex<Requests>,
    connections: AtomicUsize,
    closed: [AtomicU64; Closed::ALL.len()],
    login_failures: [AtomicU64; LoginFailure::ALL.len()],
    /// Whether a report that is due could not be written.
    pub report_overdue: AtomicBool,
    /// How often a report could not be written.
    pub report_failures: AtomicU64,
    sent: Mutex<Sent>,
}

impl Default for OwnMetrics {
    fn default() -> OwnMetrics {
        let options = HistogramOpts::new("commit", "commit").buckets(COMMIT_BINS.to_vec());
        OwnMetrics {
            commits: Histogram::with_opts(options).expect("the bins rise"),
            commit_failures: AtomicU64::default(),
            requests: Mutex::default(),
            connections: AtomicUsize::default(),
            closed: Default::default(),
            login_failures: Default::default(),
            report_overdue: AtomicBool::default(),
            report_failures: AtomicU64::default(),
            sent: Mutex::default(),
        }
    }
}

impl OwnMetrics {
    /// A commit took so long.
    pub fn committed(&self, took: Duration) {
        self.commits.observe(took.as_secs_f64());
    }

    /// Commit times so far.
    pub fn commits(&self) -> HistogramProto {
        self.commits.metric().get_histogram().clone()
    }

    /// A request to a route was answered. Routes are those of the program, so there are few.
    pub fn answered(&self, route: &str, code: u16) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((route.to_owned(), code)).or_default() += 1;
    }

    /// Requests so far.
    pub fn requests(&self) -> BTreeMap<(String, u16), u64> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.clone()
    }

    /// Reports are sent to these, and to nobody else any more.
    pub fn set_recipients(&self, names: &[&str]) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.retain(|known, _| names.contains(&known.as_str()));
        for name in names {
            sent.entry((*name).to_owned()).or_default();
        }
    }

    /// A report was sent to somebody, or could not be.
    pub fn sent(&self, recipient: &str, done: bool) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.entry(recipient.to_owned()).or_default()[usize::from(!done)] += 1;
    }

    /// Reports by recipient so far: those that were sent, and those that could not be.
    pub fn reports_sent(&self) -> Sent {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.clone()
    }

    /// So many connections are open.
    pub fn set_connections(&self, open: usize) {
        self.connections.store(open, Ordering::Relaxed);
    }

    /// Connections that are open.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// A connection was closed for a reason.
    pub fn closed(&self, why: Closed) {
        self.closed[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Connections closed so far for a reason.
    pub fn closed_for(&self, why: Closed) -> u64 {
        self.closed[why as usize].load(Ordering::Relaxed)
    }

    /// A log-in has failed for a reason.
    pub fn login_failed(&self, why: LoginFailure) {
        self.login_failures[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Failed log-ins so far for a reason.
    pub fn login_failures_for(&self, why: LoginFailure) -> u64 {
        self.login_failures[why as usize].load(Ordering::Relaxed)
    }
}

//! What the engine publishes for the HTTP server: one consistent picture, swapped as a whole.

use super::counters::{CounterKey, Fineness};
use super::own::OwnMetrics;
use crate::drift::ProcessDrift;
use crate::model::{Hour, Time};
use crate::score::ProcessScore;
use crate::store::AlarmRow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

/// The state of everything as of one commit.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// When it was made.
    pub at: Time,
    /// When the scores were made.
    pub scored_at: Option<Time>,
    /// The scores, by id.
    pub scores: Arc<Vec<ProcessScore>>,
    /// Changes that were found.
    pub drift: Arc<DriftView>,
    /// What rises.
    pub counters: BTreeMap<CounterKey, i64>,
    /// Open cases by process and executor kind.
    pub open: Vec<(String, &'static str, i64)>,
    /// Cases held in memory.
    pub cached_cases: usize,
    /// How finely is counted.
    pub fineness: Arc<Fineness>,
    /// The latest hour in which a live case started or ended, by process.
    pub last_case: Arc<BTreeMap<String, Hour>>,
    /// Processes that are not exported any more.
    pub expired: Arc<BTreeSet<String>>,
    /// How long the last scoring took.
    pub score_seconds: Option<f64>,
    /// Size of the database on disk.
    pub store_bytes: u64,
}

/// Changes that were found.
#[derive(Debug, Default)]
pub struct DriftView {
    /// By process.
    pub processes: BTreeMap<String, Arc<ProcessDrift>>,
    /// Every alarm, oldest first.
    pub alarms: Vec<AlarmRow>,
    /// False alarms a year that are expected at most.
    pub false_alarms_per_year: f64,
}

/// What a source says of itself.
#[derive(Debug, Default)]
pub struct SourceStatus {
    /// Its name.
    pub name: String,
    /// Whether it can be read.
    pub up: AtomicBool,
    /// Bytes that wait to be read.
    pub backlog_bytes: AtomicU64,
    /// Files it reads.
    pub files: AtomicU64,
    /// Time of its latest event, in microseconds since 1970; 0 before the first.
    pub last_event: AtomicI64,
    /// Why it is not up.
    pub trouble: Mutex<Option<String>>,
    /// Set to make a drop folder look again at files that it has seen.
    pub look_again: AtomicBool,
}

impl SourceStatus {
    /// A source of which nothing is known yet.
    pub fn new(name: &str) -> SourceStatus {
        SourceStatus {
            name: name.to_owned(),
            ..SourceStatus::default()
        }
    }

    /// Says that it can be read, or why not.
    pub fn set_trouble(&self, trouble: Option<String>) {
        self.up.store(trouble.is_none(), Ordering::Relaxed);
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Why it is not up.
    pub fn trouble(&self) -> Option<String> {
        self.trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Notes the time of an event; the latest stays.
    pub fn saw_event(&self, at: Time) {
        self.last_event.fetch_max(at.0, Ordering::Relaxed);
    }
}

/// What engine, sources and HTTP server share.
#[derive(Debug, Default)]
pub struct Shared {
    snapshot: RwLock<Arc<Snapshot>>,
    sources: RwLock<Vec<Arc<SourceStatus>>>,
    /// Whether the first score is made and commits succeed.
    ready: AtomicBool,
    /// Why commits do not succeed.
    trouble: Mutex<Option<String>>,
    /// How the daemon itself does.
    pub own: OwnMetrics,
    /// When the engine showed last that it goes on, in microseconds since 1970.
    beat: AtomicI64,
}

impl Shared {
    /// The latest snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether a process of this id is scored.
    pub fn knows_process(&self, id: &str) -> bool {
        self.snapshot().scores.iter().any(|score| score.id == id)
    }

    /// Publishes a snapshot.
    pub fn publish(&self, snapshot: Snapshot) {
        *self
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    }

    /// The sources.
    pub fn sources(&self) -> Vec<Arc<SourceStatus>> {
        self.sources
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Names the sources.
    pub fn set_sources(&self, sources: Vec<Arc<SourceStatus>>) {
        *self.sources.write().unwrap_or_else(PoisonError::into_inner) = sources;
    }

    /// The engine goes on.
    pub fn beat(&self) {
        let now = Time::from_utc(chrono::Utc::now());
        self.beat.store(now.0, Ordering::Relaxed);
    }

    /// How long the engine has not shown that it goes on.
    pub fn silent_for(&self) -> Duration {
        let now = Time::from_utc(chrono::Utc::now());
        let silent = now.0.saturating_sub(self.beat.load(Ordering::Relaxed));
        Duration::from_micros(u64::try_from(silent).unwrap_or(0))
    }

    /// Says whether the daemon does its work.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::Relaxed);
    }

    /// Says why the daemon can't do its work, or that it can.
    pub fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Why the daemon is not ready; `None` if it is.
    pub fn not_ready(&self) -> Option<String> {
        let trouble = self
            .trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if trouble.is_some() {
            return trouble;
        }
        let ready = self.ready.load(Ordering::Relaxed);
        (!ready).then(|| "starting: no score has been made yet".to_owned())
    }
}

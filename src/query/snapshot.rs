//! What the engine publishes for the HTTP server: one consistent picture, swapped as a whole.

use super::clock_health::ClockHealth;
use super::counters::{CounterMap, Fineness};
use super::name_excess::NameExcess;
use super::self_metrics::OwnMetrics;
use super::store_health::StoreHealth;
use crate::drift::{Budget, OutcomeNames, ProcessDrift};
use crate::model::{Hour, Time};
use crate::score::ProcessScore;
use crate::store::AlarmRow;
use arc_swap::ArcSwap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Processes with too many names that every page shows; the page of what comes in shows all.
const MOST_WARNINGS: usize = 3;

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
    pub counters: CounterMap,
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
    /// Who has more different names than it may.
    pub(crate) name_excess: Arc<Vec<NameExcess>>,
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
    /// The budget of the thresholds; `None` until drift was looked for.
    pub(crate) budget: Option<Budget>,
    /// Names of the outcomes that charts are about.
    pub(crate) outcomes: OutcomeNames,
}

/// Files that are set aside.
#[derive(Clone, Debug, Default)]
pub struct SetAside {
    /// How many there are.
    pub count: u64,
    /// The paths of the first of them.
    pub files: Vec<String>,
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
    /// Deliveries that were read and not yet taken by the engine.
    in_hand: AtomicU64,
    /// Bytes that were sent to it since its folder was looked at last.
    accepted: AtomicU64,
    /// Bytes that bodies under way may have.
    promised: AtomicU64,
    /// Files it reads.
    pub files: AtomicU64,
    /// Its files that are set aside, because the daemon died while it read them.
    set_aside: Mutex<SetAside>,
    /// Time of its latest event, in microseconds since 1970; 0 before the first.
    pub last_event: AtomicI64,
    /// Why it is not up.
    pub trouble: Mutex<Option<String>>,
    /// Set to make a drop folder look again at files that it has seen.
    pub look_again: AtomicBool,
}

/// A delivery of a source on its way to the engine: counted until this is dropped.
#[derive(Debug)]
pub struct InHand(Arc<SourceStatus>);

impl InHand {
    /// Counts a delivery.
    pub(crate) fn of(source: &Arc<SourceStatus>) -> InHand {
        source.in_hand.fetch_add(1, Ordering::SeqCst);
        InHand(source.clone())
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.0.in_hand.fetch_sub(1, Ordering::SeqCst);
    }
}

impl SourceStatus {
    /// Whether the engine has taken all that was read.
    pub fn is_all_taken(&self) -> bool {
        self.in_hand.load(Ordering::SeqCst) == 0
    }

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

    /// Replaces the files that are set aside.
    pub fn replace_set_aside(&self, set_aside: SetAside) {
        *self
            .set_aside
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = set_aside;
    }

    /// Its files that are set aside.
    pub fn set_aside(&self) -> SetAside {
        self.set_aside
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// It is read otherwise from now on: whether it can be is not known yet.
    pub fn begin_anew(&self) {
        self.set_trouble(None);
        self.up.store(false, Ordering::Relaxed);
    }

    // What is sent is promised room, is accepted, and waits. It is added to the next before it is taken from the one before,
    // and `promise` reads them in this order, so nothing is ever overlooked; for a moment it may count twice. The order of
    // all this matters, hence SeqCst.

    /// Promises room for so many bytes if no more than `most` wait or come then. Whether it did.
    pub fn promise(&self, bytes: u64, most: u64) -> bool {
        let with = |promised: u64| {
            let accepted = self.accepted.load(Ordering::SeqCst);
            let waiting = accepted.saturating_add(self.backlog_bytes.load(Ordering::SeqCst));
            let promised = promised.saturating_add(bytes);
            (waiting.saturating_add(promised) <= most).then_some(promised)
        };
        let done = self
            .promised
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, with);
        done.is_ok()
    }

    /// So many bytes that were promised room do not need it any more.
    pub fn give_back(&self, bytes: u64) {
        self.promised.fetch_sub(bytes, Ordering::SeqCst);
    }

    /// So many bytes are in the folder now.
    pub fn accept(&self, bytes: u64) {
        self.accepted.fetch_add(bytes, Ordering::SeqCst);
    }

    /// The bytes that were accepted since the folder was looked at.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::SeqCst)
    }

    /// The folder was looked at: so many bytes wait in it, among them these that were accepted.
    pub fn found_waiting(&self, bytes: u64, accepted: u64) {
        self.backlog_bytes.store(bytes, Ordering::SeqCst);
        self.accepted.fetch_sub(accepted, Ordering::SeqCst);
    }

    /// So many bytes of those that were found waiting have been read.
    pub fn has_read(&self, bytes: u64) {
        self.backlog_bytes.fetch_sub(bytes, Ordering::SeqCst);
    }

    /// Notes the time of an event; the latest stays.
    pub fn saw_event(&self, at: Time) {
        self.last_event.fetch_max(at.0, Ordering::Relaxed);
    }
}

/// What engine, sources and HTTP server share.
#[derive(Debug, Default)]
pub struct Shared {
    snapshot: ArcSwap<Snapshot>,
    sources: ArcSwap<Vec<Arc<SourceStatus>>>,
    /// Whether the first score is made and commits succeed.
    ready: AtomicBool,
    /// Why commits do not succeed.
    trouble: Mutex<Option<String>>,
    /// How the daemon itself does.
    pub own: OwnMetrics,
    /// Whether the database can be relied on.
    pub(crate) store: StoreHealth,
    /// Whether the clock of the system can be relied on.
    pub(crate) clock: ClockHealth,
    /// When the engine showed last that it goes on.
    beat: Mutex<Option<Instant>>,
}

impl Shared {
    /// The latest snapshot.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Whether a process of this id is scored.
    pub fn knows_process(&self, id: &str) -> bool {
        self.snapshot().scores.iter().any(|score| score.id == id)
    }

    /// Publishes a snapshot.
    pub fn publish(&self, snapshot: Snapshot) {
        self.snapshot.store(Arc::new(snapshot));
    }

    /// The sources.
    pub fn sources(&self) -> Arc<Vec<Arc<SourceStatus>>> {
        self.sources.load_full()
    }

    /// Names the sources.
    pub fn set_sources(&self, sources: Vec<Arc<SourceStatus>>) {
        self.sources.store(Arc::new(sources));
    }

    /// The engine goes on.
    pub fn beat(&self) {
        *self.beat.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// How long the engine has not shown that it goes on.
    pub fn silent_for(&self) -> Duration {
        let beat = *self.beat.lock().unwrap_or_else(PoisonError::into_inner);
        beat.map_or(Duration::MAX, |beat| beat.elapsed())
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
        if let Some(lost) = self.store.lost() {
            return Some(lost);
        }
        let trouble = self
            .trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if trouble.is_some() {
            return trouble;
        }
        if let Some(jump) = self.clock.trouble() {
            return Some(jump);
        }
        let ready = self.ready.load(Ordering::Relaxed);
        (!ready).then(|| "starting: no score has been made yet".to_owned())
    }

    /// What readers of any figure must know, in sentences without their last full stop.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let snapshot = self.snapshot();
        let excess = snapshot.name_excess.iter().take(MOST_WARNINGS);
        let damage = self.store.damage().into_iter();
        damage.chain(excess.map(NameExcess::warning)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::SourceStatus;

    #[test]
    fn what_is_sent_needs_room_until_it_is_read_though_nobody_looks_at_the_folder() {
        let status = SourceStatus::new("soar");
        status.found_waiting(40, 0);
        let promise = |bytes| status.promise(bytes, 100);
        assert!(promise(30) && promise(30));
        assert!(!promise(1) && !promise(u64::MAX));
        // One is accepted, and waits; the other breaks off.
        status.accept(30);
        status.give_back(30);
        assert!(!promise(1));
        status.give_back(30);
        assert!(promise(20) && promise(10) && !promise(1));
        status.accept(20);
        status.give_back(20);
        // While the folder is looked at one more comes, which may be in the list or not.
        let accepted = status.accepted();
        assert_eq!(accepted, 50);
        status.accept(10);
        status.give_back(10);
        status.found_waiting(90, accepted);
        assert!(!promise(1));
        status.has_read(40);
        assert!(promise(40) && !promise(1));
        status.give_back(40);
        // With the next look everything is in the list.
        status.found_waiting(60, status.accepted());
        assert_eq!(status.accepted(), 0);
        assert!(promise(40) && !promise(1));
    }
}

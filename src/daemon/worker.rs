//! The thread that owns the engine: batches, commits, scores on schedule, retries when the disk says no.

use super::cache::CacheError;
use super::clock::{self, now};
use super::deliveries::Delivery;
use super::engine::Engine;
use super::source::replay;
use crate::config::daemon::Config;
use crate::model::{Span, Time};
use crate::query::{Shared, Snapshot};
use crate::score::ProcessScore;
use crate::store::StoreError;
use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError, select_biased};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Snapshots are made at most this often.
const PUBLISH_EVERY: Duration = Duration::from_millis(500);
/// While sources have a backlog, a commit takes up to so many times the events of an ordinary one. A page of the database
/// that many events change is then written once, not with every commit.
const BACKLOG_BATCHES: usize = 20;
/// What waits for such a commit takes about this much memory at most.
const BACKLOG_BYTES: usize = 96 << 20;
/// Rejected records that wait for a commit take about this much memory at most, and as much again while they are written.
const REJECT_BYTES: usize = 8 << 20;
/// Such a commit waits so much longer at most.
const BACKLOG_FOR: Duration = Duration::from_secs(1);
/// A source that has a backlog hands over its next delivery within this.
const NEXT_DELIVERY: Duration = Duration::from_millis(100);
/// Whether a commit is written is looked up so often, if no deliveries come.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// A commit that failed is tried again after this, doubling up to the longest.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// The engine shows at least this often that it goes on, however seldom there is something to do.
const BEAT_EVERY: Duration = Duration::from_secs(10);
/// Another program may hold the database so long before that is a failure.
const BUSY_FOR: Duration = Duration::from_secs(10);
/// After a request to stop, a commit that fails is tried so long.
const LAST_TRIES_FOR: Duration = Duration::from_secs(1);

/// Asks the worker for something.
#[derive(Debug)]
pub(crate) enum Command {
    /// Take this configuration; answer when it holds.
    Reload(Arc<Config>, crossbeam_channel::Sender<ReloadAnswer>),
}

/// What became of a reload.
pub(crate) type ReloadAnswer = Result<(), String>;

/// The worker's view of the world.
pub(super) struct Worker {
    pub engine: Engine,
    pub shared: Arc<Shared>,
    pub config: Arc<Config>,
    pub deliveries: Receiver<Delivery>,
    pub commands: Receiver<Command>,
    /// Closed when the daemon is asked to stop.
    pub stop: Receiver<()>,
    /// How often a jump of the clock backwards was believed that the engine knows of.
    pub turned_back: u64,
}

struct Schedule {
    /// When the oldest event that waits must be committed.
    commit_by: Option<Instant>,
    score_at: Instant,
    published: Instant,
    /// When the scores were made.
    scored: Option<Time>,
    /// How long that took.
    score_seconds: Option<f64>,
    /// Something was committed that is not published yet.
    unpublished: bool,
    /// The published scores.
    scores: Arc<Vec<ProcessScore>>,
}

impl Schedule {
    /// When there is something to do again.
    fn next(&self) -> Instant {
        let publish_at = self.unpublished.then(|| self.published + PUBLISH_EVERY);
        [self.commit_by, publish_at]
            .into_iter()
            .flatten()
            .fold(self.score_at, Instant::min)
    }

    /// Replaces the scores if they changed. Equal scores keep their `Arc`, so that rows rendered from them stay valid.
    fn keep(&mut self, scores: &BTreeMap<String, ProcessScore>) {
        let same = self.scores.len() == scores.len()
            && self.scores.iter().zip(scores.values()).all(|(a, b)| a == b);
        if !same {
            self.scores = Arc::new(scores.values().cloned().collect());
        }
    }
}

impl Worker {
    /// Works until every source has ended and everything is committed.
    pub(super) fn run(mut self) -> Result<(), CacheError> {
        let mut schedule = Schedule {
            commit_by: None,
            score_at: Instant::now(),
            published: Instant::now(),
            scored: None,
            score_seconds: None,
            unpublished: false,
            scores: Arc::default(),
        };
        self.score(&mut schedule)?;
        loop {
            self.shared.beat();
            let due = schedule.next().saturating_duration_since(Instant::now());
            let timeout = match (self.engine.is_writing(), self.is_batch_full()) {
                (true, _) => LOOK_EVERY,
                (false, true) => NEXT_DELIVERY,
                (false, false) if self.engine.is_removing() => Duration::ZERO,
                (false, false) => due.min(BEAT_EVERY),
            };
            let received = self.receive(timeout);
            let more_follows = !matches!(received, Received::Nothing);
            match received {
                Received::Delivery(delivery) => {
                    let interval = self.config.batch_interval.duration();
                    schedule.commit_by.get_or_insert(Instant::now() + interval);
                    if delivery.must_commit {
                        schedule.commit_by = Some(Instant::now());
                    }
                    self.take(*delivery)?;
                }
                Received::Command(Command::Reload(config, answer)) => {
                    let result = self.reload(config);
                    let is_stopped = matches!(result, Err(CacheError::Stopped));
                    // Whoever asked may have gone; the configuration holds all the same.
                    let _ = answer.send(result.map_err(|error| error.to_string()));
                    if is_stopped {
                        // The sums are incomplete: nothing may be scored or committed. Deliveries are read again.
                        return Ok(());
                    }
                    schedule.score_at = Instant::now();
                }
                Received::Nothing => {}
                Received::End => break,
            }
            if self.engine.has_written() {
                self.settle()?;
            }
            let now = Instant::now();
            if self.is_commit_due(&schedule, more_follows, now) {
                match self.is_batch_full() && more_follows {
                    true => self.begin_commit(&mut schedule)?,
                    false => self.commit()?,
                }
                schedule.commit_by = None;
                schedule.unpublished = true;
            }
            self.publish_if_due(&mut schedule);
            if schedule.score_at <= now {
                self.score(&mut schedule)?;
            }
            self.remove_some(&mut schedule)?;
        }
        self.commit()?;
        self.score(&mut schedule)
    }

    /// Whether enough events wait for a commit.
    fn is_batch_full(&self) -> bool {
        self.engine.pending_events() >= self.config.batch_events || self.has_many_rejects()
    }

    fn has_many_rejects(&self) -> bool {
        self.engine.pending_reject_bytes() >= REJECT_BYTES
    }

    /// Whether what waits is to be written now. While another commit is written, as much as may be waits for the next one.
    fn is_commit_due(&self, schedule: &Schedule, more_follows: bool, now: Instant) -> bool {
        let by = schedule.commit_by;
        match (self.engine.is_writing(), self.is_batch_full()) {
            (true, _) => self.is_backlog_full(),
            (false, true) => {
                let is_late = by.is_some_and(|at| at + BACKLOG_FOR <= now);
                !more_follows || is_late || self.is_backlog_full()
            }
            (false, false) => by.is_some_and(|at| at <= now),
        }
    }

    /// Whether a commit can't wait for more events, although the sources have more.
    fn is_backlog_full(&self) -> bool {
        let most = self.config.batch_events.saturating_mul(BACKLOG_BATCHES);
        self.engine.pending_events() >= most
            || self.engine.pending_bytes() >= BACKLOG_BYTES
            || self.has_many_rejects()
    }

    fn receive(&self, timeout: Duration) -> Received {
        // Deliveries first: a reload waits until what was read by the old configuration is taken.
        select_biased! {
            recv(self.deliveries) -> delivery => match delivery {
                Ok(delivery) => Received::Delivery(Box::new(delivery)),
                Err(_) => Received::End,
            },
            recv(self.commands) -> command => match command {
                Ok(command) => Received::Command(command),
                Err(_) => Received::Nothing,
            },
            default(timeout) => Received::Nothing,
        }
    }

    fn take(&mut self, delivery: Delivery) -> Result<(), CacheError> {
        if delivery.is_repeated {
            // Its rejects are looked up in the database.
            self.settle()?;
        }
        let now = now();
        self.engine.take(delivery, now)
    }

    /// Commits; while the disk says no, tries again and lets the sources wait. Nothing is lost meanwhile: positions move
    /// only with the commit.
    fn commit(&mut self) -> Result<(), CacheError> {
        self.settle()?;
        let begun = Instant::now();
        self.retrying(Engine::commit)?;
        self.shared.own.committed(begun.elapsed());
        Ok(())
    }

    /// Begins a commit that is written while the engine takes the next deliveries. Waits until the one before is written.
    fn begin_commit(&mut self, schedule: &mut Schedule) -> Result<(), CacheError> {
        self.settle()?;
        // The only moment at which nothing is being written, while there is a backlog.
        self.publish_if_due(schedule);
        let begun = Instant::now();
        self.retrying(|engine| engine.begin_commit(begun))
    }

    /// Waits until the commit that was begun is written.
    fn settle(&mut self) -> Result<(), CacheError> {
        if let Some(took) = self.retrying(Engine::settle)? {
            self.shared.own.committed(took);
        }
        Ok(())
    }

    fn retrying<T>(
        &mut self,
        mut work: impl FnMut(&mut Engine) -> Result<T, CacheError>,
    ) -> Result<T, CacheError> {
        let mut pause = RETRY.0;
        let (begun, mut stopping_since) = (Instant::now(), None);
        loop {
            self.shared.beat();
            match work(&mut self.engine) {
                Ok(done) => {
                    self.shared.set_trouble(None);
                    return Ok(done);
                }
                // A damaged row stays damaged; everything else may pass.
                Err(CacheError::Store(error)) if !matches!(error, StoreError::Damaged { .. }) => {
                    let may_pass = error.is_busy() && begun.elapsed() < BUSY_FOR;
                    if !may_pass {
                        self.report_failure(&error);
                        pause = (pause * 2).min(RETRY.1);
                    }
                    let stopping =
                        self.stop.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected);
                    if stopping {
                        let since: &mut Instant = stopping_since.get_or_insert_with(Instant::now);
                        if since.elapsed() > LAST_TRIES_FOR {
                            return Err(CacheError::Store(error));
                        }
                        std::thread::sleep(RETRY.0);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Logs, counts and shows that a commit could not be written.
    fn report_failure(&self, error: &StoreError) {
        let failures = &self.shared.own.commit_failures;
        failures.fetch_add(1, Ordering::Relaxed);
        match error {
            StoreError::Lost { .. } => {
                tracing::error!(%error, "can't write; ingestion waits until the database is back");
            }
            _ => tracing::error!(%error, "can't write; ingestion waits, nothing is lost"),
        }
        self.shared
            .set_trouble(Some(format!("can't write: {error}")));
    }

    fn score(&mut self, schedule: &mut Schedule) -> Result<(), CacheError> {
        self.settle()?;
        self.replay()?;
        let turned_back = clock::turned_back();
        if turned_back != self.turned_back {
            self.retrying(|engine| engine.turn_back(now()))?;
            self.turned_back = turned_back;
        }
        let (now, begun) = (now(), Instant::now());
        self.engine.is_clock_in_doubt = clock::is_in_doubt();
        self.retrying(|engine| engine.rescore(now))?;
        schedule.score_seconds = Some(begun.elapsed().as_secs_f64());
        schedule.commit_by = None;
        let every = self.config.score_every.max(Span(1000)).duration();
        schedule.score_at = Instant::now() + every;
        schedule.scored = Some(now);
        schedule.keep(self.engine.scores());
        self.publish(schedule);
        self.shared.set_ready(true);
        Ok(())
    }

    /// Removes some of the old cases, unless there is a backlog: the sources go before.
    fn remove_some(&mut self, schedule: &mut Schedule) -> Result<(), CacheError> {
        if !self.engine.is_removing() || self.engine.is_writing() || self.is_batch_full() {
            return Ok(());
        }
        self.retrying(Engine::remove_some)?;
        schedule.commit_by = None;
        schedule.unpublished = true;
        Ok(())
    }

    /// Tries quarantined records again that somebody has marked.
    fn replay(&mut self) -> Result<(), CacheError> {
        loop {
            // What can't be read now is looked up again with the next scoring.
            let rows = match self.engine.to_replay(1000) {
                Ok(rows) if rows.is_empty() => return Ok(()),
                Ok(rows) => rows,
                Err(error) => {
                    tracing::error!(%error, "can't read the quarantine");
                    return Ok(());
                }
            };
            let look_again = replay(&mut self.engine, &self.config, rows, now())?;
            self.commit()?;
            for source in self.shared.sources().iter() {
                if look_again.contains(&source.name) {
                    source.look_again.store(true, Ordering::Relaxed);
                }
            }
        }
    }

    fn reload(&mut self, config: Arc<Config>) -> Result<(), CacheError> {
        let (now, stop) = (now(), self.stop.clone());
        let is_stopping = || stop.try_recv() == Err(TryRecvError::Disconnected);
        self.settle()?;
        self.retrying(|engine| engine.reconfigure_unless(config.clone(), now, &is_stopping))?;
        self.config = config;
        Ok(())
    }

    /// Publishes what was committed, unless a commit is being written: everything published is as of one commit.
    fn publish_if_due(&mut self, schedule: &mut Schedule) {
        let is_due = schedule.unpublished && schedule.published.elapsed() >= PUBLISH_EVERY;
        if is_due && !self.engine.is_writing() {
            self.publish(schedule);
        }
    }

    fn publish(&mut self, schedule: &mut Schedule) {
        schedule.published = Instant::now();
        schedule.unpublished = false;
        self.shared.publish(Snapshot {
            at: now(),
            scored_at: schedule.scored,
            scores: schedule.scores.clone(),
            drift: self.engine.drift.view.clone(),
            counters: self.engine.counters.written(),
            open: self.engine.open_cases(),
            cached_cases: self.engine.cached_cases(),
            fineness: self.engine.fineness.clone(),
            last_case: self.engine.last_case.clone(),
            expired: self.engine.expired.clone(),
            name_excess: self.engine.name_excess(),
            score_seconds: schedule.score_seconds,
            store_bytes: self.engine.store_bytes(),
        });
    }
}

enum Received {
    Delivery(Box<Delivery>),
    Command(Command),
    Nothing,
    End,
}

#[cfg(test)]
mod tests;

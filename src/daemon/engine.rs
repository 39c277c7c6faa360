//! The engine: takes deliveries, assembles cases, keeps sums, commits, scores. No clock: the worker has that. While there is a
//! backlog, a thread writes a commit and the engine takes the next deliveries.

mod alarms;
mod clock;
mod damage;
pub(super) mod drift;
mod late_arrivals;
mod link;
mod name_budget;
pub(super) mod recount;
mod rescore;
mod retention;
mod rules;
mod take;
#[cfg(test)]
pub(super) mod tests;
mod writing;

use super::cache::{CacheError, CaseCache};
use super::deliveries::DeliveryLedger;
use super::rows::case_row;
use super::sums::{Change, SumsCache};
use crate::cases::{Facts, RuleBook, facts};
use crate::config::daemon::Config;
use crate::measure::Sums;
use crate::model::{Hour, NameId, Names, Origin, Span, Time, metrics};
use crate::query::NameExcess;
use crate::query::counters::{Counters, Fineness};
use crate::score::{Held, ProcessScore};
use crate::store::{Commit, Store};
use damage::recorded_verdicts;
use drift::DriftBook;
use late_arrivals::LateArrivals;
use name_budget::NameBudget;
use recount::{baseline_terms, rules_hash, windows};
use retention::Retention;
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use writing::Writing;

/// Counts cases whose end was counted and is restated: late truth.
const REVISIONS: &str = metrics::REVISIONS.name;

/// What a changed case takes in memory until it is committed, beside its events.
const CASE_BYTES: usize = 700;
/// The same of one event.
const EVENT_BYTES: usize = 100;
/// How long a try to commit waits for another program that holds the database. The worker tries again, unless it must stop.
const WAIT_FOR_OTHERS: Duration = Duration::from_millis(500);

/// Takes deliveries, keeps cases and sums, commits, scores.
#[derive(Debug)]
pub struct Engine {
    store: Store,
    config: Arc<Config>,
    names: Names,
    /// Names with lower numbers are in the database.
    names_kept: NameId,
    /// How many names processes and sources may bring.
    name_budget: NameBudget,
    rules: RuleBook,
    cases: CaseCache,
    sums: SumsCache,
    /// What is counted.
    pub counters: Counters,
    /// What was delivered, and what of it waits for the next commit.
    deliveries: DeliveryLedger,
    /// A commit that is being written, or could not be written yet.
    unwritten: Option<Arc<Commit>>,
    /// Who writes it, if not the engine.
    writing: Option<Writing>,
    /// The connection for that, while there is a backlog.
    beside: Option<Store>,
    processes: FxHashSet<NameId>,
    scores: BTreeMap<String, ProcessScore>,
    /// What the ledger has of each process.
    held: BTreeMap<String, Held>,
    has_children: bool,
    has_shadows: bool,
    /// Changes that were found.
    pub(super) drift: DriftBook,
    /// How finely is counted.
    pub(super) fineness: Arc<Fineness>,
    /// The latest hour in which a live case started or ended, by process.
    pub(super) last_case: Arc<BTreeMap<String, Hour>>,
    /// Processes that are not exported any more: nobody declares them, and they have not run for long.
    pub(super) expired: Arc<BTreeSet<String>>,
    /// What the next commit brings that happened long ago, and cases that started long ago.
    late: LateArrivals,
    /// The rules have changed and the sums do not know it yet.
    recount_due: bool,
    /// Removing cases after the retention period.
    retention: Retention,
    /// The clock of the system has jumped and is not believed. Changes of verdicts are marked.
    pub(super) is_clock_in_doubt: bool,
}

impl Engine {
    /// Opens the database of a configuration and goes on where it ended.
    pub fn open(config: impl Into<Arc<Config>>, now: Time) -> Result<Engine, CacheError> {
        let config = config.into();
        let mut store = Store::open(&config.data_dir)?;
        let mut names = store.names()?;
        let names_kept = names.next_id();
        let rules = RuleBook::new(&config.catalog, &config.tolerance, &mut names);
        let windows = windows(&config, &mut names);
        let hash = rules_hash(&config);
        let recount_due = store.meta("rules")?.as_deref() != Some(&hash);
        // Sums of other rules are counted anew, and may be written otherwise.
        let sums = if recount_due {
            SumsCache::default()
        } else {
            SumsCache::load(&store, windows, baseline_terms(&config, &mut names), now)?
        };
        let mut damaged = store.rows_with_unknown_codes()?;
        let (held, damaged_scores) = recorded_verdicts(store.scores()?);
        damaged.extend(damaged_scores);
        let (counters, damaged_counters) = Counters::read(store.counters()?);
        damaged.extend(damaged_counters);
        let (deliveries, damaged_values) = DeliveryLedger::load(&mut store, &config)?;
        damaged.extend(damaged_values);
        let (name_budget, damaged_values) = NameBudget::load(&store, &config)?;
        damaged.extend(damaged_values);
        let retention = Retention::load(&store, &config.data_dir)?;
        let mut engine = Engine {
            names_kept,
            name_budget,
            rules,
            cases: CaseCache::default(),
            counters,
            deliveries,
            unwritten: None,
            writing: None,
            beside: None,
            processes: sums.totals().map(|(key, _)| key.0).collect(),
            scores: BTreeMap::new(),
            held,
            has_children: store.has_children()?,
            has_shadows: sums.has_shadows(),
            drift: DriftBook::default(),
            fineness: Arc::new(Fineness::of(&config)),
            last_case: Arc::default(),
            expired: Arc::default(),
            late: LateArrivals::default(),
            recount_due: false,
            retention,
            is_clock_in_doubt: false,
            sums,
            names,
            store,
            config,
        };
        engine.cases.last_stored_key = engine.store.last_case_key()?;
        engine.report_damage(&damaged);
        engine.forget_secrets()?;
        engine.note_rules(now)?;
        engine.doubt_future_changes(now)?;
        if recount_due {
            engine.recount(now, &|| false)?;
            let windows = self::windows(&engine.config, &mut engine.names);
            let terms = baseline_terms(&engine.config, &mut engine.names);
            engine.sums = SumsCache::load(&engine.store, windows, terms, now)?;
        }
        engine.counters.declare(&engine.config);
        engine.begin_series();
        engine.store.wait_at_most(WAIT_FOR_OTHERS)?;
        Ok(engine)
    }

    /// The names.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The database, for reading.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The latest scores, by id.
    pub fn scores(&self) -> &BTreeMap<String, ProcessScore> {
        &self.scores
    }

    /// Who has more different names than it may.
    pub(crate) fn name_excess(&mut self) -> Arc<Vec<NameExcess>> {
        self.name_budget.view()
    }

    /// Records that wait for the next commit.
    pub fn pending_events(&self) -> usize {
        self.deliveries.waiting_records() as usize
    }

    /// About how many bytes of memory the next commit takes: its cases, their sums and rows, and rejected records.
    pub(crate) fn pending_bytes(&self) -> usize {
        let cases = self.cases.dirty().len() * CASE_BYTES;
        let events = (self.cases.dirty_events() + self.pending_events()) * EVENT_BYTES;
        cases + events + self.deliveries.waiting_reject_bytes()
    }

    /// About how many bytes of memory the rejected records take that wait for the next commit.
    pub(crate) fn pending_reject_bytes(&self) -> usize {
        self.deliveries.waiting_reject_bytes()
    }

    /// Reads from the database as of one moment.
    fn reading<T>(
        &mut self,
        work: impl FnOnce(&mut Engine) -> Result<T, CacheError>,
    ) -> Result<T, CacheError> {
        self.store.begin_reading()?;
        let done = work(self);
        self.store.end_reading()?;
        done
    }

    /// Open live cases by process and executor kind.
    pub fn open_cases(&self) -> Vec<(String, &'static str, i64)> {
        self.sums
            .totals()
            .filter(|((_, _, origin), _)| *origin == Origin::Live)
            .map(|((process, executor, _), sums)| {
                (
                    self.names.text(*process).to_owned(),
                    executor.word(),
                    sums.open,
                )
            })
            .collect()
    }

    /// How many cases are in memory.
    pub fn cached_cases(&self) -> usize {
        self.cases.len()
    }

    /// Writes everything that waits, in one transaction. After an error everything waits on; call it again.
    pub fn commit(&mut self) -> Result<(), CacheError> {
        self.settle()?;
        self.beside = None;
        if self.is_waiting() {
            let commit = self.prepare()?;
            self.keep_unwritten(commit);
            self.write()?;
        }
        Ok(())
    }

    /// Begins to write everything that waits, in one transaction, and returns meanwhile. What was begun before is written then.
    /// Until [`Engine::settle`] nothing may be published: counters and totals are not of the same moment. After an error
    /// everything waits on; call it again.
    pub(crate) fn begin_commit(&mut self, begun: Instant) -> Result<(), CacheError> {
        self.settle()?;
        if !self.is_waiting() {
            return Ok(());
        }
        let store = match self.beside.take() {
            Some(store) => store,
            None => self.store.open_another(WAIT_FOR_OTHERS)?,
        };
        let commit = self.prepare()?;
        let commit = self.keep_unwritten(commit);
        match Writing::begin(store, commit, begun) {
            Ok(writing) => self.writing = Some(writing),
            Err(error) => {
                tracing::warn!(%error, "no thread to write a commit; the engine writes it");
                self.write()?;
            }
        }
        Ok(())
    }

    /// Whether a commit was begun that is not settled.
    pub(crate) fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    /// Whether a commit was begun and [`Engine::settle`] need not wait for it.
    pub(crate) fn has_written(&self) -> bool {
        self.writing.as_ref().is_some_and(Writing::has_ended)
    }

    /// Waits until what was begun to write is written. Gives how long that took. After an error it waits on; call it again.
    pub(crate) fn settle(&mut self) -> Result<Option<Duration>, CacheError> {
        let Some(written) = self.writing.take().and_then(Writing::wait) else {
            self.write()?;
            return Ok(None);
        };
        self.beside = Some(written.store);
        self.note_written(written.evicted?);
        Ok(Some(written.took))
    }

    /// Writes a commit that could not be written yet.
    fn write(&mut self) -> Result<(), CacheError> {
        if let Some(commit) = &self.unwritten {
            let evicted = self.store.commit(commit)?;
            self.note_written(evicted);
        }
        Ok(())
    }

    /// Whether anything waits that is in no commit.
    fn is_waiting(&self) -> bool {
        !self.deliveries.is_written()
            || !self.cases.dirty().is_empty()
            || self.counters.have_changed()
            || self.name_budget.is_waiting()
    }

    fn keep_unwritten(&mut self, commit: Commit) -> Arc<Commit> {
        let commit = Arc::new(commit);
        self.cases.unwritten = Some(commit.clone());
        self.unwritten = Some(commit.clone());
        commit
    }

    fn note_written(&mut self, evicted: u64) {
        self.unwritten = None;
        self.cases.unwritten = None;
        self.counters.committed();
        self.counters.add(metrics::EVICTED.name, &[], evicted);
    }

    /// Brings cases and sums up to date and collects the rows to write.
    fn prepare(&mut self) -> Result<Commit, CacheError> {
        if self.has_children {
            self.reading(Engine::link_parents)?;
        }
        // From here on nothing can fail: what is tried again after an error above has not been done by half.
        let facts_now =
            |at: &u32| facts(&self.cases.slot(*at).case, &self.rules, &self.names, None);
        let now: Vec<Option<Facts>> = self.cases.dirty().iter().map(facts_now).collect();
        let mut commit = Commit::default();
        commit.cases.reserve(now.len());
        let mut changes = Vec::with_capacity(now.len());
        for (at, after) in self.cases.dirty().iter().zip(&now) {
            let slot = self.cases.slot(*at);
            if slot.before.as_deref() != after.as_ref() {
                changes.push(Change {
                    before: slot.before.as_deref(),
                    after: after.as_ref(),
                });
                if let Some(before) = &slot.before
                    && is_revision(before, after.as_ref())
                {
                    let process = self.names.text(before.process);
                    self.counters.add(REVISIONS, &[process], 1);
                }
                let idle = after
                    .as_ref()
                    .and_then(|facts| self.rules.of(facts.process).idle);
                self.late.note(
                    slot.before.as_deref(),
                    after.as_ref(),
                    idle.unwrap_or(Span::ZERO),
                );
            }
            commit
                .cases
                .extend(case_row(&slot.key, &slot.case, after.as_ref()));
        }
        self.sums.replace(&changes, &self.names);
        // In the order of the table: neighbours are written together.
        commit.cases.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        self.finish(&mut commit);
        Ok(commit)
    }

    /// Adds sums, counters and names to a commit, and takes them for written: the commit is kept until it is.
    fn finish(&mut self, commit: &mut Commit) {
        let nothing = Sums::default();
        for (key, sums) in self.sums.changed_totals() {
            let late = match self.recount_due {
                // Counted anew: nothing of it happens now.
                true => sums,
                false => self.late.ended.get(key).unwrap_or(&nothing),
            };
            let (names, fineness) = (&self.names, &self.fineness);
            self.counters.follow(key, (sums, late), names, fineness);
        }
        for (process, started) in self.sums.changed_starts() {
            let late = match self.recount_due {
                true => started,
                false => self.late.started.get(&process).copied().unwrap_or(0),
            };
            let process = self.names.text(process);
            self.counters.follow_starts(process, started, late);
        }
        self.late.clear();
        commit.buckets = self.sums.take_buckets();
        commit.totals = self.sums.total_rows();
        commit.baselines = self.sums.baseline_rows();
        self.deliveries.write_to(commit);
        for (source, process) in &commit.feeds {
            let labels = [source.as_str(), self.names.text(*process)];
            self.counters.begin(metrics::FOLDED.name, &labels);
        }
        commit.meta.extend(self.name_budget.row());
        commit.counters = self.counters.rows();
        commit.quarantine_most = self.config.limits.quarantine_records;
        commit.names = self
            .names
            .since(self.names_kept)
            .map(|(id, text)| (id, text.to_owned()))
            .collect();
        self.names_kept = self.names.next_id();
        self.sums.in_commit();
        self.counters.in_commit();
        self.cases.committed(self.config.limits.cached_cases);
    }

    /// Size of the database on disk, in bytes.
    pub fn store_bytes(&self) -> u64 {
        self.store.bytes_on_disk()
    }
}

/// Whether what was counted of a case turned out otherwise: a declared end that was, or any end that stood for a day.
fn is_revision(before: &Facts, after: Option<&Facts>) -> bool {
    const STOOD: Span = Span::DAY;
    let Some(after) = after else {
        return before.complete;
    };
    let stood = before.ended || after.end.since(before.end) > STOOD;
    let verdict = |facts: &Facts| {
        (
            facts.process,
            facts.complete,
            facts.outcome,
            facts.deviation,
        )
    };
    before.complete && stood && verdict(before) != verdict(after)
}

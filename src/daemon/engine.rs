//! The engine: takes deliveries, assembles cases, keeps sums, commits, scores. No threads, no clock: the worker has those.

mod alarms;
pub(super) mod drift;
mod late;
mod link;
pub(super) mod recount;
mod rescore;
mod rules;
#[cfg(test)]
mod tests;

use super::cache::{CacheError, CaseCache};
use super::coverage::{CoverageLog, Told};
use super::delivery::Delivery;
use super::losses::{LossLog, overlaps, stream_of};
use super::rows::{case_row, quarantine_rows};
use super::sums::SumsCache;
use crate::cases::{Facts, Insert, RuleBook, facts};
use crate::config::daemon::Config;
use crate::ingest::{EventBatch, Reason, Reject, event_in};
use crate::measure::{Loss, Sums};
use crate::model::{Hour, NameId, Names, Origin, Span, Time, metrics};
use crate::query::counters::{Counters, Fineness};
use crate::score::{Held, ProcessScore};
use crate::store::{Commit, Store, StoreError};
use drift::DriftBook;
use late::Late;
use recount::{baseline_terms, rules_hash, windows};
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Counts cases whose end was counted and is restated: late truth.
const REVISIONS: &str = metrics::REVISIONS.name;

/// Takes deliveries, keeps cases and sums, commits, scores.
#[derive(Debug)]
pub struct Engine {
    store: Store,
    config: Arc<Config>,
    names: Names,
    /// Names with lower numbers are in the database.
    names_kept: NameId,
    rules: RuleBook,
    cases: CaseCache,
    sums: SumsCache,
    /// What is counted.
    pub counters: Counters,
    /// Positions, quarantine and exports that wait for the next commit.
    pending: Commit,
    /// A commit that could not be written yet.
    unwritten: Option<Commit>,
    pending_events: usize,
    processes: FxHashSet<NameId>,
    /// From when to when sources have told of processes.
    coverage: CoverageLog,
    scores: BTreeMap<String, ProcessScore>,
    /// What the ledger has of each process.
    held: BTreeMap<String, Held>,
    has_children: bool,
    has_shadows: bool,
    losses: LossLog,
    /// Changes that were found.
    pub(super) drift: DriftBook,
    /// How finely is counted.
    pub(super) fineness: Arc<Fineness>,
    /// The latest hour in which a live case started or ended, by process.
    pub(super) last_case: Arc<BTreeMap<String, Hour>>,
    /// Processes that are not exported any more: nobody declares them, and they have not run for long.
    pub(super) expired: Arc<BTreeSet<String>>,
    /// What the next commit brings that happened long ago, and cases that started long ago.
    late: Late,
    /// The rules have changed and the sums do not know it yet.
    recount_due: bool,
}

impl Engine {
    /// Opens the database of a configuration and goes on where it ended.
    pub fn open(config: impl Into<Arc<Config>>, now: Time) -> Result<Engine, CacheError> {
        let config = config.into();
        let store = Store::open(&config.data_dir)?;
        let mut names = store.names()?;
        let names_kept = names.len() as NameId + 1;
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
        let held = store
            .scores()?
            .into_iter()
            .filter_map(|(id, body)| Some((id, serde_json::from_str(&body).ok()?)))
            .collect();
        let mut engine = Engine {
            names_kept,
            rules,
            cases: CaseCache::default(),
            counters: Counters::new(store.counters()?),
            pending: Commit::default(),
            unwritten: None,
            pending_events: 0,
            processes: sums.totals().map(|(key, _)| key.0).collect(),
            coverage: CoverageLog::load(&store)?,
            scores: BTreeMap::new(),
            held,
            has_children: store.has_children()?,
            has_shadows: sums.has_shadows(),
            losses: LossLog::load(&store, &config)?,
            drift: DriftBook::load(&store)?,
            fineness: Arc::new(Fineness::of(&config)),
            last_case: Arc::default(),
            expired: Arc::default(),
            late: Late::default(),
            recount_due: false,
            sums,
            names,
            store,
            config,
        };
        engine.cases.store_is_empty = !engine.store.has_cases()?;
        engine.note_rules(now)?;
        if recount_due {
            engine.recount(now)?;
            let windows = self::windows(&engine.config, &mut engine.names);
            let terms = baseline_terms(&engine.config, &mut engine.names);
            engine.sums = SumsCache::load(&engine.store, windows, terms, now)?;
        }
        engine.counters.declare(&engine.config);
        engine.begin_series();
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

    /// Events that wait for the next commit.
    pub fn pending_events(&self) -> usize {
        self.pending_events
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

    /// Takes a delivery. Nothing of it is kept until the next commit.
    pub fn take(&mut self, delivery: Delivery, now: Time) -> Result<(), CacheError> {
        self.late.before = now.plus(-self.config.metrics.late_after);
        let mut rejects = Vec::new();
        let (added, duplicates) =
            self.take_events(&delivery.source, &delivery.batch, &mut rejects)?;
        let source = &*delivery.source;
        let batch = &delivery.batch;
        let hour = self.losses.hour_of(source, batch, now);
        let gap = i64::from(delivery.gap);
        let overlaps = overlaps(&self.config, source);
        let lost = self.losses.lost_by(&delivery, overlaps, hour) + rejects.len() as i64 + gap;
        let loss = Loss {
            records: added as i64 + lost,
            lost,
            gaps: gap,
            unknown: 0,
        };
        self.losses.add(source, hour, loss);
        self.drift.saw(source, batch);
        for reject in &mut rejects {
            reject.place = batch.offset_of(reject.place);
            let record = delivery.raw.as_ref().map(|raw| raw.record(reject.place));
            reject.record = record.map_or(Vec::new(), Reject::kept);
        }
        self.counters.add(metrics::EVENTS.name, &[source], added);
        self.counters
            .add(metrics::DUPLICATES.name, &[source], duplicates);
        self.counters
            .add(metrics::RECORDS.name, &[source], batch.records);
        self.counters
            .add(metrics::FILTERED.name, &[source], batch.filtered);
        if let Some(notice) = delivery.notice {
            self.counters
                .add(metrics::SOURCE_NOTICES.name, &[source, notice], 1);
        }
        for reject in batch.rejects.iter().chain(&rejects) {
            let labels = [source, reject.reason.word()];
            self.counters.add(metrics::QUARANTINED.name, &labels, 1);
        }
        let stream = stream_of(&delivery, overlaps);
        let rows = quarantine_rows((&delivery, stream), &rejects, now, hour);
        self.pending.quarantine.extend(rows);
        let pending = &mut self.pending;
        if let Some(row) = delivery.position {
            // Only the last position of a file counts.
            pending
                .files
                .retain(|known| (&known.source, known.id) != (&row.source, row.id));
            pending.files.push(row);
        }
        if let Some((hash, path)) = delivery.export_done {
            pending.drops.push((source.to_owned(), hash, path, now.0));
        }
        pending
            .forgotten
            .extend(delivery.forgotten.map(|id| (source.to_owned(), id)));
        self.pending_events += batch.records as usize;
        Ok(())
    }

    fn take_events(
        &mut self,
        source: &str,
        batch: &EventBatch,
        rejects: &mut Vec<Reject>,
    ) -> Result<(u64, u64), CacheError> {
        let global = self.global_names(batch);
        let mut processes: FxHashSet<NameId> = FxHashSet::default();
        let mut told = Told::default();
        let (mut added, mut duplicates) = (0, 0);
        for event in &batch.events {
            let key = batch.text(event.case);
            let process = global[event.process as usize];
            if !self.processes.contains(&process) {
                if self.processes.len() >= self.config.limits.processes {
                    let detail = format!(
                        "there are {} processes already (limits.processes)",
                        self.processes.len()
                    );
                    rejects.push(Reject::new(
                        event.place,
                        Reason::TooManyProcesses,
                        detail,
                        b"",
                    ));
                    continue;
                }
                self.processes.insert(process);
            }
            processes.insert(process);
            self.has_shadows |= event.flags.origin() == Origin::Shadow;
            let at = self.cases.find_or_load(key, event.case_hash, &self.store)?;
            let (rules, names) = (&self.rules, &self.names);
            let slot = self.cases.touch(at, |case| facts(case, rules, names, None));
            let parent = batch.text(event.parent);
            if !parent.is_empty() {
                slot.case.set_parent(event.time, parent);
                self.has_children = true;
            }
            match slot
                .case
                .insert(event_in(event, &global), self.config.limits.case_events)
            {
                Insert::Added => {
                    added += 1;
                    told.event(process, event.time);
                }
                Insert::Duplicate => duplicates += 1,
                Insert::Full => {
                    let most = self.config.limits.case_events;
                    let detail =
                        format!("case {key} holds {most} events already (limits.case_events)");
                    rejects.push(Reject::new(event.place, Reason::CaseFull, detail, b""));
                }
            }
        }
        self.losses.feeds(source, processes);
        self.coverage.batch(batch, told);
        Ok((added, duplicates))
    }

    /// The numbers of a batch's names. Beyond the limit new ones become `other`, and are counted.
    fn global_names(&mut self, batch: &EventBatch) -> Vec<NameId> {
        let mut global = vec![0];
        for (_, text) in batch.names.since(1) {
            let id = match self.names.find(text) {
                Some(id) => id,
                None if self.names.len() >= self.config.limits.names => {
                    self.counters.add(metrics::FOLDED.name, &[], 1);
                    self.names.intern("other")
                }
                None => self.names.intern(text),
            };
            global.push(id);
        }
        global
    }

    /// Writes everything that waits, in one transaction. After an error everything waits on; call it again.
    pub fn commit(&mut self) -> Result<(), CacheError> {
        if self.unwritten.is_none() {
            let nothing = self.pending_events == 0
                && self.pending.is_empty()
                && self.cases.dirty().is_empty()
                && !self.counters.have_changed();
            if nothing {
                return Ok(());
            }
            let commit = self.prepare()?;
            self.unwritten = Some(commit);
        }
        if let Some(commit) = &self.unwritten {
            let evicted = self.store.commit(commit)?;
            self.counters.committed();
            if evicted > 0 {
                self.counters.add(metrics::EVICTED.name, &[], evicted);
            }
            self.unwritten = None;
        }
        Ok(())
    }

    /// Brings cases and sums up to date and collects the rows to write.
    fn prepare(&mut self) -> Result<Commit, CacheError> {
        if self.has_children {
            self.link_parents()?;
        }
        let mut changed = Vec::with_capacity(self.cases.dirty().len());
        for at in self.cases.dirty() {
            let slot = self.cases.slot(*at);
            let after = facts(&slot.case, &self.rules, &self.names, None);
            for facts in slot.before.iter().chain(&after) {
                self.sums.fetch(facts, &self.store)?;
            }
            changed.push((*at, after));
        }
        // From here on nothing can fail: what is tried again after an error above has not been done by half.
        let mut commit = std::mem::take(&mut self.pending);
        commit.cases.reserve(changed.len());
        for (at, after) in changed {
            let slot = self.cases.slot(at);
            if slot.before != after {
                if let Some(before) = &slot.before
                    && is_revision(before, after.as_ref())
                {
                    let process = self.names.text(before.process);
                    self.counters.add(REVISIONS, &[process], 1);
                }
                self.sums
                    .replace(slot.before.as_ref(), after.as_ref(), &self.names);
                let idle = after
                    .as_ref()
                    .and_then(|facts| self.rules.of(facts.process).idle);
                self.late
                    .note(slot.before.as_ref(), after.as_ref(), idle.unwrap_or(0));
            }
            commit
                .cases
                .extend(case_row(&slot.key, &slot.case, after.as_ref()));
        }
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
        (commit.buckets, commit.totals) = self.sums.rows();
        commit.baselines = self.sums.baseline_rows();
        self.losses.write_to(commit);
        self.drift.write_to(commit);
        commit.counters = self.counters.rows();
        commit.quarantine_most = self.config.limits.quarantine_records;
        commit.names = self
            .names
            .since(self.names_kept)
            .map(|(id, text)| (id, text.to_owned()))
            .collect();
        self.coverage.write_to(commit);
        self.names_kept = self.names.len() as NameId + 1;
        self.sums.committed();
        self.counters.in_commit();
        self.cases.committed(self.config.limits.cached_cases);
        self.pending_events = 0;
    }

    /// Size of the database on disk, in bytes.
    pub fn store_bytes(&self) -> u64 {
        self.store.bytes_on_disk()
    }

    /// Quarantined records that are to be tried again.
    pub fn to_replay(&self, most: usize) -> Result<Vec<crate::store::QuarantineRow>, StoreError> {
        self.store.to_replay(most)
    }

    /// Lets an export be read again as if it had never been read.
    pub fn forget_export(&mut self, source: &str, path: &str) {
        let export = (source.to_owned(), path.to_owned());
        self.pending.drops_forgotten.push(export);
    }

    /// Notes what became of a record that was tried again. One that became an event was read twice and is not lost any
    /// more.
    pub fn replayed(&mut self, row: &crate::store::QuarantineRow, became_event: bool) {
        self.pending.replayed.push((row.id, became_event));
        if became_event {
            let overlaps = overlaps(&self.config, &row.source);
            self.losses.found(row, overlaps);
        }
    }
}

/// Whether what was counted of a case turned out otherwise: a declared end that was, or any end that stood for a day.
fn is_revision(before: &Facts, after: Option<&Facts>) -> bool {
    const STOOD: Span = 24 * crate::model::HOUR_US;
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

//! Removing cases after the retention period. Their sums stay.
//!
//! A sweep looks at the cases of one process after the other, oldest first, in small steps: each is one transaction, and the
//! worker takes deliveries in between. A case stays as long as a case that it called has a later event, because its process
//! and its outcome are part of what that case counts as.

use super::super::cache::CacheError;
use super::super::mask_key::MaskKey;
use super::Engine;
use crate::cases::{Case, Facts, facts, split_key};
use crate::measure::{BucketKey, BucketPart, Coverage, Sums, TotalKey, bucket_parts, stretch_of};
use crate::model::{Hour, NameId, Names, Time, hash_text, metrics};
use crate::store::{
    BucketRow, Commit, KeptCase, Removal, RemovedCase, Store, StoreError, TotalRow,
};
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

/// Cases looked at in a step.
const CASES_AT_ONCE: usize = 500;
/// Quarantined records deleted in a step.
const RECORDS_AT_ONCE: usize = 500;
/// After a sweep the next one begins after this many times as long as it took: also if many cases stay for their children,
/// sweeps take no more than a twentieth of the time.
const PAUSE: u32 = 20;
/// But no later than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// The name of the value by which the key is recognised.
const KEY_MARK: &str = "removed_cases_key";
/// After an error the next sweep begins after this.
const TRY_AGAIN: Duration = Duration::from_secs(600);

/// What is known of removed cases, and how far their removal has come.
#[derive(Debug)]
pub(super) struct Retention {
    key: MaskKey,
    /// Whether any case was ever removed.
    pub has_removed: bool,
    sweep: Option<Sweep>,
    /// The next sweep begins after this.
    rest_until: Option<Instant>,
    /// The write-ahead log may still have what was removed.
    is_log_dirty: bool,
}

/// A pass over all cases.
#[derive(Debug)]
struct Sweep {
    /// What happened before this is removed.
    before: Time,
    begun: Instant,
    /// The process that is looked at; `None` before the first one.
    process: Option<NameId>,
    /// The last event and the key of the case that was looked at last.
    place: (i64, String),
    /// Whether all cases were looked at.
    cases_done: bool,
    cases: usize,
    open: usize,
    records: usize,
}

impl Retention {
    /// Of a database, with the key of its data folder.
    pub(super) fn load(store: &Store, folder: &Path) -> Result<Retention, StoreError> {
        let retention = Retention {
            key: MaskKey::load(folder)?,
            has_removed: store.has_removed_cases()?,
            sweep: None,
            rest_until: None,
            is_log_dirty: false,
        };
        let (_, own) = retention.key_mark();
        let known = store.meta(KEY_MARK)?;
        if retention.has_removed && known.is_some_and(|known| known != own) {
            tracing::warn!(
                "mask.key is not the key by which removed cases are known: their events count as new cases if they come \
                 again. Restore mask.key from a backup"
            );
        }
        Ok(retention)
    }

    /// By what the key is recognised, as a row of `meta`.
    fn key_mark(&self) -> (String, String) {
        let mark = self.key.hash(KEY_MARK);
        (KEY_MARK.to_owned(), format!("{mark:016x}"))
    }

    /// What a case is known by after its removal: its namespace and its id, which are its identity, and no name.
    pub(super) fn hash_of(&self, key: &str) -> u64 {
        self.key.hash(key)
    }
}

/// What a step removes.
#[derive(Default)]
struct Batch {
    cases: Vec<RemovedCase>,
    buckets: BTreeMap<BucketKey, Sums>,
    totals: BTreeMap<TotalKey, Sums>,
    coverage: Coverage,
    told: BTreeSet<(String, NameId)>,
    /// The cases that have not ended.
    open: Vec<Facts>,
    by_process: BTreeMap<NameId, u64>,
}

impl Batch {
    /// Adds what stays of a case.
    fn add(&mut self, key: &str, case: &Case, facts: Facts, names: &Names) {
        for (key, part) in bucket_parts(&facts) {
            let sums = self.buckets.entry(key).or_default();
            match part {
                BucketPart::Start => {
                    sums.add_begun(&facts, 1);
                    sums.add_trace(&facts, names, 1);
                }
                part => sums.add_part(part, &facts, names, 1),
            }
        }
        let total = (facts.process, facts.executor, facts.origin);
        let total = self.totals.entry(total).or_default();
        total.starts.add(Hour(0), 1);
        if facts.ended {
            total.add_end_counts(&facts, 1);
        }
        if let Some(period) = stretch_of(case) {
            let (namespace, _) = split_key(key);
            self.coverage.add(namespace, facts.process, period);
            self.told.insert((namespace.to_owned(), facts.process));
        }
        *self.by_process.entry(facts.process).or_default() += 1;
        if !facts.complete {
            total.open += 1;
            self.open.push(facts);
        }
    }

    fn removal(self) -> Removal {
        let buckets = self.buckets.iter();
        let totals = self.totals.into_iter();
        let total = |((process, executor, origin), sums)| TotalRow {
            process,
            executor,
            origin,
            sums,
        };
        let coverage = self.told.into_iter().filter_map(|(namespace, process)| {
            let period = self.coverage.of(&namespace, process)?;
            Some((namespace, process, period))
        });
        Removal {
            buckets: buckets
                .map(|(key, sums)| BucketRow::of(*key, sums))
                .collect(),
            totals: totals.map(total).collect(),
            coverage: coverage.collect(),
            cases: self.cases,
        }
    }
}

impl Engine {
    /// Begins to remove what is older than the retention period, unless that was done just now. By a clock in doubt nothing
    /// is removed.
    pub(super) fn plan_removal(&mut self, now: Time) {
        let Some(retention) = self.config.retention else {
            self.retention.sweep = None;
            return;
        };
        if self.is_clock_in_doubt {
            self.retention.sweep = None;
            return;
        }
        let rests = |until: Instant| Instant::now() < until;
        if self.retention.sweep.is_none() && !self.retention.rest_until.is_some_and(rests) {
            self.retention.sweep = Some(Sweep {
                before: now.plus(-retention),
                begun: Instant::now(),
                process: None,
                place: (i64::MIN, String::new()),
                cases_done: false,
                cases: 0,
                open: 0,
                records: 0,
            });
        }
    }

    /// Forgets a sweep, because the time or the configuration that it follows is another one.
    pub(super) fn stop_removal(&mut self) {
        self.retention.sweep = None;
        self.retention.rest_until = None;
    }

    /// Whether there is more to look at.
    pub(crate) fn is_removing(&self) -> bool {
        self.retention.sweep.is_some()
    }

    /// Removes some cases or quarantined records. After an error, call it again.
    pub(crate) fn remove_some(&mut self) -> Result<(), CacheError> {
        self.commit()?;
        let Some(mut sweep) = self.retention.sweep.take() else {
            return Ok(());
        };
        match self.remove_step(&mut sweep) {
            Ok(false) => self.retention.sweep = Some(sweep),
            Ok(true) => self.end_sweep(&sweep),
            Err(error) => {
                self.retention.rest_until = Some(Instant::now() + TRY_AGAIN);
                tracing::error!(
                    %error,
                    "can't remove old cases; it is tried again in 10 minutes"
                );
            }
        }
        self.commit()
    }

    /// Returns whether everything was looked at.
    fn remove_step(&mut self, sweep: &mut Sweep) -> Result<bool, StoreError> {
        if sweep.cases_done {
            let deleted = self
                .store
                .delete_quarantined_before(sweep.before, RECORDS_AT_ONCE)?;
            sweep.records += deleted;
            return Ok(deleted < RECORDS_AT_ONCE);
        }
        let page = match sweep.process {
            None => Vec::new(),
            Some(process) => {
                let (last, key) = &sweep.place;
                let place = (*last, key.as_str());
                let page = self.store.cases_of(process, place, CASES_AT_ONCE)?;
                let is_old = |(last, _): &(i64, KeptCase)| *last < sweep.before.0;
                page.into_iter().take_while(is_old).collect()
            }
        };
        let Some((last, kept)) = page.last() else {
            sweep.process = self.store.next_process_with_cases(sweep.process)?;
            sweep.place = (i64::MIN, String::new());
            sweep.cases_done = sweep.process.is_none();
            return Ok(false);
        };
        let place = (*last, kept.key.clone());
        let batch = self.batch_of(page, sweep.before)?;
        // From here on nothing can fail: what is tried again has not been done by half.
        sweep.place = place;
        sweep.cases += batch.cases.len();
        sweep.open += batch.open.len();
        self.remove_batch(batch);
        Ok(false)
    }

    /// Of some old cases, those that no newer one refers to.
    fn batch_of(&self, page: Vec<(i64, KeptCase)>, before: Time) -> Result<Batch, StoreError> {
        let mut batch = Batch::default();
        for (last, kept) in page {
            if self.has_children && self.store.has_newer_child(&kept.key, before.0 - 1)? {
                continue;
            }
            match Case::decode(&kept.body) {
                Ok(case) => {
                    if let Some(facts) = facts(&case, &self.rules, &self.names, None) {
                        batch.add(&kept.key, &case, facts, &self.names);
                    }
                }
                // It stays in the sums as it was counted.
                Err(damage) => tracing::warn!(
                    %damage,
                    "removed a case that can't be read; a recount will not know it. Restore a backup of the database if there are more"
                ),
            }
            batch.cases.push(RemovedCase {
                hash: self.retention.hash_of(&kept.key),
                key: kept.key,
                last,
            });
        }
        Ok(batch)
    }

    /// Takes a batch out of what is open and of what is in memory, and prepares the commit that removes it.
    fn remove_batch(&mut self, batch: Batch) {
        if batch.cases.is_empty() {
            return;
        }
        for facts in &batch.open {
            self.sums.remove_open(facts);
        }
        for (process, count) in &batch.by_process {
            let process = self.names.text(*process);
            self.counters
                .add(metrics::CASES_REMOVED.name, &[process], *count);
        }
        let keys = batch.cases.iter();
        let keys: FxHashSet<&str> = keys.map(|case| case.key.as_str()).collect();
        self.cases.forget(&keys);
        self.retention.has_removed = true;
        self.retention.is_log_dirty = true;
        let mut commit = Commit {
            removal: batch.removal(),
            meta: vec![self.retention.key_mark()],
            ..Commit::default()
        };
        self.finish(&mut commit);
        self.keep_unwritten(commit);
    }

    fn end_sweep(&mut self, sweep: &Sweep) {
        let took = sweep.begun.elapsed();
        let rest = (took * PAUSE).min(LONGEST_PAUSE);
        self.retention.rest_until = Some(Instant::now() + rest);
        self.retention.is_log_dirty |= sweep.records > 0;
        if sweep.cases > 0 || sweep.records > 0 {
            tracing::info!(
                cases = sweep.cases,
                not_ended = sweep.open,
                rejected_records = sweep.records,
                before = %sweep.before,
                "removed cases and rejected records after the retention period; their sums are kept"
            );
        }
    }

    /// Empties the write-ahead log after a removal. Whoever reads the database meanwhile keeps it from that; then it is tried
    /// again with the next scoring.
    pub(super) fn empty_log_of_removed(&mut self) {
        if !self.retention.is_log_dirty || self.is_removing() {
            return;
        }
        match self.store.empty_log() {
            Ok(is_empty) => self.retention.is_log_dirty = !is_empty,
            Err(error) => tracing::warn!(
                %error,
                "the write-ahead log can't be emptied after a removal yet; it is tried again"
            ),
        }
    }

    /// The last event of a case, if the case was removed.
    pub(super) fn removed_case(&self, key: &str) -> Result<Option<Time>, StoreError> {
        if !self.retention.has_removed {
            return Ok(None);
        }
        if self.cases.find(key, hash_text(key)).is_some() {
            return Ok(None);
        }
        self.store.removed_case(self.retention.hash_of(key))
    }
}

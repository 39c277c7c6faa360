//! Sums in memory: changes of buckets, sums over all time, sums over the window.

use crate::cases::Facts;
use crate::measure::{
    BaselineFinder, BaselineTerms, BucketKey, BucketPart, Coverage, Evidence, Measured, Period,
    ProcessSums, Sketch, Sums, TotalKey, Windows, bucket_parts,
};
use crate::model::{Executor, Hour, NameId, Names, Origin, Time};
use crate::store::{BucketRow, Store, StoreError, TotalRow};
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};

/// What a case counted as before, and what it counts as from now on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change<'a> {
    /// Its facts as they are in the sums.
    pub(super) before: Option<&'a Facts>,
    /// Its facts now.
    pub(super) after: Option<&'a Facts>,
}

/// What the start or the end of a case adds to a bucket.
#[derive(Clone, Copy, Debug)]
struct Part<'a> {
    key: BucketKey,
    part: BucketPart,
    facts: &'a Facts,
    /// 1 adds it, -1 takes it out.
    sign: i64,
}

impl Part<'_> {
    fn total(&self) -> TotalKey {
        (self.key.process, self.key.executor, self.key.origin)
    }
}

fn parts_of(facts: &Facts, sign: i64) -> impl Iterator<Item = Part<'_>> {
    bucket_parts(facts).map(move |(key, part)| Part {
        key,
        part,
        facts,
        sign,
    })
}

/// All sums that the daemon holds, except for the buckets: the database has these, and what a commit adds to them.
#[derive(Debug, Default)]
pub(super) struct SumsCache {
    /// What the next commit adds to buckets.
    buckets: Vec<BucketRow>,
    totals: BTreeMap<TotalKey, Sums>,
    dirty_totals: BTreeSet<TotalKey>,
    window: BTreeMap<NameId, ProcessSums>,
    baselines: BTreeMap<NameId, BaselineFinder>,
    dirty_baselines: BTreeSet<NameId>,
    windows: Windows,
    baseline_terms: BaselineTerms,
    /// The instant that the window sums end at.
    as_of: Time,
    /// Cases that were removed and had not ended: they started, and neither ended nor are open.
    removed_open: BTreeMap<TotalKey, i64>,
}

impl SumsCache {
    /// Reads totals and window from the database.
    pub(super) fn load(
        store: &Store,
        windows: Windows,
        baseline_terms: BaselineTerms,
        now: Time,
    ) -> Result<SumsCache, StoreError> {
        let mut cache = SumsCache {
            baseline_terms,
            ..SumsCache::default()
        };
        for row in store.totals()? {
            let key = (row.process, row.executor, row.origin);
            cache.totals.insert(key, row.sums);
        }
        for row in store.removed_totals()? {
            let key = (row.process, row.executor, row.origin);
            cache.removed_open.insert(key, row.sums.open);
        }
        cache.baselines = store.baselines()?.into_iter().collect();
        cache.reset_window(store, windows, now)?;
        Ok(cache)
    }

    /// Sums up the window anew.
    pub(super) fn reset_window(
        &mut self,
        store: &Store,
        windows: Windows,
        now: Time,
    ) -> Result<(), StoreError> {
        self.windows = windows;
        self.as_of = now;
        self.window.clear();
        let hours = self
            .windows
            .all()
            .into_iter()
            .map(|window| window.map_or(Hour::MIN, |span| now.plus(-span).hour()));
        let from = hours.min().unwrap_or(Hour::MIN);
        let (window, windows) = (&mut self.window, &self.windows);
        store.each_bucket(from, Hour::MAX, &mut |key, sums| {
            if key.hour >= windows.first_hour(key.process, now) {
                window.entry(key.process).or_default().merge(&key, &sums, 1);
            }
        })
    }

    /// Sets where baselines begin; what was found by other terms is found anew.
    pub(super) fn set_baseline_terms(&mut self, terms: BaselineTerms) {
        self.baseline_terms = terms;
    }

    /// Forgets all sums, to count anew.
    pub(super) fn clear(&mut self) {
        self.buckets.clear();
        self.totals.clear();
        self.dirty_totals.clear();
        self.window.clear();
        self.baselines.clear();
        self.dirty_baselines.clear();
    }

    /// Starts to count anew from the sums of removed cases. The database has their buckets already. Returns how many cases
    /// these are.
    pub(super) fn restore_removed(&mut self, store: &Store) -> Result<i64, StoreError> {
        let mut cases = 0;
        for mut row in store.removed_totals()? {
            let key = (row.process, row.executor, row.origin);
            cases += row.sums.started();
            row.sums.open = 0;
            self.totals.insert(key, row.sums);
            self.dirty_totals.insert(key);
        }
        store.each_removed_bucket(&mut |key, sums| {
            if key.origin != Origin::Live {
                return;
            }
            self.finder(key.process).add_bucket(key.hour, &sums);
            self.dirty_baselines.insert(key.process);
            for (parent, count) in sums.cohort.called_by.iter() {
                self.finder(parent).add_calls(key.hour, key.process, count);
                self.dirty_baselines.insert(parent);
            }
        })?;
        Ok(cases)
    }

    /// Takes a case that has not ended out of the open ones. It stays counted as started.
    pub(super) fn remove_open(&mut self, facts: &Facts) {
        let Some((key, _)) = bucket_parts(facts).next() else {
            return;
        };
        let total = (facts.process, facts.executor, facts.origin);
        self.totals.entry(total).or_default().add_open(facts, -1);
        self.dirty_totals.insert(total);
        *self.removed_open.entry(total).or_default() += 1;
        let mut change = Sums::default();
        change.add_open(facts, -1);
        if key.hour >= self.windows.first_hour(key.process, self.as_of) {
            let window = self.window.entry(key.process).or_default();
            window.part(&key).merge_measured(&change, 1);
        }
        self.buckets.push(BucketRow::of(key, &change));
    }

    /// Takes the old contributions of cases out and puts the new ones in.
    pub(super) fn replace(&mut self, changes: &[Change], names: &Names) {
        let mut parts: Vec<Part> = Vec::with_capacity(2 * changes.len());
        for change in changes {
            let signed = [(change.before, -1), (change.after, 1)];
            for (facts, sign) in signed {
                parts.extend(facts.into_iter().flat_map(|facts| parts_of(facts, sign)));
            }
        }
        // What belongs to one process follows each other, so that its sums stay in the cache of the processor.
        parts.sort_unstable_by_key(|part| part.key);
        for of_total in parts.chunk_by(|a, b| a.total() == b.total()) {
            self.replace_in_total(of_total);
            for of_bucket in of_total.chunk_by(|a, b| a.key == b.key) {
                self.replace_in_bucket(of_bucket, names);
            }
        }
    }

    /// Changes a total by parts of cases that all belong to it, and the baselines of their processes.
    fn replace_in_total(&mut self, of_total: &[Part]) {
        let Some(first) = of_total.first() else {
            return;
        };
        // Each case has exactly one start.
        let starts = || {
            of_total
                .iter()
                .filter(|part| part.part == BucketPart::Start)
        };
        let sums = self.totals.entry(first.total()).or_default();
        for Part { facts, sign, .. } in starts() {
            // What would grow for ever with the hours and the paths is kept in the buckets only.
            sums.add_open(facts, *sign);
            sums.starts.add(Hour(0), *sign);
            // Counters rise with these, so only what has ended for good counts: without a declared end a case would be
            // counted with every outcome that it ever seemed to have.
            if facts.ended {
                sums.add_end_counts(facts, *sign);
            }
        }
        self.dirty_totals.insert(first.total());
        for Part { facts, sign, .. } in starts() {
            self.change_baselines(facts, *sign);
        }
    }

    /// Collects what parts of cases change in their common bucket, and changes the sums over the window by the same.
    fn replace_in_bucket(&mut self, of_bucket: &[Part], names: &Names) {
        let Some(Part { key, .. }) = of_bucket.first().copied() else {
            return;
        };
        let mut change = Sums::default();
        for part in of_bucket {
            change.add_part(part.part, part.facts, names, part.sign);
            if part.part == BucketPart::Start {
                change.add_trace(part.facts, names, part.sign);
            }
        }
        if change.is_zero() {
            return;
        }
        if key.hour >= self.windows.first_hour(key.process, self.as_of) {
            let window = self.window.entry(key.process).or_default();
            window.part(&key).merge_measured(&change, 1);
        }
        self.buckets.push(BucketRow::of(key, &change));
    }

    fn change_baselines(&mut self, facts: &Facts, sign: i64) {
        if facts.origin != Origin::Live {
            return;
        }
        if self.finder(facts.process).add_case(facts, sign) {
            self.dirty_baselines.insert(facts.process);
        }
        let parent = facts.parent_process;
        if parent.is_some() && self.finder(parent).add_call(facts, sign) {
            self.dirty_baselines.insert(parent);
        }
    }

    fn finder(&mut self, process: NameId) -> &mut BaselineFinder {
        let terms = &self.baseline_terms;
        let new = || BaselineFinder::new(terms.cases, terms.first_hour(process));
        self.baselines.entry(process).or_insert_with(new)
    }

    /// The baselines that changed.
    pub(super) fn baseline_rows(&self) -> Vec<(NameId, Vec<u8>)> {
        let body = |process: &NameId| {
            let mut body = Vec::new();
            self.baselines.get(process)?.encode(&mut body);
            Some((*process, body))
        };
        self.dirty_baselines.iter().filter_map(body).collect()
    }

    /// Finds the baselines anew whose last hour is not the right one any more: because there are enough cases now, or
    /// because late events changed what came first. Everything must be committed before.
    pub(super) fn settle_baselines(&mut self, store: &Store) -> Result<(), StoreError> {
        let cases = self.baseline_terms.cases;
        let unsettled = |(_, finder): &(&NameId, &BaselineFinder)| !finder.is_settled();
        let mut finders: BTreeMap<NameId, BaselineFinder> = self
            .baselines
            .iter()
            .filter(unsettled)
            .map(|(process, _)| {
                let first = self.baseline_terms.first_hour(*process);
                (*process, BaselineFinder::new(cases, first))
            })
            .collect();
        if finders.is_empty() {
            self.freeze_baselines();
            return Ok(());
        }
        store.each_bucket_while(Hour::MIN, Hour::MAX, &mut |key, sums| {
            if key.origin != Origin::Live {
                return true;
            }
            if let Some(finder) = finders.get_mut(&key.process) {
                finder.add_bucket(key.hour, &sums);
            }
            for (parent, count) in sums.cohort.called_by.iter() {
                if let Some(finder) = finders.get_mut(&parent) {
                    finder.add_calls(key.hour, key.process, count);
                }
            }
            // Hours come in order: nothing further counts for one that has enough.
            let complete = |finder: &BaselineFinder| finder.is_complete_before(key.hour);
            !finders.values().all(complete)
        })?;
        for (process, finder) in finders {
            self.baselines.insert(process, finder);
            self.dirty_baselines.insert(process);
        }
        self.freeze_baselines();
        Ok(())
    }

    /// Of baselines that are complete, only the sums are kept.
    fn freeze_baselines(&mut self) {
        for (process, finder) in &mut self.baselines {
            if finder.freeze() {
                self.dirty_baselines.insert(*process);
            }
        }
    }

    /// How many buckets wait for the next commit. One counts again with each [`SumsCache::replace`] that changes it.
    pub(super) fn waiting_buckets(&self) -> usize {
        self.buckets.len()
    }

    /// What the next commit adds to buckets, in the order of the table: neighbours are written together.
    pub(super) fn take_buckets(&mut self) -> Vec<BucketRow> {
        let mut buckets = std::mem::take(&mut self.buckets);
        buckets.sort_unstable_by_key(|row| {
            (
                row.key.hour,
                row.key.process,
                row.key.executor,
                row.key.origin,
            )
        });
        buckets
    }

    /// The totals that changed, as rows.
    pub(super) fn total_rows(&self) -> Vec<TotalRow> {
        let row = |key: &TotalKey| TotalRow {
            process: key.0,
            executor: key.1,
            origin: key.2,
            sums: self.totals.get(key).cloned().unwrap_or_default(),
        };
        self.dirty_totals.iter().map(row).collect()
    }

    /// The totals that changed.
    pub(super) fn changed_totals(&self) -> impl Iterator<Item = (&TotalKey, &Sums)> {
        self.dirty_totals
            .iter()
            .filter_map(|key| Some((key, self.totals.get(key)?)))
    }

    /// Live cases started over all time, of the processes whose totals changed.
    pub(super) fn changed_starts(&self) -> Vec<(NameId, i64)> {
        self.starts_of(self.dirty_totals.iter().map(|key| key.0))
    }

    /// Live cases started over all time, of all processes.
    pub(super) fn starts(&self) -> Vec<(NameId, i64)> {
        self.starts_of(self.totals.keys().map(|key| key.0))
    }

    fn starts_of(&self, processes: impl Iterator<Item = NameId>) -> Vec<(NameId, i64)> {
        let processes: BTreeSet<NameId> = processes.collect();
        let started = |process: &NameId| {
            let first = (*process, Executor::Human, Origin::Live);
            let last = (*process, Executor::CodeApproved, Origin::Shadow);
            let own = self.totals.range(first..=last);
            own.filter(|((_, _, origin), _)| *origin == Origin::Live)
                .map(|(_, sums)| sums.started())
                .sum()
        };
        processes
            .iter()
            .map(|process| (*process, started(process)))
            .collect()
    }

    /// Whether live cases of a process count as ended that no event and no time-out has ended.
    pub(super) fn has_endless(&self, process: NameId) -> bool {
        let first = (process, Executor::Human, Origin::Live);
        let last = (process, Executor::CodeApproved, Origin::Shadow);
        let own = self.totals.range(first..=last);
        let live = own.filter(|((_, _, origin), _)| *origin == Origin::Live);
        // Of what has started and is not open, totals count as ended what has ended for good.
        live.map(|(key, total)| {
            let removed_open = self.removed_open.get(key).copied().unwrap_or(0);
            total.started() - total.open - total.cases - removed_open
        })
        .any(|endless| endless > 0)
    }

    /// How long the live cases of a process took that ended within its window.
    pub(super) fn durations_of(&self, process: NameId) -> Sketch {
        let mut durations = Sketch::default();
        let parts = self.window.get(&process).map(|sums| &sums.parts);
        for ((_, origin), part) in parts.into_iter().flatten() {
            if *origin == Origin::Live {
                durations.merge(&part.durations, 1);
            }
        }
        durations
    }

    /// Whether any case is a shadow run.
    pub(super) fn has_shadows(&self) -> bool {
        let mut origins = self.totals.keys().map(|(_, _, origin)| *origin);
        origins.any(|origin| origin == Origin::Shadow)
    }

    /// All totals.
    pub(super) fn totals(&self) -> impl Iterator<Item = (&TotalKey, &Sums)> {
        self.totals.iter()
    }

    /// The changes stand in a commit.
    pub(super) fn in_commit(&mut self) {
        self.dirty_totals.clear();
        self.dirty_baselines.clear();
    }

    /// Moves the end of the window on; what falls out of it is taken out. Everything must be committed before.
    pub(super) fn advance(&mut self, store: &Store, now: Time) -> Result<(), StoreError> {
        // Read everything first: after an error nothing must have been taken out that is taken out again.
        let mut gone: BTreeMap<NameId, ProcessSums> = BTreeMap::new();
        for window in self.windows.all().into_iter().flatten() {
            let from = self.as_of.plus(-window).hour();
            let to = now.plus(-window).hour();
            if to <= from {
                continue;
            }
            let windows = &self.windows;
            store.each_bucket(from, to, &mut |key, sums| {
                if windows.of(key.process) == Some(window) {
                    gone.entry(key.process).or_default().merge(&key, &sums, 1);
                }
            })?;
        }
        for (process, gone) in gone {
            let Some(sums) = self.window.get_mut(&process) else {
                continue;
            };
            for ((executor, origin), part) in gone.parts {
                let key = BucketKey {
                    hour: Hour(0),
                    process,
                    executor,
                    origin,
                };
                sums.merge(&key, &part, -1);
            }
        }
        self.as_of = self.as_of.max(now);
        Ok(())
    }

    /// The evidence for a score, and the period it is of. Open cases count however long ago they began.
    pub(super) fn evidence(&self, coverage: &Coverage) -> (Evidence, Period) {
        let period = Period::until(self.as_of);
        let found = self.baselines.iter();
        let found = found.map(|(process, finder)| (*process, finder.baseline()));
        let measured = Measured {
            processes: self.processes(),
            baselines: found
                .filter(|(_, baseline)| baseline.sums.cases > 0)
                .collect(),
            coverage: coverage.clone(),
        };
        (measured.evidence(self.windows.clone(), period), period)
    }

    /// The sums within the window, with all cases that are open now.
    fn processes(&self) -> BTreeMap<NameId, ProcessSums> {
        let mut processes = self.window.clone();
        for process in processes.values_mut() {
            for sums in process.parts.values_mut() {
                sums.set_open(&Sums::default());
            }
        }
        let mut seen = FxHashSet::default();
        for ((process, executor, origin), total) in &self.totals {
            if total.is_zero() {
                continue;
            }
            seen.insert(*process);
            let parts = processes.entry(*process).or_default();
            if total.open != 0 {
                let sums = parts.parts.entry((*executor, *origin)).or_default();
                sums.set_open(total);
            }
        }
        processes.values_mut().for_each(ProcessSums::drop_zeros);
        // A process whose cases have all moved to another one has none.
        processes.retain(|process, _| seen.contains(process));
        processes
    }
}

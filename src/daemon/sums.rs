//! Sums in memory: buckets of the present batch, sums over all time, sums over the window.

use crate::cases::Facts;
use crate::measure::{
    Baseline, BaselineFinder, BaselineTerms, BucketKey, Coverage, Evidence, Measured, Period,
    ProcessSums, Sketch, Sums, TotalKey, Windows, bucket_parts,
};
use crate::model::{Executor, Hour, NameId, Names, Origin, Time};
use crate::store::{BucketRow, Store, StoreError, TotalRow};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Buckets kept in memory between commits.
const MOST_BUCKETS: usize = 4_096;

/// All sums that the daemon holds.
#[derive(Debug, Default)]
pub(super) struct SumsCache {
    buckets: FxHashMap<BucketKey, Sums>,
    dirty: FxHashSet<BucketKey>,
    totals: BTreeMap<TotalKey, Sums>,
    dirty_totals: BTreeSet<TotalKey>,
    window: BTreeMap<NameId, ProcessSums>,
    baselines: BTreeMap<NameId, Baseline>,
    dirty_baselines: BTreeSet<NameId>,
    windows: Windows,
    baseline_terms: BaselineTerms,
    /// The instant that the window sums end at.
    as_of: Time,
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
        self.dirty.clear();
        self.totals.clear();
        self.dirty_totals.clear();
        self.window.clear();
        self.baselines.clear();
        self.dirty_baselines.clear();
    }

    /// Reads the buckets that a case contributes to, for [`SumsCache::replace`].
    pub(super) fn fetch(&mut self, facts: &Facts, store: &Store) -> Result<(), StoreError> {
        let (start, end) = bucket_parts(facts);
        for key in [Some(start), facts.complete.then_some(end)]
            .into_iter()
            .flatten()
        {
            if let Entry::Vacant(slot) = self.buckets.entry(key) {
                slot.insert(store.bucket(&key)?.unwrap_or_default());
            }
        }
        Ok(())
    }

    /// Takes a case's old contribution out and puts its new one in. Buckets that were not fetched before begin at zero.
    pub(super) fn replace(&mut self, before: Option<&Facts>, after: Option<&Facts>, names: &Names) {
        for (facts, sign) in before
            .map(|f| (f, -1))
            .into_iter()
            .chain(after.map(|f| (f, 1)))
        {
            let (start, end) = bucket_parts(facts);
            self.change(start, |sums| sums.add_start(facts, sign));
            if facts.complete {
                self.change(end, |sums| sums.add_end(facts, names, sign));
            }
            let total = (facts.process, facts.executor, facts.origin);
            let sums = self.totals.entry(total).or_default();
            // What would grow for ever with the hours and the paths is kept in the buckets only.
            sums.add_open(facts, sign);
            sums.starts.add(0, sign);
            // Counters rise with these, so only what has ended for good counts: without a declared end a case would be
            // counted with every outcome that it ever seemed to have.
            if facts.ended {
                sums.add_end_counts(facts, sign);
            }
            self.dirty_totals.insert(total);
            self.change_baselines(facts, names, sign);
        }
    }

    fn change_baselines(&mut self, facts: &Facts, names: &Names, sign: i64) {
        let hour = facts.end.hour();
        if !facts.complete || facts.origin != Origin::Live {
            return;
        }
        if hour >= self.baseline_terms.first_hour(facts.process) {
            let baseline = self.baselines.entry(facts.process).or_default();
            if baseline.add_case(facts, names, sign) {
                self.dirty_baselines.insert(facts.process);
            }
        }
        let parent = facts.parent_process;
        if parent != 0 && hour >= self.baseline_terms.first_hour(parent) {
            let baseline = self.baselines.entry(parent).or_default();
            if baseline.add_call(facts, sign) {
                self.dirty_baselines.insert(parent);
            }
        }
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
        let unsettled = |(_, baseline): &(&NameId, &Baseline)| !baseline.is_settled(cases);
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
            return Ok(());
        }
        store.each_bucket_while(Hour::MIN, Hour::MAX, &mut |key, sums| {
            if key.origin != Origin::Live {
                return true;
            }
            if let Some(finder) = finders.get_mut(&key.process) {
                finder.add_bucket(key.hour, &sums);
            }
            for (parent, count) in sums.called_by.iter() {
                if let Some(finder) = finders.get_mut(&parent) {
                    finder.add_calls(key.hour, key.process, count);
                }
            }
            // Hours come in order: nothing further counts for one that has enough.
            let complete = |finder: &BaselineFinder| finder.is_complete_before(key.hour);
            !finders.values().all(complete)
        })?;
        for (process, finder) in finders {
            self.baselines.insert(process, finder.finish());
            self.dirty_baselines.insert(process);
        }
        Ok(())
    }

    fn change(&mut self, key: BucketKey, change: impl Fn(&mut Sums)) {
        change(self.buckets.entry(key).or_default());
        self.dirty.insert(key);
        if key.hour >= self.windows.first_hour(key.process, self.as_of) {
            change(self.window.entry(key.process).or_default().part(&key));
        }
    }

    /// The rows that changed.
    pub(super) fn rows(&self) -> (Vec<BucketRow>, Vec<TotalRow>) {
        let mut buckets: Vec<BucketRow> = self
            .dirty
            .iter()
            .map(|key| BucketRow {
                key: *key,
                sums: self.buckets.get(key).cloned().unwrap_or_default(),
            })
            .collect();
        // In the order of the table: neighbours are written together.
        buckets.sort_unstable_by_key(|row| {
            (
                row.key.hour,
                row.key.process,
                row.key.executor,
                row.key.origin,
            )
        });
        let totals = self
            .dirty_totals
            .iter()
            .map(|key| TotalRow {
                process: key.0,
                executor: key.1,
                origin: key.2,
                sums: self.totals.get(key).cloned().unwrap_or_default(),
            })
            .collect();
        (buckets, totals)
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
            let last = (*process, Executor::Unknown, Origin::Shadow);
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
        let last = (process, Executor::Unknown, Origin::Shadow);
        let own = self.totals.range(first..=last);
        let live = own.filter(|((_, _, origin), _)| *origin == Origin::Live);
        // Of what has started and is not open, totals count as ended what has ended for good.
        live.map(|(_, total)| total.started() - total.open - total.cases)
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

    /// The changes are in the database.
    pub(super) fn committed(&mut self) {
        self.dirty.clear();
        self.dirty_totals.clear();
        self.dirty_baselines.clear();
        if self.buckets.len() > MOST_BUCKETS {
            // What is written now is mostly of the latest hours; the rest comes back from the database if needed.
            let mut hours: Vec<Hour> = self.buckets.keys().map(|key| key.hour).collect();
            let middle = hours.len() / 2;
            let (_, median, _) = hours.select_nth_unstable(middle);
            let median = *median;
            self.buckets.retain(|key, _| key.hour > median);
        }
    }

    /// How many buckets wait to be written.
    pub(super) fn dirty_buckets(&self) -> usize {
        self.dirty.len()
    }

    /// The buckets that wait to be written, taken for written and forgotten: they come back from the database if needed.
    pub(super) fn take_buckets(&mut self) -> Vec<BucketRow> {
        let (buckets, _) = self.rows();
        self.dirty.clear();
        self.buckets.clear();
        buckets
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
                    hour: 0,
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
        let with_cases = |(_, baseline): &(&NameId, &Baseline)| baseline.sums.cases > 0;
        let baselines = self.baselines.iter().filter(with_cases);
        let measured = Measured {
            processes: self.processes(),
            baselines: baselines
                .map(|(process, baseline)| (*process, baseline.clone()))
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
                sums.open = 0;
                sums.open_events = 0;
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
                sums.open = total.open;
                sums.open_events = total.open_events;
            }
        }
        processes.values_mut().for_each(ProcessSums::drop_zeros);
        // A process whose cases have all moved to another one has none.
        processes.retain(|process, _| seen.contains(process));
        processes
    }
}

//! What metrics would have said at instants of the past, had the daemon run then: from the buckets in the database.
//!
//! What was corrected or arrived later counts where it belongs. Names, catalog and tolerances are those of now, and so are
//! the nominal sizes.

use super::super::counters::{CounterKey, Counters, Fineness, LATE};
use super::super::drift::{KeptDrift, kept_drift};
use super::super::snapshot::{DriftView, Snapshot};
use super::buckets::{StoredBuckets, SumsByProcess};
use super::rules::PreparedRules;
use super::{ScoreRequest, scores_from};
use crate::config::daemon::Config;
use crate::drift::{Alarm, ProcessDrift, StreamState};
use crate::measure::{BucketKey, Period, Sums, TotalKey};
use crate::model::{Day, Hour, NameId, Names, Origin, Time};
use crate::score::ProcessScore;
use crate::store::{AlarmRow, DamagedRow, Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The past of a database, hour by hour.
pub(crate) struct History<'a> {
    store: &'a Store,
    buckets: StoredBuckets<'a>,
    rules: PreparedRules,
    fineness: Arc<Fineness>,
    drift: Vec<KeptDrift>,
    /// False alarms a year that are expected at most.
    false_alarms: f64,
    /// What is counted since the first instant.
    counted: Counted,
    /// What the daemon had counted before.
    base: BTreeMap<CounterKey, i64>,
    last_case: BTreeMap<String, Hour>,
    /// What lies within the windows that end at `until`.
    window: SumsByProcess,
    until: Hour,
    scores: Arc<Vec<ProcessScore>>,
    scored_at: Option<Time>,
}

impl<'a> History<'a> {
    /// Of a database, from an hour on.
    pub(crate) fn open(
        store: &'a Store,
        config: &Config,
        from: Hour,
    ) -> Result<History<'a>, StoreError> {
        let (drift, budget) = kept_drift(store, config)?;
        let (mut buckets, rules) = StoredBuckets::open(store, config)?;
        let before = ScoreRequest::new(&rules, Period::before(from));
        let window = buckets.sums(&[before])?.pop().unwrap_or_default();
        let mut history = History {
            store,
            false_alarms: budget.expected_per_year(before.period.as_of.day(), drift.len()),
            buckets,
            rules,
            window,
            fineness: Arc::new(Fineness::of(config)),
            drift,
            counted: Counted::new(store)?,
            base: BTreeMap::new(),
            last_case: BTreeMap::new(),
            until: from,
            scores: Arc::default(),
            scored_at: None,
        };
        history.base = history.counted_before(from)?;
        Ok(history)
    }

    /// What the daemon had counted before an hour: its counters, less what has happened since. So history ends at what is
    /// scraped after it. A counter that has not counted what became known late is less than that; it begins at 0.
    fn counted_before(&self, from: Hour) -> Result<BTreeMap<CounterKey, i64>, StoreError> {
        let mut since = Counted::new(self.store)?;
        let mut changed = BTreeSet::new();
        self.store.each_bucket(from, Hour::MAX, &mut |key, sums| {
            changed.extend(since.add(&key, &sums));
        })?;
        since.follow(&changed, &self.buckets.names, &self.fineness);
        let (counters, damaged) = Counters::read(self.store.counters()?);
        damaged.iter().for_each(DamagedRow::warn);
        let mut before = counters.values().clone();
        for (key, value) in since.counters.values() {
            before.entry(key.clone()).and_modify(|all| *all -= value);
        }
        before.retain(|(name, _), value| *value > 0 || name.starts_with(LATE));
        Ok(before)
    }

    fn counters(&self) -> BTreeMap<CounterKey, i64> {
        let mut all = self.base.clone();
        for (key, value) in self.counted.counters.values() {
            *all.entry(key.clone()).or_default() += value;
        }
        all
    }

    /// What metrics would have said at the beginning of an hour; the hours must rise. Scores are those of the midnight
    /// before.
    pub(crate) fn at(&mut self, hour: Hour) -> Result<Snapshot, StoreError> {
        let mut next = self.until;
        while next < hour {
            // Scores are made at midnight, with nothing later in them.
            let midnight = (next.day() + 1).first_hour();
            let to = hour.min(midnight);
            self.move_on(next, to)?;
            next = to;
            if to == midnight {
                self.score(to)?;
            }
        }
        if self.scored_at.is_none() {
            self.score(hour)?;
        }
        let at = Period::before(hour).as_of;
        Ok(Snapshot {
            at,
            scored_at: self.scored_at,
            scores: self.scores.clone(),
            drift: Arc::new(self.drift_before(at.day())),
            counters: self.counters().into_iter().collect(),
            fineness: self.fineness.clone(),
            last_case: Arc::new(self.last_case.clone()),
            ..Snapshot::default()
        })
    }

    /// Takes the hours `from..to` in, and out what has left the windows.
    fn move_on(&mut self, from: Hour, to: Hour) -> Result<(), StoreError> {
        let mut changed: BTreeSet<TotalKey> = BTreeSet::new();
        let mut new: Vec<(BucketKey, Sums)> = Vec::new();
        self.store
            .each_bucket(from, to, &mut |key, sums| new.push((key, sums)))?;
        for (key, sums) in &new {
            self.window
                .entry(key.process)
                .or_default()
                .merge(key, sums, 1);
            if let Some(total) = self.counted.add(key, sums) {
                let id = self.buckets.names.text(key.process).to_owned();
                self.last_case.insert(id, key.hour);
                changed.insert(total);
            }
        }
        let names = &self.buckets.names;
        self.counted.follow(&changed, names, &self.fineness);
        let windows = &self.rules.windows;
        for span in windows.all().into_iter().flatten() {
            let gone = [from, to].map(|hour| Period::before(hour).as_of.plus(-span).hour());
            let window = &mut self.window;
            self.store.each_bucket(gone[0], gone[1], &mut |key, sums| {
                if windows.of(key.process) == Some(span) {
                    window
                        .entry(key.process)
                        .or_default()
                        .merge(&key, &sums, -1);
                }
            })?;
        }
        self.until = to;
        Ok(())
    }

    fn score(&mut self, hour: Hour) -> Result<(), StoreError> {
        let request = ScoreRequest::new(&self.rules, Period::before(hour));
        let measurement = self.buckets.measured(&request, self.window.clone());
        let scored = scores_from(&self.buckets, &request, measurement)?;
        self.scores = Arc::new(scored.scores);
        self.scored_at = Some(scored.as_of);
        Ok(())
    }

    /// What was known of drift when a day began.
    fn drift_before(&self, today: Day) -> DriftView {
        let mut view = DriftView {
            false_alarms_per_year: self.false_alarms,
            ..DriftView::default()
        };
        for kept in &self.drift {
            let then = known_before(&kept.drift, today);
            let rows = then.alarms.iter().map(|alarm| {
                AlarmRow::of(
                    &kept.process,
                    alarm,
                    &self.buckets.names,
                    alarm.raised.start(),
                )
            });
            view.alarms.extend(rows);
            view.processes.insert(kept.process.clone(), Arc::new(then));
        }
        view
    }
}

/// Counters that rise with the buckets, as those of the daemon do with its cases.
struct Counted {
    counters: Counters,
    totals: BTreeMap<TotalKey, Sums>,
    started: BTreeMap<NameId, i64>,
    /// Processes of which live cases have ended by a declared end or time-out: of others the daemon counts no ends.
    with_ends: BTreeSet<NameId>,
}

impl Counted {
    fn new(store: &Store) -> Result<Counted, StoreError> {
        let totals = store.totals()?.into_iter();
        let ended = totals.filter(|row| row.origin == Origin::Live && row.sums.cases > 0);
        Ok(Counted {
            counters: Counters::default(),
            totals: BTreeMap::new(),
            started: BTreeMap::new(),
            with_ends: ended.map(|row| row.process).collect(),
        })
    }

    /// Adds a bucket; gives the total that has changed by it.
    fn add(&mut self, key: &BucketKey, sums: &Sums) -> Option<TotalKey> {
        if key.origin != Origin::Live {
            return None;
        }
        let total = (key.process, key.executor, key.origin);
        let counted = self.totals.entry(total).or_default();
        if self.with_ends.contains(&key.process) {
            counted.outcomes.merge(&sums.outcomes, 1);
            counted.deviations.merge(&sums.deviations, 1);
            counted.durations.merge(&sums.durations, 1);
        }
        *self.started.entry(key.process).or_default() += sums.starts.total();
        Some(total)
    }

    /// Raises the counters of totals that have changed.
    fn follow(&mut self, changed: &BTreeSet<TotalKey>, names: &Names, fineness: &Fineness) {
        let nothing = Sums::default();
        for total in changed {
            let sums = (&self.totals[total], &nothing);
            self.counters.follow(total, sums, names, fineness);
            let started = self.started.get(&total.0).copied().unwrap_or(0);
            let process = names.text(total.0);
            self.counters.follow_starts(process, started, 0);
        }
    }
}

/// The drift of a process as it was known when a day began: the days before have ended.
fn known_before(drift: &ProcessDrift, today: Day) -> ProcessDrift {
    let raised = drift.alarms.iter().filter(|alarm| alarm.raised < today);
    let then = |alarm: &Alarm| Alarm {
        ended: alarm.ended.filter(|(day, _)| *day < today),
        ..alarm.clone()
    };
    let point = drift.days.iter().rev().find(|point| point.day < today);
    let states = |point: &crate::drift::DayPoint| {
        let evidence = drift.streams.iter().zip(&point.evidence);
        let state = |(state, evidence): (&StreamState, &f32)| StreamState {
            evidence: f64::from(*evidence),
            ..state.clone()
        };
        evidence.map(state).collect()
    };
    ProcessDrift {
        baseline_until: drift.baseline_until.filter(|day| *day < today),
        streams: point.map(states).unwrap_or_default(),
        alarms: raised.map(then).collect(),
        days: point.cloned().into_iter().collect(),
        changes: drift
            .changes
            .iter()
            .filter(|(day, _)| *day <= today)
            .cloned()
            .collect(),
        ..ProcessDrift::default()
    }
}

//! What metrics would have said at instants of the past, had the daemon run then: from the buckets in the database.
//!
//! What was corrected or arrived later counts where it belongs. Names, catalog and tolerances are those of now, and so are
//! the nominal sizes.

use super::counters::{Counters, Fineness};
use super::drift::{KeptDrift, kept_drift};
use super::engine::recount::windows;
use super::losses::losses_of;
use super::snapshot::{DriftView, Snapshot};
use super::sums::TotalKey;
use crate::assemble::Windows;
use crate::config::daemon::Config;
use crate::drift::{Alarm, ProcessDrift, StreamState};
use crate::measure::{BucketKey, Sums};
use crate::model::{DAY_HOURS, Day, HOUR_US, Hour, NameId, Names, Origin, Time};
use crate::score::{Baseline, Evidence, ProcessScore, ProcessSums, Terms, score_all};
use crate::store::{AlarmRow, Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The past of a database, hour by hour.
pub struct History<'a> {
    store: &'a Store,
    config: &'a Config,
    names: Names,
    windows: Windows,
    fineness: Arc<Fineness>,
    baselines: BTreeMap<NameId, Baseline>,
    feeds: Vec<(String, NameId)>,
    first_event: Option<Time>,
    drift: Vec<KeptDrift>,
    /// False alarms a year that are expected at most.
    false_alarms: f64,
    /// What is counted since the first instant.
    counters: Counters,
    totals: BTreeMap<TotalKey, Sums>,
    started: BTreeMap<NameId, i64>,
    last_case: BTreeMap<String, Hour>,
    /// What lies within the windows that end at `until`.
    window: BTreeMap<NameId, ProcessSums>,
    until: Hour,
    scores: Arc<Vec<ProcessScore>>,
    scored_at: Option<Time>,
}

impl<'a> History<'a> {
    /// Of a database, from an hour on.
    pub fn open(
        store: &'a Store,
        config: &'a Config,
        from: Hour,
    ) -> Result<History<'a>, StoreError> {
        let mut names = store.names()?;
        let windows = windows(config, &mut names);
        let (drift, budget) = kept_drift(store, config)?;
        let first_event = store.meta("first_event")?;
        let first_event = first_event.and_then(|text| text.parse().ok()).map(Time);
        let mut history = History {
            store,
            config,
            windows,
            fineness: Arc::new(Fineness::of(config)),
            baselines: store.baselines()?.into_iter().collect(),
            feeds: store.feeds()?,
            first_event,
            false_alarms: budget.expected_per_year(start_of(from).day(), drift.len()),
            drift,
            counters: Counters::default(),
            totals: BTreeMap::new(),
            started: BTreeMap::new(),
            last_case: BTreeMap::new(),
            window: BTreeMap::new(),
            until: from,
            scores: Arc::default(),
            scored_at: None,
            names,
        };
        history.fill_window(from)?;
        Ok(history)
    }

    /// The first hour that the database has something of.
    pub fn first_hour(store: &Store) -> Result<Option<Hour>, StoreError> {
        let mut first = None;
        store.each_bucket_while(Hour::MIN, Hour::MAX, &mut |key, _| {
            first = Some(key.hour);
            false
        })?;
        Ok(first)
    }

    fn fill_window(&mut self, until: Hour) -> Result<(), StoreError> {
        let at = start_of(until);
        let (window, windows) = (&mut self.window, &self.windows);
        let spans = windows.all().into_iter();
        let firsts = spans.map(|span| span.map_or(Hour::MIN, |span| at.plus(-span).hour()));
        let from = firsts.min().unwrap_or(Hour::MIN);
        self.store.each_bucket(from, until, &mut |key, sums| {
            if key.hour >= windows.first_hour(key.process, at) {
                window.entry(key.process).or_default().merge(&key, &sums, 1);
            }
        })
    }

    /// The scores as of the beginning of an hour, with nothing later in them; the hours must rise.
    pub fn scores_at(&mut self, hour: Hour) -> Result<Arc<Vec<ProcessScore>>, StoreError> {
        // Day by day: the buckets of a quarter do not have to be in memory at once.
        while self.until < hour {
            self.move_on(self.until, hour.min(self.until + DAY_HOURS))?;
        }
        self.score(start_of(hour))?;
        Ok(self.scores.clone())
    }

    /// What metrics would have said at the beginning of an hour; the hours must rise. Scores are those of the midnight
    /// before.
    pub fn at(&mut self, hour: Hour) -> Result<Snapshot, StoreError> {
        let mut next = self.until;
        while next < hour {
            // Scores are made at midnight, with nothing later in them.
            let midnight = (next.div_euclid(DAY_HOURS) + 1) * DAY_HOURS;
            let to = hour.min(midnight);
            self.move_on(next, to)?;
            next = to;
            if to == midnight {
                self.score(start_of(to))?;
            }
        }
        if self.scored_at.is_none() {
            self.score(start_of(hour))?;
        }
        Ok(Snapshot {
            at: start_of(hour),
            scored_at: self.scored_at,
            scores: self.scores.clone(),
            drift: Arc::new(self.drift_before(start_of(hour).day())),
            counters: self.counters.values().clone(),
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
            if key.origin == Origin::Live {
                let total = (key.process, key.executor, key.origin);
                let counted = self.totals.entry(total).or_default();
                counted.outcomes.merge(&sums.outcomes, 1);
                counted.deviations.merge(&sums.deviations, 1);
                counted.durations.merge(&sums.durations, 1);
                *self.started.entry(key.process).or_default() += sums.starts.total();
                let id = self.names.text(key.process).to_owned();
                self.last_case.insert(id, key.hour);
                changed.insert(total);
            }
        }
        for total in &changed {
            let nothing = Sums::default();
            let sums = (&self.totals[total], &nothing);
            self.counters
                .follow(total, sums, &self.names, &self.fineness);
            let started = self.started.get(&total.0).copied().unwrap_or(0);
            self.counters
                .follow_starts(self.names.text(total.0), started, 0);
        }
        for span in self.windows.all().into_iter().flatten() {
            let gone = [from, to].map(|hour| start_of(hour).plus(-span).hour());
            let (window, windows) = (&mut self.window, &self.windows);
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

    fn score(&mut self, at: Time) -> Result<(), StoreError> {
        let first = self.first_event.unwrap_or(at);
        let since = |span: Option<i64>| span.map_or(first, |span| first.max(at.plus(-span)));
        let mut evidence = Evidence {
            processes: self.window.clone(),
            from: since(self.config.window),
            to: at,
            baselines: self.baselines.clone(),
            ..Evidence::default()
        };
        for (process, sums) in &mut evidence.processes {
            // Who was open then is not kept.
            sums.parts
                .values_mut()
                .for_each(|part| (part.open, part.open_events) = (0, 0));
            sums.drop_zeros();
            let own = self.windows.of(*process);
            if own != self.config.window {
                evidence.own_from.insert(*process, since(own));
            }
        }
        evidence.processes.retain(|_, sums| !sums.parts.is_empty());
        let live = |process: &NameId| evidence.processes.contains_key(process);
        evidence.baselines.retain(|process, _| live(process));
        evidence.losses = losses_of(self.store, self.feeds.iter(), &evidence)?;
        let terms = Terms {
            catalog: &self.config.catalog,
            tolerance: &self.config.tolerance,
            names: &self.names,
        };
        self.scores = Arc::new(score_all(&evidence, terms));
        self.scored_at = Some(at);
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
                    &self.names,
                    Time::of_day(alarm.raised),
                )
            });
            view.alarms.extend(rows);
            view.processes.insert(kept.process.clone(), Arc::new(then));
        }
        view
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

fn start_of(hour: Hour) -> Time {
    Time(i64::from(hour) * HOUR_US)
}

//! Scoring all processes as of now, and keeping what has changed.

use super::super::cache::CacheError;
use super::Engine;
use crate::cases::facts;
use crate::model::{Hour, NameId, Span, Time};
use crate::query::{losses_of, scores_of_evidence};
use crate::score::{Held, Terms, changes};
use crate::store::{Commit, LedgerRow, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Idle cases looked up at once; more wait for the next round.
const IDLE_AT_ONCE: usize = 10_000;

impl Engine {
    /// Closes cases that have been idle for as long as their process says. Gives their number.
    fn close_idle(&mut self, now: Time) -> Result<usize, CacheError> {
        let mut closed = 0;
        let idle: Vec<(NameId, Span)> = self
            .config
            .catalog
            .processes
            .values()
            .filter_map(|process| Some((self.names.find(&process.id)?, process.ends.idle?)))
            .collect();
        for (process, span) in idle {
            let before = now.plus(-span).0;
            for key in self.store.idle_cases(process, before, IDLE_AT_ONCE)? {
                let at = self.cases.load(&key, &self.store)?;
                let (rules, names) = (&self.rules, &self.names);
                let slot = self.cases.touch(at, |case| facts(case, rules, names, None));
                closed += usize::from(slot.case.close_idle(true));
            }
        }
        Ok(closed)
    }

    /// Scores all processes as of now, and keeps scores and changes. Everything that waits is committed before.
    pub fn rescore(&mut self, now: Time) -> Result<(), CacheError> {
        self.commit()?;
        self.store.build_deferred_indexes()?;
        self.late.before = now.plus(-self.config.metrics.late_after);
        while self.close_idle(now)? > 0 {
            self.commit()?;
        }
        self.look_for_drift(now)?;
        self.note_last_cases(now)?;
        self.sums.advance(&self.store, now)?;
        self.sums.settle_baselines(&self.store)?;
        let (evidence, period) = self.sums.evidence(self.deliveries.observation_periods());
        let terms = Terms {
            catalog: &self.config.catalog,
            tolerance: &self.config.tolerance,
            names: &self.names,
        };
        let scores = scores_of_evidence(evidence, period, terms, |evidence| {
            losses_of(&self.store, self.deliveries.feeds(), evidence)
        })?;
        let mut commit = Commit {
            baselines: self.sums.baseline_rows(),
            ..Commit::default()
        };
        let mut held_next = BTreeMap::new();
        for score in &scores {
            let held = Held::of(score);
            let before = self.held.get(&score.id);
            if before == Some(&held) {
                continue;
            }
            commit
                .ledger
                .extend(changes(before, score).into_iter().map(|change| LedgerRow {
                    at: now.0,
                    process: change.process,
                    what: change.what.to_owned(),
                    from: change.from,
                    to: change.to,
                    reason: score.advice.reason.to_string(),
                    configuration: self.config.hashes.configuration,
                    catalog: self.config.hashes.catalog,
                    tolerance: self.config.hashes.tolerance,
                    is_clock_in_doubt: self.is_clock_in_doubt,
                }));
            if let Ok(body) = serde_json::to_string(&held) {
                commit.scores.push((score.id.clone(), now.0, body));
            }
            held_next.insert(score.id.clone(), held);
        }
        if !commit.is_empty() {
            self.store.commit(&commit)?;
        }
        self.held.append(&mut held_next);
        self.scores = scores
            .into_iter()
            .map(|score| (score.id.clone(), score))
            .collect();
        self.empty_log_of_removed();
        self.plan_removal(now);
        Ok(())
    }

    /// Looks up when each process ran last.
    fn note_last_cases(&mut self, now: Time) -> Result<(), StoreError> {
        let live = self.sums.totals().map(|((process, _, _), _)| *process);
        let mut last = BTreeMap::new();
        for process in live.collect::<BTreeSet<NameId>>() {
            if let Some(hour) = self.store.last_hour_of(process)? {
                last.insert(self.names.text(process).to_owned(), hour);
            }
        }
        let before = now.plus(-self.config.metrics.expire_after).hour();
        let declared = &self.config.catalog.processes;
        let gone = |(id, hour): &(&String, &Hour)| **hour < before && !declared.contains_key(*id);
        let mut expired: BTreeSet<String> =
            last.iter().filter(gone).map(|(id, _)| id.clone()).collect();
        expired.extend(self.without_cases());
        self.expired = Arc::new(expired);
        self.last_case = Arc::new(last);
        Ok(())
    }

    /// Processes that are counted and that nobody declares, whose cases have all moved to another one.
    fn without_cases(&self) -> BTreeSet<String> {
        let totals = self.sums.totals().filter(|(_, sums)| !sums.is_zero());
        let with_cases: BTreeSet<&str> = totals
            .map(|((process, _, _), _)| self.names.text(*process))
            .collect();
        let declared = &self.config.catalog.processes;
        let counted = self.counters.processes().into_iter();
        counted
            .filter(|id| !with_cases.contains(id) && !declared.contains_key(*id))
            .map(str::to_owned)
            .collect()
    }
}

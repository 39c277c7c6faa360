//! A new configuration, and counting all sums anew where it judges cases otherwise.

use super::super::cache::CacheError;
use super::super::rows::case_row;
use super::super::sums::Change;
use super::Engine;
use crate::cases::{Case, CaseEvent, Facts, RuleBook, facts};
use crate::config::daemon::Config;
use crate::measure::{BaselineTerms, Windows};
use crate::model::{NameId, Names, Origin, Time, hash_pair, metrics};
use crate::query::counters::Fineness;
use crate::store::{CaseRow, Commit, KeptCase};
use std::sync::Arc;

/// Cases read at once to count them anew.
const CASES_AT_ONCE: usize = 1_000;
/// Changes of buckets written at once while all sums are counted anew.
const BUCKETS_AT_ONCE: usize = 20_000;

impl Engine {
    /// Takes a new configuration. Where it changes how cases are judged, all sums are counted anew. After an error, call
    /// it again.
    pub fn reconfigure(
        &mut self,
        config: impl Into<Arc<Config>>,
        now: Time,
    ) -> Result<(), CacheError> {
        self.reconfigure_unless(config.into(), now, &|| false)
    }

    /// As [`Engine::reconfigure`], until `is_stopping`: then it ends with [`CacheError::Stopped`], nothing may be committed or
    /// scored any more, and the next start counts all sums anew.
    pub(crate) fn reconfigure_unless(
        &mut self,
        config: Arc<Config>,
        now: Time,
        is_stopping: &dyn Fn() -> bool,
    ) -> Result<(), CacheError> {
        self.commit()?;
        self.recount_due |= rules_hash(&config) != rules_hash(&self.config);
        self.stop_removal();
        self.config = config;
        self.deliveries.configure(&self.config, &mut self.store)?;
        self.name_budget.configure(&self.config);
        self.note_rules(now)?;
        self.rules = RuleBook::new(
            &self.config.catalog,
            &self.config.tolerance,
            &mut self.names,
        );
        self.fineness = Arc::new(Fineness::of(&self.config));
        self.counters.declare(&self.config);
        self.begin_series();
        if self.recount_due {
            self.recount(now, is_stopping)?;
        }
        let windows = windows(&self.config, &mut self.names);
        self.sums.reset_window(&self.store, windows, now)?;
        Ok(())
    }

    /// Begins the series that this configuration has and the one before did not, such as other bins of the histogram, and
    /// those whose stored counter is damaged: what is known already does not happen now. Where there are none, nothing
    /// changes.
    pub(super) fn begin_series(&mut self) {
        for (key, sums) in self.sums.totals() {
            let (names, fineness) = (&self.names, &self.fineness);
            self.counters.follow(key, (sums, sums), names, fineness);
        }
        for (process, started) in self.sums.starts() {
            let process = self.names.text(process);
            self.counters.follow_starts(process, started, started);
        }
        for (source, process) in self.deliveries.feeds() {
            let labels = [source.as_str(), self.names.text(*process)];
            self.counters.begin(metrics::FOLDED.name, &labels);
        }
    }

    /// Counts all sums anew from the cases: after the rules by which they are judged have changed.
    ///
    /// Written in pieces, so that years of history need no more memory than a day. Until the last piece is written the
    /// database says that it is in the middle of this, and the next start begins again.
    pub(super) fn recount(
        &mut self,
        now: Time,
        is_stopping: &dyn Fn() -> bool,
    ) -> Result<(), CacheError> {
        self.cases.clear();
        self.sums.clear();
        self.deliveries.forget_observations();
        // Baselines begin where the new configuration says.
        self.sums
            .set_baseline_terms(baseline_terms(&self.config, &mut self.names));
        self.store.commit(&Commit {
            clear_sums: true,
            meta: vec![("rules".to_owned(), "counting".to_owned())],
            ..Commit::default()
        })?;
        let removed = self.sums.restore_removed(&self.store)?;
        self.deliveries.restore_observations(&self.store)?;
        let (mut count, mut last) = (0, None);
        loop {
            if is_stopping() {
                return Err(CacheError::Stopped);
            }
            let page = self.store.cases_after(last.as_deref(), CASES_AT_ONCE)?;
            let Some(end) = page.last() else { break };
            count += page.len();
            last = Some(end.key.clone());
            let mut piece = Commit::default();
            let mut counted = Vec::with_capacity(page.len());
            for kept in page {
                let (row, facts) = self.recount_case(&kept, now)?;
                piece.cases.extend(row);
                counted.push(facts);
            }
            let change = |after| Change {
                before: None,
                after: Some(after),
            };
            let changes: Vec<Change> = counted.iter().flatten().map(change).collect();
            self.sums.replace(&changes, &self.names);
            if self.sums.waiting_buckets() >= BUCKETS_AT_ONCE {
                piece.buckets = self.sums.take_buckets();
            }
            if !piece.is_empty() {
                self.store.commit(&piece)?;
            }
        }
        self.processes = self.sums.totals().map(|(key, _)| key.0).collect();
        if count > 0 {
            tracing::info!(
                cases = count,
                "counted all sums anew, because the rules have changed"
            );
        }
        if removed > 0 {
            tracing::warn!(
                cases = removed,
                "removed cases keep the classification of the rules that were in force when they were removed (retention)"
            );
        }
        let mut commit = Commit {
            meta: vec![("rules".to_owned(), rules_hash(&self.config))],
            ..Commit::default()
        };
        self.finish(&mut commit);
        self.keep_unwritten(commit);
        self.recount_due = false;
        self.commit()
    }

    /// What a case counts as by the rules as they are now, and its row if that is another one than under the rules before.
    fn recount_case(
        &mut self,
        kept: &KeptCase,
        now: Time,
    ) -> Result<(Option<CaseRow>, Option<Facts>), CacheError> {
        let damaged = |source| self.store.damaged_case(&kept.key, source);
        let mut case = Case::decode(&kept.body).map_err(damaged)?;
        let idle = self.rules.of(case.process()).idle;
        let last = case.latest().map(|event| event.time);
        let is_idle = idle
            .zip(last)
            .is_some_and(|(idle, last)| now.since(last) >= idle);
        let turned = case.close_idle(is_idle) | self.compare_anew(&mut case, now)?;
        self.deliveries.observe_case(&kept.key, &case);
        let after = facts(&case, &self.rules, &self.names, None);
        let is_open = after.as_ref().is_some_and(|facts| !facts.complete);
        let changed = turned || is_open != kept.open;
        let row = changed.then(|| case_row(&kept.key, &case, after.as_ref()));
        Ok((row.flatten(), after))
    }

    /// Looks up again what a shadow run is compared with, as the case it shadows is judged now; says whether that is news.
    fn compare_anew(&self, case: &mut Case, now: Time) -> Result<bool, CacheError> {
        let Some(parent) = case.parent().filter(|_| is_shadow(case)) else {
            return Ok(false);
        };
        let Some(body) = self.store.case(parent)? else {
            return Ok(false);
        };
        let damaged = |source| self.store.damaged_case(parent, source);
        let twin = Case::decode(&body).map_err(damaged)?;
        let twin = facts(&twin, &self.rules, &self.names, Some(now));
        Ok(case.set_twin_outcome(twin.map_or(NameId::NONE, |twin| twin.to_compare_with())))
    }
}

/// Whether any event says that its outcome is not acted on.
pub(super) fn is_shadow(case: &Case) -> bool {
    let shadow = |event: &CaseEvent| event.flags.origin() == Origin::Shadow;
    case.events().iter().any(shadow)
}

/// What decides how cases are judged: when it changes, all sums are counted anew.
pub(super) fn rules_hash(config: &Config) -> String {
    let hash = hash_pair(config.hashes.catalog, config.hashes.tolerance);
    // The first number rises when the program itself judges otherwise.
    format!("13-{hash:016x}")
}

pub(in crate::daemon) fn windows(config: &Config, names: &mut Names) -> Windows {
    Windows::new(config.window, &config.catalog, names)
}

pub(super) fn baseline_terms(config: &Config, names: &mut Names) -> BaselineTerms {
    BaselineTerms::new(&config.catalog, &config.tolerance, names)
}

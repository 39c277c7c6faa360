//! Scores from whole cases, each cut at the instant: those of the database, and those of log files.
//!
//! What arrived later but had happened by then counts, as it would have if it had come in time.

use super::super::case_table::CaseTable;
use super::losses::losses_of;
use super::rules::{PastError, PreparedRules, Rules};
use super::worst_cases::{Counting, Worst};
use super::{Measurement, RemovedCases, ScoreRequest, ScoreSource, ScoresAsOf, scores};
use crate::cases::{Case, Facts, RuleBook, facts_as_of, shadowed};
use crate::measure::{BucketKey, Evidence, Loss, Period, Sums, Tally};
use crate::model::{Hour, NameId, Names, Time};
use crate::score::ProcessScore;
use crate::store::{Store, StoreError};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::convert::Infallible;

/// Cases read at once.
const CASES_AT_ONCE: usize = 1_000;

/// Cases by their keys, as they were known at an instant.
pub(crate) trait KnownCases {
    /// What can go wrong.
    type Error;

    /// A case; `None` if it had not begun.
    fn case_until(&self, key: &str, as_of: Time) -> Result<Option<Cow<'_, Case>>, Self::Error>;

    /// The process of a case; 0 if it had not begun.
    fn process_until(&self, key: &str, as_of: Time) -> Result<NameId, Self::Error>;
}

/// A case as it was known at an instant, and what it said then; `None` if it had not begun. `known` has the cases that it
/// refers to: its parent, and the one that a shadow run shadows.
pub(crate) fn facts_of<'c, K: KnownCases>(
    known: &K,
    case: &'c Case,
    (rules, names): (&RuleBook, &Names),
    as_of: Time,
) -> Result<Option<(Cow<'c, Case>, Facts)>, K::Error> {
    let Some(mut case) = case.until(as_of) else {
        return Ok(None);
    };
    let parent = match case.parent() {
        Some(parent) => known.process_until(parent, as_of)?,
        None => NameId::NONE,
    };
    if parent != case.parent_process() {
        case.to_mut().set_parent_process(parent);
    }
    let twin = match shadowed(&case) {
        Some(key) => known.case_until(key, as_of)?,
        None => None,
    };
    let facts = facts_as_of(&case, twin.as_deref(), rules, names, as_of);
    Ok(facts.map(|facts| (case, facts)))
}

/// Sums up cases for several requests at once.
pub(super) struct Summing<'a> {
    requests: Vec<SummingFor<'a>>,
    names: &'a Names,
}

/// What comes together for one request.
struct SummingFor<'a> {
    rules: &'a RuleBook,
    /// What happened later is not known.
    last: Time,
    tally: Tally<'a>,
    worst: Option<Worst>,
    cases: u64,
    removed: RemovedCases,
}

impl<'a> Summing<'a> {
    pub(super) fn new(requests: &'a [ScoreRequest<'a>], names: &'a Names) -> Summing<'a> {
        let begun = |request: &'a ScoreRequest<'a>| {
            let PreparedRules {
                rules,
                book,
                windows,
            } = request.rules;
            let worst = |(process, most): (&str, usize)| {
                let counting = Counting::of(&rules.catalog.process(process));
                // Cases whose events name no process are listed under a name that no log has.
                Worst::new(names.find(process).unwrap_or(NameId::NONE), counting, most)
            };
            SummingFor {
                rules: book,
                last: request.period.last,
                tally: Tally::new(book, names, windows, request.period),
                worst: request.cases_of.map(worst),
                cases: 0,
                removed: RemovedCases::default(),
            }
        };
        Summing {
            requests: requests.iter().map(begun).collect(),
            names,
        }
    }

    pub(super) fn add<K: KnownCases>(
        &mut self,
        known: &K,
        key: &str,
        case: &Case,
    ) -> Result<(), K::Error> {
        for request in &mut self.requests {
            let by = (request.rules, self.names);
            let Some((case, facts)) = facts_of(known, case, by, request.last)? else {
                continue;
            };
            request.tally.add(key, &case, &facts);
            request.cases += 1;
            if let Some(worst) = &mut request.worst
                && request.tally.counts(&facts)
            {
                worst.offer(key, &facts, request.rules, self.names);
            }
        }
        Ok(())
    }

    /// Adds the sums of cases that were removed from a database. They are classified as they were when they were removed.
    fn add_removed(&mut self, store: &Store) -> Result<(), StoreError> {
        let periods = store.removed_coverage()?;
        let latest = periods.latest();
        for request in &mut self.requests {
            periods.each(&mut |namespace, process, period| {
                request.tally.add_removed_period(namespace, process, period);
            });
            request.removed.is_cut = latest.is_some_and(|latest| latest > request.last);
        }
        store.each_removed_bucket(&mut |key, sums| {
            for request in &mut self.requests {
                request.add_removed(&key, &sums);
            }
        })
    }

    pub(super) fn finish(self) -> Vec<Measurement> {
        let finished = |request: SummingFor| Measurement {
            measured: request.tally.finish(),
            cases: request.cases,
            behind: request.worst.map(Worst::cases).unwrap_or_default(),
            removed: request.removed,
        };
        self.requests.into_iter().map(finished).collect()
    }
}

impl SummingFor<'_> {
    fn add_removed(&mut self, key: &BucketKey, sums: &Sums) {
        self.tally.add_removed(key, sums);
        if key.hour <= self.last.hour() {
            self.cases += u64::try_from(sums.started()).unwrap_or(0);
        }
        let is_asked_for = self
            .worst
            .as_ref()
            .is_some_and(|worst| worst.counts_sums(key));
        if is_asked_for && self.tally.counts_removed(key) {
            self.removed.behind += u64::try_from(sums.cases).unwrap_or(0);
        }
    }
}

/// The cases of a database, read in pages, so that years of history need no more memory than a day.
struct StoredCases<'a> {
    store: &'a Store,
    names: Names,
    feeds: Vec<(String, NameId)>,
    /// Is told how many cases were read.
    tick: &'a mut dyn FnMut(u64),
}

impl<'a> StoredCases<'a> {
    fn open(store: &'a Store, tick: &'a mut dyn FnMut(u64)) -> Result<StoredCases<'a>, StoreError> {
        Ok(StoredCases {
            store,
            names: store.names()?,
            feeds: store.feeds()?,
            tick,
        })
    }
}

impl ScoreSource for StoredCases<'_> {
    type Error = StoreError;

    fn names(&self) -> &Names {
        &self.names
    }

    fn measure(&mut self, requests: &[ScoreRequest]) -> Result<Vec<Measurement>, StoreError> {
        let mut summing = Summing::new(requests, &self.names);
        let (mut last, mut count) = (None, 0);
        loop {
            let page = self.store.cases_after(last.as_deref(), CASES_AT_ONCE)?;
            let Some(end) = page.last() else { break };
            last = Some(end.key.clone());
            count += page.len() as u64;
            for kept in &page {
                let case = decoded(self.store, &kept.key, &kept.body)?;
                summing.add(self.store, &kept.key, &case)?;
            }
            (self.tick)(count);
        }
        summing.add_removed(self.store)?;
        Ok(summing.finish())
    }

    fn losses(&self, evidence: &Evidence) -> Result<BTreeMap<NameId, Loss>, StoreError> {
        losses_of(self.store, self.feeds.iter(), evidence)
    }
}

impl KnownCases for Store {
    type Error = StoreError;

    fn case_until(&self, key: &str, as_of: Time) -> Result<Option<Cow<'_, Case>>, StoreError> {
        let Some(body) = self.case(key)? else {
            return Ok(None);
        };
        let case = decoded(self, key, &body)?;
        let then = case.until(as_of).map(Cow::into_owned);
        Ok(then.map(Cow::Owned))
    }

    fn process_until(&self, key: &str, as_of: Time) -> Result<NameId, StoreError> {
        let Some(known) = Store::process_until(self, key, as_of.0)? else {
            return Ok(NameId::NONE);
        };
        let Some(body) = known.later else {
            return Ok(known.process);
        };
        let case = decoded(self, key, &body)?;
        let then = case.until(as_of);
        Ok(then.map_or(NameId::NONE, |case| case.process()))
    }
}

fn decoded(store: &Store, key: &str, body: &[u8]) -> Result<Case, StoreError> {
    Case::decode(body).map_err(|source| store.damaged_case(key, source))
}

/// Which past score is asked for.
#[derive(Clone, Copy, Debug)]
pub struct PastView<'a> {
    /// By which rules.
    pub rules: &'a Rules,
    /// As of when: what happened later is not known.
    pub as_of: Time,
    /// The process whose cases are asked for, and how many of those that deviate most.
    pub cases_of: Option<(&'a str, usize)>,
}

/// Recomputes scores from the cases of a database, all of them in one pass. `tick` is told how many were read.
///
/// The same figures as `toleranced score --as-of` has of the same logs. Reads beside a running daemon, as of one moment.
pub fn past_scores(
    store: &Store,
    views: &[PastView],
    tick: &mut dyn FnMut(u64),
) -> Result<Vec<ScoresAsOf>, PastError> {
    store.at_one_moment(|| {
        let mut source = StoredCases::open(store, tick)?;
        let prepared = views.iter();
        let prepared =
            prepared.map(|view| PreparedRules::new(view.rules.clone(), &mut source.names));
        let prepared: Vec<PreparedRules> = prepared.collect();
        let requests = views.iter().zip(&prepared);
        let requests = requests.map(|(view, rules)| ScoreRequest {
            cases_of: view.cases_of,
            ..ScoreRequest::new(rules, Period::until(view.as_of))
        });
        let requests: Vec<ScoreRequest> = requests.collect();
        Ok(scores(&mut source, &requests)?)
    })
}

/// The scores when two hours began, by the same rules, within a reading of one moment that has begun. What happened in these
/// hours is not known.
pub(super) fn scores_before(
    store: &Store,
    rules: &Rules,
    hours: [Hour; 2],
    tick: &mut dyn FnMut(u64),
) -> Result<[Vec<ProcessScore>; 2], StoreError> {
    let mut source = StoredCases::open(store, tick)?;
    let rules = PreparedRules::new(rules.clone(), &mut source.names);
    let requests = hours.map(|hour| ScoreRequest::new(&rules, Period::before(hour)));
    let mut found = scores(&mut source, &requests)?.into_iter();
    Ok(hours.map(|_| found.next().map_or(Vec::new(), |found| found.scores)))
}

impl KnownCases for CaseTable {
    type Error = Infallible;

    fn case_until(&self, key: &str, as_of: Time) -> Result<Option<Cow<'_, Case>>, Infallible> {
        Ok(self.case(key).and_then(|case| case.until(as_of)))
    }

    fn process_until(&self, key: &str, as_of: Time) -> Result<NameId, Infallible> {
        let case = self.case_until(key, as_of)?;
        Ok(case.map_or(NameId::NONE, |case| case.process()))
    }
}

//! Past scores, recomputed from the database: the cases as they were known at an instant, by the rules of then.
//!
//! What arrived later but had happened by then counts, as it would have if it had come in time.

use super::losses::losses_of;
use super::worst_cases::{CaseBehind, Counting, Worst};
use crate::cases::{Case, RuleBook};
use crate::config::daemon::{Config, Hashes};
use crate::measure::{Tally, Windows, shadowed};
use crate::model::{NameId, Names, Span, Time, hash_text};
use crate::rules::{Catalog, Problems, Tolerance};
use crate::score::{ProcessScore, Terms, score_all};
use crate::store::{DocumentRow, RulesRow, Store, StoreError};
use std::borrow::Cow;
use std::path::Path;

/// Cases read at once.
const CASES_AT_ONCE: usize = 1_000;

/// Why a past score can't be had.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// The database can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No rules were ever noted.
    #[error(
        "the database does not know yet which rules hold; start the daemon once with `toleranced run`"
    )]
    NoRules,
    /// A text is not there.
    #[error(
        "the database does not hold the {kind} {hash:016x}; `--rules now` scores by the rules of now"
    )]
    Missing {
        /// `configuration`, `catalog` or `tolerance`.
        kind: &'static str,
        /// Its hash.
        hash: u64,
    },
    /// A text is not what its hash says.
    #[error(
        "the {kind} {hash:016x} in the database has been changed by another hand; `--rules now` scores by the rules of now"
    )]
    Altered {
        /// `catalog` or `tolerance`.
        kind: &'static str,
        /// Its hash.
        hash: u64,
    },
    /// A text of then can't be used by the program of now.
    #[error(
        "the {kind} that held then can't be used any more; `--rules now` scores by the rules of now:\n{problems}"
    )]
    Invalid {
        /// `configuration`, `catalog` or `tolerance`.
        kind: &'static str,
        /// What is wrong with it.
        problems: Problems,
    },
}

/// What scores are made by.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The declared processes.
    pub catalog: Catalog,
    /// Table, levels, decisions.
    pub tolerance: Tolerance,
    /// Cases that ended longer ago do not count, unless the catalog says otherwise; `None` counts all.
    pub window: Option<Span>,
    /// Hashes of the texts.
    pub hashes: Hashes,
    /// From when on they hold, where that is noted.
    pub since: Option<Time>,
}

impl Rules {
    /// Those of a configuration.
    pub fn of(config: &Config) -> Rules {
        Rules {
            catalog: config.catalog.clone(),
            tolerance: config.tolerance.clone(),
            window: config.window,
            hashes: config.hashes,
            since: None,
        }
    }

    /// Those that held at an instant; before the first ones that were noted, these.
    pub fn then(store: &Store, as_of: Time) -> Result<Rules, PastError> {
        let log = store.rules_log()?;
        let held = log.iter().rev().find(|row| row.at <= as_of.0);
        Rules::noted(store, held.or(log.first()).ok_or(PastError::NoRules)?)
    }

    /// Those that were noted last.
    pub fn latest(store: &Store) -> Result<Rules, PastError> {
        Rules::noted(store, &store.last_rules()?.ok_or(PastError::NoRules)?)
    }

    fn noted(store: &Store, row: &RulesRow) -> Result<Rules, PastError> {
        let invalid = |kind| move |problems| PastError::Invalid { kind, problems };
        let catalog = match row.catalog {
            // None was named.
            0 => Catalog::default(),
            hash => {
                let kept = checked(store, "catalog", hash)?;
                Catalog::parse(&kept.text, Path::new(&kept.file)).map_err(invalid("catalog"))?
            }
        };
        let kept = checked(store, "tolerance", row.tolerance)?;
        let tolerance =
            Tolerance::parse(&kept.text, Path::new(&kept.file)).map_err(invalid("tolerance"))?;
        // Its hash covers the mapping files, too, so the text alone can't be held against it.
        let kept = document(store, "configuration", row.configuration)?;
        let window = Config::window_of(&kept.text, Path::new(&kept.file))
            .map_err(invalid("configuration"))?;
        Ok(Rules {
            catalog,
            tolerance,
            window,
            hashes: Hashes {
                configuration: row.configuration,
                catalog: row.catalog,
                tolerance: row.tolerance,
            },
            since: Some(Time(row.at)),
        })
    }
}

fn document(store: &Store, kind: &'static str, hash: u64) -> Result<DocumentRow, PastError> {
    store
        .document(hash)?
        .ok_or(PastError::Missing { kind, hash })
}

fn checked(store: &Store, kind: &'static str, hash: u64) -> Result<DocumentRow, PastError> {
    let kept = document(store, kind, hash)?;
    if hash_text(&kept.text) != hash {
        return Err(PastError::Altered { kind, hash });
    }
    Ok(kept)
}

/// Which score is asked for.
#[derive(Clone, Copy, Debug)]
pub struct PastView<'a> {
    /// By which rules.
    pub rules: &'a Rules,
    /// As of when: what happened later is not known.
    pub as_of: Time,
    /// The process whose cases are asked for, and how many of those that deviate most.
    pub cases_of: Option<(&'a str, usize)>,
}

/// A score that was asked for.
#[derive(Clone, Debug)]
pub struct PastScore {
    /// Of all processes, by id.
    pub scores: Vec<ProcessScore>,
    /// The first event of all by then; the instant that is scored where there is none.
    pub begun: Time,
    /// The instant that is scored.
    pub as_of: Time,
    /// Cases that had begun by then.
    pub cases: u64,
    /// The cases that were asked for, largest deviation first.
    pub behind: Vec<CaseBehind>,
}

/// Recomputes scores from the database, all of them in one pass over the cases. `tick` is told how many were read.
///
/// The same figures as `toleranced score --as-of` has of the same logs. Reads beside a running daemon, as of one moment;
/// the cases are read in pages, so that years of history need no more memory than a day.
pub fn past_scores(
    store: &Store,
    views: &[PastView],
    tick: &mut dyn FnMut(u64),
) -> Result<Vec<PastScore>, PastError> {
    store.at_one_moment(|| {
        let mut names = store.names()?;
        let prepared: Vec<(RuleBook, Windows)> = views
            .iter()
            .map(|view| {
                let Rules {
                    catalog,
                    tolerance,
                    window,
                    ..
                } = view.rules;
                let rules = RuleBook::new(catalog, tolerance, &mut names);
                (rules, Windows::new(*window, catalog, &mut names))
            })
            .collect();
        let mut past: Vec<Past> = views
            .iter()
            .zip(&prepared)
            .map(|(view, (rules, windows))| Past::new(view, rules, windows.clone(), &names))
            .collect();
        let (mut last, mut count) = (None, 0);
        loop {
            let page = store.cases_after(last.as_deref(), CASES_AT_ONCE)?;
            let Some(end) = page.last() else { break };
            last = Some(end.key.clone());
            count += page.len() as u64;
            for kept in &page {
                let damaged = |source| store.damaged_case(&kept.key, source);
                let case = Case::decode(&kept.body).map_err(damaged)?;
                for past in &mut past {
                    past.add(store, &kept.key, &case)?;
                }
            }
            tick(count);
        }
        let feeds = store.feeds()?;
        past.into_iter()
            .map(|past| past.score(store, &feeds))
            .collect()
    })
}

/// A score in the making.
struct Past<'a> {
    view: PastView<'a>,
    rules: &'a RuleBook,
    names: &'a Names,
    tally: Tally<'a>,
    worst: Option<Worst>,
    cases: u64,
}

impl<'a> Past<'a> {
    fn new(
        view: &PastView<'a>,
        rules: &'a RuleBook,
        windows: Windows,
        names: &'a Names,
    ) -> Past<'a> {
        let worst = |(process, most): (&str, usize)| {
            let id = names.find(process);
            let counting = Counting::of(&view.rules.catalog.process(process));
            // Cases whose events name no process are listed under a name that no log has.
            Worst::new(id.unwrap_or(0), counting, most)
        };
        Past {
            view: *view,
            rules,
            names,
            tally: Tally::new(rules, names, windows, view.as_of),
            worst: view.cases_of.map(worst),
            cases: 0,
        }
    }

    fn add(&mut self, store: &Store, key: &str, case: &Case) -> Result<(), StoreError> {
        let Some(mut case) = case.until(self.view.as_of) else {
            return Ok(());
        };
        let parent = match case.parent() {
            Some(parent) => self.process_then(store, parent)?,
            None => 0,
        };
        if parent != case.parent_process() {
            case.to_mut().set_parent_process(parent);
        }
        let twin = match shadowed(&case) {
            Some(key) => self.case_then(store, key)?,
            None => None,
        };
        let Some(facts) = self.tally.add(key, &case, twin.as_ref()) else {
            return Ok(());
        };
        self.cases += 1;
        if let Some(worst) = &mut self.worst
            && self.tally.counts(&facts)
        {
            worst.offer(key, &facts, self.rules, self.names);
        }
        Ok(())
    }

    /// A case as it was known at the instant.
    fn case_then(&self, store: &Store, key: &str) -> Result<Option<Case>, StoreError> {
        let Some(body) = store.case(key)? else {
            return Ok(None);
        };
        let damaged = |source| store.damaged_case(key, source);
        let case = Case::decode(&body).map_err(damaged)?;
        Ok(case.until(self.view.as_of).map(Cow::into_owned))
    }

    /// The process of a case as it was known at the instant; 0 if the case had not begun.
    fn process_then(&self, store: &Store, key: &str) -> Result<NameId, StoreError> {
        let Some(known) = store.process_until(key, self.view.as_of.0)? else {
            return Ok(0);
        };
        let Some(body) = known.later else {
            return Ok(known.process);
        };
        let damaged = |source| store.damaged_case(key, source);
        let case = Case::decode(&body).map_err(damaged)?;
        let then = case.until(self.view.as_of);
        Ok(then.map_or(0, |case| case.process()))
    }

    fn score(self, store: &Store, feeds: &[(String, NameId)]) -> Result<PastScore, PastError> {
        let begun = self.tally.first().unwrap_or(self.view.as_of);
        let mut evidence = self.tally.finish();
        evidence.losses = losses_of(store, feeds.iter(), &evidence)?;
        let terms = Terms {
            catalog: &self.view.rules.catalog,
            tolerance: &self.view.rules.tolerance,
            names: self.names,
        };
        Ok(PastScore {
            scores: score_all(&evidence, terms),
            begun,
            as_of: evidence.to,
            cases: self.cases,
            behind: self.worst.map(Worst::cases).unwrap_or_default(),
        })
    }
}

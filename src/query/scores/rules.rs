//! The rules that scores are made by: those of a configuration, or those that held at an instant.

use crate::cases::RuleBook;
use crate::config::Hashes;
use crate::config::daemon::Config;
use crate::measure::Windows;
use crate::model::{Names, Span, Time, hash_text};
use crate::rules::{Catalog, Problems, Tolerance};
use crate::score::Terms;
use crate::store::{DocumentRow, RulesRow, Store, StoreError};
use std::path::Path;

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

    /// Those of a catalog and a tolerance table that no daemon has taken.
    pub fn of_files(catalog: Catalog, tolerance: Tolerance, window: Option<Span>) -> Rules {
        Rules {
            catalog,
            tolerance,
            window,
            hashes: Hashes::default(),
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

/// Rules that are ready for the cases of a source: their texts are looked up among its names.
#[derive(Clone, Debug)]
pub struct PreparedRules {
    /// The rules.
    pub rules: Rules,
    /// How cases are judged by them.
    pub book: RuleBook,
    /// Since when cases count.
    pub windows: Windows,
}

impl PreparedRules {
    /// Makes rules ready; names are interned. A process may have a window of its own.
    pub fn new(rules: Rules, names: &mut Names) -> PreparedRules {
        PreparedRules {
            book: RuleBook::new(&rules.catalog, &rules.tolerance, names),
            windows: Windows::new(rules.window, &rules.catalog, names),
            rules,
        }
    }

    /// Rules whose book is ready, with one window for all processes.
    pub fn with_one_window(rules: Rules, book: RuleBook) -> PreparedRules {
        PreparedRules {
            windows: Windows::all_alike(rules.window),
            book,
            rules,
        }
    }

    /// What scores are made by, with the names of the source.
    pub fn terms<'a>(&'a self, names: &'a Names) -> Terms<'a> {
        Terms {
            catalog: &self.rules.catalog,
            tolerance: &self.rules.tolerance,
            names,
        }
    }
}

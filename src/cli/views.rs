//! Scores as of any instant, from logs or from the database of a daemon: what `explain` and `diff` share.

use super::common::{catalog, progress_of, readable, tolerance};
use super::failure::Failure;
use super::mapping_args::MappingArgs;
use super::reading::{Reading, RulesArgs, read_logs};
use crate::config::Hashes;
use crate::config::daemon::Config;
use crate::model::Time;
use crate::query::{
    LogDrift, PastError, PastView, PreparedRules, Rules, ScoresAsOf, past_scores,
    with_common_causes,
};
use crate::rules::DriftTerms;
use crate::store::{AlarmRow, LedgerRow, Store};
use chrono::Utc;
use std::path::PathBuf;

/// Where the cases come from, if not from logs.
#[derive(Debug, clap::Args)]
pub(super) struct StoreArgs {
    /// Configuration of the daemon whose database is read; toleranced.yaml if neither this nor --data nor a log is named
    #[arg(long, short, value_name = "FILE", conflicts_with = "data")]
    config: Option<PathBuf>,
    /// Data directory of a daemon
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// By which rules: those that held at the time, or those of now
    #[arg(long, value_enum, default_value_t = Which::Then, value_name = "WHICH")]
    rules: Which,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    /// The catalog and tolerance table that held at the instant that is scored
    Then,
    /// Those that stand in the configuration now; with --data, the last that the daemon ran with
    Now,
}

/// What is asked for.
pub(super) struct Ask<'a> {
    /// Logs; none for the database of a daemon.
    pub files: &'a [String],
    pub mapping: &'a MappingArgs,
    pub rules: &'a RulesArgs,
    pub store: &'a StoreArgs,
    /// As of when; `None` is now, or the last event of the logs.
    pub as_of: &'a [Option<Time>],
    /// The process whose cases are asked for, and how many.
    pub cases_of: Option<(&'a str, usize)>,
    /// Whether drift alarms are asked for.
    pub alarms: bool,
}

/// Everything as of one instant.
pub(super) struct View {
    /// The scores, and what they rest on.
    pub found: ScoresAsOf,
    pub rules: Rules,
}

/// What was found.
pub(super) struct Viewed {
    /// One for each instant that was asked for.
    pub views: Vec<View>,
    /// Drift alarms of all times up to the latest instant; none if they were not asked for.
    pub alarms: Vec<AlarmRow>,
    /// Where they come from.
    pub ground: Ground,
}

/// Where scores come from.
pub(super) enum Ground {
    /// Logs that were read.
    Logs(Reading),
    /// The database of a daemon.
    Store {
        /// The changes of the process whose cases were asked for, oldest first.
        ledger: Vec<LedgerRow>,
        /// The rules that it ran with last.
        latest: Hashes,
        /// Whether the configuration on disk is another one, which no daemon has taken yet.
        untaken: bool,
        /// Whether it holds no case at all, of any time.
        is_empty: bool,
    },
}

/// Finds what is asked for.
pub(super) fn views(ask: &Ask) -> Result<Viewed, Failure> {
    if ask.files.is_empty() {
        if let Some(flag) = ask.mapping.first_given().or(ask.rules.first_given()) {
            return Err(Failure::environment(format!(
                "{flag} says how a log is read, and none is named; the daemon has its own configuration"
            )));
        }
        from_store(ask)
    } else {
        from_logs(ask)
    }
}

fn from_logs(ask: &Ask) -> Result<Viewed, Failure> {
    let rules = Rules::of_files(
        catalog(ask.rules.catalog.as_deref())?,
        tolerance(ask.rules.tolerance.as_deref())?,
        ask.rules.window()?,
    );
    // Without an end, everything is read.
    let latest = ask
        .as_of
        .iter()
        .try_fold(Time(i64::MIN), |latest, as_of| Some(latest.max((*as_of)?)));
    let mut logs = read_logs(ask.files, ask.mapping, latest)?;
    let end = logs.table.span().map(|(_, last)| last).unwrap_or_default();
    let parts = logs.parts(&rules.catalog);
    let views = ask.as_of.iter().map(|as_of| {
        let book = match as_of {
            Some(as_of) if *as_of < end => {
                logs.rules_as_of(&rules.catalog, &rules.tolerance, *as_of)
            }
            _ => logs.rules(&rules.catalog, &rules.tolerance),
        };
        let prepared = PreparedRules::with_one_window(rules.clone(), book);
        View {
            found: logs.scores(&parts, &prepared, *as_of, ask.cases_of),
            rules: rules.clone(),
        }
    });
    let views: Vec<View> = views.collect();
    let alarms = match ask.alarms {
        true => {
            let book = logs.rules(&rules.catalog, &rules.tolerance);
            let terms = DriftTerms::default();
            LogDrift::find(&logs.table, &book, &rules.catalog, terms).alarms
        }
        false => Vec::new(),
    };
    Ok(Viewed {
        views,
        alarms,
        ground: Ground::Logs(logs.reading),
    })
}

fn from_store(ask: &Ask) -> Result<Viewed, Failure> {
    let config = match (&ask.store.data, &ask.store.config) {
        (Some(_), _) => None,
        (None, named) => {
            let file = named.clone().unwrap_or_else(|| "toleranced.yaml".into());
            readable(&file)?;
            Some(Config::load(&file)?)
        }
    };
    let folder = match (&ask.store.data, &config) {
        (Some(folder), _) => folder.clone(),
        (None, Some(config)) => config.data_dir.clone(),
        (None, None) => PathBuf::from("data"),
    };
    if !Store::file_in(&folder).exists() {
        return Err(Failure::environment(format!(
            "{}: there is no database; `toleranced run` makes one, or name logs to read them instead",
            folder.display()
        )));
    }
    let store = Store::open_read_only(&folder)?;
    let now = Time::from_utc(Utc::now());
    let instants: Vec<Time> = ask.as_of.iter().map(|as_of| as_of.unwrap_or(now)).collect();
    let rules = instants
        .iter()
        .map(|as_of| match (ask.store.rules, &config) {
            (Which::Then, _) => Rules::then(&store, *as_of),
            (Which::Now, Some(config)) => Ok(Rules::of(config)),
            (Which::Now, None) => Rules::latest(&store),
        })
        .collect::<Result<Vec<Rules>, PastError>>()?;
    let asked: Vec<PastView> = rules
        .iter()
        .zip(&instants)
        .map(|(rules, as_of)| PastView {
            rules,
            as_of: *as_of,
            cases_of: ask.cases_of,
        })
        .collect();
    let bar = progress_of(store.about_cases()?, "cases");
    let mut kept = 0;
    let past = past_scores(&store, &asked, &mut |count| {
        kept = count;
        bar.set_position(count);
    });
    bar.finish_and_clear();
    let views = past?.into_iter().zip(rules);
    let views = views.map(|(found, rules)| View { found, rules }).collect();
    let latest = store.last_rules()?.map_or(Hashes::default(), |row| Hashes {
        configuration: row.configuration,
        catalog: row.catalog,
        tolerance: row.tolerance,
    });
    let alarms = match ask.alarms {
        true => with_common_causes(store.alarms()?),
        false => Vec::new(),
    };
    Ok(Viewed {
        views,
        alarms,
        ground: Ground::Store {
            ledger: match ask.cases_of {
                Some((process, _)) => store.ledger(Some(process))?,
                None => Vec::new(),
            },
            latest,
            untaken: config.is_some_and(|config| config.hashes != latest),
            is_empty: kept == 0,
        },
    })
}

impl From<PastError> for Failure {
    fn from(error: PastError) -> Failure {
        match error {
            PastError::Store(error) => Failure::from(error),
            PastError::NoRules => Failure::environment(error.to_string()),
            // In words: what is wrong is in the message already, and would be printed twice.
            other => Failure::invalid(other.to_string()),
        }
    }
}

/// A hash as people compare it.
pub(super) fn hash_text(hash: u64) -> String {
    match hash {
        0 => "none".to_owned(),
        hash => format!("{hash:016x}"),
    }
}

/// Which of the texts that scores rest on differ, by their names.
pub(super) fn differing_rules(a: Hashes, b: Hashes) -> Vec<&'static str> {
    let pairs = [
        ("configuration", a.configuration, b.configuration),
        ("catalog", a.catalog, b.catalog),
        ("tolerance", a.tolerance, b.tolerance),
    ];
    let differing = pairs.into_iter().filter(|(_, a, b)| a != b);
    differing.map(|(name, _, _)| name).collect()
}

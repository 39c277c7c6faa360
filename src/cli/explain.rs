//! `toleranced explain`: every figure of a process with its formula, the cases behind it, the rule that fired, what would
//! change the verdict, and the changes so far.

mod output;

use super::failure::{Done, Failure};
use super::layout::case_address;
use super::mapping_args::MappingArgs;
use super::reading::{Reading, RulesArgs, ended, parse_time};
use super::text::printable;
use super::views::{Ask, Ground, StoreArgs, View, Viewed, differing_rules, hash_text, views};
use crate::config::Hashes;
use crate::explain::{Figure, Lever, RuleTrace, figures, levers, trace};
use crate::model::{Names, Span, Time};
use crate::query::CaseBehind;
use crate::rules::nearest;
use crate::score::{ProcessScore, Terms};
use crate::store::LedgerRow;
use serde::Serialize;

/// Explain the score of a process: figures with formulae, the cases behind them, the rule, what would change it
///
/// Reads the database of a daemon, running or not, and recomputes the score from the cases: as of now, or as of any time
/// by the rules that held then. With log files it needs no daemon.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced explain phishing-triage
  toleranced explain phishing-triage --as-of 2026-03-01 --cases 30
  toleranced explain tickets tickets.csv --catalog catalog.yaml
  toleranced explain phishing-triage --data /var/lib/toleranced --format json

Exit codes: 0 explained, 1 there is no such process or a file is invalid, 2 wrong usage or a file can't be read.")]
pub(super) struct Args {
    /// The process, by its id
    #[arg(value_name = "PROCESS")]
    id: String,
    /// Logs to read instead of the database of a daemon; `-` for standard input
    #[arg(value_name = "FILE", conflicts_with_all = ["config", "data", "rules"])]
    files: Vec<String>,
    #[command(flatten)]
    store: StoreArgs,
    /// Explain the score as of this time or date (UTC); now if not given, or the last event of the logs
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// So many of the cases that deviate most
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u16).range(0..=1000))]
    cases: u16,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    mapping: MappingArgs,
    #[command(flatten)]
    log_rules: RulesArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// The same and more for programs; documented in docs/explain.md
    Json,
}

/// Everything there is to say of the score of a process.
#[derive(Debug, Serialize)]
struct Explanation {
    version: u32,
    process: String,
    as_of: Option<String>,
    /// The first instant that counts.
    from: Option<String>,
    window_seconds: Option<f64>,
    /// The rules it was scored by; null for logs.
    rules: Option<RulesSaid>,
    score: ProcessScore,
    figures: Vec<Figure>,
    /// Up to the one that decided.
    rules_tried: Vec<RuleTrace>,
    would_change: Vec<Lever>,
    cases: Vec<CaseSaid>,
    /// Cases that the score rests on and that are not listed, because they were removed after the retention period.
    cases_removed: u64,
    /// Whether removed cases had later events: they count as they ended, not as they were known at the instant.
    removed_cases_cut: bool,
    ledger: Vec<ChangeSaid>,
}

/// A case, and where it can be looked at.
#[derive(Debug, Serialize)]
struct CaseSaid {
    #[serde(flatten)]
    case: CaseBehind,
    link: Option<String>,
}

/// The rules that a score was made by.
#[derive(Debug, Serialize)]
struct RulesSaid {
    configuration: String,
    catalog: String,
    tolerance: String,
    /// From when on they hold; null where that is not noted.
    since: Option<String>,
    /// Which of them differ from those that the daemon ran with last.
    changed_since: Vec<&'static str>,
    /// Whether the configuration on disk is another one, which no daemon has taken yet.
    configuration_on_disk_not_taken: bool,
}

/// A row of the ledger.
#[derive(Debug, Serialize)]
struct ChangeSaid {
    at: String,
    what: String,
    from: String,
    to: String,
    reason: String,
    configuration: String,
    catalog: String,
    tolerance: String,
    /// Which of these differ from those that the daemon ran with last.
    changed_since: Vec<&'static str>,
    /// Whether the clock of the system was not believed then, or was wrong.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    clock_in_doubt: bool,
}

/// The logs that were read.
struct Read<'a> {
    reading: &'a Reading,
    /// Cases, and the first and last instant of them.
    covered: (u64, Time, Time),
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    let as_of = args.as_of.as_deref();
    let as_of = as_of.map(|text| parse_time("--as-of", text)).transpose()?;
    let Viewed {
        mut views, ground, ..
    } = views(&Ask {
        files: &args.files,
        mapping: &args.mapping,
        rules: &args.log_rules,
        store: &args.store,
        as_of: &[as_of],
        cases_of: Some((&args.id, usize::from(args.cases))),
        alarms: false,
    })?;
    let done = match &ground {
        Ground::Logs(reading) => ended(reading)?,
        Ground::Store { .. } => Done::Fine,
    };
    let view = views.pop().ok_or_else(|| no_process(&args.id, &[]))?;
    let covered = (view.found.cases, view.found.begun, view.found.as_of);
    let explanation = explanation(&args.id, view, &ground, as_of)?;
    let read = match &ground {
        Ground::Logs(reading) => Some(Read { reading, covered }),
        Ground::Store { .. } => None,
    };
    match args.format {
        Format::Text => output::text(&explanation, read.as_ref())?,
        Format::Json => output::json(&explanation)?,
    }
    Ok(done)
}

fn explanation(
    id: &str,
    view: View,
    ground: &Ground,
    as_of: Option<Time>,
) -> Result<Explanation, Failure> {
    let score = view.found.scores.iter().find(|score| score.id == id);
    let Some(score) = score else {
        return Err(no_process(id, &view.found.scores));
    };
    let names = Names::new();
    let terms = Terms {
        catalog: &view.rules.catalog,
        tolerance: &view.rules.tolerance,
        names: &names,
    };
    let window = match ground {
        Ground::Logs(_) => view.rules.window,
        Ground::Store { .. } => view.rules.catalog.window_of(id, view.rules.window),
    };
    let from = window.map_or(view.found.begun, |window| {
        view.found.begun.max(view.found.as_of.plus(-window))
    });
    let link = view.rules.catalog.case_link(id);
    let said = |case: CaseBehind| CaseSaid {
        link: link.map(|template| case_address(template, &case.id)),
        case,
    };
    Ok(Explanation {
        version: 1,
        process: id.to_owned(),
        as_of: known(view.found.as_of),
        from: known(from),
        window_seconds: window.map(Span::as_seconds),
        rules: rules_said(&view, ground),
        figures: figures(score, terms),
        rules_tried: trace(&terms.tolerance.recommendations, score),
        would_change: levers(score, terms, view.found.as_of),
        cases_removed: view.found.removed.behind,
        removed_cases_cut: view.found.removed.is_cut,
        cases: view.found.behind.into_iter().map(said).collect(),
        ledger: ledger(ground, as_of),
        score: score.clone(),
    })
}

/// An instant as a text; `None` if the log has no times.
fn known(time: Time) -> Option<String> {
    (!time.is_undated()).then(|| time.to_string())
}

fn rules_said(view: &View, ground: &Ground) -> Option<RulesSaid> {
    let Ground::Store {
        latest, untaken, ..
    } = ground
    else {
        return None;
    };
    let hashes = view.rules.hashes;
    Some(RulesSaid {
        configuration: hash_text(hashes.configuration),
        catalog: hash_text(hashes.catalog),
        tolerance: hash_text(hashes.tolerance),
        since: view.rules.since.map(|since| since.to_string()),
        changed_since: differing_rules(hashes, *latest),
        configuration_on_disk_not_taken: *untaken,
    })
}

/// The changes up to an instant, oldest first.
fn ledger(ground: &Ground, as_of: Option<Time>) -> Vec<ChangeSaid> {
    let Ground::Store { ledger, latest, .. } = ground else {
        return Vec::new();
    };
    let said = |row: &LedgerRow| ChangeSaid {
        at: Time(row.at).to_string(),
        what: row.what.clone(),
        from: row.from.clone(),
        to: row.to.clone(),
        reason: row.reason.clone(),
        configuration: hash_text(row.configuration),
        catalog: hash_text(row.catalog),
        tolerance: hash_text(row.tolerance),
        changed_since: differing_rules(hashes_of(row), *latest),
        clock_in_doubt: row.is_clock_in_doubt,
    };
    let known = |row: &&LedgerRow| as_of.is_none_or(|as_of| row.at <= as_of.0);
    ledger.iter().filter(known).map(said).collect()
}

fn hashes_of(row: &LedgerRow) -> Hashes {
    Hashes {
        configuration: row.configuration,
        catalog: row.catalog,
        tolerance: row.tolerance,
    }
}

/// Which processes there are, and which of them may be meant.
pub(super) fn no_process(id: &str, scores: &[ProcessScore]) -> Failure {
    const LISTED: usize = 40;
    let ids: Vec<&str> = scores.iter().map(|score| score.id.as_str()).collect();
    let meant = nearest(id, ids.iter().copied());
    let meant = meant.map_or(String::new(), |near| {
        format!(" (did you mean `{}`?)", name(near))
    });
    let shown: Vec<String> = ids.iter().take(LISTED).map(|id| name(id)).collect();
    let shown = shown.join(", ");
    let known = match ids.len() {
        0 => "none has been seen or declared yet".to_owned(),
        more if more > LISTED => format!("{shown} and {} more", more - LISTED),
        _ => shown,
    };
    let id = name(id);
    Failure::invalid(format!("there is no process `{id}`{meant}. Known: {known}"))
}

/// As `score` prints it: on one line, and not too long.
fn name(id: &str) -> String {
    printable(id, 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_processes_stay_on_one_line_and_short() {
        assert_eq!(name("a\nb"), "a\u{fffd}b");
        assert_eq!(name(&"x".repeat(3000)), format!("{}...", "x".repeat(60)));
        let Failure::Invalid(error) = no_process("in\nvented", &[]) else {
            panic!("it is what was asked for that is wrong");
        };
        let words =
            "there is no process `in\u{fffd}vented`. Known: none has been seen or declared yet";
        assert_eq!(error.to_string(), words);
    }
}

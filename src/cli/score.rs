//! `toleranced score`: one shot, no daemon, no configuration needed.

mod output;
mod repeats;
mod stages;

use super::common::{catalog, tolerance};
use super::failure::{Done, Failure};
use super::mapping_args::MappingArgs;
use super::reading::{Reading, RulesArgs, ended, parse_time, read_logs};
use crate::model::{Span, Time};
use crate::query::{PreparedRules, Rules, ScoresAsOf};

/// Score processes from logs: one shot, no daemon, no configuration needed
///
/// Reads NDJSON, JSON, CSV, XES, OCEL 2.0 and workbooks, plain or as .gz or .zst, and prints one row per process. Without a mapping it guesses
/// one from the names and values of the columns and says what it guessed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced score tickets.csv
  toleranced score tickets.csv --case \"Incident ID\" --activity Step --time DateStamp
  toleranced score --map xes log.xes.gz --format json
  zcat runs.ndjson.gz | toleranced score - --process-name phishing

Exit codes: 0 scored, 1 a file or mapping is invalid or there was no event, 2 wrong usage or a file can't be read.")]
pub(super) struct Args {
    /// Files to read; `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    #[command(flatten)]
    mapping: MappingArgs,
    #[command(flatten)]
    rules: RulesArgs,
    /// Score as of this time, as if nothing after it had happened yet; the last event if not given
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// An aligned table for people
    Table,
    /// The same and more for programs; documented in docs/score-json.md
    Json,
}

/// Everything there is to print.
struct Report {
    reading: Reading,
    found: ScoresAsOf,
    logs: Vec<Log>,
    window: Option<Span>,
}

/// Files that belong together, and the period that they are scored on.
struct Log {
    files: Vec<String>,
    from: Time,
    as_of: Time,
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    let catalog = catalog(args.rules.catalog.as_deref())?;
    let tolerance = tolerance(args.rules.tolerance.as_deref())?;
    let as_of = args.as_of.as_deref();
    let as_of = as_of.map(|text| parse_time("--as-of", text)).transpose()?;
    let window = args.rules.window()?;
    let mut logs = read_logs(&args.files, &args.mapping, as_of)?;
    let book = logs.rules(&catalog, &tolerance);
    let rules = Rules::of_files(catalog, tolerance, window);
    let rules = PreparedRules::with_one_window(rules, book);
    let parts = logs.parts(&rules.rules.catalog);
    let found = logs.scores(&parts, &rules, as_of, None);
    let scored = parts.into_iter().map(|part| Log {
        files: part.files.iter().map(|nth| logs.name(*nth)).collect(),
        from: part.first,
        as_of: as_of
            .filter(|_| !part.last.is_undated())
            .unwrap_or(part.last),
    });
    let report = Report {
        logs: scored.collect(),
        reading: logs.reading,
        found,
        window,
    };
    match args.format {
        Format::Table => output::table(&report)?,
        Format::Json => output::json(&report)?,
    }
    ended(&report.reading)
}

//! `toleranced report`: what changed in a period, and what to do now.

use super::common::{progress_of, readable};
use super::failure::{Done, Failure};
use crate::config::daemon::Config;
use crate::config::reports::ReportFormat;
use crate::model::Time;
use crate::report::{Period, make};
use crate::store::Store;
use chrono::Utc;
use std::io::Write;
use std::path::PathBuf;

/// A re-scoring report: what changed in a period, what to do now, and what that rests on
///
/// From the database of a daemon, running or not. The same database and period give the same bytes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced report --output report.html
  toleranced report --period week --format md
  toleranced report --period 2026-01-01..2026-04-01 --format json | jq '.actions'

Exit codes: 0 written, 1 the configuration is invalid, 2 wrong usage or a file can't be used.")]
pub(super) struct Args {
    /// The configuration file
    #[arg(long, short, value_name = "FILE", default_value = "toleranced.yaml")]
    config: PathBuf,
    /// week, month or quarter (the last one that has ended, UTC), or FROM..TO (TO is the day after the last)
    #[arg(long, value_name = "PERIOD", default_value = "month")]
    period: String,
    /// How to write it; if not given, as the ending of --output says, else HTML
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The file to write; standard output if not given
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One self-contained file, fit to be mailed and printed
    Html,
    /// For a chat or a wiki
    Md,
    /// Everything, for programs; documented in docs/report.md
    Json,
    /// The processes, for a spreadsheet
    Csv,
}

impl Format {
    fn of(args: &Args) -> ReportFormat {
        let ending = args.output.as_ref().and_then(|file| file.extension());
        let by_ending = match ending.and_then(|ending| ending.to_str()) {
            Some("md") => Format::Md,
            Some("json") => Format::Json,
            Some("csv") => Format::Csv,
            _ => Format::Html,
        };
        match args.format.unwrap_or(by_ending) {
            Format::Html => ReportFormat::Html,
            Format::Md => ReportFormat::Md,
            Format::Json => ReportFormat::Json,
            Format::Csv => ReportFormat::Csv,
        }
    }
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    let config = Config::parse(&readable(&args.config)?, &args.config)?;
    let file = Store::file_in(&config.data_dir);
    if !file.exists() {
        return Err(Failure::environment(format!(
            "{}: there is no database yet; `toleranced run` makes it",
            file.display()
        )));
    }
    let today = Time::from_utc(Utc::now()).day();
    let period = Period::parse(&args.period, today)
        .map_err(|message| Failure::environment(format!("--period {}: {message}", args.period)))?;
    let store = Store::open_read_only(&config.data_dir)?;
    let bar = progress_of(0, "periods");
    let report = store.at_one_moment(|| {
        make(&store, &config, period, &mut |done, of| {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
        })
    });
    bar.finish_and_clear();
    let text = report?.written(Format::of(args));
    let text = text.map_err(|error| Failure::environment(error.to_string()))?;
    match &args.output {
        None => std::io::stdout().lock().write_all(text.as_bytes())?,
        Some(file) => std::fs::write(file, text)
            .map_err(|error| Failure::environment(format!("{}: {error}", file.display())))?,
    }
    Ok(Done::Fine)
}

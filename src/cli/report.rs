//! `toleranced report`: what changed in a period, and what to do now.

use super::common::{progress_of, readable};
use super::failure::{Done, Failure};
use super::sample::sample;
use crate::config::daemon::Config;
use crate::config::reports::ReportFormat;
use crate::model::Time;
use crate::report::{Period, Recipient, Report, file_name, keep_expectations, make};
use crate::store::Store;
use chrono::Utc;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A re-scoring report: what changed in a period, what to do now, and what that rests on
///
/// From the database of a daemon, running or not. The same database and period give the same bytes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced report --output report.html
  toleranced report --sample --output sample.html
  toleranced report --period week --format md
  toleranced report --period 2026-01-01..2026-04-01 --format json | jq '.actions'
  toleranced report --format pdf-ready --output report.html
  chromium --headless --no-pdf-header-footer --print-to-pdf=report.pdf report.html

Exit codes: 0 written, 1 the configuration is invalid, 2 wrong usage, or a file or a recipient can't be used.")]
pub(super) struct Args {
    /// The configuration file
    #[arg(long, short, value_name = "FILE", default_value = "toleranced.yaml")]
    config: PathBuf,
    /// week, month or quarter (the last one that has ended, UTC), or FROM..TO (TO is the day after the last)
    #[arg(long, value_name = "PERIOD", default_value = "month")]
    period: String,
    /// How to write it, one or several with commas between; if not given, as the ending of --output says, else HTML
    #[arg(long, value_enum, value_delimiter = ',')]
    format: Vec<ReportFormat>,
    /// The file to write, for several formats the folder; standard output if not given
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Report on a simulated SOC instead: what a report looks like, without any data
    #[arg(long, conflicts_with_all = ["config", "period", "send"])]
    sample: bool,
    /// Send it now to the recipients of the configuration (reports.mail, reports.webhooks) instead of writing it
    #[arg(long, conflicts_with_all = ["format", "output"])]
    send: bool,
}

/// The format that the ending of a file stands for.
fn format_of(file: Option<&Path>) -> ReportFormat {
    let ending = file
        .and_then(Path::extension)
        .and_then(|ending| ending.to_str());
    match ending {
        Some("md") => ReportFormat::Md,
        Some("json") => ReportFormat::Json,
        Some("csv") => ReportFormat::Csv,
        _ => ReportFormat::Html,
    }
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    if args.sample {
        return write(args, &sample()?);
    }
    let config = Config::parse(&readable(&args.config)?, &args.config)?;
    let today = Time::from_utc(Utc::now()).day();
    let period = Period::parse(&args.period, today)
        .map_err(|message| Failure::environment(format!("--period {}: {message}", args.period)))?;
    let report = report(&config, period)?;
    match args.send {
        true => send_to_all(&config, &report),
        false => write(args, &report),
    }
}

fn report(config: &Config, period: Period) -> Result<Report, Failure> {
    let file = Store::file_in(&config.data_dir);
    if !file.exists() {
        return Err(Failure::environment(format!(
            "{}: there is no database yet; `toleranced run` makes it",
            file.display()
        )));
    }
    let store = Store::open_read_only(&config.data_dir)?;
    let bar = progress_of(0, "read");
    let report = store.at_one_moment(|| {
        make(&store, config, period, &mut |done, of| {
            bar.set_length(of);
            bar.set_position(done);
        })
    });
    bar.finish_and_clear();
    let report = report?;
    // The next report is held against what this one says, if the database may be written.
    let kept = Store::open_to_read(&config.data_dir)
        .and_then(|store| keep_expectations(&store, period, &report, Time::from_utc(Utc::now())));
    if let Err(error) = kept {
        eprintln!("note: what this report expects is not kept for the next one: {error}");
    }
    Ok(report)
}

fn write(args: &Args, report: &Report) -> Result<Done, Failure> {
    let output = args.output.as_deref();
    match (&args.format[..], output) {
        ([], _) => write_as(report, format_of(output), output)?,
        ([format], _) => write_as(report, *format, output)?,
        (formats, Some(folder)) => {
            std::fs::create_dir_all(folder).map_err(failed(folder))?;
            for format in formats {
                let file = folder.join(file_name(&report.period.id, *format));
                write_as(report, *format, Some(&file))?;
            }
        }
        (_, None) => {
            return Err(Failure::environment(
                "several formats need a folder to be written to: give --output",
            ));
        }
    }
    Ok(Done::Fine)
}

fn write_as(report: &Report, format: ReportFormat, output: Option<&Path>) -> Result<(), Failure> {
    let text = report.written(format);
    let text = text.map_err(|error| Failure::environment(error.to_string()))?;
    match output {
        None => std::io::stdout().lock().write_all(text.as_bytes())?,
        Some(file) => std::fs::write(file, text).map_err(failed(file))?,
    }
    Ok(())
}

fn failed(file: &Path) -> impl Fn(std::io::Error) -> Failure {
    let shown = file.display().to_string();
    move |error| Failure::environment(format!("{shown}: {error}"))
}

/// Sends it to everybody, also where somebody can't be reached.
fn send_to_all(config: &Config, report: &Report) -> Result<Done, Failure> {
    let to = &config.reports.recipients;
    let mut failed = Vec::new();
    let mut count = 0;
    for recipient in Recipient::all(to) {
        count += 1;
        match recipient.send(report, to, &config.reports.formats) {
            Ok(()) => println!("{}: sent", recipient.key()),
            Err(error) => failed.push(format!("{}: {error}", recipient.key())),
        }
    }
    if count == 0 {
        return Err(Failure::environment(
            "there is nobody to send it to: name `reports.mail` or `reports.webhooks` in the configuration",
        ));
    }
    match failed.is_empty() {
        true => Ok(Done::Fine),
        false => Err(Failure::environment(failed.join("\n"))),
    }
}

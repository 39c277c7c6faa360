//! `toleranced backfill`: the past of a daemon's database for Prometheus.

use super::common::{progress_of, readable};
use super::failure::{Done, Failure};
use super::text::grouped;
use crate::config::daemon::Config;
use crate::config::parse_span;
use crate::export::Backfill;
use crate::model::{Hour, Span, Time};
use crate::query::{History, first_hour};
use crate::store::Store;
use chrono::Utc;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Days of history if not told otherwise: the window of the scores.
const DAYS: i64 = 90;
/// promtool reads the file once for each block; in blocks of two hours, its default, it takes minutes.
const LOAD: &str = "promtool tsdb create-blocks-from --max-block-duration=486h openmetrics";

/// History for Prometheus: what the metrics would have said, as OpenMetrics with timestamps
///
/// Counters, scores and drift evidence, hour by hour, from the database of a daemon, running or not.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced backfill --output history.om
  promtool tsdb create-blocks-from --max-block-duration=486h openmetrics history.om /var/lib/prometheus
  toleranced backfill --from 2026-01-01 --to 2026-04-01 --step 6h --label instance=soc1:9753 | gzip > history.om.gz

Exit codes: 0 written, 1 the configuration is invalid or there is nothing to write, 2 wrong usage or a file can't be used.")]
pub(super) struct Args {
    /// The configuration file
    #[arg(long, short, value_name = "FILE", default_value = "toleranced.yaml")]
    config: PathBuf,
    /// The first instant, such as `2026-01-01`; 90 days before the end if not given
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// The last instant, before the first scrape of the daemon; now if not given
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Time between two samples: whole hours
    #[arg(long, value_name = "SPAN", default_value = "1h", value_parser = parse_step)]
    step: i32,
    /// A label of every sample; `job` is `toleranced` and `instance` the address the daemon listens at if not given
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = parse_label)]
    labels: Vec<(String, String)>,
    /// The file to write; standard output if not given
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn parse_step(text: &str) -> Result<i32, String> {
    let span = parse_span(text)?;
    match i32::try_from(span / Span::HOUR) {
        Ok(hours) if hours > 0 && span % Span::HOUR == Span::ZERO => Ok(hours),
        _ => Err("must be whole hours, such as 1h or 6h".to_owned()),
    }
}

fn parse_label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
    let mut letters = name.chars();
    let first = letters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    match first && letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        true => Ok((name.to_owned(), value.to_owned())),
        false => Err(format!("`{name}` is no name of a label")),
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
    let store = Store::open_read_only(&config.data_dir)?;
    let labels = with_defaults(&args.labels, &config);
    store.at_one_moment(|| write(args, &config, &store, &labels))
}

fn with_defaults(given: &[(String, String)], config: &Config) -> Vec<(String, String)> {
    let defaults = [
        ("job", "toleranced".to_owned()),
        ("instance", config.listen.to_string()),
    ];
    let named = |name: &str| given.iter().any(|(known, _)| known == name);
    let missing = defaults.into_iter().filter(|(name, _)| !named(name));
    let missing = missing.map(|(name, value)| (name.to_owned(), value));
    let mut all: Vec<(String, String)> = missing.chain(given.iter().cloned()).collect();
    all.sort();
    all
}

/// The hours to write, from the first to the last.
fn hours(args: &Args, store: &Store) -> Result<(Hour, Hour), Failure> {
    let parse = super::reading::parse_time;
    let now = Time::from_utc(Utc::now());
    let to = args.to.as_deref().map(|text| parse("--to", text));
    let to = to.transpose()?.unwrap_or(now).min(now);
    let from = args.from.as_deref().map(|text| parse("--from", text));
    let from = from.transpose()?.unwrap_or(to.plus(Span::days(-DAYS)));
    if from >= to {
        return Err(Failure::environment(
            "--from must lie before --to, and before now",
        ));
    }
    let first = first_hour(store)?;
    let first = first.filter(|first| *first < to.hour());
    let first = first.ok_or_else(|| {
        Failure::invalid(format!("the database has nothing of the time before {to}"))
    })?;
    // Whole steps, so that every run has the same instants.
    let aligned = |hour: Hour| Hour(hour.0.div_euclid(args.step) * args.step);
    Ok((
        aligned(from.hour().max(first - args.step)),
        aligned(to.hour()),
    ))
}

fn write(
    args: &Args,
    config: &Config,
    store: &Store,
    labels: &[(String, String)],
) -> Result<Done, Failure> {
    let (from, to) = hours(args, store)?;
    let bar = progress_of(i64::from((to - from) / args.step) as u64, "instants");
    let mut history = History::open(store, config, from)?;
    let mut backfill = Backfill::new(labels);
    let mut hour = from;
    while hour <= to {
        backfill.add(&history.at(hour)?)?;
        bar.inc(1);
        hour += args.step;
    }
    bar.finish_and_clear();
    let samples = match &args.output {
        None => backfill.finish(&mut io::stdout().lock())?,
        Some(file) => to_file(backfill, file)?,
    };
    let said = Hour::start;
    eprintln!(
        "{} samples from {} to {}",
        grouped(samples),
        said(from),
        said(to)
    );
    // Late history is in no counter that is scraped: where both say something of the same time, Prometheus sees a reset.
    eprintln!(
        "--to should lie before the first time that Prometheus has scraped this daemon: what became known late is counted here and not there"
    );
    if let Some(file) = &args.output {
        let file = file.display();
        eprintln!("Load them with: {LOAD} {file} DATA_FOLDER_OF_PROMETHEUS");
    }
    Ok(Done::Fine)
}

fn to_file(backfill: Backfill, file: &Path) -> Result<u64, Failure> {
    let failed = |error: io::Error| Failure::environment(format!("{}: {error}", file.display()));
    let mut out = BufWriter::new(File::create(file).map_err(failed)?);
    let samples = backfill.finish(&mut out).map_err(failed)?;
    out.flush().map_err(failed)?;
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_whole_hours_and_labels_have_names() {
        assert_eq!(parse_step("6h"), Ok(6));
        assert!(parse_step("90m").is_err() && parse_step("0s").is_err());
        assert_eq!(parse_label("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        for wrong in ["a", "=b", "1a=b", "a-b=c"] {
            assert!(parse_label(wrong).is_err(), "{wrong}");
        }
    }
}

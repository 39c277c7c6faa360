//! `toleranced simulate`: logs of a synthetic SOC with known truth.

use super::failure::{Done, Failure};
use crate::config::parse_span;
use crate::model::{HOUR_US, Time};
use crate::simulate::{Soc, bench_events};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// Write the logs of a simulated SOC, with known truth
///
/// A dozen processes run by people, AI and code; the variance of one of them drifts half way. The same seed and times
/// give the same bytes. Read it with the mapping preset `toleranced`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced simulate > soc.ndjson
  toleranced simulate --span 30d --seed 7 --output soc.ndjson --catalog catalog.yaml
  toleranced simulate --events 100000 | toleranced score -")]
pub(super) struct Args {
    /// Time simulated
    #[arg(long, value_name = "SPAN", default_value = "90d")]
    span: String,
    /// First day, as 2026-01-31; the time simulated ends now if not given
    #[arg(long, value_name = "DATE")]
    from: Option<chrono::NaiveDate>,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Exactly so many events of a plainer kind, 8 a case, for benchmarks
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["span", "from"])]
    events: Option<u64>,
    /// File to write instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Also write the catalog of the simulated processes
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    let mut out: BufWriter<Box<dyn Write>> =
        BufWriter::with_capacity(
            1 << 16,
            match &args.output {
                Some(file) => Box::new(File::create(file).map_err(|error| {
                    Failure::environment(format!("{}: {error}", file.display()))
                })?),
                None => Box::new(io::stdout().lock()),
            },
        );
    if let Some(events) = args.events {
        write_events(bench_events(events, args.seed), &mut out)?;
        return Ok(Done::Fine);
    }
    let span = parse_span(&args.span)
        .map_err(|message| Failure::environment(format!("--span: {message}")))?;
    let from = match args.from {
        Some(date) => Time::from_utc(date.and_time(chrono::NaiveTime::MIN).and_utc()),
        None => Time::from_utc(chrono::Utc::now())
            .plus(-span)
            .hour()
            .start(),
    };
    let soc =
        Soc::reference(args.seed, from.0).with_drift_at(from.0 + (span.0 / 2) / HOUR_US * HOUR_US);
    if let Some(file) = &args.catalog {
        std::fs::write(file, soc.catalog_yaml())
            .map_err(|error| Failure::environment(format!("{}: {error}", file.display())))?;
    }
    write_events(soc.events(from.0, from.0 + span.0), &mut out)?;
    Ok(Done::Fine)
}

fn write_events(
    events: impl Iterator<Item = crate::simulate::Event>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut line = Vec::new();
    for event in events {
        line.clear();
        event.write_ndjson(&mut line);
        out.write_all(&line)?;
    }
    out.flush()
}

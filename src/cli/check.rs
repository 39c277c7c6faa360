//! `toleranced check`: is everything that users write valid?

mod difference;
mod expected;
mod samples;

use super::common::readable;
use super::failure::{Done, Failure};
use super::run::WebArgs;
use super::text::harmless;
use crate::config::access::Overrides;
use crate::config::daemon::Config;
use crate::daemon::check_sources;
use crate::ingest::mapping::{Circumstances, compile};
use crate::model::Time;
use crate::rules::mapping::MappingSpec;
use crate::rules::{Catalog, Problems, Source, Tolerance};
use crate::score::reversal;
use crate::web::Access;
use samples::{Writing, check_samples};
use std::path::{Path, PathBuf};

/// Check configuration, catalog, tolerance table and mappings without running anything
///
/// Without arguments it checks toleranced.yaml and everything that it names.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced check
  toleranced check --config /etc/toleranced/toleranced.yaml
  toleranced check --catalog catalog.yaml --map mapping.yaml
  toleranced check --map mapping.yaml --samples tests/samples

Exit codes: 0 valid, 1 invalid (each problem with file, line and field) or a sample differs, 2 a file can't be read.")]
pub(super) struct Args {
    /// Configuration file, with everything that it names
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A catalog
    #[arg(long, value_name = "FILE")]
    catalog: Vec<PathBuf>,
    /// A mapping: the name of a preset, or a file
    #[arg(long, short = 'm', value_name = "PRESET|FILE")]
    map: Vec<String>,
    /// A tolerance table
    #[arg(long, value_name = "FILE")]
    tolerance: Vec<PathBuf>,
    /// A folder of sample logs, each with its expected events in NAME.expected.json: compare what the mapping makes of them
    #[arg(long, value_name = "DIR")]
    samples: Option<PathBuf>,
    /// Write the expected events of samples that have none
    #[arg(long, requires = "samples")]
    write: bool,
    /// Write the expected events of samples that have none or others
    #[arg(long, requires = "samples", conflicts_with = "write")]
    update: bool,
    #[command(flatten)]
    web: WebArgs,
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    let nothing_named = args.catalog.is_empty()
        && args.map.is_empty()
        && args.tolerance.is_empty()
        && args.samples.is_none();
    let mut problems = Problems::default();
    let mut fine = Vec::new();
    let config = match &args.config {
        None if nothing_named => Some(PathBuf::from("toleranced.yaml")),
        named => named.clone(),
    };
    if let Some(file) = config {
        readable(&file)?;
        note(
            &mut problems,
            &mut fine,
            check_config(&file, &args.web.overrides()),
        );
    }
    for file in &args.catalog {
        let text = readable(file)?;
        let checked = Catalog::parse(&text, file);
        let said = checked
            .map(|catalog| format!("{}: {} processes", file.display(), catalog.processes.len()));
        note(&mut problems, &mut fine, said);
    }
    for file in &args.tolerance {
        let text = readable(file)?;
        let checked = Tolerance::parse(&text, file);
        let said = checked.map(|table| with_rules(&format!("{}:", file.display()), &table));
        note(&mut problems, &mut fine, said);
    }
    for name in &args.map {
        note(&mut problems, &mut fine, check_mapping(name));
    }
    let mut differing = Vec::new();
    // A mapping that is invalid makes nothing of any sample.
    if let (Some(folder), true) = (&args.samples, problems.0.is_empty()) {
        let checked = check_samples(folder, sample_mapping(args)?, args.writing())?;
        fine.extend(checked.fine);
        differing = checked.problems;
    }
    for line in fine {
        println!("ok  {}", harmless(&line));
    }
    for problem in &problems.0 {
        eprintln!("{problem}");
    }
    for text in &differing {
        eprintln!("{}", harmless(text));
    }
    Ok(match problems.0.is_empty() && differing.is_empty() {
        true => Done::Fine,
        false => Done::Findings,
    })
}

impl Args {
    fn writing(&self) -> Writing {
        match (self.write, self.update) {
            (_, true) => Writing::All,
            (true, false) => Writing::Missing,
            (false, false) => Writing::Nothing,
        }
    }
}

/// The mapping that reads the samples.
fn sample_mapping(args: &Args) -> Result<Option<&str>, Failure> {
    match args.map.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(Failure::environment(
            "--samples: name one mapping with --map. Samples of another mapping belong in a folder of their own",
        )),
    }
}

fn note(problems: &mut Problems, fine: &mut Vec<String>, checked: Result<String, Problems>) {
    match checked {
        Ok(line) => fine.push(line),
        Err(found) => problems.0.extend(found.0),
    }
}

fn check_config(file: &Path, overrides: &Overrides) -> Result<String, Problems> {
    let config = Config::load_with(file, overrides)?;
    check_sources(&config)?;
    Access::open(&config)?;
    if config.sources.is_empty() {
        return Err(Source::new(file)
            .whole("`sources`: there is none, so nothing would be read")
            .into());
    }
    let said = format!(
        "{}: {} sources, {} processes,",
        file.display(),
        config.sources.len(),
        config.catalog.processes.len(),
    );
    Ok(with_rules(&said, &config.tolerance))
}

/// With how many rules a tolerance table has, and where they demand less of a process on which more hangs.
fn with_rules(said: &str, table: &Tolerance) -> String {
    let rules = &table.recommendations;
    let said = format!("{said} {} rules", rules.len());
    match reversal(rules) {
        None => said,
        Some(found) => format!("{said}; warning: {found}"),
    }
}

fn check_mapping(name: &str) -> Result<String, Problems> {
    let spec = MappingSpec::load(name)?;
    let circumstances = Circumstances {
        default_process: "check",
        namespace: "",
        latest: Time(i64::MAX),
    };
    let mapping = compile(&spec, Path::new(name), circumstances)?;
    let paths: Vec<&str> = mapping.paths().collect();
    Ok(format!("{name}: reads {}", paths.join(", ")))
}

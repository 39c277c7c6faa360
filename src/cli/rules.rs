//! `toleranced rules`: recording and alerting rules for Prometheus.

use super::common::{catalog, readable};
use super::failure::{Done, Failure};
use crate::config::daemon::{Config, DEFAULT_SCORE_EVERY};
use crate::export::rules::{Basis, generate};
use crate::rules::{Catalog, Tolerance};
use std::io::Write as _;
use std::path::PathBuf;

/// Write recording and alerting rules for Prometheus, from the configuration and its catalog
///
/// How severe an alert on a process is follows from its criticality: high critical, medium warning, others info; for
/// processes that the catalog does not name, from what the daemon exports of them. What each alert means and what to do
/// is in docs/runbooks, how to load and test the rules in docs/alerting.md.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced rules --output /etc/prometheus/toleranced.rules.yaml
  toleranced rules --catalog catalog.yaml --runbook-url https://wiki.example/toleranced
  toleranced rules --default > toleranced.rules.yaml

Exit codes: 0 written, 1 configuration or catalog is invalid, 2 a file can't be read or written.")]
pub(super) struct Args {
    /// Configuration of the daemon; toleranced.yaml if neither this nor --catalog nor --default is given
    #[arg(long, short, value_name = "FILE", conflicts_with_all = ["catalog", "default"])]
    config: Option<PathBuf>,
    /// A catalog alone; the rest as if nothing were configured
    #[arg(long, value_name = "FILE", conflicts_with = "default")]
    catalog: Option<PathBuf>,
    /// Rules that need no catalog: as config/prometheus/toleranced.rules.yaml
    #[arg(long)]
    default: bool,
    /// File to write to; standard output if not given
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Where your copy of docs/runbooks is served; the page of an alert is BASE/ALERT.md
    #[arg(long, value_name = "BASE", value_parser = base_url)]
    runbook_url: Option<String>,
    /// Where people reach the daemon; the address that Prometheus scrapes if not given
    #[arg(long, value_name = "BASE", value_parser = base_url)]
    daemon_url: Option<String>,
    /// The job of Prometheus that scrapes the daemon
    #[arg(long, value_name = "NAME", default_value = Basis::JOB)]
    job: String,
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    let mut basis = basis(args)?;
    if let Some(url) = &args.runbook_url {
        basis.runbook_url = url.clone();
    }
    basis.daemon_url = args.daemon_url.clone();
    basis.job = args.job.clone();
    let rules = generate(&basis).to_yaml().map_err(anyhow::Error::from);
    let rules = rules.map_err(Failure::Invalid)?;
    match &args.output {
        None => std::io::stdout().write_all(rules.as_bytes())?,
        Some(file) => std::fs::write(file, rules).map_err(|error| {
            Failure::environment(format!("{}: can't be written: {error}", file.display()))
        })?,
    }
    Ok(Done::Fine)
}

fn basis(args: &Args) -> Result<Basis, Failure> {
    if args.default {
        let (catalog, tolerance) = (Catalog::default(), Tolerance::builtin());
        return Ok(Basis::new(&catalog, &tolerance, DEFAULT_SCORE_EVERY));
    }
    if let Some(file) = &args.catalog {
        let (catalog, tolerance) = (catalog(Some(file))?, Tolerance::builtin());
        return Ok(Basis::new(&catalog, &tolerance, DEFAULT_SCORE_EVERY));
    }
    let file = args.config.clone();
    let file = file.unwrap_or_else(|| PathBuf::from("toleranced.yaml"));
    readable(&file)?;
    let config = Config::load(&file)?;
    Ok(Basis::new(
        &config.catalog,
        &config.tolerance,
        config.score_every,
    ))
}

/// An address that something can be appended to.
fn base_url(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_graphic() && !"\"<>\\^`|".contains(c);
    let is_web = text.starts_with("http://") || text.starts_with("https://");
    if !is_web || !text.chars().all(plain) || text.contains(['?', '#']) {
        return Err(
            "an address such as https://wiki.example/toleranced is needed, without `?` and `#`"
                .to_owned(),
        );
    }
    Ok(text.to_owned())
}

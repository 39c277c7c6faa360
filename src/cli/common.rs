//! What several subcommands share: files, progress, names and numbers for people.

use super::failure::Failure;
use crate::ingest::decode::Input;
use crate::model::{Span, Time};
use crate::rules::{Catalog, Tolerance};
use chrono::Utc;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::Path;

/// Reads the catalog of `--catalog`.
pub(super) fn catalog(file: Option<&Path>) -> Result<Catalog, Failure> {
    match file {
        None => Ok(Catalog::default()),
        Some(file) => Ok(Catalog::parse(&readable(file)?, file)?),
    }
}

/// Reads the table of `--tolerance`.
pub(super) fn tolerance(file: Option<&Path>) -> Result<Tolerance, Failure> {
    match file {
        None => Ok(Tolerance::builtin()),
        Some(file) => Ok(Tolerance::parse(&readable(file)?, file)?),
    }
}

/// A file that can't be read is the environment's fault, not that of what is in it.
pub(super) fn readable(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| {
        let hint = if file == Path::new("toleranced.yaml") {
            "; `toleranced init FILE` writes one from a log, or name another with --config"
        } else {
            ""
        };
        Failure::environment(format!("{}: {error}{hint}", file.display()))
    })
}

/// An instant later than which no event is believed: a day from now, for clocks that differ.
pub(super) fn latest_believed() -> Time {
    Time::from_utc(Utc::now()).plus(Span::DAY)
}

/// A progress bar on a terminal, nothing elsewhere.
pub(super) fn progress(inputs: &[Input]) -> ProgressBar {
    let sizes: Option<u64> = inputs.iter().map(Input::size).sum();
    let style = |template: &str| {
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
    };
    match sizes {
        Some(size) => {
            ProgressBar::new(size).with_style(style("{bar:30} {bytes}/{total_bytes}  {msg}  {eta}"))
        }
        None => ProgressBar::new_spinner().with_style(style("{spinner} {bytes}  {msg}")),
    }
}

/// The same for things of which there are so many, such as `cases`.
pub(super) fn progress_of(count: u64, things: &str) -> ProgressBar {
    let template = format!("{{bar:30}} {{human_pos}}/{{human_len}} {things}  {{eta}}");
    let style = ProgressStyle::with_template(&template);
    ProgressBar::new(count).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

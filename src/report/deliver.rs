//! Reports that are written by themselves when a period has ended.

use super::period::{Period, PeriodKind};
use super::{Report, csv, html, make, markdown};
use crate::config::daemon::Config;
use crate::config::reports::{ReportEvery, ReportFormat};
use crate::daemon::History;
use crate::model::Time;
use crate::store::{Store, StoreError};
use std::path::{Path, PathBuf};

/// Begins the names of files that reports are written to.
const HEAD: &str = "tolerance-";

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The database can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file can't be written.
    #[error("{}: {error}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It can't be put into a format.
    #[error("the report can't be written as {format}: {message}")]
    Format {
        /// The format.
        format: &'static str,
        /// Why.
        message: String,
    },
}

impl Report {
    /// The report in a format.
    pub fn written(&self, format: ReportFormat) -> Result<String, DeliveryError> {
        let failed = |message: String| DeliveryError::Format {
            format: format.ending(),
            message,
        };
        match format {
            ReportFormat::Html => Ok(html(self)),
            ReportFormat::Md => Ok(markdown(self)),
            ReportFormat::Json => serde_json::to_string_pretty(self)
                .map(|text| text + "\n")
                .map_err(|error| failed(error.to_string())),
            ReportFormat::Csv => csv(self).map_err(|error| failed(error.to_string())),
        }
    }
}

/// The period whose report must be there at an instant: the last one that has ended.
pub fn due(config: &Config, now: Time) -> Option<Period> {
    let kind = match config.reports.every? {
        ReportEvery::Week => PeriodKind::Week,
        ReportEvery::Month => PeriodKind::Month,
        ReportEvery::Quarter => PeriodKind::Quarter,
    };
    Period::last_before(kind, now.day())
}

/// Files of the report of a period.
fn files(config: &Config, period: Period) -> Vec<(ReportFormat, PathBuf)> {
    let terms = &config.reports;
    let name = |format: &ReportFormat| {
        let file = format!("{HEAD}{}.{}", period.id(), format.ending());
        (*format, terms.folder.join(file))
    };
    terms.formats.iter().map(name).collect()
}

/// Whether the report of a period is there, in every format.
pub fn is_there(config: &Config, period: Period) -> bool {
    files(config, period).iter().all(|(_, file)| file.exists())
}

/// Writes the report of a period, and drops those that are too many. Gives whether there was anything to report: a period
/// before the first event has no report.
pub fn deliver(config: &Config, period: Period) -> Result<bool, DeliveryError> {
    let store = Store::open_read_only(&config.data_dir)?;
    let first = History::first_hour(&store)?;
    if first.is_none_or(|first| first >= period.hours().1) {
        return Ok(false);
    }
    let report = store.at_one_moment(|| make(&store, config, period, &mut |_, _| {}))?;
    let folder = &config.reports.folder;
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |error| DeliveryError::File { file, error }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    for (format, file) in files(config, period) {
        // Whoever reads it meanwhile has the old one or the new one, whole.
        let beside = file.with_extension(format!("{}.part", format.ending()));
        std::fs::write(&beside, report.written(format)?).map_err(failed(&beside))?;
        std::fs::rename(&beside, &file).map_err(failed(&file))?;
    }
    retain(config).map_err(failed(folder))?;
    Ok(true)
}

/// Names of the reports that are there, latest first.
pub fn kept(config: &Config) -> std::io::Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    let entries = match std::fs::read_dir(&config.reports.folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(names),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if is_report(&name) {
            names.push(name);
        }
    }
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(names)
}

/// Whether a file of this name is a report: nothing else of a folder is ever shown or removed.
pub fn is_report(name: &str) -> bool {
    let Some((id, ending)) = name
        .strip_prefix(HEAD)
        .and_then(|rest| rest.split_once('.'))
    else {
        return false;
    };
    let known = ReportFormat::ALL
        .iter()
        .any(|format| format.ending() == ending);
    known && !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Removes the reports of the oldest periods beyond those that are kept.
fn retain(config: &Config) -> std::io::Result<()> {
    let names = kept(config)?;
    let id = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let mut ids: Vec<String> = names.iter().map(|name| id(name)).collect();
    ids.dedup();
    for name in &names {
        if ids.iter().position(|known| *known == id(name)) >= Some(config.reports.keep) {
            std::fs::remove_file(config.reports.folder.join(name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reports_are_reports() {
        for yes in [
            "tolerance-2026-03.html",
            "tolerance-2026-W14.json",
            "tolerance-2026-Q1.csv",
        ] {
            assert!(is_report(yes), "{yes}");
        }
        for no in [
            "tolerance-.html",
            "tolerance-2026.html.part",
            "x.html",
            "tolerance-..%2f.html",
            "tolerance-a/b.md",
        ] {
            assert!(!is_report(no), "{no}");
        }
    }
}

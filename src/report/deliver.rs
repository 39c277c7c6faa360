//! Reports that are written by themselves when a period has ended.

use super::content::Expectation;
use super::period::{Period, PeriodKind};
use super::{Medium, Report, csv, html, make, markdown};
use crate::config::daemon::Config;
use crate::config::reports::{ReportEvery, ReportFormat, Writing};
use crate::daemon::first_hour;
use crate::model::Time;
use crate::store::{PredictionRow, Store, StoreError};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use std::collections::BTreeMap;
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
            ReportFormat::Html => Ok(html(self, Medium::Screen)),
            ReportFormat::PdfReady => Ok(html(self, Medium::Paper)),
            ReportFormat::Md => Ok(markdown(self)),
            ReportFormat::Json => serde_json::to_string_pretty(self)
                .map(|text| text + "\n")
                .map_err(|error| failed(error.to_string())),
            ReportFormat::Csv => csv(self).map_err(|error| failed(error.to_string())),
        }
    }
}

/// The period whose report must be there at an instant: the last one that had ended when it was last time to write.
pub fn due(config: &Config, now: DateTime<Utc>) -> Option<Period> {
    let schedule = config.reports.schedule.as_ref()?;
    let at = match &schedule.at {
        Some(writing) => writing.last(now)?,
        None => now,
    };
    let day = |at| Time::from_utc(at).day();
    let kind = match (schedule.every, &schedule.at) {
        (Some(ReportEvery::Week), _) => PeriodKind::Week,
        (Some(ReportEvery::Month), _) => PeriodKind::Month,
        (Some(ReportEvery::Quarter), _) => PeriodKind::Quarter,
        (None, writing) => {
            let before = last_on_another_day(writing.as_ref()?, at)?;
            return Some(Period {
                kind: PeriodKind::Days,
                from: day(before),
                to: day(at),
            });
        }
    };
    Period::last_before(kind, day(at))
}

/// The last time to write on an earlier day (UTC): a report is about whole days.
fn last_on_another_day(writing: &Writing, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    writing.last(at.date_naive().and_time(NaiveTime::MIN).and_utc() - TimeDelta::microseconds(1))
}

/// What the report of a period is called, by the period as part of a file name.
pub fn file_name(period: &str, format: ReportFormat) -> String {
    format!("{HEAD}{period}.{}", format.ending())
}

/// Files of the report of a period.
fn files(config: &Config, period: Period) -> Vec<(ReportFormat, PathBuf)> {
    let terms = &config.reports;
    let id = period.id();
    let name = |format: &ReportFormat| (*format, terms.folder.join(file_name(&id, *format)));
    terms.formats.iter().map(name).collect()
}

/// Whether the report of a period is there, in every format.
pub fn is_there(config: &Config, period: Period) -> bool {
    files(config, period).iter().all(|(_, file)| file.exists())
}

/// Writes the report of a period, keeps what it expects, and drops the reports that are too many. `None` if there was
/// nothing to report: a period before the first event has no report.
pub fn deliver(config: &Config, period: Period) -> Result<Option<Report>, DeliveryError> {
    let Some(report) = of_period(config, period)? else {
        return Ok(None);
    };
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
    let store = Store::open_to_read(&config.data_dir)?;
    keep_expectations(&store, period, &report, Time::from_utc(Utc::now()))?;
    retain(config).map_err(failed(folder))?;
    Ok(Some(report))
}

/// The report of a period; `None` for one before the first event.
pub fn of_period(config: &Config, period: Period) -> Result<Option<Report>, StoreError> {
    let store = Store::open_read_only(&config.data_dir)?;
    store.at_one_moment(|| {
        let first = first_hour(&store)?;
        if first.is_none_or(|first| first >= period.hours().1) {
            return Ok(None);
        }
        make(&store, config, period, &mut |_, _| {}).map(Some)
    })
}

/// Keeps what a report expects, for the report of the next period to be held against. What was said first stands.
pub fn keep_expectations(
    store: &Store,
    period: Period,
    report: &Report,
    now: Time,
) -> Result<(), StoreError> {
    let row = |said: &Expectation| PredictionRow {
        process: said.process.clone(),
        said_at: now.0,
        spent: said.spent,
        saved: said.saved,
    };
    let rows: Vec<PredictionRow> = report.expectations.iter().map(row).collect();
    store.keep_predictions(period.kind.word(), period.to, &rows)
}

/// A report that was written.
#[derive(Debug, Clone)]
pub struct Written {
    /// Its period, as part of a file name.
    pub id: String,
    /// Its period for people.
    pub title: String,
    /// Its files, by their names.
    pub files: Vec<String>,
    /// When the last of them was written.
    pub at: DateTime<Utc>,
}

/// The reports that are there, latest first.
pub fn kept(config: &Config) -> std::io::Result<Vec<Written>> {
    let mut reports: BTreeMap<String, Written> = BTreeMap::new();
    let entries = match std::fs::read_dir(&config.reports.folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(id) = id_of(&name) else {
            continue;
        };
        let at = DateTime::<Utc>::from(entry.metadata()?.modified()?);
        let report = reports.entry(id.to_owned()).or_insert_with(|| Written {
            id: id.to_owned(),
            title: title_of(id),
            files: Vec::new(),
            at,
        });
        report.at = report.at.max(at);
        report.files.push(name);
    }
    let mut reports: Vec<Written> = reports.into_values().collect();
    for report in &mut reports {
        report.files.sort_unstable();
    }
    reports.reverse();
    Ok(reports)
}

/// The period of a report for people, by its part of the file name.
fn title_of(id: &str) -> String {
    if let Ok(first) = NaiveDate::parse_from_str(&format!("{id}-01"), "%Y-%m-%d") {
        return first.format("%B %Y").to_string();
    }
    match id.split_once("-Q") {
        Some((year, quarter)) => format!("Q{quarter} {year}"),
        None => id.to_owned(),
    }
}

/// Whether a file of this name is a report: nothing else of a folder is ever shown or removed.
pub fn is_report(name: &str) -> bool {
    id_of(name).is_some()
}

/// The period of a report, by the name of its file.
fn id_of(name: &str) -> Option<&str> {
    let (id, ending) = name.strip_prefix(HEAD)?.split_once('.')?;
    let known = ReportFormat::ALL
        .iter()
        .any(|format| format.ending() == ending);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (known && !id.is_empty() && id.chars().all(plain)).then_some(id)
}

/// Removes the reports of the oldest periods beyond those that are kept.
fn retain(config: &Config) -> std::io::Result<()> {
    for report in kept(config)?.iter().skip(config.reports.keep) {
        for name in &report.files {
            std::fs::remove_file(config.reports.folder.join(name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_called_what_people_call_them() {
        for (id, title) in [
            ("2026-03", "March 2026"),
            ("2026-Q1", "Q1 2026"),
            ("2026-W14", "2026-W14"),
            ("2026-01-05-2026-01-11", "2026-01-05-2026-01-11"),
        ] {
            assert_eq!(title_of(id), title);
        }
    }

    #[test]
    fn only_reports_are_reports() {
        for yes in [
            "tolerance-2026-03.html",
            "tolerance-2026-W14.json",
            "tolerance-2026-Q1.csv",
            "tolerance-2026-03.print.html",
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

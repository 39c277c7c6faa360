//! Reports that are written by themselves when a period has ended.

use super::content::Expectation;
use super::period::{Period, PeriodKind};
use super::{Medium, Report, csv, html, make, markdown};
use crate::config::daemon::Config;
use crate::config::reports::{ReportEvery, ReportFormat, Writing};
use crate::model::{Day, Time};
use crate::query::first_hour;
use crate::store::{PredictionRow, Store, StoreError};
use chrono::{DateTime, TimeDelta, Utc};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Begins the names of files that reports are written to.
const HEAD: &str = "tolerance-";

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeliveryError {
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
    pub(crate) fn written(&self, format: ReportFormat) -> Result<String, DeliveryError> {
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

/// The period whose report must be there at an instant: the last one that had ended when it was last time to write, by the
/// calendar of the zone that the time to write is of. `None` where that day has not ended everywhere yet: periods are days
/// in UTC.
pub(crate) fn due(config: &Config, now: DateTime<Utc>) -> Option<Period> {
    let schedule = config.reports.schedule.as_ref()?;
    let period = match (schedule.every, &schedule.at) {
        (None, None) => None,
        (None, Some(writing)) => since_the_last(writing, now),
        (Some(every), at) => {
            let kind = match every {
                ReportEvery::Week => PeriodKind::Week,
                ReportEvery::Month => PeriodKind::Month,
                ReportEvery::Quarter => PeriodKind::Quarter,
            };
            let today = match at {
                Some(writing) => writing.last(now)?.date_naive(),
                None => now.date_naive(),
            };
            Period::last_before(kind, Day::of_date(today))
        }
    };
    period.filter(|period| period.to <= Day::of_date(now.date_naive()))
}

/// The days since the last time to write on an earlier day: a report is about whole days.
fn since_the_last(writing: &Writing, now: DateTime<Utc>) -> Option<Period> {
    let last = writing.last(now)?;
    let mut before = last;
    while before.date_naive() == last.date_naive() {
        before = writing.last(before.with_timezone(&Utc) - TimeDelta::seconds(1))?;
    }
    Some(Period {
        kind: PeriodKind::Days,
        from: Day::of_date(before.date_naive()),
        to: Day::of_date(last.date_naive()),
    })
}

/// What the report of a period is called, by the period as part of a file name.
pub(crate) fn file_name(period: &str, format: ReportFormat) -> String {
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
pub(crate) fn is_there(config: &Config, period: Period) -> bool {
    files(config, period).iter().all(|(_, file)| file.exists())
}

/// Whether anything of the report of a period is still kept, in whatever format it was written.
pub(crate) fn is_kept(config: &Config, period: Period) -> bool {
    let id = period.id();
    let folder = &config.reports.folder;
    let mut formats = ReportFormat::ALL.iter();
    formats.any(|format| folder.join(file_name(&id, *format)).exists())
}

/// Writes the report of a period, keeps what it expects, and drops the reports that are too many. `None` if there was
/// nothing to report: a period before the first event has no report.
pub(crate) fn deliver(config: &Config, period: Period) -> Result<Option<Report>, DeliveryError> {
    let Some(report) = of_period(config, period)? else {
        return Ok(None);
    };
    let folder = &config.reports.folder;
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |error| DeliveryError::File { file, error }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    // Before the files: when these are there nothing is left to be done.
    let store = Store::open_to_read(&config.data_dir)?;
    keep_expectations(&store, period, &report, Time::from_utc(Utc::now()))?;
    for (format, file) in files(config, period) {
        // Whoever reads it meanwhile has the old one or the new one, whole.
        let beside = file.with_extension(format!("{}.part", format.ending()));
        std::fs::write(&beside, report.written(format)?).map_err(failed(&beside))?;
        std::fs::rename(&beside, &file).map_err(failed(&file))?;
    }
    if let Err(error) = retain(config, period) {
        tracing::warn!(folder = %folder.display(), %error, "old reports can't be removed; tried again with the next report");
    }
    Ok(Some(report))
}

/// The report of a period; `None` for one before the first event.
pub(crate) fn of_period(config: &Config, period: Period) -> Result<Option<Report>, StoreError> {
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
pub(crate) fn keep_expectations(
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
    store.keep_predictions(period.kind.word(), period.to, now.0, &rows)
}

/// A report that was written.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// What it is about.
    pub period: Period,
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
pub(crate) fn kept(config: &Config) -> std::io::Result<Vec<Written>> {
    let mut reports: BTreeMap<String, Written> = BTreeMap::new();
    let entries = match std::fs::read_dir(&config.reports.folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some((id, period)) = id_of(&name) else {
            continue;
        };
        let at = DateTime::<Utc>::from(entry.metadata()?.modified()?);
        let report = reports.entry(id.to_owned()).or_insert_with(|| Written {
            period,
            id: id.to_owned(),
            title: period.name(),
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
    // Those that end last first; of these, the longest.
    reports.sort_unstable_by_key(|report| (Reverse(report.period.to), report.period.from));
    Ok(reports)
}

/// Whether a file of this name is a report: nothing else of a folder is ever shown or removed.
pub(crate) fn is_report(name: &str) -> bool {
    id_of(name).is_some()
}

/// The period of a report, by the name of its file.
fn id_of(name: &str) -> Option<(&str, Period)> {
    let (id, ending) = name.strip_prefix(HEAD)?.split_once('.')?;
    let known = ReportFormat::ALL
        .iter()
        .any(|format| format.ending() == ending);
    Some((id, Period::of_id(id).filter(|_| known)?))
}

/// Removes the reports of the oldest periods beyond those that are kept; never the one that was just written.
fn retain(config: &Config, written: Period) -> std::io::Result<()> {
    for report in kept(config)?.iter().skip(config.reports.keep) {
        for name in report.files.iter().filter(|_| report.period != written) {
            std::fs::remove_file(config.reports.folder.join(name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due_at(reports: &str, now: &str) -> Option<String> {
        let text = format!("reports: {{ {reports} }}\nsources: []\n");
        let config = Config::parse(&text, Path::new("toleranced.yaml")).unwrap();
        due(&config, now.parse().unwrap()).map(|period| period.name())
    }

    #[test]
    fn what_is_due_when() {
        for (reports, now, expected) in [
            ("", "2026-04-01T00:00:00Z", None),
            ("every: month", "2026-04-01T00:00:00Z", Some("March 2026")),
            ("every: week", "2026-04-01T00:00:00Z", Some("2026-W13")),
            // Not before it is time, also where the daemon was down in between.
            (
                "every: month, at: '0 7 3 * *'",
                "2026-04-03T06:59:00Z",
                Some("February 2026"),
            ),
            (
                "every: month, at: '0 7 3 * *'",
                "2026-04-03T07:00:00Z",
                Some("March 2026"),
            ),
            (
                "every: month, at: '0 7 3 * *'",
                "2026-04-29T00:00:00Z",
                Some("March 2026"),
            ),
            (
                "every: quarter, at: '0 7 * * Mon'",
                "2026-04-02T00:00:00Z",
                Some("Q4 2025"),
            ),
            (
                "every: quarter, at: '0 7 * * Mon'",
                "2026-04-06T08:00:00Z",
                Some("Q1 2026"),
            ),
            // April has begun in Berlin; in UTC, March goes on for two hours.
            (
                "every: month, at: '0 0 1 * *', time_zone: Europe/Berlin",
                "2026-03-31T22:30:00Z",
                None,
            ),
            (
                "every: month, at: '0 0 1 * *', time_zone: Europe/Berlin",
                "2026-04-01T00:00:00Z",
                Some("March 2026"),
            ),
            (
                "every: month, at: '0 7 1 * *', time_zone: America/New_York",
                "2026-04-01T10:59:00Z",
                Some("February 2026"),
            ),
            (
                "every: month, at: '0 7 1 * *', time_zone: America/New_York",
                "2026-04-01T11:00:00Z",
                Some("March 2026"),
            ),
            // About the days in between.
            (
                "at: '0 7 * * Mon'",
                "2026-04-02T00:00:00Z",
                Some("2026-03-23 to 2026-03-29"),
            ),
            (
                "at: '0 7,19 * * *'",
                "2026-04-02T20:00:00Z",
                Some("2026-04-01 to 2026-04-01"),
            ),
        ] {
            assert_eq!(
                due_at(reports, now).as_deref(),
                expected,
                "{reports} at {now}"
            );
        }
    }

    /// A folder of reports of which two are kept.
    fn folder_with(files: &[&str]) -> (tempfile::TempDir, Config) {
        let folder = tempfile::tempdir().unwrap();
        let text = "reports: { every: month, keep: 2 }\nsources: []\n";
        let mut config = Config::parse(text, Path::new("toleranced.yaml")).unwrap();
        config.reports.folder = folder.path().to_owned();
        for name in files {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        (folder, config)
    }

    fn titles(config: &Config) -> Vec<String> {
        let kept = kept(config).unwrap().into_iter();
        kept.map(|report| report.title).collect()
    }

    #[test]
    fn the_oldest_reports_go_and_nothing_else() {
        let (folder, config) = folder_with(&[
            "tolerance-2026-01.html",
            "tolerance-2026-01.json",
            "tolerance-2026-02.html",
            "tolerance-2026-03.html",
            "tolerance-notes.txt",
            "tolerance-notes.html",
            "budget.html",
        ]);
        retain(&config, Period::of_id("2026-03").unwrap()).unwrap();
        assert_eq!(titles(&config), ["March 2026", "February 2026"]);
        for other in ["budget.html", "tolerance-notes.txt", "tolerance-notes.html"] {
            assert!(folder.path().join(other).exists(), "{other}");
        }
    }

    #[test]
    fn what_ended_last_is_the_latest_whatever_its_kind() {
        let (_folder, config) = folder_with(&[
            "tolerance-2026-W23.html",
            "tolerance-2026-W24.html",
            "tolerance-2026-06.html",
            "tolerance-2026-Q2.html",
        ]);
        assert_eq!(
            titles(&config),
            ["Q2 2026", "June 2026", "2026-W24", "2026-W23"]
        );
        // What was just written stays, even if it is about long ago: else it would be written again, for ever.
        retain(&config, Period::of_id("2026-W23").unwrap()).unwrap();
        assert_eq!(titles(&config), ["Q2 2026", "June 2026", "2026-W23"]);
    }

    #[test]
    fn a_report_is_kept_whatever_formats_are_written_now() {
        let (_folder, config) = folder_with(&["tolerance-2026-03.csv"]);
        let of = |id| Period::of_id(id).unwrap();
        assert!(is_kept(&config, of("2026-03")) && !is_there(&config, of("2026-03")));
        assert!(!is_kept(&config, of("2026-04")));
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
            "tolerance-2026-03.html.part",
            "tolerance-2026-99.html",
            "x.html",
            "tolerance-..%2f.html",
            "tolerance-a/b.md",
        ] {
            assert!(!is_report(no), "{no}");
        }
    }
}

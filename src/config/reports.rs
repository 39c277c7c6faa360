//! `reports` in toleranced.yaml: which reports are written by themselves, and where.

use super::recipients::{RawMail, RawRecipients, RawWebhook, Recipients};
use crate::rules::{At, Problem, Source};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Reports that the daemon writes by itself.
#[derive(Debug, Clone)]
pub struct ReportTerms {
    /// When, and about what; `None` for never.
    pub schedule: Option<ReportSchedule>,
    /// Where they are written.
    pub folder: PathBuf,
    /// As what.
    pub formats: Vec<ReportFormat>,
    /// Periods that are kept; the oldest go first.
    pub keep: usize,
    /// To whom they are sent.
    pub recipients: Recipients,
}

/// When reports are written, and about what. At least one of the two is given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReportSchedule {
    /// What they are about; without it, the days from one writing to the next.
    pub every: Option<ReportEvery>,
    /// When they are written; without it, as soon as the period has ended.
    pub at: Option<Writing>,
}

/// Instants by a cron expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Writing {
    /// Of five fields, as `crontab` has them.
    pub cron: Cron,
    /// The zone that its hours are of.
    pub time_zone: Tz,
}

impl Writing {
    /// The latest instant that is not after `now`, in its zone; `None` if there is none.
    pub fn last(&self, now: DateTime<Utc>) -> Option<DateTime<Tz>> {
        let now = now.with_timezone(&self.time_zone);
        self.cron.find_previous_occurrence(&now, true).ok()
    }
}

/// Calendar periods, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportEvery {
    /// Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// Three of them.
    Quarter,
}

/// Formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ReportFormat {
    /// One self-contained file, fit to be mailed and printed.
    Html,
    /// For a chat or a wiki.
    Md,
    /// Everything, for programs; documented in docs/report.md
    Json,
    /// The processes, for a spreadsheet.
    Csv,
    /// The page laid out for paper, with nothing folded away: to be printed, or turned into a PDF.
    PdfReady,
}

impl ReportFormat {
    /// Every format.
    pub const ALL: [ReportFormat; 5] = [
        ReportFormat::Html,
        ReportFormat::Md,
        ReportFormat::Json,
        ReportFormat::Csv,
        ReportFormat::PdfReady,
    ];

    /// The ending of its files.
    pub const fn ending(self) -> &'static str {
        match self {
            ReportFormat::Html => "html",
            ReportFormat::Md => "md",
            ReportFormat::Json => "json",
            ReportFormat::Csv => "csv",
            ReportFormat::PdfReady => "print.html",
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReports {
    every: Option<ReportEvery>,
    at: Option<At<String>>,
    time_zone: Option<At<String>>,
    folder: Option<PathBuf>,
    formats: Option<At<Vec<ReportFormat>>>,
    keep: Option<At<usize>>,
    url: Option<At<String>>,
    mail: Option<RawMail>,
    #[serde(default)]
    webhooks: Vec<RawWebhook>,
}

impl RawReports {
    /// Checks what was written. A relative folder starts at that of the configuration; reports lie in the data folder if
    /// none is given. Files that are named are added to `files`.
    pub(super) fn checked(
        self,
        (folder, data_dir): (&Path, &Path),
        source: &Source,
        files: &mut Vec<PathBuf>,
        problems: &mut Vec<Problem>,
    ) -> ReportTerms {
        if let Some(at) = self.formats.as_ref().filter(|at| at.value.is_empty()) {
            problems.push(source.problem(at, "`reports.formats` must name at least one format"));
        }
        if let Some(at) = self.keep.as_ref().filter(|at| at.value == 0) {
            problems.push(source.problem(at, "`reports.keep` must be above 0"));
        }
        let at = writing(self.at, self.time_zone, source, problems);
        let scheduled = self.every.is_some() || at.is_some();
        let default = vec![ReportFormat::Html, ReportFormat::Json];
        ReportTerms {
            schedule: scheduled.then_some(ReportSchedule {
                every: self.every,
                at,
            }),
            folder: self
                .folder
                .map_or_else(|| data_dir.join("reports"), |own| folder.join(own)),
            formats: self.formats.map_or(default, |at| at.value),
            keep: self.keep.map_or(24, |at| at.value.max(1)),
            recipients: RawRecipients {
                url: self.url,
                mail: self.mail,
                webhooks: self.webhooks,
            }
            .checked(folder, source, files, problems),
        }
    }
}

fn writing(
    at: Option<At<String>>,
    zone: Option<At<String>>,
    source: &Source,
    problems: &mut Vec<Problem>,
) -> Option<Writing> {
    let time_zone = match &zone {
        None => Tz::UTC,
        Some(zone) => zone.value.parse().unwrap_or_else(|_| {
            let message = format!("`reports.time_zone`: `{}` is not known", zone.value);
            let problem = source.problem(zone, message);
            problems.push(problem.hint("names of the IANA database, such as Europe/Berlin"));
            Tz::UTC
        }),
    };
    let at = at?;
    // Seconds and years would only be a way to be surprised.
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build();
    match parser.parse(&at.value) {
        Ok(cron) => Some(Writing { cron, time_zone }),
        Err(error) => {
            let message = format!("`reports.at`: `{}`: {error}", at.value);
            let hint = "minute, hour, day of month, month, day of week: `0 7 1 * *` is at 7:00 on the first of each month";
            problems.push(source.problem(&at, message).hint(hint));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn hours_are_those_of_the_zone_over_a_change_of_its_clocks() {
        let cron = CronParser::builder().build().parse("30 2 * * *").unwrap();
        let writing = Writing {
            cron,
            time_zone: Tz::Europe__Berlin,
        };
        let last = |now| writing.last(utc(now)).unwrap().with_timezone(&Utc);
        assert_eq!(last("2026-01-10T12:00:00Z"), utc("2026-01-10T01:30:00Z"));
        assert_eq!(last("2026-07-10T12:00:00Z"), utc("2026-07-10T00:30:00Z"));
        // The clocks jump from 2:00 to 3:00: that day has no 2:30, and is not left out.
        let gap = last("2026-03-29T12:00:00Z");
        assert!(gap > utc("2026-03-28T12:00:00Z"), "{gap}");
        // The clocks go back from 3:00 to 2:00: the day has two of them.
        let twice = last("2026-10-25T12:00:00Z");
        assert_eq!(twice.date_naive(), utc("2026-10-25T00:00:00Z").date_naive());
    }
}

//! `reports` in toleranced.yaml: which reports are written by themselves, and where.

use super::problem::Problem;
use super::yaml::{At, Source};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Reports that the daemon writes when a period has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportTerms {
    /// How often; `None` for never.
    pub every: Option<ReportEvery>,
    /// Where they are written.
    pub folder: PathBuf,
    /// As what.
    pub formats: Vec<ReportFormat>,
    /// Periods that are kept; the oldest go first.
    pub keep: usize,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportFormat {
    /// One self-contained file, fit to be mailed and printed.
    Html,
    /// For a chat or a wiki.
    Md,
    /// Everything, for programs.
    Json,
    /// The processes, for a spreadsheet.
    Csv,
}

impl ReportFormat {
    /// Every format.
    pub const ALL: [ReportFormat; 4] = [
        ReportFormat::Html,
        ReportFormat::Md,
        ReportFormat::Json,
        ReportFormat::Csv,
    ];

    /// The ending of its files.
    pub const fn ending(self) -> &'static str {
        match self {
            ReportFormat::Html => "html",
            ReportFormat::Md => "md",
            ReportFormat::Json => "json",
            ReportFormat::Csv => "csv",
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReports {
    every: Option<ReportEvery>,
    folder: Option<PathBuf>,
    formats: Option<At<Vec<ReportFormat>>>,
    keep: Option<At<usize>>,
}

impl RawReports {
    /// Checks what was written. A relative folder starts at that of the configuration; reports lie in the data folder if
    /// none is given.
    pub(super) fn checked(
        self,
        (folder, data_dir): (&Path, &Path),
        source: &Source,
        problems: &mut Vec<Problem>,
    ) -> ReportTerms {
        if let Some(at) = self.formats.as_ref().filter(|at| at.value.is_empty()) {
            problems.push(source.problem(at, "`reports.formats` must name at least one format"));
        }
        if let Some(at) = self.keep.as_ref().filter(|at| at.value == 0) {
            problems.push(source.problem(at, "`reports.keep` must be above 0"));
        }
        let default = vec![ReportFormat::Html, ReportFormat::Json];
        ReportTerms {
            every: self.every,
            folder: self
                .folder
                .map_or_else(|| data_dir.join("reports"), |own| folder.join(own)),
            formats: self.formats.map_or(default, |at| at.value),
            keep: self.keep.map_or(24, |at| at.value.max(1)),
        }
    }
}

//! The board of a report as CSV, for a spreadsheet.

use super::content::Report;
use super::safe::csv as safe;
use crate::rules::Recommendation;

const HEAD: [&str; 14] = [
    "process",
    "name",
    "required_class",
    "achieved_class",
    "status",
    "deviation",
    "deviation_lower",
    "deviation_upper",
    "permissible_deviation",
    "cases_per_week",
    "executor",
    "recommendation",
    "changed",
    "to_do",
];

/// The board as CSV; shares are shares, not percent.
pub(crate) fn text(report: &Report) -> Result<String, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(HEAD)?;
    let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    for row in &report.board {
        let changed = report
            .changes
            .iter()
            .filter(|change| change.process == row.process);
        let changed: Vec<&str> = changed.map(|change| change.what).collect();
        let to_do = report
            .actions
            .iter()
            .find(|action| action.process == row.process);
        let part = |at: usize| number(row.deviation.map(|deviation| deviation[at]));
        out.write_record([
            safe(&row.process).as_str(),
            safe(&row.name).as_str(),
            row.required_class.as_str(),
            row.achieved_class.as_str(),
            row.status,
            part(1).as_str(),
            part(0).as_str(),
            part(2).as_str(),
            number(row.permissible).as_str(),
            number(row.cases_per_week).as_str(),
            row.executor,
            row.recommendation.map_or("", Recommendation::word),
            changed.join(" ").as_str(),
            to_do
                .map_or(String::new(), |action| safe(&action.what))
                .as_str(),
        ])?;
    }
    let bytes = out.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

//! Calendar files with one date per line.

use super::{date, days_between};
use crate::model::Day;
use crate::rules::{Problem, Source};
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// What stands between the fields of a line.
const SEPARATORS: [char; 4] = [',', ';', '\t', ' '];

/// The days of a list. A line has a date, or the first and the last date of a range; what follows is a name. Lines that begin
/// with `#` are comments, and a first line without any digit is a header.
pub(super) fn days(text: &str, source: &Source) -> Result<BTreeSet<Day>, Problem> {
    let mut days = BTreeSet::new();
    let mut is_first = true;
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let is_header =
            std::mem::take(&mut is_first) && !line.contains(|c: char| c.is_ascii_digit());
        if is_header {
            continue;
        }
        let of_line = days_of_line(line).map_err(|message| {
            let problem = source.problem_at(number, 0, message);
            problem
                .hint("begin each line with a date, or with the first and the last date of a range")
        });
        days.extend(of_line?);
    }
    if days.is_empty() {
        let problem = source.whole("no date in this file");
        return Err(problem.hint("write one date such as 2026-03-19 per line, or an ICS calendar"));
    }
    Ok(days)
}

fn days_of_line(line: &str) -> Result<Vec<Day>, String> {
    let mut fields = line.split(SEPARATORS).map(|field| field.trim_matches('"'));
    let mut fields = fields.by_ref().filter(|field| !field.is_empty());
    let first = date(fields.next().unwrap_or_default())?;
    let second: Option<NaiveDate> = fields.next().and_then(|field| date(field).ok());
    days_between(first, second.unwrap_or(first))
}

//! Outside factors that may drive how often a process runs, as a CSV: `date,headcount,hosts,...`.
//!
//! A value holds from its date until the next one, so files with a row a day, a week or a month are all right; the last
//! one as long as the longest step between two dates, and a day where there is no other. Values
//! must be above 0, because their logarithms are taken. Nothing is guessed or filled in: what is wrong is said, all of
//! it at once.

use crate::model::Day;
use crate::rules::{DriverRow, Drivers, Problem, Problems};
use chrono::NaiveDate;
use csv::{ByteRecord, ReaderBuilder, Trim};
use std::path::Path;

/// More than this could not be told apart in any log.
const MOST_DRIVERS: usize = 16;
/// Beyond this a value is a mistake, and sums of many could overflow.
const MOST: f64 = 1e15;
/// A step this many times as long as the usual one is a gap.
const GAP: i32 = 3;
/// No step up to this is a gap: rows for working days only leave out weekends and holidays.
const NEVER_A_GAP_DAYS: i32 = 7;
/// A file in the wrong format would be wrong in every line.
const MOST_PROBLEMS: usize = 50;

impl Drivers {
    /// Parses and checks the text of a driver file. Every problem names its line and, within a row, its column.
    pub fn parse(text: &[u8], file: &Path) -> Result<Drivers, Problems> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut check = Check {
            file,
            text,
            problems: Vec::new(),
        };
        let drivers = check.file();
        let left_out = check.problems.len().saturating_sub(MOST_PROBLEMS);
        check.problems.truncate(MOST_PROBLEMS);
        if left_out > 0 {
            check.add(0, format!("{left_out} further problems are not shown"));
        }
        match drivers {
            Some(drivers) => Problems(check.problems).into_result(drivers),
            None => Err(Problems(check.problems)),
        }
    }
}

/// A checker that collects what is wrong.
struct Check<'a> {
    file: &'a Path,
    text: &'a [u8],
    problems: Vec<Problem>,
}

/// What the header says.
struct Header {
    width: usize,
    date: usize,
    /// Column and name of each driver.
    drivers: Vec<(usize, String)>,
}

impl Check<'_> {
    fn add(&mut self, line: u64, message: String) -> &mut Problem {
        let problem = Problem {
            file: self.file.to_path_buf(),
            line,
            column: 0,
            message,
            hint: None,
        };
        self.problems.push(problem);
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    fn file(&mut self) -> Option<Drivers> {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .from_reader(self.text);
        let mut records = Vec::new();
        for record in reader.byte_records() {
            match record {
                // A line of white space only is an empty line.
                Ok(record) if record.len() == 1 && record[0].is_empty() => {}
                Ok(record) => records.push((self.line_of(&record), record)),
                Err(error) => {
                    self.add(0, format!("not a CSV file: {error}"));
                    return None;
                }
            }
        }
        let mut records = records.into_iter();
        let Some((line, first)) = records.next() else {
            let hint = "the first line is `date` and the names of the drivers";
            self.add(0, "empty".to_owned()).hint = Some(hint.to_owned());
            return None;
        };
        let header = self.header(line, &first)?;
        let mut rows = Vec::new();
        let mut any = false;
        for (line, record) in records {
            any = true;
            if let Some(row) = self.row(line, &header, &record) {
                rows.push((line, row));
            }
        }
        if !any {
            self.add(line, "no row below the header".to_owned());
        }
        let longest = self.steps(&rows);
        Some(Drivers {
            names: header.drivers.into_iter().map(|(_, name)| name).collect(),
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            last_holds_days: longest.unwrap_or(1),
        })
    }

    /// The line a record begins in, counted from 1. Not that of the reader, which counts empty lines before it as its
    /// own.
    fn line_of(&self, record: &ByteRecord) -> u64 {
        let start = record.position().map_or(0, |at| at.byte() as usize);
        let blank = self.text[start..]
            .iter()
            .take_while(|b| b.is_ascii_whitespace());
        let begin = start + blank.count();
        let breaks = memchr::memchr_iter(b'\n', &self.text[..begin]).count();
        breaks as u64 + 1
    }

    /// The text of a field; says so if it is not UTF-8.
    fn text_of(&mut self, line: u64, name: &str, field: &[u8]) -> Option<String> {
        match std::str::from_utf8(field) {
            Ok(text) => Some(text.to_owned()),
            Err(_) => {
                self.add(line, format!("`{name}`: not UTF-8"));
                None
            }
        }
    }

    fn header(&mut self, line: u64, record: &ByteRecord) -> Option<Header> {
        let mut names: Vec<String> = Vec::with_capacity(record.len());
        for field in record {
            names.push(self.text_of(line, "header", field)?);
        }
        let is_date = |name: &String| name.eq_ignore_ascii_case("date");
        let Some(date) = names.iter().position(is_date) else {
            let other = names.iter().any(|name| name.contains([';', '\t']));
            let problem = self.add(line, "the header has no column `date`".to_owned());
            problem.hint = other.then(|| "columns are separated by commas".to_owned());
            return None;
        };
        for (nth, name) in names.iter().enumerate() {
            let same = |other: &String| other.eq_ignore_ascii_case(name);
            if name.is_empty() {
                self.add(
                    line,
                    format!("column {} of the header has no name", nth + 1),
                );
            } else if names[..nth].iter().any(same) {
                self.add(line, format!("`{name}`: stands twice in the header"));
            }
        }
        let columns = names.iter().cloned().enumerate();
        let drivers: Vec<(usize, String)> = columns.filter(|(nth, _)| *nth != date).collect();
        if drivers.is_empty() {
            self.add(line, "the header has no driver beside `date`".to_owned());
        }
        if drivers.len() > MOST_DRIVERS {
            let count = drivers.len();
            self.add(
                line,
                format!("{count} drivers, and {MOST_DRIVERS} are the most"),
            );
        }
        Some(Header {
            width: names.len(),
            date,
            drivers,
        })
    }

    /// A row; all its problems are noted where it has any.
    fn row(&mut self, line: u64, header: &Header, record: &ByteRecord) -> Option<DriverRow> {
        if record.len() != header.width {
            let (has, width) = (record.len(), header.width);
            self.add(line, format!("{has} fields, and the header has {width}"));
            return None;
        }
        let date = self.text_of(line, "date", &record[header.date]);
        let day = date.and_then(|date| self.day(line, &date));
        let mut values = Vec::with_capacity(header.drivers.len());
        for (column, name) in &header.drivers {
            let text = self.text_of(line, name, &record[*column]);
            values.extend(text.and_then(|text| self.value(line, name, &text)));
        }
        let whole = values.len() == header.drivers.len();
        day.filter(|_| whole).map(|day| DriverRow { day, values })
    }

    fn day(&mut self, line: u64, text: &str) -> Option<Day> {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        // chrono also reads 2024-3-1.
        match date.filter(|date| date.to_string() == text) {
            Some(date) => Some(Day::of_date(date)),
            None if text.is_empty() => {
                self.add(line, "`date`: empty".to_owned());
                None
            }
            None => {
                self.add(
                    line,
                    format!("`date`: `{text}` is not a date such as 2024-03-01"),
                );
                None
            }
        }
    }

    fn value(&mut self, line: u64, name: &str, text: &str) -> Option<f64> {
        let wrong = match text.parse::<f64>() {
            _ if text.is_empty() => "empty".to_owned(),
            Ok(value) if value > 0.0 && value <= MOST => return Some(value),
            Ok(value) if value <= 0.0 => {
                format!("`{text}` is not above 0, and its logarithm is needed")
            }
            Ok(value) if value.is_finite() => format!("`{text}` is above {MOST:e}"),
            _ => format!("`{text}` is not a number"),
        };
        let problem = self.add(line, format!("`{name}`: {wrong}"));
        if text.contains(',') {
            problem.hint = Some("write 1234.5, without separators".to_owned());
        }
        None
    }

    /// Checks the order of the dates; the longest step between two of them, in days.
    fn steps(&mut self, rows: &[(u64, DriverRow)]) -> Option<i32> {
        let mut steps = Vec::new();
        for pair in rows.windows(2) {
            let ((_, before), (line, row)) = (&pair[0], &pair[1]);
            match row.day - before.day {
                0 => {
                    let message = format!("`date`: {} stands twice", row.day);
                    self.add(*line, message);
                }
                step if step < 0 => {
                    let (early, late) = (row.day, before.day);
                    let message = format!("`date`: {early} comes after {late}; dates must ascend");
                    self.add(*line, message);
                }
                step => steps.push((step, *line, before.day, row.day)),
            }
        }
        let mut sorted: Vec<i32> = steps.iter().map(|(step, ..)| *step).collect();
        sorted.sort_unstable();
        let median = *sorted.get(sorted.len() / 2)?;
        let most = (GAP * median).max(NEVER_A_GAP_DAYS);
        for (_, line, from, to) in steps.iter().filter(|(step, ..)| *step > most) {
            let message = format!(
                "gap: {from} is followed by {to}; the longest step between two dates may be {most} days"
            );
            self.add(*line, message);
        }
        sorted.last().copied()
    }
}

#[cfg(test)]
mod tests;

//! The columns of a sample: how full, how different, which are times.

use super::names::name_fit;
use super::stages::names_a_stage;
use super::two_columns::called;
use crate::ingest::mapping::executor_of;
use crate::ingest::scalar::Scalar;
use crate::ingest::time::{TimeFormat, TimeParser};
use crate::ingest::time_words::{without_zone, zone_in_name};
use crate::ingest::time_written::is_no_time;
use crate::model::{Executor, Lifecycle, Transition};
use chrono_tz::Tz;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is known of a column from a sample.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// Its name or path. Of a date and a time in two columns: a template of both.
    pub name: String,
    /// The name by which its role is found: of a date and a time in two columns, that of both.
    pub called: String,
    /// Records that have a value in it.
    pub filled: usize,
    /// Different values.
    pub distinct: usize,
    /// Some of them, in order of appearance.
    pub samples: Vec<String>,
    /// Share of values that read as a time.
    pub times: f64,
    /// How its times are written, where they do not say it themselves.
    pub time_format: Option<String>,
    /// Whether day and month could be the other way round.
    pub day_or_month: bool,
    /// The zone that its name says.
    pub time_zone: Option<String>,
    /// Whether it has no value other than words for none.
    pub is_empty: bool,
    /// Values that stand for "no value", such as `?`.
    pub placeholders: Vec<String>,
    /// Share of values that are the name of an executor kind.
    pub(super) executors: f64,
    /// Share of values that are a word of a case's life.
    pub(super) lifecycles: f64,
    /// Whether its values tell of starts and completions of activities, and of little else.
    pub(super) tells_executions: bool,
}

impl Column {
    /// Mere numbers are a time only where the name says so.
    pub(super) fn is_written_out_or_known(&self) -> bool {
        name_fit("time", &self.called) > 0.0
            || self
                .samples
                .iter()
                .all(|text| text.contains([':', '/', '-', '.']))
    }
}

/// Formats tried on times that are not ISO 8601 or counts from 1970; day first, then month first.
const FORMATS: &[(&str, &str)] = &[
    ("%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"),
    ("%Y-%m-%d %H:%M:%S", ""),
    ("%Y-%m-%d %H:%M", ""),
    ("%d/%m/%Y, %I:%M:%S%.f %p", "%m/%d/%Y, %I:%M:%S%.f %p"),
    ("%d/%m/%Y, %I:%M:%S %p", "%m/%d/%Y, %I:%M:%S %p"),
    ("%d/%m/%Y, %I:%M %p", "%m/%d/%Y, %I:%M %p"),
    ("%d/%m/%Y, %H:%M:%S", "%m/%d/%Y, %H:%M:%S"),
    ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"),
    ("%d/%m/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M:%S %p"),
    ("%d/%m/%Y %I:%M %p", "%m/%d/%Y %I:%M %p"),
    ("%d/%m/%Y", "%m/%d/%Y"),
    ("%d/%m/%y %H:%M:%S", "%m/%d/%y %H:%M:%S"),
    ("%d/%m/%y %H:%M", "%m/%d/%y %H:%M"),
    ("%d/%m/%y, %H:%M:%S", "%m/%d/%y, %H:%M:%S"),
    ("%d/%m/%y, %H:%M", "%m/%d/%y, %H:%M"),
    ("%d/%m/%Y, %H:%M", "%m/%d/%Y, %H:%M"),
    ("%d/%m/%y %I:%M:%S %p", "%m/%d/%y %I:%M:%S %p"),
    ("%d/%m/%y %I:%M %p", "%m/%d/%y %I:%M %p"),
    ("%d/%m/%y, %I:%M %p", "%m/%d/%y, %I:%M %p"),
    ("%d/%m/%y", "%m/%d/%y"),
    ("%d/%m/%Y - %H:%M", "%m/%d/%Y - %H:%M"),
    ("%d-%m-%Y %H:%M:%S", "%m-%d-%Y %H:%M:%S"),
    ("%d-%m-%Y %H:%M", "%m-%d-%Y %H:%M"),
    ("%d-%m-%Y", "%m-%d-%Y"),
    ("%d.%m.%Y %H:%M:%S", ""),
    ("%d.%m.%Y %H:%M", ""),
    ("%d.%m.%Y", ""),
    ("%d.%m.%Y, %H:%M:%S", ""),
    ("%d.%m.%Y, %H:%M", ""),
    ("%d.%m.%y %H:%M:%S", ""),
    ("%d.%m.%y %H:%M", ""),
    ("%d.%m.%y, %H:%M:%S", ""),
    ("%d.%m.%y, %H:%M", ""),
    ("%d.%m.%y", ""),
    ("%d-%m-%y %H:%M:%S", "%m-%d-%y %H:%M:%S"),
    ("%d-%m-%y %H:%M", "%m-%d-%y %H:%M"),
    ("%d %b %Y %H:%M:%S", "%b %d %Y %H:%M:%S"),
    ("%d %b %Y %H:%M", "%b %d, %Y %H:%M"),
    ("%d-%b-%Y %H:%M:%S", "%b %d, %Y %I:%M:%S %p"),
    ("%d/%b/%Y:%H:%M:%S %z", ""),
    ("%d/%b/%y %I:%M %p", ""),
    ("%d/%b/%y %H:%M", ""),
    ("%b %d, %Y %I:%M %p", ""),
    ("%Y/%m/%d %H:%M:%S", ""),
    ("%Y/%m/%d %H:%M", ""),
];

/// The longest text that is tried as a time, in bytes: with the name of a zone behind it.
const LONGEST_TIME: usize = 100;

/// So many values are tried before all of them are.
const FEW: usize = 8;

/// What exports write for "no value", in lower case.
const PLACEHOLDERS: &[&str] = &["?", "null", "n/a", "nan", "-", "-100", "(null)", "<null>"];

/// Samples kept of a column.
const SAMPLES: usize = 3;
/// Columns looked at; a record with more paths than that is no table of events.
const MOST_COLUMNS: usize = 400;

/// The values of each column, in order of appearance of the columns.
pub(super) fn values_by_column(records: &[Value]) -> Vec<(String, Vec<String>)> {
    let mut columns: Vec<(String, Vec<String>)> = Vec::new();
    let mut index: BTreeMap<String, usize> = BTreeMap::new();
    for record in records {
        walk(record, &mut String::new(), &mut |path, text| {
            let at = match index.get(path) {
                Some(at) => *at,
                None if columns.len() >= MOST_COLUMNS => return,
                None => {
                    index.insert(path.to_owned(), columns.len());
                    columns.push((path.to_owned(), Vec::new()));
                    columns.len() - 1
                }
            };
            columns[at].1.extend(text);
        });
    }
    columns
}

/// Every value that is neither array nor object, with its path; `None` for one that is missing.
fn walk(value: &Value, path: &mut String, each: &mut impl FnMut(&str, Option<String>)) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let before = path.len();
                if before > 0 {
                    path.push('.');
                }
                path.push_str(key);
                walk(value, path, each);
                path.truncate(before);
            }
        }
        Value::Array(_) => {}
        scalar => each(
            path,
            Scalar::of_json(scalar)
                .into_text()
                .map(|text| text.into_owned()),
        ),
    }
}

pub(super) fn column(name: &str, values: &[String]) -> Column {
    let mut distinct: Vec<&str> = values.iter().map(String::as_str).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let mut samples: Vec<String> = Vec::new();
    for value in values {
        if samples.len() < SAMPLES && !samples.contains(value) {
            samples.push(value.clone());
        }
    }
    let share = |holds: &dyn Fn(&str) -> bool| {
        let count = values.iter().filter(|value| holds(value)).count();
        count as f64 / values.len().max(1) as f64
    };
    let is_told = |value: &&String| {
        !PLACEHOLDERS.contains(&value.to_lowercase().as_str()) && !is_no_time(value)
    };
    let told: Vec<String> = values.iter().filter(is_told).cloned().collect();
    let called = called(name);
    let (times, time_format, day_or_month) = match is_serial(&called, &told) {
        true => (1.0, Some("spreadsheet".to_owned()), false),
        false => times(&told),
    };
    Column {
        name: name.to_owned(),
        time_zone: zone_in_name(&called),
        called,
        is_empty: told.is_empty(),
        filled: values.len(),
        distinct: distinct.len(),
        placeholders: distinct
            .iter()
            .filter(|value| PLACEHOLDERS.contains(&value.to_lowercase().as_str()))
            .map(|value| (*value).to_owned())
            .collect(),
        executors: share(&|value| executor_of(value) != Executor::Unknown || value == "unknown"),
        lifecycles: share(&|value| value.parse::<Lifecycle>().is_ok()),
        tells_executions: tells_executions(&distinct, values),
        samples,
        times,
        time_format,
        day_or_month,
    }
}

/// Whether nearly all values are transitions of activities, and some are starts and some are completions.
fn tells_executions(distinct: &[&str], values: &[String]) -> bool {
    let has = |transition| {
        let mut of_words = distinct.iter().map(|word| Transition::of_word(word));
        of_words.any(|known| known == Some(transition))
    };
    let known = |value: &&String| Transition::of_word(value).is_some();
    has(Transition::Start)
        && has(Transition::Complete)
        && values.iter().filter(known).count() as f64 >= 0.9 * values.len() as f64
}

/// Whether a text ends in an offset: `+01:00`, `-0500`.
fn has_offset(text: &str) -> bool {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == ':');
    text.len() - digits.len() >= 4 && digits.ends_with(['+', '-']) && digits.contains(':')
}

/// Whether a column that is called a time has numbers as spreadsheet programs keep times: days since 1899-12-30.
fn is_serial(name: &str, values: &[String]) -> bool {
    // 2000 to 2100.
    let is_day = |value: &String| {
        let days = value.parse::<f64>();
        days.is_ok_and(|days| (36_526.0..73_051.0).contains(&days))
    };
    let is_named = name_fit("time", name) > 0.0 || names_a_stage(name);
    is_named && !values.is_empty() && values.iter().all(is_day)
}

/// Share of values that are times, the format needed for that, and whether day and month could change places.
fn times(values: &[String]) -> (f64, Option<String>, bool) {
    let all = values.len().max(1) as f64;
    let is_time = |parser: &TimeParser, text: &str| {
        let read = match text.len() <= LONGEST_TIME {
            true => parser.text(text),
            false => None,
        };
        // 1990 to 2100: small numbers are counts, not seconds since 1970.
        read.is_some_and(|read| (631_152_000_000_000..4_102_444_800_000_000).contains(&read.time.0))
    };
    // Most formats do not fit at all, and a few values show that.
    let every = (values.len() / FEW).max(1);
    let fits_some = |parser: &TimeParser| {
        let mut few = values.iter().step_by(every);
        few.any(|text| is_time(parser, text))
    };
    let share = |parser: &TimeParser| match fits_some(parser) {
        true => values.iter().filter(|text| is_time(parser, text)).count() as f64 / all,
        false => 0.0,
    };
    let by_itself = share(&TimeParser::new(Vec::new(), Tz::UTC));
    if by_itself >= 0.9 {
        return (by_itself, None, false);
    }
    let digits = |text: &String| text.bytes().filter(u8::is_ascii_digit).count() >= 3;
    if values.iter().filter(|text| digits(text)).count() * 2 < values.len() {
        return (by_itself, None, false);
    }
    let most = |holds: &dyn Fn(&String) -> bool| {
        values.iter().filter(|text| holds(text)).count() * 2 > values.len()
    };
    let zone = match () {
        () if most(&|text| without_zone(text).is_some()) => " %Z",
        () if most(&|text| has_offset(text)) => " %z",
        () => "",
    };
    let with = |format: &str| match TimeFormat::new(format) {
        Ok(format) => share(&TimeParser::new(vec![format], Tz::UTC)),
        Err(_) => 0.0,
    };
    let mut best = (by_itself, None, false);
    let mut consider = |day_first: &str, month_first: &str| {
        let (day, month) = (with(day_first), with(month_first));
        if day.max(month) > best.0 {
            let format = if month > day { month_first } else { day_first };
            let unclear = !month_first.is_empty() && (day - month).abs() < 1e-9;
            best = (day.max(month), Some(format.to_owned()), unclear);
        }
    };
    for (day_first, month_first) in FORMATS {
        consider(day_first, month_first);
        let zoned = |format: &str| match format {
            "" => String::new(),
            format => format!("{format}{zone}"),
        };
        if !zone.is_empty() {
            consider(&zoned(day_first), &zoned(month_first));
        }
    }
    best
}

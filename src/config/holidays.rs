//! `drift.holidays` in toleranced.yaml: countries, dates and calendar files.

mod countries;
mod ics;
mod list;

use super::loader::Loader;
use crate::model::Day;
use crate::rules::{At, Calendar, Problem, Source};
use chrono::{NaiveDate, TimeDelta};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use countries::{UnknownCountry, days_of_country};

/// A longer range is a mistake: most of its days would be days like all others.
const LONGEST_RANGE_DAYS: i64 = 366;

/// The configured holidays.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawHolidays {
    countries: Vec<At<String>>,
    dates: Vec<At<RawDates>>,
    files: Vec<At<PathBuf>>,
    year_end: Option<bool>,
}

/// One day, or all days of a range.
enum RawDates {
    Day(String),
    Range(RawRange),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRange {
    from: String,
    to: String,
}

// An untagged enum would lose what is wrong and where.
impl<'de> Deserialize<'de> for RawDates {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<RawDates, D::Error> {
        struct DayOrRange;
        impl<'de> Visitor<'de> for DayOrRange {
            type Value = RawDates;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a date such as 2026-03-19, or {from: 2026-08-03, to: 2026-08-14}")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<RawDates, E> {
                Ok(RawDates::Day(text.to_owned()))
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<RawDates, E> {
                Ok(RawDates::Day(number.to_string()))
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<RawDates, E> {
                Ok(RawDates::Day(number.to_string()))
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<RawDates, M::Error> {
                RawRange::deserialize(MapAccessDeserializer::new(map)).map(RawDates::Range)
            }
        }
        from.deserialize_any(DayOrRange)
    }
}

impl RawDates {
    fn days(&self) -> Result<Vec<Day>, String> {
        match self {
            RawDates::Day(text) => Ok(vec![Day::of_date(date(text)?)]),
            RawDates::Range(RawRange { from, to }) => days_between(date(from)?, date(to)?),
        }
    }
}

impl Loader {
    /// The calendar of the configured holidays. Files are read, and watched for changes.
    pub(super) fn calendar(&mut self, raw: &RawHolidays) -> Calendar {
        let mut days = BTreeSet::new();
        for at in &raw.countries {
            match days_of_country(&at.value) {
                Ok(of_country) => days.extend(of_country),
                Err(UnknownCountry { message, hint }) => {
                    let message = format!("`drift.holidays.countries`: {message}");
                    self.add(self.source.problem(at, message).hint(hint));
                }
            }
        }
        for at in &raw.dates {
            match at.value.days() {
                Ok(of_dates) => days.extend(of_dates),
                Err(message) => {
                    let message = format!("`drift.holidays.dates`: {message}");
                    self.add(self.source.problem(at, message));
                }
            }
        }
        for at in &raw.files {
            let Some((file, text)) = self.read(at, "drift.holidays.files") else {
                continue;
            };
            match days_of_file(&file, &text) {
                Ok(of_file) => days.extend(of_file),
                Err(problem) => self.add(problem),
            }
        }
        Calendar {
            days: Arc::new(days),
            year_end: raw.year_end.unwrap_or(Calendar::default().year_end),
        }
    }
}

/// The days of a calendar file: ICS, or a list with one date per line.
pub(crate) fn days_of_file(file: &Path, text: &str) -> Result<BTreeSet<Day>, Problem> {
    let source = Source::new(file);
    let text = text.trim_start_matches('\u{feff}');
    let has_ics_name = file
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("ics"));
    if has_ics_name || ics::is_ics(text) {
        ics::days(text, &source)
    } else {
        list::days(text, &source)
    }
}

/// A date as ISO 8601 writes it.
fn date(text: &str) -> Result<NaiveDate, String> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    date.filter(|_| text.len() == "2026-03-19".len())
        .ok_or_else(|| format!("`{text}` is not a date such as 2026-03-19"))
}

/// The days from the first to the last one, both included.
fn days_between(first: NaiveDate, last: NaiveDate) -> Result<Vec<Day>, String> {
    let more = (last - first).num_days();
    if more < 0 {
        return Err(format!(
            "{first} is after {last}: write the first day first"
        ));
    }
    if more >= LONGEST_RANGE_DAYS {
        return Err(format!(
            "from {first} to {last} are more than {LONGEST_RANGE_DAYS} days: name the holidays in it"
        ));
    }
    let date = |more: i64| first.checked_add_signed(TimeDelta::try_days(more)?);
    let dates = (0..=more).filter_map(date);
    Ok(dates.map(Day::of_date).collect())
}

#[cfg(test)]
mod tests;

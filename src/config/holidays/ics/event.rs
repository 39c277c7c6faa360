//! One event of a calendar file.

use super::super::days_between;
use super::yearly::Yearly;
use super::{Property, Wrong};
use crate::model::Day;
use chrono::{NaiveDate, TimeDelta};

/// A VEVENT as it is written.
pub(super) struct Event {
    line: u64,
    start: Option<Property>,
    end: Option<Property>,
    duration: Option<Property>,
    rule: Option<Property>,
    /// Further dates on which it starts.
    more: Vec<Property>,
    /// Dates on which it does not start.
    except: Vec<Property>,
    is_cancelled: bool,
}

/// A date, or a date with a time of the day.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Date(NaiveDate),
    Midnight(NaiveDate),
    Later,
}

impl Event {
    pub(super) fn new(line: u64) -> Event {
        Event {
            line,
            start: None,
            end: None,
            duration: None,
            rule: None,
            more: Vec::new(),
            except: Vec::new(),
            is_cancelled: false,
        }
    }

    /// Keeps a property, if it says on which days the event is.
    pub(super) fn take(&mut self, property: Property) -> Result<(), Wrong> {
        let once = match property.name.as_str() {
            "DTSTART" => &mut self.start,
            "DTEND" => &mut self.end,
            "DURATION" => &mut self.duration,
            "RRULE" => &mut self.rule,
            "RDATE" => {
                self.more.push(property);
                return Ok(());
            }
            "EXDATE" => {
                self.except.push(property);
                return Ok(());
            }
            "STATUS" => {
                self.is_cancelled = property.value.eq_ignore_ascii_case("CANCELLED");
                return Ok(());
            }
            _ => return Ok(()),
        };
        if once.is_some() {
            let message = format!("a second {} in one VEVENT: remove one", property.name);
            return Err((property.line, message));
        }
        *once = Some(property);
        Ok(())
    }

    /// Its days, all that it is repeated on; none if it does not last whole days.
    pub(super) fn days(&self) -> Result<Vec<Day>, Wrong> {
        let Some(start) = &self.start else {
            return Err((self.line, "this VEVENT has no DTSTART".to_owned()));
        };
        let Some((first, more)) = self.span(start)?.filter(|_| !self.is_cancelled) else {
            return Ok(Vec::new());
        };
        let mut starts = match &self.rule {
            Some(rule) => Yearly::parse(&rule.value)
                .map_err(|message| (rule.line, message))?
                .dates(first),
            None => vec![first],
        };
        starts.extend(dates(&self.more)?);
        let except = dates(&self.except)?;
        starts.retain(|start| !except.contains(start));
        let mut days = Vec::new();
        for first in starts {
            let Some(last) =
                TimeDelta::try_days(more).and_then(|more| first.checked_add_signed(more))
            else {
                continue;
            };
            days.extend(days_between(first, last).map_err(|message| (start.line, message))?);
        }
        Ok(days)
    }

    /// Its first day and how many days more it lasts; `None` if it does not last whole days.
    fn span(&self, start: &Property) -> Result<Option<(NaiveDate, i64)>, Wrong> {
        let end = self
            .end
            .as_ref()
            .map(|end| Ok((when(end, &end.value)?, end.line)));
        let end = end.transpose()?;
        let (first, end) = match (when(start, &start.value)?, end) {
            (When::Date(first), Some((When::Date(end) | When::Midnight(end), line))) => {
                (first, Some((end, line)))
            }
            (When::Date(first), _) => (first, None),
            // Some programs write whole days from midnight to midnight.
            (When::Midnight(first), Some((When::Midnight(end), line))) if end > first => {
                (first, Some((end, line)))
            }
            _ => return Ok(None),
        };
        let days = match (end, &self.duration) {
            (Some((end, line)), _) if end < first => {
                return Err((line, "DTEND is before DTSTART".to_owned()));
            }
            (Some((end, _)), _) => (end - first).num_days(),
            (None, Some(duration)) => whole_days(&duration.value).ok_or_else(|| {
                let message = format!(
                    "DURATION: `{}` is not a number of days such as P1D: use DTEND",
                    duration.value
                );
                (duration.line, message)
            })?,
            (None, None) => 1,
        };
        // DTEND is the day after the last one. Some programs write the last one.
        Ok(Some((first, (days - 1).max(0))))
    }
}

/// All dates of lists of dates.
fn dates(lists: &[Property]) -> Result<Vec<NaiveDate>, Wrong> {
    let mut dates = Vec::new();
    for list in lists {
        for text in list.value.split(',') {
            match when(list, text)? {
                When::Date(date) | When::Midnight(date) => dates.push(date),
                When::Later => {}
            }
        }
    }
    Ok(dates)
}

/// `20260319`, or `20260319T080000` with or without a `Z`.
fn when(property: &Property, text: &str) -> Result<When, Wrong> {
    let wrong = || {
        let name = &property.name;
        (
            property.line,
            format!("{name}: `{text}` is not a date such as 20260319"),
        )
    };
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let is_whole = date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit());
    let date = NaiveDate::parse_from_str(date, "%Y%m%d").ok();
    let date = date.filter(|_| is_whole).ok_or_else(wrong)?;
    match time.map(|time| time.trim_end_matches(['Z', 'z'])) {
        None => Ok(When::Date(date)),
        Some("000000") => Ok(When::Midnight(date)),
        Some(time) if time.len() == 6 && time.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(When::Later)
        }
        Some(_) => Err(wrong()),
    }
}

/// `P3D` or `P1W`.
fn whole_days(text: &str) -> Option<i64> {
    let text = text.trim_start_matches('+').strip_prefix('P')?;
    let count = |text: &str| text.parse::<u16>().ok().map(i64::from);
    match text.strip_suffix('W') {
        Some(weeks) => Some(7 * count(weeks)?),
        None => count(text.strip_suffix('D')?),
    }
}

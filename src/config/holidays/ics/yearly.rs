//! Events that are repeated every year.

use chrono::{Datelike, NaiveDate, Weekday};

/// Repetitions without an end are counted until this year.
const LAST_YEAR: i32 = 2100;

/// `RRULE:FREQ=YEARLY`, on a date or on a weekday of a month.
#[derive(Default)]
pub(super) struct Yearly {
    /// Every so many years; 0 if that is not written, which is 1.
    interval: usize,
    count: Option<usize>,
    until: Option<NaiveDate>,
    month: Option<u32>,
    day: Option<u32>,
    /// The nth such weekday of the month; from its end if n is below 0.
    weekday: Option<(i8, Weekday)>,
}

impl Yearly {
    pub(super) fn parse(text: &str) -> Result<Yearly, String> {
        let mut rule = Yearly::default();
        let mut is_yearly = false;
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let is_read = match key.to_uppercase().as_str() {
                "FREQ" => {
                    is_yearly = value.eq_ignore_ascii_case("YEARLY");
                    is_yearly
                }
                "INTERVAL" => number(value, &mut rule.interval),
                "COUNT" => kept(value.parse().ok(), &mut rule.count),
                "UNTIL" => kept(until(value), &mut rule.until),
                "BYMONTH" => kept(value.parse().ok(), &mut rule.month),
                "BYMONTHDAY" => kept(value.parse().ok(), &mut rule.day),
                "BYDAY" => kept(nth_weekday(value), &mut rule.weekday),
                // Only weeks depend on where they begin.
                "WKST" => true,
                _ => false,
            };
            if !is_read {
                return Err(unread(part));
            }
        }
        if !is_yearly {
            return Err(unread(text));
        }
        // Without a month the weekday would be counted within the year.
        if rule.weekday.is_some() && (rule.month.is_none() || rule.day.is_some()) {
            return Err(unread(text));
        }
        Ok(rule)
    }

    /// The days on which the event starts. The first of them is one in any case.
    pub(super) fn dates(&self, first: NaiveDate) -> Vec<NaiveDate> {
        let mut dates = vec![first];
        let years = (first.year()..=LAST_YEAR).step_by(self.interval.max(1));
        let further = years.filter_map(|year| self.in_year(year, first));
        dates.extend(further.filter(|date| *date > first));
        dates.truncate(self.count.unwrap_or(usize::MAX));
        dates.retain(|date| self.until.is_none_or(|until| *date <= until));
        dates
    }

    fn in_year(&self, year: i32, first: NaiveDate) -> Option<NaiveDate> {
        let month = self.month.unwrap_or(first.month());
        let Some((nth, weekday)) = self.weekday else {
            return NaiveDate::from_ymd_opt(year, month, self.day.unwrap_or(first.day()));
        };
        if let Ok(nth) = u8::try_from(nth) {
            return NaiveDate::from_weekday_of_month_opt(year, month, weekday, nth);
        }
        let before = usize::from(nth.unsigned_abs()).saturating_sub(1);
        let mut of_month = (1..=5u8)
            .rev()
            .filter_map(|nth| NaiveDate::from_weekday_of_month_opt(year, month, weekday, nth));
        of_month.nth(before)
    }
}

fn unread(part: &str) -> String {
    format!(
        "RRULE: `{part}` is not read, only FREQ=YEARLY on one date or one weekday of a month: \
         write the days to `drift.holidays.dates`"
    )
}

fn kept<T>(read: Option<T>, to: &mut Option<T>) -> bool {
    *to = read;
    to.is_some()
}

fn number(text: &str, to: &mut usize) -> bool {
    *to = text.parse().unwrap_or(0);
    *to > 0
}

/// The date of `20301231` or `20301231T235959Z`.
fn until(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text.get(..8)?, "%Y%m%d").ok()
}

/// `4TH` is the fourth Thursday, `-1MO` the last Monday.
fn nth_weekday(text: &str) -> Option<(i8, Weekday)> {
    let at = text.len().checked_sub(2)?;
    let (nth, weekday) = (text.get(..at)?, text.get(at..)?);
    let nth: i8 = nth.parse().ok()?;
    let names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let place = names
        .iter()
        .position(|name| name.eq_ignore_ascii_case(weekday))?;
    let weekday = Weekday::try_from(u8::try_from(place).ok()?).ok()?;
    ((1..=5).contains(&nth.abs())).then_some((nth, weekday))
}

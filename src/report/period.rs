//! The time that a report is about: whole days in UTC.

use crate::model::{Day, Hour, words};
use chrono::{Datelike, Months, NaiveDate, Weekday};

/// Days from one to another, the last one not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    /// Its kind.
    pub kind: PeriodKind,
    /// Its first day.
    pub from: Day,
    /// The day after its last.
    pub to: Day,
}

words! {
    /// Calendar periods, and any other days.
    pub(crate) PeriodKind {
        /// Monday to Sunday (ISO 8601).
        Week = "week",
        /// A calendar month.
        Month = "month",
        /// Three of them, from January, April, July or October on.
        Quarter = "quarter",
        /// Given by their dates.
        Days = "days",
    }
}

impl Period {
    /// The latest period of a kind that has ended when a day begins.
    pub(crate) fn last_before(kind: PeriodKind, today: Day) -> Option<Period> {
        let date = today.date()?;
        let to = match kind {
            PeriodKind::Week => date.week(Weekday::Mon).first_day(),
            PeriodKind::Month => date.with_day(1)?,
            PeriodKind::Quarter => date.with_day(1)?.with_month0(date.month0() / 3 * 3)?,
            PeriodKind::Days => return None,
        };
        Period {
            kind,
            from: Day(0),
            to: Day::of_date(to),
        }
        .with_start()
    }

    /// From `FROM..TO`, two dates of which the second is the day after the last.
    pub(crate) fn parse(text: &str, today: Day) -> Result<Period, String> {
        let kind = match text {
            "week" => PeriodKind::Week,
            "month" => PeriodKind::Month,
            "quarter" => PeriodKind::Quarter,
            _ => PeriodKind::Days,
        };
        if kind != PeriodKind::Days {
            return Period::last_before(kind, today).ok_or_else(|| "no such period".to_owned());
        }
        let (from, to) = text
            .split_once("..")
            .ok_or("is week, month, quarter, or FROM..TO such as 2026-01-01..2026-04-01")?;
        let parse = |text: &str| {
            let date = text.parse::<NaiveDate>();
            date.map(Day::of_date)
                .map_err(|_| format!("`{text}` is not a date such as 2026-01-01"))
        };
        let (from, to) = (parse(from)?, parse(to)?);
        if from >= to {
            return Err("FROM must lie before TO".to_owned());
        }
        if to > today {
            return Err("TO must not lie in the future: that period has not ended".to_owned());
        }
        Ok(Period { kind, from, to })
    }

    /// By [`Period::id`].
    pub(crate) fn of_id(id: &str) -> Option<Period> {
        let day = |text: &str| text.parse::<NaiveDate>().ok().map(Day::of_date);
        let after = |kind, first: NaiveDate, months| {
            let to = first.checked_add_months(Months::new(months))?;
            Some(Period {
                kind,
                from: Day::of_date(first),
                to: Day::of_date(to),
            })
        };
        let period = match (id.len(), id.get(..10), id.get(11..)) {
            (21, Some(first), Some(last)) => Period {
                kind: PeriodKind::Days,
                from: day(first)?,
                to: day(last)? + 1,
            },
            _ => match id.split_once("-W").or_else(|| id.split_once("-Q")) {
                Some((year, week)) if id.contains('W') => {
                    let (year, week) = (year.parse().ok()?, week.parse().ok()?);
                    let first = NaiveDate::from_isoywd_opt(year, week, Weekday::Mon)?;
                    Period {
                        kind: PeriodKind::Week,
                        from: Day::of_date(first),
                        to: Day::of_date(first) + 7,
                    }
                }
                Some((year, quarter)) => {
                    let quarter: u32 = quarter.parse().ok()?;
                    let month = quarter.checked_sub(1)?.checked_mul(3)? + 1;
                    let first = NaiveDate::from_ymd_opt(year.parse().ok()?, month, 1)?;
                    after(PeriodKind::Quarter, first, 3)?
                }
                None => after(PeriodKind::Month, format!("{id}-01").parse().ok()?, 1)?,
            },
        };
        // Whatever is written otherwise than it would be is no name of a report.
        (period.from < period.to && period.id() == id).then_some(period)
    }

    /// The one before, of the same kind.
    pub(crate) fn before(self) -> Option<Period> {
        let earlier = Period {
            kind: self.kind,
            from: Day(0),
            to: self.from,
        };
        match self.kind {
            PeriodKind::Days => Some(Period {
                from: self.from - (self.to - self.from),
                ..earlier
            }),
            _ => earlier.with_start(),
        }
    }

    /// With the first day that follows from its end.
    fn with_start(self) -> Option<Period> {
        let end = self.to.date()?;
        let months = |count| end.checked_sub_months(Months::new(count));
        let from = match self.kind {
            PeriodKind::Week => end.checked_sub_days(chrono::Days::new(7)),
            PeriodKind::Month => months(1),
            PeriodKind::Quarter => months(3),
            PeriodKind::Days => None,
        }?;
        Some(Period {
            from: Day::of_date(from),
            ..self
        })
    }

    /// Its first hour, and the one after its last.
    pub(crate) fn hours(self) -> (Hour, Hour) {
        (self.from.first_hour(), self.to.first_hour())
    }

    /// As part of a file name: `2026-W14`, `2026-03`, `2026-Q1`, or its first and last day. Later ones of a kind sort
    /// behind earlier ones.
    pub(crate) fn id(self) -> String {
        let Some(first) = self.from.date() else {
            return String::new();
        };
        match self.kind {
            PeriodKind::Week => self.name(),
            PeriodKind::Month => first.format("%Y-%m").to_string(),
            PeriodKind::Quarter => format!("{}-Q{}", first.year(), first.month0() / 3 + 1),
            PeriodKind::Days => format!("{}-{}", self.from, self.to - 1),
        }
    }

    /// What it is called: `2026-W14`, `March 2026`, `Q1 2026`, or its first and last day.
    pub(crate) fn name(self) -> String {
        let Some(first) = self.from.date() else {
            return String::new();
        };
        match self.kind {
            PeriodKind::Week => first.format("%G-W%V").to_string(),
            PeriodKind::Month => first.format("%B %Y").to_string(),
            PeriodKind::Quarter => format!("Q{} {}", first.month0() / 3 + 1, first.year()),
            PeriodKind::Days => format!("{} to {}", self.from, self.to - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::of_date(text.parse().unwrap())
    }

    fn shown(period: Period) -> String {
        format!("{} {}..{}", period.name(), period.from, period.to)
    }

    #[test]
    fn calendar_periods_that_have_ended() {
        let today = day("2026-04-01");
        let last = |kind| shown(Period::last_before(kind, today).unwrap());
        assert_eq!(last(PeriodKind::Week), "2026-W13 2026-03-23..2026-03-30");
        assert_eq!(last(PeriodKind::Month), "March 2026 2026-03-01..2026-04-01");
        assert_eq!(last(PeriodKind::Quarter), "Q1 2026 2026-01-01..2026-04-01");
        let week = Period::last_before(PeriodKind::Week, day("2026-01-01")).unwrap();
        assert_eq!(shown(week), "2025-W52 2025-12-22..2025-12-29");
        assert_eq!(
            shown(week.before().unwrap()),
            "2025-W51 2025-12-15..2025-12-22"
        );
        let quarter = Period::last_before(PeriodKind::Quarter, day("2026-03-31")).unwrap();
        assert_eq!(shown(quarter), "Q4 2025 2025-10-01..2026-01-01");
        assert_eq!(quarter.before().unwrap().name(), "Q3 2025");
    }

    #[test]
    fn periods_are_found_again_by_the_names_of_their_files() {
        let today = day("2026-11-25");
        let days = Period::parse("2026-01-10..2026-01-20", today).unwrap();
        let calendar = [PeriodKind::Week, PeriodKind::Month, PeriodKind::Quarter];
        let calendar = calendar.map(|kind| Period::last_before(kind, today).unwrap());
        let new_year = Period::last_before(PeriodKind::Week, day("2026-01-01")).unwrap();
        for period in [days, new_year].into_iter().chain(calendar) {
            assert_eq!(Period::of_id(&period.id()), Some(period), "{}", period.id());
        }
        for no in [
            "",
            "x",
            "2026",
            "2026-13",
            "2026-W54",
            "2026-Q5",
            "2026-Q0",
            "2026-1",
            "2026-01-10-2026-01-09",
            "2026-01-10 2026-01-19",
            "ééééééééééé",
        ] {
            assert_eq!(Period::of_id(no), None, "{no}");
        }
    }

    #[test]
    fn days_by_their_dates() {
        let today = day("2026-04-01");
        let period = Period::parse("2026-01-10..2026-01-20", today).unwrap();
        assert_eq!(period.name(), "2026-01-10 to 2026-01-19");
        assert_eq!(period.before().unwrap().from.to_string(), "2025-12-31");
        for wrong in [
            "year",
            "2026-01-10",
            "2026-01-10..2026-01-10",
            "x..y",
            "2026-01-01..2026-04-02",
        ] {
            assert!(Period::parse(wrong, today).is_err(), "{wrong}");
        }
    }
}

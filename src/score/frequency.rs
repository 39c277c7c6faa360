//! How often a process runs: rate, trend, pattern over the week, forecast, and what drives it.
//!
//! Pure and deterministic: integer counts by hour go in, in any order. Weeks and hours are those of UTC. All figures
//! but the rate and the hours of the week rest on *whole* days and weeks: a week is seven days counted back from the
//! beginning of the last day of the span, so a part of a day at either end never looks like a quiet one. What the
//! counts can't say is withheld, with the reason; no figure is ever NaN or infinite.

mod calendar;
mod elasticity;
mod model;
mod weekdays;

#[cfg(test)]
mod coverage;
#[cfg(test)]
mod tests;

use super::bounds::Bounds;
use crate::measure::covered_weeks;
use crate::model::{Hour, Time};
use crate::rules::Drivers;
use crate::stats::{Interval, rate_interval};
use calendar::Calendar;
use serde::{Deserialize, Serialize};

/// Effective counts above this change an interval in its fifth digit only, and cost much time.
const MOST_EFFECTIVE: f64 = 1e9;

/// Weeks that the present rate is that of: a quarter.
const RECENT_WEEKS: usize = 13;

/// Weeks that are listed one by one: a year.
const WEEKS_SHOWN: usize = 53;

/// How often a process runs. Field names are those of the JSON output; `None` is `null`: unknown, with the reason
/// beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frequency {
    /// Cases that started within the span.
    pub cases: i64,
    /// Length of the span in weeks, at least a day.
    pub covered_weeks: f64,
    /// Whole weeks in the span, at most the last 520; what the trend and all that follows from it rest on.
    pub whole_weeks: u32,
    /// Cases started per week, with the Gamma-Poisson interval for cases that start independently of each other.
    pub cases_per_week: Bounds,
    /// The same rate with its interval widened for over-dispersion: as if only cases / dispersion had been counted, in
    /// a span shorter by the same factor. The same as the other one where the dispersion is at most 1 or unknown.
    pub cases_per_week_widened: Bounds,
    /// Variance of the weekly counts around their trend over that of Poisson counts: Pearson's chi-square over its
    /// degrees of freedom.
    pub dispersion: Option<f64>,
    /// Whether that is more than chance (chi-square test of Poisson counts).
    pub overdispersed: Option<bool>,
    /// Why the dispersion is unknown.
    pub dispersion_withheld: Option<Withheld>,
    /// How the rate changes.
    pub trend: Option<Trend>,
    /// Why the trend is unknown.
    pub trend_withheld: Option<Withheld>,
    /// How the rate differs between weekdays.
    pub weekdays: Option<Weekdays>,
    /// Why the weekdays are unknown.
    pub weekdays_withheld: Option<Withheld>,
    /// Cases started in each of the 168 hours of the week in UTC, Monday 00:00 first. Empty if there were none.
    pub hour_of_week_cases: Vec<i64>,
    /// Cases started in each of the last whole weeks, at most 53 of them, oldest first.
    #[serde(default)]
    pub weekly_cases: Vec<i64>,
    /// The next four weeks, from the beginning of the last day of the span on.
    pub forecast: Vec<ForecastWeek>,
    /// Why there is no forecast.
    pub forecast_withheld: Option<Withheld>,
    /// What drives the rate: one entry per driver of the driver file, in its order.
    pub elasticities: Vec<Elasticity>,
}

/// How the rate of a process changes with time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    /// Rate of a week over that of the week before.
    pub ratio_per_week: Bounds,
    /// Rate of a year over that of the year before. Held within 1e-9 and 1e9: a few weeks say little about a year.
    pub ratio_per_year: Bounds,
    /// Chance of a trend at least as strong where there is none.
    pub p_value: f64,
    /// Whether it is more than chance; only then the forecast goes on with it.
    pub significant: bool,
}

/// How the rate differs between weekdays in UTC. Monday first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weekdays {
    /// Rate of each weekday over the mean of the seven rates; their mean is 1.
    pub relative_rates: [f64; 7],
    /// Cases started on each weekday, on whole days.
    pub cases: [i64; 7],
    /// How often each weekday was covered as a whole.
    pub days: [u32; 7],
    /// Chance of differences at least as great where weekdays do not differ.
    pub p_value: Option<f64>,
    /// Why the chance is unknown.
    pub p_value_withheld: Option<Withheld>,
}

/// What to expect in one coming week.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForecastWeek {
    /// Its first instant, in seconds since 1970.
    pub from_timestamp_seconds: i64,
    /// Expected number of cases, with a predictive interval. Its ends are whole counts, so where less than one case is
    /// expected both may be 0.
    pub cases: Bounds,
}

/// How the rate changes with a driver: 1 % more of it goes with `elasticity` % more cases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Elasticity {
    /// As the header of the driver file names it.
    pub driver: String,
    /// Whole weeks that the driver file covers.
    pub weeks: u32,
    /// With the other drivers and the trend held fixed.
    pub elasticity: Option<Bounds>,
    /// Variance inflation factor: 1 where the driver is independent of the trend and of the other drivers.
    pub vif: Option<f64>,
    /// Why the elasticity is unknown.
    pub withheld: Option<Withheld>,
}

/// Why a figure is not given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Withheld {
    /// Too few whole weeks in the span.
    FewWeeks {
        /// Whole weeks there are.
        weeks: u32,
        /// Whole weeks it takes.
        needed: u32,
    },
    /// Too few whole days in the span.
    FewDays {
        /// Whole days there are.
        days: u32,
        /// Whole days it takes.
        needed: u32,
    },
    /// Too few cases.
    FewCases {
        /// Cases there are.
        cases: i64,
        /// Cases it takes.
        needed: i64,
    },
    /// No case at all in the whole weeks.
    NothingCounted,
    /// The fit did not settle: as where all cases fall into one week.
    NotSettled,
    /// The driver did not change.
    DriverConstant,
    /// The driver moves with something else.
    NotIdentifiable {
        /// What it moves with most: `trend`, or the name of a driver.
        with: String,
    },
    /// The driver file covers too few of the weeks.
    NotCovered {
        /// Whole weeks it covers.
        weeks: u32,
        /// Whole weeks it takes.
        needed: u32,
        /// Its last row.
        last: String,
        /// How many days that one holds.
        holds_days: i32,
    },
}

/// How often a process runs, from the cases started by hour (hours since 1970; any order, the same hour may come twice)
/// within the covered span from `from` to `to`. Starts outside of the span are not counted. Intervals hold with
/// probability `1 - alpha`.
///
/// Formulae and their sources stand with the parts: the rate in [`rate_interval`], trend and forecast in `model`,
/// weekdays in `weekdays`, elasticities in `elasticity`.
pub(crate) fn frequency(
    starts: impl Iterator<Item = (Hour, i64)>,
    from: Time,
    to: Time,
    drivers: Option<&Drivers>,
    alpha: f64,
) -> Frequency {
    let calendar = Calendar::new(starts, from, to);
    let weeks = calendar.weeks();
    let model = model::weekly(&weeks, alpha);
    let (trend, trend_withheld) = split(model.trend.clone());
    let (weekdays, weekdays_withheld) = split(weekdays::weekdays(&calendar));
    let (forecast, forecast_withheld) = split(model.forecast(alpha));
    let (dispersion, dispersion_withheld) = split(model.dispersion.clone());
    let covered_weeks = covered_weeks(from, to);
    let excess = dispersion.map_or(1.0, |dispersion| dispersion.value.max(1.0));
    let rate = |excess| rate_of(calendar.total, covered_weeks, excess, alpha);
    Frequency {
        cases: calendar.total as i64,
        covered_weeks,
        whole_weeks: weeks.len() as u32,
        cases_per_week: rate(1.0),
        cases_per_week_widened: rate(excess),
        dispersion: dispersion.map(|dispersion| dispersion.value),
        overdispersed: dispersion.map(|dispersion| dispersion.significant),
        dispersion_withheld,
        trend,
        trend_withheld,
        weekdays,
        weekdays_withheld,
        forecast: calendar.coming_weeks(forecast.unwrap_or_default()),
        forecast_withheld,
        elasticities: drivers.map_or_else(Vec::new, |drivers| {
            elasticity::elasticities(&weeks, drivers, alpha)
        }),
        weekly_cases: weeks[weeks.len().saturating_sub(WEEKS_SHOWN)..]
            .iter()
            .map(|week| week.cases as i64)
            .collect(),
        hour_of_week_cases: calendar.hour_of_week,
    }
}

fn split<T>(result: Result<T, Withheld>) -> (Option<T>, Option<Withheld>) {
    match result {
        Ok(value) => (Some(value), None),
        Err(reason) => (None, Some(reason)),
    }
}

impl Frequency {
    /// Cases a week at present: in the last 13 whole weeks where at least ten cases began in them or should have by the mean,
    /// and some did; else in all the time that is covered.
    pub fn recent_per_week(&self) -> f64 {
        let last = &self.weekly_cases[self.weekly_cases.len().saturating_sub(RECENT_WEEKS)..];
        let recent: i64 = last.iter().sum();
        let (weeks, mean) = (last.len() as f64, self.cases_per_week.mean);
        let says_enough = recent.max((mean * weeks) as i64) >= 10;
        match last.len() == RECENT_WEEKS && says_enough && recent > 0 {
            true => recent as f64 / weeks,
            false => mean,
        }
    }

    /// How many times as much the counts vary as independent ones would; 1 where that is not known, or less.
    pub fn excess(&self) -> f64 {
        self.dispersion.unwrap_or(1.0).max(1.0)
    }
}

/// A rate per week. Over-dispersed counts carry as much information as `count / excess` independent ones (the variance
/// of a quasi-Poisson total is `excess` times its mean: McCullagh & Nelder 1989, section 6.2.3), so the interval is
/// that of the effective count, rounded down, over a span shortened by the same factor.
pub(super) fn rate_of(count: u64, weeks: f64, excess: f64, alpha: f64) -> Bounds {
    let mean = count as f64 / weeks;
    let effective = match count {
        0 => 0.0,
        _ => (count as f64 / excess).floor().clamp(1.0, MOST_EFFECTIVE),
    };
    let exposure = if count == 0 { weeks } else { effective / mean };
    let unknown = Interval {
        lower: 0.0,
        upper: mean,
    };
    // An alpha out of range is refused with the configuration; the rate then is all there is.
    let ci = rate_interval(effective as u64, exposure, alpha).unwrap_or(unknown);
    Bounds {
        mean,
        lower: ci.lower,
        upper: ci.upper,
    }
}

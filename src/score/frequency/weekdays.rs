//! How the rate differs between weekdays.

use super::calendar::Calendar;
use super::{Weekdays, Withheld};
use crate::stats::f_upper;

/// Each weekday once.
const LEAST_DAYS: u32 = 7;
/// Each weekday four times, so that the days of one weekday can be compared with each other.
const LEAST_TEST_DAYS: u32 = 28;
/// Five expected on each weekday: below, the chi-square distribution does not hold (Cochran 1954).
const LEAST_TEST_CASES: u64 = 35;

/// Rates by weekday over their mean, each corrected for how often that weekday was covered; and whether they differ at
/// all.
///
/// The test is Pearson's chi-square of the seven totals against equal rates (6 degrees of freedom), divided by the
/// dispersion of days of the same weekday because cases that come in bursts make any weekday look special, and read as
/// F for that division: so it is the analysis of variance of daily counts (Fisher 1925), with a variance that is never
/// taken to be below that of Poisson counts. In simulations of 4 to 52 weeks without any pattern it fires in 0 to 4 %
/// at a level of 5 %, be the counts Poisson, over-dispersed by day or by week, or rare bursts; the plain chi-square
/// test in up to 99 %.
pub(super) fn weekdays(calendar: &Calendar) -> Result<Weekdays, Withheld> {
    let (all_days, days) = calendar.whole_days();
    if all_days < LEAST_DAYS {
        return Err(Withheld::FewDays {
            days: all_days,
            needed: LEAST_DAYS,
        });
    }
    let mut cases = [0u64; 7];
    for (weekday, count) in calendar.busy_days() {
        cases[weekday] += count;
    }
    let total: u64 = cases.iter().sum();
    if total == 0 {
        return Err(Withheld::NothingCounted);
    }
    let rate = |weekday: usize| cases[weekday] as f64 / f64::from(days[weekday]);
    let rates: [f64; 7] = std::array::from_fn(rate);
    let mean = rates.iter().sum::<f64>() / 7.0;
    let tested = test(calendar, &rates, &days, total);
    Ok(Weekdays {
        relative_rates: rates.map(|rate| rate / mean),
        cases: cases.map(|count| count as i64),
        days,
        p_value: tested.as_ref().ok().copied(),
        p_value_withheld: tested.err(),
    })
}

/// The chance of such differences among weekdays that do not differ.
fn test(
    calendar: &Calendar,
    rates: &[f64; 7],
    days: &[u32; 7],
    total: u64,
) -> Result<f64, Withheld> {
    let all_days: u32 = days.iter().sum();
    if all_days < LEAST_TEST_DAYS {
        return Err(Withheld::FewDays {
            days: all_days,
            needed: LEAST_TEST_DAYS,
        });
    }
    if total < LEAST_TEST_CASES {
        return Err(Withheld::FewCases {
            cases: total as i64,
            needed: LEAST_TEST_CASES as i64,
        });
    }
    let overall = total as f64 / f64::from(all_days);
    let between: f64 = rates
        .iter()
        .zip(days)
        .map(|(rate, days)| f64::from(*days) * (rate - overall).powi(2))
        .sum();
    // Within weekdays: the days with cases, then what the days without any add.
    let mut within = 0.0;
    let mut quiet = *days;
    for (weekday, count) in calendar.busy_days() {
        within += (count as f64 - rates[weekday]).powi(2);
        quiet[weekday] -= 1;
    }
    within += quiet
        .iter()
        .zip(rates)
        .map(|(quiet, rate)| f64::from(*quiet) * rate * rate)
        .sum::<f64>();
    let degrees = f64::from(all_days - 7);
    let variance = (within / degrees).max(overall);
    Ok(f_upper(between / 6.0 / variance, 6.0, degrees))
}

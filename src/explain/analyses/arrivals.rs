//! How the rate behaves: spread over weeks, trend, weekdays, forecast, drivers.

use super::row;
use crate::explain::figure::{FREQUENCY, Figure, STARTED};
use crate::explain::short;
use crate::model::humanize::significant;
use crate::score::{Bounds, Elasticity, Frequency, Weekdays, Withheld};

const WEEKS: &str = "whole weeks";
const DAYS: &str = "whole days";
const DRIVERS: &str = "driver file";

const WEEKDAYS: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];

/// How the rate behaves, beside the rate.
pub(in crate::explain) fn arrivals(found: &Frequency) -> Vec<Figure> {
    let mut figures = vec![dispersion(found)];
    if found.excess() > 1.0 {
        let Bounds { lower, upper, .. } = found.cases_per_week;
        figures.push(row(
            (FREQUENCY, "if independent"),
            format!("[{}, {}]", significant(lower, 2), significant(upper, 2)),
            "interval if cases began independently of each other: Gamma-Poisson without the dispersion; nothing is decided by it",
            STARTED,
        ));
    }
    figures.extend([trend(found), weekdays(found), forecast(found)]);
    figures.extend(found.elasticities.iter().map(elasticity));
    figures
}

fn withheld(why: &Option<Withheld>) -> String {
    match why {
        Some(why) => format!("withheld: {why}"),
        None => "withheld".to_owned(),
    }
}

fn dispersion(found: &Frequency) -> Figure {
    let excess = match found.overdispersed {
        Some(true) => "more than chance",
        Some(false) => "no more than chance",
        None => "not tested",
    };
    let value = found.dispersion.map_or_else(
        || withheld(&found.dispersion_withheld),
        |d| format!("{d:.2}"),
    );
    let formula = format!("Pearson's chi-square of weekly counts / degrees of freedom: {excess}");
    row((FREQUENCY, "dispersion"), value, formula, WEEKS)
}

fn trend(found: &Frequency) -> Figure {
    let (value, formula) = match &found.trend {
        Some(trend) => (
            format!("{} a year", ratio(trend.ratio_per_year)),
            format!(
                "rate of a year over that of the year before; p {:.4}",
                trend.p_value
            ),
        ),
        None => (
            withheld(&found.trend_withheld),
            "log-linear in time".to_owned(),
        ),
    };
    row((FREQUENCY, "trend"), value, formula, WEEKS)
}

fn weekdays(found: &Frequency) -> Figure {
    let (value, formula) = match &found.weekdays {
        Some(days) => (
            rates(days),
            format!("rate over the mean of the seven, UTC; {}", chance(days)),
        ),
        None => (
            withheld(&found.weekdays_withheld),
            "rate over the mean of the seven, UTC".to_owned(),
        ),
    };
    row((FREQUENCY, "weekdays"), value, formula, DAYS)
}

/// Each day and its rate are one word, so that lines are not broken between them.
fn rates(days: &Weekdays) -> String {
    let rates = WEEKDAYS
        .iter()
        .zip(days.relative_rates)
        .map(|(day, rate)| format!("{day}:{rate:.2}"));
    rates.collect::<Vec<_>>().join(" ")
}

fn chance(days: &Weekdays) -> String {
    match days.p_value {
        Some(p) => format!("p {p:.4}"),
        None => format!("p {}", withheld(&days.p_value_withheld)),
    }
}

fn forecast(found: &Frequency) -> Figure {
    let weeks = found.forecast.iter().map(|week| {
        let Bounds { mean, lower, upper } = week.cases;
        format!("{} [{lower:.0}, {upper:.0}]", significant(mean, 1))
    });
    let weeks: Vec<String> = weeks.collect();
    let (value, formula) = match weeks.is_empty() {
        true => (withheld(&found.forecast_withheld), "predictive interval"),
        false => (weeks.join(", "), "cases a week, with predictive intervals"),
    };
    row((FREQUENCY, "next 4 weeks"), value, formula, WEEKS)
}

fn elasticity(found: &Elasticity) -> Figure {
    let value = match found.elasticity {
        Some(Bounds { mean, lower, upper }) => format!("{mean:.2} [{lower:.2}, {upper:.2}]"),
        None => withheld(&found.withheld),
    };
    let vif = found
        .vif
        .map_or(String::new(), |vif| format!("; VIF {vif:.1}"));
    let formula = format!(
        "1 % more of it goes with so many % more cases, over {} weeks{vif}",
        found.weeks
    );
    let name = (FREQUENCY, format!("elasticity on {}", found.driver));
    row(name, value, formula, DRIVERS)
}

fn ratio(bounds: Bounds) -> String {
    let [mean, lower, upper] = [bounds.mean, bounds.lower, bounds.upper].map(|r| short(r, 2));
    format!("{mean} [{lower}, {upper}]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DAY_US, Hour, Time};
    use crate::score::frequency;

    /// So many whole days from a Monday on, each with so many cases.
    fn daily(days: i64, cases: i64) -> Frequency {
        const MONDAY: i64 = 19_723;
        let starts = (0..days).map(|nth| (Hour(((MONDAY + nth) * 24 + 12) as i32), cases));
        let [from, to] = [MONDAY, MONDAY + days].map(|day| Time(day * DAY_US));
        frequency(starts, from, to, None, 0.05)
    }

    #[test]
    fn weekdays_rest_on_whole_days_and_say_why_there_is_no_chance() {
        let few = weekdays(&daily(20, 9));
        assert_eq!(few.rests_on, "whole days");
        assert_eq!(
            few.formula,
            "rate over the mean of the seven, UTC; p withheld: 20 whole days, and it takes 28"
        );
        let enough = weekdays(&daily(56, 9));
        assert_eq!(
            enough.value,
            "Mo:1.00 Tu:1.00 We:1.00 Th:1.00 Fr:1.00 Sa:1.00 Su:1.00"
        );
        assert!(enough.formula.contains("UTC; p 1.0"), "{}", enough.formula);
        let none = weekdays(&daily(6, 9));
        assert_eq!(none.value, "withheld: 6 whole days, and it takes 7");
        assert_eq!(none.rests_on, "whole days");
    }

    /// On 80 columns the last one has at least 24 beside a name of this length and the widest value.
    #[test]
    fn names_leave_room_on_80_columns() {
        let mut uneven = daily(140, 9);
        uneven.dispersion = Some(4.0);
        let figures = arrivals(&uneven);
        assert_eq!(figures.len(), 5);
        for figure in figures {
            assert!(figure.name.len() <= 16, "{}", figure.name);
        }
    }
}

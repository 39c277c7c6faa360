//! Hours that people spend, and what automating would save of them.

use super::row;
use crate::explain::figure::{Figure, interval};
use crate::explain::{percent, short};
use crate::model::humanize::significant;
use crate::score::{Bounds, OpenBounds, Value};

const VALUE: &str = "value";
const DECLARED_HOURS: &str = "rate, hours, catalog";

/// The figures of a value; those that are not known have no row.
pub(super) fn value(found: &Value) -> Vec<Figure> {
    let of = |name: &str, value: String, formula: &str| {
        row((VALUE, name), value, formula, DECLARED_HOURS)
    };
    let build = found.build_hours.map_or(String::new(), |hours| {
        format!("{} h to build", short(hours, 1))
    });
    let upkeep = found.upkeep_hours_per_year.map_or(String::new(), |hours| {
        format!("{} h a year", short(hours, 1))
    });
    let rows = [
        (
            "hours spent",
            hours(found.hours_spent_per_year),
            "cases a year * hands-on time * share of people".to_owned(),
        ),
        (
            "hours saved",
            hours(found.hours_saved_per_year),
            "spent * share that automation takes over".to_owned(),
        ),
        (
            "net of upkeep",
            hours(found.net_hours_per_year),
            format!("saved - upkeep of {upkeep}"),
        ),
        (
            "payback, months",
            open(found.payback_months, "never"),
            format!(
                "12 * {build} / net, within {} months",
                short(found.horizon_months, 1)
            ),
        ),
        (
            "break-even, cases a week",
            open(found.break_even_cases_per_week, "none"),
            "(build / years + upkeep) / hours saved by one case a week".to_owned(),
        ),
        (
            "cost of errors",
            hours(found.error_hours_per_year),
            "cases a year * deviation * hours per wrong outcome".to_owned(),
        ),
        (
            "cost of errors at T",
            hours(found.permissible_error_hours_per_year),
            "cases a year * T * hours per wrong outcome".to_owned(),
        ),
    ];
    let known = rows
        .into_iter()
        .filter_map(|(name, value, formula)| Some(of(name, value?, &formula)));
    let mut figures: Vec<Figure> = found.human_share.map(share_of_people).into_iter().collect();
    figures.extend(known);
    let pays = match found.pays_back {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    };
    figures.push(of("pays back", pays.to_owned(), &found.reason.to_string()));
    figures
}

fn share_of_people(share: Bounds) -> Figure {
    let name = (VALUE, "share of people");
    // An interval that was measured reaches below 1, however many cases there are.
    if share.lower >= 1.0 {
        let formula = "taken to be 1, because no log says who ran a case";
        return row(name, percent(share.mean), formula, "nothing");
    }
    row(
        name,
        format!("{} {}", percent(share.mean), interval(share)),
        "cases that people work on / ended cases; the interval is that of Clopper and Pearson",
        DECLARED_HOURS,
    )
}

fn hours(bounds: Option<Bounds>) -> Option<String> {
    let Bounds { mean, lower, upper } = bounds?;
    let [mean, lower, upper] = [mean, lower, upper].map(|hours| significant(hours, 1));
    Some(format!("{mean} [{lower}, {upper}] h a year"))
}

fn open(bounds: Option<OpenBounds>, none: &str) -> Option<String> {
    let OpenBounds { mean, lower, upper } = bounds?;
    let end = |end: Option<f64>| end.map_or(none.to_owned(), |end| short(end, 1));
    let [mean, lower, upper] = [mean, lower, upper].map(end);
    Some(format!("{mean} [{lower}, {upper}]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_that_is_assumed_has_no_interval() {
        let bounds = |lower, mean, upper| Bounds { mean, lower, upper };
        let assumed = share_of_people(bounds(1.0, 1.0, 1.0));
        assert_eq!(
            (assumed.value.as_str(), assumed.formula.as_str()),
            (
                "100.00 %",
                "taken to be 1, because no log says who ran a case"
            )
        );
        assert_eq!(assumed.rests_on, "nothing");
        let counted = share_of_people(bounds(0.9954, 1.0, 1.0));
        assert_eq!(counted.value, "100.00 % [99.54, 100.00] %");
        assert!(counted.formula.contains("Clopper and Pearson"));
    }

    #[test]
    fn small_rates_are_not_0() {
        let bounds = OpenBounds {
            mean: Some(0.0416),
            lower: Some(0.0009),
            upper: None,
        };
        let said = open(Some(bounds), "none");
        assert_eq!(said.as_deref(), Some("0.042 [0.0009, none]"));
        let nothing = Bounds {
            mean: 0.0,
            lower: -0.04,
            upper: 12.34,
        };
        assert_eq!(
            hours(Some(nothing)).as_deref(),
            Some("0.0 [-0.04, 12.3] h a year")
        );
    }
}

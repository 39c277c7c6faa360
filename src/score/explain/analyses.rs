//! Figures of what is measured beside class and tolerance: agreement, kinds against each other, arrivals, value, parts.

use super::figures::{ENDED, FREQUENCY, Figure, STARTED, figure, interval};
use super::{LEAST_CASES, percent, short, too_few};
use crate::model::Executor;
use crate::score::agreement::{Agreement, Estimate, KindAgreement, PassHat, Unknown};
use crate::score::breakup::{BreakUp, Part};
use crate::score::compare::{Comparison, Incomparable, KindDifference};
use crate::score::frequency::{Elasticity, Frequency, Withheld};
use crate::score::shape::{Bounds, ProcessScore};
use crate::score::value::{OpenBounds, Value};

const AGREEMENT: &str = "agreement";
const COMPARED: &str = "kinds compared";
const VALUE: &str = "value";
const PARTS: &str = "parts";

const RUNS: &str = "runs with an input";
const SHARED: &str = "inputs that both ran";
const WEEKS: &str = "whole weeks";
const DECLARED_HOURS: &str = "rate, hours, catalog";

/// Agreement, comparisons, value and parts of a score, where it has them.
pub(super) fn analyses(score: &ProcessScore) -> Vec<Figure> {
    let mut figures: Vec<Figure> = score.agreement.iter().flat_map(agreement).collect();
    // Kinds with too few cases are named among the executors, and nothing more is said of them.
    let enough = |kind: Executor| {
        let side = score.executors.iter().find(|side| side.executor == kind);
        side.is_none_or(|side| side.cases >= LEAST_CASES)
    };
    let compared = score
        .comparisons
        .iter()
        .filter(|pair| enough(pair.first) && enough(pair.second));
    figures.extend(compared.map(comparison));
    figures.extend(score.duration_spread_test.iter().map(|test| {
        row(
            (COMPARED, "spread of durations"),
            format!("p {:.4}", test.p_value),
            "Brown-Forsythe on logarithms: the chance of kinds so different where they are alike",
            ENDED,
        )
    }));
    figures.extend(score.value.iter().flat_map(value));
    figures.extend(score.break_up.iter().flat_map(break_up));
    figures
}

fn row(
    (section, name): (&str, impl Into<String>),
    value: impl Into<String>,
    formula: impl Into<String>,
    rests_on: &str,
) -> Figure {
    let said = (formula.into(), rests_on);
    figure((section, name.into()), value.into(), said)
}

fn agreement(found: &Agreement) -> Vec<Figure> {
    let of =
        |name: &str, value: String, formula: &str| row((AGREEMENT, name), value, formula, RUNS);
    let mut figures = vec![of(
        "repeated inputs",
        format!("{} of {}", found.repeated_inputs, found.inputs),
        &format!("inputs with at least two of the {} runs", found.runs),
    )];
    let total = found.total_variance.map(|variance| {
        let formula = "chance that any two runs end differently";
        of("total variance", format!("{variance:.4}"), formula)
    });
    figures.extend(total);
    figures.push(of(
        "repeatability",
        estimate(&found.repeatability_variance),
        "chance that two runs of one kind on the same input end differently; 0 for code that is deterministic",
    ));
    figures.push(of(
        "between kinds",
        estimate(&found.between_kinds_variance),
        "the same of two kinds; it holds repeatability, too",
    ));
    figures.extend(found.components.as_ref().map(|parts| {
        let between = parts
            .reproducibility
            .map_or(String::new(), |r| format!(" + {r:.4} reproducibility"));
        let formula = format!(
            "{:.4} repeatability{between} + {:.4} between inputs",
            parts.repeatability, parts.inputs
        );
        of(
            "parts of the variance",
            format!("{:.4}", parts.total),
            &formula,
        )
    }));
    figures.push(of(
        "kappa between kinds",
        estimate(&found.kappa_between_kinds),
        "Fleiss: 1 where kinds always end alike on the same input, 0 where by chance only",
    ));
    for kind in &found.kinds {
        match kind.runs < LEAST_CASES as u64 {
            true => {
                let name = (AGREEMENT, kind.executor.to_string());
                figures.push(row(name, too_few(kind.runs, "run"), "", RUNS));
            }
            false => figures.extend(kind_agreement(kind)),
        }
    }
    figures
}

fn kind_agreement(kind: &KindAgreement) -> Vec<Figure> {
    let of = |name: &str, value: String, formula: String| {
        row(
            (AGREEMENT, format!("{}: {name}", kind.executor)),
            value,
            formula,
            RUNS,
        )
    };
    let mut figures = vec![
        of(
            "repeatability",
            estimate(&kind.repeatability_variance),
            format!(
                "{} of its {} inputs run more than once",
                kind.repeated_inputs, kind.inputs
            ),
        ),
        of(
            "kappa",
            estimate(&kind.kappa),
            "Fleiss, its runs as raters".to_owned(),
        ),
    ];
    figures.extend(pass_hat(kind));
    figures
}

/// pass^k for each k that is known, and in one line those that are not.
fn pass_hat(kind: &KindAgreement) -> Vec<Figure> {
    let name = |ks: String| (AGREEMENT, format!("{}: pass^{ks}", kind.executor));
    let (known, thin): (Vec<&PassHat>, Vec<&PassHat>) = kind
        .pass_hat
        .iter()
        .partition(|pass| pass.chance.value.is_some());
    let mut figures: Vec<Figure> = known
        .into_iter()
        .map(|pass| {
            let runs = match pass.k {
                1 => "a run ends".to_owned(),
                k => format!("{k} runs on one input all end"),
            };
            let formula = format!(
                "chance that {runs} without deviation: mean of C(c,k) / C(n,k) over {} inputs",
                pass.inputs
            );
            row(
                name(pass.k.to_string()),
                estimate(&pass.chance),
                formula,
                RUNS,
            )
        })
        .collect();
    if let (Some(first), Some(last)) = (thin.first(), thin.last()) {
        let ks = match first.k == last.k {
            true => first.k.to_string(),
            false => format!("{} to {}", first.k, last.k),
        };
        let formula = format!("{} inputs were run {} times or more", first.inputs, first.k);
        figures.push(row(name(ks), estimate(&first.chance), formula, RUNS));
    }
    figures
}

/// A figure with its interval, or why there is none.
fn estimate(found: &Estimate) -> String {
    let needed = found.more_runs_needed.map_or(String::new(), |runs| {
        format!(": about {runs} more runs needed")
    });
    match (found.value, found.lower, found.upper) {
        (Some(value), Some(lower), Some(upper)) => format!("{value:.4} [{lower:.4}, {upper:.4}]"),
        (Some(value), _, _) => format!("{value:.4}"),
        _ => match found.unknown {
            Some(Unknown::OneKind) => "only one kind runs it".to_owned(),
            Some(Unknown::OneOutcome) => "all runs end alike".to_owned(),
            Some(Unknown::TooFewRepeats) | None => format!("not enough repeats{needed}"),
        },
    }
}

fn comparison(found: &Comparison) -> Figure {
    let formula = format!(
        "by how much {} deviates more, on the {} inputs that both ran (Mantel-Haenszel); raw: {}",
        found.first,
        found.shared_inputs,
        difference(&found.raw)
    );
    let name = format!("{} - {}", found.first, found.second);
    row(
        (COMPARED, name),
        difference(&found.adjusted),
        formula,
        SHARED,
    )
}

fn difference(found: &KindDifference) -> String {
    match (found.value, found.lower, found.upper) {
        (Some(value), Some(lower), Some(upper)) => {
            let [value, lower, upper] = [value, lower, upper].map(|share| share * 100.0);
            format!("{value:+.2} % [{lower:+.2}, {upper:+.2}]")
        }
        _ => {
            let more = found.more_inputs_needed;
            let more = more.map_or(String::new(), |inputs| format!(": {inputs} more needed"));
            match found.unknown {
                Some(Incomparable::NoCases) | None => "no ended case".to_owned(),
                Some(Incomparable::NoSharedInputs) => format!("no shared input{more}"),
                Some(Incomparable::TooFewSharedInputs) => format!("too few shared inputs{more}"),
            }
        }
    }
}

/// How the rate behaves, beside the rate.
pub(super) fn arrivals(found: &Frequency) -> Vec<Figure> {
    let of =
        |name: &str, value: String, formula: &str| row((FREQUENCY, name), value, formula, WEEKS);
    let withheld = |why: &Option<Withheld>| match why {
        Some(why) => format!("withheld: {why}"),
        None => "withheld".to_owned(),
    };
    let widened = found.cases_per_week_widened;
    let excess = match found.overdispersed {
        Some(true) => "more than chance",
        Some(false) => "no more than chance",
        None => "not tested",
    };
    let mut figures = vec![
        of(
            "dispersion",
            found.dispersion.map_or_else(
                || withheld(&found.dispersion_withheld),
                |d| format!("{d:.2}"),
            ),
            &format!("Pearson's chi-square of weekly counts / degrees of freedom: {excess}"),
        ),
        row(
            (FREQUENCY, "interval, widened"),
            format!("[{:.2}, {:.2}]", widened.lower, widened.upper),
            "as if only cases / dispersion had been counted",
            STARTED,
        ),
    ];
    figures.push(match &found.trend {
        Some(trend) => of(
            "trend",
            format!("{} a year", ratio(trend.ratio_per_year)),
            &format!(
                "rate of a year over that of the year before; p {:.4}",
                trend.p_value
            ),
        ),
        None => of(
            "trend",
            withheld(&found.trend_withheld),
            "log-linear in time",
        ),
    });
    figures.push(match &found.weekdays {
        Some(days) => {
            let names = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
            let rates = names
                .iter()
                .zip(days.relative_rates)
                .map(|(day, rate)| format!("{day} {rate:.2}"));
            let p = days
                .p_value
                .map_or(String::new(), |p| format!("; p {p:.4}"));
            let formula = format!("rate over the mean of the seven, UTC{p}");
            of("weekdays", rates.collect::<Vec<_>>().join(", "), &formula)
        }
        None => of(
            "weekdays",
            withheld(&found.weekdays_withheld),
            "rate over the mean of the seven",
        ),
    });
    let weeks = found.forecast.iter().map(|week| {
        let Bounds { mean, lower, upper } = week.cases;
        format!("{mean:.1} [{lower:.0}, {upper:.0}]")
    });
    let weeks: Vec<String> = weeks.collect();
    figures.push(match weeks.is_empty() {
        true => of(
            "next 4 weeks",
            withheld(&found.forecast_withheld),
            "predictive interval",
        ),
        false => of(
            "next 4 weeks",
            weeks.join(", "),
            "cases a week, with predictive intervals",
        ),
    });
    figures.extend(found.elasticities.iter().map(elasticity));
    figures
}

fn elasticity(found: &Elasticity) -> Figure {
    let value = match (&found.elasticity, &found.withheld) {
        (Some(Bounds { mean, lower, upper }), _) => format!("{mean:.2} [{lower:.2}, {upper:.2}]"),
        (None, Some(why)) => format!("withheld: {why}"),
        (None, None) => "withheld".to_owned(),
    };
    let vif = found
        .vif
        .map_or(String::new(), |vif| format!("; VIF {vif:.1}"));
    let formula = format!(
        "1 % more of it goes with so many % more cases, over {} weeks{vif}",
        found.weeks
    );
    row(
        (FREQUENCY, format!("elasticity on {}", found.driver)),
        value,
        formula,
        "driver file",
    )
}

fn ratio(bounds: Bounds) -> String {
    let [mean, lower, upper] = [bounds.mean, bounds.lower, bounds.upper].map(|r| short(r, 2));
    format!("{mean} [{lower}, {upper}]")
}

fn value(found: &Value) -> Vec<Figure> {
    let of = |name: &str, value: String, formula: &str| {
        row((VALUE, name), value, formula, DECLARED_HOURS)
    };
    let hours = |bounds: Option<Bounds>| {
        bounds.map(|Bounds { mean, lower, upper }| {
            format!("{mean:.1} [{lower:.1}, {upper:.1}] h a year")
        })
    };
    let open = |bounds: Option<OpenBounds>, none: &str| {
        let end = |end: Option<f64>| end.map_or(none.to_owned(), |end| short(end, 1));
        bounds.map(|b| format!("{} [{}, {}]", end(b.mean), end(b.lower), end(b.upper)))
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
    let mut figures: Vec<Figure> = rows
        .into_iter()
        .filter_map(|(name, value, formula)| Some(of(name, value?, &formula)))
        .collect();
    let pays = match found.pays_back {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    };
    figures.push(of("pays back", pays.to_owned(), &found.reason));
    figures
}

fn break_up(found: &BreakUp) -> Vec<Figure> {
    let mut figures: Vec<Figure> = (1..)
        .zip(&found.parts)
        .map(|(nth, one)| part(nth, one))
        .collect();
    figures.extend(found.largest_source.as_ref().map(|source| {
        let share = percent(source.share_ratio);
        let formula = format!(
            "{share} of all deviations are put down to it, of {} cases",
            source.cases
        );
        row(
            (PARTS, "most deviations from"),
            source.activity.clone(),
            formula,
            ENDED,
        )
    }));
    figures.extend(found.largest_decision.as_ref().map(|decision| {
        let formula = format!("adds {} steps to D", short(decision.steps, 2));
        row(
            (PARTS, "largest decision after"),
            decision.activity.clone(),
            formula,
            ENDED,
        )
    }));
    figures.push(row(
        (PARTS, "cut"),
        format!("{} parts", found.parts.len()),
        found.reason.clone(),
        ENDED,
    ));
    figures
}

fn part(nth: usize, part: &Part) -> Figure {
    let observed = part.deviation.map_or("not observed".to_owned(), |d| {
        format!("{} {}", percent(d.mean), interval(d))
    });
    let t = part
        .permissible_deviation
        .map_or("none".to_owned(), percent);
    let who = part
        .recommendation
        .map_or("not known who should run it", |r| r.words());
    let formula = format!(
        "{} steps, {} entries, {observed}, T {t}: {}; {who}",
        short(part.size_steps, 1),
        part.entries,
        part.status,
    );
    let way = format!("{} ... {}", part.entry.join(" or "), part.exit.join(" or "));
    row((PARTS, format!("part {nth}")), way, formula, ENDED)
}

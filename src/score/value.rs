//! What a process costs in hours of people, what automating it would save, and whether that pays.
//!
//! Everything is in hours: a price per hour would cancel out. All formulae are monotone in each input, so an interval
//! of the result is the formula at the ends of the inputs' intervals (interval arithmetic: Moore 1966). Three inputs are
//! measured and so uncertain: rate, share of people, hands-on time. Of 95 % each, the result holds with at least 90 %
//! where two are and 85 % where all three are (Bonferroni); in practice with more, as they would have to err all the
//! same way.
//!
//! Hours that wrong outcomes cost stand beside the balance and are not in it: how often the automated process would
//! go wrong is not known before it runs.

use super::bounds::{Bounds, exactly};
use crate::rules::Automation;
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// Months within which automation must pay back if nothing is configured.
pub(crate) const DEFAULT_HORIZON_MONTHS: f64 = 24.0;

pub(crate) const WEEKS_PER_YEAR: f64 = 365.25 / 7.0;
pub(crate) const MINUTES_PER_HOUR: f64 = 60.0;
const MONTHS_PER_YEAR: f64 = 12.0;
/// Beyond this an input is a mistake, and products could overflow.
const MOST: f64 = 1e18;

/// Hands-on time of people in one case that they run from beginning to end, in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub(crate) enum HandsOnMinutes {
    /// Measured in the log.
    Measured(Bounds),
    /// Declared in the catalog.
    Declared {
        /// Taken as exact.
        minutes: f64,
    },
}

/// What automating a process would take.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AutomationTerms {
    /// Hours to build it.
    pub build_hours: f64,
    /// Hours a year to keep it running.
    pub upkeep_hours_per_year: f64,
    /// Share of the hands-on time that it takes over, 0 to 1.
    pub share: f64,
}

impl From<Automation> for AutomationTerms {
    fn from(by: Automation) -> AutomationTerms {
        AutomationTerms {
            build_hours: by.build_hours,
            upkeep_hours_per_year: by.upkeep_hours_per_year,
            share: by.share,
        }
    }
}

/// What the value of a process follows from. `None`: unknown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ValueInput {
    /// Cases started per week.
    pub cases_per_week: Option<Bounds>,
    /// Hands-on time of people.
    pub hands_on: Option<HandsOnMinutes>,
    /// Share of the cases that people work on today, 0 to 1.
    pub human_share: Bounds,
    /// What automating it would take.
    pub automation: Option<AutomationTerms>,
    /// Hours that one wrong outcome costs.
    pub hours_per_wrong_outcome: Option<f64>,
    /// Observed deviation per case.
    pub deviation: Option<Bounds>,
    /// Permissible deviation per case.
    pub permissible_deviation: Option<f64>,
    /// Months within which automation must pay back, above 0; [`DEFAULT_HORIZON_MONTHS`] if nothing is configured.
    pub horizon_months: f64,
}

/// A figure whose ends may lie beyond all bounds: these are `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OpenBounds {
    /// At the means of the inputs.
    pub mean: Option<f64>,
    /// Lower end.
    pub lower: Option<f64>,
    /// Upper end.
    pub upper: Option<f64>,
}

/// Whether automation pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueVerdict {
    /// Within the horizon, over the whole interval.
    PaysBack,
    /// Not within the horizon, over the whole interval.
    TooLate,
    /// Upkeep takes at least what it saves, over the whole interval.
    Never,
    /// The interval reaches over both sides.
    Undetermined,
    /// Something it takes to say is not known.
    Unknown,
}

/// What a process costs and what automating it would save. Hours are those of people; years of 365.25 days.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Value {
    /// Share of the cases that people work on now.
    pub human_share: Option<Bounds>,
    /// Hours people spend on it now.
    pub hours_spent_per_year: Option<Bounds>,
    /// Hours of these that automation would take over.
    pub hours_saved_per_year: Option<Bounds>,
    /// Hours to build it.
    pub build_hours: Option<f64>,
    /// Hours a year to keep it running.
    pub upkeep_hours_per_year: Option<f64>,
    /// Saved minus upkeep; below 0 where upkeep takes more than is saved.
    pub net_hours_per_year: Option<Bounds>,
    /// Hours lost to wrong outcomes at the observed deviation.
    pub error_hours_per_year: Option<Bounds>,
    /// Hours lost to wrong outcomes if it deviated as much as is permissible.
    pub permissible_error_hours_per_year: Option<Bounds>,
    /// Why the hours lost are unknown.
    pub error_hours_withheld: Option<MissingInput>,
    /// Months until what was built is paid back by what is saved. `None` inside: never. `None`: unknown.
    pub payback_months: Option<OpenBounds>,
    /// Months within which it must.
    pub horizon_months: f64,
    /// Cases per week at which the net saving over the horizon is just what it takes to build: above, automation pays;
    /// below, it does not. `None` inside: at no frequency. `None`: unknown.
    pub break_even_cases_per_week: Option<OpenBounds>,
    /// Whether it pays back within the horizon; `None` where that is undetermined or unknown.
    pub pays_back: Option<bool>,
    /// The same with its kind.
    pub verdict: ValueVerdict,
    /// Why, with the figures.
    pub reason: ValueReason,
}

/// Why automation pays or does not.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueReason {
    /// It was judged by these figures.
    Judged {
        /// The verdict.
        verdict: ValueVerdict,
        /// Hours a year saved, less upkeep.
        net: Bounds,
        /// Months until it is paid back.
        payback: OpenBounds,
        /// Months within which it must.
        horizon: f64,
        /// Cases per week from which on it pays.
        break_even: Option<OpenBounds>,
    },
    /// It could not be judged.
    Missing(Vec<MissingInput>),
}

/// Something that it takes to say what a process costs, and that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingInput {
    /// Cases started per week.
    Rate,
    /// Hands-on time of people.
    HandsOn,
    /// Share of the cases that people work on.
    HumanShare,
    /// What automating it would take.
    Automation,
    /// The time within which it must pay back.
    Horizon,
    /// Hours that a wrong outcome costs.
    WrongOutcomeHours,
    /// The observed deviation.
    Deviation,
}

/// What a process costs in hours, and whether automating it pays.
///
/// With c cases a week, m minutes a case, h the share people do and a the share automation takes over:
/// spent `= c * 52.18 * m / 60 * h`; saved `= a * spent`; net `= saved - upkeep`; payback `= 12 * build / net` months;
/// break-even `c = (build / years + upkeep) / (52.18 * m / 60 * h * a)` with `years = horizon / 12`; lost to errors
/// `= c * 52.18 * deviation * hours per wrong outcome`.
pub(crate) fn value(input: &ValueInput) -> Value {
    let known = Known::new(input);
    let spent = known
        .hours_at_one_case
        .zip(known.cases)
        .map(|(hours, cases)| times(hours, cases));
    let automation = known.automation;
    let saved = spent
        .zip(automation)
        .map(|(spent, by)| scaled(spent, by.share));
    let net = saved
        .zip(automation)
        .map(|(saved, by)| less(saved, by.upkeep_hours_per_year));
    let payback = net
        .zip(automation)
        .map(|(net, by)| payback(net, by.build_hours));
    let break_even = known.hours_at_one_case.zip(automation).zip(known.horizon);
    let break_even = break_even.map(|((hours, by), horizon)| break_even_at(hours, by, horizon));
    let (verdict, reason) = match (net, payback, known.horizon) {
        (Some(net), Some(payback), Some(horizon)) => {
            let verdict = judge(net, payback, horizon);
            let reason = ValueReason::Judged {
                verdict,
                net,
                payback,
                horizon,
                break_even,
            };
            (verdict, reason)
        }
        _ => (
            ValueVerdict::Unknown,
            ValueReason::Missing(known.missing.clone()),
        ),
    };
    let errors = known.errors();
    Value {
        human_share: known.human_share,
        hours_spent_per_year: spent,
        hours_saved_per_year: saved,
        build_hours: automation.map(|by| by.build_hours),
        upkeep_hours_per_year: automation.map(|by| by.upkeep_hours_per_year),
        net_hours_per_year: net,
        error_hours_per_year: errors.observed,
        permissible_error_hours_per_year: errors.permissible,
        error_hours_withheld: errors.withheld,
        payback_months: payback,
        horizon_months: known.horizon.unwrap_or(DEFAULT_HORIZON_MONTHS),
        break_even_cases_per_week: break_even,
        pays_back: match verdict {
            ValueVerdict::PaysBack => Some(true),
            ValueVerdict::TooLate | ValueVerdict::Never => Some(false),
            ValueVerdict::Undetermined | ValueVerdict::Unknown => None,
        },
        verdict,
        reason,
    }
}

/// The inputs that can be calculated with, and what is missing.
struct Known {
    cases: Option<Bounds>,
    human_share: Option<Bounds>,
    /// Hours a year that people would spend on one case a week.
    hours_at_one_case: Option<Bounds>,
    automation: Option<AutomationTerms>,
    horizon: Option<f64>,
    hours_per_wrong_outcome: Option<f64>,
    deviation: Option<Bounds>,
    permissible: Option<f64>,
    missing: Vec<MissingInput>,
}

impl Known {
    fn new(input: &ValueInput) -> Known {
        let mut missing = Vec::new();
        let mut need = |is_there: bool, what: MissingInput| {
            if !is_there {
                missing.push(what);
            }
        };
        let cases = input.cases_per_week.and_then(sound);
        need(cases.is_some(), MissingInput::Rate);
        let minutes = input.hands_on.and_then(|minutes| match minutes {
            HandsOnMinutes::Measured(bounds) => sound(bounds),
            HandsOnMinutes::Declared { minutes } => sound(exactly(minutes)),
        });
        need(minutes.is_some(), MissingInput::HandsOn);
        let human_share = sound(input.human_share).filter(|share| is_share(&share.upper));
        need(human_share.is_some(), MissingInput::HumanShare);
        let automation = input.automation.filter(|by| {
            is_amount(&by.build_hours)
                && is_amount(&by.upkeep_hours_per_year)
                && is_share(&by.share)
        });
        need(automation.is_some(), MissingInput::Automation);
        let horizon =
            Some(input.horizon_months).filter(|months| is_amount(months) && *months > 0.0);
        need(horizon.is_some(), MissingInput::Horizon);
        let hours_at_one_case = minutes.zip(human_share).map(|(minutes, share)| {
            scaled(times(minutes, share), WEEKS_PER_YEAR / MINUTES_PER_HOUR)
        });
        Known {
            cases,
            human_share,
            hours_at_one_case,
            automation,
            horizon,
            hours_per_wrong_outcome: input.hours_per_wrong_outcome.filter(is_amount),
            deviation: input.deviation.and_then(sound),
            permissible: input.permissible_deviation.filter(is_amount),
            missing,
        }
    }

    /// Hours a year lost to wrong outcomes.
    fn errors(&self) -> Errors {
        let withheld = |missing: MissingInput| Errors {
            withheld: Some(missing),
            ..Errors::default()
        };
        let Some(hours) = self.hours_per_wrong_outcome else {
            return withheld(MissingInput::WrongOutcomeHours);
        };
        let Some(cases) = self.cases else {
            return withheld(MissingInput::Rate);
        };
        let per_deviation = scaled(cases, WEEKS_PER_YEAR * hours);
        let observed = self
            .deviation
            .map(|deviation| times(per_deviation, deviation));
        let permissible = self
            .permissible
            .map(|permissible| scaled(per_deviation, permissible));
        Errors {
            observed,
            permissible,
            withheld: observed.is_none().then_some(MissingInput::Deviation),
        }
    }
}

#[derive(Default)]
struct Errors {
    observed: Option<Bounds>,
    permissible: Option<Bounds>,
    withheld: Option<MissingInput>,
}

fn is_amount(value: &f64) -> bool {
    (0.0..=MOST).contains(value)
}

fn is_share(value: &f64) -> bool {
    (0.0..=1.0).contains(value)
}

/// Bounds whose ends are amounts in their order.
fn sound(bounds: Bounds) -> Option<Bounds> {
    let Bounds { mean, lower, upper } = bounds;
    let amounts = [mean, lower, upper].iter().all(is_amount);
    amounts.then_some(Bounds {
        mean,
        lower: lower.min(mean),
        upper: upper.max(mean),
    })
}

fn times(a: Bounds, b: Bounds) -> Bounds {
    Bounds {
        mean: a.mean * b.mean,
        lower: a.lower * b.lower,
        upper: a.upper * b.upper,
    }
}

fn scaled(bounds: Bounds, by: f64) -> Bounds {
    times(bounds, exactly(by))
}

fn less(bounds: Bounds, by: f64) -> Bounds {
    Bounds {
        mean: bounds.mean - by,
        lower: bounds.lower - by,
        upper: bounds.upper - by,
    }
}

/// The more is saved, the sooner; nothing pays back where nothing is saved.
fn payback(net: Bounds, build_hours: f64) -> OpenBounds {
    let months = |net: f64| {
        let months = MONTHS_PER_YEAR * build_hours / net;
        (net > 0.0 && months.is_finite()).then_some(months)
    };
    OpenBounds {
        mean: months(net.mean),
        lower: months(net.upper),
        upper: months(net.lower),
    }
}

/// The longer a case takes, the fewer of them it takes.
fn break_even_at(hours_at_one_case: Bounds, by: AutomationTerms, horizon: f64) -> OpenBounds {
    let needed = by.build_hours / (horizon / MONTHS_PER_YEAR) + by.upkeep_hours_per_year;
    let cases = |hours: f64| {
        let cases = needed / (hours * by.share);
        (hours * by.share > 0.0 && cases.is_finite()).then_some(cases)
    };
    OpenBounds {
        mean: cases(hours_at_one_case.mean),
        lower: cases(hours_at_one_case.upper),
        upper: cases(hours_at_one_case.lower),
    }
}

fn judge(net: Bounds, payback: OpenBounds, horizon: f64) -> ValueVerdict {
    if net.upper <= 0.0 {
        return ValueVerdict::Never;
    }
    if payback.upper.is_some_and(|latest| latest <= horizon) {
        return ValueVerdict::PaysBack;
    }
    if payback.lower.is_none_or(|soonest| soonest > horizon) {
        return ValueVerdict::TooLate;
    }
    ValueVerdict::Undetermined
}

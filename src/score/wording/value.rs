//! The texts of what automating a process would save.

use crate::model::humanize::significant;
use crate::score::value::{MissingInput, OpenBounds, ValueReason, ValueVerdict};
use std::fmt::{Display, Formatter, Result};

impl Display for ValueReason {
    fn fmt(&self, out: &mut Formatter) -> Result {
        let (verdict, net, payback, horizon, break_even) = match self {
            ValueReason::Missing(missing) => {
                let missing: Vec<String> = missing.iter().map(MissingInput::to_string).collect();
                return out.write_str(&missing.join("; "));
            }
            ValueReason::Judged {
                verdict,
                net,
                payback,
                horizon,
                break_even,
            } => (*verdict, net, *payback, *horizon, *break_even),
        };
        let hours = format!(
            "{} hours a year net ({} to {})",
            short(net.mean),
            short(net.lower),
            short(net.upper)
        );
        let limit = short(horizon);
        let (paid, flips) = (paid(payback), flips(verdict, break_even));
        match verdict {
            // Upkeep takes more than is saved: in no time is it paid back, unless there are more cases.
            ValueVerdict::Never if is_somewhere(break_even) => {
                write!(out, "does not pay back at this rate: {hours}; {flips}")
            }
            ValueVerdict::Never => write!(out, "never pays back: {hours}; {flips}"),
            ValueVerdict::PaysBack => {
                write!(out, "saves {hours}, {paid}, {limit} allowed; {flips}")
            }
            ValueVerdict::TooLate => {
                write!(out, "too late: {hours}, {paid}, {limit} allowed; {flips}")
            }
            ValueVerdict::Undetermined | ValueVerdict::Unknown => write!(
                out,
                "not known well enough: {hours}, {paid}, {limit} allowed; {flips}"
            ),
        }
    }
}

impl Display for MissingInput {
    fn fmt(&self, out: &mut Formatter) -> Result {
        out.write_str(match self {
            MissingInput::Rate => "how often it runs is not known",
            MissingInput::HandsOn => {
                "the hands-on time is neither measured on enough cases nor declared"
            }
            MissingInput::HumanShare => "the share that people do is not known",
            MissingInput::Automation => "what automating it would take is not declared",
            MissingInput::Horizon => "the time within which it must pay back is not set",
            MissingInput::WrongOutcomeHours => "what a wrong outcome costs is not declared",
            MissingInput::Deviation => "the deviation is not known",
        })
    }
}

/// Whether there is a number of cases, at least at the best, at which it pays.
fn is_somewhere(break_even: Option<OpenBounds>) -> bool {
    break_even.is_some_and(|cases| cases.mean.or(cases.lower).is_some())
}

/// When it is paid back, where it is at all.
fn paid(payback: OpenBounds) -> String {
    match (payback.mean, payback.lower, payback.upper) {
        (Some(mean), Some(lower), upper) => format!(
            "paid back in {} months ({} to {})",
            short(mean),
            short(lower),
            upper.map_or_else(|| "never".to_owned(), short)
        ),
        (Some(mean), None, _) => format!("paid back in {} months", short(mean)),
        (None, Some(lower), _) => {
            format!("never paid back (at best in {} months)", short(lower))
        }
        (None, None, _) => "never paid back".to_owned(),
    }
}

/// At how many cases the advice is another one.
fn flips(verdict: ValueVerdict, break_even: Option<OpenBounds>) -> String {
    let (mean, least) = break_even.map_or((None, None), |cases| (cases.mean, cases.lower));
    match (mean, least) {
        (Some(cases), _) if verdict == ValueVerdict::Never => {
            format!("it would from {} cases a week on", short(cases))
        }
        (Some(cases), _) => format!("break-even at {} cases a week", short(cases)),
        (None, Some(least)) => format!("it would take at least {} cases a week", short(least)),
        (None, None) => "no number of cases would change that".to_owned(),
    }
}

/// A figure for a sentence: two digits behind the point below 1, one below 100; more where it would look like 0 otherwise.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 1.0 => format!("{value:.1}"),
        _ => significant(value, 2),
    }
}

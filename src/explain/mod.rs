//! Why a score is what it is: every figure with its formula, the rules that were tried, what would change the verdict.
//!
//! Everything is derived from the score and the rules it was made by, so it can't say anything else than they do.

mod analyses;
mod figure;
mod figures;
mod outlook;
mod sides;
mod standing;
mod trace;
mod turns;

pub(crate) use figure::Figure;
pub(crate) use figures::figures;
pub(crate) use trace::{RuleTrace, trace};
pub(crate) use turns::{Lever, Turn, levers};

use crate::model::humanize::{self, significant};

/// Decimals of a percentage in an explanation.
const PERCENT_DECIMALS: usize = 2;

/// A share as a percentage with two digits.
fn percent(share: f64) -> String {
    humanize::percent(share, PERCENT_DECIMALS)
}

/// The same without its unit.
fn percent_points(share: f64) -> String {
    humanize::percent_points(share, PERCENT_DECIMALS)
}

/// Of a kind with fewer cases no figure is printed: its interval would cover nearly everything.
const LEAST_CASES: i64 = 5;

/// `1 case, too few to say anything`.
fn too_few(count: u64, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}, too few to say anything")
}

/// A number with as many digits as it needs, at most `most` behind the point where it would not look like 0 with these.
fn short(number: f64, most: usize) -> String {
    let text = significant(number, most);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests;

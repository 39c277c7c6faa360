//! Why there is no verdict yet, and when there will be one.

use super::percent;
use crate::measure::UNKNOWN_LOSS;
use crate::model::humanize::{counted, significant};
use crate::rules::Tolerance;
use crate::score::{ProcessScore, WEEKS_PER_YEAR};

/// Why nothing is called within or outside.
pub(super) fn too_much_lost(score: &ProcessScore, tolerance: &Tolerance) -> String {
    if score.loss.unknown > 0 {
        return UNKNOWN_LOSS.to_owned();
    }
    format!(
        "{} of the records were lost, and above {} nothing is called within or outside",
        percent(score.loss.share),
        percent(tolerance.most_loss)
    )
}

/// Why there is no deviation to hold against T.
pub(super) fn unobserved(score: &ProcessScore) -> String {
    match score.counts.ended() {
        0 => "no case has ended yet".to_owned(),
        cases if lacks_confirmation(score) => {
            let missing = match score.clean_cases.needed {
                Some(runs) => format!("; {runs} confirmed clean runs are missing"),
                None => String::new(),
            };
            format!("of {cases} ended cases none is confirmed{missing}")
        }
        _ => "nothing was observed that could deviate".to_owned(),
    }
}

/// Whether it is only for want of confirmation that nothing is known.
pub(super) fn lacks_confirmation(score: &ProcessScore) -> bool {
    score.scored_cases.is_unconfirmed() && score.counts.ended() > 0
}

/// When the clean runs that are missing will be there.
pub(super) fn pace(score: &ProcessScore) -> String {
    let lost = if_lost(score);
    if let Some(why) = score.clean_cases.why_never() {
        return format!("{lost}; {why}");
    }
    match score.clean_cases.weeks {
        Some(weeks) if weeks > 0.0 => format!("{lost}; {weeks:.1} weeks at the present rate"),
        _ => lost.to_owned(),
    }
}

/// What is said of the future takes the present loss for granted.
pub(super) fn if_lost(score: &ProcessScore) -> &'static str {
    match score.loss.lost {
        0 => "",
        _ => ", at the present share of lost records",
    }
}

/// That so many further cases are more than come in three years; nothing if it takes none.
pub(super) fn too_slow(score: &ProcessScore, cases: Option<f64>) -> String {
    let Some(cases) = cases else {
        return String::new();
    };
    let per_week = score.clean_cases.pace.per_week;
    let needed = counted(cases as u64, "more clean case");
    if per_week <= 0.0 {
        return format!("; {needed} would change it, and no case that counts has ended lately");
    }
    let years = cases / per_week / WEEKS_PER_YEAR;
    let long = match years {
        years if years < 100.0 => format!("about {years:.0} years"),
        _ => "more than 100 years".to_owned(),
    };
    let rate = significant(per_week, 2);
    format!("; {needed} would change it, {long} at {rate} cases a week: the rate is too low")
}

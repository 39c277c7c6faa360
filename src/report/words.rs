//! Figures for people.

use super::content::{Action, ActionGroup, ActionKind, Prediction, Row, Standing};
use crate::model::humanize::{self, coarse_decimals, format_roughly};
pub(super) use crate::model::humanize::{grouped as count, rounded as whole_number};
use crate::model::{SECOND_US, Span};
use crate::rules::Recommendation;
use crate::score::{DeclaredFact, StageTime};

/// A share in percent.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", digits(share))
}

/// In percent, with no more digits than mean anything.
fn digits(share: f64) -> String {
    humanize::percent_points(share, coarse_decimals(share))
}

/// A deviation with its interval.
pub(super) fn deviation([lower, mean, upper]: [f64; 3]) -> String {
    let [lower, mean, upper] = [lower, mean, upper].map(digits);
    format!("{mean} % ({lower} to {upper})")
}

/// The interval of a deviation.
pub(super) fn range([lower, _, upper]: [f64; 3]) -> String {
    format!("{} to {} %", digits(lower), digits(upper))
}

/// The time to a milestone, without its name.
pub(super) fn stage(time: &StageTime) -> String {
    let span =
        |seconds: f64| format_roughly(Span((seconds.round() as i64).saturating_mul(SECOND_US)));
    let with_bounds = |at: Option<f64>, interval: Option<(f64, Option<f64>)>| match (at, interval) {
        (_, None) => "unknown".to_owned(),
        (None, Some((lower, _))) => format!("above {}", span(lower)),
        (Some(at), Some((lower, None))) => format!("{} (at least {})", span(at), span(lower)),
        (Some(at), Some((lower, Some(upper)))) => {
            format!("{} ({} to {})", span(at), span(lower), span(upper))
        }
    };
    let mut text = format!(
        "median {}, 90 % within {}, of {}",
        with_bounds(time.median_seconds, time.median_interval),
        with_bounds(time.p90_seconds, time.p90_interval),
        cases(time.n),
    );
    if time.open > 0 {
        text += &format!("; {} open", count(time.open));
    }
    if time.never_reached > 0 {
        text += &format!("; {} ended without it", count(time.never_reached));
    }
    text
}

/// So many cases.
pub(super) fn cases(of: i64) -> String {
    humanize::counted(of, "case")
}

/// A rate with no more digits than mean anything.
pub(super) fn rate(of: f64) -> String {
    match of {
        many if many >= 9.95 => whole_number(many),
        few => format!("{few:.1}"),
    }
}

/// Hours a year with their interval.
pub(super) fn hours(of: [f64; 3]) -> String {
    let [lower, mean, upper] = of.map(whole_number);
    format!("{mean} h a year ({lower} to {upper})")
}

/// Cases that end wrong beyond what is permissible.
pub(super) fn excess(per_week: f64) -> String {
    let (many, span) = match per_week {
        few if few * 52.18 < 0.95 => return "less than one wrong case a year too many".to_owned(),
        few if few < 0.95 => (few * 52.18, "year"),
        many => (many, "week"),
    };
    let many = whole_number(many);
    let s = if many == "1" { "" } else { "s" };
    format!("about {many} wrong case{s} a {span} too many")
}

/// What an action is about, in a few words: how much goes wrong, or how many hours it saves.
pub(super) fn headline(action: &Action) -> Option<String> {
    let harm = action.excess_per_week.map(excess);
    harm.or_else(|| Some(format!("saves about {}", hours(action.hours_per_year?))))
}

/// On which assumption hours are saved.
fn assumption((spent, part): (f64, f64)) -> String {
    format!(
        "that assumes that it takes {:.0} % of the work ({} h a year) off people",
        100.0 * part,
        whole_number(spent)
    )
}

/// An action in sentences.
pub(super) fn sentences(action: &Action) -> Vec<String> {
    let clauses = [
        action.trouble.clone(),
        Some(action.what.clone()),
        action.first.clone(),
        action.of_hours.map(assumption),
        Some(action.confidence.clone()).filter(|said| !said.is_empty()),
    ];
    let clauses = clauses.into_iter().flatten();
    clauses.map(|clause| whole(&clause)).collect()
}

/// What the actions of a group have in common, and what they are worth together.
pub(super) fn group(group: ActionGroup, actions: &[Action]) -> String {
    let title = match group {
        ActionGroup::Stop => "Stop now: what AI or code gets wrong too often",
        ActionGroup::Mend => "Find out why: what goes wrong too often",
        ActionGroup::Improve => "Worth doing, by the hours that it saves",
        ActionGroup::Doubtful => "Not for the hours: it may cost more than it saves",
    };
    let saved = actions.iter().filter_map(|action| action.hours_per_year);
    let saved: f64 = saved.map(|hours| hours[1]).sum();
    match group {
        ActionGroup::Improve if saved >= 1.0 && actions.len() > 1 => format!(
            "{title} (together about {} h a year, if all that is assumed holds)",
            whole_number(saved)
        ),
        _ => title.to_owned(),
    }
}

/// How much of a process was automated, then and now.
fn automated([then, now]: [Option<f64>; 2]) -> String {
    let said =
        |part: Option<f64>| part.map_or("none".to_owned(), |part| format!("{:.0} %", 100.0 * part));
    match (then, now) {
        (Some(then), Some(now)) if (then - now).abs() < 0.005 => format!(
            "AI or code alone ran {:.0} % of its cases, before and in the period",
            100.0 * now
        ),
        _ => format!(
            "AI or code alone ran {} of its cases before, {} in the period",
            said(then),
            said(now)
        ),
    }
}

/// What came of a prediction.
pub(super) fn prediction(row: &Prediction) -> String {
    let said = match &row.said_on {
        Some(day) => format!("a report said on {day} that automation would save"),
        None => "no report was made then; it would have said that automation saves".to_owned(),
    };
    let spent = match (row.spent_now, row.saved) {
        (Some(now), Some(saved)) => format!(
            "spent {} before, and {} at the pace of the period: {}{}",
            hours(row.spent_then),
            hours(now),
            less(saved),
            if row.shown {
                ""
            } else {
                ", which may be chance"
            }
        ),
        _ => format!(
            "spent {} before; how many in the period is not known",
            hours(row.spent_then)
        ),
    };
    format!(
        "{said} {}. {}. People {spent}.",
        hours(row.said_to_be_saved),
        automated(row.automated)
    )
}

/// What was predicted of what nobody has automated.
pub(super) fn nothing_came(rows: usize) -> String {
    match rows {
        1 => "One process is run as before, or did not run: what was said to be saved there can't have come yet."
            .to_owned(),
        many => format!(
            "{many} processes are run as before, or did not run: what was said to be saved there can't have come yet."
        ),
    }
}

/// The deviation of one kind; a handful of cases says nothing.
pub(super) fn deviation_of(cases: i64, of: Option<[f64; 3]>) -> String {
    const TOO_FEW: i64 = 10;
    match of {
        _ if cases < TOO_FEW => "too few cases to say".to_owned(),
        Some(of) => deviation(of),
        None => "nothing in it could be a deviation".to_owned(),
    }
}

/// How processes stand, and how they stood a period ago.
pub(super) fn standing([now, then]: [Standing; 2], before: &str) -> String {
    let mut told = false;
    let mut part = |words: &str, now: usize, then: usize| {
        if now == then {
            return format!("{now} {words}");
        }
        let when = if told { "" } else { before };
        told = true;
        match when {
            "" => format!("{now} {words} ({then})"),
            when => format!("{now} {words} ({then} in {when})"),
        }
    };
    let mut parts = vec![
        part("within their tolerance", now.within, then.within),
        part("outside", now.outside, then.outside),
        part("undetermined", now.undetermined, then.undetermined),
    ];
    if now.no_tolerance + then.no_tolerance > 0 {
        parts.push(part(
            "without a tolerance",
            now.no_tolerance,
            then.no_tolerance,
        ));
    }
    let es = if now.processes == 1 { "" } else { "es" };
    format!("{} process{es}: {}", now.processes, parts.join(", "))
}

/// Hours a year that people spend less, or more.
fn less(saved: f64) -> String {
    match saved {
        saved if saved >= 0.5 => format!("{} h a year less", whole_number(saved)),
        saved if saved <= -0.5 => format!("{} h a year more", whole_number(-saved)),
        _ => "as many".to_owned(),
    }
}

/// A span for people.
pub(super) fn seconds(seconds: f64) -> String {
    format_roughly(Span::of_seconds(seconds))
}

/// A kind of thing to do, in a word or two.
pub(super) fn kind(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Withdraw => "stop",
        ActionKind::LookInto => "find out why",
        ActionKind::BreakUp => "break up",
        ActionKind::Codify => "to code",
        ActionKind::Delegate => "to AI",
        ActionKind::Approve => "AI proposes",
    }
}

/// A clause with a capital.
pub(super) fn capital(clause: &str) -> String {
    let mut chars = clause.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), chars.as_str())
}

/// A clause as a sentence: with a capital and a full stop.
pub(super) fn whole(clause: &str) -> String {
    format!("{}.", capital(clause.trim_end_matches('.')))
}

/// A tolerance class in words.
pub(super) fn class(of: &str) -> &str {
    match of {
        "f" => "fine",
        "m" => "medium",
        "c" => "coarse",
        "v" => "very coarse",
        "undetermined" => "not known yet",
        "none" => "none of them",
        other => other,
    }
}

/// What a process deviates by; a handful of cases without any deviation are no "0 %".
pub(super) fn observed(row: &Row) -> String {
    const FEW: i64 = 30;
    match row.deviation {
        None => "-".to_owned(),
        Some([_, mean, _]) if mean == 0.0 && row.cases < FEW => {
            format!("none in {}", cases(row.cases))
        }
        Some([_, mean, _]) => percent(mean),
    }
}

/// Who runs a process now.
pub(super) fn run_by(row: &Row) -> String {
    match &row.executor_measured {
        Some(measured) => format!(
            "{} by the catalog, {} by the log",
            executor(row.executor),
            executor(measured)
        ),
        None => executor(row.executor).to_owned(),
    }
}

/// Who should run a process.
pub(super) fn should(recommendation: Option<Recommendation>) -> &'static str {
    match recommendation {
        None => "-",
        Some(Recommendation::Code) => "code",
        Some(Recommendation::Ai) => "AI",
        Some(Recommendation::AiWithApproval) => "AI, and a person approves",
        Some(Recommendation::People) => "people",
        Some(Recommendation::Leave) => "leave as it is",
        Some(Recommendation::BreakUp) => "break it up",
    }
}

/// What the catalog says, and what the log shows.
pub(super) fn disagreement(
    what: DeclaredFact,
    declared: &str,
    measured: &str,
    sure: bool,
) -> String {
    let doubt = if sure {
        ""
    } else {
        " (too few cases to be sure)"
    };
    match what {
        DeclaredFact::Executor => format!(
            "by the catalog it is run by {}, by the log {}{doubt}",
            executor(declared),
            match measured {
                "mixed" => "in more than one mode",
                one => executor(one),
            }
        ),
        what => format!("{what} is {declared} by the catalog, and {measured} by the log{doubt}"),
    }
}

/// A value of what has changed: the same word does not stand for a class that is not known and a status.
pub(super) fn value<'a>(what: &str, value: &'a str) -> &'a str {
    match what {
        "achieved_class" | "required_class" => class(value),
        _ => value,
    }
}

/// Who runs a process.
pub(super) fn executor(word: &str) -> &str {
    match word {
        "human" => "people",
        "ai" => "AI",
        "ai_approved" => "AI with human approval",
        "code_approved" => "code with human approval",
        "mixed" => "mixed",
        other => other,
    }
}

/// What a change is about.
pub(super) fn changed(what: &str) -> &'static str {
    match what {
        "required_class" => "class needed",
        "achieved_class" => "class shown",
        "status" => "status",
        _ => "who should run it",
    }
}

/// A line of bars for the last periods, lowest to highest; blanks where nothing is known.
pub(super) fn sparkline(values: &[Option<f64>]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = values
        .iter()
        .flatten()
        .fold(0.0f64, |most, value| most.max(*value));
    let bar = |value: &Option<f64>| match value {
        None => ' ',
        Some(_) if most <= 0.0 => BARS[0],
        Some(value) => BARS[((value / most * 7.0).round() as usize).min(7)],
    };
    values.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harm_is_counted_by_the_week_or_by_the_year_and_is_never_none() {
        for (per_week, said) in [
            (34.2, "about 34 wrong cases a week too many"),
            (1.2, "about 1 wrong case a week too many"),
            (0.5, "about 26 wrong cases a year too many"),
            (0.004, "less than one wrong case a year too many"),
        ] {
            assert_eq!(excess(per_week), said);
        }
    }
}

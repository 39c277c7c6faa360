//! Figures for people.

use super::content::{Action, ActionKind, Standing};
use crate::config::format_roughly;

/// A share in percent.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", digits(share))
}

/// In percent, with no more digits than mean anything.
fn digits(share: f64) -> String {
    match 100.0 * share {
        percent if percent >= 9.95 => format!("{percent:.0}"),
        percent if percent >= 0.995 => format!("{percent:.1}"),
        percent => format!("{percent:.2}"),
    }
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

/// A whole number with commas between thousands.
fn whole_number(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    match value <= -0.5 {
        true => format!("-{out}"),
        false => out,
    }
}

/// Hours a year with their interval.
pub(super) fn hours(of: [f64; 3]) -> String {
    let [lower, mean, upper] = of.map(whole_number);
    format!("{mean} h a year ({lower} to {upper})")
}

/// Cases that end wrong beyond what is permissible.
pub(super) fn excess(per_week: f64) -> String {
    match per_week {
        few if few < 0.95 => format!(
            "About {:.0} wrong cases a year more than it may have",
            few * 52.18
        ),
        many => format!(
            "About {} wrong cases a week more than it may have",
            whole_number(many)
        ),
    }
}

/// What an action is worth, and how sure that is.
pub(super) fn worth(action: &Action) -> String {
    match action.hours_per_year {
        Some(saved) => format!(
            "{}{}: {}",
            hours(saved),
            assumption(action.of_hours),
            action.confidence
        ),
        None => action.confidence.to_owned(),
    }
}

/// On which assumption something is saved.
pub(super) fn assumption(of: Option<(f64, f64)>) -> String {
    of.map_or(String::new(), |(spent, part)| {
        let (spent, part) = (whole_number(spent), 100.0 * part);
        format!(", if it takes over {part:.0} % of the {spent} h that people spend")
    })
}

/// How much of a process was automated, then and now.
pub(super) fn automated([then, now]: [Option<f64>; 2]) -> String {
    let said =
        |part: Option<f64>| part.map_or("none".to_owned(), |part| format!("{:.0} %", 100.0 * part));
    match (then, now) {
        (Some(then), Some(now)) if (then - now).abs() < 0.005 => {
            format!(
                "AI or code alone ran {:.0} % of its cases, then as now",
                100.0 * now
            )
        }
        _ => format!(
            "AI or code alone ran {} of its cases then, {} now",
            said(then),
            said(now)
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

/// How processes stand, and how they stood.
pub(super) fn standing([now, then]: [Standing; 2]) -> String {
    let change = |now: usize, then: usize| match now as i64 - then as i64 {
        0 => String::new(),
        more if more > 0 => format!(" ({more} more than a period ago)"),
        less => format!(" ({} fewer)", -less),
    };
    let part = |words: &str, now: usize, then: usize| format!("{now} {words}{}", change(now, then));
    let mut parts = vec![
        part("within their tolerance", now.within, then.within),
        part("outside", now.outside, then.outside),
        part(
            "undetermined for want of cases",
            now.undetermined,
            then.undetermined,
        ),
    ];
    if now.no_tolerance + then.no_tolerance > 0 {
        parts.push(part(
            "without a tolerance",
            now.no_tolerance,
            then.no_tolerance,
        ));
    }
    format!("{} processes: {}", now.processes, parts.join(", "))
}

/// Hours a year that people spend less, or more.
pub(super) fn less(saved: f64) -> String {
    match saved {
        saved if saved >= 0.5 => format!("{} h a year less", whole_number(saved)),
        saved if saved <= -0.5 => format!("{} h a year more", whole_number(-saved)),
        _ => "as many".to_owned(),
    }
}

/// A span for people.
pub(super) fn seconds(seconds: f64) -> String {
    format_roughly((seconds * 1e6) as i64)
}

/// A kind of thing to do, in a word.
pub(super) fn kind(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Withdraw => "withdraw",
        ActionKind::LookInto => "look into",
        ActionKind::BreakUp => "break up",
        ActionKind::Codify => "codify",
        ActionKind::Delegate => "delegate",
        ActionKind::Approve => "approve",
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

/// The class that a process holds.
pub(super) fn held(class: &str) -> &str {
    match class {
        "undetermined" => "not known yet",
        "none" => "none of them",
        other => other,
    }
}

/// A value of what has changed: the same word does not stand for a class that is not known and a status.
pub(super) fn value<'a>(what: &str, value: &'a str) -> &'a str {
    match what {
        "achieved_class" | "required_class" => held(value),
        _ => value,
    }
}

/// Who runs a process.
pub(super) fn executor(word: &str) -> &str {
    match word {
        "human" => "people",
        "ai" => "AI",
        "mixed" => "mixed",
        other => other,
    }
}

/// What a change is about.
pub(super) fn changed(what: &str) -> &'static str {
    match what {
        "required_class" => "class it needs",
        "achieved_class" => "class it holds",
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

/// What the terms mean, said once in every report.
pub(super) const TERMS: [(&str, &str); 5] = [
    (
        "deviation",
        "how far a case ended from how it should: 0 as designed, 1 wrong, something between for what is half wrong. 2 % means two wrong cases in a hundred, or four that were half wrong",
    ),
    (
        "(… to …)",
        "the range within which the true value lies with 95 % confidence; more cases make it narrower",
    ),
    (
        "class",
        "how precise a process must be: f fine, m medium, c coarse, v very coarse; from it and the size of the process follows the deviation that is permissible",
    ),
    (
        "within, outside, undetermined",
        "the whole range lies below the permissible deviation, above it, or on both sides: then more cases are needed",
    ),
    (
        "drift",
        "a process has changed against its own past, by more than chance would have it",
    ),
];

// The parts of a report.
pub(super) const CHANGED: &str = "What changed";
pub(super) const TO_DO: &str = "What to do now";
pub(super) const DRIFTED: &str = "What has drifted";
pub(super) const ALL: &str = "All processes";
pub(super) const SIDES: &str = "People, AI and code";
pub(super) const DECLARED: &str = "Declared against measured";
pub(super) const PREDICTED: &str = "What was predicted, and what came";
pub(super) const OPEN: &str = "What could not be judged";
pub(super) const QUALITY: &str = "Data quality";

/// What a part means, and what stands there where there is nothing to say.
pub(super) fn about(part: &str) -> (&'static str, &'static str) {
    match part {
        CHANGED => (
            "Verdicts that are not what they were a period ago, and why.",
            "Nothing: class, status and recommendation of every process are as before.",
        ),
        TO_DO => (
            "What does harm first, the most harm on top; then by the hours a year that it saves, upkeep taken off. In brackets: the range \
             within which the true value lies with 95 % confidence.",
            "Nothing.",
        ),
        DRIFTED => (
            "A process has changed against its own past by more than chance would have it.",
            "Nothing.",
        ),
        ALL => (
            "Needs and holds are tolerance classes: f (fine) permits the least deviation, then m, c and v (very coarse); how much exactly \
             follows from the length of the process, too. Deviation says how far cases end from how they should: 0 % as designed, 100 % \
             wrong. The bar is the range within which it lies, the mark what is permissible. The trend is the deviation at the ends of \
             the last eight periods.",
            "None.",
        ),
        SIDES => (
            "The same process by who ran the case, each held against the same limit. Mixed: more than one of them worked on the case.",
            "No process is run by more than one of them.",
        ),
        DECLARED => (
            "What the catalog says of a process, against what its log shows.",
            "They agree.",
        ),
        PREDICTED => (
            "Hours of people's work that automation was said to save at the beginning of the period, upkeep taken off, against the hours \
             that they spend now. What was not automated can't have saved anything.",
            "Nothing was predicted a period ago.",
        ),
        OPEN => (
            "Undetermined is no fault of a process: there are too few cases to say whether it deviates more or less than it may.",
            "Everything could.",
        ),
        QUALITY => ("What the figures above lack.", "Nothing is lacking."),
        _ => ("", ""),
    }
}

//! What differs between two scores of the same processes, and what of it may be chance.

use super::bounds::Bounds;
use super::directions::DirectionScore;
use super::process_score::ProcessScore;
use crate::model::{Direction, Executor};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What can be said of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Claim {
    /// It has changed: what is declared or set by the rules, a figure whose intervals do not overlap, or what follows
    /// from one of these.
    Changed,
    /// The intervals overlap, or it follows from figures whose intervals do: it may be chance, or more evidence.
    MayBeChance,
    /// The figure has no interval, so nothing is claimed.
    NoInterval,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Differing {
    /// What: the name of a field of the score.
    pub what: String,
    /// What it was, in words; empty where it was not known.
    pub from: String,
    /// What it is; empty where it is not known.
    pub to: String,
    /// What can be said of it.
    pub claim: Claim,
    /// Whether it is a word (a class, a status, a recommendation) rather than a figure.
    pub is_word: bool,
}

/// What differs for one process.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Difference {
    /// The process.
    pub process: String,
    /// The earlier score; null where there was none.
    pub from: Option<ProcessScore>,
    /// The later one; null where there is none.
    pub to: Option<ProcessScore>,
    /// What differs, the most important first.
    pub differing: Vec<Differing>,
}

impl Difference {
    /// Whether anything has changed beyond chance.
    pub(crate) fn has_changed(&self) -> bool {
        let mut all = self.differing.iter();
        all.any(|differing| differing.claim == Claim::Changed)
    }

    /// Whether anything is worth telling: a change, or another word, though it may be chance.
    pub(crate) fn is_told(&self) -> bool {
        let has_word = self.differing.iter().any(|differing| differing.is_word);
        has_word || self.has_changed()
    }
}

/// How a column is judged.
enum Judge {
    /// It has no error: any difference is a change.
    Exact,
    /// It follows from these columns, and has changed where one of them has.
    Follows(&'static [&'static str]),
    /// It has an interval.
    Interval(fn(&ProcessScore) -> Option<[f64; 2]>),
    /// It has none.
    None,
}

/// What is compared, how it reads, and how a difference is judged.
struct Column {
    what: &'static str,
    text: fn(&ProcessScore) -> String,
    judge: Judge,
}

/// What a verdict follows from.
const VERDICT: &[&str] = &[
    "criticality",
    "required_class",
    "permissible_deviation",
    "complexity",
    "executor",
    "deviation",
    "ai_deviation",
    "code_deviation",
    "missed",
    "missed_tolerance",
    "false_alarm",
    "false_alarm_tolerance",
    "cases_per_week",
];
/// What a status follows from.
const STATUS: &[&str] = &[
    "permissible_deviation",
    "deviation",
    "missed",
    "missed_tolerance",
    "false_alarm",
    "false_alarm_tolerance",
];
/// What an achieved class follows from.
const ACHIEVED: &[&str] = &["permissible_deviation", "deviation"];

#[rustfmt::skip]
const COLUMNS: &[Column] = &[
    Column { what: "recommendation", text: |s| word(s.advice.recommendation), judge: Judge::Follows(VERDICT) },
    Column { what: "rule", text: |s| s.advice.rule.clone().unwrap_or_default(), judge: Judge::Follows(VERDICT) },
    Column { what: "status", text: |s| s.rating.status.to_string(), judge: Judge::Follows(STATUS) },
    Column { what: "required_class", text: |s| s.rating.required_class.to_string(), judge: Judge::Exact },
    Column { what: "achieved_class", text: |s| s.rating.achieved_class.to_string(), judge: Judge::Follows(ACHIEVED) },
    Column { what: "criticality", text: |s| s.levels.criticality.to_string(), judge: Judge::Exact },
    Column { what: "complexity", text: |s| word(s.levels.complexity), judge: Judge::Exact },
    Column { what: "frequency", text: |s| word(s.levels.frequency), judge: Judge::Follows(&["cases_per_week"]) },
    Column { what: "permissible_deviation", text: |s| s.rating.permissible_deviation.map_or(String::new(), percent), judge: Judge::Exact },
    Column { what: "executor", text: |s| s.run_by.executor.to_string(), judge: Judge::Exact },
    Column { what: "deviation", judge: Judge::Interval(|s| s.rating.deviation.map(ends)), text: |s| bounds(s.rating.deviation) },
    Column { what: "ai_deviation", judge: Judge::Interval(|s| alone(s, Executor::Ai).map(ends)), text: |s| bounds(alone(s, Executor::Ai)) },
    Column { what: "code_deviation", judge: Judge::Interval(|s| alone(s, Executor::Code).map(ends)), text: |s| bounds(alone(s, Executor::Code)) },
    Column { what: "missed", judge: Judge::Interval(|s| directed(s, Direction::Missed)?.share.map(ends)),
        text: |s| bounds(directed(s, Direction::Missed).and_then(|of| of.share)) },
    Column { what: "missed_tolerance", text: |s| tolerance(s, Direction::Missed), judge: Judge::Exact },
    Column { what: "false_alarm", judge: Judge::Interval(|s| directed(s, Direction::FalseAlarm)?.share.map(ends)),
        text: |s| bounds(directed(s, Direction::FalseAlarm).and_then(|of| of.share)) },
    Column { what: "false_alarm_tolerance", text: |s| tolerance(s, Direction::FalseAlarm), judge: Judge::Exact },
    Column { what: "capability", judge: Judge::Interval(capability), text: |s| s.rating.capability.map_or(String::new(), |c| format!("{c:.2}")) },
    Column { what: "cases_per_week", judge: Judge::Interval(|s| s.rate.cases_per_week_interval),
        text: |s| match (s.rate.cases_per_week, s.rate.cases_per_week_interval) {
            (Some(rate), Some([lower, upper])) => format!("{rate:.1} [{lower:.1}, {upper:.1}]"),
            _ => String::new(),
        } },
    Column { what: "size_steps", text: |s| s.size.size_steps.map_or(String::new(), |n| format!("{n:.2}")), judge: Judge::None },
    Column { what: "cases", text: |s| s.counts.cases.to_string(), judge: Judge::None },
];

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

fn word<T: std::fmt::Display>(word: Option<T>) -> String {
    word.map_or(String::new(), |word| word.to_string())
}

fn bounds(deviation: Option<Bounds>) -> String {
    deviation.map_or(String::new(), |d| {
        let (lower, upper) = (d.lower * 100.0, d.upper * 100.0);
        format!("{} [{lower:.2}, {upper:.2}]", percent(d.mean))
    })
}

fn ends(bounds: Bounds) -> [f64; 2] {
    [bounds.lower, bounds.upper]
}

/// The deviation of the cases in one operating mode.
fn alone(score: &ProcessScore, kind: Executor) -> Option<Bounds> {
    let side = score.executor_of(kind)?;
    side.deviation
}

fn directed(score: &ProcessScore, direction: Direction) -> Option<&DirectionScore> {
    score.directions.iter().find(|of| of.direction == direction)
}

fn tolerance(score: &ProcessScore, direction: Direction) -> String {
    let tolerance = directed(score, direction).and_then(|of| of.tolerance);
    tolerance.map_or(String::new(), percent)
}

/// The capability that the bounds of the deviation allow, T / upper to T / lower.
fn capability(score: &ProcessScore) -> Option<[f64; 2]> {
    let (t, d) = (score.rating.permissible_deviation?, score.rating.deviation?);
    let best = if d.lower > 0.0 { t / d.lower } else { f64::MAX };
    Some([t / d.upper, best])
}

/// What differs between two scores, process by process, in order of their ids. Processes that do not differ are among
/// them, with nothing that differs.
///
/// A figure with an interval is said to have changed only where the two intervals do not overlap. For two independent
/// confidence intervals that is a stricter test than their level says (Schenker and Gentleman 2001, "On judging the
/// significance of differences by examining the overlap between confidence intervals"): it misses small changes and
/// seldom claims one that is none.
pub(crate) fn differences(from: &[ProcessScore], to: &[ProcessScore]) -> Vec<Difference> {
    let by_id = |scores: &[ProcessScore]| -> BTreeMap<String, ProcessScore> {
        let keyed = scores.iter().map(|score| (score.id.clone(), score.clone()));
        keyed.collect()
    };
    let (mut from, mut to) = (by_id(from), by_id(to));
    let ids: BTreeSet<String> = from.keys().chain(to.keys()).cloned().collect();
    let pair = |id: String| {
        let (from, to) = (from.remove(&id), to.remove(&id));
        let differing = COLUMNS
            .iter()
            .filter_map(|column| compare(column, &from, &to));
        Difference {
            differing: differing.collect(),
            process: id,
            from,
            to,
        }
    };
    ids.into_iter().map(pair).collect()
}

fn compare(
    column: &Column,
    from: &Option<ProcessScore>,
    to: &Option<ProcessScore>,
) -> Option<Differing> {
    let text = |score: &Option<ProcessScore>| score.as_ref().map_or(String::new(), column.text);
    let (before, after) = (text(from), text(to));
    if before == after {
        return None;
    }
    let claim = match column.judge {
        Judge::Exact => Claim::Changed,
        Judge::None => Claim::NoInterval,
        Judge::Follows(inputs) => {
            let inputs = COLUMNS.iter().filter(|input| inputs.contains(&input.what));
            let mut compared = inputs.filter_map(|input| compare(input, from, to));
            let has_changed = compared.any(|input| input.claim == Claim::Changed);
            // Where there is no other score to hold it against, that is the change.
            if has_changed || from.is_none() || to.is_none() {
                Claim::Changed
            } else {
                Claim::MayBeChance
            }
        }
        Judge::Interval(interval) => {
            let interval = |score: &Option<ProcessScore>| score.as_ref().and_then(interval);
            match (interval(from), interval(to)) {
                (Some(a), Some(b)) if a[0] <= b[1] && b[0] <= a[1] => Claim::MayBeChance,
                (Some(_), Some(_)) => Claim::Changed,
                // Known once and not at the other time: nothing to hold against each other.
                _ => Claim::NoInterval,
            }
        }
    };
    Some(Differing {
        what: column.what.to_owned(),
        from: before,
        to: after,
        claim,
        is_word: matches!(column.judge, Judge::Exact | Judge::Follows(_)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Evidence;
    use crate::model::Time;
    use crate::score::{Rating, Terms, score_all};

    fn score(deviation: Option<(f64, f64, f64)>, status: crate::model::Status) -> ProcessScore {
        let catalog =
            crate::rules::Catalog::parse("processes: [{id: p}]", std::path::Path::new("c.yaml"));
        let terms = Terms {
            catalog: &catalog.unwrap(),
            tolerance: &crate::rules::Tolerance::builtin(),
            names: &crate::model::Names::new(),
        };
        let evidence = Evidence {
            to: Time(1),
            ..Evidence::default()
        };
        let empty = score_all(&evidence, terms).remove(0);
        ProcessScore {
            rating: Rating {
                permissible_deviation: Some(0.02),
                deviation: deviation.map(|(mean, lower, upper)| Bounds { mean, lower, upper }),
                capability: deviation.map(|(_, _, upper)| 0.02 / upper),
                status,
                ..empty.rating
            },
            ..empty
        }
    }

    fn claims(from: ProcessScore, to: ProcessScore) -> Vec<(String, Claim)> {
        let found = differences(&[from], &[to]).remove(0);
        let pair = |differing: Differing| (differing.what, differing.claim);
        found.differing.into_iter().map(pair).collect()
    }

    #[test]
    fn only_what_the_intervals_tell_apart_is_a_change() {
        use crate::model::Status::{Outside, Undetermined};
        let before = score(Some((0.02, 0.01, 0.03)), Undetermined);
        assert_eq!(claims(before.clone(), before.clone()), []);
        let little = score(Some((0.03, 0.02, 0.04)), Undetermined);
        let expected = [
            ("deviation".to_owned(), Claim::MayBeChance),
            ("capability".to_owned(), Claim::MayBeChance),
        ];
        assert_eq!(claims(before.clone(), little.clone()), expected);
        assert!(!differences(std::slice::from_ref(&before), &[little])[0].has_changed());
        let much = score(Some((0.06, 0.05, 0.07)), Outside);
        let expected = ["status", "deviation", "capability"];
        let expected = expected.map(|what| (what.to_owned(), Claim::Changed));
        assert_eq!(claims(before.clone(), much), expected);
        // Another word that follows from figures which can't be told apart.
        let word = score(Some((0.03, 0.02, 0.04)), Outside);
        let told = differences(std::slice::from_ref(&before), &[word]).remove(0);
        assert!(told.is_told() && !told.has_changed());
        let unknown = score(None, Undetermined);
        assert_eq!(claims(before, unknown)[0].1, Claim::NoInterval);
    }

    #[test]
    fn a_process_that_comes_or_goes_is_told() {
        let one = score(None, crate::model::Status::Undetermined);
        let come = differences(&[], std::slice::from_ref(&one)).remove(0);
        assert!(come.has_changed() && come.from.is_none());
        let gone = differences(&[one], &[]).remove(0);
        assert!(gone.has_changed() && gone.to.is_none());
    }
}

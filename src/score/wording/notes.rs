//! The texts of notes.

use super::directions::not_within;
use super::percent;
use crate::measure::UNKNOWN_LOSS;
use crate::model::humanize::{format_roughly, grouped, significant};
use crate::model::yaml::quoted;
use crate::model::{Executor, Level, Span, printable};
use crate::rules::Recommendation;
use crate::score::note::{Assumption, EvidenceNote, HandsOnTaken, LossEffect, Note, TrialNote};
use std::collections::BTreeMap;
use std::fmt::{Display, Formatter, Result};

/// Examples of names are cut at so many characters.
const EXAMPLE_CHARS: usize = 60;

impl Display for Note {
    fn fmt(&self, out: &mut Formatter) -> Result {
        match self {
            Note::NotInLogs => out.write_str("declared in the catalog, and not seen in any log"),
            Note::CallsInCircle(names) => write!(
                out,
                "cases call each other in a circle ({}), so sub-processes are left out of its size",
                names.join(" -> ")
            ),
            Note::IdsInNames {
                once,
                activities,
                example,
            } => write!(
                out,
                "{} of {} activities were seen once, such as `{}`: their names contain ids, so there is no size. Take the ids out with `match` (docs/mapping.md)",
                grouped(*once as i128),
                grouped(*activities as i128),
                printable(example, EXAMPLE_CHARS)
            ),
            Note::Assumption(assumption) => write!(out, "{assumption}"),
            Note::Evidence(note) => write!(out, "{note}"),
            Note::Trial(note) => write!(out, "{note}"),
        }
    }
}

impl Display for Assumption {
    fn fmt(&self, out: &mut Formatter) -> Result {
        match self {
            Assumption::Criticality(by_criticality) => {
                out.write_str("criticality is not declared, medium is assumed")?;
                if !by_criticality.is_empty() {
                    out.write_str(", so the recommendation is provisional (")?;
                    provisional(out, by_criticality)?;
                    out.write_str(")")?;
                }
                out.write_str(": declare it in a catalog")
            }
            Assumption::NoneBegan => out.write_str(
                "no case began within the window: all that ended in it had begun before, so the rate is 0",
            ),
            Assumption::NoOutcomeMapped => {
                out.write_str("no outcome is mapped: the last activity of a case stands for it")
            }
            Assumption::OneEventPerCase => out.write_str(
                "every case has a single event: if the file has one row per case, a mapping with several events per record (or a preset) turns its dates into steps",
            ),
            Assumption::SeverityByName(outcomes) => {
                let each = outcomes.iter().map(|(name, severity)| {
                    format!("{name} = {}", severity.share())
                });
                let each = each.collect::<Vec<_>>().join(", ");
                write!(out, "severity of outcomes is assumed by their names: {each}")
            }
            Assumption::Unclassified {
                cases,
                of,
                outcomes,
                more,
            } => unclassified(out, (*cases, *of), outcomes, *more),
            Assumption::NothingMeasurable => out.write_str(
                "nothing here could count as a deviation, so there is none to measure: map the outcome, name the states that resolve a case, or declare outcomes, a limit or a path in a catalog",
            ),
        }
    }
}

/// What is recommended at each criticality, `low to medium: ...` if it is the same.
fn provisional(
    out: &mut Formatter,
    by_criticality: &BTreeMap<Level, Option<Recommendation>>,
) -> Result {
    let all: Vec<(&Level, &Option<Recommendation>)> = by_criticality.iter().collect();
    for (nth, alike) in all.chunk_by(|a, b| a.1 == b.1).enumerate() {
        if nth > 0 {
            out.write_str("; ")?;
        }
        match (alike.first(), alike.last()) {
            (Some((first, _)), Some((last, _))) if first != last => {
                write!(out, "{first} to {last}: ")?
            }
            (Some((only, _)), _) => write!(out, "{only}: ")?,
            _ => {}
        }
        match alike
            .first()
            .and_then(|(_, recommendation)| recommendation.as_ref())
        {
            Some(recommendation) => write!(out, "{recommendation}")?,
            None => out.write_str("none")?,
        }
    }
    Ok(())
}

/// The words, their counts, and the line for the catalog.
fn unclassified(
    out: &mut Formatter,
    (cases, of): (i64, i64),
    outcomes: &[(String, i64)],
    more: usize,
) -> Result {
    let counted = outcomes
        .iter()
        .map(|(name, count)| format!("{name} ({count})"));
    let counted = counted.collect::<Vec<_>>().join(", ");
    let lines = outcomes
        .iter()
        .map(|(name, _)| format!("{}: 1", quoted(name)));
    let lines = lines.collect::<Vec<_>>().join(", ");
    let more = match more {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    write!(
        out,
        "{cases} of {of} cases have an unclassified outcome: {counted}{more}. Classify them in the catalog, 0 for as designed and 1 for wrong: `outcomes: {{ {lines} }}`"
    )
}

impl Display for EvidenceNote {
    fn fmt(&self, out: &mut Formatter) -> Result {
        match self {
            EvidenceNote::RecordsLost {
                lost,
                gaps,
                share,
                effect,
            } => records_lost(out, (*lost, *gaps), *share, *effect),
            EvidenceNote::Undated => write!(
                out,
                "the log has no times: rate, frequency, drift and durations are unknown, and its cases count as those of one day"
            ),
            EvidenceNote::Silent { since, days } => write!(
                out,
                "its sources have told of nothing since {since}, {days} days ago: rates are of the time until then"
            ),
            EvidenceNote::Dormant(since) => write!(
                out,
                "the last event of the process is of {since}, although at its rate several cases should have begun since: it has no frequency now"
            ),
            EvidenceNote::OpenDeviate { cases, of } => write!(
                out,
                "{cases} of {of} open cases count already: they are over their limit, or were reopened"
            ),
            EvidenceNote::EndsBeforeStart { cases, of } => write!(
                out,
                "{cases} of {of} cases ended or were resolved before they began, by the times of the log: they count as ended, without a duration. Check the columns and time zones of these times"
            ),
            EvidenceNote::Young {
                cases,
                of,
                usual,
                expected,
                too_many,
            } => young(out, (*cases, *of), *usual, (*expected, *too_many)),
            EvidenceNote::SizeBeforeEpoch(epoch) => write!(
                out,
                "too few of the cases that started since the epoch {epoch} have ended to measure the size: the size from before the epoch holds"
            ),
            EvidenceNote::TooFewDays { days, needed } => {
                let days = count(*days, "day", "days");
                write!(
                    out,
                    "its cases ended on {days}, and it takes {needed} to call it within: cases of one day may have one cause"
                )
            }
            EvidenceNote::Direction(of) => not_within(out, of),
            EvidenceNote::OnlyConfirmed { confirmed, of } => write!(
                out,
                "only confirmed outcomes count as evidence: {confirmed} of {of} cases"
            ),
            EvidenceNote::HandsOn {
                timed,
                by_people,
                taken,
            } => write!(
                out,
                "hands-on time is measured on {timed} of the {by_people} cases that people took part in: {taken}"
            ),
            EvidenceNote::PathsSampled(one_in) => write!(
                out,
                "so many different paths that one in {one_in} was kept: their number is an estimate"
            ),
            EvidenceNote::InputsSampled(one_in) => write!(
                out,
                "so many different inputs that one in {one_in} was kept: agreement is measured on those"
            ),
            EvidenceNote::UnknownRuns { runs, of } => write!(
                out,
                "pass^k leaves out {runs} of {of} runs with an input: their outcome is unknown"
            ),
            EvidenceNote::NoTolerance => out.write_str(
                "the table has no permissible deviation at this class and size: there is no tolerance to hold",
            ),
        }
    }
}

fn records_lost(
    out: &mut Formatter,
    (lost, gaps): (i64, i64),
    share: f64,
    effect: LossEffect,
) -> Result {
    let records = count(lost, "record was", "records were");
    let share = percent(share);
    match gaps {
        0 => write!(out, "{records} lost ({share}); {effect}"),
        gaps => {
            let gaps = count(gaps, "gap", "gaps");
            write!(
                out,
                "{records} lost ({share}, {gaps} of a source among them); {effect}"
            )
        }
    }
}

/// The cases that may still be reopened, and what follows from them.
fn young(
    out: &mut Formatter,
    (cases, of): (i64, i64),
    usual: Option<Span>,
    (expected, too_many): (f64, bool),
) -> Result {
    let usual = usual.map_or(
        "a time longer than cases have been watched".to_owned(),
        format_roughly,
    );
    write!(
        out,
        "{cases} of {of} cases are too young to count as conforming: four in five reopenings or reversals come within {usual} after the resolution. "
    )?;
    match expected > 0.0 {
        true => write!(
            out,
            "{} more are expected, and the deviation includes them",
            significant(expected, 1)
        )?,
        false => out.write_str(
            "Too few were seen to tell how many more to expect: the upper bound allows for them",
        )?,
    }
    match too_many {
        true => out.write_str(
            ". So many young cases are never within, unless ten times as many reopenings would be: wait, or use a longer `window`",
        ),
        false => Ok(()),
    }
}

/// `1 gap`, `2 gaps`.
fn count(number: i64, one: &str, many: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}

impl Display for LossEffect {
    fn fmt(&self, out: &mut Formatter) -> Result {
        out.write_str(match self {
            LossEffect::Unknown => UNKNOWN_LOSS,
            LossEffect::TooMuch => "too much to call it within or outside",
            LossEffect::Widened => "every interval of a deviation is widened by as much",
        })
    }
}

impl Display for HandsOnTaken {
    fn fmt(&self, out: &mut Formatter) -> Result {
        out.write_str(match self {
            HandsOnTaken::Measured => "taken to be the same in the others",
            HandsOnTaken::Declared => "too few to go by: what is declared counts instead",
            HandsOnTaken::Nothing => "too few to go by, and none is declared",
        })
    }
}

impl Display for TrialNote {
    fn fmt(&self, out: &mut Formatter) -> Result {
        match self {
            TrialNote::Untried(executor) => write!(
                out,
                "no shadow run of {}: run it beside people first",
                name(*executor)
            ),
            TrialNote::NotCompared(executor, why) => {
                write!(out, "shadow runs of {executor}: {why}")
            }
            TrialNote::Open { executor, missing } => write!(
                out,
                "shadow runs of {executor} are undetermined: {missing} more without any deviation, each beside a live case of its own, would show that it holds"
            ),
        }
    }
}

/// A kind as a sentence has it.
fn name(executor: Executor) -> &'static str {
    match executor {
        Executor::Ai => "AI",
        Executor::AiApproved => "AI with human approval",
        Executor::CodeApproved => "code with human approval",
        other => other.word(),
    }
}

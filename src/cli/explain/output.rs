//! Printing an explanation: sections of aligned columns for people, JSON for programs.

use super::{ChangeSaid, Explanation, Read, RulesSaid};
use crate::cli::failure::Failure;
use crate::cli::layout::{
    columns, columns_by_row, follows_hyperlinks, hyperlink, paragraph, width,
};
use crate::cli::reading::reading_words;
use crate::cli::text::{grouped, harmless, printable};
use crate::explain::{Figure, Lever, RuleTrace, Turn};
use crate::model::humanize::{counted, format_days};
use crate::model::{Origin, Span, Status};
use crate::query::CaseBehind;
use crate::score::ProcessScore;
use console::style;
use std::io::{self, Write};

/// Changes printed; the latest are the ones that matter.
const MOST_CHANGES: usize = 20;
/// Ids of cases are printed up to so many characters.
const MOST_ID: usize = 30;

pub(super) fn json(explanation: &Explanation) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, explanation)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

/// Prints for people; what was read and guessed first, where logs were.
pub(super) fn text(explanation: &Explanation, read: Option<&Read>) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    if let Some(read) = read {
        let mut words = Vec::new();
        reading_words(&mut words, read.reading, read.covered, None)?;
        out.write_all(harmless(&String::from_utf8_lossy(&words)).as_bytes())?;
        writeln!(out)?;
    }
    let page = Page {
        said: explanation,
        width: width(),
    };
    out.write_all(page.print().as_bytes())?;
    out.flush()?;
    Ok(())
}

struct Page<'a> {
    said: &'a Explanation,
    width: usize,
}

fn heading(text: &str) -> String {
    format!("\n{}\n", style(text).bold())
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

impl Page<'_> {
    fn print(&self) -> String {
        let sections = [
            self.head(),
            self.verdict(),
            self.figures(),
            self.would_change(),
            self.cases(),
            self.ledger(),
        ];
        sections.concat()
    }

    fn columns(&self, rows: &[Vec<String>], indent: usize) -> String {
        columns(rows, indent, self.width)
    }

    fn head(&self) -> String {
        let said = self.said;
        let score = &said.score;
        let id = printable(&score.id, 80);
        let mut out = match score.name == score.id {
            true => format!("{}\n", style(id).bold()),
            false => format!("{}: {}\n", style(id).bold(), printable(&score.name, 80)),
        };
        let window = said
            .window_seconds
            .map_or("no window".to_owned(), |seconds| {
                format!("window {}", format_days(Span::of_seconds(seconds)))
            });
        let period = match (&said.as_of, &said.from) {
            (Some(as_of), Some(from)) => {
                format!("As of {as_of}. Counted from {from} on ({window})")
            }
            _ => "The log has no times".to_owned(),
        };
        let mut lines = vec![format!(
            "{period}: {} cases, {} of them open; {}.",
            grouped(score.counts.cases),
            grouped(score.counts.open_cases),
            beside(score),
        )];
        lines.extend(said.rules.iter().map(rules_line));
        lines.extend(score.notes.iter().map(|note| format!("Note: {note}")));
        for line in lines {
            out.push_str(&paragraph(&line, 0, self.width));
        }
        out
    }

    fn verdict(&self) -> String {
        let score = &self.said.score;
        let mut out = heading("VERDICT");
        let Some(recommendation) = score.advice.recommendation else {
            out.push_str(&paragraph(
                &format!("none: {}", score.advice.reason),
                2,
                self.width,
            ));
            return out;
        };
        let Some((fired, before)) = self.said.rules_tried.split_last() else {
            return out;
        };
        out.push_str(&self.columns(
            &[
                row(["who should run it", recommendation.word()]),
                row(["rule", &fired.rule]),
                row(["because", &fired.because]),
            ],
            2,
        ));
        out.push_str("  its conditions\n");
        out.push_str(&self.columns(&conditions(fired), 4));
        if !before.is_empty() {
            out.push_str("  rules before it, and what they failed on\n");
            let failed: Vec<Vec<String>> = before
                .iter()
                .map(|rule| row([&rule.rule, &failures(rule)]))
                .collect();
            out.push_str(&self.columns(&failed, 4));
        }
        out
    }

    fn figures(&self) -> String {
        let mut out = String::new();
        for group in self.said.figures.chunk_by(|a, b| a.section == b.section) {
            out.push_str(&heading(&group[0].section.to_uppercase()));
            let rows: Vec<Vec<String>> = group.iter().map(figure).collect();
            out.push_str(&self.columns(&rows, 2));
        }
        out
    }

    fn would_change(&self) -> String {
        let mut out = heading("WHAT WOULD CHANGE IT");
        if self.said.would_change.is_empty() {
            let why = self.said.score.advice.reason.to_string();
            out.push_str(&paragraph(&why, 2, self.width));
            return out;
        }
        let rows: Vec<Vec<String>> = self.said.would_change.iter().flat_map(lever).collect();
        out.push_str(&self.columns(&rows, 2));
        out
    }

    fn cases(&self) -> String {
        let cases = &self.said.cases;
        let mut out = heading("CASES BEHIND IT");
        if cases.is_empty() {
            out.push_str("  none\n");
            out.push_str(&self.removed());
            return out;
        }
        let links = follows_hyperlinks();
        let is_measured = is_measured(self.said);
        let mut rows = vec![row(["case", "ended", "by", "deviation", "why"])];
        rows.extend(cases.iter().map(|said| case_row(&said.case, is_measured)));
        let lines = columns_by_row(&rows, 2, self.width);
        out.push_str(&lines[0]);
        for (line, said) in lines[1..].iter().zip(cases) {
            let id = printable(&said.case.id, MOST_ID);
            match &said.link {
                Some(address) if links => {
                    out.push_str(&line.replacen(&id, &hyperlink(&id, address), 1));
                }
                Some(address) => out.push_str(&format!("{line}      {address}\n")),
                None => out.push_str(line),
            }
        }
        let which = match self.said.score.scored_cases.requires_confirmed {
            true => "confirmed cases",
            false => "cases",
        };
        let listed = match is_measured {
            true => format!("The {which} that deviate most, the latest first among equals"),
            false => format!("The latest {which}: there is nothing by which they could deviate"),
        };
        let legend = format!("{listed}; --cases COUNT shows more.");
        out.push_str(&paragraph(&legend, 2, self.width));
        out.push_str(&self.removed());
        out
    }

    /// What is said of cases that were removed after the retention period.
    fn removed(&self) -> String {
        let mut out = String::new();
        if self.said.cases_removed > 0 {
            let removed = format!(
                "{} of the cases behind this score were removed after the retention period. They count, but can't be listed.",
                grouped(i64::try_from(self.said.cases_removed).unwrap_or(i64::MAX))
            );
            out.push_str(&paragraph(&removed, 2, self.width));
        }
        if self.said.removed_cases_cut {
            let cut = "Some removed cases had events after this time. They count as they ended, so figures can differ from \
                       those of then.";
            out.push_str(&paragraph(cut, 2, self.width));
        }
        out
    }

    fn ledger(&self) -> String {
        let said = self.said;
        if said.rules.is_none() {
            return String::new();
        }
        let mut out = heading("LEDGER");
        if said.ledger.is_empty() {
            out.push_str("  no change has been noted\n");
        }
        let hidden = said.ledger.len().saturating_sub(MOST_CHANGES);
        if hidden > 0 {
            out.push_str(&format!(
                "  ... {hidden} earlier ones: --format json has them all\n"
            ));
        }
        for group in said.ledger[hidden..].chunk_by(|a, b| a.at == b.at && a.reason == b.reason) {
            let rows: Vec<Vec<String>> = group
                .iter()
                .enumerate()
                .map(|(nth, change)| change_row(nth, change))
                .collect();
            out.push_str(&self.columns(&rows, 2));
            out.push_str(&paragraph(&group[0].reason, 6, self.width));
            out.push_str(&paragraph(&rules_then(&group[0]), 6, self.width));
            if group[0].clock_in_doubt {
                let mark = "the clock was in doubt: the time of this change can be wrong";
                out.push_str(&paragraph(mark, 6, self.width));
            }
        }
        out
    }
}

/// Whether what is said of the deviation of a case was measured. Where nothing could deviate all are 0 without being looked at.
fn is_measured(said: &Explanation) -> bool {
    said.score.rating.deviation.is_some() || said.cases.iter().any(|said| said.case.deviation > 0.0)
}

fn case_row(case: &CaseBehind, is_measured: bool) -> Vec<String> {
    let causes: Vec<String> = case
        .causes
        .iter()
        .map(|cause| format!("{}: {}", cause.kind, cause.detail))
        .collect();
    let (deviation, why) = match is_measured {
        true if causes.is_empty() => (
            format!("{:.2}", case.deviation),
            format!("as designed: `{}`", case.outcome),
        ),
        true => (format!("{:.2}", case.deviation), causes.join("; ")),
        false => (
            "not measured".to_owned(),
            format!("ended: `{}`", case.outcome),
        ),
    };
    let by = match case.origin {
        Origin::Exercise => format!("{} (exercise)", case.executor),
        Origin::Live | Origin::Shadow => case.executor.to_string(),
    };
    row([
        &printable(&case.id, MOST_ID),
        &minute(&case.end),
        &by,
        &deviation,
        &why,
    ])
}

/// Exercises and shadow runs, and whether the former count.
fn beside(score: &ProcessScore) -> String {
    let exercises = grouped(score.trials.exercises);
    let shadow = grouped(score.trials.shadow_runs);
    match &score.trials.exercise {
        Some(exercise) if exercise.counted => {
            format!("{exercises} exercises, which count as evidence; {shadow} shadow runs apart")
        }
        _ => format!("{exercises} exercises and {shadow} shadow runs apart"),
    }
}

fn rules_line(rules: &RulesSaid) -> String {
    let since = rules
        .since
        .as_ref()
        .map_or(String::new(), |at| format!(" since {at}"));
    let changed = match rules.changed_since.as_slice() {
        [] => "they hold now".to_owned(),
        differing => format!("since then changed: {}", differing.join(", ")),
    };
    let untaken = if rules.configuration_on_disk_not_taken {
        " The configuration on disk is another one, which the daemon has not taken yet: --rules now scores by it."
    } else {
        ""
    };
    format!(
        "Rules{since}: configuration {}, catalog {}, tolerance {}; {changed}.{untaken}",
        rules.configuration, rules.catalog, rules.tolerance
    )
}

fn rules_then(change: &ChangeSaid) -> String {
    match change.changed_since.as_slice() {
        [] => "by the rules of now".to_owned(),
        differing => format!(
            "by other rules than now: {} changed since",
            differing.join(", ")
        ),
    }
}

fn change_row(nth: usize, change: &ChangeSaid) -> Vec<String> {
    let at = if nth == 0 {
        minute(&change.at)
    } else {
        String::new()
    };
    let from = if change.from.is_empty() {
        "none"
    } else {
        &change.from
    };
    let to = if change.to.is_empty() {
        "none"
    } else {
        &change.to
    };
    row([&at, &words(&change.what), &format!("{from} -> {to}")])
}

/// `required_class` as `required class`.
fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// An RFC 3339 time to the minute.
fn minute(time: &str) -> String {
    match time.get(..16) {
        Some(minute) => minute.replace('T', " "),
        None => time.to_owned(),
    }
}

fn figure(figure: &Figure) -> Vec<String> {
    let how = match figure.formula.as_str() {
        "" => format!("({})", figure.rests_on),
        formula => format!("{formula} ({})", figure.rests_on),
    };
    row([&figure.name, &figure.value, &how])
}

fn conditions(rule: &RuleTrace) -> Vec<Vec<String>> {
    if rule.conditions.is_empty() {
        return vec![row(["none: it holds where no rule before it does"])];
    }
    let said = rule.conditions.iter().map(|tried| {
        let is = &tried.condition;
        let figures = match tried.measured.as_str() {
            "" => String::new(),
            measured => format!(" ({measured})"),
        };
        let allowed = if is.allowed == is.is {
            String::new()
        } else {
            format!("of {}", is.allowed)
        };
        row([
            &words(&is.attribute),
            &format!("{}{figures}", is.is),
            &allowed,
        ])
    });
    said.collect()
}

fn failures(rule: &RuleTrace) -> String {
    let failed = rule
        .conditions
        .iter()
        .filter(|tried| !tried.condition.holds);
    let said = failed.map(|tried| {
        let is = &tried.condition;
        format!("{} is {}, not {}", words(&is.attribute), is.is, is.allowed)
    });
    said.collect::<Vec<_>>().join("; ")
}

fn lever(lever: &Lever) -> Vec<Vec<String>> {
    let now = match lever.turns.is_empty() {
        true => format!("{}; nothing here would change it soon", lever.now),
        false => lever.now.clone(),
    };
    let first = row([&lever.lever, "now", &now]);
    let turns = lever
        .turns
        .iter()
        .map(|turn| row(["", &turn.when, &outcome(turn)]));
    std::iter::once(first).chain(turns).collect()
}

/// `about 7 weeks`; `None` if no number of weeks is known.
fn weeks(turn: &Turn) -> Option<String> {
    let weeks = turn.weeks?;
    Some(match weeks.round() as u64 {
        0 => "less than a week".to_owned(),
        whole => format!("about {}", counted(whole, "week")),
    })
}

/// What a turn would bring.
fn outcome(turn: &Turn) -> String {
    let changes = |what: &str| turn.changes.iter().any(|changed| changed == what);
    let mut said = Vec::new();
    if changes("permissible_deviation") {
        let t = turn.permissible_deviation;
        said.push(t.map_or("no tolerance".to_owned(), |t| {
            format!("T {:.2} %", t * 100.0)
        }));
    }
    if changes("status") && turn.status != Status::NoTolerance {
        said.push(words(turn.status.word()));
    }
    let recommendation = turn.recommendation.map_or("no verdict", |r| r.word());
    let rule = turn.rule.as_deref().unwrap_or_default();
    said.push(match changes("recommendation") {
        true => format!("{recommendation} ({rule})"),
        false => format!("still {recommendation}"),
    });
    if let Some(at) = &turn.expected_at {
        let day = at.get(..10).unwrap_or(at);
        let soon = weeks(turn).map_or("soon".to_owned(), |weeks| format!("in {weeks}"));
        said.push(format!("{soon} at the present rate ({day})"));
    }
    said.join("; ")
}

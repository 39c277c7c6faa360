//! Printing scores: a table for people, JSON for programs.

use super::repeats::repeated_inputs;
use super::stages::stage_times;
use super::{Log, Report};
use crate::cli::failure::Failure;
use crate::cli::reading::reading_words;
use crate::cli::text::{self, grouped, harmless};
use crate::ingest::guess::CloseCall;
use crate::model::humanize::significant;
use crate::model::{Executor, Span, Status, Time, TolClass};
use crate::score::{Bounds, DeclaredFact, ExecutorScore, ExerciseScore, ProcessScore};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use console::{Style, Term};
use serde_json::{Value, json};
use std::io::{self, Write};

/// So many files of a log are named.
const FILES_OF_LOG: usize = 3;

/// Why and notes are printed for at most so many processes.
const EXPLAINED: usize = 15;

/// Prints for people.
pub(super) fn table(report: &Report) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut text = Vec::new();
    let found = &report.found;
    let covered = (found.cases, found.from, found.as_of);
    reading_words(&mut text, &report.reading, covered, report.window)?;
    log_words(&mut text, &report.logs)?;
    out.write_all(harmless(&String::from_utf8_lossy(&text)).as_bytes())?;
    if !report.found.scores.is_empty() {
        writeln!(out)?;
        writeln!(out, "{}", score_table(&report.found.scores))?;
        writeln!(out)?;
        text.clear();
        repeated_inputs(&mut text, &report.found.scores)?;
        stage_times(&mut text, &report.found.scores)?;
        remarks(&mut text, &report.found.scores)?;
        explanations(&mut text, &report.found.scores)?;
        out.write_all(harmless(&String::from_utf8_lossy(&text)).as_bytes())?;
    }
    out.flush()?;
    Ok(())
}

/// Which files belong together, if there are several logs.
fn log_words(out: &mut impl Write, logs: &[Log]) -> io::Result<()> {
    if logs.len() < 2 {
        return Ok(());
    }
    let count = logs.len();
    writeln!(
        out,
        "{count} logs without a common process, each scored on its own period:"
    )?;
    for log in logs.iter().take(EXPLAINED) {
        let files = text::list_of(&log.files, FILES_OF_LOG);
        match log.as_of.is_undated() {
            true => writeln!(out, "  {files}: without times")?,
            false => writeln!(out, "  {files}: {} to {}", log.from, log.as_of)?,
        }
    }
    if count > EXPLAINED {
        writeln!(out, "  ... and {} more", count - EXPLAINED)?;
    }
    Ok(())
}

fn score_table(scores: &[ProcessScore]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let term = Term::stdout();
    if term.is_term() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(term.size().1.max(60));
    }
    let header = [
        "process",
        "cases",
        "per week",
        "size",
        "complexity",
        "criticality",
        "class",
        "permissible",
        "observed",
        "status",
        "achieved",
        "recommendation",
    ];
    table.set_header(header.map(|text| Style::new().bold().apply_to(text).to_string()));
    for score in scores {
        table.add_row(row(score));
    }
    for right in [1, 2, 3, 7] {
        if let Some(column) = table.column_mut(right) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn row(score: &ProcessScore) -> [String; 12] {
    let unknown = || "-".to_owned();
    let assumed = if score.levels.criticality_assumed {
        "?"
    } else {
        ""
    };
    [
        printable(&score.id),
        grouped(score.counts.cases),
        score
            .rate
            .cases_per_week
            .map_or_else(unknown, |rate| significant(rate, 1)),
        score
            .size
            .nominal_size_steps
            .map_or_else(unknown, |size| format!("{size:.1}")),
        score
            .levels
            .complexity
            .map_or_else(unknown, |level| level.to_string()),
        format!("{}{assumed}", score.levels.criticality),
        score.rating.required_class.to_string(),
        score
            .rating
            .permissible_deviation
            .map_or_else(unknown, |t| format!("{:.2} %", t * 100.0)),
        score.rating.deviation.map_or_else(unknown, observed),
        status(score.rating.status),
        achieved(score),
        score
            .advice
            .recommendation
            .map_or_else(unknown, |r| r.to_string()),
    ]
}

fn observed(d: Bounds) -> String {
    format!(
        "{:.2} % [{:.2}, {:.2}]",
        d.mean * 100.0,
        d.lower * 100.0,
        d.upper * 100.0
    )
}

fn status(status: Status) -> String {
    let style = match status {
        Status::Within => Style::new().green(),
        Status::Outside => Style::new().red().bold(),
        Status::Undetermined | Status::NoTolerance => Style::new().yellow(),
    };
    let word = match status {
        Status::NoTolerance => "no tolerance",
        other => other.word(),
    };
    style.apply_to(word).to_string()
}

/// The class that is held; where the status is open, also the clean runs that are missing, and how long they take.
fn achieved(score: &ProcessScore) -> String {
    let class = match score.rating.achieved_class {
        TolClass::Undetermined => "?".to_owned(),
        class => class.to_string(),
    };
    match score.clean_cases.needed {
        Some(runs) if runs > 0 && score.rating.status == Status::Undetermined => {
            format!("{class} ({})", missing(score, runs))
        }
        _ => class,
    }
}

fn missing(score: &ProcessScore, runs: u64) -> String {
    let confirmed = if score.scored_cases.requires_confirmed {
        "confirmed "
    } else {
        ""
    };
    let when = match (&score.clean_cases.unreachable, score.clean_cases.weeks) {
        // Why is in the explanation.
        (Some(_), _) => ", out of reach".to_owned(),
        (None, Some(weeks)) if weeks < 1.0 => ", less than a week".to_owned(),
        (None, Some(weeks)) if weeks < 1.5 => ", a week".to_owned(),
        (None, Some(weeks)) => format!(", {weeks:.0} weeks"),
        (None, None) => String::new(),
    };
    let runs = grouped(runs);
    format!("{runs} {confirmed}clean runs missing{when}")
}

/// A name from a log, not too long.
fn printable(text: &str) -> String {
    text::printable(text, 60)
}

/// What the table has no column for, where there is something to say.
fn remarks(out: &mut impl Write, scores: &[ProcessScore]) -> io::Result<()> {
    let mut any = false;
    for score in scores {
        for line in remarks_of(score) {
            any = true;
            writeln!(out, "{}: {line}", printable(&score.id))?;
        }
    }
    if any {
        writeln!(out)?;
    }
    Ok(())
}

fn remarks_of(score: &ProcessScore) -> Vec<String> {
    let directions = score.directions.iter();
    let mut lines: Vec<String> = directions.map(ToString::to_string).collect();
    for kind in &score.withdraw {
        lines.push(format!("withdraw {kind} (outside)"));
    }
    for kind in &score.trials.ready_to_delegate {
        lines.push(format!(
            "ready to delegate to {kind} (its shadow runs are within)"
        ));
    }
    for found in &score.disagreements {
        let what = match found.what {
            DeclaredFact::Executor => String::new(),
            what => format!("{what} "),
        };
        let (declared, measured) = (&found.declared, &found.measured);
        lines.push(format!("declared {what}{declared}, measured {measured}"));
    }
    lines.extend(automation(score));
    lines.extend(score.run_by.executors.iter().filter_map(own_word));
    lines.extend(
        score
            .trials
            .exercise
            .as_ref()
            .and_then(|of| exercises(score, of)),
    );
    lines
}

/// Where people and machines share the steps: how, and who decides.
fn automation(score: &ProcessScore) -> Option<String> {
    let of = score.run_by.automation?;
    let [share, ai, code] = [of.share, of.ai, of.code].map(|share| 100.0 * share);
    (of.share > 0.0 && of.human > 0.0).then(|| {
        format!(
            "run by {}, automation share {share:.0} % of the steps (AI {ai:.0} %, code {code:.0} %)",
            score.run_by.executor
        )
    })
}

/// Where exercises are part of the evidence: that, and how live cases do beside them.
fn exercises(score: &ProcessScore, found: &ExerciseScore) -> Option<String> {
    found.counted.then(|| {
        let differs = match found.differs_from_live {
            Some(true) => ", which differ from live cases",
            _ => "",
        };
        let live = found.live_deviation.map_or_else(
            || "nothing is known of live cases".to_owned(),
            |d| format!("live cases alone: {}", observed(d)),
        );
        format!(
            "{} of {} cases that count are exercises{differs}; {live}",
            grouped(found.cases),
            grouped(score.scored_cases.count),
        )
    })
}

/// Where most outcomes of AI or code rest on its own word.
fn own_word(side: &ExecutorScore) -> Option<String> {
    let own = side.provenance.self_declared;
    let is_judged = matches!(side.executor, Executor::Ai | Executor::Code);
    (is_judged && own > 0 && own * 2 >= side.cases).then(|| {
        format!(
            "{} of {} outcomes of {} are declared by itself, not confirmed",
            grouped(own),
            grouped(side.cases),
            side.executor
        )
    })
}

fn explanations(out: &mut impl Write, scores: &[ProcessScore]) -> io::Result<()> {
    for score in scores.iter().take(EXPLAINED) {
        let recommendation = score
            .advice
            .recommendation
            .map_or("no recommendation", |r| r.word());
        writeln!(
            out,
            "{}: {recommendation}: {}",
            printable(&score.id),
            score.advice.reason
        )?;
        for note in &score.notes {
            writeln!(out, "  note: {note}")?;
        }
    }
    if scores.len() > EXPLAINED {
        writeln!(
            out,
            "... and {} more: --format json has the reasons of all",
            grouped((scores.len() - EXPLAINED) as i128)
        )?;
    }
    Ok(())
}

/// An instant as a text; `None` if the log has no times.
fn known(time: Time) -> Option<String> {
    (!time.is_undated()).then(|| time.to_string())
}

fn close_json(call: &CloseCall) -> Value {
    json!({
        "role": call.role,
        "chosen": call.chosen,
        "chosen_score": call.chosen_score,
        "runner_up": call.runner_up,
        "score": call.score,
    })
}

/// Prints for programs: the format is described in docs/score-json.md.
pub(super) fn json(report: &Report) -> Result<(), Failure> {
    let read = &report.reading;
    let quarantine: Vec<Value> = read
        .quarantine
        .iter()
        .map(|(reason, refused)| {
            json!({
                "reason": reason.word(),
                "count": refused.count,
                "first": {"file": refused.file, "byte": refused.place, "detail": refused.detail},
            })
        })
        .collect();
    let guesses: Vec<Value> = read
        .guesses
        .iter()
        .map(|guess| {
            let close: Vec<Value> = guess.close.iter().map(close_json).collect();
            json!({
                "file": guess.file,
                "guessed": guess.line,
                "time_format": guess.time_format,
                "day_or_month_unclear": guess.day_or_month,
                "close": close,
                "looks_like_preset": guess.preset,
                "preset": guess.used,
            })
        })
        .collect();
    let resolved: Vec<Value> = read
        .resolved
        .iter()
        .map(|(process, states)| json!({"process": process, "states": states}))
        .collect();
    let logs: Vec<Value> = report
        .logs
        .iter()
        .map(|log| {
            json!({
                "files": log.files,
                "from": known(log.from),
                "as_of": known(log.as_of),
            })
        })
        .collect();
    let seen = read.events > 0;
    let document = json!({
        "version": 1,
        "events": read.events,
        "cases": report.found.cases,
        "quarantined": read.quarantined(),
        "duplicates": read.duplicates,
        "filtered": read.filtered,
        "after_as_of": read.after_as_of,
        "ambiguous_times": read.ambiguous_times,
        "records": read.records,
        "from": known(report.found.from).filter(|_| seen),
        "as_of": known(report.found.as_of).filter(|_| seen),
        "window_seconds": report.window.map(Span::as_seconds),
        "logs": logs,
        "quarantine": quarantine,
        "mappings": guesses,
        "resolved_states": resolved,
        "failed": read.failed,
        "processes": report.found.scores,
    });
    let mut out = io::BufWriter::new(io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, &document)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

//! What the columns of a file are, and which of them could have each role.

use super::clean;
use crate::cli::text::{grouped, shell_word};
use crate::ingest::guess::{Candidate, CloseCall, Column, Guess};
use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;
use std::io::{self, Write};

/// What the columns look like. `preset` is the one that knows the fields.
pub(super) fn looks(
    out: &mut impl Write,
    guess: &Guess,
    records: &[Value],
    preset: Option<&str>,
) -> io::Result<()> {
    columns(out, guess)?;
    candidates(out, guess, records, preset)?;
    match preset {
        Some(_) => Ok(()),
        None => missing(out, guess),
    }
}

fn columns(out: &mut impl Write, guess: &Guess) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "column",
        "filled",
        "different",
        "looks like",
        "sure",
        "samples",
    ]);
    for column in &guess.columns {
        let filled = 100.0 * column.filled as f64 / guess.records.max(1) as f64;
        let (field, sure) = role(guess, column);
        table.add_row([
            clean(&column.name),
            format!("{filled:.0} %"),
            grouped(column.distinct as i128),
            field,
            sure,
            column
                .samples
                .iter()
                .map(|sample| clean(sample))
                .collect::<Vec<_>>()
                .join(" | "),
        ]);
    }
    for right in [1, 2, 4] {
        if let Some(column) = table.column_mut(right) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(
        out,
        "\nfirst {} records:\n{table}",
        grouped(guess.records as i128)
    )?;
    if guess.day_or_month {
        writeln!(
            out,
            "\nDay and month could be the other way round: read as {}. Say so with --time-format if it is wrong.",
            guess.time_format.as_deref().unwrap_or_default()
        )?;
    }
    writeln!(out)
}

/// What a mapping needs and no column looks like.
fn missing(out: &mut impl Write, guess: &Guess) -> io::Result<()> {
    for field in guess.missing() {
        writeln!(
            out,
            "No column looks like the {field}: name it with --{field}.\n"
        )?;
    }
    Ok(())
}

/// What a column was chosen for, and how sure that is.
fn role(guess: &Guess, column: &Column) -> (String, String) {
    let stage = guess
        .stages
        .iter()
        .find(|stage| stage.column == column.name);
    if let Some(stage) = stage {
        return (format!("time of {}", stage.activity), String::new());
    }
    for (field, choice) in &guess.fields {
        if choice.column == column.name && guess.is_used(field) {
            let format = match (&guess.time_format, *field) {
                (Some(format), "time") => format!(" ({format})"),
                _ => String::new(),
            };
            return (
                format!("{field}{format}"),
                format!("{:.0} %", choice.sure * 100.0),
            );
        }
    }
    let time = if column.times >= 0.9 { "(a time)" } else { "" };
    (time.to_owned(), String::new())
}

/// The candidates of each role with their scores and the main reason.
fn candidates(
    out: &mut impl Write,
    guess: &Guess,
    records: &[Value],
    preset: Option<&str>,
) -> io::Result<()> {
    let found = guess.candidates(records);
    if found.is_empty() {
        return Ok(());
    }
    let title = match preset {
        None => "candidates for each role:".to_owned(),
        Some(preset) => {
            format!("candidates for each role, if the preset {preset} did not say them:")
        }
    };
    writeln!(out, "{title}\n{}\n", candidate_table(&found))
}

fn candidate_table(found: &[Candidate]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["role", "candidate", "score", "chosen", "reason"]);
    let mut before = "";
    for candidate in found {
        let role = match candidate.role == before {
            true => "",
            false => candidate.role.as_str(),
        };
        before = &candidate.role;
        table.add_row([
            role.to_owned(),
            clean(&candidate.column),
            format!("{:.0} %", candidate.score * 100.0),
            if candidate.is_chosen { "yes" } else { "" }.to_owned(),
            candidate.why.clone(),
        ]);
    }
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The runners-up that are close to the chosen column, and how to choose them.
pub(super) fn close_calls(out: &mut impl Write, file: &str, close: &[CloseCall]) -> io::Result<()> {
    for call in close {
        writeln!(
            out,
            "close       the {} could also be {}. Compare: toleranced score {} --{} {}",
            call.role,
            clean(&call.runner_up),
            shell_word(file),
            call.role,
            shell_word(&call.runner_up)
        )?;
    }
    Ok(())
}

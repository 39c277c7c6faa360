//! What was read, in words for people.

use super::Reading;
use crate::cli::text::{grouped, shell_word};
use crate::ingest::guess::CloseCall;
use crate::model::humanize::counted;
use crate::model::humanize::format_days;
use crate::model::{Span, Time};
use std::io::{self, Write};

/// Guesses are printed for at most so many processes.
const MOST_PROCESSES: usize = 15;

/// Says what was read and guessed; `cases` of how many events, and the instants that they cover.
pub(in crate::cli) fn reading_words(
    out: &mut impl Write,
    read: &Reading,
    (cases, from, to): (u64, Time, Time),
    window: Option<Span>,
) -> io::Result<()> {
    for (file, note) in &read.notes {
        writeln!(out, "{file}: {note}")?;
    }
    guess_words(out, read)?;
    for (process, states) in read.resolved.iter().take(MOST_PROCESSES) {
        writeln!(
            out,
            "{process}: going on after {} is taken as reopened (guessed from names and order)",
            states.join(", ")
        )?;
    }
    if let Some(guess) = read
        .guesses
        .first()
        .filter(|guess| guess.file != "standard input" && guess.used.is_none())
    {
        writeln!(
            out,
            "Save the mapping with: toleranced inspect {} --write mapping.yaml",
            shell_word(&guess.file)
        )?;
    }
    write!(
        out,
        "{} in {}",
        counted(read.events, "event"),
        counted(cases, "case")
    )?;
    if to.is_undated() {
        write!(out, ", without times")?;
    } else if read.events > 0 {
        write!(out, ", {} to {}", from, to)?;
    }
    if let Some(window) = window {
        write!(out, " (window {})", format_days(window))?;
    }
    writeln!(out)?;
    if read.duplicates > 0 {
        writeln!(
            out,
            "{} redelivered events were counted once",
            grouped(read.duplicates)
        )?;
    }
    if read.filtered > 0 {
        writeln!(
            out,
            "{} passed over by the mapping",
            plural(read.filtered, "record")
        )?;
    }
    if read.after_as_of > 0 {
        writeln!(
            out,
            "{} events after that were left out (--as-of)",
            grouped(read.after_as_of)
        )?;
    }
    if read.ambiguous_times > 0 {
        writeln!(
            out,
            "{} times fall where the zone's clock was put back or forward; read as the earlier instant",
            grouped(read.ambiguous_times)
        )?;
    }
    quarantine(out, read)
}

/// What was guessed of each file, or the preset that recognised it.
fn guess_words(out: &mut impl Write, read: &Reading) -> io::Result<()> {
    for guess in &read.guesses {
        match guess.used {
            Some(preset) => writeln!(
                out,
                "{}: read with the preset {preset}, which knows its fields. To read it otherwise, name a mapping with --map",
                guess.file
            )?,
            None => writeln!(
                out,
                "{}: guessed {}{}",
                guess.file,
                guess.line,
                runners_up(&guess.close)
            )?,
        }
        if let Some(preset) = guess.preset {
            writeln!(
                out,
                "  It looks like the preset {preset}, which knows more of it: try --map {preset}"
            )?;
        }
        if guess.day_or_month {
            let format = guess.time_format.as_deref().unwrap_or_default();
            writeln!(
                out,
                "  Day and month could be the other way round: read as {format}. Say so with --time-format if it is wrong."
            )?;
        }
    }
    Ok(())
}

/// The columns that fit a role nearly as well as the chosen one, and the flags that choose them.
fn runners_up(close: &[CloseCall]) -> String {
    let calls = close.iter().map(|call| {
        let percent = |score: f64| format!("{:.0} %", 100.0 * score);
        format!(
            "; the {} is close: {} ({}) is the runner-up of {} ({}), choose it with --{} {}",
            call.role,
            call.runner_up,
            percent(call.score),
            call.chosen,
            percent(call.chosen_score),
            call.role,
            shell_word(&call.runner_up)
        )
    });
    calls.collect()
}

fn quarantine(out: &mut impl Write, read: &Reading) -> io::Result<()> {
    if read.quarantined() == 0 {
        return Ok(());
    }
    writeln!(out, "{} quarantined:", plural(read.quarantined(), "record"))?;
    for (reason, refused) in &read.quarantine {
        let at = match refused.in_sheet {
            true => String::new(),
            false => format!(" at byte {}", refused.place),
        };
        writeln!(
            out,
            "  {:>9} {reason}, first in {}{at}: {}",
            grouped(refused.count),
            refused.file,
            refused.detail
        )?;
    }
    Ok(())
}

fn plural(count: u64, what: &str) -> String {
    let s = if count == 1 { " was" } else { "s were" };
    format!("{} {what}{s}", grouped(count))
}

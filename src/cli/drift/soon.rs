//! How soon a change would be found, from the process's own days.

use super::super::failure::{Done, Failure};
use super::super::text::printable;
use super::{Format, Listed};
use crate::drift::{Altered, Baseline, Delay, Epoch, how_soon, watched_until};
use crate::model::Day;
use crate::query::KeptDrift;
use comfy_table::{Table, presets};
use serde_json::json;
use std::io::{self, Write};
use std::str::FromStr;

/// A change to try.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change(Altered);

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Change, String> {
        let (what, factor) = text.split_once('=').unwrap_or((text, "2"));
        let factor: f64 = factor
            .parse()
            .ok()
            .filter(|factor: &f64| (0.05..=20.0).contains(factor))
            .ok_or_else(|| format!("`{factor}` is not a factor from 0.05 to 20"))?;
        let altered = match what {
            "deviation" if factor > 1.0 => Altered::Deviation(factor),
            "deviation" => {
                return Err("deviation is only watched upwards: a factor above 1".to_owned());
            }
            "frequency" => Altered::Frequency(factor),
            _ => return Err(format!("`{what}` is not one of deviation, frequency")),
        };
        Ok(Change(altered))
    }
}

/// What is known of how soon the change would be found in one process.
struct Row<'a> {
    process: &'a str,
    /// Of the baseline; `None` while there is none.
    cases_per_day: Option<f64>,
    /// How soon; an error says why nothing can be said.
    delay: Result<Delay, String>,
}

impl Row<'_> {
    fn of<'a>(kept: &'a KeptDrift, listed: &Listed, altered: Altered) -> Row<'a> {
        let Some((epoch, baseline, last)) = watched(kept) else {
            return Row {
                process: &kept.process,
                cases_per_day: None,
                delay: Err("no baseline yet".to_owned()),
            };
        };
        Row {
            process: &kept.process,
            cases_per_day: Some(baseline.summary().cases_per_day),
            delay: how_soon(epoch, last, altered, &listed.budget, &listed.terms),
        }
    }

    /// Days until nine in ten of those that are found are found. A few that were found early say nothing of the others.
    fn ninetieth(delay: &Delay) -> Option<i32> {
        delay.ninetieth.filter(|_| delay.found * 2 >= delay.of)
    }

    fn cells(&self) -> [String; 5] {
        let process = printable(self.process, 40);
        let rate = self.cases_per_day.map(|rate| format!("{rate:.1}"));
        let rate = rate.unwrap_or_default();
        match &self.delay {
            Err(why) => [process, rate, why.clone(), String::new(), String::new()],
            Ok(delay) => {
                let days = |days: Option<i32>| days.map_or("-".to_owned(), |days| days.to_string());
                let share = format!("{:.0} %", 100.0 * delay.found as f64 / delay.of as f64);
                [
                    process,
                    rate,
                    share,
                    days(delay.median),
                    days(Row::ninetieth(delay)),
                ]
            }
        }
    }

    fn json(&self) -> serde_json::Value {
        let delay = self.delay.as_ref();
        json!({
            "process": self.process,
            "cases_per_day": self.cases_per_day,
            "years": delay.ok().map(|delay| delay.of),
            "found": delay.ok().map(|delay| delay.found),
            "median_days": delay.ok().and_then(|delay| delay.median),
            "ninetieth_percentile_days": delay.ok().and_then(Row::ninetieth),
            "withheld": delay.err(),
        })
    }
}

pub(super) fn print(listed: &Listed, change: Change, format: Format) -> Result<Done, Failure> {
    let of = |kept| Row::of(kept, listed, change.0);
    let rows: Vec<Row> = listed.processes.iter().map(of).collect();
    let mut out = io::stdout().lock();
    match format {
        Format::Table => table(&mut out, &rows, change)?,
        Format::Json => {
            let (what, factor) = change.0.parts();
            let all = json!({
                "version": 1,
                "change": {"what": what, "factor": factor},
                "processes": rows.iter().map(Row::json).collect::<Vec<_>>(),
            });
            serde_json::to_writer_pretty(&mut out, &all)?;
            writeln!(out)?;
        }
    }
    Ok(Done::Fine)
}

fn table(out: &mut impl Write, rows: &[Row], change: Change) -> io::Result<()> {
    let (what, factor) = change.0.parts();
    writeln!(
        out,
        "How soon would it be found: {what} times {factor}? Each process's own days, drawn at random and changed, 200 times over a year.\n"
    )?;
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "process",
        "cases a day",
        "found within a year",
        "median days",
        "90 % of those found within",
    ]);
    for row in rows {
        table.add_row(row.cells());
    }
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    writeln!(out, "{}", lines.join("\n"))
}

/// The latest epoch of a process that has a baseline, and the last day on which it is watched; `None` while one is learned that
/// somebody has called new.
fn watched(kept: &KeptDrift) -> Option<(&Epoch, &Baseline, Day)> {
    let until = kept.drift.baseline.as_ref().and(kept.drift.until)?;
    let mut epochs = kept.epochs.iter().enumerate().rev();
    epochs.find_map(|(nth, epoch)| {
        let last = watched_until(&kept.epochs[nth + 1..], until);
        Some((epoch, epoch.baseline.as_ref()?, last))
    })
}

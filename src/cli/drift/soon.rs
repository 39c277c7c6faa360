//! How soon a change would be found, from the process's own days.

use super::super::failure::{Done, Failure};
use super::super::text::printable;
use super::Listed;
use crate::drift::{Altered, Baseline, Delay, Epoch, how_soon, watched_until};
use crate::model::Day;
use crate::query::KeptDrift;
use comfy_table::{Table, presets};
use std::io::{self, Write};
use std::str::FromStr;

/// A change to try.
#[derive(Clone, Debug)]
pub(super) struct Change {
    altered: Altered,
    said: String,
}

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
        Ok(Change {
            altered,
            said: format!("{what} times {factor}"),
        })
    }
}

pub(super) fn print(listed: &Listed, change: &Change) -> Result<Done, Failure> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "How soon would it be found: {}? Each process's own days, drawn at random and changed, 200 times over a year.\n",
        change.said
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
    for kept in &listed.processes {
        let name = printable(&kept.process, 40);
        let Some((epoch, baseline, last)) = watched(kept) else {
            table.add_row([&name, "", "no baseline yet", "", ""]);
            continue;
        };
        let rate = format!("{:.1}", baseline.summary().cases_per_day);
        match how_soon(epoch, last, change.altered, &listed.budget, &listed.terms) {
            Err(why) => table.add_row([name, rate, why, String::new(), String::new()]),
            Ok(Delay {
                found,
                of,
                median,
                ninetieth,
            }) => {
                let days = |days: Option<i32>| days.map_or("-".to_owned(), |days| days.to_string());
                // A few that were found early say nothing of the others.
                let ninetieth = ninetieth.filter(|_| found * 2 >= of);
                let share = format!("{:.0} %", 100.0 * found as f64 / of as f64);
                table.add_row([name, rate, share, days(median), days(ninetieth)])
            }
        };
    }
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    writeln!(out, "{}", lines.join("\n"))?;
    Ok(Done::Fine)
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

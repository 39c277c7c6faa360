//! Misses and false alarms in words.

use super::{in_percent, percent};
use crate::model::humanize::{self, fine_decimals, grouped};
use crate::model::{Direction, Status};
use crate::score::DirectionScore;
use std::fmt::{Display, Formatter, Result};

/// The direction as a sentence has it.
pub(crate) fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Missed => "missed",
        Direction::FalseAlarm => "false alarms",
    }
}

/// `missed 1 of 800 cases, 0.13 % [0.01, 0.90], tolerance 0.10 %: undetermined`.
impl Display for DirectionScore {
    fn fmt(&self, out: &mut Formatter) -> Result {
        counted(out, self)?;
        if let Some(tolerance) = self.tolerance {
            write!(out, ", tolerance {}", exact(tolerance))?;
        }
        match self.status {
            Some(status) => write!(out, ": {status}"),
            None => Ok(()),
        }
    }
}

fn counted(out: &mut Formatter, of: &DirectionScore) -> Result {
    let (cases, all) = (grouped(of.cases), grouped(of.of));
    let name = direction_name(of.direction);
    write!(out, "{name} {cases} of {all} cases")?;
    match (of.share, of.share_range) {
        (Some(share), _) => write!(out, ", {}", in_percent(share)),
        (None, Some([lower, upper])) if of.of > 0 => {
            write!(out, ", from {} to {}", percent(lower), percent(upper))
        }
        _ => Ok(()),
    }
}

/// A tolerance with as many digits as it needs.
fn exact(share: f64) -> String {
    humanize::percent(share, fine_decimals(share))
}

/// Why a direction keeps its process from being within.
pub(super) fn not_within(out: &mut Formatter, of: &DirectionScore) -> Result {
    let (name, word) = (direction_name(of.direction), of.direction.word());
    if !of.is_shown {
        return write!(
            out,
            "{name}: no outcome has this direction, so nothing can show that its tolerance is held, and the process is not called within. Name the outcome in the catalog, such as `outcomes: {{ NAME: {{ severity: 1, direction: {word} }} }}`"
        );
    }
    counted(out, of)?;
    let tolerance = of.tolerance.map_or_else(String::new, exact);
    if of.status == Some(Status::Outside) {
        return write!(
            out,
            ": outside its tolerance of {tolerance}, so the process is outside, however low its overall deviation is"
        );
    }
    write!(
        out,
        ": not enough data for its tolerance of {tolerance}, so the process is not called within"
    )?;
    if of.unknown_cases > 0 {
        let unknown = grouped(of.unknown_cases);
        write!(
            out,
            "; {unknown} of these cases have an unclassified outcome"
        )?;
    }
    match of.clean_runs_missing {
        Some(runs) if runs > 0 => {
            let runs = grouped(runs);
            write!(
                out,
                "; {runs} more cases without any would show that it is held"
            )
        }
        _ => Ok(()),
    }
}

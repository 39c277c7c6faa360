//! The block of stage times below the table.

use super::super::layout::{columns, width};
use super::super::text::{grouped, printable};
use crate::score::{ProcessScore, StageTime};
use std::io::{self, Write};

/// A name is at most so long.
const NAME: usize = 30;

/// Prints the time from the start of a case to each milestone; nothing if there is none.
pub(super) fn stage_times(out: &mut impl Write, scores: &[ProcessScore]) -> io::Result<()> {
    let header = [
        "process",
        "milestone",
        "reached",
        "open",
        "never",
        "median",
        "90 %",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for score in scores {
        rows.extend(score.stage_times.iter().map(|time| row(score, time)));
    }
    if rows.len() == 1 {
        return Ok(());
    }
    writeln!(
        out,
        "Stage times: from the start of a case to the first time that it reached a milestone, with 95 % intervals"
    )?;
    out.write_all(columns(&rows, 2, width()).as_bytes())?;
    let times = || scores.iter().flat_map(|score| &score.stage_times);
    if times().any(|time| !time.declared) {
        writeln!(
            out,
            "  ? told by names of steps and columns: declare `milestones` in the catalog to be sure"
        )?;
    }
    writeln!(out)
}

fn row(score: &ProcessScore, time: &StageTime) -> Vec<String> {
    let mark = if time.declared { "" } else { "?" };
    vec![
        printable(&score.id, NAME),
        format!("{}{mark}", printable(&time.milestone, NAME)),
        grouped(time.n),
        grouped(time.open),
        grouped(time.never_reached),
        with_bounds(time.median_seconds, time.median_interval),
        with_bounds(time.p90_seconds, time.p90_interval),
    ]
}

/// A time with its bounds; what is not reached yet is above its lower bound.
fn with_bounds(at: Option<f64>, bounds: Option<(f64, Option<f64>)>) -> String {
    let Some((lower, upper)) = bounds else {
        return "-".to_owned();
    };
    match (at, upper) {
        (None, _) => format!("> {}", brief(lower)),
        (Some(at), None) => format!("{} [{}, -]", brief(at), brief(lower)),
        (Some(at), Some(upper)) => {
            format!("{} [{}, {}]", brief(at), brief(lower), brief(upper))
        }
    }
}

/// A time in one unit, so that a line has room for six of them.
fn brief(seconds: f64) -> String {
    match seconds {
        s if s < 9.95 => format!("{s:.1}s"),
        s if s < 119.5 => format!("{s:.0}s"),
        s if s < 119.5 * 60.0 => format!("{:.1}m", s / 60.0),
        s if s < 47.95 * 3_600.0 => format!("{:.1}h", s / 3_600.0),
        s => format!("{:.1}d", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        let times = [0.0, 4.25, 59.0, 120.0, 3_600.0, 86_400.0, 260_000.0];
        let texts: Vec<String> = times.into_iter().map(brief).collect();
        assert_eq!(
            texts,
            ["0.0s", "4.2s", "59s", "2.0m", "60.0m", "24.0h", "3.0d"]
        );
        assert_eq!(with_bounds(None, None), "-");
        assert_eq!(with_bounds(None, Some((60.0, None))), "> 60s");
        assert_eq!(
            with_bounds(Some(300.0), Some((240.0, None))),
            "5.0m [4.0m, -]"
        );
    }
}

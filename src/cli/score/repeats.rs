//! The block of repeated inputs below the table: pass^k and the variance of success.

use super::super::layout::{columns, width};
use super::super::text::{grouped, printable};
use crate::model::Executor;
use crate::model::humanize::counted;
use crate::score::{Estimate, KindAgreement, ProcessScore};
use std::io::{self, Write};

/// A name is at most so long.
const NAME: usize = 30;

/// Of a log with times, pass^k is printed up to this k. Runs of a benchmark have no times, and each k of theirs is printed.
const DATED_PASSES: u32 = 4;

/// Prints how alike runs of AI on the same input end, if that is known. Of runs without times it also prints what is
/// missing: they are those of a benchmark, which is about this.
pub(super) fn repeated_inputs(out: &mut impl Write, scores: &[ProcessScore]) -> io::Result<()> {
    let header = ["process", "run by", "runs", "inputs", "figure", "value"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for score in scores {
        let agreement = score.consistency.agreement.iter();
        let kinds = agreement.flat_map(|agreement| &agreement.kinds);
        let shown = kinds.filter(|kind| {
            score.is_undated() || kind.executor == Executor::Ai && kind.success_variance.is_some()
        });
        shown.for_each(|kind| rows.extend(rows_of(score, kind)));
    }
    if rows.len() == 1 {
        return Ok(());
    }
    writeln!(
        out,
        "Runs on the same input: pass^k is the chance that k of them all end without deviation, with 95 % intervals. The variance is that of success"
    )?;
    out.write_all(columns(&rows, 2, width()).as_bytes())?;
    writeln!(out)
}

fn rows_of(score: &ProcessScore, kind: &KindAgreement) -> Vec<Vec<String>> {
    let mut figures = passes(kind, score.is_undated());
    match &kind.success_variance {
        Some(split) => figures.extend(
            [
                ("variance, total", format!("{:.4}", split.total)),
                (
                    "variance between inputs",
                    format!("{:.4}", split.between_inputs),
                ),
                (
                    "variance within inputs",
                    format!("{:.4}", split.within_inputs),
                ),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        ),
        None if kind.repeated_inputs == 0 => figures.push((
            "variance".to_owned(),
            "unknown: each input was run once. Run the same inputs again, and score both results"
                .to_owned(),
        )),
        None => figures.push(("variance".to_owned(), "unknown, as pass^2".to_owned())),
    }
    let whose = [
        printable(&score.id, NAME),
        kind.executor.to_string(),
        grouped(kind.runs),
        grouped(kind.inputs),
    ];
    let rows = figures.into_iter().enumerate().map(|(nth, (name, value))| {
        let whose = match nth {
            0 => whose.clone(),
            _ => std::array::from_fn(|_| String::new()),
        };
        whose.into_iter().chain([name, value]).collect()
    });
    rows.collect()
}

/// Each pass^k that is known. Of the others, the first two say what they need.
fn passes(kind: &KindAgreement, is_benchmark: bool) -> Vec<(String, String)> {
    let most = if is_benchmark { u32::MAX } else { DATED_PASSES };
    let shown = kind.pass_hat.iter().filter(|pass| {
        let is_asked = pass.k == 1 || pass.k == 2 && kind.repeated_inputs > 0;
        pass.k <= most && (pass.chance.value.is_some() || is_asked)
    });
    shown
        .map(|pass| (format!("pass^{}", pass.k), text(&pass.chance)))
        .collect()
}

/// A figure with its interval, or what is missing.
fn text(estimate: &Estimate) -> String {
    match (estimate.value, estimate.lower, estimate.upper) {
        (Some(value), Some(lower), Some(upper)) => format!("{value:.4} [{lower:.4}, {upper:.4}]"),
        (Some(value), _, _) => format!("{value:.4}"),
        _ => match estimate.more_runs_needed {
            Some(runs) => format!("unknown: about {} needed", counted(runs, "more run")),
            None => "unknown: too few runs".to_owned(),
        },
    }
}

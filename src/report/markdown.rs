//! A report as Markdown, for a chat or a wiki.

use super::content::Report;
use super::safe::{markdown as safe, markdown_sentence as sentence};
use super::words::{
    self, ALL, CHANGED, DECLARED, DRIFTED, OPEN, PREDICTED, QUALITY, SIDES, TERMS, TO_DO, changed,
    deviation, executor, hours, percent, sparkline, standing, worth,
};
use std::fmt::Write;

/// Entries of a list; the rest is counted. Who wants all of them takes CSV or JSON.
const MOST: usize = 25;

/// The report as Markdown.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# Tolerance report, {}\n", report.period.name);
    let _ = writeln!(out, "{} {}.\n", report.when(), standing(report.standing));
    let changes = report.changes.iter().map(|change| {
        let from = if change.from.is_empty() {
            "new".to_owned()
        } else {
            safe(words::value(change.what, &change.from))
        };
        format!(
            "**{}**: {} {from} → {} ({})",
            safe(&change.name),
            changed(change.what),
            safe(words::value(change.what, &change.to)),
            sentence(&change.reason)
        )
    });
    list(&mut out, CHANGED, changes);
    let actions = report.actions.iter().map(|action| {
        let excess = action.excess_per_week;
        let excess = excess.map_or(String::new(), |excess| {
            format!(" {}.", words::excess(excess))
        });
        let first = action.first.as_ref();
        let first = first.map_or(String::new(), |first| {
            format!(" First: {}.", sentence(first))
        });
        format!(
            "**{}** ({}): {} ({}).{excess}{first} {}",
            safe(&action.name),
            words::kind(action.kind),
            sentence(&action.what),
            worth(action),
            sentence(&words::whole(&action.why))
        )
    });
    list(&mut out, TO_DO, actions);
    let alarms = report.alarms.iter().map(|alarm| {
        let explained = alarm.explained_by.as_ref();
        let explained = explained.map_or(String::new(), |what| {
            format!(", explained by {}", sentence(what))
        });
        let ended = alarm.ended.as_ref();
        let ended = ended.map_or(String::new(), |day| format!(", over on {day}"));
        format!(
            "**{}** {} ({}): since about {}, found on {}{explained}{ended}",
            safe(&alarm.name),
            sentence(&alarm.what),
            alarm.figures,
            alarm.onset,
            alarm.raised
        )
    });
    list(&mut out, DRIFTED, alarms);
    board(&mut out, report);
    let executors = report.executors.iter().map(|row| {
        format!(
            "**{}**, {}: {} case{}, {}, {}",
            safe(&row.name),
            executor(row.executor),
            row.cases,
            if row.cases == 1 { "" } else { "s" },
            words::deviation_of(row.cases, row.deviation),
            row.status
        )
    });
    list(&mut out, SIDES, executors);
    let declared = report.disagreements.iter().map(|row| {
        let doubt = if row.sure { "" } else { " (perhaps)" };
        format!(
            "**{}**: {} is declared {} and measured {}{doubt}",
            safe(&row.name),
            sentence(&row.what),
            sentence(executor(&row.declared)),
            sentence(executor(&row.measured))
        )
    });
    list(&mut out, DECLARED, declared);
    let predictions = report.predictions.iter().map(|row| {
        let said = match &row.said_on {
            Some(day) => format!("on {day} automation was said to save"),
            None => "automation would have been said to save".to_owned(),
        };
        let chance = if row.shown {
            ""
        } else {
            ", which may be chance"
        };
        format!(
            "**{}**: {said} {}. {}. People spent {} and spend {} now: {}{chance}",
            safe(&row.name),
            hours(row.said_to_be_saved),
            words::automated(row.automated),
            hours(row.spent_then),
            hours(row.spent_now),
            words::less(row.saved)
        )
    });
    list(&mut out, PREDICTED, predictions);
    let open = report
        .undetermined
        .iter()
        .map(|row| format!("**{}** needs {}", safe(&row.name), sentence(&row.needs)));
    list(&mut out, OPEN, open);
    let quality = report
        .quality
        .iter()
        .map(|row| format!("**{}**: {}", safe(&row.name), sentence(&row.what)));
    list(&mut out, QUALITY, quality);
    out.push_str("## Terms\n\n");
    for (term, meaning) in TERMS {
        let _ = writeln!(out, "- **{term}**: {meaning}.");
    }
    let hashes = report.hashes;
    let _ = writeln!(
        out,
        "\n{} · configuration {:016x} · catalog {:016x} · tolerance table {:016x}",
        report.made_by, hashes.configuration, hashes.catalog, hashes.tolerance
    );
    out
}

fn list(out: &mut String, title: &str, lines: impl ExactSizeIterator<Item = String>) {
    let (meaning, none) = words::about(title);
    let _ = writeln!(out, "## {title}\n");
    let count = lines.len();
    if count == 0 {
        let _ = writeln!(out, "{none}\n");
        return;
    }
    let _ = writeln!(out, "{meaning}\n");
    for line in lines.take(MOST) {
        let _ = writeln!(out, "- {line}");
    }
    if count > MOST {
        let _ = writeln!(out, "- and {} more", count - MOST);
    }
    out.push('\n');
}

fn board(out: &mut String, report: &Report) {
    let _ = writeln!(out, "## {ALL}\n\n{}\n", words::about(ALL).0);
    out.push_str("| process | class: needs, holds | status | deviation | permissible | trend | a week | should be run by |\n");
    out.push_str("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for row in report.board.iter().take(10 * MOST) {
        let _ = writeln!(
            out,
            "| {} | {}, {} | {} | {} | {} | {} | {} | {} |",
            safe(&row.name),
            row.required_class,
            words::held(&row.achieved_class),
            row.status,
            row.deviation.map_or("-".to_owned(), deviation),
            row.permissible.map_or("-".to_owned(), percent),
            sparkline(&row.trend),
            row.cases_per_week
                .map_or("-".to_owned(), |rate| format!("{rate:.1}")),
            row.recommendation.as_deref().unwrap_or("-"),
        );
    }
    let more = report.board.len().saturating_sub(10 * MOST);
    if more > 0 {
        let _ = writeln!(out, "\nand {more} more");
    }
    out.push('\n');
}

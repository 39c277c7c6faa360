//! A report as Markdown, for a chat or a wiki.

use super::content::{Action, AlarmSaid, ChangeSaid, ExecutorRow, Prediction, Report};
use super::parts::{FIRST, Part, TERMS};
use super::safe::{markdown as safe, markdown_sentence as sentence};
use super::words::{self, changed, executor, percent, sparkline, standing};
use std::fmt::Write;

/// Entries of a list; the rest is counted. Who wants all of them takes CSV or JSON.
const MOST: usize = 25;

/// The report as Markdown.
pub(crate) fn text(report: &Report) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# Tolerance report, {}\n", report.period.name);
    let stand = standing(report.standing, &report.previous.name);
    let _ = writeln!(out, "**{stand}.** {}\n", report.when());
    for (term, meaning) in FIRST {
        let _ = writeln!(out, "- **{term}**: {meaning}.");
    }
    out.push('\n');
    let of_process = |a: &ChangeSaid, b: &ChangeSaid| a.process == b.process;
    let changed: Vec<String> = report.changes.chunk_by(of_process).map(changes).collect();
    list(&mut out, Part::Changed, changed.into_iter());
    to_do(&mut out, &report.actions);
    // Each alarm about several processes, which has none, stands alone.
    let of_process = |a: &AlarmSaid, b: &AlarmSaid| !a.process.is_empty() && a.process == b.process;
    let alarms: Vec<String> = report.alarms.chunk_by(of_process).map(alarms).collect();
    list(&mut out, Part::Drifted, alarms.into_iter());
    board(&mut out, report);
    list(&mut out, Part::Sides, report.executors.iter().map(side));
    let directions = report.directions.iter();
    let directions = directions.map(|row| format!("**{}**: {}", safe(&row.name), row.score));
    list(&mut out, Part::Directions, directions);
    let stages = report.stages.iter().map(|row| {
        let said = sentence(&words::stage(&row.time));
        format!(
            "**{}**, {}: {said}",
            safe(&row.name),
            safe(&row.time.milestone)
        )
    });
    list(&mut out, Part::Stages, stages);
    let declared = report.disagreements.iter().map(|row| {
        let said = words::disagreement(row.what, &row.declared, &row.measured, row.sure);
        format!("**{}**: {}", safe(&row.name), sentence(&said))
    });
    list(&mut out, Part::Declared, declared);
    predictions(&mut out, &report.predictions);
    let open = report
        .undetermined
        .iter()
        .map(|row| format!("**{}**: {}", safe(&row.name), sentence(&row.needs)));
    list(&mut out, Part::Open, open);
    let quality = report
        .quality
        .iter()
        .map(|row| format!("**{}**: {}", safe(&row.name), sentence(&row.what)));
    list(&mut out, Part::Quality, quality);
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

/// What changed of one process, and the reasons once each.
fn changes(of: &[ChangeSaid]) -> String {
    let said = |change: &ChangeSaid| {
        let from = match change.from.as_str() {
            "" => "new".to_owned(),
            from => safe(words::value(change.what, from)),
        };
        let to = safe(words::value(change.what, &change.to));
        format!("{} {from} → {to}", changed(change.what))
    };
    let said: Vec<String> = of.iter().map(said).collect();
    let mut reasons: Vec<&str> = of.iter().map(|change| change.reason.as_str()).collect();
    reasons.dedup();
    let reasons = reasons.iter().map(|reason| sentence(&words::whole(reason)));
    let reasons: Vec<String> = reasons.collect();
    format!(
        "**{}**: {}. {}",
        safe(&of[0].name),
        said.join("; "),
        reasons.join(" ")
    )
}

fn to_do(out: &mut String, actions: &[Action]) {
    heading(out, Part::ToDo, actions.is_empty());
    for group in actions.chunk_by(|a, b| a.group == b.group) {
        let _ = writeln!(out, "### {}\n", words::group(group[0].group, group));
        entries(out, group.iter().map(action));
    }
}

fn action(action: &Action) -> String {
    let said: Vec<String> = words::sentences(action)
        .iter()
        .map(|said| sentence(said))
        .collect();
    let headline = words::headline(action);
    let headline = headline.map_or(String::new(), |said| format!(": {said}"));
    format!(
        "**{}**{headline}. {} _Why: {}_",
        safe(&action.name),
        said.join(" "),
        sentence(&words::whole(&action.why))
    )
}

fn alarms(of: &[AlarmSaid]) -> String {
    let said = |alarm: &AlarmSaid| {
        let explained = alarm.explained_by.as_ref();
        let explained = explained.map_or(String::new(), |what| {
            format!(", explained by {}", sentence(what))
        });
        let ended = alarm.ended.as_ref();
        let ended = ended.map_or(String::new(), |day| format!(", over on {day}"));
        let further = alarm.further().into_iter();
        let further: String = further
            .map(|more| format!(" {}", sentence(&more)))
            .collect();
        format!(
            "since about {}: {} ({}), alarm on {}{explained}{ended}.{further}",
            alarm.onset,
            sentence(&alarm.what),
            alarm.figures,
            alarm.raised
        )
    };
    let all: Vec<String> = of.iter().map(said).collect();
    format!("**{}**: {}", safe(&of[0].name), all.join(" Also "))
}

fn side(row: &ExecutorRow) -> String {
    let median = row.median_seconds.map_or(String::new(), |median| {
        format!(", half are done in {}", words::seconds(median))
    });
    format!(
        "**{}**, {}: {}, {}, {}{median}",
        safe(&row.name),
        executor(row.executor),
        words::cases(row.cases),
        words::deviation_of(row.cases, row.deviation),
        row.status.replace('_', " ")
    )
}

/// What came of predictions; those of which nothing has come are counted.
fn predictions(out: &mut String, rows: &[Prediction]) {
    heading(out, Part::Predicted, rows.is_empty());
    let (news, rest): (Vec<&Prediction>, Vec<&Prediction>) =
        rows.iter().partition(|row| row.is_news());
    if !news.is_empty() {
        let said = |row: &&Prediction| {
            format!(
                "**{}**: {}",
                safe(&row.name),
                sentence(&words::prediction(row))
            )
        };
        entries(out, news.iter().map(said));
    }
    if !rest.is_empty() {
        let _ = writeln!(out, "{}\n", words::nothing_came(rest.len()));
    }
}

fn heading(out: &mut String, part: Part, is_empty: bool) {
    let below = if is_empty {
        part.none()
    } else {
        part.meaning()
    };
    let _ = writeln!(out, "## {}\n\n{below}\n", part.title());
}

fn list(out: &mut String, part: Part, lines: impl ExactSizeIterator<Item = String>) {
    let is_empty = lines.len() == 0;
    heading(out, part, is_empty);
    if !is_empty {
        entries(out, lines);
    }
}

fn entries(out: &mut String, lines: impl ExactSizeIterator<Item = String>) {
    let count = lines.len();
    for line in lines.take(MOST) {
        let _ = writeln!(out, "- {line}");
    }
    if count > MOST {
        let _ = writeln!(out, "- and {} more", count - MOST);
    }
    out.push('\n');
}

fn board(out: &mut String, report: &Report) {
    heading(out, Part::All, report.board.is_empty());
    out.push_str("| process | status | deviation | permissible | class needed, shown | trend | cases a week | run by | should be run by |\n");
    out.push_str("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for row in report.board.iter().take(10 * MOST) {
        let range = row.deviation.map_or(String::new(), |observed| {
            format!(" ({})", words::range(observed))
        });
        let _ = writeln!(
            out,
            "| {} | {} | {}{range} | {} | {}, {} | {} | {} | {} | {} |",
            safe(&row.name),
            row.status.replace('_', " "),
            words::observed(row),
            row.permissible.map_or("-".to_owned(), percent),
            words::class(&row.required_class),
            words::class(&row.achieved_class),
            sparkline(&row.trend),
            row.cases_per_week.map_or("-".to_owned(), words::rate),
            words::run_by(row),
            words::should(row.recommendation),
        );
    }
    let more = report.board.len().saturating_sub(10 * MOST);
    if more > 0 {
        let _ = writeln!(out, "\nand {more} more");
    }
    out.push('\n');
}

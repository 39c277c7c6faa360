//! A report as one HTML file: nothing is loaded from anywhere, so that it can be mailed and kept.

use super::charts;
use super::content::{
    Action, ActionKind, AlarmSaid, ChangeSaid, ExecutorRow, Prediction, Report, Row,
};
use super::safe::{plain, sentence};
use super::words::{
    self, ALL, CHANGED, DECLARED, DRIFTED, OPEN, PREDICTED, QUALITY, SIDES, TERMS, TO_DO, changed,
    executor, hours, kind, percent, seconds, standing,
};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Entries of a list that are shown; the rest folds away.
const FIRST: usize = 10;
/// And no more than these: who wants all of them takes CSV or JSON.
const MOST: usize = 500;

/// What the page is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// A browser or a mail: long lists fold, and it is dark where everything is.
    Screen,
    /// Paper: nothing folds, and it is black on white.
    Paper,
}

/// The report as a page.
pub fn text(report: &Report, medium: Medium) -> String {
    let title = format!("Tolerance report, {}", report.period.name);
    let scheme = match medium {
        Medium::Screen => "light dark",
        Medium::Paper => "light",
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content=(scheme);
                title { (title) }
                style {
                    (PreEscaped(include_str!("report.css")))
                    @if medium == Medium::Screen { (PreEscaped(include_str!("dark.css"))) }
                }
            }
            body {
                header {
                    h1 { (title) }
                    p { (report.when()) }
                    p.lead { (standing(report.standing)) "." }
                    (charts::standing(report.standing[0]))
                }
                main { (Page { report, medium }.sections()) }
                footer { (terms(report)) }
            }
        }
    };
    page.into_string()
}

struct Page<'a> {
    report: &'a Report,
    medium: Medium,
}

impl Page<'_> {
    fn sections(&self) -> Markup {
        let report = self.report;
        let part = |title: &str, entries: Vec<Markup>| self.section(title, entries);
        html! {
            (part(CHANGED, grouped(&report.changes, |change| &change.process).into_iter().map(changes).collect()))
            (part(TO_DO, report.actions.iter().map(action).collect()))
            (part(DRIFTED, grouped(&report.alarms, |alarm| &alarm.process).into_iter().map(alarms).collect()))
            (self.board())
            (part(SIDES, grouped(&report.executors, |row| &row.process).into_iter().map(sides).collect()))
            (part(DECLARED, report.disagreements.iter().map(|row| html! {
                strong { (plain(&row.name)) } ": " (sentence(&row.what)) " is declared " (sentence(executor(&row.declared)))
                " and measured " (sentence(executor(&row.measured))) @if !row.sure { " (perhaps)" }
            }).collect()))
            (part(PREDICTED, report.predictions.iter().map(prediction).collect()))
            (part(OPEN, report.undetermined.iter().map(|row| html! {
                strong { (plain(&row.name)) } " needs " (sentence(&row.needs))
            }).collect()))
            (part(QUALITY, grouped(&report.quality, |row| &row.process).into_iter().map(|rows| html! {
                strong { (plain(&rows[0].name)) } ": "
                @for (nth, row) in rows.iter().enumerate() { @if nth > 0 { "; " } (sentence(&row.what)) }
            }).collect()))
        }
    }

    fn section(&self, title: &str, entries: Vec<Markup>) -> Markup {
        let (meaning, none) = words::about(title);
        let count = entries.len();
        let first = match self.medium {
            Medium::Screen => FIRST,
            Medium::Paper => MOST,
        };
        let beyond = count.saturating_sub(MOST);
        let more = count.saturating_sub(first);
        html! {
            section {
                h2 { (title) @if count > 0 { " " span.count { (count) } } }
                @if count == 0 { p.none { (none) } } @else {
                    p.meaning { (meaning) }
                    ul { @for entry in entries.iter().take(first) { li { (entry) } } }
                    @if more > beyond {
                        details {
                            summary { "and " (more) " more" }
                            ul { @for entry in entries.iter().take(MOST).skip(first) { li { (entry) } } }
                        }
                    }
                    @if beyond > 0 { p { (beyond) " further ones are in the JSON format." } }
                }
            }
        }
    }

    fn board(&self) -> Markup {
        let rows = &self.report.board;
        let first = match self.medium {
            Medium::Screen => FIRST * 3,
            Medium::Paper => MOST * 4,
        };
        let beyond = rows.len().saturating_sub(MOST * 4);
        let more = rows.len().saturating_sub(first);
        html! {
            section {
                h2 { (ALL) " " span.count { (rows.len()) } }
                p.meaning { (words::about(ALL).0) }
                (table(rows.iter().take(first)))
                @if more > beyond {
                    details {
                        summary { "and " (more) " more" }
                        (table(rows.iter().take(MOST * 4).skip(first)))
                    }
                }
                @if beyond > 0 { p { (beyond) " further ones are in the CSV and JSON formats." } }
            }
        }
    }
}

/// Neighbours of the same process.
fn grouped<T>(all: &[T], process: impl Fn(&T) -> &String) -> Vec<&[T]> {
    all.chunk_by(|a, b| process(a) == process(b)).collect()
}

fn changes(of: &[ChangeSaid]) -> Markup {
    let mut reasons: Vec<&str> = of.iter().map(|change| change.reason.as_str()).collect();
    reasons.dedup();
    html! {
        strong { (plain(&of[0].name)) } ": "
        @for (nth, change) in of.iter().enumerate() {
            @if nth > 0 { "; " }
            (changed(change.what)) " "
            @if change.from.is_empty() { "(new)" } @else { (plain(words::value(change.what, &change.from))) }
            " → " b { (plain(words::value(change.what, &change.to))) }
        }
        @for reason in reasons { small { (sentence(&words::whole(reason))) } }
    }
}

fn action(action: &Action) -> Markup {
    let class = match action.kind {
        ActionKind::Withdraw | ActionKind::LookInto => "kind bad",
        _ => "kind",
    };
    html! {
        span class=(class) { (kind(action.kind)) } " "
        strong { (plain(&action.name)) } ": " (sentence(&action.what)) ". "
        @if let Some(saved) = action.hours_per_year { b.worth { (hours(saved)) } (words::assumption(action.of_hours)) ": " }
        (action.confidence_said()) "."
        @if let Some(excess) = action.excess_per_week { " " (words::excess(excess)) "." }
        @if let Some(first) = &action.first { " First: " (sentence(first)) "." }
        small { (sentence(&words::whole(&action.why))) }
    }
}

fn alarms(of: &[AlarmSaid]) -> Markup {
    html! {
        strong { (plain(&of[0].name)) }
        @for alarm in of {
            p.alarm {
                (sentence(&words::capital(&alarm.what))) " (" (alarm.figures) "): since about " (alarm.onset) ", found on " (alarm.raised)
                @if let Some(what) = &alarm.explained_by { ", explained by " (sentence(what)) }
                @if let Some(day) = &alarm.ended { ", over on " (day) }
                "."
            }
        }
        @for chart in charts::of_alarms(of) { (chart) }
    }
}

fn sides(of: &[ExecutorRow]) -> Markup {
    html! {
        strong { (plain(&of[0].name)) }
        table.sides {
            thead { tr { th scope="col" { "run by" } th scope="col" { "cases" } th scope="col" { "deviation" } th scope="col" { "status" } th scope="col" { "half of them within" } } }
            tbody { @for row in of { tr {
                th scope="row" { (executor(row.executor)) }
                td { (row.cases) }
                td { (words::deviation_of(row.cases, row.deviation)) }
                (status(row.status))
                td { (row.median_seconds.map_or("-".to_owned(), seconds)) }
            } } }
        }
    }
}

fn prediction(row: &Prediction) -> Markup {
    html! {
        strong { (plain(&row.name)) } ": "
        @match &row.said_on {
            Some(day) => { "on " (day) " automation was said to save " (hours(row.said_to_be_saved)) }
            None => { "automation would have been said to save " (hours(row.said_to_be_saved)) " (no report was made then)" }
        }
        ". " (words::automated(row.automated)) ". People spent " (hours(row.spent_then)) " and spend " (hours(row.spent_now)) " now: "
        b { (words::less(row.saved)) } @if !row.shown { ", which may be chance" } "."
    }
}

fn table<'a>(rows: impl Iterator<Item = &'a Row>) -> Markup {
    html! {
        section.wide tabindex="0" aria-label="Processes" { table {
            thead { tr {
                th scope="col" { "process" } th scope="col" { "needs" } th scope="col" { "holds" }
                th scope="col" { "status" } th scope="col" { "deviation" } th scope="col" { "permissible" }
                th scope="col" { "trend" } th scope="col" { "cases a week" } th scope="col" { "run by" }
                th scope="col" { "should be" }
            } }
            tbody { @for line in rows { (row(line)) } }
        } }
    }
}

fn row(row: &Row) -> Markup {
    html! {
        tr {
            th scope="row" { (plain(&row.name)) }
            td { (row.required_class) }
            td { (words::held(&row.achieved_class)) }
            (status(row.status))
            td {
                @match row.deviation {
                    Some(observed) => {
                        b { (percent(observed[1])) } (charts::interval(observed, row.permissible, row.status))
                        small { (words::range(observed)) }
                    }
                    None => "-",
                }
            }
            td { (row.permissible.map_or("-".to_owned(), percent)) }
            td { (charts::trend(&row.trend)) }
            td { (row.cases_per_week.map_or("-".to_owned(), |rate| format!("{rate:.1}"))) }
            td { (executor(row.executor)) }
            td { (row.recommendation.as_deref().unwrap_or("-")) }
        }
    }
}

fn status(word: &str) -> Markup {
    let sign = match word {
        "within" => "✓ ",
        "outside" => "✗ ",
        _ => "",
    };
    html! { td class=(format!("status {}", word.replace('_', "-"))) { (sign) (word.replace('_', " ")) } }
}

fn terms(report: &Report) -> Markup {
    let hashes = report.hashes;
    html! {
        h2 { "Terms" }
        dl { @for (term, meaning) in TERMS { dt { (term) } dd { (meaning) "." } } }
        p.made {
            (report.made_by) " · configuration " (format!("{:016x}", hashes.configuration))
            " · catalog " (format!("{:016x}", hashes.catalog))
            " · tolerance table " (format!("{:016x}", hashes.tolerance))
        }
    }
}

//! A report as one HTML file: nothing is loaded from anywhere, so that it can be mailed and kept.

use super::charts;
use super::content::{
    Action, ActionGroup, AlarmSaid, ChangeSaid, ExecutorRow, Prediction, Report, Row,
};
use super::parts::{FIRST, Part, TERMS};
use super::safe::{plain, sentence};
use super::words::{self, changed, executor, kind, percent, seconds, standing};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Entries of a list that are shown; the rest folds away.
const SHOWN: usize = 10;
/// And no more than these: who wants all of them takes CSV or JSON.
const MOST: usize = 500;

/// What the page is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Medium {
    /// A browser or a mail: long lists fold, and it is dark where everything is.
    Screen,
    /// Paper: nothing folds, and it is black on white.
    Paper,
}

/// The report as a page.
pub(crate) fn text(report: &Report, medium: Medium) -> String {
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
                    p.lead { (standing(report.standing, &report.previous.name)) "." }
                    (charts::standing(report.standing[0]))
                    p { (report.when()) }
                    dl.first { @for (term, meaning) in FIRST { dt { (term) } dd { (meaning) "." } } }
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
        let part = |part: Part, entries: Vec<Markup>| self.section(part, entries);
        html! {
            (part(Part::Changed, grouped(&report.changes, |change| &change.process).into_iter().map(changes).collect()))
            (self.to_do())
            (part(Part::Drifted, grouped(&report.alarms, |alarm| &alarm.process).into_iter().map(alarms).collect()))
            (self.board())
            (part(Part::Sides, grouped(&report.executors, |row| &row.process).into_iter().map(sides).collect()))
            (part(Part::Directions, grouped(&report.directions, |row| &row.process).into_iter().map(|rows| html! {
                strong { (plain(&rows[0].name)) } ": "
                @for (nth, row) in rows.iter().enumerate() { @if nth > 0 { "; " } (row.score) }
            }).collect()))
            (part(Part::Stages, grouped(&report.stages, |row| &row.process).into_iter().map(|rows| html! {
                strong { (plain(&rows[0].name)) } ": "
                @for (nth, row) in rows.iter().enumerate() { @if nth > 0 { "; " } (plain(&row.time.milestone)) ": " (words::stage(&row.time)) }
            }).collect()))
            (part(Part::Declared, report.disagreements.iter().map(|row| html! {
                strong { (plain(&row.name)) } ": "
                (sentence(&words::disagreement(row.what, &row.declared, &row.measured, row.sure)))
            }).collect()))
            (self.predictions())
            (part(Part::Open, report.undetermined.iter().map(|row| html! {
                strong { (plain(&row.name)) } ": " (sentence(&row.needs))
            }).collect()))
            (part(Part::Quality, grouped(&report.quality, |row| &row.process).into_iter().map(|rows| html! {
                strong { (plain(&rows[0].name)) } ": "
                @for (nth, row) in rows.iter().enumerate() { @if nth > 0 { "; " } (sentence(&row.what)) }
            }).collect()))
        }
    }

    fn section(&self, part: Part, entries: Vec<Markup>) -> Markup {
        html! {
            section {
                (title(part, entries.len()))
                @if entries.is_empty() { p.none { (part.none()) } } @else {
                    p.meaning { (part.meaning()) }
                    (self.list(&entries))
                }
            }
        }
    }

    /// The first entries; the rest folds away.
    fn list(&self, entries: &[Markup]) -> Markup {
        let count = entries.len();
        let first = match self.medium {
            Medium::Screen => SHOWN,
            Medium::Paper => MOST,
        };
        let beyond = count.saturating_sub(MOST);
        let more = count.saturating_sub(first);
        html! {
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

    fn to_do(&self) -> Markup {
        let actions = &self.report.actions;
        let groups = actions.chunk_by(|a, b| a.group == b.group);
        html! {
            section {
                (title(Part::ToDo, actions.len()))
                @if actions.is_empty() { p.none { (Part::ToDo.none()) } } @else {
                    p.meaning { (Part::ToDo.meaning()) }
                    @for group in groups {
                        h3 { (words::group(group[0].group, group)) }
                        (self.list(&group.iter().map(action).collect::<Vec<_>>()))
                    }
                }
            }
        }
    }

    /// What came of predictions; those of which nothing has come fold away.
    fn predictions(&self) -> Markup {
        let part = Part::Predicted;
        let rows = &self.report.predictions;
        let (news, rest): (Vec<&Prediction>, Vec<&Prediction>) =
            rows.iter().partition(|row| row.is_news());
        let entry = |row: &&Prediction| {
            html! {
                strong { (plain(&row.name)) } ": " (sentence(&words::prediction(row)))
            }
        };
        let entries = |rows: &[&Prediction]| rows.iter().map(entry).collect::<Vec<Markup>>();
        html! {
            section {
                (title(part, rows.len()))
                @if rows.is_empty() { p.none { (part.none()) } } @else {
                    p.meaning { (part.meaning()) }
                    @if !news.is_empty() { (self.list(&entries(&news))) }
                    @if !rest.is_empty() {
                        @let said = words::nothing_came(rest.len());
                        @match self.medium {
                            Medium::Screen => details { summary { (said) } (self.list(&entries(&rest))) },
                            Medium::Paper => { p { (said) } (self.list(&entries(&rest))) },
                        }
                    }
                }
            }
        }
    }

    fn board(&self) -> Markup {
        let rows = &self.report.board;
        let first = match self.medium {
            Medium::Screen => SHOWN * 3,
            Medium::Paper => MOST * 4,
        };
        let beyond = rows.len().saturating_sub(MOST * 4);
        let more = rows.len().saturating_sub(first);
        html! {
            section {
                (title(Part::All, rows.len()))
                p.meaning { (Part::All.meaning()) }
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

fn title(part: Part, entries: usize) -> Markup {
    html! { h2 { (part.title()) @if entries > 0 { " " span.count { "(" (entries) ")" } } } }
}

/// Neighbours of the same process.
fn grouped<T>(all: &[T], process: impl Fn(&T) -> &String) -> Vec<&[T]> {
    // An alarm about several processes, which has none, stands alone.
    let same = |a: &T, b: &T| !process(a).is_empty() && process(a) == process(b);
    all.chunk_by(same).collect()
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
    let class = match action.group {
        ActionGroup::Stop | ActionGroup::Mend => "kind bad",
        ActionGroup::Improve | ActionGroup::Doubtful => "kind",
    };
    html! {
        span class=(class) { (kind(action.kind)) } " "
        strong { (plain(&action.name)) }
        @if let Some(said) = words::headline(action) { ": " b.worth { (said) } }
        "."
        @for said in words::sentences(action) { " " (sentence(&said)) }
        small { "Why: " (sentence(&words::whole(&action.why))) }
    }
}

fn alarms(of: &[AlarmSaid]) -> Markup {
    html! {
        strong { (plain(&of[0].name)) }
        @for alarm in of {
            p.alarm {
                "since about " (alarm.onset) ": " (sentence(&alarm.what)) " (" (alarm.figures) "), alarm on " (alarm.raised)
                @if let Some(what) = &alarm.explained_by { ", explained by " (sentence(what)) }
                @if let Some(day) = &alarm.ended { ", over on " (day) }
                "."
                @for more in alarm.further() { " " (sentence(&more)) }
            }
        }
        @for chart in charts::of_alarms(of) { (chart) }
    }
}

fn sides(of: &[ExecutorRow]) -> Markup {
    html! {
        strong { (plain(&of[0].name)) }
        table.sides {
            thead { tr { th scope="col" { "run by" } th scope="col" { "cases" } th scope="col" { "deviation" } th scope="col" { "status" } th scope="col" { "half are done in" } } }
            tbody { @for row in of { tr {
                th scope="row" { (executor(row.executor)) }
                td { (words::count(row.cases)) }
                td { (words::deviation_of(row.cases, row.deviation)) }
                (status(row.status))
                td { (row.median_seconds.map_or("-".to_owned(), seconds)) }
            } } }
        }
    }
}

fn table<'a>(rows: impl Iterator<Item = &'a Row>) -> Markup {
    html! {
        section.wide tabindex="0" aria-label="Processes" { table {
            thead { tr {
                th scope="col" { "process" } th scope="col" { "status" } th scope="col" { "deviation" }
                th scope="col" { "permissible" } th scope="col" { "class needed" } th scope="col" { "class shown" }
                th scope="col" { "trend" } th scope="col" { "cases a week" } th scope="col" { "run by" }
                th scope="col" { "should be run by" }
            } }
            tbody { @for line in rows { (row(line)) } }
        } }
    }
}

fn row(row: &Row) -> Markup {
    html! {
        tr {
            th scope="row" { (plain(&row.name)) }
            (status(row.status))
            td {
                b { (words::observed(row)) }
                @if let Some(observed) = row.deviation {
                    (charts::interval(observed, row.permissible, row.status))
                    small { (words::range(observed)) }
                }
            }
            td { (row.permissible.map_or("-".to_owned(), percent)) }
            td { (words::class(&row.required_class)) }
            td { (words::class(&row.achieved_class)) }
            td { (charts::trend(&row.trend)) }
            td { (row.cases_per_week.map_or("-".to_owned(), words::rate)) }
            td { (words::run_by(row)) }
            td { (words::should(row.recommendation)) }
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

//! A report as one HTML file: nothing is loaded from anywhere, so that it can be mailed and kept.

use super::content::{AlarmSaid, DaySaid, Report, Row};
use super::safe::plain;
use super::words::{TERMS, changed, deviation, hours, percent, sparkline, standing, worth};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Entries of a list that are shown; the rest folds away.
const FIRST: usize = 10;
/// And no more than these: who wants all of them takes CSV or JSON.
const MOST: usize = 500;

/// The report as a page.
pub fn text(report: &Report) -> String {
    let title = format!("Tolerance report, {}", report.period.name);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(include_str!("report.css"))) }
            }
            body {
                header {
                    h1 { (title) }
                    p { (report.period.from) " to " (report.period.to) ", compared with " (report.previous.name) "." }
                    p.lead { (standing(report.standing)) "." }
                }
                main { (sections(report)) }
                footer { (terms(report)) }
            }
        }
    };
    page.into_string()
}

fn sections(report: &Report) -> Markup {
    html! {
        (section("What changed", "Nothing: class, status and recommendation of every process are as before.",
            report.changes.iter().map(|change| html! {
                strong { (plain(&change.process)) } ": " (changed(change.what)) " "
                @if change.from.is_empty() { "new" } @else { (plain(&change.from)) }
                " → " b { (plain(&change.to)) } " "
                small { (plain(&change.reason)) }
            }).collect()))
        (section("What to do now", "Nothing.",
            report.actions.iter().map(|action| html! {
                strong { (plain(&action.name)) } ": " (plain(&action.what)) ". "
                span.worth { (worth(action)) } " "
                small { (plain(&action.why)) }
            }).collect()))
        (section("What has drifted", "Nothing.",
            report.alarms.iter().map(alarm).collect()))
        (board(report))
        (section("People, AI and code", "No process is run by more than one of them.",
            report.executors.iter().map(|row| html! {
                strong { (plain(&row.process)) } ", " (row.executor) ": " (row.cases) " cases, "
                (row.deviation.map_or("no case has ended".to_owned(), deviation)) ", " (row.status)
            }).collect()))
        (section("Declared against measured", "They agree.",
            report.disagreements.iter().map(|row| html! {
                strong { (plain(&row.process)) } ": " (plain(&row.what)) " is declared " (plain(&row.declared))
                " and measured " (plain(&row.measured)) @if !row.sure { " (perhaps)" }
            }).collect()))
        (section("What was predicted, and what came", "Nothing was predicted a period ago.",
            report.predictions.iter().map(|row| html! {
                strong { (plain(&row.process)) } ": automation was said to save " (hours(row.said_to_be_saved))
                "; people spent " (hours(row.spent_then)) " then and spend " (hours(row.spent_now)) " now"
                @if !row.shown { " (the difference may be chance)" }
            }).collect()))
        (section("What could not be judged", "Everything could.",
            report.undetermined.iter().map(|row| html! {
                strong { (plain(&row.process)) } " needs " (plain(&row.needs))
            }).collect()))
        (section("Data quality", "Nothing is lacking.",
            report.quality.iter().map(|row| html! {
                strong { (plain(&row.process)) } ": " (plain(&row.what))
            }).collect()))
    }
}

fn section(title: &str, none: &str, entries: Vec<Markup>) -> Markup {
    let more = entries.len().saturating_sub(FIRST);
    let beyond = entries.len().saturating_sub(MOST);
    html! {
        section {
            h2 { (title) @if !entries.is_empty() { " " span.count { (entries.len()) } } }
            @if entries.is_empty() { p.none { (none) } } @else {
                ul { @for entry in entries.iter().take(FIRST) { li { (entry) } } }
                @if more > 0 {
                    details {
                        summary { "and " (more) " more" }
                        ul { @for entry in entries.iter().skip(FIRST).take(MOST - FIRST) { li { (entry) } } }
                        @if beyond > 0 { p { (beyond) " further ones are in the JSON and CSV formats." } }
                    }
                }
            }
        }
    }
}

fn board(report: &Report) -> Markup {
    let more = report.board.len().saturating_sub(FIRST * 3);
    let head = html! {
        thead { tr {
            th scope="col" { "process" } th scope="col" { "needs" } th scope="col" { "holds" }
            th scope="col" { "status" } th scope="col" { "deviation" } th scope="col" { "permissible" }
            th scope="col" { "trend" } th scope="col" { "a week" } th scope="col" { "run by" }
            th scope="col" { "should be" }
        } }
    };
    html! {
        section {
            h2 { "All processes " span.count { (report.board.len()) } }
            div.wide { table { (head) tbody { @for line in report.board.iter().take(FIRST * 3) { (row(line)) } } } }
            @if more > 0 {
                details {
                    summary { "and " (more) " more" }
                    div.wide { table { (head) tbody {
                        @for line in report.board.iter().skip(FIRST * 3).take(MOST * 4) { (row(line)) }
                    } } }
                }
            }
        }
    }
}

fn row(row: &Row) -> Markup {
    let sign = match row.status {
        "within" => "✓ ",
        "outside" => "✗ ",
        _ => "",
    };
    html! {
        tr {
            th scope="row" { (plain(&row.name)) }
            td { (row.required_class) }
            td { (row.achieved_class) }
            td class=(format!("status {}", row.status)) { (sign) (row.status) }
            td { (row.deviation.map_or("-".to_owned(), deviation)) }
            td { (row.permissible.map_or("-".to_owned(), percent)) }
            td.spark { (sparkline(&row.trend)) }
            td { (row.cases_per_week.map_or("-".to_owned(), |rate| format!("{rate:.1}"))) }
            td { (row.executor) }
            td { (row.recommendation.as_deref().unwrap_or("-")) }
        }
    }
}

fn alarm(alarm: &AlarmSaid) -> Markup {
    html! {
        strong { (plain(&alarm.process)) } " " (plain(&alarm.what)) ": since about " (alarm.onset)
        ", found on " (alarm.raised)
        @if let Some(what) = &alarm.explained_by { ", explained by " (plain(what)) }
        @if let Some(day) = &alarm.ended { ", over on " (day) }
        (chart(alarm))
    }
}

/// Mean deviation by day, what was expected, and when the change began.
fn chart(alarm: &AlarmSaid) -> Markup {
    const WIDTH: f64 = 560.0;
    const HEIGHT: f64 = 90.0;
    let values = alarm
        .days
        .iter()
        .flat_map(|day| [day.deviation, day.expected]);
    let most = values.flatten().fold(0.0f64, f64::max);
    if most <= 0.0 || alarm.days.len() < 2 {
        return html! {};
    }
    let x = |at: usize| WIDTH * at as f64 / (alarm.days.len() - 1) as f64;
    let y = |value: f64| HEIGHT - (HEIGHT - 6.0) * value / most;
    let line = |of: fn(&DaySaid) -> Option<f64>| {
        let points = alarm.days.iter().enumerate();
        let points =
            points.filter_map(|(at, day)| Some(format!("{:.1},{:.1}", x(at), y(of(day)?))));
        points.collect::<Vec<_>>().join(" ")
    };
    let onset = alarm.days.iter().position(|day| day.day >= alarm.onset);
    html! {
        svg viewBox=(format!("0 -4 {WIDTH} {}", HEIGHT + 8.0)) role="img" {
            title { "Mean deviation by day, up to " (percent(most)) }
            @if let Some(at) = onset {
                line.onset x1=(x(at)) x2=(x(at)) y1="0" y2=(HEIGHT) {}
            }
            polyline.expected points=(line(|day| day.expected)) {}
            polyline.deviation points=(line(|day| day.deviation)) {}
        }
        small { "Mean deviation by day (line), what the baseline expects (dashed), and where the change began." }
    }
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

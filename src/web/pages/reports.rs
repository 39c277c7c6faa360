//! `/reports/`: the reports that were written.

use super::shell::{self, Page, State};
use super::words;
use crate::daemon::Running;
use crate::model::Time;
use crate::report::{Written, kept};
use axum::extract;
use axum::response::Response;
use maud::{Markup, html};
use std::sync::Arc;

/// `GET /reports/`
pub(super) async fn page(extract::State(daemon): extract::State<Arc<Running>>) -> Response {
    shell::respond(move || {
        let config = daemon.config();
        let written = match kept(&config) {
            Ok(written) => written,
            Err(error) => {
                return shell::unavailable(&format!(
                    "the folder of reports can't be read: {error}"
                ));
            }
        };
        let page = Page {
            title: "Reports",
            at: "/reports/",
            state: State::of(&daemon, &daemon.shared.snapshot()),
            body: body(&written, config.reports.schedule.is_some()),
        };
        page.response()
    })
    .await
}

fn body(written: &[Written], scheduled: bool) -> Markup {
    html! {
        h1 { "Reports" }
        p.lead { "What changed in a period, what to do now, and what that rests on. " a href="/reports/feed.xml" { "Feed" } }
        @if written.is_empty() {
            @if scheduled { p { "None yet: the first is written when the next period has ended and something was measured in it." } }
            @else {
                p { "None are written by themselves. Set " code { "reports: { every: month }" } " in toleranced.yaml, or run "
                    code { "toleranced report --output report.html" } "." }
            }
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Reports" { table.data {
                thead { tr { th scope="col" { "period" } th scope="col" { "written" } th scope="col" { "as" } } }
                tbody { @for report in written { tr {
                    th scope="row" { @match page_of(report) {
                        Some(name) => a href={ "/reports/" (name) } { (report.title) },
                        None => (report.title),
                    } }
                    td { (words::instant(Time::from_utc(report.at))) }
                    td { @for name in &report.files { a href={ "/reports/" (name) } { (format_said(name)) } " " } }
                } } }
            } }
        }
    }
}

fn page_of(report: &Written) -> Option<&String> {
    report.files.iter().find(|name| ending(name) == "html")
}

/// What a file is, for people.
fn format_said(name: &str) -> &str {
    match ending(name) {
        "html" => "page",
        "print.html" => "for paper",
        "md" => "Markdown",
        "json" => "JSON",
        "csv" => "CSV",
        other => other,
    }
}

fn ending(name: &str) -> &str {
    name.split_once('.').map_or(name, |(_, ending)| ending)
}

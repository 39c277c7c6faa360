//! `/`: the tolerance board, a row for each process.
//!
//! Rows are rendered once for each scoring and then only put into order, so that thousands of processes cost a request no
//! more than copying them. Rows that a filter leaves out are sent hidden: the script shows them again without asking.

mod query;
mod row;

use super::shell::{self, Page, State};
use super::{guide, words};
use crate::model::Status;
use crate::query::{AlarmStories, DriftView, Snapshot};
use crate::score::ProcessScore;
use crate::web::blocking::respond;
use crate::web::metrics::{accepts_gzip, asked, packed};
use crate::web::state::Daemon;
use axum::Extension;
use axum::extract::Query as InQuery;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use maud::{Markup, PreEscaped, html};
pub(super) use query::Query;
use query::{COLUMNS, Show};
use row::Row;
pub(super) use row::stands;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Processes that are named in a line.
const LINKS: usize = 8;

/// The rows of the latest scoring.
#[derive(Default)]
pub(super) struct Cache(Mutex<Option<Rendered>>);

/// Rows, and what they were rendered from.
struct Rendered {
    scores: Arc<Vec<ProcessScore>>,
    drift: Arc<DriftView>,
    rows: Arc<Vec<Row>>,
}

impl Cache {
    fn rows(&self, snapshot: &Snapshot) -> Arc<Vec<Row>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = &*kept
            && Arc::ptr_eq(&kept.scores, &snapshot.scores)
            && Arc::ptr_eq(&kept.drift, &snapshot.drift)
        {
            return kept.rows.clone();
        }
        let rows = Arc::new(row::rows(snapshot));
        *kept = Some(Rendered {
            scores: snapshot.scores.clone(),
            drift: snapshot.drift.clone(),
            rows: rows.clone(),
        });
        rows
    }
}

/// `GET /`.
pub(super) async fn page(
    daemon: Daemon,
    Extension(cache): Extension<Arc<Cache>>,
    InQuery(asked_for): InQuery<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let gzip = accepts_gzip(asked(&headers, &header::ACCEPT_ENCODING));
    shell::respond(move || {
        let snapshot = daemon.shared.snapshot();
        if snapshot.scored_at.is_none() {
            let why = "The daemon has just started and has not made its first score yet. Try again in a moment.";
            return shell::unavailable(why);
        }
        let query = Query::of(&asked_for);
        let rows = cache.rows(&snapshot);
        let guide = daemon.config().pages.guide;
        let page = Page {
            title: "Tolerance board",
            at: "/",
            state: State::of(&daemon, &snapshot),
            body: body(&snapshot, &rows, &query, guide),
        };
        sent(page.markup().into_string(), gzip)
    })
    .await
}

fn sent(html: String, gzip: bool) -> Response {
    let packed = gzip.then(|| packed(html.as_bytes())).and_then(Result::ok);
    let zipped = packed.is_some();
    let mut response = match packed {
        Some(bytes) => {
            let mut response = shell::html_response(StatusCode::OK, String::new());
            *response.body_mut() = bytes.into();
            response
        }
        None => shell::html_response(StatusCode::OK, html),
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if zipped {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// `GET /processes.csv`: the rows that the same query shows on the board, in the same order.
pub(super) async fn csv(
    daemon: Daemon,
    Extension(cache): Extension<Arc<Cache>>,
    InQuery(asked_for): InQuery<BTreeMap<String, String>>,
) -> Response {
    respond(move || {
        let snapshot = daemon.shared.snapshot();
        let query = Query::of(&asked_for);
        let rows = cache.rows(&snapshot);
        let shown = query.order(&rows).into_iter();
        let shown: Vec<usize> = shown.filter(|at| query.shows(&rows[*at])).collect();
        row::table(&snapshot, &rows, &shown).csv()
    })
    .await
}

fn body(snapshot: &Snapshot, rows: &[Row], query: &Query, guide: bool) -> Markup {
    html! {
        div.lead {
            h1 { "Tolerance board" }
            p { "Which process is inside its tolerance, and who should run it." }
        }
        @if query.guide.unwrap_or(guide) { (guide::guide(snapshot, &query.guided(false).path())) }
        (together(snapshot))
        (tiles(rows, query))
        (filter(query))
        div.scroll tabindex="0" role="region" aria-label="Processes" {
            table.board #board {
                caption.hidden { "Every process with its class, deviation, executors and recommendation" }
                thead { tr { @for column in &COLUMNS { (head(column, query)) } } }
                tbody { (ordered(rows, query)) }
            }
        }
        p.empty #none hidden[rows.iter().any(|row| query.shows(row))] {
            @if rows.is_empty() { "No process was seen yet. What comes in stands on " a href="/ingest" { "Ingest" } "." }
            @else { "No process fits this filter. " a href="/" { "Show all" } }
        }
        (legend(query, guide))
    }
}

/// Alarms about several processes: they have one cause, so they are said once.
fn together(snapshot: &Snapshot) -> Markup {
    let stories = AlarmStories::of_view(&snapshot.drift);
    let alarms = snapshot.drift.alarms.iter().rev();
    let alarms = alarms.filter(|alarm| stands(alarm) && !alarm.processes.is_empty());
    html! {
        @for alarm in alarms {
            @let story = stories.tell(alarm);
            p.warn.together { svg.i aria-hidden="true" { use href="#s-alarm" {} }
                (story.sentence) " " @if let Some(also) = story.also_words() { (also) " " }
                (links_to(&alarm.processes.iter().collect::<Vec<_>>())) }
        }
    }
}

/// Links to some processes; those beyond the first few are folded away.
pub(in crate::web::pages) fn links_to(processes: &[&String]) -> Markup {
    let (first, more) = processes.split_at(processes.len().min(LINKS));
    let links = |of: &[&String]| {
        html! {
            @for (nth, process) in of.iter().enumerate() {
                @if nth > 0 { ", " }
                a href=(words::process_path(process)) { bdi { (words::name(process)) } }
            }
        }
    };
    html! {
        (links(first))
        @if !more.is_empty() {
            details.more { summary { "and " (more.len()) " more" } (links(more)) }
        }
    }
}

/// Every row in order; those that the query leaves out are hidden.
fn ordered(rows: &[Row], query: &Query) -> Markup {
    let room = rows.iter().map(|row| row.html.len() + 16).sum();
    let mut out = String::with_capacity(room);
    for at in query.order(rows) {
        let row = &rows[at];
        out.push_str(if query.shows(row) {
            "<tr "
        } else {
            "<tr hidden "
        });
        out.push_str(&row.html);
    }
    PreEscaped(out)
}

/// How many are in which state; each leads to these.
fn tiles(rows: &[Row], query: &Query) -> Markup {
    let of = |show: Show| rows.iter().filter(|row| show.shows(row)).count();
    html! {
        ul.tiles #tiles {
            @for show in Show::ALL {
                @let count = of(show);
                li {
                    a.tile.(show.word()) href=(query.showing(show).path()) data-show=(show.word())
                        aria-current=[(query.show == show).then_some("true")] {
                        @if let Some(symbol) = show.symbol() { svg.i aria-hidden="true" { use href=(symbol) {} } }
                        strong { (words::count(count as i64)) } span { (show.title()) }
                    }
                }
            }
        }
    }
}

fn filter(query: &Query) -> Markup {
    html! {
        form.filter #filter action="/" method="get" role="search" {
            label { span { "Find" } input #q type="search" name="q" value=(query.find) placeholder="name or id" autocomplete="off"; }
            label { span { "Show" }
                select #show name="show" {
                    @for show in Show::ALL { option value=(show.word()) selected[query.show == show] { (show.title()) } }
                }
            }
            @for (name, value) in query.sorting() { input type="hidden" name=(name) value=(value); }
            button type="submit" { "Apply" }
            span.shown #shown role="status" {}
            a.csv #csv href=(query.csv()) { "CSV" }
            a.csv href="/api/v1/processes" { "JSON" }
        }
    }
}

fn head(column: &query::Column, query: &Query) -> Markup {
    let sorted = query.sort == column.sort;
    let direction = if query.descending {
        "descending"
    } else {
        "ascending"
    };
    html! {
        th scope="col" class=(column.class) aria-sort=[sorted.then_some(direction)] {
            a href=(query.sorted_by(column).path()) data-sort=(column.sort.word()) data-first=(column.first) { (column.title) }
        }
    }
}

fn legend(query: &Query, guide: bool) -> Markup {
    html! {
        aside.legend {
            p { strong { "Reading the deviation. " }
                "The upright line is what is permissible, always in the middle; the dot is the observed mean, the bar its 95 % interval. "
                "Left of the line is inside. The scale narrows to the right: three quarters are three times the limit." }
            p { strong { "Class. " } "f fine, m medium, c coarse, v very coarse (ISO 2768). A process needs the class left of the arrow, and is shown to hold the one right of it." }
            @if !query.guide.unwrap_or(guide) { p { a href=(query.guided(true).path()) { "Explain this board" } } }
        }
    }
}

/// The symbol of a status.
pub(super) fn status_mark(status: Status) -> Markup {
    html! {
        span.status.(status.word()) {
            svg.i aria-hidden="true" { use href={ "#s-" (status.word()) } {} }
            (words::status(status))
        }
    }
}

//! `/ingest`: what comes in, how far behind, what was refused and why, what was lost.

use super::shell::{self, Page, State};
use super::table::{Cell, Table};
use super::words;
use crate::daemon::Running;
use crate::measure::Loss;
use crate::model::{Hour, Span, Time, humanize, metrics, printable};
use crate::query::{NameExcess, SetAside, Snapshot, SourceStatus, counters};
use crate::store::{QuarantineFilter, Store, StoreError};
use crate::web::blocking::respond;
use crate::web::state::Daemon;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Examples of what was refused: the newest.
const EXAMPLES: usize = 20;
/// So many characters of the path of a file are shown.
const MAX_PATH: usize = 300;

/// Everything about what comes in.
struct Told {
    state: State,
    sources: Vec<Source>,
    /// Refused records by source and reason: in all, and those that are kept.
    refused: Vec<(String, String, i64, i64)>,
    examples: Table,
    /// Who has more different names than it may.
    excess: Arc<Vec<NameExcess>>,
}

struct Source {
    name: String,
    up: bool,
    trouble: Option<String>,
    files: u64,
    set_aside: SetAside,
    backlog_bytes: u64,
    last_event: Option<Time>,
    counts: [i64; 4],
    loss: Loss,
}

/// What is counted of each source.
const COUNTED: [&str; 4] = [
    metrics::EVENTS.name,
    metrics::RECORDS.name,
    metrics::DUPLICATES.name,
    metrics::FILTERED.name,
];

impl Source {
    fn of(status: &SourceStatus, snapshot: &Snapshot, losses: &BTreeMap<String, Loss>) -> Source {
        let last = status.last_event.load(Relaxed);
        let counted = |metric: &str| {
            let key = (metric.to_owned(), vec![status.name.clone()]);
            snapshot.counters.get(&key).copied().unwrap_or(0)
        };
        Source {
            name: status.name.clone(),
            up: status.up.load(Relaxed),
            trouble: status.trouble(),
            files: status.files.load(Relaxed),
            set_aside: status.set_aside(),
            backlog_bytes: status.backlog_bytes.load(Relaxed),
            last_event: (last != 0).then_some(Time(last)),
            counts: COUNTED.map(counted),
            loss: losses.get(&status.name).copied().unwrap_or_default(),
        }
    }
}

/// Collects the content of the page. Reads the database, so it blocks.
fn tell(daemon: &Running) -> Result<Told, String> {
    read(daemon).map_err(|error| format!("The database does not answer: {error}."))
}

fn read(daemon: &Running) -> Result<Told, StoreError> {
    let snapshot = daemon.shared.snapshot();
    let config = daemon.config();
    let store = Store::open_to_read(&config.data_dir)?;
    let to = snapshot.at.hour().saturating_add(1);
    let from = config
        .window
        .map_or(Hour::MIN, |window| snapshot.at.plus(-window).hour());
    let losses: BTreeMap<String, Loss> = store.losses_between(from, to)?.into_iter().collect();
    let sources = daemon.shared.sources();
    let sources = sources
        .iter()
        .map(|status| Source::of(status, &snapshot, &losses));
    Ok(Told {
        sources: sources.collect(),
        refused: refused(&store, &snapshot)?,
        examples: examples(&store)?,
        excess: snapshot.name_excess.clone(),
        state: State::of(daemon, &snapshot),
    })
}

fn refused(
    store: &Store,
    snapshot: &Snapshot,
) -> Result<Vec<(String, String, i64, i64)>, StoreError> {
    let mut all: BTreeMap<(String, String), (i64, i64)> = BTreeMap::new();
    for ((name, labels), count) in &snapshot.counters {
        if let (true, [source, reason]) = (name == counters::QUARANTINED, labels.as_slice())
            && *count > 0
        {
            all.entry((source.clone(), reason.clone())).or_default().0 = *count;
        }
    }
    for (source, reason, count) in store.quarantine_counts()? {
        all.entry((source, reason)).or_default().1 = count;
    }
    let row = |((source, reason), (counted, kept))| (source, reason, counted, kept);
    Ok(all.into_iter().map(row).collect())
}

/// As `toleranced quarantine list` has them: where and why, not what the record says; that may hold names of people.
fn examples(store: &Store) -> Result<Table, StoreError> {
    let rows = store.quarantined(&QuarantineFilter::default(), EXAMPLES)?;
    let row = |row: crate::store::QuarantineRow| {
        vec![
            Cell::count(row.id),
            Cell::text(words::instant(Time(row.at))),
            Cell::text(row.source),
            Cell::text(row.reason),
            Cell::text(printable(&row.detail, 200)),
            Cell::text(row.file),
            Cell::count(row.place as i64),
        ]
    };
    Ok(Table {
        name: "quarantine",
        caption: "The newest records that did not become events".into(),
        columns: &[
            "id",
            "refused_at",
            "source",
            "reason",
            "detail",
            "file",
            "byte",
        ],
        rows: rows.into_iter().map(row).collect(),
    })
}

impl Told {
    fn sources(&self) -> Table {
        let row = |source: &Source| {
            let [events, records, duplicates, filtered] = source.counts.map(Cell::count);
            vec![
                Cell::text(&source.name),
                Cell::text(if source.up { "up" } else { "down" }),
                Cell::count(source.files as i64),
                Cell::Number(
                    source.backlog_bytes as f64,
                    words::bytes(source.backlog_bytes),
                ),
                Cell::maybe(source.last_event.map(words::instant)),
                events,
                records,
                duplicates,
                filtered,
                Cell::count(source.loss.lost),
                Cell::count(source.loss.gaps),
                Cell::share(Some(source.loss.share())),
            ]
        };
        Table {
            name: "sources",
            caption: "Sources".into(),
            columns: &[
                "source",
                "state",
                "files",
                "backlog_bytes",
                "last_event",
                "events",
                "records",
                "duplicates",
                "filtered",
                "lost_in_window",
                "gaps_in_window",
                "lost_share",
            ],
            rows: self.sources.iter().map(row).collect(),
        }
    }

    fn reasons(&self) -> Table {
        let row = |(source, reason, counted, kept): &(String, String, i64, i64)| {
            vec![
                Cell::text(source),
                Cell::text(reason),
                Cell::count(*counted),
                Cell::count(*kept),
            ]
        };
        Table {
            name: "reasons",
            caption: "Records that did not become events, by reason".into(),
            columns: &["source", "reason", "refused", "in_quarantine"],
            rows: self.refused.iter().map(row).collect(),
        }
    }

    fn names(&self) -> Table {
        let row = |excess: &NameExcess| {
            vec![
                Cell::text(&excess.source),
                Cell::text(&excess.process),
                Cell::text(excess.limit),
                Cell::count(excess.allowed as i64),
                Cell::count(excess.folded as i64),
                Cell::text(excess.field),
                Cell::text(printable(&excess.example, 120)),
                Cell::maybe(excess.suggestion.as_deref()),
            ]
        };
        Table {
            name: "names",
            caption: "Processes with too many different names".into(),
            columns: &[
                "source", "process", "limit", "allowed", "folded", "field", "example", "match",
            ],
            rows: self.excess.iter().map(row).collect(),
        }
    }

    fn body(&self, now: Time) -> Markup {
        html! {
            div.lead { h1 { "Ingest" } p { "What comes in, how far behind, and what was refused." } }
            ul.sources { @for source in &self.sources { (card(source, now)) } }
            @if self.sources.is_empty() { p.empty { "No source is configured. " code { "toleranced init" } " writes a configuration from a log." } }
            section.block { h2 { "Sources" } (self.sources().markup("/api/v1/ingest/sources.csv"))
                p.note { "Lost records and gaps within the scoring window widen the intervals of every process that the source tells of." } }
            @if !self.excess.is_empty() {
                section.block { h2 { "Too many names" }
                    p.note { "Further names of these processes count as " code { "other" } ". If names contain numbers, put the lines of "
                        code { "match" } " under the field of the mapping and reload: the names of this source then do not count for limits any more. "
                        "Else map a field with fewer values, or raise the limit." }
                    (self.names().markup("/api/v1/ingest/names.csv"))
                    @for excess in self.excess.iter() {
                        @if let Some(lines) = &excess.suggestion { pre { (excess.field) ":\n" (lines) } }
                    } }
            }
            section.block { h2 { "Quarantine" }
                @if self.refused.is_empty() { p.none { "Empty: every record became an event or was passed over by the mapping." } }
                @else {
                    (self.reasons().markup("/api/v1/ingest/reasons.csv"))
                    (self.examples.markup("/api/v1/ingest/quarantine.csv"))
                    p.note { "A record itself stays with those who may log in: " code { "toleranced quarantine show ID" } ". After the mapping is mended, "
                        code { "toleranced quarantine replay" } " tries them again." }
                } }
        }
    }
}

fn card(source: &Source, now: Time) -> Markup {
    let behind = source.last_event.map(|at| now.since(at));
    html! {
        li.source.(if source.up { "up" } else { "down" }) {
            h2 { svg.i aria-hidden="true" { use href=(if source.up { "#s-within" } else { "#s-outside" }) {} } (source.name) " "
                small { (if source.up { "up" } else { "down" }) } }
            @if let Some(trouble) = &source.trouble { p.trouble { (words::whole(trouble)) } }
            @if source.set_aside.count > 0 { (set_aside(source)) }
            dl.facts {
                div { dt { "latest event" } dd { @match source.last_event { Some(at) => (words::instant(at)), None => "none yet" } } }
                div { dt { "behind the clock" } dd { @match behind {
                    None => "-",
                    // A simulated or replayed log may run ahead.
                    Some(behind) if behind <= Span::ZERO => "not at all",
                    Some(behind) if behind < Span::seconds(60) => "less than a minute",
                    Some(behind) => (humanize::format_roughly(behind)),
                } } }
                div { dt { "waits to be read" } dd { (words::bytes(source.backlog_bytes)) } }
                div { dt { "events" } dd { (words::count(source.counts[0])) } }
            }
        }
    }
}

fn set_aside(source: &Source) -> Markup {
    let SetAside { count, files } = &source.set_aside;
    html! {
        p.trouble {
            (humanize::counted(*count, "file")) " set aside: the daemon died twice while it read them. To read them again, see the notes in "
            code { "set-aside/" (source.name) } " of the data folder."
        }
        ul.trouble {
            @for file in files { li { (printable(file, MAX_PATH)) } }
            @if *count > files.len() as u64 { li { "and " (*count - files.len() as u64) " more" } }
        }
    }
}

/// `GET /ingest`.
pub(super) async fn page(daemon: Daemon) -> Response {
    shell::respond(move || match tell(&daemon) {
        Ok(told) => {
            let body = told.body(daemon.now());
            let page = Page {
                title: "Ingest",
                at: "/ingest",
                state: told.state,
                body,
            };
            page.response()
        }
        Err(why) => shell::unavailable(&why),
    })
    .await
}

fn unavailable(why: String) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response()
}

/// `GET /api/v1/ingest`.
pub(super) async fn json(daemon: Daemon) -> Response {
    respond(move || match tell(&daemon) {
        Ok(told) => Json(json!({
            "version": 1,
            "sources": told.sources().objects(),
            "reasons": told.reasons().objects(),
            "quarantine": told.examples.objects(),
            "names": told.names().objects(),
        }))
        .into_response(),
        Err(why) => unavailable(why),
    })
    .await
}

/// `GET /api/v1/ingest/{table}`.
pub(super) async fn csv(daemon: Daemon, Path(file): Path<String>) -> Response {
    respond(move || match tell(&daemon) {
        Ok(told) => table(&told, &file),
        Err(why) => unavailable(why),
    })
    .await
}

fn table(told: &Told, file: &str) -> Response {
    match file {
        "sources.csv" => told.sources().csv(),
        "reasons.csv" => told.reasons().csv(),
        "quarantine.csv" => told.examples.csv(),
        "names.csv" => told.names().csv(),
        other => {
            let why = format!(
                "there is no table `{}`; there are sources.csv, reasons.csv, quarantine.csv, names.csv\n",
                words::name(other)
            );
            (StatusCode::NOT_FOUND, why).into_response()
        }
    }
}

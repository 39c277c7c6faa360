//! What every page has in common: head, navigation, foot; and the pages for what can't be shown.

use super::{assets, words};
use crate::daemon::Running;
use crate::query::Snapshot;
use crate::web::blocking::blocking;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

/// What a page is about.
pub(super) struct Page<'a> {
    /// Of the browser's tab.
    pub title: &'a str,
    /// The path in the navigation that it belongs to.
    pub at: &'a str,
    /// When the scores were made, and what troubles the daemon.
    pub state: State,
    /// What it shows.
    pub body: Markup,
}

/// How the daemon stands.
#[derive(Default)]
pub(super) struct State {
    scored: Option<String>,
    trouble: Option<String>,
    warnings: Vec<String>,
}

impl State {
    pub(super) fn of(daemon: &Running, snapshot: &Snapshot) -> State {
        State {
            scored: snapshot.scored_at.map(words::instant),
            trouble: daemon.shared.not_ready(),
            warnings: daemon.shared.warnings(),
        }
    }
}

const NAVIGATION: [(&str, &str); 5] = [
    ("/", "Board"),
    ("/reports/", "Reports"),
    ("/ingest", "Ingest"),
    ("/metrics", "Metrics"),
    ("/api/v1/openapi.json", "API"),
];

impl Page<'_> {
    pub(super) fn markup(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · toleranced" }
                    link rel="icon" href=(assets::mark()) type="image/svg+xml";
                    link rel="stylesheet" href=(assets::style());
                    script src=(assets::script()) defer {}
                }
                body {
                    (symbols())
                    a.skip href="#main" { "Skip to content" }
                    header.top {
                        a.brand href="/" { img src=(assets::mark()) alt="" width="24" height="24"; "toleranced" }
                        nav aria-label="Pages" {
                            @for (path, name) in NAVIGATION {
                                a href=(path) aria-current=[(path == self.at).then_some("page")] { (name) }
                            }
                        }
                        @if let Some(scored) = &self.state.scored { p.scored { "scored " time { (scored) } } }
                    }
                    @if let Some(trouble) = &self.state.trouble {
                        p.banner role="status" { strong { "Not ready. " } (trouble) ". What is shown is of the last commit." }
                    }
                    @for warning in &self.state.warnings {
                        p.banner role="status" { strong { "Warning. " } (warning) "." }
                    }
                    main #main tabindex="-1" { (self.body) }
                    footer { p {
                        "toleranced " (env!("CARGO_PKG_VERSION")) ". Processes are measured, not persons. Times are UTC."
                    } }
                }
            }
        }
    }

    pub(super) fn response(&self) -> Response {
        html_response(StatusCode::OK, self.markup().into_string())
    }
}

/// Builds a page with [`blocking`]. A panic becomes an error page.
pub(super) async fn respond(work: impl FnOnce() -> Response + Send + 'static) -> Response {
    let made = blocking(work).await;
    made.unwrap_or_else(|error| unavailable(&error.to_string()))
}

/// Shapes that stand for a status: never its colour alone.
fn symbols() -> Markup {
    html! {
        svg.symbols aria-hidden="true" width="0" height="0" {
            symbol id="s-within" viewBox="0 0 16 16" { circle cx="8" cy="8" r="7" {} path d="M4.5 8.3 7 10.8l4.6-5.3" {} }
            symbol id="s-outside" viewBox="0 0 16 16" { path.filled d="M8 .8 15.6 14.8H.4z" {} path d="M8 5.6v4.2M8 11.6v1.4" {} }
            symbol id="s-undetermined" viewBox="0 0 16 16" { circle.open cx="8" cy="8" r="6.3" {} path d="M5.9 6.3a2.1 2.1 0 1 1 2.9 2c-.5.3-.8.6-.8 1.3M8 11.2v1.3" {} }
            symbol id="s-no_tolerance" viewBox="0 0 16 16" { circle.open cx="8" cy="8" r="6.3" {} path d="M3.7 12.3 12.3 3.7" {} }
            symbol id="s-alarm" viewBox="0 0 16 16" { path d="M1 11.5 5 7.5 8 9.5 15 2.5M10.5 2.5H15V7" {} }
        }
    }
}

pub(super) fn html_response(status: StatusCode, html: String) -> Response {
    let kind = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (status, kind, html).into_response()
}

/// A page that says why there is nothing to show, and where to go from here.
fn notice(status: StatusCode, title: &str, why: &str) -> Response {
    let page = Page {
        title,
        at: "",
        state: State::default(),
        body: html! {
            section.notice {
                p.code { (status.as_u16()) }
                h1 { (title) }
                p { (why) }
                p { a.button href="/" { "To the board" } }
            }
        },
    };
    html_response(status, page.markup().into_string())
}

/// What is asked for does not exist.
pub(super) fn not_found(why: &str) -> Response {
    notice(StatusCode::NOT_FOUND, "Not found", why)
}

/// What is asked for can't be shown now.
pub(super) fn unavailable(why: &str) -> Response {
    let title = "Not available now";
    let mut response = notice(StatusCode::SERVICE_UNAVAILABLE, title, why);
    let again = HeaderValue::from_static("2");
    response.headers_mut().insert(header::RETRY_AFTER, again);
    response
}

/// A path that leads nowhere; programs are not sent a page.
pub(super) async fn nothing_here(uri: Uri) -> Response {
    let path = uri.path();
    if path.starts_with("/api/") || path.starts_with("/-/") {
        return (
            StatusCode::NOT_FOUND,
            format!("there is nothing at {path}\n"),
        )
            .into_response();
    }
    not_found(&format!("There is no page at {}.", words::name(path)))
}

//! `/reports/`: the reports that were written, and the task that writes them.

use super::server::Daemon;
use crate::daemon::Running;
use crate::model::Time;
use crate::report::{deliver, due, is_report, is_there, kept};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, html};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Whether a report is due is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// A report that could not be written is tried again after this, doubling up to the longest.
const RETRY: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(6 * 3600));

/// Writes the report of a period when it has ended; one that was missed while the daemon was down is made up for.
pub(super) async fn write(daemon: Arc<Running>) {
    let mut pause = RETRY.0;
    // What was read so far is scored first.
    while daemon.shared.not_ready().is_some() {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    loop {
        let written = tokio::task::spawn_blocking({
            let daemon = daemon.clone();
            move || write_due(&daemon)
        });
        let problem = match written.await {
            Ok(Ok(())) => None,
            Ok(Err(problem)) => Some(problem),
            Err(error) => Some(error.to_string()),
        };
        daemon
            .shared
            .own
            .report_overdue
            .store(problem.is_some(), Ordering::Relaxed);
        match problem {
            None => {
                pause = RETRY.0;
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Some(problem) => {
                let own = &daemon.shared.own;
                own.report_failures.fetch_add(1, Ordering::Relaxed);
                tracing::error!(problem, "the report can't be written; tried again later");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RETRY.1);
            }
        }
    }
}

fn write_due(daemon: &Running) -> Result<(), String> {
    let config = daemon.config();
    let now = Time::from_utc(chrono::Utc::now());
    let Some(period) = due(&config, now).filter(|period| !is_there(&config, *period)) else {
        return Ok(());
    };
    if deliver(&config, period).map_err(|error| error.to_string())? {
        tracing::info!(period = period.name(), folder = %config.reports.folder.display(), "report written");
    }
    Ok(())
}

/// `GET /reports/`: what there is.
pub(super) async fn list(State(daemon): Daemon) -> Response {
    let config = daemon.config();
    let names = match kept(&config) {
        Ok(names) => names,
        Err(error) => {
            tracing::error!(%error, "the folder of reports can't be read");
            let said = format!("the folder of reports can't be read: {error}\n");
            return (StatusCode::SERVICE_UNAVAILABLE, said).into_response();
        }
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; meta name="color-scheme" content="light dark"; title { "Reports" } }
            body {
                h1 { "Reports" }
                @if names.is_empty() {
                    p { "There is none yet. Set " code { "reports: { every: month }" } " in toleranced.yaml, or run "
                        code { "toleranced report" } "." }
                }
                ul { @for name in &names { li { a href=(format!("/reports/{name}")) { (name) } } } }
                p { a href="/" { "All processes" } }
            }
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ];
    (headers, page.into_string()).into_response()
}

/// `GET /reports/{name}`: one of them.
pub(super) async fn one(State(daemon): Daemon, Path(name): Path<String>) -> Response {
    if !is_report(&name) {
        return (StatusCode::NOT_FOUND, "there is no such report\n").into_response();
    }
    let file = daemon.config().reports.folder.join(&name);
    let read = tokio::task::spawn_blocking(move || std::fs::read(file)).await;
    let bytes = match read.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return (StatusCode::NOT_FOUND, "there is no such report\n").into_response();
        }
        Err(error) => {
            tracing::error!(%error, name, "a report can't be read");
            let said = format!("the report can't be read: {error}\n");
            return (StatusCode::SERVICE_UNAVAILABLE, said).into_response();
        }
    };
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("json") => "application/json",
        Some("csv") => "text/csv; charset=utf-8",
        _ => "text/markdown; charset=utf-8",
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, bytes).into_response()
}

//! Routes, limits and signals.

use super::access::{self, Access};
use super::scrape::{self, Scrapes};
use super::{drift, metrics, pages, push, reporting, reports, service};
use crate::daemon::Running;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Configuration files are looked at this often.
const WATCH_EVERY: Duration = Duration::from_secs(2);
/// Requests that are being answered when the daemon is asked to stop have so long. A client that never finishes, and a
/// reload that waits for a full disk, must not keep it from stopping.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

pub(super) type Daemon = State<Arc<Running>>;

/// Serves until the daemon is asked to stop; reloads on SIGHUP and when a configuration file changes.
pub async fn serve(
    listener: TcpListener,
    daemon: Arc<Running>,
    access: Arc<Access>,
    signals: Signals,
) {
    let scrapes = Arc::new(Scrapes::default());
    let app = Router::new()
        .route("/metrics", get(scrape::scrape))
        .route("/-/healthy", get(|| async { "toleranced is healthy\n" }))
        .route("/-/ready", get(ready))
        .route("/-/reload", post(reload))
        .route("/api/v1/processes", get(processes))
        .route("/api/v1/sources", get(sources))
        .route("/api/v1/drift", get(drift::list))
        .route("/api/v1/alarms", get(drift::alarms))
        .route("/api/v1/alarms/{id}", get(drift::alarm))
        .route("/api/v1/alarms/{id}/acknowledge", post(drift::acknowledge))
        .route("/api/v1/marks", post(drift::mark))
        .route("/ingest/{source}", post(push::push))
        .route("/reports/feed.xml", get(reports::feed))
        .route("/reports/{name}", get(reports::one))
        .merge(pages::routes())
        .layer(axum::extract::DefaultBodyLimit::max(64 << 10))
        .layer(from_fn(access::time_out))
        .layer(from_fn_with_state(
            (daemon.clone(), access.clone()),
            access::guard,
        ))
        .layer(from_fn_with_state(daemon.clone(), metrics::count))
        .layer(Extension(access.clone()))
        .layer(Extension(scrapes.clone()))
        .with_state(daemon.clone());
    let watcher = tokio::spawn(watch(daemon.clone(), access.clone()));
    let scraping = tokio::spawn(scrape::keep(daemon.clone(), scrapes));
    let reporting = tokio::spawn(reporting::run(daemon.clone()));
    let told = tokio::spawn(service::tell(daemon.clone()));
    let hangup = on_hangup(signals.hangup, daemon.clone(), access.clone());
    let hangup = tokio::spawn(hangup);
    let (asked, stopping) = tokio::sync::oneshot::channel();
    let stop = {
        let daemon = daemon.clone();
        async move {
            asked_to_stop(signals.terminate, signals.interrupt, daemon).await;
            service::stopping();
            // The other end is gone only when nobody waits any more.
            let _ = asked.send(());
        }
    };
    let serving = access::accept(listener, app, access, daemon, stop);
    let out_of_time = async {
        match stopping.await {
            Ok(()) => tokio::time::sleep(LAST_ANSWERS).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = serving => {}
        () = out_of_time => {}
    }
    watcher.abort();
    told.abort();
    reporting.abort();
    scraping.abort();
    hangup.abort();
}

/// The signals that the daemon obeys. Made before it does anything: a signal that comes while it starts would end it.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Listens from now on.
    pub fn listen() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }
}

/// Done when the process is asked to stop (SIGTERM, SIGINT), or the engine has ended by itself.
async fn asked_to_stop(mut terminate: Signal, mut interrupt: Signal, daemon: Arc<Running>) {
    let died = async {
        while !daemon.has_died() {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    tokio::select! {
        _ = terminate.recv() => tracing::info!("stopping: committing what was read"),
        _ = interrupt.recv() => tracing::info!("stopping: committing what was read"),
        () = died => tracing::error!("the engine has ended"),
    }
}

async fn on_hangup(mut hangup: Signal, daemon: Arc<Running>, access: Arc<Access>) {
    while hangup.recv().await.is_some() {
        // What became of it is in the log.
        let _ = reload_now(daemon.clone(), access.clone(), "SIGHUP").await;
    }
}

async fn watch(daemon: Arc<Running>, access: Arc<Access>) {
    let mut known = access.files_at_start();
    loop {
        tokio::time::sleep(WATCH_EVERY).await;
        let found = daemon.watched();
        if found != known {
            // As above. What was seen before the reload counts as known: a file that was being written meanwhile, or a
            // new list of files, is a reason to look again.
            let _ = reload_now(daemon.clone(), access.clone(), "file change").await;
            known = found;
        }
    }
}

async fn reload_now(
    daemon: Arc<Running>,
    access: Arc<Access>,
    by: &'static str,
) -> Result<Vec<String>, String> {
    let reloaded = tokio::task::spawn_blocking(move || {
        let (mut changed, prepared) = daemon.reload(|config| access.prepare(config))?;
        changed.extend(access.replace(prepared));
        Ok(changed)
    });
    let reloaded = reloaded.await;
    let result = reloaded.unwrap_or_else(|error| Err(error.to_string()));
    match &result {
        Ok(changed) if changed.is_empty() => tracing::info!(by, "reloaded: nothing has changed"),
        Ok(changed) => tracing::info!(by, changed = changed.join("; "), "reloaded"),
        Err(problem) => tracing::error!(
            by,
            problem,
            "not reloaded: the new configuration is invalid, the old one holds"
        ),
    }
    result
}

async fn reload(State(daemon): Daemon, Extension(access): Extension<Arc<Access>>) -> Response {
    match reload_now(daemon, access, "POST /-/reload").await {
        Ok(changed) if changed.is_empty() => "nothing has changed\n".into_response(),
        Ok(changed) => format!("{}\n", changed.join("\n")).into_response(),
        Err(problem) => (StatusCode::BAD_REQUEST, format!("{problem}\n")).into_response(),
    }
}

async fn ready(State(daemon): Daemon) -> Response {
    match daemon.shared.not_ready() {
        None => "toleranced is ready\n".into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

async fn processes(State(daemon): Daemon) -> Response {
    let snapshot = daemon.shared.snapshot();
    Json(serde_json::json!({
        "version": 1,
        "as_of": snapshot.scored_at.map(|at| at.to_string()),
        "processes": *snapshot.scores,
    }))
    .into_response()
}

async fn sources(State(daemon): Daemon) -> Response {
    use std::sync::atomic::Ordering::Relaxed;
    let sources: Vec<serde_json::Value> = daemon
        .shared
        .sources()
        .iter()
        .map(|source| {
            serde_json::json!({
                "name": source.name,
                "up": source.up.load(Relaxed),
                "trouble": source.trouble(),
                "files": source.files.load(Relaxed),
                "backlog_bytes": source.backlog_bytes.load(Relaxed),
            })
        })
        .collect();
    Json(serde_json::json!({"version": 1, "sources": sources})).into_response()
}

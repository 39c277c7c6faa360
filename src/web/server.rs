//! Routes, limits and signals.

use super::access::{self, Access};
use super::blocking::respond;
use super::scrape::{self, Scrapes};
use super::state::Daemon;
use super::{drift, metrics, pages, push, reporting, reports, service};
use crate::daemon::Running;
use crate::score::ProcessScore;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Configuration files are looked at this often.
const WATCH_EVERY: Duration = Duration::from_secs(2);
/// Requests that are being answered when the daemon is asked to stop have so long. A client that never finishes, and a
/// reload that waits for a full disk, must not keep it from stopping.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// Serves until the daemon is asked to stop; reloads on SIGHUP and when a configuration file changes.
pub(crate) async fn serve(
    listener: TcpListener,
    daemon: Arc<Running>,
    access: Arc<Access>,
    signals: Signals,
) {
    let scrapes = Arc::new(Scrapes::default());
    let app = router(&daemon, &access, &scrapes);
    let watcher = tokio::spawn(watch(daemon.clone(), access.clone(), WATCH_EVERY));
    let scraping = tokio::spawn(scrape::keep(daemon.clone(), scrapes));
    let reporting = tokio::spawn(reporting::run(daemon.clone()));
    let told = tokio::spawn(service::tell(daemon.clone()));
    let hangup = on_hangup(signals.hangup, daemon.clone(), access.clone());
    let hangup = tokio::spawn(hangup);
    let (asked, stopping) = tokio::sync::oneshot::channel();
    let stop = {
        let daemon = daemon.clone();
        async move {
            asked_to_stop(signals.terminate, signals.interrupt, daemon.clone()).await;
            service::stopping();
            daemon.stop_retrying();
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

fn router(daemon: &Arc<Running>, access: &Arc<Access>, scrapes: &Arc<Scrapes>) -> Router {
    Router::new()
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
        .layer(from_fn(access::limit_response_memory))
        .layer(from_fn_with_state(daemon.clone(), metrics::count))
        .layer(Extension(access.clone()))
        .layer(Extension(scrapes.clone()))
        .with_state(daemon.clone())
}

/// The signals that the daemon obeys. Made before it does anything: a signal that comes while it starts would end it.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Listens from now on.
    pub(crate) fn listen() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Ends the process when it is asked to stop while it starts. The database is always one that the next start can go on
    /// with, so nothing has to be finished.
    pub(crate) async fn end_process(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tracing::info!("stopped while starting; the next start goes on");
        std::process::exit(0);
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

async fn watch(daemon: Arc<Running>, access: Arc<Access>, every: Duration) {
    let mut known = access.files_at_start();
    loop {
        tokio::time::sleep(every).await;
        let read = daemon.clone();
        let found = match tokio::task::spawn_blocking(move || read.watched()).await {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(%error, "the configuration files can't be watched; please report this");
                continue;
            }
        };
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

/// `GET /api/v1/processes`. It is written from the scores themselves: a `serde_json::Value` of them takes ten times as much
/// memory as the document.
#[derive(Serialize)]
struct ScoresDocument<'a> {
    version: u8,
    as_of: Option<String>,
    processes: &'a [ProcessScore],
}

async fn processes(State(daemon): Daemon) -> Response {
    respond(move || {
        let snapshot = daemon.shared.snapshot();
        let document = ScoresDocument {
            version: 1,
            as_of: snapshot.scored_at.map(|at| at.to_string()),
            processes: &snapshot.scores,
        };
        Json(document).into_response()
    })
    .await
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::daemon::Config;
    use axum::body::Body;
    use axum::extract::Request;
    use std::path::{Path, PathBuf};
    use std::task::Poll;
    use tokio::runtime::{Builder, Runtime};
    use tower_service::Service;

    /// Documents whose handlers read files or the database, or build large documents.
    const DOCUMENTS: [&str; 15] = [
        "/",
        "/processes.csv",
        "/processes/p",
        "/processes?id=p",
        "/api/v1/processes",
        "/api/v1/processes/p",
        "/api/v1/processes/p/days.csv",
        "/ingest",
        "/api/v1/ingest",
        "/api/v1/ingest/sources.csv",
        "/api/v1/drift",
        "/api/v1/alarms",
        "/api/v1/alarms/1",
        "/reports/",
        "/reports/feed.xml",
    ];

    struct Home {
        folder: tempfile::TempDir,
        daemon: Arc<Running>,
        access: Arc<Access>,
    }

    impl Home {
        fn new() -> Home {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("toleranced.yaml");
            std::fs::write(&file, "catalog: catalog.yaml\n").unwrap();
            std::fs::write(folder.path().join("catalog.yaml"), "processes: [{id: p}]\n").unwrap();
            let config = Config::load(&file).unwrap();
            let access = Arc::new(Access::open(&config).unwrap());
            let daemon = Arc::new(crate::daemon::run(config, &file).unwrap());
            Home {
                folder,
                daemon,
                access,
            }
        }

        fn catalog(&self) -> PathBuf {
            self.folder.path().join("catalog.yaml")
        }
    }

    impl Drop for Home {
        fn drop(&mut self) {
            self.daemon.shutdown().unwrap();
        }
    }

    /// A runtime with one thread, and one more thread for work that blocks.
    fn runtime() -> Runtime {
        let mut builder = Builder::new_current_thread();
        builder
            .max_blocking_threads(1)
            .enable_all()
            .build()
            .unwrap()
    }

    /// All documents are requested while the only thread for blocking work is busy. A document that is ready anyway was
    /// built on the runtime.
    #[test]
    fn documents_are_built_outside_of_the_runtime() {
        let home = Home::new();
        let mut app = router(&home.daemon, &home.access, &Arc::default());
        runtime().block_on(async {
            while home.daemon.shared.not_ready().is_some() {
                tokio::task::yield_now().await;
            }
            let (free, taken) = std::sync::mpsc::channel::<()>();
            let taken = tokio::task::spawn_blocking(move || taken.recv());
            let mut asked = Vec::new();
            for path in DOCUMENTS {
                let request = Request::get(path).header("Host", "127.0.0.1");
                let request = request.body(Body::empty()).unwrap();
                asked.push((path, Box::pin(app.call(request))));
            }
            let mut built_on_runtime = Vec::new();
            for (path, answer) in &mut asked {
                let polled = std::future::poll_fn(|context| {
                    Poll::Ready(answer.as_mut().poll(context).is_ready())
                });
                if polled.await {
                    built_on_runtime.push(*path);
                }
            }
            assert_eq!(built_on_runtime, [""; 0]);
            drop(free);
            let _ = taken.await.unwrap();
            for (path, answer) in asked {
                let status = answer.await.unwrap().status().as_u16();
                let expected = if path.ends_with("/alarms/1") {
                    404
                } else {
                    200
                };
                assert_eq!(status, expected, "{path}");
            }
        });
    }

    /// A named pipe stands for a disk that does not answer: reading it blocks until a writer closes it.
    fn replace_by_pipe(file: &Path) {
        std::fs::remove_file(file).unwrap();
        nix::unistd::mkfifo(file, nix::sys::stat::Mode::S_IRWXU).unwrap();
    }

    #[test]
    fn requests_are_answered_while_a_configuration_file_does_not_answer() {
        let home = Home::new();
        let file = home.catalog();
        replace_by_pipe(&file);
        let (asked, mut asking) = tokio::sync::mpsc::unbounded_channel();
        let (answer, answered) = std::sync::mpsc::channel();
        let watching = watch(
            home.daemon.clone(),
            home.access.clone(),
            Duration::from_millis(1),
        );
        let served = std::thread::spawn(move || {
            runtime().block_on(async move {
                let watching = tokio::spawn(watching);
                while asking.recv().await.is_some() {
                    answer.send(()).unwrap();
                }
                watching.abort();
            });
        });
        // Opening blocks until the watcher reads the pipe.
        let pipe = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
        asked.send(()).unwrap();
        let answered = answered.recv_timeout(Duration::from_secs(10));
        // The next reader finds a regular file, and closing the pipe ends the present one.
        std::fs::remove_file(&file).unwrap();
        std::fs::write(&file, "processes: [{id: p}]\n").unwrap();
        drop((pipe, asked));
        served.join().unwrap();
        assert!(answered.is_ok(), "the runtime is blocked");
    }
}

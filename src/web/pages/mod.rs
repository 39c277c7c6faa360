//! The pages: the tolerance board, a page for each process, what comes in; and the tables behind them as CSV and JSON.
//!
//! Rendered by the server, so that they work without JavaScript; a small script of their own makes sorting and filtering
//! instant. Nothing is loaded from elsewhere. Shows what the engine has published and what the database holds, and
//! measures nothing itself.

mod api;
mod assets;
mod board;
mod charts;
mod guide;
mod ingest;
mod process;
mod reports;
mod shell;
mod table;
mod words;

use crate::daemon::Running;
use axum::extract::Path;
use axum::http::{HeaderName, HeaderValue, Uri, header};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use std::sync::Arc;

/// Nothing from elsewhere, nothing inline: a name from a log that should slip through as markup could do nothing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// `GET /static/{file}`.
async fn static_file(Path(file): Path<String>, uri: Uri) -> Response {
    match assets::file(&file) {
        Some(response) => response,
        None => shell::nothing_here(uri).await,
    }
}

/// Every page and what lies behind it.
pub(super) fn routes() -> Router<Arc<Running>> {
    Router::new()
        .route("/", get(board::page))
        .route("/processes.csv", get(board::csv))
        .route("/processes", get(process::by_query))
        .route("/processes/{id}", get(process::page))
        .route("/ingest", get(ingest::page))
        .route("/reports/", get(reports::page))
        .route("/static/{file}", get(static_file))
        .route("/favicon.ico", get(assets::favicon))
        .route("/api/v1/processes/{id}", get(process::json))
        .route("/api/v1/processes/{id}/{table}", get(process::csv))
        .route("/api/v1/ingest", get(ingest::json))
        .route("/api/v1/ingest/{table}", get(ingest::csv))
        .route("/api/v1/openapi.json", get(api::description))
        .fallback(shell::nothing_here)
        .layer(axum::middleware::map_response(guarded))
        .layer(Extension(Arc::new(board::Cache::default())))
}

/// Adds what a browser is told about every answer.
async fn guarded(mut response: Response) -> Response {
    let told: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    let headers = response.headers_mut();
    for (name, value) in told {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

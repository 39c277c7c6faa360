//! Work that blocks: reading files or the database, and building large documents.
//!
//! The async runtime has few threads, and all connections share them. Blocking work on one of these threads delays every
//! other request. Handlers therefore pass such work to [`blocking`] and wait for its result.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

/// Requests that are processed at the same time. Each of them can need several megabytes of memory.
const AT_ONCE: usize = 4;

static PERMITS: Semaphore = Semaphore::const_new(AT_ONCE);

/// Runs work on a thread that may block. If [`AT_ONCE`] requests are already processed, the work waits.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    let permit = PERMITS.acquire().await;
    let done = spawn_blocking(move || {
        // The work holds the permit, because it continues after the client disconnects.
        let _permit = permit;
        work()
    });
    done.await
}

/// Builds a response with [`blocking`]. A panic becomes status 500.
pub(super) async fn respond(work: impl FnOnce() -> Response + Send + 'static) -> Response {
    let made = blocking(work).await;
    made.unwrap_or_else(|error| {
        let message = format!("{error}\n");
        (StatusCode::INTERNAL_SERVER_ERROR, message).into_response()
    })
}

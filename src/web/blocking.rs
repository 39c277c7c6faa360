//! Work that blocks: reading files and the database, and building large documents.
//!
//! The async runtime has few threads, which all connections share. Such work on one of them makes every other request wait.
//! So each handler that reads or builds hands the work over to [`blocking`] and only waits for the result.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

/// Requests that are worked on at the same time. Each may need several megabytes, and the database serves the engine first.
const AT_ONCE: usize = 16;

static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// Runs work in a thread that may block. If [`AT_ONCE`] requests are being worked on, the work waits for its turn.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    let place = PLACES.acquire().await;
    let done = spawn_blocking(move || {
        // The work holds the place, not the request: a client that hangs up does not end the work.
        let _place = place;
        work()
    });
    done.await
}

/// The response that such work makes; if it panics, the panic as status 500.
pub(super) async fn respond(work: impl FnOnce() -> Response + Send + 'static) -> Response {
    let made = blocking(work).await;
    made.unwrap_or_else(|error| {
        let message = format!("{error}\n");
        (StatusCode::INTERNAL_SERVER_ERROR, message).into_response()
    })
}

//! Memory of responses that clients have not taken yet. It is bounded in total, and equal responses share it.

use super::connection_limiter::ConnectionPermit;
use super::progress::Sending;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of all responses that clients have not taken yet. A single larger response is sent if there is no other.
const MAX_BYTES: usize = 64 << 20;
/// Responses that wait for memory at the same time. Each of them is in memory already.
const MAX_WAITING: usize = 8;
/// A response waits at most this long until an evicted connection has released its memory.
const WAIT: Duration = Duration::from_secs(5);

/// The connection of a request, and the memory of all responses.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) permit: Arc<ConnectionPermit>,
    pub(super) memory: ResponseMemory,
}

/// The memory of all responses.
#[derive(Clone)]
pub(super) struct ResponseMemory(Arc<Shared>);

struct Shared {
    max_bytes: usize,
    state: Mutex<State>,
    freed: Notify,
    waiting: Semaphore,
}

#[derive(Default)]
struct State {
    used: usize,
    /// Responses in memory, by the hash of their content.
    responses: HashMap<u64, Weak<Content>>,
}

/// The content of one or more equal responses.
struct Content {
    bytes: Bytes,
    hash: u64,
    reserved: usize,
    shared: Arc<Shared>,
}

impl Drop for Content {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.used -= self.reserved;
        // An equal response may have taken this place.
        let registered = state.responses.get(&self.hash);
        if registered.is_some_and(|content| content.strong_count() == 0) {
            state.responses.remove(&self.hash);
        }
        drop(state);
        self.shared.freed.notify_waiters();
    }
}

/// The content as one connection holds it.
struct Held {
    content: Arc<Content>,
    _sending: Sending,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.content.bytes
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ResponseMemory {
    fn default() -> ResponseMemory {
        ResponseMemory::new(MAX_BYTES)
    }
}

impl ResponseMemory {
    fn new(max_bytes: usize) -> ResponseMemory {
        ResponseMemory(Arc::new(Shared {
            max_bytes,
            state: Mutex::default(),
            freed: Notify::new(),
            waiting: Semaphore::new(MAX_WAITING),
        }))
    }

    /// Shares an equal response, or reserves memory. `None` if there is not enough.
    fn reserve(&self, bytes: &Bytes, hash: u64) -> Option<Arc<Content>> {
        let mut state = self.0.state();
        let known = state.responses.get(&hash).and_then(Weak::upgrade);
        if let Some(content) = known.filter(|content| content.bytes == *bytes) {
            return Some(content);
        }
        let reserved = bytes.len().min(self.0.max_bytes);
        if state.used + reserved > self.0.max_bytes {
            return None;
        }
        state.used += reserved;
        let content = Arc::new(Content {
            bytes: bytes.clone(),
            hash,
            reserved,
            shared: self.0.clone(),
        });
        state.responses.insert(hash, Arc::downgrade(&content));
        Some(content)
    }

    /// Holds a response in memory until its connection has sent it. If there is not enough memory, the connections that make
    /// the least progress with their responses are closed. `None` if that does not help.
    async fn hold(&self, bytes: Bytes, permit: &ConnectionPermit) -> Option<Bytes> {
        let hash = xxh3_64(&bytes);
        let held = |content| {
            Bytes::from_owner(Held {
                content,
                _sending: permit.sending(),
            })
        };
        if let Some(content) = self.reserve(&bytes, hash) {
            return Some(held(content));
        }
        let _waiting = self.0.waiting.try_acquire().ok()?;
        let reserved = async {
            loop {
                let freed = self.0.freed.notified();
                if let Some(content) = self.reserve(&bytes, hash) {
                    return content;
                }
                permit.evict_sender();
                freed.await;
            }
        };
        let content = tokio::time::timeout(WAIT, reserved).await.ok()?;
        Some(held(content))
    }
}

/// Limits the memory of responses. See [`ResponseMemory`].
pub(in crate::web) async fn limit_response_memory(request: Request, next: Next) -> Response {
    let connection = request.extensions().get::<Connection>().cloned();
    let response = next.run(request).await;
    let Some(Connection { permit, memory }) = connection else {
        return response;
    };
    let (head, body) = response.into_parts();
    // Bodies of unknown size are streams, and hold little.
    if body.size_hint().exact().is_none_or(|size| size == 0) {
        return Response::from_parts(head, body);
    }
    let bytes = match body.collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response();
        }
    };
    match memory.hold(bytes, &permit).await {
        Some(bytes) => Response::from_parts(head, Body::from(bytes)),
        None => {
            let retry = [(header::RETRY_AFTER, "5"), (header::CONNECTION, "close")];
            let message =
                "too many responses wait for clients that do not read them. Retry later.\n";
            (StatusCode::SERVICE_UNAVAILABLE, retry, message).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::connection_limiter::ConnectionLimiter;
    use super::*;

    async fn permit(limiter: &ConnectionLimiter) -> Arc<ConnectionPermit> {
        Arc::new(limiter.take(100).await)
    }

    fn response(content: u8) -> Bytes {
        Bytes::from(vec![content; 40])
    }

    #[tokio::test(start_paused = true)]
    async fn equal_responses_share_memory_which_is_free_when_the_last_is_sent() {
        let (limiter, memory) = (ConnectionLimiter::default(), ResponseMemory::new(100));
        let permit = permit(&limiter).await;
        let mut held = Vec::new();
        for _ in 0..50 {
            held.push(memory.hold(response(1), &permit).await.unwrap());
        }
        assert_eq!((memory.0.state().used, &held[49]), (40, &response(1)));
        held.push(memory.hold(response(2), &permit).await.unwrap());
        assert_eq!(memory.0.state().used, 80);
        drop(held);
        let state = memory.0.state();
        assert_eq!((state.used, state.responses.len()), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn connection_with_the_least_progress_is_closed_for_another_response() {
        let (limiter, memory) = (ConnectionLimiter::default(), ResponseMemory::new(100));
        let [stalled, reading, third] = [
            permit(&limiter).await,
            permit(&limiter).await,
            permit(&limiter).await,
        ];
        let unread = memory.hold(response(1), &stalled).await.unwrap();
        let _read = memory.hold(response(2), &reading).await.unwrap();
        reading.progress().moved(1000);
        let closed = async move {
            stalled.evicted().await;
            drop(unread);
        };
        let (held, ()) = tokio::join!(memory.hold(response(3), &third), closed);
        assert_eq!(held, Some(response(3)));
    }

    #[tokio::test(start_paused = true)]
    async fn response_is_refused_if_no_memory_becomes_free() {
        let (limiter, memory) = (ConnectionLimiter::default(), ResponseMemory::new(50));
        let permit = permit(&limiter).await;
        let large = Bytes::from(vec![0; 1000]);
        let only = memory.hold(large.clone(), &permit).await;
        assert_eq!(only, Some(large), "a large response is sent alone");
        assert_eq!(memory.hold(response(1), &permit).await, None);
        drop(only);
        assert!(memory.hold(response(1), &permit).await.is_some());
    }
}

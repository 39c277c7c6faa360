//! How much data a connection moves, and whether the daemon waits for its client.

use axum::body::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Moved bytes count half after this span, a quarter after twice the span.
const HALF_LIFE: Duration = Duration::from_secs(5);
/// Bytes that count as moved at the start of a transfer, so that a client has time to begin.
const CREDIT: f64 = 4096.0;
/// A transfer is stalled below this value: 10 s without data, or fewer than about 140 bytes per second.
const STALLED_BELOW: f64 = CREDIT / 4.0;

/// The state of one connection.
pub(super) struct Progress {
    activity: Mutex<Activity>,
    pub(super) evict: Notify,
}

struct Activity {
    /// Recently moved bytes. Older bytes count less.
    moved: f64,
    moved_at: Instant,
    /// A request is being processed.
    processing: bool,
    /// The request's handler waits for the body.
    receiving: bool,
    /// Responses of which the connection still holds data.
    sending: usize,
}

/// What eviction knows of a connection. The smallest is evicted first.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(super) struct Rank {
    /// A transfer that is not stalled comes after idle connections and stalled transfers.
    is_moving: bool,
    moved: f64,
}

impl Activity {
    fn decay(&mut self, now: Instant) {
        let age = now.saturating_duration_since(self.moved_at);
        self.moved *= (-age.as_secs_f64() / HALF_LIFE.as_secs_f64()).exp2();
        self.moved_at = now;
    }

    fn start_transfer(&mut self) {
        self.decay(Instant::now());
        self.moved = self.moved.max(CREDIT);
    }

    fn is_transfer(&self) -> bool {
        self.sending > 0 || self.processing && self.receiving
    }
}

impl Progress {
    pub(super) fn new() -> Arc<Progress> {
        Arc::new(Progress {
            activity: Mutex::new(Activity {
                moved: CREDIT,
                moved_at: Instant::now(),
                processing: false,
                receiving: false,
                sending: 0,
            }),
            evict: Notify::new(),
        })
    }

    fn activity(&self) -> MutexGuard<'_, Activity> {
        self.activity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn moved(&self, bytes: usize) {
        if bytes > 0 {
            let mut activity = self.activity();
            activity.decay(Instant::now());
            activity.moved += bytes as f64;
        }
    }

    /// `None` if the client waits for the daemon.
    pub(super) fn rank(&self) -> Option<Rank> {
        let mut activity = self.activity();
        activity.decay(Instant::now());
        if activity.processing && !activity.is_transfer() {
            return None;
        }
        Some(Rank {
            is_moving: activity.is_transfer() && activity.moved >= STALLED_BELOW,
            moved: activity.moved,
        })
    }

    pub(super) fn set_processing(&self, processing: bool) {
        let mut activity = self.activity();
        activity.processing = processing;
        activity.receiving = false;
        if processing {
            activity.start_transfer();
        }
    }

    fn set_receiving(&self, receiving: bool) {
        self.activity().receiving = receiving;
    }

    pub(super) fn is_sending(&self) -> bool {
        self.activity().sending > 0
    }

    /// The connection holds the data of a response until the result is dropped.
    pub(super) fn sending(self: &Arc<Progress>) -> Sending {
        let mut activity = self.activity();
        activity.sending += 1;
        activity.start_transfer();
        drop(activity);
        Sending(self.clone())
    }
}

/// See [`Progress::sending`].
pub(super) struct Sending(Arc<Progress>);

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.activity().sending -= 1;
    }
}

/// A request body. The connection counts as receiving while the handler waits for data.
pub(super) struct TrackedBody {
    inner: Incoming,
    progress: Arc<Progress>,
}

impl TrackedBody {
    pub(super) fn new(inner: Incoming, progress: Arc<Progress>) -> TrackedBody {
        TrackedBody { inner, progress }
    }
}

impl Body for TrackedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        self.progress.set_receiving(polled.is_pending());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for TrackedBody {
    fn drop(&mut self) {
        self.progress.set_receiving(false);
    }
}

/// A stream that counts the bytes that it moves.
pub(super) struct Metered<S> {
    inner: S,
    progress: Arc<Progress>,
}

impl<S> Metered<S> {
    pub(super) fn new(inner: S, progress: Arc<Progress>) -> Metered<S> {
        Metered { inner, progress }
    }

    fn written(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &written {
            self.progress.moved(*bytes);
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        self.progress.moved(buffer.filled().len() - before);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.written(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, parts);
        self.written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test(start_paused = true)]
    async fn stalled_and_slow_transfers_rank_like_idle_connections() {
        let progress = [(); 4].map(|()| Progress::new());
        let [idle, stalled, slow, fast] = &progress;
        let sending = [stalled, slow, fast].map(Progress::sending);
        assert!(stalled.rank() > idle.rank(), "a transfer has time to begin");
        for _ in 0..30 {
            tokio::time::advance(Duration::from_secs(1)).await;
            slow.moved(10);
            fast.moved(1000);
        }
        let ranks = [idle, stalled, slow, fast].map(|one| one.rank().unwrap());
        assert_eq!(
            ranks.map(|rank| rank.is_moving),
            [false, false, false, true]
        );
        assert!(ranks[2] > ranks[1] && ranks[3] > ranks[2], "{ranks:?}");
        drop(sending);
        assert!(!fast.rank().unwrap().is_moving, "it is idle");
    }

    #[tokio::test]
    async fn client_that_waits_for_the_daemon_has_no_rank() {
        let progress = Progress::new();
        progress.set_processing(true);
        assert_eq!(progress.rank(), None);
        progress.set_receiving(true);
        assert!(progress.rank().is_some());
        progress.set_receiving(false);
        assert_eq!(progress.rank(), None);
        progress.set_processing(false);
        assert!(progress.rank().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn both_directions_of_a_stream_are_counted() {
        let progress = Progress::new();
        let (ours, mut theirs) = duplex(100);
        let mut metered = Metered::new(ours, progress.clone());
        theirs.write_all(&[0; 30]).await.unwrap();
        metered.read_exact(&mut [0; 30]).await.unwrap();
        metered.write_all(&[0; 50]).await.unwrap();
        assert_eq!(progress.rank().unwrap().moved, CREDIT + 80.0);
    }
}

//! Connection slots. Their number is limited. If all are taken, a new connection gets the slot of the connection with the
//! least progress.
//!
//! Some slots are reserved for new connections and health checks. A new connection therefore never waits for another one,
//! and a health check is answered even if requests occupy all ordinary slots.

use super::progress::{Progress, Sending};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The most reserved slots. With a low limit, a quarter of all slots is reserved.
const MAX_RESERVED: usize = 16;

/// All slots.
#[derive(Clone, Default)]
pub(super) struct ConnectionLimiter(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// A connection has ended, got an ordinary slot, or is idle.
    changed: Notify,
}

#[derive(Default)]
struct State {
    limit: usize,
    next_number: u64,
    ordinary: Slots,
    reserved: Slots,
}

#[derive(Default)]
struct Slots(BTreeMap<u64, Entry>);

struct Entry {
    progress: Arc<Progress>,
    is_evicted: bool,
}

/// All ordinary slots are taken by requests that the daemon processes.
#[derive(Debug)]
pub(super) struct NoSlot;

impl Slots {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn evicted(&self) -> usize {
        self.0.values().filter(|entry| entry.is_evicted).count()
    }

    /// Evicts the connection with the least progress. Returns false if there is none.
    fn evict_least(&mut self, eligible: impl Fn(&Progress) -> bool) -> bool {
        let entries = self.0.values_mut();
        let entries = entries.filter(|entry| !entry.is_evicted && eligible(&entry.progress));
        let ranked = entries.filter_map(|entry| Some((entry.progress.rank()?, entry)));
        // Of equal ranks, the oldest connection comes first.
        let least = ranked.reduce(|least, other| if other.0 < least.0 { other } else { least });
        let Some((_, entry)) = least else {
            return false;
        };
        entry.is_evicted = true;
        entry.progress.evict.notify_one();
        true
    }
}

impl State {
    fn max_reserved(&self) -> usize {
        (self.limit / 4).clamp(1, MAX_RESERVED)
    }

    fn max_ordinary(&self) -> usize {
        self.limit.saturating_sub(self.max_reserved()).max(1)
    }

    fn admit(&mut self) -> Option<(u64, Arc<Progress>)> {
        let slots = if self.ordinary.len() < self.max_ordinary() {
            &mut self.ordinary
        } else if self.reserved.len() < self.max_reserved() {
            &mut self.reserved
        } else {
            return None;
        };
        let (number, progress) = (self.next_number, Progress::new());
        let entry = Entry {
            progress: progress.clone(),
            is_evicted: false,
        };
        slots.0.insert(number, entry);
        self.next_number += 1;
        Some((number, progress))
    }

    /// Evicts as many connections as there are connections in reserved slots.
    fn make_room(&mut self) {
        let staying = self.ordinary.len() - self.ordinary.evicted();
        let excess = (staying + self.reserved.len()).saturating_sub(self.max_ordinary());
        for _ in 0..excess {
            if !self.ordinary.evict_least(|_| true) {
                break;
            }
        }
    }

    /// Makes room for a new connection if the reserved slots are taken, too.
    fn make_reserved_room(&mut self) {
        self.make_room();
        if self.ordinary.evicted() + self.reserved.evicted() == 0 {
            self.reserved.evict_least(|_| true);
        }
    }

    /// Moves connections from reserved to free ordinary slots, the oldest first.
    fn promote(&mut self) {
        while self.ordinary.len() < self.max_ordinary() {
            let Some((number, entry)) = self.reserved.0.pop_first() else {
                return;
            };
            self.ordinary.0.insert(number, entry);
        }
    }

    fn entry(&mut self, number: u64) -> Option<&mut Entry> {
        let ordinary = self.ordinary.0.get_mut(&number);
        ordinary.or_else(|| self.reserved.0.get_mut(&number))
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionLimiter {
    /// Waits for a slot among `limit`.
    pub(super) async fn take(&self, limit: usize) -> ConnectionPermit {
        loop {
            let changed = self.0.changed.notified();
            {
                let mut state = self.0.state();
                state.limit = limit;
                if let Some((number, progress)) = state.admit() {
                    state.make_room();
                    return ConnectionPermit {
                        shared: self.0.clone(),
                        number,
                        progress,
                    };
                }
                state.make_reserved_room();
            }
            changed.await;
        }
    }

    /// The number of open connections.
    pub(super) fn open(&self) -> usize {
        let state = self.0.state();
        state.ordinary.len() + state.reserved.len()
    }
}

/// A slot. It is free again when this is dropped.
pub(super) struct ConnectionPermit {
    shared: Arc<Shared>,
    number: u64,
    progress: Arc<Progress>,
}

impl ConnectionPermit {
    pub(super) fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// Returns when the connection has lost its slot and must close.
    pub(super) async fn evicted(&self) {
        loop {
            self.progress.evict.notified().await;
            // A request can arrive after the eviction. The daemon completes it, and evicts another connection instead.
            if self.progress.rank().is_some() {
                return;
            }
            if let Some(entry) = self.shared.state().entry(self.number) {
                entry.is_evicted = false;
            }
            self.shared.changed.notify_waiters();
        }
    }

    /// Starts a request. It needs an ordinary slot, unless it is a health check.
    pub(super) async fn start_request(
        self: &Arc<ConnectionPermit>,
        is_health_check: bool,
    ) -> Result<Processing, NoSlot> {
        self.progress.set_processing(true);
        let processing = Processing(self.clone());
        while !is_health_check {
            let changed = self.shared.changed.notified();
            {
                let mut state = self.shared.state();
                state.promote();
                if state.ordinary.0.contains_key(&self.number) {
                    break;
                }
                state.make_room();
                if state.ordinary.evicted() == 0 {
                    return Err(NoSlot);
                }
            }
            changed.await;
        }
        Ok(processing)
    }

    /// Evicts the connection that makes the least progress with its response. Returns false if there is none.
    pub(super) fn evict_sender(&self) -> bool {
        let mut state = self.shared.state();
        state.ordinary.evict_least(Progress::is_sending)
            || state.reserved.evict_least(Progress::is_sending)
    }

    pub(super) fn sending(&self) -> Sending {
        self.progress.sending()
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.ordinary.0.remove(&self.number);
        state.reserved.0.remove(&self.number);
        state.promote();
        drop(state);
        self.shared.changed.notify_waiters();
    }
}

/// A request is being processed until this is dropped.
pub(super) struct Processing(Arc<ConnectionPermit>);

impl Drop for Processing {
    fn drop(&mut self) {
        self.0.progress.set_processing(false);
        self.0.shared.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;
    use std::time::Duration;

    /// Whether something is not done however often the runtime polls it. Nothing else runs on this runtime.
    async fn waits<T>(what: impl Future<Output = T>) -> bool {
        let mut what = pin!(what);
        for _ in 0..100 {
            let is_done = poll_fn(|context| Poll::Ready(what.as_mut().poll(context).is_ready()));
            if is_done.await {
                return false;
            }
            tokio::task::yield_now().await;
        }
        true
    }

    /// A limit of 4 leaves three ordinary slots and one reserved slot.
    async fn three_connections(limiter: &ConnectionLimiter) -> [Arc<ConnectionPermit>; 3] {
        let mut permits = Vec::new();
        for _ in 0..3 {
            permits.push(Arc::new(limiter.take(4).await));
            tokio::time::advance(Duration::from_millis(10)).await;
        }
        permits.try_into().ok().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn longest_idle_connection_is_evicted_first_and_processed_requests_never() {
        let limiter = ConnectionLimiter::default();
        let [first, second, third] = three_connections(&limiter).await;
        let _processing = second.start_request(false).await.unwrap();
        // The new connections are accepted before the evicted ones have closed.
        let fourth = limiter.take(4).await;
        first.evicted().await;
        assert!(waits(third.evicted()).await && waits(second.evicted()).await);
        drop(first);
        let fifth = limiter.take(4).await;
        third.evicted().await;
        assert_eq!(limiter.open(), 4);
        drop((third, fourth, fifth));
        assert_eq!(limiter.open(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn transfers_that_make_no_progress_lose_their_slots() {
        let limiter = ConnectionLimiter::default();
        let [first, second, third] = three_connections(&limiter).await;
        let _sending = [&first, &second, &third].map(|permit| permit.sending());
        for _ in 0..20 {
            tokio::time::advance(Duration::from_secs(1)).await;
            first.progress.moved(500);
            third.progress.moved(100_000);
        }
        let fourth = limiter.take(4).await;
        second.evicted().await;
        assert!(waits(first.evicted()).await);
        drop(second);
        let fifth = limiter.take(4).await;
        assert!(waits(first.evicted()).await, "the fourth is idle");
        fourth.evicted().await;
        drop((fourth, fifth));
        assert!(first.evict_sender());
        first.evicted().await;
        assert!(waits(third.evicted()).await);
    }

    #[tokio::test(start_paused = true)]
    async fn health_checks_are_answered_while_requests_occupy_all_ordinary_slots() {
        let limiter = ConnectionLimiter::default();
        let connections = three_connections(&limiter).await;
        let mut processing = Vec::new();
        for connection in &connections {
            processing.push(connection.start_request(false).await.unwrap());
        }
        let health = Arc::new(limiter.take(4).await);
        drop(health.start_request(true).await.unwrap());
        assert!(health.start_request(false).await.is_err());
        let next = limiter.take(4);
        let mut next = pin!(next);
        assert!(waits(next.as_mut()).await);
        // The first health check is idle, so its connection gives way to the next one.
        health.evicted().await;
        drop(health);
        let next = Arc::new(next.await);
        drop(next.start_request(true).await.unwrap());
        processing.pop();
        let waiting = next.start_request(false);
        let mut waiting = pin!(waiting);
        assert!(
            waits(waiting.as_mut()).await,
            "the evicted one is not closed"
        );
        let [_, _, third] = connections;
        third.evicted().await;
        drop(third);
        assert!(waiting.await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn request_that_arrives_after_its_eviction_is_completed() {
        let limiter = ConnectionLimiter::default();
        let [first, second, _third] = three_connections(&limiter).await;
        let fourth = Arc::new(limiter.take(4).await);
        let _processing = first.start_request(false).await.unwrap();
        let waiting = fourth.start_request(false);
        let mut waiting = pin!(waiting);
        assert!(waits(waiting.as_mut()).await);
        assert!(waits(first.evicted()).await);
        assert!(waits(waiting.as_mut()).await);
        second.evicted().await;
        drop(second);
        assert!(waiting.await.is_ok());
    }
}

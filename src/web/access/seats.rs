//! Seats for connections: there are so many, and a newcomer gets that of the one that has been idle longest. So a crowd of
//! idle connections bounds memory and still does not lock out those who have something to ask.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// All seats.
#[derive(Clone, Default)]
pub(super) struct Seats(Arc<Room>);

#[derive(Default)]
struct Room {
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Default)]
struct State {
    /// Counts arrivals and ends of requests, to tell who was idle before whom.
    clock: u64,
    taken: BTreeMap<u64, Sitting>,
}

struct Sitting {
    /// `None` while a request is being answered.
    idle_since: Option<u64>,
    asked_to_leave: bool,
    leave: Arc<Notify>,
}

impl Room {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Asks the one that is idle longest to leave; says whether there was one.
    fn ask_one_to_leave(&mut self) -> bool {
        let idle = self.taken.values_mut().filter(|one| !one.asked_to_leave);
        let idle = idle.filter_map(|one| Some((one.idle_since?, one)));
        let Some((_, one)) = idle.min_by_key(|(since, _)| *since) else {
            return false;
        };
        one.asked_to_leave = true;
        one.leave.notify_one();
        true
    }
}

impl Seats {
    /// Waits for a seat among `limit`. `evicted` is told of each connection that must leave for it.
    pub(super) async fn take(&self, limit: usize, evicted: impl Fn()) -> Seat {
        loop {
            let freed = self.0.freed.notified();
            {
                let mut state = self.0.state();
                if state.taken.len() < limit {
                    let number = state.tick();
                    let leave = Arc::new(Notify::new());
                    let sitting = Sitting {
                        idle_since: Some(number),
                        asked_to_leave: false,
                        leave: leave.clone(),
                    };
                    state.taken.insert(number, sitting);
                    let room = self.0.clone();
                    return Seat {
                        room,
                        number,
                        leave,
                    };
                }
                if state.ask_one_to_leave() {
                    evicted();
                }
            }
            freed.await;
        }
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.0.state().taken.len()
    }
}

/// A seat; free again when dropped.
pub(super) struct Seat {
    room: Arc<Room>,
    number: u64,
    leave: Arc<Notify>,
}

impl Seat {
    /// Done when the seat is needed for somebody else.
    pub(super) async fn asked_to_leave(&self) {
        self.leave.notified().await;
    }

    /// A request is being answered until this is dropped: nobody is asked to leave in the middle of that.
    pub(super) fn busy(self: &Arc<Seat>) -> Busy {
        self.set_idle(false);
        Busy(self.clone())
    }

    /// Whether a request is being answered: one may have come while the connection was asked to leave.
    pub(super) fn is_busy(&self) -> bool {
        let state = self.room.state();
        let sitting = state.taken.get(&self.number);
        sitting.is_some_and(|sitting| sitting.idle_since.is_none())
    }

    fn set_idle(&self, idle: bool) {
        let mut state = self.room.state();
        let now = state.tick();
        if let Some(sitting) = state.taken.get_mut(&self.number) {
            sitting.idle_since = idle.then_some(now);
        }
        drop(state);
        if idle {
            // Whoever waits for a seat may ask this one.
            self.room.freed.notify_one();
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.state().taken.remove(&self.number);
        self.room.freed.notify_one();
    }
}

/// See [`Seat::busy`].
pub(super) struct Busy(Arc<Seat>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.set_idle(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Poll;

    /// Whether something is not done however often the runtime looks at it. Nothing else runs on this runtime.
    async fn waits(what: impl Future<Output = Seat>) -> bool {
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

    #[tokio::test]
    async fn the_one_that_is_idle_longest_leaves_and_nobody_in_the_middle_of_a_request() {
        let seats = Seats::default();
        let evicted = AtomicUsize::new(0);
        let count = || {
            evicted.fetch_add(1, Ordering::Relaxed);
        };
        let first = Arc::new(seats.take(3, count).await);
        let second = Arc::new(seats.take(3, count).await);
        let third = Arc::new(seats.take(3, count).await);
        drop(first.busy());
        let _busy = second.busy();
        assert!(waits(seats.take(3, count)).await);
        third.asked_to_leave().await;
        assert!(waits(seats.take(3, count)).await);
        first.asked_to_leave().await;
        assert!(waits(seats.take(3, count)).await);
        assert_eq!((evicted.load(Ordering::Relaxed), seats.taken()), (2, 3));
        drop(third);
        seats.take(3, count).await;
    }

    #[tokio::test]
    async fn a_newcomer_gets_the_seat_of_a_request_that_ends() {
        let seats = Seats::default();
        let only = Arc::new(seats.take(1, || ()).await);
        let busy = only.busy();
        let newcomer = tokio::spawn({
            let seats = seats.clone();
            async move { seats.take(1, || ()).await }
        });
        tokio::task::yield_now().await;
        drop(busy);
        only.asked_to_leave().await;
        drop(only);
        newcomer.await.unwrap();
    }
}

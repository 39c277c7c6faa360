//! Turns for tests that start a browser, a Prometheus or ten thousand connections.

use std::sync::{Condvar, LazyLock, Mutex, PoisonError};
use std::thread::available_parallelism;

/// How many such tests may still begin: one for each processor, however many threads the tests have.
static FREE: LazyLock<Mutex<usize>> =
    LazyLock::new(|| Mutex::new(available_parallelism().map_or(1, usize::from)));

static FREED: Condvar = Condvar::new();

/// A turn, until it is dropped.
pub(crate) struct Turn(());

impl Turn {
    /// Waits for a turn.
    pub(crate) fn take() -> Turn {
        // A test that fails gives its turn back all the same.
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = FREED.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Turn(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *FREE.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        FREED.notify_one();
    }
}

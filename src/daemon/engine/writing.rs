//! Writing a commit beside the engine, which takes the next deliveries meanwhile.

use crate::store::{Commit, Store, StoreError};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// A commit that a thread of its own writes, by a connection of its own.
#[derive(Debug)]
pub(super) struct Writing {
    thread: Option<JoinHandle<Written>>,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Written {
    /// The connection, for the next one.
    pub store: Store,
    /// The number of quarantined records that had to go for want of room.
    pub evicted: Result<u64, StoreError>,
    /// How long the commit took.
    pub took: Duration,
}

impl Writing {
    /// Begins to write a commit that was begun at an instant. Fails where there is no thread to be had.
    pub(super) fn begin(
        mut store: Store,
        commit: Arc<Commit>,
        begun: Instant,
    ) -> std::io::Result<Writing> {
        let write = move || {
            let evicted = store.commit(&commit);
            Written {
                store,
                evicted,
                took: begun.elapsed(),
            }
        };
        let thread = Builder::new().name("writer".to_owned()).spawn(write)?;
        Ok(Writing {
            thread: Some(thread),
        })
    }

    /// Whether the end need not be waited for.
    pub(super) fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for the end; `None` if that was done before.
    pub(super) fn wait(mut self) -> Option<Written> {
        match self.thread.take()?.join() {
            Ok(written) => Some(written),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

impl Drop for Writing {
    /// Whoever opens the database next finds it written.
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // What became of it is found in the database.
            let _ = thread.join();
        }
    }
}

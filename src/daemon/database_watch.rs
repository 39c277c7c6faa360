//! Watches the database while the daemon runs: that its files are at their paths, and that its pages are sound.
//!
//! The same thread reports jumps of the clock. The engine looks at the files before each commit, too. But a daemon that has nothing to commit must also report a database that was removed.

use super::clock;
use crate::query::{Shared, StoreCheck};
use crate::store::{Checked, FilesOnDisk, Store, StoreError};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The files are looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// All pages are read this often, and at the start.
const CHECK_EVERY: Duration = Duration::from_secs(24 * 3_600);
/// A check that was not possible is tried again after this.
const CHECK_AGAIN: Duration = Duration::from_secs(60);
/// A check that must end is interrupted this often: an interrupt between two statements has no effect.
const INTERRUPT_EVERY: Duration = Duration::from_millis(10);

/// Interrupts the check that runs.
type Interrupt = Box<dyn Fn() + Send>;

/// The two threads that watch.
pub(super) struct DatabaseWatch {
    /// Dropped to end the threads.
    stop: Option<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
    interrupt: Arc<Mutex<Option<Interrupt>>>,
}

impl DatabaseWatch {
    /// Watches the files of an open database, and checks the database in a folder.
    pub(super) fn start(
        shared: &Arc<Shared>,
        files: Arc<FilesOnDisk>,
        folder: &Path,
    ) -> std::io::Result<DatabaseWatch> {
        let (stop, stopping) = bounded(0);
        let interrupt = Arc::new(Mutex::new(None));
        let look = {
            let (shared, stopping) = (shared.clone(), stopping.clone());
            move || {
                while !ends_within(&stopping, LOOK_EVERY) {
                    look(&shared, &files);
                    clock::report(&shared);
                }
            }
        };
        let check = {
            let (shared, interrupt) = (shared.clone(), interrupt.clone());
            let folder = folder.to_owned();
            move || check_daily(&shared, &folder, &interrupt, &stopping)
        };
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        Ok(DatabaseWatch {
            threads: vec![
                thread("database-files").spawn(look)?,
                thread("database-check").spawn(check)?,
            ],
            stop: Some(stop),
            interrupt,
        })
    }

    /// Ends both threads.
    pub(super) fn stop(&mut self) {
        self.stop.take();
        for thread in self.threads.drain(..) {
            while !thread.is_finished() {
                if let Some(interrupt) = &*lock(&self.interrupt) {
                    interrupt();
                }
                std::thread::sleep(INTERRUPT_EVERY);
            }
            if thread.join().is_err() {
                tracing::error!("a thread that watches the database has died; please report this");
            }
        }
    }
}

impl Drop for DatabaseWatch {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Waits. Whether the daemon stops.
fn ends_within(stopping: &Receiver<()>, wait: Duration) -> bool {
    stopping.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected)
}

/// Reports when a file is not at its path any more, and when it is back.
fn look(shared: &Shared, files: &FilesOnDisk) {
    let lost = files.check().err().map(|error| error.to_string());
    let before = shared.store.set_lost(lost.clone());
    match (before, lost) {
        (before, Some(lost)) if before.as_ref() != Some(&lost) => {
            tracing::error!(problem = lost, "the database is lost");
        }
        (Some(_), None) => tracing::info!("the database is back; the daemon goes on"),
        _ => {}
    }
}

fn check_daily(
    shared: &Shared,
    folder: &Path,
    interrupt: &Mutex<Option<Interrupt>>,
    stopping: &Receiver<()>,
) {
    loop {
        let wait = match check(folder, interrupt) {
            Ok(Checked::Interrupted) => CHECK_AGAIN,
            Ok(Checked::Problems(problems)) => {
                for problem in &problems {
                    tracing::error!(
                        problem,
                        next_step = "stop the daemon and restore a backup",
                        "the database is damaged"
                    );
                }
                shared.store.checked(StoreCheck {
                    at: clock::now(),
                    problems,
                });
                CHECK_EVERY
            }
            Err(error) => {
                tracing::warn!(%error, "the database can't be checked; tried again");
                CHECK_AGAIN
            }
        };
        if ends_within(stopping, wait) {
            return;
        }
    }
}

/// Checks with a connection of its own, so that the engine need not wait.
fn check(folder: &Path, interrupt: &Mutex<Option<Interrupt>>) -> Result<Checked, StoreError> {
    let store = Store::open_to_read(folder)?;
    *lock(interrupt) = Some(store.interrupt());
    let checked = store.quick_check();
    *lock(interrupt) = None;
    checked
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Tells when a poll may be worth it.
//!
//! File system events are only a hint: they are lost on network file systems, on queue overflow and for the targets
//! of symlinks. So every wait ends after its time-out at the latest, and a watch that can't be set up is no error.

use std::path::Path;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::api::Options;
use super::discover::{Finder, WatchRoot};

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    /// Something happened in a watched directory.
    Changed,
    /// Nothing is known to have happened.
    TimedOut,
}

/// Waits for changes in the directories of the patterns.
#[derive(Debug)]
pub(crate) struct Waker {
    // Holds at most one message: a flood of events is one reason to poll, and the watcher's thread never waits.
    changes: Receiver<()>,
    /// Keeps the channel open when there is no watcher.
    _sender: Sender<()>,
    _watcher: Option<RecommendedWatcher>,
    trouble: Option<String>,
}

impl Waker {
    /// Watches the directories of the patterns as far as that works; see [`Self::trouble`].
    pub(crate) fn new(options: &Options) -> Self {
        let (sender, changes) = bounded(1);
        let (watcher, trouble) = match watch(options, sender.clone()) {
            Ok((watcher, trouble)) => (Some(watcher), trouble),
            Err(reason) => (None, Some(reason)),
        };
        Self {
            changes,
            _sender: sender,
            _watcher: watcher,
            trouble,
        }
    }

    /// Why some or all directories are not watched (say, the limit of inotify watches); then only time-outs wake.
    pub(crate) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Blocks until something may have changed since the last wait, at most for `timeout`.
    pub(crate) fn wait(&self, timeout: Duration) -> Woken {
        match self.changes.recv_timeout(timeout) {
            Ok(()) => Woken::Changed,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Woken::TimedOut,
        }
    }
}

fn watch(
    options: &Options,
    sender: Sender<()>,
) -> Result<(RecommendedWatcher, Option<String>), String> {
    let finder = Finder::new(options).map_err(|error| error.to_string())?;
    let report = move |event: notify::Result<Event>| {
        // Errors may mean lost events, so they wake as well.
        if event.is_ok_and(|event| is_own_reading(event.kind)) {
            return;
        }
        // A full channel already holds the one message that is needed.
        let _ = sender.try_send(());
    };
    // Changes behind links are found by polling: a link may lead anywhere, and a watch of everything takes minutes.
    let config = notify::Config::default().with_follow_symlinks(false);
    let watcher = RecommendedWatcher::new(report, config);
    let mut watcher = watcher.map_err(|error| error.to_string())?;
    let mut trouble = Vec::new();
    for root in finder.watch_roots() {
        if let Err(error) = add(&mut watcher, &root) {
            trouble.push(format!("{}: {error}", root.path.display()));
        }
    }
    let trouble = (!trouble.is_empty()).then(|| trouble.join("; "));
    Ok((watcher, trouble))
}

/// A directory that is not there yet is represented by the nearest one that is: creating it wakes.
fn add(watcher: &mut RecommendedWatcher, root: &WatchRoot) -> notify::Result<()> {
    let there = root.path.ancestors().find(|path| path.is_dir());
    let path = there.unwrap_or(Path::new("/"));
    let mode = match root.recursive && path == root.path {
        true => RecursiveMode::Recursive,
        false => RecursiveMode::NonRecursive,
    };
    watcher.watch(path, mode)
}

/// Opening and reading, which the tailer itself does: waking on them would never end.
fn is_own_reading(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access != AccessKind::Close(AccessMode::Write),
        _ => false,
    }
}

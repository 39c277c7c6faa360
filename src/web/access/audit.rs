//! The audit log: who changed what, from where, and what came of it; and who was refused.

use super::gate::Caller;
use crate::daemon::Running;
use crate::model::Time;
use crate::store::{AuditRow, Store};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Refusals are logged at most this often: who guesses passwords must not fill the disk.
const REFUSALS_EVERY: Duration = Duration::from_secs(1);
/// Characters of a path that are kept.
const MOST_PATH: usize = 200;

/// What somebody asked for.
#[derive(Debug, Clone)]
pub(super) struct Action {
    /// Method and path.
    what: String,
    from: String,
}

impl Action {
    pub(super) fn new(method: &axum::http::Method, path: &str, from: Option<SocketAddr>) -> Action {
        let path: String = path.chars().take(MOST_PATH).collect();
        Action {
            what: format!("{method} {path}"),
            from: from.map_or("unknown".to_owned(), |from| from.ip().to_string()),
        }
    }

    /// An action of a known caller, with the status of the answer: to the log, and to the database.
    pub(super) fn done(self, caller: &Caller, status: u16, daemon: &Arc<Running>) {
        let row = AuditRow {
            at: Time::from_utc(chrono::Utc::now()).0,
            who: caller.name.clone(),
            role: caller.role.word().to_owned(),
            from: self.from,
            what: self.what,
            status,
        };
        tracing::info!(
            target: "audit",
            who = row.who, role = row.role, from = row.from, what = row.what, status,
            "audit"
        );
        let config = daemon.config();
        // Not waited for: the answer to a reload must not hang on a full disk. The log has the line in any case.
        tokio::task::spawn_blocking(move || {
            let written =
                Store::open_to_read(&config.data_dir).and_then(|store| store.add_audit(&row));
            if let Err(error) = written {
                tracing::error!(%error, what = row.what, "the audit row can't be written; the log has it");
            }
        });
    }
}

/// Refusals, of which only so many a second are logged.
#[derive(Default)]
pub(super) struct Refusals(Mutex<Silence>);

#[derive(Default)]
struct Silence {
    since: Option<Instant>,
    kept_back: u64,
}

impl Refusals {
    /// Somebody was refused for a reason.
    pub(super) fn log(&self, action: &Action, who: &str, why: &str, now: Instant) {
        if let Some(kept_back) = self.may_speak(now) {
            tracing::warn!(
                target: "audit",
                who, from = action.from, what = action.what, why, kept_back,
                "audit: refused"
            );
        }
    }

    /// Whether to log, and how many refusals were not logged before.
    fn may_speak(&self, now: Instant) -> Option<u64> {
        let mut silence = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_silent = |since: Instant| now.duration_since(since) < REFUSALS_EVERY;
        if silence.since.is_some_and(is_silent) {
            silence.kept_back += 1;
            return None;
        }
        silence.since = Some(now);
        Some(std::mem::take(&mut silence.kept_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_of_refusals_is_one_line_a_second_that_counts_the_others() {
        let (refusals, begun) = (Refusals::default(), Instant::now());
        assert_eq!(refusals.may_speak(begun), Some(0));
        for _ in 0..100 {
            assert_eq!(refusals.may_speak(begun + REFUSALS_EVERY / 2), None);
        }
        assert_eq!(refusals.may_speak(begun + REFUSALS_EVERY), Some(100));
        assert_eq!(refusals.may_speak(begun + REFUSALS_EVERY), None);
        assert_eq!(refusals.may_speak(begun + REFUSALS_EVERY * 2), Some(1));
    }
}

//! What was done by a time that was wrong.

use super::super::cache::CacheError;
use super::Engine;
use super::recount::windows;
use crate::model::{Span, Time};
use crate::store::{Commit, StoreError};

/// Changes that are dated so much later than now were made by a clock that was wrong.
const AHEAD: Span = Span::seconds(600);

impl Engine {
    /// Time has turned back, because the time before was wrong: sums up the window anew, and marks changes of verdicts that are dated in
    /// the future. After an error, call it again.
    pub(crate) fn turn_back(&mut self, now: Time) -> Result<(), CacheError> {
        self.commit()?;
        self.stop_removal();
        self.doubt_future_changes(now)?;
        let windows = windows(&self.config, &mut self.names);
        self.sums.reset_window(&self.store, windows, now)?;
        Ok(())
    }

    /// Marks changes of verdicts that are dated in the future.
    pub(super) fn doubt_future_changes(&mut self, now: Time) -> Result<(), StoreError> {
        let latest = now.plus(AHEAD);
        let count = self.store.undoubted_changes_after(latest)?;
        if count == 0 {
            return Ok(());
        }
        tracing::warn!(
            count,
            %now,
            "changes of verdicts are dated in the future; they were made while the clock was wrong, and are marked"
        );
        let commit = Commit {
            ledger_in_doubt_after: Some(latest),
            ..Commit::default()
        };
        self.store.commit(&commit).map(drop)
    }
}

//! Whether the clock of the system can be relied on.

use crate::model::humanize::format_roughly;
use crate::model::{Span, Time};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// A jump of the clock that has not passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClockJump {
    /// By how much the clock is ahead of the time that the daemon uses; negative if it is behind.
    pub ahead: Span,
    /// When that was noticed, by the time that the daemon uses.
    pub since: Time,
}

/// What is known of the clock of the system.
#[derive(Debug, Default)]
pub(crate) struct ClockHealth {
    jump: Mutex<Option<ClockJump>>,
    jumps: AtomicU64,
}

impl ClockHealth {
    /// Notes a jump or that there is none, and the number of jumps so far. Returns the jump that was noted before.
    pub(crate) fn set(&self, jump: Option<ClockJump>, jumps: u64) -> Option<ClockJump> {
        self.jumps.store(jumps, Ordering::Relaxed);
        let mut noted = self.jump.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *noted, jump)
    }

    /// The jump that has not passed.
    pub(crate) fn jump(&self) -> Option<ClockJump> {
        *self.jump.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Jumps since the start.
    pub(crate) fn jumps(&self) -> u64 {
        self.jumps.load(Ordering::Relaxed)
    }

    /// The jump in words, with the next step.
    pub(crate) fn trouble(&self) -> Option<String> {
        let jump = self.jump()?;
        let direction = if jump.ahead < Span::ZERO {
            "backward"
        } else {
            "forward"
        };
        Some(format!(
            "the clock of the system jumped {direction} by {} at {}; scores go on by the time that has passed, and changes of verdicts are marked. Set the clock right, or restart the daemon if the new time is right; a new time that lasts for 30 minutes is believed",
            format_roughly(Span(jump.ahead.0.saturating_abs())),
            jump.since,
        ))
    }
}

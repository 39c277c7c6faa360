//! The clock of the daemon. What is measured takes the time as an argument.

mod keeper;

use crate::model::{SECOND_US, Span, Time, humanize::format_roughly};
use crate::query::{ClockJump, Shared};
use keeper::{BELIEVED_AFTER, Reading, TimeKeeper};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// There is one machine, so there is one time.
static KEEPER: LazyLock<Mutex<TimeKeeper>> =
    LazyLock::new(|| Mutex::new(TimeKeeper::new(reading())));

fn keeper() -> MutexGuard<'static, TimeKeeper> {
    KEEPER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The time, in UTC. While the clock of the system has jumped, this is the time that it would show otherwise.
pub(super) fn now() -> Time {
    let mut keeper = keeper();
    keeper.time(reading())
}

/// Whether the clock of the system has jumped, and is not believed.
pub(super) fn is_in_doubt() -> bool {
    keeper().jump().is_some()
}

/// How often a jump backwards was believed: the time before was wrong.
pub(super) fn turned_back() -> u64 {
    keeper().turned_back()
}

/// Logs and shows a jump, and that it has passed.
pub(super) fn report(shared: &Shared) {
    let (jump, jumps) = {
        let mut keeper = keeper();
        keeper.time(reading());
        let jump = keeper.jump().map(|jump| ClockJump {
            ahead: jump.ahead,
            since: jump.since,
        });
        (jump, keeper.jumps())
    };
    let before = shared.clock.set(jump, jumps);
    match (before, jump) {
        (None, Some(jump)) => tracing::error!(
            ahead_seconds = jump.ahead.as_seconds(),
            since = %jump.since,
            next_step = %format!(
                "set the clock right, or restart the daemon if the new time is right; else it is believed after {}",
                format_roughly(BELIEVED_AFTER)
            ),
            "the clock of the system has jumped; scores go on by the time that has passed"
        ),
        (Some(_), None) => tracing::info!("the clock of the system is believed again"),
        _ => {}
    }
}

/// Reads both clocks at about the same instant.
fn reading() -> Reading {
    loop {
        let before = steady();
        let wall = Time::from_utc(chrono::Utc::now());
        let steady = steady();
        // The program may have been stopped in between.
        if (steady - before).0 < SECOND_US {
            return Reading { wall, steady };
        }
    }
}

/// Goes on while the machine is suspended.
#[cfg(target_os = "linux")]
fn steady() -> Span {
    use nix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or_else(
        |_| since_start(),
        |at| Span(at.tv_sec() * SECOND_US + at.tv_nsec() / 1_000),
    )
}

#[cfg(not(target_os = "linux"))]
fn steady() -> Span {
    since_start()
}

fn since_start() -> Span {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    Span(START.elapsed().as_micros() as i64)
}

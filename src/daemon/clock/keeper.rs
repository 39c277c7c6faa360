//! The notion of time of the daemon: which of two clocks to believe.
//!
//! The wall clock says what time it is, and can be set to anything. The steady clock says how much time has passed since the machine was
//! started, also while it was suspended, and cannot be set. (Network time protocols that slow a clock down or speed it up change both
//! alike.) So their difference changes only if the wall clock is set, or if a virtual machine was paused.
//!
//! * A small change is a correction, and is believed at once.
//! * A large change is a jump. The daemon goes on by the steady clock, as if the wall clock had not been set. The jump has passed when the
//!   wall clock agrees again. If the new time lasts for [`BELIEVED_AFTER`], it is believed.
//!
//! Time never runs backwards, with one exception: if a jump backwards is believed, the time before was wrong.

use crate::model::{Span, Time};

/// A change of the wall clock up to this is a correction. Scores count by the hour.
pub(super) const SMALL: Span = Span::seconds(300);
/// A new time that lasts so long is believed.
pub(super) const BELIEVED_AFTER: Span = Span::seconds(1_800);

/// What the two clocks of the machine say at one instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// The time of day.
    pub wall: Time,
    /// The time that has passed since some fixed instant.
    pub steady: Span,
}

impl Reading {
    /// When the steady clock was at zero, by the wall clock.
    fn origin(self) -> Time {
        self.wall.plus(-self.steady)
    }
}

/// A jump that has not passed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Jump {
    /// By how much the wall clock is ahead; negative if it is behind.
    pub ahead: Span,
    /// When it was noticed, by the time that the daemon uses.
    pub since: Time,
}

/// Keeps the time of the daemon.
#[derive(Clone, Debug)]
pub(super) struct TimeKeeper {
    /// When the steady clock was at zero, as far as is believed.
    origin: Time,
    /// The latest time that was given out.
    latest: Time,
    doubt: Option<Doubt>,
    jumps: u64,
    turned_back: u64,
}

/// A wall clock that is not believed.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    /// When the steady clock was at zero by it.
    origin: Time,
    since: Time,
}

impl TimeKeeper {
    /// Believes what the clocks say at the start.
    pub(super) fn new(reading: Reading) -> TimeKeeper {
        TimeKeeper {
            origin: reading.origin(),
            latest: reading.wall,
            doubt: None,
            jumps: 0,
            turned_back: 0,
        }
    }

    /// The time, by what the clocks say now.
    pub(super) fn time(&mut self, reading: Reading) -> Time {
        let origin = reading.origin();
        let believed = self.origin.plus(reading.steady);
        if is_near(origin, self.origin) {
            self.doubt = None;
            self.origin = origin;
        } else {
            match self.doubt {
                Some(doubt) if is_near(origin, doubt.origin) => {
                    if believed.since(doubt.since) >= BELIEVED_AFTER {
                        self.believe(origin, reading);
                    }
                }
                _ => {
                    let since = believed;
                    self.doubt = Some(Doubt { origin, since });
                    self.jumps += 1;
                }
            }
        }
        self.latest = self.latest.max(self.origin.plus(reading.steady));
        self.latest
    }

    fn believe(&mut self, origin: Time, reading: Reading) {
        if origin < self.origin {
            self.latest = origin.plus(reading.steady);
            self.turned_back += 1;
        }
        self.origin = origin;
        self.doubt = None;
    }

    /// The jump that has not passed.
    pub(super) fn jump(&self) -> Option<Jump> {
        self.doubt.map(|doubt| Jump {
            ahead: doubt.origin.since(self.origin),
            since: doubt.since,
        })
    }

    /// Jumps so far.
    pub(super) fn jumps(&self) -> u64 {
        self.jumps
    }

    /// How often a jump backwards was believed.
    pub(super) fn turned_back(&self) -> u64 {
        self.turned_back
    }
}

fn is_near(one: Time, other: Time) -> bool {
    one.since(other).0.unsigned_abs() <= SMALL.0.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Time = Time(1_790_000_000_000_000);

    /// A machine: time passes on both clocks, and the wall clock can be set.
    struct Machine {
        passed: Span,
        off: Span,
        keeper: TimeKeeper,
    }

    impl Machine {
        fn new() -> Machine {
            let reading = Reading {
                wall: START,
                steady: Span::hours(5),
            };
            Machine {
                passed: Span::ZERO,
                off: Span::ZERO,
                keeper: TimeKeeper::new(reading),
            }
        }

        /// The time of the daemon after so much more time, relative to the start.
        fn after(&mut self, span: Span) -> Span {
            self.passed = Span(self.passed.0 + span.0);
            let wall = START.plus(self.passed).plus(self.off);
            let steady = Span(Span::hours(5).0 + self.passed.0);
            self.keeper.time(Reading { wall, steady }).since(START)
        }
    }

    #[test]
    fn jump_is_not_believed_and_passes() {
        for off in [Span::days(400), Span::days(-400), Span::seconds(301)] {
            let mut machine = Machine::new();
            machine.off = off;
            assert_eq!(machine.after(Span::HOUR), Span::HOUR);
            let jump = machine.keeper.jump().unwrap();
            assert_eq!((jump.ahead, jump.since), (off, START.plus(Span::HOUR)));
            machine.off = Span::ZERO;
            assert_eq!(machine.after(Span::SECOND), Span(Span::HOUR.0 + 1_000_000));
            assert_eq!(machine.keeper.jump(), None);
            assert_eq!(
                (machine.keeper.jumps(), machine.keeper.turned_back()),
                (1, 0)
            );
        }
    }

    #[test]
    fn new_time_that_lasts_is_believed() {
        for (off, turned_back) in [(Span::days(400), 0), (Span::days(-400), 1)] {
            let mut machine = Machine::new();
            machine.off = off;
            machine.after(Span::SECOND);
            machine.after(Span::seconds(1_799));
            assert!(machine.keeper.jump().is_some());
            let time = machine.after(Span::SECOND);
            assert_eq!(machine.keeper.jump(), None);
            assert_eq!(time, Span(machine.passed.0 + off.0));
            assert_eq!(machine.keeper.turned_back(), turned_back);
        }
    }

    #[test]
    fn small_corrections_are_believed_and_time_waits_for_those_backwards() {
        let mut machine = Machine::new();
        machine.off = Span::seconds(200);
        assert_eq!(machine.after(Span::SECOND), Span::seconds(201));
        machine.off = Span::ZERO;
        assert_eq!(machine.after(Span::SECOND), Span::seconds(201));
        assert_eq!(machine.after(Span::seconds(300)), Span::seconds(302));
        assert_eq!(machine.keeper.jumps(), 0);
    }

    #[test]
    fn suspended_machine_has_not_jumped() {
        let mut machine = Machine::new();
        assert_eq!(machine.after(Span::days(30)), Span::days(30));
        assert_eq!(machine.keeper.jumps(), 0);
    }

    /// What happens to the clocks: so many seconds pass, and the wall clock may be set to be off by so much.
    fn schedule() -> impl Strategy<Value = Vec<(i64, Option<i64>)>> {
        let off = prop_oneof![
            3 => Just(None),
            1 => (-300..300_i64).prop_map(Some),
            1 => (-100_000_000..100_000_000_i64).prop_map(Some),
        ];
        proptest::collection::vec((0..4_000_i64, off), 1..60)
    }

    proptest! {
        #[test]
        fn time_runs_backwards_only_where_a_jump_backwards_is_believed(schedule in schedule()) {
            let mut machine = Machine::new();
            let (mut last, mut turned_back) = (Span::ZERO, 0);
            for (seconds, off) in schedule {
                if let Some(off) = off {
                    machine.off = Span::seconds(off);
                }
                let before = machine.keeper.jump();
                let time = machine.after(Span::seconds(seconds));
                if machine.keeper.turned_back() == turned_back {
                    prop_assert!(time >= last);
                }
                // While a jump is in doubt, time passes as it really does.
                if before.is_some() && machine.keeper.jump().is_some() {
                    prop_assert!(time.0 - last.0 <= Span::seconds(seconds).0);
                }
                (last, turned_back) = (time, machine.keeper.turned_back());
            }
            // What is the time now lasts: sooner or later it is believed.
            machine.after(Span::SECOND);
            let time = machine.after(BELIEVED_AFTER);
            let wall = Span(machine.passed.0 + machine.off.0);
            prop_assert!(machine.keeper.jump().is_none());
            prop_assert!(time >= wall && time.0 - wall.0 <= 2 * SMALL.0);
        }
    }
}

//! A synthetic SOC with known truth, which writes logs.
//!
//! Why it exists: a measuring instrument is checked against a gauge block. The demo shows it, the tests
//! hold the measured figures against what is true of its tables, and the benchmarks read [`bench_events`].
//!
//! What it does not know: the clock, files, and the rest of this program. Time is a parameter and events
//! come out of an iterator; the caller writes them and decides how fast time passes. Same seed, same
//! opening, same window: the same bytes (on one platform: `exp` and `ln` may round differently on another).
//! It draws no holidays, no campaigns that come in bursts, and no queues that fill up.
//!
//! Every case is a function of (seed, process, day, number within the day), so any window can be asked
//! for, and windows laid end to end are the same as one long window:
//!
//! ```
//! use toleranced::internals::Soc;
//! let day = 86_400_000_000;
//! let opened = 1_767_571_200_000_000; // Monday 2026-01-05
//! let soc = Soc::reference(7, opened);
//! let mut history = soc.live(opened);
//! let mut lines = Vec::new();
//! history.until(opened + day).for_each(|event| event.write_ndjson(&mut lines));
//! // Later, `history` goes on where it stopped; open cases end in the new part.
//! let second_day = history.until(opened + 2 * day).count();
//! assert_eq!(second_day, soc.events(opened + day, opened + 2 * day).count());
//! ```

mod arrivals;
mod bench;
mod catalog;
mod event;
mod flow;
mod notes;
mod odds;
mod processes;
mod spec;
#[cfg(test)]
mod tests;

pub(crate) use bench::bench_events;
pub(crate) use event::Event;

use arrivals::{Arrivals, whole_millis};
use event::{DAY_US, Executor, Origin, SECOND_US};
use flow::{Played, Process, Start, play, play_shadow};
use notes::note;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

/// Days from the opening to the drift, unless [`Soc::with_drift_at`] says otherwise: the middle of 90 days.
const DAYS_TO_DRIFT: i64 = 45;

/// Days from the opening to the first shadow runs.
const DAYS_TO_SHADOWS: i64 = 14;

/// The synthetic SOC. Cheap to clone; a live generator made from it does not borrow it.
#[derive(Debug, Clone)]
pub struct Soc {
    seed: u64,
    opened_us: i64,
    drift_at_us: i64,
    shadows_from_us: i64,
    processes: Arc<[Process]>,
}

impl Soc {
    /// The fourteen processes, of which no case begins before `opened_us` (Unix microseconds).
    /// The drifting process drifts 45 days later; one process has shadow runs from 14 days later on.
    pub fn reference(seed: u64, opened_us: i64) -> Self {
        let processes = processes::ALL;
        Self {
            seed,
            opened_us,
            drift_at_us: opened_us + DAYS_TO_DRIFT * DAY_US,
            shadows_from_us: opened_us + DAYS_TO_SHADOWS * DAY_US,
            processes: processes
                .iter()
                .map(|spec| Process::new(spec, processes))
                .collect(),
        }
    }

    /// The same SOC with its drift at another instant (Unix microseconds); `i64::MAX` for never.
    #[must_use]
    pub fn with_drift_at(mut self, drift_at_us: i64) -> Self {
        self.drift_at_us = drift_at_us;
        self
    }

    /// All events with `from_us <= time < to_us`, of all processes, in time order (Unix microseconds).
    /// Cases that are open at a boundary are cut there.
    pub fn events(&self, from_us: i64, to_us: i64) -> impl Iterator<Item = Event> + use<> {
        let mut live = self.live(from_us);
        std::iter::from_fn(move || live.next_before(to_us))
    }

    /// A generator whose first event is the first one at or after `from_us` (Unix microseconds), and
    /// that can be asked again and again for what has happened since. Starting late costs a replay from
    /// the opening: under a millisecond for each day in between.
    pub fn live(&self, from_us: i64) -> Live {
        let mut live = Live {
            day: self.opened_us.div_euclid(DAY_US),
            soc: self.clone(),
            pending: Vec::new(),
            known_until_us: i64::MIN,
        };
        while live.next_before(from_us).is_some() {}
        live
    }

    /// Adds all events of the cases that begin on a day, in no particular order.
    fn play_day(&self, day: i64, out: &mut Vec<Event>) {
        for (index, process) in self.processes.iter().enumerate() {
            self.play_arrivals(index, process.arrivals(), Origin::Live, day, out);
            if let Some(exercises) = process.exercises() {
                self.play_arrivals(index, exercises, Origin::Exercise, day, out);
            }
        }
    }

    fn play_arrivals(
        &self,
        index: usize,
        arrivals: &Arrivals,
        origin: Origin,
        day: i64,
        out: &mut Vec<Event>,
    ) {
        let process = &self.processes[index];
        let starts = arrivals.of_day(day, |draw| process.arrival_rng(self.seed, origin, draw));
        for (ordinal, time_us) in (1..).zip(starts) {
            if time_us < self.opened_us {
                continue;
            }
            let start = Start {
                process: index,
                id: process.case_id(origin, day, ordinal),
                parent: None,
                origin,
                time_us,
            };
            let first = out.len();
            let mut rng = process.case_rng(self.seed, origin, day, ordinal);
            let played = play(&self.processes, self.drift_at_us, &start, &mut rng, out);
            let is_shadowed = process.spec.shadowed
                && origin == Origin::Live
                && played.lead == Executor::Human
                && time_us >= self.shadows_from_us;
            if is_shadowed {
                let mut rng = process.case_rng(self.seed, Origin::Shadow, day, ordinal);
                self.play_shadow(&start, played, &mut rng, out);
            }
            note(&self.processes, self.seed, &mut out[first..]);
        }
    }

    fn play_shadow(
        &self,
        live: &Start,
        played: Played,
        rng: &mut ChaCha8Rng,
        out: &mut Vec<Event>,
    ) {
        let shadow = Start {
            process: live.process,
            id: self.processes[live.process].shadow_id(&live.id),
            parent: Some(Arc::clone(&live.id)),
            origin: Origin::Shadow,
            time_us: whole_millis(live.time_us + rng.random_range(SECOND_US..20 * SECOND_US)),
        };
        play_shadow(
            &self.processes,
            self.drift_at_us,
            &shadow,
            played.input,
            rng,
            out,
        );
    }
}

/// The SOC as it goes on: yields each event once, in time order. Bounded by what is open: it holds the
/// events to come of the cases that have begun, and one day ahead.
#[derive(Debug)]
pub struct Live {
    soc: Soc,
    /// First day that has not been played.
    day: i64,
    /// Latest first, so that the next one is popped off the end.
    pending: Vec<Event>,
    /// Cases that begin before this are all in `pending`.
    known_until_us: i64,
}

impl Live {
    /// The next event if it happened before `to_us` (Unix microseconds).
    pub fn next_before(&mut self, to_us: i64) -> Option<Event> {
        loop {
            // An event may only go out when no case that begins later could come before it.
            let horizon = to_us.min(self.known_until_us);
            if self
                .pending
                .last()
                .is_some_and(|event| event.time_us < horizon)
            {
                return self.pending.pop();
            }
            if self.known_until_us >= to_us {
                return None;
            }
            self.soc.play_day(self.day, &mut self.pending);
            self.pending.sort_unstable_by(|a, b| {
                let order = |e: &Event| (e.time_us, e.process, e.seq);
                order(b).cmp(&order(a)).then_with(|| b.case.cmp(&a.case))
            });
            self.day += 1;
            self.known_until_us = self.day * DAY_US;
        }
    }

    /// All events since the last call that happened before `to_us` (Unix microseconds), as they are taken.
    pub fn until(&mut self, to_us: i64) -> impl Iterator<Item = Event> {
        std::iter::from_fn(move || self.next_before(to_us))
    }
}

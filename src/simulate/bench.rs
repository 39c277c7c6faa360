//! Load for benchmarks: any number of events of a fixed shape, in constant memory.
//!
//! Not realistic on purpose: 8 events a case, even rates, so that a figure such as events per second
//! depends on the reader alone and not on which process happened to be busy.

use super::arrivals::whole_millis;
use super::event::{DAY_US, Event, Executor, Lifecycle, Origin, write_decimal};
use super::processes;
use super::spec::Spec;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Midnight of 2026-01-05, a Monday, Unix microseconds: where the window begins.
const START_US: i64 = 1_767_571_200_000_000;
/// Length of the window.
const SPAN_US: i64 = 90 * DAY_US;
const EVENTS_A_CASE: u64 = 8;
/// Cases open at a time, on average.
const OPEN_CASES: u64 = 500;
const PROCESSES: usize = 12;

/// `events` events with 8 a case, about 185 bytes a line, over 12 processes and 90 days from 2026-01-05,
/// in time order, some 500 cases open at a time (fewer when there are fewer cases). Same number and
/// seed: same events. A last case of fewer than 8 events stays open.
pub(crate) fn bench_events(events: u64, seed: u64) -> BenchEvents {
    let cases = events.div_ceil(EVENTS_A_CASE);
    // By Little's law: open cases = rate * mean duration. A case lasts between half and one and a half of it.
    let mean = (SPAN_US as u64 / cases.max(1)).saturating_mul(OPEN_CASES);
    let lasts_us = (mean as i64).min(SPAN_US / 4);
    BenchEvents {
        rng: ChaCha8Rng::seed_from_u64(seed),
        events,
        cases,
        begun: 0,
        lasts_us,
        open: BinaryHeap::new(),
    }
}

/// Iterator of [`bench_events`].
#[derive(Debug)]
pub(crate) struct BenchEvents {
    rng: ChaCha8Rng,
    events: u64,
    cases: u64,
    begun: u64,
    lasts_us: i64,
    /// The next event of each open case.
    open: BinaryHeap<Reverse<Next>>,
}

/// Ordered by time, then by the number of the case: a total order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Next {
    time_us: i64,
    number: u64,
    seq: u32,
    step_us: i64,
    last_seq: u32,
    process: usize,
    id: Arc<str>,
}

impl BenchEvents {
    /// Cases begin at even distances, in order: case `number` of all.
    fn starts_us(&self, number: u64) -> i64 {
        // The window minus the longest case, so that all events lie within it.
        let room = (SPAN_US - self.lasts_us * 3 / 2) as u64;
        START_US + (u128::from(room) * u128::from(number) / u128::from(self.cases)) as i64
    }

    fn begin(&mut self) {
        let number = self.begun;
        self.begun += 1;
        let last_seq = (self.events - number * EVENTS_A_CASE).min(EVENTS_A_CASE) as u32;
        let lasts = self
            .rng
            .random_range(self.lasts_us / 2..=self.lasts_us * 3 / 2);
        let process = self.rng.random_range(0..PROCESSES);
        let mut id = processes::ALL[process].prefix.as_bytes().to_vec();
        id.push(b'-');
        write_decimal(number, 6, &mut id);
        self.open.push(Reverse(Next {
            time_us: self.starts_us(number),
            number,
            seq: 1,
            step_us: lasts / (EVENTS_A_CASE as i64 - 1),
            last_seq,
            process,
            id: Arc::from(String::from_utf8_lossy(&id)),
        }));
    }
}

impl Iterator for BenchEvents {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        while self.begun < self.cases
            && self
                .open
                .peek()
                .is_none_or(|Reverse(next)| self.starts_us(self.begun) <= next.time_us)
        {
            self.begin();
        }
        let Reverse(mut next) = self.open.pop()?;
        let spec = processes::ALL[next.process];
        let event = event(spec, &next, &mut self.rng);
        if next.seq < next.last_seq {
            next.seq += 1;
            next.time_us += next.step_us;
            self.open.push(Reverse(next));
        }
        Some(event)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let open: u64 = self
            .open
            .iter()
            .map(|Reverse(n)| u64::from(n.last_seq - n.seq + 1))
            .sum();
        let to_come = self.events.saturating_sub(self.begun * EVENTS_A_CASE) + open;
        (to_come as usize, usize::try_from(to_come).ok())
    }
}

fn event(spec: &'static Spec, next: &Next, rng: &mut ChaCha8Rng) -> Event {
    let first = next.seq == 1;
    let ends = u64::from(next.seq) == EVENTS_A_CASE;
    let executor = spec.lead[rng.random_range(0..spec.lead.len())].0.decider();
    let actor = match executor {
        Executor::Ai => spec.ai,
        Executor::Code => spec.code,
        // A single step has one executor, and the simulator knows it.
        _ => "soc-shift-a",
    };
    let outcome = spec.outcomes[if rng.random_range(0..100) == 0 {
        spec.outcomes.len() - 1
    } else {
        0
    }]
    .0;
    let input = spec.inputs[(next.number % spec.inputs.len() as u64) as usize].signature;
    Event {
        time_us: whole_millis(next.time_us),
        process: spec.id,
        case: Arc::clone(&next.id),
        activity: spec.steps[(next.seq as usize - 1) % spec.steps.len()].name,
        executor,
        actor,
        lifecycle: if ends {
            Lifecycle::End
        } else {
            Lifecycle::Step
        },
        outcome: ends.then_some(outcome),
        input: first.then_some(input),
        parent: None,
        seq: next.seq,
        origin: Origin::Live,
        hands_on_hundredths: None,
        reviewed: false,
    }
}

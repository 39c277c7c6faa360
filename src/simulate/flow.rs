//! From a table to a case: walks the control-flow graph of a process and writes down what happens.
//!
//! A case is a function of its random generator and its start, and of nothing else. It does not know
//! what other cases are open: there are no queues that fill up, so load does not slow people down.

use super::arrivals::{Arrivals, Draw, after_office_time, pick, whole_millis};
use super::event::{
    DAY_US, Event, Executor, HOUR_US, Lifecycle, MINUTE_US, Origin, SECOND_US, civil, write_decimal,
};
use super::spec::{Call, People, Spec, Step, Who};
use crate::model::{hash_pair, hash_text};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::sync::Arc;

/// A case that winds on this long is ended where it stands. Far beyond what the tables yield; it bounds
/// the walk against a table whose loop has no way out.
const MOST_STEPS: u32 = 2_000;

/// A spec with its names resolved to positions, so that walking it compares no strings.
#[derive(Debug)]
pub(crate) struct Process {
    pub spec: &'static Spec,
    /// Part of every random key: from the id, so that a new process changes nobody else's cases.
    key: u64,
    steps: Vec<Node>,
    rework: usize,
    pub(super) leads: Vec<f64>,
    pub(super) inputs: Vec<f64>,
}

#[derive(Debug)]
struct Node {
    step: &'static Step,
    weights: Vec<f64>,
    targets: Vec<usize>,
    on: Vec<(&'static str, usize)>,
    led: Vec<(Executor, usize)>,
    call: Option<(usize, f64)>,
}

impl Process {
    /// Resolves a table.
    ///
    /// # Panics
    /// When the table names a step or process that it does not have. The tables are constants and a
    /// test builds all of them.
    pub(crate) fn new(spec: &'static Spec, all: &'static [&'static Spec]) -> Self {
        let position = |name: &str| {
            spec.steps
                .iter()
                .position(|step| step.name == name)
                .unwrap_or_else(|| panic!("{}: no step {name:?}", spec.id))
        };
        let called = |call: Call| {
            let process = all
                .iter()
                .position(|other| other.id == call.process)
                .unwrap_or_else(|| panic!("{}: no process {:?}", spec.id, call.process));
            (process, call.probability)
        };
        let node = |step: &'static Step| {
            let by_weight = || {
                step.next
                    .iter()
                    .filter(|edge| edge.on.is_none() && edge.led.is_none())
            };
            Node {
                step,
                weights: by_weight().map(|edge| edge.weight).collect(),
                targets: by_weight().map(|edge| position(edge.to)).collect(),
                on: step
                    .next
                    .iter()
                    .filter_map(|edge| Some((edge.on?, position(edge.to))))
                    .collect(),
                led: step
                    .next
                    .iter()
                    .filter_map(|edge| Some((edge.led?, position(edge.to))))
                    .collect(),
                call: step.call.map(called),
            }
        };
        Self {
            spec,
            key: hash_text(spec.id),
            steps: spec.steps.iter().map(node).collect(),
            rework: if spec.reopen > 0.0 {
                position(spec.rework)
            } else {
                0
            },
            leads: spec.lead.iter().map(|(_, weight)| *weight).collect(),
            inputs: spec.inputs.iter().map(|input| input.weight).collect(),
        }
    }

    pub(crate) fn arrivals(&self) -> &Arrivals {
        &self.spec.arrivals
    }

    /// The id of the shadow run of a case.
    pub(crate) fn shadow_id(&self, live: &str) -> Arc<str> {
        let prefix = self.spec.prefix;
        let rest = live.strip_prefix(prefix).unwrap_or(live);
        Arc::from(format!("{prefix}-SHADOW{rest}"))
    }

    pub(crate) fn exercises(&self) -> Option<&Arrivals> {
        self.spec.exercises.as_ref()
    }

    /// The generator of one draw of the arrivals.
    pub(crate) fn arrival_rng(&self, seed: u64, origin: Origin, draw: Draw) -> ChaCha8Rng {
        let key = self.key_of(origin);
        match draw {
            Draw::Day(day) => keyed(seed, key, day as u64, 0),
            Draw::Slot(slot) => keyed(seed, key, slot as u64, u64::MAX),
        }
    }

    /// The generator of the case that is `ordinal` (from 1) among those of its day.
    pub(crate) fn case_rng(&self, seed: u64, origin: Origin, day: i64, ordinal: u64) -> ChaCha8Rng {
        keyed(seed, self.key_of(origin), day as u64, ordinal)
    }

    /// Drills and shadow runs draw from streams of their own: without them, the live cases are the same.
    fn key_of(&self, origin: Origin) -> u64 {
        match origin {
            Origin::Live => self.key,
            other => hash_pair(self.key, hash_text(other.word())),
        }
    }

    /// Id of the case that is `ordinal` (from 1) among those of its day: `PHI-260105-42`, `ISO-DRILL-260105-1`.
    pub(crate) fn case_id(&self, origin: Origin, day: i64, ordinal: u64) -> Arc<str> {
        let (year, month, of_month) = civil(day);
        let mut id = Vec::with_capacity(20);
        id.extend_from_slice(self.spec.prefix.as_bytes());
        id.extend_from_slice(match origin {
            Origin::Live => b"-",
            Origin::Exercise => b"-DRILL-",
            Origin::Shadow => b"-SHADOW-",
        });
        write_decimal(year.unsigned_abs() % 100, 2, &mut id);
        write_decimal(u64::from(month), 2, &mut id);
        write_decimal(u64::from(of_month), 2, &mut id);
        id.push(b'-');
        write_decimal(ordinal, 1, &mut id);
        Arc::from(String::from_utf8_lossy(&id))
    }

    fn actor(&self, executor: Executor, time_us: i64) -> &'static str {
        match (executor, self.spec.people) {
            (Executor::Ai, _) => self.spec.ai,
            (Executor::Code, _) => self.spec.code,
            // A single step is never mixed, and the simulator knows who ran it: what is left is people.
            (_, People::Office(queue)) => queue,
            (_, People::Shifts) => match time_us.rem_euclid(DAY_US) / HOUR_US {
                6..14 => "soc-shift-a",
                14..22 => "soc-shift-b",
                _ => "soc-shift-c",
            },
        }
    }

    /// When a step that starts now is finished.
    fn finish(&self, step: &Step, executor: Executor, now: i64, rng: &mut ChaCha8Rng) -> i64 {
        let z: f64 = StandardNormal.sample(rng);
        // Four standard deviations are tail enough; beyond, one step in thirty thousand could last months.
        let took_us =
            (step.minutes * MINUTE_US as f64 * (step.sigma * z.clamp(-4.0, 4.0)).exp()) as i64;
        let done = match (executor, self.spec.people) {
            (Executor::Human, People::Office(_)) => after_office_time(now, took_us),
            _ => now + took_us,
        };
        whole_millis(done.max(now + 50_000))
    }

    /// What the case is going to end with, given its input and lead.
    fn outcome(
        &self,
        lead: Executor,
        input: usize,
        drifted: bool,
        rng: &mut ChaCha8Rng,
    ) -> &'static str {
        let mut chance: f64 = rng.random();
        for wrong in self.spec.wrong.iter().filter(|wrong| wrong.by == lead) {
            chance -= self.wrong_probability(wrong.probability, wrong.after_drift, input, drifted);
            if chance < 0.0 {
                return wrong.outcome;
            }
        }
        self.designed_outcome(input, rng)
    }

    fn designed_outcome(&self, input: usize, rng: &mut ChaCha8Rng) -> &'static str {
        let designed = self.spec.inputs[input].designed;
        let mut left = rng.random::<f64>() * designed.iter().map(|(_, weight)| weight).sum::<f64>();
        for (outcome, weight) in designed {
            left -= weight;
            if left < 0.0 {
                return outcome;
            }
        }
        designed.last().map_or("", |(outcome, _)| outcome)
    }
}

/// One independent stream per key: ChaCha needs no mixing of the parts.
pub(super) fn keyed(seed: u64, process: u64, when: u64, ordinal: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (bytes, part) in key.chunks_exact_mut(8).zip([seed, process, when, ordinal]) {
        bytes.copy_from_slice(&part.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// Who a case is and where it comes from.
#[derive(Debug)]
pub(crate) struct Start {
    pub process: usize,
    pub id: Arc<str>,
    pub parent: Option<Arc<str>>,
    /// What it calls is of the same origin.
    pub origin: Origin,
    /// First event, Unix microseconds.
    pub time_us: i64,
}

/// What was drawn for a case that has been played.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Played {
    /// When it ended first.
    pub ended_us: i64,
    pub lead: Executor,
    /// Position among the inputs of its process.
    pub input: usize,
}

/// Plays one case from its first step to its last end, its sub-processes included, and appends all its
/// events (those of one case in order).
pub(crate) fn play(
    processes: &[Process],
    drift_at_us: i64,
    start: &Start,
    rng: &mut ChaCha8Rng,
    out: &mut Vec<Event>,
) -> Played {
    let process = &processes[start.process];
    let lead = process.spec.lead[pick(&process.leads, rng)].0;
    let input = pick(&process.inputs, rng);
    let mut case = Case::new(processes, drift_at_us, start, (lead, input), rng);
    let ended_us = case.walk(0, start.time_us, rng, out);
    if rng.random::<f64>() < process.spec.reopen {
        // Somebody looked again: from a few hours to some days later, and this time it ends as designed.
        let z: f64 = StandardNormal.sample(rng);
        let pause = (14.0 * HOUR_US as f64 * z.clamp(-3.0, 3.0).exp()) as i64;
        let reopened = whole_millis(match process.spec.people {
            People::Office(_) => after_office_time(ended_us + pause, 10 * MINUTE_US),
            People::Shifts => ended_us + pause,
        });
        case.outcome = process.designed_outcome(input, rng);
        case.write(reopened, "reopen", Executor::Human, Lifecycle::Reopen, out);
        let rework = &process.steps[process.rework];
        let executor = case.executor(rework.step, rng);
        let first = process.finish(rework.step, executor, reopened, rng);
        case.walk(process.rework, first, rng, out);
    }
    Played {
        ended_us,
        lead,
        input,
    }
}

/// Plays a shadow run: the same process on the same input, led by AI. Nobody acts on its outcome, so it calls no
/// sub-process and is never reopened.
pub(crate) fn play_shadow(
    processes: &[Process],
    drift_at_us: i64,
    start: &Start,
    input: usize,
    rng: &mut ChaCha8Rng,
    out: &mut Vec<Event>,
) {
    let mut case = Case::new(processes, drift_at_us, start, (Executor::Ai, input), rng);
    case.called.fill(true);
    case.walk(0, start.time_us, rng, out);
}

struct Case<'a> {
    processes: &'a [Process],
    drift_at_us: i64,
    start: &'a Start,
    lead: Executor,
    outcome: &'static str,
    input: &'static str,
    seq: u32,
    children: u64,
    called: Vec<bool>,
}

impl<'a> Case<'a> {
    /// Draws what the case is going to end with.
    fn new(
        processes: &'a [Process],
        drift_at_us: i64,
        start: &'a Start,
        (lead, input): (Executor, usize),
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let process = &processes[start.process];
        let drifted = start.time_us >= drift_at_us;
        Self {
            processes,
            drift_at_us,
            start,
            lead,
            outcome: process.outcome(lead, input, drifted, rng),
            input: process.spec.inputs[input].signature,
            seq: 0,
            children: 0,
            called: vec![false; process.steps.len()],
        }
    }

    fn executor(&self, step: &Step, rng: &mut ChaCha8Rng) -> Executor {
        match step.who {
            Who::Lead => self.lead.decider(),
            Who::By(executor) => executor,
            Who::CodeElsePeople(code) if rng.random::<f64>() < code => Executor::Code,
            Who::CodeElsePeople(_) => Executor::Human,
        }
    }

    /// Walks from a step, finished at `now`, until the case ends; returns when.
    fn walk(&mut self, from: usize, now: i64, rng: &mut ChaCha8Rng, out: &mut Vec<Event>) -> i64 {
        let process = &self.processes[self.start.process];
        let mut at = from;
        let mut now = now;
        let mut executor = self.executor(process.steps[at].step, rng);
        loop {
            let node = &process.steps[at];
            let led = node.led.iter().find(|(lead, _)| *lead == self.lead);
            let on = node.on.iter().find(|(outcome, _)| *outcome == self.outcome);
            let wanted = led.map(|(_, target)| *target);
            let next = match wanted.or_else(|| on.map(|(_, target)| *target)) {
                Some(target) => Some(target),
                None if node.targets.is_empty() || self.seq >= MOST_STEPS => None,
                None => Some(node.targets[pick(&node.weights, rng)]),
            };
            let Some(next) = next else {
                self.write(now, node.step.name, executor, Lifecycle::End, out);
                return now;
            };
            self.write(now, node.step.name, executor, Lifecycle::Step, out);
            if let Some((callee, probability)) = node.call
                && !std::mem::replace(&mut self.called[at], true)
                && rng.random::<f64>() < probability
            {
                now = self.call(callee, now, rng, out);
            }
            at = next;
            executor = self.executor(process.steps[at].step, rng);
            now = process.finish(process.steps[at].step, executor, now, rng);
        }
    }

    /// Runs a sub-process and waits for its (first) end.
    fn call(&mut self, callee: usize, now: i64, rng: &mut ChaCha8Rng, out: &mut Vec<Event>) -> i64 {
        self.children += 1;
        let prefix = self.processes[callee].spec.prefix;
        let child = Start {
            process: callee,
            id: Arc::from(format!("{prefix}-{}.{}", self.start.id, self.children)),
            parent: Some(Arc::clone(&self.start.id)),
            origin: self.start.origin,
            time_us: whole_millis(now + rng.random_range(SECOND_US..20 * SECOND_US)),
        };
        let mut own = ChaCha8Rng::from_rng(rng);
        play(self.processes, self.drift_at_us, &child, &mut own, out).ended_us
    }

    fn write(
        &mut self,
        time_us: i64,
        activity: &'static str,
        executor: Executor,
        lifecycle: Lifecycle,
        out: &mut Vec<Event>,
    ) {
        let process = &self.processes[self.start.process];
        self.seq += 1;
        let first = self.seq == 1;
        out.push(Event {
            time_us,
            process: process.spec.id,
            case: Arc::clone(&self.start.id),
            activity,
            executor,
            actor: process.actor(executor, time_us),
            lifecycle,
            outcome: (lifecycle == Lifecycle::End).then_some(self.outcome),
            input: first.then_some(self.input),
            parent: if first {
                self.start.parent.clone()
            } else {
                None
            },
            seq: self.seq,
            origin: self.start.origin,
            hands_on_hundredths: None,
            reviewed: false,
        });
    }
}

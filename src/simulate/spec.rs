//! The words in which the processes of the synthetic SOC are written down: data, no mechanism.

use super::arrivals::{ALWAYS, Arrivals};
use super::event::Executor;
use crate::model::Level;

/// Who does a step.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who {
    /// Whoever leads the case, drawn once per case.
    Lead,
    /// Always this kind.
    By(Executor),
    /// Code with this probability, drawn at each visit, else people.
    CodeElsePeople(f64),
}

pub(crate) const LEAD: Who = Who::Lead;
pub(crate) const HUMAN: Who = Who::By(Executor::Human);
pub(crate) const CODE: Who = Who::By(Executor::Code);

/// The name that stands for people in the log.
#[derive(Debug, Clone, Copy)]
pub(crate) enum People {
    /// Round the clock in three shifts; steps take the time they take.
    Shifts,
    /// One queue that works in office hours only.
    Office(&'static str),
}

/// One way on from a step.
#[derive(Debug)]
pub(crate) struct Edge {
    pub to: &'static str,
    /// Relative weight among the edges without `on`.
    pub weight: f64,
    /// Taken for certain when the case is going to have this outcome.
    pub on: Option<&'static str>,
    /// Taken for certain, before that, when the case is led so.
    pub led: Option<Executor>,
}

pub(crate) const fn go(to: &'static str, weight: f64) -> Edge {
    Edge {
        to,
        weight,
        on: None,
        led: None,
    }
}

pub(crate) const fn on(outcome: &'static str, to: &'static str) -> Edge {
    Edge {
        to,
        weight: 0.0,
        on: Some(outcome),
        led: None,
    }
}

pub(crate) const fn led(lead: Executor, to: &'static str) -> Edge {
    Edge {
        to,
        weight: 0.0,
        on: None,
        led: Some(lead),
    }
}

/// A sub-process called on the first visit of a step; the caller waits for its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    pub process: &'static str,
    pub probability: f64,
}

/// One activity of a process. A step without a way on ends the case.
#[derive(Debug)]
pub(crate) struct Step {
    pub name: &'static str,
    pub who: Who,
    /// Median time it takes, minutes (for people in an office: office time).
    pub minutes: f64,
    /// Standard deviation of the logarithm of that time.
    pub sigma: f64,
    pub next: &'static [Edge],
    pub call: Option<Call>,
}

impl Step {
    /// The same step, which calls a sub-process with some probability. Put it only on steps that every
    /// case visits: the true rate of the sub-process is reckoned from that.
    pub(crate) const fn calling(mut self, process: &'static str, probability: f64) -> Self {
        self.call = Some(Call {
            process,
            probability,
        });
        self
    }
}

pub(crate) const fn step(
    name: &'static str,
    who: Who,
    minutes: f64,
    next: &'static [Edge],
) -> Step {
    // People's times spread wider than machines'.
    let sigma = match who {
        Who::By(Executor::Code | Executor::Ai) => 0.5,
        _ => 0.9,
    };
    Step {
        name,
        who,
        minutes,
        sigma,
        next,
        call: None,
    }
}

/// What comes in: a signature, how often, and how it should end.
#[derive(Debug)]
pub(crate) struct Input {
    pub signature: &'static str,
    pub weight: f64,
    /// Factor on the probability of going wrong, relative to the other inputs.
    pub difficulty: f64,
    /// Designed outcomes with their weights.
    pub designed: &'static [(&'static str, f64)],
}

pub(crate) const fn input(
    signature: &'static str,
    weight: f64,
    difficulty: f64,
    designed: &'static [(&'static str, f64)],
) -> Input {
    Input {
        signature,
        weight,
        difficulty,
        designed,
    }
}

/// How one kind of lead goes wrong.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub by: Executor,
    pub outcome: &'static str,
    /// Probability of it, averaged over the inputs.
    pub probability: f64,
    /// The same for cases that begin after the drift.
    pub after_drift: f64,
}

pub(crate) const fn wrong(by: Executor, outcome: &'static str, probability: f64) -> Wrong {
    Wrong {
        by,
        outcome,
        probability,
        after_drift: probability,
    }
}

/// Everything that is true of one process.
#[derive(Debug)]
pub(crate) struct Spec {
    pub id: &'static str,
    pub name: &'static str,
    /// First part of the case ids; unique.
    pub prefix: &'static str,
    /// Importance of the outcome, importance of the system touched.
    pub criticality: (Level, Level),
    /// Who runs it today, in the catalog's word.
    pub executor: &'static str,
    /// Every outcome with its severity, 0 as designed to 1 wrong.
    pub outcomes: &'static [(&'static str, f64)],
    pub limit_hours: Option<u32>,
    /// As declared, and truly the mean of the cases in which people did something.
    pub hands_on_minutes: u32,
    /// Probability that somebody reviews a closed case.
    pub reviewed: f64,
    /// Hours to build, hours of upkeep a year.
    pub automation: Option<(u32, u32)>,
    pub parent: Option<&'static str>,
    pub arrivals: Arrivals,
    /// Drills beside the live cases: played like them, and no part of any rate.
    pub exercises: Option<Arrivals>,
    /// From some day on, AI runs along with every case that people lead (but for those that another process calls), and
    /// nobody acts on what it says.
    pub shadowed: bool,
    pub people: People,
    pub ai: &'static str,
    pub code: &'static str,
    /// Who leads cases, with weights; the lead decides the outcome. Of AI or code with approval, the steps are its own.
    pub lead: &'static [(Executor, f64)],
    pub inputs: &'static [Input],
    pub wrong: &'static [Wrong],
    /// Probability that a closed case is opened again (once more at most), and the step at which work restarts.
    pub reopen: f64,
    pub rework: &'static str,
    /// The first step is where cases begin.
    pub steps: &'static [Step],
}

/// What a process is when nothing else is said; the data tables build on it.
pub(crate) const BASE: Spec = Spec {
    id: "",
    name: "",
    prefix: "",
    criticality: (Level::Low, Level::Low),
    executor: "human",
    outcomes: &[],
    limit_hours: None,
    hands_on_minutes: 10,
    reviewed: 0.1,
    automation: None,
    parent: None,
    arrivals: Arrivals::Poisson {
        per_week: 1.0,
        week: &ALWAYS,
    },
    exercises: None,
    shadowed: false,
    people: People::Shifts,
    ai: "triage-agent",
    code: "playbook-runner",
    lead: &[(Executor::Human, 1.0)],
    inputs: &[],
    wrong: &[],
    reopen: 0.0,
    rework: "",
    steps: &[],
};

//! A second, small implementation of the size formula of the design document, so that the simulator is
//! not checked with the instrument it is meant to check. It keeps all events and shares no code.

use crate::model::{Lifecycle, Origin};
use crate::simulate::Event;
use std::collections::{BTreeMap, HashMap};

/// One case as read back from its events.
#[derive(Debug, Default, Clone)]
pub(crate) struct Case {
    pub process: &'static str,
    pub parent: Option<String>,
    pub input: Option<&'static str>,
    pub events: Vec<Event>,
}

impl Case {
    pub(crate) fn origin(&self) -> Origin {
        self.events[0].origin
    }

    pub(crate) fn start_us(&self) -> i64 {
        self.events[0].time_us
    }

    /// Closed, and not opened again since.
    pub(crate) fn is_closed(&self) -> bool {
        self.events
            .last()
            .is_some_and(|e| e.lifecycle == Lifecycle::End)
    }

    pub(crate) fn outcome(&self) -> Option<&'static str> {
        self.events.last().and_then(|e| e.outcome)
    }

    pub(crate) fn is_reopened(&self) -> bool {
        self.events.iter().any(|e| e.lifecycle == Lifecycle::Reopen)
    }
}

/// Cases by id; the events of each in the order given.
pub(crate) fn cases(events: impl IntoIterator<Item = Event>) -> BTreeMap<String, Case> {
    let mut cases: BTreeMap<String, Case> = BTreeMap::new();
    for event in events {
        let case = cases.entry(event.case.to_string()).or_default();
        case.process = event.process;
        case.input = case.input.or(event.input);
        if let Some(parent) = &event.parent {
            case.parent = Some(parent.to_string());
        }
        case.events.push(event);
    }
    cases
}

/// The cases of ordinary work alone.
pub(crate) fn live(mut cases: BTreeMap<String, Case>) -> BTreeMap<String, Case> {
    cases.retain(|_, case| case.origin() == Origin::Live);
    cases
}

/// L, D, H and the sum over sub-processes of one process.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Size {
    pub steps: f64,
    pub decisions: f64,
    pub hand_offs: f64,
    pub called: f64,
}

impl Size {
    pub(crate) fn total(&self) -> f64 {
        self.steps + self.decisions + self.hand_offs + self.called
    }
}

/// Size of a process over its closed cases.
pub(crate) fn size(process: &str, cases: &BTreeMap<String, Case>) -> Size {
    let own: Vec<&Case> = cases
        .values()
        .filter(|case| case.process == process && case.is_closed())
        .collect();
    let n = own.len() as f64;
    let mut successors: HashMap<&str, HashMap<&str, u64>> = HashMap::new();
    let mut size = Size::default();
    for case in &own {
        size.steps += case.events.len() as f64 / n;
        let changes = case
            .events
            .windows(2)
            .filter(|w| w[0].executor != w[1].executor);
        size.hand_offs += changes.count() as f64 / n;
        for (index, event) in case.events.iter().enumerate() {
            let next = case
                .events
                .get(index + 1)
                .map_or("(end of case)", |e| e.activity);
            *successors
                .entry(event.activity)
                .or_default()
                .entry(next)
                .or_default() += 1;
        }
    }
    for next in successors.values() {
        let visits: u64 = next.values().sum();
        let ways = next.len() as f64;
        let nats: f64 = next
            .values()
            .map(|count| *count as f64 / visits as f64)
            .map(|p| -p * p.ln())
            .sum();
        let corrected = nats + (ways - 1.0) / (2.0 * visits as f64);
        let bits = (corrected / std::f64::consts::LN_2).min(ways.log2());
        size.decisions += visits as f64 / n * (bits.exp2() - 1.0);
    }
    let mut calls: BTreeMap<&str, f64> = BTreeMap::new();
    for child in cases.values() {
        let parent = child.parent.as_ref().and_then(|id| cases.get(id));
        if parent.is_some_and(|parent| parent.process == process && parent.is_closed()) {
            *calls.entry(child.process).or_default() += 1.0 / n;
        }
    }
    for (callee, per_case) in calls {
        size.called += per_case * self::size(callee, cases).total();
    }
    size
}

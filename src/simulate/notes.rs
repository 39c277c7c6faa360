//! What people note down about their work: hands-on minutes of a step, and that somebody reviewed a case.
//!
//! Drawn after a case has been played, from a stream of its own for each case: with or without these notes, the events
//! are the same.

use super::event::{Event, Executor, Lifecycle, Origin};
use super::flow::{Process, keyed};
use crate::model::hash_text;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

/// Tells these draws from those of the cases.
const STREAM: u64 = u64::from_le_bytes(*b"handson!");

/// Adds the notes to all events of a case and of those that it called.
pub(crate) fn note(processes: &[Process], seed: u64, events: &mut [Event]) {
    let mut cases: Vec<(Arc<str>, Vec<usize>)> = Vec::new();
    for (at, event) in events.iter().enumerate() {
        match cases.iter_mut().rev().find(|(case, _)| *case == event.case) {
            Some((_, own)) => own.push(at),
            None => cases.push((Arc::clone(&event.case), vec![at])),
        }
    }
    for (case, own) in cases {
        let process = processes
            .iter()
            .find(|process| process.spec.id == events[own[0]].process);
        if let Some(process) = process {
            let mut rng = keyed(seed, hash_text(&case), STREAM, 0);
            review(process, events, &own, &mut rng);
            share_out(process, events, &own, &mut rng);
        }
    }
}

/// Somebody looks at some of the cases once they are closed. That says nothing of how they ended. Nobody looks at shadow
/// runs.
fn review(process: &Process, events: &mut [Event], own: &[usize], rng: &mut ChaCha8Rng) {
    let is_reviewed = rng.random::<f64>() < process.spec.reviewed;
    let last = own
        .iter()
        .rev()
        .find(|at| events[**at].lifecycle == Lifecycle::End);
    if let Some(last) = last
        && events[*last].origin != Origin::Shadow
    {
        events[*last].reviewed = is_reviewed;
    }
}

/// The hands-on minutes of a case, shared out among the steps that people did. In the mean over the cases that have such
/// steps they are as declared; a case takes between 0.4 and 1.6 times as long.
fn share_out(process: &Process, events: &mut [Event], own: &[usize], rng: &mut ChaCha8Rng) {
    let by_people: Vec<usize> = own
        .iter()
        .copied()
        .filter(|at| events[*at].executor == Executor::Human)
        .collect();
    // Two dice: symmetric about 1, more often near it than far off.
    let spread = 0.4 + 0.6 * (rng.random::<f64>() + rng.random::<f64>());
    let hundredths = f64::from(process.spec.hands_on_minutes) * 100.0 * spread;
    let weights: Vec<f64> = by_people
        .iter()
        .map(|_| 0.5 + rng.random::<f64>())
        .collect();
    let mut weight_left: f64 = weights.iter().sum();
    let mut left = hundredths.round() as u32;
    for (at, weight) in by_people.into_iter().zip(weights) {
        // Of what is left, so that the last one takes all of it and the sum is exact.
        let share = (f64::from(left) * (weight / weight_left)).round() as u32;
        let share = share.min(left);
        weight_left -= weight;
        left -= share;
        events[at].hands_on_hundredths = Some(share);
    }
}

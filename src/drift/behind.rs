//! The cases behind an alarm: what each of them added to its evidence.

use super::baseline::Baseline;
use super::digest::{Digest, RANKS};
use super::hour::HourPart;
use super::series::{dispersion, location};
use super::stream::Stream;
use super::suspicion::Suspicion;
use crate::model::Day;

/// Cases named with an alarm.
pub(crate) const CASES_NAMED: usize = 10;
/// A mean stays so far from 0 and 1: a single case must not be certain evidence.
const EDGE: f64 = 1e-3;

/// Of some cases (each alone in its hour) those that added most to the evidence, with the factor by which each raised it: how
/// much more likely it is after the change than before. Of equal ones the later comes first.
pub(crate) fn cases_behind<K>(
    suspicion: Suspicion,
    baseline: &Baseline,
    cases: impl IntoIterator<Item = (K, HourPart)>,
) -> Vec<(K, f64)> {
    let outcome = suspicion
        .outcome
        .and_then(|id| baseline.outcomes.iter().position(|known| *known == id))
        .unwrap_or(baseline.outcomes.len());
    let days = suspicion.from..=suspicion.to;
    let mut added: Vec<(K, Day, f64)> = Vec::new();
    for (key, part) in cases {
        let day = part.hour.day();
        if !days.contains(&day) {
            continue;
        }
        let digest = baseline.digest([&part], suspicion.outcome);
        let observed = observed(suspicion.stream, &digest, baseline, outcome);
        if let Some(factor) = observed.map(|x| factor(suspicion, x))
            && factor > 1.0
        {
            added.push((key, day, factor));
        }
    }
    added.sort_by(|a, b| b.2.total_cmp(&a.2).then(b.1.cmp(&a.1)));
    added.truncate(CASES_NAMED);
    let named = added.into_iter().map(|(key, _, factor)| (key, factor));
    named.collect()
}

/// How much more likely an observation from 0 to 1 is after the change than before.
fn factor(suspicion: Suspicion, x: f64) -> f64 {
    let inside = |mean: f64| mean.clamp(EDGE, 1.0 - EDGE);
    let (before, now) = (inside(suspicion.before), inside(suspicion.now));
    (now / before).powf(x) * ((1.0 - now) / (1.0 - before)).powf(1.0 - x)
}

/// What the stream observes of a single case; `None` for nothing.
fn observed(stream: Stream, digest: &Digest, baseline: &Baseline, outcome: usize) -> Option<f64> {
    let layout = baseline.layout();
    let new_of_two = |from: usize| match (digest.count(from), digest.count(from + 1)) {
        (0.0, 0.0) => None,
        (_, new) => Some(new),
    };
    let is_within = digest.cases > 0;
    let ranked = |of: fn(usize) -> f64| {
        let ranks = layout.ranks().start;
        let rank = (0..RANKS).find(|rank| digest.count(ranks + rank) > 0.0);
        // One that is older than the horizon is later than all others.
        rank.map(of).or((!is_within).then_some(1.0))
    };
    match stream {
        Stream::Deviation => is_within.then(|| digest.deviation_ppm as f64 / 1e6),
        Stream::DurationLocation => ranked(location),
        Stream::DurationDispersion => ranked(dispersion),
        Stream::OutcomeMix => {
            is_within.then(|| digest.count(layout.outcome_counts().start + outcome))
        }
        Stream::InputVariance => new_of_two(layout.inputs().start),
        Stream::PathNovelty => new_of_two(layout.paths().start),
        Stream::CriticalOutcome => Some(digest.critical as f64),
        Stream::FrequencyUp | Stream::FrequencyDown => None,
    }
}

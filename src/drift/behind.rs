//! The cases behind an alarm: what each of them added to its evidence.

use super::baseline::Baseline;
use super::budget::Budget;
use super::detect::Detectors;
use super::hour::HourPart;
use super::stream::Stream;
use super::suspicion::Suspicion;
use crate::model::Day;
use crate::rules::DriftTerms;

/// Cases named with an alarm.
pub(crate) const CASES_NAMED: usize = 10;

/// Of some cases (each alone in its hour) those that added most to the evidence, with the factor by which each raised it.
/// Of equal ones the later comes first.
pub(crate) fn cases_behind<K>(
    suspicion: Suspicion,
    baseline: &Baseline,
    budget: &Budget,
    terms: &DriftTerms,
    cases: impl IntoIterator<Item = (K, HourPart)>,
) -> Vec<(K, f64)> {
    let detectors = Detectors::new(baseline, budget, terms);
    let outcome = suspicion
        .outcome
        .and_then(|id| baseline.outcomes.iter().position(|known| *known == id))
        .unwrap_or(baseline.outcomes.len());
    let days = suspicion.from..=suspicion.to;
    let inside = cases
        .into_iter()
        .filter(|(_, part)| days.contains(&part.hour.day()));
    let mut added: Vec<(K, Day, Vec<f64>)> = inside
        .map(|(key, part)| {
            let (day, digest) = (part.hour.day(), baseline.digest([&part], suspicion.outcome));
            let added = match suspicion.stream {
                // Its CUSUM counts them.
                Stream::CriticalOutcome => vec![digest.critical as f64],
                _ => detectors.added(&suspicion, outcome, day, &digest),
            };
            (key, day, added)
        })
        .collect();
    // The bet that all of them together speak for most is the one that led.
    let bets = added.first().map_or(0, |(_, _, added)| added.len());
    let total = |bet: usize| added.iter().map(|(_, _, added)| added[bet]).sum::<f64>();
    let Some(led) = (0..bets).max_by(|a, b| total(*a).total_cmp(&total(*b))) else {
        return Vec::new();
    };
    added.retain(|(_, _, added)| added[led] > 0.0);
    added.sort_by(|a, b| b.2[led].total_cmp(&a.2[led]).then(b.1.cmp(&a.1)));
    added.truncate(CASES_NAMED);
    let factor = |(key, _, added): (K, Day, Vec<f64>)| (key, added[led].exp());
    added.into_iter().map(factor).collect()
}

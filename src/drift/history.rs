//! Bringing an epoch up to date from the hours of its process, wherever these are kept.

use super::baseline::Baseline;
use super::critical::CriticalRates;
use super::digest::Digest;
use super::epoch::{Cause, Epoch};
use super::learn::{HourPart, Learning, learn};
use super::plan::{epochs, watched_until};
use crate::model::{Day, NameId, Names, day_of};
use crate::rules::DriftTerms;
use std::collections::BTreeMap;

/// Days read at once.
const DAYS_AT_ONCE: Day = 28;

/// Where the hours of a process come from.
pub trait Hours {
    /// What can go wrong.
    type Error;

    /// The live sums of the days `from..=to`, hour by hour, in order.
    fn hours(&mut self, from: Day, to: Day) -> Result<Vec<HourPart>, Self::Error>;
}

/// The hours of a process in memory.
impl Hours for BTreeMap<Day, Vec<HourPart>> {
    type Error = std::convert::Infallible;

    fn hours(&mut self, from: Day, to: Day) -> Result<Vec<HourPart>, Self::Error> {
        Ok(self
            .range(from..=to)
            .flat_map(|(_, parts)| parts.clone())
            .collect())
    }
}

/// What learning needs beside the hours.
#[derive(Clone, Copy, Debug)]
pub struct Needs<'a> {
    /// How many cases and days a baseline needs.
    pub terms: &'a DriftTerms,
    /// The names of outcomes.
    pub names: &'a Names,
    /// The outcome that is declared critical, and how rare it must be.
    pub critical: Option<(NameId, CriticalRates)>,
}

impl Needs<'_> {
    /// The outcome that is declared critical.
    pub fn outcome(&self) -> Option<NameId> {
        self.critical.map(|(outcome, _)| outcome)
    }
}

/// The epochs of a plan, learned and digested up to the end of the day `until`.
pub fn history<H: Hours>(
    plan: Vec<(Day, Cause)>,
    until: Day,
    needs: Needs,
    from: &mut H,
) -> Result<Vec<Epoch>, H::Error> {
    let rates = needs.critical.map(|(_, rates)| rates);
    let mut epochs = epochs(plan, rates, |start| learned(start, until, needs, from))?;
    for nth in 0..epochs.len() {
        let last = watched_until(&epochs[nth + 1..], until);
        let epoch = &mut epochs[nth];
        if let Some(baseline) = &epoch.baseline {
            let days = (baseline.last + 1, last);
            epoch.digests = digests(baseline, days, needs.outcome(), from)?;
        }
    }
    Ok(epochs)
}

/// The digests of the days that have cases, from the first to the second. `critical` is the outcome that is declared so.
pub fn digests<H: Hours>(
    baseline: &Baseline,
    (first, last): (Day, Day),
    critical: Option<NameId>,
    from: &mut H,
) -> Result<Vec<(Day, Digest)>, H::Error> {
    let mut all = Vec::new();
    let mut from_day = first;
    while from_day <= last {
        let to = last.min(from_day.saturating_add(DAYS_AT_ONCE - 1));
        let mut days: BTreeMap<Day, Vec<HourPart>> = BTreeMap::new();
        for part in from.hours(from_day, to)? {
            days.entry(day_of(part.hour)).or_default().push(part);
        }
        let digest = |(day, parts): (Day, Vec<HourPart>)| (day, baseline.digest(&parts, critical));
        all.extend(days.into_iter().map(digest));
        from_day = to + 1;
    }
    Ok(all)
}

/// The baseline of an epoch that begins on the day `start`; `None` where its days up to `until` are not enough.
pub fn learned<H: Hours>(
    start: Day,
    until: Day,
    needs: Needs,
    from: &mut H,
) -> Result<Option<Baseline>, H::Error> {
    let mut learning = Learning::new(start);
    let mut parts: Vec<HourPart> = Vec::new();
    let mut day = start;
    while day <= until {
        let last = until.min(day.saturating_add(DAYS_AT_ONCE - 1));
        let read = from.hours(day, last)?;
        let mut cases: BTreeMap<Day, i64> = BTreeMap::new();
        for part in &read {
            *cases.entry(day_of(part.hour)).or_default() += part.sums.cases;
        }
        parts.extend(read);
        for of in day..=last {
            if learning.add(of, cases.get(&of).copied().unwrap_or(0), needs.terms) {
                parts.retain(|part| day_of(part.hour) <= of);
                return Ok(Some(learn(&parts, start, of, needs.names)));
            }
        }
        day = last + 1;
    }
    Ok(None)
}

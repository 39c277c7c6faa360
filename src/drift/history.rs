//! Bringing an epoch up to date from the hours of its process, wherever these are kept.

use super::baseline::Baseline;
use super::critical::CriticalRates;
use super::digest::Digest;
use super::fold::{Cause, Epoch};
use super::learn::{HourPart, Learning, learn};
use crate::config::drift::DriftTerms;
use crate::model::{Day, NameId, Names, day_of};
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

/// An epoch that begins on the day `start`, learned and digested up to the end of the day `until`.
pub fn begin<H: Hours>(
    start: Day,
    cause: Cause,
    until: Day,
    needs: Needs,
    from: &mut H,
) -> Result<Epoch, H::Error> {
    let mut epoch = Epoch {
        start,
        cause,
        baseline: learned(start, until, needs, from)?,
        digests: Vec::new(),
        critical: needs.critical.map(|(_, rates)| rates),
    };
    let critical = needs.critical.map(|(outcome, _)| outcome);
    if let Some(baseline) = &epoch.baseline {
        let mut day = baseline.last + 1;
        while day <= until {
            let last = until.min(day.saturating_add(DAYS_AT_ONCE - 1));
            epoch
                .digests
                .extend(digests(baseline, (day, last), critical, from)?);
            day = last + 1;
        }
    }
    Ok(epoch)
}

/// The digests of the days that have cases, from the first to the second.
pub fn digests<H: Hours>(
    baseline: &Baseline,
    (first, last): (Day, Day),
    critical: Option<NameId>,
    from: &mut H,
) -> Result<Vec<(Day, Digest)>, H::Error> {
    let mut days: BTreeMap<Day, Vec<HourPart>> = BTreeMap::new();
    for part in from.hours(first, last)? {
        days.entry(day_of(part.hour)).or_default().push(part);
    }
    let digest = |(day, parts): (Day, Vec<HourPart>)| (day, baseline.digest(&parts, critical));
    Ok(days.into_iter().map(digest).collect())
}

fn learned<H: Hours>(
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

//! The history of a process, as the driver asks for it.

use super::baseline::Baseline;
use super::digest::Digest;
use super::epoch::Cause;
use super::hour::HourPart;
use super::plan::leading_version;
use crate::model::{Day, NameId, Names};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// The history of one process: its hours, its versions, its known changes, and what earlier runs have made of them.
pub(crate) trait ProcessHistory {
    /// What can go wrong.
    type Error;

    /// The first day on which a live case ended; `None` if none has.
    fn first_day(&mut self) -> Result<Option<Day>, Self::Error>;

    /// The live sums of the days `from..=to`, hour by hour, in order.
    fn hours(&mut self, from: Day, to: Day) -> Result<Vec<HourPart>, Self::Error>;

    /// The leading versions of days, ascending; see [`leading_version`].
    fn versions(&mut self) -> Result<Vec<(Day, NameId)>, Self::Error>;

    /// What people have noted, each with the day from which on it holds.
    fn known_changes(&mut self) -> Result<Vec<(Day, Cause)>, Self::Error>;

    /// What an earlier run has kept of the epoch that begins on the day `start`, if that still holds.
    fn kept(&mut self, start: Day) -> Result<Option<KeptEpoch>, Self::Error>;
}

/// An epoch as an earlier run has kept it.
#[derive(Clone, Debug)]
pub struct KeptEpoch {
    /// Its baseline.
    pub baseline: Baseline,
    /// The days after it.
    pub days: KeptDays,
}

/// The days of an epoch as an earlier run has digested them.
#[derive(Clone, Debug)]
pub struct KeptDays {
    /// The last day that was digested.
    pub until: Day,
    /// The digests, ascending; days without cases may be missing.
    pub digests: Vec<(Day, Digest)>,
    /// The days whose hours have changed since.
    pub changed: Vec<Day>,
}

/// A history in memory, of which nothing is kept from one run to the next and nobody has noted a change.
#[derive(Clone, Debug)]
pub(crate) struct MemoryHistory {
    days: BTreeMap<Day, Vec<HourPart>>,
    versions: Vec<(Day, NameId)>,
}

impl MemoryHistory {
    /// A history of these hours, which may come in any order.
    pub(crate) fn new(mut parts: Vec<HourPart>, names: &Names) -> MemoryHistory {
        parts.sort_by_key(|part| (part.hour, part.kind));
        let mut days: BTreeMap<Day, Vec<HourPart>> = BTreeMap::new();
        for part in parts {
            days.entry(part.hour.day()).or_default().push(part);
        }
        let leading =
            |(day, parts): (&Day, &Vec<HourPart>)| Some((*day, leading_version(parts, names)?));
        MemoryHistory {
            versions: days.iter().filter_map(leading).collect(),
            days,
        }
    }

    /// The first day on which a case ended; `None` if none has.
    pub(crate) fn first_day(&self) -> Option<Day> {
        let ended = |parts: &[HourPart]| parts.iter().any(|part| part.sums.cases > 0);
        let mut days = self.days.iter();
        days.find(|(_, parts)| ended(parts)).map(|(day, _)| *day)
    }
}

impl ProcessHistory for MemoryHistory {
    type Error = Infallible;

    fn first_day(&mut self) -> Result<Option<Day>, Infallible> {
        Ok(MemoryHistory::first_day(self))
    }

    fn hours(&mut self, from: Day, to: Day) -> Result<Vec<HourPart>, Infallible> {
        let days = self.days.range(from..=to);
        Ok(days.flat_map(|(_, parts)| parts.clone()).collect())
    }

    fn versions(&mut self) -> Result<Vec<(Day, NameId)>, Infallible> {
        Ok(self.versions.clone())
    }

    fn known_changes(&mut self) -> Result<Vec<(Day, Cause)>, Infallible> {
        Ok(Vec::new())
    }

    fn kept(&mut self, _start: Day) -> Result<Option<KeptEpoch>, Infallible> {
        Ok(None)
    }
}

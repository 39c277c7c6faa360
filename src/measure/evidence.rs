//! What a score is made from: sums by process, with the time they cover.

use super::baseline::Baseline;
use super::key::BucketKey;
use super::observation::{Coverage, Stretch};
use super::sums::Sums;
use super::windows::{Period, Windows};
use crate::model::{Executor, NameId, Origin, Time};
use std::collections::BTreeMap;

/// The sums of one process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessSums {
    /// By executor kind and origin.
    pub parts: BTreeMap<(Executor, Origin), Sums>,
}

impl ProcessSums {
    /// Adds `sign` times the sums of a bucket.
    pub fn merge(&mut self, key: &BucketKey, sums: &Sums, sign: i64) {
        let part = self.parts.entry((key.executor, key.origin)).or_default();
        part.merge_measured(sums, sign);
        if part.is_zero() {
            self.parts.remove(&(key.executor, key.origin));
        }
    }

    /// The part to add to.
    pub fn part(&mut self, key: &BucketKey) -> &mut Sums {
        self.parts.entry((key.executor, key.origin)).or_default()
    }

    /// Takes away what is zero: what has come and gone must not differ from what never was.
    pub fn drop_zeros(&mut self) {
        self.parts.retain(|_, sums| !sums.is_zero());
    }

    /// All executor kinds of one origin together.
    pub fn of_origin(&self, origin: Origin) -> Sums {
        let mut all = Sums::default();
        for ((_, part_origin), sums) in &self.parts {
            if *part_origin == origin {
                all.merge_measured(sums, 1);
            }
        }
        all
    }
}

/// What it comes to where [`Loss::unknown`] is not 0.
pub(crate) const UNKNOWN_LOSS: &str = "a file breaks off, and nobody can say how much is missing: nothing is called within or outside";

/// What was lost of what a process is measured from: of all its sources the one that lost most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// Events counted, each once, and records lost.
    pub records: i64,
    /// Of these, records that did not become events.
    pub lost: i64,
    /// Places where a file breaks off or is missing, and nobody can say how much: at least one record each.
    pub unknown: i64,
    /// Gaps: stretches of a source that could not be read, each of at least one record that `lost` counts.
    pub gaps: i64,
}

impl Loss {
    /// The share of records that were lost, in \[0, 1\].
    pub fn share(&self) -> f64 {
        if self.records <= 0 || self.lost <= 0 {
            return 0.0;
        }
        (self.lost as f64 / self.records as f64).min(1.0)
    }

    /// The greater of two losses.
    pub fn worse(self, other: Loss) -> Loss {
        let rank = |loss: Loss| (loss.unknown, loss.share(), loss.gaps);
        if rank(other) > rank(self) {
            other
        } else {
            self
        }
    }
}

/// What was measured of all processes, before it is said what time it covers.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// The sums of what counts, by process.
    pub processes: BTreeMap<NameId, ProcessSums>,
    /// What nominal sizes are measured on.
    pub baselines: BTreeMap<NameId, Baseline>,
    /// From when to when each namespace has told of each process.
    pub coverage: Coverage,
}

impl Measured {
    /// The evidence of a period, up to the last instant that the sums know of. What was lost is not in it yet.
    pub fn evidence(self, windows: Windows, period: Period) -> Evidence {
        let mut evidence = Evidence {
            processes: self.processes,
            baselines: self.baselines,
            to: period.last,
            ..Evidence::default()
        };
        evidence.cover(&self.coverage, |process| period.since(&windows, process));
        evidence.windows = windows;
        evidence
    }
}

/// The sums of all processes, with the time they cover.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// By process. A process with no sums is one that is declared and was never seen.
    pub processes: BTreeMap<NameId, ProcessSums>,
    /// The first instant that the sums cover.
    pub from: Time,
    /// The last one.
    pub to: Time,
    /// Of that, what the sources of each process cover.
    pub covered: BTreeMap<NameId, Stretch>,
    /// The last event of each process itself.
    pub(crate) last_events: BTreeMap<NameId, Time>,
    /// How long what has ended counts. What the sums cover may be less, where the logs begin later.
    pub windows: Windows,
    /// What nominal sizes are measured on. A process without a baseline has no ended case.
    pub baselines: BTreeMap<NameId, Baseline>,
    /// What was lost, by process.
    pub losses: BTreeMap<NameId, Loss>,
}

impl Evidence {
    /// Says since when the sums count, by process (`None`: for ever; the first is for those that were never seen), and what
    /// sources have told of.
    fn cover(&mut self, coverage: &Coverage, since: impl Fn(Option<NameId>) -> Option<Time>) {
        let within = |first: Time, of| since(of).map_or(first, |since| first.max(since));
        self.from = within(coverage.first().unwrap_or(self.to), None);
        let to = self.to;
        let last_events = coverage.last_of_processes().into_iter();
        self.last_events = last_events
            .map(|(process, last)| (process, last.min(to)))
            .collect();
        let covered = coverage.of_processes().into_iter();
        let covered = covered.filter(|(process, _)| self.processes.contains_key(process));
        self.covered = covered
            .map(|(process, told)| {
                let stretch = Stretch {
                    first: within(told.first, Some(process)).min(to),
                    last: told.last.min(to),
                };
                (process, stretch)
            })
            .collect();
    }

    /// The first instant that the sums of a process cover.
    pub fn from_of(&self, process: NameId) -> Time {
        let covered = self.covered.get(&process);
        covered.map_or(self.from, |covered| covered.first)
    }
}

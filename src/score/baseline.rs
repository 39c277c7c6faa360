//! What the nominal size is measured on: the first cases of a process, frozen.

use crate::cases::Facts;
use crate::measure::{Counts, Sums};
use crate::model::bytes::{DamagedBytes, Reader, put_i64, put_u64};
use crate::model::{Hour, NameId, Names, Origin};

/// The live cases of a process that ended first in its epoch: in whole hours, until there are as many as a baseline
/// needs. A fold over finished hours in the order of event time, so that late and reordered events change nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// What their cases sum up to.
    pub sums: Sums,
    /// Cases of other processes that they called, by process.
    pub calls: Counts<NameId>,
    /// The last hour that counts; `None` while there are too few cases, when all count.
    pub until: Option<Hour>,
    /// Cases in that last hour.
    in_last_hour: i64,
}

/// First byte of a stored baseline.
const VERSION: u8 = 1;

impl Baseline {
    fn counts(&self, hour: Hour) -> bool {
        self.until.is_none_or(|until| hour <= until)
    }

    /// Adds (or with sign -1 takes out) a live case that has ended. Says whether the baseline is another one now.
    pub fn add_case(&mut self, facts: &Facts, names: &Names, sign: i64) -> bool {
        let hour = facts.end.hour();
        if !facts.complete || facts.origin != Origin::Live || !self.counts(hour) {
            return false;
        }
        self.sums.add_end(facts, names, sign);
        self.in_last_hour += sign * i64::from(self.until == Some(hour));
        true
    }

    /// Adds (or with sign -1 takes out) a live case that this process has called. Says whether it counts.
    pub fn add_call(&mut self, facts: &Facts, sign: i64) -> bool {
        if !facts.complete || facts.origin != Origin::Live || !self.counts(facts.end.hour()) {
            return false;
        }
        self.calls.add(facts.process, sign);
        true
    }

    /// Whether the last hour is (still) the right one for a baseline of `cases` cases.
    pub fn is_settled(&self, cases: i64) -> bool {
        match self.until {
            None => self.sums.cases < cases,
            Some(_) => self.sums.cases >= cases && self.sums.cases - self.in_last_hour < cases,
        }
    }

    /// The bytes to keep on disk.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        put_i64(out, self.until.map_or(i64::MAX, i64::from));
        put_i64(out, self.in_last_hour);
        self.calls.encode(out, |out, id| put_u64(out, u64::from(id)));
        self.sums.encode(out);
    }

    /// Reads back what [`Baseline::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Baseline, DamagedBytes> {
        let reader = &mut Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(reader.damaged());
        }
        let until = reader.i64()?;
        let until = match until {
            i64::MAX => None,
            hour => Some(Hour::try_from(hour).map_err(|_| reader.damaged())?),
        };
        let in_last_hour = reader.i64()?;
        let calls = Counts::decode(reader, Reader::u32)?;
        Ok(Baseline {
            sums: Sums::decode(reader.rest())?,
            calls,
            until,
            in_last_hour,
        })
    }
}

/// Finds a baseline in hours that come in order: live sums of the process, and calls it made.
#[derive(Debug)]
pub struct BaselineFinder {
    found: Baseline,
    cases: i64,
    first: Hour,
    hour: Option<Hour>,
    before_hour: i64,
}

impl BaselineFinder {
    /// Looks for `cases` cases from the hour `first` on.
    pub fn new(cases: i64, first: Hour) -> BaselineFinder {
        BaselineFinder {
            found: Baseline::default(),
            cases,
            first,
            hour: None,
            before_hour: 0,
        }
    }

    /// Goes to an hour (never back); says whether that hour counts.
    pub fn enter(&mut self, hour: Hour) -> bool {
        if hour < self.first || self.found.until.is_some() {
            return false;
        }
        if self.hour != Some(hour) {
            self.close_hour();
            self.hour = Some(hour);
            self.before_hour = self.found.sums.cases;
        }
        self.found.until.is_none()
    }

    fn close_hour(&mut self) {
        if self.found.until.is_none() && self.found.sums.cases >= self.cases {
            self.found.until = self.hour;
            self.found.in_last_hour = self.found.sums.cases - self.before_hour;
        }
    }

    /// Adds the live sums of a bucket of the hour.
    pub fn add_bucket(&mut self, sums: &Sums) {
        self.found.sums.merge(sums, 1);
        // A baseline is about what has ended.
        self.found.sums.starts = Counts::default();
        self.found.sums.open = 0;
        self.found.sums.open_events = 0;
    }

    /// Adds a case of the hour.
    pub fn add_case(&mut self, facts: &Facts, names: &Names) {
        self.found.sums.add_end(facts, names, 1);
    }

    /// Adds calls of the hour.
    pub fn add_calls(&mut self, called: NameId, count: i64) {
        self.found.calls.add(called, count);
    }

    /// The baseline, when there are no further hours.
    pub fn finish(mut self) -> Baseline {
        self.close_hour();
        self.found
    }

    /// Whether no further hour counts.
    pub fn is_done(&self) -> bool {
        self.found.until.is_some()
    }
}

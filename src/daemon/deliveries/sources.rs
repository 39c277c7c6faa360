//! How far the events of each source have come. Kept in the database with the events, so that a restart between two
//! deliveries changes nothing.

use crate::ingest::EventBatch;
use crate::measure::Coverage;
use crate::model::{Day, Hour, NameId, Time};
use crate::store::{Commit, DamagedRow, DamagedTable, Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};

/// Day and hour of the events of each source.
#[derive(Debug)]
pub(super) struct SourceProgress {
    /// The day of the latest event: later days have not finished arriving.
    latest_days: SourceNumbers,
    /// The hour of the event that was delivered last: a record without a time that can be trusted counts in it.
    last_hours: SourceNumbers,
}

impl Default for SourceProgress {
    fn default() -> SourceProgress {
        SourceProgress {
            latest_days: SourceNumbers::new("latest:"),
            last_hours: SourceNumbers::new("last_hour:"),
        }
    }
}

impl SourceProgress {
    /// Loads what the database has, and returns the damaged rows with it. Sources that are no longer configured are among
    /// them: their processes have no data after that day.
    pub(super) fn load(store: &Store) -> Result<(SourceProgress, Vec<DamagedRow>), StoreError> {
        let mut progress = SourceProgress::default();
        let mut damaged = progress.latest_days.load(store)?;
        damaged.extend(progress.last_hours.load(store)?);
        Ok((progress, damaged))
    }

    /// Derives what is missing, or damaged, from the last event of all processes that a source feeds.
    pub(super) fn fill_gaps<'f>(
        &mut self,
        feeds: impl Iterator<Item = &'f (String, NameId)>,
        observed: &Coverage,
    ) {
        let periods = observed.of_processes();
        let mut last: BTreeMap<&str, Time> = BTreeMap::new();
        for (source, process) in feeds {
            if let Some(period) = periods.get(process) {
                let known = last.entry(source).or_insert(period.last);
                *known = (*known).max(period.last);
            }
        }
        for (source, last) in last {
            self.latest_days.fill_gap(source, last.day().0);
            self.last_hours.fill_gap(source, last.hour().0);
        }
    }

    /// Notes the events of a batch. Returns the hour in which its records count.
    pub(super) fn advance(&mut self, source: &str, batch: &EventBatch, now: Time) -> Hour {
        let latest = batch.events.iter().map(|event| event.time.day()).max();
        if let Some(day) = latest
            && self.latest_day(source).is_none_or(|known| known < day)
        {
            self.latest_days.set(source, day.0);
        }
        if let Some(event) = batch.events.last() {
            self.last_hours.set(source, event.time.hour().0);
        }
        self.hour_of(source, batch, now)
    }

    /// Returns the hour in which the records of a batch count: that of its last event, else that of the last event of the
    /// source, else the present one. (A rejected record has no time that can be trusted.)
    pub(super) fn hour_of(&self, source: &str, batch: &EventBatch, now: Time) -> Hour {
        match batch.events.last() {
            Some(event) => event.time.hour(),
            None => self.last_hours.get(source).map_or(now.hour(), Hour),
        }
    }

    /// The day of the latest event of a source.
    pub(super) fn latest_day(&self, source: &str) -> Option<Day> {
        self.latest_days.get(source).map(Day)
    }

    /// Moves what changed to a commit.
    pub(super) fn write_to(&mut self, commit: &mut Commit) {
        self.latest_days.write_to(commit);
        self.last_hours.write_to(commit);
    }
}

/// One number for each source, kept in the table `meta` under a prefix and the name of the source.
#[derive(Debug)]
struct SourceNumbers {
    prefix: &'static str,
    values: BTreeMap<String, i32>,
    changed: BTreeSet<String>,
}

impl SourceNumbers {
    fn new(prefix: &'static str) -> SourceNumbers {
        SourceNumbers {
            prefix,
            values: BTreeMap::new(),
            changed: BTreeSet::new(),
        }
    }

    fn load(&mut self, store: &Store) -> Result<Vec<DamagedRow>, StoreError> {
        let mut damaged = Vec::new();
        for (source, text) in store.meta_under(self.prefix)? {
            match text.parse() {
                Ok(value) => drop(self.values.insert(source, value)),
                Err(error) => {
                    let key = format!("{}{source}", self.prefix);
                    let problem = format!("{text:?}: {error}");
                    damaged.push(DamagedRow::new(DamagedTable::Meta, key, problem));
                }
            }
        }
        Ok(damaged)
    }

    fn get(&self, source: &str) -> Option<i32> {
        self.values.get(source).copied()
    }

    fn set(&mut self, source: &str, value: i32) {
        if self.get(source) != Some(value) {
            self.values.insert(source.to_owned(), value);
            self.changed.insert(source.to_owned());
        }
    }

    fn fill_gap(&mut self, source: &str, value: i32) {
        if self.get(source).is_none() {
            self.set(source, value);
        }
    }

    fn write_to(&mut self, commit: &mut Commit) {
        for source in std::mem::take(&mut self.changed) {
            if let Some(value) = self.values.get(&source) {
                let key = format!("{}{source}", self.prefix);
                commit.meta.push((key, value.to_string()));
            }
        }
    }
}

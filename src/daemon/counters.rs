//! What Prometheus sees rise: kept in the database, so that a restart does not reset it.

use super::sums::TotalKey;
use crate::config::daemon::Config;
use crate::ingest::Reason;
use crate::measure::Sums;
use crate::model::{Executor, Names, Origin, Span};
use crate::store::CounterRow;
use std::collections::{BTreeMap, BTreeSet};

/// Upper ends of the bins of the duration histogram, in seconds: scripts (milliseconds) to tickets (weeks).
pub const DURATION_BINS: [f64; 14] = [
    0.1,
    1.0,
    10.0,
    60.0,
    300.0,
    900.0,
    3_600.0,
    14_400.0,
    28_800.0,
    86_400.0,
    259_200.0,
    604_800.0,
    1_209_600.0,
    2_592_000.0,
];

/// Cases by process, executor and outcome.
pub const CASES: &str = "toleranced_cases_total";
/// Cases that have started, by process.
pub const STARTED: &str = "toleranced_cases_started_total";
/// Cases by process, executor and bin of the duration (not cumulative; the bin after the last is +Inf).
pub const DURATION_BIN: &str = "duration_bin";
/// Sum of durations by process and executor, in microseconds.
pub const DURATION_SUM: &str = "duration_sum_us";

/// Records that did not become events, by source and reason.
pub const QUARANTINED: &str = "toleranced_ingest_quarantined_total";
/// What is counted by source alone.
const BY_SOURCE: [&str; 4] = [
    "toleranced_ingest_events_total",
    "toleranced_ingest_records_total",
    "toleranced_ingest_duplicates_total",
    "toleranced_ingest_filtered_total",
];

/// Name and labels of a counter.
pub type CounterKey = (String, Vec<String>);

/// All counters.
#[derive(Debug, Default)]
pub struct Counters {
    values: BTreeMap<CounterKey, i64>,
    changed: BTreeSet<CounterKey>,
    /// Those that exist at zero, because the configuration names what they count.
    declared: BTreeSet<CounterKey>,
}

fn labels_text(labels: &[String]) -> String {
    serde_json::Value::from(labels).to_string()
}

impl Counters {
    /// From the rows of the database.
    pub fn new(rows: Vec<CounterRow>) -> Counters {
        let read = |row: CounterRow| {
            let labels: Vec<String> = serde_json::from_str(&row.labels).ok()?;
            Some(((row.name, labels), row.value))
        };
        Counters {
            values: rows.into_iter().filter_map(read).collect(),
            ..Counters::default()
        }
    }

    /// Every counter.
    pub fn values(&self) -> &BTreeMap<CounterKey, i64> {
        &self.values
    }

    /// Adds to a counter.
    pub fn add(&mut self, name: &str, labels: &[&str], by: u64) {
        if by == 0 {
            return;
        }
        let key = key(name, labels);
        *self.values.entry(key.clone()).or_default() += by as i64;
        self.changed.insert(key);
    }

    /// Makes sure that what a configuration names is counted from zero, and forgets zeros of what is gone from it.
    pub fn declare(&mut self, config: &Config) {
        let mut declared = BTreeSet::new();
        for process in config.catalog.processes.values() {
            let executor = process.executor.unwrap_or(Executor::Unknown).word();
            for outcome in process.outcomes.keys() {
                declared.insert(key(CASES, &[&process.id, executor, outcome]));
            }
        }
        for source in &config.sources {
            for name in BY_SOURCE {
                declared.insert(key(name, &[&source.name]));
            }
            for reason in Reason::ALL {
                declared.insert(key(QUARANTINED, &[&source.name, reason.word()]));
            }
        }
        let values = &mut self.values;
        for gone in self.declared.difference(&declared) {
            if values.get(gone) == Some(&0) {
                values.remove(gone);
            }
        }
        for key in &declared {
            values.entry(key.clone()).or_default();
        }
        self.declared = declared;
    }

    /// Whether any has risen since the last commit.
    pub fn have_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Raises a counter to a value; never lowers it. A sum can shrink (a case is reopened, or moves to another process), a
    /// counter must not, or Prometheus would take it for a restart: it waits until the sum has caught up.
    fn raise(&mut self, name: &str, labels: &[&str], to: i64) {
        let key = key(name, labels);
        let value = self.values.entry(key.clone()).or_default();
        if to > *value {
            *value = to;
            self.changed.insert(key);
        }
    }

    /// Raises the counters of a process to its sums over all time.
    pub fn follow(&mut self, total: &TotalKey, sums: &Sums, names: &Names) {
        let (process, executor, origin) = total;
        if *origin != Origin::Live {
            return;
        }
        let (process, executor) = (names.text(*process), executor.word());
        for (outcome, count) in sums.outcomes.iter() {
            self.raise(CASES, &[process, executor, names.text(outcome)], count);
        }
        let mut below = 0;
        for (bin, end) in DURATION_BINS.iter().enumerate() {
            let up_to = sums.durations.count_up_to((end * 1e6) as Span);
            self.raise(
                DURATION_BIN,
                &[process, executor, &bin.to_string()],
                up_to - below,
            );
            below = up_to;
        }
        let last = DURATION_BINS.len().to_string();
        let rest = sums.durations.count() - below;
        self.raise(DURATION_BIN, &[process, executor, &last], rest);
        let sum = i64::try_from(sums.durations.sum()).unwrap_or(i64::MAX);
        self.raise(DURATION_SUM, &[process, executor], sum);
    }

    /// Raises the counter of started cases of a process to their number over all time.
    pub fn follow_starts(&mut self, process: &str, started: i64) {
        self.raise(STARTED, &[process], started);
    }

    /// The rows that changed.
    pub fn rows(&self) -> Vec<CounterRow> {
        self.changed
            .iter()
            .map(|key| CounterRow {
                name: key.0.clone(),
                labels: labels_text(&key.1),
                value: self.values.get(key).copied().unwrap_or(0),
            })
            .collect()
    }

    /// The changes are in the database.
    pub fn committed(&mut self) {
        self.changed.clear();
    }
}

fn key(name: &str, labels: &[&str]) -> CounterKey {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    (name.to_owned(), labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_never_fall() {
        let mut counters = Counters::default();
        counters.raise(CASES, &["p", "human", "done"], 5);
        counters.raise(CASES, &["p", "human", "done"], 4);
        assert_eq!(counters.values()[&key(CASES, &["p", "human", "done"])], 5);
        assert_eq!(counters.rows().len(), 1);
        let back = Counters::new(counters.rows());
        assert_eq!(back.values(), counters.values());
    }
}

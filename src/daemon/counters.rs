//! What Prometheus sees rise: kept in the database, so that a restart does not reset it.

use super::sums::TotalKey;
use crate::measure::Sums;
use crate::model::{Names, Origin, Span};
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
/// Cases by process, executor and bin of the duration (not cumulative; the bin after the last is +Inf).
pub const DURATION_BIN: &str = "duration_bin";
/// Sum of durations by process and executor, in microseconds.
pub const DURATION_SUM: &str = "duration_sum_us";

/// Name and labels of a counter.
pub type CounterKey = (String, Vec<String>);

/// All counters.
#[derive(Debug, Default)]
pub struct Counters {
    values: BTreeMap<CounterKey, i64>,
    changed: BTreeSet<CounterKey>,
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
            changed: BTreeSet::new(),
        }
    }

    /// Every counter.
    pub fn values(&self) -> &BTreeMap<CounterKey, i64> {
        &self.values
    }

    /// Adds to a counter.
    pub fn add(&mut self, name: &str, labels: &[&str], by: u64) {
        let key = key(name, labels);
        *self.values.entry(key.clone()).or_default() += by as i64;
        self.changed.insert(key);
    }

    /// Makes sure that a counter exists, at zero from the start.
    pub fn touch(&mut self, name: &str, labels: &[&str]) {
        self.values.entry(key(name, labels)).or_default();
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

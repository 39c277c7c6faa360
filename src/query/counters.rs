//! What Prometheus sees rise: kept in the database, so that a restart does not reset it.

use crate::config::daemon::Config;
use crate::config::exposition::MOST_BINS;
use crate::ingest::Reason;
use crate::measure::{Sums, TotalKey};
use crate::model::{Executor, Names, Origin, Span, hash_pair, metrics};
use crate::rules::Process;
use crate::store::{CounterRow, DamagedRow, DamagedTable, Readable};
use rpds::RedBlackTreeMapSync;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Cases by process, executor and outcome.
pub(crate) const CASES: &str = metrics::CASES.name;
/// Cases that have started, by process.
pub(crate) const STARTED: &str = metrics::STARTED.name;
/// Sum of the deviations by process and executor, in parts per million.
pub(crate) const DEVIATION_SUM: &str = "deviation_sum_ppm";
/// Cases by process, executor, layout and bin of the duration (not cumulative; the bin after the last is +Inf).
pub(crate) const DURATION_BIN: &str = "duration_bin";
/// Sum of durations by process, executor and layout, in microseconds.
pub(crate) const DURATION_SUM: &str = "duration_sum_us";
/// Outcomes that count as [`OTHER`] because there are too many, by process and executor.
pub(crate) const OUTCOMES_FOLDED: &str = "outcomes_folded";
/// What became known long after it happened stands under the same labels behind this.
pub(crate) const LATE: &str = "late ";
/// The outcome that stands for those without a series of their own.
pub(crate) const OTHER: &str = "other";

/// Records that did not become events, by source and reason.
pub(crate) const QUARANTINED: &str = metrics::QUARANTINED.name;
/// What is counted by source alone.
const BY_SOURCE: [&str; 4] = [
    metrics::EVENTS.name,
    metrics::RECORDS.name,
    metrics::DUPLICATES.name,
    metrics::FILTERED.name,
];

/// Name and labels of a counter.
pub(crate) type CounterKey = (String, Vec<String>);

/// Counters as an immutable version. A clone takes constant time, and a change copies only the path to the changed counter.
/// The cost of a publication therefore depends on the number of changes, not on the number of counters.
pub(crate) type CounterMap = RedBlackTreeMapSync<CounterKey, i64>;

/// How finely is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fineness {
    outcomes: usize,
    buckets: Arc<[Span]>,
    buckets_of: BTreeMap<String, Arc<[Span]>>,
}

impl Fineness {
    /// As a configuration says.
    pub fn of(config: &Config) -> Fineness {
        let of_process = |process: &Process| {
            let ends = process.duration_buckets.as_deref()?;
            Some((process.id.clone(), ends.into()))
        };
        Fineness {
            outcomes: config.metrics.outcomes,
            buckets: config.metrics.duration_buckets.as_slice().into(),
            buckets_of: config
                .catalog
                .processes
                .values()
                .filter_map(of_process)
                .collect(),
        }
    }

    /// Upper ends of the bins of the duration histogram of a process.
    pub fn buckets(&self, process: &str) -> &[Span] {
        self.buckets_of.get(process).unwrap_or(&self.buckets)
    }

    /// Names the bins of a process: a histogram with other bins is another one, which begins at zero.
    pub fn layout(&self, process: &str) -> String {
        let ends = self.buckets(process).iter();
        let hash = ends.fold(0, |hash, end| hash_pair(hash, end.0 as u64));
        format!("{:08x}", hash as u32)
    }
}

/// All counters.
#[derive(Debug, Default)]
pub struct Counters {
    values: BTreeMap<CounterKey, i64>,
    /// Counters that changed and are in no commit yet.
    changed: BTreeSet<CounterKey>,
    /// Values in a commit that is not written yet.
    writing: BTreeMap<CounterKey, i64>,
    /// Committed values, except for those in `newer`.
    written: CounterMap,
    /// Committed values that `written` does not have yet. They are merged when a reader asks, because many commits change
    /// the same counters.
    newer: BTreeMap<CounterKey, i64>,
    /// Those that exist at zero, because the configuration names what they count.
    declared: BTreeSet<CounterKey>,
}

fn labels_text(labels: &[String]) -> String {
    serde_json::Value::from(labels).to_string()
}

/// The labels of a stored counter: as many as its metric has, or what is wrong with them.
fn labels_of(row: &CounterRow) -> Result<Vec<String>, String> {
    let labels: Vec<String> =
        serde_json::from_str(&row.labels).map_err(|error| format!("labels: {error}"))?;
    let expected = match row.name.strip_prefix(LATE).unwrap_or(&row.name) {
        STARTED => 1,
        DEVIATION_SUM | OUTCOMES_FOLDED => 2,
        CASES | DURATION_SUM => 3,
        DURATION_BIN => 4,
        _ => labels.len(),
    };
    if labels.len() != expected {
        return Err(format!("{} labels instead of {expected}", labels.len()));
    }
    if let (true, [_, _, _, bin]) = (expected == 4, labels.as_slice())
        && !bin.parse().is_ok_and(|bin: usize| bin <= MOST_BINS)
    {
        return Err(format!("`{bin}` is not the number of a bin"));
    }
    Ok(labels)
}

impl Counters {
    /// The counters of the database, and the rows that are damaged.
    pub fn read(stored: Readable<CounterRow>) -> (Counters, Vec<DamagedRow>) {
        let mut counters = Counters::default();
        let mut damaged = stored.damaged;
        for row in stored.rows {
            match labels_of(&row) {
                Ok(labels) => drop(counters.values.insert((row.name, labels), row.value)),
                Err(problem) => {
                    let key = format!("{} {}", row.name, row.labels);
                    damaged.push(DamagedRow::new(DamagedTable::Counters, key, problem));
                }
            }
        }
        counters.newer = counters.values.clone();
        (counters, damaged)
    }

    /// Every counter, with what is not in the database yet.
    pub fn values(&self) -> &BTreeMap<CounterKey, i64> {
        &self.values
    }

    /// Every counter as the database has it. Only this may be seen from outside: what a crash takes back would be a counter
    /// that falls.
    pub fn written(&mut self) -> CounterMap {
        for (key, value) in std::mem::take(&mut self.newer) {
            self.written.insert_mut(key, value);
        }
        self.written.clone()
    }

    /// Adds to a counter.
    pub fn add(&mut self, name: &str, labels: &[&str], by: u64) {
        if by == 0 {
            return;
        }
        self.change(key(name, labels), by as i64);
    }

    /// Makes sure that a counter exists, at zero if it is new: Prometheus sees no increase of a series that begins above zero.
    pub fn begin(&mut self, name: &str, labels: &[&str]) {
        let key = key(name, labels);
        if !self.values.contains_key(&key) {
            self.change(key, 0);
        }
    }

    fn change(&mut self, key: CounterKey, by: i64) {
        let value = self.values.entry(key.clone()).or_default();
        *value = value.saturating_add(by);
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
        for table in DamagedTable::ALL {
            declared.insert(key(metrics::DAMAGED_ROWS.name, &[table.word()]));
        }
        let values = &mut self.values;
        for gone in self.declared.difference(&declared) {
            if values.get(gone) == Some(&0) {
                values.remove(gone);
                self.newer.remove(gone);
                self.written.remove_mut(gone);
            }
        }
        for key in &declared {
            if !values.contains_key(key) {
                values.insert(key.clone(), 0);
                self.newer.insert(key.clone(), 0);
            }
        }
        self.declared = declared;
    }

    /// Whether any has risen since the last commit.
    pub fn have_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Raises a counter to a value; never lowers it. A sum can shrink (a case is reopened, or moves to another process), a
    /// counter must not, or Prometheus would take it for a restart: it waits until the sum has caught up.
    ///
    /// Up to `late` of the rise is of what happened long ago: that counts apart, so that nothing jumps as if it happened
    /// now. Gives how much of it did.
    fn raise(&mut self, name: &str, labels: &[&str], to: i64, late: i64) -> i64 {
        let own = key(name, labels);
        let apart = key(&format!("{LATE}{name}"), labels);
        let known = match self.values.get(&own) {
            Some(known) => *known,
            // It exists at zero from now on, also after a restart: what comes next is a rise from there.
            None => {
                self.change(own.clone(), 0);
                0
            }
        };
        let known_late = self.values.get(&apart).copied().unwrap_or(0);
        let rise = to.saturating_sub(known.saturating_add(known_late)).max(0);
        let late = rise.min(late.max(0));
        for (key, by) in [(own, rise - late), (apart, late)] {
            if by > 0 {
                self.change(key, by);
            }
        }
        late
    }

    /// Raises the counters of a process to its sums over all time; `late` are the sums of what became known long after it
    /// happened.
    pub fn follow(
        &mut self,
        total: &TotalKey,
        (sums, late): (&Sums, &Sums),
        names: &Names,
        fineness: &Fineness,
    ) {
        let (process, executor, origin) = total;
        if *origin != Origin::Live {
            return;
        }
        let (process, executor) = (names.text(*process), executor.word());
        self.follow_outcomes([process, executor], (sums, late), names, fineness.outcomes);
        let labels = [process, executor];
        let (ppm, late_ppm) = (sums.deviation_ppm(), late.deviation_ppm());
        self.raise(DEVIATION_SUM, &labels, ppm, late_ppm);
        let layout = fineness.layout(process);
        let (mut below, mut late_below) = (0, 0);
        let ends = fineness.buckets(process).iter().copied();
        for (bin, end) in ends.chain([Span::MAX]).enumerate() {
            let (up_to, late_up_to) = match end {
                Span::MAX => (sums.durations.count(), late.durations.count()),
                end => (
                    sums.durations.count_up_to(end),
                    late.durations.count_up_to(end),
                ),
            };
            let labels = [process, executor, &layout, &bin.to_string()];
            self.raise(
                DURATION_BIN,
                &labels,
                up_to - below,
                late_up_to - late_below,
            );
            (below, late_below) = (up_to, late_up_to);
        }
        let whole = |sums: &Sums| i64::try_from(sums.durations.sum()).unwrap_or(i64::MAX);
        let labels = [process, executor, &layout];
        self.raise(DURATION_SUM, &labels, whole(sums), whole(late));
    }

    /// The most frequent outcomes get a series of their own as they come, and keep it; when there are as many as may be,
    /// the rest is [`OTHER`].
    fn follow_outcomes(
        &mut self,
        [process, executor]: [&str; 2],
        (sums, late): (&Sums, &Sums),
        names: &Names,
        most: usize,
    ) {
        let mut outcomes: Vec<(&str, i64, i64)> = sums
            .outcomes
            .iter()
            .map(|(id, count)| (names.text(id), count, late.outcomes.get(id)))
            .collect();
        outcomes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let first = key(CASES, &[process, executor]);
        let mut own: BTreeSet<String> = self
            .values
            .range(first..)
            .map(|(key, _)| key)
            .take_while(|(name, labels)| {
                name == CASES && labels[0] == process && labels[1] == executor
            })
            .map(|(_, labels)| labels[2].clone())
            .filter(|outcome| outcome != OTHER)
            .collect();
        let (mut folded, mut others, mut late_others, mut apart) = (0, 0, 0, 0);
        for (outcome, count, late) in outcomes {
            let is_other = outcome == OTHER;
            if !is_other && (own.len() < most || own.contains(outcome)) {
                let is_new = own.insert(outcome.to_owned());
                let late = self.raise(CASES, &[process, executor, outcome], count, late);
                apart += if is_new { late } else { 0 };
                continue;
            }
            folded += i64::from(!is_other);
            others += count;
            late_others += late;
        }
        self.move_from_others(&[process, executor, OTHER], others, apart);
        if others > 0 {
            self.raise(CASES, &[process, executor, OTHER], others, late_others);
        }
        if folded > 0 {
            self.raise(OUTCOMES_FOLDED, &[process, executor], folded, 0);
        }
    }

    /// An outcome that counted among the others has a series of its own from now on. Their counter can't fall, so what it
    /// has too much is taken from what counts apart: else it would stand still until as many others have come. `apart` is
    /// what was counted apart of outcomes whose series is new.
    fn move_from_others(&mut self, labels: &[&str], others: i64, apart: i64) {
        let late = key(&format!("{LATE}{CASES}"), labels);
        let value = |key: &CounterKey| self.values.get(key).copied().unwrap_or(0);
        let known = value(&key(CASES, labels)).saturating_add(value(&late));
        let too_many = known.saturating_sub(others).clamp(0, apart.max(0));
        if too_many > 0 {
            self.change(late, -too_many);
        }
    }

    /// Raises the counter of started cases of a process to their number over all time, of which up to `late` started long
    /// ago.
    pub fn follow_starts(&mut self, process: &str, started: i64, late: i64) {
        self.raise(STARTED, &[process], started, late);
    }

    /// The rows that changed since a commit was put together.
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

    /// The changes stand in a commit, which is not written yet.
    pub fn in_commit(&mut self) {
        for key in std::mem::take(&mut self.changed) {
            let value = self.values.get(&key).copied().unwrap_or(0);
            self.writing.insert(key, value);
        }
    }

    /// That commit is in the database.
    pub fn committed(&mut self) {
        self.newer.append(&mut self.writing);
    }

    /// The processes that anything is counted of.
    pub fn processes(&self) -> BTreeSet<&str> {
        let counted = self.values.keys();
        let of_process = counted.filter(|(name, _)| name == STARTED || name == CASES);
        of_process.map(|(_, labels)| labels[0].as_str()).collect()
    }
}

fn key(name: &str, labels: &[&str]) -> CounterKey {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    (name.to_owned(), labels)
}

#[cfg(test)]
mod tests;

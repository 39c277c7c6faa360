//! A `prometheus` collector over a snapshot: every series of a scrape comes from the same instant.

use super::metrics::{self, Kind, Metric};
use crate::daemon::{Shared, Snapshot};
use crate::drift::Stream;
use crate::model::{Class, HOUR_US, SECOND_US, Status, Time, TolClass, WEEK_US, hash_text};
use crate::score::{Bounds, ProcessScore};
use prometheus::core::{Collector, Desc};
use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric as Sample, MetricFamily, MetricType,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// At most so many outcomes of a process and executor have a series of their own.
const OUTCOMES: usize = 50;
/// Labels taken from logs are cut at so many characters.
const LABEL_CHARS: usize = 120;

/// Collects from the latest snapshot.
pub struct SnapshotCollector {
    shared: Arc<Shared>,
}

impl SnapshotCollector {
    /// Over what the daemon publishes.
    pub fn new(shared: Arc<Shared>) -> SnapshotCollector {
        SnapshotCollector { shared }
    }
}

/// A label from a log, cut where it is long; names that begin alike stay different by a hash of the whole.
pub(super) fn label(value: &str) -> String {
    match value.char_indices().nth(LABEL_CHARS) {
        None => value.to_owned(),
        Some((end, _)) => format!("{}~{:08x}", &value[..end], hash_text(value) as u32),
    }
}

/// Samples of one metric.
struct Family {
    metric: &'static Metric,
    samples: Vec<Sample>,
}

/// All families, by name.
struct Families(BTreeMap<&'static str, Family>);

impl Families {
    fn push(&mut self, metric: &'static Metric, labels: &[&str], fill: impl FnOnce(&mut Sample)) {
        debug_assert_eq!(metric.labels.len(), labels.len(), "{}", metric.name);
        let mut sample = Sample::default();
        let pairs = metric.labels.iter().zip(labels).map(|(name, value)| {
            let mut pair = LabelPair::default();
            pair.set_name((*name).to_owned());
            pair.set_value(label(value));
            pair
        });
        sample.set_label(pairs.collect());
        fill(&mut sample);
        let family = self.0.entry(metric.name).or_insert(Family {
            metric,
            samples: Vec::new(),
        });
        family.samples.push(sample);
    }

    fn gauge(&mut self, metric: &'static Metric, labels: &[&str], value: f64) {
        if value.is_finite() {
            self.push(metric, labels, |sample| {
                let mut gauge = Gauge::default();
                gauge.set_value(value);
                sample.set_gauge(gauge);
            });
        }
    }

    fn maybe(&mut self, metric: &'static Metric, labels: &[&str], value: Option<f64>) {
        if let Some(value) = value {
            self.gauge(metric, labels, value);
        }
    }

    fn counter(&mut self, metric: &'static Metric, labels: &[&str], value: f64) {
        self.push(metric, labels, |sample| {
            let mut counter = Counter::default();
            counter.set_value(value);
            sample.set_counter(counter);
        });
    }
}

impl Collector for SnapshotCollector {
    fn desc(&self) -> Vec<&Desc> {
        // Series come and go with the processes in the logs, so there is nothing to declare beforehand.
        Vec::new()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let snapshot = self.shared.snapshot();
        let mut families = Families(BTreeMap::new());
        families.gauge(&metrics::BUILD_INFO, &[env!("CARGO_PKG_VERSION")], 1.0);
        let ready = self.shared.not_ready().is_none();
        families.gauge(&metrics::READY, &[], f64::from(u8::from(ready)));
        families.gauge(&metrics::CACHED, &[], snapshot.cached_cases as f64);
        families.maybe(
            &metrics::SCORED_AT,
            &[],
            snapshot.scored_at.map(|at| at.as_seconds()),
        );
        for score in snapshot.scores.iter() {
            process(&mut families, score);
        }
        drift(&mut families, &snapshot);
        open(&mut families, &snapshot);
        cases(&mut families, &snapshot);
        durations(&mut families, &snapshot);
        ingest(&mut families, &snapshot, &self.shared);
        families.0.into_values().map(family).collect()
    }
}

fn family(family: Family) -> MetricFamily {
    let mut out = MetricFamily::default();
    out.set_name(family.metric.name.to_owned());
    out.set_help(family.metric.help.to_owned());
    out.set_field_type(match family.metric.kind {
        Kind::Counter => MetricType::COUNTER,
        Kind::Gauge => MetricType::GAUGE,
        Kind::Histogram => MetricType::HISTOGRAM,
    });
    out.set_metric(family.samples);
    out
}

fn process(families: &mut Families, score: &ProcessScore) {
    let id = score.id.as_str();
    let one = &[id][..];
    let word = |level: Option<crate::model::Level>| level.map_or("", |level| level.word());
    let labels = [
        id,
        score.name.as_str(),
        score.criticality.word(),
        word(score.complexity),
        word(score.frequency),
        score.tolerance.map_or("", |level| level.word()),
        score.executor.word(),
        score
            .recommendation
            .map_or("", |recommendation| recommendation.words()),
        score.rule.as_deref().unwrap_or(""),
    ];
    families.gauge(&metrics::INFO, &labels, 1.0);
    families.maybe(&metrics::RATE, one, score.cases_per_week);
    if let Some([lower, upper]) = score.cases_per_week_interval {
        families.gauge(&metrics::RATE_LOWER, one, lower);
        families.gauge(&metrics::RATE_UPPER, one, upper);
    }
    families.maybe(&metrics::SIZE, one, score.size_steps);
    families.maybe(&metrics::NOMINAL_SIZE, one, score.nominal_size_steps);
    if let Some(deviation) = score.deviation {
        families.gauge(&metrics::DEVIATION, one, deviation.mean);
        families.gauge(&metrics::DEVIATION_LOWER, one, deviation.lower);
        families.gauge(&metrics::DEVIATION_UPPER, one, deviation.upper);
    }
    for executor in &score.executors {
        let labels = [id, executor.executor.word()];
        families.maybe(
            &metrics::EXECUTOR_DEVIATION,
            &labels,
            executor.deviation.map(|d| d.mean),
        );
    }
    families.maybe(&metrics::PERMISSIBLE, one, score.permissible_deviation);
    families.maybe(&metrics::CAPABILITY, one, score.capability);
    families.maybe(&metrics::VARIANCE, &[id, "total"], score.outcome_variance);
    for class in Class::ALL {
        let holds = f64::from(u8::from(*class == score.required_class));
        families.gauge(&metrics::CLASS, &[id, "required", class.word()], holds);
    }
    for class in TolClass::ALL {
        let holds = f64::from(u8::from(*class == score.achieved_class));
        families.gauge(&metrics::CLASS, &[id, "achieved", class.word()], holds);
    }
    for status in Status::ALL {
        let holds = f64::from(u8::from(*status == score.status));
        families.gauge(&metrics::STATUS, &[id, status.word()], holds);
    }
    families.maybe(
        &metrics::CLEAN_RUNS,
        one,
        score.clean_runs_missing.map(|runs| runs as f64),
    );
    families.maybe(
        &metrics::CLEAN_RUNS_SECONDS,
        one,
        score
            .clean_runs_missing_weeks
            .map(|weeks| weeks * WEEK_US as f64 / SECOND_US as f64),
    );
    evidence(families, score);
}

/// Every process has a series of each stream that is watched, and alarms of every stream, from the start.
fn drift(families: &mut Families, snapshot: &Snapshot) {
    let view = &snapshot.drift;
    families.gauge(&metrics::DRIFT_EXPECTED, &[], view.false_alarms_per_year);
    let mut raised: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for alarm in &view.alarms {
        *raised.entry((&alarm.process, &alarm.stream)).or_default() += 1.0;
    }
    for (process, drift) in &view.processes {
        if let Some(day) = drift.baseline_until {
            let end = Time::of_day(day + 1).as_seconds();
            families.gauge(&metrics::DRIFT_BASELINE, &[process], end);
        }
        for state in &drift.streams {
            let labels = [process.as_str(), state.stream.word()];
            families.gauge(&metrics::DRIFT_EVIDENCE, &labels, state.evidence);
        }
        for stream in Stream::ALL {
            let labels = [process.as_str(), stream.word()];
            let stands = drift
                .open()
                .any(|alarm| alarm.stream == stream && alarm.explained_by.is_none());
            families.gauge(&metrics::DRIFT_ALARM, &labels, f64::from(u8::from(stands)));
            let count = raised.get(&(process.as_str(), stream.word()));
            families.counter(
                &metrics::DRIFT_ALARMS,
                &labels,
                count.copied().unwrap_or(0.0),
            );
        }
    }
}

/// What the figures rest on, and who is ready to take over.
fn evidence(families: &mut Families, score: &ProcessScore) {
    let id = score.id.as_str();
    let one = &[id][..];
    let straight = score.straight_through.map(|straight| straight.share);
    families.maybe(&metrics::STRAIGHT, one, straight);
    for executor in &score.executors {
        for status in Status::ALL {
            let holds = f64::from(u8::from(*status == executor.status));
            let labels = [id, executor.executor.word(), status.word()];
            families.gauge(&metrics::EXECUTOR_STATUS, &labels, holds);
        }
    }
    for shadow in &score.shadow {
        let labels = [id, shadow.executor.word()];
        let ready = f64::from(u8::from(shadow.ready));
        families.gauge(&metrics::READY_TO_DELEGATE, &labels, ready);
    }
    if let Some(agreement) = &score.agreement {
        if let Some(parts) = agreement.components {
            let of = |part| [id, part];
            families.gauge(
                &metrics::VARIANCE,
                &of("repeatability"),
                parts.repeatability,
            );
            families.maybe(
                &metrics::VARIANCE,
                &of("reproducibility"),
                parts.reproducibility,
            );
            families.gauge(&metrics::VARIANCE, &of("inputs"), parts.inputs);
        }
        for kind in &agreement.kinds {
            let labels = [id, kind.executor.word()];
            let value = kind.repeatability_variance.value;
            families.maybe(&metrics::REPEATABILITY, &labels, value);
        }
    }
    if let Some(value) = &score.value {
        let mean = |bounds: &Option<Bounds>| bounds.map(|bounds| bounds.mean);
        let kinds = [
            ("spent", mean(&value.hours_spent_per_year)),
            ("saved_net", mean(&value.net_hours_per_year)),
            ("wrong_outcomes", mean(&value.error_hours_per_year)),
        ];
        for (kind, hours) in kinds {
            let seconds = hours.map(|hours| hours * HOUR_US as f64 / SECOND_US as f64);
            families.maybe(&metrics::WORK, &[id, kind], seconds);
        }
    }
    families.gauge(&metrics::LOST, one, score.loss.share);
    families.gauge(
        &metrics::SELF_DECLARED,
        one,
        score.provenance.self_declared as f64,
    );
}

fn open(families: &mut Families, snapshot: &Snapshot) {
    let mut open: BTreeMap<&str, i64> = snapshot
        .scores
        .iter()
        .map(|score| (score.id.as_str(), 0))
        .collect();
    for (process, _, count) in &snapshot.open {
        *open.entry(process).or_default() += count;
    }
    for (process, count) in open {
        families.gauge(&metrics::OPEN, &[process], count as f64);
    }
}

fn cases(families: &mut Families, snapshot: &Snapshot) {
    let mut by_executor: BTreeMap<(&str, &str), Vec<(&str, i64)>> = BTreeMap::new();
    for ((name, labels), value) in &snapshot.counters {
        if let ("toleranced_cases_total", [process, executor, outcome]) =
            (name.as_str(), labels.as_slice())
        {
            by_executor
                .entry((process, executor))
                .or_default()
                .push((outcome, *value));
        }
    }
    let counted: BTreeSet<&str> = by_executor.keys().map(|(process, _)| *process).collect();
    let mut folded = 0;
    for ((process, executor), mut outcomes) in by_executor {
        // The most frequent ones keep their name; by name among equals, so that it does not change from scrape to scrape.
        outcomes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let mut others: i64 = outcomes.iter().skip(OUTCOMES).map(|(_, count)| count).sum();
        folded += outcomes.len().saturating_sub(OUTCOMES);
        for (outcome, count) in outcomes.iter().take(OUTCOMES) {
            // A log may call an outcome so itself: the same labels must not come twice.
            if *outcome == "other" {
                others += count;
                continue;
            }
            families.counter(
                &metrics::CASES,
                &[process, executor, outcome],
                *count as f64,
            );
        }
        if others > 0 {
            families.counter(
                &metrics::CASES,
                &[process, executor, "other"],
                others as f64,
            );
        }
    }
    families.gauge(&metrics::OUTCOMES_FOLDED, &[], folded as f64);
    for score in snapshot.scores.iter() {
        let key = (metrics::STARTED.name.to_owned(), vec![score.id.clone()]);
        if !snapshot.counters.contains_key(&key) {
            families.counter(&metrics::STARTED, &[&score.id], 0.0);
        }
        let key = (metrics::REVISIONS.name.to_owned(), vec![score.id.clone()]);
        if !snapshot.counters.contains_key(&key) {
            families.counter(&metrics::REVISIONS, &[&score.id], 0.0);
        }
    }
    // Declared processes exist at zero from the start, also where no outcome is declared.
    for score in snapshot.scores.iter().filter(|score| score.cases == 0) {
        if counted.contains(score.id.as_str()) {
            continue;
        }
        families.counter(
            &metrics::CASES,
            &[&score.id, score.executor.word(), ""],
            0.0,
        );
    }
}

fn durations(families: &mut Families, snapshot: &Snapshot) {
    use crate::daemon::counters::{DURATION_BIN, DURATION_BINS, DURATION_SUM};
    let mut bins: BTreeMap<(&str, &str), [u64; DURATION_BINS.len() + 1]> = BTreeMap::new();
    let mut sums: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for ((name, labels), value) in &snapshot.counters {
        match (name.as_str(), labels.as_slice()) {
            (DURATION_BIN, [process, executor, bin]) => {
                let counts = bins.entry((process, executor)).or_default();
                if let Some(count) = bin.parse().ok().and_then(|bin: usize| counts.get_mut(bin)) {
                    *count = (*value).max(0) as u64;
                }
            }
            (DURATION_SUM, [process, executor]) => {
                sums.insert((process, executor), *value as f64 / 1e6);
            }
            _ => {}
        }
    }
    for ((process, executor), counts) in bins {
        families.push(&metrics::DURATION, &[process, executor], |sample| {
            let mut histogram = Histogram::default();
            let mut cumulative = 0;
            let mut buckets = Vec::new();
            for (count, end) in counts.iter().zip(DURATION_BINS) {
                cumulative += count;
                let mut bucket = Bucket::default();
                bucket.set_upper_bound(end);
                bucket.set_cumulative_count(cumulative);
                buckets.push(bucket);
            }
            cumulative += counts[DURATION_BINS.len()];
            histogram.set_bucket(buckets);
            histogram.set_sample_count(cumulative);
            histogram.set_sample_sum(sums.get(&(process, executor)).copied().unwrap_or(0.0));
            sample.set_histogram(histogram);
        });
    }
}

fn ingest(families: &mut Families, snapshot: &Snapshot, shared: &Shared) {
    let plain = [
        &metrics::STARTED,
        &metrics::REVISIONS,
        &metrics::EVENTS,
        &metrics::RECORDS,
        &metrics::DUPLICATES,
        &metrics::FILTERED,
        &metrics::QUARANTINED,
        &metrics::SOURCE_NOTICES,
        &metrics::EVICTED,
        &metrics::FOLDED,
    ];
    for metric in plain {
        for ((name, labels), value) in &snapshot.counters {
            if name == metric.name && labels.len() == metric.labels.len() {
                let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
                families.counter(metric, &labels, *value as f64);
            }
        }
        if metric.labels.is_empty() && !families.0.contains_key(metric.name) {
            families.counter(metric, &[], 0.0);
        }
    }
    for source in shared.sources() {
        let name = [source.name.as_str()];
        let up = f64::from(u8::from(source.up.load(Ordering::Relaxed)));
        families.gauge(&metrics::SOURCE_UP, &name, up);
        let backlog = source.backlog_bytes.load(Ordering::Relaxed) as f64;
        families.gauge(&metrics::SOURCE_BACKLOG, &name, backlog);
        families.gauge(
            &metrics::SOURCE_FILES,
            &name,
            source.files.load(Ordering::Relaxed) as f64,
        );
        let last = source.last_event.load(Ordering::Relaxed);
        if last != 0 {
            families.gauge(&metrics::LAST_EVENT, &name, last as f64 / 1e6);
        }
    }
}

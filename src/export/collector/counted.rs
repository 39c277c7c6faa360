//! What is counted: cases, durations, ingestion, the daemon itself.

use super::families::Families;
use crate::model::metrics::{self, Metric};
use crate::model::{Ppm, SECOND_US, Span};
use crate::query::counters::{self, DEVIATION_SUM, DURATION_BIN, DURATION_SUM, Fineness, LATE};
use crate::query::{Closed, LoginFailure, Shared, Snapshot};
use prometheus::proto::{Bucket, Histogram};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

pub(super) fn open(families: &mut Families, snapshot: &Snapshot) {
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

/// A counter of the snapshot; 0 where it was never counted.
fn value(snapshot: &Snapshot, name: &str, labels: &[&str]) -> i64 {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    let key = (name.to_owned(), labels);
    snapshot.counters.get(&key).copied().unwrap_or(0)
}

pub(super) fn cases(families: &mut Families, snapshot: &Snapshot) {
    let mut pairs: BTreeSet<(&str, &str)> = BTreeSet::new();
    let late_name = format!("{LATE}{}", counters::CASES);
    let mut late: BTreeMap<&str, i64> = BTreeMap::new();
    let mut folded: BTreeMap<&str, i64> = BTreeMap::new();
    for ((name, labels), count) in &snapshot.counters {
        match (name.as_str(), labels.as_slice()) {
            (counters::CASES, [process, executor, outcome]) => {
                let labels = [process.as_str(), executor, outcome];
                families.counter(&metrics::CASES, &labels, *count as f64);
                pairs.insert((process, executor));
            }
            (counters::OUTCOMES_FOLDED, [process, _]) => {
                *folded.entry(process).or_default() += count;
            }
            (name, [process, ..]) if name == late_name => {
                *late.entry(process).or_default() += count;
            }
            _ => {}
        }
    }
    // Declared processes exist at zero from the start, also where no outcome is declared.
    let counted: BTreeSet<&str> = pairs.iter().map(|(process, _)| *process).collect();
    let scores = snapshot.scores.iter();
    let unseen =
        scores.filter(|score| score.counts.cases == 0 && !counted.contains(score.id.as_str()));
    for score in unseen {
        let labels = [score.id.as_str(), score.run_by.executor.word(), ""];
        families.counter(&metrics::CASES, &labels, 0.0);
    }
    for (process, executor) in pairs {
        let ppm = value(snapshot, DEVIATION_SUM, &[process, executor]);
        let sum = ppm as f64 / f64::from(Ppm::ONE.0);
        families.counter(&metrics::DEVIATIONS, &[process, executor], sum);
    }
    // One that has started is counted before it is scored for the first time.
    let started = snapshot.counters.keys();
    let started = started.filter(|(name, _)| name == counters::STARTED);
    let mut ids: BTreeSet<&str> = started.map(|(_, labels)| labels[0].as_str()).collect();
    ids.extend(snapshot.scores.iter().map(|score| score.id.as_str()));
    for id in ids {
        let of = |counts: &BTreeMap<&str, i64>| counts.get(id).copied().unwrap_or(0) as f64;
        families.counter(&metrics::CASES_LATE, &[id], of(&late));
        families.counter(&metrics::OUTCOMES_FOLDED, &[id], of(&folded));
        for metric in [
            &metrics::STARTED,
            &metrics::REVISIONS,
            &metrics::CASES_REMOVED,
        ] {
            families.counter(metric, &[id], value(snapshot, metric.name, &[id]) as f64);
        }
        if let Some(hour) = snapshot.last_case.get(id) {
            let end = f64::from(*hour + 1) * 3_600.0;
            families.gauge(&metrics::LAST_CASE, &[id], end);
        }
    }
}

/// The histogram of a process and executor kind.
#[derive(Default)]
struct Durations {
    counts: Vec<u64>,
    sum: f64,
}

pub(super) fn durations(families: &mut Families, snapshot: &Snapshot) {
    let fineness = &*snapshot.fineness;
    let mut all: BTreeMap<(&str, &str), Durations> = BTreeMap::new();
    let mut layouts: BTreeMap<&str, String> = BTreeMap::new();
    for ((name, labels), value) in &snapshot.counters {
        let (process, executor, layout) = match (name.as_str(), labels.as_slice()) {
            (DURATION_BIN, [process, executor, layout, _])
            | (DURATION_SUM, [process, executor, layout]) => (process, executor, layout),
            _ => continue,
        };
        // Other bins were counted before the configuration changed.
        let present = layouts
            .entry(process)
            .or_insert_with(|| fineness.layout(process));
        if present != layout {
            continue;
        }
        let of = all.entry((process, executor)).or_default();
        match labels.get(3).and_then(|bin| bin.parse::<usize>().ok()) {
            None => of.sum = *value as f64 / SECOND_US as f64,
            Some(bin) => {
                of.counts.resize(of.counts.len().max(bin + 1), 0);
                of.counts[bin] = u64::try_from(*value).unwrap_or(0);
            }
        }
    }
    for ((process, executor), durations) in all {
        let histogram = histogram(&durations, fineness, process);
        families.push(&metrics::DURATION, &[process, executor], |sample| {
            sample.set_histogram(histogram);
        });
    }
}

fn histogram(durations: &Durations, fineness: &Fineness, process: &str) -> Histogram {
    let mut cumulative = 0;
    let bucket = |(bin, end): (usize, &Span)| {
        cumulative += durations.counts.get(bin).copied().unwrap_or(0);
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(end.as_seconds());
        bucket.set_cumulative_count(cumulative);
        bucket
    };
    let ends = fineness.buckets(process);
    let buckets: Vec<Bucket> = ends.iter().enumerate().map(bucket).collect();
    let beyond = durations.counts.get(ends.len()).copied().unwrap_or(0);
    let mut histogram = Histogram::default();
    histogram.set_sample_count(cumulative + beyond);
    histogram.set_bucket(buckets);
    histogram.set_sample_sum(durations.sum);
    histogram
}

pub(super) fn ingest(families: &mut Families, snapshot: &Snapshot, shared: &Shared) {
    let plain: [&'static Metric; 9] = [
        &metrics::EVENTS,
        &metrics::RECORDS,
        &metrics::DUPLICATES,
        &metrics::FILTERED,
        &metrics::QUARANTINED,
        &metrics::SOURCE_NOTICES,
        &metrics::EVICTED,
        &metrics::DAMAGED_ROWS,
        &metrics::FOLDED,
    ];
    for metric in plain {
        for ((name, labels), value) in &snapshot.counters {
            if name == metric.name && labels.len() == metric.labels.len() {
                let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
                families.counter(metric, &labels, *value as f64);
            }
        }
        if metric.labels.is_empty() && !families.has(metric) {
            families.counter(metric, &[], 0.0);
        }
    }
    for source in shared.sources().iter() {
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
        let set_aside = source.set_aside().count as f64;
        families.gauge(&metrics::SOURCE_SET_ASIDE, &name, set_aside);
        let last = source.last_event.load(Ordering::Relaxed);
        if last != 0 {
            families.gauge(&metrics::LAST_EVENT, &name, last as f64 / 1e6);
        }
    }
}

/// How the daemon itself does.
pub(super) fn own(families: &mut Families, snapshot: &Snapshot, shared: &Shared) {
    families.gauge(&metrics::CACHED, &[], snapshot.cached_cases as f64);
    let scored = snapshot.scored_at.map(|at| at.as_seconds());
    families.maybe(&metrics::SCORED_AT, &[], scored);
    families.maybe(&metrics::SCORE_DURATION, &[], snapshot.score_seconds);
    families.gauge(&metrics::STORE_BYTES, &[], snapshot.store_bytes as f64);
    let lost = f64::from(u8::from(shared.store.lost().is_some()));
    families.gauge(&metrics::STORE_LOST, &[], lost);
    let check = shared.store.check();
    let problems = check.as_ref().map(|check| check.problems.len() as f64);
    families.maybe(&metrics::STORE_PROBLEMS, &[], problems);
    let checked = check.map(|check| check.at.as_seconds());
    families.maybe(&metrics::STORE_CHECKED, &[], checked);
    let ahead = shared
        .clock
        .jump()
        .map_or(0.0, |jump| jump.ahead.as_seconds());
    families.gauge(&metrics::CLOCK_JUMP, &[], ahead);
    families.counter(&metrics::CLOCK_JUMPS, &[], shared.clock.jumps() as f64);
    let own = &shared.own;
    families.push(&metrics::COMMIT_DURATION, &[], |sample| {
        sample.set_histogram(own.commits());
    });
    let failures = own.commit_failures.load(Ordering::Relaxed);
    families.counter(&metrics::COMMIT_FAILURES, &[], failures as f64);
    let overdue = own.report_overdue.load(Ordering::Relaxed);
    families.gauge(&metrics::REPORT_OVERDUE, &[], f64::from(u8::from(overdue)));
    let failures = own.report_failures.load(Ordering::Relaxed);
    families.counter(&metrics::REPORT_FAILURES, &[], failures as f64);
    for (recipient, counts) in own.reports_sent() {
        for (result, count) in ["sent", "failed"].into_iter().zip(counts) {
            let labels = [recipient.as_str(), result];
            families.counter(&metrics::REPORT_DELIVERIES, &labels, count as f64);
        }
    }
    for ((handler, code), count) in own.requests() {
        let labels = [handler.as_str(), &code.to_string()];
        families.counter(&metrics::HTTP_REQUESTS, &labels, count as f64);
    }
    let connections = own.connections() as f64;
    families.gauge(&metrics::HTTP_CONNECTIONS, &[], connections);
    for why in Closed::ALL {
        let closed = own.closed_for(why) as f64;
        families.counter(&metrics::HTTP_CLOSED, &[why.word()], closed);
    }
    for why in LoginFailure::ALL {
        let failed = own.login_failures_for(why) as f64;
        families.counter(&metrics::HTTP_LOGIN_FAILURES, &[why.word()], failed);
    }
}

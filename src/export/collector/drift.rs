//! Changes that were found, and control charts.

use super::families::Families;
use crate::drift::{ProcessDrift, Stream};
use crate::model::metrics;
use crate::query::{DriftView, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

/// Known changes of a process that are exported: the latest.
const CHANGES: usize = 20;

/// Every process has a series of each stream that is watched, and alarms of every stream, from the start.
pub(super) fn drift(families: &mut Families, snapshot: &Snapshot) {
    let view = &snapshot.drift;
    families.gauge(&metrics::DRIFT_EXPECTED, &[], view.false_alarms_per_year);
    let mut raised: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    common(families, view);
    let of_several: BTreeSet<(&str, &str)> = view
        .alarms
        .iter()
        .filter(|alarm| alarm.is_open() && !alarm.processes.is_empty())
        .flat_map(|alarm| {
            alarm
                .processes
                .iter()
                .map(|process| (process.as_str(), alarm.stream.as_str()))
        })
        .collect();
    for alarm in view
        .alarms
        .iter()
        .filter(|alarm| alarm.processes.is_empty())
    {
        *raised.entry((&alarm.process, &alarm.stream)).or_default() += 1.0;
    }
    for (process, drift) in &view.processes {
        if let Some(day) = drift.baseline_until {
            let end = (day + 1).start().as_seconds();
            families.gauge(&metrics::DRIFT_BASELINE, &[process], end);
        }
        charts(families, process, drift);
        for state in &drift.streams {
            let labels = [process.as_str(), state.stream.word()];
            families.gauge(&metrics::DRIFT_EVIDENCE, &labels, state.evidence);
        }
        for stream in Stream::ALL {
            let labels = [process.as_str(), stream.word()];
            let mut open = drift.open();
            let alarm = open.find(|alarm| alarm.stream == stream && alarm.explained_by.is_none());
            let alarm = alarm.filter(|_| !of_several.contains(&(process.as_str(), stream.word())));
            let stands = f64::from(u8::from(alarm.is_some()));
            families.gauge(&metrics::DRIFT_ALARM, &labels, stands);
            let onset = alarm.map(|alarm| alarm.onset.start().as_seconds());
            families.maybe(&metrics::DRIFT_ONSET, &labels, onset);
            let count = raised.get(&(process.as_str(), stream.word()));
            families.counter(
                &metrics::DRIFT_ALARMS,
                &labels,
                count.copied().unwrap_or(0.0),
            );
        }
    }
}

/// Of each stream how many processes share an alarm that stands.
fn common(families: &mut Families, view: &DriftView) {
    for stream in Stream::ALL {
        let standing = view
            .alarms
            .iter()
            .filter(|alarm| alarm.is_open() && alarm.stream == stream.word());
        let processes = standing.map(|alarm| alarm.processes.len()).sum::<usize>();
        families.gauge(&metrics::DRIFT_COMMON, &[stream.word()], processes as f64);
    }
}

/// The control chart of the last finished day that had cases, and known changes.
fn charts(families: &mut Families, process: &str, drift: &ProcessDrift) {
    let last = drift.days.iter().rev().find(|day| day.ewma.is_some());
    if let Some(day) = last {
        let ewma = day.ewma.map(|ewma| ewma.value);
        families.maybe(&metrics::DRIFT_EWMA, &[process], ewma);
        families.maybe(&metrics::DRIFT_EXPECTED_DEVIATION, &[process], day.expected);
        if let Some(limits) = day.limits {
            let limit = |which| [process, which];
            families.gauge(&metrics::DRIFT_LIMIT, &limit("lower"), limits.lower);
            families.gauge(&metrics::DRIFT_LIMIT, &limit("upper"), limits.upper);
        }
    }
    let latest = drift.changes.len().saturating_sub(CHANGES);
    let mut seen = BTreeMap::new();
    for (day, what) in &drift.changes[latest..] {
        // One text may be marked twice; the later one holds.
        seen.insert(what.as_str(), day.start().as_seconds());
    }
    for (what, at) in seen {
        families.gauge(&metrics::KNOWN_CHANGE, &[process, what], at);
    }
}

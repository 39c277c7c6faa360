//! Drift as JSON; docs/drift.md has every key.

use super::chart::{ChartPoint, StreamChart};
use super::fold::{DayPoint, ProcessDrift};
use super::unusual::UnusualDay;
use crate::model::NameId;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Names of the outcomes of charts.
pub(crate) type OutcomeNames = BTreeMap<NameId, String>;

/// The days of a stream with their expected range.
fn chart(chart: &StreamChart, outcomes: &OutcomeNames) -> Value {
    let point = |point: &ChartPoint| {
        let expected = point.expected;
        json!({
            "day": point.day.to_string(),
            "value": point.value,
            "expected": expected.map(|expected| expected.mean),
            "lower": expected.map(|expected| expected.lower),
            "upper": expected.map(|expected| expected.upper),
        })
    };
    json!({
        "stream": chart.stream,
        "outcome": chart.outcome.and_then(|outcome| outcomes.get(&outcome)),
        "days_per_point": chart.days_per_point,
        "points": chart.points.iter().map(point).collect::<Vec<_>>(),
    })
}

/// The drift of a process, without its alarms.
pub(crate) fn said(id: &str, drift: &ProcessDrift, outcomes: &OutcomeNames) -> Value {
    let charts = drift.charts.iter();
    let charts: Vec<Value> = charts.map(|of| chart(of, outcomes)).collect();
    let streams: Vec<Value> = drift
        .streams
        .iter()
        .map(|state| {
            json!({
                "stream": state.stream,
                "evidence": state.evidence,
                "alarm": state.alarm,
                "before": state.before,
                "now": state.now,
            })
        })
        .collect();
    let day = |point: &DayPoint| {
        json!({
            "day": point.day.to_string(),
            "cases": point.cases,
            "starts": point.starts,
            "deviation": point.deviation,
            "expected": point.expected,
            "limits": point.limits.map(|limits| [limits.lower, limits.upper]),
            "ewma": point.ewma.map(|ewma| ewma.value),
            "ewma_limits": point.ewma.map(|ewma| [ewma.limits.lower, ewma.limits.upper]),
            "evidence": point.evidence,
        })
    };
    let changes: Vec<Value> = drift
        .changes
        .iter()
        .map(|(day, what)| json!({"day": day.to_string(), "what": what}))
        .collect();
    let unusual = |unusual: &UnusualDay| {
        json!({
            "day": unusual.day.to_string(),
            "kind": unusual.kind,
            "cases": unusual.cases,
            "usual": unusual.usual,
            "what": unusual.words(),
        })
    };
    json!({
        "unusual_days": drift.unusual_days.iter().map(unusual).collect::<Vec<_>>(),
        "process": id,
        "until": drift.until.map(|day| day.to_string()),
        "threshold": drift.threshold,
        "baseline": drift.baseline,
        "outcome_stability_index": drift.outcome_stability,
        "changes": changes,
        "streams": streams,
        "charts": charts,
        "days": drift.days.iter().map(day).collect::<Vec<_>>(),
    })
}

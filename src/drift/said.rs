//! Drift as JSON; docs/drift.md has every key.

use super::fold::{DayPoint, ProcessDrift};
use serde_json::{Value, json};

/// The drift of a process, without its alarms.
pub(crate) fn said(id: &str, drift: &ProcessDrift) -> Value {
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
    json!({
        "process": id,
        "until": drift.until.map(|day| day.to_string()),
        "threshold": drift.threshold,
        "baseline": drift.baseline,
        "outcome_stability_index": drift.outcome_stability,
        "changes": changes,
        "streams": streams,
        "days": drift.days.iter().map(day).collect::<Vec<_>>(),
    })
}

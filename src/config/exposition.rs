//! `metrics` in toleranced.yaml: what is exported, and how finely.

use super::span::SpanText;
use crate::model::Span;
use crate::rules::{At, Problem, Source};
use serde::Deserialize;

/// Most bins of a histogram: each is a series for every process and executor kind.
pub(crate) const MOST_BINS: usize = 40;

/// How metrics are exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricTerms {
    /// What became known later than this after it happened is late: no counter jumps as if it happened now.
    pub late_after: Span,
    /// A process that is not in the catalog is not exported any more this long after its last case.
    pub expire_after: Span,
    /// Upper ends of the bins of the duration histogram, ascending.
    pub duration_buckets: Vec<Span>,
    /// Outcomes of a process and executor kind that have a series of their own.
    pub outcomes: usize,
}

/// From scripts (milliseconds) to tickets (weeks).
const DURATION_BUCKETS: [Span; 14] = [
    Span(100_000),
    Span::SECOND,
    Span::seconds(10),
    Span::seconds(60),
    Span::seconds(300),
    Span::seconds(900),
    Span::HOUR,
    Span::hours(4),
    Span::hours(8),
    Span::hours(24),
    Span::hours(72),
    Span::hours(168),
    Span::hours(336),
    Span::hours(720),
];

impl Default for MetricTerms {
    fn default() -> MetricTerms {
        MetricTerms {
            late_after: Span::HOUR,
            expire_after: Span::days(90),
            duration_buckets: DURATION_BUCKETS.to_vec(),
            outcomes: 50,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMetrics {
    late_after: Option<SpanText>,
    expire_after: Option<SpanText>,
    duration_buckets: Option<At<Vec<SpanText>>>,
    outcomes: Option<At<usize>>,
}

impl RawMetrics {
    /// Checks what was written; what is wrong is told and replaced by the default.
    pub(super) fn checked(&self, source: &Source, problems: &mut Vec<Problem>) -> MetricTerms {
        let default = MetricTerms::default();
        let buckets = self.duration_buckets.as_ref();
        let outcomes = self.outcomes.as_ref().map_or(default.outcomes, |at| {
            if !(1..=1_000).contains(&at.value) {
                problems.push(source.problem(at, "`metrics.outcomes` must be from 1 to 1000"));
            }
            at.value
        });
        MetricTerms {
            late_after: self.late_after.map_or(default.late_after, |span| span.0),
            expire_after: self
                .expire_after
                .map_or(default.expire_after, |span| span.0),
            duration_buckets: buckets
                .and_then(|at| duration_buckets(at, "metrics.duration_buckets", source, problems))
                .unwrap_or(default.duration_buckets),
            outcomes,
        }
    }
}

/// Upper ends of bins, where they can be: ascending, above 0, and not too many.
pub(super) fn duration_buckets(
    at: &At<Vec<SpanText>>,
    field: &str,
    source: &Source,
    problems: &mut Vec<Problem>,
) -> Option<Vec<Span>> {
    let ends: Vec<Span> = at.value.iter().map(|span| span.0).collect();
    let ascending = ends.windows(2).all(|pair| pair[0] < pair[1]);
    let wrong = if ends.is_empty() || ends.len() > MOST_BINS {
        format!("`{field}` must have 1 to {MOST_BINS} entries")
    } else if !ascending || ends[0] <= Span::ZERO {
        format!("`{field}` must rise, from above 0")
    } else {
        return Some(ends);
    };
    problems.push(source.problem(at, wrong));
    None
}

//! What a person looks at to judge an alarm: the days of its stream, and what was expected of them.

use super::change_point::Reference;
use super::stream::Stream;
use crate::model::{Day, NameId};

/// Width of the expected range, in standard deviations (Montgomery, Introduction to Statistical Quality Control, section 6.2).
const WIDTH: f64 = 3.0;

/// The days of a stream with their expected range.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StreamChart {
    /// The stream.
    pub stream: Stream,
    /// Which outcome, of the outcome mix.
    pub outcome: Option<NameId>,
    /// Days of a point: more than 1 if a day has few cases.
    pub days_per_point: usize,
    /// The points, ascending.
    pub points: Vec<ChartPoint>,
}

/// A day, or a few days, of a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ChartPoint {
    /// The first day.
    pub day: Day,
    /// The mean; `None` without cases.
    pub value: Option<f64>,
    /// What was expected; `None` while too little is known, and for a day that is not looked at.
    pub expected: Option<Expected>,
}

/// What was expected of a point, in units of the stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Expected {
    /// The mean.
    pub mean: f64,
    /// Lower end of the range.
    pub lower: f64,
    /// Upper end of the range.
    pub upper: f64,
}

/// The points of a series up to `known` units. From the unit `changed` on, what was before it is held against them.
pub(super) fn points(
    reference: &Reference,
    first: Day,
    known: usize,
    changed: Option<usize>,
) -> Vec<ChartPoint> {
    let series = &reference.series;
    let point = |unit: usize| {
        let n = series.n[unit];
        let before = changed.map_or(unit, |changed| changed.min(unit));
        ChartPoint {
            day: first + i32::try_from(unit * series.unit).unwrap_or(i32::MAX),
            value: (n > 0.0).then(|| series.x[unit] / n),
            expected: expected(reference, unit, before).filter(|_| n > 0.0),
        }
    };
    (0..known.min(series.n.len())).map(point).collect()
}

fn expected(reference: &Reference, unit: usize, before: usize) -> Option<Expected> {
    let series = &reference.series;
    let fit = reference.fit_before(before)?;
    let n = series.n[unit];
    let mean = fit.exposure[unit] * fit.mean / n;
    if fit.exposure[unit] <= 0.0 {
        return None;
    }
    let half = WIDTH * fit.variance(series, unit).max(0.0).sqrt() / n;
    let most = series.most();
    Some(Expected {
        mean,
        lower: (mean - half).max(0.0),
        upper: (mean + half).min(most),
    })
}

//! The control chart: mean deviation of each day against what was expected, with limits, moving average, alarms and changes.

use super::{Chart, Scale, at, line, ticks};
use crate::drift::DayPoint;
use crate::model::Day;
use crate::web::pages::words;
use maud::{Markup, html};

const WIDTH: f64 = 1240.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 1226.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 268.0;

/// Mean deviation of the cases that ended on a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::web::pages) struct Observed {
    pub day: Day,
    pub cases: i64,
    pub deviation: f64,
}

/// What it shows.
pub(in crate::web::pages) struct Control<'a> {
    /// Every day with cases, those of the baseline among them.
    pub observed: &'a [Observed],
    /// The days that are watched.
    pub watched: &'a [DayPoint],
    /// The last day of the baseline.
    pub baseline_until: Option<Day>,
    pub permissible: Option<f64>,
    /// Known changes.
    pub changes: &'a [(Day, String)],
    /// From the estimated onset to the day on which it was found; and what.
    pub alarms: Vec<(Day, Day, String)>,
}

struct Frame<'a> {
    chart: &'a Control<'a>,
    x: Scale,
    y: Scale,
    days: (Day, Day),
    most: f64,
}

/// The chart; nothing without any day.
pub(in crate::web::pages) fn control(chart: &Control) -> Markup {
    let days = chart.observed.iter().map(|point| point.day);
    let days = days.chain(chart.watched.iter().map(|point| point.day));
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else {
        return html! { p.none { "No case has ended in this window." } };
    };
    let most = most(chart);
    let frame = Frame {
        chart,
        x: Scale::new(
            (f64::from(first) - 0.5, f64::from(last) + 0.5),
            (LEFT, RIGHT),
        ),
        y: Scale::new((0.0, most), (BOTTOM, TOP)),
        days: (first, last),
        most,
    };
    let picture = Chart {
        id: "control",
        title: "Control chart of the daily deviation",
        description: description(chart, first, last),
        width: WIDTH,
        height: HEIGHT,
        body: html! {
            (frame.baseline()) (frame.axes()) (frame.band()) (frame.lines()) (frame.points()) (frame.marks())
        },
    };
    html! { (picture.markup()) (key(chart)) }
}

fn description(chart: &Control, first: Day, last: Day) -> String {
    let cases: i64 = chart.observed.iter().map(|point| point.cases).sum();
    format!(
        "{} from {} to {}; {} raised in this time, {}.",
        words::counted(cases, "ended case"),
        first,
        last,
        words::counted(chart.alarms.len() as i64, "drift alarm"),
        words::counted(chart.changes.len() as i64, "known change"),
    )
}

/// The top of the scale: what matters is near the limits, so a day of few cases that all went wrong is drawn at the edge.
fn most(chart: &Control) -> f64 {
    let ewma = chart
        .watched
        .iter()
        .filter_map(|point| point.ewma.map(|ewma| ewma.value));
    let expected = chart.watched.iter().filter_map(|point| point.expected);
    let limit = chart
        .watched
        .iter()
        .filter_map(|point| point.limits.map(|limits| limits.upper));
    let typical = median(limit.collect());
    let around = ewma
        .chain(expected)
        .chain(chart.permissible)
        .fold(0.0, f64::max);
    let mut seen: Vec<f64> = chart.observed.iter().map(|point| point.deviation).collect();
    seen.sort_by(f64::total_cmp);
    let usual = seen.get(seen.len() * 9 / 10).copied().unwrap_or(0.0);
    (around * 1.6)
        .max(usual * 1.15)
        .max(typical * 1.15)
        .clamp(0.005, 1.0)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

impl Frame<'_> {
    fn axes(&self) -> Markup {
        html! {
            g.axis {
                @for tick in ticks(self.most, 4) {
                    path.grid d={ "M" (LEFT) " " (at(self.y.x(tick))) "H" (RIGHT) } {}
                    text.y x=(LEFT - 7.0) y=(at(self.y.x(tick) + 4.0)) { (words::percent(tick)) }
                }
                @for day in days_named(self.days) {
                    path d={ "M" (at(self.x.x(f64::from(day)))) " " (BOTTOM) "v4" } {}
                    text.x x=(at(self.x.x(f64::from(day)))) y=(BOTTOM + 18.0) { (short_date(day)) }
                }
                path d={ "M" (LEFT) " " (BOTTOM) "H" (RIGHT) } {}
            }
            @if let Some(limit) = self.chart.permissible.filter(|limit| *limit <= self.most) {
                path.permissible d={ "M" (LEFT) " " (at(self.y.x(limit))) "H" (RIGHT) } {}
                text.permissible x=(RIGHT) y=(at(self.y.x(limit) - 5.0)) { "permissible " (words::percent(limit)) }
            }
        }
    }

    fn baseline(&self) -> Markup {
        let (first, last) = self.days;
        let until = self.chart.baseline_until.unwrap_or(last).min(last);
        if until < first {
            return html! {};
        }
        let end = self.x.x(f64::from(until) + 0.5);
        let title = match self.chart.baseline_until {
            Some(_) => "baseline",
            None => "baseline, still being learned",
        };
        html! {
            rect.learning x=(LEFT) y=(TOP) width=(at(end - LEFT)) height=(BOTTOM - TOP) {}
            @if end - LEFT > 60.0 { text.learning x=(LEFT + 6.0) y=(TOP + 14.0) { (title) } }
        }
    }

    fn inside(&self, value: f64) -> f64 {
        self.y.x(value.clamp(0.0, self.most))
    }

    /// Control limits of the mean of as many cases as the day had.
    fn band(&self) -> Markup {
        let limits = self
            .chart
            .watched
            .iter()
            .filter_map(|point| Some((point.day, point.limits?)));
        let limits: Vec<(Day, f64, f64)> = limits
            .map(|(day, limits)| (day, self.inside(limits.upper), self.inside(limits.lower)))
            .collect();
        let step = |day: Day, y: f64| [(day, -0.5, y), (day, 0.5, y)];
        let upper = limits.iter().flat_map(|(day, upper, _)| step(*day, *upper));
        let lower = limits.iter().rev().flat_map(|(day, _, lower)| {
            let [from, to] = step(*day, *lower);
            [to, from]
        });
        let points = upper
            .chain(lower)
            .map(|(day, by, y)| (self.x.x(f64::from(day) + by), y));
        html! { path.band d=(line(points)) {} }
    }

    fn lines(&self) -> Markup {
        let days = self.chart.watched.iter();
        let expected = days
            .clone()
            .filter_map(|point| Some((point.day, point.expected?)));
        let ewma = days.filter_map(|point| Some((point.day, point.ewma?.value)));
        let drawn = |points: Vec<(Day, f64)>| {
            line(
                points
                    .into_iter()
                    .map(|(day, y)| (self.x.x(f64::from(day)), self.inside(y))),
            )
        };
        html! {
            path.expected d=(drawn(expected.collect())) {}
            path.ewma d=(drawn(ewma.collect())) {}
        }
    }

    fn points(&self) -> Markup {
        let out = |observed: &Observed| {
            let watched = self
                .chart
                .watched
                .iter()
                .find(|point| point.day == observed.day);
            let limits = watched.and_then(|point| point.limits);
            limits.is_some_and(|limits| {
                observed.deviation > limits.upper || observed.deviation < limits.lower
            })
        };
        html! {
            g.points {
                @for point in self.chart.observed {
                    @let x = self.x.x(f64::from(point.day));
                    @if point.deviation > self.most {
                        path.beyond d={ "M" (at(x - 3.5)) " " (TOP + 6.0) "h7l-3.5 -6z" } { title { (said(point)) } }
                    } @else {
                        circle class=[out(point).then_some("out")] cx=(at(x)) cy=(at(self.y.x(point.deviation)))
                            r=(if out(point) { "3.6" } else { "2.2" }) { title { (said(point)) } }
                    }
                }
            }
        }
    }

    fn marks(&self) -> Markup {
        let (first, last) = self.days;
        let within = |day: Day| (first..=last).contains(&day);
        html! {
            @for (day, what) in self.chart.changes.iter().filter(|(day, _)| within(*day)) {
                @let x = at(self.x.x(f64::from(*day) - 0.5));
                g.change { path d={ "M" (x) " " (TOP) "V" (BOTTOM) } {} path.flag d={ "M" (x) " " (TOP) "h9l-3 4 3 4h-9z" } {}
                    title { (day) ": " (words::name(what)) } }
            }
            @for (onset, raised, what) in self.chart.alarms.iter().filter(|(onset, raised, _)| *raised >= first && *onset <= last) {
                @let from = self.x.x(f64::from((*onset).max(first)) - 0.5);
                @let to = self.x.x(f64::from((*raised).min(last)) + 0.5);
                g.raised {
                    rect x=(at(from)) y=(TOP - 14.0) width=(at((to - from).max(3.0))) height="6" {}
                    path d={ "M" (at(to)) " " (TOP - 14.0) "V" (BOTTOM) } {}
                    title { (what) ": since about " (onset) ", found " (raised) }
                }
            }
        }
    }
}

fn said(point: &Observed) -> String {
    format!(
        "{}: {} of {}",
        point.day,
        words::percent(point.deviation),
        words::counted(point.cases, "case")
    )
}

fn key(chart: &Control) -> Markup {
    html! {
        ul.key {
            li.k-point { "mean deviation of a day" }
            @if !chart.watched.is_empty() {
                li.k-out { "outside its control limits" }
                li.k-band { "control limits (3 standard deviations)" }
                li.k-expected { "expected" }
                li.k-ewma { "moving average (EWMA)" }
            }
            @if chart.permissible.is_some() { li.k-permissible { "permissible" } }
            @if !chart.changes.is_empty() { li.k-change { "known change" } }
            @if !chart.alarms.is_empty() { li.k-raised { "alarm: from its onset until it was found" } }
        }
    }
}

/// A handful of days whose names find room side by side.
pub(super) fn days_named((first, last): (Day, Day)) -> Vec<Day> {
    let span = last - first + 1;
    let step = [1, 2, 7, 14, 28, 91, 182]
        .into_iter()
        .find(|step| span / step <= 9);
    let step = step.unwrap_or(365) as usize;
    first.until(last + 1).step_by(step).collect()
}

/// `24 Nov`.
pub(super) fn short_date(day: Day) -> String {
    let at = day.start().to_utc();
    at.map_or(String::new(), |at| at.format("%-d %b").to_string())
}

//! The days of a stream with an alarm: what was observed, and the range that was expected.

use super::control::{days_named, short_date};
use super::{Chart, Scale, at, line, ticks};
use crate::drift::{ChartPoint, Stream, StreamChart};
use crate::model::Day;
use crate::store::AlarmRow;
use crate::web::pages::words;
use maud::{Markup, html};

const WIDTH: f64 = 1240.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 1226.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 218.0;
/// Days before the onset that are shown, and days in all; the table behind the chart has the others.
const DAYS_BEFORE: i32 = 150;
const MOST_DAYS: i32 = 730;

/// What it shows.
pub(in crate::web::pages) struct StreamDays<'a> {
    /// Its place on the page.
    pub nth: usize,
    pub chart: &'a StreamChart,
    pub alarm: &'a AlarmRow,
    /// Known changes.
    pub changes: &'a [(Day, String)],
}

struct Frame<'a> {
    of: &'a StreamDays<'a>,
    points: Vec<&'a ChartPoint>,
    x: Scale,
    y: Scale,
    days: (Day, Day),
    most: f64,
}

/// The chart; nothing without any day.
pub(in crate::web::pages) fn stream_days(of: &StreamDays) -> Markup {
    let from = of.alarm.onset - DAYS_BEFORE;
    let near = |point: &&ChartPoint| (from..from + MOST_DAYS).contains(&point.day);
    let points: Vec<&ChartPoint> = of.chart.points.iter().filter(near).collect();
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return html! {};
    };
    let (first, last) = (first.day, last.day + unit(of.chart) - 1);
    let most = most(&points);
    let frame = Frame {
        x: Scale::new(
            (f64::from(first) - 0.5, f64::from(last) + 0.5),
            (LEFT, RIGHT),
        ),
        y: Scale::new((0.0, most), (BOTTOM, TOP)),
        days: (first, last),
        most,
        points,
        of,
    };
    let alarm = of.alarm;
    let title = format!("Alarm {}: {}", alarm.id, alarm.words());
    let picture = Chart {
        id: &format!("stream-days-{}", of.nth),
        title: &title,
        description: frame.description(),
        width: WIDTH,
        height: HEIGHT,
        body: html! { (frame.axes()) (frame.band()) (frame.expected()) (frame.points()) (frame.marks()) },
    };
    html! {
        h3 { (title) }
        p.note { (measured(of.chart.stream)) "." }
        (picture.markup())
        (frame.key())
    }
}

fn unit(chart: &StreamChart) -> i32 {
    i32::try_from(chart.days_per_point).unwrap_or(1)
}

/// What a point is.
fn measured(stream: Stream) -> &'static str {
    match stream {
        Stream::Deviation => "Mean deviation of the cases that started on a day",
        Stream::DurationLocation => {
            "Mean rank of the durations among those of the baseline: 0 is the shortest, 1 the longest"
        }
        Stream::DurationDispersion => {
            "Mean distance of the durations from the middle of the baseline, by rank: 0 is the middle, 1 both ends"
        }
        Stream::OutcomeMix => "Share of the cases with this outcome",
        Stream::InputVariance => {
            "Share of the cases that end otherwise than the same input did in the baseline"
        }
        Stream::PathNovelty => "Share of the cases with a path that the baseline does not have",
        Stream::FrequencyUp | Stream::FrequencyDown => "Cases that started on a day",
        Stream::CriticalOutcome => "Share of the cases with the critical outcome",
    }
}

/// The top of the scale: a day far beyond all others is drawn at the edge.
fn most(points: &[&ChartPoint]) -> f64 {
    let upper = points.iter().filter_map(|point| point.expected);
    let upper = upper.map(|expected| expected.upper);
    let mut seen: Vec<f64> = points.iter().filter_map(|point| point.value).collect();
    seen.sort_by(f64::total_cmp);
    let usual = seen.get(seen.len() * 97 / 100).copied().unwrap_or(0.0);
    let mut ranges: Vec<f64> = upper.collect();
    ranges.sort_by(f64::total_cmp);
    let range = ranges.get(ranges.len() * 97 / 100).copied().unwrap_or(0.0);
    (usual.max(range) * 1.12).max(0.005)
}

impl Frame<'_> {
    fn is_share(&self) -> bool {
        let stream = self.of.chart.stream;
        let other = [
            Stream::FrequencyUp,
            Stream::FrequencyDown,
            Stream::DurationLocation,
            Stream::DurationDispersion,
        ];
        !other.contains(&stream)
    }

    fn figure(&self, value: f64) -> String {
        match self.is_share() {
            true => words::percent(value),
            false => words::number(value),
        }
    }

    /// The middle of the days of a point.
    fn middle(&self, point: &ChartPoint) -> f64 {
        f64::from(point.day) + f64::from(unit(self.of.chart) - 1) / 2.0
    }

    fn inside(&self, value: f64) -> f64 {
        self.y.x(value.clamp(0.0, self.most))
    }

    fn axes(&self) -> Markup {
        html! {
            g.axis {
                @for tick in ticks(self.most, 4) {
                    path.grid d={ "M" (LEFT) " " (at(self.y.x(tick))) "H" (RIGHT) } {}
                    text.y x=(LEFT - 7.0) y=(at(self.y.x(tick) + 4.0)) { (self.figure(tick)) }
                }
                @for day in days_named(self.days) {
                    path d={ "M" (at(self.x.x(f64::from(day)))) " " (BOTTOM) "v4" } {}
                    text.x x=(at(self.x.x(f64::from(day)))) y=(BOTTOM + 18.0) { (short_date(day)) }
                }
                path d={ "M" (LEFT) " " (BOTTOM) "H" (RIGHT) } {}
            }
        }
    }

    /// Points beside each other of which something is expected. A day of which nothing is ends a run.
    fn runs(&self) -> impl Iterator<Item = &[&ChartPoint]> {
        let runs = self
            .points
            .chunk_by(|a, b| a.expected.is_some() == b.expected.is_some());
        runs.filter(|run| run[0].expected.is_some())
    }

    /// Both ends of the days of a point, at a height.
    fn step(&self, point: &ChartPoint, value: f64) -> [(f64, f64); 2] {
        let half = f64::from(unit(self.of.chart)) / 2.0;
        let (middle, y) = (self.middle(point), self.inside(value));
        [middle - half, middle + half].map(|day| (self.x.x(day), y))
    }

    fn band(&self) -> Markup {
        let area = |run: &[&ChartPoint]| {
            let known = run
                .iter()
                .filter_map(|point| Some((point, point.expected?)));
            let upper = known
                .clone()
                .flat_map(|(point, of)| self.step(point, of.upper));
            let lower: Vec<(f64, f64)> = known
                .flat_map(|(point, of)| self.step(point, of.lower))
                .collect();
            line(upper.chain(lower.into_iter().rev()))
        };
        html! { @for run in self.runs() { path.band d=(area(run)) {} } }
    }

    fn expected(&self) -> Markup {
        let mean = |run: &[&ChartPoint]| {
            let known = run
                .iter()
                .filter_map(|point| Some((point, point.expected?)));
            line(known.flat_map(|(point, of)| self.step(point, of.mean)))
        };
        html! { @for run in self.runs() { path.expected d=(mean(run)) {} } }
    }

    fn is_out(point: &ChartPoint) -> bool {
        let range = point.value.zip(point.expected);
        range.is_some_and(|(value, of)| value > of.upper || value < of.lower)
    }

    fn points(&self) -> Markup {
        let drawn = self.points.iter();
        let drawn = drawn.filter_map(|point| Some((point, point.value?)));
        html! {
            g.points {
                @for (point, value) in drawn {
                    @let x = self.x.x(self.middle(point));
                    @if value > self.most {
                        path.beyond d={ "M" (at(x - 3.5)) " " (TOP + 6.0) "h7l-3.5 -6z" } { title { (self.said(point, value)) } }
                    } @else {
                        circle class=[Frame::is_out(point).then_some("out")] cx=(at(x)) cy=(at(self.y.x(value)))
                            r=(if Frame::is_out(point) { "3.6" } else { "2.2" }) { title { (self.said(point, value)) } }
                    }
                }
            }
        }
    }

    fn said(&self, point: &ChartPoint, value: f64) -> String {
        let expected = point.expected.map_or(String::new(), |of| {
            let [mean, lower, upper] =
                [of.mean, of.lower, of.upper].map(|value| self.figure(value));
            format!(", expected {mean} ({lower} to {upper})")
        });
        format!("{}: {}{expected}", point.day, self.figure(value))
    }

    fn marks(&self) -> Markup {
        let (first, last) = self.days;
        let within = |day: Day| (first..=last).contains(&day);
        let alarm = self.of.alarm;
        let (onset, raised) = (alarm.onset.max(first), alarm.raised.min(last));
        let from = self.x.x(f64::from(onset) - 0.5);
        let to = self.x.x(f64::from(raised) + 0.5);
        html! {
            @for (day, what) in self.of.changes.iter().filter(|(day, _)| within(*day)) {
                @let x = at(self.x.x(f64::from(*day) - 0.5));
                g.change { path d={ "M" (x) " " (TOP) "V" (BOTTOM) } {} path.flag d={ "M" (x) " " (TOP) "h9l-3 4 3 4h-9z" } {}
                    title { (day) ": " (words::name(what)) } }
            }
            g.onset { path d={ "M" (at(from)) " " (TOP - 14.0) "V" (BOTTOM) } {} title { "change about " (alarm.onset) } }
            g.raised {
                rect x=(at(from)) y=(TOP - 14.0) width=(at((to - from).max(3.0))) height="6" {}
                path d={ "M" (at(to)) " " (TOP - 14.0) "V" (BOTTOM) } {}
                title { (alarm.words()) ": since about " (alarm.onset) ", alarm raised " (alarm.raised) }
            }
            @if let Some(ended) = alarm.ended.filter(|day| within(*day)) {
                @let x = at(self.x.x(f64::from(ended) + 0.5));
                g.over { path d={ "M" (x) " " (TOP) "V" (BOTTOM) } {} title { "alarm over " (ended) } }
            }
        }
    }

    fn description(&self) -> String {
        let alarm = self.of.alarm;
        let out = self
            .points
            .iter()
            .filter(|point| Frame::is_out(point))
            .count();
        let points = match self.of.chart.days_per_point {
            1 => "day".to_owned(),
            days => format!("point of {days} days"),
        };
        format!(
            "{} from {} to {}: {} outside the expected range. Change about {}, alarm raised {}; expected {}, observed {}.",
            measured(self.of.chart.stream),
            self.days.0,
            self.days.1,
            words::counted(out as i64, &points),
            alarm.onset,
            alarm.raised,
            alarm.figure(alarm.was),
            alarm.figure(alarm.became),
        )
    }

    fn key(&self) -> Markup {
        let days = self.of.chart.days_per_point;
        let (first, last) = self.days;
        let changes = self.of.changes.iter();
        let mut changes = changes.filter(|(day, _)| (first..=last).contains(day));
        html! {
            ul.key {
                li.k-point { @if days == 1 { "a day" } @else { (days) " days" } }
                li.k-out { "outside the expected range" }
                li.k-band { "expected range (3 standard deviations)" }
                li.k-expected { "expected" }
                @if changes.next().is_some() { li.k-change { "known change" } }
                li.k-raised { "from the change to the alarm" }
                @if self.of.alarm.ended.is_some_and(|day| day <= last) { li.k-over { "alarm over" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::Expected;

    fn drawn(alarm: &AlarmRow, points: Vec<ChartPoint>, days_per_point: usize) -> String {
        let chart = StreamChart {
            stream: Stream::Deviation,
            outcome: None,
            days_per_point,
            points,
        };
        let changes = [
            (Day(30), "prompt <7>".to_owned()),
            (Day(9_999), "later".to_owned()),
        ];
        let of = StreamDays {
            nth: 0,
            chart: &chart,
            alarm,
            changes: &changes,
        };
        stream_days(&of).into_string()
    }

    fn point(day: i32, value: Option<f64>) -> ChartPoint {
        let expected = Expected {
            mean: 0.1,
            lower: 0.0,
            upper: 0.3,
        };
        ChartPoint {
            day: Day(day),
            value,
            expected: value.map(|_| expected),
        }
    }

    fn alarm() -> AlarmRow {
        AlarmRow {
            id: 7,
            stream: "deviation".to_owned(),
            onset: Day(40),
            raised: Day(44),
            was: 0.1,
            became: 0.5,
            ..AlarmRow::default()
        }
    }

    #[test]
    fn days_without_cases_are_gaps_and_known_changes_are_marked() {
        let value = |day: i32| match day {
            10..20 => None,
            day if day < 40 => Some(0.1),
            _ => Some(0.5),
        };
        let points = (0..60).map(|day| point(day, value(day))).collect();
        let svg = drawn(&alarm(), points, 1);
        assert_eq!(svg.matches("class=\"band\"").count(), 2, "{svg}");
        assert_eq!(svg.matches("<circle").count(), 50);
        assert_eq!(svg.matches("class=\"out\"").count(), 20);
        assert!(
            svg.contains("prompt &lt;7&gt;") && !svg.contains("later"),
            "{svg}"
        );
        assert!(svg.contains("20 days outside the expected range. Change about 1970-02-10, alarm raised 1970-02-14"), "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("k-over"), "{svg}");
    }

    #[test]
    fn an_alarm_that_is_over_has_its_end_and_points_have_their_days() {
        let over = AlarmRow {
            ended: Some(Day(50)),
            ..alarm()
        };
        let points = (0..20).map(|nth| point(7 * nth, Some(0.1))).collect();
        let svg = drawn(&over, points, 7);
        assert!(
            svg.contains("alarm over 1970-02-20") && svg.contains("k-over"),
            "{svg}"
        );
        assert!(svg.contains("7 days"), "{svg}");
        assert_eq!(drawn(&over, Vec::new(), 1), "");
    }
}

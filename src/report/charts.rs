//! Small pictures of a report, as SVG within the page.

use super::content::{AlarmSaid, DaySaid, Standing};
use super::words::percent;
use maud::{Markup, html};

/// How many processes are in which state, as one bar.
pub(super) fn standing(now: Standing) -> Markup {
    const WIDTH: f64 = 560.0;
    let parts = [
        (now.within, "within"),
        (now.outside, "outside"),
        (now.undetermined, "undetermined"),
        (now.no_tolerance, "no-tolerance"),
    ];
    let all = now.processes.max(1) as f64;
    let mut from = 0.0;
    let mut placed = Vec::new();
    for (count, class) in parts.into_iter().filter(|(count, _)| *count > 0) {
        let width = WIDTH * count as f64 / all;
        placed.push((count, class, from, width));
        from += width;
    }
    if placed.is_empty() {
        return html! {};
    }
    html! {
        svg.standing viewBox="0 0 560 22" role="img" aria-label="Processes by status, as said above" {
            @for (count, class, from, width) in placed {
                rect class={ "fill " (class) } x=(short(from)) y="0" width=(short((width - 2.0).max(0.5))) height="22" {}
                @if width > 24.0 { text x=(short(from + 8.0)) y="15.5" { (count) } }
            }
        }
    }
}

/// The range of an observed deviation against what is permissible; three times that is where the bar ends.
pub(super) fn interval(observed: [f64; 3], permissible: Option<f64>, status: &str) -> Markup {
    const WIDTH: f64 = 96.0;
    let Some(limit) = permissible.filter(|limit| *limit > 0.0) else {
        return html! {};
    };
    let x = |value: f64| WIDTH * (value / (3.0 * limit)).clamp(0.0, 1.0);
    let [lower, mean, upper] = observed.map(x);
    // What lies beyond the end is seen to be there.
    let lower = lower.min(WIDTH - 3.0);
    let mark = x(limit);
    html! {
        svg.interval viewBox="0 0 96 10" aria-hidden="true" {
            rect.scale x="0" y="4" width="96" height="2" {}
            rect class={ "fill " (status.replace('_', "-")) } x=(short(lower)) y="2.5" width=(short((upper - lower).max(2.0))) height="5" {}
            line.mean x1=(short(mean)) x2=(short(mean)) y1="1.5" y2="8.5" {}
            line.limit x1=(short(mark)) x2=(short(mark)) y1="0" y2="10" {}
        }
    }
}

/// The mean deviation at the ends of the last periods.
pub(super) fn trend(values: &[Option<f64>]) -> Markup {
    let known: Vec<(usize, f64)> = values
        .iter()
        .enumerate()
        .filter_map(|(at, value)| Some((at, (*value)?)))
        .collect();
    let most = known
        .iter()
        .fold(0.0f64, |most, (_, value)| most.max(*value));
    let Some(last) = known.last() else {
        return html! { "-" };
    };
    let x = |at: usize| 2.0 + 60.0 * at as f64 / values.len().saturating_sub(1).max(1) as f64;
    let y = |value: f64| match most > 0.0 {
        true => 16.0 - 14.0 * value / most,
        false => 16.0,
    };
    let points: Vec<String> = known
        .iter()
        .map(|(at, value)| format!("{:.1},{:.1}", x(*at), y(*value)))
        .collect();
    let said: Vec<String> = values
        .iter()
        .map(|value| value.map_or("-".to_owned(), percent))
        .collect();
    html! {
        svg.trend viewBox="0 0 66 18" role="img" aria-label=(said.join(", ")) {
            polyline.deviation points=(points.join(" ")) {}
            circle.deviation cx=(short(x(last.0))) cy=(short(y(last.1))) r="1.8" {}
        }
    }
}

/// The charts that show what alarms of one process are about: its deviation where that has changed, and the evidence of
/// each other stream.
pub(super) fn of_alarms(alarms: &[AlarmSaid]) -> Vec<Markup> {
    let of_deviation = |alarm: &&AlarmSaid| {
        [
            "deviation",
            "outcome_mix",
            "input_variance",
            "critical_outcome",
        ]
        .contains(&alarm.stream)
    };
    let mut charts = Vec::new();
    if let Some(alarm) = alarms.iter().find(of_deviation) {
        charts.extend(deviation(alarm));
    }
    let others = alarms.iter().filter(|alarm| !of_deviation(alarm));
    charts.extend(others.filter_map(evidence));
    charts
}

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 90.0;

/// Mean deviation by day, what was expected, and when the change began.
fn deviation(alarm: &AlarmSaid) -> Option<Markup> {
    let values = alarm.days.iter();
    let values = values
        .flat_map(|day| [day.deviation, day.expected])
        .flatten();
    let most = values.fold(0.0f64, f64::max);
    let chart = Chart::of(&alarm.days, most)?;
    let said = "Mean deviation by day (line), what the baseline expects (dashed), and where the change began.";
    let lines = html! {
        polyline.expected points=(chart.line(|day| day.expected)) {}
        polyline.deviation points=(chart.line(|day| day.deviation)) {}
    };
    Some(chart.framed(alarm, &percent(most), lines, said))
}

/// Evidence over threshold by day; what lies above twice the threshold is drawn at its height.
fn evidence(alarm: &AlarmSaid) -> Option<Markup> {
    const MOST: f64 = 2.0;
    let chart = Chart::of(&alarm.days, MOST)?;
    let said = format!(
        "Evidence that it {} (line), the level at which an alarm is raised (dashed), and where the change began.",
        super::safe::sentence(&alarm.what)
    );
    let lines = html! {
        polyline.expected points=(chart.line(|_| Some(1.0))) {}
        polyline.deviation points=(chart.line(|day| Some(f64::from(day.evidence).min(MOST)))) {}
    };
    Some(chart.framed(alarm, "2 x", lines, &said))
}

struct Chart<'a> {
    days: &'a [DaySaid],
    most: f64,
}

impl<'a> Chart<'a> {
    fn of(days: &'a [DaySaid], most: f64) -> Option<Chart<'a>> {
        (most > 0.0 && days.len() > 1).then_some(Chart { days, most })
    }

    fn x(&self, at: usize) -> f64 {
        WIDTH * at as f64 / (self.days.len() - 1) as f64
    }

    fn line(&self, of: impl Fn(&DaySaid) -> Option<f64>) -> String {
        let y = |value: f64| HEIGHT - (HEIGHT - 6.0) * value / self.most;
        let points = self.days.iter().enumerate();
        let points =
            points.filter_map(|(at, day)| Some(format!("{:.1},{:.1}", self.x(at), y(of(day)?))));
        points.collect::<Vec<_>>().join(" ")
    }

    fn framed(&self, alarm: &AlarmSaid, most: &str, lines: Markup, said: &str) -> Markup {
        let onset = self.days.iter().position(|day| day.day >= alarm.onset);
        let (first, last) = (&self.days[0].day, &self.days[self.days.len() - 1].day);
        html! {
            figure {
                svg viewBox="0 -4 560 112" role="img" aria-label=(said) {
                    @if let Some(at) = onset {
                        line.onset x1=(short(self.x(at))) x2=(short(self.x(at))) y1="0" y2="90" {}
                    }
                    line.axis x1="0" x2="560" y1="90" y2="90" {}
                    (lines)
                    text x="0" y="104" { (first) }
                    text.end x="560" y="104" { (last) }
                    text x="0" y="5" { (most) }
                }
                figcaption { (said) }
            }
        }
    }
}

/// Coordinates with as many digits as a screen has.
fn short(value: f64) -> String {
    format!("{value:.1}")
}

//! How cases end, week by week.

use super::control::short_date;
use super::{Chart, Scale, at};
use crate::model::Day;
use crate::web::pages::words;
use maud::{Markup, html};

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 230.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 548.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 196.0;

/// Ended cases by outcome in each week.
pub(in crate::web::pages) struct Outcomes {
    /// The most frequent ones, most frequent first; what is left counts as the last one.
    pub names: Vec<String>,
    /// The first day of each week, and the cases in the order of the names.
    pub weeks: Vec<(Day, Vec<i64>)>,
}

/// The chart: all of a week is the whole height, so that a change of the mix shows however many cases came.
pub(in crate::web::pages) fn outcomes(mix: &Outcomes) -> Markup {
    if mix.weeks.is_empty() {
        return html! { p.none { "No case has ended in this window." } };
    }
    let x = Scale::new((0.0, mix.weeks.len() as f64), (LEFT, RIGHT));
    let y = Scale::new((0.0, 1.0), (BOTTOM, TOP));
    let step = mix.weeks.len().div_ceil(8);
    let chart = Chart {
        id: "outcomes",
        title: "Outcomes by week",
        description: totals(mix)
            .iter()
            .map(|(name, cases)| format!("{name} {}", words::count(*cases)))
            .collect::<Vec<_>>()
            .join(", "),
        width: WIDTH,
        height: HEIGHT,
        body: html! {
            g.axis {
                @for share in [0.0, 0.5, 1.0] {
                    path.grid d={ "M" (LEFT) " " (at(y.x(share))) "H" (RIGHT) } {}
                    text.y x=(LEFT - 6.0) y=(at(y.x(share) + 4.0)) { (format!("{:.0} %", share * 100.0)) }
                }
                @for (nth, (day, _)) in mix.weeks.iter().enumerate().step_by(step) {
                    text.x x=(at(x.x(nth as f64 + 0.5))) y=(BOTTOM + 18.0) { (short_date(*day)) }
                }
            }
            @for (nth, (day, cases)) in mix.weeks.iter().enumerate() {
                (week(mix, *day, cases, (x.x(nth as f64), x.x(nth as f64 + 1.0)), y))
            }
        },
    };
    html! {
        (chart.markup())
        ul.key {
            @for (nth, (name, cases)) in totals(mix).iter().enumerate() {
                li { svg.swatch aria-hidden="true" viewBox="0 0 10 10" { rect class={ "o-" (nth) } width="10" height="10" {} }
                    bdi { (words::name(name)) } " " span.n { (words::count(*cases)) } }
            }
        }
    }
}

fn totals(mix: &Outcomes) -> Vec<(&str, i64)> {
    let total = |nth: usize| mix.weeks.iter().map(|(_, cases)| cases[nth]).sum();
    mix.names
        .iter()
        .enumerate()
        .map(|(nth, name)| (name.as_str(), total(nth)))
        .collect()
}

fn week(mix: &Outcomes, day: Day, cases: &[i64], (from, to): (f64, f64), y: Scale) -> Markup {
    let all: i64 = cases.iter().sum();
    let mut below = 0.0;
    html! {
        @for (nth, count) in cases.iter().enumerate().filter(|(_, count)| **count > 0) {
            @let top = below + *count as f64 / all as f64;
            rect class={ "o-" (nth) } x=(at(from + 1.0)) width=(at(to - from - 2.0)) y=(at(y.x(top))) height=(at(y.x(below) - y.x(top))) {
                title { (short_date(day)) ": " (words::name(&mix.names[nth])) " " (words::percent(*count as f64 / all as f64)) ", " (words::counted(*count, "case")) }
            }
            ({ below = top; "" })
        }
    }
}

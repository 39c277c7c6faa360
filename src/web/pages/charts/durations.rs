//! How long cases take, by who ran them, on a logarithmic scale.

use super::{Chart, Scale, at, ticks};
use crate::measure::Sketch;
use crate::model::{Executor, Span};
use crate::score::Durations;
use crate::web::pages::words;
use maud::{Markup, html};
use std::collections::BTreeMap;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 230.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 548.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 196.0;
const BINS: usize = 48;

/// Times that are named on the axis, in seconds.
const NAMED: [(f64, &str); 12] = [
    (0.01, "10 ms"),
    (0.1, "0.1 s"),
    (1.0, "1 s"),
    (10.0, "10 s"),
    (60.0, "1 min"),
    (600.0, "10 min"),
    (3_600.0, "1 h"),
    (4.0 * 3_600.0, "4 h"),
    (86_400.0, "1 d"),
    (7.0 * 86_400.0, "1 w"),
    (30.0 * 86_400.0, "30 d"),
    (365.0 * 86_400.0, "1 y"),
];

/// Cases in one bin, by kind.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::web::pages) struct Bin {
    pub from: f64,
    pub to: f64,
    pub cases: BTreeMap<Executor, i64>,
}

/// Equal bins of the logarithm, from the shortest to the longest case. Spans below a millisecond are as one.
pub(in crate::web::pages) fn bins(kinds: &BTreeMap<Executor, Sketch>) -> Vec<Bin> {
    const SHORTEST: f64 = 1e-3;
    let all = || {
        kinds
            .values()
            .flat_map(Sketch::bins_seconds)
            .map(|(at, _)| at.max(SHORTEST))
    };
    let (Some(low), Some(high)) = (all().min_by(f64::total_cmp), all().max_by(f64::total_cmp))
    else {
        return Vec::new();
    };
    // A little room at both ends, so that cases that all take the same time have a bin of their own.
    let (low, high) = ((low * 0.9).ln(), (high * 1.1).ln());
    let width = (high - low) / BINS as f64;
    let edge = |nth: usize| (low + width * nth as f64).exp();
    let mut bins: Vec<Bin> = (0..BINS)
        .map(|nth| Bin {
            from: edge(nth),
            to: edge(nth + 1),
            cases: BTreeMap::new(),
        })
        .collect();
    for (kind, sketch) in kinds {
        for (value, count) in sketch.bins_seconds() {
            let nth = ((value.max(SHORTEST).ln() - low) / width) as usize;
            *bins[nth.min(BINS - 1)].cases.entry(*kind).or_default() += count as i64;
        }
    }
    bins
}

/// The histogram; `limit` is the declared one.
pub(in crate::web::pages) fn durations(
    bins: &[Bin],
    all: Option<Durations>,
    limit: Option<Span>,
) -> Markup {
    let most = bins
        .iter()
        .map(|bin| bin.cases.values().sum::<i64>())
        .max()
        .unwrap_or(0);
    let (Some(first), Some(last)) = (bins.first(), bins.last()) else {
        return html! { p.none { "No case has ended in this window." } };
    };
    let limit = limit.map(Span::as_seconds);
    let x = Scale::new((first.from.ln(), last.to.ln()), (LEFT, RIGHT));
    let y = Scale::new((0.0, most as f64), (BOTTOM, TOP));
    let quantiles = all.map_or(Vec::new(), |all| {
        vec![("median", all.p50), ("95 %", all.p95)]
    });
    let marks: Vec<(&str, f64, &str)> = quantiles
        .into_iter()
        .map(|(name, at)| (name, at, "quantile"))
        .chain(limit.map(|limit| ("limit", limit, "permissible")))
        .filter(|(_, at, _)| (first.from..=last.to).contains(at))
        .collect();
    let chart = Chart {
        id: "durations",
        title: "Distribution of durations",
        description: all.map_or(String::new(), |all| {
            format!(
                "Median {}, 95th percentile {}.",
                words::seconds(all.p50),
                words::seconds(all.p95)
            )
        }),
        width: WIDTH,
        height: HEIGHT,
        body: html! {
            g.axis {
                @for tick in ticks(most as f64, 3) {
                    path.grid d={ "M" (LEFT) " " (at(y.x(tick))) "H" (RIGHT) } {}
                    text.y x=(LEFT - 6.0) y=(at(y.x(tick) + 4.0)) { (words::count(tick as i64)) }
                }
                @for (at_seconds, name) in named(first.from, last.to) {
                    path d={ "M" (at(x.x(at_seconds.ln()))) " " (BOTTOM) "v4" } {}
                    text.x x=(at(x.x(at_seconds.ln()))) y=(BOTTOM + 18.0) { (name) }
                }
                path d={ "M" (LEFT) " " (BOTTOM) "H" (RIGHT) } {}
            }
            @for bin in bins { (stacked(bin, x, y)) }
            @for (nth, (name, value, class)) in marks.iter().enumerate() {
                @let place = x.x(value.ln());
                path class=(class) d={ "M" (at(place)) " " (TOP - 4.0) "V" (BOTTOM) } {}
                text class=(class) x=(at(place)) y=(TOP - 8.0 - 10.0 * f64::from(u8::from(crowded(&marks, nth, x)))) { (name) }
            }
        },
    };
    html! { (chart.markup()) (key(bins)) }
}

/// Whether the mark before is so near that their names would touch.
fn crowded(marks: &[(&str, f64, &str)], nth: usize, x: Scale) -> bool {
    marks[..nth]
        .iter()
        .any(|(_, at, _)| (x.x(at.ln()) - x.x(marks[nth].1.ln())).abs() < 44.0)
}

/// Those on the axis, with room between them.
fn named(from: f64, to: f64) -> Vec<(f64, &'static str)> {
    let apart = (to.ln() - from.ln()) / 9.0;
    let mut named: Vec<(f64, &str)> = Vec::new();
    for (at, name) in NAMED.into_iter().filter(|(at, _)| (from..=to).contains(at)) {
        if named
            .last()
            .is_none_or(|(before, _)| at.ln() - before.ln() >= apart)
        {
            named.push((at, name));
        }
    }
    named
}

fn stacked(bin: &Bin, x: Scale, y: Scale) -> Markup {
    let mut below = 0.0;
    let (from, to) = (x.x(bin.from.ln()), x.x(bin.to.ln()));
    html! {
        @for (kind, cases) in &bin.cases {
            @let top = below + *cases as f64;
            rect class={ "k-" (kind.word()) } x=(at(from + 0.5)) width=(at((to - from - 1.0).max(0.5)))
                y=(at(y.x(top))) height=(at(y.x(below) - y.x(top))) {
                title { (words::executor(*kind)) ", " (words::seconds(bin.from)) " to " (words::seconds(bin.to)) ": " (words::counted(*cases, "case")) }
            }
            ({ below = top; "" })
        }
    }
}

fn key(bins: &[Bin]) -> Markup {
    let mut kinds: BTreeMap<Executor, i64> = BTreeMap::new();
    for (kind, cases) in bins.iter().flat_map(|bin| &bin.cases) {
        *kinds.entry(*kind).or_default() += cases;
    }
    html! {
        ul.key {
            @for (kind, cases) in kinds {
                li { svg.swatch aria-hidden="true" viewBox="0 0 10 10" { rect class={ "k-" (kind.word()) } width="10" height="10" {} }
                    (words::executor(kind)) " " span.n { (words::count(cases)) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_in_a_bin_even_where_all_take_the_same_time() {
        for spans in [vec![60_000_000], vec![0, 5, 1_000, 9_000_000_000], vec![]] {
            let mut sketch = Sketch::default();
            for span in &spans {
                sketch.add(Span(*span), 3);
            }
            let bins = bins(&BTreeMap::from([(Executor::Code, sketch)]));
            let cases: i64 = bins.iter().flat_map(|bin| bin.cases.values()).sum();
            assert_eq!(cases, 3 * spans.len() as i64);
        }
    }
}

//! Charts as SVG, written here rather than by a library: they take their colours from the style sheet (so that they are
//! right in the dark and in print), have a title, a description and a table behind them, and no inline style that the
//! content policy would have to allow. `plotters` draws pixels with fixed colours and no text alternative; `layout-rs` does
//! not let edges be styled.

pub(super) mod bar;
pub(super) mod control;
pub(super) mod durations;
mod layers;
pub(super) mod map;
pub(super) mod mix;
pub(super) mod outcomes;
pub(super) mod spark;
pub(super) mod stream_days;

use maud::{Markup, html};

/// A chart with its text alternative.
pub(super) struct Chart<'a> {
    /// Unique on its page.
    pub id: &'a str,
    pub title: &'a str,
    /// What it shows, for who does not see it.
    pub description: String,
    pub width: f64,
    pub height: f64,
    pub body: Markup,
}

impl Chart<'_> {
    pub(super) fn markup(&self) -> Markup {
        let (title, description) = (format!("{}-t", self.id), format!("{}-d", self.id));
        html! {
            div.scroll tabindex="0" role="region" aria-label={ "Chart: " (self.title) } {
                svg.chart.(self.id) viewBox={ "0 0 " (at(self.width)) " " (at(self.height)) } role="img"
                    width=(at(self.width)) height=(at(self.height)) aria-labelledby={ (title) " " (description) } {
                    title id=(title) { (self.title) }
                    desc id=(description) { (self.description) }
                    (self.body)
                }
            }
        }
    }
}

/// A coordinate with a tenth of a pixel: more would only be longer.
fn at(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    // No negative zero.
    (rounded + 0.0).to_string()
}

/// From a range of values to a range of pixels.
#[derive(Clone, Copy)]
struct Scale {
    from: (f64, f64),
    to: (f64, f64),
}

impl Scale {
    fn new(from: (f64, f64), to: (f64, f64)) -> Scale {
        Scale { from, to }
    }

    fn x(&self, value: f64) -> f64 {
        let span = self.from.1 - self.from.0;
        let share = if span == 0.0 {
            0.0
        } else {
            (value - self.from.0) / span
        };
        self.to.0 + share * (self.to.1 - self.to.0)
    }
}

/// About so many round numbers from 0 to `most`.
fn ticks(most: f64, about: usize) -> Vec<f64> {
    if !most.is_finite() || most <= 0.0 {
        return vec![0.0];
    }
    let rough = most / about as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter();
    let step = step
        .map(|factor| factor * power)
        .find(|step| *step >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    (0..)
        .map(|nth| f64::from(nth) * step)
        .take_while(|tick| *tick <= most * 1.000_001)
        .collect()
}

/// Points as a line.
fn line(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (x, y) in points {
        path.push_str(if path.is_empty() { "M" } else { "L" });
        path.push_str(&format!("{} {}", at(x), at(y)));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(ticks(1.0, 4), [0.0, 0.5, 1.0]);
        assert_eq!(ticks(0.0, 4), [0.0]);
        for most in [0.003, 0.07, 12.0, 4_000.0] {
            let found = ticks(most, 4);
            assert!((2..=6).contains(&found.len()), "{most}: {found:?}");
            assert!(found.iter().all(|tick| *tick <= most * 1.001));
        }
    }
}

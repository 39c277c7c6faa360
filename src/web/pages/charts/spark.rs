//! Charts as small as a word.

use super::{at, line};
use maud::{Markup, html};

/// Weeks that find room on the board.
const WEEKS: usize = 16;
const HEIGHT: f64 = 18.0;

/// Cases begun in each of the last weeks; the rate stands beside it in figures.
pub(in crate::web::pages) fn bars(weeks: &[i64]) -> Markup {
    let weeks = &weeks[weeks.len().saturating_sub(WEEKS)..];
    let most = weeks.iter().copied().max().unwrap_or(0);
    if most <= 0 {
        return html! {};
    }
    let mut path = String::new();
    for (nth, cases) in weeks.iter().enumerate() {
        if *cases > 0 {
            let height = (HEIGHT * *cases as f64 / most as f64).max(1.0);
            path.push_str(&format!(
                "M{} 18v-{}h3v{}z",
                4 * nth,
                at(height),
                at(height)
            ));
        }
    }
    html! {
        svg.spark viewBox={ "0 0 " (4 * weeks.len()) " 18" } width=(4 * weeks.len()) height="18" aria-hidden="true" {
            path d=(path) {}
        }
    }
}

/// Evidence over its limit, up to twice; the dashed line is where an alarm is raised.
pub(in crate::web::pages) fn evidence(days: &[f32]) -> Markup {
    const WIDTH: f64 = 180.0;
    const HIGH: f64 = 2.0;
    let y = |evidence: f32| 26.0 - f64::from(evidence).clamp(0.0, HIGH) / HIGH * 24.0;
    let step = WIDTH / (days.len().max(2) - 1) as f64;
    let points = days.iter().enumerate();
    let points = points.map(|(nth, evidence)| (nth as f64 * step, y(*evidence)));
    html! {
        svg.evidence viewBox="0 0 180 28" width="180" height="28" aria-hidden="true" {
            path.threshold d={ "M0 " (at(y(1.0))) "H180" } {}
            path.line d=(line(points)) {}
        }
    }
}

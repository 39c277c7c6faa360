//! Observed deviation against what is permissible.

use super::at;
use crate::model::Status;
use crate::score::{Bounds, ProcessScore};
use maud::{Markup, html};

const WIDTH: f64 = 120.0;

/// The limit stands in the middle and nothing is cut off: r / (1 + r) of the width for r times the limit.
fn place(deviation: f64, limit: f64) -> f64 {
    let ratio = deviation.max(0.0) / limit;
    WIDTH * ratio / (1.0 + ratio)
}

/// Of a process; nothing where there is no limit or no case has ended.
pub(in crate::web::pages) fn bar(score: &ProcessScore) -> Markup {
    of(
        score.rating.deviation,
        score.rating.permissible_deviation,
        score.rating.status,
    )
}

/// The figures stand in words beside it, so it is hidden from those who can't see it.
pub(in crate::web::pages) fn of(
    observed: Option<Bounds>,
    limit: Option<f64>,
    status: Status,
) -> Markup {
    let Some((observed, limit)) = observed.zip(limit) else {
        return html! {};
    };
    let [lower, mean, upper] =
        [observed.lower, observed.mean, observed.upper].map(|value| place(value, limit));
    html! {
        svg.bar.(status.word()) viewBox="0 0 120 18" width="120" height="18" aria-hidden="true" {
            path.zone d="M0 4H60V14H0z" {}
            path.axis d="M0 9H120M30 7v4M90 7v4" {}
            path.span d={ "M" (at(lower)) " 9H" (at(upper.max(lower + 1.0))) } {}
            path.limit d="M60 1V17" {}
            circle.mean cx=(at(mean)) cy="9" r="3.2" {}
        }
    }
}

/// Where a process stands among the limits of all classes: a dimension line with its tolerance zones.
pub(in crate::web::pages) fn ruler(
    observed: Option<Bounds>,
    limits: &[(&'static str, f64, bool)],
    status: Status,
) -> Markup {
    const LONG: f64 = 640.0;
    let Some(limit) = limits.iter().find(|(_, _, required)| *required) else {
        return html! {};
    };
    let x = |value: f64| 10.0 + place(value, limit.1) / WIDTH * (LONG - 20.0);
    html! {
        svg.ruler.(status.word()) viewBox="0 0 640 74" width="640" height="74" aria-hidden="true" {
            path.zone d={ "M10 30H" (at(x(limit.1))) "V50H10z" } {}
            path.axis d="M10 40H630M10 34v12M630 34v12" {}
            @for (class, value, required) in limits {
                path class=(if *required { "limit" } else { "other" }) d={ "M" (at(x(*value))) " 22V58" } {}
                text x=(at(x(*value))) y="15" class=(if *required { "required" } else { "class" }) { (class) }
                text x=(at(x(*value))) y="71" class="value" { (crate::web::pages::words::percent(*value)) }
            }
            @if let Some(observed) = observed {
                path.span d={ "M" (at(x(observed.lower))) " 40H" (at(x(observed.upper).max(x(observed.lower) + 1.0))) } {}
                circle.mean cx=(at(x(observed.mean))) cy="40" r="5" {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_stands_in_the_middle_and_everything_finds_room() {
        assert_eq!(place(0.02, 0.02), WIDTH / 2.0);
        assert_eq!(place(0.0, 0.02), 0.0);
        assert!(place(1.0, 0.005) < WIDTH);
    }
}

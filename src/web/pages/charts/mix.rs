//! Who runs a process, as shares of a bar.

use super::at;
use crate::score::ProcessScore;
use crate::web::pages::words;
use maud::{Markup, html};

const WIDTH: f64 = 56.0;

/// Of the cases that have ended; the shares stand in its title and on the page of the process.
pub(in crate::web::pages) fn mix(score: &ProcessScore) -> Markup {
    let all: i64 = score.run_by.executors.iter().map(|side| side.cases).sum();
    if all <= 0 {
        return html! {};
    }
    let mut from = 0.0;
    html! {
        svg.mix viewBox="0 0 56 10" width="56" height="10" role="img" aria-label=(said(score, all)) {
            title { (said(score, all)) }
            @for side in &score.run_by.executors {
                @let width = WIDTH * side.cases as f64 / all as f64;
                rect class={ "k-" (side.executor.word()) } x=(at(from)) width=(at(width)) height="10" {}
                ({ from += width; "" })
            }
        }
    }
}

fn said(score: &ProcessScore, all: i64) -> String {
    let share = |cases: i64| words::percent(cases as f64 / all as f64);
    let sides = score.run_by.executors.iter();
    let said =
        sides.map(|side| format!("{} {}", words::executor(side.executor), share(side.cases)));
    said.collect::<Vec<_>>().join(", ")
}

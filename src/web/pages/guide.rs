//! What one sees on the board, explained in a minute on a process of the visitor's own, dismissible.

use super::words;
use crate::model::Status;
use crate::query::Snapshot;
use crate::score::ProcessScore;
use maud::{Markup, html};

/// The process to explain it on: one that is outside, as its class and its limit have most to say.
fn example(snapshot: &Snapshot) -> Option<&ProcessScore> {
    let told = |score: &&ProcessScore| {
        score.rating.deviation.is_some()
            && score.rating.permissible_deviation.is_some()
            && score.advice.recommendation.is_some()
    };
    let outside = |score: &&ProcessScore| score.rating.status == Status::Outside;
    let mut told = snapshot.scores.iter().filter(told);
    told.clone().find(outside).or_else(|| told.next())
}

/// The guide, as it stands above the board. `dismiss` is the path of the board without it.
pub(super) fn guide(snapshot: &Snapshot, dismiss: &str) -> Markup {
    html! {
        section.guide #guide aria-labelledby="guide-title" {
            div.guide-head {
                h2 #guide-title { "What you see, in a minute" }
                a.button #dismiss href=(dismiss) { "Dismiss" }
            }
            @match example(snapshot) {
                Some(score) => (steps(score)),
                None => p { "No case has ended yet. As soon as some have, every process stands below with its tolerance." },
            }
        }
    }
}

fn steps(score: &ProcessScore) -> Markup {
    let permissible = score
        .rating
        .permissible_deviation
        .map_or("-".to_owned(), words::percent);
    let name = words::name(&score.name);
    html! {
        ol {
            li {
                h3 { "Required and achieved class" }
                p { "As on an engineering drawing, a process needs a tolerance class: " b { "f" } " fine, " b { "m" } " medium, "
                    b { "c" } " coarse, " b { "v" } " very coarse. How critical it is decides which. " bdi { (name) }
                    " needs " span.frame { b { (score.rating.required_class) } span { (permissible) } }
                    " and is shown to hold " span.held { (words::achieved(score.rating.achieved_class)) } "." }
            }
            li {
                h3 { "Permissible and observed deviation" }
                p { "Class and size set how many of its cases may end otherwise than designed: here " b { (permissible) } ". "
                    @if let Some(observed) = score.rating.deviation {
                        "Observed are " b { (words::percent(observed.mean)) } ", in truth somewhere from " (words::percent_range(observed)) ". "
                    }
                    "Only a whole interval left of the line is " em { "within" } ", only one right of it " em { "outside" } "; else there are too few cases to say." }
            }
            li {
                h3 { "Who should run it" }
                p { "People adapt, AI does not tire but may answer the same question differently, code always does the same and costs more to build. "
                    "What is measured decides: here "
                    @if let Some(recommendation) = score.advice.recommendation { b { (recommendation.word()) } }
                    ". " a href=(words::process_path(&score.id)) { "See why" } "." }
            }
        }
    }
}

//! The verdict in a sentence, and what it rests on at a glance.

use super::Told;
use crate::model::humanize::format_days;
use crate::model::{Class, Status, TolClass};
use crate::score::{ProcessScore, as_independent, permissible_deviation};
use crate::web::pages::board::{stands, status_mark};
use crate::web::pages::charts::bar;
use crate::web::pages::words;
use maud::{Markup, html};

pub(super) fn overview(told: &Told) -> Markup {
    let score = told.score();
    html! {
        section.overview aria-labelledby="verdict" {
            p.verdict #verdict { (status_mark(score.rating.status)) " " (verdict(score)) }
            @for kind in &score.withdraw { p.warn { strong { "Withdraw " (words::executor(*kind)) " now: " } "it runs this process and deviates more than it may." } }
            @for story in told.stories().iter().filter(|story| stands(&story.alarm)) {
                p.warn { svg.i aria-hidden="true" { use href="#s-alarm" {} } strong { "It has changed: " (story.alarm.what()) ". " }
                    (story.sentence) " "
                    a href="#drift" { "Drift" } }
            }
            (bar::ruler(score.rating.deviation, &limits(told), score.rating.status))
            (directions(score))
            (facts(told))
            @if !score.notes.is_empty() { ul.notes { @for note in &score.notes { li { (words::whole(&note.to_string())) } } } }
        }
    }
}

/// Misses apart from false alarms.
fn directions(score: &ProcessScore) -> Markup {
    html! {
        @if !score.directions.is_empty() {
            ul.directions #directions {
                @for of in &score.directions { li { @if let Some(status) = of.status { (status_mark(status)) " " } (of) } }
            }
        }
    }
}

/// The permissible deviation of every class at this size, and which one is required. Neighbouring classes may share one:
/// then they share a mark.
fn limits(told: &Told) -> Vec<(&'static str, f64, bool)> {
    let score = told.score();
    let Some(size) = score.size.nominal_size_steps else {
        return Vec::new();
    };
    let of = |class: &Class| {
        let limit = permissible_deviation(&told.config.tolerance, *class, size)?;
        Some((class.word(), limit, *class == score.rating.required_class))
    };
    Class::ALL.iter().filter_map(of).collect()
}

/// What is so, in one sentence or two.
fn verdict(score: &ProcessScore) -> Markup {
    let permissible = score.rating.permissible_deviation.map(words::percent);
    let size = score
        .size
        .nominal_size_steps
        .map(words::number)
        .unwrap_or_default();
    html! {
        @match (score.rating.deviation, permissible) {
            (None, _) => "No case has ended yet, so nothing is known of its deviation. ",
            (Some(observed), Some(permissible)) => {
                "It deviates in " b { (words::percent(observed.mean)) } " of its cases (95 % interval " (words::percent_range(observed))
                @if let Some(cases) = score.rating.independence.fewer() { ", " (as_independent(cases)) }
                "); "
                b { (permissible) } " is permissible for class " b { (score.rating.required_class) } " at " (size) " steps. "
            }
            (Some(observed), None) => {
                "It deviates in " b { (words::percent(observed.mean)) } " of its cases; for class " (score.rating.required_class) " at " (size) " steps there is no tolerance to hold. "
            }
        }
        (held(score))
        @if let Some(recommendation) = score.advice.recommendation { "It should be run so: " b { (recommendation.word()) } ". " }
    }
}

fn held(score: &ProcessScore) -> Markup {
    html! {
        @match score.rating.achieved_class {
            TolClass::Undetermined => @if score.rating.status != Status::NoTolerance && score.rating.deviation.is_some() {
                "There are too few cases to say which class it holds"
                @match (&score.clean_cases.unreachable, score.clean_cases.needed) {
                    (Some(why), _) => { ": " (why) },
                    (None, Some(missing)) if missing > 0 => { ": " (words::counted(missing as i64, "more clean run")) " would show that it is within" },
                    _ => {},
                }
                ". "
            },
            TolClass::None => "It holds not even class v. ",
            class => { "It is shown to hold class " b { (class) } ". " }
        }
    }
}

fn facts(told: &Told) -> Markup {
    let score = told.score();
    let level = |level: Option<crate::model::Level>| {
        level.map_or("-".to_owned(), |level| level.to_string())
    };
    let assumed = if score.levels.criticality_assumed {
        " (assumed)"
    } else {
        ""
    };
    let facts: Vec<(&str, String)> = vec![
        (
            "criticality",
            format!("{}{assumed}", score.levels.criticality),
        ),
        ("complexity", level(score.levels.complexity)),
        ("frequency", level(score.levels.frequency)),
        (
            "tolerance",
            score
                .levels
                .tolerance
                .map_or("-".to_owned(), |level| level.to_string()),
        ),
        (
            "size",
            score
                .size
                .nominal_size_steps
                .map_or("-".to_owned(), |size| {
                    format!("{} steps", words::number(size))
                }),
        ),
        (
            "cases a week",
            score
                .rate
                .cases_per_week
                .map_or("-".to_owned(), words::number),
        ),
        (
            "capability",
            score
                .rating
                .capability
                .map_or("-".to_owned(), words::number),
        ),
        (
            "rests on",
            words::counted(score.scored_cases.count, "ended case"),
        ),
        ("open", words::counted(score.counts.open_cases, "case")),
        (
            "straight through",
            score
                .conformance
                .straight_through
                .map_or("-".to_owned(), |share| words::percent(share.share)),
        ),
        (
            "median time",
            score
                .outcome
                .duration_seconds
                .map_or("-".to_owned(), |d| words::seconds(d.p50)),
        ),
        ("window", window(told)),
    ];
    html! { dl.facts { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } } }
}

/// The window of this process.
fn window(told: &Told) -> String {
    let config = &told.config;
    config
        .catalog
        .window_of(&told.score().id, config.window)
        .map_or("all".to_owned(), format_days)
}

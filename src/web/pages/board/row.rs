//! One row of the board, and what it is ordered by.

use super::status_mark;
use crate::model::{Class, Status, TolClass};
use crate::query::{DriftView, Snapshot};
use crate::rules::Recommendation;
use crate::score::{DirectionScore, ProcessScore, direction_name};
use crate::store::AlarmRow;
use crate::web::pages::charts::{bar, mix, spark};
use crate::web::pages::table::{Cell, Table};
use crate::web::pages::words;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// A rendered row.
pub(in crate::web::pages) struct Row {
    /// Everything behind `<tr `.
    pub(super) html: String,
    /// Name and id in lower case: what is searched, and the order of names.
    pub(super) key: String,
    pub(super) status: Status,
    /// How much it needs somebody's attention: by status, then by how far it is from its limit.
    pub(super) attention: f64,
    /// How many classes coarser it is than it must be; negative where it is finer.
    pub(super) class_gap: Option<f64>,
    pub(super) deviation: Option<f64>,
    pub(super) rate: Option<f64>,
    pub(super) executor: &'static str,
    pub(super) recommendation: Option<&'static str>,
    /// Alarms that stand.
    pub(super) alarms: usize,
    /// The greatest evidence of drift over its threshold; an alarm weighs more than any evidence.
    pub(super) evidence: f64,
}

/// Everything about a process that its row shows.
struct Shown<'a> {
    score: &'a ProcessScore,
    alarms: Vec<&'a AlarmRow>,
    evidence: Option<f64>,
}

/// Rows in the order of the snapshot.
pub(super) fn rows(snapshot: &Snapshot) -> Vec<Row> {
    let mut standing: BTreeMap<&str, Vec<&AlarmRow>> = BTreeMap::new();
    for alarm in snapshot.drift.alarms.iter().filter(|alarm| stands(alarm)) {
        match alarm.processes.is_empty() {
            true => standing.entry(&alarm.process).or_default().push(alarm),
            // Each of them has it.
            false => {
                for process in &alarm.processes {
                    standing.entry(process).or_default().push(alarm);
                }
            }
        }
    }
    let shown = |score| {
        let shown = Shown {
            alarms: standing.remove(score_id(score)).unwrap_or_default(),
            evidence: evidence(&snapshot.drift, &score.id),
            score,
        };
        row(&shown)
    };
    snapshot.scores.iter().map(shown).collect()
}

fn score_id(score: &ProcessScore) -> &str {
    &score.id
}

/// One that is explained by a known change is no news.
pub(in crate::web::pages) fn stands(alarm: &AlarmRow) -> bool {
    alarm.is_open() && alarm.explained_by.is_none()
}

/// The greatest evidence among its streams; `None` while its baseline is being learned.
fn evidence(drift: &DriftView, id: &str) -> Option<f64> {
    let drift = drift.processes.get(id)?;
    let streams = drift.streams.iter().map(|stream| stream.evidence);
    streams.max_by(f64::total_cmp)
}

fn row(shown: &Shown) -> Row {
    let score = shown.score;
    let mut row = Row {
        html: String::new(),
        key: format!("{}\n{}", words::whole(&score.name), words::whole(&score.id)).to_lowercase(),
        status: score.rating.status,
        attention: attention(score),
        class_gap: class_gap(score),
        deviation: score.rating.deviation.map(|deviation| deviation.mean),
        rate: score.rate.cases_per_week,
        executor: words::executor(score.run_by.executor),
        recommendation: score.advice.recommendation.map(Recommendation::word),
        alarms: shown.alarms.len(),
        evidence: shown.alarms.len() as f64 * 1e9 + shown.evidence.unwrap_or(-1.0),
    };
    row.html = html(shown, &row);
    row
}

fn attention(score: &ProcessScore) -> f64 {
    let rank = match score.rating.status {
        Status::Outside => 3.0,
        Status::NoTolerance => 2.0,
        Status::Undetermined => 1.0,
        Status::Within => 0.0,
    };
    let observed = score.rating.deviation.map(|deviation| deviation.mean);
    let ratio = observed
        .zip(score.rating.permissible_deviation)
        .map(|(d, t)| d / t);
    rank * 1e6 + ratio.unwrap_or(0.0).min(1e5)
}

fn class_gap(score: &ProcessScore) -> Option<f64> {
    let required = Class::ALL
        .iter()
        .position(|class| *class == score.rating.required_class)?;
    let achieved = match score.rating.achieved_class {
        TolClass::Undetermined => return None,
        TolClass::None => Class::ALL.len(),
        held => Class::ALL
            .iter()
            .position(|class| TolClass::from(*class) == held)?,
    };
    Some(achieved as f64 - required as f64)
}

/// A number for the script; empty where it is not known.
fn key(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}

fn html(shown: &Shown, row: &Row) -> String {
    let score = shown.score;
    let cells = html! {
        th scope="row" class="name" {
            a href=(words::process_path(&score.id)) title=(words::whole(&score.name)) { bdi { (words::name(&score.name)) } }
            @if score.name != score.id { span.id title=(words::whole(&score.id)) { bdi { (words::name(&score.id)) } } }
            (stages(score))
        }
        td class="st" data-l="Status" { (status_mark(score.rating.status)) }
        td class="cl" data-l="Class" { (class(score)) }
        td class="dev" data-l="Deviation" { (deviation(score)) }
        td class="fr" data-l="Cases a week" { span.n { (score.rate.cases_per_week.map_or("-".to_owned(), words::number)) } (frequency(score)) }
        td class="ex" data-l="Run by" { (mix::mix(score)) span { (words::executor(score.run_by.executor)) } }
        td class="rec" data-l="Should be run" { (recommendation(score)) }
        td class="dr" data-l="Drift" { (drift(shown)) }
    };
    let attributes = html! {
        (maud::PreEscaped("data-key=\"")) (row.key) (maud::PreEscaped("\" data-status=\"")) (score.rating.status.word())
        (maud::PreEscaped("\" data-attention=\"")) (row.attention) (maud::PreEscaped("\" data-class=\"")) (key(row.class_gap))
        (maud::PreEscaped("\" data-deviation=\"")) (key(row.deviation)) (maud::PreEscaped("\" data-frequency=\"")) (key(row.rate))
        (maud::PreEscaped("\" data-executor=\"")) (row.executor) (maud::PreEscaped("\" data-recommendation=\"")) (row.recommendation.unwrap_or(""))
        (maud::PreEscaped("\" data-drift=\"")) (row.evidence) (maud::PreEscaped("\" data-alarms=\"")) (row.alarms) (maud::PreEscaped("\">"))
    };
    format!("{}{}</tr>", attributes.into_string(), cells.into_string())
}

/// Median time to each milestone that enough cases have reached.
fn stages(score: &ProcessScore) -> Markup {
    let known = score.stage_times.iter();
    let known = known.filter_map(|time| Some((&time.milestone, time.median_seconds?)));
    let times: Vec<String> = known
        .map(|(milestone, median)| {
            format!("{} in {}", words::name(milestone), words::seconds(median))
        })
        .collect();
    html! {
        @if !times.is_empty() {
            span.id title="Median time from the start of a case to each milestone" { (times.join(" · ")) }
        }
    }
}

/// Like a feature control frame on a drawing: the class, and what it permits; then what is held.
fn class(score: &ProcessScore) -> Markup {
    let required = score.rating.required_class;
    let achieved = words::achieved(score.rating.achieved_class);
    let verdict = match class_gap(score) {
        None => "open",
        Some(gap) if gap > 0.0 => "coarser",
        Some(gap) if gap < 0.0 => "finer",
        Some(_) => "equal",
    };
    html! {
        span.frame {
            span.hidden { "required " }
            b { (required) }
            span { (score.rating.permissible_deviation.map_or("-".to_owned(), words::percent)) }
        }
        span.arrow aria-hidden="true" { "→" }
        span.hidden { ", achieved " }
        span.held.(verdict) { (achieved) }
    }
}

fn deviation(score: &ProcessScore) -> Markup {
    html! {
        (bar::bar(score))
        @match score.rating.deviation {
            Some(observed) => span.figures {
                b { (words::percent(observed.mean)) } " "
                span { (words::percent_range(observed)) }
            },
            None => span.none { "no case has ended" },
        }
        (directions(score))
    }
}

/// Misses apart from false alarms, and which of them are not within what is tolerated.
fn directions(score: &ProcessScore) -> Markup {
    let said = |of: &DirectionScore| {
        let share = of.share.map(|share| words::percent(share.mean));
        let share = share.unwrap_or_else(|| "unknown".to_owned());
        let status = of.status.filter(|status| *status != Status::Within);
        let status = status.map_or(String::new(), |status| {
            format!(" ({})", words::status(status))
        });
        format!("{} {share}{status}", direction_name(of.direction))
    };
    html! {
        // A line each: together they would push the last columns out of sight.
        @for of in &score.directions {
            span.id title="Share of the cases that went wrong in this direction" { (said(of)) }
        }
    }
}

fn frequency(score: &ProcessScore) -> Markup {
    let weeks = score
        .arrivals
        .as_ref()
        .map(|arrivals| arrivals.weekly_cases.as_slice());
    spark::bars(weeks.unwrap_or_default())
}

fn recommendation(score: &ProcessScore) -> Markup {
    html! {
        @match score.advice.recommendation {
            Some(recommendation) => span.say { (recommendation.word()) },
            None => span.none { "not known yet" },
        }
        @for kind in &score.withdraw { span.withdraw { "withdraw " (words::executor(*kind)) } }
    }
}

fn drift(shown: &Shown) -> Markup {
    html! {
        @if let Some(alarm) = shown.alarms.first() {
            span.alarm {
                svg.i aria-hidden="true" { use href="#s-alarm" {} }
                (alarm.what())
                @if shown.alarms.len() > 1 { " +" (shown.alarms.len() - 1) }
            }
        } @else if shown.evidence.is_some() {
            span.steady { "steady" }
        } @else {
            span.none { "learning" }
        }
    }
}

/// The board for programs.
pub(super) fn table(snapshot: &Snapshot, rows: &[Row], shown: &[usize]) -> Table {
    Table {
        name: "processes",
        caption: "Processes".into(),
        columns: &[
            "id",
            "name",
            "status",
            "required_class",
            "achieved_class",
            "nominal_size_steps",
            "permissible_deviation",
            "deviation",
            "deviation_lower",
            "deviation_upper",
            "cases",
            "cases_per_week",
            "executor",
            "recommendation",
            "rule",
            "reason",
            "standing_alarms",
        ],
        rows: shown
            .iter()
            .map(|at| cells(&snapshot.scores[*at], &rows[*at]))
            .collect(),
    }
}

fn cells(score: &ProcessScore, row: &Row) -> Vec<Cell> {
    vec![
        Cell::text(&score.id),
        Cell::text(&score.name),
        Cell::text(score.rating.status.word()),
        Cell::text(score.rating.required_class.word()),
        Cell::text(score.rating.achieved_class.word()),
        Cell::number(score.size.nominal_size_steps),
        Cell::share(score.rating.permissible_deviation),
        Cell::share(score.rating.deviation.map(|d| d.mean)),
        Cell::share(score.rating.deviation.map(|d| d.lower)),
        Cell::share(score.rating.deviation.map(|d| d.upper)),
        Cell::count(score.counts.cases),
        Cell::number(score.rate.cases_per_week),
        Cell::text(score.run_by.executor.word()),
        Cell::maybe(score.advice.recommendation.map(Recommendation::word)),
        Cell::maybe(score.advice.rule.clone()),
        Cell::text(score.advice.reason.to_string()),
        Cell::count(row.alarms as i64),
    ]
}

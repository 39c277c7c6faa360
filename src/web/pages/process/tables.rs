//! The tables behind the page of a process: on the page, as CSV and as JSON.

use super::Told;
use crate::drift::{ChartPoint, StreamChart};
use crate::model::Time;
use crate::query::AlarmStory;
use crate::score::{ExecutorScore, StageTime};
use crate::store::AlarmRow;
use crate::web::pages::table::{Cell, Table};
use crate::web::pages::words;
use std::collections::{BTreeMap, BTreeSet};

/// All that [`named`] knows.
pub(super) const NAMES: [&str; 12] = [
    "days",
    "durations",
    "outcomes",
    "stages",
    "follows",
    "executors",
    "streams",
    "alarms",
    "stream_days",
    "changes",
    "figures",
    "ledger",
];

/// A table by its name.
pub(super) fn named(told: &Told, name: &str) -> Option<Table> {
    let table = match name {
        "days" => days(told),
        "durations" => durations(told),
        "outcomes" => outcomes(told),
        "stages" => stages(told),
        "follows" => follows(told),
        "executors" => executors(told),
        "streams" => streams(told),
        "alarms" => alarms(told),
        "stream_days" => stream_days(told),
        "changes" => changes(told),
        "figures" => figures(told),
        "ledger" => ledger(told),
        _ => return None,
    };
    Some(table)
}

/// The control chart.
pub(super) fn days(told: &Told) -> Table {
    let watched = told.drift().map_or(&[][..], |drift| &drift.days);
    let watched: BTreeMap<_, _> = watched.iter().map(|point| (point.day, point)).collect();
    let observed: BTreeMap<_, _> = told
        .kept
        .observed
        .iter()
        .map(|point| (point.day, point))
        .collect();
    let all: BTreeSet<_> = watched.keys().chain(observed.keys()).copied().collect();
    let row = |day| {
        let seen = observed.get(&day);
        let point = watched.get(&day);
        let limits = point.and_then(|point| point.limits);
        vec![
            Cell::text(day.to_string()),
            Cell::count(seen.map_or(0, |seen| seen.cases)),
            Cell::share(seen.map(|seen| seen.deviation)),
            Cell::share(point.and_then(|point| point.expected)),
            Cell::share(limits.map(|limits| limits.lower)),
            Cell::share(limits.map(|limits| limits.upper)),
            Cell::share(point.and_then(|point| point.ewma).map(|ewma| ewma.value)),
        ]
    };
    Table {
        name: "days",
        caption: "Deviation by day".into(),
        columns: &[
            "day",
            "cases",
            "deviation",
            "expected",
            "limit_lower",
            "limit_upper",
            "ewma",
        ],
        rows: all.into_iter().map(row).collect(),
    }
}

pub(super) fn durations(told: &Told) -> Table {
    let bins = told.kept.durations.iter().flat_map(|bin| {
        bin.cases.iter().map(move |(kind, cases)| {
            vec![
                Cell::seconds(Some(bin.from)),
                Cell::seconds(Some(bin.to)),
                Cell::text(kind.word()),
                Cell::count(*cases),
            ]
        })
    });
    Table {
        name: "durations",
        caption: "Cases by duration".into(),
        columns: &["from_seconds", "to_seconds", "executor", "cases"],
        rows: bins.collect(),
    }
}

pub(super) fn outcomes(told: &Told) -> Table {
    let mut rows = Vec::new();
    if let Some(mix) = &told.kept.outcomes {
        for (day, cases) in &mix.weeks {
            for (name, cases) in mix.names.iter().zip(cases) {
                let week = day.to_string();
                rows.push(vec![
                    Cell::text(week),
                    Cell::text(name),
                    Cell::count(*cases),
                ]);
            }
        }
    }
    Table {
        name: "outcomes",
        caption: "Outcomes by week".into(),
        columns: &["week_from", "outcome", "cases"],
        rows,
    }
}

pub(super) fn stages(told: &Told) -> Table {
    let row = |time: &StageTime| {
        let lower = |interval: Option<(f64, Option<f64>)>| interval.map(|(lower, _)| lower);
        let upper = |interval: Option<(f64, Option<f64>)>| interval.and_then(|(_, upper)| upper);
        vec![
            Cell::text(&time.milestone),
            Cell::seconds(time.median_seconds),
            Cell::seconds(lower(time.median_interval)),
            Cell::seconds(upper(time.median_interval)),
            Cell::seconds(time.p90_seconds),
            Cell::seconds(lower(time.p90_interval)),
            Cell::seconds(upper(time.p90_interval)),
            Cell::count(time.n),
            Cell::count(time.open),
            Cell::count(time.never_reached),
            Cell::text(if time.declared { "catalog" } else { "names" }),
        ]
    };
    Table {
        name: "stages",
        caption: "Time from the start of a case to each milestone".into(),
        columns: &[
            "milestone",
            "median",
            "median_lower",
            "median_upper",
            "p90",
            "p90_lower",
            "p90_upper",
            "reached",
            "open",
            "never_reached",
            "told_by",
        ],
        rows: told.score().stage_times.iter().map(row).collect(),
    }
}

pub(super) fn follows(told: &Told) -> Table {
    let edges = told.score().conformance.directly_follows.edges.iter();
    let row = |edge: &crate::score::Edge| {
        vec![
            Cell::text(edge.from.as_deref().unwrap_or("(start)")),
            Cell::text(edge.to.as_deref().unwrap_or("(end)")),
            Cell::count(edge.count),
        ]
    };
    Table {
        name: "follows",
        caption: "What follows what".into(),
        columns: &["from", "to", "count"],
        rows: edges.map(row).collect(),
    }
}

pub(super) fn executors(told: &Told) -> Table {
    let row = |side: &ExecutorScore| {
        vec![
            Cell::text(side.executor.word()),
            Cell::count(side.cases),
            Cell::number(side.cases_per_week),
            Cell::share(side.deviation.map(|d| d.mean)),
            Cell::share(side.deviation.map(|d| d.lower)),
            Cell::share(side.deviation.map(|d| d.upper)),
            Cell::text(side.status.word()),
            Cell::text(side.achieved_class.word()),
            Cell::seconds(side.duration_seconds.map(|d| d.p50)),
            Cell::seconds(side.duration_seconds.map(|d| d.p95)),
            Cell::count(side.provenance.confirmed),
            Cell::count(side.provenance.stood),
            Cell::count(side.provenance.self_declared),
        ]
    };
    Table {
        name: "executors",
        caption: "Executors side by side".into(),
        columns: &[
            "executor",
            "cases",
            "cases_per_week",
            "deviation",
            "deviation_lower",
            "deviation_upper",
            "status",
            "achieved_class",
            "duration_median",
            "duration_p95",
            "confirmed",
            "stood",
            "self_declared",
        ],
        rows: told.score().run_by.executors.iter().map(row).collect(),
    }
}

pub(super) fn streams(told: &Told) -> Table {
    let streams = told.drift().map_or(&[][..], |drift| &drift.streams);
    let row = |state: &crate::drift::StreamState| {
        vec![
            Cell::text(state.stream.word()),
            Cell::Number(state.evidence, words::number(state.evidence)),
            Cell::text(if state.alarm { "alarm" } else { "steady" }),
            Cell::Number(state.before, format!("{:.4}", state.before)),
            Cell::Number(state.now, format!("{:.4}", state.now)),
        ]
    };
    Table {
        name: "streams",
        caption: "Streams that are watched".into(),
        columns: &["stream", "evidence", "state", "expected", "now"],
        rows: streams.iter().map(row).collect(),
    }
}

pub(super) fn alarms(told: &Told) -> Table {
    let row = |story: &AlarmStory| {
        let alarm = &story.alarm;
        vec![
            Cell::count(alarm.id),
            Cell::text(alarm.what()),
            Cell::text(alarm.onset.to_string()),
            Cell::text(alarm.raised.to_string()),
            Cell::text(alarm.figure(alarm.was)),
            Cell::text(alarm.figure(alarm.became)),
            Cell::text(life(alarm)),
            Cell::text(&story.sentence),
            Cell::maybe(story.also_words()),
        ]
    };
    Table {
        name: "alarms",
        caption: "Drift alarms".into(),
        columns: &[
            "alarm",
            "what",
            "since_about",
            "found",
            "expected",
            "became",
            "state",
            "sentence",
            "other_changes",
        ],
        rows: told.stories().iter().map(row).collect(),
    }
}

/// The days of one stream with what was expected of them.
pub(super) fn days_of_stream(chart: &StreamChart, outcome: &str) -> Table {
    let row = |point: &ChartPoint| {
        vec![
            Cell::text(chart.stream.word()),
            Cell::text(outcome),
            Cell::text(point.day.to_string()),
            Cell::number(point.value),
            Cell::number(point.expected.map(|expected| expected.mean)),
            Cell::number(point.expected.map(|expected| expected.lower)),
            Cell::number(point.expected.map(|expected| expected.upper)),
        ]
    };
    // Each table of a page has a name of its own.
    let caption = match outcome {
        "" => format!("Days of the stream {}", chart.stream.word()),
        outcome => format!(
            "Days of the stream {}, outcome {outcome}",
            chart.stream.word()
        ),
    };
    Table {
        name: "stream_days",
        caption: caption.into(),
        columns: &[
            "stream", "outcome", "day", "value", "expected", "lower", "upper",
        ],
        rows: chart.points.iter().map(row).collect(),
    }
}

/// The days of every stream that has given an alarm.
fn stream_days(told: &Told) -> Table {
    let charts = told.drift().map_or(&[][..], |drift| &drift.charts);
    let outcomes = &told.snapshot.drift.outcomes;
    let outcome = |chart: &StreamChart| {
        let name = chart.outcome.and_then(|outcome| outcomes.get(&outcome));
        name.map_or("", String::as_str)
    };
    let each = charts.iter();
    let each = each.map(|chart| days_of_stream(chart, outcome(chart)).rows);
    Table {
        name: "stream_days",
        caption: "Days of the streams with an alarm".into(),
        columns: &[
            "stream", "outcome", "day", "value", "expected", "lower", "upper",
        ],
        rows: each.flatten().collect(),
    }
}

/// What has become of an alarm.
pub(super) fn life(alarm: &AlarmRow) -> String {
    let acknowledged = alarm.acknowledged_by.as_ref().map(|by| {
        let why = alarm.acknowledged_why.as_deref().unwrap_or("");
        format!("acknowledged by {}: {}", words::name(by), words::name(why))
    });
    let ended = alarm.ended.map(|day| {
        let how = alarm.how.as_deref().unwrap_or("over");
        format!("{how} {day}")
    });
    let explained = alarm.explained_by.as_ref();
    let explained = explained.map(|what| format!("explained by {}", words::name(what)));
    let said: Vec<String> = [ended, explained, acknowledged]
        .into_iter()
        .flatten()
        .collect();
    match said.is_empty() {
        true => "stands".to_owned(),
        false => said.join("; "),
    }
}

pub(super) fn changes(told: &Told) -> Table {
    let changes = told.drift().map_or(&[][..], |drift| &drift.changes);
    let row = |(day, what): &(crate::model::Day, String)| {
        vec![Cell::text(day.to_string()), Cell::text(what)]
    };
    Table {
        name: "changes",
        caption: "Known changes".into(),
        columns: &["day", "what"],
        rows: changes.iter().map(row).collect(),
    }
}

pub(super) fn figures(told: &Told) -> Table {
    let row = |figure: &crate::explain::Figure| {
        let cells = [
            &figure.section,
            &figure.name,
            &figure.value,
            &figure.formula,
            &figure.rests_on,
        ];
        cells.into_iter().map(Cell::text).collect()
    };
    Table {
        name: "figures",
        caption: "Every figure with its formula".into(),
        columns: &["section", "figure", "value", "formula", "rests_on"],
        rows: told.figures.iter().map(row).collect(),
    }
}

/// The newest first.
pub(super) fn ledger(told: &Told) -> Table {
    let row = |row: &crate::store::LedgerRow| {
        vec![
            Cell::text(words::instant(Time(row.at))),
            Cell::text(&row.what),
            Cell::text(&row.from),
            Cell::text(&row.to),
            Cell::text(&row.reason),
            Cell::maybe(row.is_clock_in_doubt.then_some("in doubt")),
        ]
    };
    Table {
        name: "ledger",
        caption: "Changes of class, status and recommendation".into(),
        columns: &["at", "what", "was", "became", "reason", "clock"],
        rows: told.kept.ledger.iter().rev().map(row).collect(),
    }
}

//! The page of a process, section by section.

use super::overview::overview;
use super::why::why;
use super::{Told, tables};
use crate::drift::{ProcessDrift, StreamState};
use crate::query::{chart_of, is_part};
use crate::score::ExecutorScore;
use crate::store::AlarmRow;
use crate::web::pages::board::{links_to, status_mark};
use crate::web::pages::charts::control::{Control, control};
use crate::web::pages::charts::durations::durations;
use crate::web::pages::charts::map::map;
use crate::web::pages::charts::outcomes::outcomes;
use crate::web::pages::charts::stream_days::{StreamDays, stream_days};
use crate::web::pages::charts::{bar, spark};
use crate::web::pages::words;
use maud::{Markup, html};

/// Their places on the page.
const CONTENTS: [(&str, &str); 8] = [
    ("why", "Why"),
    ("chart", "Control chart"),
    ("drift", "Drift"),
    ("executors", "Executors"),
    ("stages", "Stage times"),
    ("distributions", "Durations and outcomes"),
    ("map-section", "Process map"),
    ("ledger", "Ledger"),
];

pub(super) fn body(told: &Told) -> Markup {
    let score = told.score();
    html! {
        div.lead {
            p.crumb { a href="/" { "Board" } " / " }
            h1 title=(words::whole(&score.name)) { bdi { (words::name(&score.name)) } }
            @if score.id != score.name { p.id { bdi { (words::whole(&score.id)) } } }
        }
        (overview(told))
        nav.contents aria-label="On this page" { @for (id, title) in CONTENTS { a href={ "#" (id) } { (title) } }
            a.csv href={ "/api/v1/processes/" (words::encoded(&score.id)) } { "JSON" } }
        (section("why", "Why this recommendation", &why(told)))
        (section("chart", "Control chart", &chart(told)))
        (section("drift", "Drift", &drift(told)))
        (section("executors", "Executors side by side", &executors(told)))
        (section("stages", "Stage times", &stages(told)))
        (section("distributions", "Durations and outcomes", &distributions(told)))
        (section("map-section", "Process map", &process_map(told)))
        (section("ledger", "Ledger", &html! {
            p.note { "Every change of class, status or recommendation, the newest first." }
            (tables::ledger(told).markup(&told.csv("ledger")))
        }))
    }
}

fn section(id: &str, title: &str, body: &Markup) -> Markup {
    html! { section.block id=(id) aria-labelledby={ (id) "-h" } { h2 id={ (id) "-h" } { (title) } (body) } }
}

fn chart(told: &Told) -> Markup {
    let drift = told.drift();
    let picture = Control {
        observed: &told.kept.observed,
        watched: drift.map_or(&[], |drift| &drift.days),
        baseline_until: drift.and_then(|drift| drift.baseline_until),
        permissible: told.score().rating.permissible_deviation,
        changes: drift.map_or(&[], |drift| &drift.changes),
        alarms: told
            .alarms()
            .map(|alarm| (alarm.onset, alarm.raised, alarm.words()))
            .collect(),
    };
    html! {
        (control(&picture))
        p.note { "Limits and moving average are there to be looked at. Alarms come from the evidence below, at a false-alarm rate that holds for the whole fleet." }
        (tables::days(told).behind(&told.csv("days")))
    }
}

fn drift(told: &Told) -> Markup {
    let Some(drift) = told.drift().filter(|drift| drift.baseline.is_some()) else {
        return html! { p { "Its baseline is still being learned: drift is watched once there are enough cases and days to know how it was." } (alarms(told)) };
    };
    html! {
        @if let Some(baseline) = &drift.baseline {
            p.note { "Against a baseline of " (words::counted(baseline.cases, "case")) " from " (baseline.from) " to " (baseline.to)
                ", which deviated in " (words::percent(baseline.deviation)) ". An alarm is raised at the dashed line." }
        }
        (sentences(told))
        div.pair {
            div { h3 { "Evidence" } (streams(told, drift)) }
            div {
                (alarms(told))
                @if !drift.changes.is_empty() {
                    h3 { "Known changes" }
                    (tables::changes(told).markup(&told.csv("changes")))
                }
            }
        }
        (alarm_charts(told, drift))
    }
}

/// The days of the stream of every alarm that stands, and of the latest one that is over.
fn alarm_charts(told: &Told, drift: &ProcessDrift) -> Markup {
    let outcomes = &told.snapshot.drift.outcomes;
    let own = || {
        told.alarms()
            .filter(|alarm| alarm.processes.is_empty() && !alarm.is_withdrawn())
    };
    let over = own().filter(|alarm| !alarm.is_open()).take(1);
    let shown = own().filter(|alarm| alarm.is_open()).chain(over);
    let charts = shown.filter_map(|alarm| Some((alarm, chart_of(alarm, drift, outcomes)?)));
    html! {
        @for (nth, (alarm, chart)) in charts.enumerate() {
            (stream_days(&StreamDays { nth, chart, alarm, changes: &drift.changes }))
            (tables::days_of_stream(chart, &alarm.outcome).behind(&told.csv("stream_days")))
        }
    }
}

/// What the alarms that stand say.
fn sentences(told: &Told) -> Markup {
    let stories = told.stories();
    // An alarm about several processes stands for the one of this process.
    let is_told = |row: &AlarmRow| stories.iter().any(|cause| is_part(row, &cause.alarm));
    html! {
        @for story in stories.iter().filter(|story| story.alarm.is_open() && !is_told(&story.alarm)) {
            p.story { b { "Alarm " (story.alarm.id) ". " } (story.sentence) " "
                @if let Some(also) = story.also_words() { (also) " " }
                (other_processes(told, &story.alarm)) }
        }
    }
}

/// The processes that changed together with this one.
fn other_processes(told: &Told, alarm: &AlarmRow) -> Markup {
    let others = alarm
        .processes
        .iter()
        .filter(|process| **process != told.score().id);
    let others: Vec<&String> = others.collect();
    html! {
        @if !others.is_empty() { "Together with " (links_to(&others)) "." }
    }
}

fn streams(told: &Told, drift: &ProcessDrift) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Evidence of drift" { table.data.streams {
            caption { "By stream and day " a.csv href=(told.csv("streams")) { "CSV" } }
            thead { tr { th scope="col" { "stream" } th scope="col" { "evidence by day" } th.n scope="col" { "of threshold" } th scope="col" { "state" } } }
            tbody { @for (nth, state) in drift.streams.iter().enumerate() { (stream(drift, nth, state)) } }
        } }
    }
}

fn stream(drift: &ProcessDrift, nth: usize, state: &StreamState) -> Markup {
    let days: Vec<f32> = drift
        .days
        .iter()
        .filter_map(|point| point.evidence.get(nth).copied())
        .collect();
    html! {
        tr {
            th scope="row" { (state.stream.title()) }
            td { (spark::evidence(&days)) }
            td.n { (words::number(state.evidence)) }
            td { @if state.alarm { span.alarm { svg.i aria-hidden="true" { use href="#s-alarm" {} } "alarm" } } @else { span.steady { "steady" } } }
        }
    }
}

fn alarms(told: &Told) -> Markup {
    let alarms: Vec<&AlarmRow> = told.alarms().collect();
    html! {
        h3 { "Alarms" }
        @if alarms.is_empty() { p.none { "None was ever raised." } }
        @else {
            div.scroll tabindex="0" role="region" aria-label="Drift alarms" { table.data {
                caption { "The newest first " a.csv href=(told.csv("alarms")) { "CSV" } }
                thead { tr { @for title in ["alarm", "what", "since about", "found", "expected", "became", "state"] { th scope="col" { (title) } } } }
                tbody { @for alarm in alarms { tr {
                    td { a href={ "/api/v1/alarms/" (alarm.id) } { "#" (alarm.id) } }
                    td { (alarm.what()) } td { (alarm.onset) } td { (alarm.raised) }
                    td.n { (alarm.figure(alarm.was)) } td.n { (alarm.figure(alarm.became)) } td { (tables::life(alarm)) }
                } } }
            } }
            p.note { "The number leads to the cases that added most to the evidence." }
        }
    }
}

fn executors(told: &Told) -> Markup {
    let score = told.score();
    html! {
        div.scroll tabindex="0" role="region" aria-label="Executors" { table.data.sides {
            caption { "Each operating mode against the same limit " a.csv href=(told.csv("executors")) { "CSV" } }
            thead { tr { th scope="col" { "run by" } th.n scope="col" { "cases" } th scope="col" { "deviation, 95 % interval" } th scope="col" { "status" }
                th scope="col" { "holds" } th.n scope="col" { "median" } th.n scope="col" { "95 %" } th scope="col" { "who vouches for the outcomes" } } }
            tbody {
                @for side in &score.run_by.executors { (side_row(told, side)) }
                @if score.run_by.executors.is_empty() { tr { td.empty colspan="8" { "No case has ended." } } }
            }
        } }
        @if let Some(of) = score.run_by.automation { p { b { "Automation share: " } (words::automation(of)) "." } }
        @for shadow in &score.trials.shadow {
            p { b { "Shadow runs by " (words::executor(shadow.executor)) ": " } (words::count(shadow.runs)) ", " (words::status(shadow.status)) ". " (words::whole(&shadow.reason.to_string())) }
        }
    }
}

fn side_row(told: &Told, side: &ExecutorScore) -> Markup {
    let vouched = side.provenance;
    html! {
        tr {
            th scope="row" { svg.swatch aria-hidden="true" viewBox="0 0 10 10" { rect class={ "k-" (side.executor.word()) } width="10" height="10" {} }
                (words::executor(side.executor)) }
            td.n { (words::count(side.cases)) }
            td { div.both { (bar::of(side.deviation, told.score().rating.permissible_deviation, side.status))
                @if let Some(observed) = side.deviation { span.figures { b { (words::percent(observed.mean)) } " " span { (words::percent_range(observed)) } } } } }
            td { (status_mark(side.status)) }
            td { span.held { (words::achieved(side.achieved_class)) } }
            td.n { (side.duration_seconds.map_or("-".to_owned(), |d| words::seconds(d.p50))) }
            td.n { (side.duration_seconds.map_or("-".to_owned(), |d| words::seconds(d.p95))) }
            td { (words::count(vouched.confirmed)) " confirmed, " (words::count(vouched.stood)) " stood, " (words::count(vouched.self_declared)) " self-declared" }
        }
    }
}

fn stages(told: &Told) -> Markup {
    html! {
        @if told.score().stage_times.is_empty() {
            p.none { "No milestone is known, such as acknowledged, contained or resolved. Declare " code { "milestones" } " in the catalog or in the mapping." }
        } @else {
            p.note { "Of the cases that started in the window. Open cases count as not reached yet, so nothing looks quicker than it is. Where no time stands, too few have reached it: it is above the lower bound." }
            (tables::stages(told).markup(&told.csv("stages")))
        }
    }
}

fn distributions(told: &Told) -> Markup {
    let score = told.score();
    let declared = told.config.catalog.processes.get(&score.id);
    let limit = declared.and_then(|process| process.duration_limit);
    html! {
        div.pair {
            div { h3 { "How long cases take" } (durations(&told.kept.durations, score.outcome.duration_seconds, limit))
                (tables::durations(told).behind(&told.csv("durations"))) }
            div { h3 { "How cases end, by week" }
                @match &told.kept.outcomes { Some(mix) => (outcomes(mix)), None => p.none { "No case has ended in this window." } }
                (tables::outcomes(told).behind(&told.csv("outcomes"))) }
        }
    }
}

fn process_map(told: &Told) -> Markup {
    html! {
        (map(&told.score().conformance.directly_follows, &told.kept.blamed))
        (tables::follows(told).behind(&told.csv("follows")))
    }
}

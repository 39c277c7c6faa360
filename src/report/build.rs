//! From scores and drift to what a report says.

use super::content::{
    Action, ActionKind, AlarmSaid, ChangeSaid, DaySaid, DisagreementRow, ExecutorRow, Expectation,
    Open, PeriodSaid, Prediction, Quality, Report, Row, Standing, VERSION,
};
use super::period::{Period, date};
use super::words;
use crate::config::daemon::Hashes;
use crate::config::format_roughly;
use crate::config::tolerance::Recommendation;
use crate::drift::{Alarm, DayPoint, ProcessDrift};
use crate::model::{DAY_HOURS, Executor, HOUR_US, Names, Span, Status, Time};
use crate::score::{Bounds, Change, Held, ProcessScore, changes};
use crate::store::PredictionRow;
use std::collections::BTreeMap;

impl PeriodSaid {
    /// Of a period.
    pub fn of(period: Period) -> PeriodSaid {
        PeriodSaid {
            id: period.id(),
            name: period.name(),
            from: date(period.from),
            to: date(period.to),
        }
    }
}

impl Standing {
    fn of(scores: &[ProcessScore]) -> Standing {
        let count = |status| scores.iter().filter(|score| score.status == status).count();
        Standing {
            processes: scores.len(),
            within: count(Status::Within),
            outside: count(Status::Outside),
            undetermined: count(Status::Undetermined),
            no_tolerance: count(Status::NoTolerance),
        }
    }
}

/// What a report is made from.
#[derive(Debug)]
pub struct Findings<'a> {
    /// The scores at the beginning and at the end of the period.
    pub scores: [&'a [ProcessScore]; 2],
    /// The drift of every process.
    pub drift: Vec<(&'a str, &'a ProcessDrift)>,
    /// Mean deviation by process at the ends of the last eight periods.
    pub trend: Vec<BTreeMap<String, f64>>,
    /// Ends of these.
    pub trend_ends: Vec<String>,
    /// The scoring window; `None` for all there is.
    pub window: Option<Span>,
    /// What the report before has said, if there was one.
    pub said: Vec<PredictionRow>,
    /// The names of outcomes.
    pub names: &'a Names,
    /// What the figures rest on.
    pub hashes: Hashes,
}

impl Report {
    /// Of what was found.
    pub fn of(period: Period, previous: Period, found: &Findings) -> Report {
        let [then, now] = found.scores;
        let held: BTreeMap<&str, &ProcessScore> = then
            .iter()
            .map(|score| (score.id.as_str(), score))
            .collect();
        let changed = |score: &ProcessScore| changed(held.get(score.id.as_str()).copied(), score);
        let mut actions: Vec<Action> = now.iter().filter_map(action).collect();
        // What does harm by its risk, the rest by its value.
        let worth = |action: &Action| match action.kind {
            ActionKind::Withdraw | ActionKind::LookInto => action.excess_per_week,
            _ => action.hours_per_year.map(|hours| hours[1]),
        };
        let worth = |action: &Action| worth(action).unwrap_or(f64::NEG_INFINITY);
        let is_harm =
            |action: &Action| matches!(action.kind, ActionKind::Withdraw | ActionKind::LookInto);
        actions.sort_by(|a, b| {
            let urgent = is_harm(b).cmp(&is_harm(a));
            urgent
                .then(worth(b).total_cmp(&worth(a)))
                .then(a.kind.cmp(&b.kind))
                .then(a.process.cmp(&b.process))
        });
        Report {
            window: found.window.map(in_days),
            version: VERSION,
            made_by: format!("toleranced {}", env!("CARGO_PKG_VERSION")),
            period: PeriodSaid::of(period),
            previous: PeriodSaid::of(previous),
            hashes: found.hashes,
            standing: [Standing::of(now), Standing::of(then)],
            changes: now.iter().flat_map(changed).collect(),
            actions,
            alarms: alarms(period, found),
            board: now.iter().map(|score| row(score, &found.trend)).collect(),
            executors: now.iter().flat_map(executors).collect(),
            disagreements: now.iter().flat_map(disagreements).collect(),
            predictions: predictions(&held, found),
            expectations: now.iter().filter_map(expectation).collect(),
            undetermined: now.iter().filter_map(open).collect(),
            quality: now.iter().flat_map(quality).collect(),
            trend_ends: found.trend_ends.clone(),
        }
    }
}

fn three(bounds: Bounds) -> [f64; 3] {
    [bounds.lower, bounds.mean, bounds.upper]
}

fn action(score: &ProcessScore) -> Option<Action> {
    let withdraw = score.withdraw.first();
    let outside = score.status == Status::Outside;
    let runs_it = |kind: Executor| score.executor == kind;
    let (kind, what) = match (withdraw, score.recommendation) {
        (Some(kind), _) => (
            ActionKind::Withdraw,
            match kind {
                Executor::Code => "stop code until it is mended, and have people run it meanwhile",
                _ => "AI must not run it unattended: have a person approve each outcome, or take it back",
            }
            .to_owned(),
        ),
        (None, Some(Recommendation::BreakUp)) => (
            ActionKind::BreakUp,
            "break it into sub-processes".to_owned(),
        ),
        (None, Some(Recommendation::Code)) if !runs_it(Executor::Code) => (
            ActionKind::Codify,
            all_of_it("have code run", score, Executor::Code),
        ),
        (None, Some(Recommendation::Ai)) if !runs_it(Executor::Ai) => (
            ActionKind::Delegate,
            all_of_it("have AI run", score, Executor::Ai),
        ),
        (None, Some(Recommendation::AiWithApproval)) if !runs_it(Executor::Ai) => (
            ActionKind::Approve,
            "let AI propose and a person approve".to_owned(),
        ),
        _ if outside => (
            ActionKind::LookInto,
            "find out why it deviates so much, or relax what it must hold".to_owned(),
        ),
        _ => return None,
    };
    let net = score
        .value
        .as_ref()
        .and_then(|value| value.net_hours_per_year);
    let worth = matches!(
        kind,
        ActionKind::Codify | ActionKind::Delegate | ActionKind::Approve
    );
    let hours = net.filter(|_| worth).map(three);
    Some(Action {
        process: score.id.clone(),
        name: score.name.clone(),
        kind,
        what,
        confidence: match (hours, score.status) {
            (Some([_, _, upper]), _) if upper <= 0.0 => "it costs more hours than it saves",
            (Some([lower, _, _]), _) if lower <= 0.0 => "it may cost more hours than it saves",
            (Some(_), _) => "at least the lower of these is very likely",
            // Of what it does now, and not of what another would do.
            (None, Status::Outside) if !worth => "very likely",
            (None, Status::Outside) => "what it saves is not known",
            (None, _) => "on little evidence",
        },
        hours_per_year: hours,
        of_hours: hours.and_then(|_| of_hours(score)),
        first: untried(kind, score),
        excess_per_week: excess(score),
        why: score.why().to_owned(),
    })
}

/// The part of the cases that one kind runs alone already.
fn part_of(score: &ProcessScore, kind: Executor) -> Option<f64> {
    let all: i64 = score.executors.iter().map(|side| side.cases).sum();
    let own = score.executors.iter().filter(|side| side.executor == kind);
    (all > 0).then(|| own.map(|side| side.cases).sum::<i64>() as f64 / all as f64)
}

fn all_of_it(have_run: &str, score: &ProcessScore, kind: Executor) -> String {
    match part_of(score, kind).filter(|part| *part >= 0.05) {
        Some(part) => format!(
            "{have_run} all of it, not just {:.0} % of the cases",
            100.0 * part
        ),
        None => format!("{have_run} it"),
    }
}

fn of_hours(score: &ProcessScore) -> Option<(f64, f64)> {
    let value = score.value.as_ref()?;
    let (spent, saved) = (
        value.hours_spent_per_year?.mean,
        value.hours_saved_per_year?.mean,
    );
    (spent > 0.0).then(|| (spent, saved / spent))
}

/// What must be shown before somebody else runs a process.
fn untried(action: ActionKind, score: &ProcessScore) -> Option<String> {
    let (kind, name) = match action {
        ActionKind::Codify => (Executor::Code, "code"),
        ActionKind::Delegate | ActionKind::Approve => (Executor::Ai, "AI"),
        _ => return None,
    };
    let say = || {
        format!(
            "nothing is known yet of how {name} does here: let it run beside people on the same cases, without effect (shadow runs)"
        )
    };
    score.is_untried(kind).then(say)
}

fn excess(score: &ProcessScore) -> Option<f64> {
    let (observed, permissible) = (score.deviation?.mean, score.permissible_deviation?);
    let per_week = (observed - permissible) * score.cases_per_week?;
    (score.status == Status::Outside && per_week > 0.0).then_some(per_week)
}

fn alarms(period: Period, found: &Findings) -> Vec<AlarmSaid> {
    let within = |alarm: &Alarm| {
        let stood = alarm.ended.is_none_or(|(day, _)| day >= period.from);
        alarm.raised < period.to && stood
    };
    let name_of = |process: &str| {
        let score = found.scores[1].iter().find(|score| score.id == process);
        score.map_or_else(|| process.to_owned(), |score| score.name.clone())
    };
    let said = |process: &str, drift: &ProcessDrift, alarm: &Alarm| {
        let nth = drift
            .streams
            .iter()
            .position(|state| state.stream == alarm.stream);
        let about = |point: &&DayPoint| {
            (alarm.onset - DAYS_ABOUT..=alarm.raised + DAYS_ABOUT).contains(&point.day)
                && point.day < period.to
        };
        let day = |point: &DayPoint| DaySaid {
            day: date(point.day),
            deviation: point.deviation,
            expected: point.expected,
            evidence: nth
                .and_then(|nth| point.evidence.get(nth))
                .copied()
                .unwrap_or(0.0),
        };
        AlarmSaid {
            process: process.to_owned(),
            name: name_of(process),
            stream: alarm.stream.word(),
            what: what_drifted(alarm, found.names),
            raised: date(alarm.raised),
            onset: date(alarm.onset),
            was: alarm.before,
            became: alarm.now,
            figures: format!(
                "{} before, {} since",
                alarm.stream.figure(alarm.before),
                alarm.stream.figure(alarm.now)
            ),
            explained_by: alarm.explained_by.clone(),
            ended: alarm
                .ended
                .filter(|(day, _)| *day < period.to)
                .map(|(day, _)| date(day)),
            days: drift.days.iter().filter(about).map(day).collect(),
        }
    };
    let of_process = |(process, drift): &(&str, &ProcessDrift)| -> Vec<AlarmSaid> {
        let alarms = drift.alarms.iter().filter(|alarm| within(alarm));
        alarms.map(|alarm| said(process, drift, alarm)).collect()
    };
    let mut all: Vec<AlarmSaid> = found.drift.iter().flat_map(of_process).collect();
    all.sort_by(|a, b| b.raised.cmp(&a.raised).then(a.process.cmp(&b.process)));
    all
}

/// Days shown before the onset and after an alarm.
const DAYS_ABOUT: i32 = 28;

/// What has changed, for people.
fn what_drifted(alarm: &Alarm, names: &Names) -> String {
    use crate::drift::{Direction, Stream};
    let up = alarm.direction == Direction::Up;
    let of = |more: &str, less: &str| if up { more.to_owned() } else { less.to_owned() };
    match alarm.stream {
        Stream::Deviation => of("deviates more", "deviates less"),
        Stream::DurationLocation => of("takes longer", "takes less time"),
        Stream::DurationDispersion => of("durations vary more", "durations vary less"),
        Stream::OutcomeMix => match alarm.outcome {
            Some(outcome) => format!("ends more often in `{}`", names.text(outcome)),
            None => "ends in outcomes that it never had".to_owned(),
        },
        Stream::InputVariance => "ends differently on the same input".to_owned(),
        Stream::PathNovelty => "takes new paths more often".to_owned(),
        Stream::FrequencyUp => "comes more often".to_owned(),
        Stream::FrequencyDown => "comes less often".to_owned(),
        Stream::CriticalOutcome => "ends too often in its critical outcome".to_owned(),
    }
}

fn row(score: &ProcessScore, trend: &[BTreeMap<String, f64>]) -> Row {
    Row {
        process: score.id.clone(),
        name: score.name.clone(),
        required_class: score.required_class.to_string(),
        achieved_class: score.achieved_class.to_string(),
        status: score.status.word(),
        deviation: score.deviation.map(three),
        permissible: score.permissible_deviation,
        cases_per_week: score.cases_per_week,
        executor: score.executor.word(),
        recommendation: score.recommendation.map(|r| r.words().to_owned()),
        trend: trend.iter().map(|of| of.get(&score.id).copied()).collect(),
    }
}

fn executors(score: &ProcessScore) -> Vec<ExecutorRow> {
    if score.executors.len() < 2 {
        return Vec::new();
    }
    let each = score.executors.iter().map(|kind| ExecutorRow {
        process: score.id.clone(),
        name: score.name.clone(),
        executor: kind.executor.word(),
        cases: kind.cases,
        deviation: kind.deviation.map(three),
        status: kind.status.word(),
        median_seconds: kind.duration_seconds.as_ref().map(|seconds| seconds.p50),
    });
    each.collect()
}

fn disagreements(score: &ProcessScore) -> Vec<DisagreementRow> {
    let each = score
        .disagreements
        .iter()
        .map(|disagreement| DisagreementRow {
            process: score.id.clone(),
            name: score.name.clone(),
            what: disagreement.what.clone(),
            declared: disagreement.declared.clone(),
            measured: disagreement.measured.clone(),
            sure: disagreement.sure,
        });
    each.collect()
}

/// Of a process that is to be automated, and whose hours are known.
fn expectation(score: &ProcessScore) -> Option<Expectation> {
    let automated = matches!(
        score.recommendation?,
        Recommendation::Code | Recommendation::Ai | Recommendation::AiWithApproval
    );
    let value = score.value.as_ref().filter(|_| automated)?;
    Some(Expectation {
        process: score.id.clone(),
        spent: three(value.hours_spent_per_year?),
        saved: three(value.net_hours_per_year?),
    })
}

/// What the report before has said; without one, what it would have said.
fn predictions(held: &BTreeMap<&str, &ProcessScore>, found: &Findings) -> Vec<Prediction> {
    let now = found.scores[1];
    let recorded: BTreeMap<&str, &PredictionRow> = found
        .said
        .iter()
        .map(|row| (row.process.as_str(), row))
        .collect();
    let said = |score: &ProcessScore| match recorded.get(score.id.as_str()) {
        Some(row) => Some((Some(date(Time(row.said_at).day())), row.spent, row.saved)),
        None if recorded.is_empty() => {
            let would = expectation(held.get(score.id.as_str())?)?;
            Some((None, would.spent, would.saved))
        }
        None => None,
    };
    let compared = |score: &ProcessScore| {
        let (said_on, spent_then, said_to_be_saved) = said(score)?;
        let spent_now = three(score.value.as_ref()?.hours_spent_per_year?);
        Some(Prediction {
            process: score.id.clone(),
            name: score.name.clone(),
            said_on,
            spent_then,
            said_to_be_saved,
            spent_now,
            saved: spent_then[1] - spent_now[1],
            shown: spent_now[2] < spent_then[0] || spent_now[0] > spent_then[2],
            automated: [held.get(score.id.as_str()).copied(), Some(score)]
                .map(|score| automated(score?)),
        })
    };
    // Whether an hour a year has come or not is nobody's business.
    let told = |row: &Prediction| row.said_to_be_saved[1] >= 1.0 || row.shown;
    now.iter().filter_map(compared).filter(told).collect()
}

/// The part of the cases that AI or code ran alone.
fn automated(score: &ProcessScore) -> Option<f64> {
    let parts = [Executor::Ai, Executor::Code].map(|kind| part_of(score, kind));
    parts.into_iter().flatten().reduce(|a, b| a + b)
}

/// A window in words.
fn in_days(window: Span) -> String {
    match (window / DAY_US, window % DAY_US) {
        (days, 0) if days > 1 => format!("{days} days"),
        _ => format_roughly(window),
    }
}

/// What changed of a process, each with what explains it: deviation for classes held and status, the rule that decided
/// for the rest.
fn changed(before: Option<&ProcessScore>, after: &ProcessScore) -> Vec<ChangeSaid> {
    let said = |score: &ProcessScore| match score.deviation {
        Some(bounds) => words::deviation(three(bounds)),
        None => "unknown".to_owned(),
    };
    let permissible = match after.permissible_deviation {
        Some(share) => format!("{} is permissible", words::percent(share)),
        None => "it has no tolerance to hold".to_owned(),
    };
    let measured = match before {
        Some(before) => format!(
            "the deviation was {}, is {}; {permissible}",
            said(before),
            said(after)
        ),
        None => format!("the deviation is {}; {permissible}", said(after)),
    };
    let explained = |change: Change| ChangeSaid {
        name: after.name.clone(),
        reason: match change.what {
            "achieved_class" | "status" => measured.clone(),
            _ => change.reason,
        },
        process: change.process,
        what: change.what,
        from: change.from,
        to: change.to,
    };
    let held = before.map(Held::of);
    let all = changes(held.as_ref(), after);
    all.into_iter().map(explained).collect()
}

const DAY_US: Span = DAY_HOURS as Span * HOUR_US;

/// Nobody waits so long for a verdict, in weeks.
const TOO_LONG: f64 = 104.0;

fn open(score: &ProcessScore) -> Option<Open> {
    if score.status != Status::Undetermined {
        return None;
    }
    let needs = match (score.clean_runs_missing, score.clean_runs_missing_weeks) {
        (Some(runs), Some(weeks)) if weeks > TOO_LONG => format!(
            "{runs} more cases without deviation, which takes {:.0} years at the present rate: it is too rare to be judged by its cases. \
             Exercises and replayed cases can count as evidence (`exercises_count` in the catalog)",
            (weeks / 52.18).ceil()
        ),
        (Some(runs), Some(weeks)) => {
            format!(
                "{runs} more cases without deviation, about {weeks:.0} weeks at the present rate"
            )
        }
        (Some(runs), None) => format!("{runs} more cases without deviation"),
        (None, _) => score
            .clean_runs_withheld
            .clone()
            .unwrap_or_else(|| score.reason.clone()),
    };
    Some(Open {
        process: score.id.clone(),
        name: score.name.clone(),
        needs,
    })
}

fn quality(score: &ProcessScore) -> Vec<Quality> {
    let mut all = Vec::new();
    let mut add = |what: String| {
        all.push(Quality {
            process: score.id.clone(),
            name: score.name.clone(),
            what,
        });
    };
    if score.loss.lost > 0 {
        let share = 100.0 * score.loss.share;
        add(format!(
            "{} records were lost ({share:.2} % of them)",
            score.loss.lost
        ));
    }
    let own = score.provenance.self_declared;
    if own > 0 {
        add(format!(
            "{own} of {} outcomes were declared by who ran the case, and nobody has checked them",
            score.cases - score.open_cases
        ));
    }
    if score.criticality_assumed {
        add("its criticality is assumed: the catalog does not say".to_owned());
    }
    all
}

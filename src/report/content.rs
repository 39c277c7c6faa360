//! What a report says, as plain data: the JSON format is this, the others are written from it.

use super::period::{Period, date};
use crate::config::daemon::Hashes;
use crate::config::tolerance::Recommendation;
use crate::drift::{Alarm, DayPoint, ProcessDrift};
use crate::model::{Executor, Names, Status};
use crate::score::{Bounds, Change, Held, ProcessScore, changes};
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of the JSON format.
pub const VERSION: u32 = 1;

/// A re-scoring report of one period.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Version of this format.
    pub version: u32,
    /// The program that made it, with its version.
    pub made_by: String,
    /// What it is about.
    pub period: PeriodSaid,
    /// What it is compared with.
    pub previous: PeriodSaid,
    /// What the figures rest on.
    #[serde(serialize_with = "in_hex")]
    pub hashes: Hashes,
    /// How many processes are in which state, at the end and at the beginning.
    pub standing: [Standing; 2],
    /// What changed in the period.
    pub changes: Vec<Change>,
    /// What to do, the most urgent first.
    pub actions: Vec<Action>,
    /// Changes against the past of a process that were found or stand in the period.
    pub alarms: Vec<AlarmSaid>,
    /// The processes.
    pub board: Vec<Row>,
    /// Kinds of executors of processes that more than one kind runs.
    pub executors: Vec<ExecutorRow>,
    /// Declared against measured.
    pub disagreements: Vec<DisagreementRow>,
    /// What was expected at the beginning of the period, and what came.
    pub predictions: Vec<Prediction>,
    /// What could not be judged, and what it needs.
    pub undetermined: Vec<Open>,
    /// What the data lack.
    pub quality: Vec<Quality>,
    /// Ends of the last eight periods, the present one last.
    pub trend_ends: Vec<String>,
}

/// A period in words and dates.
#[derive(Clone, Debug, Serialize)]
pub struct PeriodSaid {
    /// What it is called.
    pub name: String,
    /// Its first day, `YYYY-MM-DD`.
    pub from: String,
    /// The day after its last.
    pub to: String,
}

impl PeriodSaid {
    /// Of a period.
    pub fn of(period: Period) -> PeriodSaid {
        PeriodSaid {
            name: period.name(),
            from: date(period.from),
            to: date(period.to),
        }
    }
}

/// How many processes are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// All of them.
    pub processes: usize,
    /// Within their tolerance.
    pub within: usize,
    /// Outside.
    pub outside: usize,
    /// Not to be told.
    pub undetermined: usize,
    /// Without a tolerance to hold.
    pub no_tolerance: usize,
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

/// Something to do.
#[derive(Clone, Debug, Serialize)]
pub struct Action {
    /// The process.
    pub process: String,
    /// Its name for people.
    pub name: String,
    /// `withdraw`, `look_into`, `delegate`, `codify`, `break_up`, `approve`.
    pub kind: ActionKind,
    /// In words.
    pub what: String,
    /// Hours a year that it is worth: lower bound, mean, upper bound. `None` where not known.
    pub hours_per_year: Option<[f64; 3]>,
    /// How sure that is.
    pub confidence: &'static str,
    /// Why, with the figures.
    pub why: String,
}

/// Kinds of things to do, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// AI or code that deviates more than it may.
    Withdraw,
    /// A process outside its tolerance.
    LookInto,
    /// Nobody can hold it as a whole.
    BreakUp,
    /// To code.
    Codify,
    /// To AI, unattended.
    Delegate,
    /// To AI whose outcome a person approves.
    Approve,
}

/// A drift alarm.
#[derive(Clone, Debug, Serialize)]
pub struct AlarmSaid {
    /// The process.
    pub process: String,
    /// The stream.
    pub stream: &'static str,
    /// In words.
    pub what: String,
    /// The day after which the evidence was there.
    pub raised: String,
    /// The estimated first day of the change.
    pub onset: String,
    /// The mean that was expected.
    pub was: f64,
    /// The mean since the onset.
    pub became: f64,
    /// The known change that it is put down to.
    pub explained_by: Option<String>,
    /// When it ended.
    pub ended: Option<String>,
    /// The days about it.
    pub days: Vec<DaySaid>,
}

/// A day about a drift alarm.
#[derive(Clone, Debug, Serialize)]
pub struct DaySaid {
    /// The day.
    pub day: String,
    /// Mean deviation of the cases that ended; `None` without cases.
    pub deviation: Option<f64>,
    /// What the baseline expected.
    pub expected: Option<f64>,
    /// Evidence over threshold.
    pub evidence: f32,
}

/// A process on the board.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The process.
    pub process: String,
    /// For people.
    pub name: String,
    /// The class that it needs.
    pub required_class: String,
    /// The finest class that it is shown to hold.
    pub achieved_class: String,
    /// Observed against permissible.
    pub status: &'static str,
    /// Deviation: lower bound, mean, upper bound.
    pub deviation: Option<[f64; 3]>,
    /// What is permissible.
    pub permissible: Option<f64>,
    /// Cases a week.
    pub cases_per_week: Option<f64>,
    /// Who runs it.
    pub executor: &'static str,
    /// Who should.
    pub recommendation: Option<String>,
    /// Mean deviation at the ends of the last eight periods.
    pub trend: Vec<Option<f64>>,
}

/// One kind of executor of a process.
#[derive(Clone, Debug, Serialize)]
pub struct ExecutorRow {
    /// The process.
    pub process: String,
    /// The kind.
    pub executor: &'static str,
    /// Cases that ended.
    pub cases: i64,
    /// Deviation: lower bound, mean, upper bound.
    pub deviation: Option<[f64; 3]>,
    /// Against what is permissible.
    pub status: &'static str,
    /// Median time from the first event to the end, in seconds.
    pub median_seconds: Option<f64>,
}

/// A declaration that the measurement contradicts.
#[derive(Clone, Debug, Serialize)]
pub struct DisagreementRow {
    /// The process.
    pub process: String,
    /// What is declared.
    pub what: String,
    /// As the catalog says.
    pub declared: String,
    /// As measured.
    pub measured: String,
    /// Whether it is beyond doubt.
    pub sure: bool,
}

/// What was expected of a process at the beginning of the period, and what came.
#[derive(Clone, Debug, Serialize)]
pub struct Prediction {
    /// The process.
    pub process: String,
    /// Hours a year that people spent at the beginning: lower bound, mean, upper bound.
    pub spent_then: [f64; 3],
    /// Hours a year that were said to be saved if it was automated.
    pub said_to_be_saved: [f64; 3],
    /// Hours a year that people spend at the end.
    pub spent_now: [f64; 3],
    /// Spent then minus spent now.
    pub saved: f64,
    /// Whether the means differ by more than chance: the intervals do not overlap.
    pub shown: bool,
}

/// A process that could not be judged.
#[derive(Clone, Debug, Serialize)]
pub struct Open {
    /// The process.
    pub process: String,
    /// What it needs.
    pub needs: String,
}

/// What the data of a process lack.
#[derive(Clone, Debug, Serialize)]
pub struct Quality {
    /// The process.
    pub process: String,
    /// In words.
    pub what: String,
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
        let changed = |score: &ProcessScore| {
            let before = held.get(score.id.as_str()).map(|score| Held::of(score));
            changes(before.as_ref(), score)
        };
        let mut actions: Vec<Action> = now.iter().filter_map(action).collect();
        let worth = |action: &Action| action.hours_per_year.map_or(f64::NEG_INFINITY, |h| h[1]);
        actions.sort_by(|a, b| {
            let urgent = a.kind.cmp(&b.kind);
            urgent
                .then(worth(b).total_cmp(&worth(a)))
                .then(a.process.cmp(&b.process))
        });
        Report {
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
            predictions: now
                .iter()
                .filter_map(|score| prediction(held.get(score.id.as_str())?, score))
                .collect(),
            undetermined: now.iter().filter_map(open).collect(),
            quality: now.iter().flat_map(quality).collect(),
            trend_ends: found.trend_ends.clone(),
        }
    }
}

fn in_hex<S: serde::Serializer>(hashes: &Hashes, to: S) -> Result<S::Ok, S::Error> {
    let hex = |hash: u64| format!("{hash:016x}");
    let named = [
        ("configuration", hex(hashes.configuration)),
        ("catalog", hex(hashes.catalog)),
        ("tolerance", hex(hashes.tolerance)),
    ];
    to.collect_map(named)
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
            format!("withdraw {kind}: it deviates more than the process may"),
        ),
        (None, Some(Recommendation::BreakUp)) => (
            ActionKind::BreakUp,
            "break it into sub-processes".to_owned(),
        ),
        (None, Some(Recommendation::Code)) if !runs_it(Executor::Code) => {
            (ActionKind::Codify, "have code run it".to_owned())
        }
        (None, Some(Recommendation::Ai)) if !runs_it(Executor::Ai) => {
            (ActionKind::Delegate, "delegate it to AI".to_owned())
        }
        (None, Some(Recommendation::AiWithApproval)) if !runs_it(Executor::Ai) => (
            ActionKind::Approve,
            "let AI propose and a person approve".to_owned(),
        ),
        _ if outside => (
            ActionKind::LookInto,
            "find out why it deviates, or relax what it must hold".to_owned(),
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
            (Some([_, _, upper]), _) if upper <= 0.0 => "costs more hours than it saves",
            (Some([lower, _, _]), _) if lower <= 0.0 => "it may cost more than it saves",
            (Some(_), _) => "saves hours beyond doubt",
            (None, Status::Outside) => "beyond doubt",
            (None, _) => "as far as the evidence goes",
        },
        hours_per_year: hours,
        why: score.reason.clone(),
    })
}

fn alarms(period: Period, found: &Findings) -> Vec<AlarmSaid> {
    let within = |alarm: &Alarm| {
        let stood = alarm.ended.is_none_or(|(day, _)| day >= period.from);
        alarm.raised < period.to && stood
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
            stream: alarm.stream.word(),
            what: words(alarm, found.names),
            raised: date(alarm.raised),
            onset: date(alarm.onset),
            was: alarm.before,
            became: alarm.now,
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
fn words(alarm: &Alarm, names: &Names) -> String {
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
        Stream::InputVariance => "ends otherwise on the same input".to_owned(),
        Stream::PathNovelty => "takes paths that it never took".to_owned(),
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
            what: disagreement.what.clone(),
            declared: disagreement.declared.clone(),
            measured: disagreement.measured.clone(),
            sure: disagreement.sure,
        });
    each.collect()
}

/// Of a process that was to be automated.
fn prediction(then: &ProcessScore, now: &ProcessScore) -> Option<Prediction> {
    let automated = matches!(
        then.recommendation?,
        Recommendation::Code | Recommendation::Ai | Recommendation::AiWithApproval
    );
    let (before, after) = (then.value.as_ref()?, now.value.as_ref()?);
    let spent = [before.hours_spent_per_year?, after.hours_spent_per_year?].map(three);
    let saved = spent[0][1] - spent[1][1];
    automated.then_some(Prediction {
        process: now.id.clone(),
        spent_then: spent[0],
        said_to_be_saved: three(before.hours_saved_per_year?),
        spent_now: spent[1],
        saved,
        shown: spent[1][2] < spent[0][0] || spent[1][0] > spent[0][2],
    })
}

fn open(score: &ProcessScore) -> Option<Open> {
    if score.status != Status::Undetermined {
        return None;
    }
    let needs = match (score.clean_runs_missing, score.clean_runs_missing_weeks) {
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
        needs,
    })
}

fn quality(score: &ProcessScore) -> Vec<Quality> {
    let mut all = Vec::new();
    let mut add = |what: String| {
        all.push(Quality {
            process: score.id.clone(),
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
            "{own} outcomes were set by who ran the case, and nobody confirmed them"
        ));
    }
    if score.criticality_assumed {
        add("its criticality is assumed: the catalog does not say".to_owned());
    }
    all
}

//! From scores and drift to what a report says.

use super::actions::{self, three};
use super::content::{
    Action, ChangeSaid, DirectionRow, DisagreementRow, ExecutorRow, Open, PeriodSaid, Quality,
    Report, Row, StageRow, Standing, VERSION,
};
use super::drifted::{self, Since};
use super::findings::{Findings, TOO_LONG};
use super::period::Period;
use super::{predicted, words};
use crate::model::humanize::format_days;
use crate::model::{Span, Status};
use crate::score::{Change, DeclaredFact, Disagreement, Held, ProcessScore, changes};
use std::collections::BTreeMap;

impl PeriodSaid {
    /// Of a period.
    pub(crate) fn of(period: Period) -> PeriodSaid {
        PeriodSaid {
            id: period.id(),
            name: period.name(),
            from: period.from.to_string(),
            to: period.to.to_string(),
        }
    }
}

impl Standing {
    fn of(scores: &[ProcessScore]) -> Standing {
        let count = |status| {
            scores
                .iter()
                .filter(|score| score.rating.status == status)
                .count()
        };
        Standing {
            processes: scores.len(),
            within: count(Status::Within),
            outside: count(Status::Outside),
            undetermined: count(Status::Undetermined),
            no_tolerance: count(Status::NoTolerance),
        }
    }
}

impl Report {
    /// Of what was found.
    pub(crate) fn of(period: Period, previous: Period, found: &Findings) -> Report {
        let [then, now] = found.scores;
        let held: BTreeMap<&str, &ProcessScore> = then
            .iter()
            .map(|score| (score.id.as_str(), score))
            .collect();
        let since: BTreeMap<&str, Since> = found
            .drift
            .iter()
            .filter_map(|(process, drift)| Some((*process, Since::of(drift, period)?)))
            .collect();
        let since = |score: &ProcessScore| since.get(score.id.as_str());
        let changed = |score: &ProcessScore| {
            changed(held.get(score.id.as_str()).copied(), score, since(score))
        };
        let to_do = |score: &ProcessScore| actions::actions(score, since(score), found.alpha);
        let mut actions: Vec<Action> = now.iter().flat_map(to_do).collect();
        actions::sort(&mut actions);
        let mut board: Vec<Row> = now.iter().map(|score| row(score, &found.trend)).collect();
        sort(&mut board);
        Report {
            window: found.window.map(format_days),
            shared_days: found.window.map_or(0, |window| {
                (window / Span::DAY - i64::from(period.to - period.from)).max(0)
            }),
            version: VERSION,
            made_by: format!("toleranced {}", env!("CARGO_PKG_VERSION")),
            period: PeriodSaid::of(period),
            previous: PeriodSaid::of(previous),
            hashes: found.hashes,
            standing: [Standing::of(now), Standing::of(then)],
            changes: now.iter().flat_map(changed).collect(),
            actions,
            alarms: drifted::alarms(period, found),
            board,
            executors: now.iter().flat_map(executors).collect(),
            directions: now.iter().flat_map(directions).collect(),
            stages: now.iter().flat_map(stages).collect(),
            disagreements: now.iter().flat_map(disagreements).collect(),
            predictions: predicted::predictions(found),
            expectations: now.iter().filter_map(predicted::expectation).collect(),
            undetermined: now.iter().filter_map(open).collect(),
            quality: now.iter().flat_map(quality).collect(),
            trend_ends: found.trend_ends.clone(),
        }
    }
}

fn row(score: &ProcessScore, trend: &[BTreeMap<String, f64>]) -> Row {
    let executor = score.run_by.executor.word();
    // Where the log says little of who runs it, that is what the catalog says.
    let otherwise =
        |one: &&Disagreement| one.what == DeclaredFact::Executor && one.declared == executor;
    let measured = score.disagreements.iter().find(otherwise);
    Row {
        process: score.id.clone(),
        name: score.name.clone(),
        required_class: score.rating.required_class.to_string(),
        achieved_class: score.rating.achieved_class.to_string(),
        status: score.rating.status.word(),
        cases: score.scored_cases.count,
        deviation: score.rating.deviation.map(three),
        permissible: score.rating.permissible_deviation,
        cases_per_week: score.rate.cases_per_week,
        executor,
        executor_measured: measured.map(|one| one.measured.clone()),
        recommendation: score.advice.recommendation,
        trend: trend.iter().map(|of| of.get(&score.id).copied()).collect(),
    }
}

/// What is outside first, then what is not known, each by how much goes wrong beyond what may.
fn sort(board: &mut [Row]) {
    let rank = |row: &Row| match row.status {
        "outside" => 0,
        "undetermined" => 1,
        "within" => 2,
        _ => 3,
    };
    let excess = |row: &Row| match (row.deviation, row.permissible, row.cases_per_week) {
        (Some([_, mean, _]), Some(limit), Some(rate)) => (mean - limit) * rate,
        _ => f64::NEG_INFINITY,
    };
    board.sort_by(|a, b| {
        let ranked = rank(a).cmp(&rank(b));
        let harm = excess(b).total_cmp(&excess(a));
        ranked.then(harm).then_with(|| a.process.cmp(&b.process))
    });
}

fn executors(score: &ProcessScore) -> Vec<ExecutorRow> {
    if score.run_by.executors.len() < 2 {
        return Vec::new();
    }
    let each = score.run_by.executors.iter().map(|kind| ExecutorRow {
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

fn directions(score: &ProcessScore) -> Vec<DirectionRow> {
    let each = score.directions.iter().map(|of| DirectionRow {
        process: score.id.clone(),
        name: score.name.clone(),
        score: *of,
    });
    each.collect()
}

fn stages(score: &ProcessScore) -> Vec<StageRow> {
    let each = score.stage_times.iter().map(|time| StageRow {
        process: score.id.clone(),
        name: score.name.clone(),
        time: time.clone(),
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
            what: disagreement.what,
            declared: disagreement.declared.clone(),
            measured: disagreement.measured.clone(),
            sure: disagreement.sure,
        });
    each.collect()
}

/// What changed of a process, each with what explains it: deviation for classes held and status, the rule that decided
/// for the rest.
fn changed(
    before: Option<&ProcessScore>,
    after: &ProcessScore,
    since: Option<&Since>,
) -> Vec<ChangeSaid> {
    let said = |score: &ProcessScore| match score.rating.deviation {
        Some(bounds) => words::deviation(three(bounds)),
        None => "unknown".to_owned(),
    };
    let permissible = match after.rating.permissible_deviation {
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
    let measured = match since {
        Some(since) => format!(
            "since about {} the deviation is {}; over the whole time {measured}",
            since.day,
            words::percent(since.deviation)
        ),
        None => measured,
    };
    let explained = |change: Change| ChangeSaid {
        name: after.name.clone(),
        reason: match change.what {
            "achieved_class" | "status" => measured.clone(),
            "recommendation" => after.advice.reason.without_figures(),
            _ => after.advice.reason.to_string(),
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

fn open(score: &ProcessScore) -> Option<Open> {
    if score.rating.status != Status::Undetermined {
        return None;
    }
    let unbroken = |runs: u64| {
        format!(
            "if the next {} all ended as they should, it would be shown to be within",
            words::cases(runs as i64)
        )
    };
    let needs = match (score.clean_cases.needed, score.clean_cases.weeks) {
        (Some(runs), Some(weeks)) if weeks > TOO_LONG => format!(
            "{}; at the present rate that takes {:.0} years: it is too rare to be judged by its cases",
            unbroken(runs),
            (weeks / 52.18).ceil()
        ),
        (Some(runs), Some(weeks)) => format!(
            "{}, in about {weeks:.0} week{} at the present rate; later, if some of them do not",
            unbroken(runs),
            if weeks < 1.5 { "" } else { "s" }
        ),
        (Some(runs), None) => match &score.clean_cases.unreachable {
            Some(why) => format!("it is too rare to be judged by its cases: {why}"),
            None => unbroken(runs),
        },
        (None, _) => score
            .clean_cases
            .unreachable
            .map_or_else(|| score.advice.reason.to_string(), |why| why.to_string()),
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
        let lost = match score.loss.lost {
            1 => "1 record was lost".to_owned(),
            many => format!("{} records were lost", words::count(many)),
        };
        add(format!(
            "{lost} ({} of them)",
            words::percent(score.loss.share)
        ));
    }
    let (own, ended) = (
        score.scored_cases.provenance.self_declared,
        score.counts.cases - score.counts.open_cases,
    );
    if own > 0 {
        let is = if own == 1 { "is" } else { "are" };
        add(format!(
            "{} of {} outcomes {is} the word of who ran the case ({}), and nobody has checked: more may be wrong than is known",
            words::count(own),
            words::count(ended),
            words::percent(own as f64 / ended.max(1) as f64)
        ));
    }
    if score.levels.criticality_assumed {
        add("its criticality is assumed: the catalog does not say".to_owned());
    }
    all
}

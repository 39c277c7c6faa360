//! Figures of which there are as many as the log has: outcomes, kinds of executors, exercises, shadow runs.

use super::figure::{
    CATALOG, DECLARED, DEVIATION, ENDED, EXECUTORS, Figure, Ground, STATUS, TABLE, cases, counted,
    figure, interval, share, span, status_word,
};
use super::{LEAST_CASES, percent, short, too_few};
use crate::model::humanize::significant;
use crate::model::{Executor, Ppm, Status};
use crate::score::{
    Bounds, DeclaredFact, DirectionScore, Disagreement, ExecutorScore, ExerciseScore, ProcessScore,
    ShadowScore, as_independent, direction_name,
};

pub(super) fn outcomes(ground: &Ground) -> Vec<Figure> {
    let declared = &ground.declared;
    let tolerance = ground.terms.tolerance;
    let severity = |name: &String| {
        let own = declared.severity_of(name);
        let by_name = || tolerance.severity_by_name(name);
        own.map(|severity| (severity, "declared", CATALOG))
            .or_else(|| Some((by_name()?, "assumed by its name", TABLE)))
            .or_else(|| Some((declared.other_outcomes?, "declared for all others", CATALOG)))
    };
    let mut rows: Vec<(Ppm, i64, Figure)> = ground
        .score
        .outcome
        .outcomes
        .iter()
        .map(|(name, count)| {
            let known = severity(name);
            let (formula, rests_on) = match known {
                Some((severity, how, rests_on)) => {
                    let severity = short(severity.share(), 6);
                    (format!("severity {severity}, {how}"), rests_on)
                }
                None => (
                    "severity unknown: nobody has classified it".to_owned(),
                    "nothing",
                ),
            };
            let severity = known.map_or(Ppm::ZERO, |(severity, ..)| severity);
            let value = counted(ground, *count).unwrap_or_default();
            let row = figure(
                (DEVIATION, format!("outcome {name}")),
                value,
                (formula, rests_on),
            );
            (severity, *count, row)
        })
        .collect();
    rows.sort_by(|a, b| {
        (b.0, b.1)
            .cmp(&(a.0, a.1))
            .then_with(|| a.2.name.cmp(&b.2.name))
    });
    rows.into_iter().map(|(_, _, row)| row).collect()
}

/// Deviation and what follows from it.
fn observed(deviation: Option<Bounds>, status: Status) -> String {
    match deviation {
        Some(deviation) => format!(
            "{} {}: {}",
            percent(deviation.mean),
            interval(deviation),
            status_word(status)
        ),
        None => "not observed".to_owned(),
    }
}

/// Misses apart from false alarms, each against its own tolerance.
pub(super) fn directions(score: &ProcessScore) -> Vec<Figure> {
    score.directions.iter().map(direction).collect()
}

fn direction(of: &DirectionScore) -> Figure {
    let share = of.share.map_or("not observed".to_owned(), |share| {
        format!("{} {}", percent(share.mean), interval(share))
    });
    let value = match of.status {
        Some(status) => format!("{share}: {}", status_word(status)),
        None => share,
    };
    let mut how = vec![format!("{} of {}", of.cases, cases(of.of))];
    if of.unknown_cases > 0 {
        how.push(format!(
            "{} of them unknown, as nobody has classified their outcome",
            of.unknown_cases
        ));
    }
    if let Some(fewer) = of.independence.fewer() {
        let effect = short(of.independence.factor(), 2);
        how.push(format!("{}: design effect {effect}", as_independent(fewer)));
    }
    how.push(match of.tolerance {
        Some(tolerance) => format!("tolerance {} %", short(tolerance * 100.0, 6)),
        None => "no tolerance is declared".to_owned(),
    });
    let rests_on = match of.tolerance {
        Some(_) => "ended cases and catalog",
        None => ENDED,
    };
    figure(
        (STATUS, direction_name(of.direction).to_owned()),
        value,
        (how.join("; "), rests_on),
    )
}

pub(super) fn executor(side: &ExecutorScore, confirmed_only: bool) -> Figure {
    if side.cases < LEAST_CASES {
        let value = too_few(side.cases.unsigned_abs(), "case");
        let name = (EXECUTORS, side.executor.to_string());
        return figure(name, value, (String::new(), ENDED));
    }
    let mut how = vec![match confirmed_only {
        true => format!(
            "deviation of the {} it decided that are confirmed, of {}",
            cases(side.provenance.confirmed),
            cases(side.cases)
        ),
        false => format!("deviation of the {} it decided", cases(side.cases)),
    }];
    if side.executor == Executor::Mixed {
        how = vec![format!(
            "deviation of {} that the log itself calls mixed",
            cases(side.cases)
        )];
    }
    how.extend(
        side.cases_per_week
            .map(|rate| format!("{} a week", significant(rate, 1))),
    );
    how.push(format!("achieved class {}", side.achieved_class));
    how.extend(side.capability.map(|c| format!("capability {c:.2}")));
    how.extend(
        side.duration_seconds
            .map(|d| format!("median {}", span(d.p50))),
    );
    how.extend(side.duration_spread.map(|s| format!("spread {s:.1}")));
    how.push(format!("{} self-declared", side.provenance.self_declared));
    how.extend(side.directions.iter().map(ToString::to_string));
    figure(
        (EXECUTORS, side.executor.to_string()),
        observed(side.deviation, side.status),
        (how.join("; "), ENDED),
    )
}

pub(super) fn exercise(side: &ExerciseScore) -> Figure {
    let value = match side.deviation {
        Some(d) => format!("{} {}", percent(d.mean), interval(d)),
        None => "not observed".to_owned(),
    };
    let counted = if side.counted {
        "they count as evidence"
    } else {
        "shown apart"
    };
    let differ = match side.differs_from_live {
        Some(true) => "; shown to differ from live cases",
        Some(false) => "; not shown to differ from live cases",
        None => "",
    };
    let how = format!("deviation of {}; {counted}{differ}", cases(side.cases));
    figure(
        (EXECUTORS, "exercises".to_owned()),
        value,
        (how, "exercises"),
    )
}

pub(super) fn shadow(side: &ShadowScore) -> Figure {
    let like = side.like_done.map_or(String::new(), |like| {
        format!("; like what was done: {}", share(like))
    });
    let how = format!(
        "{} runs, {} compared{like}; {}",
        side.runs, side.compared, side.reason
    );
    figure(
        (EXECUTORS, format!("shadow runs of {}", side.executor)),
        observed(side.deviation, side.status),
        (how, "shadow runs"),
    )
}

pub(super) fn disagreement(found: &Disagreement) -> Figure {
    // Only the rate has an interval.
    let sure = match (found.what, found.sure) {
        (DeclaredFact::Frequency, true) => "the whole interval says so",
        (DeclaredFact::Frequency, false) => "the middle of the interval says so",
        (DeclaredFact::Size, _) => "more than twice or less than half as much; it has no interval",
        (_, true) => "measured on enough cases; it has no interval",
        (_, false) => "measured on few cases; it has no interval",
    };
    figure(
        (DECLARED, found.what.to_string()),
        format!("{}, measured {}", found.declared, found.measured),
        (sure.to_owned(), CATALOG),
    )
}

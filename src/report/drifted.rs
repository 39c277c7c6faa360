//! What has changed against the past of a process, for people.

use super::content::{AlarmSaid, DaySaid};
use super::findings::Findings;
use super::period::Period;
use super::words::percent;
use crate::drift::{Alarm, DayPoint, Direction, ProcessDrift, Stream};
use crate::model::Names;
use crate::query::AlarmStories;
use crate::store::AlarmRow;

/// Days shown before the onset and after an alarm.
const DAYS_ABOUT: i32 = 28;

/// How a process deviates since a drift that still stands at the end of a period.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Since {
    /// The day from which on it does, as estimated.
    pub(super) day: String,
    /// Mean deviation of the cases that ended since.
    pub(super) deviation: f64,
    /// Cases a week that did.
    pub(super) cases_per_week: f64,
}

impl Since {
    /// `None` where the deviation has not risen, or is as it was again.
    pub(super) fn of(drift: &ProcessDrift, period: Period) -> Option<Since> {
        let stands = |alarm: &&Alarm| {
            alarm.stream == Stream::Deviation
                && alarm.direction == Direction::Up
                && alarm.raised < period.to
                && alarm.ended.is_none_or(|(day, _)| day >= period.to)
        };
        let alarm = drift.alarms.iter().rev().find(stands)?;
        let days = drift.days.iter();
        let days = days.filter(|point| (alarm.onset..period.to).contains(&point.day));
        let (mut cases, mut deviations, mut last) = (0.0, 0.0, alarm.onset);
        for point in days {
            cases += point.cases as f64;
            deviations += point.cases as f64 * point.deviation.unwrap_or(0.0);
            last = point.day;
        }
        (cases > 0.0).then(|| Since {
            day: alarm.onset.to_string(),
            deviation: deviations / cases,
            cases_per_week: 7.0 * cases / f64::from(last - alarm.onset + 1),
        })
    }
}

/// The alarms that were raised or stood in a period, those of a process together in the order in which they were
/// raised; processes with the latest first.
pub(super) fn alarms(period: Period, found: &Findings) -> Vec<AlarmSaid> {
    let within = |alarm: &Alarm| {
        let stood = alarm.ended.is_none_or(|(day, _)| day >= period.from);
        alarm.raised < period.to && stood
    };
    let name_of = |process: &str| {
        let score = found.scores[1].iter().find(|score| score.id == process);
        score.map_or_else(|| process.to_owned(), |score| score.name.clone())
    };
    let drifts = found
        .drift
        .iter()
        .map(|(process, drift)| (*process, *drift));
    let stories = AlarmStories::new(found.alarms, drifts, Some(found.budget));
    let mut processes = common(period, found, &stories, &name_of);
    for (process, drift) in &found.drift {
        let since = Since::of(drift, period);
        let alarms = drift.alarms.iter().filter(|alarm| within(alarm));
        let said = alarms.map(|alarm| {
            let row = row_of(process, alarm, found);
            let explained_by = alarm.explained_by.clone();
            AlarmSaid {
                process: (*process).to_owned(),
                name: name_of(process),
                explained_by: explained_by.or_else(|| row.explained_by.clone()),
                confidence: row.confidence(stories.years(&row)),
                also: stories.tell(&row).also_words(),
                ..said(drift, alarm, period, since.as_ref(), found.names)
            }
        });
        let mut said: Vec<AlarmSaid> = said.collect();
        said.sort_by(|a, b| a.raised.cmp(&b.raised));
        processes.push(said);
    }
    let latest = |of: &[AlarmSaid]| of.last().map(|alarm| alarm.raised.clone());
    let process = |of: &[AlarmSaid]| of.first().map(|alarm| alarm.process.clone());
    processes.sort_by(|a, b| latest(b).cmp(&latest(a)).then(process(a).cmp(&process(b))));
    processes.into_iter().flatten().collect()
}

/// An alarm as it is kept; as it is, if it is not.
fn row_of(process: &str, alarm: &Alarm, found: &Findings) -> AlarmRow {
    let fresh = AlarmRow::of(process, alarm, found.names, alarm.raised.start());
    let of = |row: &AlarmRow| {
        let which = (row.process.clone(), row.stream.clone(), row.outcome.clone());
        (which, row.direction.clone(), row.raised)
    };
    let mut kept = found.alarms.iter();
    kept.find(|row| of(row) == of(&fresh))
        .cloned()
        .unwrap_or(fresh)
}

/// The alarms about several processes, each alone.
fn common(
    period: Period,
    found: &Findings,
    stories: &AlarmStories,
    name_of: &dyn Fn(&str) -> String,
) -> Vec<Vec<AlarmSaid>> {
    let rows = found.alarms.iter();
    let rows = rows.filter(|row| !row.processes.is_empty() && !row.is_withdrawn());
    let within = rows.filter(|row| row.ended.is_none_or(|day| day >= period.from));
    let told = within.filter_map(|row| {
        let stream: Stream = row.stream.parse().ok()?;
        let ended = row.ended.filter(|day| *day < period.to);
        Some(vec![AlarmSaid {
            process: String::new(),
            name: row.whose(),
            stream: stream.word(),
            what: what_many_do(stream, &row.direction).to_owned(),
            raised: row.raised.to_string(),
            onset: row.onset.to_string(),
            was: row.was,
            became: row.became,
            figures: format!(
                "{} before, {} until the alarm",
                row.figure(row.was),
                row.figure(row.became)
            ),
            processes: row.processes.iter().map(|id| name_of(id)).collect(),
            confidence: row.confidence(stories.years(row)),
            also: stories.tell(row).also_words(),
            explained_by: row.explained_by.clone(),
            ended: ended.map(|day| day.to_string()),
            days: Vec::new(),
        }])
    });
    told.collect()
}

/// What has changed in several processes.
fn what_many_do(stream: Stream, direction: &str) -> &'static str {
    let is_up = direction == Direction::Up.word();
    match stream {
        Stream::Deviation if is_up => "deviate more",
        Stream::Deviation => "deviate less",
        Stream::DurationLocation if is_up => "take longer",
        Stream::DurationLocation => "take less time",
        Stream::DurationDispersion if is_up => "have durations that vary more",
        Stream::DurationDispersion => "have durations that vary less",
        Stream::OutcomeMix => "have another mix of outcomes",
        Stream::InputVariance => "end otherwise than the same input did before",
        Stream::PathNovelty => "take new paths more often",
        Stream::FrequencyUp => "come more often",
        Stream::FrequencyDown => "come less often",
        Stream::CriticalOutcome => "end too often in their critical outcomes",
    }
}

fn said(
    drift: &ProcessDrift,
    alarm: &Alarm,
    period: Period,
    since: Option<&Since>,
    names: &Names,
) -> AlarmSaid {
    let mut streams = drift.streams.iter();
    let nth = streams.position(|state| state.stream == alarm.stream);
    let about = |point: &&DayPoint| {
        (alarm.onset - DAYS_ABOUT..=alarm.raised + DAYS_ABOUT).contains(&point.day)
            && point.day < period.to
    };
    let day = |point: &DayPoint| DaySaid {
        day: point.day.to_string(),
        deviation: point.deviation,
        expected: point.expected,
        evidence: nth
            .and_then(|nth| point.evidence.get(nth))
            .copied()
            .unwrap_or(0.0),
    };
    let since = since
        .filter(|since| alarm.stream == Stream::Deviation && since.day == alarm.onset.to_string());
    let ended = alarm.ended.filter(|(day, _)| *day < period.to);
    AlarmSaid {
        process: String::new(),
        name: String::new(),
        stream: alarm.stream.word(),
        what: what_drifted(alarm, names),
        raised: alarm.raised.to_string(),
        onset: alarm.onset.to_string(),
        was: alarm.before,
        became: since.map_or(alarm.now, |since| since.deviation),
        figures: match since {
            Some(since) => format!(
                "{} before, {} since",
                percent(alarm.before),
                percent(since.deviation)
            ),
            None => figures(alarm),
        },
        processes: Vec::new(),
        confidence: None,
        also: None,
        explained_by: alarm.explained_by.clone(),
        ended: ended.map(|(day, _)| day.to_string()),
        days: drift.days.iter().filter(about).map(day).collect(),
    }
}

/// What has changed.
fn what_drifted(alarm: &Alarm, names: &Names) -> String {
    let up = alarm.direction == Direction::Up;
    let of = |more: &str, less: &str| if up { more.to_owned() } else { less.to_owned() };
    match alarm.stream {
        Stream::Deviation => of("deviates more", "deviates less"),
        Stream::DurationLocation => of("takes longer", "takes less time"),
        Stream::DurationDispersion => of("durations vary more", "durations vary less"),
        Stream::OutcomeMix => match alarm.outcome {
            Some(outcome) => format!("ends more often in \"{}\"", names.text(outcome)),
            None => "ends in outcomes that it never had".to_owned(),
        },
        Stream::InputVariance => "ends otherwise than the same input did before".to_owned(),
        Stream::PathNovelty => "takes new paths more often".to_owned(),
        Stream::FrequencyUp => "comes more often".to_owned(),
        Stream::FrequencyDown => "comes less often".to_owned(),
        Stream::CriticalOutcome => "ends too often in its critical outcome".to_owned(),
    }
}

/// From what to what, in words that need no statistics.
fn figures(alarm: &Alarm) -> String {
    let (was, became) = (alarm.before, alarm.now);
    match alarm.stream {
        Stream::FrequencyUp | Stream::FrequencyDown => {
            format!("{was:.1} cases a day before, {became:.1} until the alarm")
        }
        Stream::DurationLocation => format!(
            "a case took longer than {} of those in its past, and than {} until the alarm",
            percent(was),
            percent(became)
        ),
        Stream::DurationDispersion => format!(
            "of all the way from the middle of the durations in its past to their ends, cases lay {} off before, {} until the alarm",
            percent(was),
            percent(became)
        ),
        Stream::Deviation => format!(
            "{} before, {} until the alarm",
            percent(was),
            percent(became)
        ),
        _ => format!(
            "{} of the cases before, {} until the alarm",
            percent(was),
            percent(became)
        ),
    }
}

//! Alarms about several processes: changes on the same day in the same direction.

use crate::drift::{Alarm, COMMON_DAYS, CommonCause, ProcessDrift, Stream, common_causes};
use crate::model::{Day, Names, Time};
use crate::store::AlarmRow;
use std::collections::BTreeMap;

/// The alarms about several processes, found in the drift of all of them.
pub(crate) fn common_alarms<'a>(
    drifts: impl Iterator<Item = (&'a str, &'a ProcessDrift)>,
    names: &Names,
    now: Time,
) -> Vec<AlarmRow> {
    let mut alarms: Vec<(&str, &Alarm)> = Vec::new();
    for (process, drift) in drifts {
        let unexplained = drift
            .alarms
            .iter()
            .filter(|alarm| alarm.explained_by.is_none());
        alarms.extend(unexplained.map(|alarm| (process, alarm)));
    }
    let numbered = alarms.iter().enumerate();
    let causes = common_causes(
        numbered.map(|(nth, (process, alarm))| (nth, (*process).to_owned(), (*alarm).clone())),
    );
    causes
        .iter()
        .map(|cause| row(cause, &alarms, names, now))
        .collect()
}

fn row(
    cause: &CommonCause<usize>,
    alarms: &[(&str, &Alarm)],
    names: &Names,
    now: Time,
) -> AlarmRow {
    let members: Vec<(&str, &Alarm)> = cause.members.iter().map(|nth| alarms[*nth]).collect();
    let mut processes: Vec<String> = members
        .iter()
        .map(|(process, _)| (*process).to_owned())
        .collect();
    processes.sort();
    processes.dedup();
    let ended = members.iter().map(|(_, alarm)| alarm.ended);
    // It stands as long as one of them does.
    let ended: Option<Vec<_>> = ended.collect();
    let ended = ended.and_then(|ended| ended.into_iter().max_by_key(|(day, _)| *day));
    let total = |of: fn(&Alarm) -> f64| members.iter().map(|(_, alarm)| of(alarm)).sum::<f64>();
    let share = match cause.stream {
        // So many cases of all of them per day.
        Stream::FrequencyUp | Stream::FrequencyDown => 1.0,
        _ => members.len() as f64,
    };
    let outcomes: BTreeMap<_, _> = members
        .iter()
        .map(|(_, alarm)| (alarm.outcome, ()))
        .collect();
    let outcome = match outcomes.len() {
        1 => outcomes.into_keys().next().flatten(),
        _ => None,
    };
    let evidence = members.iter().map(|(_, alarm)| alarm.evidence);
    AlarmRow {
        processes,
        stream: cause.stream.word().to_owned(),
        epoch: Day(0),
        raised: cause.raised,
        onset: cause.onset,
        direction: cause.direction.word().to_owned(),
        outcome: outcome.map_or("", |outcome| names.text(outcome)).to_owned(),
        was: total(|alarm| alarm.before) / share,
        became: total(|alarm| alarm.now) / share,
        evidence: evidence.fold(0.0, f64::max),
        ended: ended.map(|(day, _)| day),
        how: ended.map(|(_, how)| how.word().to_owned()),
        noted_at: now.0,
        ..AlarmRow::default()
    }
}

/// Marks an alarm of a single process, if it is part of one about several among `all`.
pub(crate) fn with_common_cause(row: AlarmRow, all: &[AlarmRow]) -> AlarmRow {
    let mut causes = all.iter().filter(|cause| !cause.processes.is_empty());
    let cause = causes.find(|cause| row.processes.is_empty() && is_part(&row, cause));
    AlarmRow {
        explained_by: row.explained_by.clone().or(cause.map(told)),
        ..row
    }
}

/// Marks the alarms of single processes that are part of one about several: that one says all there is to say.
pub(crate) fn with_common_causes(alarms: Vec<AlarmRow>) -> Vec<AlarmRow> {
    let is_common = |row: &&AlarmRow| !row.processes.is_empty();
    let common: Vec<AlarmRow> = alarms.iter().filter(is_common).cloned().collect();
    let marked = alarms.into_iter();
    marked.map(|row| with_common_cause(row, &common)).collect()
}

/// Whether the alarm of a process is one of those that an alarm about several stands for.
pub(crate) fn is_part(row: &AlarmRow, cause: &AlarmRow) -> bool {
    let alike = (&row.stream, &row.direction) == (&cause.stream, &cause.direction);
    let same_day = (row.onset - cause.onset).abs() <= COMMON_DAYS;
    alike && same_day && cause.processes.contains(&row.process)
}

fn told(cause: &AlarmRow) -> String {
    let count = cause.processes.len();
    format!(
        "common cause: {count} processes changed around {}",
        cause.onset
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(process: &str, onset: i32) -> AlarmRow {
        AlarmRow {
            process: process.to_owned(),
            stream: "frequency_down".to_owned(),
            direction: "down".to_owned(),
            onset: Day(onset),
            ..AlarmRow::default()
        }
    }

    #[test]
    fn alarms_of_the_processes_around_the_day_are_part_of_it() {
        let common = AlarmRow {
            processes: vec!["a".to_owned(), "b".to_owned()],
            ..row("", 100)
        };
        let other_way = AlarmRow {
            direction: "up".to_owned(),
            ..row("a", 100)
        };
        let marked = AlarmRow {
            explained_by: Some("new SOAR".to_owned()),
            ..row("b", 99)
        };
        let all = vec![
            common,
            row("a", 104),
            row("a", 140),
            row("c", 100),
            other_way,
            marked,
        ];
        let explained: Vec<Option<String>> = with_common_causes(all)
            .into_iter()
            .map(|row| row.explained_by)
            .collect();
        let told = Some("common cause: 2 processes changed around 1970-04-11".to_owned());
        let new_soar = Some("new SOAR".to_owned());
        assert_eq!(explained, [None, told, None, None, None, new_soar]);
    }
}

//! Keeping alarms: what was found is held against what is kept.

use crate::model::Day;
use crate::store::{AlarmRow, WITHDRAWN};

/// An alarm that late data has moved by more than this is another one.
const SAME_ALARM_DAYS: u32 = 60;

/// What has been said of a process, and how far it was looked at.
pub(super) struct History {
    /// The first days of its epochs, ascending.
    pub epochs: Vec<Day>,
    /// Days that somebody has called the first of a new baseline, each with the day on which it was said.
    pub agreed: Vec<(Day, Day)>,
    /// The last day that was looked at.
    pub until: Day,
}

/// The rows to write, so that what is kept says what was found: alarms are known again by stream, direction and about when;
/// who has acknowledged one, and when it was noted first, stays. What is found no more ends, and is kept.
pub(super) fn reconciled(
    known: Vec<&AlarmRow>,
    found: Vec<AlarmRow>,
    history: &History,
) -> Vec<AlarmRow> {
    let mut pairs: Vec<((u32, bool), usize, usize)> = Vec::new();
    for (nth, row) in found.iter().enumerate() {
        let same = known.iter().enumerate();
        let same = same.filter(|(_, old)| may_be_same(old, row, history));
        pairs.extend(same.map(|(at, old)| {
            let apart = (old.raised - row.raised).unsigned_abs();
            ((apart, old.epoch != row.epoch), nth, at)
        }));
    }
    // The nearest find each other first.
    pairs.sort_unstable();
    let mut of_found: Vec<Option<usize>> = vec![None; found.len()];
    let mut left: Vec<bool> = vec![true; known.len()];
    for (_, nth, at) in pairs {
        if of_found[nth].is_none() && left[at] {
            (of_found[nth], left[at]) = (Some(at), false);
        }
    }
    let mut rows = Vec::new();
    for (row, at) in found.into_iter().zip(of_found) {
        match at.map(|at| known[at]) {
            None => rows.push(row),
            Some(old) => rows.extend(Some(updated(old, row)).filter(|row| row != old)),
        }
    }
    let left = known.into_iter().zip(left).filter(|(_, left)| *left);
    rows.extend(left.filter_map(|(old, _)| found_no_more(old, history)));
    rows
}

/// Whether it has ended for good: what was withdrawn for want of evidence may come back with it.
fn is_over(row: &AlarmRow) -> bool {
    row.ended.is_some() && row.how.as_deref() != Some(WITHDRAWN)
}

fn may_be_same(old: &AlarmRow, row: &AlarmRow, history: &History) -> bool {
    let alike = old.stream == row.stream
        && old.direction == row.direction
        && (old.raised - row.raised).unsigned_abs() <= SAME_ALARM_DAYS;
    // An epoch that is not there any more has got another first day, and its alarms with it.
    let moved = !history.epochs.contains(&old.epoch);
    alike && (old.epoch == row.epoch || (moved && !(is_over(old) && row.is_open())))
}

/// An alarm as it is found now.
fn updated(old: &AlarmRow, row: AlarmRow) -> AlarmRow {
    // What was over before its epoch moved ended when and how people were told.
    let keeps_end = old.epoch != row.epoch && is_over(old);
    let (ended, how) = match keeps_end {
        true => (old.ended, old.how.clone()),
        false => (row.ended, row.how.clone()),
    };
    AlarmRow {
        id: old.id,
        noted_at: old.noted_at,
        acknowledged_at: old.acknowledged_at,
        acknowledged_by: old.acknowledged_by.clone(),
        acknowledged_why: old.acknowledged_why.clone(),
        ended,
        how,
        ..row
    }
}

/// How an alarm ends that is found no more; `None` where it stays as it is: it is over, or its day is not looked at.
fn found_no_more(old: &AlarmRow, history: &History) -> Option<AlarmRow> {
    if old.ended.is_some() {
        return None;
    }
    // Its own days belong to the new baseline: it was true, and is over since somebody said so.
    let agreed = history
        .agreed
        .iter()
        .filter(|(from, _)| (old.epoch + 1..=old.raised).contains(from));
    let agreed = agreed.map(|(_, said)| (*said).max(old.raised)).min();
    let first = history.epochs.first().copied();
    let before = first.filter(|first| old.raised < *first);
    let (ended, how) = match agreed.or(before) {
        Some(day) => (day, "rebaselined"),
        None if old.raised > history.until => return None,
        None => (history.until, WITHDRAWN),
    };
    Some(AlarmRow {
        ended: Some(ended),
        how: Some(how.to_owned()),
        ..old.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(id: i64, stream: &str, raised: Day) -> AlarmRow {
        AlarmRow {
            id,
            process: "p".to_owned(),
            stream: stream.to_owned(),
            raised,
            noted_at: id,
            ..AlarmRow::default()
        }
    }

    fn resolved(alarm: AlarmRow, ended: Day) -> AlarmRow {
        AlarmRow {
            ended: Some(ended),
            how: Some("resolved".to_owned()),
            ..alarm
        }
    }

    /// A single epoch that began on the day 0, looked at until the day 400.
    fn history() -> History {
        History {
            epochs: vec![Day(0)],
            agreed: Vec::new(),
            until: Day(400),
        }
    }

    fn ids(rows: &[AlarmRow]) -> Vec<i64> {
        rows.iter().map(|row| row.id).collect()
    }

    #[test]
    fn an_alarm_that_is_known_is_not_raised_again() {
        let mut old = alarm(7, "deviation", Day(100));
        old.acknowledged_by = Some("soc".to_owned());
        let found = |raised| vec![alarm(0, "deviation", raised)];
        assert_eq!(reconciled(vec![&old], found(Day(100)), &history()), []);
        // Late data has moved it by two days.
        let rows = reconciled(vec![&old], found(Day(102)), &history());
        let [row] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((row.id, row.raised, row.noted_at), (7, Day(102), 7));
        assert_eq!(row.acknowledged_by.as_deref(), Some("soc"));
    }

    #[test]
    fn the_nearest_are_the_same() {
        let (first, second) = (
            alarm(1, "deviation", Day(100)),
            alarm(2, "deviation", Day(130)),
        );
        let found = [118, 131].map(|raised| alarm(0, "deviation", Day(raised)));
        let rows = reconciled(vec![&first, &second], found.to_vec(), &history());
        let pairs: Vec<(i64, Day)> = rows.iter().map(|row| (row.id, row.raised)).collect();
        assert_eq!(pairs, [(1, Day(118)), (2, Day(131))]);
    }

    #[test]
    fn another_stream_direction_or_time_is_another_alarm() {
        let old = alarm(7, "deviation", Day(100));
        let down = AlarmRow {
            direction: "down".to_owned(),
            ..alarm(0, "deviation", Day(100))
        };
        let found = vec![
            alarm(0, "deviation", Day(100)),
            alarm(0, "outcome_mix", Day(101)),
            down,
            alarm(0, "deviation", Day(300)),
        ];
        let rows = reconciled(vec![&old], found, &history());
        assert_eq!(ids(&rows), [0, 0, 0]);
    }

    #[test]
    fn what_late_data_has_explained_away_is_withdrawn_once_and_may_come_back() {
        let old = alarm(7, "deviation", Day(100));
        let rows = reconciled(vec![&old], Vec::new(), &history());
        assert_eq!(rows[0].how.as_deref(), Some("withdrawn"));
        assert_eq!(rows[0].ended, Some(Day(400)));
        assert_eq!(reconciled(vec![&rows[0]], Vec::new(), &history()), []);
        let again = vec![alarm(0, "deviation", Day(101))];
        let rows = reconciled(vec![&rows[0]], again, &history());
        assert_eq!((ids(&rows), rows[0].ended), (vec![7], None));
    }

    #[test]
    fn what_is_over_stays_as_it_ended() {
        let old = resolved(alarm(7, "deviation", Day(100)), Day(120));
        assert_eq!(reconciled(vec![&old], Vec::new(), &history()), []);
        // A day that is not looked at any more says nothing.
        let old = alarm(8, "deviation", Day(401));
        assert_eq!(reconciled(vec![&old], Vec::new(), &history()), []);
    }

    #[test]
    fn who_calls_the_onset_the_new_baseline_ends_a_true_alarm() {
        // Raised on the day 100; on the day 104 somebody said that from its onset, the day 95, on all is new.
        let said = History {
            epochs: vec![Day(0), Day(95)],
            agreed: vec![(Day(95), Day(104))],
            ..history()
        };
        let old = alarm(7, "deviation", Day(100));
        let rows = reconciled(vec![&old], Vec::new(), &said);
        let [row] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!(
            (row.ended, row.how.as_deref()),
            (Some(Day(104)), Some("rebaselined"))
        );
        // What the new baseline finds soon after, open or over, is another alarm.
        let of_new = AlarmRow {
            epoch: Day(95),
            ..alarm(0, "deviation", Day(140))
        };
        for found in [of_new.clone(), resolved(of_new, Day(150))] {
            let rows = reconciled(vec![row], vec![found], &said);
            assert_eq!(ids(&rows), [0]);
        }
        // Of an alarm that was raised before that day it says nothing: the fold ends it.
        let earlier = alarm(8, "deviation", Day(90));
        let rows = reconciled(vec![&earlier], Vec::new(), &said);
        assert_eq!(rows[0].how.as_deref(), Some("withdrawn"));
    }

    #[test]
    fn an_epoch_whose_first_day_moves_keeps_its_alarms() {
        let moved = History {
            epochs: vec![Day(-30)],
            ..history()
        };
        let of_moved = |raised| AlarmRow {
            epoch: Day(-30),
            ..alarm(0, "deviation", raised)
        };
        let mut old = alarm(7, "deviation", Day(100));
        old.acknowledged_by = Some("soc".to_owned());
        let rows = reconciled(vec![&old], vec![of_moved(Day(98))], &moved);
        let [row] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((row.id, row.raised, row.epoch), (7, Day(98), Day(-30)));
        assert_eq!(row.acknowledged_by.as_deref(), Some("soc"));
        // What people were told of the end stays.
        let over = resolved(old, Day(120));
        let rows = reconciled(
            vec![&over],
            vec![resolved(of_moved(Day(98)), Day(123))],
            &moved,
        );
        assert_eq!((ids(&rows), rows[0].ended), (vec![7], Some(Day(120))));
        // One that stands is not the one that is over.
        let rows = reconciled(vec![&over], vec![of_moved(Day(98))], &moved);
        assert_eq!((ids(&rows), rows[0].ended), (vec![0], None));
    }

    #[test]
    fn alarms_before_an_epoch_that_is_declared_later_are_kept() {
        let declared = History {
            epochs: vec![Day(200)],
            ..history()
        };
        let over = resolved(alarm(7, "deviation", Day(100)), Day(120));
        let stands = alarm(8, "deviation", Day(150));
        let rows = reconciled(vec![&over, &stands], Vec::new(), &declared);
        let [row] = &rows[..] else { panic!("{rows:?}") };
        assert_eq!((row.id, row.ended), (8, Some(Day(200))));
        assert_eq!(row.how.as_deref(), Some("rebaselined"));
    }
}

//! Changes of many processes on the same day in the same direction: they have one cause, and give one alarm.

use super::fold::Alarm;
use super::stream::{Direction, Stream};
use crate::model::Day;
use std::collections::BTreeSet;

/// So many processes move together, at least. With a budget of a few false alarms per month, three onsets of the same stream
/// within a week are no chance.
const LEAST: usize = 3;
/// Onsets that are at most so many days from each other's middle are one day: an onset is an estimate.
const TOGETHER: i32 = 3;
/// Onsets of processes with few cases are less exact: these join if they are at most so far away.
pub(crate) const COMMON_DAYS: i32 = 7;

/// What moved together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CommonCause<K> {
    /// The stream.
    pub stream: Stream,
    /// Which way.
    pub direction: Direction,
    /// The estimated day of the change.
    pub onset: Day,
    /// The day on which enough processes had an alarm.
    pub raised: Day,
    /// The processes, in order of their alarms; each alarm by what it was given with.
    pub members: Vec<K>,
}

/// The changes that alarms have in common. Each alarm comes with its process; those that a known change explains are left
/// out by the caller.
pub(crate) fn common_causes<K: Clone + Ord>(
    alarms: impl IntoIterator<Item = (K, String, Alarm)>,
) -> Vec<CommonCause<K>> {
    let mut all: Vec<(K, String, Alarm)> = alarms.into_iter().collect();
    // In the order of time, whatever order they come in.
    all.sort_by(|a, b| (a.2.raised, &a.1, &a.0).cmp(&(b.2.raised, &b.1, &b.0)));
    let ways: BTreeSet<(Stream, Direction)> = all.iter().map(|(_, _, alarm)| way(alarm)).collect();
    let mut found = Vec::new();
    for of in ways {
        let mut left: Vec<&(K, String, Alarm)> =
            all.iter().filter(|one| way(&one.2) == of).collect();
        while let Some(cause) = largest(&mut left, of) {
            found.push(cause);
        }
    }
    found.sort_by_key(|cause| (cause.raised, cause.stream, cause.direction));
    found
}

fn way(alarm: &Alarm) -> (Stream, Direction) {
    (alarm.stream, alarm.direction)
}

/// Takes the alarms out that move together with most others.
fn largest<K: Clone>(
    left: &mut Vec<&(K, String, Alarm)>,
    (stream, direction): (Stream, Direction),
) -> Option<CommonCause<K>> {
    let days: BTreeSet<Day> = left.iter().map(|(_, _, alarm)| alarm.onset).collect();
    let near = |day: Day, within: i32| {
        move |one: &&&(K, String, Alarm)| (one.2.onset - day).abs() <= within
    };
    let processes = |day: Day| {
        let of = left.iter().filter(near(day, TOGETHER));
        of.map(|(_, process, _)| process)
            .collect::<BTreeSet<_>>()
            .len()
    };
    let most = days
        .into_iter()
        .max_by_key(|day| (processes(*day), -day.0))?;
    if processes(most) < LEAST {
        return None;
    }
    let mut seen = BTreeSet::new();
    let core = left.iter().filter(near(most, TOGETHER));
    let raised = core
        .filter(|(_, process, _)| seen.insert(process.clone()))
        .nth(LEAST - 1)
        .map(|(_, _, alarm)| alarm.raised)?;
    let members = left.iter().filter(near(most, COMMON_DAYS));
    let members: Vec<K> = members.map(|(key, _, _)| key.clone()).collect();
    left.retain(|one| (one.2.onset - most).abs() > COMMON_DAYS);
    Some(CommonCause {
        stream,
        direction,
        onset: most,
        raised,
        members,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(onset: i32, raised: i32, direction: Direction) -> Alarm {
        Alarm {
            stream: match direction {
                Direction::Up => Stream::FrequencyUp,
                Direction::Down => Stream::FrequencyDown,
            },
            epoch: Day(0),
            raised: Day(raised),
            onset: Day(onset),
            direction,
            outcome: None,
            before: 10.0,
            now: 5.0,
            evidence: 1.0,
            ended: None,
            explained_by: None,
        }
    }

    fn causes(alarms: &[(&str, i32, i32, Direction)]) -> Vec<(i32, i32, Vec<usize>)> {
        let of =
            |(nth, (process, onset, raised, direction)): (usize, &(&str, i32, i32, Direction))| {
                (
                    nth,
                    (*process).to_owned(),
                    alarm(*onset, *raised, *direction),
                )
            };
        let found = common_causes(alarms.iter().enumerate().map(of));
        let told = found
            .into_iter()
            .map(|cause| (cause.onset.0, cause.raised.0, cause.members));
        told.collect()
    }

    #[test]
    fn three_processes_on_a_day_have_one_cause() {
        use Direction::{Down, Up};
        let found = causes(&[
            ("a", 100, 104, Down),
            ("b", 101, 103, Down),
            ("c", 101, 110, Down),
            ("d", 95, 112, Down),
            ("e", 101, 104, Up),
            ("f", 150, 160, Down),
        ]);
        assert_eq!(found, [(100, 110, vec![1, 0, 2, 3])]);
    }

    #[test]
    fn one_process_again_and_again_is_no_common_cause() {
        use Direction::Down;
        let of_one = [
            ("a", 100, 104, Down),
            ("a", 101, 104, Down),
            ("b", 102, 105, Down),
        ];
        assert_eq!(causes(&of_one), []);
        let apart = [
            ("a", 100, 104, Down),
            ("b", 108, 112, Down),
            ("c", 116, 119, Down),
        ];
        assert_eq!(causes(&apart), []);
    }
}

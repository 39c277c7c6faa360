//! What is shown beside alarms: the cases behind them, control charts, known changes.

use super::process::{BAD, GOOD};
use super::*;
use crate::measure::{Sums, Trace, duration_bin};
use crate::model::{DAY_HOURS, Day, Executor, Hour, NameId, Ppm, Span};

/// One case that ended on a day.
fn case(day: i32, outcome: NameId, deviation: u32, seconds: f64) -> HourPart {
    let mut sums = Sums {
        cases: 1,
        ..Sums::default()
    };
    let hour = Hour(day * DAY_HOURS + 9);
    sums.starts.add(hour, 1);
    sums.outcomes.add(outcome, 1);
    let trace = Trace {
        bin: Some(duration_bin(Span::of_seconds(seconds))),
        outcome,
        deviation: Ppm(deviation),
        path: 7,
        input: 0,
    };
    sums.traces.add(trace, 1);
    HourPart {
        hour,
        kind: Executor::Human,
        sums,
    }
}

fn behind(suspicion: Suspicion, cases: &[HourPart]) -> Vec<(usize, f64)> {
    let terms = DriftTerms::default();
    let known = epoch(Process::new(5, Ways::default()), Day(60), &terms, |_| {
        Nature::default()
    });
    let baseline = known.baseline.unwrap();
    let numbered = cases.iter().cloned().enumerate();
    cases_behind(suspicion, &baseline, numbered)
}

fn suspicion(stream: Stream, direction: Direction) -> Suspicion {
    let (before, now) = match direction {
        Direction::Up => (0.1, 0.3),
        Direction::Down => (0.5, 0.3),
    };
    Suspicion {
        stream,
        outcome: None,
        before,
        now,
        from: Day(100),
        to: Day(110),
    }
}

#[test]
fn cases_that_deviate_are_behind_an_alarm_of_deviations() {
    let cases = [
        case(101, GOOD, 0, 3_600.0),
        case(102, BAD, 1_000_000, 3_600.0),
        case(103, BAD, 500_000, 3_600.0),
        case(104, BAD, 1_000_000, 3_600.0),
        case(111, BAD, 1_000_000, 3_600.0),
    ];
    let found = behind(suspicion(Stream::Deviation, Direction::Up), &cases);
    let order: Vec<usize> = found.iter().map(|(at, _)| *at).collect();
    assert_eq!(
        order,
        [3, 1, 2],
        "the later of two alike first; none outside"
    );
    assert!(found.iter().all(|(_, factor)| *factor > 1.0), "{found:?}");
}

#[test]
fn long_and_short_cases_are_behind_alarms_of_durations() {
    let cases: Vec<HourPart> = [60.0, 3_600.0, 90_000.0, 100.0]
        .map(|seconds| case(105, GOOD, 0, seconds))
        .to_vec();
    let up = behind(suspicion(Stream::DurationLocation, Direction::Up), &cases);
    assert_eq!(up[0].0, 2);
    let down = behind(suspicion(Stream::DurationLocation, Direction::Down), &cases);
    assert_eq!(down.iter().map(|(at, _)| *at).max(), Some(3));
    assert!(down.iter().all(|(at, _)| [0, 3].contains(at)), "{down:?}");
    let wide = behind(suspicion(Stream::DurationDispersion, Direction::Up), &cases);
    assert!(wide.iter().all(|(at, _)| *at != 1), "{wide:?}");
}

#[test]
fn only_cases_of_the_outcome_are_behind_a_mix_that_has_changed() {
    let cases = [
        case(101, GOOD, 0, 60.0),
        case(102, BAD, 0, 60.0),
        case(103, NameId(99), 0, 60.0),
    ];
    let of = |outcome| Suspicion {
        outcome,
        ..suspicion(Stream::OutcomeMix, Direction::Up)
    };
    let places = |found: Vec<(usize, f64)>| found.into_iter().map(|(at, _)| at).collect::<Vec<_>>();
    assert_eq!(places(behind(of(Some(BAD)), &cases)), [1]);
    assert_eq!(places(behind(of(None), &cases)), [2], "one it never had");
    let critical = Suspicion {
        outcome: Some(BAD),
        ..suspicion(Stream::CriticalOutcome, Direction::Up)
    };
    assert_eq!(places(behind(critical, &cases)), [1]);
    assert!(!suspicion(Stream::FrequencyUp, Direction::Up).is_of_cases());
}

#[test]
fn the_control_chart_of_a_stable_process_stays_within_its_limits_and_leaves_them_when_it_drifts() {
    let (budget, terms) = (Budget::new(12.0, 1), DriftTerms::default());
    let drifted = Nature {
        wrong: (0.3, 0.3),
        ..Nature::default()
    };
    let nature = |day| {
        if day < Day(200) {
            Nature::default()
        } else {
            drifted
        }
    };
    let epoch = epoch(Process::new(8, Ways::default()), Day(260), &terms, nature);
    let drift = fold(&[epoch], Day(259), &budget, &terms);
    let inside = |point: &&DayPoint| {
        let (ewma, limits) = (point.ewma.unwrap(), point.limits.unwrap());
        let within =
            |value: f64, of: crate::stats::Interval| value >= of.lower && value <= of.upper;
        within(point.deviation.unwrap(), limits) && within(ewma.value, ewma.limits)
    };
    let (before, after): (Vec<&DayPoint>, Vec<&DayPoint>) =
        drift.days.iter().partition(|point| point.day < Day(200));
    let share = before.iter().filter(|point| inside(point)).count() as f64 / before.len() as f64;
    assert!(share > 0.95, "{share}");
    let later = &after[5..];
    assert!(later.iter().all(|point| {
        let ewma = point.ewma.unwrap();
        ewma.value > ewma.limits.upper
    }));
    // The mix of outcomes has changed with it.
    assert!(
        drift.outcome_stability.unwrap() > 0.2,
        "{:?}",
        drift.outcome_stability
    );
}

#[test]
fn changes_are_told_and_explain_what_comes_about_their_time() {
    let mut epochs = two_epochs(Cause::Version("version 7".to_owned()));
    let (budget, terms) = (Budget::new(12.0, 1), DriftTerms::default());
    let drift = fold(&epochs, Day(249), &budget, &terms);
    assert_eq!(drift.changes, [(Day(150), "version 7".to_owned())]);
    let deviation = |drift: &ProcessDrift| {
        let mut alarms = drift.alarms.iter();
        alarms
            .find(|alarm| alarm.stream == Stream::Deviation)
            .cloned()
    };
    let explained = |drift| deviation(&drift).unwrap().explained_by;
    assert_eq!(explained(drift).as_deref(), Some("version 7"));
    // A version that came weeks after the change does not explain it.
    epochs[1].start = Day(190);
    let drift = fold(&epochs, Day(249), &budget, &terms);
    assert_eq!(explained(drift), None);
}

#[test]
fn who_calls_today_the_new_baseline_ends_its_alarms_today() {
    let mut epochs = two_epochs(Cause::Rebaseline("as agreed".to_owned()));
    (epochs[1].start, epochs[1].baseline) = (Day(200), None);
    let (budget, terms) = (Budget::new(12.0, 1), DriftTerms::default());
    let of = |until| fold(&epochs, until, &budget, &terms);
    let before = fold(&epochs[..1], Day(199), &budget, &terms);
    assert!(before.open().count() > 0 && before.baseline.is_some());
    // 198 is the last day that counts where the source lags.
    for until in [198, 199, 205] {
        let drift = of(Day(until));
        assert_eq!(drift.open().count(), 0, "{until}");
        let ended = drift.alarms.iter().filter_map(|alarm| alarm.ended);
        let today = ended.filter(|ended| *ended == (Day(200), Ended::Rebaselined));
        assert!(today.count() > 0, "{until}");
        // The old baseline is told no longer.
        assert_eq!((&drift.baseline, drift.baseline_until), (&None, None));
        assert_eq!(drift.outcome_stability, None);
        assert!(drift.streams.is_empty() && drift.days.is_empty());
        assert_eq!(drift.changes, [(Day(200), "as agreed".to_owned())]);
    }
}

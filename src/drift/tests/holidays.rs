//! Days that the calendar names.

use super::*;
use crate::rules::Calendar;

/// The first days of two weeks of holidays.
const WEEKS: [i32; 2] = [120, 260];
/// The first day of two quiet weeks without reason.
const QUIET: i32 = 200;

fn week(first: i32) -> std::ops::Range<Day> {
    Day(first)..Day(first + 7)
}

/// Terms with both weeks as holidays, or without holidays.
fn terms(has_holidays: bool) -> DriftTerms {
    let weeks = WEEKS.into_iter().filter(|_| has_holidays).map(week);
    let days = weeks.flat_map(|week| week.start.until(week.end));
    let calendar = Calendar {
        days: std::sync::Arc::new(days.collect()),
        year_end: false,
    };
    DriftTerms {
        calendar,
        ..DriftTerms::default()
    }
}

/// Alarms of frequency of some processes that have a tenth of their cases in these weeks.
fn alarms_of(quiet: &[i32], has_holidays: bool) -> Vec<(u64, Alarm)> {
    let (budget, terms) = (Budget::new(12.0, 1_000), terms(has_holidays));
    let nature = |day: Day| {
        let is_quiet = quiet.iter().any(|first| week(*first).contains(&day));
        let rate = if is_quiet { 4.0 } else { 40.0 };
        Nature {
            rate,
            ..Nature::default()
        }
    };
    let is_frequency =
        |alarm: &Alarm| matches!(alarm.stream, Stream::FrequencyUp | Stream::FrequencyDown);
    let mut all = Vec::new();
    for seed in 0..5 {
        let found = alarms(seed, Ways::default(), (&budget, &terms), nature);
        all.extend(
            found
                .into_iter()
                .filter(is_frequency)
                .map(|alarm| (seed, alarm)),
        );
    }
    all
}

#[test]
fn a_week_of_holidays_raises_no_alarm() {
    let found = alarms_of(&WEEKS, true);
    assert!(found.is_empty(), "{found:?}");
    // The same weeks are alarms of most processes if they are not known as holidays.
    let seeds: std::collections::BTreeSet<u64> = alarms_of(&WEEKS, false)
        .into_iter()
        .map(|(seed, _)| seed)
        .collect();
    assert!(seeds.len() >= 3, "{seeds:?}");
}

#[test]
fn quiet_weeks_between_holidays_raise_an_alarm() {
    let found = alarms_of(&[WEEKS[0], QUIET, QUIET + 7, WEEKS[1]], true);
    let downs = found.iter().filter(|(_, alarm)| {
        alarm.stream == Stream::FrequencyDown
            && (Day(QUIET - 3)..Day(QUIET + 14)).contains(&alarm.onset)
    });
    assert_eq!(downs.count(), 5, "{found:?}");
}

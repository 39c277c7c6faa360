//! What runs beside the live work (drills and shadow runs), and what people note down about it.

use super::{Cases, DAY_US, HOUR_US, NINETY_DAYS, OPENED, SEEDS, Soc, WEEKS, history, lines};
use crate::model::{Executor, Lifecycle, Origin};
use crate::simulate::event::Event;
use crate::simulate::tests::measure::{Case, cases};
use std::sync::OnceLock;

fn of_origin(events: impl IntoIterator<Item = Event>, origin: Origin) -> Vec<Case> {
    let all = cases(events);
    all.into_values()
        .filter(|case| case.origin() == origin)
        .collect()
}

#[test]
fn drills_are_weekly_and_marked() {
    let truth = Soc::reference(1, OPENED).truth();
    let runs = SEEDS.map(|seed| of_origin(history(seed), Origin::Exercise));
    for truth in &truth {
        for run in &runs {
            let own = run.iter().filter(|case| case.process == truth.id).count() as f64;
            // One in each week, and weeks are cut off at both ends.
            assert!(
                (own - truth.exercises_per_week * WEEKS).abs() <= 1.0,
                "{}: {own}",
                truth.id
            );
        }
    }
    let drilled: Vec<&str> = truth
        .iter()
        .filter(|truth| truth.exercises_per_week > 0.0)
        .map(|truth| truth.id)
        .collect();
    assert_eq!(drilled, ["isolate-host"]);
}

#[test]
fn drills_are_played_like_live_cases() {
    let settled = OPENED + NINETY_DAYS;
    let drills = of_origin(history(1), Origin::Exercise);
    for case in &drills {
        assert!(
            case.events
                .iter()
                .all(|event| event.origin == Origin::Exercise)
        );
        assert!(case.is_closed() || case.start_us() + 12 * HOUR_US > settled);
        assert!(case.input.is_some() && case.parent.is_none());
    }
    assert!(drills.len() > 10);
}

#[test]
fn shadow_runs_change_nothing_else() {
    let soc = Soc::reference(5, OPENED);
    let without = Soc {
        shadows_from_us: i64::MAX,
        ..soc.clone()
    };
    let events = |soc: &Soc| soc.events(OPENED, OPENED + 30 * DAY_US);
    let rest = events(&soc).filter(|event| event.origin != Origin::Shadow);
    assert!(lines(rest) == lines(events(&without)));
    assert!(events(&without).all(|event| event.origin != Origin::Shadow));
    assert!(events(&soc).any(|event| event.origin == Origin::Shadow));
}

/// The cases of each seed, read well past the end, so that every case that counts has ended for good. Several tests measure
/// them, and simulating them takes seconds.
fn settled() -> &'static [Cases; SEEDS.len()] {
    static MADE: OnceLock<[Cases; SEEDS.len()]> = OnceLock::new();
    MADE.get_or_init(|| {
        SEEDS.map(|seed| {
            let soc = Soc::reference(seed, OPENED);
            cases(soc.events(OPENED, OPENED + NINETY_DAYS + 60 * DAY_US))
        })
    })
}

#[test]
fn every_case_of_people_has_one_shadow_run_of_the_same_input() {
    let from = OPENED + 20 * DAY_US;
    let soc = Soc {
        shadows_from_us: from,
        ..Soc::reference(2, OPENED)
    };
    let all = cases(soc.events(OPENED, OPENED + 60 * DAY_US));
    let mut shadowed = 0;
    for (id, case) in all
        .iter()
        .filter(|(_, case)| case.origin() == Origin::Shadow)
    {
        let live = &all[case.parent.as_deref().unwrap()];
        assert_eq!(
            (live.process, live.input),
            (case.process, case.input),
            "{id}"
        );
        assert_eq!(live.origin(), Origin::Live);
        assert!(live.start_us() >= from && case.start_us() > live.start_us());
        assert_eq!(live.events[0].executor, Executor::Human);
        for event in &case.events {
            assert_eq!(event.executor, Executor::Ai, "{id}");
            assert_ne!(event.lifecycle, Lifecycle::Reopen, "{id}");
        }
        shadowed += 1;
    }
    let has_one = |case: &&Case| {
        case.process == "service-desk"
            && case.origin() == Origin::Live
            && case.start_us() >= from
            && case.events[0].executor == Executor::Human
    };
    // But for those that began in the last seconds.
    let expected = all.values().filter(has_one).count();
    assert!(
        shadowed > 1000 && expected - shadowed <= 1,
        "{shadowed} of {expected}"
    );
}

#[test]
fn shadow_runs_are_right_as_often_as_they_truly_are() {
    let (mut n, mut wrong, mut alike) = (0.0, 0.0, 0.0);
    for all in settled() {
        for case in all.values().filter(|case| case.origin() == Origin::Shadow) {
            let live = &all[case.parent.as_deref().unwrap()];
            if case.is_closed() && live.is_closed() {
                n += 1.0;
                wrong += f64::from(u8::from(case.outcome() == Some("wrong_answer")));
                alike += f64::from(u8::from(case.outcome() == live.outcome()));
            }
        }
    }
    let truth = Soc::reference(1, OPENED).truth();
    let shadows: Vec<_> = truth.iter().filter_map(|truth| truth.shadow).collect();
    let [shadow] = shadows[..] else {
        panic!("one process has shadow runs")
    };
    for (got, want) in [(wrong, shadow.deviation), (alike, shadow.agreement_ratio)] {
        let slack = 4.0 * (n * want * (1.0 - want)).sqrt();
        assert!((got - n * want).abs() < slack, "{got} of {n}, truly {want}");
    }
    // By hand: both right, or both wrong; people end wrong in 1 % (few of these are reopened), AI in 1.2 %.
    assert!((shadow.deviation - 0.012).abs() < 1e-12);
    assert!((shadow.agreement_ratio - 0.978).abs() < 0.001, "{shadow:?}");
    assert!((shadow.share_ratio - 0.92).abs() < 1e-12);
}

#[test]
fn hands_on_minutes_have_their_true_mean() {
    let cases = settled().iter().flat_map(Cases::values);
    let all: Vec<&Case> = cases.filter(|case| case.is_closed()).collect();
    for truth in Soc::reference(1, OPENED).truth() {
        let (mut n, mut sum) = (0.0, 0.0);
        for case in all.iter().filter(|case| case.process == truth.id) {
            let noted = |event: &Event| event.hands_on_hundredths.is_some();
            for event in &case.events {
                assert_eq!(
                    noted(event),
                    event.executor == Executor::Human,
                    "{}",
                    truth.id
                );
            }
            if case.events.iter().any(noted) {
                let own = case
                    .events
                    .iter()
                    .filter_map(|event| event.hands_on_hundredths);
                n += 1.0;
                sum += f64::from(own.sum::<u32>()) / 100.0;
            }
        }
        assert_eq!(truth.hands_on_minutes.is_some(), n > 0.0, "{}", truth.id);
        if let Some(mean) = truth.hands_on_minutes {
            // The sum of two evenly spread numbers varies by 1/6; a hundredth for rounding.
            let slack = 4.0 * mean * 0.6 * (1.0f64 / 6.0 / n).sqrt() + 0.01;
            assert!(
                (sum / n - mean).abs() < slack,
                "{}: {} of {n}",
                truth.id,
                sum / n
            );
        }
    }
}

#[test]
fn reviews_are_as_frequent_as_they_truly_are() {
    let cases = settled().iter().flat_map(Cases::values);
    let all: Vec<&Case> = cases.filter(|case| case.is_closed()).collect();
    for truth in Soc::reference(1, OPENED).truth() {
        let own = || {
            all.iter()
                .filter(|case| case.process == truth.id && case.origin() != Origin::Shadow)
        };
        let is_reviewed = |case: &&&Case| case.events.last().is_some_and(|event| event.reviewed);
        let (n, got) = (
            own().count() as f64,
            own().filter(is_reviewed).count() as f64,
        );
        let p = truth.reviewed_ratio;
        let slack = 4.0 * (n * p * (1.0 - p)).sqrt();
        assert!((got - n * p).abs() <= slack, "{}: {got} of {n}", truth.id);
    }
    for case in &all {
        let (_, before) = case.events.split_last().unwrap();
        assert!(before.iter().all(|event| !event.reviewed));
        let last = case.events.last().unwrap();
        assert!(!last.reviewed || case.origin() != Origin::Shadow);
    }
}

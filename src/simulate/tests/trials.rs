//! What runs beside the live work: drills and shadow runs.

use super::{HOUR_US, NINETY_DAYS, OPENED, SEEDS, Soc, WEEKS, history};
use crate::model::Origin;
use crate::simulate::event::Event;
use crate::simulate::tests::measure::{Case, cases};

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

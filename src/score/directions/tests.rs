//! Misses and false alarms of cases whose truth is known.

use super::*;
use crate::measure::{DirectedKey, ProcessSums, Stretch};
use crate::model::{Executor, Hour, NameId, Names, Ppm, Time};
use crate::rules::{Catalog, Process, Tolerance};
use crate::score::dependence::Dependence;
use crate::score::input::Terms;
use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const PER_DAY: usize = 20;

/// How bad a status is.
fn rank(status: Status) -> u8 {
    match status {
        Status::Within => 0,
        Status::Undetermined => 1,
        _ => 2,
    }
}

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Good,
    /// As wrong as can be.
    Missed,
    /// As designed: the alarm was false, and it was closed as such.
    FalseAlarm,
    /// In an outcome that nobody has classified.
    Unclassified,
}

/// The sums of live cases that ended like this, so many a day.
fn sums(ends: &[End]) -> Sums {
    let mut sums = Sums::default();
    for (nth, end) in ends.iter().enumerate() {
        let hour = Hour((nth / PER_DAY) as i32 * 24);
        let deviation = match end {
            End::Missed => Ppm::ONE,
            _ => Ppm::ZERO,
        };
        sums.cases += 1;
        sums.outcomes.add(NameId(1), 1);
        sums.deviations.add(deviation, 1);
        sums.ended.add(hour, 1);
        sums.self_declared.add(hour, 1);
        sums.deviated.add(hour, i64::from(deviation));
        let mut wrong = |direction| {
            let key = DirectedKey {
                hour,
                direction,
                confirmed: false,
            };
            sums.directed.add(key, 1);
        };
        match end {
            End::Good => {}
            End::Missed => wrong(Direction::Missed),
            End::FalseAlarm => wrong(Direction::FalseAlarm),
            End::Unclassified => {
                sums.unknown.add((NameId(2), deviation), 1);
                sums.undirected += 1;
            }
        }
    }
    sums
}

/// A process of class c and two steps, so that T is 2 %.
fn process(tolerances: &[(Direction, f64)]) -> Process {
    Process {
        criticality: crate::model::Level::Low,
        size: Some(2.0),
        directions: [("missed".to_owned(), Some(Direction::Missed))].into(),
        tolerances: tolerances.iter().copied().collect(),
        ..Process::assumed("p")
    }
}

struct Found {
    /// That of the deviation alone.
    of_deviation: Status,
    status: Status,
    directions: Vec<DirectionScore>,
}

fn found(ends: &[End], tolerances: &[(Direction, f64)]) -> Found {
    let (catalog, tolerance, names) = (Catalog::default(), Tolerance::builtin(), Names::new());
    let terms = Terms {
        catalog: &catalog,
        tolerance: &tolerance,
        names: &names,
    };
    let live = sums(ends);
    let mut parts = ProcessSums::default();
    parts
        .parts
        .insert((Executor::Human, Origin::Live), live.clone());
    let days = (ends.len() / PER_DAY + 1) as i64;
    let covered = Stretch {
        first: Time(0),
        last: Time(days * 24 * crate::model::HOUR_US),
    };
    let input = ProcessInput::of_sums(terms, process(tolerances), (&live, &parts), covered);
    let target = Target::of(&input, Some(2.0));
    let directions = directions(&input, target);
    let of_deviation = status(&input, &input.scored(), target);
    Found {
        of_deviation,
        status: with_directions(of_deviation, &directions),
        directions,
    }
}

/// Which cases are missed or false alarms with these chances.
fn ends(seed: u64, count: usize, [missed, false_alarm]: [f64; 2]) -> Vec<End> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut end = || match random.random::<f64>() {
        u if u < missed => End::Missed,
        u if u < missed + false_alarm => End::FalseAlarm,
        _ => End::Good,
    };
    (0..count).map(|_| end()).collect()
}

#[test]
fn a_hundred_harmless_escalations_do_not_hide_a_missed_intrusion() {
    let mut cases = [vec![End::FalseAlarm; 100], vec![End::Good; 2899]].concat();
    cases.insert(500, End::Missed);
    let tolerances = [(Direction::Missed, 0.001), (Direction::FalseAlarm, 0.2)];
    let now = found(&cases, &tolerances);
    assert_eq!(now.of_deviation, Status::Within);
    assert_eq!(now.status, Status::Undetermined);
    let [missed, alarms] = &now.directions[..] else {
        panic!("two directions");
    };
    assert_eq!((missed.cases, alarms.cases, missed.of), (1, 100, 3000));
    assert_eq!(missed.status, Some(Status::Undetermined));
    assert!(missed.clean_runs_missing > Some(1000));
    // The same cases if nothing is said of what is tolerated.
    let split = found(&cases, &[]);
    assert_eq!(split.status, Status::Within);
    let shown: Vec<_> = split.directions.iter().map(|of| of.cases).collect();
    assert_eq!(shown, [1, 100]);
    // A few more, and it is outside, although the deviation as a whole is not.
    (0..12).for_each(|nth| cases[nth * 240] = End::Missed);
    let now = found(&cases, &tolerances);
    assert_eq!(now.of_deviation, Status::Within);
    assert_eq!(now.status, Status::Outside);
}

#[test]
fn a_share_is_seldom_ever_called_otherwise_than_it_is() {
    let (count, tolerance) = (1500, 0.05);
    let looks: Vec<usize> = (1..=count / 140).map(|week| week * 140).collect();
    let ever = |of_tolerance: f64, status: Status| {
        let chances = [of_tolerance * tolerance, 0.1];
        let is_ever = |seed: &u64| {
            let cases = ends(*seed, count, chances);
            let held = [(Direction::Missed, tolerance)];
            let mut each = looks.iter().map(|look| found(&cases[..*look], &held));
            each.any(|found| found.directions[0].status == Some(status))
        };
        (0..200).filter(is_ever).count()
    };
    assert!(ever(1.02, Status::Within) <= 10);
    assert!(ever(0.98, Status::Outside) <= 10);
    assert!(ever(2.0, Status::Within) <= 2);
    // And it is not so cautious that nothing is ever told.
    assert!(ever(3.0, Status::Outside) > 190);
    assert!(ever(0.1, Status::Within) > 190);
}

#[test]
fn unclassified_outcomes_make_it_a_range_and_are_never_within() {
    let mut cases = vec![End::Good; 2000];
    let held = [(Direction::Missed, 0.1)];
    assert_eq!(found(&cases, &held).status, Status::Within);
    (0..40).for_each(|nth| cases[nth * 50] = End::Unclassified);
    let few = found(&cases, &held).directions[0];
    assert_eq!((few.unknown_cases, few.status), (40, Some(Status::Within)));
    assert_eq!(few.share_range, Some([0.0, 0.02]));
    (0..200).for_each(|nth| cases[nth * 10] = End::Unclassified);
    let many = found(&cases, &held).directions[0];
    assert_eq!(
        (many.share, many.status),
        (None, Some(Status::Undetermined))
    );
}

#[test]
fn a_tolerance_that_no_outcome_could_exceed_is_not_held() {
    let cases = vec![End::Good; 2000];
    let now = found(&cases, &[(Direction::FalseAlarm, 0.05)]);
    assert_eq!(now.of_deviation, Status::Within);
    assert_eq!(now.status, Status::Undetermined);
    let alarms = now.directions[1];
    assert!(!alarms.is_shown && alarms.share.is_none());
}

proptest! {
    #[test]
    fn the_process_is_never_better_than_its_deviation_or_a_direction(
        seed in 0u64..1_000,
        chance in 0.0f64..0.05,
        tolerance in 0.001f64..0.1,
    ) {
        let now = found(&ends(seed, 600, [chance, 0.1]), &[(Direction::Missed, tolerance)]);
        prop_assert!(rank(now.status) >= rank(now.of_deviation));
        prop_assert!(rank(now.status) >= rank(now.directions[0].status.unwrap()));
    }

    #[test]
    fn more_misses_are_never_better(cases in 1i64..5_000, wrong in 0.0f64..1.0, more in 0.0f64..1.0, tolerance in 0.001f64..0.5) {
        let with_input = |wrong: f64| {
            let (catalog, tolerances, names) = (Catalog::default(), Tolerance::builtin(), Names::new());
            let terms = Terms { catalog: &catalog, tolerance: &tolerances, names: &names };
            let (live, parts) = (Sums::default(), ProcessSums::default());
            let covered = Stretch { first: Time(0), last: Time(0) };
            let input = ProcessInput::of_sums(terms, process(&[]), (&live, &parts), covered);
            let target = Target::of(&input, Some(2.0)).of_share(tolerance);
            let dependence = Dependence { days: 100, ..Dependence::default() };
            status(&input, &Observed::known(cases, wrong, dependence), target)
        };
        let wrong = wrong * cases as f64;
        let then = wrong + more * (cases as f64 - wrong);
        prop_assert!(rank(with_input(then)) >= rank(with_input(wrong)));
    }

    #[test]
    fn a_status_is_never_better_than_that_of_any_other(statuses in proptest::collection::vec(0usize..4, 0..4), own in 0usize..4) {
        let all = [Status::Within, Status::Undetermined, Status::NoTolerance, Status::Outside];
        let others: Vec<Status> = statuses.iter().map(|nth| all[*nth]).collect();
        let status = status_with(all[own], others.iter().copied());
        let outside = all[own] == Status::Outside || others.contains(&Status::Outside);
        prop_assert_eq!(status == Status::Outside, outside);
        let within = all[own] == Status::Within && others.iter().all(|of| *of == Status::Within);
        prop_assert_eq!(status == Status::Within, within);
    }
}

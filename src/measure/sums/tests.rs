//! Tests of sums as a group, and of their bytes.

use super::codec::{
    VERSION, VERSION_SAMPLES_ONLY, VERSION_WITHOUT_FOLLOW_UP, VERSION_WITHOUT_STEPS_BY,
    VERSION_WITHOUT_UNKNOWN,
};
use super::*;
use crate::cases::{Directed, Resolution, Stage};
use crate::measure::bucket_parts;
use crate::model::{Direction, Executor, Span, Time};
use proptest::prelude::*;

fn some_facts() -> impl Strategy<Value = Facts> {
    let path = proptest::collection::vec(1u32..6, 1..8);
    (
        path,
        0i64..1_000_000_000_000,
        0i64..1_000_000_000,
        any::<bool>(),
        0u32..3,
        0u32..4,
    )
        .prop_map(
            |(path, start, duration, complete, reopened, parent_process)| Facts {
                process: NameId(1),
                executor: Executor::Human,
                steps_by: StepsBy {
                    human: reopened,
                    ai: parent_process,
                    code: 1,
                },
                origin: Origin::Live,
                start: Time(start),
                end: Time(start + duration),
                complete,
                ended: complete,
                outcome: NameId(path[path.len() - 1]),
                outcome_is_activity: reopened == 1,
                settled: reopened > 0,
                reopened,
                late: reopened == 2,
                off_path: reopened,
                handoffs: reopened,
                deviation: Ppm(reopened * 100_000),
                ends_before_start: false,
                passes_limit: (reopened == 1).then_some(Time(start + 1)),
                resolution: (reopened > 0).then(|| Resolution {
                    at: Time(start + duration / 2),
                    challenged: (reopened > 1).then_some(Time(start + duration)),
                }),
                overdue_from: None,
                unknown: false,
                mapped_severity: None,
                directed: match reopened {
                    0 => Directed::Neither,
                    1 => Directed::Wrong(Direction::ALL[usize::from(complete)]),
                    _ => Directed::Unknown,
                },
                blamed: NameId(path[0]),
                input: u64::from(reopened) * 77,
                cluster: u64::from(reopened) * 55,
                version: NameId(parent_process),
                hands_on: (reopened > 1).then_some(Span(duration)),
                straight: (reopened > 0).then_some(complete),
                without_people: reopened > 1,
                confirmed: parent_process > 1,
                evident: reopened != 1,
                twin: (parent_process > 0).then_some(Twin {
                    case: u64::from(parent_process),
                    alike: reopened == 1,
                }),
                parent_process: NameId(parent_process),
                stages: stages(reopened, duration),
                path: path.into_iter().map(NameId).collect(),
            },
        )
}

/// One milestone that is reached, and one that is not.
fn stages(reopened: u32, duration: i64) -> Vec<Stage> {
    let stage = |milestone, after| Stage { milestone, after };
    let reached = stage(NameId(1 + reopened), Some(Span(duration)));
    vec![reached, stage(NameId(5), None)]
}

fn sum(facts: &[Facts], names: &Names) -> Sums {
    let mut sums = Sums::default();
    for one in facts {
        for (_, part) in bucket_parts(one) {
            sums.add_part(part, one, names, 1);
        }
    }
    sums
}

proptest! {
    #[test]
    fn a_commutative_group(facts in proptest::collection::vec(some_facts(), 0..30), split in 0usize..30) {
        let mut names = Names::new();
        for n in 1..6 {
            names.intern(&n.to_string());
        }
        let split = split.min(facts.len());
        let whole = sum(&facts, &names);
        // Any split, merged in either order.
        let (a, b) = (sum(&facts[..split], &names), sum(&facts[split..], &names));
        let (mut ab, mut ba) = (a.clone(), b.clone());
        ab.merge(&b, 1);
        ba.merge(&a, 1);
        prop_assert_eq!(&ab, &whole);
        prop_assert_eq!(&ba, &whole);
        // Taking a part out again leaves the other part, exactly.
        ab.merge(&b, -1);
        prop_assert_eq!(&ab, &a);
        ab.merge(&a, -1);
        prop_assert!(ab.is_zero());
        // Stored and read back.
        let mut bytes = Vec::new();
        whole.encode(&mut bytes);
        prop_assert_eq!(Sums::decode(&bytes).unwrap(), whole);
    }

    #[test]
    fn damaged_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut damaged = vec![VERSION];
        damaged.extend(bytes);
        let _ = Sums::decode(&damaged);
    }
}

#[test]
fn an_open_case_counts_as_started_and_open_only() {
    let mut sums = Sums::default();
    let facts = Facts {
        process: NameId(1),
        executor: Executor::Ai,
        steps_by: StepsBy::default(),
        origin: Origin::Live,
        start: Time(0),
        end: Time(5),
        complete: false,
        ended: false,
        outcome: NameId(1),
        outcome_is_activity: true,
        settled: false,
        reopened: 0,
        late: false,
        ends_before_start: false,
        passes_limit: None,
        resolution: None,
        overdue_from: None,
        off_path: 0,
        handoffs: 0,
        deviation: Ppm::ZERO,
        unknown: false,
        mapped_severity: None,
        directed: Directed::Neither,
        blamed: NameId::NONE,
        input: 0,
        cluster: 0,
        hands_on: None,
        version: NameId::NONE,
        straight: None,
        without_people: false,
        confirmed: false,
        evident: true,
        twin: None,
        parent_process: NameId::NONE,
        stages: Vec::new(),
        path: vec![NameId(1), NameId(2)],
    };
    sums.add_start(&facts, 1);
    sums.add_end(&facts, &Names::new(), 1);
    assert_eq!(
        (sums.started(), sums.open, sums.open_events, sums.cases),
        (1, 1, 2, 0)
    );
}

/// An open case that has reached one milestone and not another.
fn staged() -> Facts {
    Facts {
        complete: false,
        stages: stages(1, 60_000_000),
        ..unlike_others(1)
    }
}

#[test]
fn milestones_of_open_cases_go_with_the_open_cases() {
    let mut sums = sum(&[staged()], &Names::new());
    let (reached, open) = (NameId(2), NameId(5));
    let count = |sums: &Sums| sums.stages.reached(reached).map(Sketch::count);
    assert_eq!(count(&sums), Some(1));
    assert_eq!(sums.stages.waiting(open).count(), 1);
    assert_eq!(sums.stages.missed(open), 0);
    sums.set_open(&Sums::default());
    assert_eq!(
        (count(&sums), sums.stages.waiting(open).count()),
        (Some(1), 0)
    );
    // An open case that is removed has no later: what it had reached stays.
    let mut sums = sum(&[staged()], &Names::new());
    sums.add_open(&staged(), -1);
    assert_eq!(
        (count(&sums), sums.stages.waiting(open).count()),
        (Some(1), 0)
    );
    let ended = Facts {
        complete: true,
        ..staged()
    };
    assert_eq!(sum(&[ended], &Names::new()).stages.missed(open), 1);
}

/// A case with an input, a path and a shadowed case that no other case has.
fn unlike_others(nth: u32) -> Facts {
    Facts {
        process: NameId(1),
        executor: Executor::Ai,
        steps_by: StepsBy::default(),
        origin: Origin::Shadow,
        start: Time(0),
        end: Time(5),
        complete: true,
        ended: true,
        outcome: NameId(1),
        outcome_is_activity: false,
        settled: false,
        reopened: 0,
        late: false,
        ends_before_start: false,
        passes_limit: None,
        resolution: None,
        overdue_from: None,
        off_path: 0,
        handoffs: 0,
        deviation: Ppm::ZERO,
        unknown: false,
        mapped_severity: None,
        directed: Directed::Neither,
        blamed: NameId::NONE,
        input: crate::model::hash_pair(1, u64::from(nth)),
        cluster: crate::model::hash_pair(3, u64::from(nth)),
        hands_on: None,
        version: NameId::NONE,
        straight: None,
        without_people: false,
        confirmed: false,
        evident: true,
        twin: nth.is_multiple_of(2).then(|| Twin {
            case: crate::model::hash_pair(2, u64::from(nth)),
            alike: true,
        }),
        parent_process: NameId::NONE,
        stages: Vec::new(),
        path: (0..16).map(|bit| NameId(1 + (nth >> bit & 1))).collect(),
    }
}

#[test]
fn cases_that_left_leave_no_trace_however_many_they_were() {
    let mut names = Names::new();
    names.intern("0");
    names.intern("1");
    let facts: Vec<Facts> = (0..40_000).map(unlike_others).collect();
    let mut whole = sum(&facts, &names);
    let (stay, leave) = facts.split_at(5_000);
    whole.merge(&sum(leave, &names), -1);
    let stay = sum(stay, &names);
    assert!(whole == stay);
    whole.merge(&stay, -1);
    assert!(whole.is_zero());
}

#[test]
fn sums_of_the_version_before_are_read() {
    let mut names = Names::new();
    names.intern("0");
    names.intern("1");
    let facts: Vec<Facts> = (0..100).map(unlike_others).collect();
    let mut sums = sum(&facts, &names);
    sums.confirmed.add(Ppm(7), 2);
    sums.unknown.add((NameId(1), Ppm(7)), 2);
    sums.cohort.cases = 3;
    // Of cases that were counted before, nobody knows their direction or cause.
    let undirected = Sums {
        undirected: sums.cases,
        confirmed_undirected: sums.confirmed.total(),
        clusters: Sampled::default(),
        ..sums.clone()
    };
    let mut bytes = Vec::new();
    sums.encode_as(VERSION_WITHOUT_FOLLOW_UP, &mut bytes);
    assert_eq!(Sums::decode(&bytes).unwrap(), undirected);
    let mut sums = undirected;
    let before = Sums {
        waiting: Counts::default(),
        mapped: Counts::default(),
        unknown: Counts::default(),
        confirmed_unknown: Counts::default(),
        cohort: Cohort::default(),
        ended: sums.self_declared.clone(),
        confirmed_deviated: Counts::default(),
        steps_by: Counts::default(),
        ..sums.clone()
    };
    assert_ne!(before, sums);
    let mut bytes = Vec::new();
    let with_stages = Sums {
        stages: sum(&[staged()], &Names::new()).stages,
        ..sums.clone()
    };
    let with_follow_up = Sums {
        follow_up: FollowUp {
            reopened: 1,
            ..FollowUp::default()
        },
        ends_before_start: 2,
        ..with_stages.clone()
    };
    with_follow_up.encode_as(VERSION_WITHOUT_FOLLOW_UP, &mut bytes);
    assert_eq!(Sums::decode(&bytes).unwrap(), with_stages);
    bytes.clear();
    with_stages.encode_as(VERSION_WITHOUT_STEPS_BY, &mut bytes);
    assert_eq!(Sums::decode(&bytes).unwrap(), sums);
    // Where all keys are kept, nothing but the number of the version differs between the two older ones.
    for version in [VERSION_WITHOUT_UNKNOWN, VERSION_SAMPLES_ONLY] {
        let mut bytes = Vec::new();
        sums.encode_as(version, &mut bytes);
        assert_eq!(Sums::decode(&bytes).unwrap(), before, "version {version}");
        bytes[0] = VERSION_SAMPLES_ONLY - 1;
        assert!(Sums::decode(&bytes).is_err());
    }
    sums.steps_by.add(Executor::Ai, 5);
    let mut bytes = Vec::new();
    sums.encode_as(VERSION_WITHOUT_STEPS_BY, &mut bytes);
    let before = Sums {
        steps_by: Counts::default(),
        ..sums
    };
    assert_eq!(Sums::decode(&bytes).unwrap(), before);
}

//! Whether a case keeps what it is told, in whatever order.

use super::*;
use crate::model::{Executor, Lifecycle, Origin};
use proptest::prelude::*;

fn event(time: i64, identity: u64) -> EventIn {
    EventIn {
        event: CaseEvent {
            time: Time(time),
            sequence: 0,
            place: identity * 10,
            identity,
            activity: NameId(1 + identity as u32 % 3),
            outcome: NameId::NONE,
            process: NameId(1),
            flags: EventFlags::new(Executor::Human, Lifecycle::Step, Origin::Live),
        },
        input: identity,
        cluster: identity % 2,
        hands_on: identity as u32 % 3 * 60,
        version: NameId(identity as u32 % 4),
    }
}

#[test]
fn a_redelivered_event_is_counted_once() {
    let mut case = Case::new();
    assert_eq!(case.insert(event(5, 1), 10), Insert::Added);
    assert_eq!(case.insert(event(5, 1), 10), Insert::Duplicate);
    assert_eq!(case.events().len(), 1);
}

#[test]
fn two_events_that_look_alike_are_two() {
    let mut case = Case::new();
    let mut twin = event(5, 2);
    twin.event.activity = event(5, 1).event.activity;
    assert_eq!(case.insert(event(5, 1), 10), Insert::Added);
    assert_eq!(case.insert(twin, 10), Insert::Added);
}

#[test]
fn a_full_case_refuses() {
    let mut case = Case::new();
    case.insert(event(1, 1), 1);
    assert_eq!(case.insert(event(2, 2), 1), Insert::Full);
    assert_eq!(case.insert(event(1, 1), 1), Insert::Duplicate);
}

#[test]
fn a_refused_event_changes_nothing() {
    let mut case = Case::new();
    case.insert(event(1, 1), 1);
    assert_eq!(case.insert(event(9, 9), 1), Insert::Full);
    assert_eq!(case.input(), 1);
}

#[test]
fn an_event_that_moves_in_time_opens_an_idle_case() {
    let mut case = Case::new();
    case.insert(event(1, 1), 10);
    case.close_idle(true);
    assert_eq!(case.insert(event(1, 1), 10), Insert::Duplicate);
    assert!(case.idle_closed());
    assert_eq!(case.insert(event(5, 1), 10), Insert::Duplicate);
    assert!(!case.idle_closed());
}

#[test]
fn the_later_parent_stays() {
    let mut case = Case::new();
    case.set_parent(Time(2), "b");
    case.set_parent(Time(1), "a");
    assert_eq!(case.parent(), Some("b"));
    case.set_parent(Time(2), "c");
    assert_eq!(case.parent(), Some("c"));
}

proptest! {
    #[test]
    fn any_order_and_any_repetition_give_the_same_set(
        times in proptest::collection::vec((0i64..50, 0u64..120), 1..200),
        seed in any::<u64>(),
    ) {
        let mut forward = Case::new();
        let mut shuffled = Case::new();
        for (time, id) in &times {
            forward.insert(event(*time, *id), 1000);
        }
        let mut order: Vec<_> = times.iter().chain(&times).collect();
        order.sort_by_key(|(time, id)| crate::model::hash_pair(seed, *time as u64 ^ id << 8));
        for (time, id) in order {
            shuffled.insert(event(*time, *id), 1000);
        }
        prop_assert_eq!(forward.ordered(), shuffled.ordered());
        prop_assert_eq!(forward.input(), shuffled.input());
        prop_assert_eq!(forward.hands_on(), shuffled.hands_on());
        prop_assert_eq!(forward.version(), shuffled.version());
    }

    #[test]
    fn as_of_an_instant_it_is_what_it_would_be_had_the_rest_not_happened_yet(
        times in proptest::collection::vec((0i64..50, 0u64..40), 1..60),
        until in 0i64..50,
    ) {
        let (mut whole, mut part) = (Case::new(), Case::new());
        // An event has one time.
        for (time, id) in times.iter().map(|(time, id)| (*time * 40 + *id as i64, *id * 1000 + *time as u64)) {
            whole.insert(event(time, id), 1000);
            if time <= until * 40 {
                part.insert(event(time, id), 1000);
            }
        }
        let known = whole.until(Time(until * 40));
        prop_assert_eq!(known.is_none(), part.events().is_empty());
        if let Some(known) = known {
            prop_assert_eq!(known.ordered(), part.ordered());
            prop_assert_eq!(known.process(), part.process());
        }
    }

    #[test]
    fn stored_and_read_back(times in proptest::collection::vec((any::<i64>(), any::<u32>()), 0..80)) {
        let mut case = Case::new();
        for (time, id) in times {
            case.insert(event(time, u64::from(id)), 1000);
        }
        case.set_parent(Time(3), "INC-1");
        case.set_parent_process(NameId(7));
        case.set_twin_outcome(NameId(9));
        case.close_idle(true);
        let mut bytes = Vec::new();
        case.encode(&mut bytes);
        let back = Case::decode(&bytes).unwrap();
        prop_assert_eq!(back.events(), case.events());
        prop_assert_eq!(back.parent(), case.parent());
        prop_assert_eq!((back.input(), back.parent_process(), back.idle_closed()),
            (case.input(), NameId(7), true));
        prop_assert_eq!((back.hands_on(), back.twin_outcome()), (case.hands_on(), NameId(9)));
        prop_assert_eq!(back.version(), case.version());
    }

    #[test]
    fn damaged_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut damaged = vec![VERSION];
        damaged.extend(bytes);
        let _ = Case::decode(&damaged);
    }
}

#[test]
fn input_cluster_and_version_of_an_event_without_time_are_kept() {
    let mut case = Case::new();
    case.insert(event(Time::UNDATED.0, 1), 10);
    assert_eq!((case.input(), case.cluster()), (1, 1));
    assert_eq!(case.version(), NameId(1));
    // A later one is said later.
    case.insert(event(-5, 3), 10);
    case.insert(event(-9, 7), 10);
    assert_eq!((case.input(), case.version()), (3, NameId(3)));
}

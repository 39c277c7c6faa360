//! The shape that the benchmarks rely on.

use super::{DAY_US, NINETY_DAYS, cases, lines};
use crate::simulate::{Event, bench_events};
use std::collections::BTreeSet;

#[test]
fn bench_events_have_their_shape() {
    let events: Vec<Event> = bench_events(80_000, 1).collect();
    assert_eq!(events.len(), 80_000);
    assert_eq!(bench_events(80_000, 1).size_hint(), (80_000, Some(80_000)));
    let mean = lines(events.iter().cloned()).len() as f64 / 80_000.0;
    assert!((170.0..200.0).contains(&mean), "{mean} bytes a line");
    assert!(
        events
            .windows(2)
            .all(|pair| pair[0].time_us <= pair[1].time_us)
    );
    let (first, last) = (events[0].time_us, events[79_999].time_us);
    assert!(last - first > 80 * DAY_US && last - first <= NINETY_DAYS);
    let all = cases(events.iter().cloned());
    assert!(
        all.values()
            .all(|case| case.events.len() == 8 && case.is_closed())
    );
    assert_eq!(
        all.values()
            .map(|case| case.process)
            .collect::<BTreeSet<_>>()
            .len(),
        12
    );
    let middle = (first + last) / 2;
    let open = all
        .values()
        .filter(|case| case.start_us() < middle && case.events[7].time_us > middle);
    let open = open.count();
    assert!((300..1_000).contains(&open), "{open} open, {mean} bytes");
    assert!(bench_events(1_000, 7).eq(bench_events(1_000, 7)));
    assert_eq!(bench_events(13, 1).count(), 13);
    assert_eq!(bench_events(0, 1).count(), 0);
}

//! When the worker commits.

use super::super::engine::tests::{batch, case, config};
use super::*;
use crate::model::{Span, metrics};
use crossbeam_channel::{Sender, bounded, unbounded};
use std::path::Path;

/// Records of a delivery, which are as many as a batch needs.
const RECORDS: usize = 2;

/// A worker that commits after so few records or after an hour, and what a test needs beside it.
struct Started {
    worker: Worker,
    shared: Arc<Shared>,
    deliveries: Sender<Delivery>,
    /// Closed channels would be events.
    _open: (Sender<Command>, Sender<()>),
}

fn started(folder: &Path) -> Started {
    let mut config = config(folder, "");
    config.batch_events = RECORDS;
    config.batch_interval = Span(3_600_000_000);
    let config = Arc::new(config);
    let (deliveries, receiver) = unbounded();
    let (commands, commands_in) = bounded(0);
    let (stop, stopping) = bounded(0);
    let shared = Arc::new(Shared::default());
    let worker = Worker {
        engine: Engine::open(config.clone(), now()).unwrap(),
        shared: shared.clone(),
        config,
        deliveries: receiver,
        commands: commands_in,
        stop: stopping,
        turned_back: 0,
    };
    Started {
        worker,
        shared,
        deliveries,
        _open: (commands, stop),
    }
}

fn delivery(nth: i64) -> Delivery {
    Delivery {
        source: "in".into(),
        batch: batch(&case("p", &nth.to_string(), nth)),
        ..Delivery::default()
    }
}

/// Records that the latest publication counts.
fn records(shared: &Shared) -> i64 {
    let key = (metrics::RECORDS.name.to_owned(), vec!["in".to_owned()]);
    let snapshot = shared.snapshot();
    snapshot.counters.get(&key).copied().unwrap_or(0)
}

#[test]
fn deliveries_of_a_backlog_share_a_commit_up_to_a_limit() {
    const BATCHES: usize = 3 * BACKLOG_BATCHES;
    let folder = tempfile::tempdir().unwrap();
    let test = started(folder.path());
    for nth in 0..BATCHES {
        test.deliveries.send(delivery(nth as i64)).unwrap();
    }
    drop(test.deliveries);
    test.worker.run().unwrap();
    assert_eq!(records(&test.shared), (BATCHES * RECORDS) as i64);
    let commits = test.shared.own.commits().get_sample_count();
    // One more at the end. Another one only if a delivery takes more than a second.
    assert!((3..8).contains(&commits), "{commits} commits");
}

#[test]
fn full_batch_is_committed_when_nothing_follows() {
    let folder = tempfile::tempdir().unwrap();
    let test = started(folder.path());
    test.deliveries.send(delivery(1)).unwrap();
    let worker = std::thread::spawn(move || test.worker.run());
    let begun = Instant::now();
    while records(&test.shared) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "no commit");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(records(&test.shared), RECORDS as i64);
    drop(test.deliveries);
    worker.join().unwrap().unwrap();
}

//! A `prometheus` collector over a snapshot: every series of a scrape comes from the same instant.

mod counted;
mod drift;
mod families;
mod process;

use crate::model::metrics;
use crate::query::{Shared, Snapshot};
use families::Families;
pub(crate) use families::label;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use std::sync::Arc;

/// Collects from the latest snapshot.
pub(crate) struct SnapshotCollector {
    shared: Arc<Shared>,
}

impl SnapshotCollector {
    /// Over what the daemon publishes.
    pub(crate) fn new(shared: Arc<Shared>) -> SnapshotCollector {
        SnapshotCollector { shared }
    }
}

impl Collector for SnapshotCollector {
    fn desc(&self) -> Vec<&Desc> {
        // Series come and go with the processes in the logs, so there is nothing to declare beforehand.
        Vec::new()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let snapshot = self.shared.snapshot();
        let mut families = Families::new(&snapshot.expired);
        families.gauge(&metrics::BUILD_INFO, &[env!("CARGO_PKG_VERSION")], 1.0);
        let ready = self.shared.not_ready().is_none();
        families.gauge(&metrics::READY, &[], f64::from(u8::from(ready)));
        of_processes(&mut families, &snapshot);
        counted::open(&mut families, &snapshot);
        counted::ingest(&mut families, &snapshot, &self.shared);
        counted::own(&mut families, &snapshot, &self.shared);
        families.finish()
    }
}

fn of_processes(families: &mut Families, snapshot: &Snapshot) {
    for score in snapshot.scores.iter() {
        process::process(families, score);
    }
    drift::drift(families, snapshot);
    counted::cases(families, snapshot);
    counted::durations(families, snapshot);
}

/// What a snapshot of the past says of the processes; of the daemon it says nothing.
pub(super) fn past_families(snapshot: &Snapshot) -> Vec<MetricFamily> {
    let mut families = Families::new(&snapshot.expired);
    of_processes(&mut families, snapshot);
    families.finish()
}

//! Metrics for Prometheus, read from one consistent snapshot.

mod collector;
pub mod metrics;
pub mod rules;

pub use collector::SnapshotCollector;

use prometheus::{Registry, TextEncoder};

/// The metrics of a collector in the text format 0.0.4.
pub fn text(collector: SnapshotCollector) -> Result<String, prometheus::Error> {
    let registry = Registry::new();
    registry.register(Box::new(collector))?;
    TextEncoder::new().encode_to_string(&registry.gather())
}

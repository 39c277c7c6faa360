//! Metrics for Prometheus, read from one consistent snapshot.

mod backfill;
mod collector;
mod negotiate;
mod openmetrics;
mod reference;
pub(crate) mod rules;

pub(crate) use backfill::Backfill;
pub(crate) use collector::{SnapshotCollector, label};
pub(crate) use negotiate::{Exposition, exposition};
pub use reference::Extent;
pub use reference::document;

use prometheus::core::Collector;
use prometheus::{TextEncoder, process_collector::ProcessCollector};

/// The metrics of a collector, and those of this operating system process, in one format.
pub(crate) fn text(
    collector: &SnapshotCollector,
    exposition: Exposition,
) -> Result<String, prometheus::Error> {
    let mut families = ProcessCollector::for_self().collect();
    families.append(&mut collector.collect());
    families.retain(|family| !family.get_metric().is_empty());
    match exposition {
        Exposition::Text => TextEncoder::new().encode_to_string(&families),
        Exposition::OpenMetrics => Ok(openmetrics::text(&families)),
    }
}

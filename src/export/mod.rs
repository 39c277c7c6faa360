//! Metrics for Prometheus, read from one consistent snapshot.

mod backfill;
mod collector;
mod negotiate;
mod openmetrics;
mod reference;
pub mod rules;

pub use backfill::Backfill;
pub use collector::{SnapshotCollector, label};
pub use negotiate::{Exposition, exposition};
pub use reference::{Extent, document};

use prometheus::core::Collector;
use prometheus::{TextEncoder, process_collector::ProcessCollector};

/// The metrics of a collector, and those of this operating system process, in one format.
pub fn text(
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

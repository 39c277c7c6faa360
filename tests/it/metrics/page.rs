//! `docs/metrics.md` is what the code says, and the daemon exports what the page says.

use super::{case, two_processes};
use crate::support::project::project;
use std::collections::BTreeSet;
use toleranced::internals::{ALL_METRICS, MetricKind};
use toleranced::internals::{Extent, metrics_page};

/// Write the page anew with `TOLERANCED_UPDATE=1 cargo test --test it metrics::page`.
#[test]
fn the_page_is_what_the_code_says() {
    let file = project("docs/metrics.md");
    if std::env::var_os("TOLERANCED_UPDATE").is_some() {
        std::fs::write(&file, metrics_page()).unwrap();
    }
    let page = std::fs::read_to_string(&file).unwrap();
    assert_eq!(page, metrics_page(), "write it anew, see above");
}

#[test]
fn what_is_exported_is_on_the_page_within_its_budget() {
    let home = two_processes();
    home.write("log.ndjson", case(1, 0, "good") + &case(2, 0, "bad"));
    let daemon = home.start();
    let metrics = daemon.wait_for_metric(
        r#"toleranced_cases_total{process="p",executor="human",outcome="bad"}"#,
        1.0,
    );
    let mut known: BTreeSet<String> = BTreeSet::new();
    for metric in ALL_METRICS {
        match metric.kind {
            MetricKind::Histogram => known.extend(
                ["_bucket", "_sum", "_count"].map(|ending| format!("{}{ending}", metric.name)),
            ),
            _ => drop(known.insert(metric.name.to_owned())),
        }
    }
    let mut own = 0;
    for series in metrics.samples.keys() {
        let name = series.split('{').next().unwrap();
        let usual = name.starts_with("process_");
        assert!(usual || known.contains(name), "{name} is not in the table");
        own += usize::from(series.contains(r#"process="p""#));
    }
    assert!(own > 30 && own <= Extent::usual().all(), "{own} series");
    // A process that is only declared has series at zero from the start.
    let never = r#"toleranced_cases_started_total{process="never"}"#;
    assert_eq!(metrics.samples.get(never), Some(&0.0));
    daemon.stop();
}

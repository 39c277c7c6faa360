//! The life of the daemon: start, reload, stop, crash, and the scores that it keeps.

mod backup;
mod clock_jump;
mod damaged_rows;
mod full_disk;
mod kill;
mod lost_database;
mod older_databases;
mod reload;
mod restated_scores;
mod retention;
mod scoring_window;
mod service_manager;
mod start;
mod stop;

use crate::support::tickets::case;
use crate::support::{Daemon, Home, TAILED, wait_to_equal};

fn catalog(severity: &str) -> String {
    format!(
        "processes:\n  - id: tickets\n    criticality: high\n    outcomes: {{ done: 0, failed: {severity} }}\n"
    )
}

/// Ten cases, of which three failed.
fn ten_cases() -> String {
    (0..10)
        .map(|nth| {
            case(
                &format!("T{nth}"),
                nth * 10,
                if nth < 3 { "failed" } else { "done" },
            )
        })
        .collect()
}

fn home() -> Home {
    let home = Home::tailing();
    home.write("catalog.yaml", catalog("1"));
    home.configure(TAILED, "catalog: catalog.yaml\n");
    home.write("log.ndjson", ten_cases());
    home
}

fn deviation(daemon: &Daemon) -> Option<f64> {
    daemon.figures().get("tickets")?["deviation"]["mean"].as_f64()
}

fn wait_for_deviation(daemon: &Daemon, mean: f64) {
    wait_to_equal("deviation", &Some(true), || {
        deviation(daemon).map(|found| (found - mean).abs() < 1e-9)
    });
}

/// A process that occurs in the log, and one that never does.
const DECLARED: &str = "processes:\n  - id: tickets\n    criticality: high\n    executor: human\n    outcomes: { done: 0, failed: 1 }\n  \
    - id: never_seen\n    criticality: low\n";

/// The log `log.ndjson` is absent at first.
fn declared_home() -> Home {
    let home = Home::tailing();
    home.write("catalog.yaml", DECLARED);
    home.configure(
        "[{name: log, paths: [log.ndjson], mapping: map.yaml}]",
        "catalog: catalog.yaml\n",
    );
    home
}

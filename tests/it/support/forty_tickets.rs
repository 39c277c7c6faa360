//! Forty tickets under a catalog, and the score that the daemon gives them.

use super::binary::json_of;
use super::daemon::Daemon;
use super::home::{Home, TAILED};
use super::scores::by_id;
use super::tickets::case;
use super::wait::wait_until;
use serde_json::Value;

pub(crate) fn catalog(severity: &str, more: &str) -> String {
    format!(
        "{more}processes:\n  - id: tickets\n    name: Tickets\n    criticality: high\n    outcomes: {{ done: 0, failed: {severity} }}\n"
    )
}

/// Forty cases over twelve hours, of which the first four failed.
pub(crate) fn forty_cases() -> String {
    let outcome = |nth| if nth < 4 { "failed" } else { "done" };
    let cases = (0..40).map(|nth| case(&format!("T/{nth}"), nth * 18, outcome(nth)));
    cases.collect()
}

pub(crate) fn home() -> Home {
    let home = Home::tailing();
    home.write("catalog.yaml", catalog("1", ""));
    home.configure(TAILED, "catalog: catalog.yaml\n");
    home.write("log.ndjson", forty_cases());
    home
}

pub(crate) fn explained(home: &Home, args: &[&str]) -> Value {
    json_of(&home.run(&[&["explain", "tickets", "--format", "json"], args].concat()))
}

/// What the daemon says now, once it has scored all forty cases with this deviation.
pub(crate) fn scored(daemon: &Daemon, mean: f64) -> (String, Value) {
    wait_until("the score", || {
        let document = daemon.json("/api/v1/processes");
        let score = by_id(&document["processes"]).remove("tickets")?;
        let is_there = (score["deviation"]["mean"].as_f64()? - mean).abs() < 1e-9;
        let all = score["cases"] == 40 && score["open_cases"] == 0;
        (is_there && all).then(|| (document["as_of"].as_str().unwrap().to_owned(), score))
    })
}

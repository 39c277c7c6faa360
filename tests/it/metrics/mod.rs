//! `/metrics`, its page, its history, and the dashboards that show it.

mod backfill;
mod counters;
mod dashboards;
mod directions;
mod format;
mod page;
mod stages;

use crate::support::Home;

/// Two processes: one that people run, one that is only declared.
fn two_processes() -> Home {
    let catalog = "processes:\n- { id: p, criticality: low, outcomes: { good: 0, bad: 1 }, duration_buckets: [1m, 1h] }\n- { id: never }\n";
    Home::with_catalog(catalog, "", "")
}

/// A case that opens so many hours ago and takes ten minutes.
fn case(number: usize, hours_ago: i64, outcome: &str) -> String {
    let opened =
        chrono::Utc::now() - chrono::Duration::hours(hours_ago) - chrono::Duration::minutes(15);
    let closed = opened + chrono::Duration::minutes(10);
    format!(
        "{{\"time\":\"{}\",\"process\":\"p\",\"case\":\"{number}\",\"activity\":\"open\",\"executor\":\"human\"}}\n\
         {{\"time\":\"{}\",\"process\":\"p\",\"case\":\"{number}\",\"activity\":\"close\",\"executor\":\"human\",\"lifecycle\":\"end\",\"outcome\":\"{outcome}\"}}\n",
        opened.to_rfc3339(),
        closed.to_rfc3339(),
    )
}

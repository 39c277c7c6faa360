//! `docs/metrics.md`, written from the table of metrics.

use crate::config::exposition::MetricTerms;
use crate::drift::Stream;
use crate::model::humanize::grouped;
use crate::model::metrics::{self, Kind, Metric};
use crate::model::{Class, Status, TolClass};
use crate::rules::GUESSED;
use std::fmt::Write;

/// How much of everything a process has, for the number of its series.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Executor kinds that run it.
    pub executors: usize,
    /// Outcomes of each of them.
    pub outcomes: usize,
    /// Bins of its duration histogram.
    pub buckets: usize,
    /// Known changes.
    pub changes: usize,
}

impl Extent {
    /// What the budget of series is stated for.
    pub fn usual() -> Extent {
        Extent {
            executors: 2,
            outcomes: 6,
            buckets: MetricTerms::default().duration_buckets.len(),
            changes: 1,
        }
    }

    /// Series of a metric that one process has at most.
    pub fn series(self, metric: &Metric) -> usize {
        if !metric.labels.contains(&"process") {
            return 0;
        }
        let values = |label: &&str| match *label {
            "executor" => self.executors,
            "outcome" => self.outcomes,
            "stream" => Stream::ALL.len(),
            "status" => Status::ALL.len(),
            "component" => 4,
            "limit" => 2,
            "change" => self.changes,
            "milestone" => GUESSED.len(),
            "percentile" => 2,
            "state" => 3,
            "kind" if metric.name == metrics::WORK.name => 3,
            // Required and achieved class.
            "class" => Class::ALL.len() + TolClass::ALL.len(),
            _ => 1,
        };
        let labels: usize = metric.labels.iter().map(values).product();
        match metric.kind {
            Kind::Histogram => labels * (self.buckets + 3),
            _ => labels,
        }
    }

    /// Series of one process at most.
    pub fn all(self) -> usize {
        metrics::ALL.iter().map(|metric| self.series(metric)).sum()
    }
}

/// The page.
pub fn document() -> String {
    let extent = Extent::usual();
    let mut page = String::from(HEAD);
    for metric in metrics::ALL {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let labels: Vec<String> = metric.labels.iter().map(|l| format!("`{l}`")).collect();
        let series = match extent.series(metric) {
            0 => String::new(),
            count => count.to_string(),
        };
        let _ = writeln!(
            page,
            "| `{}` | {kind} | {} | {} | {series} |",
            metric.name,
            labels.join(", "),
            metric.help,
        );
    }
    let histogram = extent.series(&metrics::DURATION);
    let _ = write!(
        page,
        "{}",
        TAIL.replace("{all}", &extent.all().to_string())
            .replace("{histogram}", &histogram.to_string())
            .replace("{per_bucket}", &extent.executors.to_string())
            .replace("{executors}", &extent.executors.to_string())
            .replace("{outcomes}", &extent.outcomes.to_string())
            .replace("{milestones}", &GUESSED.len().to_string())
            .replace("{buckets}", &extent.buckets.to_string())
            .replace("{thousand}", &grouped(1_000 * extent.all() as i128))
            .replace("{ten_thousand}", &grouped(10_000 * extent.all() as i128))
    );
    page
}

const HEAD: &str = "# Metrics

<!-- Written from src/model/metrics.rs by tests/it/metrics/page.rs; do not edit by hand. -->

`/metrics` answers in Prometheus' text format 0.0.4, or in OpenMetrics 1.0.0 where the scrape asks for it, packed with gzip where
that is accepted. Every series of a scrape comes from the same instant. Beside these there are the usual `process_*` of the program
itself (CPU, memory, file descriptors).

Gauges of a process are as of the last scoring (`score.every`) and cover the scoring window (`score.window`, 90 days). Counters are
kept in the database, and shown once they are in it: neither a restart nor a crash lowers them. `toleranced_commit_*` and
`toleranced_http_requests_total` are those of this run of the program.

**Late history makes no jump.** What becomes known more than `metrics.late_after` (1 hour) after it happened, a back-fill or an
export of last week, is counted in `toleranced_cases_late_total` and in no other counter of cases, so that no `rate()` shows it as if
it happened now. The scores have it where it belongs; `toleranced backfill` writes it for Prometheus with its own time. Who gets
exports every few hours sets `metrics.late_after` to more than that.

| metric | type | labels | meaning | series of a process |
| --- | --- | --- | --- | --- |
";

const TAIL: &str = "
## How many series

The last column is for a process that {executors} executor kinds run, with {outcomes} outcomes each, {buckets} bins of durations, {milestones} milestones and one known change: {all} series
at most. That is the budget: {thousand} series for 1,000 processes, {ten_thousand} for 10,000 (`limits.processes`).

What bounds it:

- **Outcomes**: `metrics.outcomes` (50) of a process and executor kind have a series of their own, the most frequent ones as they
  came; the others are `outcome=\"other\"`, and `toleranced_outcomes_folded_total` counts them. One that is counted apart since
  `metrics.outcomes` was raised begins at zero.
- **Durations**: {histogram} of the {all} series are the histogram. Its bins reach from scripts (0.1 s) to tickets (30 days); each bin costs one
  series for every executor kind of every process ({per_bucket} here). `metrics.duration_buckets` sets them for all, `duration_buckets` in the
  catalog for one process (`duration_buckets: [100ms, 1s, 10s, 1m]`). A histogram with other bins begins at zero.
- **Milestones**: at most 8 in the catalog for a process, and 8 in a mapping.
- **Processes**: one that is not in the catalog is no longer exported `metrics.expire_after` (90 days) after its last case, or
  when all its cases have moved to another process; it comes back with the next one.
- **Labels**: names from logs are cut at 120 characters, with a hash of the whole behind them. No case and no person is ever a label.
";

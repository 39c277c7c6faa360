//! toleranced: tolerance classes for SecOps processes, measured from their logs.
//!
//! The modules, lowest first. A module uses only modules above it in this list; `tests/architecture.rs` has the exact arrows
//! and fails if one points the other way. ARCHITECTURE.md is the map of the code.

#![deny(missing_docs, unreachable_pub, dead_code)]
#![forbid(unsafe_code)]

// Plain vocabulary: time, names, closed word sets, the table of metrics, text for numbers. Knows no other module.
mod model;

// Bytes of stored bodies: checked variable-length integers. Does not know what the bodies mean.
mod codec;

// Numerics: intervals, tests, regressions. Does not know processes, cases or configuration.
mod stats;

// Declared rules as checked types: catalog, tolerance table, mappings. Does not know files or YAML.
mod rules;

// Reads and checks what users write, and reports problems with file, line and field. Does not know measurements.
mod config;

// From events to cases, and the facts of a case. Does not know sums, files or the clock.
mod cases;

// What is measured: sums that form a group, baselines, observation periods, data loss. Does not know tolerances or scores.
mod measure;

// From sums to scores: size, class, limit, status, recommendation. Does not know where the sums come from.
mod score;

// Why a score is what it is: trace, figures, sensitivity. Does not know how a score is shown or stored.
mod explain;

// Changes against a baseline: digests of days, detectors, alarms. Does not know scores or the database.
mod drift;

// A synthetic SOC with known truth. Does not know how logs are read or scored.
mod simulate;

// From bytes to events: files, decoding, mapping. Does not know cases, sums or scores.
mod ingest;

// The database: schema, the one transaction per commit, quarantine. Does not know how figures are made.
mod store;

// Read-only questions: current and past scores, history, alarms, cases behind a figure. Writes nothing.
mod query;

// The running daemon: sources, engine, commits, schedule, reload. Does not know HTTP or how figures are shown.
mod daemon;

// Prometheus: exposition, history, alert and recording rules. Does not know HTTP or the database.
mod export;

// Re-scoring reports of a period: content, formats, delivery. Does not know HTTP or the running daemon.
mod report;

// HTTP: pages, API, metrics, push, access. Does not know how figures are made.
mod web;

/// The command line: arguments, output, exit codes. Uses everything.
pub mod cli;

/// What the benches and the integration tests use beside [`cli`]. Not an interface for other crates.
#[doc(hidden)]
pub mod internals {
    pub use crate::cases::{KEY_SEPARATOR, RuleBook, resolved_states};
    pub use crate::config::daemon::Config;
    pub use crate::config::mapping::PRESETS;
    pub use crate::config::tolerance::DEFAULT as DEFAULT_TOLERANCE;
    pub use crate::daemon::{Delivery, Engine, run as run_daemon};
    pub use crate::drift::{
        Budget, Cause, Digest, Ended, Epoch, HourPart, Learning, ProcessDrift, Stream, fold, learn,
    };
    pub use crate::export::rules::{Rule as PrometheusRule, RuleFile};
    pub use crate::export::{Extent, document as metrics_page};
    pub use crate::ingest::decode::{
        Dialect, Input, LineDecoder, decode_csv, decode_document, decode_xes, open as open_decoded,
        read_header,
    };
    pub use crate::ingest::mapping::{Circumstances, Mapping, compile};
    pub use crate::ingest::read::{ReadOptions, open_input, read_opened};
    pub use crate::ingest::{ContentCounter, EventBatch, behind_file};
    pub use crate::measure::{Evidence, Loss, Period, Sums, Trace, duration_bin};
    pub use crate::model::metrics::{ALL as ALL_METRICS, Kind as MetricKind};
    pub use crate::model::{
        Day, Executor, HOUR_US, Hour, Lifecycle, NameId, Names, Ppm, SECOND_US, Span, Time,
    };
    pub use crate::query::{
        CaseTable, KeptDrift, LogCases, LogPart, PastError, PastView, PreparedRules, Rules,
        ScoreRequest, TableLimits, kept_drift, past_scores, score_at,
    };
    pub use crate::rules::mapping::{FormatName, Identity, MappingSpec};
    pub use crate::rules::{Catalog, DriftTerms, Tolerance};
    pub use crate::score::ProcessScore;
    pub use crate::simulate::Soc;
    pub use crate::store::{AlarmRow, Commit, FileRow, MarkKind, MarkRow, Store};
    pub use crate::web::hash_of;
}

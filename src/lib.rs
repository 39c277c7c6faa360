//! toleranced: tolerance classes for SecOps processes, measured from their logs.
//!
//! The modules, lowest first. A module uses only modules above it in this list; `tests/architecture.rs` has the exact arrows
//! and fails if one points the other way. ARCHITECTURE.md is the map of the code.

#![deny(missing_docs)]
#![forbid(unsafe_code)]

/// Plain vocabulary: time, names, closed word sets, the table of metrics, text for numbers. Knows no other module.
pub mod model;

/// Bytes of stored bodies: checked variable-length integers. Does not know what the bodies mean.
pub mod codec;

/// Numerics: intervals, tests, regressions. Does not know processes, cases or configuration.
pub mod stats;

/// Declared rules as checked types: catalog, tolerance table, mappings. Does not know files or YAML.
pub mod rules;

/// Reads and checks what users write, and reports problems with file, line and field. Does not know measurements.
pub mod config;

/// From events to cases, and the facts of a case. Does not know sums, files or the clock.
pub mod cases;

/// What is measured: sums that form a group, baselines, observation periods, data loss. Does not know tolerances or scores.
pub mod measure;

/// From sums to scores: size, class, limit, status, recommendation. Does not know where the sums come from.
pub mod score;

/// Why a score is what it is: trace, figures, sensitivity. Does not know how a score is shown or stored.
pub mod explain;

/// Changes against a baseline: digests of days, detectors, alarms. Does not know scores or the database.
pub mod drift;

/// A synthetic SOC with known truth. Does not know how logs are read or scored.
pub mod simulate;

/// From bytes to events: files, decoding, mapping. Does not know cases, sums or scores.
pub mod ingest;

/// The database: schema, the one transaction per commit, quarantine. Does not know how figures are made.
pub mod store;

/// Read-only questions: current and past scores, history, alarms, cases behind a figure. Writes nothing.
pub mod query;

/// The running daemon: sources, engine, commits, schedule, reload. Does not know HTTP or how figures are shown.
pub mod daemon;

/// Prometheus: exposition, history, alert and recording rules. Does not know HTTP or the database.
pub mod export;

/// Re-scoring reports of a period: content, formats, delivery. Does not know HTTP or the running daemon.
pub mod report;

/// HTTP: pages, API, metrics, push, access. Does not know how figures are made.
pub mod web;

/// The command line: arguments, output, exit codes. Uses everything.
pub mod cli;

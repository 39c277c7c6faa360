//! Read-only questions: current and past scores, history, alarms, the cases behind a figure.
//!
//! Reads the database or the cases of log files, and writes nothing. Knows no HTTP, no pages and no output formats.

mod alarm_cases;
mod case_table;
pub mod counters;
mod drift;
mod scores;
mod self_metrics;
mod snapshot;

pub use alarm_cases::{AlarmCase, alarm_cases};
pub use case_table::{CaseTable, TableLimits, Taken};
pub use drift::{KeptDrift, LogDrift, budget_of, kept_drift, kept_drift_of, known_changes};
pub use scores::{
    CaseBehind, Detail, History, LogCases, Measurement, PastError, PastView, PastWindows,
    PreparedRules, Rules, ScoreRequest, ScoreSource, ScoresAsOf, first_hour, losses_of,
    past_scores, past_windows, score_at, scores, scores_from, scores_of_evidence,
};
pub use self_metrics::{Closed, OwnMetrics};
pub use snapshot::{DriftView, Shared, Snapshot, SourceStatus};
